package identifier

import (
	"slices"
	"strings"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/typed"
)

// gtinLengths are those of GTIN-8, -12, -13 and -14.
var gtinLengths = []int{8, 12, 13, 14}

// GTIN checks a GS1 trade item number: 8, 12, 13 or 14 digits, of which the last is
// a check digit. Codes: gtin.digits, gtin.length (counted), gtin.check (given, computed).
func GTIN(s string) Result {
	v := plain(s)
	if v == "" || !digits(v) {
		return doubt(v, problem("gtin.digits"))
	}
	if !slices.Contains(gtinLengths, len(v)) {
		return doubt(v, problem("gtin.length", len(v)))
	}
	n := len(v) - 1
	if want := gtinCheck(v[:n]); v[n] != want {
		return doubt(v, problem("gtin.check", v[n:], string(want)))
	}
	return valid(v)
}

// gtinCheck returns the check digit of body: from the right, weights 3, 1, 3, 1 …
func gtinCheck(body string) byte {
	sum := 0
	for i := range len(body) {
		weight := 3
		if (len(body)-i)%2 == 0 {
			weight = 1
		}
		sum += int(body[i]-'0') * weight
	}
	return byte('0' + (10-sum%10)%10)
}

// DeviceID checks the device identifier of a UDI (UDI-DI). GS1's are trade item
// numbers, typed as digits or as a label's element string that begins with (01); other issuers'
// codes have letters and are left unchecked. Codes: those of [GTIN] and [Elements], udi.issuer.
func DeviceID(s string, today calendar.Day) Result {
	v := plain(s)
	if digits(v) && len(v) <= fixed["01"] {
		return GTIN(v)
	}
	e, problems := Elements(s, today)
	switch {
	case e.GTIN != "":
		return GTIN(e.GTIN)
	case strings.HasPrefix(v, "("):
		if len(problems) == 0 {
			problems = append(problems, problem("gs1.gtin"))
		}
		return doubt(v, problems[0])
	case digits(v):
		return GTIN(v)
	}
	return Result{State: Unknown, Value: v, Problem: problem("udi.issuer")}
}

// Element is what a label says in GS1's element string. Empty and zero: it does not say.
type Element struct {
	GTIN    string       // (01)
	Lot     string       // (10), at most 20 characters
	Made    calendar.Day // (11)
	Expires calendar.Day // (17)
	Serial  string       // (21), at most 20 characters
}

// separator ends an element of open length where there are no brackets (FNC1).
const separator = "\x1d"

// variable is the most characters of a lot or serial number.
const variable = 20

// fixed gives the length of elements that need no end.
var fixed = map[string]int{"01": 14, "11": 6, "17": 6}

// Elements reads an element string as a scanner sends it, with separators, or as
// it is printed, with brackets: (01)06291041500213(17)271200(10)A1. Day 00 of a date is the
// last of its month; the century is the one that lies nearest to today. It returns what it
// could read and what is odd. Codes: gs1.form, gs1.ai (which), gs1.repeated (which), gs1.value
// (which), gs1.length (wanted), gs1.date (which), gs1.dates, and gtin.check.
func Elements(s string, today calendar.Day) (Element, []fault.Problem) {
	var e Element
	var problems []fault.Problem
	odd := func(p fault.Problem) { problems = append(problems, p) }
	seen := map[string]bool{}
	// Narrow and no more: the case and the hyphens of a lot mean something.
	for ai, value := range split(strings.TrimSpace(typed.Narrow(s))) {
		if ai == "" {
			odd(problem("gs1.form"))
			break
		}
		if seen[ai] {
			odd(problem("gs1.repeated", ai))
			continue
		}
		seen[ai] = true
		switch ai {
		case "01":
			r := GTIN(value)
			if len(r.Value) != fixed[ai] || !digits(r.Value) {
				odd(problem("gs1.length", fixed[ai]))
				continue
			}
			if e.GTIN = r.Value; r.State != Valid {
				odd(r.Problem)
			}
		case "10", "21":
			if !element(value) {
				odd(problem("gs1.value", ai))
			} else if ai == "10" {
				e.Lot = value
			} else {
				e.Serial = value
			}
		case "11", "17":
			d, ok := shortDay(value, today)
			if !ok {
				odd(problem("gs1.date", ai))
			} else if ai == "11" {
				e.Made = d
			} else {
				e.Expires = d
			}
		default:
			odd(problem("gs1.ai", clip(ai)))
		}
	}
	if len(seen) == 0 && len(problems) == 0 {
		odd(problem("gs1.form"))
	}
	if !e.Made.IsZero() && !e.Expires.IsZero() && e.Expires.Before(e.Made) {
		odd(problem("gs1.dates"))
	}
	return e, problems
}

