package docket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// ring records the next ring of a gate.
func (d *Desk) ring(ctx context.Context, ref GateRef) (Receipt, error) {
	return d.move(ctx, ref.Case, Op{}, "", party.System, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		g, ok := r.Gate(ref.Gate)
		if !ok {
			return Commit{}, Receipt{}, fault.New(fault.NotFound, "gate")
		}
		if g.Ring == nil || !g.Ring.At.Equal(ref.At) {
			return Commit{}, Receipt{}, fault.New(fault.Conflict, "ring.early")
		}
		var ch casework.Change
		var err error
		if g.Ring.Kind == gate.Overdue {
			d.Metrics.Count("GateOverdue", 1)
		}
		if g.Lapses(s.Now) {
			ch, err = r.Case.Lapse(g, r.others(""), s)
		} else {
			ch, err = r.Case.Ring(g, s)
		}
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
}

const (
	retellBatch = 100
	// retellAfter leaves the stream its time before the sweep tells instead of it.
	retellAfter = 20 * time.Second
)

// Retell tells what stayed untold, oldest first, and returns how many entries
// it told and how old the oldest is that it could not tell. One that fails does
// not stop the others.
func (t *Teller) Retell(ctx context.Context, now time.Time) (told int, oldest time.Duration, err error) {
	refs, err := t.Desk.Store.Untold(ctx, now.Add(-retellAfter), retellBatch)
	if err != nil {
		return 0, 0, fmt.Errorf("listing what is untold: %w", err)
	}
	var failed []error
	for _, ref := range refs {
		if err := t.Tell(ctx, ref.Case, ref.Seq); err != nil {
			failed = append(failed, err)
			oldest = max(oldest, now.Sub(ref.At))
			continue
		}
		told++
	}
	return told, oldest, errors.Join(failed...)
}

// Stuck is an open case that nobody could move, and why.
type Stuck struct {
	Case string
	Leg  gate.Leg
	Why  string
}

// tokenless is how long an open gate may be without a token of its run before
// the run is thought dead.
const tokenless = 5 * time.Minute

// Sweep looks at every submitted case: each open leg must have its open gate,
// a machine that runs, and a token of the current run on that gate. It starts
// dead legs again and returns what it cannot repair. It is safe to repeat.
func (t *Teller) Sweep(ctx context.Context) (stuck []Stuck, err error) {
	var failed []error
	after := ""
	for {
		ids, err := t.Desk.Store.OpenCases(ctx, after, 100)
		if err != nil {
			return stuck, fmt.Errorf("listing open cases: %w", err)
		}
		for _, id := range ids {
			s, err := t.sweepCase(ctx, id)
			if err != nil {
				failed = append(failed, err)
			}
			stuck = append(stuck, s...)
		}
		if len(ids) < 100 {
			return stuck, errors.Join(failed...)
		}
		after = ids[len(ids)-1]
	}
}

func (t *Teller) sweepCase(ctx context.Context, id string) ([]Stuck, error) {
	r, err := t.Desk.Store.Load(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("loading case %s: %w", id, err)
	}
	if err := t.remindCopies(ctx, r); err != nil {
		return nil, err
	}
	if err := t.recount(ctx, r); err != nil {
		return nil, err
	}
	var stuck []Stuck
	for _, leg := range gate.Legs {
		track := r.Case.Track(leg)
		if !track.State.Open() {
			continue
		}
		g, ok := r.Open(leg)
		if !ok || g.Status != gate.Open {
			stuck = append(stuck, Stuck{Case: id, Leg: leg, Why: "an open leg without an open gate"})
			continue
		}
		if err := t.sweepLeg(ctx, r.Case, leg, track, g); err != nil {
			return stuck, err
		}
	}
	if err := t.tellExpiries(ctx, r.Case); err != nil {
		return stuck, fmt.Errorf("telling what of %s expires: %w", id, err)
	}
	return stuck, nil
}

// sweepLeg restarts a leg whose execution is gone, or that runs without ever
// having put its token on the gate it should wait at.
func (t *Teller) sweepLeg(ctx context.Context, c casework.Case, leg gate.Leg, track casework.Track, g gate.Gate) error {
	status, err := t.Machine.Describe(ctx, runName(c.ID, leg, track.Run))
	if err != nil {
		return fmt.Errorf("describing run %d of %s of %s: %w", track.Run, leg, c.ID, err)
	}
	if status != running {
		return t.restart(ctx, c.ID, leg, track, status)
	}
	token, ok, err := t.Desk.Store.Token(ctx, GateRef{Case: c.ID, Gate: g.ID})
	if err != nil {
		return err
	}
	if ok && token.Run == track.Run {
		return nil
	}
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return err
	}
	since := g.OpenedAt
	if track.RunAt.After(since) {
		since = track.RunAt
	}
	if now.Sub(since) < tokenless {
		return nil
	}
	if err := t.Machine.Stop(ctx, runName(c.ID, leg, track.Run)); err != nil {
		return fmt.Errorf("stopping run %d of %s of %s: %w", track.Run, leg, c.ID, err)
	}
	return t.restart(ctx, c.ID, leg, track, "ABORTED")
}
