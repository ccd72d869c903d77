package docket_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/memory"
)

// using takes one unit of a line that must not go below least, if its lot is not stopped.
func using(d *docket.Desk, ctx context.Context, op docket.Op, least int64) (docket.Receipt, error) {
	by := actor("lin")
	return d.Count(ctx, op, docket.Digest("use", 1), by, func(s law.Setting) (docket.Commit, docket.Receipt, error) {
		return docket.Commit{
			Tallies: []docket.Tally{{Of: "line/a1", Make: true, Counts: []docket.Count{{Name: "left", Add: -1, AtLeast: &least}}}},
			Frees:   []docket.Free{{Of: "city/lot", Set: "stops"}},
		}, docket.Receipt{Name: "line/a1", Verb: "line.use", At: s.Now, Person: by.Person, Org: by.Org}, nil
	})
}

func left(t *testing.T, s docket.Store) int64 {
	t.Helper()
	now, err := s.Counters(context.Background(), "line/a1")
	must(t, err)
	return now.Counts["left"]
}

// drifting lets every commit be on its way for some time, always the same in a seed's run.
func drifting(seed uint64, most time.Duration) func(context.Context) {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, seed))
	return func(context.Context) {
		mu.Lock()
		d := time.Millisecond + time.Duration(dice.Int64N(int64(most)))
		mu.Unlock()
		time.Sleep(d)
	}
}

// A thousand at once, more than can be decided in time: the time is that of a bubble.
func TestAThousandCountsAtOnceAreDecidedOrBusyAndSentAgainDecided(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 200
	}
	away := 30 * time.Second / time.Duration(n) // so that all of them take longer than they have
	synctest.Test(t, func(t *testing.T) {
		tw, ctx := newTown(t), context.Background()
		tw.Desk.Pause = docket.Sleep
		tw.World.Store.Aloft = drifting(7, away)
		began := time.Now()
		undecided := make([]bool, n)
		for i := range undecided {
			undecided[i] = true
		}
		for round := 1; ; round++ {
			before, decided, busy := left(t, tw.World.Store), atomic.Int64{}, atomic.Int64{}
			var wait sync.WaitGroup
			for i := range n {
				wait.Go(func() {
					_, err := using(tw.Desk, ctx, op(fmt.Sprint("use-", i)), -int64(n))
					switch {
					case err == nil && undecided[i]:
						undecided[i] = false
						decided.Add(1)
					case err == nil:
					case !errors.Is(err, fault.Unavailable) || !errors.Is(err, docket.ErrContended):
						t.Errorf("use %d: got %v, want it done, or busy with nothing written", i, err)
					default:
						busy.Add(1)
					}
				})
			}
			wait.Wait()
			if took := time.Since(began); took > 9*time.Second {
				t.Errorf("round %d took %v, want everybody answered when patience is over", round, took)
			}
			began = time.Now()
			if got := before - left(t, tw.World.Store); got != decided.Load() {
				t.Errorf("round %d: got %d counted, want the %d that were told so", round, got, decided.Load())
			}
			t.Logf("round %d: %d decided, %d busy", round, decided.Load(), busy.Load())
			if round == 1 && busy.Load() == 0 {
				t.Errorf("nobody was busy: nothing was tried")
			}
			if busy.Load() == 0 {
				break
			}
			if round > 20 {
				t.Fatal("it never ends")
			}
		}
		if got := left(t, tw.World.Store); got != -int64(n) {
			t.Errorf("got %d left, want every use counted once: %d", got, -n)
		}
	})
}

