// Package identifier checks the codes that people copy from licences and labels:
// credit codes, licence numbers, trade item numbers and the element strings of a
// label. It looks no code up and refuses nobody; a code that fails its check is
// worth a second look, because real ones are known that do. It performs no I/O
// and reads no clock.
package identifier

import (
	"strings"

	"jixu/internal/fault"
	"jixu/internal/typed"
)

// State says what a check found.
type State string

const (
	Valid   State = "valid"   // form and check character agree
	Warn    State = "warn"    // something is odd; Problem says what. Never a reason to refuse
	Unknown State = "unknown" // another issuer's code, of which nothing can be checked here; Problem says so
)

// Result is what a check found and why.
type Result struct {
	State   State
	Value   string        // in its one spelling: plain capitals and digits, no spaces
	Problem fault.Problem // why it is not Valid; zero if it is
}

// kept is how much of a code that nobody could have meant is kept, in characters.
const kept = 100

// plain returns s as codes are written: full-width characters made narrow, small
// letters capital, spaces and hyphens left out.
func plain(s string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - ('a' - 'A')
		case strings.ContainsRune(" \t\r\n-‐‑–—", r):
			return -1
		}
		return r
	}, typed.Narrow(s))
	if rs := []rune(out); len(rs) > kept {
		return string(rs[:kept])
	}
	return out
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func valid(value string) Result { return Result{State: Valid, Value: value} }

// doubt says why value is worth a second look.
func doubt(value string, p fault.Problem) Result {
	return Result{State: Warn, Value: value, Problem: p}
}

func problem(code string, args ...any) fault.Problem {
	return fault.Problem{Code: code, Args: args}
}
