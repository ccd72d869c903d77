package web

import (
	"net/http"
	"slices"

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
	After string
	Act   string // the button's verb
	Check string // back to the form, with everything that was typed
	// What is typed is kept:
	Keep     string // where
	Restored string // what the page says of what was typed before; "": nothing was
	Hidden   [][2]string
	Lines    []string
}

// form asks for what goes with one choice.
func (x gatePages) form() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	if g.Status != gate.Open {
		return x.See(x.path())
	}
	choice := casework.Verb(x.R.URL.Query().Get("choice"))
	if !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	before, err := x.kept(g, choice)
	if err != nil {
		return err
	}
	return x.renderAnswer(http.StatusOK, v, g, choice, before, nil)
}

// offered reports whether choice is one of the reader's ways to answer g.
func (x gatePages) offered(v docket.View, g gate.Gate, choice casework.Verb) bool {
	return slices.Contains(v.Case.Answers(g, x.Actor), choice)
}

// showAnswer renders the form of one choice with what was sent of it.
func (x gatePages) showAnswer(status int, v docket.View, g gate.Gate, choice casework.Verb, problems []fault.Problem) error {
	return x.renderAnswer(status, v, g, choice, docket.Autosave{Values: x.Values()}, problems)
}

// renderAnswer renders the form of one choice with what was typed so far.
func (x gatePages) renderAnswer(
	status int, v docket.View, g gate.Gate, choice casework.Verb, before docket.Autosave, problems []fault.Problem,
) error {
	placed, err := x.placed(v, choice)
	if err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeAnswer(rd, v, g, choice, form.Values(before.Values))
	p.Restored = restored(rd, before, g)
	p.propose(rd, placed)
	if read := x.seen(); read > 0 && status != http.StatusConflict {
		p.Submission = read // what came since, only a conflict tells of
	}
	p.Carry, p.Script = "answer", staticAddress("answer.js")
	p.refuse(rd, problems)
	p.Title = rd.titled(p.Label, p.Errors)
	return x.Render(status, "answer", &p.Page, &p)
}

// placed says where the matrix places the case, for an opinion; nil for other answers.
func (x gatePages) placed(v docket.View, choice casework.Verb) (*docket.Placed, error) {
	if choice != casework.Opine {
		return nil, nil
	}
	placed, err := x.desk.Place(x.Ctx(), v.Case)
	return &placed, err
}

// refuse says beside each field what is wrong with it.
func (p *answerPage) refuse(rd reader, problems []fault.Problem) {
	p.Errors = form.Wrong(rd.lang, form.Ordered(problems, answerFields(*p)), p.fieldLabel(rd))
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
}

// fieldLabel names a field of the answer's form as the page does.
func (p answerPage) fieldLabel(rd reader) func(string) string {
	labels := map[string]string{p.General.Field: p.General.Label}
	for _, q := range p.Questions {
		labels["finding-"+q.ID] = q.Label
		labels["reason-"+q.ID] = q.Label + " " + rd.lang.Say("answer.reason")
	}
	for _, part := range p.Defects {
		for _, in := range part.Inputs {
			labels[in.Field] = in.Label
		}
	}
	for _, name := range []string{"advice", "override", "outcome", "number", "date", "reason", "quantity", "validUntil", "conditions", "evidence"} {
		labels[name] = rd.lang.Say("answer." + name)
	}
	return func(field string) string { return labels[field] }
}

// propose says beside each question of an opinion what the matrix proposes.
func (p *answerPage) propose(rd reader, placed *docket.Placed) {
	if placed == nil {
		return
	}
	for i := range p.Questions {
		p.Questions[i].How, p.Questions[i].MayRely = how(rd, placed.Proposal, i)
		p.Overrides = p.Overrides || p.Questions[i].How != ""
	}
}

// makeAnswer is the form of one choice with what was sent of it.
func makeAnswer(rd reader, v docket.View, g gate.Gate, choice casework.Verb, sent form.Values) answerPage {
	path := rd.gatePath(v.Case.ID, g.ID)
	p := answerPage{
		Identity: identity(rd, v.Case), Summary: summary(rd, v, g, rd.actor.Org),
		Submission: g.Submission,
		Choice:     string(choice), Label: rd.lang.Say("choice." + string(choice)),
		ByOpinion: choice == casework.Opine, ByNotice: choice == casework.AskOpinion || choice == casework.AskReply, ByReply: choice == casework.Record,
		Post: path + "/check", Back: path, Keep: path + "/keep", Advice: sent.Get("advice"), Override: sent.Get("override"), Texts: replyTexts(rd, v, sent),
		EvidenceHref: path + "/evidence", Transcript: rd.actor.Kind != party.Regulator,
	}
	for _, q := range casework.Questions {
		p.Questions = append(p.Questions, Question{
			ID: string(q), Label: rd.lang.Say("question." + string(q)), Help: rd.lang.Say("question.help." + string(q)),
			Yes: sent.Get("finding-"+string(q)) == "yes", No: sent.Get("finding-"+string(q)) == "no",
			Rely:   sent.Get("finding-"+string(q)) == "rely",
			Reason: sent.Get("reason-" + string(q)),
		})
	}
	p.General = DefectInput{Field: "defects", Label: rd.lang.Say("defect.general"), What: sent.Get("defects")}
	for _, part := range v.Pack.Parts {
		list := DefectPart{Label: part.No + rd.text(part.Label)}
		for _, item := range part.Items {
			f := "defect-" + item.ID
			list.Inputs = append(list.Inputs, DefectInput{Field: f, Label: rd.text(item.Label), What: sent.Get(f)})
		}
		p.Defects = append(p.Defects, list)
	}
	for _, o := range outcomes(rd.lang) {
		o.Chosen = o.Value == sent.Get("outcome")
		p.Outcomes = append(p.Outcomes, o)
	}
	p.Evidence = own(rd, v, g)
	for i, f := range p.Evidence {
		// A single paper is the one that is meant.
		p.Evidence[i].Chosen = f.ID == sent.Get("evidence") || len(p.Evidence) == 1
	}
	return p
}

// replyTexts are the typed fields of a reply, in the order of the letter.
func replyTexts(rd reader, v docket.View, sent form.Values) []form.Input {
	unit := ""
	if n := len(v.Case.Submissions); n > 0 {
		unit = v.Case.Submissions[n-1].Unit
	}
	texts := []form.Input{
		{ID: "number", Kind: form.Text},
		{ID: "date", Kind: form.Day},
		{ID: "quantity", Kind: form.Number, Optional: true, Help: rd.lang.Say("answer.quantity.help", v.Case.Asked(), unit)},
		{ID: "validUntil", Kind: form.Day, Optional: true},
		{ID: "conditions", Kind: form.Long, Optional: true},
		{ID: "reason", Kind: form.Long},
	}
	for i, t := range texts {
		texts[i].Label, texts[i].Value = rd.lang.Say("answer."+t.ID), sent.Get(t.ID)
		if t.Help == "" {
			texts[i].Help = rd.lang.Say("answer." + t.ID + ".help")
		}
	}
	return texts
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
