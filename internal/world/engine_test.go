package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/policy"
)

// submit lets the short cast's hospital submit an application, with everything
// that happens by itself until the carriage of its last entry.
func submit(t *testing.T, tw *Town) (id string) {
	t.Helper()
	ctx, lin := context.Background(), Short.Actor("lin")
	r, err := tw.Desk.Create(ctx, Op("create"), policy.Device, lin)
	Must(t, err)
	_, err = tw.Desk.Save(ctx, Op("save"), r.Case, 1, Form(policy.Device), lin)
	Must(t, err)
	a, _, err := tw.Desk.Attach(ctx, Op("attach"), r.Case, 2, docket.Upload{Item: "signed-form", Name: "申请表.pdf"}, "", lin)
	Must(t, err)
	tw.Upload("dossier/"+r.Case+"/"+a.File, Paper)
	tw.Engine()
	now, err := docket.LoadCase(ctx, tw.Ports.Keep, r.Case)
	Must(t, err)
	_, err = tw.Desk.Submit(ctx, Op("submit"), r.Case, now.Case.Dossier, true, lin)
	Must(t, err)
	return r.Case
}

func told(t *testing.T, tw *Town, id string, seq int) bool {
	t.Helper()
	_, untold, err := tw.Ports.Keep.Entry(context.Background(), id, seq)
	Must(t, err)
	return !untold
}

func TestATownLivesByItself(t *testing.T) {
	tw := New(t, Options{Cast: Short, Strict: true})
	id := submit(t, tw)
	tw.Engine()
	for _, leg := range gate.Legs {
		r := tw.Walker.Run(id + "-" + string(leg) + "-1")
		if r == nil || r.token == "" {
			t.Errorf("%s: got no run that waits, want one", leg)
		}
	}
	if link := tw.Mailed(LinkIn, To("nmpa@example.invalid")); link == "" {
		t.Error("the regulator: got no link by mail, want one")
	}
	if len(tw.Names) != tw.Calls || len(tw.Within) != tw.Calls || !slices.Contains(tw.Within, "open-gate") {
		t.Errorf("got %d calls with %d names in %d functions, want as many of each", tw.Calls, len(tw.Names), len(tw.Within))
	}
}

func TestWhatAStreamDoesWithARecord(t *testing.T) {
	for _, row := range []struct {
		name             string
		how              Carriage
		now, night       bool
		held, left, told int
	}{
		{"it is delivered", Delivers, true, true, 0, 0, 1},
		{"it is lost, and the sweep tells it", Loses, false, true, 0, 0, 0},
		{"it comes twice", Repeats, true, true, 0, 0, 2},
		{"it comes hours later", Delays, false, true, 1, 0, 0},
		{"it stands still", Stands, false, true, 0, 1, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			tw := New(t, Options{Cast: Short})
			id := submit(t, tw)
			tw.Carry = func() Carriage { return row.how }
			times := 0
			tw.Around = func(function string, do func() error) error {
				if function == "relay-entries" {
					times++
				}
				return do()
			}
			tw.Engine()
			if got := told(t, tw, id, 2); got != row.now || times != row.told || len(tw.Held) != row.held || len(tw.World.Stream.Waiting()) != row.left {
				t.Errorf("got told %v after %d tellings, %d held, %d in the stream; want %+v", got, times, len(tw.Held), len(tw.World.Stream.Waiting()), row)
			}
			tw.Night()
			if got := told(t, tw, id, 2); got != row.night {
				t.Errorf("after a night: got told %v, want %v", got, row.night)
			}
		})
	}
}

func TestWhatTheBusDoesWithAnEnd(t *testing.T) {
	for _, row := range []struct {
		name             string
		how              Carriage
		now, night       string // the status of the next run
		late, left, told int
	}{
		{"it is delivered", Delivers, "RUNNING", "RUNNING", 0, 0, 1},
		{"it is lost, and the sweep finds the leg", Loses, "", "RUNNING", 0, 0, 0},
		{"it comes twice", Repeats, "RUNNING", "RUNNING", 0, 0, 2},
		{"it comes hours later", Delays, "", "RUNNING", 1, 0, 0},
		{"it stands still, and the sweep finds the leg", Stands, "", "RUNNING", 0, 1, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			tw := New(t, Options{Cast: Short})
			id := submit(t, tw)
			tw.Engine()
			tw.Hear = func() Carriage { return row.how }
			times := 0
			tw.Around = func(function string, do func() error) error {
				if function == "revive-runs" {
					times++
				}
				return do()
			}
			tw.World.StateMachine.End(id+"-opinion-1", "ABORTED")
			tw.Engine()
			next, _ := tw.World.StateMachine.Execution(id + "-opinion-2")
			if next.Status != row.now || times != row.told || len(tw.Late) != row.late || len(tw.World.StateMachine.Ended()) != row.left {
				t.Errorf(
					"got the next run %q after %d tellings, %d late, %d on the bus; want %+v",
					next.Status,
					times,
					len(tw.Late),
					len(tw.World.StateMachine.Ended()),
					row,
				)
			}
			tw.Night()
			if next, _ = tw.World.StateMachine.Execution(id + "-opinion-2"); next.Status != row.night {
				t.Errorf("after a night: got the next run %q, want %q", next.Status, row.night)
			}
		})
	}
}

