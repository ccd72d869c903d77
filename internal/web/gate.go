package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// Summary is what a reader needs to know in a minute.
type Summary struct {
	Asks      string // who asks whom for what
	Basis     string // on which clause
	Product   string
	Original  string
	Maker     string
	Hospital  string
	Indicated string
	Urgency   string
	Quantity  string
	Patients  string
	Repeat    string // first time or repeat
	Submitted time.Time
	No        int
	Changed   []string // what differs from the submission before
}

type gatePage struct {
	site.Page
	Identity  Identity
	Move      Move
	Summary   Summary
	Frozen    []Section
	Answers   []Answered
	Choices   []form.Choice
	Next      string // where a chosen answer is filled in
	Open      string
	Answered  *Given // the gate is over: who, what, when
	Lines     []Line
	ByCode    bool   // let in by a code, for this gate only
	Receipt   string // of the reader's own answer, "" if there is none
	Now       []Move // whose move it is since this gate is over
	CaseHref  string // the whole case, for who signed in
	Revoke    string // to where the gate's links are revoked, "" if that is not the reader's
	Gaps      []GapGroup
	Situation *SituationBox
}

// Choice is one way to answer, with its consequence.
type Choice struct {
	Value       string
	Label       string
	Consequence string
	Chosen      bool
}

// Given is an answer that was given.
type Given struct {
	What   string
	Who    string
	Org    string
	At     time.Time
	Detail []string
	Told   []string // organisations that are told of it
	Seq    int
	Mine   bool // the reader's own organisation gave it
}

// at loads the gate in the path for the reader.
func (x *exchange) at() (docket.View, gate.Gate, error) {
	return x.desk.At(x.Ctx(), x.gateRef(), x.Actor)
}

func (x *exchange) gatePage() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	return x.showGate(http.StatusOK, v, g, nil)
}

func (x *exchange) showGate(status int, v docket.View, g gate.Gate, problems []fault.Problem) error {
	p := x.gateView(v, g)
	gaps, err := x.frozenGaps(v)
	if err != nil {
		return err
	}
	p.Gaps = gaps
	if p.Situation, _, err = x.situationBox(v); err != nil {
		return err
	}
	p.Summary.Repeat = p.Situation.Label + x.Lang.Say("colon") + p.Situation.Text
	p.Typed = x.Typed()
	label := x.answerView(v, g, casework.Verb(x.R.PostForm.Get("choice"))).fieldLabel(x)
	said := map[string]string{"yes": "met.true", "no": "met.false", "rely": "met.rely"}
	for i, t := range p.Typed {
		if key := said[t[1]]; key != "" && strings.HasPrefix(t[0], "finding-") {
			p.Typed[i][1] = x.Lang.Say(key)
		}
		if l := label(t[0]); l != "" {
			p.Typed[i][0] = l
		}
	}
	p.Lines = x.timeline(v, x.directory())
	p.Errors = form.Wrong(x.Lang, problems, func(field string) string {
		if field == "" {
			return ""
		}
		return x.Lang.Say("gate.choose")
	})
	p.Title = x.Titled(p.Title, p.Errors)
	return x.Render(status, "gate", &p.Page, &p)
}

// gateView is what is shown at a gate, answered or not.
func (x *exchange) gateView(v docket.View, g gate.Gate) gatePage {
	d := x.directory()
	p := gatePage{
		Identity: x.identity(v.Case, d), Summary: x.summary(v, g, x.Actor.Org, d), Frozen: x.frozenSections(v), Next: x.gateBase() + "/answer",
		Open: x.gateBase() + "/files/", ByCode: x.Actor.Via == party.ByLink,
		Move: Move{Who: d.org(g.Party), What: x.Lang.Say("move." + string(g.Kind)), Mine: true, Due: x.due(g, v.Now), Since: g.OpenedAt, Round: g.Round},
	}
	if v.Manifest != nil {
		p.Answers = x.answers(v.Pack, v.Manifest.Form, nil, "")
	}
	x.markChanges(v, &p.Summary, p.Frozen, p.Answers)
	p.Answered = x.given(v, g, d)
	switch {
	case p.Answered == nil:
		p.Choices = x.choices(v, g)
	case p.Answered.Mine:
		p.Receipt = x.gateBase() + "/receipt"
	}
	if p.Answered != nil {
		p.Now = x.moves(v, d)
	}
	if !p.ByCode {
		p.CaseHref = p.Identity.Href
		if v.Case.PermitsAt(casework.RevokeLinks, g, x.Actor) == nil {
			p.Revoke = p.Identity.Href + "/acts/revoke-links"
		}
	} else {
		p.Identity.Href = "" // a code opens this gate and nothing else
	}
	p.Title = x.Lang.Say("move."+string(g.Kind)) + " " + v.Case.Number
	return p
}

