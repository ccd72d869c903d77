package web

import (
	"net/url"

	"jixu/internal/casework"
	"jixu/internal/eligibility"
	"jixu/internal/policy"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// EligibilityLine is what one rule says of the answers.
type EligibilityLine struct {
	Label  string
	State  string // the word
	Tone   string // for the colour; never without State
	Reason string // "" if the rule is met
	Next   string
	Clause string
	Status string
}

type eligibilityPage struct {
	site.Page
	Kinds     []EligibilityKind // to choose from, before a kind is chosen
	Kind      string
	KindText  string
	Questions []Input
	Asked     bool // the answers were sent: the result is shown
	Outcome   eligibility.Outcome
	Verdict   string
	Advice    string
	Hearsay   bool // a rule that speaks against it is not verified
	Left      bool // something is still to be answered
	Lines     []EligibilityLine
	Answers   string // what a new draft is to begin with, "" if nobody may open one
	Again     string // the page without answers
}

// EligibilityKind is a kind of product to check.
type EligibilityKind struct {
	Label string
	Text  string
	Href  string
}

const eligibilityPath = "/hospital/eligibility"

// eligibilityPages need no case.
type eligibilityPages struct{ base }

// show asks and answers in one address: nothing is kept, and nothing is
// changed by looking.
func (x eligibilityPages) show() error {
	p := makeEligibility(x.Lang, x.R.URL.Query(), casework.MayCreate(x.Actor) == nil)
	return x.Show("eligibility", &p.Page, &p)
}

// makeEligibility answers q. Who may create is offered a draft that begins with it.
func makeEligibility(l words.Lang, q url.Values, mayCreate bool) eligibilityPage {
	p := eligibilityPage{Kind: q.Get("kind"), Again: eligibilityPath}
	set, ok := eligibility.For(p.Kind)
	if !ok {
		for _, k := range []policy.Kind{policy.Device, policy.Drug} {
			p.Kinds = append(p.Kinds, EligibilityKind{
				Label: l.Say("kind." + string(k)), Text: l.Say("kind.help." + string(k)), Href: eligibilityPath + "?kind=" + string(k),
			})
		}
		p.Kind = ""
		p.Title = l.Say("eligibility.title")
		return p
	}
	answers := answersOf(set, q)
	p.KindText, p.Asked = l.Say("kind."+p.Kind), q.Get("check") != ""
	for _, a := range set.Questions(answers) {
		p.Questions = append(p.Questions, eligibilityQuestion(l, a, answers[a.Question.ID]))
	}
	if p.Asked {
		judge(l, &p, set.Check(answers))
		if mayCreate {
			p.Answers = encoded(p.Kind, answers)
		}
	}
	p.Title = l.Say("eligibility.title") + l.Say("colon") + p.KindText
	return p
}

// answersOf reads the answers to set's questions; everything else is left out.
func answersOf(set eligibility.Set, q url.Values) map[string]string {
	out := map[string]string{}
	for _, r := range set.Rules {
		for _, question := range append([]eligibility.Question{r.Question}, r.More...) {
			for _, c := range question.Choices {
				if c.Value == q.Get(question.ID) {
					out[question.ID] = c.Value
				}
			}
		}
	}
	return out
}

// encoded is answers as one field of a form.
func encoded(kind string, answers map[string]string) string {
	q := url.Values{"kind": {kind}}
	for id, value := range answers {
		q.Set(id, value)
	}
	return q.Encode()
}

// carried is what a new draft of kind begins with: the answers of an eligibility
// check that its form asks too. What cannot be read carries nothing.
func carried(kind, answers string) map[string]string {
	q, err := url.ParseQuery(answers)
	set, ok := eligibility.For(kind)
	if err != nil || !ok || q.Get("kind") != kind {
		return nil
	}
	return set.Check(answersOf(set, q)).Fields
}

// eligibilityQuestion is a as a field; further questions rest on the same clause
// as the one that called for them.
func eligibilityQuestion(l words.Lang, a eligibility.Asked, value string) Input {
	f := policy.Field{ID: a.Question.ID, Label: a.Question.Label, Help: a.Question.Help, Kind: policy.OneOf, Required: true}
	for _, c := range a.Question.Choices {
		f.Choices = append(f.Choices, policy.Choice{Value: c.Value, Label: c.Label})
	}
	in := inputOf(l, f, value, "")
	if a.Further {
		return in
	}
	in.Basis, in.Standing = a.Rule.Clause.Source+" "+a.Rule.Clause.Ref, l.Say("status."+string(a.Rule.Status))
	if q := a.Rule.Clause.Quote; q != nil {
		in.Quote = textIn(l, *q)
	}
	return in
}

// judge writes the result for people.
func judge(l words.Lang, p *eligibilityPage, r eligibility.Result) {
	p.Outcome, p.Left = r.Outcome, !r.Answered()
	p.Verdict, p.Advice = l.Say("eligibility."+string(r.Outcome)), l.Say("eligibility.advice."+string(r.Outcome))
	for _, f := range r.Findings {
		line := EligibilityLine{
			Label: textIn(l, f.Rule.Label), State: l.Say("eligibility.state." + string(f.State)), Tone: "muted",
			Clause: f.Rule.Clause.Source + " " + f.Rule.Clause.Ref, Status: l.Say("status." + string(f.Rule.Status)),
		}
		switch f.State {
		case eligibility.Met:
			line.Tone = "done"
		case eligibility.Failed:
			line.Tone, line.Reason, line.Next = "problem", textIn(l, f.Rule.Failed), textIn(l, f.Rule.Next)
			p.Hearsay = p.Hearsay || f.Rule.Status != policy.Official
		case eligibility.Unclear:
			line.Tone, line.Next = "progress", textIn(l, f.Rule.Next)
		}
		p.Lines = append(p.Lines, line)
	}
}
