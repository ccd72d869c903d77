// Package variety holds the law of the register of varieties (品种登记): what
// product several applications are about. Whether two products are the same is
// a person's finding, made on a case; this package keeps what the finding is
// about. It performs no I/O and reads no clock.
package variety

import (
	"slices"
	"strconv"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/reuse"
	"jixu/internal/typed"
)

// maxText is how long a reason or a note may be, in characters.
const maxText = 1000

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

// MayKeep fails with [fault.Forbidden] unless a assesses for the agency that leads
// the opinion on this kind; see [party.Lead].
func MayKeep(drug bool, a party.Actor) error {
	if a.Kind != party.Lead(drug) || !a.Holds(party.Assessor) || a.Confined() {
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
// [MayKeep], and with [fault.Invalid] as [Data.Read].
func New(id string, drug bool, d Data, from string, a party.Actor, now time.Time) (Change, error) {
	if err := MayKeep(drug, a); err != nil {
		return Change{}, err
	}
	var in typed.Reader
	d = d.Read(&in, drug)
	if err := in.Err(); err != nil {
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
	var in typed.Reader
	d, reason = d.Read(&in, v.Drug), in.Text("reason", reason, 1, maxText)
	if err := in.Err(); err != nil {
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
	var in typed.Reader
	note = in.Text("note", note, 1, maxText)
	if !since.IsZero() && since.After(calendar.DayOf(now)) {
		in.Problems = append(in.Problems, fault.Problem{Field: "since", Code: "field.future"})
	}
	if err := in.Err(); err != nil {
		return Change{}, err
	}
	v.RegisteredSince, v.RegisteredNote, v.Version = since, note, v.Version+1
	return Change{Variety: v, Verb: Mark, By: a, Facts: Facts{Drug: v.Drug, Registered: since.String(), Note: note}}, nil
}

// Read returns d in the spelling that is kept, and adds to in what is wrong with it.
func (d Data) Read(in *typed.Reader, drug bool) Data {
	d.NameZH, d.NameEN = in.Line("nameZh", d.NameZH, 1, 200), in.Line("nameEn", d.NameEN, 0, 200)
	d.Maker = in.Line("maker", d.Maker, 1, 200)
	d.Model = in.Read(typed.Rule{Least: 1, Most: 200, Lines: true, Takes: typed.OfAThing}, "model", d.Model)
	d.Country = in.Line("country", d.Country, 1, 100)
	d.UDI = in.Read(typed.Rule{Most: 100, Takes: typed.OfAThing}, "udi", d.UDI)
	d.NoUDI = in.Text("noUdi", d.NoUDI, 0, 500)
	wrong := func(field, code string) { in.Problems = append(in.Problems, fault.Problem{Field: field, Code: code}) }
	if !drug && d.Class != "II" && d.Class != "III" {
		wrong("class", "field.choice")
	}
	if n, err := strconv.Atoi(d.Subcatalogue); d.Subcatalogue != "" && (err != nil || n < 1 || n > 22 || len(d.Subcatalogue) != 2) {
		wrong("subcatalogue", "variety.subcatalogue")
	}
	if !slices.Contains(Categories, d.Category) {
		wrong("category", "field.choice")
	}
	return d
}

// Alike reports whether d and o could be the same product: the same name or
// device identifier, and the same maker. It is a hint for a person, never a finding.
func (d Data) Alike(o Data) bool {
	if d.UDI != "" && typed.Fold(d.UDI) == typed.Fold(o.UDI) {
		return true
	}
	name := typed.Fold(d.NameZH) == typed.Fold(o.NameZH) || d.NameEN != "" && typed.Fold(d.NameEN) == typed.Fold(o.NameEN)
	return name && typed.Fold(d.Maker) == typed.Fold(o.Maker)
}
