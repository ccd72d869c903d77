package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Clock is the unit a limit counts in.
type Clock string

const (
	WorkingDays  Clock = "working-days"  // to the end of the Nth working day after the start day
	CalendarDays Clock = "calendar-days" // to the end of the Nth day after the start day
	Hours        Clock = "hours"         // to the exact instant
)

// MaxN is the largest limit there is, in any unit; larger ones count as MaxN.
const MaxN = 100000

// Limit is how long something may take. N is at least 1; a smaller one counts
// as 1, so that nothing is ever due the moment it starts.
type Limit struct {
	Clock Clock `json:"clock"`
	N     int   `json:"n"`

	// RollOver moves the end of calendar days from a rest day to the next
	// working day (Civil Code art. 203). Working days never end on a rest day,
	// and hours are never moved.
	RollOver bool `json:"rollOver,omitempty"`
}

// Deadline is a due instant with the trace of how it was counted.
type Deadline struct {
	Due         time.Time `json:"due"`         // the last second that is still in time; for hours, the exact instant
	Provisional bool      `json:"provisional"` // counted over days whose holidays are not announced
	Trace       Trace     `json:"trace"`
}

// Trace is everything needed to explain a deadline later without the calendar
// that counted it. Its field names are stored and do not change.
type Trace struct {
	Start           time.Time `json:"start"`
	Clock           Clock     `json:"clock"`
	N               int       `json:"n"`
	RollOver        bool      `json:"rollOver,omitempty"`
	CalendarVersion string    `json:"calendarVersion"`
	KnownThrough    Day       `json:"knownThrough"`
	Counted         int       `json:"counted"`           // days counted; 0 for hours
	Last            Day       `json:"last"`              // the day on which it is due
	Skipped         []Span    `json:"skipped,omitempty"` // rest days that were not counted
	Moved           []Span    `json:"moved,omitempty"`   // rest days the end was moved over
	Pauses          []Pause   `json:"pauses,omitempty"`  // when the clock stood still
}

// Span is a run of days with one reason.
type Span struct {
	From   Day    `json:"from"`
	To     Day    `json:"to"` // included
	Reason Reason `json:"reason"`
}

// Pause is one time the clock stood still. From and To are the days it does not
// count; they are zero for hours and for a pause that began and ended on one day.
type Pause struct {
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	From  Day       `json:"from"`
	To    Day       `json:"to"`
	Left  int       `json:"left"` // days that remained when it began; whole hours for hours, rounded up
}

// Due returns when l, started at start, runs out. The start day is not counted
// (Civil Code art. 201). Years outside the calendar's notices count weekends as
// rest and nothing else, and make the deadline provisional.
func (c Calendar) Due(start time.Time, l Limit) Deadline {
	return c.count(Trace{Start: start, Clock: l.Clock, N: min(max(l.N, 1), MaxN), RollOver: l.RollOver})
}

// Recount returns d as this calendar would have counted it from the start: the
// same start and limit, and each pause taken again when it came. It is how a
// provisional deadline becomes firm.
func (c Calendar) Recount(d Deadline) Deadline {
	t := d.Trace
	pauses := t.Pauses
	t.Pauses = nil
	out := c.count(t)
	for _, p := range pauses {
		out = c.Resume(out, p.At, p.Until)
	}
	return out
}

// Resume returns d after its clock stood still from pausedAt to resumedAt, as it
// does during a supplement. The day of the pause is spent; the day of resuming
// is a new start day and not counted; the days that remained follow it. If none
// remained because the pause began on the last day, one is given. A deadline
// that was due when the pause began, and a pause that does not go forward, leave
// d unchanged.
func (c Calendar) Resume(d Deadline, pausedAt, resumedAt time.Time) Deadline {
	if pausedAt.Before(d.Trace.Start) {
		pausedAt = d.Trace.Start
	}
	if !resumedAt.After(pausedAt) || !pausedAt.Before(d.Due) {
		return d
	}
	t := d.Trace
	p := Pause{At: pausedAt, Until: resumedAt}
	if t.Clock == Hours {
		p.Left = int((d.Due.Sub(pausedAt) + time.Hour - 1) / time.Hour)
	} else {
		from, to := DayOf(pausedAt), DayOf(resumedAt)
		spent, lastCounted := 0, Day{}
		for _, s := range Steps(t) {
			if s.N > 0 {
				lastCounted = s.Day
				if !s.Day.After(from) {
					spent = s.N
				}
			}
		}
		p.Left = t.N - spent
		if from.Before(to) {
			p.From, p.To = from.AddDays(1), to
			if p.Left < 1 {
				p.Left, p.From = 1, lastCounted
			}
		}
	}
	t.Pauses = append(slices.Clone(t.Pauses), p)
	return c.count(t)
}

