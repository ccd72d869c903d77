package docket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/fault"
	"jixu/internal/gate"
)

// TaskTokens serves the machine: it says what a leg waits for, and takes the token
// with which the machine wants to be told. It changes no aggregate.
type TaskTokens struct {
	Store        Store
	StateMachine StateMachine
}

// Next is what a leg waits for now.
type Next struct {
	Over  bool      `json:"over"` // nobody has to act on it any more, or a later run carries it
	Gate  string    `json:"gate"`
	Kind  gate.Kind `json:"kind"`
	Asked int       `json:"asked"` // the machine's own count, set back for each gate
}

// Next rereads the leg of an execution and says what it waits for. An execution of an older run
// hears that it is over. It changes nothing.
func (w *TaskTokens) Next(ctx context.Context, in Input) (Next, error) {
	s, err := w.Store.Load(ctx, in.Name())
	if err != nil {
		return Next{}, fmt.Errorf("loading %s: %w", in.Name(), err)
	}
	l, err := kindOf(in.Name()).leg(s, in.Leg)
	if err != nil {
		return Next{}, err
	}
	g, ok := s.Gate(l.Gate)
	if !l.Open || !ok || l.Run != in.Run {
		return Next{Over: true}, nil
	}
	return Next{Gate: g.ID, Kind: g.Kind}, nil
}

// Attach puts the machine's token on a gate. If the gate was answered already,
// or a newer token is on it, the machine is resumed at once: it then asks what
// comes next, and an old run ends.
func (w *TaskTokens) Attach(ctx context.Context, ref GateRef, t Token) error {
	g, attached, err := w.Store.AttachToken(ctx, ref, t)
	if errors.Is(err, fault.NotFound) {
		return err
	}
	if err != nil {
		return fmt.Errorf("attaching a token to %s of %s: %w", ref.Gate, ref.Of, err)
	}
	if attached && g.Status == gate.Open {
		return nil
	}
	if _, err := w.StateMachine.Resume(ctx, t.Value); err != nil {
		return fmt.Errorf("resuming %s of %s: %w", ref.Gate, ref.Of, err)
	}
	return nil
}

// Deadlines rings deadlines, and does what timers are set for.
type Deadlines struct {
	Desk  *Desk
	Relay *Relay // for what timers tell: it needs a desk, notices and an outbox
}

const (
	// ringBatch is how many gates one call rings at most; the next call goes on.
	ringBatch = 200
	// ringAgain is when a gate that could not be rung is tried again: its case
	// cannot be read or written, and no minute will change that.
	ringAgain = 15 * time.Minute
	// ringsLost is how many rings may fail one after the other for want of the table
	// before it is asked to put one off: if it cannot, it is away, and the next call
	// begins anew; if it can, it is those cases that cannot be read.
	ringsLost = 3
)

// Ring rings everything that is due up to now, in the order of the instants,
// and returns how often it rang. One that fails does not stop the others: it is put
// off by a quarter of an hour and named in the error. It says RingFailed of each, and
// DeadlinesChecked of every call that came through: silence is an alarm.
func (b *Deadlines) Ring(ctx context.Context) (rang int, err error) {
	now, err := b.Desk.Clock.Now(ctx)
	if err != nil {
		return 0, err
	}
	var failed []error
	last, lost := time.Time{}, 0
	seen := map[GateRef]bool{}
	for len(seen) < ringBatch && !b.Desk.late(ctx) {
		due, err := b.Desk.Store.Due(ctx, now, 25+len(seen)) // what was done may still be listed, and what failed is
		if err != nil {
			return rang, errors.Join(append(failed, fmt.Errorf("listing what is due: %w", err))...)
		}
		next, ok := firstUnseen(due, seen)
		if !ok {
			break
		}
		seen[next] = true
		if next.At.Before(last) {
			b.Desk.Metrics.Count("RingOutOfOrder", 1)
		}
		last = next.At
		if err := b.one(ctx, next); err != nil {
			b.Desk.Metrics.Count("RingFailed", 1)
			failed = append(failed, fmt.Errorf("ringing %s%s of %s: %w", next.Gate, next.Timer, next.Of, err))
			away := errors.Is(err, fault.Unavailable)
			if lost++; away && lost < ringsLost {
				continue
			}
			off := b.putOff(ctx, next, now)
			failed = append(failed, off)
			if !away {
				lost = 0
			} else if errors.Is(off, fault.Unavailable) {
				return rang, errors.Join(failed...)
			}
			continue
		}
		lost = 0
		rang++
	}
	b.Desk.Metrics.Count("DeadlinesChecked", 1)
	return rang, errors.Join(failed...)
}

// putOff moves a gate that cannot be rung out of the way of the others.
func (b *Deadlines) putOff(ctx context.Context, ref GateRef, now time.Time) error {
	if err := b.Desk.Store.Defer(ctx, ref, now.Add(ringAgain)); err != nil {
		return fmt.Errorf("putting %s%s of %s off: %w", ref.Gate, ref.Timer, ref.Of, err)
	}
	return nil
}

// firstUnseen skips rows that a lagging index shows again.
func firstUnseen(due []GateRef, seen map[GateRef]bool) (GateRef, bool) {
	for _, ref := range due {
		if !seen[ref] {
			return ref, true
		}
	}
	return GateRef{}, false
}

// one rings one gate, if it is still due.
func (b *Deadlines) one(ctx context.Context, ref GateRef) error {
	if ref.Timer != "" {
		return b.timer(ctx, ref)
	}
	if kindOf(ref.Of).Ring == nil {
		return strange("gate", ref)
	}
	_, err := b.Desk.ring(ctx, ref)
	if errors.Is(err, fault.Conflict) || errors.Is(err, fault.NotFound) {
		return nil // answered, rung or recomputed meanwhile
	}
	return err
}

// timer does what a timer is set for and sets it anew, or takes it away. Until then it
// stays where it is: one at which this function dies comes again.
func (b *Deadlines) timer(ctx context.Context, ref GateRef) error {
	kind := kindOf(ref.Of)
	if kind.Timer == nil {
		return strange("timer", ref)
	}
	s, err := b.Desk.Store.Load(ctx, ref.Of)
	if errors.Is(err, fault.NotFound) {
		return b.Desk.Store.Defer(ctx, ref, time.Time{})
	}
	if err != nil {
		return err
	}
	next, err := kind.Timer(ctx, b.Relay, s, ref)
	if err != nil {
		return err
	}
	if !next.IsZero() {
		now, err := b.Desk.Clock.Now(ctx)
		if err != nil {
			return err
		}
		if soonest := now.Add(time.Minute); next.Before(soonest) {
			next = soonest // one that is always due takes one turn a minute
		}
	}
	return b.Desk.Store.Defer(ctx, ref, next)
}

// strange says that this build does not know what is due: the next one may, and until
// then it waits. Two builds work side by side while one takes the other's place.
func strange(what string, ref GateRef) error {
	return fault.Because(fault.Invalid, "operation", fmt.Errorf("%s %s%s of %s is of a kind that this build does not know", what, ref.Gate, ref.Timer, ref.Of))
}
