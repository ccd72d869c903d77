package table

import (
	"context"
	"errors"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Clock is the law's clock. With Moves it runs ahead of the machine's by an
// offset kept in the table, for development; without, it asks nobody.
type Clock struct {
	Store *Store
	Moves bool
}

var _ docket.Clock = Clock{}

// Now returns the law's time, to the millisecond, as history writes it.
func (c Clock) Now(ctx context.Context) (time.Time, error) {
	var ahead time.Duration
	if c.Moves {
		var err error
		if ahead, err = c.Store.Offset(ctx); err != nil {
			return time.Time{}, err
		}
	}
	return time.Now().Add(ahead).UTC().Truncate(time.Millisecond), nil
}

// Offset returns how far the law's clock runs ahead; 0 until it was set.
func (s *Store) Offset(ctx context.Context) (time.Duration, error) {
	it, err := s.get(ctx, settingKey("CLOCK"))
	return time.Duration(numberOf(it, attrOffset)), err
}

// SetOffset sets how far the law's clock runs ahead.
func (s *Store) SetOffset(ctx context.Context, ahead time.Duration) error {
	it := settingKey("CLOCK").item()
	it[attrOffset] = number(int64(ahead))
	return s.put(ctx, it, "")
}

// Cursor reads how far a walk has come. See [docket.Cursors].
func (s *Store) Cursor(ctx context.Context, name string) (docket.Cursor, error) {
	c, err := find[docket.Cursor](ctx, s, settingKey("CURSOR-"+name), "cursor")
	if errors.Is(err, fault.NotFound) {
		return docket.Cursor{}, nil
	}
	return c, err
}

// PutCursor keeps it. See [docket.Cursors].
func (s *Store) PutCursor(ctx context.Context, name string, c docket.Cursor) error {
	it, err := document(settingKey("CURSOR-"+name), c)
	if err != nil {
		return err
	}
	return s.put(ctx, it, "")
}
