package docket

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"jixu/internal/fault"
	"jixu/internal/typed"
)

// Autosave is what a person has typed into an answer and not sent yet. It is theirs
// alone, is no part of history, and ends.
type Autosave struct {
	Of      string              `json:"Of"` // the name of the aggregate
	Gate    string              `json:"Gate"`
	Person  string              `json:"Person"`
	Choice  string              `json:"Choice"` // which of the gate's answers: each has its own
	Values  map[string][]string `json:"Values"` // by field, as the form would send them
	At      time.Time           `json:"At"`     // when it was kept; wall clock
	Expires time.Time           `json:"Expires"`
}

const (
	// MaxAutosave is how long an autosave may be as it is stored, in bytes: the longest
	// answer that a law takes, and the names of its fields.
	MaxAutosave = 100 << 10
	// autosaveLife is how long what nobody sends is kept.
	autosaveLife = 30 * 24 * time.Hour
)

// Autosaves keeps what people have typed and not sent.
type Autosaves interface {
	// PutAutosave keeps a in the place of what was kept there. It fails with
	// fault.Invalid for one that is longer than MaxAutosave.
	PutAutosave(ctx context.Context, a Autosave) error
	// Autosave returns what is kept. It fails with fault.NotFound if nothing is, or it
	// has expired at now.
	Autosave(ctx context.Context, of, gate, person, choice string, now time.Time) (Autosave, error)
	// DropAutosaves forgets everything that person typed at a gate. What is not there
	// stays so.
	DropAutosaves(ctx context.Context, of, gate, person string) error
}

// Fits fails with fault.Invalid if a is longer than a store takes.
func (a Autosave) Fits() error {
	b, err := json.Marshal(a)
	if err != nil || len(b) > MaxAutosave {
		return fault.New(fault.Invalid, "body.large")
	}
	return nil
}

// Kept returns a as it is kept from now on. It fails with fault.Invalid, and names the
// fields, if a text has characters that nobody sees or names a person by a number: what
// may not be sent is not kept either. A text may be incomplete and wrong in every other way.
func (a Autosave) Kept(now time.Time) (Autosave, error) {
	var problems []fault.Problem
	fields := make([]string, 0, len(a.Values))
	for field := range a.Values {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	for _, field := range fields {
		for _, v := range a.Values[field] {
			var in typed.Reader
			in.Text(field, v, 0, MaxAutosave)
			problems = append(problems, in.Problems...)
		}
	}
	if len(problems) > 0 {
		return Autosave{}, fault.Fields(problems)
	}
	a.At, a.Expires = now, now.Add(autosaveLife)
	return a, a.Fits()
}
