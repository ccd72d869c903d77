package casework

import (
	"slices"
	"strconv"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/typed"
)

// Papers are what a submission in the emergency lane (应急通道) still owes. The
// lane exists only where local policy sets a limit for it; the notice knows none.
type Papers struct {
	Gate  string   `json:"Gate"`  // the gate that waits for them, "" if none
	Gates int      `json:"Gates"` // gates opened so far
	Items []string `json:"Items"` // items of the pack
}

// readLater returns f with the urgency of its emergency lane in the spelling that is
// kept. It fails with [fault.Invalid] if there is no such lane, or no urgency.
func readLater(f Submission, s Setting) (Submission, error) {
	if len(f.Later) == 0 {
		f.Urgency = "" // it says why papers may follow, and none do
		return f, nil
	}
	if _, ok := s.Rules.Limits[policy.Papers]; !ok {
		return f, fault.Fields([]fault.Problem{{Field: "later", Code: "lane.closed"}})
	}
	var err error
	f.Urgency, err = typed.Text("lane-urgency", f.Urgency, 1, maxReason)
	return f, err
}

// owe opens the gate at which the hospital delivers items.
func (c Case) owe(items []string, s Setting) (Case, gate.Gate) {
	c.Papers.Gates++
	g := gate.Gate{
		ID: string(gate.Papers) + "-" + strconv.Itoa(c.Papers.Gates), Of: c.ID, Leg: gate.Papers, Kind: gate.Deliver,
		Party: c.Hospital, Submission: len(c.Submissions), Issue: 1, OpenedAt: s.Now, Status: gate.Open,
	}
	if l, ok := s.Rules.Limits[policy.Papers]; ok {
		g.Limit = &l // a rule that is gone by now leaves the duty, and no day for it
	}
	g = g.Armed(s.Calendar, s.Now)
	c.Papers.Gate, c.Papers.Items = g.ID, slices.Clone(items)
	return c, g
}

// Deliver freezes f as the next submission and answers g, where the hospital
// owed papers. It asks for what the submission before asked for, whatever f says:
// papers that follow change no application. Both legs go on as they were; open
// are the gates that wait: from now on they are about the new submission. That
// nothing owed is missing any more, the pack has found before. It fails as
// [Case.Permits] and [gate.Gate.MayAnswer].
func (c Case) Deliver(f Submission, g gate.Gate, open []gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Deliver, a); err != nil {
		return Change{}, err
	}
	if err := g.MayAnswer(a); err != nil {
		return Change{}, err
	}
	if g.Of != c.ID || g.ID != c.Papers.Gate {
		return Change{}, fault.New(fault.Conflict, "case.state")
	}
	answered, err := g.Answering(string(Deliver), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	before := c.Submissions[len(c.Submissions)-1]
	f.Product, f.Subject, f.Quantity, f.Unit, f.Claims = before.Product, before.Subject, before.Quantity, before.Unit, before.Claims
	c = c.submitted(f, a, s)
	c.Papers.Gate, c.Papers.Items = "", nil
	out := Change{Case: c, Verb: Deliver, By: a, Changed: append([]gate.Gate{answered}, c.aboutNewest(open)...)}
	out.Facts = &Facts{Leg: gate.Papers, Submission: c.frozen(), Copies: copies(s), Closes: []Closing{closing(answered)}}
	return out, nil
}

// Lapse ends the case because the supplement of g did not come by its
// deadline. It happens only where the limit of g says so; open are all open
// gates of the case. It fails with [fault.Conflict] if the deadline has not come.
func (c Case) Lapse(g gate.Gate, open []gate.Gate, s Setting) (Change, error) {
	if err := c.Permits(Lapse, party.System); err != nil {
		return Change{}, err
	}
	g, missed := g.CaughtUp(s.Calendar, s.Now)
	if !g.Lapses(s.Now) || c.Leg(g.Leg).Gate != g.ID {
		return Change{}, fault.New(fault.Conflict, "ring.early")
	}
	facts := &Facts{
		Leg:    g.Leg,
		Ring:   &RingFx{Gate: g.ID, Party: g.Party, Kind: g.Ring.Kind, Missed: missed, Due: instant(g.Ring.At), Rang: instant(s.Now)},
		Shares: without([]string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission, s.Agencies.Regulator}),
	}
	out := Change{Verb: Lapse, By: party.System, Facts: facts}
	for _, o := range open {
		closed, err := o.Answering(gate.Lapsed, "", party.System, s.Now, c.Seq+1)
		if err != nil {
			return Change{}, err
		}
		out.Changed = append(out.Changed, closed)
		facts.Closes = append(facts.Closes, closing(closed))
	}
	out.Case = c.ended(Lapsed)
	return out, nil
}
