package docket_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/world"
)

// run is the execution that carries the opinion of p.
func (p *play) run() string { return fmt.Sprintf("%s-opinion-%d", p.id, p.record().Case.Opinion.Run) }

// end lets the run that carries the opinion of p fail.
func (p *play) end() { p.World.StateMachine.End(p.run(), "FAILED") }

// waits says whether the leg's run waits at its gate with the token that is on it.
func (p *play) waits(t *testing.T, leg gate.Leg, run int) {
	t.Helper()
	e, _ := p.World.StateMachine.Execution(fmt.Sprintf("%s-%s-%d", p.id, leg, run))
	token, _, err := p.World.Store.Token(context.Background(), docket.GateRef{Of: p.id, Gate: p.record().Case.Leg(leg).Gate})
	must(t, err)
	if e.Status != "RUNNING" || e.Waiting == "" || token.Value != e.Waiting {
		t.Errorf(
			"%s of %s, run %d: got %s waiting with %q, the gate has %q; want it running with the token of its gate",
			leg,
			p.id,
			run,
			e.Status,
			e.Waiting,
			token.Value,
		)
	}
}

func TestAfterARestartOfTheServiceEveryLegIsBegunAgainWithoutASweep(t *testing.T) {
	tw := newTown(t)
	cases := []*play{submitAs(t, tw, "a-"), submitAs(t, tw, "b-"), submitAs(t, tw, "c-")}
	tw.World.StateMachine.Restart()
	tw.Engine()
	for _, p := range cases {
		for _, leg := range gate.Legs {
			p.waits(t, leg, 2)
		}
	}
	if _, swept := tw.World.Metrics.Gauges()["SweepAge"]; swept {
		t.Error("a sweep came by, want none")
	}
}

func TestAnEndThatIsLostIsHealedByTheSweep(t *testing.T) {
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	tw.Hear = func() world.Carriage { return world.Loses }
	tw.World.StateMachine.Restart()
	tw.Engine()
	if run := p.record().Case.Opinion.Run; run != 1 {
		t.Fatalf("nobody heard of it: got run %d, want the first", run)
	}
	_, err := tw.Relay.Sweep(context.Background())
	must(t, err)
	tw.Engine()
	for _, leg := range gate.Legs {
		p.waits(t, leg, 2)
	}
}

func TestWhateverTheBusDoesWithEveryEndALegIsBegunAgainOnce(t *testing.T) {
	for _, row := range []struct {
		name string
		how  world.Carriage
		late time.Duration
	}{
		{"every end is delivered", world.Delivers, 0},
		{"every end comes twice", world.Repeats, 0},
		{"ends come in the wrong order", world.Reorders, 0},
		{"every end comes hours later", world.Delays, 3 * time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			tw := newTown(t)
			p := submitAs(t, tw, "a-")
			tw.Hear = func() world.Carriage { return row.how }
			tw.World.StateMachine.Restart()
			tw.Engine()
			tw.World.Clock.Advance(row.late)
			tw.Engine()
			if c := p.record().Case; c.Opinion.Run != 2 || c.Reply.Run != 2 {
				t.Errorf("got runs %d and %d, want each begun again once", c.Opinion.Run, c.Reply.Run)
			}
			for _, leg := range gate.Legs {
				p.waits(t, leg, 2)
			}
		})
	}
}

func TestWhichEndsBeginTheNextRun(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	_, err := tw.Desk.Opine(ctx, op("opine"), p.ref(gate.Opinion), opinion(), actor("zhou"), nil)
	must(t, err)
	tw.Engine()
	for _, row := range []struct {
		name        string
		in          docket.Input
		opinion, to int // the runs afterwards
	}{
		{"a leg that is over", docket.Input{Of: p.id, Leg: gate.Opinion, Run: 1}, 1, 1},
		{"an older run", docket.Input{Of: p.id, Leg: gate.Reply, Run: 0}, 1, 1},
		{"a run that the table, put back from a copy, does not know yet", docket.Input{Of: p.id, Leg: gate.Reply, Run: 7}, 1, 1},
		{"a leg that no machine carries", docket.Input{Of: p.id, Leg: gate.Papers, Run: 1}, 1, 1},
		{"a case that nobody knows", docket.Input{Of: "nobody", Leg: gate.Reply, Run: 1}, 1, 1},
		{"a kind that this build does not know", docket.Input{Of: "later/x", Leg: gate.Reply, Run: 1}, 1, 1},
		{"the run that carries an open leg, as an earlier build names it", docket.Input{CaseID: p.id, Leg: gate.Reply, Run: 1}, 1, 2},
		{"the same end again", docket.Input{Of: p.id, Leg: gate.Reply, Run: 1}, 1, 2},
	} {
		rest, err := tw.Relay.Ended(ctx, row.in)
		c := p.record().Case
		if rest != 0 || err != nil || c.Opinion.Run != row.opinion || c.Reply.Run != row.to {
			t.Errorf(
				"%s: got runs %d and %d, %v to wait, %v; want %d and %d, and nothing left to do",
				row.name,
				c.Opinion.Run,
				c.Reply.Run,
				rest,
				err,
				row.opinion,
				row.to,
			)
		}
	}
}

