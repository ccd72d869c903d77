package web

import (
	"net/http"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type inquiriesPage struct {
	site.Page
	Rows   []InquiryRow
	Fields []form.Input // of a new question; nil for an agency
	Local  string       // local policy's clock, as a sentence

	Unreadable int // questions of this page that cannot be shown at present
	More       *More
}

// InquiryRow is one question of a list.
type InquiryRow struct {
	Number, Subject, Kind, Hospital, Status string
	Open                                    bool
	At                                      time.Time
	Due                                     string
	Href                                    string
}

var inquiryFields = []form.Field{form.Radio.Field("kind"), form.Text.Field("subject"), form.Long.Field("question")}

func (x *exchange) inquiries() error { return x.showInquiries(http.StatusOK, nil) }

func (x *exchange) showInquiries(status int, problems []fault.Problem) error {
	all, err := x.desk.Inquiries(x.Ctx(), x.after("after"), pageRows, x.Actor)
	if err != nil {
		return err
	}
	d := x.directory()
	p := inquiriesPage{Unreadable: x.unread(all.Unreadable), More: x.more("after", x.Lang.Say("inquiries.title"), all.Next, len(all.Rows))}
	for _, q := range all.Rows {
		p.Rows = append(p.Rows, x.inquiryRow(q, d))
	}
	p.Errors = form.Wrong(x.Lang, problems, x.fieldOf(inquiryFields))
	if casework.MayCreate(x.Actor) == nil {
		for _, f := range inquiryFields {
			in := form.Input{ID: f.ID, Kind: f.Kind, Label: x.inputLabel(f.ID), Error: p.Error(f.ID), Value: x.R.PostForm.Get(f.ID)}
			if f.ID == "kind" {
				for _, k := range []policy.Kind{policy.Device, policy.Drug} {
					in.Options = append(in.Options, form.Choice{
						Value: string(k), Label: x.Lang.Say("kind." + string(k)), Consequence: x.Lang.Say("inquiry.to." + string(k)), Chosen: in.Value == string(k),
					})
				}
			}
			p.Fields = append(p.Fields, in)
		}
	}
	p.Title = x.Titled(x.Lang.Say("inquiries.title"), p.Errors)
	return x.Render(status, "inquiries", &p.Page, &p)
}

// unread records which rows of a list cannot be shown, and counts them.
func (x *exchange) unread(names []string) int {
	if len(names) > 0 {
		x.Site.Log.ErrorContext(x.Ctx(), "records of a list cannot be read", "records", names)
	}
	return len(names)
}

// fieldOf names the fields of a small form.
func (x *exchange) fieldOf(fields []form.Field) func(string) string {
	return func(field string) string {
		for _, f := range fields {
			if f.ID == field {
				return x.inputLabel(field)
			}
		}
		return ""
	}
}

func (x *exchange) inquiryRow(q inquiry.Inquiry, d *directory) InquiryRow {
	kind := policy.Device
	if q.Drug {
		kind = policy.Drug
	}
	r := InquiryRow{
		Number: q.Number, Subject: q.Subject, Kind: x.Lang.Say("kind." + string(kind)), Hospital: d.org(q.Hospital),
		Status: x.Lang.Say("inquiry." + string(q.Status)), Open: q.Status == inquiry.Open, At: q.At, Href: x.Home() + "/inquiries/" + q.ID,
	}
	if q.Deadline != nil {
		r.Due = docket.When(x.Lang, q.Deadline.Due)
	}
	return r
}

func (x *exchange) inquire() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	kind := x.Said("kind")
	if kind != string(policy.Device) && kind != string(policy.Drug) {
		return x.showInquiries(http.StatusUnprocessableEntity, []fault.Problem{{Field: "kind", Code: "field.choice"}})
	}
	r, err := x.desk.Inquire(x.Ctx(), op, kind == string(policy.Drug), x.Said("subject"), x.Said("question"), "", x.Actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showInquiries(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.See(x.Home() + "/inquiries/" + docket.AboutOf(r.Of()).ID)
}

type inquiryPage struct {
	site.Page
	Row      InquiryRow
	Question string
	Asked    string
	Basis    string
	Answers  []InquiryAnswer
	Waiting  []string // agencies that have not answered
	Case     *Link
	Fields   []form.Input // of an answer, or of the case it belongs to
	Search   *Search
	Post     string
	Go       string
}

// InquiryAnswer is what one agency said.
type InquiryAnswer struct {
	Org, Who, Text string
	At             time.Time
}

func (x *exchange) inquiry() error { return x.showInquiry(http.StatusOK, nil) }

func (x *exchange) showInquiry(status int, problems []fault.Problem) error {
	q, err := x.desk.Inquiry(x.Ctx(), x.R.PathValue("inquiry"), x.Actor)
	if err != nil {
		return err
	}
	d := x.directory()
	p := inquiryPage{Row: x.inquiryRow(q, d), Question: q.Question, Asked: d.person(q.Person), Post: x.Home() + "/inquiries/" + q.ID}
	p.Basis = x.Lang.Say("inquiry.basis")
	for _, org := range q.To {
		if a, ok := q.Answers[org]; ok {
			p.Answers = append(p.Answers, InquiryAnswer{Org: d.org(org), Who: d.person(a.Person), Text: a.Text, At: a.At})
		} else {
			p.Waiting = append(p.Waiting, d.org(org))
		}
	}
	p.Errors = form.Wrong(x.Lang, problems, x.fieldOf([]form.Field{form.Long.Field("answer"), form.Pick.Field("case")}))
	switch {
	case q.Permits(inquiry.Reply, x.Actor) == nil:
		p.Go = x.Lang.Say("inquiry.answer")
		p.Fields = []form.Input{{ID: "answer", Kind: "long", Label: x.inputLabel("answer"), Error: p.Error("answer"), Value: x.R.PostForm.Get("answer")}}
	case q.Case == "" && x.Site.Audience == site.Hospital && casework.MayCreate(x.Actor) == nil:
		in := form.Input{ID: "case", Kind: "pick", Label: x.inputLabel("case"), Error: p.Error("case"), Value: x.R.PostForm.Get("case")}
		if p.Search, err = x.caseChoices(&in, q.Drug, p.Post); err != nil {
			return err
		}
		if len(in.Options) > 0 {
			p.Go, p.Fields = x.Lang.Say("inquiry.attach"), []form.Input{in}
		}
	}
	if q.Case != "" {
		p.Case = &Link{x.Lang.Say("case.open"), x.Home() + "/cases/" + q.Case}
		if _, err := x.desk.View(x.Ctx(), q.Case, x.Actor); err != nil {
			p.Case = nil // a draft is the hospital's own
		}
	}
	p.Title = x.Titled(q.Number+" "+q.Subject, p.Errors)
	return x.Render(status, "inquiry", &p.Page, &p)
}

func (x *exchange) answerInquiry() error {
	return x.changeInquiry(func(op docket.Op, id string) error {
		_, err := x.desk.AnswerInquiry(x.Ctx(), op, id, x.Said("answer"), x.Actor)
		return err
	})
}

func (x *exchange) attachInquiry() error {
	return x.changeInquiry(func(op docket.Op, id string) error {
		if x.Said("case") == "" {
			return fault.Fields([]fault.Problem{{Field: "case", Code: "field.choice"}})
		}
		_, err := x.desk.AttachInquiry(x.Ctx(), op, id, x.Said("case"), x.Actor)
		return err
	})
}

func (x *exchange) changeInquiry(change func(docket.Op, string) error) error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	id := x.R.PathValue("inquiry")
	err = change(op, id)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showInquiry(http.StatusUnprocessableEntity, f.Problems)
	} else if f != nil && f.Kind == fault.Conflict {
		return x.showInquiry(http.StatusConflict, []fault.Problem{{Code: f.Code, Args: f.Args}})
	}
	if err != nil {
		return err
	}
	return x.See(x.Home() + "/inquiries/" + id)
}
