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
)

// check shows what is about to become true and who will be told. It
// changes nothing: a dry run of the law says what is wrong, if anything is.
func (x gatePages) check() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	if g.Status != gate.Open {
		return x.showAnswered(v, g)
	}
	choice := casework.Verb(x.Values().Get("choice"))
	if !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	if x.Values().Get("change") != "" { // from the confirm page, to correct something
		return x.showAnswer(http.StatusOK, v, g, choice, nil)
	}
	if x.Preferred() {
		return x.autosave()
	}
	// Whoever goes back from the next page finds what they typed. What may not be kept is
	// named by the check itself.
	if err := x.keep(g, choice); err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	a, problems := readAnswer(v, choice, x.Values())
	err = x.desk.Rehearse(x.Ctx(), v.Record, g, x.seen(), choice, a, x.Actor)
	if moved(err) {
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
	placed, err := x.placed(v, choice)
	if err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeConfirm(rd, v, g, choice, a, placed, x.Values())
	return x.Show("confirm", &p.Page, &p)
}

// makeConfirm reads an answer back before it is given.
func makeConfirm(rd reader, v docket.View, g gate.Gate, choice casework.Verb, a docket.Answer, placed *docket.Placed, sent form.Values) answerPage {
	p := makeAnswer(rd, v, g, choice, sent)
	path := rd.gatePath(v.Case.ID, g.ID)
	p.Post, p.Check = path+"/answer", path+"/check"
	p.After, p.Act = rd.lang.Say("after."+string(choice)), rd.lang.Say("act."+string(choice))
	if choice == casework.Record {
		p.After = rd.lang.Say("after." + string(a.Decision.Outcome))
	}
	p.Hidden = append(p.Hidden, [2]string{"submission", strconv.Itoa(sent.Carried("submission"))})
	for _, name := range answerFields(p) {
		if value := sent.Get(name); value != "" {
			p.Hidden = append(p.Hidden, [2]string{name, value})
		}
	}
	p.Lines = answerLines(rd, v, a, choice, placed)
	p.Title = rd.lang.Say("confirm.title")
	return p
}

// answerLines says an answer back before it is given.
func answerLines(rd reader, v docket.View, a docket.Answer, choice casework.Verb, placed *docket.Placed) []string {
	switch choice {
	case casework.Opine:
		fx := &casework.OpinionFx{Advice: a.Opinion.Advice, Override: a.Opinion.Override}
		if placed != nil {
			fx.Placed = &placed.Proposal
		}
		for _, f := range a.Opinion.Findings {
			fx.Findings = append(fx.Findings, casework.FindingFx(f))
		}
		return details(rd, v, docket.Event{Facts: casework.Facts{Opinion: fx}})
	case casework.Record:
		fx := casework.DecisionFacts(a.Decision)
		lines := details(rd, v, docket.Event{Facts: casework.Facts{Decision: &fx}})
		return append([]string{rd.lang.Say("outcome." + string(fx.Outcome))}, lines...)
	}
	return defectLines(rd, v.Pack, casework.Notice{Defects: a.Defects})
}

// readAnswer reads the form of choice. What cannot be read is a problem; what
// may not be is the law's to say.
func readAnswer(v docket.View, choice casework.Verb, sent form.Values) (docket.Answer, []fault.Problem) {
	var a docket.Answer
	read := form.Read(sent)
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

// give commits the answer, once.
func (x gatePages) give() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	v, g, err := x.at()
	if err != nil {
		return err
	}
	choice := casework.Verb(x.Values().Get("choice"))
	if g.Status == gate.Open && !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	a, problems := readAnswer(v, choice, x.Values())
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
		if moved(err) {
			return x.showAnswer(http.StatusConflict, v, g, choice, problemsOf(err))
		}
	}
	if f != nil && len(f.Problems) > 0 {
		return x.showAnswer(http.StatusUnprocessableEntity, v, g, choice, f.Problems)
	}
	if err != nil {
		return err
	}
	x.forget(g)
	return x.See(x.path() + "/receipt")
}

// moved reports whether err says that another submission has come since the page
// was made: what was typed is shown again, beside the new one.
func moved(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Kind == fault.Conflict && f.Code == "gate.submission"
}

// problemsOf is a fault as a page lists it.
func problemsOf(err error) []fault.Problem {
	f := fault.Of(err)
	return []fault.Problem{{Code: f.Code, Args: f.Args}}
}

// linkPass is the link's session that must still hold when the answer commits.
func (x gatePages) linkPass() *docket.Pass {
	if x.Actor.Via != party.ByLink {
		return nil
	}
	return &docket.Pass{Hash: x.Session.Hash, Of: x.Session.Of, Gate: x.Session.Gate, Now: x.Site.Wall()}
}
