// Package precheck holds a dossier against its requirement pack: what is missing,
// what does not agree with itself, what has expired, each with its clause and its cure. It
// is one engine for hospital and agency. It decides nothing: only what the pack
// itself requires and what cannot be read keeps a dossier from being submitted.
// It performs no I/O and reads no clock.
package precheck

import (
	"slices"
	"strconv"
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/policy"
)

// Severity says what a gap does.
type Severity string

const (
	Blocks  Severity = "blocks"  // it cannot be submitted like this
	Warns   Severity = "warns"   // something does not agree; a person looks again
	Informs Severity = "informs" // worth knowing
)

// Severities lists them, the gravest first.
var Severities = []Severity{Blocks, Warns, Informs}

// FileState says whether a file may be relied on.
type FileState string

const (
	Checked   FileState = "checked"
	Rejected  FileState = "rejected"
	Unscanned FileState = "unscanned" // in order, but for the virus scanner's word
	Unchecked FileState = "unchecked" // also one of which nothing is known
)

// File is what is known of an attached file without opening it.
type File struct {
	Item  string // of the pack
	ID    string
	State FileState
	Type  string
	Size  int64
}

// Input is everything a check may know.
type Input struct {
	Pack    policy.Pack
	Form    map[string]string
	Files   []File
	Today   calendar.Day
	Horizon int // days ahead in which an expiry is worth knowing

	// Later names items whose papers may follow by a date (emergency lane).
	Later []string

	// Before is the submission that this dossier is to replace; nil for the first.
	Before *Before
}

// Before is an earlier submission: its form, and the ids of its files.
type Before struct {
	Form  map[string]string
	Files []string
}

// Say is a sentence for people: a key in the catalogue of words and its values.
type Say struct {
	Key  string
	Args []any
}

// Gap is one thing that is not as it should be.
type Gap struct {
	Rule     string // one of [Rules]
	Severity Severity
	Where    string // a field's id, or "item-" and an item's; "" for the dossier as a whole
	Item     string // the item whose page cures it; "" for the form's
	Clause   policy.Clause
	Status   policy.Status // of what is asked there
	What     Say
	Cure     Say // zero: there is nothing to do, only to know
}

// Problem returns the gap as a refusal says it. It is for gaps that block, whose
// sentences are those of faults.
func (g Gap) Problem() fault.Problem {
	return fault.Problem{Field: g.Where, Code: strings.TrimPrefix(g.What.Key, "fault."), Args: g.What.Args}
}

// Blocking returns what a submission is refused for, in the order of the page.
func Blocking(gaps []Gap) []fault.Problem {
	var out []fault.Problem
	for _, g := range gaps {
		if g.Severity == Blocks {
			out = append(out, g.Problem())
		}
	}
	return out
}

// A rule looks for one sort of gap.
type rule func(*check)

// rules are the whole engine, in the order of the page.
var rules = []rule{
	formRead, papersThere, factsAgree, codesRead, daysInOrder, licencesLast, quantityAdds, repeatExplained, drugsApart, somethingChanged,
}

// Check returns every gap of a dossier: what blocks first, then what warns, then
// what informs, each in the order of the form and the papers.
func Check(in Input) []Gap {
	c := &check{Input: in}
	c.Form = in.Pack.Clean(in.Form)
	for _, pr := range in.Pack.CheckForm(c.Form) {
		c.bad = append(c.bad, pr.Field)
	}
	for _, look := range rules {
		look(c)
	}
	slices.SortStableFunc(c.gaps, func(a, b Gap) int {
		return slices.Index(Severities, a.Severity) - slices.Index(Severities, b.Severity)
	})
	return c.gaps
}

// check is one dossier under examination.
type check struct {
	Input
	bad  []string // fields whose value cannot be read: nothing more is said of them
	gaps []Gap
}

// value returns what was typed in field, "" if it cannot be read.
func (c *check) value(field string) string {
	if slices.Contains(c.bad, field) {
		return ""
	}
	return strings.TrimSpace(c.Form[field])
}

// number returns the number typed in field, 0 if there is none.
func (c *check) number(field string) int {
	n, _ := strconv.Atoi(c.value(field))
	return n
}

// day returns the day typed in field; none if there is none.
func (c *check) day(field string) calendar.Day {
	d, _ := calendar.ParseDay(c.value(field))
	return d
}

// files returns what is attached to item.
func (c *check) files(item string) []File {
	var out []File
	for _, f := range c.Files {
		if f.Item == item {
			out = append(out, f)
		}
	}
	return out
}

// at adds a gap in field f.
func (c *check) at(f policy.Field, rule string, s Severity, what Say, cure string, args ...any) {
	g := Gap{Rule: rule, Severity: s, Where: f.ID, Item: f.Item, Status: f.Status, What: what, Cure: say(cure, args...)}
	if f.Clause != nil {
		g.Clause = *f.Clause
	}
	c.gaps = append(c.gaps, g)
}

// under adds a gap in the papers of it.
func (c *check) under(it policy.Item, rule string, s Severity, what, cure string) {
	c.gaps = append(c.gaps, Gap{
		Rule: rule, Severity: s, Where: "item-" + it.ID, Item: it.ID, Clause: it.Clause, Status: it.Status,
		What: say(what), Cure: say(cure),
	})
}

func say(key string, args ...any) Say {
	if key == "" {
		return Say{}
	}
	return Say{Key: key, Args: args}
}
