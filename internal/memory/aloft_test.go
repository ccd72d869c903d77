package memory_test

import (
	"context"
	"errors"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/memory"
)

// crossing commits second while first is on its way, and returns how both ended.
func crossing(w *memory.World, first, second docket.Commit) (one, other error) {
	began := false
	w.Store.Aloft = func(ctx context.Context) {
		if began {
			return
		}
		began = true
		other = w.Store.Commit(ctx, second)
	}
	one = w.Store.Commit(ctx, first)
	w.Store.Aloft = nil
	return one, other
}

func TestCommitsThatMeetOnTheirWay(t *testing.T) {
	tally := func(of string) docket.Tally {
		return docket.Tally{Of: of, Make: true, Counts: []docket.Count{{Name: "n", Add: 1}}}
	}
	row := docket.Row{List: "l", Sort: "0", Name: "x", Body: []byte(`1`)}
	did := &docket.Operation{Scope: "p1", ID: "op"}
	// Beside what makes them meet, each counts something of its own.
	with := func(of string, change func(*docket.Commit)) func(casework.Case) docket.Commit {
		return func(casework.Case) docket.Commit {
			c := docket.Commit{Tallies: []docket.Tally{tally(of)}}
			change(&c)
			return c
		}
	}
	moved := func(of string) func(casework.Case) docket.Commit {
		return func(c casework.Case) docket.Commit {
			return docket.Commit{Changes: []docket.Change{written(t, c, c)}, Tallies: []docket.Tally{tally(of)}}
		}
	}
	held := func(c *docket.Commit) { c.Holds = []docket.Hold{{Of: "c1", Version: 1}} }
	free := func(c *docket.Commit) { c.Frees = []docket.Free{{Of: "lot", Set: "stops"}} }
	for _, tt := range []struct {
		sentence    string
		first, then func(casework.Case) docket.Commit
		meet        bool
	}{
		{"two that name nothing in common", with("a", held), with("b", free), false},
		{"two moves of one head", moved("a"), moved("b"), true},
		{"a move of a head that is held", moved("a"), with("b", held), true},
		{"two that hold one head", with("a", held), with("b", held), true},
		{"two that count one thing", with("a", func(*docket.Commit) {}), with("a", func(*docket.Commit) {}), true},
		{"a stop where something must be free", with("a", free), with("lot", func(*docket.Commit) {}), true},
		{"two for whom one thing must be free", with("a", free), with("b", free), true},
		{
			"a claim and its release", with("a", func(c *docket.Commit) { c.Claims = []docket.Claim{{Name: "n", By: "x"}} }),
			with("b", func(c *docket.Commit) { c.Unclaims = []docket.Claim{{Name: "n", By: "x"}} }), true,
		},
		{
			"a row that is put and relied on", with("a", func(c *docket.Commit) { c.Rows = []docket.Row{row} }),
			with("b", func(c *docket.Commit) { c.Stands = []docket.Row{row} }), true,
		},
		{"one operation", with("a", func(c *docket.Commit) { c.Did = did }), with("b", func(c *docket.Commit) { c.Did = did }), true},
		{
			"one session", with("a", func(c *docket.Commit) { c.Session = &docket.Pass{Hash: "s", Of: "c1", Gate: "opinion-1", Now: noon} }),
			with("b", func(c *docket.Commit) { c.Session = &docket.Pass{Hash: "s", Of: "c1", Gate: "opinion-1", Now: noon} }), true,
		},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			w := memory.New(t, noon)
			c := born(t, w)
			if err := w.Access.PutSession(
				ctx,
				docket.Session{Hash: "s", Of: "c1", Gate: "opinion-1", Idle: noon.AddDate(1, 0, 0), Expires: noon.AddDate(1, 0, 0)},
			); err != nil {
				t.Fatal(err)
			}
			second := tt.then(c)
			one, other := crossing(w, tt.first(c), second)
			if one != nil {
				t.Errorf("the first: got %v, want it committed", one)
			}
			if !tt.meet {
				if other != nil {
					t.Errorf("the second: got %v, want it committed", other)
				}
				return
			}
			if !errors.Is(other, docket.ErrContended) || !errors.Is(other, fault.Unavailable) || errors.Is(other, fault.Conflict) {
				t.Errorf("the second: got %v, want it contended", other)
			}
			want := int64(0)
			if of := second.Tallies[0].Of; of == "a" {
				want = 1 // the first's
			}
			if got, _ := w.Store.Counters(ctx, second.Tallies[0].Of); got.Counts["n"] != want {
				t.Errorf("got %d, want nothing of the second written", got.Counts["n"])
			}
		})
	}
}

// Whoever was turned away may come again once the other has landed.
func TestWhatWasContendedGoesThroughLater(t *testing.T) {
	w := memory.New(t, noon)
	c := docket.Commit{Tallies: []docket.Tally{{Of: "a", Make: true, Counts: []docket.Count{{Name: "n", Add: 1}}}}}
	if one, other := crossing(w, c, c); one != nil || !errors.Is(other, docket.ErrContended) {
		t.Errorf("got %v and %v, want the second contended", one, other)
	}
	if err := w.Store.Commit(ctx, c); err != nil {
		t.Errorf("again: got %v, want it committed", err)
	}
	if got, _ := w.Store.Counters(ctx, "a"); got.Counts["n"] != 2 {
		t.Errorf("got %d, want both counted", got.Counts["n"])
	}
}

func TestACounterThatNobodyCouldReadIsHeardOf(t *testing.T) {
	var e ear
	w := memory.New(&e, noon)
	c := docket.Commit{Tallies: []docket.Tally{{Of: "a", Make: true, Counts: []docket.Count{{Name: "n", Add: docket.MaxAmount}}}}}
	for range 9 {
		if err := w.Store.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Store.Commit(ctx, c); !errors.Is(err, fault.Invalid) || len(e.heard) != 1 {
		t.Errorf("got %v, and heard %v; want it refused and heard of", err, e.heard)
	}
}
