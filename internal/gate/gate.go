// Package gate holds the law of the points where somebody named must act: what
// a gate is, who may answer it, how often, and when it rings. It does not know
// what an answer does to a case, and it never sees a task token. It performs no
// I/O and reads no clock.
package gate

import (
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Leg is one of the two things a submitted case waits for (办理线).
type Leg string

const (
	Opinion Leg = "opinion" // the local assessment opinion 评估意见
	Reply   Leg = "reply"   // the national regulator's reply 批复
)

// Legs lists them in the order people see them.
var Legs = []Leg{Opinion, Reply}

// Papers is where the gates of the emergency lane stand: papers that follow a
// submission by a date. No machine waits there; only the clock speaks of them.
const Papers Leg = "papers"

// Kind is what a gate asks for.
type Kind string

const (
	Assess     Kind = "assess"     // the lead assessor: opinion, or a supplement notice
	Supplement Kind = "supplement" // the hospital: the papers that a notice asked for
	Decide     Kind = "reply"      // the recorder: the national reply, or a notice asking for more
	Deliver    Kind = "papers"     // the hospital: the papers it named when it submitted in the emergency lane
)

// Status says whether a gate still waits.
type Status string

const (
	Open     Status = "open"     // the party's move
	Answered Status = "answered" // final: somebody named answered
	Closed   Status = "closed"   // final: the case moved on without an answer here
)

// Ways in which a gate is closed without an answer of its own.
const (
	Withdrawn = "withdrawn" // the hospital took the application back
	Overtaken = "overtaken" // the national reply came first
	Lapsed    = "lapsed"    // a supplement did not come in time, and local policy ends the case for it
	Moot      = "moot"      // the case ended, and nobody needs the papers any more
)

// Hold is a pause that the party itself put on its work (暂缓). It does not stop
// the clock: no rule says that it may.
type Hold struct {
	Reason string       `json:"Reason"` // 1 to 4000 characters; read by the party's own people
	Until  calendar.Day `json:"Until"`  // the gate wakes its party in the morning of that day
	Person string       `json:"Person"`
	At     time.Time    `json:"At"`
	Then   *Ring        `json:"Then"` // the ring that would have been next, had nobody held
}

// Answer is how a gate ended, kept for whoever asks later.
type Answer struct {
	Choice string    `json:"Choice"` // the verb of the answer, or Withdrawn, Overtaken
	Digest string    `json:"Digest"` // over the answer's content: the same answer again is recognised by it
	Person string    `json:"Person"` // who; "system" when nobody answered
	Org    string    `json:"Org"`    // for which organisation
	At     time.Time `json:"At"`     // when it was committed
	Seq    int       `json:"Seq"`    // the entry that says it all
}

// Gate is one point where a party must act (办理环节).
type Gate struct {
	ID         string             `json:"ID"` // unique in its case: leg and number, "opinion-2"
	Of         string             `json:"Case"`
	Leg        Leg                `json:"Leg"`
	Kind       Kind               `json:"Kind"`
	Party      string             `json:"Party"`      // the organisation whose move it is
	Recorders  []string           `json:"Recorders"`  // organisations that may also enter the reply (local policy), on the reply's leg only
	Submission int                `json:"Submission"` // the submission it is about, from 1
	Round      int                `json:"Round"`      // supplement rounds on this leg so far, from 0
	Issue      int                `json:"Issue"`      // raised to revoke every link sent before, from 1
	OpenedAt   time.Time          `json:"OpenedAt"`
	Limit      *policy.Limit      `json:"Limit"`    // frozen when it opened; nil: no time limit is prescribed 未规定期限
	Deadline   *calendar.Deadline `json:"Deadline"` // with its counting trace; nil without a limit
	Ring       *Ring              `json:"Ring"`     // the next time the clock speaks of it; nil: never
	Status     Status             `json:"Status"`
	Answer     *Answer            `json:"Answer"`            // set when it is no longer open
	Assignee   string             `json:"Assignee,omitzero"` // the person of the party who works on it; "": anybody with the role
	Hold       *Hold              `json:"Hold,omitzero"`     // nil: nobody holds it
}

// MayAnswer fails with [fault.NotFound] if a's organisation has no business
// with the gate or a's link is for another one or was revoked, and with [fault.Forbidden] if
// the person lacks the role.
func (g Gate) MayAnswer(a party.Actor) error {
	if a.Org != g.Party && !slices.Contains(g.Recorders, a.Org) {
		return fault.New(fault.NotFound, "gate")
	}
	if a.Via == party.ByLink && (a.Of != g.Of || a.Gate != g.ID || a.Issue != g.Issue) {
		return fault.New(fault.NotFound, "gate")
	}
	if !a.Holds(g.needs(a.Org)) {
		return fault.New(fault.Forbidden, "role")
	}
	return nil
}

// MayArrange fails with [fault.Forbidden] unless a may arrange the work at g:
// the party's own people who may answer it. Another organisation that may enter
// the reply neither puts it aside nor hands it to somebody. It fails as [Gate.MayAnswer] too.
func (g Gate) MayArrange(a party.Actor) error {
	if err := g.MayAnswer(a); err != nil {
		return err
	}
	if a.Org != g.Party {
		return fault.New(fault.Forbidden, "role")
	}
	return nil
}

// About fails with [fault.Conflict] unless g is about submission seen. Whoever
// answers says which submission they read; an answer is never about another.
func (g Gate) About(seen int) error {
	if seen != g.Submission {
		return fault.New(fault.Conflict, "gate.submission", seen, g.Submission)
	}
	return nil
}

// needs returns the role in which org answers a gate of this kind. Over a
// supplement that the regulator asked for, its recorders may still enter the
// reply: it is a fact when it comes.
func (g Gate) needs(org string) party.Role {
	switch {
	case g.Kind == Assess:
		return party.Assessor
	case g.Kind == Decide, org != g.Party:
		return party.Recorder
	default:
		return party.Applicant
	}
}

// Answering returns g as answered by a. It fails with [fault.Conflict] if g is
// no longer open. It does not ask who a is; see [Gate.MayAnswer].
func (g Gate) Answering(choice, digest string, a party.Actor, now time.Time, seq int) (Gate, error) {
	if g.Status != Open {
		return Gate{}, fault.New(fault.Conflict, "gate.answered")
	}
	g.Status = Answered
	switch choice {
	case Withdrawn, Overtaken, Lapsed, Moot:
		g.Status = Closed
	}
	g.Answer = &Answer{Choice: choice, Digest: digest, Person: a.Person, Org: a.Org, At: now, Seq: seq}
	g.Ring, g.Hold = nil, nil
	return g, nil
}

// Assigned returns g with person to work on it. Whether person is one of the
// party's, the caller knows.
func (g Gate) Assigned(person string) Gate {
	g.Assignee = person
	return g
}

// Held returns g held by h. Its clock goes on; it rings in the morning of
// h.Until, unless the deadline speaks first. Holding a held gate moves the day.
func (g Gate) Held(h Hold) Gate {
	next := g.Ring
	if g.Hold != nil {
		next = g.Hold.Then
	}
	g.Hold, g.Ring = &h, nil
	g.Ring = g.soonest(next)
	return g
}

// Released returns g as if nobody had held it.
func (g Gate) Released() Gate {
	if g.Hold != nil {
		if g.Ring != nil && g.Ring.Kind == Wake {
			g.Ring = g.Hold.Then
		}
		g.Hold = nil
	}
	return g
}

// soonest returns the waking of a held gate if it comes before next, which it
// then keeps for afterwards.
func (g *Gate) soonest(next *Ring) *Ring {
	if g.Hold == nil {
		return next
	}
	h := *g.Hold
	h.Then = next
	g.Hold = &h
	if wake := h.Until.At(reminderHour, 0); next == nil || wake.Before(next.At) {
		return &Ring{Kind: Wake, At: wake}
	}
	return next
}
