package storetest

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/history"
)

// Lived is a table in which a house lived.
type Lived interface {
	docket.Store
	docket.Directory
	docket.Access
	docket.Outbox
}

// Memories are what a table answered when it was written out: each map has
// what is asked, and what was said to it. Now is when it was asked.
type Memories struct {
	Now time.Time `json:"now"`

	Cases      map[string]Head     `json:"cases"`      // by id
	Numbers    map[string]string   `json:"numbers"`    // a case by its number
	Histories  map[string]Mark     `json:"histories"`  // the newest entry, by aggregate
	Sheets     map[string]Mark     `json:"sheets"`     // the head, by name
	Hospitals  map[string][]string `json:"hospitals"`  // a hospital's cases
	Inboxes    map[string][]string `json:"inboxes"`    // an agency's rows: case, or case and gate
	Pages      map[string][]string `json:"pages"`      // "own h1": rows in pages of five
	Listings   map[string][]string `json:"listings"`   // by list
	Precedents map[string][]string `json:"precedents"` // by variety: the approved ones
	Placed     map[string]string   `json:"placed"`     // by case without an opinion: the route, on which case it relies, and why not

	Due       []string          `json:"due"`
	Untold    map[string]string `json:"untold"` // by entry: what it calls for
	Open      []string          `json:"open"`
	Unscanned []string          `json:"unscanned"`
	Tokens    map[string]string `json:"tokens"` // by case and gate
	Swept     []string          `json:"swept"`  // runs that a sweep asks the machine about, and notices that it queues
	Readings  map[string]int    `json:"readings"`

	Links      map[string]string `json:"links"`      // by secret: where it leads
	Sessions   map[string]string `json:"sessions"`   // by secret: whose it is
	Codes      map[string]string `json:"codes"`      // by id: tries and whether it was used
	Pending    map[string]string `json:"pending"`    // by hash of the state; asking takes it away
	Operations map[string]string `json:"operations"` // by scope and id: what it did
	Delivered  map[string]bool   `json:"delivered"`

	Organisations map[string]string   `json:"organisations"` // by id: name
	Rosters       map[string][]string `json:"rosters"`
	Subjects      map[string]string   `json:"subjects"`
	Packs         map[string]string   `json:"packs"`    // by key: kind
	Settings      string              `json:"settings"` // rules' version, and the agencies
}

// Mark is how far a history or a sheet has come.
type Mark struct {
	Version int    `json:"version,omitempty"`
	Seq     int    `json:"seq"`
	Hash    string `json:"hash"`
}

// Head is how a case stood.
type Head struct {
	Number      string            `json:"number"`
	Version     int               `json:"version"`
	Seq         int               `json:"seq"`
	Hash        string            `json:"hash"`
	Status      string            `json:"status"`
	Stage       string            `json:"stage"`
	Pack        string            `json:"pack"`
	Submissions int               `json:"submissions"`
	Asked       int               `json:"asked"`
	Gates       map[string]string `json:"gates,omitempty"` // kind, status, party, due and next ring
	Files       map[string]string `json:"files,omitempty"` // item, state and version
	Opinion     string            `json:"opinion"`         // state, round, run, and until when the stopped clock would have run
	Reply       string            `json:"reply"`           // alike
	Given       string            `json:"given,omitempty"` // findings
	Decided     string            `json:"decided,omitempty"`
	Beside      string            `json:"beside,omitempty"` // variety, joins, filings, copies, papers
}

// remembered reads what a table of an earlier build answered. Its sweep reminded of copies,
// too; now a timer does.
func remembered(t *testing.T, answers []byte) (want Memories) {
	t.Helper()
	if err := json.Unmarshal(answers, &want); err != nil {
		t.Fatal(err)
	}
	want.Swept = slices.DeleteFunc(want.Swept, func(note string) bool { return strings.HasPrefix(note, "notice ") })
	return want
}

// Remembers fails unless s, into which a dump was loaded, answers as the table
// did from which it was made.
func Remembers(t *testing.T, s Lived, answers []byte) {
	t.Helper()
	want := remembered(t, answers)
	settle(t, s, want)
	alike(t, Recall(t, s, want), want)
}

