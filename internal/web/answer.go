package web

import (
	"net/http"
	"strconv"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// Question is one of the three, on a form.
type Question struct {
	ID          string
	Label       string
	Help        string
	Yes         bool // chosen
	No          bool // chosen
	Reason      string
	Error       string // about the choice
	ReasonError string
	MayRely     bool   // the earlier finding may be relied on
	Rely        bool   // chosen
	How         string // what the matrix proposes; "" the first time
}

// DefectPart is one part of the pack on the form of a notice.
type DefectPart struct {
	Label  string
	Inputs []DefectInput
}

// DefectInput is one item for which a notice may ask something.
type DefectInput struct {
	Field string
	Label string
	What  string
	Error string
	Open  bool // something was typed or is wrong: do not fold it away
}

type answerPage struct {
	site.Page
	Identity     Identity
	Summary      Summary
	Submission   int // the one that the page shows
	Choice       string
	Label        string // of the choice
	ByOpinion    bool   // which of the three forms it is
	ByNotice     bool
	ByReply      bool
	Post         string
	Back         string
	Questions    []Question
	Advice       string
	Override     string
	Overrides    bool        // a reason for departing from the matrix may be given
	General      DefectInput // about the whole
	Defects      []DefectPart
	Outcomes     []form.Choice
	Texts        []form.Input // of a reply
	Evidence     []PaperFile
	EvidenceHref string
	Transcript   bool
	// On the confirm page:
	After  string
	Act    string // the button's verb
	Check  string // back to the form, with everything that was typed
	Hidden [][2]string
	Lines  []string
}

func (x *exchange) answerPage() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	if g.Status != gate.Open {
		return x.See(x.gateBase())
	}
	choice := casework.Verb(x.R.URL.Query().Get("choice"))
	if !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	return x.showAnswer(http.StatusOK, v, g, choice, nil)
}

// showAnswer renders the form of one choice with what was typed so far.
func (x *exchange) showAnswer(status int, v docket.View, g gate.Gate, choice casework.Verb, problems []fault.Problem) error {
	p := x.answerView(v, g, choice)
	if read := x.seen(); read > 0 && status != http.StatusConflict {
		p.Submission = read // what came since, only a conflict tells of
	}
	if err := x.place(&p, v); err != nil {
		return err
	}
	p.Errors = form.Wrong(x.Lang, form.Ordered(problems, answerFields(p)), p.fieldLabel(x))
	for i, q := range p.Questions {
		p.Questions[i].Error, p.Questions[i].ReasonError = p.Error("finding-"+q.ID), p.Error("reason-"+q.ID)
	}
	p.General.Error = p.Error(p.General.Field)
	for i, t := range p.Texts {
		p.Texts[i].Error = p.Error(t.ID)
	}
	for _, part := range p.Defects {
		for i, in := range part.Inputs {
			part.Inputs[i].Error = p.Error(in.Field)
			part.Inputs[i].Open = in.What != "" || part.Inputs[i].Error != ""
		}
	}
	p.Title = x.Titled(p.Label, p.Errors)
	return x.Render(status, "answer", &p.Page, &p)
}

// fieldLabel names a field of the answer's form as the page does.
func (p answerPage) fieldLabel(x *exchange) func(string) string {
	labels := map[string]string{p.General.Field: p.General.Label}
	for _, q := range p.Questions {
		labels["finding-"+q.ID] = q.Label
		labels["reason-"+q.ID] = q.Label + " " + x.Lang.Say("answer.reason")
	}
	for _, part := range p.Defects {
		for _, in := range part.Inputs {
			labels[in.Field] = in.Label
		}
	}
	for _, name := range []string{"advice", "override", "outcome", "number", "date", "reason", "quantity", "validUntil", "conditions", "evidence"} {
		labels[name] = x.Lang.Say("answer." + name)
	}
	return func(field string) string { return labels[field] }
}

// place says beside each question of an opinion what the matrix proposes.
func (x *exchange) place(p *answerPage, v docket.View) error {
	if !p.ByOpinion {
		return nil
	}
	_, placed, err := x.situationBox(v)
	if err != nil {
		return err
	}
	for i := range p.Questions {
		p.Questions[i].How, p.Questions[i].MayRely = x.how(placed.Proposal, i)
		p.Overrides = p.Overrides || p.Questions[i].How != ""
	}
	return nil
}

