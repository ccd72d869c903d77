package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/history"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// handRounds is how often each way is measured; the median counts. Tests lower it.
var handRounds = 41

// recorder is a keep that can remember what an operation asks of it instead of letting
// it commit: the same reads and the same transaction can then be done by hand.
type recorder struct {
	world.Keep
	on     bool
	reads  []func(context.Context) error
	loads  []string // names of what was loaded whole
	commit docket.Commit
}

// asked remembers a read while an operation is recorded, and does it.
func asked[T any](ctx context.Context, r *recorder, read func(context.Context) (T, error)) (T, error) {
	if r.on {
		r.reads = append(r.reads, func(ctx context.Context) error { _, err := read(ctx); return err })
	}
	return read(ctx)
}

func (r *recorder) Load(ctx context.Context, name string) (docket.Stored, error) {
	if r.on {
		r.loads = append(r.loads, name)
	}
	return r.Keep.Load(ctx, name)
}

func (r *recorder) Head(ctx context.Context, name string) (docket.Head, error) {
	return asked(ctx, r, func(ctx context.Context) (docket.Head, error) { return r.Keep.Head(ctx, name) })
}

func (r *recorder) Entries(ctx context.Context, name string) ([]history.Entry, error) {
	return asked(ctx, r, func(ctx context.Context) ([]history.Entry, error) { return r.Keep.Entries(ctx, name) })
}

func (r *recorder) Rules(ctx context.Context) (policy.Rules, error) {
	return asked(ctx, r, r.Keep.Rules)
}

func (r *recorder) Agencies(ctx context.Context) (party.Agencies, error) {
	return asked(ctx, r, r.Keep.Agencies)
}

func (r *recorder) Commit(ctx context.Context, c docket.Commit) error {
	if r.on {
		r.commit = c
		return nil
	}
	return r.Keep.Commit(ctx, c)
}

// ways in which what an operation does to the store is done. By hand everything is done
// that a program for this one operation could not leave out either: it reads what the
// operation reads, decodes the case, encodes what becomes of it, seals the entry and
// commits both. What the operation has over it is what the engine is for: who may do this
// and when (the law), what was typed checked, the digest and the receipt by which the same
// request twice is one, and a commit made for any kind of aggregate.
var ways = []string{"the operation", "by hand", "its transaction alone"}

// byHand measures operations beside what they ask of the store, done by hand, in turns.
// keep is where all of it happens; nil: each time in another memory.
func byHand(ctx context.Context, over string, keep world.Keep, out io.Writer) error {
	g := grid{{"over " + over, ways[0], ways[1], "of it", ways[2], "of it"}}
	for _, op := range []operation{{"saving the form of a draft", (*desktop).save}, {"giving an opinion", (*desktop).opine}} {
		took := make([][]time.Duration, len(ways))
		for round := range handRounds {
			for i := range ways {
				way := (i + round) % len(ways) // none is always the first
				spent, err := oneWay(ctx, keep, op, way)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", op.name, ways[way], err)
				}
				took[way] = append(took[way], spent)
			}
		}
		var mid []float64
		for _, t := range took {
			slices.Sort(t)
			mid = append(mid, float64(t[handRounds/2])/float64(time.Microsecond))
		}
		g.row(op.name, number(mid[0], 0)+" µs", number(mid[1], 0)+" µs", number(mid[1]/mid[0], 2), number(mid[2], 0)+" µs", number(mid[2]/mid[0], 2))
	}
	fmt.Fprintf(out, "\nAn operation beside what it asks of the store, done by hand: medians of %d alternating rounds.\n\n", handRounds)
	g.print(out)
	return nil
}

// oneWay measures one way once, on a case of its own. Whichever it is, the operation was
// rehearsed before: none is the first to touch what it reads.
func oneWay(ctx context.Context, keep world.Keep, op operation, way int) (time.Duration, error) {
	r := &recorder{}
	d, err := recordedDesktop(ctx, r, keep)
	if err != nil {
		return 0, err
	}
	do, err := op.ready(d)
	if err != nil {
		return 0, err
	}
	r.on = true
	err = do()
	if r.on = false; err != nil {
		return 0, err
	}
	switch way {
	case 1:
		if do, err = r.byHand(ctx); err != nil {
			return 0, err
		}
	case 2:
		do = func() error { return r.Keep.Commit(ctx, r.commit) }
	}
	runtime.GC()
	began := time.Now()
	err = do()
	return time.Since(began), err
}

// byHand does what was recorded again: the reads, and the one change of a case.
func (r *recorder) byHand(ctx context.Context) (func() error, error) {
	ch := r.commit.Changes[0]
	value, err := docket.Body[casework.Case](ch.Head)
	if err != nil {
		return nil, err
	}
	var facts casework.Facts
	if ch.Entry != nil {
		if err := json.Unmarshal(ch.Entry.Body, &facts); err != nil {
			return nil, err
		}
	}
	return func() error {
		var was docket.Stored
		for _, read := range r.reads {
			if err := read(ctx); err != nil {
				return err
			}
		}
		for _, name := range r.loads {
			var err error
			if was, err = r.Keep.Load(ctx, name); err != nil {
				return err
			}
			if _, err := docket.Body[casework.Case](was.Head); err != nil {
				return err
			}
		}
		ch := ch
		var err error
		if ch.Entry != nil {
			if ch.Entry, err = sealed(was.Head, *ch.Entry, facts); err != nil {
				return err
			}
		}
		if ch.Head, err = docket.CaseHead(value); err != nil {
			return err
		}
		c := r.commit
		c.Changes = []docket.Change{ch}
		return r.Keep.Commit(ctx, c)
	}, nil
}

// sealed is entry e of the aggregate of was, made anew with facts in it.
func sealed(was docket.Head, e history.Entry, facts casework.Facts) (*history.Entry, error) {
	body, err := history.Canonical(facts)
	if err != nil {
		return nil, err
	}
	e, err = history.Seal(history.Entry{Aggregate: e.Aggregate, Seq: was.Seq, Hash: was.Hash}, history.Entry{
		Aggregate: e.Aggregate, Verb: e.Verb, At: e.At, By: e.By, Body: body,
	})
	return &e, err
}

func recordedDesktop(ctx context.Context, r *recorder, keep world.Keep) (d *desktop, err error) {
	defer caught(&err)
	d = &desktop{Town: world.New(ends{}, world.Options{Packs: policy.Carried, Ports: func(_ *memory.World, p *world.Ports) {
		if r.Keep = p.Keep; keep != nil {
			r.Keep = keep
		}
		p.Keep = r
	}}), ctx: ctx, tag: rand.Text()[:8] + "-"}
	d.Desk.Random = rand.Reader
	return d, nil
}
