package docket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law"
)

// legsOfCase are the two legs of a case.
func legsOfCase(s Stored) ([]Leg, error) {
	r, err := CaseRecord(s)
	if err != nil {
		return nil, err
	}
	var out []Leg
	for _, leg := range gate.Legs {
		t := r.Case.Leg(leg)
		out = append(out, Leg{Leg: leg, Open: t.State.Open(), Run: t.Run, RunAt: t.RunAt, Gate: t.Gate})
	}
	return out, nil
}

// waitsOf are the open gates of c; none if a supplement has stopped a clock, which no
// gate shows: the sweep then reads the case to count it again.
func waitsOf(c casework.Case) (out []Wait) {
	for _, leg := range gate.Legs {
		t := c.Leg(leg)
		if t.Clock != nil {
			return nil
		}
		if t.State.Open() {
			out = append(out, Wait{Gate: t.Gate, Leg: leg, Run: t.Run})
		}
	}
	if c.Papers.Gate != "" {
		out = append(out, Wait{Gate: c.Papers.Gate})
	}
	return out
}

func restartCase(ctx context.Context, d *Desk, stored Stored, leg gate.Leg, run int, s law.Setting) (Commit, Receipt, error) {
	return d.ofCase(ctx, stored, s, func(r Record) (casework.Change, error) { return r.Case.Restart(leg, run, s) })
}

// ringCase rings a gate of a case, or ends the case if the ring says so.
func ringCase(ctx context.Context, d *Desk, stored Stored, g gate.Gate, s law.Setting) (Commit, Receipt, error) {
	return d.ofCase(ctx, stored, s, func(r Record) (casework.Change, error) {
		if caught, _ := g.CaughtUp(s.Calendar, s.Now); caught.Lapses(s.Now) {
			return r.Case.Lapse(g, r.others(""), s)
		}
		return r.Case.Ring(g, s)
	})
}

func recountCase(ctx context.Context, d *Desk, stored Stored, s law.Setting) (Commit, Receipt, error) {
	return d.ofCase(ctx, stored, s, func(r Record) (casework.Change, error) { return r.Case.Recount(stored.waiting(), s) })
}

// ofCase asks the law of cases what becomes of a stored one.
func (d *Desk) ofCase(ctx context.Context, stored Stored, s law.Setting, ask func(Record) (casework.Change, error)) (Commit, Receipt, error) {
	r, err := d.record(ctx, stored)
	if err != nil {
		return Commit{}, Receipt{}, err
	}
	ch, err := ask(r)
	if err != nil {
		return Commit{}, Receipt{}, err
	}
	return finish(r.Case, ch, s)
}

// remindOfCase tells of copies that nobody said had arrived, and of licences that end.
// However long there was no clock, it still speaks; and the same notice is one.
func (t *Relay) remindOfCase(ctx context.Context, r Record) error {
	copies := t.remindCopies(ctx, r)
	expiries := t.tellExpiries(ctx, r.Case)
	if expiries != nil {
		expiries = fmt.Errorf("telling what of %s expires: %w", r.Case.ID, expiries)
	}
	return errors.Join(copies, expiries)
}

// watchTimer is the timer of a case: when it was submitted, and from then on when there
// is something to remind of.
const watchTimer = "watch"

// timerOfCase reminds of what there is to remind of, and says when there will be more.
func timerOfCase(ctx context.Context, t *Relay, stored Stored, ref GateRef) (time.Time, error) {
	if ref.Timer != watchTimer {
		return time.Time{}, strange("timer", ref)
	}
	r, err := CaseRecord(stored)
	if err != nil {
		return time.Time{}, err
	}
	if len(r.Case.Submissions) == 0 { // its own submission is not to be seen yet
		return ref.At.Add(time.Minute), nil
	}
	if !r.Case.Waiting() {
		return time.Time{}, nil
	}
	if err := t.remindOfCase(ctx, r); err != nil {
		return time.Time{}, err
	}
	s, err := t.Desk.setting(ctx)
	if err != nil {
		return time.Time{}, err
	}
	expires, err := t.nextExpiry(ctx, r.Case, s)
	return earlier(expires, nextCopy(r.Case, s)), err
}

// earlier is the earlier of two instants; the zero time stands for no instant.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// fileRuleOfCase is what the case's pack says of the item that f belongs to.
func fileRuleOfCase(ctx context.Context, d *Desk, stored Stored, f File) (dossier.Rule, error) {
	if stored.Version == 0 { // of a case that nobody began
		return dossier.Rule{}, fault.New(fault.NotFound, "case")
	}
	r, err := CaseRecord(stored)
	if err != nil {
		return dossier.Rule{}, err
	}
	return d.rule(ctx, r.Case, f.Item)
}