// choices lists the ways in which the reader may answer g, as the law permits.
func (x *exchange) choices(v docket.View, g gate.Gate) []form.Choice {
	var out []form.Choice
	for _, verb := range v.Case.Answers(g, x.Actor) {
		out = append(out, form.Choice{
			Value: string(verb), Label: x.Lang.Say("choice." + string(verb)),
			Consequence: x.Lang.Say("consequence." + string(verb)),
		})
	}
	return out
}

// offered reports whether choice is one of the reader's ways to answer g.
func (x *exchange) offered(v docket.View, g gate.Gate, choice casework.Verb) bool {
	return slices.ContainsFunc(x.choices(v, g), func(c form.Choice) bool { return c.Value == string(choice) })
}

// noChoice sends the reader back to choose.
func (x *exchange) noChoice(v docket.View, g gate.Gate) error {
	return x.showGate(http.StatusUnprocessableEntity, v, g, []fault.Problem{{Field: "choice", Code: "field.choice"}})
}

// given tells how g ended; nil while it is open.
func (x *exchange) given(v docket.View, g gate.Gate, d *directory) *Given {
	if g.Answer == nil {
		return nil
	}
	out := &Given{
		What: x.Lang.Say("answer." + g.Answer.Choice), Who: d.person(g.Answer.Person), Org: d.org(g.Answer.Org),
		At: g.Answer.At, Seq: g.Answer.Seq, Mine: g.Status == gate.Answered && g.Answer.Org == x.Actor.Org,
	}
	for _, e := range v.Events {
		if e.Seq == g.Answer.Seq {
			out.What = x.Lang.Say(docket.EntryWords(e.Entry), x.entryArgs(e)...)
			out.Detail = x.details(v, e)
			out.Told = x.told(e, d)
		}
	}
	return out
}

// told names the organisations that hear of e: whose move it is now, and who is
// informed.
func (x *exchange) told(e docket.Event, d *directory) []string {
	var ids, names []string
	for _, o := range e.Facts.Opens {
		ids = append(append(ids, o.Party), o.Recorders...)
	}
	for _, id := range append(ids, e.Facts.Listing()...) {
		if name := d.org(id); id != e.By.Org && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// summary is the sixty-second summary of the newest submission, for the
// organisation that is asked.
func (x *exchange) summary(v docket.View, g gate.Gate, asked string, d *directory) Summary {
	s := Summary{
		Asks:     x.Lang.Say("asks."+string(g.Kind), d.org(v.Case.Hospital), d.org(asked)),
		Basis:    x.Lang.Say("basis." + string(g.Kind) + "." + string(v.Case.Kind)),
		Hospital: d.org(v.Case.Hospital),
	}
	if v.Manifest == nil {
		return s
	}
	form := v.Manifest.Form
	s.Product, s.Original, s.Maker = form["product-zh"], form["product-original"], form["manufacturer"]
	s.Indicated, s.Urgency = form["indication"], form["urgency"]
	s.Quantity, s.Patients = form["quantity"]+" "+form["unit"], form["patients"]
	last := v.Case.Submissions[len(v.Case.Submissions)-1]
	s.No, s.Submitted = last.No, last.At
	return s
}

// showAnswered tells the loser who decided what and when.
func (x *exchange) showAnswered(v docket.View, g gate.Gate) error {
	return x.showGate(http.StatusConflict, v, g, []fault.Problem{{Code: "gate.answered"}})
}

// receipt is what the answerer keeps; it survives a bookmark.
func (x *exchange) receipt() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	if g.Status == gate.Open {
		return x.See(x.gateBase())
	}
	p := x.gateView(v, g)
	p.Title = x.Lang.Say("receipt.title")
	return x.Show("receipt", &p.Page, &p)
}
