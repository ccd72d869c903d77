package docket_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/world"
)

func TestALifeWithoutFaults(t *testing.T) {
	p := live(newTown(t))
	c := p.record().Case
	if c.Stage() != casework.StagePart || c.Opinion.State != casework.Given {
		t.Errorf("got %s with the opinion %s, want approved in part with the opinion given", c.Stage(), c.Opinion.State)
	}
	if runs := p.World.StateMachine.Executions(); len(runs) != len(gate.Legs) {
		t.Errorf("got %d runs, want one for each leg: nothing has failed, so nothing is begun again", len(runs))
	}
	for _, e := range p.World.StateMachine.Executions() {
		if at := p.Walker.Run(e.Name).At; at != "The leg is over" {
			t.Errorf("run %s: got it ended at %q, want it to follow its leg to the end", e.Name, at)
		}
	}
	t.Logf("%d outside calls:\n%s", p.Calls, p.account())
}

// leftOut says whether the fate with index i is not tried at the call n: with -short
// every seventh is tried, which meets every fate and in the end every kind of call.
func leftOut(n, i int) bool {
	return testing.Short() && (n*(len(memory.Fates)-1)+i)%7 != 0
}

// Every outside call of the life fails or dies once, before or after it took
// effect: the history must be the same.
func TestEveryCrashPointOfALifeConverges(t *testing.T) {
	first := live(newTown(t))
	want, calls := first.account(), first.Calls
	schedules := 0
	for n := 1; n <= calls; n++ {
		for i, fate := range memory.Fates[1:] {
			if leftOut(n, i) {
				continue
			}
			for _, uncaught := range waysToFail(first.town, n) {
				tw := newTown(t)
				tw.Walker.Uncaught = uncaught
				tw.Faults = faultAt(n, fate)
				if got := live(tw).account(); got != want {
					t.Fatalf("call %d (%s) %s: got\n%s\nwant\n%s", n, first.Names[n-1], fate, got, want)
				}
				schedules++
			}
		}
	}
	fmt.Printf("crash points: %d outside calls, %d schedules, one history\n", calls, schedules)
}

// faultAt is one fault, at the call n.
func faultAt(n int, fate memory.Fate) memory.Faults {
	return memory.Script(map[int]memory.Fate{n: fate})
}

// waysToFail are what the machine may make of a failure at the call n: it catches it, as
// AWS does, and where it waits it may also not hear of it, as the emulator does.
func waysToFail(tw *town, n int) []bool {
	if tw.Within[n-1] == "open-gate" {
		return []bool{false, true}
	}
	return []bool{false}
}