// RemembersRebuilt fails unless s, which lost its lists and had them written anew, answers
// as the table did from which its dump was made, but for two things that a rebuild does by
// today's law. A case that somebody has to act on has a timer: one that rang before rings
// once more and finds nothing to say, and those of earlier builds had none. And an approved
// case that owes papers is among the open ones.
func RemembersRebuilt(t *testing.T, s Lived, answers []byte) {
	t.Helper()
	want := remembered(t, answers)
	for id, c := range want.Cases {
		owes := false
		for _, g := range c.Gates {
			owes = owes || strings.HasPrefix(g, "papers papers open ")
		}
		if c.Status == "approved" && owes && !slices.Contains(want.Open, id) {
			want.Open = append(want.Open, id)
		}
	}
	slices.Sort(want.Open)
	settle(t, s, want)
	got := Recall(t, s, want)
	timers := map[string]bool{}
	for _, row := range got.Due {
		if of, isTimer := timerOf(row); isTimer {
			if timers[of] || want.Cases[of].Submissions == 0 || !slices.Contains(want.Open, of) {
				t.Errorf("got a timer %q, want one for a submitted case that is open", row)
			}
			timers[of] = true
		}
	}
	for _, id := range want.Open {
		if !timers[id] && want.Cases[id].Submissions > 0 {
			t.Errorf("got no timer for %s, which is open", id)
		}
	}
	isTimer := func(row string) bool { _, is := timerOf(row); return is }
	got.Due, want.Due = slices.DeleteFunc(got.Due, isTimer), slices.DeleteFunc(want.Due, isTimer)
	alike(t, got, want)
}

// timerOf reads the aggregate of a timer out of a row of what is due: it has no gate.
func timerOf(row string) (of string, isTimer bool) {
	if !strings.HasSuffix(row, " ") {
		return "", false
	}
	_, of, _ = strings.Cut(strings.TrimSpace(row), " ")
	return of, true
}

// alike compares what a table answers with what another did, question by question.
func alike(t *testing.T, got, want Memories) {
	t.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		t.Run(g.Type().Field(i).Tag.Get("json"), func(t *testing.T) {
			if g.Field(i).Kind() != reflect.Map {
				same(t, g.Field(i).Interface(), w.Field(i).Interface())
				return
			}
			for _, k := range w.Field(i).MapKeys() {
				a := g.Field(i).MapIndex(k)
				if !a.IsValid() {
					t.Errorf("%s: got no answer", k)
					continue
				}
				same(t, a.Interface(), w.Field(i).MapIndex(k).Interface())
			}
		})
	}
}

// settle waits until the lists of a table that was just loaded have come up.
func settle(t *testing.T, s Lived, want Memories) {
	t.Helper()
	eventually(t, want.Open, func() (any, error) { return openNames(s.Open(ctx, "", 1000)) })
	for list, names := range want.Listings {
		eventually(t, len(names), func() (any, error) { names, err := whole(s, list, 1000); return len(names), err })
	}
}

// Recall asks s everything that asked has a question for.
func Recall(t *testing.T, s Lived, asked Memories) Memories {
	t.Helper()
	got := Memories{
		Now:     asked.Now,
		Cases:   each(t, asked.Cases, func(id string) (Head, error) { return headOf(s, id) }),
		Numbers: each(t, asked.Numbers, func(n string) (string, error) { return s.ByNumber(ctx, n) }),
		Histories: each(t, asked.Histories, func(name string) (Mark, error) {
			entries, err := s.Entries(ctx, name)
			if err != nil || len(entries) == 0 {
				return Mark{}, err
			}
			last := entries[len(entries)-1]
			return Mark{Seq: last.Seq, Hash: last.Hash}, history.Verify(entries)
		}),
		Sheets: each(t, asked.Sheets, func(name string) (Mark, error) {
			h, err := s.Head(ctx, name)
			return Mark{h.Version, h.Seq, h.Hash}, err
		}),
	}
	got.lists(t, s, asked)
	got.work(t, s, asked)
	got.access(t, s, asked)
	got.people(t, s, asked)
	return got
}

func each[V any](t *testing.T, asked map[string]V, look func(string) (V, error)) map[string]V {
	t.Helper()
	out := map[string]V{}
	for _, k := range slices.Sorted(maps.Keys(asked)) {
		v, err := look(k)
		if err != nil {
			t.Errorf("asking about %s: %v", k, err)
			continue
		}
		out[k] = v
	}
	return out
}

func listRows(list []docket.Listed) []string {
	out := []string{}
	for _, l := range list {
		row := l.Head.Name()
		if l.Gate != nil {
			row = words(row, l.Gate.ID)
		}
		out = append(out, row)
	}
	return out
}

// newestFirst is an inbox as earlier builds gave it in pages of five: the newest first,
// and between pages where the next one began.
func newestFirst(s docket.Store, list string) ([]string, error) {
	rows, _, err := s.List(ctx, list, "", 1000)
	slices.Reverse(rows)
	all := []string{}
	for i, row := range rows {
		if i > 0 && i%5 == 0 {
			last := rows[i-1]
			all = append(all, "next "+last.At.UTC().Format("2006-01-02T15:04:05.000000000Z")+"#"+placeOf(last))
		}
		all = append(all, listRows([]docket.Listed{row})...)
	}
	return all, err
}

