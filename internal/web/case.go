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

// casePages are the pages about a case that both audiences may know.
type casePages struct{ base }

// show is the case itself: whose move it is, what it holds, what happened.
func (x casePages) show() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	found, err := x.desk.Precheck(x.Ctx(), v, v.Case.Permits(casework.Edit, x.Actor) == nil)
	if err != nil {
		return err
	}
	rd, err := x.reader(inCase(v))
	if err != nil {
		return err
	}
	b, err := x.beside(rd, v)
	if err != nil {
		return err
	}
	p := makeCase(rd, v, found, b)
	return x.Show("case", &p.Page, &p)
}

// makeCase is what both audiences see of a case.
func makeCase(rd reader, v docket.View, found docket.Precheck, b Beside) casePage {
	p := casePage{
		Identity: identity(rd, v.Case), Moves: moves(rd, v), Lines: timeline(rd, v), Frozen: frozenSections(rd, v),
		Decision: v.Case.Decision, Open: rd.casePath(v.Case.ID) + "/files/",
	}
	p.Expiries, p.Beside = expiryLines(rd, found.Expiries), b
	if v.Manifest != nil {
		p.Answers = answers(rd, v.Pack, v.Manifest.Form, nil, "")
	}
	if p.Opinion = opinion(rd, v.Case.Given); p.Opinion != nil {
		p.Opinion.Joint = v.Case.Joint()
	}
	if p.Decision != nil {
		p.Outcome = rd.lang.Say("outcome." + string(p.Decision.Outcome))
		p.Refused = p.Decision.Outcome == casework.Refuse
		if f, ok := v.File(p.Decision.Evidence); ok {
			paper := paperFile(rd, f)
			p.Evidence = &paper
		}
	}
	if v.Case.Closed() {
		p.Over = rd.lang.Say("over." + string(v.Case.Stage()))
	}
	for i := len(v.Case.Submissions) - 1; i >= 0; i-- {
		s := v.Case.Submissions[i]
		row := SubmissionRow{No: s.No, At: s.At, Files: s.Files, Digest: s.Digest}
		if rd.actor.Via != party.ByLink {
			row.Href = p.Identity.Href + "/submissions/" + strconv.Itoa(s.No)
		}
		p.Submitted = append(p.Submitted, row)
	}
	if rd.audience == site.Hospital && v.Case.Permits(casework.Withdraw, rd.actor) == nil {
		p.Withdraw = p.Identity.Href + "/withdraw"
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

func opinion(rd reader, o *casework.Opinion) *Opinion {
	if o == nil {
		return nil
	}
	out := &Opinion{Late: o.Late, Override: o.Override, Advice: o.Advice, Who: rd.names.person(o.Person), Org: rd.names.org(o.Org), At: o.At}
	for _, f := range o.Findings {
		text := rd.lang.Say("met." + strconv.FormatBool(f.Met))
		if f.Relied && o.Placed.RelyOn != nil {
			text += rd.lang.Say("opinion.relied", o.Placed.RelyOn.Number)
		}
		out.Findings = append(out.Findings, Finding{Label: rd.lang.Say("question." + string(f.Question)), Met: f.Met, Text: text, Reason: f.Reason})
	}
	return out
}

// openFile leads to a checked file, for a minute, and has it in the read log.
func (x casePages) openFile() error {
	address, err := x.desk.Open(x.Ctx(), x.R.PathValue("case"), x.R.PathValue("file"), x.Actor)
	if err != nil {
		return err
	}
	return x.See(address)
}
