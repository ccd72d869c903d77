package memory

import (
	"context"
	"slices"
	"time"

	"jixu/internal/docket"
)

var _ docket.Rebuilder = (*Store)(nil)

// Names lists every aggregate. See [docket.Rebuilder].
func (s *Store) Names(ctx context.Context, after string, limit int) ([]string, string, error) {
	next := ""
	names, err := call(ctx, s.world, "Store.Names", func() ([]string, error) {
		var names []string
		for _, name := range sortedKeys(s.state.aggregates) {
			if s.state.aggregates[name].head != nil && name > after {
				names = append(names, name)
			}
		}
		if limit > 0 && len(names) > limit {
			next = names[limit-1]
		}
		return first(names, limit), nil
	})
	return names, next, err
}

// Stand writes anew where an aggregate stands. See [docket.Rebuilder].
func (s *Store) Stand(ctx context.Context, stored docket.Stored, at docket.Standing) error {
	return run(ctx, s.world, "Store.Stand", func() error {
		name := stored.Name()
		a := s.state.aggregates[name]
		if a.version != stored.Version {
			return moved("%s is at %d, not %d", name, a.version, stored.Version)
		}
		h, err := unmarshal[docket.Head](a.head)
		if err != nil {
			return err
		}
		h.Row = at.Row
		if a.head, err = s.write(h); err != nil {
			return err
		}
		a.home, a.open, a.waits, a.lists, a.timers = at.Home, at.Open, slices.Clone(at.Waits), map[string]time.Time{}, cloned(a.timers)
		for _, p := range at.Lists {
			a.lists[p.List] = p.At
		}
		for _, timer := range at.Timers {
			if _, set := a.timers[timer.Key]; !set {
				a.timers[timer.Key] = timer.At
			}
		}
		for id := range a.gates {
			delete(s.state.deferred, name+"#"+id)
		}
		for _, r := range at.Rows {
			s.state.rows[rowKey(r)] = r
		}
		s.keep(name, a)
		return nil
	})
}
