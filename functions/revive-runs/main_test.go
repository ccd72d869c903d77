package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"jixu/internal/docket"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// submitted is a town with one submitted case, whose two runs wait.
func submitted(t *testing.T) (tw *world.Town, id string) {
	t.Helper()
	ctx, lin := context.Background(), world.Short.Actor("lin")
	tw = world.New(t, world.Options{Cast: world.Short})
	r, err := tw.Desk.Create(ctx, world.Op("create"), policy.Device, lin)
	world.Must(t, err)
	_, err = tw.Desk.Save(ctx, world.Op("save"), r.Case, 1, world.Form(policy.Device), lin)
	world.Must(t, err)
	a, _, err := tw.Desk.Attach(ctx, world.Op("attach"), r.Case, 2, docket.Upload{Item: "signed-form", Name: "申请表.pdf"}, "", lin)
	world.Must(t, err)
	tw.Upload("dossier/"+r.Case+"/"+a.File, world.Paper)
	tw.Engine()
	now, err := docket.LoadCase(ctx, tw.Ports.Keep, r.Case)
	world.Must(t, err)
	_, err = tw.Desk.Submit(ctx, world.Op("submit"), r.Case, now.Case.Dossier, true, lin)
	world.Must(t, err)
	tw.Engine()
	return tw, r.Case
}

// sample is the message of one of the events below events/.
func sample(t *testing.T, name string) events.SQSMessage {
	t.Helper()
	data, err := os.ReadFile("../../events/revive-runs/" + name + ".json")
	world.Must(t, err)
	var in events.SQSEvent
	world.Must(t, json.Unmarshal(data, &in))
	return in.Records[0]
}

// end is a message that a run of the opinion has ended.
func end(t *testing.T, id string, run, received string) events.SQSMessage {
	t.Helper()
	input, err := json.Marshal(`{"of":"` + id + `","leg":"opinion","run":` + run + `}`)
	world.Must(t, err)
	return events.SQSMessage{
		ReceiptHandle: "handle", Body: `{"detail":{"input":` + string(input) + `}}`,
		Attributes: map[string]string{"ApproximateReceiveCount": received},
	}
}

func TestWhatBecomesOfAMessage(t *testing.T) {
	tw, id := submitted(t)
	away := func(int, string) memory.Fate { return memory.FailBefore }
	for _, row := range []struct {
		name   string
		m      events.SQSMessage
		faults memory.Faults
		done   bool
		rests  time.Duration
		run    int
	}{
		{"a message that says nothing is let go", sample(t, "a-message-that-says-nothing"), nil, true, 0, 1},
		{"so is one whose input was too long", sample(t, "its-input-was-too-long"), nil, true, 0, 1},
		{"the end of a run of a case that nobody knows needs nothing", sample(t, "a-run-failed"), nil, true, 0, 1},
		{"while the table is away it rests as long as the first failure says", end(t, id, "1", "1"), away, false, 30 * time.Second, 1},
		{"and longer after the third", end(t, id, "1", "3"), away, false, 10 * time.Minute, 1},
		{"the run that carries an open leg is followed by the next", end(t, id, "1", "4"), nil, true, 0, 2},
		{"its end again needs nothing", end(t, id, "1", "1"), nil, true, 0, 2},
		{"a run that was raised a moment ago rests for its pause", end(t, id, "2", "1"), nil, false, 30 * time.Second, 2},
	} {
		var rested time.Duration
		rest := func(_ context.Context, handle string, pause time.Duration) error {
			if handle != row.m.ReceiptHandle {
				t.Errorf("%s: got %q put back, want the message", row.name, handle)
			}
			rested = pause
			return errors.New("it comes again sooner") // which changes nothing
		}
		tw.Faults = row.faults
		var done bool
		_, err := tw.Under(func() error { done = hear(tw.Relay, rest)(context.Background(), row.m); return nil })
		world.Must(t, err)
		tw.Faults = nil
		r, err := docket.LoadCase(context.Background(), tw.Ports.Keep, id)
		world.Must(t, err)
		if done != row.done || rested != row.rests || r.Case.Opinion.Run != row.run {
			t.Errorf("%s: got done %v, resting %v, run %d; want %v, %v, %d", row.name, done, rested, r.Case.Opinion.Run, row.done, row.rests, row.run)
		}
	}
	if got := tw.World.Metrics.Counts()["EndUnread"]; got != 2 {
		t.Errorf("ends that say nothing: got %v counted, want 2", got)
	}
}
