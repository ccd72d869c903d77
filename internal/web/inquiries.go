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

// inquiryDo is a form about a question that was sent.
type inquiryDo = sending[inquiry.Inquiry]

// What is done with questions: to one that is not there yet, and to one that is.
var (
	askQuestion = act[struct{}]{
		name: "inquiry.ask",
		asks: []ask[struct{}]{{Field: form.Radio.Field("kind"), offer: askedOf}, {Field: form.Text.Field("subject")}, {Field: form.Long.Field("question")}},
		do: func(s sending[struct{}]) (docket.Receipt, error) {
			kind := s.read.OneOf("kind", string(policy.Device), string(policy.Drug))
			if err := s.read.Err(); err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.Inquire(s.Ctx(), s.op, kind == string(policy.Drug), s.read.Said("subject"), s.read.Said("question"), "", s.Actor)
		},
	}
	answerQuestion = act[inquiry.Inquiry]{
		name: "inquiry.answer", asks: plainly[inquiry.Inquiry](form.Long.Field("answer")),
		do: func(s inquiryDo) (docket.Receipt, error) {
			return s.desk.AnswerInquiry(s.Ctx(), s.op, s.of.ID, s.read.Said("answer"), s.Actor)
		},
	}
	attachQuestion = act[inquiry.Inquiry]{
		name: "inquiry.attach",
		asks: []ask[inquiry.Inquiry]{{Field: form.Pick.Field("case"), find: func(x base, q inquiry.Inquiry, chosen string) (options, error) {
			return x.casesFor(q.Drug, chosen)
		}}},
		do: func(s inquiryDo) (docket.Receipt, error) {
			if s.read.Said("case") == "" {
				s.read.Refuse("case", "field.choice")
				return docket.Receipt{}, s.read.Err()
			}
			return s.desk.AttachInquiry(s.Ctx(), s.op, s.of.ID, s.read.Said("case"), s.Actor)
		},
	}
)

// askedOf says which agencies a question of each kind goes to.
func askedOf(rd reader, _ struct{}) []form.Choice {
	var out []form.Choice
	for _, k := range []policy.Kind{policy.Device, policy.Drug} {
		out = append(out, form.Choice{Value: string(k), Label: rd.lang.Say("kind." + string(k)), Consequence: rd.lang.Say("inquiry.to." + string(k))})
	}
	return out
}

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
	p.Errors = form.Wrong(rd.lang, problems, askQuestion.labels(rd.lang))
	if casework.MayCreate(rd.actor) == nil {
		p.Fields, _ = askQuestion.inputs(rd, struct{}{}, typedInto(sent), nil, p.Errors, "")
	}
	p.Title = rd.titled(rd.lang.Say("inquiries.title"), p.Errors)
	return p
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
	r, err := perform(x.base, op, askQuestion, struct{}{})
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

// show is one question and what was answered.
func (x inquiryPages) show() error { return x.showInquiry(http.StatusOK, nil) }

func (x inquiryPages) showInquiry(status int, problems []fault.Problem) error {
	q, err := x.desk.Inquiry(x.Ctx(), x.R.PathValue("inquiry"), x.Actor)
	if err != nil {
		return err
	}
	var found attachable
	if q.Case == "" && x.Site.Audience == site.Hospital && casework.MayCreate(x.Actor) == nil {
		if found.cases, err = attachQuestion.find(x.base, q, typedInto(x.Values())); err != nil {
			return err
		}
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
	known bool               // the reader may know the case of the question; a draft is the hospital's own
	cases map[string]options // nil: it is not the reader's to choose one
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
	fill := typedInto(sent)
	switch {
	case q.Permits(inquiry.Reply, rd.actor) == nil:
		p.Errors = form.Wrong(rd.lang, problems, answerQuestion.labels(rd.lang))
		p.Go = rd.lang.Say("inquiry.answer")
		p.Fields, _ = answerQuestion.inputs(rd, q, fill, nil, p.Errors, p.Post)
	case found.cases != nil:
		p.Errors = form.Wrong(rd.lang, problems, attachQuestion.labels(rd.lang))
		var in []form.Input
		in, p.Search = attachQuestion.inputs(rd, q, fill, found.cases, p.Errors, p.Post)
		if len(in[0].Options) > 0 {
			p.Go, p.Fields = rd.lang.Say("inquiry.attach"), in
		}
	default:
		p.Errors = form.Wrong(rd.lang, problems, form.Unnamed)
	}
	if found.known {
		p.Case = &Link{rd.lang.Say("case.open"), rd.casePath(q.Case)}
	}
	p.Title = rd.titled(q.Number+" "+q.Subject, p.Errors)
	return p
}

// answer answers for the reader's agency, once.
func (x inquiryPages) answer() error { return x.change(answerQuestion) }

// attach keeps a question with a case, once.
func (x inquiryPages) attach() error { return x.change(attachQuestion) }

func (x inquiryPages) change(a act[inquiry.Inquiry]) error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	q, err := x.desk.Inquiry(x.Ctx(), x.R.PathValue("inquiry"), x.Actor)
	if err != nil {
		return err
	}
	_, err = perform(x.base, op, a, q)
	if status, problems := refusal(err); status != 0 {
		return x.showInquiry(status, problems)
	}
	if err != nil {
		return err
	}
	return x.See(x.Home() + "/inquiries/" + q.ID)
}
