package storetest

import (
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
)

// Autosaves tests what [docket.Autosaves] promises.
func Autosaves(t *testing.T, open func(*testing.T) docket.Autosaves) {
	typed := docket.Autosave{
		Of: "c1", Gate: "opinion-1", Person: "p2", Choice: "opine", Values: map[string][]string{"reason-urgency": {"国内无同品种\n"}, "relied": {"a", "b"}},
		At: noon, Expires: noon.Add(time.Hour),
	}
	find := func(s docket.Autosaves, of, gate, person, choice string, now time.Time) error {
		_, err := s.Autosave(ctx, of, gate, person, choice, now)
		return err
	}
	run(t, open, []row[docket.Autosaves]{
		{"what was typed is there until it ends, for its author at its gate and answer alone", func(t *testing.T, s docket.Autosaves) {
			is(t, "PutAutosave", s.PutAutosave(ctx, typed), nil)
			got, err := s.Autosave(ctx, "c1", "opinion-1", "p2", "opine", typed.Expires.Add(-1))
			is(t, "Autosave", err, nil)
			same(t, got, typed)
			is(t, "of another case", find(s, "c2", "opinion-1", "p2", "opine", noon), notFound)
			is(t, "of another gate", find(s, "c1", "opinion-2", "p2", "opine", noon), notFound)
			is(t, "of a colleague", find(s, "c1", "opinion-1", "p3", "opine", noon), notFound)
			is(t, "of another answer", find(s, "c1", "opinion-1", "p2", "ask", noon), notFound)
			is(t, "of nothing", find(s, "", "", "", "", noon), notFound)
			is(t, "afterwards", find(s, "c1", "opinion-1", "p2", "opine", typed.Expires), notFound)
		}},
		{"what is typed later takes its place", func(t *testing.T, s docket.Autosaves) {
			is(t, "PutAutosave", s.PutAutosave(ctx, typed), nil)
			later := typed
			later.Values, later.At = map[string][]string{"reason-urgency": {"病情危重"}}, noon.Add(time.Minute)
			is(t, "PutAutosave", s.PutAutosave(ctx, later), nil)
			got, err := s.Autosave(ctx, "c1", "opinion-1", "p2", "opine", noon)
			is(t, "Autosave", err, nil)
			same(t, got, later)
		}},
		{"all that a person typed at a gate is forgotten together, and nobody else's", func(t *testing.T, s docket.Autosaves) {
			for _, other := range []func(*docket.Autosave){
				func(*docket.Autosave) {},
				func(a *docket.Autosave) { a.Choice = "ask" },
				func(a *docket.Autosave) { a.Person = "p22" },
				func(a *docket.Autosave) { a.Gate = "opinion-11" },
			} {
				one := typed
				other(&one)
				is(t, "PutAutosave", s.PutAutosave(ctx, one), nil)
			}
			for range 2 {
				is(t, "DropAutosaves", s.DropAutosaves(ctx, "c1", "opinion-1", "p2"), nil)
			}
			is(t, "what was forgotten", find(s, "c1", "opinion-1", "p2", "opine", noon), notFound)
			is(t, "its other answer", find(s, "c1", "opinion-1", "p2", "ask", noon), notFound)
			is(t, "a colleague's", find(s, "c1", "opinion-1", "p22", "opine", noon), nil)
			is(t, "at another gate", find(s, "c1", "opinion-11", "p2", "opine", noon), nil)
			is(t, "DropAutosaves of nobody", s.DropAutosaves(ctx, "", "", ""), nil)
		}},
		{"it has a bound and a name", func(t *testing.T, s docket.Autosaves) {
			long := typed
			long.Values = map[string][]string{"reason": {strings.Repeat("x", docket.MaxAutosave)}}
			is(t, "PutAutosave", s.PutAutosave(ctx, long), invalid)
			nameless := typed
			nameless.Choice = ""
			is(t, "PutAutosave", s.PutAutosave(ctx, nameless), invalid)
		}},
	})
}
