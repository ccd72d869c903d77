package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// Moves of counters are measured by so many at a time, in so many rounds, of which the
// median counts. Tests lower them.
var (
	countMoves  = 1000
	countRounds = 7
)

// movement is what every move of the bench does: one line, one holding, and a stop that
// must not be there.
func movement(n int) docket.Commit {
	least, lot := int64(0), fmt.Sprintf("holding/%d", n%20)
	return docket.Commit{
		Tallies: []docket.Tally{
			{Of: "line/1", Make: true, Counts: []docket.Count{{Name: "used", Add: 1, AtLeast: &least}, {Name: "moves", Add: 1}}},
			{Of: lot, Make: true, Counts: []docket.Count{{Name: "used", Add: 1}}, Free: []string{"stops"}},
		},
		Frees: []docket.Free{{Of: "city/lot", Set: "stops"}},
	}
}

// counters measures moves of counters through the engine beside bare commits of the same
// tallies, in turns over fresh stores, and prints both and their ratio.
func counters(ctx context.Context, over string, fresh func() (world.Keep, error), out io.Writer) error {
	ways := []func(context.Context, *docket.Desk) error{throughTheEngine, bare}
	took := make([][]time.Duration, len(ways))
	for round := range countRounds {
		for i := range ways {
			way := (i + round) % len(ways) // neither is always the first
			desk, err := countingDesk(fresh)
			if err != nil {
				return err
			}
			runtime.GC()
			began := time.Now()
			if err := ways[way](ctx, desk); err != nil {
				return err
			}
			took[way] = append(took[way], time.Since(began))
		}
	}
	for _, t := range took {
		slices.Sort(t)
	}
	engine, commits := took[0][countRounds/2], took[1][countRounds/2]
	fmt.Fprintf(
		out,
		"\n%d counter moves over %s, one after the other: %s ms through the engine, %s ms as bare commits of the same tallies: %s × (medians of %d alternating rounds).\n",
		countMoves,
		over,
		ms(engine),
		ms(commits),
		number(float64(engine)/float64(commits), 1),
		countRounds,
	)
	return nil
}

// countingDesk is the desk of a town over a fresh store; nil: over memory.
func countingDesk(fresh func() (world.Keep, error)) (desk *docket.Desk, err error) {
	defer caught(&err)
	var keep world.Keep
	if fresh != nil {
		if keep, err = fresh(); err != nil {
			return nil, err
		}
	}
	t := world.New(ends{}, world.Options{Packs: policy.Carried, Ports: func(_ *memory.World, p *world.Ports) {
		if keep != nil {
			p.Keep = keep
		}
	}})
	t.Desk.Random = rand.Reader
	return t.Desk, nil
}

func throughTheEngine(ctx context.Context, desk *docket.Desk) error {
	by := world.Sample.Actor("lin-zhi")
	for n := range countMoves {
		op := docket.Op{ID: fmt.Sprintf("bench-operation-%08d", n)}
		if _, err := desk.Count(ctx, op, docket.Digest("use", n), by, func(s casework.Setting) (docket.Commit, docket.Receipt, error) {
			return movement(n), docket.Receipt{Name: "line/1", At: s.Now, Person: by.Person, Org: by.Org}, nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func bare(ctx context.Context, desk *docket.Desk) error {
	for n := range countMoves {
		if err := desk.Store.Commit(ctx, movement(n)); err != nil {
			return err
		}
	}
	return nil
}