// placeOf orders rows of one instant.
func placeOf(l docket.Listed) string {
	if l.Gate == nil {
		return l.Head.Name()
	}
	return l.Head.Name() + "#" + l.Gate.ID
}

// inbox is what an agency's page of work shows: what waits and what was sent, the newest first.
func inbox(s docket.Store, org string) ([]string, error) {
	var rows []docket.Listed
	for _, list := range []docket.PageList{docket.InboxPages, docket.CopiesPages} {
		page, _, err := s.List(ctx, list.Of(org), "", 1000)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page...)
	}
	slices.SortStableFunc(rows, func(a, b docket.Listed) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(placeOf(b), placeOf(a)))
	})
	return listRows(rows), nil
}

func (m *Memories) lists(t *testing.T, s Lived, asked Memories) {
	t.Helper()
	m.Hospitals = each(t, asked.Hospitals, func(org string) ([]string, error) {
		rows, _, err := s.List(ctx, docket.OwnPages.Of(org), "", 1000)
		return listRows(rows), err
	})
	m.Inboxes = each(t, asked.Inboxes, func(org string) ([]string, error) { return inbox(s, org) })
	m.Pages = each(t, asked.Pages, func(page string) ([]string, error) {
		list, org, _ := strings.Cut(page, " ")
		if docket.PageList(list) == docket.InboxPages {
			return newestFirst(s, docket.InboxPages.Of(org))
		}
		all := []string{}
		for after := ""; ; {
			page, next, err := s.List(ctx, docket.PageList(list).Of(org), after, 5)
			if err != nil {
				return nil, err
			}
			all = append(all, listRows(page)...)
			if after = next; after == "" {
				return all, nil
			}
			all = append(all, "next "+after)
		}
	})
	m.Listings = each(t, asked.Listings, func(list string) ([]string, error) { return whole(s, list, 1000) })
	m.Precedents = each(t, asked.Precedents, func(id string) ([]string, error) {
		names, err := whole(s, "of-variety/"+id, 1000)
		if err != nil {
			return nil, err
		}
		out := []string{}
		for _, name := range names {
			r, err := docket.LoadCase(ctx, s, name)
			if err != nil {
				return nil, err
			}
			of, p, ok := r.Case.Precedent()
			if of != id || !ok || !p.Approved {
				continue
			}
			b, err := json.Marshal([]any{p.Case, p.Number, p.Hospital, p.Submission, p.Entry, p.Day, p.Approved, p.Joint, p.Own, p.Met, p.Indication})
			if err != nil {
				return nil, err
			}
			out = append(out, string(b))
		}
		return out, nil
	})
	desk := docket.New(s, fixed(asked.Now), idle{})
	m.Placed = each(t, asked.Placed, func(id string) (string, error) {
		r, err := docket.LoadCase(ctx, s, id)
		if err != nil {
			return "", err
		}
		placed, err := desk.Place(ctx, r.Case)
		if err != nil {
			return "", err
		}
		row := string(placed.Situation)
		if placed.RelyOn != nil {
			row = words(row, placed.RelyOn.Case, placed.RelyOn.Day.String())
		}
		for _, how := range placed.How {
			row = words(row, string(how))
		}
		for _, why := range placed.Stale {
			row = words(row, string(why))
		}
		return row, nil
	})
}

func (m *Memories) work(t *testing.T, s Lived, asked Memories) {
	t.Helper()
	due, err := s.Due(ctx, asked.Now, 1000)
	is(t, "Due", err, nil)
	for _, ref := range due {
		m.Due = append(m.Due, words(when(ref.At), ref.Of, ref.Gate))
	}
	untold, err := s.Untold(ctx, asked.Now, 1000)
	is(t, "Untold", err, nil)
	m.Untold = map[string]string{}
	for _, ref := range untold {
		e, marked, err := s.Entry(ctx, ref.Of, ref.Seq)
		if err != nil || !marked {
			t.Errorf("entry %d of %s: got untold %v, %v; want it untold", ref.Seq, ref.Of, marked, err)
			continue
		}
		tellings, err := docket.Tellings(e, "")
		is(t, "Tellings", err, nil)
		var keys []string
		for _, telling := range tellings {
			if telling.Notice != nil {
				keys = append(keys, telling.Notice.Key)
			}
		}
		m.Untold[words(when(ref.At), ref.Of, strconv.Itoa(ref.Seq))] = strings.Join(keys, " ")
	}
	m.Open, err = openNames(s.Open(ctx, "", 1000))
	is(t, "Open", err, nil)
	files, err := s.Unsettled(ctx, asked.Now, 1000)
	is(t, "Unscanned", err, nil)
	for _, f := range files {
		m.Unscanned = append(m.Unscanned, words(f.Of, f.ID, when(f.ScanAt)))
	}
	m.Tokens = each(t, asked.Tokens, func(ref string) (string, error) {
		id, g, _ := strings.Cut(ref, " ")
		token, ok, err := s.Token(ctx, docket.GateRef{Of: id, Gate: g})
		if !ok {
			return "none", err
		}
		return words(token.Value, strconv.Itoa(token.Run), when(token.Entered), strconv.Itoa(token.Retry)), err
	})
	outside := &outside{}
	sweeper := docket.Relay{Desk: docket.New(s, fixed(asked.Now), idle{}), StateMachine: outside, Notices: outside, Outbox: s}
	_, _ = sweeper.Sweep(ctx) // it may not stop the run whose start nobody has told yet
	m.Swept = outside.kept()
	m.Readings = each(t, asked.Readings, func(id string) (int, error) {
		log, err := s.Readings(ctx, id, 1000)
		return len(log), err
	})
}

