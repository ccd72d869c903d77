package casework

import (
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// RecountFx is one deadline that was counted again because more of the calendar
// is known: what it was and what it is now.
type RecountFx struct {
	Gate        string    `json:"gate,omitempty"` // empty: the agency's clock of Leg, which a supplement has stopped
	Leg         gate.Leg  `json:"leg"`
	Kind        gate.Kind `json:"kind,omitempty"`
	Party       string    `json:"party,omitempty"`
	Recorders   []string  `json:"recorders,omitempty"`
	Issue       int       `json:"issue,omitempty"`
	Was         string    `json:"was"` // RFC 3339
	Due         string    `json:"due"`
	Provisional bool      `json:"provisional"`
	Counted     any       `json:"counted,omitempty"` // the new trace
}

// Recount counts the deadlines of the open gates again by the calendar of s, and
// the agencies' clocks that a supplement has stopped. It fails with [fault.Conflict] if none of
// them changes. A firm deadline that has passed never moves.
func (c Case) Recount(open []gate.Gate, s Setting) (Change, error) {
	if err := c.Permits(Recount, party.System); err != nil {
		return Change{}, err
	}
	out := Change{Verb: Recount, By: party.System, Facts: &Facts{}}
	for _, g := range open {
		was := g.Deadline
		g, moved := g.Recounted(s.Calendar, s.Now)
		if !moved {
			continue
		}
		out.Changed = append(out.Changed, g)
		out.Facts.Recounts = append(out.Facts.Recounts, RecountFx{
			Gate: g.ID, Leg: g.Leg, Kind: g.Kind, Party: g.Party, Recorders: g.Recorders, Issue: g.Issue,
			Was: instant(was.Due), Due: instant(g.Deadline.Due), Provisional: g.Deadline.Provisional, Counted: g.Deadline.Trace,
		})
	}
	for _, leg := range gate.Legs {
		t := c.Leg(leg)
		if t.Clock == nil {
			continue
		}
		// Whether it had passed is asked of the moment it was stopped.
		d, moved := gate.RecountDeadline(s.Calendar, t.Clock.Deadline, t.Clock.At)
		if !moved {
			continue
		}
		out.Facts.Recounts = append(out.Facts.Recounts, RecountFx{
			Leg: leg, Was: instant(t.Clock.Deadline.Due), Due: instant(d.Due), Provisional: d.Provisional, Counted: d.Trace,
		})
		stopped := *t.Clock
		stopped.Deadline = d
		t.Clock = &stopped
		c = c.withLeg(leg, t)
	}
	if len(out.Facts.Recounts) == 0 {
		return Change{}, fault.New(fault.Conflict, "recount.same")
	}
	out.Case = c
	return out, nil
}
