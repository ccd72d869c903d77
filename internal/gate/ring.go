package gate

import (
	"time"

	"jixu/internal/calendar"
	"jixu/internal/policy"
)

// RingKind is what the clock says when a gate rings.
type RingKind string

const (
	Reminder RingKind = "reminder" // some working days before the deadline
	Due      RingKind = "due"      // at the deadline
	Overdue  RingKind = "overdue"  // after it, again and again; nobody is blocked by it
	Wake     RingKind = "wake"     // the day until which the party itself held it
)

// reminderHour is when a day's reminders ring, in Shanghai: at the start of work.
const reminderHour = 9

// Ring is one instant at which the clock speaks of an open gate.
type Ring struct {
	Kind RingKind  `json:"Kind"`
	At   time.Time `json:"At"`
	No   int       `json:"No"` // counts the overdue rings, from 1; 0 for the others
}

// Armed returns g with its deadline counted from start by its limit and its
// first ring set. Without a limit there is no deadline and no ring.
func (g Gate) Armed(cal calendar.Calendar, start time.Time) Gate {
	if g.Limit == nil {
		return g
	}
	d := cal.Due(start, g.Limit.Count())
	return g.ArmedBy(cal, d, start)
}

// ArmedBy returns g with deadline d and the first ring after now. Of a deadline
// that has passed, as when a supplement stopped a clock that was over, that is the
// next escalation to come, with the number it has by then: the past was rung
// where it happened.
func (g Gate) ArmedBy(cal calendar.Calendar, d calendar.Deadline, now time.Time) Gate {
	g.Deadline = &d
	next := g.ringAfter(cal, now)
	for next != nil && next.At.Before(now) {
		next = g.nextOverdue(cal, *next)
	}
	g.Ring = g.soonest(next)
	return g
}

// CaughtUp returns g with the newest of its rings that have come by now as its
// ring, and how many came before that one without being spoken of: after a jump of
// the clock people hear once what they missed. The due day of a gate that lapses
// is never passed over.
func (g Gate) CaughtUp(cal calendar.Calendar, now time.Time) (caught Gate, missed int) {
	for g.Ring != nil && !g.Lapses(now) {
		next := g.Rang(cal)
		if next.Ring == nil || next.Ring.At.After(now) {
			break
		}
		g, missed = next, missed+1
	}
	return g, missed
}

// Rang returns g after its ring was recorded, with the next one set.
func (g Gate) Rang(cal calendar.Calendar) Gate {
	rung := g.Ring
	if rung == nil {
		return g
	}
	switch rung.Kind {
	case Wake:
		return g.Released()
	case Reminder:
		g.Ring = g.soonest(g.ringAfter(cal, rung.At))
	default:
		g.Ring = g.soonest(g.nextOverdue(cal, *rung))
	}
	return g
}

// ringAfter returns the first reminder after t, else the deadline itself.
// Reminders whose time has passed before the gate opened are left out.
func (g Gate) ringAfter(cal calendar.Calendar, t time.Time) *Ring {
	var best *Ring
	for _, days := range g.Limit.RemindBefore {
		at := cal.BackFrom(calendar.DayOf(g.Deadline.Due), days).At(reminderHour, 0)
		if at.After(t) && at.Before(g.Deadline.Due) && (best == nil || at.Before(best.At)) {
			best = &Ring{Kind: Reminder, At: at}
		}
	}
	if best == nil {
		best = &Ring{Kind: Due, At: g.Deadline.Due}
	}
	return best
}

// nextOverdue returns the next escalation, or nil if the limit asks for none.
func (g Gate) nextOverdue(cal calendar.Calendar, last Ring) *Ring {
	if g.Limit.EscalateEvery <= 0 {
		return nil
	}
	next := cal.Due(last.At, calendar.Limit{Clock: calendar.WorkingDays, N: g.Limit.EscalateEvery})
	return &Ring{Kind: Overdue, At: next.Due, No: last.No + 1}
}

// Lapses reports whether the deadline of g has come at now and its limit ends
// the case for it: a supplement only, and only by an official or local rule. A day
// that is provisional ends nothing: the end of a case cannot be counted again.
func (g Gate) Lapses(now time.Time) bool {
	return g.mayLapse() && !g.Deadline.Provisional && g.Ring != nil && g.Ring.Kind == Due && !g.Ring.At.After(now)
}

// mayLapse reports whether g's deadline, once firm, ends the case.
func (g Gate) mayLapse() bool {
	return g.Status == Open && g.Kind == Supplement && g.Limit != nil && g.Limit.Effect == policy.Lapse && g.Deadline != nil
}