func (x *exchange) answerView(v docket.View, g gate.Gate, choice casework.Verb) answerPage {
	sent := x.Values()
	d := x.directory()
	p := answerPage{
		Identity: x.identity(v.Case, d), Summary: x.summary(v, g, x.Actor.Org, d),
		Submission: g.Submission,
		Choice:     string(choice), Label: x.Lang.Say("choice." + string(choice)),
		ByOpinion: choice == casework.Opine, ByNotice: choice == casework.AskOpinion || choice == casework.AskReply, ByReply: choice == casework.Record,
		Post: x.gateBase() + "/check", Back: x.gateBase(), Advice: sent.Get("advice"), Override: sent.Get("override"), Texts: x.replyTexts(v),
		EvidenceHref: x.gateBase() + "/evidence", Transcript: x.Actor.Kind != party.Regulator,
	}
	for _, q := range casework.Questions {
		p.Questions = append(p.Questions, Question{
			ID: string(q), Label: x.Lang.Say("question." + string(q)), Help: x.Lang.Say("question.help." + string(q)),
			Yes: sent.Get("finding-"+string(q)) == "yes", No: sent.Get("finding-"+string(q)) == "no",
			Rely:   sent.Get("finding-"+string(q)) == "rely",
			Reason: sent.Get("reason-" + string(q)),
		})
	}
	p.General = DefectInput{Field: "defects", Label: x.Lang.Say("defect.general"), What: sent.Get("defects")}
	for _, part := range v.Pack.Parts {
		list := DefectPart{Label: part.No + x.text(part.Label)}
		for _, item := range part.Items {
			f := "defect-" + item.ID
			list.Inputs = append(list.Inputs, DefectInput{Field: f, Label: x.text(item.Label), What: sent.Get(f)})
		}
		p.Defects = append(p.Defects, list)
	}
	for _, o := range []casework.Outcome{casework.Approve, casework.ApproveInPart, casework.Refuse} {
		p.Outcomes = append(p.Outcomes, form.Choice{
			Value: string(o), Label: x.Lang.Say("outcome." + string(o)), Consequence: x.Lang.Say("consequence." + string(o)),
			Chosen: sent.Get("outcome") == string(o),
		})
	}
	p.Evidence = x.own(v, g)
	for i, f := range p.Evidence {
		// A single paper is the one that is meant.
		p.Evidence[i].Chosen = f.ID == sent.Get("evidence") || len(p.Evidence) == 1
	}
	return p
}

// replyTexts are the typed fields of a reply, in the order of the letter.
func (x *exchange) replyTexts(v docket.View) []form.Input {
	unit := ""
	if n := len(v.Case.Submissions); n > 0 {
		unit = v.Case.Submissions[n-1].Unit
	}
	texts := []form.Input{
		{ID: "number", Kind: form.Text},
		{ID: "date", Kind: form.Day},
		{ID: "quantity", Kind: form.Number, Optional: true, Help: x.Lang.Say("answer.quantity.help", v.Case.Asked(), unit)},
		{ID: "validUntil", Kind: form.Day, Optional: true},
		{ID: "conditions", Kind: form.Long, Optional: true},
		{ID: "reason", Kind: form.Long},
	}
	for i, t := range texts {
		texts[i].Label, texts[i].Value = x.Lang.Say("answer."+t.ID), x.R.PostForm.Get(t.ID)
		if t.Help == "" {
			texts[i].Help = x.Lang.Say("answer." + t.ID + ".help")
		}
	}
	return texts
}

// checkAnswer shows what is about to become true and who will be told. It
// changes nothing: a dry run of the law says what is wrong, if anything is.
func (x *exchange) checkAnswer() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	if g.Status != gate.Open {
		return x.showAnswered(v, g)
	}
	choice := casework.Verb(x.R.PostForm.Get("choice"))
	if !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	if x.R.PostForm.Get("change") != "" { // from the confirm page, to correct something
		return x.showAnswer(http.StatusOK, v, g, choice, nil)
	}
	a, problems := x.readAnswer(v, choice)
	err = x.desk.Rehearse(x.Ctx(), v.Record, g, x.seen(), choice, a, x.Actor)
	if x.moved(err) {
		return x.showAnswer(http.StatusConflict, v, g, choice, problemsOf(err))
	}
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		problems = form.Merged(problems, f.Problems)
	} else if err != nil && len(problems) == 0 {
		return err
	}
	if len(problems) > 0 {
		return x.showAnswer(http.StatusUnprocessableEntity, v, g, choice, problems)
	}
	p := x.answerView(v, g, choice)
	p.Post, p.Check = x.gateBase()+"/answer", x.gateBase()+"/check"
	p.After, p.Act = x.Lang.Say("after."+string(choice)), x.Lang.Say("act."+string(choice))
	if choice == casework.Record {
		p.After = x.Lang.Say("after." + string(a.Decision.Outcome))
	}
	p.Hidden = append(p.Hidden, [2]string{"submission", strconv.Itoa(x.seen())})
	for _, name := range answerFields(p) {
		if value := x.R.PostForm.Get(name); value != "" {
			p.Hidden = append(p.Hidden, [2]string{name, value})
		}
	}
	p.Lines = x.answerLines(v, a, choice)
	p.Title = x.Lang.Say("confirm.title")
	return x.Show("confirm", &p.Page, &p)
}

// answerFields lists the fields of an answer as they stand on its page; the
// confirm page carries them on.
func answerFields(p answerPage) []string {
	names := []string{"choice"}
	for _, q := range p.Questions {
		names = append(names, "finding-"+q.ID, "reason-"+q.ID)
	}
	names = append(names, "override", "advice", "evidence", "outcome")
	for _, t := range p.Texts {
		names = append(names, t.ID)
	}
	names = append(names, p.General.Field)
	for _, part := range p.Defects {
		for _, in := range part.Inputs {
			names = append(names, in.Field)
		}
	}
	return names
}

