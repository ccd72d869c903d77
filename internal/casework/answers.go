package casework

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

const (
	maxReason     = 4000 // characters
	maxDefect     = 2000
	maxDefects    = 60
	maxNumber     = 100
	maxConditions = 30
	maxCondition  = 1000
)

// Ask sends one supplement notice with every defect and stops the agency's
// clock on g's leg until the hospital resubmits (一次性告知). It fails as
// [Case.Permits] and [gate.Gate.MayAnswer], and with [fault.Invalid] if a
// defect is empty or too long, or none is named.
func (c Case) Ask(defects []Defect, g gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	verb, kind := AskOpinion, gate.Assess
	if g.Leg == gate.Reply {
		verb, kind = AskReply, gate.Decide
	}
	if err := c.permitsAt(verb, g, kind, a); err != nil {
		return Change{}, err
	}
	if err := fault.Fields(checkDefects(defects)); err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(verb), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	t := c.Track(g.Leg).stop(g, s.Now)
	t.Round++
	c, next := c.withTrack(g.Leg, t).openGate(g.Leg, gate.Supplement, c.Hospital, nil, s)
	return Change{
		Case: c, Verb: verb, By: a, Opened: []gate.Gate{next}, Changed: []gate.Gate{answered},
		Facts: &Facts{
			Leg: g.Leg, Notice: &Notice{Round: t.Round, Defects: defects},
			Closes: []Closing{closing(answered)}, Opens: []Opening{opening(next)},
		},
	}, nil
}

// Opine gives the opinion: one finding for each of the three questions, each
// with a person's reason. It fails as [Case.Permits] and
// [gate.Gate.MayAnswer], and with [fault.Invalid] if a finding is missing,
// given twice or without a reason.
func (c Case) Opine(o Opinion, g gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	if err := c.permitsAt(Opine, g, gate.Assess, a); err != nil {
		return Change{}, err
	}
	if err := fault.Fields(checkOpinion(o)); err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(Opine), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	o.Submission, o.Person, o.Org, o.At = g.Submission, a.Person, a.Org, s.Now
	t := c.Opinion
	t.State, t.Gate = Given, ""
	c.Opinion, c.Given = t, &o
	fx := &OpinionFx{Submission: o.Submission, Advice: o.Advice}
	for _, f := range o.Findings {
		fx.Findings = append(fx.Findings, FindingFx(f))
	}
	return Change{
		Case: c, Verb: Opine, By: a, Changed: []gate.Gate{answered},
		Facts: &Facts{
			Leg: gate.Opinion, Opinion: fx, Closes: []Closing{closing(answered)},
			Shares: without([]string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission}, a.Org),
		},
	}, nil
}

// Evidence is the checked file that shows the regulator's letter.
type Evidence struct {
	File   string // id
	SHA256 string // hex
}

// Record enters the national reply with its evidence. The reply is a fact: if
// the opinion is still open, open (its gate) is closed as overtaken. Approval
// is shared with Customs too (notice 002, two (1) 5). It fails as
// [Case.Permits] and [gate.Gate.MayAnswer], and with [fault.Invalid] if
// number, date or evidence are missing or the terms are not those of the
// outcome.
func (c Case) Record(d Decision, e Evidence, g gate.Gate, open *gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	if err := c.permitsAt(Record, g, gate.Decide, a); err != nil {
		return Change{}, err
	}
	if err := fault.Fields(c.checkDecision(d, e, s)); err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(Record), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	facts := &Facts{Leg: gate.Reply, Closes: []Closing{closing(answered)}}
	out := Change{Verb: Record, By: a, Facts: facts, Changed: []gate.Gate{answered}}

	d.Submission, d.Person, d.Org, d.At = g.Submission, a.Person, a.Org, s.Now
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
	if c.Opinion.State.Open() && open != nil {
		overtaken, err := open.Answering(gate.Overtaken, "", a, s.Now, c.Seq+1)
		if err != nil {
			return Change{}, err
		}
		t := c.Opinion
		t.State, t.Gate = TrackOvertaken, ""
		c.Opinion = t
		out.Changed = append(out.Changed, overtaken)
		facts.Closes = append(facts.Closes, closing(overtaken))
	}
	out.Case = c
	return out, nil
}