// split yields each application identifier with its value, and "" where the
// string cannot be read any further.
func split(s string) func(yield func(ai, value string) bool) {
	if strings.HasPrefix(s, "(") {
		return bracketed(s)
	}
	return scanned(s)
}

func bracketed(s string) func(yield func(ai, value string) bool) {
	return func(yield func(ai, value string) bool) {
		for s != "" {
			end := strings.IndexByte(s, ')')
			if s[0] != '(' || end < 3 || end > 5 || !digits(s[1:end]) {
				yield("", s)
				return
			}
			ai, rest := s[1:end], s[end+1:]
			// A bracket may stand inside a lot number: only one that opens an identifier ends it.
			next := len(rest)
			for i := range rest {
				closes := strings.IndexByte(rest[i:], ')')
				if rest[i] == '(' && len(rest) > i+3 && digits(rest[i+1:i+3]) && closes >= 3 && closes <= 5 {
					next = i
					break
				}
			}
			if !yield(ai, strings.TrimSpace(rest[:next])) {
				return
			}
			s = rest[next:]
		}
	}
}

func scanned(s string) func(yield func(ai, value string) bool) {
	for _, symbology := range []string{"]d2", "]C1", "]Q3", "]e0"} {
		s = strings.TrimPrefix(s, symbology)
	}
	return func(yield func(ai, value string) bool) {
		for s = strings.TrimPrefix(s, separator); s != ""; s = strings.TrimPrefix(s, separator) {
			if len(s) < 3 || !digits(s[:2]) {
				yield("", s)
				return
			}
			ai, rest := s[:2], s[2:]
			n, is := fixed[ai]
			switch {
			case !is:
				if n = strings.Index(rest, separator); n < 0 {
					n = len(rest)
				}
			case n > len(rest):
				n = len(rest)
			}
			if !yield(ai, rest[:n]) {
				return
			}
			s = rest[n:]
		}
	}
}

// element reports whether v is 1 to 20 printable characters of ASCII.
func element(v string) bool {
	return len(v) >= 1 && len(v) <= variable && !strings.ContainsFunc(v, func(r rune) bool { return r < '!' || r > '~' })
}

// shortDay reads YYMMDD.
func shortDay(v string, today calendar.Day) (calendar.Day, bool) {
	if len(v) != 6 || !digits(v) {
		return calendar.Day{}, false
	}
	two := func(i int) int { return int(v[i]-'0')*10 + int(v[i+1]-'0') }
	year := today.Year/100*100 + two(0)
	switch gap := two(0) - today.Year%100; {
	case gap > 50:
		year -= 100
	case gap < -49:
		year += 100
	}
	month, day := time.Month(two(2)), two(4)
	if month < 1 || month > 12 || year < 1 {
		return calendar.Day{}, false
	}
	first := calendar.Day{Year: year, Month: month, Day: 1}
	if day == 0 {
		for last := first; ; last = last.AddDays(1) {
			if last.AddDays(1).Month != month {
				return last, true
			}
		}
	}
	d := first.AddDays(day - 1)
	return d, d.Month == month
}

func clip(s string) string { return s[:min(len(s), 4)] }
