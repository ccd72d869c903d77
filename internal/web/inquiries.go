package web

import (
	"errors"
	"net/http"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
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

// inquiryPages are questions before or beside a case.
type inquiryPages struct{ base }

// list shows the questions that the reader may know.
func (x inquiryPages) list() error { return x.showList(http.StatusOK, nil) }

func (x inquiryPages) showList(status int, problems []fault.Problem) error {
	all, err := x.desk.Inquiries(x.Ctx(), x.after("after"), pageRows, x.Actor)
	if err != nil {
		return err
	}
	var who mentioned
	for _, q := range all.Rows {
		who.org(q.Hospital)
	}
	rd, err := x.reader(who)
	if err != nil {
		return err
	}
	p := makeInquiries(rd, all.Rows, x.Values(), problems)
	p.Unreadable, p.More = x.unread(all.Unreadable), x.more("after", x.Lang.Say("inquiries.title"), all.Next, len(all.Rows))
	return x.Render(status, "inquiries", &p.Page, &p)
}

// makeInquiries lists rows and, for who may ask, the form of a question with what was
// sent of it.
func makeInquiries(rd reader, rows []inquiry.Inquiry, sent form.Values, problems []fault.Problem) inquiriesPage {
	p := inquiriesPage{}
	for _, q := range rows {
		p.Rows = append(p.Rows, inquiryRow(rd, q))
	}
	p.Errors = form.Wrong(rd.lang, problems, labelsOf(rd.lang, inquiryFields))
	if casework.MayCreate(rd.actor) == nil {
		for _, f := range inquiryFields {
			in := f.Input(rd.lang, inputLabel(rd.lang, f.ID), sent.Get(f.ID), p.Errors)
			if f.ID == "kind" {
				for _, k := range []policy.Kind{policy.Device, policy.Drug} {
					in.Offer(form.Choice{Value: string(k), Label: rd.lang.Say("kind." + string(k)), Consequence: rd.lang.Say("inquiry.to." + string(k))})
				}
			}
			p.Fields = append(p.Fields, in)
		}
	}
	p.Title = rd.titled(rd.lang.Say("inquiries.title"), p.Errors)
	return p
}

// labelsOf names the fields of a small form.
func labelsOf(l words.Lang, fields []form.Field) func(string) string {
	return func(field string) string {
		for _, f := range fields {
			if f.ID == field {
				return inputLabel(l, field)
			}
		}
		return ""
	}
}

func inquiryRow(rd reader, q inquiry.Inquiry) InquiryRow {
	kind := policy.Device
	if q.Drug {
		kind = policy.Drug
	}
	r := InquiryRow{
		Number: q.Number, Subject: q.Subject, Kind: rd.lang.Say("kind." + string(kind)), Hospital: rd.names.org(q.Hospital),
		Status: rd.lang.Say("inquiry." + string(q.Status)), Open: q.Status == inquiry.Open, At: q.At, Href: rd.home() + "/inquiries/" + q.ID,
	}
	if q.Deadline != nil {
		r.Due = docket.When(rd.lang, q.Deadline.Due)
	}
	return r
}

// ask sends a question, once.
func (x inquiryPages) ask() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	read := form.Read(x.Values())
	kind := read.OneOf("kind", string(policy.Device), string(policy.Drug))
	if len(read.Problems) > 0 {
		return x.showList(http.StatusUnprocessableEntity, read.Problems)
	}
	r, err := x.desk.Inquire(x.Ctx(), op, kind == string(policy.Drug), x.Said("subject"), x.Said("question"), "", x.Actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showList(http.StatusUnprocessableEntity, f.Problems)
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

var inquiryAnswer, inquiryCase = form.Long.Field("answer"), form.Pick.Field("case")

// show is one question and what was answered.
func (x inquiryPages) show() error { return x.showInquiry(http.StatusOK, nil) }

func (x inquiryPages) showInquiry(status int, problems []fault.Problem) error {
	q, err := x.desk.Inquiry(x.Ctx(), x.R.PathValue("inquiry"), x.Actor)
	if err != nil {
		return err
	}
	var found attachable
	if q.Case == "" && x.Site.Audience == site.Hospital && casework.MayCreate(x.Actor) == nil {
		cases, err := x.casesFor(q.Drug, x.Values().Get("case"))
		if err != nil {
			return err
		}
		found.cases = &cases
	}
	if q.Case != "" {
		_, err := x.desk.View(x.Ctx(), q.Case, x.Actor)
		if found.known = err == nil; !found.known && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	who := mentioned{orgs: append([]string{q.Hospital}, q.To...), people: []string{q.Person}}
	for _, a := range q.Answers {
		who.person(a.Person)
	}
	rd, err := x.reader(who)
	if err != nil {
		return err
	}
	p := makeInquiry(rd, q, found, x.Values(), problems)
	return x.Render(status, "inquiry", &p.Page, &p)
}

// attachable is what was looked up of the cases that a question belongs to, or may.
type attachable struct {
	known bool     // the reader may know the case of the question; a draft is the hospital's own
	cases *options // nil: it is not the reader's to choose one
}

func makeInquiry(rd reader, q inquiry.Inquiry, found attachable, sent form.Values, problems []fault.Problem) inquiryPage {
	p := inquiryPage{Row: inquiryRow(rd, q), Question: q.Question, Asked: rd.names.person(q.Person), Post: rd.home() + "/inquiries/" + q.ID}
	p.Basis = rd.lang.Say("inquiry.basis")
	for _, org := range q.To {
		if a, ok := q.Answers[org]; ok {
			p.Answers = append(p.Answers, InquiryAnswer{Org: rd.names.org(org), Who: rd.names.person(a.Person), Text: a.Text, At: a.At})
		} else {
			p.Waiting = append(p.Waiting, rd.names.org(org))
		}
	}
	p.Errors = form.Wrong(rd.lang, problems, labelsOf(rd.lang, []form.Field{inquiryAnswer, inquiryCase}))
	input := func(f form.Field) form.Input {
		return f.Input(rd.lang, inputLabel(rd.lang, f.ID), sent.Get(f.ID), p.Errors)
	}
	switch {
	case q.Permits(inquiry.Reply, rd.actor) == nil:
		p.Go, p.Fields = rd.lang.Say("inquiry.answer"), []form.Input{input(inquiryAnswer)}
	case found.cases != nil:
		in := input(inquiryCase)
		p.Search = found.cases.offer(&in, p.Post)
		if len(in.Options) > 0 {
			p.Go, p.Fields = rd.lang.Say("inquiry.attach"), []form.Input{in}
		}
	}
	if found.known {
		p.Case = &Link{rd.lang.Say("case.open"), rd.casePath(q.Case)}
	}
	p.Title = rd.titled(q.Number+" "+q.Subject, p.Errors)
	return p
}

// answer answers for the reader's agency, once.
func (x inquiryPages) answer() error {
	return x.change(func(op docket.Op, id string) error {
		_, err := x.desk.AnswerInquiry(x.Ctx(), op, id, x.Said("answer"), x.Actor)
		return err
	})
}

// attach keeps a question with a case, once.
func (x inquiryPages) attach() error {
	return x.change(func(op docket.Op, id string) error {
		if x.Said("case") == "" {
			return fault.Fields([]fault.Problem{{Field: "case", Code: "field.choice"}})
		}
		_, err := x.desk.AttachInquiry(x.Ctx(), op, id, x.Said("case"), x.Actor)
		return err
	})
}

func (x inquiryPages) change(change func(docket.Op, string) error) error {
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
