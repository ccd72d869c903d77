// Package storetest holds what docket's ports promise, as tests that every
// implementation runs: the one in memory in go test, the real ones under the
// check tag. It tests no operation and no law.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/policy"
)

// TB is what the fixtures need of a *testing.T or a *rapid.T.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// noon is the instant around which everything here happens.
var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

const (
	hospital  = "h1"
	mpa       = "mpa"
	regulator = "nmpa"
)

// patience is how long a list may lag before we call it wrong.
const patience = 10 * time.Second

// newDraft is the case that every test begins with.
func newDraft(id string) casework.Case {
	return casework.Case{
		ID: id, Number: "N-" + id, Kind: policy.Device, Hospital: hospital, Status: casework.Draft,
		Form: map[string]string{"product": "人工心脏 <&>", "empty": ""}, Files: map[string][]string{"plan": {"f1", "f2"}},
		Pack: "device-2024-97-v1", CreatedAt: noon, EditedAt: noon, EditedBy: "p1",
	}
}

// draft returns the commit that brings case id into the world.
func draft(t TB, id string) Commit {
	t.Helper()
	c := newDraft(id)
	return entered(t, casework.Case{}, c, "create", noon, map[string]any{"number": c.Number})
}

// Commit is a commit of one case, in the making: its first change is of the case.
type Commit struct {
	docket.Commit
	Case casework.Case // afterwards
}

// one is the change of the case.
func (c *Commit) one() *docket.Change { return &c.Changes[0] }

// becomes returns the commit of now over was, with an entry or without one.
func becomes(t TB, was, now casework.Case, e *history.Entry) Commit {
	t.Helper()
	now.Version, now.Seq, now.Head = was.Version+1, was.Seq, was.Head
	if e != nil {
		now.Seq, now.Head = e.Seq, e.Hash
	}
	h, err := docket.CaseHead(now)
	if err != nil {
		t.Fatalf("writing a case: %v", err)
	}
	return Commit{docket.Commit{Changes: []docket.Change{{
		Head: h, Was: was.Version, Entry: e, Home: docket.Place{List: docket.OwnPages.Of(now.Hospital), At: now.EditedAt}, Open: now.Waiting(),
	}}}, now}
}

// entered returns the commit that moves was to now with an entry.
func entered(t TB, was, now casework.Case, verb string, at time.Time, body any) Commit {
	t.Helper()
	b, err := history.Canonical(body)
	if err != nil {
		t.Fatalf("writing a body: %v", err)
	}
	prev := history.Entry{}
	if was.Seq > 0 {
		prev = history.Entry{Aggregate: docket.Aggregate(was.ID), Seq: was.Seq, Hash: was.Head}
	}
	e, err := history.Seal(prev, history.Entry{
		Aggregate: docket.Aggregate(now.ID), Verb: verb, At: at, Body: b, By: history.Actor{Person: "p1", Org: hospital, Via: "session"},
	})
	if err != nil {
		t.Fatalf("sealing an entry: %v", err)
	}
	return becomes(t, was, now, &e)
}

// edited returns the commit of a draft's edit: no entry.
func edited(t TB, was casework.Case, at time.Time) Commit {
	t.Helper()
	now := was.Clone()
	now.EditedAt = at
	return becomes(t, was, now, nil)
}

// copied lists the case for organisations from at on.
func (c Commit) copied(at time.Time, orgs ...string) Commit {
	for _, org := range orgs {
		c.one().Lists = append(c.one().Lists, docket.Place{List: docket.CopiesPages.Of(org), At: at})
	}
	return c
}

// submitted returns the commit that submits was with the gates given.
func submitted(t TB, was casework.Case, at time.Time, gates ...gate.Gate) Commit {
	t.Helper()
	now := was.Clone()
	now.Status = casework.Submitted
	c := entered(t, was, now, "submit", at, map[string]any{"gates": len(gates)})
	c.one().Opened = gates
	return c
}