func TestWhatDoesNotHoldIsSaidAtOnce(t *testing.T) {
	ctx := context.Background()
	for _, row := range []struct {
		name    string
		stopped bool
		least   int64
		want    docket.Demand
	}{
		{"there is not enough", false, 0, docket.OfCount},
		{"the lot is stopped", true, -5, docket.OfFree},
	} {
		tw := newTown(t)
		tw.Desk.Pause = func(context.Context, time.Duration) error { t.Errorf("%s: it waited", row.name); return nil }
		if row.stopped {
			must(
				t,
				tw.World.Store.Commit(
					ctx,
					docket.Commit{Tallies: []docket.Tally{{Of: "city/lot", Make: true, Puts: []docket.Member{{Set: "stops", Word: "i1"}}}}},
				),
			)
		}
		_, err := using(tw.Desk, ctx, op("use"), row.least)
		var unmet *docket.Unmet
		if !errors.Is(err, fault.Conflict) || !errors.As(err, &unmet) || unmet.Reasons[0].Demand != row.want {
			t.Errorf("%s: got %v, want a conflict that says so", row.name, err)
		}
		if got := left(t, tw.World.Store); got != 0 {
			t.Errorf("%s: got %d left, want nothing counted", row.name, got)
		}
	}
}

func TestACountHappensOnceHoweverItsAnswerIsLost(t *testing.T) {
	ctx := context.Background()
	for _, fate := range memory.Fates {
		tw := newTown(t)
		lost := false
		tw.Faults = func(_ int, name string) memory.Fate {
			if name != "Store.Commit" || lost {
				return memory.Pass
			}
			lost = true
			return fate
		}
		var r docket.Receipt
		// The last unit: a second count would find nothing left.
		must(t, tw.Insist(func() (err error) { r, err = using(tw.Desk, ctx, op("use"), -1); return err }))
		again, err := using(tw.Desk, ctx, op("use"), -1)
		if err != nil || again != r || r.Name != "line/a1" {
			t.Errorf("%s: got %+v and %v, want the same receipt as first, %+v", fate, again, err, r)
		}
		if got := left(t, tw.World.Store); got != -1 {
			t.Errorf("%s: got %d left, want it counted once", fate, got)
		}
	}
}

// hasty is a store that says of every commit what it is told to.
type hasty struct {
	docket.Store
	say func(context.Context) error
}

func (h hasty) Commit(ctx context.Context, _ docket.Commit) error { return h.say(ctx) }

// The unit that is missing may be the one that this very operation took.
func TestADemandThatThisVeryOperationUsedUpIsNoRefusal(t *testing.T) {
	ctx, tw := context.Background(), newTown(t)
	r, err := using(tw.Desk, ctx, op("use"), -1)
	must(t, err)
	tw.Desk.Store = hasty{tw.World.Store, func(context.Context) error {
		return docket.Refusal([]docket.Reason{{Demand: docket.OfCount, Of: "line/a1", Name: "left", Has: -1}}, nil)
	}}
	again, err := using(tw.Desk, ctx, op("use"), -1)
	if err != nil || again != r {
		t.Errorf("got %+v and %v, want the receipt of what happened", again, err)
	}
	if _, err := using(tw.Desk, ctx, op("other"), -1); !errors.Is(err, fault.Conflict) {
		t.Errorf("another operation: got %v, want it refused", err)
	}
}

func TestACountWithoutAnOperationIsRefused(t *testing.T) {
	tw := newTown(t)
	if _, err := using(tw.Desk, context.Background(), docket.Op{}, -1); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v, want it refused: nothing would tell a repeat", err)
	}
	if got := left(t, tw.World.Store); got != 0 {
		t.Errorf("got %d left, want nothing counted", got)
	}
}

