// Package reuse holds the matrix of the notice: which of the three questions a
// further application for the same variety is asked again, and on whose opinion
// the others may rely (notice 002, two (2)). It proposes and says why; a person
// accepts or overrides. It performs no I/O and reads no clock.
package reuse

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/typed"
)

// Question is one of the three that every assessment answers (notice 002, two
// (1) 3 and 4).
type Question string

const (
	Capability Question = "capability" // 使用管理能力
	Urgency    Question = "urgency"    // 临床急需
	Quantity   Question = "quantity"   // 数量合理
)

// Questions lists them in the notice's order.
var Questions = [3]Question{Capability, Urgency, Quantity}

// Situation is how an application stands to earlier ones for the same variety.
type Situation string

const (
	First         Situation = "first"          // 首次: all three questions
	SameHospital  Situation = "same-hospital"  // 同一医疗机构再次申请
	OtherHospital Situation = "other-hospital" // 不同医疗机构申请同一品种
)

// Treatment is what becomes of one question.
type Treatment string

const (
	Assess   Treatment = "assess"    // 评估: asked now
	Focus    Treatment = "focus"     // 重点评估: asked now, and what this assessment is about
	Rely     Treatment = "rely"      // 沿用: the earlier finding stands
	IfNeeded Treatment = "if-needed" // 必要时评估: the earlier finding stands unless the assessor asks again
	NotAgain Treatment = "not-again" // 不再评估: found once for the variety
)

// Anew reports whether the question is asked now.
func (t Treatment) Anew() bool { return t == Assess || t == Focus }

// Stale is a reason why an earlier opinion no longer carries.
type Stale string

const (
	Stopped    Stale = "stopped"    // a stop order on the variety came later
	Registered Stale = "registered" // an equivalent was registered at home: the programme's ground is gone
	Indication Stale = "indication" // the indication is not the one assessed then
	Expired    Stale = "expired"    // a licence or certificate of this application is out of date
	Aged       Stale = "aged"       // older than local policy allows; the notice sets no age
)

// Lack is a condition of the notice that this application does not meet.
type Lack string

const (
	NotFound    Lack = "not-found"    // nobody has found yet that it is the same variety
	NoOpinion   Lack = "no-opinion"   // no earlier application for it was assessed and approved
	NotJoint    Lack = "not-joint"    // device: the earlier opinion was not a joint one
	NotUsed     Lack = "not-used"     // device: the hospital does not say that units were used
	SamePatient Lack = "same-patient" // device: not for other patients
	Unmet       Lack = "unmet"        // the earlier opinion found one of the three not met
)

// Precedent is an earlier application for the variety as the matrix sees it.
type Precedent struct {
	Case       string `json:"case"`
	Number     string `json:"number"`
	Hospital   string `json:"hospital"`
	Submission int    `json:"submission"`
	Entry      int    `json:"entry"` // the entry that holds the opinion
	Hash       string `json:"hash"`  // of that entry; "" in entries of earlier builds

	Day   calendar.Day `json:"day"`            // of the opinion; entries of earlier builds spell it Day
	Since time.Time    `json:"since,omitzero"` // when an approval of it was first recorded: since then it is a precedent

	Approved   bool    `json:"-"` // the national reply approved, in full or in part
	Joint      bool    `json:"joint"`
	Own        [3]bool `json:"-"` // which questions it assessed itself, rather than relied on another
	Met        [3]bool `json:"-"`
	Indication string  `json:"-"`
}

// Standing is what is known of the variety beside its applications.
type Standing struct {
	StoppedSince    calendar.Day // zero: no stop order stands
	RegisteredSince calendar.Day // zero: no registered equivalent is known
}

// Asked is the application to be placed.
type Asked struct {
	Drug          bool // else a device
	Hospital      string
	Found         bool   // a person found that it is the same variety as the precedents'
	Used          bool   // the hospital attests that units were used (device)
	OtherPatients bool   // the hospital attests that it is for other patients (device)
	Indication    string // its [Fingerprint]
	Expired       bool   // a licence or certificate is out of date today
	Today         calendar.Day
	Before        time.Time // an opinion given since then cannot be relied on; zero: all that there are
	MostMonths    int       // local policy: how old an opinion may be; 0: no bound
}

// Proposal is where the matrix places an application, and why.
type Proposal struct {
	Situation Situation    `json:"route"`  // what programs and history call it
	Clause    string       `json:"clause"` // of the notice; see [Clauses]
	How       [3]Treatment `json:"how"`    // in the order of [Questions]
	RelyOn    *Precedent   `json:"relyOn,omitempty"`
	Lacking   []Lack       `json:"lacking,omitempty"` // why a repeat is assessed like a first one
	Stale     []Stale      `json:"stale,omitempty"`   // why the opinion that could be relied on is not
}