// answerLines says an answer back before it is given.
func (x *exchange) answerLines(v docket.View, a docket.Answer, choice casework.Verb) []string {
	switch choice {
	case casework.Opine:
		fx := &casework.OpinionFx{Advice: a.Opinion.Advice, Override: a.Opinion.Override}
		if placed, err := x.desk.Place(x.Ctx(), v.Case); err == nil {
			fx.Placed = &placed.Proposal
		}
		for _, f := range a.Opinion.Findings {
			fx.Findings = append(fx.Findings, casework.FindingFx(f))
		}
		return x.details(v, docket.Event{Facts: casework.Facts{Opinion: fx}})
	case casework.Record:
		fx := casework.DecisionFacts(a.Decision)
		lines := x.details(v, docket.Event{Facts: casework.Facts{Decision: &fx}})
		return append([]string{x.Lang.Say("outcome." + string(fx.Outcome))}, lines...)
	}
	return x.defectLines(v.Pack, casework.Notice{Defects: a.Defects})
}

// readAnswer reads the form of choice. What cannot be read is a problem; what
// may not be is the law's to say.
func (x *exchange) readAnswer(v docket.View, choice casework.Verb) (docket.Answer, []fault.Problem) {
	var a docket.Answer
	read := form.Read(x.Values())
	switch choice {
	case casework.Opine:
		for _, q := range casework.Questions {
			met := read.OneOf("finding-"+string(q), "yes", "no", "rely")
			a.Opinion.Findings = append(a.Opinion.Findings, casework.Finding{
				Question: q, Met: met == "yes" || met == "rely", Relied: met == "rely", Reason: read.Said("reason-" + string(q)),
			})
		}
		a.Opinion.Advice, a.Opinion.Override = read.Said("advice"), read.Said("override")
	case casework.AskOpinion, casework.AskReply:
		if what := read.Said("defects"); what != "" {
			a.Defects = append(a.Defects, casework.Defect{What: what})
		}
		for _, part := range v.Pack.Parts {
			for _, item := range part.Items {
				if what := read.Said("defect-" + item.ID); what != "" {
					a.Defects = append(a.Defects, casework.Defect{Item: item.ID, What: what})
				}
			}
		}
		if len(a.Defects) == 0 {
			read.Refuse("defects", "defects.none")
		}
	case casework.Record:
		a.Decision = readDecision(v, read)
	default:
		read.Refuse("choice", "field.choice")
	}
	return a, read.Problems
}

// readDecision reads what was typed of a letter.
func readDecision(v docket.View, read *form.Reading) casework.Decision {
	d := casework.Decision{
		Outcome: casework.Outcome(read.Get("outcome")), Number: read.Said("number"), Date: read.Day("date"),
		Reason: read.Said("reason"), Evidence: read.Get("evidence"),
	}
	d.Terms = v.Case.Granted(d.Outcome, read.Integer("quantity"), read.Day("validUntil"), read.Lines("conditions"))
	return d
}

// answer commits the answer, once.
func (x *exchange) answer() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	v, g, err := x.at()
	if err != nil {
		return err
	}
	choice := casework.Verb(x.R.PostForm.Get("choice"))
	if g.Status == gate.Open && !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	a, problems := x.readAnswer(v, choice)
	if len(problems) > 0 {
		return x.showAnswer(http.StatusUnprocessableEntity, v, g, choice, problems)
	}
	ref := x.gateRef()
	ref.Submission = x.seen()
	_, err = x.desk.Give(x.Ctx(), op, ref, choice, a, x.Actor, x.linkPass())
	f := fault.Of(err)
	if f != nil && f.Kind == fault.Conflict {
		v, g, lookErr := x.at()
		if lookErr != nil {
			return lookErr // the same form again is safe, and then says who decided
		}
		if g.Status != gate.Open {
			return x.showAnswered(v, g)
		}
		if x.moved(err) {
			return x.showAnswer(http.StatusConflict, v, g, choice, problemsOf(err))
		}
	}
	if f != nil && len(f.Problems) > 0 {
		return x.showAnswer(http.StatusUnprocessableEntity, v, g, choice, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.See(x.gateBase() + "/receipt")
}

// moved reports whether err says that another submission has come since the page
// was made: what was typed is shown again, beside the new one.
func (x *exchange) moved(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Kind == fault.Conflict && f.Code == "gate.submission"
}

// problemsOf is a fault as a page lists it.
func problemsOf(err error) []fault.Problem {
	f := fault.Of(err)
	return []fault.Problem{{Code: f.Code, Args: f.Args}}
}

// linkPass is the link's session that must still hold when the answer commits.
func (x *exchange) linkPass() *docket.Pass {
	if x.Actor.Via != party.ByLink {
		return nil
	}
	return &docket.Pass{Hash: x.Session.Hash, Of: x.Session.Of, Gate: x.Session.Gate, Now: x.Site.Wall()}
}
