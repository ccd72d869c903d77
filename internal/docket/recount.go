package docket

import (
	"context"
	"errors"
	"fmt"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law"
	"jixu/internal/party"
)

// recount has the deadlines of s counted again when the calendar has grown since
// they were counted. It costs a write only if one of them changes.
func (t *Relay) recount(ctx context.Context, name string, s Stored) error {
	kind := kindOf(name)
	if kind.Recount == nil {
		return nil
	}
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return err
	}
	if _, _, err := kind.Recount(ctx, t.Desk, s, law.Setting{Now: now, Calendar: t.Desk.Calendar}); err != nil {
		return nil // nothing changes, or the law does not allow it now
	}
	_, err = t.Desk.Move(ctx, name, Op{}, "", party.System, func(s Stored, set law.Setting) (Commit, Receipt, error) {
		return kind.Recount(ctx, t.Desk, s, set)
	})
	if errors.Is(err, fault.Conflict) {
		return nil // somebody moved it meanwhile: the next sweep looks again
	}
	if err != nil {
		return fmt.Errorf("counting the deadlines of %s again: %w", name, err)
	}
	return nil
}

// waiting lists the open gates of s.
func (s Stored) waiting() []gate.Gate {
	var out []gate.Gate
	for _, g := range s.Gates {
		if g.Status == gate.Open {
			out = append(out, g)
		}
	}
	return out
}

// waiting lists the open gates of r.
func (r Record) waiting() []gate.Gate { return Stored{Gates: r.Gates}.waiting() }
