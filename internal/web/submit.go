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

// check shows once more what is about to be submitted.
func (x dossierPages) check() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	return x.showCheck(http.StatusOK, v, nil)
}

func (x dossierPages) showCheck(status int, v docket.View, problems []fault.Problem) error {
	rules, err := x.laneRules(v)
	if err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeCheck(rd, v, rules, x.Values(), problems)
	return x.Render(status, "check", &p.Page, &p)
}

func makeCheck(rd reader, v docket.View, rules policy.Rules, sent form.Values, problems []fault.Problem) checkPage {
	base := rd.casePath(v.Case.ID)
	p := checkPage{
		Identity: identity(rd, v.Case), Version: v.Case.Dossier,
		Sections: sections(rd, v, problems), Post: base + "/submit", Back: base + "/dossier",
		AfterText: rd.lang.Say("submit.after." + string(v.Case.Kind)),
	}
	labels := fieldLabel(rd, v.Pack)
	p.Errors = form.Wrong(rd.lang, problems, func(field string) string {
		if field == "lane-urgency" {
			return rd.lang.Say("lane.urgency")
		}
		return labels(field)
	})
	p.Answers = answers(rd, v.Pack, v.Case.Form, p.Errors, base+"/form")
	if leg, ok := v.Case.SupplementLeg(); ok {
		g, _ := v.Open(leg)
		p.Resubmit, p.Gate, p.Round, p.Defects = true, g.ID, g.Round, defects(rd, v, g)
		p.AfterText = rd.lang.Say("resubmit.after." + string(leg))
	}
	p.Lane = makeLane(rd, v, rules, sent, p.Errors)
	p.Title = rd.titled(rd.lang.Say("check.title"), p.Errors)
	return p
}

// submit freezes the dossier: as the first submission, or as the answer to the
// open notice that the form names.
func (x dossierPages) submit() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	id, declared := x.R.PathValue("case"), x.Values().Ticked("declared")
	var receipt docket.Receipt
	if g := x.Values().Get("gate"); g != "" {
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

// laneRules are the rules that say whether there is an emergency lane. Only a draft may
// take it: for others there are none.
func (x dossierPages) laneRules(v docket.View) (policy.Rules, error) {
	if v.Case.Status != casework.Draft {
		return policy.Rules{}, nil
	}
	return x.Site.Directory.Rules(x.Ctx())
}

// makeLane offers the emergency lane if local policy has one and required papers
// are missing from a draft.
func makeLane(rd reader, v docket.View, rules policy.Rules, sent form.Values, wrong form.Errors) *Lane {
	if v.Case.Status != casework.Draft {
		return nil
	}
	limit, ok := rules.Limit(policy.Papers)
	if !ok {
		return nil
	}
	l := &Lane{
		Limit:   rd.text(limit.Label) + rd.lang.Say("limit."+string(limit.Clock), limit.N) + rd.lang.Say("comma") + rd.lang.Say("status."+string(limit.Status)),
		Urgency: sent.Get("lane-urgency"), Error: wrong.Of("lane-urgency"),
	}
	for _, part := range v.Pack.Parts {
		for _, item := range part.Items {
			if item.Required && len(v.Case.Files[item.ID]) == 0 {
				field := "later-" + item.ID
				l.Items = append(l.Items, form.Choice{Value: field, Label: rd.text(item.Label), Chosen: sent.Get(field) != ""})
			}
		}
	}
	if len(l.Items) == 0 {
		return nil
	}
	return l
}

// send submits the draft, in the emergency lane if papers are named that follow.
func (x dossierPages) send(op docket.Op, id string, version int, declared bool) (docket.Receipt, error) {
	lane := docket.Lane{Urgency: x.Said("lane-urgency")}
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
func (x dossierPages) submissionOf(r docket.Receipt) (int, error) {
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
