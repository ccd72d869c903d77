// Package eligibility asks, before anybody prepares papers, whether a product and a
// hospital fall under the programme, and says why or why not with each rule's clause and
// status. It decides nothing, keeps nothing, and stops nobody from applying.
// It performs no I/O and reads no clock.
package eligibility

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"jixu/internal/fault"
	"jixu/internal/policy"
)

//go:embed data
var data embed.FS

// Set is the rules for one kind of product, in the order in which they are asked.
type Set struct {
	Kind    string `json:"kind"` // "device" or "drug"
	Version string `json:"version"`
	Rules   []Rule `json:"rules"`
}

// Rule is one condition of the programme.
type Rule struct {
	ID       string        `json:"id"`
	Label    policy.Text   `json:"label"`
	Clause   policy.Clause `json:"clause"`
	Status   policy.Status `json:"status"`
	When     *When         `json:"when,omitempty"` // it applies only then
	Question Question      `json:"question"`
	More     []Question    `json:"more,omitempty"` // asked after an answer of effect Ask: the rule fails only if each of them does
	Failed   policy.Text   `json:"failed"`         // why it is not met
	Next     policy.Text   `json:"next"`           // what to do if it is not met or not clear
}

// When names the answer on which a rule applies.
type When struct {
	Question string `json:"question"` // of an earlier rule
	Value    string `json:"value"`
}

// Question is asked of the hospital.
type Question struct {
	ID      string      `json:"id"`
	Label   policy.Text `json:"label"`
	Help    policy.Text `json:"help"`
	Choices []Choice    `json:"choices"`
	Field   string      `json:"field,omitempty"` // of the pack's form: a draft can begin with the answer
}

// Choice is one answer and what it does to its rule.
type Choice struct {
	Value  string      `json:"value"`
	Label  policy.Text `json:"label"`
	Effect Effect      `json:"effect"`
}

// Effect says what an answer does to its rule.
type Effect string

const (
	Met     Effect = "met"
	Failed  Effect = "failed"
	Unclear Effect = "unclear"
	Ask     Effect = "ask"  // the rule's further questions decide
	Open    Effect = "open" // nothing was answered yet; no choice has it
)

// Outcome is what all rules together say.
type Outcome string

const (
	Eligible Outcome = "eligible" // every rule is met
	Not      Outcome = "not"      // by one rule at least
	Doubtful Outcome = "unclear"  // none fails, and not every one is met
)

// Outcomes lists them.
var Outcomes = []Outcome{Eligible, Not, Doubtful}

// Finding is what one rule says of the answers.
type Finding struct {
	Rule  Rule
	State Effect // Met, Failed, Unclear or Open
}

// Result is what the check found. It is advice, and not a decision.
type Result struct {
	Outcome  Outcome
	Findings []Finding         // of the rules that apply, in order
	Fields   map[string]string // what a draft can begin with
}

// Failed lists the rules that are not met.
func (r Result) Failed() []Rule {
	var out []Rule
	for _, f := range r.Findings {
		if f.State == Failed {
			out = append(out, f.Rule)
		}
	}
	return out
}

// Answered reports whether nothing is left to ask.
func (r Result) Answered() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.State == Open })
}

// Check holds answers, by question, against the rules of s. An answer that is
// not among a question's choices counts as no answer.
func (s Set) Check(answers map[string]string) Result {
	r := Result{Outcome: Eligible, Fields: map[string]string{}}
	for _, rule := range s.Rules {
		if !s.applies(rule, answers) {
			continue
		}
		f := Finding{Rule: rule, State: rule.state(answers)}
		r.Findings = append(r.Findings, f)
		switch {
		case f.State == Failed:
			r.Outcome = Not
		case f.State != Met && r.Outcome == Eligible:
			r.Outcome = Doubtful
		}
		q := rule.Question
		if c, ok := q.choice(answers[q.ID]); ok && q.Field != "" && c.Effect != Failed && c.Value != unsure {
			r.Fields[q.Field] = c.Value
		}
	}
	return r
}

// unsure is the answer of whoever does not know; no form has it.
const unsure = "unsure"

// Questions lists what is asked now: the rules that apply, each with its further
// questions once an answer calls for them.
func (s Set) Questions(answers map[string]string) []Asked {
	var out []Asked
	for _, rule := range s.Rules {
		if !s.applies(rule, answers) {
			continue
		}
		out = append(out, Asked{Rule: rule, Question: rule.Question})
		if c, ok := rule.Question.choice(answers[rule.Question.ID]); ok && c.Effect == Ask {
			for _, q := range rule.More {
				out = append(out, Asked{Rule: rule, Question: q, Further: true})
			}
		}
	}
	return out
}

// Asked is a question with the rule that asks it.
type Asked struct {
	Rule     Rule
	Question Question
	Further  bool // one of the rule's further questions
}

func (s Set) applies(r Rule, answers map[string]string) bool {
	return r.When == nil || answers[r.When.Question] == r.When.Value
}

