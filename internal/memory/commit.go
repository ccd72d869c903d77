package memory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Commit writes all of c, or nothing. See [docket.Store].
func (s *Store) Commit(ctx context.Context, c docket.Commit) error {
	if s.Aloft != nil {
		names := itemsOf(c)
		if other := s.takeOff(names); other != "" {
			return run(ctx, s.world, "Store.Commit", func() error { return contended(other) })
		}
		defer s.land(names)
		s.Aloft(ctx)
	}
	return run(ctx, s.world, "Store.Commit", func() error {
		next, err := s.commit(c)
		if err != nil {
			return err
		}
		var did []byte
		if c.Did != nil {
			if did, err = marshal(*c.Did); err != nil {
				return err
			}
			s.state.operations[operationKey(c.Did.Scope, c.Did.ID)] = did
		}
		s.count(c)
		maps.Copy(s.state.aggregates, next)
		for _, r := range c.Struck {
			delete(s.state.rows, rowKey(r))
		}
		for _, r := range c.Rows {
			r.Body = slices.Clone(r.Body)
			s.state.rows[rowKey(r)] = r
		}
		for _, ch := range c.Changes {
			if ch.Was == 0 && ch.Head.Number != "" {
				s.state.numbers[ch.Head.Number] = ch.Head.Name()
			}
			if ch.Entry != nil {
				s.world.Stream.put(docket.EntryRef{Of: ch.Head.Name(), Seq: ch.Entry.Seq, At: ch.Entry.At})
			}
		}
		return nil
	})
}

func moved(format string, args ...any) error {
	return fault.Because(fault.Conflict, "moved", fmt.Errorf(format, args...))
}

// commit returns the aggregates as c leaves them and changes nothing.
func (s *Store) commit(c docket.Commit) (map[string]aggregate, error) {
	if c.Did != nil && s.state.operations[operationKey(c.Did.Scope, c.Did.ID)] != nil {
		return nil, moved("operation %s is done", c.Did.ID)
	}
	if err := s.fitting(c); err != nil {
		return nil, err
	}
	for _, h := range c.Holds {
		if now := s.state.aggregates[h.Of]; now.version != h.Version {
			return nil, moved("%s is at %d, not %d", h.Of, now.version, h.Version)
		}
	}
	if err := s.stand(c); err != nil {
		return nil, err
	}
	out := map[string]aggregate{}
	for _, ch := range c.Changes {
		name := ch.Head.Name()
		if _, twice := out[name]; twice {
			return nil, s.world.broke("%s is in one commit twice", name)
		}
		next, err := s.next(ch)
		if err != nil {
			return nil, err
		}
		out[name] = next
	}
	if reasons := s.unmet(c); len(reasons) > 0 {
		return nil, docket.Refusal(reasons, nil) // last: whatever else did not hold means that somebody moved
	}
	return out, s.readable(c)
}

// next returns the aggregate of one aggregate as ch leaves it.
func (s *Store) next(ch docket.Change) (aggregate, error) {
	h, name := ch.Head, ch.Head.Name()
	now := s.state.aggregates[name]
	if err := s.shape(ch); err != nil {
		return aggregate{}, err
	}
	if now.version != ch.Was {
		return aggregate{}, moved("%s is at %d, not %d", name, now.version, ch.Was)
	}
	if other, taken := s.state.numbers[h.Number]; taken && other != name {
		return aggregate{}, moved("number %s is taken", h.Number)
	}
	next := aggregate{
		version: h.Version, seq: now.seq, hash: now.hash, number: h.Number, home: ch.Home, open: ch.Open, waits: slices.Clone(ch.Waits),
		entries: now.entries, gates: cloned(now.gates), files: cloned(now.files), lists: cloned(now.lists), timers: cloned(now.timers), reads: now.reads,
	}
	var err error
	if next.head, err = s.write(h); err != nil {
		return aggregate{}, err
	}
	if err := s.extend(&next, now, ch); err != nil {
		return aggregate{}, err
	}
	for _, g := range ch.Opened {
		if _, there := now.gates[g.ID]; there {
			return aggregate{}, moved("gate %s exists", g.ID)
		}
		b, err := s.write(g)
		if err != nil {
			return aggregate{}, err
		}
		next.gates[g.ID] = openGate{gate: b}
	}
	for _, g := range ch.Changed {
		if err := s.change(&next, now, g); err != nil {
			return aggregate{}, err
		}
	}
	for _, f := range ch.Files {
		if now.files[f.ID] != nil {
			return aggregate{}, moved("file %s exists", f.ID)
		}
		if next.files[f.ID], err = marshal(f); err != nil {
			return aggregate{}, err
		}
	}
	for _, p := range ch.Lists {
		next.lists[p.List] = p.At
	}
	for _, timer := range ch.Timers {
		next.timers[timer.Key] = timer.At
	}
	return next, nil
}

func cloned[V any](m map[string]V) map[string]V {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]V{}
	}
	return out
}

