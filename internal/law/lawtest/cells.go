// Package lawtest holds a law to its whole table of moves.
package lawtest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
)

// Row lists cells in which a move may be made: by each of who, with each of things.
type Row struct {
	Verb   law.Verb
	Who    []string
	Things []string
}

// Cells walks every cell of verb x person x thing and fails for each in which
// permits says something else than allowed: what no row lists must be refused, as not
// found, forbidden or a conflict. A row that names a person, thing or verb there is not
// fails too. It returns how many cells there are and how many of them are open.
func Cells[T any](t *testing.T, verbs []law.Verb, people map[string]party.Actor, things map[string]T, allowed []Row,
	permits func(T, law.Verb, party.Actor) error,
) (cells, open int) {
	t.Helper()
	may := map[string]bool{}
	for _, row := range allowed {
		for _, who := range row.Who {
			for _, thing := range row.Things {
				if _, ok := people[who]; !ok {
					t.Errorf("the row of %s names %q, who is nobody", row.Verb, who)
				}
				if _, ok := things[thing]; !ok {
					t.Errorf("the row of %s names %q, which is nothing", row.Verb, thing)
				}
				may[cell(row.Verb, who, thing)] = true
			}
		}
	}
	for _, verb := range verbs {
		for _, who := range slices.Sorted(maps.Keys(people)) {
			for _, thing := range slices.Sorted(maps.Keys(things)) {
				name := cell(verb, who, thing)
				err := permits(things[thing], verb, people[who])
				if got, want := err == nil, may[name]; got != want {
					t.Errorf("%s: got allowed %v (%v), want %v", name, got, err, want)
				}
				refusals := []fault.Kind{fault.NotFound, fault.Forbidden, fault.Conflict}
				if k := fault.KindOf(err); err != nil && !slices.Contains(refusals, k) {
					t.Errorf("%s: got refused as %s, want not found, forbidden or conflict", name, k)
				}
				cells++
				if err == nil {
					open++
				}
			}
		}
	}
	if open != len(may) {
		t.Errorf("cells that allow a move: got %d, want %d", open, len(may))
	}
	return cells, open
}

func cell(v law.Verb, who, thing string) string {
	return fmt.Sprintf("%s by %s of %q", v, who, thing)
}
