package table

import (
	"context"
	"errors"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

// Told takes the mark off. It fails with fault.NotFound for an entry that is
// not there. See [docket.Store].
func (s *Store) Told(ctx context.Context, id string, seq int) error {
	_, err := s.update(ctx, entryKey(id, seq), newChange().remove(attrWorkPK, attrWorkSK), present)
	if errors.Is(err, fault.Conflict) {
		return fault.Because(fault.NotFound, "entry", err)
	}
	return err
}

// Untold lists entries that kept their mark. See [docket.Store].
func (s *Store) Untold(ctx context.Context, before time.Time, limit int) ([]docket.EntryRef, error) {
	items, err := s.waiting(ctx, untoldList, "<", instant(before), limit)
	if err != nil {
		return nil, err
	}
	var refs []docket.EntryRef
	for _, it := range items {
		ref, ok := EntryOf(textOf(it, attrPK), textOf(it, attrSK))
		committed, isInstant := parseInstant(textOf(it, attrWorkSK))
		if ok && isInstant {
			ref.At = committed
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// Due lists gates that ring and timers. See [docket.Store].
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]docket.GateRef, error) {
	items, err := s.waiting(ctx, dueList, "<", instant(at)+end, limit)
	if err != nil {
		return nil, err
	}
	var refs []docket.GateRef
	for _, it := range items {
		at, isInstant := parseInstant(textOf(it, attrWorkSK))
		if name, g, ok := parseGate(keyOf(it)); ok && isInstant {
			refs = append(refs, docket.GateRef{Of: name, Gate: g, At: at})
		} else if name, timer, ok := parseTimer(keyOf(it)); ok && isInstant {
			refs = append(refs, docket.GateRef{Of: name, Timer: timer, At: at})
		}
	}
	return refs, nil
}

// Defer moves a gate or a timer in the due list. See [docket.Store].
func (s *Store) Defer(ctx context.Context, ref docket.GateRef, until time.Time) error {
	k, what := gateKey(ref.Of, ref.Gate), ref.Gate
	if ref.Timer != "" {
		k, what = timerKey(ref.Of, ref.Timer), ref.Timer
	}
	u := newChange()
	condition := u.equal(attrWorkSK, text(dueIndex(ref.Of, what, ref.At).sk))
	if ref.Timer != "" && until.IsZero() {
		return s.remove(ctx, k, u, condition)
	}
	u.set(text(dueIndex(ref.Of, what, until).sk), attrWorkSK)
	_, err := s.update(ctx, k, u, condition)
	if errors.Is(err, fault.Conflict) {
		return nil // rung, answered or moved meanwhile
	}
	return err
}

// Open lists aggregates that somebody has to act on, by name. See [docket.Store].
func (s *Store) Open(ctx context.Context, after string, limit int) ([]docket.OpenRow, error) {
	if after == "" {
		after = " " // DynamoDB compares with no empty text; every name sorts behind a space
	} else {
		after += end // behind whatever it waits for, and before every other name
	}
	items, err := s.waiting(ctx, openList, ">", after, limit)
	if err != nil {
		return nil, err
	}
	var rows []docket.OpenRow
	for _, it := range items {
		rows = append(rows, parseOpen(textOf(it, attrWorkSK)))
	}
	return rows, nil
}

// Waiting reads gates and their tokens, in batches. See [docket.Store].
func (s *Store) Waiting(ctx context.Context, refs []docket.GateRef) ([]docket.Waiting, error) {
	keys := make([]key, len(refs))
	for i, ref := range refs {
		keys[i] = gateKey(ref.Of, ref.Gate)
	}
	found, err := s.many(ctx, keys)
	if err != nil {
		return nil, err
	}
	var out []docket.Waiting
	for _, k := range keys {
		it := found[k]
		if it == nil {
			continue
		}
		g, err := decode[gate.Gate](it)
		if err != nil {
			continue // whoever reads its aggregate hears of it
		}
		w := docket.Waiting{Gate: g}
		if token, ok := tokenOf(it); ok && has(it, attrToken) {
			w.Token = token
		}
		out = append(out, w)
	}
	return out, nil
}