// count walks the days of t.Start, t.Clock, t.N, t.RollOver and t.Pauses, and
// fills in the rest.
func (c Calendar) count(t Trace) Deadline {
	t.CalendarVersion, t.KnownThrough = c.Version, c.KnownThrough
	t.Counted, t.Skipped, t.Moved = 0, nil, nil
	if t.Clock == Hours {
		due := t.Start.Add(time.Duration(t.N) * time.Hour)
		for _, p := range t.Pauses {
			due = due.Add(p.Until.Sub(p.At))
		}
		t.Last = DayOf(due)
		return Deadline{Due: due, Trace: t}
	}
	provisional := false
	d := DayOf(t.Start)
	for t.Counted < t.N {
		d = d.AddDays(1)
		if t.paused(d) {
			continue
		}
		if t.Clock == WorkingDays {
			provisional = provisional || !c.Knows(d)
			if works, why := c.IsWorkingDay(d); !works {
				t.Skipped = extend(t.Skipped, d, why)
				continue
			}
		}
		t.Counted++
	}
	for t.Clock == CalendarDays && t.RollOver {
		provisional = provisional || !c.Knows(d)
		works, why := c.IsWorkingDay(d)
		if works {
			break
		}
		t.Moved = extend(t.Moved, d, why)
		d = d.AddDays(1)
	}
	t.Last = d
	return Deadline{Due: d.End(), Provisional: provisional, Trace: t}
}

func (t Trace) paused(d Day) bool {
	for _, p := range t.Pauses {
		if !p.From.IsZero() && !d.Before(p.From) && !d.After(p.To) {
			return true
		}
	}
	return false
}

// extend adds d to the last span, or begins a new one.
func extend(spans []Span, d Day, why Reason) []Span {
	if n := len(spans); n > 0 && spans[n-1].Reason == why && spans[n-1].To.AddDays(1) == d {
		spans[n-1].To = d
		return spans
	}
	return append(spans, Span{d, d, why})
}

// StepKind says what one day did to the count.
type StepKind string

const (
	Started StepKind = "started" // the start day; not counted
	Counted StepKind = "counted"
	Skipped StepKind = "skipped" // rest day, not counted
	Paused  StepKind = "paused"  // the clock stood still
	Moved   StepKind = "moved"   // rest day the end was moved over
	Ended   StepKind = "ended"   // the end was moved here, or the hours end here
)

// Step is one day of a trace, for people.
type Step struct {
	Day    Day
	Kind   StepKind
	N      int    // the number this day has in the count; 0 if it was not counted
	Reason Reason // why it was skipped or moved over; zero otherwise
	Known  bool   // whether the calendar's notices reached this day
	Due    bool   // the last step
}

// Steps expands t day by day, from the start day to the day it is due. Of hours
// it gives the first and the last day only. It needs no calendar. A trace that
// was not made by this package may give fewer steps, never endlessly many.
func Steps(t Trace) []Step {
	first := DayOf(t.Start)
	steps := []Step{{Day: first, Kind: Started}}
	switch {
	case t.Clock == Hours:
		if t.Last != first {
			steps = append(steps, Step{Day: t.Last, Kind: Ended})
		}
	default:
		n := 0
		for d := first.AddDays(1); !d.After(t.Last) && len(steps) <= 4*MaxN; d = d.AddDays(1) {
			s := Step{Day: d, Kind: Ended}
			if r, ok := reasonOf(t.Skipped, d); ok {
				s.Kind, s.Reason = Skipped, r
			} else if t.paused(d) {
				s.Kind = Paused
			} else if n < t.N {
				n++
				s.Kind, s.N = Counted, n
				if r, ok := reasonOf(t.Moved, d); ok {
					s.Kind, s.Reason = Moved, r
				}
			} else if r, ok := reasonOf(t.Moved, d); ok {
				s.Kind, s.Reason = Moved, r
			}
			steps = append(steps, s)
		}
	}
	for i := range steps {
		steps[i].Known = !t.KnownThrough.IsZero() && !steps[i].Day.After(t.KnownThrough)
	}
	steps[len(steps)-1].Due = true
	return steps
}

func reasonOf(spans []Span, d Day) (Reason, bool) {
	for _, s := range spans {
		if !d.Before(s.From) && !d.After(s.To) {
			return s.Reason, true
		}
	}
	return Reason{}, false
}

// ParseClock reads the name of a clock. It fails for any other word.
func ParseClock(s string) (Clock, error) {
	switch c := Clock(s); c {
	case WorkingDays, CalendarDays, Hours:
		return c, nil
	}
	return "", fmt.Errorf("reading clock: %q is none of working-days, calendar-days, hours", s)
}
