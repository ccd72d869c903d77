package gate

import (
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/policy"
)

var (
	cal     = calendar.Official()
	ten     = policy.Limit{Clock: calendar.WorkingDays, N: 10, RemindBefore: []int{2}, EscalateEvery: 5}
	opening = calendar.Day{Year: 2026, Month: 3, Day: 2}.At(10, 0) // due on 16 March
)

func on(month time.Month, day int) time.Time {
	return calendar.Day{Year: 2026, Month: month, Day: day}.At(10, 0)
}

func says(r *Ring) string {
	if r == nil {
		return "nothing"
	}
	return string(r.Kind) + r.At.In(calendar.Shanghai).Format(" 01-02 ") + string(rune('0'+r.No))
}

// After a jump of the clock only the newest of the rings that came is spoken of,
// and it says how many came before it.
func TestAfterAJumpTheClockSpeaksOnceOfWhatWasMissed(t *testing.T) {
	for _, row := range []struct {
		name   string
		now    time.Time
		spoken string
		missed int
		next   string
	}{
		{"nothing has come", on(3, 3), "reminder 03-12 0", 0, "due 03-16 0"},
		{"the reminder has come", on(3, 13), "reminder 03-12 0", 0, "due 03-16 0"},
		{"the reminder was missed and the day itself has come", on(3, 17), "due 03-16 0", 1, "overdue 03-23 1"},
		{"two escalations have come", on(3, 31), "overdue 03-30 2", 3, "overdue 04-07 3"},
	} {
		g := Gate{Status: Open, Kind: Assess, Limit: &ten}.Armed(cal, opening)
		g, missed := g.CaughtUp(cal, row.now)
		if got := says(g.Ring); got != row.spoken || missed != row.missed {
			t.Errorf("%s: got %s and %d missed, want %s and %d", row.name, got, missed, row.spoken, row.missed)
		}
		if got := says(g.Rang(cal).Ring); got != row.next {
			t.Errorf("%s: got next %s, want %s", row.name, got, row.next)
		}
	}
}

func TestAJumpPassesOverNoDayThatEndsACase(t *testing.T) {
	l := ten
	l.Effect = policy.Lapse
	g := Gate{Status: Open, Kind: Supplement, Limit: &l}.Armed(cal, opening)
	g, missed := g.CaughtUp(cal, on(4, 20))
	if got := says(g.Ring); got != "due 03-16 0" || missed != 1 || !g.Lapses(on(4, 20)) {
		t.Errorf("got %s, %d missed, lapses %v, want the due day itself after one reminder", got, missed, g.Lapses(on(4, 20)))
	}
}

func TestAClockThatGoesOnOverdueDoesNotRingThePastAgain(t *testing.T) {
	d := cal.Due(opening, ten.Count())
	g := Gate{Status: Open, Kind: Assess, Limit: &ten}.ArmedBy(cal, d, on(4, 1))
	if got := says(g.Ring); got != "overdue 04-07 3" {
		t.Errorf("got %s, want the third escalation, which is still to come", got)
	}
	once := ten
	once.EscalateEvery = 0
	g = Gate{Status: Open, Kind: Assess, Limit: &once}.ArmedBy(cal, d, on(4, 1))
	if g.Ring != nil {
		t.Errorf("without escalations: got %s, want nothing more to ring", says(g.Ring))
	}
}

func TestNothingLapsesOnAProvisionalDay(t *testing.T) {
	l := ten
	l.Effect = policy.Lapse
	g := Gate{Status: Open, Kind: Supplement, Limit: &l}.Armed(cal, opening)
	g.Deadline.Provisional = true
	g, _ = g.CaughtUp(cal, g.Deadline.Due.Add(time.Minute))
	if g.Ring.Kind != Due || g.Lapses(g.Deadline.Due.Add(time.Minute)) {
		t.Errorf("got %s, lapses %v, want the due day spoken of and nothing ended", says(g.Ring), g.Lapses(g.Deadline.Due.Add(time.Minute)))
	}
}
