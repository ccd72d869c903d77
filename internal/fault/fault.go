// Package fault names the few ways an operation can fail that somebody outside
// must tell apart. It knows neither HTTP nor Step Functions; the edges map a
// [Kind] to their own words, once. It performs no I/O and reads no clock.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is a category of failure. A Kind is itself an error, so that callers
// write errors.Is(err, fault.Conflict).
type Kind string

const (
	NotFound    Kind = "NotFound"    // it does not exist, or the asker may not know that it does
	Invalid     Kind = "Invalid"     // what was sent cannot be accepted; Fields says where
	Conflict    Kind = "Conflict"    // somebody else moved first, or the state does not allow it
	Forbidden   Kind = "Forbidden"   // known person, known thing, not theirs to do
	Unavailable Kind = "Unavailable" // a part did not answer; the same call again is safe
)

// Error returns the kind's name.
func (k Kind) Error() string { return string(k) }

// Problem is one thing wrong with one field of a form.
type Problem struct {
	Field string // the form's own name of the field; empty for the form as a whole
	Code  string // key in the catalogue of words, "fault." left off
	Args  []any  // values for the sentence, in its order; never text a patient could be known by
}

// Fault is a failure with a category and a sentence for people.
type Fault struct {
	Kind     Kind
	Code     string    // key in the catalogue of words, "fault." left off
	Args     []any     // values for the sentence, in its order
	Problems []Problem // for Invalid: every field at once, in the order of the form, at most MaxProblems
	Cause    error     // for the log; never shown
}

// New returns a fault of kind k whose sentence is code.
func New(k Kind, code string, args ...any) *Fault {
	return &Fault{Kind: k, Code: code, Args: args}
}

// Because returns a fault of kind k that wraps cause.
func Because(k Kind, code string, cause error) *Fault {
	return &Fault{Kind: k, Code: code, Cause: cause}
}

// MaxProblems is how many problems one answer lists: more than a form has
// fields, few enough that the answer is never larger than what was asked.
const MaxProblems = 100

// Fields returns an Invalid fault that lists problems, or nil if there are none.
// Those over MaxProblems are left out: they are said once the first are mended.
func Fields(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	problems = problems[:min(len(problems), MaxProblems)]
	return &Fault{Kind: Invalid, Code: "form", Problems: problems}
}

// Error says kind, code and cause, for logs and tests. Problems are given by
// field and code only: what was typed does not enter a log.
func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Kind, f.Code)
	for i, p := range f.Problems {
		if i == 0 {
			b.WriteString(" (")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(p.Field + " " + p.Code)
	}
	if len(f.Problems) > 0 {
		b.WriteString(")")
	}
	if f.Cause != nil {
		b.WriteString(": " + f.Cause.Error())
	}
	return b.String()
}

// Is reports whether target is f's kind.
func (f *Fault) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == f.Kind
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Of returns the fault in err's chain, or nil.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// KindOf returns the kind of err: the first one in its chain, Unavailable for
// any other error, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if f := Of(err); f != nil {
		return f.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Unavailable
}
