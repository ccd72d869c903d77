package casework

import (
	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/typed"
)

// Hold puts g aside until a day, with a reason that only the party's own people
// read. The clock goes on: no rule lets an agency stop it. It fails as
// [Case.Permits] and [gate.Gate.MayArrange], and with [fault.Invalid] without a
// reason or for a day that is not to come.
func (c Case) Hold(reason string, until calendar.Day, g gate.Gate, a party.Actor, s Setting) (Change, error) {
	if err := c.PermitsAt(HoldVerb, g, a); err != nil {
		return Change{}, err
	}
	var in typed.Reader
	reason = in.Text("reason", reason, 1, maxReason)
	today := calendar.DayOf(s.Now)
	switch {
	case until.IsZero():
		in.Problems = append(in.Problems, fault.Problem{Field: "until", Code: "field.missing"})
	case !until.After(today), until.After(today.AddDays(366)):
		in.Problems = append(in.Problems, fault.Problem{Field: "until", Code: "hold.until"})
	}
	if err := in.Err(); err != nil {
		return Change{}, err
	}
	g = g.Held(gate.Hold{Reason: reason, Until: until, Person: a.Person, At: s.Now})
	return c.worked(HoldVerb, g, WorkFx{Gate: g.ID, Until: until.String()}, a), nil
}

// Release takes a held gate up again. It fails as [Case.Hold], and with
// [fault.Conflict] if nobody holds it.
func (c Case) Release(g gate.Gate, a party.Actor, _ Setting) (Change, error) {
	if err := c.PermitsAt(Release, g, a); err != nil {
		return Change{}, err
	}
	return c.worked(Release, g.Released(), WorkFx{Gate: g.ID}, a), nil
}

// Assign names to, one of the party's people who may answer g, as the one who
// works on it. It binds nobody else: whoever has the role may still answer.
// It fails as [Case.Hold], and with [fault.Invalid] if to may not answer.
func (c Case) Assign(to party.Actor, g gate.Gate, a party.Actor, _ Setting) (Change, error) {
	if err := c.PermitsAt(Assign, g, a); err != nil {
		return Change{}, err
	}
	if to.Org != a.Org || g.MayAnswer(to) != nil {
		return Change{}, fault.Fields([]fault.Problem{{Field: "person", Code: "assign.role"}})
	}
	return c.worked(Assign, g.Assigned(to.Person), WorkFx{Gate: g.ID, Person: to.Person}, a), nil
}

// worked is a change of g that is the party's own business.
func (c Case) worked(v Verb, g gate.Gate, fx WorkFx, a party.Actor) Change {
	return Change{Case: c, Verb: v, By: a, Changed: []gate.Gate{g}, Facts: &Facts{Leg: g.Leg, Work: &fx}}
}

func (c Case) permitsWork(v Verb, g gate.Gate, a party.Actor) error {
	if err := c.MayRead(a); err != nil {
		return err
	}
	if err := g.MayArrange(a); err != nil {
		return err
	}
	if g.Kind != gate.Assess && g.Kind != gate.Decide {
		return fault.New(fault.Conflict, "case.state")
	}
	if g.Of != c.ID || g.Status != gate.Open || c.Leg(g.Leg).Gate != g.ID {
		return fault.New(fault.Conflict, "gate.answered")
	}
	return c.Permits(v, a)
}
