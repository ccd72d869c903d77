// Package variety holds the law of the register of varieties (品种登记): what
// product several applications are about. Whether two products are the same is
// a person's finding, made on a case; this package keeps what the finding is
// about. It performs no I/O and reads no clock.
package variety

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
)

// Category is one of the high-end groups of the national measures (001-1).
type Category string

// Categories lists them in the text's order; "" is none of them.
var Categories = []Category{"", "imaging", "implant", "surgical-system", "ivd", "radiotherapy", "rehabilitation", "ai", "future"}

// Data are what the register says of a product.
type Data struct {
	NameZH       string `json:"nameZh"` // 1 to 200 characters
	NameEN       string `json:"nameEn"`
	Maker        string `json:"maker"` // 1 to 200 characters
	Model        string `json:"model"` // model and specification, or dosage form and strength
	Country      string `json:"country"`
	Class        string `json:"class,omitempty"`        // devices: II or III
	Subcatalogue string `json:"subcatalogue,omitempty"` // devices: 01 to 22
	UDI          string `json:"udi,omitempty"`          // devices: the device identifier
	NoUDI        string `json:"noUdi,omitempty"`        // why there is none

	Category      Category `json:"category,omitempty"`
	SpecialReview bool     `json:"specialReview,omitempty"` // 创新特别审查
	Conditional   bool     `json:"conditional,omitempty"`   // 附条件批准
}

// Variety is one product that applications share.
type Variety struct {
	ID      string `json:"ID"`
	Drug    bool   `json:"Drug"`
	Data    Data   `json:"Data"`
	Version int    `json:"Version"` // raised by every change; an opinion holds the one it relied on

	// Rows says that all its precedents are kept as rows: so of every entry that is
	// new since they are. Else some may be found in their cases only.
	Rows bool `json:"Rows,omitzero"`

	RegisteredSince calendar.Day `json:"RegisteredSince"` // an equivalent is registered at home since; zero: none known
	RegisteredNote  string       `json:"RegisteredNote"`  // which: number and holder; 0 to 1000 characters
	StoppedSince    calendar.Day `json:"StoppedSince"`    // a stop order stands since; zero: none

	Person string    `json:"Person"`
	Org    string    `json:"Org"`
	At     time.Time `json:"At"`
}

// Standing is what the matrix of reuse looks at.
func (v Variety) Standing() reuse.Standing {
	return reuse.Standing{StoppedSince: v.StoppedSince, RegisteredSince: v.RegisteredSince}
}

// Verb names a move. It stands in history for ever; do not rename one.
type Verb = law.Verb

const (
	Register Verb = "register-variety"
	Correct  Verb = "correct-variety"
	Mark     Verb = "mark-variety" // an equivalent was registered at home, or the mark was a mistake
)

