package policy

import (
	"fmt"
	"slices"
	"sync"

	"jixu/internal/calendar"
	"jixu/internal/dossier"
	"jixu/internal/fault"
)

// Pack is a requirement pack 材料清单: one version of what a dossier and its form
// consist of. A submission names the version it was made with.
type Pack struct {
	ID      string  `json:"id"`
	Version string  `json:"version"`
	Kind    Kind    `json:"kind"`
	Label   Text    `json:"label"`
	Status  Status  `json:"status"` // that of its weakest rule
	Parts   []Part  `json:"parts"`
	Form    []Field `json:"form"` // in the order of the page
}

// Part is a heading of the dossier.
type Part struct {
	ID     string `json:"id"`
	No     string `json:"no"` // （一）
	Label  Text   `json:"label"`
	Clause Clause `json:"clause"`
	Status Status `json:"status"`
	Items  []Item `json:"items"`
}

// Item is one thing to upload under a part.
type Item struct {
	ID       string         `json:"id"` // unique in the pack
	Label    Text           `json:"label"`
	Help     Text           `json:"help"`
	Clause   Clause         `json:"clause"`
	Status   Status         `json:"status"`
	Required bool           `json:"required"` // at least one checked file before submitting
	MaxFiles int            `json:"maxFiles"` // 1 to 50
	MaxBytes int64          `json:"maxBytes"` // of one file
	Types    []dossier.Type `json:"types"`
}

// Kind is what is imported. It switches contact, assessor and border paper.
type Kind string

const (
	Device Kind = "device" // 医疗器械
	Drug   Kind = "drug"   // 药品
)

// FieldKind says how a field is typed and checked.
type FieldKind string

const (
	OneLine   FieldKind = "text"
	Multiline FieldKind = "multiline"
	Integer   FieldKind = "integer" // decimal digits, Min to Max
	OneOf     FieldKind = "choice"  // the value of one of Choices
	DayKind   FieldKind = "day"     // 2026-11-22
)

// Field is one question of the form. The page that shows it and the check that
// reads it both use this.
type Field struct {
	ID       string    `json:"id"`
	Label    Text      `json:"label"`
	Help     Text      `json:"help"`
	Example  Text      `json:"example"`
	Required bool      `json:"required"`
	Kind     FieldKind `json:"kind"`
	Status   Status    `json:"status"`
	Max      int       `json:"max,omitempty"` // text: characters; integer: the largest value
	Min      int       `json:"min,omitempty"` // integer: the smallest value
	Choices  []Choice  `json:"choices,omitempty"`
	Phone    bool      `json:"phone,omitempty"`   // a work phone number is expected here
	Heading  *Text     `json:"heading,omitempty"` // begins a group of the page
	Clause   *Clause   `json:"clause,omitempty"`  // device-2024-97-v1 has none
	Unless   string    `json:"unless,omitempty"`  // required only while this other field is empty

	// A documentary fact is what an uploaded document itself states. It is asked
	// beside that item's files, is never required, and travels in the form.
	Item    string `json:"item,omitempty"`    // the item whose document states it
	Mirrors string `json:"mirrors,omitempty"` // the field that it repeats: the two should agree

	Expires bool `json:"expires,omitempty"` // day: a licence or certificate ends with it
	Past    bool `json:"past,omitempty"`    // day: it cannot lie after today
	Check   Code `json:"check,omitempty"`   // text: a code that can be checked
}

// Code says which code a field holds.
type Code string

const (
	CreditCode    Code = "uscc"    // 统一社会信用代码
	LicenceNumber Code = "licence" // 医疗机构执业许可证登记号
	DeviceID      Code = "udi"     // UDI-DI
)

// Choice is one answer of a choice field.
type Choice struct {
	Value string `json:"value"`
	Label Text   `json:"label"`
}

// Fields every pack has, because a case is summarised by them.
const (
	FieldProduct  = "product-zh"
	FieldQuantity = "quantity"
	FieldUnit     = "unit"
)

// Fields a pack may have that something beside its page reads.
const (
	FieldModel      = "model" // devices
	FieldIndication = "indication"
	FieldPatients   = "patients"
	FieldPerPatient = "units-per-patient"
	FieldUnitsUsed  = "units-used" // "first", "used" or "unused": the hospital's attestation
	FieldOthers     = "other-patients"
	FieldCategory   = "category"      // drugs: why it is urgent
	FieldSituation  = "situation"     // drugs: why it cannot be had in China
	FieldLead       = "lead-importer" // drugs
	FieldControlled = "controlled"    // drugs
	FieldClass      = "class"         // devices

	FieldApprovalDay  = "overseas-approval-day"
	FieldApprovalEnds = "certificate-expires"
)

