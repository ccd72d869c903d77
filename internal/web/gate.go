package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/dossier"
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

// gatePages are the pages at which an agency answers.
type gatePages struct{ base }

// at loads the gate in the path for the reader.
func (x gatePages) at() (docket.View, gate.Gate, error) {
	return x.desk.At(x.Ctx(), x.gateRef(), x.Actor)
}

// path is the gate's own.
func (x gatePages) path() string {
	return x.Home() + "/cases/" + x.R.PathValue("case") + "/gates/" + x.R.PathValue("gate")
}

// show is what is asked at the gate, and on what grounds it can be answered.
func (x gatePages) show() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	return x.showGate(http.StatusOK, v, g, nil)
}

// grounds is what was looked up for whoever answers.
type grounds struct {
	earlier *dossier.Manifest // of the submission before the newest; nil: there is none
	found   docket.Precheck   // in the newest submission
	placed  docket.Placed
}

// earlier reads the manifest of the submission before the newest; nil if there is none.
func (x base) earlier(v docket.View) (*dossier.Manifest, error) {
	n := len(v.Case.Submissions)
	if n < 2 || v.Manifest == nil {
		return nil, nil
	}
	m, err := x.desk.ManifestOf(x.Ctx(), v.Record, v.Case.Submissions[n-2])
	return &m, err
}

func (x gatePages) showGate(status int, v docket.View, g gate.Gate, problems []fault.Problem) error {
	var on grounds
	var err error
	if on.earlier, err = x.earlier(v); err != nil {
		return err
	}
	if on.found, err = x.desk.Precheck(x.Ctx(), v, false); err != nil {
		return err
	}
	if on.placed, err = x.desk.Place(x.Ctx(), v.Case); err != nil {
		return err
	}
	rd, err := x.reader(inCase(v))
	if err != nil {
		return err
	}
	p := makeGate(rd, v, g, on, problems)
	p.Typed = labelledTyped(rd, x.Typed(), makeAnswer(rd, v, g, casework.Verb(x.Values().Get("choice")), x.Values()))
	return x.Render(status, "gate", &p.Page, &p)
}

func makeGate(rd reader, v docket.View, g gate.Gate, on grounds, problems []fault.Problem) gatePage {
	p := gateView(rd, v, g, on.earlier)
	p.Gaps = gapGroups(rd, on.found.Gaps, v.Pack, "")
	p.Situation = situationBox(rd, v, on.placed)
	p.Summary.Repeat = p.Situation.Label + rd.lang.Say("colon") + p.Situation.Text
	p.Lines = timeline(rd, v)
	p.Errors = form.Wrong(rd.lang, problems, func(field string) string {
		if field == "" {
			return ""
		}
		return rd.lang.Say("gate.choose")
	})
	p.Title = site.Titled(rd.lang, p.Title, p.Errors)
	return p
}

// labelledTyped calls what was typed in a form of answers as the form does.
func labelledTyped(rd reader, typed [][2]string, of answerPage) [][2]string {
	label := of.fieldLabel(rd)
	said := map[string]string{"yes": "met.true", "no": "met.false", "rely": "met.rely"}
	for i, t := range typed {
		if key := said[t[1]]; key != "" && strings.HasPrefix(t[0], "finding-") {
			typed[i][1] = rd.lang.Say(key)
		}
		if l := label(t[0]); l != "" {
			typed[i][0] = l
		}
	}
	return typed
}

