package docket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/history"
	"jixu/internal/inquiry"
	"jixu/internal/variety"
)

// Standing is where an aggregate belongs beside its head, as its value and its history
// say, whatever lists and marks hold of it.
type Standing struct {
	Home   Place
	Lists  []Place // all others that name it
	Open   bool    // somebody has to act on it
	Waits  []Wait  // at which gates
	Timers []Timer // set only where none is set under their keys
	Rows   []Row   // put, over what is there

	Row json.RawMessage // what lists show of it; see [Head]
}

// Rebuilder is a store whose lists, rows and marks can be written anew. No function holds
// this part of it: it walks over the whole table.
type Rebuilder interface {
	Store
	// Names lists every aggregate, in an order of its own: at most limit from after on,
	// "" for the first page. next begins the following page and is "" after the last one.
	Names(ctx context.Context, after string, limit int) (names []string, next string, err error)
	// Stand writes anew where s stands: in the lists and marks of at and in no other list,
	// its open gates in the inboxes of those they wait for and in the due list, and the row
	// of its head. It changes nothing else of head and gates, and is safe to repeat. It fails with fault.Conflict, and may
	// have done a part, if s has moved since it was loaded.
	Stand(ctx context.Context, s Stored, at Standing) error
}

// Rebuilt is what a rebuild has come to.
type Rebuilt struct {
	Seen    int
	Written int
	// Left are those that stand as they did: they cannot be read, are of a kind that this
	// build does not know, or moved whenever they were to be written.
	Left []LeftAlone
}

// LeftAlone is an aggregate that a rebuild did not write, and why.
type LeftAlone struct {
	Of  string
	Why error
}

const (
	// rebuildPage is how many names one page of a rebuild brings.
	rebuildPage = 100
	// rebuildLost in a row that could not be written say that it is not they who fail.
	rebuildLost = 20
	// rebuildSpread is over how long timers come that are set together.
	rebuildSpread = 12 * time.Hour
)

// spread is where within rebuildSpread the timers of name come.
func spread(name string) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(name))
	return rebuildSpread / 1000 * time.Duration(h.Sum32()%1000)
}

// RebuildOptions is how a table is rebuilt.
type RebuildOptions struct {
	// From is the instant from which on timers come that are set and would have come
	// before; each some time within rebuildSpread after it. There may be one for every case,
	// and deadlines that are due wait behind none of them. Zero: they come as they would have.
	From time.Time
	// Progress is told after each page how far it has come; nil: nobody asks.
	Progress func(Rebuilt)
}

// Rebuild writes anew where every aggregate of store stands. It is for a table whose lists were
// damaged or are those of an earlier build, beside a house at work: what moves meanwhile
// is read again. What it cannot write is left and named, and keeps nothing else from
// being written; it ends where many in a row cannot be. It is safe to repeat, also after
// it was broken off.
func Rebuild(ctx context.Context, store Rebuilder, o RebuildOptions) (out Rebuilt, err error) {
	failed := 0
	for after := ""; ; {
		names, next, err := store.Names(ctx, after, rebuildPage)
		if err != nil {
			return out, fmt.Errorf("listing every aggregate: %w", err)
		}
		for _, name := range names {
			err := stand(ctx, store, name, o.From)
			out.Seen++
			if err == nil {
				out.Written, failed = out.Written+1, 0
				continue
			}
			out.Left = append(out.Left, LeftAlone{name, err})
			if failed++; failed == rebuildLost || ctx.Err() != nil {
				return out, fmt.Errorf("writing anew where %d in a row stand: %w", failed, err)
			}
		}
		if o.Progress != nil {
			o.Progress(out)
		}
		if next == "" {
			return out, nil
		}
		after = next
	}
}

// standTries is how often an aggregate that moves meanwhile is read again.
const standTries = 5

func stand(ctx context.Context, store Rebuilder, name string, from time.Time) error {
	kind := kindOf(name)
	if kind.Standing == nil {
		return fmt.Errorf("%s: %w", name, ErrUnreadable)
	}
	for try := 1; ; try++ {
		s, err := store.Load(ctx, name)
		if err != nil {
			return err
		}
		entries, err := store.Entries(ctx, name)
		if err != nil {
			return err
		}
		at, err := kind.Standing(s, entries)
		if err != nil {
			return err
		}
		if at.Row, err = rowOf(s.Head); err != nil {
			return err
		}
		for i, timer := range at.Timers {
			if timer.At.Before(from) {
				at.Timers[i].At = from.Add(spread(name))
			}
		}
		if err = store.Stand(ctx, s, at); err == nil || try == standTries || !errors.Is(err, fault.Conflict) {
			return err
		}
	}
}

func standingOfCase(s Stored, entries []history.Entry) (Standing, error) {
	r, err := CaseRecord(s)
	if err != nil {
		return Standing{}, err
	}
	c := r.Case
	out := Standing{Home: Place{OwnPages.Of(c.Hospital), c.EditedAt}, Open: c.Waiting(), Waits: waitsOf(c)}
	for _, e := range entries {
		var f casework.Facts
		if err := json.Unmarshal(e.Body, &f); err != nil {
			return Standing{}, fmt.Errorf("entry %d of %s: %w: %w", e.Seq, s.Name(), ErrUnreadable, err)
		}
		for _, org := range f.Listing() {
			out.list(CopiesPages.Of(org), e.At)
		}
		if f.Variety != nil {
			out.list(varietyList(f.Variety.ID), e.At)
		}
	}
	if row, is := precedentRow(c); is {
		out.Rows = []Row{row}
	}
	if n := len(c.Submissions); n > 0 && out.Open {
		out.Timers = []Timer{{watchTimer, c.Submissions[n-1].At}} // it finds out by itself what there is to do
	}
	return out, nil
}

// list puts it into a list, at its newest place there.
func (s *Standing) list(name string, at time.Time) {
	s.Lists = slices.DeleteFunc(s.Lists, func(p Place) bool { return p.List == name })
	s.Lists = append(s.Lists, Place{name, at})
}

func standingOfInquiry(s Stored, _ []history.Entry) (Standing, error) {
	q, err := Body[inquiry.Inquiry](s.Head)
	if err != nil {
		return Standing{}, err
	}
	d := placed(q)
	out := Standing{Home: d.Home, Lists: d.Lists}
	if q.Deadline != nil && q.Rang.IsZero() && q.Status == inquiry.Open {
		out.Timers = []Timer{{dueTimer, q.Deadline.Due}}
	}
	return out, nil
}

func standingOfVariety(s Stored, _ []history.Entry) (Standing, error) {
	v, err := Body[variety.Variety](s.Head)
	return Standing{Home: Place{varieties(v.Drug), v.At}}, err
}

func standingOfTrust(_ Stored, entries []history.Entry) (Standing, error) {
	var last time.Time
	if n := len(entries); n > 0 {
		last = entries[n-1].At
	}
	return Standing{Home: Place{trusts, last}}, nil
}
