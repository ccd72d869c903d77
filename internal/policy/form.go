package policy

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/typed"
)

// Clean returns values in the spelling that is stored: line ends become line
// feeds; full-width digits of integers become plain ones, and space around them goes;
// days are written as [typed.DayText] does. It keeps everything else as typed, and values the pack does not know.
func (p Pack) Clean(values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for id, v := range values {
		v = typed.LineEnds(v)
		if f, ok := p.Field(id); ok && utf8.ValidString(v) {
			switch f.Kind {
			case Integer:
				v = strings.TrimSpace(typed.Narrow(v))
			case DayKind:
				v = typed.DayText(v)
			}
		}
		out[id] = v
	}
	return out
}

// CheckDraft returns what keeps values from being saved as a draft: unknown
// fields, text too long for its field, characters that are no text or that nobody
// sees, and numbers that name a person. A draft may be incomplete and wrong in every
// other way.
func (p Pack) CheckDraft(values map[string]string) []fault.Problem {
	return p.checkValues(values, Field.draftProblem)
}

// CheckForm returns everything that keeps values from being submitted, in the
// order of the form, at most one problem a field. Codes: field.missing,
// field.long (the most characters), field.control, field.hidden (its place),
// field.integer, field.range (smallest, largest), field.choice, field.day,
// field.identity, field.passport, field.unknown.
func (p Pack) CheckForm(values map[string]string) []fault.Problem {
	return p.checkValues(values, Field.formProblem)
}

func (p Pack) checkValues(values map[string]string, check func(Field, string) (fault.Problem, bool)) []fault.Problem {
	values = p.Clean(values)
	var problems []fault.Problem
	for _, f := range p.Form {
		if f.Unless != "" && strings.TrimSpace(values[f.Unless]) != "" {
			f.Required = false
		}
		if pr, bad := check(f, values[f.ID]); bad {
			pr.Field = f.ID
			problems = append(problems, pr)
		}
	}
	var unknown []string
	for id := range values {
		if _, ok := p.Field(id); !ok {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	for _, id := range unknown {
		// The name came from outside: only one that could be a field's is repeated.
		if !name.MatchString(id) {
			id = ""
		}
		problems = append(problems, fault.Problem{Field: id, Code: "field.unknown"})
	}
	return problems
}

func problem(code string, args ...any) (fault.Problem, bool) {
	return fault.Problem{Code: code, Args: args}, true
}

var none fault.Problem

// plainMax bounds what a draft keeps of a field that is no text, in characters.
const plainMax = 100

func (f Field) draftProblem(v string) (fault.Problem, bool) {
	// Not even a draft keeps what a patient could be known by, whatever its field is for.
	if problems := f.rule().Draft("", v); len(problems) > 0 {
		return problems[0], true
	}
	return none, false
}

// rule says what may be typed into f, whatever its kind.
func (f Field) rule() typed.Rule {
	r := typed.Rule{Most: plainMax, Lines: f.Kind == Multiline}
	if f.Kind == OneLine || f.Kind == Multiline {
		r.Most = f.Max
	}
	if f.Check != "" || f.ID == FieldModel || f.Mirrors == FieldModel {
		r.Takes = typed.OfAThing
	}
	if f.Phone {
		r.Takes |= typed.Mobile
	}
	return r
}

func (f Field) formProblem(v string) (fault.Problem, bool) {
	if pr, bad := f.draftProblem(v); bad {
		return pr, true
	}
	if strings.TrimSpace(v) == "" {
		if f.Required {
			return problem("field.missing")
		}
		return none, false
	}
	switch f.Kind {
	case Integer:
		if strings.Trim(v, "0123456789") != "" {
			return problem("field.integer")
		}
		if n, err := strconv.Atoi(v); err != nil || n < f.Min || n > f.Max {
			return problem("field.range", f.Min, f.Max)
		}
	case OneOf:
		if !slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == v }) {
			return problem("field.choice")
		}
	case DayKind:
		if _, err := calendar.ParseDay(v); err != nil {
			return problem("field.day")
		}
	}
	return none, false
}