// state is what answers do to r.
func (r Rule) state(answers map[string]string) Effect {
	c, ok := r.Question.choice(answers[r.Question.ID])
	switch {
	case !ok:
		return Open
	case c.Effect != Ask:
		return c.Effect
	}
	// It fails only if each further answer fails; one that is met is enough.
	state := Failed
	for _, q := range r.More {
		switch c, ok := q.choice(answers[q.ID]); {
		case ok && c.Effect == Met:
			return Met
		case !ok:
			state = Open
		case c.Effect == Unclear && state == Failed:
			state = Unclear
		}
	}
	return state
}

func (q Question) choice(value string) (Choice, bool) {
	i := slices.IndexFunc(q.Choices, func(c Choice) bool { return c.Value == value })
	if i < 0 {
		return Choice{}, false
	}
	return q.Choices[i], true
}

var sets = map[string]func() Set{"device": carried("device"), "drug": carried("drug")}

// For returns the rules for a kind of product, and whether there are any.
func For(kind string) (Set, bool) {
	read, ok := sets[kind]
	if !ok {
		return Set{}, false
	}
	return read(), true
}

// carried reads a file of this build when it is first asked for. A broken one is
// a broken build, and a test rules it out.
func carried(kind string) func() Set {
	return sync.OnceValue(func() Set {
		b, err := data.ReadFile("data/" + kind + ".json")
		if err != nil {
			panic("reading carried eligibility: " + err.Error())
		}
		s, err := Parse(b)
		if err != nil {
			panic("reading carried eligibility of a " + kind + ": " + err.Error())
		}
		return s
	})
}

// Parse reads a set of rules. It fails with [fault.Invalid] for unknown fields,
// repeated ids, missing texts and clauses, and answers that lead nowhere.
func Parse(b []byte) (Set, error) {
	var s Set
	if err := s.read(b); err != nil {
		return Set{}, fault.Because(fault.Invalid, "policy.rules", err)
	}
	return s, nil
}

func (s *Set) read(b []byte) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("reading eligibility: not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return fmt.Errorf("reading eligibility: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("reading eligibility: more than one value")
	}
	if s.Kind != "device" && s.Kind != "drug" || s.Version == "" || len(s.Rules) == 0 {
		return fmt.Errorf("reading eligibility: no kind, version or rules")
	}
	seen := map[string]bool{}
	for _, r := range s.Rules {
		if err := r.check(seen); err != nil {
			return fmt.Errorf("reading eligibility: rule %q: %w", r.ID, err)
		}
	}
	return nil
}

var name = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

// check checks r, whose questions are not among those seen before.
func (r Rule) check(seen map[string]bool) error {
	if !name.MatchString(r.ID) || seen["rule "+r.ID] {
		return fmt.Errorf("bad or repeated id")
	}
	seen["rule "+r.ID] = true
	if r.When != nil && !seen["question "+r.When.Question+" "+r.When.Value] {
		return fmt.Errorf("it applies on an answer that nobody gave before")
	}
	for _, t := range []policy.Text{r.Label, r.Failed, r.Next} {
		if empty(t) {
			return fmt.Errorf("text is missing in Chinese or English")
		}
	}
	switch r.Status {
	case policy.Official, policy.Draft, policy.Local, policy.Placeholder:
	default:
		return fmt.Errorf("status %q is unknown", r.Status)
	}
	if strings.TrimSpace(r.Clause.Source) == "" || strings.TrimSpace(r.Clause.Ref) == "" {
		return fmt.Errorf("clause has no source or no place")
	}
	asks := slices.ContainsFunc(r.Question.Choices, func(c Choice) bool { return c.Effect == Ask })
	if asks != (len(r.More) > 0) {
		return fmt.Errorf("further questions belong to an answer that asks them")
	}
	for i, q := range append([]Question{r.Question}, r.More...) {
		if err := q.check(seen, i == 0); err != nil {
			return fmt.Errorf("question %q: %w", q.ID, err)
		}
	}
	return nil
}

func (q Question) check(seen map[string]bool, first bool) error {
	if !name.MatchString(q.ID) || seen["question "+q.ID] {
		return fmt.Errorf("bad or repeated id")
	}
	seen["question "+q.ID] = true
	if empty(q.Label) || empty(q.Help) || len(q.Choices) < 2 {
		return fmt.Errorf("text is missing, or there is nothing to choose")
	}
	for _, c := range q.Choices {
		key := "question " + q.ID + " " + c.Value
		if c.Value == "" || seen[key] || empty(c.Label) {
			return fmt.Errorf("choice %q is empty, repeated or without words", c.Value)
		}
		seen[key] = true
		switch {
		case c.Effect == Met, c.Effect == Failed, c.Effect == Unclear, c.Effect == Ask && first:
		default:
			return fmt.Errorf("choice %q: effect %q leads nowhere", c.Value, c.Effect)
		}
	}
	return nil
}

func empty(t policy.Text) bool {
	return strings.TrimSpace(t.ZH) == "" || strings.TrimSpace(t.EN) == ""
}
