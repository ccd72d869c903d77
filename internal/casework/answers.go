package casework

import (
	"slices"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/reuse"
	"jixu/internal/typed"
)

const (
	maxReason     = 4000 // characters
	maxDefect     = 2000
	maxDefects    = 60
	maxNumber     = 100
	maxConditions = 30
	maxCondition  = 1000
)

// Ask sends one supplement notice with every defect of submission seen and stops
// the agency's clock on g's leg until the hospital resubmits (一次性告知). It fails
// as [Case.Permits], [gate.Gate.MayAnswer] and [gate.Gate.About], and with
// [fault.Invalid] if a defect is empty or too long, or none is named.
func (c Case) Ask(defects []Defect, seen int, g gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	verb, kind := AskOpinion, gate.Assess
	if g.Leg == gate.Reply {
		verb, kind = AskReply, gate.Decide
	}
	if err := c.permitsAbout(verb, seen, g, kind, a); err != nil {
		return Change{}, err
	}
	defects, err := readDefects(defects)
	if err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(verb), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	t := c.Leg(g.Leg).stop(g, s.Now)
	t.Round++
	var recorders []string
	if g.Leg == gate.Reply {
		recorders = without(append([]string{g.Party}, g.Recorders...))
	}
	c, next := c.withLeg(g.Leg, t).openGate(g.Leg, gate.Supplement, c.Hospital, recorders, s)
	return Change{
		Case: c, Verb: verb, By: a, Opened: []gate.Gate{next}, Changed: []gate.Gate{answered},
		Facts: &Facts{
			Leg: g.Leg, Notice: &Notice{Round: t.Round, Defects: defects},
			Closes: []Closing{closing(answered)}, Opens: []Opening{opening(next)},
		},
	}, nil
}

// Opine gives the opinion on o.Submission: one finding for each of the three
// questions, each with a person's reason or, where the matrix offers it, relied on
// from the earlier opinion that o.Placed names. It fails as [Case.Permits],
// [gate.Gate.MayAnswer] and [gate.Gate.About], and with [fault.Invalid] if a finding is missing, given
// twice or without a reason, if it relies on what is not there, or departs from
// the proposal without saying why.
func (c Case) Opine(o Opinion, g gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	if err := c.permitsAbout(Opine, o.Submission, g, gate.Assess, a); err != nil {
		return Change{}, err
	}
	o, err := readOpinion(o)
	if err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(Opine), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	o.Late = false
	t := c.Opinion
	t.State, t.Gate = Given, ""
	c.Opinion = t
	c, fx := c.give(o, a, s)
	return Change{
		Case: c, Verb: Opine, By: a, Changed: []gate.Gate{answered},
		Facts: &Facts{
			Leg: gate.Opinion, Opinion: fx, Closes: []Closing{closing(answered)},
			Shares: without([]string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission}, a.Org),
		},
	}, nil
}

// OpineLate gives an opinion on o.Submission, the newest, for the record after
// the national reply came first. It changes no outcome and answers no gate; the
// overtaken gate stays as it is. It fails as [Case.Permits] and [Case.Opine].
func (c Case) OpineLate(o Opinion, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(OpineLate, a); err != nil {
		return Change{}, err
	}
	if err := c.about(o.Submission); err != nil {
		return Change{}, err
	}
	o, err := readOpinion(o)
	if err != nil {
		return Change{}, err
	}
	o.Late = true
	c, fx := c.give(o, a, s)
	return Change{
		Case: c, Verb: OpineLate, By: a,
		Facts: &Facts{
			Leg: gate.Opinion, Opinion: fx,
			Shares: without([]string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission}, a.Org),
		},
	}, nil
}

// give returns c with o as its opinion, and o as history keeps it.
func (c Case) give(o Opinion, a party.Actor, s Setting) (Case, *OpinionFx) {
	o.Entry, o.Hash, o.Person, o.Org, o.At = c.Seq+1, "", a.Person, a.Org, s.Now
	fx := &OpinionFx{Submission: o.Submission, Advice: o.Advice, Override: o.Override, Late: o.Late}
	for _, f := range o.Findings {
		fx.Findings = append(fx.Findings, FindingFx(f))
	}
	for _, j := range c.Joins {
		fx.Joint = append(fx.Joint, j.Org)
	}
	if o.Placed.Situation == reuse.First {
		o.Placed = reuse.Proposal{} // nothing to rely on, nothing to keep
	} else if o.Placed.Situation != "" {
		placed := o.Placed
		fx.Placed = &placed
	}
	c.Given = &o
	return c, fx
}

