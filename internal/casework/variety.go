package casework

import (
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/reuse"
)

// Identity is a person's finding which variety a case is about (同一品种认定). What
// the hospital says is a claim; only this finding lets an opinion be relied on.
type Identity struct {
	Variety string    `json:"Variety"`
	Reason  string    `json:"Reason"` // 1 to 4000 characters; read by hospital and agencies
	Person  string    `json:"Person"`
	Org     string    `json:"Org"`
	At      time.Time `json:"At"`
}

// Join is an agency's part in the opinion (联合评估).
type Join struct {
	Org       string    `json:"Org"`
	Person    string    `json:"Person"`
	Statement string    `json:"Statement"` // 1 to 4000 characters
	At        time.Time `json:"At"`
}

// Identify records which variety the case is about, and why; fresh says that
// it enters the register with this very move. A later finding replaces an
// earlier one until the opinion is given. It fails as [Case.Permits], with
// [fault.Conflict] once the opinion relied on the finding, and with
// [fault.Invalid] without a reason.
func (c Case) Identify(variety, reason string, fresh bool, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Identify, a); err != nil {
		return Change{}, err
	}
	if c.Variety != nil && c.Given != nil {
		return Change{}, fault.New(fault.Conflict, "variety.used")
	}
	if variety == "" {
		return Change{}, fault.Fields([]fault.Problem{{Field: "variety", Code: "field.missing"}})
	}
	if err := fault.Fields(sentence("reason", reason, 1, maxReason)); err != nil {
		return Change{}, err
	}
	c.Variety = &Identity{Variety: variety, Reason: reason, Person: a.Person, Org: a.Org, At: s.Now}
	return Change{
		Case: c, Verb: Identify, By: a,
		Facts: &Facts{Leg: gate.Opinion, Variety: &VarietyFx{ID: variety, New: fresh, Reason: reason}},
	}, nil
}

// Join makes a's agency part of the opinion, before or after it is given, until
// the national reply. It fails as [Case.Permits], with [fault.Conflict] if the
// agency joined already, and with [fault.Invalid] without a statement.
func (c Case) Join(statement string, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(JoinVerb, a); err != nil {
		return Change{}, err
	}
	if c.joined(a.Org) {
		return Change{}, fault.New(fault.Conflict, "join.twice")
	}
	if c.Closed() {
		return Change{}, fault.New(fault.Conflict, "case.state")
	}
	if err := fault.Fields(sentence("statement", statement, 1, maxReason)); err != nil {
		return Change{}, err
	}
	c.Joins = append(c.Joins[:len(c.Joins):len(c.Joins)], Join{Org: a.Org, Person: a.Person, Statement: statement, At: s.Now})
	return Change{
		Case: c, Verb: JoinVerb, By: a,
		Facts: &Facts{
			Leg: gate.Opinion, Join: &JoinFx{Statement: statement},
			Shares: without([]string{s.Agencies.Of(c.Lead())}),
		},
	}, nil
}

func (c Case) joined(org string) bool {
	for _, j := range c.Joins {
		if j.Org == org {
			return true
		}
	}
	return false
}

// Precedent returns c as the matrix sees it for a later application, and false
// if c cannot be one: no opinion, or none before the reply.
func (c Case) Precedent(hash string) (reuse.Precedent, bool) {
	if c.Given == nil || c.Given.Late || c.Variety == nil || len(c.Submissions) < c.Given.Submission || c.Given.Submission < 1 {
		return reuse.Precedent{}, false
	}
	p := reuse.Precedent{
		Case: c.ID, Number: c.Number, Hospital: c.Hospital, Submission: c.Given.Submission, Entry: c.Given.Entry, Hash: hash,
		Day: calendar.DayOf(c.Given.At), Approved: c.Status == Approved, Joint: c.Joint(),
		Indication: c.Submissions[c.Given.Submission-1].Said.Indication,
	}
	for i, f := range c.Given.Findings {
		p.Own[i], p.Met[i] = !f.Relied, f.Met
	}
	return p, true
}

// Asking is c's newest submission, or its draft as said, as the matrix sees it.
func (c Case) Asking(said Said, s Setting) reuse.Asked {
	today := calendar.DayOf(s.Now)
	return reuse.Asked{
		Drug: c.Kind == Drug, Hospital: c.Hospital, Found: c.Variety != nil,
		Used: said.Used, OtherPatients: said.OtherPatients, Indication: said.Indication,
		Expired: !said.Expires.IsZero() && said.Expires.Before(today),
		Today:   today, MostMonths: s.Rules.ReuseMonths,
	}
}
