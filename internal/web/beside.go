package web

import (
	"jixu/internal/casework"
	"jixu/internal/docket"
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
func (x *exchange) situationBox(v docket.View) (*SituationBox, docket.Placed, error) {
	placed, err := x.desk.Place(x.Ctx(), v.Case)
	if err != nil {
		return nil, docket.Placed{}, err
	}
	kind := string(v.Case.Kind)
	b := &SituationBox{
		Label: x.Lang.Say("situation." + string(placed.Situation)), Clause: x.Lang.Say("clause." + placed.Clause),
		Text: x.Lang.Say("situation." + string(placed.Situation) + "." + kind), Again: placed.Situation != reuse.First,
	}
	for i, q := range casework.Questions {
		b.How = append(b.How, Answered{ID: string(q), Label: x.Lang.Say("question." + string(q)), Value: x.Lang.Say("how." + string(placed.How[i]))})
	}
	if p := placed.RelyOn; p != nil {
		b.Relies = x.Lang.Say("situation.precedent", p.Number, dayText(x.Lang, p.Day))
		if p.Joint {
			b.Relies += x.Lang.Say("situation.joint")
		}
	}
	if placed.Variety != nil {
		b.Variety, b.Found = varietyName(x.Lang, *placed.Variety), x.Lang.Say("situation.claimed")
		if placed.Found {
			b.Found, b.Reason = x.Lang.Say("situation.found"), v.Case.Variety.Reason
		}
	}
	for _, lack := range placed.Lacking {
		b.But = append(b.But, x.Lang.Say("lack."+string(lack)))
	}
	for _, stale := range placed.Stale {
		b.But = append(b.But, x.Lang.Say("stale."+string(stale)))
	}
	return b, placed, nil
}

// beside gathers what stands beside the legs of v.
func (x *exchange) beside(v docket.View) (Beside, error) {
	var b Beside
	var err error
	if b.Situation, _, err = x.situationBox(v); err != nil {
		return b, err
	}
	d := x.directory()
	b.Facts = x.besideFacts(v, d)
	b.Acts = x.actLinks(v)
	asked, err := x.desk.InquiriesOf(x.Ctx(), v.Case, x.Actor)
	if err != nil {
		return b, err
	}
	x.unread(asked.Unreadable)
	for _, q := range asked.Rows {
		b.Inquiries = append(b.Inquiries, Link{q.Number + " " + q.Subject, x.Home() + "/inquiries/" + q.ID})
	}
	if asked.Next != "" {
		b.Others = &Link{x.Lang.Say("inquiries.with.more", len(asked.Rows)), x.Home() + "/inquiries"}
	}
	if x.Site.Audience == site.Hospital && v.Case.Status == casework.Draft {
		similar, compared, err := x.desk.Similar(x.Ctx(), v.Case, x.Actor)
		if err != nil {
			return b, err
		}
		for _, c := range similar {
			b.Similar = append(b.Similar, Link{c.Number + " " + productOf(c), x.Home() + "/cases/" + c.ID})
		}
		if compared > 0 {
			b.Compared = x.Lang.Say("similar.compared", compared)
		}
	}
	return b, nil
}

func (x *exchange) besideFacts(v docket.View, d *directory) []BesideFact {
	c := v.Case
	var out []BesideFact
	add := func(label string, lines ...string) {
		if len(lines) > 0 {
			out = append(out, BesideFact{x.Lang.Say(label), lines})
		}
	}
	if len(c.Submissions) > 0 {
		add("beside.filing", x.filingLines(c.Filing)...)
		add("beside.copies", x.copyLines(v, d)...)
	}
	if c.Kind == policy.Drug && c.Given != nil {
		add("beside.report", x.filingLines(c.Report)...)
	}
	var joins []string
	for _, j := range c.Joins {
		joins = append(joins, d.org(j.Org)+x.Lang.Say("comma")+d.person(j.Person)+x.Lang.Say("colon")+j.Statement)
	}
	add("beside.joins", joins...)
	add("beside.papers", x.owed(v)...)
	if len(c.Submissions) > 0 && len(c.Submissions[0].Later) > 0 {
		add("lane.urgency", c.Submissions[0].Urgency)
	}
	var work []string
	for _, g := range v.Waiting {
		if g.Party != x.Actor.Org {
			continue
		}
		if g.Assignee != "" {
			work = append(work, x.Lang.Say("beside.assigned", x.Lang.Say("move."+string(g.Kind)), d.person(g.Assignee)))
		}
		if g.Hold != nil {
			work = append(work, x.Lang.Say("beside.held", x.Lang.Say("move."+string(g.Kind)), dayText(x.Lang, g.Hold.Until), g.Hold.Reason))
		}
	}
	add("beside.work", work...)
	var former []string
	for _, was := range c.Former {
		former = append(former, x.Lang.Say("beside.former.line", was.Number, dayText(x.Lang, was.Date), x.Lang.Say("outcome."+string(was.Outcome))))
	}
	add("beside.former", former...)
	return out
}

func (x *exchange) filingLines(f *casework.Filing) []string {
	if f == nil {
		return []string{x.Lang.Say("filing.none")}
	}
	receipt := x.Lang.Say("filing.receipt.none")
	if f.Receipt != "" {
		receipt = x.Lang.Say("filing.receipt", f.Receipt)
	}
	return []string{x.Lang.Say("filing.line", f.Channel, dayText(x.Lang, f.Date)), receipt}
}

// copyLines says of each copied agency whether it confirmed the newest copy.
func (x *exchange) copyLines(v docket.View, d *directory) []string {
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
				out = append(out, x.Lang.Say("copies.received", d.org(org), d.person(r.Person), docket.When(x.Lang, r.At)))
			} else {
				out = append(out, x.Lang.Say("copies.waiting", d.org(org)))
			}
		}
	}
	return out
}

// how says what the matrix proposes for each question, beside the form of an
// opinion.
func (x *exchange) how(p reuse.Proposal, i int) (text string, may bool) {
	if p.Situation == "" || p.Situation == reuse.First {
		return "", false
	}
	return x.Lang.Say("how." + string(p.How[i])), p.RelyOn != nil && (p.Situation == reuse.SameHospital || i == 1)
}
