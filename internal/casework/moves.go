package casework

import (
	"slices"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Verb names a move. It stands in history for ever; do not rename one.
type Verb = law.Verb

const (
	Create      Verb = "create"       // the hospital opens a draft
	Edit        Verb = "edit"         // the hospital saves the form, attaches or removes a file; no entry
	Submit      Verb = "submit"       // the hospital freezes submission 1; copies go out
	AskOpinion  Verb = "ask-opinion"  // the assessor sends one notice with every defect
	AskReply    Verb = "ask-reply"    // the regulator asks for more; it is not a decision
	Resubmit    Verb = "resubmit"     // the hospital answers a notice with the next submission
	Opine       Verb = "opine"        // the assessor gives the opinion
	Record      Verb = "record"       // the recorder enters the national reply
	Withdraw    Verb = "withdraw"     // the hospital takes the application back
	RingVerb    Verb = "ring"         // the clock speaks of an open gate
	Restart     Verb = "restart"      // the run of a leg is raised: the one before has ended
	Lapse       Verb = "lapse"        // the clock ends the case where local policy says so
	Identify    Verb = "identify"     // the assessor finds which variety it is
	JoinVerb    Verb = "join"         // the other agency joins the opinion
	OpineLate   Verb = "opine-late"   // an opinion for the record, after the reply came first
	Report      Verb = "report"       // the Health Commission records that its opinion on a drug went to the NHC
	File        Verb = "file"         // the hospital records its filing with the national regulator
	Receive     Verb = "receive"      // an agency says that its copy has arrived
	Deliver     Verb = "deliver"      // the hospital sends the papers it named in the emergency lane
	HoldVerb    Verb = "hold"         // the party puts its own work aside until a day
	Release     Verb = "release"      // it takes it up again
	Assign      Verb = "assign"       // it names who of its people works on it
	RevokeLinks Verb = "revoke-links" // it ends the links sent for its gate; fresh ones are sent
	Amend       Verb = "amend"        // a later letter replaces the recorded reply
	Correct     Verb = "correct"      // the recorded reply says what its letter says: a slip in entering it is put right
	Recount     Verb = "recount"      // deadlines are counted again because the calendar has grown
)

func is(stands func(Case) bool) func(Case, party.Actor) error { return law.Is(stands, "case.state") }

// moves is the whole law of who may do what when with an application.
var moves = law.Moves[Case]{
	{Verb: Edit, Who: ownApplicant, When: is(Case.Editable)},
	{Verb: Submit, Who: ownApplicant, When: is(func(c Case) bool { return c.Status == Draft })},
	{Verb: AskOpinion, Who: leadAssessor, When: is(assessing), Answers: true},
	{Verb: Opine, Who: leadAssessor, When: is(assessing), Answers: true},
	{Verb: AskReply, Who: regulatorRecorder, When: is(func(c Case) bool { return c.Reply.State == AtAgency }), Answers: true},
	{Verb: Record, Who: replyRecorder, When: is(func(c Case) bool { return c.Reply.State.Open() }), Answers: true},
	{Verb: Resubmit, Who: ownApplicant, When: is(supplementing)},
	{Verb: Withdraw, Who: ownApplicant, When: is(underway)},
	{Verb: RingVerb, Who: law.System[Case], When: is(Case.Waiting)},
	{Verb: Restart, Who: law.System[Case], When: is(underway)},
	{Verb: Lapse, Who: law.System[Case], When: is(supplementing)},
	{Verb: Identify, Who: leadAssessor, When: identifiable},
	{Verb: JoinVerb, Who: otherAssessor, When: joinable},
	{Verb: OpineLate, Who: leadAssessor, When: is(func(c Case) bool { return c.Opinion.State == LegOvertaken && c.Given == nil })},
	{Verb: Report, Who: healthCommission, When: is(func(c Case) bool { return c.Kind == policy.Drug && c.Given != nil })},
	{Verb: File, Who: ownApplicant, When: is(func(c Case) bool { return underway(c) || c.Status == Approved || c.Status == Refused })},
	{Verb: Receive, Who: copied, When: receivable},
	{Verb: Deliver, Who: ownApplicant, When: is(func(c Case) bool { return c.Papers.Gate != "" })},
	{Verb: HoldVerb, Who: agencyStaff, When: is(atAnAgency)},
	{Verb: Release, Who: agencyStaff, When: is(atAnAgency)},
	{Verb: Assign, Who: agencyStaff, When: is(atAnAgency)},
	{Verb: RevokeLinks, Who: mayEndLinks, When: is(atAnAgency)},
	{Verb: Amend, Who: replyRecorder, When: is(func(c Case) bool { return c.Decision != nil })},
	{Verb: Correct, Who: replyRecorder, When: is(func(c Case) bool { return c.Decision != nil })},
	{Verb: Recount, Who: law.System[Case], When: is(Case.Waiting)},
}

func underway(c Case) bool  { return c.Status == Submitted }
func assessing(c Case) bool { return c.Opinion.State == AtAgency }

func supplementing(c Case) bool { _, owed := c.SupplementLeg(); return owed }

func atAnAgency(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency }

// identifiable: a finding that the opinion relied on stays, unless the hospital
// has submitted another product since.
func identifiable(c Case, _ party.Actor) error {
	if c.Status != Submitted && c.Status != Approved {
		return fault.New(fault.Conflict, "case.state")
	}
	if _, found := c.Found(); found && c.Given != nil {
		return fault.New(fault.Conflict, "variety.used")
	}
	return nil
}

func joinable(c Case, a party.Actor) error {
	switch {
	case c.Closed(), c.Opinion.State != AtAgency && c.Opinion.State != Given:
		return fault.New(fault.Conflict, "case.state")
	case c.joined(a.Org):
		return fault.New(fault.Conflict, "join.twice")
	}
	return nil
}

func receivable(c Case, a party.Actor) error {
	switch n := len(c.Submissions); {
	case n == 0:
		return fault.New(fault.Conflict, "case.state")
	case c.Received[a.Org].Submission >= n:
		return fault.New(fault.Conflict, "copy.received")
	}
	return nil
}

// Verbs lists every move that can be made on an existing case.
func Verbs() []Verb { return moves.Verbs() }

// Permits fails with [fault.NotFound] if a may not know the case, with
// [fault.Forbidden] if it is not a's to do, and with [fault.Conflict] if it
// cannot be done now. It changes nothing.
func (c Case) Permits(v Verb, a party.Actor) error {
	if err := c.MayRead(a); err != nil {
		return err
	}
	return moves.Permits(c, v, a)
}

// PermitsAt is Permits for a move that is made at one gate: an answer to g, or how
// its party arranges the work at it. It fails with [fault.NotFound] too for a gate
// that is not a's business.
func (c Case) PermitsAt(v Verb, g gate.Gate, a party.Actor) error {
	switch v {
	case HoldVerb, Assign:
		return c.permitsWork(v, g, a)
	case Release:
		if err := c.permitsWork(v, g, a); err != nil {
			return err
		}
		if g.Hold == nil {
			return fault.New(fault.Conflict, "hold.none")
		}
		return nil
	case RevokeLinks:
		return c.MayRevokeLinks(g, a)
	}
	if err := g.MayAnswer(a); err != nil {
		return err
	}
	if !slices.Contains(c.Answers(g, a), v) {
		return fault.New(fault.Conflict, "case.state")
	}
	return nil
}

// atGates are the moves that are made at one gate.
var atGates = []Verb{Opine, AskOpinion, Record, AskReply, Resubmit, Deliver, HoldVerb, Release, Assign, RevokeLinks}

// Moves lists what a could do now, in the order of the law's rows. open are the
// open gates of c: what is made at a gate is listed where one of them takes it.
func (c Case) Moves(open []gate.Gate, a party.Actor) []Verb {
	if c.MayRead(a) != nil {
		return nil
	}
	return slices.DeleteFunc(moves.Of(c, a), func(v Verb) bool {
		return slices.Contains(atGates, v) &&
			!slices.ContainsFunc(open, func(g gate.Gate) bool { return c.PermitsAt(v, g, a) == nil })
	})
}

// Answers lists the moves with which a could answer g now, in the order in which
// people are asked to choose: none if g is not a's to answer or is answered.
func (c Case) Answers(g gate.Gate, a party.Actor) []Verb {
	if g.Of != c.ID || g.Status != gate.Open || g.MayAnswer(a) != nil {
		return nil
	}
	var out []Verb
	for _, v := range answersTo(g, a) {
		if c.Permits(v, a) == nil {
			out = append(out, v)
		}
	}
	return out
}

// answersTo lists the moves that answer a gate like g for somebody like a.
func answersTo(g gate.Gate, a party.Actor) []Verb {
	switch {
	case g.Kind == gate.Assess:
		return []Verb{Opine, AskOpinion}
	case g.Kind == gate.Decide:
		return []Verb{Record, AskReply}
	case g.Kind == gate.Deliver:
		return []Verb{Deliver}
	case g.Party == a.Org:
		return []Verb{Resubmit}
	case g.Leg == gate.Reply:
		return []Verb{Record} // a reply may come over the regulator's own supplement
	}
	return nil
}

// MayCreate fails with [fault.Forbidden] unless a prepares applications for a
// hospital.
func MayCreate(a party.Actor) error {
	if a.Kind != party.Hospital || !a.Holds(party.Applicant) || a.Via != party.BySession {
		return fault.New(fault.Forbidden, "role")
	}
	return nil
}

func ownApplicant(c Case, a party.Actor) bool {
	return a.Org == c.Hospital && a.Holds(party.Applicant)
}

func leadAssessor(c Case, a party.Actor) bool {
	return a.Kind == c.Lead() && a.Holds(party.Assessor)
}

func regulatorRecorder(_ Case, a party.Actor) bool {
	return a.Kind == party.Regulator && a.Holds(party.Recorder)
}

// replyRecorder lets the regulator's own recorder or, by local policy, an
// officer of the municipal MPA enter the reply. Which of the two the policy
// names stands in the open gate; this row only says who ever could.
func replyRecorder(_ Case, a party.Actor) bool {
	return (a.Kind == party.Regulator || a.Kind == party.MunicipalMPA) && a.Holds(party.Recorder)
}

// otherAssessor is an assessor of the local agency that does not lead.
func otherAssessor(c Case, a party.Actor) bool {
	local := a.Kind == party.MunicipalMPA || a.Kind == party.HealthCommission
	return local && a.Kind != c.Lead() && a.Holds(party.Assessor)
}

func healthCommission(_ Case, a party.Actor) bool {
	return a.Kind == party.HealthCommission && (a.Holds(party.Assessor) || a.Holds(party.Recorder))
}

// copied is anybody of the two agencies that get every submission.
func copied(_ Case, a party.Actor) bool {
	return a.Kind == party.MunicipalMPA || a.Kind == party.HealthCommission
}

// agencyStaff is who could work on one of the two legs. Which gate it is,
// the move asks the gate.
func agencyStaff(c Case, a party.Actor) bool { return leadAssessor(c, a) || replyRecorder(c, a) }

// Waiting reports whether the clock may speak of a gate of the case: while it is
// submitted, and while papers are owed, also by an approved one.
func (c Case) Waiting() bool { return c.Status == Submitted || c.Papers.Gate != "" }

// Stage is what one word on a page says of a case; it is derived, never kept.
type Stage string

const (
	StageDraft      Stage = "draft"
	StageReview     Stage = "review"     // the agencies are working on it
	StageSupplement Stage = "supplement" // the hospital must supplement on some leg
	StageAwaiting   Stage = "awaiting"   // the opinion is done, the reply is awaited
	StageApproved   Stage = "approved"
	StagePart       Stage = "approved-in-part"
	StageRefused    Stage = "refused"
	StageWithdrawn  Stage = "withdrawn"
	StageLapsed     Stage = "lapsed"
)

// Stage derives the word.
func (c Case) Stage() Stage {
	switch c.Status {
	case Draft:
		return StageDraft
	case Approved:
		if c.Decision != nil && c.Decision.Outcome == ApproveInPart {
			return StagePart
		}
		return StageApproved
	case Refused:
		return StageRefused
	case Withdrawn:
		return StageWithdrawn
	case Lapsed:
		return StageLapsed
	}
	switch {
	case c.Opinion.State == AtSupplement || c.Reply.State == AtSupplement:
		return StageSupplement
	case !c.Opinion.State.Open():
		return StageAwaiting
	}
	return StageReview
}

// SupplementLeg returns the leg whose notice the hospital answers next, the
// opinion's first, and whether there is one.
func (c Case) SupplementLeg() (gate.Leg, bool) {
	for _, leg := range gate.Legs {
		if c.Leg(leg).State == AtSupplement {
			return leg, true
		}
	}
	return "", false
}
