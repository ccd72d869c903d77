// Package casework holds the law of applications: what a case is, which states
// it passes through, and who may move it when. It performs no I/O and reads no
// clock; a move takes the time as an argument and returns new values.
package casework

import (
	"maps"
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
)

// Status says where a case stands. While it is Submitted its two legs say
// whose move it is; see [Case.Stage].
type Status string

const (
	Draft     Status = "draft"     // the hospital's move: fill in, attach, submit
	Submitted Status = "submitted" // the agencies' move, or the hospital's where a supplement is asked for
	Approved  Status = "approved"  // final for the application: approved, in full or in part
	Refused   Status = "refused"   // final
	Withdrawn Status = "withdrawn" // final: the hospital took it back
	Lapsed    Status = "lapsed"    // final: a supplement did not come in time, and local policy ends a case for it
)

// Statuses lists every status, in the order of a life.
var Statuses = []Status{Draft, Submitted, Approved, Refused, Withdrawn, Lapsed}

// LegState says what one leg of a submitted case waits for.
type LegState string

const (
	NotStarted   LegState = ""           // the case is a draft
	AtAgency     LegState = "agency"     // the agency's move: assess, or reply
	AtSupplement LegState = "supplement" // the hospital's move: send what the notice lists
	Given        LegState = "given"      // final: the opinion, or the reply, is there
	LegOvertaken LegState = "overtaken"  // final: the reply came while the opinion was open
	LegEnded     LegState = "ended"      // final: the case was withdrawn or lapsed
)

// Open reports whether somebody still has to act on the leg.
func (s LegState) Open() bool { return s == AtAgency || s == AtSupplement }

// Leg is one of the two things a submitted case waits for (办理线).
type Leg struct {
	State LegState  `json:"State"`
	Gate  string    `json:"Gate"`  // the gate that is open now, "" if none
	Gates int       `json:"Gates"` // gates opened so far; the next one's number is one more
	Round int       `json:"Round"` // supplement rounds so far
	Run   int       `json:"Run"`   // the machine's run that carries it; raised before it is started again
	RunAt time.Time `json:"RunAt"`
	// Clock is the agency's deadline as it stood when a supplement stopped it;
	// nil while it runs or if no limit is prescribed.
	Clock *Stopped `json:"Clock"`
}

// Stopped is an agency clock that waits for a supplement.
type Stopped struct {
	Deadline calendar.Deadline `json:"Deadline"`
	Limit    policy.Limit      `json:"Limit"`
	At       time.Time         `json:"At"` // when the supplement stopped it
}

// Submission is a dossier and form frozen at submit or resubmit (申报版本).
type Submission struct {
	No       int       `json:"No"` // from 1
	At       time.Time `json:"At"`
	By       string    `json:"By"`               // person
	Manifest string    `json:"Manifest"`         // key of the frozen manifest
	Digest   string    `json:"Digest"`           // SHA-256 of the manifest, hex
	Files    int       `json:"Files"`            // how many files it lists
	Product  string    `json:"Product"`          // name as submitted; shown in lists
	Subject  string    `json:"Subject,omitzero"` // stands for what it is about, as the register would hold it; another maker or model, another one
	Quantity int       `json:"Quantity"`         // units asked for, from 1
	Unit     string    `json:"Unit"`
	Claims   Claims    `json:"Said,omitzero"`    // what the hospital said of earlier applications
	Later    []string  `json:"Later,omitzero"`   // emergency lane: items of the pack whose papers follow by a date
	Urgency  string    `json:"Urgency,omitzero"` // emergency lane: why it cannot wait for them; 1 to 4000 characters
}

// Claims is what a submission says that the matrix of reuse looks at.
type Claims struct {
	Variety       string       `json:"Variety,omitzero"`       // the variety the hospital says it is, "" for a new one
	Used          bool         `json:"Used,omitzero"`          // units were used: attested, until the ledger of uses exists
	OtherPatients bool         `json:"OtherPatients,omitzero"` // it is for other patients
	Indication    string       `json:"Indication,omitzero"`    // the fingerprint of the one submitted
	Expires       calendar.Day `json:"Expires,omitzero"`       // when the first of its licences and certificates ends; zero: none says
}

// Versions are the data a case relied on, frozen with its first submission.
type Versions struct {
	Pack     string `json:"Pack"`
	Rules    string `json:"Rules"`
	Calendar string `json:"Calendar"`
}