// RareDisease is the category of drugs that a member of the national network
// imports in principle.
const RareDisease = "rare-disease"

// ItemEarlierUse is the paper that only a further application brings.
const ItemEarlierUse = "earlier-use"

// Keys of the packs that new drafts get, unless the rules name others.
const (
	DeviceKey = "device-2024-97-v2"
	DrugKey   = "drug-2022-18-v1"
)

// packs has every pack of this build. A pack that was ever used is never taken
// off it. One that nobody asks for is never read.
var packs = map[string]func() Pack{
	"device-2024-97-v1": parsedOnce("device-2024-97-v1"),
	DeviceKey:           parsedOnce(DeviceKey),
	DrugKey:             parsedOnce(DrugKey),
}

func parsedOnce(key string) func() Pack {
	return sync.OnceValue(func() Pack { return carried("data/packs/"+key+".json", ParsePack) })
}

// Carried returns the pack of this build with that key, and whether there is one.
// Its slices are shared: nobody changes them.
func Carried(key string) (Pack, bool) {
	read, ok := packs[key]
	if !ok {
		return Pack{}, false
	}
	return read(), true
}

// DevicePack returns the pack for devices under Announcement 2024 No. 97 that new
// drafts get: the words of its six parts are official, what is below them says of itself
// how far it can be relied on.
func DevicePack() Pack { p, _ := Carried(DeviceKey); return p }

// DrugPack returns the pack for drugs under 国卫药政发〔2022〕18号 that new drafts get:
// its headings are known second hand, most of what is below them is placeholder.
func DrugPack() Pack { p, _ := Carried(DrugKey); return p }

// ParsePack reads a pack. It fails with [fault.Invalid] for unknown fields,
// repeated or missing ids, missing texts and clauses, and limits out of range.
func ParsePack(b []byte) (Pack, error) {
	var p Pack
	if err := decode(b, &p); err != nil {
		return Pack{}, fault.Because(fault.Invalid, "policy.pack", err)
	}
	if err := p.check(); err != nil {
		return Pack{}, fault.Because(fault.Invalid, "policy.pack", err)
	}
	return p, nil
}

// Key names this version of the pack, as "device-2024-97-v1".
func (p Pack) Key() string { return p.ID + "-v" + p.Version }

// Item returns the item of that id.
func (p Pack) Item(id string) (Item, bool) {
	for _, part := range p.Parts {
		for _, it := range part.Items {
			if it.ID == id {
				return it, true
			}
		}
	}
	return Item{}, false
}

// Field returns the field of that id.
func (p Pack) Field(id string) (Field, bool) {
	for i := range p.Form { // by its place: a field is large, and this is asked for each of a form
		if p.Form[i].ID == id {
			return p.Form[i], true
		}
	}
	return Field{}, false
}

