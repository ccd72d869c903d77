package web

import (
	"slices"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

// Input is one field of a form, with what was typed.
type Input struct {
	form.Input
	Heading  string // that begins with it, "" for most
	Example  string // "" where all choices stand on the page
	Theirs   string // what a colleague saved meanwhile
	Changed  bool   // and it is not what was typed
	Beside   string // what the form says of the same, next to a document's fact
	Basis    string // the clause on which it is asked, where the page says so
	Quote    string
	Standing string // how far that can be relied on
}

// few is how many choices all stand on the page.
const few = 5

// inputKind says how a field of a pack is filled in.
func inputKind(f policy.Field) form.Kind {
	switch f.Kind {
	case policy.Multiline:
		return form.Long
	case policy.Integer:
		return form.Number
	case policy.DayKind:
		return form.Day
	case policy.OneOf:
		if len(f.Choices) <= few {
			return form.Radio
		}
		return form.Pick
	}
	return form.Text
}

// inputOf is a field of a pack with value in it, and wrong if that will not do.
func inputOf(l words.Lang, f policy.Field, value, wrong string) Input {
	in := Input{Input: form.Input{
		ID: f.ID, Kind: inputKind(f), Label: textIn(l, f.Label), Help: textIn(l, f.Help), Value: value, Error: wrong, Optional: !f.Required,
	}}
	if f.Heading != nil {
		in.Heading = textIn(l, *f.Heading)
	}
	if f.Kind != policy.OneOf {
		in.Example = textIn(l, f.Example)
	}
	for _, c := range f.Choices {
		in.Offer(form.Choice{Value: c.Value, Label: textIn(l, c.Label)})
	}
	return in
}

// factOf reports whether field is asked beside a document and not on the form.
func factOf(p policy.Pack, field string) bool {
	f, ok := p.Field(field)
	return ok && f.Item != ""
}

// fieldsOf lists what is asked beside item, or on the form itself if that is "".
func fieldsOf(p policy.Pack, item string) []string {
	var out []string
	for _, f := range p.Form {
		if f.Item == item {
			out = append(out, f.ID)
		}
	}
	return out
}

// factsWrong reports whether something that was typed beside item cannot be read.
func factsWrong(v docket.View, item policy.Item) bool {
	return slices.ContainsFunc(v.Pack.CheckForm(v.Case.Form), func(pr fault.Problem) bool {
		f, ok := v.Pack.Field(pr.Field)
		return ok && f.Item == item.ID
	})
}

// fieldLabel names a field of the dossier as its page does.
func fieldLabel(rd reader, p policy.Pack) func(string) string {
	return func(field string) string {
		if f, ok := p.Field(field); ok {
			return rd.text(f.Label)
		}
		if item, ok := p.Item(strings.TrimPrefix(field, "item-")); ok {
			return rd.text(item.Label)
		}
		if field == "declared" {
			return rd.lang.Say("declare.title")
		}
		return ""
	}
}
