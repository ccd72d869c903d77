package eligibility

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jixu/internal/fault"
	"jixu/internal/policy"
)

func set(t testing.TB, kind string) Set {
	t.Helper()
	s, ok := For(kind)
	if !ok {
		t.Fatalf("no rules for a %s", kind)
	}
	return s
}

// good answers meet every rule.
func good(kind string) map[string]string {
	if kind == "drug" {
		return map[string]string{"abroad": "yes", "situation": "not-registered", "category": "no-treatment", "purpose": "yes"}
	}
	return map[string]string{
		"class":    "III",
		"abroad":   "yes",
		"similar":  "no",
		"large":    "no",
		"hospital": "yes",
		"team":     "yes",
		"urgent":   "yes",
		"purpose":  "yes",
	}
}

// headings answers the eight comparison headings.
func headings(answers map[string]string, value string, but ...string) map[string]string {
	answers["similar"] = "yes"
	for _, h := range []string{"principle", "structure", "materials", "process", "performance", "safety", "standards", "use"} {
		answers["compare-"+h] = value
	}
	for i := 0; i+1 < len(but); i += 2 {
		answers["compare-"+but[i]] = but[i+1]
	}
	return answers
}

func with(answers map[string]string, pairs ...string) map[string]string {
	for i := 0; i < len(pairs); i += 2 {
		answers[pairs[i]] = pairs[i+1]
	}
	return answers
}

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name    string
		kind    string
		answers map[string]string
		want    Outcome
		by      string // the rules that fail, or that are not clear
	}{
		{"a device that meets every rule", "device", good("device"), Eligible, ""},
		{"nothing answered", "device", nil, Doubtful, "class abroad equivalent large hospital team urgent purpose"},
		{"class I", "device", with(good("device"), "class", "I"), Not, "class"},
		{"class II", "device", with(good("device"), "class", "II"), Eligible, ""},
		{"a class nobody knows", "device", with(good("device"), "class", "unsure"), Doubtful, "class"},
		{"an answer there is not", "device", with(good("device"), "class", "IV"), Doubtful, "class"},
		{"not marketed abroad", "device", with(good("device"), "abroad", "no"), Not, "abroad"},
		{"equivalent in all eight headings", "device", headings(good("device"), "same"), Not, "equivalent"},
		{"different in one of eight headings", "device", headings(good("device"), "same", "materials", "different"), Eligible, ""},
		{"the same in seven, unsure in one", "device", headings(good("device"), "same", "safety", "unsure"), Doubtful, "equivalent"},
		{"the same in seven, one not answered", "device", headings(good("device"), "same", "use", ""), Doubtful, "equivalent"},
		{"different in one and unsure in the rest", "device", headings(good("device"), "unsure", "use", "different"), Eligible, ""},
		{"headings answered, but no product of similar use", "device", with(headings(good("device"), "same"), "similar", "no"), Eligible, ""},
		{"large licensed equipment", "device", with(good("device"), "large", "yes"), Not, "large"},
		{"another hospital", "device", with(good("device"), "hospital", "no"), Not, "hospital"},
		{"treatable in China", "device", with(good("device"), "urgent", "no"), Not, "urgent"},
		{"two rules fail", "device", with(good("device"), "urgent", "no", "large", "yes"), Not, "large urgent"},
		{"one fails and one is not clear", "device", with(good("device"), "urgent", "no", "large", "unsure"), Not, "urgent"},
		{"a drug that meets every rule", "drug", good("drug"), Eligible, ""},
		{"a drug that is supplied in China", "drug", with(good("drug"), "situation", "available"), Not, "situation"},
		{"a drug of no category", "drug", with(good("drug"), "category", "none"), Not, "category"},
		{"a rare-disease drug led by a member", "drug", with(good("drug"), "category", "rare-disease", "lead-importer", "yes"), Eligible, ""},
		{"a rare-disease drug led by nobody: in principle only", "drug", with(good("drug"), "category", "rare-disease", "lead-importer", "no"), Doubtful, "lead"},
		{"another drug is not asked who leads", "drug", with(good("drug"), "lead-importer", "no"), Eligible, ""},
	} {
		r := set(t, row.kind).Check(row.answers)
		var by []string
		for _, f := range r.Findings {
			if row.want == Not && f.State == Failed || row.want == Doubtful && f.State != Met {
				by = append(by, f.Rule.ID)
			}
		}
		if got := strings.Join(by, " "); r.Outcome != row.want || got != row.by {
			t.Errorf("%s: got %s by %q, want %s by %q", row.name, r.Outcome, got, row.want, row.by)
		}
	}
	if _, ok := For("food"); ok {
		t.Error("another kind of product: got rules, want none")
	}
}

