// Package inquiry holds the law of questions: a hospital asks before or beside
// an application, the agencies that the notice names answer, and the question
// stays with the later case (notice 002, two (1) 1). It performs no I/O and
// reads no clock.
package inquiry

import (
	"maps"
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/typed"
)

// Status says whose move it is.
type Status string

const (
	Open     Status = "open"     // an agency's move: somebody who was asked has not answered
	Answered Status = "answered" // final, unless the hospital asks on
)

// Answer is what one agency said.
type Answer struct {
	Text   string    `json:"Text"` // 1 to 4000 characters
	Person string    `json:"Person"`
	At     time.Time `json:"At"`
}

// Inquiry is one question (咨询) by one hospital.
type Inquiry struct {
	ID       string             `json:"ID"`
	Number   string             `json:"Number"` // for people: the human case number's shape, beginning with Q
	Hospital string             `json:"Hospital"`
	Drug     bool               `json:"Drug"`
	Subject  string             `json:"Subject"`  // 1 to 200 characters
	Question string             `json:"Question"` // 1 to 4000 characters; names no patient
	To       []string           `json:"To"`       // the agencies asked: devices the municipal MPA alone, drugs both
	Answers  map[string]Answer  `json:"Answers"`  // by organisation
	Case     string             `json:"Case"`     // the application it belongs to, "" as long as none
	Status   Status             `json:"Status"`
	Person   string             `json:"Person"` // who asked
	At       time.Time          `json:"At"`
	Limit    *policy.Limit      `json:"Limit"`         // local policy's clock, off unless an operator sets one
	Deadline *calendar.Deadline `json:"Deadline"`      // nil without a limit
	Rang     time.Time          `json:"Rang,omitzero"` // when the clock spoke of the deadline, once it has passed
}

// Verb names a move. It stands in history for ever; do not rename one.
type Verb = law.Verb

const (
	Ask    Verb = "ask-inquiry"
	Reply  Verb = "answer-inquiry"
	Attach Verb = "attach-inquiry"
	Ring   Verb = "ring-inquiry" // the clock: the deadline has passed, and somebody who was asked has not answered
)

