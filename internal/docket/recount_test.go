package docket_test

import (
	"context"
	"os"
	"strconv"
	"testing"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/gate"
	"jixu/internal/memory"
)

// knowing is the calendar that knows the notices up to year.
func knowing(t *testing.T, year int) calendar.Calendar {
	t.Helper()
	var files [][]byte
	for y := 2024; y <= year; y++ {
		b, err := os.ReadFile("../calendar/data/" + strconv.Itoa(y) + ".json")
		must(t, err)
		files = append(files, b)
	}
	c, err := calendar.Parse(files...)
	must(t, err)
	return c
}

// When the calendar has grown, the next sweep counts every open deadline again,
// once, wherever it fails or dies on the way; the clock rings by the new day.
func TestTheSweepRecountsOnce(t *testing.T) {
	ctx := context.Background()
	for n := 0; ; n++ {
		calls := 0
		for _, fate := range memory.Fates[1:] {
			p := &play{town: newTown(t)}
			p.Desk.Calendar = knowing(t, 2025)
			p.World.Clock.Set(calendar.Day{Year: 2025, Month: 12, Day: 24}.At(10, 0))
			p.draft()
			p.submit()
			p.Desk.Calendar = knowing(t, 2026)
			before := p.Calls
			p.Faults = faultAt(before+n, fate)
			_, _ = p.Under(func() error { _, err := p.Relay.Sweep(ctx); return err })
			calls = p.Calls - before
			p.Faults = nil
			for range 3 {
				_, err := p.Relay.Sweep(ctx)
				must(t, err)
				p.Engine()
			}
			entries, err := p.Desk.Store.Entries(ctx, p.id)
			must(t, err)
			recounts := 0
			for _, e := range entries {
				if e.Verb == string(casework.Recount) {
					recounts++
				}
			}
			g, _ := p.record().Open(gate.Opinion)
			if got := calendar.DayOf(g.Deadline.Due).String(); recounts != 1 || got != "2026-01-08" || g.Deadline.Provisional {
				t.Fatalf("call %d %s: got %d entries and %s (provisional %t), want one and 2026-01-08, firm", n, fate, recounts, got, g.Deadline.Provisional)
			}
			due, err := p.Desk.Store.Due(ctx, g.Ring.At, 10)
			must(t, err)
			found := false
			for _, ref := range due {
				found = found || ref.Gate == g.ID && ref.At.Equal(g.Ring.At)
			}
			if !found {
				t.Fatalf("call %d %s: the ring of %s is not among %v", n, fate, g.Ring.At, due)
			}
		}
		if n > calls {
			break
		}
	}
}
