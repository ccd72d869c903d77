package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"jixu/internal/calendar"
	"jixu/internal/fault"
)

// HoldsIdentity reports whether s names a person by number: a resident identity
// number or a mainland mobile number. No patient is named in this house, so text
// of people, and what they call their files, is refused as field.identity where
// it does; a telephone number has a field of its own.
func HoldsIdentity(s string) bool { return holdsResidentID(s) || holdsMobile(s) }

// HoldsResidentID is HoldsIdentity for what may look like a telephone's number, as
// the number of a letter or a receipt may.
func HoldsResidentID(s string) bool { return holdsResidentID(s) }

// Invisible reports whether r is not seen where it stands: marks that turn the
// direction of text, blanks without width, breaks of lines and paragraphs, tags,
// fillers. Joiners and variation selectors are not among them: emoji and rare
// characters of names are written with them.
func Invisible(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.Is(unicode.Cf, r) || r >= 0xe0000 && r <= 0xe007f
}

// maxFileName is how long what somebody calls a file may be, in characters.
const maxFileName = 300

// FileName lists what is wrong with what somebody calls a file, in the field
// named: file.name (its argument: the most characters), field.control,
// file.hidden for characters that nobody sees, field.identity.
func FileName(field, name string) []fault.Problem {
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "" || n > maxFileName:
		return []fault.Problem{{Field: field, Code: "file.name", Args: []any{maxFileName}}}
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return []fault.Problem{{Field: field, Code: "field.control"}}
	case strings.ContainsFunc(name, Invisible):
		return []fault.Problem{{Field: field, Code: "file.hidden"}}
	case HoldsIdentity(name):
		return []fault.Problem{{Field: field, Code: "field.identity"}}
	}
	return nil
}

// seen writes full-width signs as their narrow ones, and nothing for what is not
// seen between them.
func seen(r rune) rune {
	if Invisible(r) || r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return narrow(r)
}

// narrow writes full-width signs as their narrow ones.
func narrow(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - ('！' - '!')
	}
	return r
}

// holdsResidentID reports whether s contains an 18-character resident identity
// number: a date of birth that can be, and a right check digit. Spaces and hyphens
// between its groups, full-width digits and characters nobody sees do not hide it.
func holdsResidentID(s string) bool {
	return holds(s, 18, 1, between+"./·_,，、\n\r\t", isResidentID)
}

// between are what people part the digits of one number by.
const between = " -\u3000–—"

// holdsMobile reports whether s contains a mainland mobile number of 11 digits, with
// or without the country's 86 before it.
func holdsMobile(s string) bool {
	return holds(s, 11, 3, between, isMobile) || holds(s, 13, 2, between, func(d string) bool { return d[:2] == "86" && isMobile(d[2:]) }) ||
		holds(s, 15, 4, between, func(d string) bool { return d[:4] == "0086" && isMobile(d[4:]) })
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
// group of digits, the first of at least first: the number of a paper before a
// date begins no telephone number. Groups may be parted by one character of parts;
// the last character may be an X.
func holds(s string, n, first int, parts string, is func(string) bool) bool {
	rs := []rune(strings.ToUpper(strings.Map(seen, s)))
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
			case len(got) >= first && strings.ContainsRune(parts, rs[i]) && (digit(i+1) || i+1 < len(rs) && rs[i+1] == 'X'):
			default:
				i = len(rs)
			}
		}
	}
	return false
}
