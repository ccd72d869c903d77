package casework

import (
	"slices"

	"jixu/internal/fault"
	"jixu/internal/party"
)

// Amend replaces the recorded reply by a later letter (答复更正): another number
// or date, its own evidence, and why. The earlier reply stays in Former and in
// history. Everybody who was told of the earlier one is told of this one. It
// fails as [Case.Permits], with [fault.Conflict] for the same letter again, and
// with [fault.Invalid] as [Case.Record] and without a reason.
func (c Case) Amend(d Decision, e Evidence, why string, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Amend, a); err != nil {
		return Change{}, err
	}
	was := *c.Decision
	if d.Number == was.Number && d.Date == was.Date {
		return Change{}, fault.New(fault.Conflict, "amend.same")
	}
	if d.Date.Before(was.Date) && !d.Date.IsZero() {
		return Change{}, fault.Fields([]fault.Problem{{Field: "date", Code: "amend.earlier", Args: []any{was.Date.String()}}})
	}
	problems := append(c.checkDecision(d, e, s), sentence("why", why, 1, maxReason)...)
	if err := fault.Fields(problems); err != nil {
		return Change{}, err
	}
	d.Submission, d.Person, d.Org, d.At = was.Submission, a.Person, a.Org, s.Now
	d.Evidence, d.Transcript = e.File, a.Kind != party.Regulator
	c.Former = append(slices.Clone(c.Former), was)
	c.Decision, c.Status = &d, Approved
	tell := []string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission, s.Agencies.Customs}
	if d.Outcome == Refuse {
		c.Status = Refused
		if was.Outcome == Refuse {
			tell = tell[:3] // Customs never heard of an approval
		}
	}
	return Change{
		Case: c, Verb: Amend, By: a,
		Facts: &Facts{
			Reason: why, Shares: without(tell), Decision: decisionFx(d, e), Replaced: decisionFx(was, Evidence{File: was.Evidence}),
		},
	}, nil
}