// Evidence is the checked file that shows the regulator's letter.
type Evidence struct {
	File   string // id
	SHA256 string // hex
}

// Record enters the national reply with its evidence. The reply is a fact: it
// may come while the opinion is open, whose gate open is closed as overtaken, and
// while the regulator's own supplement is open; then g is that gate. Approval
// is shared with Customs too (notice 002, two (1) 5). It is about d.Submission.
// It fails as [Case.Permits], [gate.Gate.MayAnswer] and [gate.Gate.About], and with
// [fault.Invalid] if number, date or evidence are missing or the terms are not
// those of the outcome.
func (c Case) Record(d Decision, e Evidence, g gate.Gate, open []gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	kind := gate.Decide
	if c.Reply.State == AtSupplement {
		kind = gate.Supplement
	}
	if err := c.permitsAbout(Record, d.Submission, g, kind, a); err != nil {
		return Change{}, err
	}
	if g.Leg != gate.Reply {
		return Change{}, fault.New(fault.Conflict, "case.state")
	}
	var in typed.Reader
	d = c.readDecision(&in, d, e, d.Submission, s)
	if err := in.Err(); err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(Record), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	facts := &Facts{Leg: gate.Reply, Closes: []Closing{closing(answered)}}
	out := Change{Verb: Record, By: a, Facts: facts, Changed: []gate.Gate{answered}}

	d.Entry, d.Person, d.Org, d.At = c.Seq+1, a.Person, a.Org, s.Now
	d.Evidence, d.Transcript = e.File, a.Kind != party.Regulator
	c.Decision = &d
	c.Status = Approved
	tell := []string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission, s.Agencies.Customs}
	if d.Outcome == Refuse {
		c.Status = Refused
		tell = tell[:3]
	}
	facts.Shares = without(tell)
	facts.Decision = decisionFx(d, e)

	t := c.Reply
	t.State, t.Gate = Given, ""
	c.Reply = t
	for _, other := range open {
		how := gate.Overtaken
		switch other.Leg {
		case gate.Opinion:
			t := c.Opinion
			t.State, t.Gate = LegOvertaken, ""
			c.Opinion = t
		case gate.Papers:
			if d.Outcome != Refuse {
				continue // an approved hospital still owes the papers it named
			}
			how, c.Papers.Gate = gate.Moot, ""
		default:
			continue
		}
		closed, err := other.Answering(how, "", a, s.Now, c.Seq+1)
		if err != nil {
			return Change{}, err
		}
		out.Changed = append(out.Changed, closed)
		facts.Closes = append(facts.Closes, closing(closed))
	}
	out.Case = c
	return out, nil
}

// Ring records that the clock spoke of g: when it was due, when it happened, and
// how many rings before it nobody heard. It fails with [fault.Conflict] if g is no longer open or its ring
// is not due yet.
func (c Case) Ring(g gate.Gate, s Setting) (Change, error) {
	if err := c.Permits(RingVerb, party.System); err != nil {
		return Change{}, err
	}
	rung, fx, err := law.Ring(g, s)
	if err != nil {
		return Change{}, err
	}
	if g.Leg != gate.Papers && c.Status != Submitted {
		return Change{}, fault.New(fault.Conflict, "case.state")
	}
	return Change{Case: c, Verb: RingVerb, By: party.System, Changed: []gate.Gate{rung}, Facts: &Facts{Leg: g.Leg, Ring: &fx}}, nil
}

// Restart raises the run of leg, so that the machine can be started again
// under a name that is free. It fails with [fault.Conflict] if the leg waits
// for nobody or its run is no longer from.
func (c Case) Restart(leg gate.Leg, from int, s Setting) (Change, error) {
	if err := c.Permits(Restart, party.System); err != nil {
		return Change{}, err
	}
	t := c.Leg(leg)
	if !t.State.Open() || t.Run != from {
		return Change{}, fault.New(fault.Conflict, "run.moved")
	}
	t.Run, t.RunAt = t.Run+1, s.Now
	return Change{
		Case: c.withLeg(leg, t), Verb: Restart, By: party.System,
		Facts: &Facts{Leg: leg, Starts: []Start{{Leg: leg, Run: t.Run}}},
	}, nil
}

