// Package law is the frame that every law fills: what a move may know, which
// rows say who may make it and when, and what every entry says to whoever tells
// of it, whatever it is of. It performs no I/O and reads no clock.
package law

import (
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Verb names a move. It stands in history for ever; do not rename one. A verb of
// a new kind of thing carries its kind: "batch.receive".
type Verb string

// Setting is what a move may know beside the thing that it moves: the instant,
// the data in force, and who the agencies are. The caller reads them; no law does.
type Setting struct {
	Now      time.Time
	Rules    policy.Rules
	Calendar calendar.Calendar
	Agencies party.Agencies
}

// Move is one row of a law: who may make it, and when.
type Move[T any] struct {
	Verb Verb
	// Who says whether it is a's to make at all, whenever that would be.
	Who func(thing T, a party.Actor) bool
	// When returns the conflict that is in the way of this very actor now, nil if
	// nothing is; nil stands for a move that can be made at any time.
	When func(thing T, a party.Actor) error
	// Answers says that it answers a gate: a link or a program is good for nothing else.
	Answers bool
}

// Moves are the whole law of who may do what when with things of one kind.
// Pages, handlers and operations ask the same rows.
type Moves[T any] []Move[T]

// Permits fails with [fault.Invalid] for a verb that is not among these, with
// [fault.Forbidden] if it is not a's to make, and with what When says if it cannot
// be made now. Whether a may know of the thing is asked before. It changes nothing.
func (m Moves[T]) Permits(thing T, v Verb, a party.Actor) error {
	i := slices.IndexFunc(m, func(row Move[T]) bool { return row.Verb == v })
	if i < 0 {
		return fault.New(fault.Invalid, "verb")
	}
	row := m[i]
	if !row.Who(thing, a) || a.Confined() && !row.Answers {
		return fault.New(fault.Forbidden, "role")
	}
	if row.When == nil {
		return nil
	}
	return row.When(thing, a)
}

// Verbs lists every move, in the order of the rows.
func (m Moves[T]) Verbs() []Verb {
	verbs := make([]Verb, len(m))
	for i, row := range m {
		verbs[i] = row.Verb
	}
	return verbs
}

// Of lists what a could do with thing now, in the order of the rows.
func (m Moves[T]) Of(thing T, a party.Actor) []Verb {
	var out []Verb
	for _, row := range m {
		if m.Permits(thing, row.Verb, a) == nil {
			out = append(out, row.Verb)
		}
	}
	return out
}

// Is returns a When that looks at the thing alone and refuses with the code given.
func Is[T any](stands func(T) bool, code string) func(T, party.Actor) error {
	return func(thing T, _ party.Actor) error {
		if stands(thing) {
			return nil
		}
		return fault.New(fault.Conflict, code)
	}
}

// System is the Who of what only the clock or the sweep does.
func System[T any](_ T, a party.Actor) bool { return a.Via == party.BySystem }