// Ring records that the clock spoke of g: when it was due and when it
// happened. It fails with [fault.Conflict] if g is no longer open or its ring
// is not due yet.
func (c Case) Ring(g gate.Gate, s Setting) (Change, error) {
	if err := c.Permits(RingVerb, party.System); err != nil {
		return Change{}, err
	}
	if g.Status != gate.Open || g.Ring == nil || g.Ring.At.After(s.Now) {
		return Change{}, fault.New(fault.Conflict, "ring.early")
	}
	r := *g.Ring
	return Change{
		Case: c, Verb: RingVerb, By: party.System, Changed: []gate.Gate{g.Rang(s.Calendar)},
		Facts: &Facts{Leg: g.Leg, Ring: &RingFx{
			Gate: g.ID, Party: g.Party, Kind: r.Kind, No: r.No, Due: instant(r.At), Rang: instant(s.Now),
		}},
	}, nil
}

// Restart raises the run of leg, so that the machine can be started again
// under a name that is free. It fails with [fault.Conflict] if the leg waits
// for nobody or its run is no longer from.
func (c Case) Restart(leg gate.Leg, from int, s Setting) (Change, error) {
	if err := c.Permits(Restart, party.System); err != nil {
		return Change{}, err
	}
	t := c.Track(leg)
	if !t.State.Open() || t.Run != from {
		return Change{}, fault.New(fault.Conflict, "run.moved")
	}
	t.Run, t.RunAt = t.Run+1, s.Now
	return Change{
		Case: c.withTrack(leg, t), Verb: Restart, By: party.System,
		Facts: &Facts{Leg: leg, Starts: []Start{{Leg: leg, Run: t.Run}}},
	}, nil
}

func checkDefects(defects []Defect) []fault.Problem {
	if len(defects) == 0 {
		return []fault.Problem{{Field: "defects", Code: "field.missing"}}
	}
	if len(defects) > maxDefects {
		return []fault.Problem{{Field: "defects", Code: "field.many", Args: []any{maxDefects}}}
	}
	var problems []fault.Problem
	for _, d := range defects {
		field := "defect-" + d.Item
		if d.Item == "" {
			field = "defects"
		}
		problems = append(problems, sentence(field, d.What, 1, maxDefect)...)
	}
	return problems
}

func checkOpinion(o Opinion) []fault.Problem {
	var problems []fault.Problem
	for i, q := range Questions {
		if i >= len(o.Findings) || o.Findings[i].Question != q {
			problems = append(problems, fault.Problem{Field: "finding-" + string(q), Code: "field.missing"})
			continue
		}
		problems = append(problems, sentence("reason-"+string(q), o.Findings[i].Reason, 1, maxReason)...)
	}
	if len(o.Findings) > len(Questions) {
		problems = append(problems, fault.Problem{Field: "findings", Code: "field.many", Args: []any{len(Questions)}})
	}
	return append(problems, sentence("advice", o.Advice, 0, maxReason)...)
}

// checkDecision lists what is wrong with d for c. A letter cannot be dated
// after today; whether it may be older than the submission is not ours to say.
func (c Case) checkDecision(d Decision, e Evidence, s Setting) []fault.Problem {
	var problems []fault.Problem
	wrong := func(field, code string, args ...any) {
		problems = append(problems, fault.Problem{Field: field, Code: code, Args: args})
	}
	if d.Outcome != Approve && d.Outcome != ApproveInPart && d.Outcome != Refuse {
		wrong("outcome", "field.choice")
	}
	problems = append(problems, sentence("number", d.Number, 1, maxNumber)...)
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
	problems = append(problems, sentence("reason", d.Reason, least, maxReason)...)
	if e.File == "" {
		wrong("evidence", "evidence.missing")
	}
	return append(problems, c.checkTerms(d)...)
}

// checkTerms lists what is wrong with the terms of d. A refusal has none; an
// approval in full allows what was asked; one in part less, or under a
// validity or conditions.
func (c Case) checkTerms(d Decision) []fault.Problem {
	var problems []fault.Problem
	t, asked := d.Terms, c.Asked()
	if d.Outcome == Refuse {
		if t.Quantity != 0 || len(t.Conditions) > 0 || !t.ValidUntil.IsZero() {
			problems = append(problems, fault.Problem{Field: "quantity", Code: "terms.refused"})
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
	for _, condition := range t.Conditions {
		problems = append(problems, sentence("conditions", condition, 1, maxCondition)...)
	}
	return problems
}

// sentence lists what is wrong with text somebody typed: fewer than least or
// more than most characters, or a control character.
func sentence(field, text string, least, most int) []fault.Problem {
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text):
		return []fault.Problem{{Field: field, Code: "field.control"}}
	case n < least || least > 0 && strings.TrimSpace(text) == "":
		return []fault.Problem{{Field: field, Code: "field.missing"}}
	case n > most:
		return []fault.Problem{{Field: field, Code: "field.long", Args: []any{most}}}
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return []fault.Problem{{Field: field, Code: "field.control"}}
		}
	}
	return nil
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
