package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// thing returns the commit that brings was, an aggregate of any kind, to its next version.
func thing(t TB, was docket.Head, kind, id, list string, at time.Time, lists ...string) Commit {
	t.Helper()
	next := docket.Head{Kind: kind, ID: id, Version: was.Version + 1}
	body, err := history.Canonical(map[string]any{"id": id, "version": next.Version})
	if err != nil {
		t.Fatalf("writing a body: %v", err)
	}
	prev := history.Entry{}
	if was.Seq > 0 {
		prev = history.Entry{Aggregate: docket.Aggregate(was.Name()), Seq: was.Seq, Hash: was.Hash}
	}
	e, err := history.Seal(prev, history.Entry{
		Aggregate: docket.Aggregate(next.Name()), Verb: "test", At: at, Body: body,
		By: history.Actor{Person: "p1", Org: hospital, Via: "session"},
	})
	if err != nil {
		t.Fatalf("sealing an entry: %v", err)
	}
	next.Seq, next.Hash, next.Body = e.Seq, e.Hash, json.RawMessage(body)
	ch := docket.Change{Head: next, Was: was.Version, Entry: &e, Home: docket.Place{List: list, At: at}}
	for _, l := range lists {
		ch.Lists = append(ch.Lists, docket.Place{List: l, At: at})
	}
	return Commit{Commit: docket.Commit{Changes: []docket.Change{ch}}}
}

