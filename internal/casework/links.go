package casework

import (
	"slices"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// RevokeLinks ends every link of g that was sent before, every code that was
// asked for with one, and every session that a code opened; fresh links are sent
// to whoever had some. It fails as [Case.MayRevokeLinks].
func (c Case) RevokeLinks(g gate.Gate, a party.Actor, _ Setting) (Change, error) {
	if err := c.MayRevokeLinks(g, a); err != nil {
		return Change{}, err
	}
	g.Issue++
	renewed := opening(g)
	renewed.Counted = nil // it was counted when the gate was opened
	return Change{Case: c, Verb: RevokeLinks, By: a, Changed: []gate.Gate{g}, Facts: &Facts{Leg: g.Leg, Renewed: &renewed}}, nil
}

// MayRevokeLinks lets whoever may answer g end its links, and the administrators
// of who is sent them: the party and those who may record for it. It fails as
// [Case.Permits], with [fault.NotFound] for another organisation's gate, with
// [fault.Forbidden] for people of another role, and with [fault.Conflict] for a
// gate that no link opens or that is answered.
func (c Case) MayRevokeLinks(g gate.Gate, a party.Actor) error {
	if err := c.Permits(RevokeLinks, a); err != nil {
		return err
	}
	switch {
	case g.Of != c.ID || a.Org != g.Party && !slices.Contains(g.Recorders, a.Org):
		return fault.New(fault.NotFound, "gate")
	case !a.Holds(party.Administrator) && g.MayAnswer(a) != nil:
		return fault.New(fault.Forbidden, "role")
	case g.Kind != gate.Assess && g.Kind != gate.Decide:
		return fault.New(fault.Conflict, "case.state")
	case g.Status != gate.Open || c.Leg(g.Leg).Gate != g.ID:
		return fault.New(fault.Conflict, "gate.answered")
	}
	return nil
}

// mayEndLinks is who could end the links of one of the two legs. Whose gate it
// is, the move asks the gate.
func mayEndLinks(c Case, a party.Actor) bool {
	agencies := []party.Kind{party.MunicipalMPA, party.HealthCommission, party.Regulator}
	return agencyStaff(c, a) || a.Holds(party.Administrator) && slices.Contains(agencies, a.Kind)
}
