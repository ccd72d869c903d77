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
	return d.moveCase(ctx, ref.Of, Op{}, "", party.System, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		g, ok := r.Gate(ref.Gate)
		if !ok {
			return Commit{}, Receipt{}, fault.New(fault.NotFound, "gate")
		}
		if g.Ring == nil {
			return Commit{}, Receipt{}, fault.New(fault.Conflict, "ring.early")
		}
		caught, _ := g.CaughtUp(s.Calendar, s.Now)
		var ch casework.Change
		var err error
		if caught.Lapses(s.Now) {
			ch, err = r.Case.Lapse(g, r.others(""), s)
		} else {
			ch, err = r.Case.Ring(g, s)
		}
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		if caught.Ring.Kind == gate.Overdue {
			d.Metrics.Count("GateOverdue", 1)
		}
		return finish(r.Case, ch, s)
	})
}

const (
	retellBatch = 100
	// retellMost bounds one call; the next one goes on.
	retellMost = 500
	// retellAfter leaves the stream its time before the sweep tells instead of it.
	retellAfter = 20 * time.Second
)

// Retell tells what stayed untold, oldest first, and returns how many entries
// it told and how old the oldest is that it could not tell. One that fails does
// not stop the others, also when there are more of them than one list holds. It
// notes UntoldAge once it has looked, and nothing if it could not look: that alarm
// takes silence for failure.
func (t *Teller) Retell(ctx context.Context, now time.Time) (told int, oldest time.Duration, err error) {
	var failed []error
	seen := map[EntryRef]bool{}
	for len(seen) < retellMost && !t.Desk.late(ctx) {
		refs, err := t.Desk.Store.Untold(ctx, now.Add(-retellAfter), retellBatch+len(failed))
		if err != nil {
			return told, oldest, errors.Join(append(failed, fmt.Errorf("listing what is untold: %w", err))...)
		}
		fresh := 0
		for _, ref := range refs {
			if seen[ref] || t.Desk.late(ctx) {
				continue
			}
			seen[ref] = true
			fresh++
			if err := t.Tell(ctx, ref.Of, ref.Seq); err != nil {
				failed = append(failed, err)
				oldest = max(oldest, now.Sub(ref.At))
				continue
			}
			told++
		}
		if fresh == 0 {
			break
		}
	}
	t.Desk.Metrics.Age("UntoldAge", oldest)
	return told, oldest, errors.Join(failed...)
}

// Stuck is an open case that nobody could move, or that could not be looked at,
// and why.
type Stuck struct {
	Case string
	Leg  gate.Leg
	Why  string
}

const (
	// tokenless is how long an open gate may be without a token of its run before
	// the run is thought dead.
	tokenless = 5 * time.Minute
	// sweepPage is how many cases one list names.
	sweepPage   = 100
	sweepCursor = "sweep"
)

// Sweep looks at every case that somebody has to act on: each open leg must have
// its open gate, a machine that runs, and a token of the current run on that gate,
// and each open gate somebody who may answer it. It starts dead legs again and
// returns what it cannot repair or could not look at. A walk that its function
// has no time for goes on in the next call. It notes SweepAge, how long ago a walk
// came to its end, and, at the end of one, StuckCases. It is safe to repeat.
func (t *Teller) Sweep(ctx context.Context) (stuck []Stuck, err error) {
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return nil, err
	}
	at, err := t.cursor(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading how far the sweep has come: %w", err)
	}
	if at.After == "" || at.Began.IsZero() {
		at = Cursor{Began: now, Finished: at.Finished}
	}
	var failed []error
	ended := false
	people := map[string][]party.Actor{}
	for !ended && !t.Desk.late(ctx) {
		ids, err := t.Desk.Store.Open(ctx, at.After, sweepPage)
		if err != nil {
			failed = append(failed, fmt.Errorf("listing open cases: %w", err))
			break // the next call goes on from here
		}
		ended = len(ids) < sweepPage
		for _, id := range ids {
			if t.Desk.late(ctx) {
				ended = false
				break
			}
			s, err := t.sweepCase(ctx, id, people)
			if err != nil {
				failed = append(failed, err)
			}
			stuck = append(stuck, s...)
			at.After = id
		}
	}
	at.Stuck += len(stuck)
	if ended {
		t.Desk.Metrics.Gauge("StuckCases", float64(at.Stuck))
		at = Cursor{Began: at.Began, Finished: now}
	}
	since := at.Finished
	if since.IsZero() {
		since = at.Began
	}
	t.Desk.Metrics.Age("SweepAge", now.Sub(since))
	if t.Cursors != nil {
		if err := t.Cursors.PutCursor(ctx, sweepCursor, at); err != nil {
			failed = append(failed, fmt.Errorf("keeping how far the sweep has come: %w", err))
		}
	}
	return stuck, errors.Join(failed...)
}

func (t *Teller) cursor(ctx context.Context) (Cursor, error) {
	if t.Cursors == nil {
		return Cursor{}, nil
	}
	return t.Cursors.Cursor(ctx, sweepCursor)
}

// sweepCase looks at one case. The legs come first and what only tells people
// comes last: a queue that is away keeps no leg from being started again.
func (t *Teller) sweepCase(ctx context.Context, id string, people map[string][]party.Actor) ([]Stuck, error) {
	r, err := LoadCase(ctx, t.Desk.Store, id)
	if err != nil {
		return []Stuck{{Case: id, Why: "it could not be looked at"}}, fmt.Errorf("loading case %s: %w", id, err)
	}
	var stuck []Stuck
	var failed []error
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
			failed = append(failed, err)
			if !errors.Is(err, fault.Unavailable) {
				stuck = append(stuck, Stuck{Case: id, Leg: leg, Why: "it could not be started again"})
			}
		}
	}
	for _, g := range r.waiting() {
		answerable, err := t.answerable(ctx, g, people)
		if err != nil {
			failed = append(failed, err)
		} else if !answerable {
			stuck = append(stuck, Stuck{Case: id, Leg: g.Leg, Why: "nobody of " + g.Party + " may answer its gate"})
		}
	}
	if err := t.recount(ctx, r); err != nil {
		failed = append(failed, err)
	}
	if err := t.remindCopies(ctx, r); err != nil {
		failed = append(failed, err)
	}
	if err := t.tellExpiries(ctx, r.Case); err != nil {
		failed = append(failed, fmt.Errorf("telling what of %s expires: %w", id, err))
	}
	return stuck, errors.Join(failed...)
}

// answerable reports whether anybody on the roster of a gate's party, or of who may
// record for it, may answer it. people keeps the rosters of one walk.
func (t *Teller) answerable(ctx context.Context, g gate.Gate, people map[string][]party.Actor) (bool, error) {
	for _, org := range append([]string{g.Party}, g.Recorders...) {
		if _, known := people[org]; !known {
			o, err := t.Desk.Directory.Organisation(ctx, org)
			if err != nil {
				return false, fmt.Errorf("finding organisation %s: %w", org, err)
			}
			roster, err := t.Desk.Directory.Roster(ctx, org)
			if err != nil {
				return false, fmt.Errorf("reading the roster of %s: %w", org, err)
			}
			people[org] = []party.Actor{}
			for _, p := range roster {
				people[org] = append(people[org], party.ActorOf(p, o))
			}
		}
		for _, a := range people[org] {
			if g.MayAnswer(a) == nil {
				return true, nil
			}
		}
	}
	return false, nil
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
	token, ok, err := t.Desk.Store.Token(ctx, GateRef{Of: c.ID, Gate: g.ID})
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
