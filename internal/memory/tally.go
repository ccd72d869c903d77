package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

// Counters reads what is counted. See [docket.Store].
func (s *Store) Counters(ctx context.Context, of string) (docket.Tallied, error) {
	return call(ctx, s.world, "Store.Counters", func() (docket.Tallied, error) {
		return copied(s.state.tallies[of]), nil
	})
}

// copied is the reader's own.
func copied(t docket.Tallied) docket.Tallied {
	t.Counts, t.Sets = maps.Clone(t.Counts), maps.Clone(t.Sets)
	for set, words := range t.Sets {
		t.Sets[set] = slices.Clone(words)
	}
	return t
}

// Claimed says who holds a name. See [docket.Store].
func (s *Store) Claimed(ctx context.Context, name string) (string, bool, error) {
	by, err := call(ctx, s.world, "Store.Claimed", func() (string, error) { return s.state.claims[name], nil })
	return by, by != "" && err == nil, err
}

// unmet returns the demands of c that do not hold.
func (s *Store) unmet(c docket.Commit) (reasons []docket.Reason) {
	for i, t := range c.Tallies {
		now, there := s.state.tallies[t.Of]
		reasons = append(reasons, t.Unmet(i, now, there)...)
	}
	for i, f := range c.Frees {
		if len(s.state.tallies[f.Of].Sets[f.Set]) > 0 {
			reasons = append(reasons, docket.Reason{Demand: docket.OfFree, Index: i, Of: f.Of, Name: f.Set})
		}
	}
	for i, claim := range c.Claims {
		if s.state.claims[claim.Name] != "" {
			reasons = append(reasons, docket.Reason{Demand: docket.OfClaim, Index: i, Of: claim.Name})
		}
	}
	for i, claim := range c.Unclaims {
		if s.state.claims[claim.Name] != claim.By {
			reasons = append(reasons, docket.Reason{Demand: docket.OfUnclaim, Index: i, Of: claim.Name})
		}
	}
	if p := c.Session; p != nil && !s.world.Access.lets(*p) {
		reasons = append(reasons, docket.Reason{Demand: docket.OfSession, Of: p.Of, Name: p.Gate})
	}
	return reasons
}

// count moves what c counts and claims; all of its demands hold.
func (s *Store) count(c docket.Commit) {
	for _, t := range c.Tallies {
		next := copied(s.state.tallies[t.Of])
		if next.Counts == nil && len(t.Counts) > 0 {
			next.Counts = map[string]int64{}
		}
		if next.Sets == nil && len(t.Puts) > 0 {
			next.Sets = map[string][]string{}
		}
		for _, n := range t.Counts {
			next.Counts[n.Name] += n.Add
		}
		for _, m := range t.Puts {
			if at, there := slices.BinarySearch(next.Sets[m.Set], m.Word); !there {
				next.Sets[m.Set] = slices.Insert(next.Sets[m.Set], at, m.Word)
			}
		}
		for _, m := range t.Takes {
			words := next.Sets[m.Set]
			if at, there := slices.BinarySearch(words, m.Word); there {
				next.Sets[m.Set] = slices.Delete(words, at, at+1)
			}
			if len(next.Sets[m.Set]) == 0 {
				delete(next.Sets, m.Set)
			}
		}
		s.state.tallies[t.Of] = next
	}
	for _, claim := range c.Claims {
		s.state.claims[claim.Name] = claim.By
	}
	for _, claim := range c.Unclaims {
		delete(s.state.claims, claim.Name)
	}
}

// readable polices that what c counts still fits into a number that somebody can read.
func (s *Store) readable(c docket.Commit) error {
	for _, t := range c.Tallies {
		for _, n := range t.Counts {
			was := s.state.tallies[t.Of].Counts[n.Name]
			if sum := was + n.Add; (sum > was) != (n.Add > 0) && n.Add != 0 {
				return s.world.broke("%s of %s becomes a number that nobody can read", n.Name, t.Of)
			}
		}
	}
	return nil
}

// itemsOf names every item that c writes or checks, as a table of DynamoDB has them:
// one that c names twice is there twice.
func itemsOf(c docket.Commit) (names []string) {
	add := func(parts ...string) { names = append(names, strings.Join(parts, "#")) }
	for _, ch := range c.Changes {
		name := ch.Head.Name()
		add("head", name)
		if ch.Entry != nil {
			add("entry", name, fmt.Sprint(ch.Entry.Seq))
		}
		for _, g := range slices.Concat(ch.Opened, ch.Changed) {
			add("gate", name, g.ID)
		}
		for _, g := range ch.Opened {
			for _, org := range g.Recorders {
				add("seat", name, g.ID, org)
			}
		}
		for _, g := range ch.Changed {
			for _, org := range g.Recorders {
				if g.Status != gate.Open {
					add("seat", name, g.ID, org)
				}
			}
		}
		for _, f := range ch.Files {
			add("file", f.Of, f.ID)
		}
		for _, p := range ch.Lists {
			add("place", name, p.List)
		}
		for _, timer := range ch.Timers {
			add("timer", name, timer.Key)
		}
		if ch.Was == 0 && ch.Head.Number != "" {
			add("number", ch.Head.Number)
		}
	}
	for _, r := range slices.Concat(c.Rows, c.Struck, c.Stands) {
		add("row", rowKey(r))
	}
	for _, h := range c.Holds {
		add("head", h.Of)
	}
	if c.Session != nil {
		add("session", c.Session.Hash)
	}
	if c.Did != nil {
		add("operation", operationKey(c.Did.Scope, c.Did.ID))
	}
	for _, t := range c.Tallies {
		add("tally", t.Of)
	}
	for _, f := range c.Frees {
		add("tally", f.Of)
	}
	for _, claim := range slices.Concat(c.Claims, c.Unclaims) {
		add("claim", claim.Name)
	}
	return names
}

// once polices that c names no item twice: DynamoDB refuses a transaction that does.
func (s *Store) once(c docket.Commit) error {
	names := itemsOf(c)
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i-1] == names[i] {
			return s.world.broke("item %s is written twice in one commit, or checked beside", names[i])
		}
	}
	return nil
}

func contended(item string) error {
	return fault.Because(fault.Unavailable, "busy", fmt.Errorf("%w: %s", docket.ErrContended, item))
}

// takeOff marks items as those of a commit on its way. If another one has one of them,
// it marks none and returns that one.
func (s *Store) takeOff(names []string) (other string) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	for _, name := range names {
		if s.aloft[name] {
			return name
		}
	}
	if s.aloft == nil {
		s.aloft = map[string]bool{}
	}
	for _, name := range names {
		s.aloft[name] = true
	}
	return ""
}

// land takes the marks off again.
func (s *Store) land(names []string) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	for _, name := range names {
		delete(s.aloft, name)
	}
}