// kindShape is what a kind may be called: it begins keys.
var kindShape = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// shape polices what ch must be whatever is stored.
func (s *Store) shape(ch docket.Change) error {
	h, name := ch.Head, ch.Head.Name()
	if !kindShape.MatchString(h.Kind) || !sayable(h.ID) || strings.Contains(h.ID, "/") {
		return fault.New(fault.Invalid, "key")
	}
	for _, p := range append([]docket.Place{ch.Home}, ch.Lists...) {
		if !sayable(p.List) {
			return fault.New(fault.Invalid, "key")
		}
	}
	for _, timer := range ch.Timers {
		if !sayable(timer.Key) || timer.At.IsZero() {
			return fault.New(fault.Invalid, "key")
		}
	}
	if h.Version != ch.Was+1 {
		return s.world.broke("%s goes from version %d to %d", name, ch.Was, h.Version)
	}
	if !json.Valid(h.Body) {
		return s.world.broke("the body of %s is no JSON", name)
	}
	touched := map[string]bool{}
	for _, g := range slices.Concat(ch.Opened, ch.Changed) {
		if !sayable(g.ID) || !sayable(g.Party) {
			return fault.New(fault.Invalid, "key")
		}
		if g.Of != name {
			return s.world.broke("gate %s of %s is committed with %s", g.ID, g.Of, name)
		}
		if touched[g.ID] {
			return s.world.broke("gate %s of %s is written twice in one commit", g.ID, g.Of)
		}
		touched[g.ID] = true
		if (g.Status == gate.Open) != (g.Answer == nil) {
			return s.world.broke("gate %s of %s is %s and its answer says otherwise", g.ID, g.Of, g.Status)
		}
	}
	for _, g := range ch.Opened {
		if g.Status != gate.Open {
			return s.world.broke("gate %s of %s is born %s", g.ID, g.Of, g.Status)
		}
	}
	for _, f := range ch.Files {
		if err := s.world.fits(f); err != nil {
			return err
		}
		if f.Of != name {
			return s.world.broke("file %s of %s is committed with %s", f.ID, f.Of, name)
		}
	}
	return nil
}

// sayable reports whether a store can build a key of it.
func sayable(part string) bool { return part != "" && !strings.Contains(part, "#") }

// fits fails unless f's object is the one that is made of its aggregate and id.
func (w *World) fits(f docket.File) error {
	if f.Key != "dossier/"+f.Of+"/"+f.ID && f.Key != "evidence/"+f.Of+"/"+f.ID || !sayable(f.Of) || !sayable(f.ID) {
		return fault.New(fault.Invalid, "file.key")
	}
	return nil
}

// extend adds ch's entry to the aggregate, if it follows the last one.
func (s *Store) extend(next *aggregate, now aggregate, ch docket.Change) error {
	h, name := ch.Head, ch.Head.Name()
	if now.version > 0 && now.number != h.Number {
		return s.world.broke("%s changes its number", name)
	}
	if ch.Entry == nil {
		if h.Seq != now.seq || h.Hash != now.hash {
			return s.world.broke("the head of %s names entry %d without one being committed", name, h.Seq)
		}
		return nil
	}
	e := *ch.Entry
	prev := history.Entry{Seq: now.seq, Hash: now.hash}
	if now.seq > 0 {
		prev.Aggregate = e.Aggregate
	}
	sealed, err := history.Seal(prev, e)
	switch {
	case err != nil:
		return s.world.broke("entry %d of %s cannot be sealed: %v", e.Seq, name, err)
	case e.Aggregate != docket.Aggregate(name):
		return s.world.broke("an entry of %s is committed with %s", e.Aggregate, name)
	case e.Seq != now.seq+1 || e.Prev != now.hash || e.Hash != sealed.Hash:
		return s.world.broke("entry %d of %s does not follow entry %d", e.Seq, name, now.seq)
	case h.Seq != e.Seq || h.Hash != e.Hash:
		return s.world.broke("the head of %s does not name entry %d", name, e.Seq)
	}
	text, err := history.Encode(e)
	if err != nil {
		return s.world.broke("entry %d of %s cannot be written: %v", e.Seq, name, err)
	}
	if err := s.world.untold(text); err != nil {
		return err
	}
	next.seq, next.hash = e.Seq, e.Hash
	next.entries = append(slices.Clone(next.entries), line{at: e.At, text: text, untold: true})
	return nil
}

// change replaces the document of a gate. The head was what the caller read,
// so a gate that is no longer open was answered twice by the law itself.
func (s *Store) change(next *aggregate, now aggregate, g gate.Gate) error {
	p, there := now.gates[g.ID]
	if !there {
		return s.world.broke("gate %s of %s is changed before it is born", g.ID, g.Of)
	}
	was, err := unmarshal[gate.Gate](p.gate)
	if err != nil {
		return err
	}
	if was.Status != gate.Open {
		_ = s.world.broke("gate %s of %s is answered twice: %s, then %s", g.ID, g.Of, was.Status, g.Status)
		return moved("gate %s was answered", g.ID)
	}
	if raised := g.Status == gate.Open && was.Issue+1 == g.Issue; was.Issue != g.Issue && !raised {
		return moved("gate %s is of issue %d, not %d", g.ID, was.Issue, g.Issue)
	}
	if was.Leg != g.Leg || was.Kind != g.Kind || was.Party != g.Party || was.Submission > g.Submission || !was.OpenedAt.Equal(g.OpenedAt) {
		return s.world.broke("gate %s of %s becomes another gate", g.ID, g.Of)
	}
	b, err := s.write(g)
	if err != nil {
		return err
	}
	next.gates[g.ID] = openGate{gate: b, token: p.token}
	return nil
}

// write freezes v, which must not hold a token.
func (s *Store) write(v any) ([]byte, error) {
	b, err := marshal(v)
	if err != nil {
		return nil, err
	}
	return b, s.world.untold(b)
}

// untold fails if b tells a token.
func (w *World) untold(b []byte) error {
	for token := range w.StateMachine.tokens {
		if bytes.Contains(b, []byte(token)) {
			return w.broke("a machine's token is written where tokens must not be")
		}
	}
	return nil
}