// Case is one application by one hospital for one product.
type Case struct {
	ID       string      `json:"ID"`     // internal; never shown as a number
	Number   string      `json:"Number"` // the human case number, with its check character
	Kind     policy.Kind `json:"Kind"`
	Hospital string      `json:"Hospital"`         // organisation
	Version  int         `json:"Version"`          // raised by every write of the head
	Dossier  int         `json:"Dossier,omitzero"` // raised when form or files change; a form carries the one it showed
	Seq      int         `json:"Seq"`              // entries so far
	Head     string      `json:"Head"`             // hash of the newest entry, "" before the first
	Status   Status      `json:"Status"`

	Form  map[string]string   `json:"Form"`  // as typed; what was submitted is in the manifests
	Files map[string][]string `json:"Files"` // item of the pack -> ids of attached files, as attached

	Pack        string       `json:"Pack"` // requirement pack, frozen at creation
	Versions    Versions     `json:"Versions"`
	Submissions []Submission `json:"Submissions"`
	Opinion     Leg          `json:"Opinion"`
	Reply       Leg          `json:"Reply"`
	Given       *Opinion     `json:"Given"`           // the local opinion, once given
	Decision    *Decision    `json:"Decision"`        // the national reply, once recorded: the newest letter
	Former      []Decision   `json:"Former,omitzero"` // replies that a later letter or a correction replaced, oldest first, each [Decision.Slim]

	Claim    string              `json:"Claim,omitzero"`    // the variety that the draft says it is, "" for a new one
	Variety  *Identity           `json:"Variety,omitzero"`  // which variety it is, as an assessor found; nil: nobody found yet
	Joins    []Join              `json:"Joins,omitzero"`    // agencies that joined the opinion 联合评估
	Filing   *Filing             `json:"Filing,omitzero"`   // the application to the national regulator, as the hospital recorded it
	Report   *Filing             `json:"Report,omitzero"`   // drugs: the opinion's report to the NHC, as the Health Commission recorded it
	Received map[string]Received `json:"Received,omitzero"` // by organisation: the newest copy that it says has arrived
	Papers   Papers              `json:"Papers,omitzero"`   // emergency lane: what still follows

	CreatedAt time.Time `json:"CreatedAt"`
	EditedAt  time.Time `json:"EditedAt"`
	EditedBy  string    `json:"EditedBy"` // last editor of the draft, so that colleagues do not collide
}

// Clone returns a copy that shares no map, slice or pointer that a move writes.
func (c Case) Clone() Case {
	c.Form = maps.Clone(c.Form)
	files := make(map[string][]string, len(c.Files))
	for item, ids := range c.Files {
		files[item] = slices.Clone(ids)
	}
	c.Files = files
	c.Submissions = slices.Clone(c.Submissions)
	c.Received = maps.Clone(c.Received)
	return c
}

// Leg returns the state of leg.
func (c Case) Leg(leg gate.Leg) Leg {
	switch leg {
	case gate.Opinion:
		return c.Opinion
	case gate.Reply:
		return c.Reply
	}
	return Leg{}
}

// withLeg returns c with t as the state of leg. It panics for one that keeps none:
// papers owed have a gate, and nothing beside it.
func (c Case) withLeg(leg gate.Leg, t Leg) Case {
	switch leg {
	case gate.Opinion:
		c.Opinion = t
	case gate.Reply:
		c.Reply = t
	default:
		panic("casework: " + string(leg) + " has no state")
	}
	return c
}

// Closed reports whether the application has come to its end.
func (c Case) Closed() bool {
	return c.Status != Draft && c.Status != Submitted
}

// Editable reports whether something of the dossier may change now: all of it
// where [Case.FormOpen] says so, and files of the items owed while it owes papers.
func (c Case) Editable() bool { return c.FormOpen() || c.Papers.Gate != "" }

// FormOpen reports whether the form and every item may change now: in a draft,
// and while the hospital answers a supplement notice.
func (c Case) FormOpen() bool {
	return c.Status == Draft || c.Opinion.State == AtSupplement || c.Reply.State == AtSupplement
}

// ItemOpen reports whether files of item may come or go now. While papers are
// owed and nothing else is asked, only theirs may: what was submitted stays.
func (c Case) ItemOpen(item string) bool {
	return c.FormOpen() || c.Papers.Gate != "" && slices.Contains(c.Papers.Items, item)
}

// SameSubject reports whether submissions m and n are about the same product:
// the same name, maker and model, as the form said it.
func (c Case) SameSubject(m, n int) bool {
	if m < 1 || n < 1 || m > len(c.Submissions) || n > len(c.Submissions) {
		return false
	}
	x, y := c.Submissions[m-1], c.Submissions[n-1]
	if x.Subject == "" || y.Subject == "" {
		return m == n || x.Product == y.Product // an earlier build kept no more
	}
	return x.Subject == y.Subject
}

// about fails with [fault.Conflict] unless seen is the newest submission: what
// somebody says of a case, they say of the dossier that they read.
func (c Case) about(seen int) error {
	if n := len(c.Submissions); seen != n {
		return fault.New(fault.Conflict, "case.submission", seen, n)
	}
	return nil
}

// Lead returns the kind of agency that leads the opinion on c. See [party.Lead].
func (c Case) Lead() party.Kind { return party.Lead(c.Kind == policy.Drug) }