func (p Pack) check() error {
	if !name.MatchString(p.ID) || !name.MatchString(p.Version) || p.Kind != "device" && p.Kind != "drug" || !p.Status.known() {
		return fmt.Errorf("id, version, kind or status of the pack is bad")
	}
	if err := p.Label.check(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if len(p.Parts) == 0 || len(p.Form) == 0 {
		return fmt.Errorf("pack has no parts or no form")
	}
	parts, items, fields := map[string]bool{}, map[string]bool{}, map[string]bool{}
	fresh := func(seen map[string]bool, id string) error {
		if !name.MatchString(id) || seen[id] {
			return fmt.Errorf("%q: bad or repeated id", id)
		}
		seen[id] = true
		return nil
	}
	for _, part := range p.Parts {
		if err := fresh(parts, part.ID); err != nil {
			return err
		}
		if err := checkBacked(part.Label, part.Clause, part.Status); err != nil {
			return fmt.Errorf("part %s: %w", part.ID, err)
		}
		if part.No == "" || len(part.Items) == 0 {
			return fmt.Errorf("part %s has no number or no items", part.ID)
		}
		for _, it := range part.Items {
			if err := fresh(items, it.ID); err != nil {
				return err
			}
			if err := it.check(); err != nil {
				return fmt.Errorf("item %s: %w", it.ID, err)
			}
		}
	}
	if _, ok := p.Field(FieldProduct); !ok {
		return fmt.Errorf("no field %s", FieldProduct)
	}
	if f, ok := p.Field(FieldQuantity); !ok || f.Kind != Integer || !f.Required {
		return fmt.Errorf("no required integer %s", FieldQuantity)
	}
	if _, ok := p.Field(FieldUnit); !ok {
		return fmt.Errorf("no field %s", FieldUnit)
	}
	for _, f := range p.Form {
		if err := fresh(fields, f.ID); err != nil {
			return err
		}
		if err := f.check(); err != nil {
			return fmt.Errorf("field %s: %w", f.ID, err)
		}
		if err := p.checkLinks(f); err != nil {
			return fmt.Errorf("field %s: %w", f.ID, err)
		}
	}
	return nil
}

// checkLinks checks what f says of other fields and of items.
func (p Pack) checkLinks(f Field) error {
	if f.Unless != "" {
		if o, ok := p.Field(f.Unless); !ok || !f.Required || o.Required || o.ID == f.ID {
			return fmt.Errorf("it is not required unless %q, or that is no other field that may be left out", f.Unless)
		}
	}
	if f.Item != "" {
		if _, ok := p.Item(f.Item); !ok || f.Required {
			return fmt.Errorf("a document's fact that is required, or of no item")
		}
	}
	if f.Mirrors != "" {
		if o, ok := p.Field(f.Mirrors); !ok || f.Item == "" || o.Kind != f.Kind || o.Mirrors != "" || o.Item != "" {
			return fmt.Errorf("it repeats %q, which is no field of its kind on the form", f.Mirrors)
		}
	}
	return nil
}

func (it Item) check() error {
	if it.MaxFiles < 1 || it.MaxFiles > 50 || it.MaxBytes < 1 || it.MaxBytes > 5<<30 {
		return fmt.Errorf("files are not 1 to 50, or bytes not 1 to 5 GB")
	}
	if len(it.Types) == 0 {
		return fmt.Errorf("no types")
	}
	for i, t := range it.Types {
		if !slices.Contains(dossier.Types, t) || slices.Contains(it.Types[:i], t) {
			return fmt.Errorf("type %q is unknown or repeated", t)
		}
	}
	if err := it.Help.check(); err != nil {
		return err
	}
	return checkBacked(it.Label, it.Clause, it.Status)
}

func (f Field) check() error {
	for _, t := range []Text{f.Label, f.Help, f.Example} {
		if err := t.check(); err != nil {
			return err
		}
	}
	if !f.Status.known() {
		return fmt.Errorf("status %q is unknown", f.Status)
	}
	switch f.Kind {
	case OneLine, Multiline:
		if f.Max < 1 || f.Max > 20000 || f.Min != 0 {
			return fmt.Errorf("characters are not 1 to 20000, or there is a smallest value")
		}
	case Integer:
		if f.Min < 0 || f.Max < f.Min || f.Max > 1e9 {
			return fmt.Errorf("values are not within 0 to 1000000000")
		}
	case OneOf, DayKind:
		if f.Max != 0 || f.Min != 0 {
			return fmt.Errorf("a %s has no bounds", f.Kind)
		}
	default:
		return fmt.Errorf("kind %q is unknown", f.Kind)
	}
	if (f.Expires || f.Past) && f.Kind != DayKind || f.Check != "" && f.Kind != OneLine {
		return fmt.Errorf("only a day expires or lies in the past, and only a line is a code")
	}
	switch f.Check {
	case "", CreditCode, LicenceNumber, DeviceID:
	default:
		return fmt.Errorf("code %q is unknown", f.Check)
	}
	if f.Heading != nil {
		if err := f.Heading.check(); err != nil {
			return err
		}
	}
	if f.Clause != nil {
		if err := checkBacked(f.Label, *f.Clause, f.Status); err != nil {
			return err
		}
	}
	if (f.Kind == OneOf) != (len(f.Choices) > 0) {
		return fmt.Errorf("choices belong to a choice, and a choice has some")
	}
	for i, c := range f.Choices {
		if c.Value == "" || slices.ContainsFunc(f.Choices[:i], func(o Choice) bool { return o.Value == c.Value }) {
			return fmt.Errorf("choice %q is empty or repeated", c.Value)
		}
		if err := c.Label.check(); err != nil {
			return err
		}
	}
	return nil
}

// FirstExpiry returns when the first of the licences and certificates that
// form names ends; the zero day if none says.
func (p Pack) FirstExpiry(form map[string]string) calendar.Day {
	var first calendar.Day
	for _, f := range p.Form {
		if d, err := calendar.ParseDay(form[f.ID]); f.Expires && err == nil && (first.IsZero() || d.Before(first)) {
			first = d
		}
	}
	return first
}

// Dated reports whether a field holds a day: it is not copied into a new case.
func (p Pack) Dated(id string) bool {
	f, ok := p.Field(id)
	return ok && f.Kind == DayKind
}
