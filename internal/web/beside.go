package web

import (
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/inquiry"
	"jixu/internal/policy"
	"jixu/internal/reuse"
	"jixu/internal/web/site"
)

// Beside is what a case page shows beside the two legs.
type Beside struct {
	Situation *SituationBox
	Facts     []BesideFact
	Similar   []Link // near duplicates: a warning for the hospital
	Compared  string // with how many cases, if not with all
	Inquiries []Link
	Others    *Link // to the questions kept with the case that are not shown here
	Acts      []Link
}

// BesideFact is one thing with its lines.
type BesideFact struct {
	Label string
	Lines []string
}

// SituationBox says where the matrix places a case, and why.
type SituationBox struct {
	Label   string
	Text    string
	How     []Answered // each question and what becomes of it
	Clause  string
	Relies  string
	Variety string
	Found   string // found by an assessor, or claimed by the hospital
	Reason  string // of the finding
	But     []string
	Again   bool // not a first application: what is relied on is shown at once
}

// situationBox explains where the matrix places the case.
func situationBox(rd reader, v docket.View, placed docket.Placed) *SituationBox {
	kind := string(v.Case.Kind)
	b := &SituationBox{
		Label: rd.lang.Say("situation." + string(placed.Situation)), Clause: rd.lang.Say("clause." + placed.Clause),
		Text: rd.lang.Say("situation." + string(placed.Situation) + "." + kind), Again: placed.Situation != reuse.First,
	}
	for i, q := range casework.Questions {
		b.How = append(b.How, Answered{ID: string(q), Label: rd.lang.Say("question." + string(q)), Value: rd.lang.Say("how." + string(placed.How[i]))})
	}
	if p := placed.RelyOn; p != nil {
		b.Relies = rd.lang.Say("situation.precedent", p.Number, dayText(rd.lang, p.Day))
		if p.Joint {
			b.Relies += rd.lang.Say("situation.joint")
		}
	}
	if placed.Variety != nil {
		b.Variety, b.Found = varietyName(rd.lang, *placed.Variety), rd.lang.Say("situation.claimed")
		if placed.Found {
			b.Found, b.Reason = rd.lang.Say("situation.found"), v.Case.Variety.Reason
		}
	}
	for _, lack := range placed.Lacking {
		b.But = append(b.But, rd.lang.Say("lack."+string(lack)))
	}
	for _, stale := range placed.Stale {
		b.But = append(b.But, rd.lang.Say("stale."+string(stale)))
	}
	return b
}

// besides is what was looked up of what stands beside the legs of a case.
type besides struct {
	placed   docket.Placed
	asked    docket.PageOf[inquiry.Inquiry]
	similar  []casework.Case // near duplicates of a draft
	compared int             // with how many cases, if not with all
}

// beside looks up what stands beside the legs of v.
func (x casePages) beside(rd reader, v docket.View) (Beside, error) {
	var found besides
	var err error
	if found.placed, err = x.desk.Place(x.Ctx(), v.Case); err != nil {
		return Beside{}, err
	}
	if found.asked, err = x.desk.InquiriesOf(x.Ctx(), v.Case, x.Actor); err != nil {
		return Beside{}, err
	}
	x.unread(found.asked.Unreadable)
	if x.Site.Audience == site.Hospital && v.Case.Status == casework.Draft {
		if found.similar, found.compared, err = x.desk.Similar(x.Ctx(), v.Case, x.Actor); err != nil {
			return Beside{}, err
		}
	}
	return makeBeside(rd, v, found), nil
}

