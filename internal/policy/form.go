package policy

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"jixu/internal/calendar"
	"jixu/internal/fault"
)

// Clean returns values in the spelling that is stored: line ends become line
// feeds; full-width digits of integers and days become plain ones, and space around
// them goes. It keeps everything else as typed, and values the pack does not know.
func (p Pack) Clean(values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for id, v := range values {
		v = strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\r", "\n")
		if f, ok := p.Field(id); ok && utf8.ValidString(v) && (f.Kind == Integer || f.Kind == DayKind) {
			v = strings.TrimSpace(strings.Map(narrow, v))
		}
		out[id] = v
	}
	return out
}

// CheckDraft returns what keeps values from being saved as a draft: unknown
// fields, text too long for its field, and characters that are no text. A draft may
// be incomplete and wrong in every other way.
func (p Pack) CheckDraft(values map[string]string) []fault.Problem {
	return p.checkValues(values, Field.draftProblem)
}

// CheckForm returns everything that keeps values from being submitted, in the
// order of the form, at most one problem a field. Codes: field.missing,
// field.long (the most characters), field.control, field.integer, field.range
// (smallest, largest), field.choice, field.day, field.identity, field.unknown.
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
	most := plainMax
	if f.Kind == OneLine || f.Kind == Multiline {
		most = f.Max
	}
	if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool {
		return unicode.IsControl(r) && (f.Kind != Multiline || r != '\n' && r != '\t') || hidden(r)
	}) {
		return problem("field.control")
	}
	if utf8.RuneCountInString(v) > most {
		return problem("field.long", most)
	}
	return none, false
}

// hidden reports whether r changes how its neighbours read without being seen:
// marks that turn the direction of text, and the byte-order mark.
func hidden(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
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
	case OneLine, Multiline:
		if HoldsResidentID(v) || !f.Phone && HoldsMobile(v) {
			return problem("field.identity")
		}
	}
	return none, false
}

func narrow(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - ('！' - '!')
	}
	return r
}

// HoldsResidentID reports whether s contains an 18-character resident identity
// number: a date of birth that can be, and a right check digit. Spaces and hyphens
// between its groups and full-width digits do not hide it.
func HoldsResidentID(s string) bool { return holds(s, 18, isResidentID) }

// HoldsMobile reports whether s contains a mainland mobile number of 11 digits, with
// or without the country's 86 before it.
func HoldsMobile(s string) bool {
	return holds(s, 11, isMobile) || holds(s, 13, func(d string) bool { return d[:2] == "86" && isMobile(d[2:]) }) ||
		holds(s, 15, func(d string) bool { return d[:4] == "0086" && isMobile(d[4:]) })
}

func isMobile(d string) bool {
	return d[0] == '1' && d[1] >= '3' && strings.Trim(d, "0123456789") == ""
}

func isResidentID(d string) bool {
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		if d[i] < '0' || d[i] > '9' {
			return false
		}
		sum += int(d[i]-'0') * w
	}
	if "10X98765432"[sum%11] != d[17] {
		return false
	}
	_, err := calendar.ParseDay(d[6:10] + "-" + d[10:12] + "-" + d[12:14])
	return err == nil && d[6:10] >= "1800" && d[6:10] <= "2100"
}

// holds reports whether is accepts n characters of s that begin and end with a
// group of digits. Groups may be parted by one space or hyphen; the last character may be
// an X.
func holds(s string, n int, is func(string) bool) bool {
	rs := []rune(strings.ToUpper(strings.Map(narrow, s)))
	digit := func(i int) bool { return i >= 0 && i < len(rs) && rs[i] >= '0' && rs[i] <= '9' }
	for start := range rs {
		if !digit(start) || digit(start-1) {
			continue
		}
		got := make([]byte, 0, n)
		for i := start; i < len(rs) && len(got) < n; i++ {
			switch {
			case digit(i), rs[i] == 'X' && len(got) == n-1:
				got = append(got, byte(rs[i]))
				if len(got) == n && !digit(i+1) && is(string(got)) {
					return true
				}
			case strings.ContainsRune(" -\u3000–—", rs[i]) && (digit(i+1) || i+1 < len(rs) && rs[i+1] == 'X'):
			default:
				i = len(rs)
			}
		}
	}
	return false
}