// Facts are the body of an entry. The JSON names never change.
type Facts struct {
	Drug       bool   `json:"drug,omitempty"`
	Data       *Data  `json:"data,omitempty"`
	Case       string `json:"case,omitempty"` // the case it was registered from
	Registered string `json:"registered,omitempty"`
	Note       string `json:"note,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

// Change is what one move does.
type Change struct {
	Variety Variety
	Verb    Verb
	By      party.Actor
	Facts   Facts
}

// MayKeep fails with [fault.Forbidden] unless a assesses for the agency that
// leads the opinion on this kind: the municipal MPA for devices, the Health
// Commission for drugs.
func MayKeep(drug bool, a party.Actor) error {
	lead := party.MunicipalMPA
	if drug {
		lead = party.HealthCommission
	}
	if a.Kind != lead || !a.Holds(party.Assessor) || a.Confined() {
		return fault.New(fault.Forbidden, "role")
	}
	return nil
}

// moves is the whole law of who may do what with an entry of the register.
var moves = law.Moves[Variety]{
	{Verb: Correct, Who: keeps},
	{Verb: Mark, Who: keeps},
}

func keeps(v Variety, a party.Actor) bool { return MayKeep(v.Drug, a) == nil }

// Verbs lists every move that can be made on an entry of the register.
func Verbs() []Verb { return moves.Verbs() }

// Permits fails with [fault.Forbidden] if it is not a's to do. It changes nothing.
func (v Variety) Permits(verb Verb, a party.Actor) error { return moves.Permits(v, verb, a) }

// New enters a product into the register, from the case named. It fails as
// [MayKeep], and with [fault.Invalid] as [Data.Check].
func New(id string, drug bool, d Data, from string, a party.Actor, now time.Time) (Change, error) {
	if err := MayKeep(drug, a); err != nil {
		return Change{}, err
	}
	if err := fault.Fields(d.Check(drug)); err != nil {
		return Change{}, err
	}
	v := Variety{ID: id, Drug: drug, Data: d, Version: 1, Rows: true, Person: a.Person, Org: a.Org, At: now}
	return Change{Variety: v, Verb: Register, By: a, Facts: Facts{Drug: drug, Data: &d, Case: from}}, nil
}

// Correct replaces the data, and says why. It fails as [New].
func (v Variety) Correct(d Data, reason string, a party.Actor) (Change, error) {
	if err := v.Permits(Correct, a); err != nil {
		return Change{}, err
	}
	if err := fault.Fields(append(d.Check(v.Drug), said("reason", reason, 1, 1000)...)); err != nil {
		return Change{}, err
	}
	v.Data, v.Version = d, v.Version+1
	return Change{Variety: v, Verb: Correct, By: a, Facts: Facts{Drug: v.Drug, Data: &d, Reason: reason}}, nil
}

// Mark records since when an equivalent is registered at home, and which; the
// zero day takes the mark away. From then on no opinion on the variety is relied
// on. It fails as [MayKeep], and with [fault.Invalid] for a day to come or
// without a note.
func (v Variety) Mark(since calendar.Day, note string, a party.Actor, now time.Time) (Change, error) {
	if err := v.Permits(Mark, a); err != nil {
		return Change{}, err
	}
	problems := said("note", note, 1, 1000)
	if !since.IsZero() && since.After(calendar.DayOf(now)) {
		problems = append(problems, fault.Problem{Field: "since", Code: "field.future"})
	}
	if err := fault.Fields(problems); err != nil {
		return Change{}, err
	}
	v.RegisteredSince, v.RegisteredNote, v.Version = since, note, v.Version+1
	return Change{Variety: v, Verb: Mark, By: a, Facts: Facts{Drug: v.Drug, Registered: since.String(), Note: note}}, nil
}

// Check lists what is wrong with d.
func (d Data) Check(drug bool) []fault.Problem {
	var problems []fault.Problem
	for _, f := range []struct {
		field, text string
		least, most int
	}{
		{"nameZh", d.NameZH, 1, 200},
		{"nameEn", d.NameEN, 0, 200},
		{"maker", d.Maker, 1, 200},
		{"model", d.Model, 1, 200},
		{"country", d.Country, 1, 100},
		{"udi", d.UDI, 0, 100},
		{"noUdi", d.NoUDI, 0, 500},
	} {
		problems = append(problems, said(f.field, f.text, f.least, f.most)...)
	}
	if !drug && d.Class != "II" && d.Class != "III" {
		problems = append(problems, fault.Problem{Field: "class", Code: "field.choice"})
	}
	if n, err := strconv.Atoi(d.Subcatalogue); d.Subcatalogue != "" && (err != nil || n < 1 || n > 22 || len(d.Subcatalogue) != 2) {
		problems = append(problems, fault.Problem{Field: "subcatalogue", Code: "variety.subcatalogue"})
	}
	if !slices.Contains(Categories, d.Category) {
		problems = append(problems, fault.Problem{Field: "category", Code: "field.choice"})
	}
	return problems
}

// Alike reports whether d and o could be the same product: the same name or
// device identifier, and the same maker. It is a hint for a person, never a finding.
func (d Data) Alike(o Data) bool {
	if d.UDI != "" && plain(d.UDI) == plain(o.UDI) {
		return true
	}
	name := plain(d.NameZH) == plain(o.NameZH) || d.NameEN != "" && plain(d.NameEN) == plain(o.NameEN)
	return name && plain(d.Maker) == plain(o.Maker)
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func said(field, text string, least, most int) []fault.Problem {
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text), strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return []fault.Problem{{Field: field, Code: "field.control"}}
	case n < least || least > 0 && strings.TrimSpace(text) == "":
		return []fault.Problem{{Field: field, Code: "field.missing"}}
	case n > most:
		return []fault.Problem{{Field: field, Code: "field.long", Args: []any{most}}}
	case policy.HoldsIdentity(text):
		return []fault.Problem{{Field: field, Code: "field.identity"}}
	}
	return nil
}