func makeBeside(rd reader, v docket.View, found besides) Beside {
	b := Beside{Situation: situationBox(rd, v, found.placed), Facts: besideFacts(rd, v), Acts: actLinks(rd, v)}
	for _, q := range found.asked.Rows {
		b.Inquiries = append(b.Inquiries, Link{q.Number + " " + q.Subject, rd.home() + "/inquiries/" + q.ID})
	}
	if found.asked.Next != "" {
		b.Others = &Link{rd.lang.Say("inquiries.with.more", len(found.asked.Rows)), rd.home() + "/inquiries"}
	}
	for _, c := range found.similar {
		b.Similar = append(b.Similar, Link{c.Number + " " + productOf(c), rd.casePath(c.ID)})
	}
	if found.compared > 0 {
		b.Compared = rd.lang.Say("similar.compared", found.compared)
	}
	return b
}

func besideFacts(rd reader, v docket.View) []BesideFact {
	c := v.Case
	var out []BesideFact
	add := func(label string, lines ...string) {
		if len(lines) > 0 {
			out = append(out, BesideFact{rd.lang.Say(label), lines})
		}
	}
	if len(c.Submissions) > 0 {
		add("beside.filing", filingLines(rd, c.Filing)...)
		add("beside.copies", copyLines(rd, v)...)
	}
	if c.Kind == policy.Drug && c.Given != nil {
		add("beside.report", filingLines(rd, c.Report)...)
	}
	var joins []string
	for _, j := range c.Joins {
		joins = append(joins, rd.names.org(j.Org)+rd.lang.Say("comma")+rd.names.person(j.Person)+rd.lang.Say("colon")+j.Statement)
	}
	add("beside.joins", joins...)
	add("beside.papers", owed(rd, v)...)
	if len(c.Submissions) > 0 && len(c.Submissions[0].Later) > 0 {
		add("lane.urgency", c.Submissions[0].Urgency)
	}
	var work []string
	for _, g := range v.Waiting {
		if g.Party != rd.actor.Org {
			continue
		}
		if g.Assignee != "" {
			work = append(work, rd.lang.Say("beside.assigned", rd.lang.Say("move."+string(g.Kind)), rd.names.person(g.Assignee)))
		}
		if g.Hold != nil {
			work = append(work, rd.lang.Say("beside.held", rd.lang.Say("move."+string(g.Kind)), dayText(rd.lang, g.Hold.Until), g.Hold.Reason))
		}
	}
	add("beside.work", work...)
	var former []string
	for _, was := range c.Former {
		former = append(former, rd.lang.Say("beside.former.line", was.Number, dayText(rd.lang, was.Date), rd.lang.Say("outcome."+string(was.Outcome))))
	}
	add("beside.former", former...)
	return out
}

func filingLines(rd reader, f *casework.Filing) []string {
	if f == nil {
		return []string{rd.lang.Say("filing.none")}
	}
	receipt := rd.lang.Say("filing.receipt.none")
	if f.Receipt != "" {
		receipt = rd.lang.Say("filing.receipt", f.Receipt)
	}
	return []string{rd.lang.Say("filing.line", f.Channel, dayText(rd.lang, f.Date)), receipt}
}

// copyLines says of each copied agency whether it confirmed the newest copy.
func copyLines(rd reader, v docket.View) []string {
	var out []string
	n := len(v.Case.Submissions)
	seen := map[string]bool{}
	for _, e := range v.Events {
		if e.Facts.Submission == nil || e.Facts.Submission.No != n {
			continue
		}
		for _, org := range e.Facts.Copies {
			if seen[org] {
				continue
			}
			seen[org] = true
			if r := v.Case.Received[org]; r.Submission >= n {
				out = append(out, rd.lang.Say("copies.received", rd.names.org(org), rd.names.person(r.Person), docket.When(rd.lang, r.At)))
			} else {
				out = append(out, rd.lang.Say("copies.waiting", rd.names.org(org)))
			}
		}
	}
	return out
}

// how says what the matrix proposes for each question, beside the form of an
// opinion.
func how(rd reader, p reuse.Proposal, i int) (text string, may bool) {
	if p.Situation == "" || p.Situation == reuse.First {
		return "", false
	}
	return rd.lang.Say("how." + string(p.How[i])), p.RelyOn != nil && (p.Situation == reuse.SameHospital || i == 1)
}
