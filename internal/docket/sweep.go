package docket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law"
	"jixu/internal/party"
)

// ring does what its kind does when the ring of an open gate has come.
func (d *Desk) ring(ctx context.Context, ref GateRef) (Receipt, error) {
	return d.Move(ctx, ref.Of, Op{}, "", party.System, func(s Stored, set law.Setting) (Commit, Receipt, error) {
		g, ok := s.Gate(ref.Gate)
		if !ok {
			return Commit{}, Receipt{}, fault.New(fault.NotFound, "gate")
		}
		kind := kindOf(ref.Of)
		if g.Ring == nil || kind.Ring == nil {
			return Commit{}, Receipt{}, fault.New(fault.Conflict, "ring.early")
		}
		commit, receipt, err := kind.Ring(ctx, d, s, g, set)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		if caught, _ := g.CaughtUp(set.Calendar, set.Now); caught.Ring.Kind == gate.Overdue {
			d.Metrics.Count("GateOverdue", 1)
		}
		return commit, receipt, nil
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
func (t *Relay) Retell(ctx context.Context, now time.Time) (told int, oldest time.Duration, err error) {
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

// Stuck is an open aggregate that nobody could move, or that could not be looked at,
// and why.
type Stuck struct {
	Of  string
	Leg gate.Leg
	Why string
}

const (
	// tokenless is how long an open gate may be without a token of its run before
	// the run is thought dead.
	tokenless = 5 * time.Minute
	// sweepPage is how many one list names.
	sweepPage   = 100
	sweepCursor = "sweep"
	// readEvery is how often a walk reads everything that is open: that a document cannot
	// be read shows nowhere else until somebody needs it.
	readEvery = 7 * 24 * time.Hour
)

// Sweep looks at every aggregate that somebody has to act on: each open leg must have
// its open gate, a machine that runs, and a token of the current run on that gate,
// and each open gate somebody who may answer it. It sees that in the rows of what is
// open and in their gates. The aggregate itself is read once a week, where these show a
// fault or do not say, and where the calendar has grown and another day follows from it: then its
// deadlines are counted again. It starts dead legs again and returns what it cannot repair
// or could not look at. A walk that its function has no time for goes on in the next
// call. It notes SweepAge, how long ago a walk came to its end, and, at the end of one,
// StuckCases. It is safe to repeat.
func (t *Relay) Sweep(ctx context.Context) (stuck []Stuck, err error) {
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return nil, err
	}
	at, err := t.cursor(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading how far the sweep has come: %w", err)
	}
	if at.After == "" || at.Began.IsZero() {
		at = Cursor{Began: now, Finished: at.Finished, Read: at.Read}
		switch {
		case at.Read.IsZero():
			at.Read = now
		case now.Sub(at.Read) >= readEvery:
			at.Reading, at.Read = true, now
		}
	}
	var failed []error
	ended := false
	w := walk{Relay: t, now: now, people: map[string][]party.Actor{}}
	for !ended && !t.Desk.late(ctx) {
		rows, err := t.Desk.Store.Open(ctx, at.After, sweepPage)
		if err != nil {
			failed = append(failed, fmt.Errorf("listing what is open: %w", err))
			break // the next call goes on from here
		}
		if err := w.read(ctx, rows); err != nil {
			failed = append(failed, err) // each of them is read itself
		}
		ended = len(rows) < sweepPage
		for _, row := range rows {
			if t.Desk.late(ctx) {
				ended = false
				break
			}
			if at.Reading || !w.sound(ctx, row) {
				s, err := w.look(ctx, row.Of)
				if err != nil {
					failed = append(failed, err)
				}
				stuck = append(stuck, s...)
			}
			at.After = row.Of
		}
	}
	at.Stuck += len(stuck)
	if ended {
		t.Desk.Metrics.Gauge("StuckCases", float64(at.Stuck))
		at = Cursor{Began: at.Began, Finished: now, Read: at.Read}
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

// walk is one call of the sweep.
type walk struct {
	*Relay
	now    time.Time
	people map[string][]party.Actor // the rosters that were read
	gates  map[GateRef]Waiting      // of the page at which the walk is
}

// read notes the gates of rows. It reads no aggregate.
func (w *walk) read(ctx context.Context, rows []OpenRow) error {
	w.gates = map[GateRef]Waiting{}
	var refs []GateRef
	for _, row := range rows {
		for _, wait := range row.Waits {
			refs = append(refs, GateRef{Of: row.Of, Gate: wait.Gate})
		}
	}
	gates, err := w.Desk.Store.Waiting(ctx, refs)
	if err != nil {
		return fmt.Errorf("reading the gates of what is open: %w", err)
	}
	for _, g := range gates {
		w.gates[GateRef{Of: g.Gate.Of, Gate: g.Gate.ID}] = g
	}
	return nil
}

// sound reports whether row and its gates show that nothing is wrong: at each somebody
// may answer by the day that the calendar says, and the run that waits there runs and has
// said so. False means only that the aggregate must be read.
func (w *walk) sound(ctx context.Context, row OpenRow) bool {
	for _, wait := range row.Waits {
		g, there := w.gates[GateRef{Of: row.Of, Gate: wait.Gate}]
		if !there || g.Gate.Status != gate.Open {
			return false
		}
		if may, err := w.answerable(ctx, g.Gate, w.people); err != nil || !may {
			return false
		}
		if _, moves := g.Gate.Recounted(w.Desk.Calendar, w.now); moves {
			return false
		}
		if wait.Leg == "" {
			if kindOf(row.Of).carries(g.Gate.Leg) {
				return false // a machine waits here, and the row does not say which run of it
			}
			continue
		}
		status, err := w.describe(ctx, row.Of, Leg{Leg: wait.Leg, Run: wait.Run})
		if err != nil || status != running || g.Token.Run != wait.Run {
			return false
		}
	}
	return len(row.Waits) > 0
}

func (t *Relay) cursor(ctx context.Context) (Cursor, error) {
	if t.Cursors == nil {
		return Cursor{}, nil
	}
	return t.Cursors.Cursor(ctx, sweepCursor)
}

// look reads one aggregate and repairs what is wrong with it, its legs first.
func (w *walk) look(ctx context.Context, name string) ([]Stuck, error) {
	t, kind := w.Relay, kindOf(name)
	s, err := t.Desk.Store.Load(ctx, name)
	if err != nil {
		return []Stuck{{Of: name, Why: "it could not be looked at"}}, fmt.Errorf("loading %s: %w", name, err)
	}
	var legs []Leg
	if kind.Legs != nil {
		if legs, err = kind.Legs(s); err != nil {
			return []Stuck{{Of: name, Why: "it could not be looked at"}}, err
		}
	}
	var stuck []Stuck
	var failed []error
	for _, l := range legs {
		if !l.Open {
			continue
		}
		g, ok := s.Gate(l.Gate)
		if !ok || g.Status != gate.Open {
			stuck = append(stuck, Stuck{Of: name, Leg: l.Leg, Why: "an open leg without an open gate"})
			continue
		}
		if err := t.sweepLeg(ctx, name, l, g); err != nil {
			failed = append(failed, err)
			if !errors.Is(err, fault.Unavailable) {
				stuck = append(stuck, Stuck{Of: name, Leg: l.Leg, Why: "it could not be started again"})
			}
		}
	}
	for _, g := range s.waiting() {
		answerable, err := t.answerable(ctx, g, w.people)
		if err != nil {
			failed = append(failed, err)
		} else if !answerable {
			stuck = append(stuck, Stuck{Of: name, Leg: g.Leg, Why: "nobody of " + g.Party + " may answer its gate"})
		}
	}
	if err := t.recount(ctx, name, s); err != nil {
		failed = append(failed, err)
	}
	return stuck, errors.Join(failed...)
}

// answerable reports whether anybody on the roster of a gate's party, or of who may
// record for it, may answer it. people keeps the rosters of one walk.
func (t *Relay) answerable(ctx context.Context, g gate.Gate, people map[string][]party.Actor) (bool, error) {
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
func (t *Relay) sweepLeg(ctx context.Context, name string, l Leg, g gate.Gate) error {
	status, err := t.describe(ctx, name, l)
	if err != nil {
		return err
	}
	if status != running {
		_, err := t.restart(ctx, name, l, status)
		return err
	}
	token, ok, err := t.Desk.Store.Token(ctx, GateRef{Of: name, Gate: g.ID})
	if err != nil {
		return err
	}
	if ok && token.Run == l.Run {
		return nil
	}
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return err
	}
	since := g.OpenedAt
	if l.RunAt.After(since) {
		since = l.RunAt
	}
	if now.Sub(since) < tokenless {
		return nil
	}
	if err := t.StateMachine.Stop(ctx, kindOf(name).execution(name, l.Leg, l.Run)); err != nil {
		return fmt.Errorf("stopping run %d of %s of %s: %w", l.Run, l.Leg, name, err)
	}
	_, err = t.restart(ctx, name, l, "ABORTED")
	return err
}
