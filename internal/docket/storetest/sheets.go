package storetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/history"
)

// sheet returns the change that brings was to its next version.
func sheet(t TB, was docket.Sheet, kind, id, list string, at time.Time, lists ...string) docket.SheetChange {
	t.Helper()
	body, err := history.Canonical(map[string]any{"id": id, "version": was.Version + 1})
	if err != nil {
		t.Fatalf("writing a body: %v", err)
	}
	next := docket.Sheet{Kind: kind, ID: id, List: list, At: at, Body: json.RawMessage(body)}
	prev := history.Entry{}
	if was.Seq > 0 {
		prev = history.Entry{Aggregate: was.Name(), Seq: was.Seq, Hash: was.Hash}
	}
	e, err := history.Seal(prev, history.Entry{
		Aggregate: next.Name(), Verb: "test", At: at, Body: body, By: history.Actor{Person: "p1", Org: hospital, Via: "session"},
	})
	if err != nil {
		t.Fatalf("sealing an entry: %v", err)
	}
	next.Version, next.Seq, next.Hash = was.Version+1, e.Seq, e.Hash
	return docket.SheetChange{Sheet: next, Was: was.Version, Entry: &e, Lists: lists}
}

func only(changes ...docket.SheetChange) docket.Commit { return docket.Commit{Sheets: changes} }

