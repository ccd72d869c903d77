package casework

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/policy"
)

// known returns the calendar that knew the notices up to year.
func known(t *testing.T, year int) calendar.Calendar {
	t.Helper()
	var files [][]byte
	for y := 2024; y <= year; y++ {
		b, err := os.ReadFile("../calendar/data/" + strconv.Itoa(y) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	c, err := calendar.Parse(files...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// When the notice of the next year comes, every open deadline and every stopped
// clock is counted again, and the entry says what it was and what it is.
func TestRecountWhenTheNoticeComes(t *testing.T) {
	day := func(month time.Month, d int) time.Time {
		return calendar.Day{Year: 2025, Month: month, Day: d}.At(10, 0)
	}
	at := func(now time.Time, year int) Setting {
		s := setting(now)
		s.Calendar = known(t, year)
		return s
	}
	live := func(year int) *life {
		l := &life{t: t, gates: map[string]gate.Gate{}}
		l.take(New("c1", "JX-1", policy.Device, "pack-v1", people["applicant"], at(day(12, 22), year)))
		l.take(l.c.Submit(dossierOf(10), people["applicant"], at(day(12, 22), year)))
		return l.take(l.c.Ask([]Defect{{What: "请补充"}}, len(l.c.Submissions), l.open(gate.Opinion), "d", people["MPA assessor"], at(day(12, 29), year)))
	}
	l, want := live(2025), live(2026)
	was := l.open(gate.Opinion).Deadline.Due
	now := at(day(12, 30), 2026)
	open := []gate.Gate{l.open(gate.Opinion), l.open(gate.Reply)}
	l.take(l.c.Recount(open, now))

	for _, leg := range gate.Legs {
		got, fresh := l.open(leg), want.open(leg)
		if !got.Deadline.Due.Equal(fresh.Deadline.Due) || got.Deadline.Provisional || got.Ring == nil || !got.Ring.At.Equal(fresh.Ring.At) {
			t.Errorf("%s: got %s ringing %+v, want %s ringing %+v", leg, got.Deadline.Due, got.Ring, fresh.Deadline.Due, fresh.Ring)
		}
	}
	if got, fresh := l.c.Opinion.Clock.Deadline, want.c.Opinion.Clock.Deadline; !got.Due.Equal(fresh.Due) || got.Provisional {
		t.Errorf("the agency's stopped clock: got %s, want %s", got.Due, fresh.Due)
	}
	f := l.facts[len(l.facts)-1]
	if len(f.Recounts) != 3 || f.Recounts[0].Was != instant(was) || f.Recounts[0].Due != instant(l.open(gate.Opinion).Deadline.Due) ||
		f.Recounts[0].Party != "h1" ||
		f.Recounts[2].Gate != "" {
		t.Errorf("the entry: got %+v, want three deadlines, old and new, the stopped clock without a gate", f.Recounts)
	}
	if _, err := l.c.Recount([]gate.Gate{l.open(gate.Opinion), l.open(gate.Reply)}, now); !errors.Is(err, fault.Conflict) {
		t.Errorf("counted again by the same calendar: got %v, want %v", err, fault.Conflict)
	}
	// The clock that goes on after the supplement ends where it would have ended.
	answered := at(day(12, 31), 2026)
	l.take(l.c.Resubmit(dossierOf(8), l.open(gate.Opinion), nil, "d", people["applicant"], answered))
	want.take(want.c.Resubmit(dossierOf(8), want.open(gate.Opinion), nil, "d", people["applicant"], answered))
	if got, fresh := l.open(gate.Opinion).Deadline, want.open(gate.Opinion).Deadline; !got.Due.Equal(fresh.Due) {
		t.Errorf("resumed: got %s, want %s", got.Due, fresh.Due)
	}
}

// The supplement is answered before any sweep came by: the clock that goes on is
// counted by what is known now, though it was stopped among days nobody knew.
func TestAStoppedClockGoesOnByWhatIsKnown(t *testing.T) {
	at := func(year int, month time.Month, d, knows int) Setting {
		s := setting(calendar.Day{Year: year, Month: month, Day: d}.At(10, 0))
		s.Calendar = known(t, knows)
		return s
	}
	var dues []time.Time
	for _, knew := range []int{2025, 2026} {
		l := &life{t: t, gates: map[string]gate.Gate{}}
		l.take(New("c1", "JX-1", policy.Device, "pack-v1", people["applicant"], at(2025, 12, 22, knew)))
		l.take(l.c.Submit(dossierOf(10), people["applicant"], at(2025, 12, 22, knew)))
		l.take(l.c.Ask([]Defect{{What: "请补充"}}, len(l.c.Submissions), l.open(gate.Opinion), "d", people["MPA assessor"], at(2026, 1, 5, knew)))
		l.take(l.c.Resubmit(dossierOf(8), l.open(gate.Opinion), nil, "d", people["applicant"], at(2026, 1, 12, 2026)))
		dues = append(dues, l.open(gate.Opinion).Deadline.Due)
	}
	if !dues[0].Equal(dues[1]) {
		t.Errorf("got %s, want %s", dues[0], dues[1])
	}
}
