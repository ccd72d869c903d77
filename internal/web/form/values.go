package form

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/typed"
)

// Values is what was sent with a form, as it came.
type Values url.Values

// Get is what was typed in a field, untouched; "" if nothing was.
func (v Values) Get(id string) string { return url.Values(v).Get(id) }

// Has reports whether the field was sent, empty or not.
func (v Values) Has(id string) bool { return url.Values(v).Has(id) }

// Said is what was typed in a field, tidied.
func (v Values) Said(id string) string { return typed.Tidy(v.Get(id)) }

// Ticked reports whether the box of a field was ticked.
func (v Values) Ticked(id string) bool { return v.Said(id) == "yes" }

// Carried is a number that a form carries unseen; 0 if it says none.
func (v Values) Carried(id string) int {
	n, _ := strconv.Atoi(v.Get(id))
	return n
}

// Only is what was sent of fields, as it came. What was not sent is left out.
func (v Values) Only(fields ...string) map[string]string {
	out := map[string]string{}
	for _, id := range fields {
		if v.Has(id) {
			out[id] = v.Get(id)
		}
	}
	return out
}

// Reading reads what was typed, and gathers what cannot be read. What may not be is
// the law's to say.
type Reading struct {
	Values
	Problems []fault.Problem
}

// Read begins to read v.
func Read(v Values) *Reading { return &Reading{Values: v} }

// Day reads a day; nothing typed is the zero day and no mistake.
func (r *Reading) Day(id string) calendar.Day {
	d, ok := ParseDay(r.Get(id))
	if !ok {
		r.Refuse(id, "field.day")
	}
	return d
}

// Integer reads a whole number; nil: nothing was typed.
func (r *Reading) Integer(id string) *int {
	text := strings.TrimSpace(typed.Narrow(r.Get(id)))
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.Refuse(id, "field.integer")
	}
	return &n
}

// OneOf reads which of choices was chosen; anything else is a mistake.
func (r *Reading) OneOf(id string, choices ...string) string {
	got := r.Get(id)
	if !slices.Contains(choices, got) {
		r.Refuse(id, "field.choice")
	}
	return got
}

// Lines reads one thing a line; empty lines are none.
func (r *Reading) Lines(id string) []string {
	var out []string
	for _, line := range strings.Split(r.Said(id), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// Refuse notes that what was typed in a field will not do.
func (r *Reading) Refuse(id, code string) {
	r.Problems = append(r.Problems, fault.Problem{Field: id, Code: code})
}

// Err is everything that could not be read; nil if all could.
func (r *Reading) Err() error { return fault.Fields(r.Problems) }

// ParseDay reads a day as people write it: 2026-11-22, 2026年11月22日, 2026/11/22.
// Nothing typed is the zero day and no mistake.
func ParseDay(text string) (calendar.Day, bool) {
	s := strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-", ".", "-", " ", "").Replace(strings.TrimSpace(typed.Narrow(text)))
	if s == "" {
		return calendar.Day{}, true
	}
	parts := strings.Split(s, "-")
	for i, p := range parts {
		if len(p) == 1 {
			parts[i] = "0" + p
		}
	}
	d, err := calendar.ParseDay(strings.Join(parts, "-"))
	return d, err == nil
}

// Merged adds to problems those of more whose fields are not named yet: what
// could not be read is said once, and not said again as missing.
func Merged(problems, more []fault.Problem) []fault.Problem {
	out := slices.Clone(problems)
	for _, m := range more {
		if !slices.ContainsFunc(problems, func(p fault.Problem) bool { return p.Field == m.Field }) {
			out = append(out, m)
		}
	}
	return out
}

// Ordered sorts problems as their fields stand on the page.
func Ordered(problems []fault.Problem, fields []string) []fault.Problem {
	out := slices.Clone(problems)
	slices.SortStableFunc(out, func(a, b fault.Problem) int {
		return slices.Index(fields, a.Field) - slices.Index(fields, b.Field)
	})
	return out
}

// Repeated lists fields that were sent more than once. None of our forms does
// that, so it is not guessed which one was meant.
func Repeated(v Values) []fault.Problem {
	var problems []fault.Problem
	for id := range v {
		if len(v[id]) > 1 {
			problems = append(problems, fault.Problem{Field: id, Code: "field.repeated"})
		}
	}
	slices.SortFunc(problems, func(a, b fault.Problem) int { return strings.Compare(a.Field, b.Field) })
	return problems
}