// kinds are what a store promises of an aggregate whatever its kind, also of one that
// it never heard of.
var kinds = []row[docket.Store]{
	{"an aggregate loads as it was committed, with its history under its name", func(t *testing.T, s docket.Store) {
		for _, kind := range []string{"inquiry", "never-heard-of"} {
			name := kind + "/q1"
			b := thing(t, docket.Head{}, kind, "q1", "l", noon)
			is(t, "Commit", try(s, b), nil)
			got, err := s.Head(ctx, name)
			is(t, "Head", err, nil)
			same(t, got, b.one().Head)
			whole, err := s.Load(ctx, name)
			is(t, "Load", err, nil)
			same(t, whole, docket.Stored{Head: b.one().Head})
			e, untold, err := s.Entry(ctx, name, 1)
			is(t, "Entry", err, nil)
			if e.Hash != b.one().Entry.Hash || !untold {
				t.Errorf("got entry %s, untold %v; want %s, untold", e.Hash, untold, b.one().Entry.Hash)
			}
			is(t, "Told", s.Told(ctx, name, 1), nil)
			if _, untold, _ := s.Entry(ctx, name, 1); untold {
				t.Errorf("the mark stayed")
			}
		}
	}},
	{"what nobody committed, or could, is not found", func(t *testing.T, s docket.Store) {
		for _, name := range []string{"inquiry/q1", "variety/", "case/c1", "/", "", "inquiry/a#b", "session/s1", "settings/rules", "Inquiry/q1", "a/b/c"} {
			_, err := s.Head(ctx, name)
			is(t, "Head "+name, err, notFound)
			_, err = s.Load(ctx, name)
			is(t, "Load "+name, err, notFound)
		}
	}},
	{"what cannot be a name or a list is not committed", func(t *testing.T, s docket.Store) {
		for _, b := range []Commit{
			thing(t, docket.Head{}, "Inquiry", "q1", "l", noon),
			thing(t, docket.Head{}, "inquiry", "a#b", "l", noon),
			thing(t, docket.Head{}, "inquiry", "a/b", "l", noon),
			thing(t, docket.Head{}, "inquiry", "q1", "", noon),
			thing(t, docket.Head{}, "inquiry", "q1", "a#b", noon),
			thing(t, docket.Head{}, "inquiry", "q1", "l", noon, "a#b"),
		} {
			is(t, "Commit", try(s, b), invalid)
		}
	}},
	{"its entry waits to be told, and it is open when somebody has to act on it", func(t *testing.T, s docket.Store) {
		is(t, "Commit", try(s, thing(t, docket.Head{}, "variety", "v1", "l", noon)), nil)
		eventually(t, []string{"variety/v1/1@04:00:00"}, func() (any, error) { return untoldOf(s.Untold(ctx, noon.Add(time.Hour), 10)) })
		eventually(t, []string(nil), func() (any, error) { return openNames(s.Open(ctx, "", 10)) })
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.one().Open = true
		is(t, "Commit", try(s, b), nil)
		eventually(t, []string{"inquiry/q1"}, func() (any, error) { return openNames(s.Open(ctx, "", 10)) })
		is(t, "Commit", try(s, thing(t, b.one().Head, "inquiry", "q1", "l", noon)), nil)
		eventually(t, []string(nil), func() (any, error) { return openNames(s.Open(ctx, "", 10)) })
	}},
	{"where it is open it says what it waits for, and its gates are read with their tokens", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.one().Open = true
		b.one().Opened = []gate.Gate{opened("inquiry/q1", "answer-1", noon, noon), opened("inquiry/q1", "answer-2", noon, noon)}
		b.one().Waits = []docket.Wait{{Gate: "answer-1", Leg: gate.Opinion, Run: 12}, {Gate: "answer-2"}}
		is(t, "Commit", try(s, b), nil)
		eventually(t, []docket.OpenRow{{Of: "inquiry/q1", Waits: b.one().Waits}}, func() (any, error) { return s.Open(ctx, "", 10) })
		eventually(t, []docket.OpenRow(nil), func() (any, error) { return s.Open(ctx, "inquiry/q1", 10) })
		_, _, err := s.AttachToken(ctx, docket.GateRef{Of: "inquiry/q1", Gate: "answer-1"}, token("a", 12, 0, 0))
		is(t, "AttachToken", err, nil)
		refs := []docket.GateRef{
			{Of: "inquiry/q1", Gate: "answer-1"},
			{Of: "inquiry/q1", Gate: "answer-3"},
			{Of: "inquiry/q2", Gate: "answer-1"},
			{Of: "", Gate: ""},
			{Of: "inquiry/q1", Gate: "answer-2"},
		}
		eventually(t, "[answer-1 open a of run 12 answer-2 open  of run 0]", func() (any, error) {
			waiting, err := s.Waiting(ctx, refs)
			var out []string
			for _, w := range waiting {
				out = append(out, fmt.Sprint(w.Gate.ID, " ", w.Gate.Status, " ", w.Token.Value, " of run ", w.Token.Run))
			}
			return fmt.Sprint(out), err
		})
		next := thing(t, b.one().Head, "inquiry", "q1", "l", noon)
		next.one().Open = true
		is(t, "Commit", try(s, next), nil)
		eventually(t, []docket.OpenRow{{Of: "inquiry/q1"}}, func() (any, error) { return s.Open(ctx, "", 10) })
	}},
	{"its gates wait, ring, take tokens and are answered", func(t *testing.T, s docket.Store) {
		g := opened("inquiry/q1", "answer-1", noon, noon)
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.one().Opened = []gate.Gate{g}
		is(t, "Commit", try(s, b), nil)
		inbox := func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(mpa), "", 10)) }
		due := func() (any, error) { return dueOf(s.Due(ctx, noon, 10)) }
		eventually(t, "[inquiry/q1/answer-1]", inbox)
		eventually(t, "[inquiry/q1/answer-1@04:00:00]", due)
		ref := docket.GateRef{Of: "inquiry/q1", Gate: "answer-1"}
		_, attached, err := s.AttachToken(ctx, ref, token("a", 1, 0, 0))
		if err != nil || !attached {
			t.Errorf("got %v and %v, want the token attached", attached, err)
		}
		b = thing(t, b.one().Head, "inquiry", "q1", "l", noon)
		b.one().Changed = []gate.Gate{answered(g, "given", noon, 2)}
		is(t, "Commit", try(s, b), nil)
		eventually(t, "[]", inbox)
		eventually(t, "[]", due)
		got, err := s.Load(ctx, "inquiry/q1")
		is(t, "Load", err, nil)
		if len(got.Gates) != 1 || got.Gates[0].Answer == nil || got.Gates[0].Answer.Choice != "given" {
			t.Errorf("got gates %v, want the answered one", got.Gates)
		}
	}},
	{"its timers are due in their order, are set anew, put off and taken away", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.one().Timers = []docket.Timer{{Key: "b", At: noon.Add(time.Minute)}, {Key: "a", At: noon}, {Key: "c", At: noon.Add(time.Hour)}}
		b.one().Opened = []gate.Gate{opened("inquiry/q1", "answer-1", noon, noon.Add(30*time.Second))}
		is(t, "Commit", try(s, b), nil)
		due := func(at time.Time) func() (any, error) {
			return func() (any, error) { return dueOf(s.Due(ctx, at, 10)) }
		}
		eventually(t, "[inquiry/q1/a@04:00:00 inquiry/q1/answer-1@04:00:30 inquiry/q1/b@04:01:00]", due(noon.Add(2*time.Minute)))
		ref := docket.GateRef{Of: "inquiry/q1", Timer: "a", At: noon}
		is(t, "Defer", s.Defer(ctx, ref, noon.Add(90*time.Second)), nil)
		is(t, "Defer what stands elsewhere by now", s.Defer(ctx, ref, time.Time{}), nil)
		eventually(t, "[inquiry/q1/answer-1@04:00:30 inquiry/q1/b@04:01:00 inquiry/q1/a@04:01:30]", due(noon.Add(2*time.Minute)))
		ref.At = noon.Add(90 * time.Second)
		is(t, "Defer for ever", s.Defer(ctx, ref, time.Time{}), nil)
		is(t, "Defer what is gone", s.Defer(ctx, ref, time.Time{}), nil)
		next := thing(t, b.one().Head, "inquiry", "q1", "l", noon)
		next.one().Timers = []docket.Timer{{Key: "b", At: noon.Add(-time.Minute)}}
		is(t, "Commit", try(s, next), nil)
		eventually(t, "[inquiry/q1/b@03:59:00 inquiry/q1/answer-1@04:00:30]", due(noon.Add(2*time.Minute)))
		for _, timer := range []docket.Timer{{Key: "", At: noon}, {Key: "a#b", At: noon}} {
			bad := thing(t, next.one().Head, "inquiry", "q1", "l", noon)
			bad.one().Timers = []docket.Timer{timer}
			is(t, "Commit of a timer that no key can hold", try(s, bad), invalid)
		}
	}},
	{"its files are put, settled and found by their objects", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		is(t, "Commit", try(s, b), nil)
		f := file("inquiry/q1", "f1")
		is(t, "PutFile", s.PutFile(ctx, f), nil)
		_, err := s.SettleFile(ctx, checked(f))
		is(t, "SettleFile", err, nil)
		got, err := s.FileByKey(ctx, "dossier/inquiry/q1/f1")
		is(t, "FileByKey", err, nil)
		same(t, got, checked(f))
		whole, err := s.Load(ctx, "inquiry/q1")
		is(t, "Load", err, nil)
		same(t, whole.Files, []docket.File{checked(f)})
	}},
	{"of two changes from one version one is made", func(t *testing.T, s docket.Store) {
		first := thing(t, docket.Head{}, "variety", "v1", "l", noon)
		is(t, "Commit", try(s, first), nil)
		is(t, "the same again", try(s, first), conflict)
		next := thing(t, first.one().Head, "variety", "v1", "l", noon.Add(time.Hour))
		is(t, "the next", try(s, next), nil)
		is(t, "another next", try(s, thing(t, first.one().Head, "variety", "v1", "l", noon.Add(2*time.Hour))), conflict)
		got, _ := s.Head(ctx, "variety/v1")
		same(t, got, next.one().Head)
	}},
	{"two aggregates are committed together or not at all", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		both := entered(t, c, c.Clone(), "identify", noon.Add(time.Hour), map[string]any{})
		both.one().Lists = []docket.Place{{List: "of-variety/v1", At: noon}}
		both.Changes = append(both.Changes, thing(t, docket.Head{Version: 6}, "variety", "v1", "l", noon).Changes...)
		is(t, "Commit", try(s, both), conflict)
		if got := load(t, s, "c1").Case.Version; got != 1 {
			t.Errorf("got version %d, want the case untouched", got)
		}
		both.Changes[1] = thing(t, docket.Head{}, "variety", "v1", "l", noon).Changes[0]
		is(t, "Commit", try(s, both), nil)
		_, err := s.Head(ctx, "variety/v1")
		is(t, "Head", err, nil)
		eventually(t, "[c1]", func() (any, error) { return rowsOf(s.List(ctx, "of-variety/v1", "", 10)) })
	}},
	{"what is held must still be what was read", func(t *testing.T, s docket.Store) {
		is(t, "Commit", try(s, thing(t, docket.Head{}, "variety", "v1", "l", noon)), nil)
		c := commit(t, s, draft(t, "c1"))
		moved := edited(t, c, noon)
		moved.Holds = []docket.Hold{{Of: "variety/v1", Version: 2}}
		is(t, "held at another version", try(s, moved), conflict)
		moved.Holds = []docket.Hold{{Of: "variety/v2", Version: 1}}
		is(t, "held though not there", try(s, moved), conflict)
		if got := load(t, s, "c1").Case.Version; got != 1 {
			t.Errorf("got version %d, want the case untouched", got)
		}
		moved.Holds = []docket.Hold{{Of: "variety/v1", Version: 1}}
		is(t, "held as it is", try(s, moved), nil)
	}},
	{"a list names the newest first, once, and each list its own", func(t *testing.T, s docket.Store) {
		var last Commit
		for i, id := range []string{"q1", "q2", "q3"} {
			last = thing(t, docket.Head{}, "inquiry", id, "mine", noon.Add(time.Duration(i)*time.Minute), "mpa", "with/c1")
			is(t, "Commit", try(s, last), nil)
		}
		is(t, "Commit", try(s, thing(t, last.one().Head, "inquiry", "q3", "mine", last.one().Home.At, "mpa")), nil)
		eventually(t, []string{"inquiry/q3", "inquiry/q2", "inquiry/q1"}, func() (any, error) { return whole(s, "mine", 10) })
		eventually(t, []string{"inquiry/q3", "inquiry/q2"}, func() (any, error) { return rowsOf(s.List(ctx, "mpa", "", 2)) })
		eventually(t, []string{"inquiry/q3", "inquiry/q2", "inquiry/q1"}, func() (any, error) { return whole(s, "with/c1", 1) })
		eventually(t, []string(nil), func() (any, error) { return whole(s, "nobody", 10) })
	}},
	{"a list brings the row of the newest version of each head, and no body", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon, "beside")
		b.one().Head.Number, b.one().Head.Row = "N-q1", json.RawMessage(`{"short":1}`)
		b.one().Opened = []gate.Gate{opened("inquiry/q1", "answer-1", noon, noon)}
		is(t, "Commit", try(s, b), nil)
		listed := func(row string, version int) {
			t.Helper()
			want := docket.Head{Kind: "inquiry", ID: "q1", Number: "N-q1", Version: version, Row: json.RawMessage(row)}
			for _, list := range []string{"l", "beside", docket.InboxPages.Of(mpa)} {
				eventually(t, fmt.Sprint([]docket.Head{want}), func() (any, error) {
					rows, _, err := s.List(ctx, list, "", 10)
					var heads []docket.Head
					for _, r := range rows {
						heads = append(heads, r.Head)
						if (r.Gate != nil) != docket.OldestFirst(list) || !r.At.Equal(noon) {
							t.Errorf("%s: got gate %v at %v, want the gate in the inbox alone, and noon", list, r.Gate, r.At)
						}
					}
					return heads, err
				})
			}
		}
		listed(`{"short":1}`, 1)
		next := thing(t, b.one().Head, "inquiry", "q1", "l", noon)
		next.one().Head.Number, next.one().Head.Row = "N-q1", json.RawMessage(`{"short":"急"}`)
		is(t, "Commit", try(s, next), nil)
		listed(`{"short":"急"}`, 2)
		got, err := s.Head(ctx, "inquiry/q1")
		is(t, "Head", err, nil)
		same(t, got, next.one().Head)
	}},
	{"a head without a row, as earlier builds wrote them, is listed all the same, and keeps none of before", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.one().Head.Row = json.RawMessage(`{"short":1}`)
		is(t, "Commit", try(s, b), nil)
		is(t, "Commit", try(s, thing(t, b.one().Head, "inquiry", "q1", "l", noon)), nil)
		eventually(t, "inquiry/q1 2 ", func() (any, error) {
			rows, _, err := s.List(ctx, "l", "", 10)
			if len(rows) != 1 {
				return rows, err
			}
			return fmt.Sprint(rows[0].Head.Name(), " ", rows[0].Head.Version, " ", string(rows[0].Head.Row)), err
		})
	}},
	{"a row has a bound", func(t *testing.T, s docket.Store) {
		row := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", n-2) + `"`) }
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.one().Head.Row = row(docket.MaxRow + 1)
		is(t, "Commit", try(s, b), invalid)
		b.one().Head.Row = row(docket.MaxRow)
		is(t, "Commit", try(s, b), nil)
	}},
	{"an operation on it happens once", func(t *testing.T, s docket.Store) {
		did := &docket.Operation{Scope: "p1", ID: "op-1", Digest: "d", At: noon, Receipt: docket.Receipt{Name: "inquiry/q1", At: noon}}
		c := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		c.Did = did
		is(t, "Commit", try(s, c), nil)
		again := thing(t, docket.Head{}, "inquiry", "q2", "l", noon)
		again.Did = did
		is(t, "Commit", try(s, again), conflict)
		_, err := s.Head(ctx, "inquiry/q2")
		is(t, "Head", err, notFound)
		got, there, err := s.Operation(ctx, "p1", "op-1")
		if !there || err != nil || got.Receipt.Name != "inquiry/q1" {
			t.Errorf("got %+v, %v, %v; want the operation", got, there, err)
		}
	}},
	{"it needs a session that holds where one is demanded", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		b.Session = &docket.Pass{Hash: "nobody", Of: "c1", Gate: "g", Now: noon}
		is(t, "Commit", try(s, b), forbidden)
	}},
	{"what was read before anything else moved is held, also that there was nothing", func(t *testing.T, s docket.Store) {
		holding := func(id string, version int) error {
			b := thing(t, docket.Head{}, "inquiry", id, "l", noon)
			b.Holds = []docket.Hold{{Of: "variety/v1", Version: version}}
			return try(s, b)
		}
		is(t, "holding what is not there at 1", holding("q1", 1), conflict)
		is(t, "holding that there is none", holding("q1", 0), nil)
		is(t, "Commit", try(s, thing(t, docket.Head{}, "variety", "v1", "l", noon)), nil)
		is(t, "holding that there is none, of what is there", holding("q2", 0), conflict)
		is(t, "holding it at 1", holding("q2", 1), nil)
	}},
	{"its transaction has a bound", func(t *testing.T, s docket.Store) {
		b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
		for i := range 100 {
			b.one().Lists = append(b.one().Lists, docket.Place{List: fmt.Sprint("list-", i), At: noon})
		}
		is(t, "Commit", try(s, b), invalid)
	}},
}
