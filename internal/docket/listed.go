package docket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/trust"
)

// MaxRow is how long a row of a list may be, in bytes: a page of them is read at once.
const MaxRow = 8 << 10

// rowOf makes the row that is kept with a head; none if it would be too long. Nothing
// that the law allows may fail for being long in a list.
func rowOf(h Head) (json.RawMessage, error) {
	row, err := longRow(h)
	if err != nil || len(row) > MaxRow {
		return nil, err
	}
	return row, nil
}

// shortRow writes what lists show; nothing if it would be too long.
func shortRow(v any) (json.RawMessage, error) {
	row, err := write(v)
	if err != nil || len(row) > MaxRow {
		return nil, err
	}
	return row, nil
}

// longRow makes the row of a head, however long it is.
func longRow(h Head) (json.RawMessage, error) {
	k := kindOf(h.Name())
	if k.Row == nil {
		return h.Body, nil
	}
	v, err := k.Row(h)
	if err != nil {
		return nil, err
	}
	row, err := write(v)
	if err != nil {
		return nil, fmt.Errorf("writing the row of %s: %w", h.Name(), err)
	}
	return row, nil
}

// listed reads one row of a list as a T; ok is false if it cannot be read. Where there is
// no row, or none that this build can read, the head itself is loaded and its row made.
func listed[T any](ctx context.Context, store Store, row Listed) (v T, ok bool, err error) {
	if row.Unreadable {
		return v, false, nil
	}
	if len(row.Head.Row) > 0 && json.Unmarshal(row.Head.Row, &v) == nil {
		return v, true, nil
	}
	h, err := store.Head(ctx, row.Head.Name())
	var made json.RawMessage
	if err == nil {
		made, err = longRow(h)
	}
	if errors.Is(err, ErrUnreadable) || errors.Is(err, fault.NotFound) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	v = *new(T) // what could not be read may have left a part of itself
	ok = json.Unmarshal(made, &v) == nil
	return v, ok, nil
}

func rowOfCase(h Head) (any, error) {
	c, err := Body[casework.Case](h)
	return c.Row(), err
}

// rowOfTrust names the organisation alone: no page lists what was agreed on.
func rowOfTrust(h Head) (any, error) {
	t, err := Body[trust.Trust](h)
	return map[string]string{"Org": t.Org}, err
}
