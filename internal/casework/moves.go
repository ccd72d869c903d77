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
	Restart     Verb = "restart"      // a sweep raises the run of a leg
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

// A move is one row of the law's table: who may make it, and when. when returns
// the conflict that is in the way of this very actor, nil if nothing is.
type move struct {
	verb Verb
	who  func(Case, party.Actor) bool
	when func(Case, party.Actor) error
}

// is returns a when that looks at the case alone.
func is(stands func(Case) bool) func(Case, party.Actor) error {
	return func(c Case, _ party.Actor) error {
		if stands(c) {
			return nil
		}
		return fault.New(fault.Conflict, "case.state")
	}
}

// moves is the whole law of who may do what when. Pages, handlers and the
// operations ask the same rows.
var moves = []move{
	{Edit, ownApplicant, is(Case.Editable)},
	{Submit, ownApplicant, is(func(c Case) bool { return c.Status == Draft })},
	{AskOpinion, leadAssessor, is(func(c Case) bool { return c.Opinion.State == AtAgency })},
	{Opine, leadAssessor, is(func(c Case) bool { return c.Opinion.State == AtAgency })},
	{AskReply, regulatorRecorder, is(func(c Case) bool { return c.Reply.State == AtAgency })},
	{Record, replyRecorder, is(func(c Case) bool { return c.Reply.State.Open() })},
	{Resubmit, ownApplicant, is(func(c Case) bool {
		return c.Opinion.State == AtSupplement || c.Reply.State == AtSupplement
	})},
	{Withdraw, ownApplicant, is(func(c Case) bool { return c.Status == Submitted })},
	{RingVerb, system, is(Case.Waiting)},
	{Restart, system, is(func(c Case) bool { return c.Status == Submitted })},
	{Lapse, system, is(func(c Case) bool { _, owed := c.SupplementLeg(); return owed })},
	{Identify, leadAssessor, identifiable},
	{JoinVerb, otherAssessor, joinable},
	{OpineLate, leadAssessor, is(func(c Case) bool { return c.Opinion.State == TrackOvertaken && c.Given == nil })},
	{Report, healthCommission, is(func(c Case) bool { return c.Kind == Drug && c.Given != nil })},
	{File, ownApplicant, is(func(c Case) bool {
		return c.Status == Submitted || c.Status == Approved || c.Status == Refused
	})},
	{Receive, copied, receivable},
	{Deliver, ownApplicant, is(func(c Case) bool { return c.Papers.Gate != "" })},
	{HoldVerb, agencyStaff, is(func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency })},
	{Release, agencyStaff, is(func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency })},
	{Assign, agencyStaff, is(func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency })},
	{RevokeLinks, linkKeeper, is(func(c Case) bool { return c.Opinion.State == AtAgency || c.Reply.State == AtAgency })},
	{Amend, replyRecorder, is(func(c Case) bool { return c.Decision != nil })},
	{Correct, replyRecorder, is(func(c Case) bool { return c.Decision != nil })},
	{Recount, system, is(Case.Waiting)},
}

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
	return moves[i].when(c, a)
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
		if c.Track(leg).State == AtSupplement {
			return leg, true
		}
	}
	return "", false
}