// A run ends because its leg is over: nobody waits for a pause then.
func TestTheEndOfALegThatIsOverDoesNotRest(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	p.end()
	tw.Engine()
	_, err := tw.Desk.Opine(ctx, op("opine"), p.ref(gate.Opinion), opinion(), actor("zhou"), nil)
	must(t, err)
	tw.Engine()
	rest, err := tw.Relay.Ended(ctx, docket.Input{Of: p.id, Leg: gate.Opinion, Run: 2})
	if rest != 0 || err != nil || len(tw.Late) != 0 || tw.World.Metrics.Counts()["RunsRepeated"] != 0 {
		t.Errorf("got %v to wait, %v, on its way %+v; want nothing left to do", rest, err, tw.Late)
	}
}

// A leg whose every run fails at once is begun again with growing pauses, for ever,
// and no sweep has to come back to it.
func TestARunThatFailsAtOnceComesBackEverMoreSlowly(t *testing.T) {
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	want := []time.Duration{
		0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, 64 * time.Minute,
		128 * time.Minute, 256 * time.Minute, 6 * time.Hour, 6 * time.Hour,
	}
	for i, pause := range want {
		before := i + 1
		p.end()
		tw.Engine()
		if pause > 0 {
			if run := p.record().Case.Opinion.Run; run != before || len(tw.Late) != 1 || tw.Late[0].At.Sub(tw.Now()) != pause {
				t.Fatalf("run %d failed: got run %d, on its way %+v; want it to rest for %v", before, run, tw.Late, pause)
			}
			tw.World.Clock.Advance(pause - time.Second)
			tw.Engine()
			if run := p.record().Case.Opinion.Run; run != before {
				t.Fatalf("a second before the pause is over: got run %d, want still %d", run, before)
			}
			tw.World.Clock.Advance(time.Second)
			tw.Engine()
		}
		if run := p.record().Case.Opinion.Run; run != before+1 || len(tw.Late) != 0 {
			t.Fatalf("run %d failed, after %v: got run %d, on its way %+v; want the next, and nothing", before, pause, run, tw.Late)
		}
	}
	p.waits(t, gate.Opinion, len(want)+1)
	if _, swept := tw.World.Metrics.Gauges()["SweepAge"]; swept {
		t.Error("a sweep came by, want none")
	}
}

// What is answered while a leg rests is heard by the run that comes afterwards.
func TestAnAnswerWhileALegRestsIsCarriedOn(t *testing.T) {
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	for range 2 {
		p.end()
		tw.Engine()
	}
	_, err := tw.Desk.Ask(context.Background(), op("ask"), p.ref(gate.Opinion), []casework.Defect{{What: "补"}}, actor("zhou"), nil)
	must(t, err)
	tw.Engine()
	if run := p.record().Case.Opinion.Run; run != 2 {
		t.Fatalf("within the pause: got run %d, want still the second", run)
	}
	tw.World.Clock.Advance(30 * time.Second)
	tw.Engine()
	p.waits(t, gate.Opinion, 3)
}

// Each outside call of hearing an end fails or dies once, before or after it took effect.
func TestEveryCrashPointOfHearingAnEndConverges(t *testing.T) {
	ctx := context.Background()
	hear := func(faults func(p *play) memory.Faults) (*play, int) {
		tw := newTown(t)
		p := submitAs(t, tw, "a-")
		p.end()
		before := tw.Calls
		if faults != nil {
			tw.Faults = faults(p)
		}
		tw.Engine()
		return p, tw.Calls - before
	}
	_, calls := hear(nil)
	for n := 1; n <= calls; n++ {
		for _, fate := range memory.Fates[1:] {
			p, _ := hear(func(p *play) memory.Faults { return faultAt(p.Calls+n, fate) })
			p.World.Clock.Advance(time.Minute)
			_, _, err := p.Relay.Retell(ctx, p.Now())
			must(t, err)
			p.Engine()
			if run := p.record().Case.Opinion.Run; run < 2 || run > 3 {
				t.Errorf("call %d %s: got run %d, want the next, or one more", n, fate, run)
			}
			p.waits(t, gate.Opinion, p.record().Case.Opinion.Run)
		}
	}
}

// While the table is away an end is kept, and said to be.
func TestAnEndWhoseCaseCannotBeReadForNowIsAnError(t *testing.T) {
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	tw.Desk.Store = away{tw.World.Store, nil, true}
	rest, err := tw.Relay.Ended(context.Background(), docket.Input{Of: p.id, Leg: gate.Opinion, Run: 1})
	if rest != 0 || !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v to wait and %v, want it unavailable", rest, err)
	}
}
