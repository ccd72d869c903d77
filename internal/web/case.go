package web

import (
	"strconv"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/party"
	"jixu/internal/web/site"
)

type casePage struct {
	site.Page
	Identity  Identity
	Moves     []Move
	Lines     []Line
	Frozen    []Section
	Answers   []Answered
	Decision  *casework.Decision
	Outcome   string
	Refused   bool
	Evidence  *PaperFile // of the decision
	Opinion   *Opinion
	Over      string // what a closed case means; "" while somebody must act
	Withdraw  string // path of the page on which it is withdrawn; "" if it cannot be
	Open      string // path under which files are opened
	Submitted []SubmissionRow
	Expiries  []ExpiryLine // licences and certificates that ended or will soon
	Beside    Beside       // what stands beside the two legs
}

// SubmissionRow is one numbered submission.
type SubmissionRow struct {
	No     int
	At     time.Time
	Files  int
	Digest string
	Href   string
}

// view loads the case in the path for the reader.
func (x *exchange) view() (docket.View, error) {
	return x.desk.View(x.Ctx(), x.R.PathValue("case"), x.Actor)
}

// casePage is what both audiences see of a case.
func (x *exchange) casePage(v docket.View) casePage {
	d := x.directory()
	p := casePage{
		Identity: x.identity(v.Case, d), Moves: x.moves(v, d), Lines: x.timeline(v, d), Frozen: x.frozenSections(v),
		Decision: v.Case.Decision, Open: x.Home() + "/cases/" + v.Case.ID + "/files/",
	}
	if v.Manifest != nil {
		p.Answers = x.answers(v.Pack, v.Manifest.Form, nil, "")
	}
	if p.Opinion = x.opinion(v.Case.Given, d); p.Opinion != nil {
		p.Opinion.Joint = v.Case.Joint()
	}
	if p.Decision != nil {
		p.Outcome = x.Lang.Say("outcome." + string(p.Decision.Outcome))
		p.Refused = p.Decision.Outcome == casework.Refuse
		if f, ok := v.File(p.Decision.Evidence); ok {
			paper := x.paperFile(f)
			p.Evidence = &paper
		}
	}
	if v.Case.Closed() {
		p.Over = x.Lang.Say("over." + string(v.Case.Stage()))
	}
	for i := len(v.Case.Submissions) - 1; i >= 0; i-- {
		s := v.Case.Submissions[i]
		row := SubmissionRow{No: s.No, At: s.At, Files: s.Files, Digest: s.Digest}
		if x.Actor.Via != party.ByLink {
			row.Href = p.Identity.Href + "/submissions/" + strconv.Itoa(s.No)
		}
		p.Submitted = append(p.Submitted, row)
	}
	p.Title = p.Identity.Number + " " + p.Identity.Product
	return p
}

// Opinion is the local opinion as people read it.
type Opinion struct {
	Findings []Finding
	Advice   string
	Who      string
	Org      string
	At       time.Time
	Joint    bool   // other agencies joined it
	Late     bool   // given after the reply, for the record
	Override string // why it departs from the matrix
}

// Finding is one answered question.
type Finding struct {
	Label  string
	Met    bool
	Text   string
	Reason string
}

func (x *exchange) opinion(o *casework.Opinion, d *directory) *Opinion {
	if o == nil {
		return nil
	}
	out := &Opinion{Late: o.Late, Override: o.Override, Advice: o.Advice, Who: d.person(o.Person), Org: d.org(o.Org), At: o.At}
	for _, f := range o.Findings {
		text := x.Lang.Say("met." + strconv.FormatBool(f.Met))
		if f.Relied && o.Placed.RelyOn != nil {
			text += x.Lang.Say("opinion.relied", o.Placed.RelyOn.Number)
		}
		out.Findings = append(out.Findings, Finding{Label: x.Lang.Say("question." + string(f.Question)), Met: f.Met, Text: text, Reason: f.Reason})
	}
	return out
}