// Clauses of the notice that a proposal names.
const (
	ClauseDrug   = "002 二(一)3" // first drug
	ClauseDevice = "002 二(一)4" // first device
	ClauseAgain  = "002 二(二)1" // further drug
	ClauseRepeat = "002 二(二)2" // further device
)

// Propose places a. The first opinion of its own hospital comes before that of
// another. Where a condition of the notice is not met, or the opinion is stale,
// all three questions are asked as the first time, and the proposal says why.
func Propose(a Asked, v Standing, earlier []Precedent) Proposal {
	p := Proposal{Situation: First, Clause: ClauseDevice, How: [3]Treatment{Assess, Assess, Assess}}
	again := ClauseRepeat
	if a.Drug {
		p.Clause, again = ClauseDrug, ClauseAgain
	}
	candidate, lack := choose(a, earlier)
	if candidate == nil {
		if len(earlier) > 0 {
			p.Lacking = []Lack{lack}
		}
		return p
	}
	p.Situation, p.RelyOn = OtherHospital, candidate
	how := [3]Treatment{Focus, NotAgain, Focus}
	needed := [3]bool{false, true, false}
	if candidate.Hospital == a.Hospital {
		p.Situation = SameHospital
		how = [3]Treatment{Rely, Rely, IfNeeded}
		needed = [3]bool{true, true, true}
		p.Lacking = a.lacks(*candidate)
	}
	if !a.Found {
		p.Lacking = append(p.Lacking, NotFound)
	}
	for i, need := range needed {
		if need && !candidate.Met[i] && !slices.Contains(p.Lacking, Unmet) {
			p.Lacking = append(p.Lacking, Unmet)
		}
	}
	p.Stale = a.stale(*candidate, v)
	if len(p.Lacking) == 0 && len(p.Stale) == 0 {
		p.How, p.Clause = how, again
	}
	return p
}

// choose returns the opinion to rely on: the hospital's own first approved one,
// else the first approved one of another hospital that assessed urgency itself.
func choose(a Asked, earlier []Precedent) (*Precedent, Lack) {
	sorted := slices.Clone(earlier)
	slices.SortStableFunc(sorted, func(x, y Precedent) int {
		return cmp.Or(cmp.Compare(x.Day.String(), y.Day.String()), cmp.Compare(x.Case, y.Case))
	})
	var other *Precedent
	for i, p := range sorted {
		if !p.Approved || p.Day.IsZero() || !a.Before.IsZero() && !p.Since.Before(a.Before) {
			continue
		}
		if p.Hospital == a.Hospital && p.Own[0] && p.Own[2] {
			return &sorted[i], ""
		}
		if other == nil && p.Hospital != a.Hospital && p.Own[1] {
			other = &sorted[i]
		}
	}
	return other, NoOpinion
}

// lacks lists what the notice asks of a device's repeat at the same hospital.
func (a Asked) lacks(p Precedent) []Lack {
	if a.Drug {
		return nil
	}
	var out []Lack
	if !p.Joint {
		out = append(out, NotJoint)
	}
	if !a.Used {
		out = append(out, NotUsed)
	}
	if !a.OtherPatients {
		out = append(out, SamePatient)
	}
	return out
}

// stale lists why p no longer carries.
func (a Asked) stale(p Precedent, v Standing) []Stale {
	var out []Stale
	add := func(is bool, why Stale) {
		if is {
			out = append(out, why)
		}
	}
	add(!v.StoppedSince.IsZero(), Stopped)
	add(!v.RegisteredSince.IsZero(), Registered)
	add(a.Indication != p.Indication, Indication)
	add(a.Expired, Expired)
	add(a.MostMonths > 0 && older(p.Day, a.MostMonths, a.Today), Aged)
	return out
}

// older reports whether more than months lie between day and today. A month
// ends on the same day of the month; one that has no such day ends later.
func older(day calendar.Day, months int, today calendar.Day) bool {
	n := int(day.Month) - 1 + months
	end := day
	end.Year, end.Month = day.Year+n/12, time.Month(n%12+1)
	return end.Before(today)
}

// Fingerprint stands for an indication: two texts that differ only in space,
// punctuation, width or case of letters have the same one. It is "" for no text.
func Fingerprint(indication string) string {
	text := typed.Fold(indication)
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
