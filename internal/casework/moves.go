package casework

import (
	"slices"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// Verb names a move. It stands in history for ever; do not rename one.
type Verb string

const (
	Create     Verb = "create"      // the hospital opens a draft
	Edit       Verb = "edit"        // the hospital saves the form, attaches or removes a file; no entry
	Submit     Verb = "submit"      // the hospital freezes submission 1; copies go out
	AskOpinion Verb = "ask-opinion" // the assessor sends one notice with every defect
	AskReply   Verb = "ask-reply"   // the regulator asks for more; it is not a decision
	Resubmit   Verb = "resubmit"    // the hospital answers a notice with the next submission
	Opine      Verb = "opine"       // the assessor gives the opinion
	Record     Verb = "record"      // the recorder enters the national reply
	Withdraw   Verb = "withdraw"    // the hospital takes the application back
	RingVerb   Verb = "ring"        // the clock speaks of an open gate
	Restart    Verb = "restart"     // a sweep raises the run of a leg
	Lapse      Verb = "lapse"       // the clock ends the case where local policy says so
	Identify   Verb = "identify"    // the assessor finds which variety it is
	JoinVerb   Verb = "join"        // the other agency joins the opinion
	OpineLate  Verb = "opine-late"  // an opinion for the record, after the reply came first
	Report     Verb = "report"      // the Health Commission records that its opinion on a drug went to the NHC
	File       Verb = "file"        // the hospital records its filing with the national regulator
	Receive    Verb = "receive"     // an agency says that its copy has arrived
	Deliver    Verb = "deliver"     // the hospital sends the papers it named in the emergency lane
	HoldVerb   Verb = "hold"        // the party puts its own work aside until a day
	Release    Verb = "release"     // it takes it up again
	Assign     Verb = "assign"      // it names who of its people works on it
	Amend      Verb = "amend"       // a later letter replaces the recorded reply
	Recount    Verb = "recount"     // deadlines are counted again because the calendar has grown
)

// A move is one row of the law's table: who may make it, and when.
type move struct {
	verb Verb
	who  func(Case, party.Actor) bool
	when func(Case) bool
}

// moves is the whole law of who may do what when. Pages, handlers and the
// operations ask the same rows.
var moves = []move{
	{Edit, ownApplicant, Case.Editable},
	{Submit, ownApplicant, func(c Case) bool { return c.Status == Draft }},
	{AskOpinion, leadAssessor, func(c Case) bool { return c.Opinion.State == AtAgency }},
	{Opine, leadAssessor, func(c Case) bool { return c.Opinion.State == AtAgency }},
	{AskReply, regulatorRecorder, func(c Case) bool { return c.Reply.State == AtAgency }},
	{Record, replyRecorder, func(c Case) bool { return c.Reply.State.Open() }},
	{Resubmit, ownApplicant, func(c Case) bool {
		return c.Opinion.State == AtSupplement || c.Reply.State == AtSupplement
	}},
	{Withdraw, ownApplicant, func(c Case) bool { return c.Status == Submitted }},
	{RingVerb, system, func(c Case) bool { return c.Status == Submitted || c.Papers.Gate != "" }},
	{Restart, system, func(c Case) bool { return c.Status == Submitted }},
	{Lapse, system, func(c Case) bool { _, owed := c.SupplementLeg(); return owed }},
	{Identify, leadAssessor, func(c Case) bool { return c.Status == Submitted || c.Status == Approved }},
	{JoinVerb, otherAssessor, func(c Case) bool { return c.Opinion.State == AtAgency || c.Opinion.State == Given }},
	{OpineLate, leadAssessor, func(c Case) bool { return c.Opinion.State == TrackOvertaken && c.Given == nil }},
	{Report, healthCommission, func(c Case) bool { return c.Kind == Drug && c.Given != nil }},
	{File, ownApplicant, func(c Case) bool {
		return c.Status == Submitted || c.Status == Approved || c.Status == Refused
	}},
	{Receive, copied, func(c Case) bool { return len(c.Submissions) > 0 }},
	{Deliver, ownApplicant, func(c Case) bool { return c.Papers.Gate != "" }},
	{HoldVerb, agencyStaff, func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency }},
	{Release, agencyStaff, func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency }},
	{Assign, agencyStaff, func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency }},
	{Amend, replyRecorder, func(c Case) bool { return c.Decision != nil }},
	{Recount, system, func(c Case) bool { return c.Status == Submitted || c.Papers.Gate != "" }},
}

// answers are the moves that answer a gate; a link or a machine is good for nothing else.
var answers = []Verb{AskOpinion, Opine, AskReply, Record}

// Verbs lists every move that can be made on an existing case.
func Verbs() []Verb {
	verbs := make([]Verb, len(moves))
	for i, m := range moves {
		verbs[i] = m.verb
	}
	return verbs
}

// Permits fails with [fault.NotFound] if a may not know the case, with
// [fault.Forbidden] if it is not a's to do, and with [fault.Conflict] if it
// cannot be done now. It changes nothing.
func (c Case) Permits(v Verb, a party.Actor) error {
	if err := c.MayRead(a); err != nil {
		return err
	}
	i := slices.IndexFunc(moves, func(m move) bool { return m.verb == v })
	if i < 0 {
		return fault.New(fault.Invalid, "verb")
	}
	if !moves[i].who(c, a) || a.Confined() && !slices.Contains(answers, v) {
		return fault.New(fault.Forbidden, "role")
	}
	if !moves[i].when(c) {
		return fault.New(fault.Conflict, "case.state")
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

// agencyStaff is who could work on one of the two tracks. Which gate it is,
// the move asks the gate.
func agencyStaff(c Case, a party.Actor) bool { return leadAssessor(c, a) || replyRecorder(c, a) }

func system(_ Case, a party.Actor) bool { return a.Via == party.BySystem }

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
		if c.Track(leg).State == AtSupplement {
			return leg, true
		}
	}
	return "", false
}