// MayRead fails with [fault.NotFound] unless a's organisation may know the
// case: its own hospital always; the copied agencies and the regulator from
// the first submission; Customs from an approving decision (notice 002, two
// (1) 2 and 5). A link reads its own case only.
func (c Case) MayRead(a party.Actor) error {
	if a.Via == party.BySystem {
		return nil
	}
	if a.Via == party.ByLink && a.Of != c.ID {
		return fault.New(fault.NotFound, "case")
	}
	ok := false
	switch a.Kind {
	case party.Hospital:
		ok = a.Org == c.Hospital
	case party.MunicipalMPA, party.HealthCommission, party.Regulator, party.Auditor:
		ok = len(c.Submissions) > 0
	case party.Customs:
		ok = c.everApproved()
	}
	if !ok {
		return fault.New(fault.NotFound, "case")
	}
	return nil
}

// Asked returns the quantity that the newest submission asks for, in units,
// and 0 for a draft or a form without a number.
func (c Case) Asked() int { return c.askedBy(len(c.Submissions)) }

// askedBy returns the quantity that submission no asks for, and 0 for none.
func (c Case) askedBy(no int) int {
	if no < 1 || no > len(c.Submissions) {
		return 0
	}
	return c.Submissions[no-1].Quantity
}

// Question is one of the three that every assessment answers.
type Question = reuse.Question

// The three questions; see package reuse.
const (
	Capability = reuse.Capability
	Urgency    = reuse.Urgency
	Quantity   = reuse.Quantity
)

// Questions lists them in the notice's order.
var Questions = reuse.Questions[:]

// Finding answers one question.
type Finding struct {
	Question Question `json:"Question"`
	Met      bool     `json:"Met"`
	Relied   bool     `json:"Relied,omitzero"` // not asked now: the finding of the opinion relied on stands
	Reason   string   `json:"Reason"`          // 1 to 4000 characters; read by hospital and agencies. May be empty where relied on
}

// Opinion is the local assessment opinion (评估意见).
type Opinion struct {
	Findings   []Finding      `json:"Findings"`          // one for each question, in the notice's order
	Advice     string         `json:"Advice"`            // shown to the hospital; 0 to 4000 characters
	Placed     reuse.Proposal `json:"Placed,omitzero"`   // what the matrix proposed; zero: all three are asked
	Override   string         `json:"Override,omitzero"` // why the person did otherwise than proposed; 0 to 4000 characters
	Late       bool           `json:"Late,omitzero"`     // given after the national reply, for the record; it decides nothing
	Submission int            `json:"Submission"`        // the one its author read, from 1
	Entry      int            `json:"Entry"`             // the entry that holds it
	Hash       string         `json:"Hash,omitzero"`     // of that entry, known once it is sealed; empty for opinions of earlier builds
	Person     string         `json:"Person"`
	Org        string         `json:"Org"`
	At         time.Time      `json:"At"`
}

// Joint reports whether another agency joined the opinion (联合评估意见).
func (c Case) Joint() bool { return len(c.Joins) > 0 }

// Outcome is what the national regulator decided.
type Outcome string

const (
	Approve       Outcome = "approve"
	ApproveInPart Outcome = "approve-in-part" // fewer units, a validity, or conditions
	Refuse        Outcome = "refuse"
)

// Terms are what an approving decision allows.
type Terms struct {
	Quantity   int          `json:"Quantity"`   // units; at most what was asked for
	Unit       string       `json:"Unit"`       // as asked for
	ValidUntil calendar.Day `json:"ValidUntil"` // zero: the reply states none
	Conditions []string     `json:"Conditions"` // each 1 to 1000 characters
}

// Decision is the national regulator's reply (批复) as recorded here.
type Decision struct {
	Outcome    Outcome      `json:"Outcome"`
	Number     string       `json:"Number"`         // of the letter, free text, 1 to 100 characters
	Date       calendar.Day `json:"Date"`           // of the letter
	Reason     string       `json:"Reason"`         // 0 to 4000 characters; required for a refusal or a partial approval
	Terms      Terms        `json:"Terms"`          // zero for a refusal
	Evidence   string       `json:"Evidence"`       // id of the checked file that shows the letter
	Submission int          `json:"Submission"`     // the one that whoever entered it read, from 1
	Entry      int          `json:"Entry,omitzero"` // the entry that holds it, with its long texts; 0 for replies of earlier builds
	Person     string       `json:"Person"`         // who entered it
	Org        string       `json:"Org"`
	Transcript bool         `json:"Transcript"` // entered by the municipal MPA from the letter, not by the regulator
	At         time.Time    `json:"At"`
}

// Slim returns d without its long texts, which stand in its entry: so the head of
// a case does not grow with every letter. A reply of an earlier build names no
// entry and stays whole.
func (d Decision) Slim() Decision {
	if d.Entry > 0 {
		d.Reason, d.Terms.Conditions = "", nil
	}
	return d
}
