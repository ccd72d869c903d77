package docket

import (
	"context"
	"errors"
	"fmt"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// recount has the deadlines of r counted again when the calendar has grown since
// they were counted. It costs a write only if one of them changes.
func (t *Teller) recount(ctx context.Context, r Record) error {
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return err
	}
	if _, err := r.Case.Recount(r.waiting(), casework.Setting{Now: now, Calendar: t.Desk.Calendar}); err != nil {
		return nil // nothing changes, or the law does not allow it now
	}
	_, err = t.Desk.moveCase(ctx, r.Case.ID, Op{}, "", party.System, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		ch, err := r.Case.Recount(r.waiting(), s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
	if errors.Is(err, fault.Conflict) {
		return nil // somebody moved the case meanwhile: the next sweep looks again
	}
	if err != nil {
		return fmt.Errorf("counting the deadlines of %s again: %w", r.Case.ID, err)
	}
	return nil
}

// waiting lists the open gates of r.
func (r Record) waiting() []gate.Gate {
	var out []gate.Gate
	for _, g := range r.Gates {
		if g.Status == gate.Open {
			out = append(out, g)
		}
	}
	return out
}
