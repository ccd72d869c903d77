package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/table"
)

// furthest is how far the law's clock may run ahead, all steps together. It never goes
// back, so a slip of the finger would cost the whole table.
const furthest = 10 * 366 * 24 * time.Hour

// errClock is a step that the clock does not take.
var errClock = errors.New("the clock was not moved")

// mayStep fails for a step of d when the clock runs ahead already by so much.
func mayStep(ahead, d time.Duration) error {
	switch {
	case d < 0:
		return fmt.Errorf("%w: it only goes forward", errClock)
	case d > furthest-ahead: // as a difference, for a sum might overflow
		return fmt.Errorf("%w: it is %.0f days ahead of this machine's, and ten years (%.0f days) in all are the most", errClock, days(ahead), days(furthest))
	}
	return nil
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

// MoveClock moves the law's clock ahead by d and returns where it stands. It
// never goes back: history would.
func MoveClock(ctx context.Context, env Environment, d time.Duration) (time.Time, error) {
	store := env.Store()
	ahead, err := store.Offset(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("moving the clock: %w", err)
	}
	if d != 0 {
		if err := mayStep(ahead, d); err != nil {
			return time.Time{}, err
		}
		if err := store.SetOffset(ctx, ahead+d); err != nil {
			return time.Time{}, fmt.Errorf("moving the clock: %w", err)
		}
	}
	return table.Clock{Store: store, Moves: true}.Now(ctx)
}
