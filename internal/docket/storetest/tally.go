package storetest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// counting is a commit of tallies and nothing else.
func counting(tallies ...docket.Tally) docket.Commit { return docket.Commit{Tallies: tallies} }

// moving is a tally of line/a1 that makes it.
func moving(counts ...docket.Count) docket.Tally {
	return docket.Tally{Of: "line/a1", Make: true, Counts: counts}
}

func by(name string, n int64) docket.Count { return docket.Count{Name: name, Add: n} }

func least(name string, n, bound int64) docket.Count {
	return docket.Count{Name: name, Add: n, AtLeast: &bound}
}

func most(name string, n, bound int64) docket.Count {
	return docket.Count{Name: name, Add: n, AtMost: &bound}
}

// stop is a tally that puts a word into the set of stops of a thing.
func stop(of, word string) docket.Tally {
	return docket.Tally{Of: of, Make: true, Puts: []docket.Member{{Set: "stops", Word: word}}}
}

func resume(of, word string) docket.Tally {
	return docket.Tally{Of: of, Make: true, Takes: []docket.Member{{Set: "stops", Word: word}}}
}

// refused fails unless err says that exactly these demands did not hold.
func refused(t *testing.T, doing string, err error, want ...docket.Reason) {
	t.Helper()
	is(t, doing, err, conflict)
	var unmet *docket.Unmet
	if !errors.As(err, &unmet) {
		t.Errorf("%s: got %v, want it said what did not hold", doing, err)
		return
	}
	same(t, unmet.Reasons, want)
}

// stands fails unless what is counted at of stands so: "left=3 stops=[a b]".
func stands(t *testing.T, s docket.Store, of, want string) {
	t.Helper()
	now, err := s.Counters(ctx, of)
	is(t, "Counters", err, nil)
	var got []string
	for _, m := range []any{now.Counts, now.Sets} {
		if text := strings.TrimPrefix(fmt.Sprint(m), "map"); text != "[]" {
			got = append(got, text)
		}
	}
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s: got %s, want %s", of, text, want)
	}
}

