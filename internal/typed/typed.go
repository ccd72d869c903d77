// Package typed reads what people type: it brings text into the one spelling that
// is kept, and refuses what is no text, what nobody sees and the numbers that name a
// person. What a field is for and whether it must be filled in, its law says. It
// performs no I/O and reads no clock.
package typed

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"jixu/internal/fault"
)

// Rule says what one field of text may hold.
type Rule struct {
	Least int  // characters at least; blanks alone do not count
	Most  int  // characters at most, each line end one
	Lines bool // there may be line ends and tabs
	Takes Kind // numbers of these kinds are no reason to refuse it here
}

const (
	// OfAThing is for the numbers of things: models, and codes from licences and
	// labels, are made as passports and old identity numbers are.
	OfAThing = Passport | OldResidentID
	// OfALetter is for the numbers of letters and receipts, which may look like a
	// telephone's too, because many do.
	OfALetter = OfAThing | Mobile
)

// Read returns s in the spelling that is kept, as [Tidy] writes it, and what is
// wrong with it: at most one problem, of field. Codes, the first that holds:
// field.control for bytes that are no text and for control characters, field.hidden
// for a character that nobody sees (its place, from 1), field.missing, field.long (the
// most characters), field.identity, and field.passport where it can only be one of
// those. What is refused comes back as it was typed.
func (r Rule) Read(field, s string) (string, []fault.Problem) {
	out := Tidy(s)
	if problems := r.check(field, out, LineEnds(s)); len(problems) > 0 {
		return s, problems
	}
	return out, nil
}

// Draft lists what is wrong with s where it is kept as it was typed and may be
// half-written, as in the form of a draft: as Read, but blanks around it count, and
// nothing is missing.
func (r Rule) Draft(field, s string) []fault.Problem {
	r.Least = 0
	return r.check(field, LineEnds(s), LineEnds(s))
}

// check lists what is wrong with s, which stands in shown, where people look for it.
func (r Rule) check(field, s, shown string) []fault.Problem {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, r.control):
		return []fault.Problem{{Field: field, Code: "field.control"}}
	case hidden(s) > 0:
		return []fault.Problem{{Field: field, Code: "field.hidden", Args: []any{hidden(shown)}}}
	case n < r.Least:
		return []fault.Problem{{Field: field, Code: "field.missing"}}
	case n > r.Most:
		return []fault.Problem{{Field: field, Code: "field.long", Args: []any{r.Most}}}
	}
	return identity(field, Numbers(s)&^r.Takes)
}

// identity is the problem of a field that has numbers of the kinds in it.
func identity(field string, in Kind) []fault.Problem {
	switch in {
	case 0:
		return nil
	case Passport: // a lot looks like one, and a word before it says that it is not one
		return []fault.Problem{{Field: field, Code: "field.passport"}}
	}
	return []fault.Problem{{Field: field, Code: "field.identity"}}
}

func (r Rule) control(c rune) bool {
	return unicode.IsControl(c) && (!r.Lines || c != '\n' && c != '\t')
}

// Text reads a text of several lines, of least to most characters. It fails with
// [fault.Invalid] and one problem of field, as [Rule.Read] finds it.
func Text(field, s string, least, most int) (string, error) {
	return read(Rule{Least: least, Most: most, Lines: true}, field, s)
}

// Line is [Text] for one line: a line end or a tab in it is a control character.
func Line(field, s string, least, most int) (string, error) {
	return read(Rule{Least: least, Most: most}, field, s)
}

func read(r Rule, field, s string) (string, error) {
	s, problems := r.Read(field, s)
	return s, fault.Fields(problems)
}

// Reader reads the fields of one form one after the other, so that everything that
// is wrong is said at once. The zero Reader is ready to use.
type Reader struct {
	Problems []fault.Problem // in the order in which the fields were read
}

// Read reads s by r, as [Rule.Read].
func (in *Reader) Read(r Rule, field, s string) string {
	s, problems := r.Read(field, s)
	in.Problems = append(in.Problems, problems...)
	return s
}

// Text reads s as [Text] does.
func (in *Reader) Text(field, s string, least, most int) string {
	return in.Read(Rule{Least: least, Most: most, Lines: true}, field, s)
}

// Line reads s as [Line] does.
func (in *Reader) Line(field, s string, least, most int) string {
	return in.Read(Rule{Least: least, Most: most}, field, s)
}

// Err is a [fault.Invalid] with all problems, or nil if there are none.
func (in *Reader) Err() error { return fault.Fields(in.Problems) }

// MostName is how long what somebody calls a file may be, in characters.
const MostName = 300

// Name reads what somebody calls a file, without the blanks around it. It fails with
// [fault.Invalid] and one problem of field: file.name for nothing or more than
// [MostName] characters (its argument), field.control, file.hidden, file.path for a
// sign that parts folders, field.identity and field.passport.
func Name(field, s string) (string, error) {
	name := strings.TrimSpace(s)
	if problems := checkName(field, name); len(problems) > 0 {
		return s, fault.Fields(problems)
	}
	return name, nil
}

func checkName(field, name string) []fault.Problem {
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > MostName:
		return []fault.Problem{{Field: field, Code: "file.name", Args: []any{MostName}}}
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return []fault.Problem{{Field: field, Code: "field.control"}}
	case hidden(name) > 0:
		return []fault.Problem{{Field: field, Code: "file.hidden"}}
	case strings.ContainsAny(name, `/\`):
		return []fault.Problem{{Field: field, Code: "file.path"}}
	}
	return identity(field, Numbers(name))
}
