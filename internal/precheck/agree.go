package precheck

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"jixu/internal/calendar"
	"jixu/internal/identifier"
	"jixu/internal/policy"
	"jixu/internal/typed"
)

// agree reports whether fact, which a document states, and form, which the
// application says, are the same thing: numbers by their value, codes by what they name,
// names whatever their width, case, spaces and punctuation. Of a list, such as models, each one
// of the form must be in the document, which may state more.
func agree(f policy.Field, fact, form string, today calendar.Day) bool {
	switch {
	case f.Kind == policy.Integer:
		a, errA := strconv.Atoi(fact)
		b, errB := strconv.Atoi(form)
		return errA == nil && errB == nil && a == b
	case f.Check == policy.DeviceID:
		return device(fact, today) == device(form, today)
	case f.Kind == policy.Multiline:
		have := list(fact)
		return !slices.ContainsFunc(list(form), func(one string) bool { return !slices.Contains(have, one) })
	}
	return plain(fact) == plain(form)
}

// plain returns what of s makes a difference: its letters and digits, narrow and
// small. A text of signs only stays as it is.
func plain(s string) string {
	out := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			return -1
		}
		return unicode.ToLower(unicode.ToUpper(r))
	}, typed.Narrow(s))
	if out == "" {
		return strings.TrimSpace(s)
	}
	return out
}

// list takes a list of names apart. Spaces do not part names: models have them.
func list(s string) []string {
	var out []string
	for _, one := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("、，,；;\n", r) }) {
		if one = plain(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// device returns what a device identifier names: the trade item number in 14
// digits, also from a whole label, or the code as it stands.
func device(s string, today calendar.Day) string {
	if e, _ := identifier.Elements(s, today); e.GTIN != "" {
		return e.GTIN
	}
	v := plain(s)
	if n := len(v); n < 14 && n > 0 && strings.Trim(v, "0123456789") == "" {
		return strings.Repeat("0", 14-n) + v
	}
	return v
}
