// Package form is what every small form of the sites is made of: its fields as a page
// shows them, what was typed in them, and what is wrong with that, in a summary and
// beside the field. It knows no request, no docket and no law.
package form

import (
	"jixu/internal/fault"
	"jixu/internal/words"
)

// Kind says how a field is filled in.
type Kind string

const (
	Text   Kind = "text"   // one line
	Long   Kind = "long"   // several lines
	Day    Kind = "day"    // as people write it, see [ParseDay]
	Number Kind = "number" // a whole number
	Pick   Kind = "pick"   // one of a list that opens
	Radio  Kind = "radio"  // one of a few that all stand on the page
	Yes    Kind = "yes"    // a box to tick
)

// Field is one field of a form.
type Field struct {
	ID       string
	Kind     Kind
	Optional bool
}

// Field is a field of this kind that must be filled in.
func (k Kind) Field(id string) Field { return Field{ID: id, Kind: k} }

// Optional is a field of this kind that may stay empty.
func (k Kind) Optional(id string) Field { return Field{ID: id, Kind: k, Optional: true} }

// Choice is one of the things to choose from, with its consequence.
type Choice struct {
	Value       string
	Label       string
	Consequence string
	Chosen      bool
}

// Input is a field as a page shows it, with what is typed in it and what is wrong.
type Input struct {
	ID       string
	Kind     Kind
	Label    string
	Help     string
	Value    string
	Error    string
	Optional bool
	Options  []Choice
}

// Input shows f under label. Where there is more to say about fields of this id, it
// has help.
func (f Field) Input(l words.Lang, label, value string, errs Errors) Input {
	in := Input{ID: f.ID, Kind: f.Kind, Label: label, Optional: f.Optional, Value: value, Error: errs.Of(f.ID)}
	if key := "act.in." + f.ID + ".help"; words.Has(key) {
		in.Help = l.Say(key)
	}
	return in
}

// Offer adds choices, of which the one that is the field's value is chosen.
func (in *Input) Offer(choices ...Choice) {
	for _, c := range choices {
		c.Chosen = c.Value == in.Value
		in.Options = append(in.Options, c)
	}
}

// Error is one line of the summary of what is wrong, linked to its field.
type Error struct {
	Field    string
	Label    string // of the field, for the summary; "" for the form as a whole
	Sentence string
	Code     string // for the log
}

// Errors is the summary of what is wrong with a form.
type Errors []Error

// Wrong says in the reader's language what is wrong with which field, each thing
// once, and names the fields as the page does.
func Wrong(l words.Lang, list []fault.Problem, label func(field string) string) Errors {
	var out Errors
	seen := map[Error]bool{}
	for _, p := range list {
		e := Error{Field: p.Field, Sentence: l.Say("fault."+p.Code, p.Args...), Code: p.Code}
		if seen[e] {
			continue
		}
		seen[e] = true
		e.Label = label(e.Field)
		out = append(out, e)
	}
	return out
}

// Unnamed names no field: the reader's page does not show the form.
func Unnamed(string) string { return "" }

// Of returns the sentence beside field, or "".
func (all Errors) Of(field string) string {
	for _, e := range all {
		if e.Field == field {
			return e.Sentence
		}
	}
	return ""
}