func TestReorderedEndsComeNewestFirst(t *testing.T) {
	tw := New(t, Options{Cast: Short})
	id := submit(t, tw)
	tw.Engine()
	tw.World.StateMachine.Restart()
	tw.Hear = func() Carriage { return Reorders }
	tw.hear(context.Background())
	if left := tw.World.StateMachine.Ended(); len(left) != 1 || left[0].Name != id+"-opinion-1" {
		t.Errorf("got %v left, want the first end", left)
	}
}

func TestReorderedRecordsComeNewestFirst(t *testing.T) {
	tw := New(t, Options{Cast: Short})
	for seq := range 3 {
		tw.World.Stream.Put(docket.EntryRef{Of: "c", Seq: seq + 1})
	}
	tw.Carry = func() Carriage { return Reorders }
	tw.relay(context.Background())
	if got := fmt.Sprint(tw.World.Stream.Waiting()[1].Seq, len(tw.World.Stream.Waiting())); got != "2 2" {
		t.Errorf("got %s left, want the first two", got)
	}
}

// What fails comes again as often as AWS brings it, and not once more.
func TestHowOftenWhatFailedComesAgain(t *testing.T) {
	for _, row := range []struct {
		function string
		want     int
	}{{"check-file", 3}, {"relay-entries", 1}, {"send-notice", 5}, {"revive-runs", 9}} {
		t.Run(row.function, func(t *testing.T) {
			tw := New(t, Options{Cast: Short})
			times := map[string]int{}
			tw.Around = func(function string, do func() error) error {
				times[function]++
				if function == row.function {
					return fault.New(fault.Unavailable, "busy")
				}
				return do()
			}
			switch row.function {
			case "check-file":
				tw.Upload("dossier/c/f", Paper)
			case "relay-entries":
				tw.World.Stream.Put(docket.EntryRef{Of: "c", Seq: 1})
			case "send-notice":
				Must(t, tw.Ports.Notices.Queue(context.Background(), docket.Notice{Key: "k"}))
			case "revive-runs":
				e := docket.Execution{StateMachine: "review-application", Name: "c-opinion-1"}
				_, err := tw.Ports.StateMachine.Start(context.Background(), e, []byte(`{"of":"c","leg":"opinion","run":1}`))
				Must(t, err)
				tw.World.StateMachine.End(e.Name, "FAILED")
			}
			tw.Engine()
			if times[row.function] != row.want {
				t.Errorf("got %d calls, want %d", times[row.function], row.want)
			}
			if rests := row.function == "send-notice"; rests != (len(tw.Rests) == 1) {
				t.Errorf("got %d notices at rest, want one: %v", len(tw.Rests), rests)
			}
		})
	}
}

func TestFaultsHappenOnlyUnder(t *testing.T) {
	tw := New(t, Options{Cast: Short})
	tw.Faults = func(int, string) memory.Fate { return memory.CrashBefore }
	ask := func() error { _, err := tw.Ports.Keep.Agencies(context.Background()); return err }
	Must(t, ask())
	if died, _ := tw.Under(ask); !died || tw.Calls != 1 || tw.Names[0] != "Directory.Agencies" || tw.Within[0] != "" {
		t.Errorf("got died %v at %q, want one call that died", died, tw.Names)
	}
	Must(t, ask())
	tw.Faults = memory.Script(map[int]memory.Fate{2: memory.FailBefore, 3: memory.CrashAfter})
	if err := tw.Insist(ask); err != nil || tw.Calls != 4 {
		t.Errorf("somebody who insists: got %v after %d calls, want an answer at the fourth", err, tw.Calls)
	}
}

// ends counts what ends a test.
type ends struct {
	*testing.T
	said []string
}

func (e *ends) Fatalf(format string, args ...any) {
	e.said = append(e.said, fmt.Sprintf(format, args...))
}

func TestInAStrictTownAFailureEndsTheTest(t *testing.T) {
	e := &ends{T: t}
	tw := New(e, Options{Cast: Short, Strict: true})
	tw.World.Stream.Put(docket.EntryRef{Of: "nobody", Seq: 1})
	tw.Around = func(string, func() error) error { return errors.New("it fails") }
	tw.Engine()
	if len(e.said) != 1 || e.said[0] != "relay-entries: it fails" {
		t.Errorf("got %q, want the test ended by relay-entries", e.said)
	}
}

// A wait may last sixty days and is asked again; a life goes on all the same, and no
// run lives for years: after four times more it ends, and its end begins the next.
func TestAYearWithoutAnAnswer(t *testing.T) {
	tw := New(t, Options{Cast: Short})
	id := submit(t, tw)
	tw.Engine()
	for range 12 {
		tw.World.Clock.Advance(30 * 24 * time.Hour)
		tw.Engine()
	}
	if e, _ := tw.World.StateMachine.Execution(id + "-opinion-1"); e.Status != "SUCCEEDED" {
		t.Errorf("the first run: got %s, want it ended for the next", e.Status)
	}
	if e, _ := tw.World.StateMachine.Execution(id + "-opinion-2"); e.Status != "RUNNING" || e.Waiting == "" {
		t.Errorf("the second run: got %+v, want it waiting", e)
	}
}

func TestAFunctionIsFoundByItsPlaceholder(t *testing.T) {
	for called, want := range map[string]string{"${ApplyOutcomeFunctionArn}": "apply-outcome", "${OpenGateFunctionArn}": "open-gate"} {
		if got := folder(called); got != want {
			t.Errorf("%s: got %s, want %s", called, got, want)
		}
	}
}
