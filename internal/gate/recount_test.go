package gate

import (
	"os"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jixu/internal/calendar"
	"jixu/internal/policy"
)

// Calendars by how many years of notices they know: 2024, to 2025, to 2026.
func calendars(t *testing.T) []calendar.Calendar {
	t.Helper()
	var out []calendar.Calendar
	var files [][]byte
	for _, y := range []string{"2024", "2025", "2026"} {
		b, err := os.ReadFile("../calendar/data/" + y + ".json")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
		c, err := calendar.Parse(files...)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func limits() *rapid.Generator[policy.Limit] {
	return rapid.Custom(func(t *rapid.T) policy.Limit {
		clock := rapid.SampledFrom([]calendar.Clock{calendar.WorkingDays, calendar.CalendarDays, calendar.Hours}).Draw(t, "clock")
		return policy.Limit{
			Clock: clock, N: rapid.IntRange(1, 60).Draw(t, "n"), RollOver: clock == calendar.CalendarDays && rapid.Bool().Draw(t, "roll"),
			RemindBefore:  rapid.SampledFrom([][]int{nil, {2}, {10, 5, 1}}).Draw(t, "remind"),
			EscalateEvery: rapid.IntRange(0, 3).Draw(t, "escalate"),
		}
	})
}

// A gate that was opened when less was known and is counted again is as if
// everything had been known when it opened: the deadline always, and the next ring while the
// deadline lies ahead.
func TestRecountedIsArmedFromTheStart(t *testing.T) {
	known := calendars(t)
	rapid.Check(t, func(t *rapid.T) {
		l := limits().Draw(t, "limit")
		least := rapid.IntRange(0, 1).Draw(t, "known then")
		then, cal := known[least], known[rapid.IntRange(least+1, 2).Draw(t, "known now")]
		start := calendar.Day{Year: 2024, Month: 11, Day: 1}.Start().Add(time.Duration(rapid.Int64Range(0, 420*86400).Draw(t, "start")) * time.Second)
		now := start.Add(time.Duration(rapid.Int64Range(0, 100*86400).Draw(t, "now")) * time.Second)
		g := ring(Gate{Status: Open, Limit: &l}.Armed(then, start), then, now)
		was := *g.Deadline

		got, moved := g.Recounted(cal, now)
		if !was.Provisional && !was.Due.After(now) {
			if moved || !reflect.DeepEqual(got, g) {
				t.Fatalf("a firm deadline that has passed: got %s, want it where it was, %s", got.Deadline.Due, was.Due)
			}
			return
		}
		want := Gate{Status: Open, Limit: &l}.Armed(cal, start)
		if !got.Deadline.Due.Equal(want.Deadline.Due) || got.Deadline.Provisional != want.Deadline.Provisional {
			t.Fatalf(
				"counted again at %s: got %s (%t), want %s (%t)",
				now,
				got.Deadline.Due,
				got.Deadline.Provisional,
				want.Deadline.Due,
				want.Deadline.Provisional,
			)
		}
		if moved != (!was.Due.Equal(want.Deadline.Due) || was.Provisional != want.Deadline.Provisional) {
			t.Fatalf("got moved %t from %s to %s", moved, was.Due, want.Deadline.Due)
		}
		if moved && !reflect.DeepEqual(got.Deadline, want.Deadline) {
			t.Fatalf("the trace: got %+v, want %+v", got.Deadline, want.Deadline)
		}
		if moved && !was.Due.Equal(want.Deadline.Due) && want.Deadline.Due.After(now) && was.Due.After(now) {
			if want = ring(want, cal, now); !reflect.DeepEqual(got.Ring, want.Ring) {
				t.Fatalf("the next ring: got %+v, want %+v", got.Ring, want.Ring)
			}
		}
		if again, twice := got.Recounted(cal, now); moved && twice {
			t.Fatalf("counted a third time: got another %+v, want it the same", again.Deadline)
		}
	})
}

// ring lets every ring of g happen that has come at now.
func ring(g Gate, cal calendar.Calendar, now time.Time) Gate {
	for g.Ring != nil && !g.Ring.At.After(now) {
		g = g.Rang(cal)
	}
	return g
}

func TestRecounted(t *testing.T) {
	known := calendars(t)
	then, cal := known[1], known[2] // before and after the notice of 2026
	limit := policy.Limit{Clock: calendar.WorkingDays, N: 3, RemindBefore: []int{2}, EscalateEvery: 1}
	start := calendar.Day{Year: 2026, Month: 4, Day: 3}.At(9, 0) // due 2026-04-08 if nothing is known, 2026-04-09 by the notice
	at := func(day, hour int) time.Time { return calendar.Day{Year: 2026, Month: 4, Day: day}.At(hour, 0) }
	lapsing := limit
	lapsing.Effect = policy.Lapse
	for _, row := range []struct {
		name string
		gate func(Gate) Gate
		now  time.Time
		due  string
		ring string
	}{
		{"before anything rang, the reminder is set anew", nil, start, "2026-04-09", "reminder 04-07 09:00"},
		{"when it was reminded too early it is reminded again", func(g Gate) Gate { return ring(g, then, at(6, 9)) }, at(6, 9), "2026-04-09", "reminder 04-07 09:00"},
		{"a ring that has come is recorded first", nil, at(6, 9), "2026-04-08", "reminder 04-06 09:00"},
		{"a provisional deadline that passed too early comes again", func(g Gate) Gate { return ring(g, then, at(9, 8)) }, at(9, 8), "2026-04-09", "due 04-09 23:59"},
		{"a provisional deadline that has passed by both stays overdue", func(g Gate) Gate { return ring(g, then, at(10, 8)) }, at(10, 8), "2026-04-09", "overdue 04-10 23:59"},
		{"one that ends the case does so once it is firm", func(g Gate) Gate {
			g.Kind, g.Limit = Supplement, &lapsing
			return ring(g, then, at(10, 8))
		}, at(10, 8), "2026-04-09", "due 04-09 23:59"},
		{"a held gate still wakes its party first", func(g Gate) Gate {
			return g.Held(Hold{Until: calendar.Day{Year: 2026, Month: 4, Day: 5}})
		}, calendar.Day{Year: 2026, Month: 4, Day: 3}.At(10, 0), "2026-04-09", "wake 04-05 09:00"},
		{"an answered gate is history", func(g Gate) Gate { g.Status = Answered; return g }, start, "2026-04-08", "reminder 04-06 09:00"},
	} {
		g := Gate{Status: Open, Limit: &limit}.Armed(then, start)
		if row.gate != nil {
			g = row.gate(g)
		}
		got, moved := g.Recounted(cal, row.now)
		if d := calendar.DayOf(got.Deadline.Due).String(); d != row.due || moved == (row.due == "2026-04-08") {
			t.Errorf("%s: got %s (moved %t), want %s", row.name, d, moved, row.due)
		}
		if r := string(got.Ring.Kind) + got.Ring.At.In(calendar.Shanghai).Format(" 01-02 15:04"); r != row.ring {
			t.Errorf("%s: got the next ring %s, want %s", row.name, r, row.ring)
		}
	}
	if g, moved := (Gate{Status: Open}).Recounted(cal, start); moved || g.Deadline != nil {
		t.Error("a gate without a limit has nothing to count: got a deadline")
	}
}