// opened returns an open gate of case id that rings at rings.
func opened(id, name string, at, rings time.Time) gate.Gate {
	day := calendar.DayOf(rings)
	return gate.Gate{
		ID: name, Of: id, Leg: gate.Opinion, Kind: gate.Assess, Party: mpa, Submission: 1, Issue: 1, OpenedAt: at,
		Limit:    &policy.Limit{Key: policy.Opinion, Clock: calendar.WorkingDays, N: 20, RemindBefore: []int{5, 1}},
		Deadline: &calendar.Deadline{Due: day.End().UTC(), Trace: calendar.Trace{Start: at, N: 20, Last: day}},
		Ring:     &gate.Ring{Kind: gate.Reminder, At: rings},
		Status:   gate.Open,
	}
}

// answered returns g as closed by entry seq.
func answered(g gate.Gate, choice string, at time.Time, seq int) gate.Gate {
	g.Status, g.Ring = gate.Answered, nil
	g.Answer = &gate.Answer{Choice: choice, Digest: "d-" + choice, Person: "p2", Org: mpa, At: at, Seq: seq}
	return g
}

// answering returns the commit that answers g.
func answering(t TB, was casework.Case, g gate.Gate, choice string, at time.Time) Commit {
	t.Helper()
	c := entered(t, was, was.Clone(), "opine", at, map[string]any{"choice": choice})
	c.one().Changed = []gate.Gate{answered(g, choice, at, c.Case.Seq)}
	return c
}

func file(id, name string) docket.File {
	return docket.File{
		ID: name, Of: id, Item: "plan", Org: hospital, Key: "dossier/" + id + "/" + name, Name: "方案 (1).pdf",
		State: docket.Unchecked, At: noon,
	}
}

// commit commits c and fails the test if it does not go through.
func commit(t TB, s docket.Store, c Commit) casework.Case {
	t.Helper()
	if err := s.Commit(context.Background(), c.Commit); err != nil {
		t.Fatalf("committing %s at %d: %v", c.Case.ID, c.Case.Version, err)
	}
	return c.Case
}

// try commits c and says how that went.
func try(s docket.Store, c Commit) error { return s.Commit(ctx, c.Commit) }

func load(t TB, s docket.Store, id string) docket.Record {
	t.Helper()
	r, err := docket.LoadCase(context.Background(), s, id)
	if err != nil {
		t.Fatalf("loading %s: %v", id, err)
	}
	return r
}

// same fails unless got and want are the same document.
func same(t TB, got, want any) {
	t.Helper()
	g, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatalf("%v", err)
	}
	w, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatalf("%v", err)
	}
	if string(g) != string(w) {
		t.Errorf("got %s\nwant %s", g, w)
	}
}

// is fails unless err is of the kind wanted; a nil want wants no error.
func is(t TB, doing string, err, want error) {
	t.Helper()
	if want == nil && err != nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", doing, err, want)
	}
}

// eventually repeats a look at something that may lag until it is as wanted.
func eventually(t TB, want any, look func() (any, error)) {
	t.Helper()
	w := fmt.Sprint(want)
	got := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		v, err := look()
		if err != nil {
			t.Fatalf("listing: %v", err)
		}
		if got = fmt.Sprint(v); got == w {
			return
		}
	}
	t.Errorf("got %s, want %s", got, w)
}

// row is one promise.
type row[S any] struct {
	sentence string
	holds    func(t *testing.T, s S)
}

func run[S any](t *testing.T, open func(*testing.T) S, rows []row[S]) {
	for _, r := range rows {
		t.Run(r.sentence, func(t *testing.T) { r.holds(t, open(t)) })
	}
}

var ctx = context.Background()

var (
	notFound  = fault.NotFound
	conflict  = fault.Conflict
	invalid   = fault.Invalid
	forbidden = fault.Forbidden
)
