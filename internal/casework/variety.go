package casework

import (
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
	"jixu/internal/typed"
)

// Identity is a person's finding which variety a case is about (同一品种认定). What
// the hospital says is a claim; only this finding lets an opinion be relied on.
type Identity struct {
	Variety    string    `json:"Variety"`
	Reason     string    `json:"Reason"`              // 1 to 4000 characters; read by hospital and agencies
	Submission int       `json:"Submission,omitzero"` // the one it was made on, from 1; 0 for findings of earlier builds
	Person     string    `json:"Person"`
	Org        string    `json:"Org"`
	At         time.Time `json:"At"`
}

// Found returns the variety that a person found the newest submission to be
// about, and whether there is such a finding. One that was made on a submission
// about another product says nothing about this one.
func (c Case) Found() (variety string, found bool) { return c.foundFor(len(c.Submissions)) }

func (c Case) foundFor(no int) (string, bool) {
	if c.Variety == nil {
		return "", false
	}
	on := c.Variety.Submission
	for i := 0; on == 0 && i < len(c.Submissions); i++ {
		if next := i + 1; next == len(c.Submissions) || c.Submissions[next].At.After(c.Variety.At) {
			on = next // an earlier build kept the instant only
		}
	}
	return c.Variety.Variety, c.SameSubject(on, no)
}

// Join is an agency's part in the opinion (联合评估).
type Join struct {
	Org       string    `json:"Org"`
	Person    string    `json:"Person"`
	Statement string    `json:"Statement"` // 1 to 4000 characters
	At        time.Time `json:"At"`
}

// Identify records which variety submission seen is about, and why; fresh says
// that it enters the register with this very move. A later finding replaces an
// earlier one until the opinion is given. It fails as [Case.Permits], with
// [fault.Conflict] once the opinion relied on the finding or if seen is not the
// newest submission, and with [fault.Invalid] without a reason.
func (c Case) Identify(variety, reason string, fresh bool, seen int, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Identify, a); err != nil {
		return Change{}, err
	}
	if err := c.about(seen); err != nil {
		return Change{}, err
	}
	if variety == "" {
		return Change{}, fault.Fields([]fault.Problem{{Field: "variety", Code: "field.missing"}})
	}
	reason, err := typed.Text("reason", reason, 1, maxReason)
	if err != nil {
		return Change{}, err
	}
	c.Variety = &Identity{Variety: variety, Reason: reason, Submission: seen, Person: a.Person, Org: a.Org, At: s.Now}
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
	statement, err := typed.Text("statement", statement, 1, maxReason)
	if err != nil {
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

// Precedent returns c as the matrix sees it for a later application, the variety
// it is a precedent for, and false if it is not: no opinion before the reply, no
// finding which variety that opinion is about, or no approval of what it assessed.
func (c Case) Precedent() (variety string, p reuse.Precedent, ok bool) {
	if c.Given == nil || c.Given.Late || c.Status != Approved || c.Decision == nil || !c.SameSubject(c.Given.Submission, c.Decision.Submission) {
		return "", reuse.Precedent{}, false
	}
	variety, found := c.foundFor(c.Given.Submission)
	if !found {
		return "", reuse.Precedent{}, false
	}
	p = reuse.Precedent{
		Case: c.ID, Number: c.Number, Hospital: c.Hospital, Submission: c.Given.Submission, Entry: c.Given.Entry, Hash: c.Given.Hash,
		Day: calendar.DayOf(c.Given.At), Since: c.approvedAt(), Approved: true, Joint: c.Joint(),
		Indication: c.Submissions[c.Given.Submission-1].Claims.Indication,
	}
	for i, f := range c.Given.Findings {
		p.Own[i], p.Met[i] = !f.Relied, f.Met
	}
	return variety, p, true
}

// approvedAt is when the approval that stands was first recorded: neither a slip
// that is put right nor a later letter that approves as well makes it younger.
func (c Case) approvedAt() time.Time {
	at := c.Decision.At
	for i := len(c.Former) - 1; i >= 0 && c.Former[i].Outcome != Refuse; i-- {
		at = c.Former[i].At
	}
	return at
}

// RepliedAt is when the first reply was recorded, zero before.
func (c Case) RepliedAt() time.Time {
	switch {
	case len(c.Former) > 0:
		return c.Former[0].At
	case c.Decision != nil:
		return c.Decision.At
	}
	return time.Time{}
}

// Asking is c's newest submission, or its draft as said, as the matrix sees it.
func (c Case) Asking(said Claims, s Setting) reuse.Asked {
	today := calendar.DayOf(s.Now)
	_, found := c.Found()
	return reuse.Asked{
		Drug: c.Kind == policy.Drug, Hospital: c.Hospital, Found: found,
		Used: said.Used, OtherPatients: said.OtherPatients, Indication: said.Indication,
		Expired: !said.Expires.IsZero() && said.Expires.Before(today),
		Today:   today, MostMonths: s.Rules.ReuseMonths,
	}
}
