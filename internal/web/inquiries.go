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
)

type inquiriesPage struct {
	Page
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
	all, err := x.site.Desk.Inquiries(x.ctx(), x.after("after"), pageRows, x.actor)
	if err != nil {
		return err
	}
	d := x.directory()
	p := inquiriesPage{Unreadable: x.unread(all.Unreadable), More: x.more("after", x.lang.Say("inquiries.title"), all.Next, len(all.Rows))}
	for _, q := range all.Rows {
		p.Rows = append(p.Rows, x.inquiryRow(q, d))
	}
	p.Errors = form.Wrong(x.lang, problems, x.fieldOf(inquiryFields))
	if casework.MayCreate(x.actor) == nil {
		for _, f := range inquiryFields {
			in := form.Input{ID: f.ID, Kind: f.Kind, Label: x.inputLabel(f.ID), Error: p.Error(f.ID), Value: x.r.PostForm.Get(f.ID)}
			if f.ID == "kind" {
				for _, k := range []policy.Kind{policy.Device, policy.Drug} {
					in.Options = append(in.Options, form.Choice{
						Value: string(k), Label: x.lang.Say("kind." + string(k)), Consequence: x.lang.Say("inquiry.to." + string(k)), Chosen: in.Value == string(k),
					})
				}
			}
			p.Fields = append(p.Fields, in)
		}
	}
	p.Title = x.titled(x.lang.Say("inquiries.title"), p.Errors)
	return x.render(status, "inquiries", &p.Page, &p)
}

// unread records which rows of a list cannot be shown, and counts them.
func (x *exchange) unread(names []string) int {
	if len(names) > 0 {
		x.site.Log.ErrorContext(x.ctx(), "records of a list cannot be read", "records", names)
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
		Number: q.Number, Subject: q.Subject, Kind: x.lang.Say("kind." + string(kind)), Hospital: d.org(q.Hospital),
		Status: x.lang.Say("inquiry." + string(q.Status)), Open: q.Status == inquiry.Open, At: q.At, Href: x.home() + "/inquiries/" + q.ID,
	}
	if q.Deadline != nil {
		r.Due = docket.When(x.lang, q.Deadline.Due)
	}
	return r
}

func (x *exchange) inquire() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	kind := x.said("kind")
	if kind != string(policy.Device) && kind != string(policy.Drug) {
		return x.showInquiries(http.StatusUnprocessableEntity, []fault.Problem{{Field: "kind", Code: "field.choice"}})
	}
	r, err := x.site.Desk.Inquire(x.ctx(), op, kind == string(policy.Drug), x.said("subject"), x.said("question"), "", x.actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showInquiries(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.see(x.home() + "/inquiries/" + docket.AboutOf(r.Of()).ID)
}

type inquiryPage struct {
	Page
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
	q, err := x.site.Desk.Inquiry(x.ctx(), x.r.PathValue("inquiry"), x.actor)
	if err != nil {
		return err
	}
	d := x.directory()
	p := inquiryPage{Row: x.inquiryRow(q, d), Question: q.Question, Asked: d.person(q.Person), Post: x.home() + "/inquiries/" + q.ID}
	p.Basis = x.lang.Say("inquiry.basis")
	for _, org := range q.To {
		if a, ok := q.Answers[org]; ok {
			p.Answers = append(p.Answers, InquiryAnswer{Org: d.org(org), Who: d.person(a.Person), Text: a.Text, At: a.At})
		} else {
			p.Waiting = append(p.Waiting, d.org(org))
		}
	}
	p.Errors = form.Wrong(x.lang, problems, x.fieldOf([]form.Field{form.Long.Field("answer"), form.Pick.Field("case")}))
	switch {
	case q.Permits(inquiry.Reply, x.actor) == nil:
		p.Go = x.lang.Say("inquiry.answer")
		p.Fields = []form.Input{{ID: "answer", Kind: "long", Label: x.inputLabel("answer"), Error: p.Error("answer"), Value: x.r.PostForm.Get("answer")}}
	case q.Case == "" && x.site.Audience == Hospital && casework.MayCreate(x.actor) == nil:
		in := form.Input{ID: "case", Kind: "pick", Label: x.inputLabel("case"), Error: p.Error("case"), Value: x.r.PostForm.Get("case")}
		if p.Search, err = x.caseChoices(&in, q.Drug, p.Post); err != nil {
			return err
		}
		if len(in.Options) > 0 {
			p.Go, p.Fields = x.lang.Say("inquiry.attach"), []form.Input{in}
		}
	}
	if q.Case != "" {
		p.Case = &Link{x.lang.Say("case.open"), x.home() + "/cases/" + q.Case}
		if _, err := x.site.Desk.View(x.ctx(), q.Case, x.actor); err != nil {
			p.Case = nil // a draft is the hospital's own
		}
	}
	p.Title = x.titled(q.Number+" "+q.Subject, p.Errors)
	return x.render(status, "inquiry", &p.Page, &p)
}

func (x *exchange) answerInquiry() error {
	return x.changeInquiry(func(op docket.Op, id string) error {
		_, err := x.site.Desk.AnswerInquiry(x.ctx(), op, id, x.said("answer"), x.actor)
		return err
	})
}

func (x *exchange) attachInquiry() error {
	return x.changeInquiry(func(op docket.Op, id string) error {
		if x.said("case") == "" {
			return fault.Fields([]fault.Problem{{Field: "case", Code: "field.choice"}})
		}
		_, err := x.site.Desk.AttachInquiry(x.ctx(), op, id, x.said("case"), x.actor)
		return err
	})
}

func (x *exchange) changeInquiry(change func(docket.Op, string) error) error {
	op, err := x.op()
	if err != nil {
		return err
	}
	id := x.r.PathValue("inquiry")
	err = change(op, id)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showInquiry(http.StatusUnprocessableEntity, f.Problems)
	} else if f != nil && f.Kind == fault.Conflict {
		return x.showInquiry(http.StatusConflict, []fault.Problem{{Code: f.Code, Args: f.Args}})
	}
	if err != nil {
		return err
	}
	return x.see(x.home() + "/inquiries/" + id)
}