// Facts are the body of an entry. The JSON names never change.
type Facts struct {
	Number   string   `json:"number"`
	Drug     bool     `json:"drug,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	Question string   `json:"question,omitempty"`
	Answer   string   `json:"answer,omitempty"`
	Case     string   `json:"case,omitempty"`
	Due      string   `json:"due,omitempty"`
	Counted  any      `json:"counted,omitempty"`
	Tells    []string `json:"tells,omitempty"` // organisations told
}

// Change is what one move does.
type Change struct {
	Inquiry Inquiry
	Verb    Verb
	By      party.Actor
	Facts   Facts
}

// Setting is what a move may know beside the inquiry.
type Setting = law.Setting

const (
	maxSubject = 200
	maxText    = 4000
)

// New asks a question for a's hospital: about a drug of both agencies, about a
// device of the municipal MPA alone. It fails with [fault.Forbidden] unless a
// prepares applications, and with [fault.Invalid] as [typed.Line] and [typed.Text].
func New(id, number string, drug bool, subject, question string, a party.Actor, s Setting) (Change, error) {
	if a.Kind != party.Hospital || !a.Holds(party.Applicant) || a.Confined() {
		return Change{}, fault.New(fault.Forbidden, "role")
	}
	var in typed.Reader
	subject, question = in.Line("subject", subject, 1, maxSubject), in.Text("question", question, 1, maxText)
	if err := in.Err(); err != nil {
		return Change{}, err
	}
	q := Inquiry{
		ID: id, Number: number, Hospital: a.Org, Drug: drug, Subject: subject, Question: question,
		Status: Open, Person: a.Person, At: s.Now, Answers: map[string]Answer{},
	}
	for _, org := range []string{s.Agencies.MunicipalMPA, s.Agencies.HealthCommission} {
		if org != "" && (drug || org == s.Agencies.MunicipalMPA) {
			q.To = append(q.To, org)
		}
	}
	facts := Facts{Number: number, Drug: drug, Subject: subject, Question: question, Tells: q.To}
	if l, ok := s.Rules.Limits[policy.Inquiring]; ok {
		d := s.Calendar.Due(s.Now, l.Count())
		q.Limit, q.Deadline = &l, &d
		facts.Due, facts.Counted = d.Due.UTC().Format(time.RFC3339), d.Trace
	}
	return Change{Inquiry: q, Verb: Ask, By: a, Facts: facts}, nil
}

// MayRead fails with [fault.NotFound] unless a's organisation asked or was asked.
func (q Inquiry) MayRead(a party.Actor) error {
	if a.Confined() || a.Org != q.Hospital && !slices.Contains(q.To, a.Org) {
		return fault.New(fault.NotFound, "inquiry")
	}
	return nil
}

// moves is the whole law of who may do what when with a question that was asked.
var moves = law.Moves[Inquiry]{
	{Verb: Reply, Who: askedAssessor, When: unanswered},
	{Verb: Attach, Who: ownApplicant},
	{Verb: Ring, Who: law.System[Inquiry], When: silent},
}

// Verbs lists every move that can be made on an inquiry.
func Verbs() []Verb { return moves.Verbs() }

// Permits fails as [Inquiry.MayRead], with [fault.Forbidden] if it is not a's to
// do, and with [fault.Conflict] if it cannot be done now. It changes nothing.
func (q Inquiry) Permits(v Verb, a party.Actor) error {
	if err := q.MayRead(a); err != nil {
		return err
	}
	return moves.Permits(q, v, a)
}

func ownApplicant(q Inquiry, a party.Actor) bool {
	return a.Org == q.Hospital && a.Holds(party.Applicant)
}

func askedAssessor(q Inquiry, a party.Actor) bool {
	return slices.Contains(q.To, a.Org) && a.Holds(party.Assessor)
}

func unanswered(q Inquiry, a party.Actor) error {
	if _, done := q.Answers[a.Org]; done {
		return fault.New(fault.Conflict, "inquiry.answered")
	}
	return nil
}

// silent fails unless somebody who was asked lets a deadline pass of which the clock has
// not spoken yet.
func silent(q Inquiry, _ party.Actor) error {
	if q.Status != Open || q.Deadline == nil || !q.Rang.IsZero() {
		return fault.New(fault.Conflict, "ring.early")
	}
	return nil
}

// RingDeadline records that the deadline has passed and lets those be told who have not
// answered. It fails with [fault.Conflict] before that, and once it was done.
func (q Inquiry) RingDeadline(s Setting) (Change, error) {
	if err := moves.Permits(q, Ring, party.System); err != nil {
		return Change{}, err
	}
	if s.Now.Before(q.Deadline.Due) {
		return Change{}, fault.New(fault.Conflict, "ring.early")
	}
	q.Rang = s.Now
	var late []string
	for _, org := range q.To {
		if _, done := q.Answers[org]; !done {
			late = append(late, org)
		}
	}
	facts := Facts{Number: q.Number, Due: q.Deadline.Due.UTC().Format(time.RFC3339), Tells: late}
	return Change{Inquiry: q, Verb: Ring, By: party.System, Facts: facts}, nil
}

// Answer gives a's agency's answer. It fails as [Inquiry.Permits], and with
// [fault.Invalid] as [typed.Text].
func (q Inquiry) Answer(words string, a party.Actor, s Setting) (Change, error) {
	if err := q.Permits(Reply, a); err != nil {
		return Change{}, err
	}
	words, err := typed.Text("answer", words, 1, maxText)
	if err != nil {
		return Change{}, err
	}
	q.Answers = maps.Clone(q.Answers)
	if q.Answers == nil {
		q.Answers = map[string]Answer{}
	}
	q.Answers[a.Org] = Answer{Text: words, Person: a.Person, At: s.Now}
	if len(q.Answers) == len(q.To) {
		q.Status = Answered
	}
	return Change{Inquiry: q, Verb: Reply, By: a, Facts: Facts{Number: q.Number, Answer: words, Tells: []string{q.Hospital}}}, nil
}

// Attach keeps the inquiry with a case of the same hospital. It fails with
// [fault.Forbidden] unless a prepares applications for it, and with
// [fault.Conflict] if it belongs to another case already.
func (q Inquiry) Attach(id string, a party.Actor, _ Setting) (Change, error) {
	if err := q.Permits(Attach, a); err != nil {
		return Change{}, err
	}
	if q.Case != "" && q.Case != id {
		return Change{}, fault.New(fault.Conflict, "inquiry.attached")
	}
	q.Case = id
	return Change{Inquiry: q, Verb: Attach, By: a, Facts: Facts{Number: q.Number, Case: id}}, nil
}

// Overdue reports whether somebody who was asked is late at now.
func (q Inquiry) Overdue(now time.Time) bool {
	return q.Status == Open && q.Deadline != nil && now.After(q.Deadline.Due)
}