// How long an operation tries, and what it says at the end, in the time of a bubble.
func TestAnOperationTriesUntilItsPatienceIsOver(t *testing.T) {
	busy := func(cause error) error { return fault.Because(fault.Unavailable, "busy", cause) }
	contended := busy(fmt.Errorf("committing: %w", docket.ErrContended))
	moved := fault.New(fault.Conflict, "moved")
	for _, row := range []struct {
		name        string
		ends        time.Duration // of its context; 0: never
		takes       time.Duration // each commit
		say         func(try int) error
		least, most time.Duration
		want        error
		certain     bool
	}{
		{"others are at the items for ever", 0, 0, func(int) error { return contended }, 6 * time.Second, 8 * time.Second, fault.Unavailable, true},
		{"somebody moves first for ever", 0, 0, func(int) error { return moved }, 6 * time.Second, 8 * time.Second, fault.Conflict, false},
		{"the last attempt has time for its answer", 5 * time.Second, 0, func(int) error { return contended }, 1500 * time.Millisecond, 3 * time.Second, fault.Unavailable, true},
		{"an attempt that began in time is not cut short", 0, 7 * time.Second, func(int) error { return contended }, 14 * time.Second, 15 * time.Second, fault.Unavailable, true},
		{"with no time left it is tried once", time.Second, 0, func(int) error { return contended }, 0, 0, fault.Unavailable, true},
		{"one answer was lost before the others were busy", 0, 0, func(try int) error {
			if try == 1 {
				return busy(errors.New("connection reset"))
			}
			return contended
		}, 6 * time.Second, 8 * time.Second, fault.Unavailable, false},
		{"what heals is done", 0, 0, func(try int) error {
			if try < 5 {
				return contended
			}
			return nil
		}, 100 * time.Millisecond, time.Second, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tw, ctx := newTown(t), context.Background()
				if row.ends > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, row.ends)
					defer cancel()
				}
				try := 0
				tw.Desk.Pause = docket.Sleep
				tw.Desk.Store = hasty{tw.World.Store, func(context.Context) error { try++; time.Sleep(row.takes); return row.say(try) }}
				began := time.Now()
				_, err := using(tw.Desk, ctx, op("use"), -1)
				if took := time.Since(began); took < row.least || took > row.most {
					t.Errorf("got %v and %d tries, want %v to %v", took, try, row.least, row.most)
				}
				if !errors.Is(err, row.want) {
					t.Errorf("got %v, want %v", err, row.want)
				}
				if got := errors.Is(err, docket.ErrContended); got != row.certain {
					t.Errorf("got %v, want it certain that nothing was written: %v", err, row.certain)
				}
			})
		})
	}
}

// Pauses that take no time, as tests have them, end by themselves too.
func TestPausesCountThoughNobodyWaits(t *testing.T) {
	tw := newTown(t)
	tries := 0
	tw.Desk.Store = hasty{tw.World.Store, func(context.Context) error { tries++; return fault.New(fault.Conflict, "moved") }}
	if _, err := using(tw.Desk, context.Background(), op("use"), -1); !errors.Is(err, fault.Conflict) || tries < 8 || tries > 40 {
		t.Errorf("got %v after %d tries, want a conflict after some", err, tries)
	}
}

func TestAnAttemptOfHalfAMinuteIsDecidedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tw, tries := newTown(t), 0
		began := time.Now()
		tw.Desk.Pause, tw.Desk.Patience = docket.Sleep, time.Minute
		tw.Desk.Store = hasty{tw.World.Store, func(ctx context.Context) error {
			if tries++; tries > 1 {
				return nil
			}
			<-ctx.Done() // whatever sends on its behalf ends with it
			return fault.Because(fault.Unavailable, "busy", ctx.Err())
		}}
		decisions := 0
		_, err := tw.Desk.Count(context.Background(), op("use"), "d", actor("lin"), func(s law.Setting) (docket.Commit, docket.Receipt, error) {
			decisions++
			one := docket.Tally{Of: "line/a1", Make: true, Counts: []docket.Count{{Name: "left", Add: 1}}}
			return docket.Commit{Tallies: []docket.Tally{one}}, docket.Receipt{At: s.Now}, nil
		})
		if took := time.Since(began); err != nil || decisions != 2 || took < 30*time.Second || took > 31*time.Second {
			t.Errorf("got %v after %v and %d decisions, want it decided anew after 30 s", err, took, decisions)
		}
	})
}