func (m *Memories) access(t *testing.T, s Lived, asked Memories) {
	t.Helper()
	links := docket.Links{Store: s, Directory: s, Access: s, Wall: func() time.Time { return asked.Now }}
	m.Links = each(t, asked.Links, func(secret string) (string, error) {
		v, err := links.Visit(ctx, secret)
		return words(v.Link.Of, v.Gate.ID, v.Link.Party, strconv.Itoa(v.Link.Issue), strconv.FormatBool(v.Live)), err
	})
	m.Sessions = each(t, asked.Sessions, func(secret string) (string, error) {
		session, err := s.Session(ctx, docket.Hash(secret), asked.Now)
		if errors.Is(err, fault.NotFound) {
			return "over", nil
		}
		return words(session.Person, session.Org, session.Of, session.Gate, when(session.Idle), when(session.Expires)), err
	})
	m.Codes = each(t, asked.Codes, func(id string) (string, error) {
		c, err := s.Code(ctx, id)
		return words(c.Of, c.Gate, c.Person, c.Browser, when(c.Expires), strconv.Itoa(c.Tries), strconv.FormatBool(c.Used)), err
	})
	m.Pending = each(t, asked.Pending, func(state string) (string, error) {
		p, err := s.TakePending(ctx, state, asked.Now)
		if err == nil {
			_, again := s.TakePending(ctx, state, asked.Now)
			is(t, "TakePending again", again, notFound)
		}
		return words(p.Nonce, p.Verifier, p.Site, p.Return), err
	})
	m.Operations = each(t, asked.Operations, func(name string) (string, error) {
		scope, id, _ := strings.Cut(name, " ")
		op, ok, err := s.Operation(ctx, scope, id)
		if !ok {
			return "none", err
		}
		r := op.Receipt
		return words(op.Digest, r.Case, r.Name, r.Number, string(r.Verb), r.Gate, strconv.Itoa(r.Seq), r.File, r.Made, r.Person, when(r.At)), err
	})
	m.Delivered = each(t, asked.Delivered, func(key string) (bool, error) { return s.Delivered(ctx, key) })
}

func (m *Memories) people(t *testing.T, s Lived, asked Memories) {
	t.Helper()
	m.Organisations = each(t, asked.Organisations, func(id string) (string, error) {
		o, err := s.Organisation(ctx, id)
		return words(string(o.Kind), o.NameZH, o.NameEN, o.Mail), err
	})
	m.Rosters = each(t, asked.Rosters, func(org string) ([]string, error) {
		roster, err := s.Roster(ctx, org)
		out := []string{}
		for _, p := range roster {
			b, err := json.Marshal(p.Roles)
			if err != nil {
				return nil, err
			}
			out = append(out, words(p.ID, p.NameZH, p.Mail, string(b)))
		}
		return out, err
	})
	m.Subjects = each(t, asked.Subjects, func(subject string) (string, error) {
		p, err := s.PersonBySubject(ctx, subject)
		return p.ID, err
	})
	m.Packs = each(t, asked.Packs, func(key string) (string, error) {
		p, err := s.Pack(ctx, key)
		return words(string(p.Kind), strconv.Itoa(len(p.Parts)), strconv.Itoa(len(p.Form))), err
	})
	rules, err := s.Rules(ctx)
	is(t, "Rules", err, nil)
	agencies, err := s.Agencies(ctx)
	is(t, "Agencies", err, nil)
	m.Settings = words(
		rules.Version,
		string(rules.Recorder),
		strconv.Itoa(len(rules.Limits)),
		agencies.MunicipalMPA,
		agencies.HealthCommission,
		agencies.Customs,
		agencies.Regulator,
	)
}