// readDefects returns defects in the spelling that is kept. It fails with
// [fault.Invalid] unless there are some, and not too many, and each says something.
func readDefects(defects []Defect) ([]Defect, error) {
	if len(defects) == 0 {
		return nil, fault.Fields([]fault.Problem{{Field: "defects", Code: "field.missing"}})
	}
	if len(defects) > maxDefects {
		return nil, fault.Fields([]fault.Problem{{Field: "defects", Code: "field.many", Args: []any{maxDefects}}})
	}
	var in typed.Reader
	defects = slices.Clone(defects)
	for i, d := range defects {
		field := "defect-" + d.Item
		if d.Item == "" {
			field = "defects"
		}
		defects[i].What = in.Text(field, d.What, 1, maxDefect)
	}
	return defects, in.Err()
}

// readOpinion returns o in the spelling that is kept. It fails with [fault.Invalid]
// for what [Case.Opine] refuses.
func readOpinion(o Opinion) (Opinion, error) {
	var in typed.Reader
	o.Findings = slices.Clone(o.Findings)
	for i, q := range Questions {
		if i >= len(o.Findings) || o.Findings[i].Question != q {
			in.Problems = append(in.Problems, fault.Problem{Field: "finding-" + string(q), Code: "field.missing"})
			continue
		}
		least := 1
		if o.Findings[i].Relied {
			least = 0
		}
		o.Findings[i].Reason = in.Text("reason-"+string(q), o.Findings[i].Reason, least, maxReason)
		in.Problems = append(in.Problems, checkReliance(o, i)...)
	}
	if len(o.Findings) > len(Questions) {
		in.Problems = append(in.Problems, fault.Problem{Field: "findings", Code: "field.many", Args: []any{len(Questions)}})
	}
	o.Advice = in.Text("advice", o.Advice, 0, maxReason)
	least := 0
	if len(in.Problems) == 0 && departs(o) {
		least = 1
	}
	o.Override = in.Text("override", o.Override, least, maxReason)
	return o, in.Err()
}

// checkReliance lists what keeps finding i of o from being relied on: there
// must be an opinion to rely on that a person found to be of the same variety,
// and that one must have been met. A stop order and a registered equivalent
// cannot be overridden; the other reasons against it can, with a reason.
func checkReliance(o Opinion, i int) []fault.Problem {
	f, p := o.Findings[i], o.Placed
	if !f.Relied {
		return nil
	}
	field := "finding-" + string(f.Question)
	switch {
	case p.RelyOn == nil, slices.Contains(p.Lacking, reuse.NotFound), slices.Contains(p.Lacking, reuse.Unmet):
		return []fault.Problem{{Field: field, Code: "reuse.none"}}
	case slices.Contains(p.Stale, reuse.Stopped), slices.Contains(p.Stale, reuse.Registered):
		return []fault.Problem{{Field: field, Code: "reuse.stale"}}
	case p.Situation == reuse.OtherHospital && f.Question != Urgency:
		return []fault.Problem{{Field: field, Code: "reuse.other"}}
	case !f.Met:
		return []fault.Problem{{Field: field, Code: "reuse.unmet"}}
	}
	return nil
}

// departs reports whether o does otherwise than the matrix proposed.
func departs(o Opinion) bool {
	for i, f := range o.Findings {
		if i >= len(o.Placed.How) || o.Placed.Situation == "" {
			return false
		}
		how := o.Placed.How[i]
		if how != reuse.IfNeeded && f.Relied == how.Anew() {
			return true
		}
	}
	return false
}

// readDecision returns d, which is about submission no of c, in the spelling that is
// kept, and adds to in what is wrong with it. A letter cannot be dated after today;
// whether it may be older than the submission is not ours to say.
func (c Case) readDecision(in *typed.Reader, d Decision, e Evidence, no int, s Setting) Decision {
	wrong := func(field, code string) { in.Problems = append(in.Problems, fault.Problem{Field: field, Code: code}) }
	if d.Outcome != Approve && d.Outcome != ApproveInPart && d.Outcome != Refuse {
		wrong("outcome", "field.choice")
	}
	d.Number = in.Read(letterNumber(1, maxNumber), "number", d.Number)
	switch {
	case d.Date.IsZero():
		wrong("date", "field.missing")
	case calendar.DayOf(s.Now).Before(d.Date):
		wrong("date", "field.future")
	}
	least := 0
	if d.Outcome != Approve {
		least = 1
	}
	d.Reason = in.Text("reason", d.Reason, least, maxReason)
	if e.File == "" {
		wrong("evidence", "evidence.missing")
	}
	in.Problems = append(in.Problems, checkTerms(d, c.askedBy(no))...)
	if d.Outcome != Refuse && len(d.Terms.Conditions) <= maxConditions {
		d.Terms.Conditions = slices.Clone(d.Terms.Conditions)
		for i, condition := range d.Terms.Conditions {
			d.Terms.Conditions[i] = in.Text("conditions", condition, 1, maxCondition)
		}
	}
	return d
}