// The same with any number of faults, a stream and an event bus that lose, repeat
// and reorder, and a machine that is restarted.
func TestAnyMixOfFaultsConverges(t *testing.T) {
	want := live(newTown(t)).account()
	rapid.Check(t, func(rt *rapid.T) {
		tw := newTown(t)
		rate := rapid.IntRange(8, 60).Draw(rt, "one in")
		fates := rapid.SliceOfN(rapid.IntRange(0, rate*4), 400, 400).Draw(rt, "fates")
		budget := rapid.IntRange(0, 12).Draw(rt, "faults")
		tw.Faults = func(call int, _ string) memory.Fate {
			if f := fates[call%len(fates)]; f < len(memory.Fates) && f > 0 && budget > 0 {
				budget--
				return memory.Fates[f]
			}
			return memory.Pass
		}
		tw.Walker.Uncaught = rapid.Bool().Draw(rt, "uncaught")
		mischief := rapid.SliceOfN(rapid.IntRange(0, 3), 6, 6).Draw(rt, "mischief")
		carried := rapid.SliceOfN(rapid.IntRange(int(world.Delivers), int(world.Delays)), 16, 16).Draw(rt, "stream")
		heard := rapid.SliceOfN(rapid.IntRange(int(world.Delivers), int(world.Delays)), 16, 16).Draw(rt, "bus")
		records, ends := 0, 0
		tw.Hear = func() world.Carriage {
			ends++
			return world.Carriage(heard[ends%len(heard)])
		}
		tw.Carry = func() world.Carriage {
			records++
			return world.Carriage(carried[records%len(carried)])
		}
		p := &play{town: tw}
		for i, act := range []func(){p.draft, p.submit, p.ring, p.supplement, p.opine, p.reply} {
			tw.mischief(mischief[i])
			act()
		}
		p.Night()
		if got := p.account(); got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// mischief happens between two acts.
func (tw *town) mischief(kind int) {
	switch kind {
	case 1:
		tw.World.StateMachine.Restart()
	case 2:
		for _, e := range tw.World.StateMachine.Executions() {
			tw.World.StateMachine.Expire(e.Name)
		}
	case 3:
		tw.Night()
	}
}

// Whatever the stream does with every one of its records, the sweep heals it.
func TestAStreamThatMisbehavesAllTheTimeIsHealed(t *testing.T) {
	want := live(newTown(t)).account()
	for _, row := range []struct {
		name string
		how  world.Carriage
	}{
		{"every record is lost", world.Loses},
		{"every record comes twice", world.Repeats},
		{"records come in the wrong order", world.Reorders},
		{"every record comes hours later", world.Delays},
	} {
		tw := newTown(t)
		tw.Carry = func() world.Carriage { return row.how }
		p := &play{town: tw}
		for _, act := range []func(){p.draft, p.submit, p.ring, p.supplement, p.opine, p.reply} {
			act()
			if row.how == world.Loses || row.how == world.Delays {
				p.retellNow()
			}
		}
		p.Night()
		if got := p.account(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", row.name, got, want)
		}
	}
}

// retellNow lets the sweep come by, as it does every minute.
func (tw *town) retellNow() {
	now, err := tw.World.Clock.Now(context.Background())
	must(tw.t, err)
	_, _, err = tw.Relay.Retell(context.Background(), now.Add(time.Minute))
	must(tw.t, err)
	tw.Engine()
}

// A thousand people answer one gate at once, half one way and half the other:
// one decision, and everybody who gave it gets the same receipt.
func TestAThousandAnswersAreOneDecision(t *testing.T) {
	p := &play{town: newTown(t)}
	p.draft()
	p.submit()
	ref := p.ref(gate.Opinion)
	var mu sync.Mutex
	var wg sync.WaitGroup
	receipts, lost := map[docket.Receipt]int{}, 0
	for i := range 1000 {
		wg.Go(func() {
			var r docket.Receipt
			var err error
			id := docket.Op{ID: fmt.Sprintf("operation-%06d", i)}
			if i%2 == 0 {
				r, err = p.Desk.Opine(context.Background(), id, ref, opinion(), actor("zhou"), nil)
			} else {
				r, err = p.Desk.Ask(context.Background(), id, ref, []casework.Defect{{What: "请补充"}}, actor("zhou"), nil)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				receipts[r]++
			case errors.Is(err, fault.Conflict):
				lost++
			default:
				t.Errorf("an answer: got %v, want a receipt or a conflict", err)
			}
		})
	}
	wg.Wait()
	if len(receipts) != 1 || lost != 500 {
		t.Errorf("got %d different receipts and %d losers, want 1 and 500", len(receipts), lost)
	}
	entries, err := p.World.Store.Entries(context.Background(), p.id)
	must(t, err)
	if len(entries) != 3 {
		t.Errorf("entries: got %d, want 3: created, submitted, answered", len(entries))
	}
}

func TestTheSameOperationAgainIsTheSameReceipt(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	version := p.record().Case.Dossier
	first, err := p.Desk.Submit(ctx, op("once"), p.id, version, true, actor("lin"))
	must(t, err)
	again, err := p.Desk.Submit(ctx, op("once"), p.id, version, true, actor("lin"))
	if err != nil || again != first {
		t.Errorf("the same form again: got %v (%v), want the first receipt", again, err)
	}
	if _, err := p.Desk.Submit(ctx, op("once"), p.id, version+1, true, actor("lin")); !errors.Is(err, fault.Conflict) {
		t.Errorf("the same id with other content: got %v, want a conflict", err)
	}
	if _, err := p.Desk.Withdraw(ctx, op("once"), p.id, "其他", actor("he")); !errors.Is(err, fault.NotFound) {
		t.Errorf("another hospital with the same id: got %v, want not found", err)
	}
}

func TestAnAnswerBeforeAnyTokenIsHeardByTheStateMachineWhenItComes(t *testing.T) {
	p := &play{town: newTown(t)}
	p.draft()
	ctx := context.Background()
	version := p.record().Case.Dossier
	_, err := p.Desk.Submit(ctx, op("submit"), p.id, version, true, actor("lin"))
	must(t, err)
	_, err = p.Desk.Opine(ctx, op("opine"), p.ref(gate.Opinion), opinion(), actor("zhou"), nil)
	must(t, err)
	p.Night()
	for _, e := range p.World.StateMachine.Executions() {
		if e.Name == p.id+"-opinion-1" && e.Status == "RUNNING" {
			t.Error("the opinion's run still waits for an answer that was given")
		}
	}
}

func TestTokensOutOfOrderAndTwice(t *testing.T) {
	p := &play{town: newTown(t)}
	p.draft()
	p.submit()
	ctx := context.Background()
	ref := p.ref(gate.Opinion)
	at := func(run, retry int) docket.Token {
		return docket.Token{Value: fmt.Sprintf("token-%d-%d", run, retry), Run: run, Entered: monday.Add(time.Hour), Retry: retry}
	}
	for _, row := range []struct {
		name  string
		token docket.Token
		want  string
	}{
		{"a token of a later run replaces the first", at(2, 0), "token-2-0"},
		{"an older run's token never comes back", at(1, 5), "token-2-0"},
		{"a retry of the same run is newer", at(2, 1), "token-2-1"},
		{"the same token again changes nothing", at(2, 1), "token-2-1"},
	} {
		must(t, p.TaskTokens.Attach(ctx, ref, row.token))
		got, ok, err := p.World.Store.Token(ctx, ref)
		must(t, err)
		if !ok || got.Value != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got.Value, row.want)
		}
	}
}

func TestAStoppedExecutionIsReplacedWhenItsGateIsAnswered(t *testing.T) {
	p := &play{town: newTown(t)}
	p.draft()
	p.submit()
	p.World.StateMachine.Restart()
	p.supplement()
	p.Night()
	c := p.record().Case
	if c.Opinion.Run < 2 {
		t.Errorf("the opinion's run: got %d, want a later one", c.Opinion.Run)
	}
	p.opine()
	p.reply()
	p.Night()
	p.account()
}

func TestNewDraftsGetThePackOfThisBuild(t *testing.T) {
	w := memory.New(t, monday)
	desk := docket.New(world.InMemory(w), w.Clock, w.Metrics)
	key := desk.Current[policy.Device]
	if p, ok := desk.Packs(key); !ok || p.Key() != key || p.Kind != policy.Device {
		t.Errorf("pack %s: got %s (%v), want the device pack under its own key", key, p.Key(), ok)
	}
}
