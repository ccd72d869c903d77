package memory

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

func rowKey(r docket.Row) string { return r.List + "#" + r.Sort + "#" + r.Name }

// Rows reads a list's rows. See [docket.Store].
func (s *Store) Rows(ctx context.Context, list, after string, limit int) ([]docket.Row, string, error) {
	next := ""
	rows, err := call(ctx, s.world, "Store.Rows", func() ([]docket.Row, error) {
		if sort, name, ok := strings.Cut(after, "#"); after != "" && (!ok || !sayable(sort) || !sayable(name)) {
			return nil, fault.New(fault.Invalid, "cursor")
		}
		var out []docket.Row
		for _, k := range sortedKeys(s.state.rows) {
			place, of := strings.CutPrefix(k, list+"#")
			if !of || place <= after {
				continue
			}
			if len(out) == limit {
				next = out[limit-1].Sort + "#" + out[limit-1].Name
				break
			}
			r := s.state.rows[k]
			r.Body = slices.Clone(r.Body)
			out = append(out, r)
		}
		return out, nil
	})
	return rows, next, err
}

// stand fails with fault.Conflict unless every row that c relies on is there as
// it was read.
func (s *Store) stand(c docket.Commit) error {
	for _, r := range c.Stands {
		if now, ok := s.state.rows[rowKey(r)]; !ok || !bytes.Equal(now.Body, r.Body) {
			return moved("row %s of %s is not what was read", r.Name, r.List)
		}
	}
	return nil
}

// fitting polices what any commit must be, whatever it is of: that it fits into a
// transaction, that its rows can stand somewhere, that it names no item twice, and
// that no task token is in it.
func (s *Store) fitting(c docket.Commit) error {
	if len(itemsOf(c)) > 100 {
		return fault.New(fault.Invalid, "commit.many")
	}
	if err := c.Sound(); err != nil {
		return s.world.broke("%v", err)
	}
	seen := map[string]bool{}
	for _, r := range slices.Concat(c.Rows, c.Struck, c.Stands) {
		if !sayable(r.List) || !sayable(r.Sort) || !sayable(r.Name) {
			return fault.New(fault.Invalid, "key")
		}
		if seen[rowKey(r)] {
			return s.world.broke("row %s of %s is in one commit twice", r.Name, r.List)
		}
		seen[rowKey(r)] = true
	}
	for _, r := range c.Rows {
		if !json.Valid(r.Body) {
			return s.world.broke("row %s of %s is no JSON", r.Name, r.List)
		}
		if err := s.world.untold(r.Body); err != nil {
			return err
		}
	}
	return s.once(c)
}

// deferral is where a gate stands in the due list instead.
type deferral struct{ from, until time.Time }

// dueAt is where a ringing gate stands in the due list.
func (s *Store) dueAt(id string, g gate.Gate) time.Time {
	if d, ok := s.state.deferred[id+"#"+g.ID]; ok && d.from.Equal(g.Ring.At) {
		return d.until
	}
	return g.Ring.At
}

// Defer moves a gate or a timer in the due list. See [docket.Store].
func (s *Store) Defer(ctx context.Context, ref docket.GateRef, until time.Time) error {
	return run(ctx, s.world, "Store.Defer", func() error {
		if ref.Timer != "" {
			s.reset(ref, until)
			return nil
		}
		p, ok := s.state.aggregates[ref.Of].gates[ref.Gate]
		if !ok {
			return nil
		}
		g, err := unmarshal[gate.Gate](p.gate)
		if err != nil || g.Ring == nil || !s.dueAt(ref.Of, g).Equal(ref.At) {
			return err
		}
		s.state.deferred[ref.Of+"#"+ref.Gate] = deferral{g.Ring.At, until}
		return nil
	})
}

// reset sets a timer anew, or takes it away.
func (s *Store) reset(ref docket.GateRef, until time.Time) {
	a := s.state.aggregates[ref.Of]
	if at, there := a.timers[ref.Timer]; !there || !at.Equal(ref.At) {
		return
	}
	a.timers = cloned(a.timers)
	if a.timers[ref.Timer] = until; until.IsZero() {
		delete(a.timers, ref.Timer)
	}
	s.keep(ref.Of, a)
}

// Cursors keeps how far walks have come.
type Cursors struct {
	world *World
	kept  map[string]docket.Cursor
}

var _ docket.Cursors = (*Cursors)(nil)

// Cursor returns a cursor. See [docket.Cursors].
func (c *Cursors) Cursor(ctx context.Context, name string) (docket.Cursor, error) {
	return call(ctx, c.world, "Cursors.Cursor", func() (docket.Cursor, error) { return c.kept[name], nil })
}

// PutCursor keeps a cursor. See [docket.Cursors].
func (c *Cursors) PutCursor(ctx context.Context, name string, at docket.Cursor) error {
	return run(ctx, c.world, "Cursors.PutCursor", func() error {
		c.kept[name] = at
		return nil
	})
}
