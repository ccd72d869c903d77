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

// draft returns the commit that brings case id into the world.
func draft(t TB, id string) docket.Commit {
	t.Helper()
	c := casework.Case{
		ID: id, Number: "N-" + id, Kind: casework.Device, Hospital: hospital, Status: casework.Draft,
		Form: map[string]string{"product": "人工心脏 <&>", "empty": ""}, Files: map[string][]string{"plan": {"f1", "f2"}},
		Pack: "device-2024-97-v1", CreatedAt: noon, EditedAt: noon, EditedBy: "p1",
	}
	return entered(t, casework.Case{}, c, "create", noon, map[string]any{"number": c.Number})
}

// entered returns the commit that moves was to now with an entry.
func entered(t TB, was, now casework.Case, verb string, at time.Time, body any) docket.Commit {
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
	now.Version, now.Seq, now.Head = was.Version+1, e.Seq, e.Hash
	return docket.Commit{Case: now, Was: was.Version, Entry: &e}
}

// edited returns the commit of a draft's edit: no entry.
func edited(was casework.Case, at time.Time) docket.Commit {
	now := was.Clone()
	now.EditedAt, now.Version = at, was.Version+1
	return docket.Commit{Case: now, Was: was.Version}
}

// submitted returns the commit that submits was with the gates given.
func submitted(t TB, was casework.Case, at time.Time, gates ...gate.Gate) docket.Commit {
	t.Helper()
	now := was.Clone()
	now.Status = casework.Submitted
	c := entered(t, was, now, "submit", at, map[string]any{"gates": len(gates)})
	c.Opened = gates
	return c
}

// opened returns an open gate of case id that rings at rings.
func opened(id, name string, at, rings time.Time) gate.Gate {
	day := calendar.DayOf(rings)
	return gate.Gate{
		ID: name, Case: id, Leg: gate.Opinion, Kind: gate.Assess, Party: mpa, Submission: 1, Issue: 1, OpenedAt: at,
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
func answering(t TB, was casework.Case, g gate.Gate, choice string, at time.Time) docket.Commit {
	t.Helper()
	c := entered(t, was, was.Clone(), "opine", at, map[string]any{"choice": choice})
	c.Changed = []gate.Gate{answered(g, choice, at, c.Case.Seq)}
	return c
}

func file(id, name string) docket.File {
	return docket.File{
		ID: name, Case: id, Item: "plan", Org: hospital, Key: "dossier/" + id + "/" + name, Name: "方案 (1).pdf",
		State: docket.Unchecked, At: noon,
	}
}

// commit commits c and fails the test if it does not go through.
func commit(t TB, s docket.Store, c docket.Commit) casework.Case {
	t.Helper()
	if err := s.Commit(context.Background(), c); err != nil {
		t.Fatalf("committing %s at %d: %v", c.Case.ID, c.Case.Version, err)
	}
	return c.Case
}

func load(t TB, s docket.Store, id string) docket.Record {
	t.Helper()
	r, err := s.Load(context.Background(), id)
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
	notFound = fault.NotFound
	conflict = fault.Conflict
	invalid  = fault.Invalid
)
