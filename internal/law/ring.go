package law

import (
	"jixu/internal/fault"
	"jixu/internal/gate"
)

// Ring lets the clock speak of an open gate: g afterwards, with its next ring, and what
// its entry says. After a jump of the clock it speaks once of what was missed. Who
// coordinates hears of an overdue gate too. It fails with [fault.Conflict] unless a ring
// of an open gate has come.
func Ring(g gate.Gate, s Setting) (gate.Gate, Rung, error) {
	if g.Status != gate.Open || g.Ring == nil || g.Ring.At.After(s.Now) {
		return g, Rung{}, fault.New(fault.Conflict, "ring.early")
	}
	g, missed := g.CaughtUp(s.Calendar, s.Now)
	r := *g.Ring
	out := Rung{Gate: g.ID, Party: g.Party, Kind: r.Kind, No: r.No, Missed: missed, Due: Text(r.At), Rang: Text(s.Now)}
	if r.Kind == gate.Overdue {
		out.Escalated = s.Agencies.Coordinator(g.Party)
	}
	return g.Rang(s.Calendar), out, nil
}