func TestTheEightHeadingsAreAskedWhenTheyMatter(t *testing.T) {
	s := set(t, "device")
	further := func(answers map[string]string) (n int) {
		for _, a := range s.Questions(answers) {
			if a.Further {
				n++
			}
		}
		return n
	}
	if got := further(nil); got != 0 {
		t.Errorf("before anything is answered: got %d headings, want none", got)
	}
	if got := further(map[string]string{"similar": "yes"}); got != 8 {
		t.Errorf("when there is a product of similar use: got %d headings, want 8", got)
	}
}

// What is carried into a draft is something its form takes.
func TestTheFormTakesWhatIsCarried(t *testing.T) {
	for kind, pack := range map[string]policy.Pack{"device": policy.DevicePack(), "drug": policy.DrugPack()} {
		s := set(t, kind)
		if s.Kind != kind {
			t.Errorf("the rules for a %s: got those for a %s", kind, s.Kind)
		}
		for _, r := range s.Rules {
			for _, c := range r.Question.Choices {
				for field, value := range s.Check(map[string]string{r.Question.ID: c.Value, "category": "rare-disease"}).Fields {
					f, ok := pack.Field(field)
					if !ok || !slices.ContainsFunc(f.Choices, func(c policy.Choice) bool { return c.Value == value }) {
						t.Errorf("%s %s: the form has no %s for %s", kind, r.ID, value, field)
					}
				}
			}
		}
	}
	if got := set(t, "device").Check(map[string]string{"class": "I"}).Fields; len(got) != 0 {
		t.Errorf("an answer that fails: got %v carried, want nothing", got)
	}
}

// Only a failing answer fails, a sure and good one never does harm, and what is
// not asked does not count.
func TestLaws(t *testing.T) {
	for _, kind := range []string{"device", "drug"} {
		s := set(t, kind)
		rapid.Check(t, func(t *rapid.T) {
			answers := map[string]string{}
			for _, r := range s.Rules {
				for _, q := range append([]Question{r.Question}, r.More...) {
					values := []string{"", "nonsense"}
					for _, c := range q.Choices {
						values = append(values, c.Value)
					}
					answers[q.ID] = rapid.SampledFrom(values).Draw(t, q.ID)
				}
			}
			r := s.Check(answers)
			if (r.Outcome == Not) != (len(r.Failed()) > 0) {
				t.Fatalf("%s with %d rules that fail", r.Outcome, len(r.Failed()))
			}
			if r.Outcome == Eligible && !r.Answered() {
				t.Fatal("eligible with a question open")
			}
			asked := map[string]string{}
			for _, a := range s.Questions(answers) {
				asked[a.Question.ID] = answers[a.Question.ID]
			}
			if again := s.Check(asked); again.Outcome != r.Outcome {
				t.Fatalf("with what was asked only: %s, with everything: %s", again.Outcome, r.Outcome)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	b, err := os.ReadFile("data/device.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, old, new string }{
		{"an unknown field", `"version"`, `"versions"`},
		{"another kind", `"kind": "device"`, `"kind": "food"`},
		{"a rule twice", `"id": "large",`, `"id": "class",`},
		{"an unknown status", `"status": "draft"`, `"status": "certain"`},
		{"an unknown effect", `"effect": "failed"`, `"effect": "maybe"`},
		{"no English", `"en": "A grade 3A hospital"`, `"en": " "`},
		{"no source", `"source": "医疗器械监督管理条例（国务院令第739号）"`, `"source": ""`},
		{"a choice twice", `"value": "II"`, `"value": "III"`},
		{"further questions that nobody asks", `"effect": "ask"`, `"effect": "failed"`},
	} {
		broken := bytes.Replace(b, []byte(row.old), []byte(row.new), 1)
		if bytes.Equal(broken, b) {
			t.Errorf("%s: the row changes nothing", row.name)
		}
		if _, err := Parse(broken); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want %v", row.name, err, fault.Invalid)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, n := range []string{"device", "drug"} {
		b, err := os.ReadFile("data/" + n + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := Parse(b); err == nil {
			s.Check(map[string]string{string(b): string(b)})
			s.Questions(nil)
		}
	})
}