var sheets = []row[docket.Store]{
	{"a sheet loads as it was committed, with its history under its name", func(t *testing.T, s docket.Store) {
		ch := sheet(t, docket.Sheet{}, "inquiry", "q1", "l", noon)
		is(t, "Commit", s.Commit(ctx, only(ch)), nil)
		got, err := s.Sheet(ctx, "inquiry", "q1")
		is(t, "Sheet", err, nil)
		same(t, got, ch.Sheet)
		e, untold, err := s.Entry(ctx, "inquiry/q1", 1)
		is(t, "Entry", err, nil)
		if e.Hash != ch.Entry.Hash || !untold {
			t.Errorf("got entry %s, untold %v; want %s, untold", e.Hash, untold, ch.Entry.Hash)
		}
		is(t, "Told", s.Told(ctx, "inquiry/q1", 1), nil)
		if _, untold, _ := s.Entry(ctx, "inquiry/q1", 1); untold {
			t.Errorf("the mark stayed")
		}
	}},
	{"a sheet nobody committed, or of a kind there is not, is not found", func(t *testing.T, s docket.Store) {
		for _, name := range []string{"inquiry/q1", "variety/", "case/c1", "/", "inquiry/a#b"} {
			kind, id, _ := strings.Cut(name, "/")
			_, err := s.Sheet(ctx, kind, id)
			is(t, "Sheet "+name, err, notFound)
		}
	}},
	{"a sheet is no case, and its entry waits to be told like a case's", func(t *testing.T, s docket.Store) {
		is(t, "Commit", s.Commit(ctx, only(sheet(t, docket.Sheet{}, "variety", "v1", "l", noon))), nil)
		_, err := s.Load(ctx, "variety/v1")
		is(t, "Load", err, notFound)
		eventually(t, []string{"variety/v1/1@04:00:00"}, func() (any, error) { return untoldOf(s.Untold(ctx, noon.Add(time.Hour), 10)) })
		eventually(t, []string(nil), func() (any, error) { return s.OpenCases(ctx, "", 10) })
	}},
	{"of two changes from one version one is made", func(t *testing.T, s docket.Store) {
		first := sheet(t, docket.Sheet{}, "variety", "v1", "l", noon)
		is(t, "Commit", s.Commit(ctx, only(first)), nil)
		is(t, "the same again", s.Commit(ctx, only(first)), conflict)
		next := sheet(t, first.Sheet, "variety", "v1", "l", noon.Add(time.Hour))
		is(t, "the next", s.Commit(ctx, only(next)), nil)
		is(t, "another next", s.Commit(ctx, only(sheet(t, first.Sheet, "variety", "v1", "l", noon.Add(2*time.Hour)))), conflict)
		got, _ := s.Sheet(ctx, "variety", "v1")
		same(t, got, next.Sheet)
	}},
	{"a case and a sheet are committed together or not at all", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		both := entered(t, c, c.Clone(), "identify", noon.Add(time.Hour), map[string]any{})
		both.Sheets = []docket.SheetChange{sheet(t, docket.Sheet{}, "variety", "v1", "l", noon)}
		both.Lists = []string{"of-variety/v1"}
		both.Was = 7
		both.Case.Version = 8
		is(t, "Commit", s.Commit(ctx, both), conflict)
		_, err := s.Sheet(ctx, "variety", "v1")
		is(t, "Sheet", err, notFound)
		both.Was, both.Case.Version = 1, 2
		is(t, "Commit", s.Commit(ctx, both), nil)
		_, err = s.Sheet(ctx, "variety", "v1")
		is(t, "Sheet", err, nil)
		eventually(t, []string{"c1"}, func() (any, error) { return s.Listing(ctx, "of-variety/v1", 10) })
	}},
	{"what is held must still be what was read", func(t *testing.T, s docket.Store) {
		first := sheet(t, docket.Sheet{}, "variety", "v1", "l", noon)
		is(t, "Commit", s.Commit(ctx, only(first)), nil)
		c := commit(t, s, draft(t, "c1"))
		moved := edited(c, noon)
		moved.Holds = []docket.Hold{{Kind: "variety", ID: "v1", Version: 2}}
		is(t, "held at another version", s.Commit(ctx, moved), conflict)
		moved.Holds = []docket.Hold{{Kind: "variety", ID: "v2", Version: 1}}
		is(t, "held though not there", s.Commit(ctx, moved), conflict)
		if got := load(t, s, "c1").Case.Version; got != 1 {
			t.Errorf("got version %d, want the case untouched", got)
		}
		moved.Holds = []docket.Hold{{Kind: "variety", ID: "v1", Version: 1}}
		is(t, "held as it is", s.Commit(ctx, moved), nil)
	}},
	{"a list names the newest first, once, and each list its own", func(t *testing.T, s docket.Store) {
		var last docket.Sheet
		for i, id := range []string{"q1", "q2", "q3"} {
			ch := sheet(t, docket.Sheet{}, "inquiry", id, "mine", noon.Add(time.Duration(i)*time.Minute), "mpa", "with/c1")
			is(t, "Commit", s.Commit(ctx, only(ch)), nil)
			last = ch.Sheet
		}
		is(t, "Commit", s.Commit(ctx, only(sheet(t, last, "inquiry", "q3", "mine", last.At, "mpa"))), nil)
		eventually(t, []string{"inquiry/q3", "inquiry/q2", "inquiry/q1"}, func() (any, error) { return s.Listing(ctx, "mine", 10) })
		eventually(t, []string{"inquiry/q3", "inquiry/q2"}, func() (any, error) { return s.Listing(ctx, "mpa", 2) })
		eventually(t, []string{"inquiry/q3", "inquiry/q2", "inquiry/q1"}, func() (any, error) { return s.Listing(ctx, "with/c1", 10) })
		eventually(t, []string(nil), func() (any, error) { return s.Listing(ctx, "nobody", 10) })
	}},
	{"an operation on a sheet happens once", func(t *testing.T, s docket.Store) {
		did := &docket.Operation{Scope: "p1", ID: "op-1", Digest: "d", At: noon, Receipt: docket.Receipt{Sheet: "inquiry/q1", At: noon}}
		c := only(sheet(t, docket.Sheet{}, "inquiry", "q1", "l", noon))
		c.Did = did
		is(t, "Commit", s.Commit(ctx, c), nil)
		again := only(sheet(t, docket.Sheet{}, "inquiry", "q2", "l", noon))
		again.Did = did
		is(t, "Commit", s.Commit(ctx, again), conflict)
		_, err := s.Sheet(ctx, "inquiry", "q2")
		is(t, "Sheet", err, notFound)
		got, there, err := s.Operation(ctx, "p1", "op-1")
		if !there || err != nil || got.Receipt.Sheet != "inquiry/q1" {
			t.Errorf("got %+v, %v, %v; want the operation", got, there, err)
		}
	}},
}