var tallies = []row[docket.Store]{
	{"what nobody counted stands at nothing, whatever it is called", func(t *testing.T, s docket.Store) {
		for _, of := range []string{"line/a1", "", "a#b", "\xff", strings.Repeat("x", 5000)} {
			got, err := s.Counters(ctx, of)
			is(t, "Counters", err, nil)
			same(t, got, docket.Tallied{})
			by, ok, err := s.Claimed(ctx, of)
			is(t, "Claimed", err, nil)
			if by != "" || ok {
				t.Errorf("got %q and %v, want nobody", by, ok)
			}
		}
	}},
	{"counts move together, without a head, and are read at once", func(t *testing.T, s docket.Store) {
		is(t, "Commit", s.Commit(ctx, counting(moving(by("left", 10), by("放行 #1", 0)))), nil)
		stands(t, s, "line/a1", "[left:10 放行 #1:0]")
		is(t, "Commit", s.Commit(ctx, counting(moving(by("left", -3), by("放行 #1", 3), by("unheard", -2)))), nil)
		stands(t, s, "line/a1", "[left:7 unheard:-2 放行 #1:3]")
		stands(t, s, "line/a2", "")
		_, err := s.Head(ctx, "line/a1")
		is(t, "Head", err, notFound)
	}},
	{"several things are counted in one commit, with a case, rows and an operation", func(t *testing.T, s docket.Store) {
		c := draft(t, "c1")
		c.Tallies = []docket.Tally{moving(by("left", 5)), {Of: "holding/h1", Make: true, Counts: []docket.Count{by("stock", 2)}}}
		c.Claims = []docket.Claim{{Name: "serial/7", By: "use/1"}}
		c.Rows = []docket.Row{line("l", "0", "x", `1`)}
		c.Did = &docket.Operation{Scope: "p1", ID: "op-1", Digest: "d", At: noon}
		commit(t, s, c)
		stands(t, s, "line/a1", "[left:5]")
		stands(t, s, "holding/h1", "[stock:2]")
		c.Tallies = c.Tallies[:1]
		is(t, "the same again", try(s, c), conflict)
		stands(t, s, "line/a1", "[left:5]")
	}},
	{"a thing that is not there is made only by who says so", func(t *testing.T, s docket.Store) {
		first := moving(by("left", 1))
		first.Make = false
		refused(t, "Commit", s.Commit(ctx, counting(first)), docket.Reason{Demand: docket.OfTally, Of: "line/a1"})
		stands(t, s, "line/a1", "")
		is(t, "Commit", s.Commit(ctx, counting(moving(by("left", 1)))), nil)
		is(t, "Commit", s.Commit(ctx, counting(first)), nil)
		stands(t, s, "line/a1", "[left:2]")
		is(t, "taking where nothing is makes it too", s.Commit(ctx, counting(resume("lot/b", "i1"))), nil)
		first.Of = "lot/b"
		is(t, "Commit", s.Commit(ctx, counting(first)), nil)
	}},
	{"a bound is on what remains", func(t *testing.T, s docket.Store) {
		is(t, "Commit", s.Commit(ctx, counting(moving(by("left", 10)))), nil)
		for _, r := range []struct {
			count docket.Count
			want  bool
		}{
			{least("left", -11, 0), false},
			{least("left", -10, 1), false},
			{least("left", 0, 11), false},
			{most("left", 1, 10), false},
			{most("left", 0, 9), false},
			{most("left", 0, 10), true},
			{least("left", -10, 0), true}, // 0
			{least("left", 0, 0), true},
			{least("left", -1, -1), true}, // -1
			{least("left", -1, -1), false},
			{most("left", 1, -1), false},
			{most("left", 0, -1), true},
			{least("left", 1, 1), false},
			{least("left", 1, 0), true}, // 0
			{docket.Count{Name: "left", Add: 3, AtLeast: new(int64(3)), AtMost: new(int64(3))}, true},
			{docket.Count{Name: "left", Add: 1, AtLeast: new(int64(0)), AtMost: new(int64(3))}, false},
		} {
			before, _ := s.Counters(ctx, "line/a1")
			err := s.Commit(ctx, counting(moving(r.count)))
			after, _ := s.Counters(ctx, "line/a1")
			if r.want {
				is(t, fmt.Sprint("at ", before.Counts["left"], " by ", r.count.Add), err, nil)
				same(t, after.Counts["left"], before.Counts["left"]+r.count.Add)
				continue
			}
			refused(t, fmt.Sprint("at ", before.Counts["left"], " by ", r.count.Add), err,
				docket.Reason{Demand: docket.OfCount, Of: "line/a1", Name: "left", Has: before.Counts["left"]})
			same(t, after, before)
		}
	}},
	{"a count that nobody made yet stands at 0 for its bounds", func(t *testing.T, s docket.Store) {
		why := docket.Reason{Demand: docket.OfCount, Of: "line/a1", Name: "left"}
		refused(t, "nothing is there", s.Commit(ctx, counting(moving(least("left", -1, 0)))), why)
		refused(t, "too much", s.Commit(ctx, counting(moving(most("left", 3, 2)))), why)
		is(t, "Commit", s.Commit(ctx, counting(moving(by("other", 1)))), nil)
		refused(t, "another count is there", s.Commit(ctx, counting(moving(least("left", -1, 0)))), why)
		refused(t, "too much", s.Commit(ctx, counting(moving(most("left", 3, 2)))), why)
		is(t, "Commit", s.Commit(ctx, counting(moving(docket.Count{Name: "left", AtLeast: new(int64(0)), AtMost: new(int64(0))}))), nil)
		is(t, "Commit", s.Commit(ctx, counting(moving(docket.Count{Name: "left", Add: 2, AtLeast: new(int64(2)), AtMost: new(int64(2))}))), nil)
		is(t, "Commit", s.Commit(ctx, counting(moving(least("below", -5, -5)))), nil)
		stands(t, s, "line/a1", "[below:-5 left:2 other:1]")
	}},
	{"amounts up to a trillion millions are exact", func(t *testing.T, s docket.Store) {
		const big = docket.MaxAmount
		is(t, "Commit", s.Commit(ctx, counting(moving(by("sum", big-1)))), nil)
		is(t, "Commit", s.Commit(ctx, counting(moving(least("sum", big-1, 2-big)))), nil)
		refused(
			t,
			"Commit",
			s.Commit(ctx, counting(moving(most("sum", -1, big)))),
			docket.Reason{Demand: docket.OfCount, Of: "line/a1", Name: "sum", Has: 2*big - 2},
		)
		is(t, "Commit", s.Commit(ctx, counting(moving(most("sum", 1-big, big-1)))), nil)
		is(t, "Commit", s.Commit(ctx, counting(moving(least("sum", -big, -1)))), nil)
		stands(t, s, "line/a1", "[sum:-1]")
	}},
	{"words come into a set and go from it, one by one, and a set without any is none", func(t *testing.T, s docket.Store) {
		for _, word := range []string{"i2", "i1", "i2", "i3 急"} {
			is(t, "Commit", s.Commit(ctx, counting(stop("lot/b", word))), nil)
		}
		stands(t, s, "lot/b", "[stops:[i1 i2 i3 急]]")
		both := docket.Tally{Of: "lot/b", Puts: []docket.Member{{Set: "names", Word: "a"}, {Set: "more", Word: "x"}, {Set: "names", Word: "b"}}}
		is(t, "Commit", s.Commit(ctx, counting(both)), nil)
		stands(t, s, "lot/b", "[more:[x] names:[a b] stops:[i1 i2 i3 急]]")
		is(t, "Commit", s.Commit(ctx, counting(docket.Tally{Of: "lot/b", Takes: []docket.Member{
			{Set: "stops", Word: "i1"}, {Set: "stops", Word: "i3 急"}, {Set: "stops", Word: "never"}, {Set: "nothing", Word: "x"}, {Set: "more", Word: "x"},
		}})), nil)
		stands(t, s, "lot/b", "[names:[a b] stops:[i2]]")
		is(t, "Commit", s.Commit(ctx, counting(resume("lot/b", "i2"))), nil)
		is(t, "Commit", s.Commit(ctx, counting(resume("lot/b", "i2"))), nil)
		stands(t, s, "lot/b", "[names:[a b]]")
	}},
	{"what is counted moves only while its own sets are free", func(t *testing.T, s docket.Store) {
		use := moving(by("left", -1))
		use.Free = []string{"plan", "stops"}
		is(t, "nothing is there yet", s.Commit(ctx, counting(use)), nil)
		is(t, "stopping", s.Commit(ctx, counting(stop("line/a1", "i1"))), nil)
		refused(t, "under a stop", s.Commit(ctx, counting(use)), docket.Reason{Demand: docket.OfSet, Part: 1, Of: "line/a1", Name: "stops"})
		is(t, "another stop", s.Commit(ctx, counting(stop("line/a1", "i2"))), nil)
		is(t, "the first resumes", s.Commit(ctx, counting(resume("line/a1", "i1"))), nil)
		refused(t, "under the other", s.Commit(ctx, counting(use)), docket.Reason{Demand: docket.OfSet, Part: 1, Of: "line/a1", Name: "stops"})
		is(t, "the other resumes", s.Commit(ctx, counting(resume("line/a1", "i2"))), nil)
		use.Puts = []docket.Member{{Set: "stops", Word: "own"}}
		is(t, "its own word comes after its demand", s.Commit(ctx, counting(use)), nil)
		stands(t, s, "line/a1", "[left:-2] [stops:[own]]")
	}},
	{"what is not counted must be free, also where nothing is", func(t *testing.T, s docket.Store) {
		use := counting(moving(by("left", -1)))
		use.Frees = []docket.Free{{Of: "city/lot", Set: "stops"}, {Of: "city/variety", Set: "stops"}}
		is(t, "nothing is there yet", s.Commit(ctx, use), nil)
		is(t, "counting beside it", s.Commit(ctx, counting(docket.Tally{Of: "city/lot", Make: true, Counts: []docket.Count{by("n", 1)}})), nil)
		is(t, "no set is there yet", s.Commit(ctx, use), nil)
		is(t, "another set", s.Commit(ctx, counting(docket.Tally{Of: "city/lot", Puts: []docket.Member{{Set: "seen", Word: "i1"}}})), nil)
		is(t, "another set is there", s.Commit(ctx, use), nil)
		is(t, "stopping", s.Commit(ctx, counting(stop("city/variety", "i1"))), nil)
		refused(t, "under a stop", s.Commit(ctx, use), docket.Reason{Demand: docket.OfFree, Index: 1, Of: "city/variety", Name: "stops"})
		is(t, "resuming", s.Commit(ctx, counting(resume("city/variety", "i1"))), nil)
		is(t, "free again", s.Commit(ctx, use), nil)
		stands(t, s, "line/a1", "[left:-4]")
	}},
	{"a name is claimed by one and released by its holder alone", func(t *testing.T, s docket.Store) {
		mine, other := docket.Claim{Name: "serial/DI#7", By: "use/1"}, docket.Claim{Name: "serial/DI#7", By: "use/2"}
		taken, not := docket.Reason{Demand: docket.OfClaim, Of: mine.Name}, docket.Reason{Demand: docket.OfUnclaim, Of: mine.Name}
		refused(t, "releasing what nobody holds", s.Commit(ctx, docket.Commit{Unclaims: []docket.Claim{mine}}), not)
		is(t, "claiming", s.Commit(ctx, docket.Commit{Claims: []docket.Claim{mine}}), nil)
		refused(t, "claiming what another holds", s.Commit(ctx, docket.Commit{Claims: []docket.Claim{other}}), taken)
		refused(t, "claiming what one holds", s.Commit(ctx, docket.Commit{Claims: []docket.Claim{mine}}), taken)
		refused(t, "releasing what another holds", s.Commit(ctx, docket.Commit{Unclaims: []docket.Claim{other}}), not)
		if by, ok, err := s.Claimed(ctx, mine.Name); by != "use/1" || !ok || err != nil {
			t.Errorf("got %q, %v and %v, want use/1", by, ok, err)
		}
		is(t, "releasing", s.Commit(ctx, docket.Commit{Unclaims: []docket.Claim{mine}}), nil)
		if by, ok, err := s.Claimed(ctx, mine.Name); by != "" || ok || err != nil {
			t.Errorf("got %q, %v and %v, want nobody", by, ok, err)
		}
		is(t, "claiming what was released", s.Commit(ctx, docket.Commit{Claims: []docket.Claim{other}}), nil)
	}},
	{"a commit that fails leaves no count, no word and no name, and says everything that did not hold", func(t *testing.T, s docket.Store) {
		held := docket.Commit{
			Tallies: []docket.Tally{moving(by("left", 1)), stop("city/lot", "i1"), stop("lot/b", "i1")}, Claims: []docket.Claim{{Name: "n1", By: "x"}},
		}
		is(t, "Commit", s.Commit(ctx, held), nil)
		next := docket.Commit{
			Tallies: []docket.Tally{
				{Of: "holding/h", Make: true, Counts: []docket.Count{by("stock", 5)}, Puts: []docket.Member{{Set: "stops", Word: "w"}}},
				{Of: "lot/b", Counts: []docket.Count{by("due", 1), least("left", -1, 0)}, Free: []string{"other", "stops"}},
				{Of: "line/never", Counts: []docket.Count{by("left", 1)}},
			},
			Frees:    []docket.Free{{Of: "city/other", Set: "stops"}, {Of: "city/lot", Set: "stops"}},
			Claims:   []docket.Claim{{Name: "n2", By: "y"}, {Name: "n1", By: "y"}},
			Unclaims: []docket.Claim{{Name: "n3", By: "y"}},
			Rows:     []docket.Row{line("l", "0", "x", `1`)},
			Did:      &docket.Operation{Scope: "p1", ID: "op-1", Digest: "d", At: noon},
		}
		refused(t, "Commit", s.Commit(ctx, next),
			docket.Reason{Demand: docket.OfCount, Index: 1, Part: 1, Of: "lot/b", Name: "left"},
			docket.Reason{Demand: docket.OfSet, Index: 1, Part: 1, Of: "lot/b", Name: "stops"},
			docket.Reason{Demand: docket.OfTally, Index: 2, Of: "line/never"},
			docket.Reason{Demand: docket.OfFree, Index: 1, Of: "city/lot", Name: "stops"},
			docket.Reason{Demand: docket.OfClaim, Index: 1, Of: "n1"},
			docket.Reason{Demand: docket.OfUnclaim, Of: "n3"},
		)
		stands(t, s, "holding/h", "")
		stands(t, s, "lot/b", "[stops:[i1]]")
		_, claimed, _ := s.Claimed(ctx, "n2")
		_, did, _ := s.Operation(ctx, "p1", "op-1")
		if rows := namesOf(t, s, "l", 10); claimed || did || len(rows) > 0 {
			t.Errorf("got claimed %v, done %v and rows %v, want nothing of it", claimed, did, rows)
		}
	}},
	{"where somebody moved first, that is why, and not the demand", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		commit(t, s, edited(t, c, noon))
		late := edited(t, c, noon)
		late.Tallies = []docket.Tally{moving(least("left", -1, 0))}
		err := try(s, late)
		is(t, "Commit", err, conflict)
		if unmet := (*docket.Unmet)(nil); errors.As(err, &unmet) {
			t.Errorf("got %v, want only that somebody moved", err)
		}
		now := edited(t, load(t, s, "c1").Case, noon)
		now.Tallies = late.Tallies
		refused(t, "Commit", try(s, now), docket.Reason{Demand: docket.OfCount, Of: "line/a1", Name: "left"})
	}},
	{"a commit that could not be made of one update, or that names one thing twice, is refused", func(t *testing.T, s docket.Store) {
		member := func(set, word string) []docket.Member { return []docket.Member{{Set: set, Word: word}} }
		claims := func(c ...docket.Claim) docket.Commit { return docket.Commit{Claims: c} }
		var many []docket.Count
		for i := range docket.MaxParts + 1 {
			many = append(many, by(fmt.Sprint("n", i), 1))
		}
		c := commit(t, s, draft(t, "c1"))
		changedAndHeld := edited(t, c, noon)
		changedAndHeld.Holds = []docket.Hold{{Of: "c1", Version: 1}}
		heldTwice := edited(t, c, noon)
		heldTwice.Holds = []docket.Hold{{Of: "c2", Version: 1}, {Of: "c2", Version: 1}}
		for _, r := range []struct {
			sentence string
			commit   docket.Commit
		}{
			{"one count twice", counting(moving(by("left", 1), by("left", 2)))},
			{"one thing in two tallies", counting(moving(by("left", 1)), moving(by("other", 1)))},
			{"a thing that is counted and must be free", docket.Commit{Tallies: []docket.Tally{moving(by("left", 1))}, Frees: []docket.Free{{Of: "line/a1", Set: "stops"}}}},
			{"a thing that must be free twice", docket.Commit{Tallies: []docket.Tally{moving(by("left", 1))}, Frees: []docket.Free{{Of: "x", Set: "a"}, {Of: "x", Set: "b"}}}},
			{"a name claimed twice", claims(docket.Claim{Name: "n", By: "a"}, docket.Claim{Name: "n", By: "a"})},
			{"a name claimed and released", docket.Commit{Claims: []docket.Claim{{Name: "n", By: "a"}}, Unclaims: []docket.Claim{{Name: "n", By: "b"}}}},
			{"nobody's claim", claims(docket.Claim{Name: "n"})},
			{"a claim without a name", claims(docket.Claim{By: "a"})},
			{"a tally that moves nothing", counting(docket.Tally{Of: "line/a1", Make: true, Free: []string{"stops"}})},
			{"a tally of nothing", counting(docket.Tally{Make: true, Counts: []docket.Count{by("left", 1)}})},
			{"a count without a name", counting(moving(by("", 1)))},
			{"a name that is no text", counting(moving(by("\xff", 1)))},
			{"a name that is too long", counting(moving(by(strings.Repeat("x", 201), 1)))},
			{"more than one update holds", counting(moving(many...))},
			{"an amount that no number holds", counting(moving(by("left", docket.MaxAmount+1)))},
			{"a bound that no number holds", counting(moving(least("left", 1, math.MinInt64)))},
			{"a set that is put into and taken from", counting(docket.Tally{Of: "x", Make: true, Puts: member("s", "a"), Takes: member("s", "b")})},
			{"a word put twice", counting(docket.Tally{Of: "x", Make: true, Puts: append(member("s", "a"), member("s", "a")...)})},
			{"a word without letters", counting(docket.Tally{Of: "x", Make: true, Puts: member("s", "")})},
			{"a set without a name", counting(docket.Tally{Of: "x", Make: true, Puts: member("", "a")})},
			{"a set that must be free twice", counting(docket.Tally{Of: "x", Make: true, Counts: []docket.Count{by("n", 1)}, Free: []string{"s", "s"}})},
			{"a head that is changed and held", changedAndHeld.Commit},
			{"a head that is held twice", heldTwice.Commit},
		} {
			is(t, r.sentence, s.Commit(ctx, r.commit), invalid)
		}
		stands(t, s, "line/a1", "")
		stands(t, s, "x", "")
	}},
	{"as many counts and sets as a tally may name go through, each with both bounds", func(t *testing.T, s docket.Store) {
		tally := docket.Tally{Of: strings.Repeat("线", 133), Make: true}
		for i := range docket.MaxParts {
			tally.Counts = append(
				tally.Counts,
				docket.Count{Name: fmt.Sprintf("%s%d", strings.Repeat("批", 66), i), Add: 1, AtLeast: new(int64(1)), AtMost: new(int64(2))},
			)
		}
		is(t, "Commit", s.Commit(ctx, counting(tally)), nil)
		is(t, "Commit", s.Commit(ctx, counting(tally)), nil)
		err := s.Commit(ctx, counting(tally))
		var unmet *docket.Unmet
		if !errors.As(err, &unmet) || len(unmet.Reasons) != docket.MaxParts {
			t.Errorf("got %v, want every bound named", err)
		}
	}},
	{"a commit counts up to a hundred items, and no more", func(t *testing.T, s docket.Store) {
		var c docket.Commit
		for i := range 50 {
			c.Tallies = append(c.Tallies, docket.Tally{Of: fmt.Sprint("line/", i), Make: true, Counts: []docket.Count{by("n", 1)}})
			c.Frees = append(c.Frees, docket.Free{Of: fmt.Sprint("city/", i), Set: "stops"})
		}
		is(t, "Commit", s.Commit(ctx, c), nil)
		c.Claims = []docket.Claim{{Name: "n", By: "x"}}
		is(t, "Commit", s.Commit(ctx, c), invalid)
		stands(t, s, "line/49", "[n:1]")
	}},
	{"a thousand that fit are all counted at once, and the sum is exact", func(t *testing.T, s docket.Store) {
		const n = 1000
		said := atOnce(s, "p1", n, func(i int) docket.Commit { return counting(moving(least("left", -int64(i%3), -3*n), by("moves", 1))) })
		sum := int64(0)
		for i, err := range said {
			is(t, fmt.Sprint("move ", i), err, nil)
			sum -= int64(i % 3)
		}
		stands(t, s, "line/a1", fmt.Sprintf("[left:%d moves:%d]", sum, n))
	}},
	{"of a thousand for whom there is not enough, exactly as many as fit get it, and the others hear why", func(t *testing.T, s docket.Store) {
		const n, fit = 1000, 137
		is(t, "Commit", s.Commit(ctx, counting(moving(by("left", 2*fit+1)))), nil)
		got := int64(0)
		for i, err := range atOnce(s, "p1", n, func(int) docket.Commit { return counting(moving(least("left", -2, 0), by("taken", 2))) }) {
			var unmet *docket.Unmet
			switch {
			case err == nil:
				got++
			case !errors.As(err, &unmet) || unmet.Reasons[0].Demand != docket.OfCount || unmet.Reasons[0].Name != "left":
				t.Errorf("move %d: got %v, want it said that there is not enough left", i, err)
			}
		}
		if got != fit {
			t.Errorf("got %d of them, want %d", got, fit)
		}
		stands(t, s, "line/a1", fmt.Sprintf("[left:1 taken:%d]", 2*fit))
	}},
	{"nothing is counted any more once a stop is committed, on the thing itself or beside it", func(t *testing.T, s docket.Store) {
		for _, of := range []string{"holding/h1", "city/lot"} {
			const n = 300
			use := counting(docket.Tally{Of: "holding/h1", Make: true, Counts: []docket.Count{by(of, 1)}, Free: []string{"stops"}})
			if of != "holding/h1" {
				is(t, "resuming", s.Commit(ctx, counting(resume("holding/h1", "i1"))), nil)
				use = counting(docket.Tally{Of: "holding/h1", Make: true, Counts: []docket.Count{by(of, 1)}})
				use.Frees = []docket.Free{{Of: of, Set: "stops"}}
			}
			var stopped atomic.Bool
			var after [n]bool
			said := atOnce(s, of, n, func(i int) docket.Commit {
				if i == n/3 {
					return counting(stop(of, "i1"))
				}
				after[i] = stopped.Load()
				return use
			}, func(i int, err error) {
				if i == n/3 && err == nil {
					stopped.Store(true)
				}
			})
			got := 0
			for i, err := range said {
				var unmet *docket.Unmet
				switch {
				case i == n/3:
					is(t, "stopping", err, nil)
				case err == nil && after[i]:
					t.Errorf("use %d began when the stop was committed, and was counted", i)
				case err == nil:
					got++
				case !errors.As(err, &unmet):
					t.Errorf("use %d: got %v, want it said that it is stopped", i, err)
				}
			}
			now, err := s.Counters(ctx, "holding/h1")
			is(t, "Counters", err, nil)
			if now.Counts[of] != int64(got) {
				t.Errorf("got %d counted, want the %d that went through", now.Counts[of], got)
			}
			if err := s.Commit(ctx, use); !errors.Is(err, conflict) {
				t.Errorf("afterwards: got %v, want a conflict", err)
			}
		}
	}},
	{"of many who claim a name at once one holds it", func(t *testing.T, s docket.Store) {
		won := ""
		for i, err := range atOnce(s, "p1", 64, func(i int) docket.Commit {
			return docket.Commit{Claims: []docket.Claim{{Name: "serial/7", By: fmt.Sprint("use/", i)}}}
		}) {
			switch {
			case err == nil && won == "":
				won = fmt.Sprint("use/", i)
			case err == nil:
				t.Errorf("both %s and use/%d hold it", won, i)
			default:
				refused(t, fmt.Sprint("use/", i), err, docket.Reason{Demand: docket.OfClaim, Of: "serial/7"})
			}
		}
		if by, _, err := s.Claimed(ctx, "serial/7"); by != won || won == "" || err != nil {
			t.Errorf("got %q and %v, want %q", by, err, won)
		}
	}},
}

// atOnce commits n at the same time, each under an operation of its own in scope, and returns how
// each ended at last: what is busy is sent again, and what is unclear is looked up.
func atOnce(s docket.Store, scope string, n int, what func(i int) docket.Commit, heard ...func(i int, err error)) []error {
	said := make([]error, n)
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-start
			c := what(i)
			c.Did = &docket.Operation{Scope: scope, ID: fmt.Sprint("op-", i), Digest: "d", At: noon}
			for range 200 {
				said[i] = s.Commit(ctx, c)
				if errors.Is(said[i], fault.Unavailable) || errors.Is(said[i], conflict) {
					if _, did, err := s.Operation(ctx, c.Did.Scope, c.Did.ID); did && err == nil {
						said[i] = nil // the answer was unclear, the deed was not
					}
				}
				if !errors.Is(said[i], fault.Unavailable) {
					break
				}
			}
			for _, hear := range heard {
				hear(i, said[i])
			}
		})
	}
	close(start)
	wait.Wait()
	return said
}
