package web

import (
	"net/http"
	"strconv"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
)

type checkPage struct {
	Page
	Identity  Identity
	Version   int
	Answers   []Answered
	Sections  []Section
	Resubmit  bool
	Gate      string
	Round     int
	Defects   []string
	AfterText string // what will be true afterwards and who will be told
	Post      string
	Back      string // the task list
}

func (x *exchange) checkAnswers() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	return x.showCheck(http.StatusOK, v, nil)
}

func (x *exchange) showCheck(status int, v docket.View, problems []fault.Problem) error {
	base := "/hospital/cases/" + v.Case.ID
	p := checkPage{
		Identity: x.identity(v.Case, x.directory()), Version: v.Case.Version,
		Sections: x.sections(v, problems), Post: base + "/submit", Back: base + "/dossier",
		AfterText: x.lang.Say("submit.after." + string(v.Case.Kind)),
	}
	p.Errors = labelled(x.problems(problems), x.fieldLabel(v.Pack))
	p.Answers = x.answers(v.Pack, v.Case.Form, p.Errors, base+"/form")
	if leg, ok := v.Case.SupplementLeg(); ok {
		g, _ := v.Open(leg)
		p.Resubmit, p.Gate, p.Round, p.Defects = true, g.ID, g.Round, x.defects(v, g)
		p.AfterText = x.lang.Say("resubmit.after." + string(leg))
	}
	p.Title = x.titled(x.lang.Say("check.title"), p.Errors)
	return x.render(status, "check", &p.Page, &p)
}

// submit freezes the dossier: as the first submission, or as the answer to the
// open notice that the form names.
func (x *exchange) submit() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	id, declared := x.r.PathValue("case"), x.r.PostForm.Get("declared") == "yes"
	var receipt docket.Receipt
	if g := x.r.PostForm.Get("gate"); g != "" {
		receipt, err = x.site.Desk.Resubmit(x.ctx(), op, docket.GateRef{Case: id, Gate: g}, version, declared, x.actor)
	} else {
		receipt, err = x.site.Desk.Submit(x.ctx(), op, id, version, declared, x.actor)
	}
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		v, loadErr := x.editable()
		if loadErr != nil {
			return loadErr
		}
		return x.showCheck(http.StatusUnprocessableEntity, v, f.Problems)
	}
	if f := fault.Of(err); f != nil && f.Code == "version" {
		v, loadErr := x.editable()
		if loadErr != nil {
			return loadErr
		}
		return x.showCheck(http.StatusConflict, v, []fault.Problem{{Code: f.Code}})
	}
	if err != nil {
		return err
	}
	no, err := x.submissionOf(receipt)
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + id + "/submissions/" + strconv.Itoa(no))
}

// submissionOf finds which submission a receipt is of.
func (x *exchange) submissionOf(r docket.Receipt) (int, error) {
	v, err := x.view()
	if err != nil {
		return 0, err
	}
	for _, e := range v.Events {
		if e.Seq == r.Seq && e.Facts.Submission != nil {
			return e.Facts.Submission.No, nil
		}
	}
	return 0, fault.New(fault.NotFound, "case")
}

type confirmationPage struct {
	Page
	Identity   Identity
	Submission SubmissionRow
	Copies     []string
	Moves      []Move
}

// confirmation survives a bookmark: it is made of what is stored.
func (x *exchange) confirmation() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	d := x.directory()
	no, _ := strconv.Atoi(x.r.PathValue("no"))
	for _, e := range v.Events {
		s := e.Facts.Submission
		if s == nil || s.No != no {
			continue
		}
		p := confirmationPage{
			Identity: x.identity(v.Case, d), Moves: x.moves(v, d),
			Submission: SubmissionRow{No: s.No, At: e.At, Files: s.Files, Digest: s.Digest},
		}
		for _, org := range e.Facts.Copies {
			p.Copies = append(p.Copies, d.org(org))
		}
		p.Title = x.lang.Say("confirmation.title", v.Case.Number, s.No)
		return x.show("confirmation", &p.Page, &p)
	}
	return fault.New(fault.NotFound, "case")
}

type withdrawPage struct {
	Page
	Identity Identity
	Reason   string
	Post     string
}

func (x *exchange) withdrawPage() error { return x.showWithdraw(http.StatusOK, nil) }

func (x *exchange) showWithdraw(status int, problems []fault.Problem) error {
	v, err := x.view()
	if err != nil {
		return err
	}
	if err := v.Case.Permits(casework.Withdraw, x.actor); err != nil {
		return err
	}
	p := withdrawPage{
		Identity: x.identity(v.Case, x.directory()), Reason: x.r.PostForm.Get("reason"),
		Post: "/hospital/cases/" + v.Case.ID + "/withdraw",
	}
	p.Errors = labelled(x.problems(problems), func(string) string { return x.lang.Say("withdraw.reason") })
	p.Title = x.titled(x.lang.Say("withdraw.title"), p.Errors)
	return x.render(status, "withdraw", &p.Page, &p)
}

func (x *exchange) withdraw() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	_, err = x.site.Desk.Withdraw(x.ctx(), op, x.r.PathValue("case"), normal(x.r.PostForm.Get("reason")), x.actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showWithdraw(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + x.r.PathValue("case"))
}