// gateView is what is shown at a gate, answered or not.
func gateView(rd reader, v docket.View, g gate.Gate, earlier *dossier.Manifest) gatePage {
	path := rd.gatePath(v.Case.ID, g.ID)
	p := gatePage{
		Identity: identity(rd, v.Case), Summary: summary(rd, v, g, rd.actor.Org), Frozen: frozenSections(rd, v), Next: path + "/answer",
		Open: path + "/files/", ByCode: rd.actor.Via == party.ByLink,
		Move: Move{Who: rd.names.org(g.Party), What: rd.lang.Say("move." + string(g.Kind)), Mine: true, Due: due(rd, g, v.Now), Since: g.OpenedAt, Round: g.Round},
	}
	if v.Manifest != nil {
		p.Answers = answers(rd, v.Pack, v.Manifest.Form, nil, "")
	}
	markChanges(rd, v, earlier, &p.Summary, p.Frozen, p.Answers)
	p.Answered = given(rd, v, g)
	switch {
	case p.Answered == nil:
		p.Choices = choices(rd, v, g)
	case p.Answered.Mine:
		p.Receipt = path + "/receipt"
	}
	if p.Answered != nil {
		p.Now = moves(rd, v)
	}
	if !p.ByCode {
		p.CaseHref = p.Identity.Href
		if v.Case.PermitsAt(casework.RevokeLinks, g, rd.actor) == nil {
			p.Revoke = p.Identity.Href + "/acts/revoke-links"
		}
	} else {
		p.Identity.Href = "" // a code opens this gate and nothing else
	}
	p.Title = rd.lang.Say("move."+string(g.Kind)) + " " + v.Case.Number
	return p
}

// choices lists the ways in which the reader may answer g, as the law permits.
func choices(rd reader, v docket.View, g gate.Gate) []form.Choice {
	var out []form.Choice
	for _, verb := range v.Case.Answers(g, rd.actor) {
		out = append(out, form.Choice{
			Value: string(verb), Label: rd.lang.Say("choice." + string(verb)),
			Consequence: rd.lang.Say("consequence." + string(verb)),
		})
	}
	return out
}

// noChoice sends the reader back to choose.
func (x gatePages) noChoice(v docket.View, g gate.Gate) error {
	return x.showGate(http.StatusUnprocessableEntity, v, g, []fault.Problem{{Field: "choice", Code: "field.choice"}})
}

// given tells how g ended; nil while it is open.
func given(rd reader, v docket.View, g gate.Gate) *Given {
	if g.Answer == nil {
		return nil
	}
	out := &Given{
		What: rd.lang.Say("answer." + g.Answer.Choice), Who: rd.names.person(g.Answer.Person), Org: rd.names.org(g.Answer.Org),
		At: g.Answer.At, Seq: g.Answer.Seq, Mine: g.Status == gate.Answered && g.Answer.Org == rd.actor.Org,
	}
	for _, e := range v.Events {
		if e.Seq == g.Answer.Seq {
			out.What = rd.lang.Say(docket.EntryWords(e.Entry), entryArgs(rd, e)...)
			out.Detail = details(rd, v, e)
			out.Told = told(rd, e)
		}
	}
	return out
}

// told names the organisations that hear of e: whose move it is now, and who is
// informed.
func told(rd reader, e docket.Event) []string {
	var ids, names []string
	for _, o := range e.Facts.Opens {
		ids = append(append(ids, o.Party), o.Recorders...)
	}
	for _, id := range append(ids, e.Facts.Listing()...) {
		if name := rd.names.org(id); id != e.By.Org && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// summary is the sixty-second summary of the newest submission, for the
// organisation that is asked.
func summary(rd reader, v docket.View, g gate.Gate, asked string) Summary {
	s := Summary{
		Asks:     rd.lang.Say("asks."+string(g.Kind), rd.names.org(v.Case.Hospital), rd.names.org(asked)),
		Basis:    rd.lang.Say("basis." + string(g.Kind) + "." + string(v.Case.Kind)),
		Hospital: rd.names.org(v.Case.Hospital),
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
func (x gatePages) showAnswered(v docket.View, g gate.Gate) error {
	return x.showGate(http.StatusConflict, v, g, []fault.Problem{{Code: "gate.answered"}})
}

// receipt is what the answerer keeps; it survives a bookmark.
func (x gatePages) receipt() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	if g.Status == gate.Open {
		return x.See(x.path())
	}
	earlier, err := x.earlier(v)
	if err != nil {
		return err
	}
	rd, err := x.reader(inCase(v))
	if err != nil {
		return err
	}
	p := gateView(rd, v, g, earlier)
	p.Title = rd.lang.Say("receipt.title")
	return x.Show("receipt", &p.Page, &p)
}