// checkTerms lists what is wrong with the terms of d where asked units were asked
// for. A refusal has none; an approval in full allows what was asked; one in part
// less, or under a validity or conditions.
func checkTerms(d Decision, asked int) []fault.Problem {
	var problems []fault.Problem
	t := d.Terms
	if d.Outcome == Refuse {
		for _, field := range t.stated() {
			problems = append(problems, fault.Problem{Field: field, Code: "terms.refused"})
		}
		return problems
	}
	if t.Quantity < 1 || t.Quantity > asked {
		problems = append(problems, fault.Problem{Field: "quantity", Code: "field.range", Args: []any{1, asked}})
	}
	limited := len(t.Conditions) > 0 || !t.ValidUntil.IsZero()
	if d.Outcome == Approve && t.Quantity != asked && len(problems) == 0 {
		problems = append(problems, fault.Problem{Field: "quantity", Code: "terms.full", Args: []any{asked}})
	}
	if d.Outcome == ApproveInPart && t.Quantity == asked && !limited {
		problems = append(problems, fault.Problem{Field: "quantity", Code: "terms.part"})
	}
	if !t.ValidUntil.IsZero() && t.ValidUntil.Before(d.Date) {
		problems = append(problems, fault.Problem{Field: "validUntil", Code: "terms.validity"})
	}
	if len(t.Conditions) > maxConditions {
		problems = append(problems, fault.Problem{Field: "conditions", Code: "field.many", Args: []any{maxConditions}})
	}
	return problems
}

// stated lists the fields of t that say something; a unit says nothing by itself.
func (t Terms) stated() []string {
	var fields []string
	if t.Quantity != 0 {
		fields = append(fields, "quantity")
	}
	if !t.ValidUntil.IsZero() {
		fields = append(fields, "validUntil")
	}
	if len(t.Conditions) > 0 {
		fields = append(fields, "conditions")
	}
	return fields
}

// Granted returns the terms of a reply with that outcome as somebody enters them: an
// approval whose letter states no quantity (nil) grants what was asked for, in the
// unit in which it was asked. A refusal grants nothing; what is entered for one
// anyhow stays in the terms, for the law to refuse.
func (c Case) Granted(o Outcome, quantity *int, until calendar.Day, conditions []string) Terms {
	t := Terms{ValidUntil: until, Conditions: conditions}
	if quantity != nil {
		t.Quantity = *quantity
	}
	if o == Refuse {
		return t
	}
	if quantity == nil {
		t.Quantity = c.Asked()
	}
	if n := len(c.Submissions); n > 0 {
		t.Unit = c.Submissions[n-1].Unit
	}
	return t
}

// Proves reports whether a file proves the reply that is recorded, or one that a
// later letter replaced. Whoever may read the case may open such a file.
func (c Case) Proves(file string) bool {
	return c.Decision != nil && c.Decision.Evidence == file ||
		slices.ContainsFunc(c.Former, func(d Decision) bool { return d.Evidence == file })
}

// letterNumber is what the number of a letter or a receipt may be: one line, that may
// look like a telephone's number.
func letterNumber(least, most int) typed.Rule {
	return typed.Rule{Least: least, Most: most, Takes: typed.OfALetter}
}

// DecisionFacts is d as history keeps it, for a page that says it back.
func DecisionFacts(d Decision) DecisionFx { return *decisionFx(d, Evidence{File: d.Evidence}) }

func decisionFx(d Decision, e Evidence) *DecisionFx {
	fx := &DecisionFx{
		Outcome: d.Outcome, Number: d.Number, Date: d.Date.String(), Reason: d.Reason,
		Quantity: d.Terms.Quantity, Unit: d.Terms.Unit, Conditions: d.Terms.Conditions,
		Evidence: e.File, SHA256: e.SHA256, Transcript: d.Transcript,
	}
	if !d.Terms.ValidUntil.IsZero() {
		fx.ValidUntil = d.Terms.ValidUntil.String()
	}
	return fx
}
