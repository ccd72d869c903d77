package docket

import (
	"context"
	"errors"
	"time"

	"jixu/internal/fault"
)

// ended is how a run is that was said to have ended, however it did.
const ended = "ENDED"

// Ended hears that the execution that was started with in has ended, however it did. If
// its leg is still open and no later run carries it, the next run is raised at once and
// its entry starts it; an older run, a leg that is over and an aggregate that nobody
// knows need nothing. It is safe to repeat, in any order and however late.
//
// wait is how long the leg must still be left alone, zero if nothing is left to do: then
// nothing has happened yet, and whoever brought the end brings it again after that time,
// at most six hours.
//
// That the execution has ended is believed: its names are never used again, and a
// description of it may lag and still say that it runs. If it does run after all, it
// hears that it is over when it asks for its next gate.
func (t *Relay) Ended(ctx context.Context, in Input) (wait time.Duration, err error) {
	_, l, err := t.leg(ctx, in.Name(), in.Leg)
	if errors.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !l.Open || l.Run != in.Run {
		return 0, nil
	}
	return t.restart(ctx, in.Name(), l, ended)
}
