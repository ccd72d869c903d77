package gate

import (
	"time"

	"jixu/internal/calendar"
)

// Recounted returns g with its deadline as cal counts it, its clock armed anew, and
// whether that is another deadline than before. A firm deadline that has passed never moves.
// A ring that has come but was not recorded yet is recorded first: until then nothing is
// counted again.
func (g Gate) Recounted(cal calendar.Calendar, now time.Time) (Gate, bool) {
	if g.Status != Open || g.Deadline == nil || g.Limit == nil || g.Ring != nil && !g.Ring.At.After(now) {
		return g, false
	}
	was := *g.Deadline
	d, moved := RecountDeadline(cal, was, now)
	if !moved {
		return g, false
	}
	next := g.Ring
	if g.Hold != nil {
		next = g.Hold.Then
	}
	g.Deadline = &d
	rung := next == nil || next.Kind == Overdue // the old deadline has been spoken of
	switch {
	case !rung || d.Due.After(now):
		next = g.ringAfter(cal, now)
	case g.mayLapse() && !d.Provisional:
		next = &Ring{Kind: Due, At: d.Due} // it was only provisional when it was spoken of; now it counts
	}
	g.Ring = g.soonest(next)
	return g, true
}

// RecountDeadline returns was as cal counts it, and whether that is another due
// instant, or the same one no longer provisional. A firm deadline that has passed never moves.
func RecountDeadline(cal calendar.Calendar, was calendar.Deadline, now time.Time) (calendar.Deadline, bool) {
	if was.Trace.CalendarVersion == cal.Version || !was.Provisional && !was.Due.After(now) {
		return was, false
	}
	d := cal.Recount(was)
	return d, !d.Due.Equal(was.Due) || d.Provisional != was.Provisional
}
