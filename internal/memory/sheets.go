package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/history"
)

// Sheet returns the head of a sheet. See [docket.Store].
func (s *Store) Sheet(ctx context.Context, kind, id string) (docket.Sheet, error) {
	return call(ctx, s.world, "Store.Sheet", func() (docket.Sheet, error) {
		sh := s.state.shelves[kind+"/"+id]
		if !sh.sheet {
			return docket.Sheet{}, fault.New(fault.NotFound, "sheet")
		}
		return thaw[docket.Sheet](sh.head)
	})
}

// Listing returns what a list names. See [docket.Store].
func (s *Store) Listing(ctx context.Context, list string, limit int) ([]string, error) {
	return call(ctx, s.world, "Store.Listing", func() ([]string, error) {
		type row struct {
			name string
			at   time.Time
		}
		var rows []row
		for name, sh := range s.listed() {
			if at, ok := sh.lists[list]; ok {
				rows = append(rows, row{name, at})
			}
		}
		slices.SortFunc(rows, func(a, b row) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.name, a.name)) })
		var names []string
		for _, r := range first(rows, limit) {
			names = append(names, r.name)
		}
		return names, nil
	})
}

// bare polices a commit without a case.
func (s *Store) bare(c docket.Commit) error {
	if c.Was != 0 || c.Entry != nil || len(c.Opened)+len(c.Changed)+len(c.Files)+len(c.Copies)+len(c.Lists) > 0 {
		return s.world.broke("a commit without a case holds what belongs to one")
	}
	return nil
}

// sheets returns the shelves as changes leave them and changes nothing.
func (s *Store) sheets(changes []docket.SheetChange) (map[string]shelf, error) {
	out := map[string]shelf{}
	for _, ch := range changes {
		name := ch.Sheet.Name()
		now := s.state.shelves[name]
		if !slices.Contains([]string{"inquiry", "variety", "trust"}, ch.Sheet.Kind) || !sayable(ch.Sheet.ID) || ch.Sheet.List == "" {
			return nil, fault.New(fault.Invalid, "key")
		}
		if now.version != ch.Was {
			return nil, moved("%s is at %d, not %d", name, now.version, ch.Was)
		}
		if ch.Sheet.Version != ch.Was+1 || ch.Entry == nil {
			return nil, s.world.broke("%s goes from version %d to %d", name, ch.Was, ch.Sheet.Version)
		}
		e := *ch.Entry
		prev := history.Entry{Seq: now.seq, Hash: now.hash}
		if now.seq > 0 {
			prev.Aggregate = e.Aggregate
		}
		sealed, err := history.Seal(prev, e)
		if err != nil || e.Aggregate != name || e.Seq != now.seq+1 || e.Prev != now.hash || e.Hash != sealed.Hash {
			return nil, s.world.broke("entry %d of %s does not follow entry %d", e.Seq, name, now.seq)
		}
		if ch.Sheet.Seq != e.Seq || ch.Sheet.Hash != e.Hash || !json.Valid(ch.Sheet.Body) {
			return nil, s.world.broke("the head of %s does not name entry %d", name, e.Seq)
		}
		text, err := history.Encode(e)
		if err != nil {
			return nil, err
		}
		next := shelf{version: ch.Sheet.Version, seq: e.Seq, hash: e.Hash, lists: cloned(now.lists), sheet: true}
		next.entries = append(slices.Clone(now.entries), line{at: e.At, text: text, untold: true})
		if next.head, err = freeze(ch.Sheet); err != nil {
			return nil, err
		}
		next.lists[ch.Sheet.List] = ch.Sheet.At
		for _, list := range ch.Lists {
			next.lists[list] = ch.Sheet.At
		}
		out[name] = next
	}
	return out, nil
}
