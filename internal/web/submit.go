package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/typed"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type checkPage struct {
	site.Page
	Identity  Identity
	Version   int
	Answers   []Answered
	Sections  []Section
	Resubmit  bool
	Gate      string
	Round     int
	Defects   []string
	AfterText string // what will be true afterwards and who will be told
	Lane      *Lane  // emergency lane; nil: there is none, or nothing is missing
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
		Identity: x.identity(v.Case, x.directory()), Version: v.Case.Dossier,
		Sections: x.sections(v, problems), Post: base + "/submit", Back: base + "/dossier",
		AfterText: x.Lang.Say("submit.after." + string(v.Case.Kind)),
	}
	p.Errors = form.Wrong(x.Lang, problems, x.fieldLabel(v.Pack))
	p.Answers = x.answers(v.Pack, v.Case.Form, p.Errors, base+"/form")
	if leg, ok := v.Case.SupplementLeg(); ok {
		g, _ := v.Open(leg)
		p.Resubmit, p.Gate, p.Round, p.Defects = true, g.ID, g.Round, x.defects(v, g)
		p.AfterText = x.Lang.Say("resubmit.after." + string(leg))
	}
	var err error
	if p.Lane, err = x.lane(v, p.Page); err != nil {
		return err
	}
	p.Title = x.Titled(x.Lang.Say("check.title"), p.Errors)
	return x.Render(status, "check", &p.Page, &p)
}

// submit freezes the dossier: as the first submission, or as the answer to the
// open notice that the form names.
func (x *exchange) submit() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	id, declared := x.R.PathValue("case"), x.R.PostForm.Get("declared") == "yes"
	var receipt docket.Receipt
	if g := x.R.PostForm.Get("gate"); g != "" {
		receipt, err = x.desk.Resubmit(x.Ctx(), op, docket.GateRef{Of: id, Gate: g}, version, declared, x.Actor)
	} else {
		receipt, err = x.send(op, id, version, declared)
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
	return x.See("/hospital/cases/" + id + "/submissions/" + strconv.Itoa(no))
}

// Lane is the emergency lane on the page before submitting.
type Lane struct {
	Limit   string // until when the papers follow, by local policy
	Items   []form.Choice
	Urgency string
	Error   string
}

// lane offers the emergency lane if local policy has one and required papers
// are missing from a draft.
func (x *exchange) lane(v docket.View, p site.Page) (*Lane, error) {
	if v.Case.Status != casework.Draft {
		return nil, nil
	}
	rules, err := x.Site.Directory.Rules(x.Ctx())
	if err != nil {
		return nil, err
	}
	limit, ok := rules.Limit(policy.Papers)
	if !ok {
		return nil, nil
	}
	l := &Lane{
		Limit:   x.text(limit.Label) + x.Lang.Say("limit."+string(limit.Clock), limit.N) + x.Lang.Say("comma") + x.Lang.Say("status."+string(limit.Status)),
		Urgency: x.R.PostForm.Get("urgency"), Error: p.Error("urgency"),
	}
	for _, part := range v.Pack.Parts {
		for _, item := range part.Items {
			if item.Required && len(v.Case.Files[item.ID]) == 0 {
				field := "later-" + item.ID
				l.Items = append(l.Items, form.Choice{Value: field, Label: x.text(item.Label), Chosen: x.R.PostForm.Get(field) != ""})
			}
		}
	}
	if len(l.Items) == 0 {
		return nil, nil
	}
	return l, nil
}

// send submits the draft, in the emergency lane if papers are named that follow.
func (x *exchange) send(op docket.Op, id string, version int, declared bool) (docket.Receipt, error) {
	lane := docket.Lane{Urgency: x.Said("urgency")}
	for name := range x.R.PostForm {
		if item, ok := strings.CutPrefix(name, "later-"); ok {
			lane.Later = append(lane.Later, item)
		}
	}
	if len(lane.Later) == 0 {
		return x.desk.Submit(x.Ctx(), op, id, version, declared, x.Actor)
	}
	slices.Sort(lane.Later)
	return x.desk.SubmitUrgent(x.Ctx(), op, id, version, declared, lane, x.Actor)
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
	site.Page
	Identity   Identity
	Submission SubmissionRow
	Copies     []string
	Moves      []Move

	Differences []Difference // from the submission before
	First       bool
}

// confirmation survives a bookmark: it is made of what is stored.
func (x *exchange) confirmation() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	d := x.directory()
	no, _ := strconv.Atoi(x.R.PathValue("no"))
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
		p.First = no == 1
		if p.Differences, err = x.differences(v, no); err != nil {
			return err
		}
		p.Title = x.Lang.Say("confirmation.title", v.Case.Number, s.No)
		return x.Show("confirmation", &p.Page, &p)
	}
	return fault.New(fault.NotFound, "case")
}

type withdrawPage struct {
	site.Page
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
	if err := v.Case.Permits(casework.Withdraw, x.Actor); err != nil {
		return err
	}
	p := withdrawPage{
		Identity: x.identity(v.Case, x.directory()), Reason: x.R.PostForm.Get("reason"),
		Post: "/hospital/cases/" + v.Case.ID + "/withdraw",
	}
	p.Errors = form.Wrong(x.Lang, problems, func(string) string { return x.Lang.Say("withdraw.reason") })
	p.Title = x.Titled(x.Lang.Say("withdraw.title"), p.Errors)
	return x.Render(status, "withdraw", &p.Page, &p)
}

func (x *exchange) withdraw() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	_, err = x.desk.Withdraw(x.Ctx(), op, x.R.PathValue("case"), typed.Tidy(x.R.PostForm.Get("reason")), x.Actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showWithdraw(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.See("/hospital/cases/" + x.R.PathValue("case"))
}
