package api

import (
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
	"jixu/internal/policy"
	"jixu/internal/typed"
)

// trustOut is what an organisation's machines and ours agree on. No secret
// stands in it.
type trustOut struct {
	Organisation named       `json:"organisation"`
	Address      string      `json:"address,omitempty"` // where events go
	Secrets      []secretRow `json:"secrets"`
}

type secretRow struct {
	ID      string     `json:"id"`
	Live    bool       `json:"live"`
	Made    time.Time  `json:"made"`
	Expires time.Time  `json:"expires"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Person  named      `json:"person"`
}

func (x *call) trust() (any, error) {
	t, err := x.house.Systems.Trust(x.r.Context(), x.actor)
	if err != nil {
		return nil, err
	}
	out := trustOut{Organisation: x.organisation(x.actor.Org), Address: t.Address, Secrets: []secretRow{}}
	for _, s := range t.Secrets {
		row := secretRow{ID: s.ID, Live: s.Live(x.house.Now()), Made: s.Made.UTC(), Expires: s.Expires.UTC(), Person: x.person(s.Person)}
		if !s.Revoked.IsZero() {
			at := s.Revoked.UTC()
			row.Revoked = &at
		}
		out.Secrets = append(out.Secrets, row)
	}
	return out, nil
}

type secretIn struct {
	Days int `json:"days"`
}

// secretOut shows a new secret, this once.
type secretOut struct {
	ID      string    `json:"id"`
	Secret  string    `json:"secret,omitempty"` // none: the operation had been done before, and it was shown then
	Expires time.Time `json:"expires"`
}

func (x *call) makeSecret(in secretIn) (any, error) {
	s, err := x.house.Systems.MakeSecret(x.r.Context(), x.op, in.Days, x.actor)
	if err != nil {
		return nil, err
	}
	return secretOut{ID: s.ID, Secret: s.Text, Expires: s.Expires.UTC()}, nil
}

func (x *call) revokeSecret(nothing) (any, error) {
	return x.done(x.house.Systems.RevokeSecret(x.r.Context(), x.op, x.r.PathValue("secret"), x.actor))
}

type addressIn struct {
	Address string `json:"address" api:"required"` // "" stops the events
}

func (x *call) direct(in addressIn) (any, error) {
	return x.done(x.house.Systems.Direct(x.r.Context(), x.op, strings.TrimSpace(in.Address), x.actor))
}

// inquiryOut is one question with its answers.
type inquiryOut struct {
	ID       string          `json:"id"`
	Number   string          `json:"number"`
	Kind     string          `json:"kind"`
	Hospital named           `json:"hospital"`
	Subject  string          `json:"subject"`
	Question string          `json:"question"`
	To       []named         `json:"to"`
	Answers  []inquiryAnswer `json:"answers"`
	Case     string          `json:"case,omitempty"`
	Status   string          `json:"status"`
	Person   named           `json:"person"`
	At       time.Time       `json:"at"`
	Due      *time.Time      `json:"due,omitempty"` // none: no time limit is prescribed
}

type inquiryAnswer struct {
	Organisation named     `json:"organisation"`
	Person       named     `json:"person"`
	Text         string    `json:"text"`
	At           time.Time `json:"at"`
}

func (x *call) inquiryOut(q inquiry.Inquiry) inquiryOut {
	out := inquiryOut{
		ID: q.ID, Number: q.Number, Kind: string(policy.Device), Hospital: x.organisation(q.Hospital), Subject: q.Subject, Question: q.Question,
		To: []named{}, Answers: []inquiryAnswer{}, Case: q.Case, Status: string(q.Status), Person: x.person(q.Person), At: q.At.UTC(),
	}
	if q.Drug {
		out.Kind = string(policy.Drug)
	}
	for _, org := range q.To {
		out.To = append(out.To, x.organisation(org))
	}
	for _, org := range sortedKeys(q.Answers) {
		a := q.Answers[org]
		out.Answers = append(out.Answers, inquiryAnswer{x.organisation(org), x.person(a.Person), a.Text, a.At.UTC()})
	}
	if q.Deadline != nil {
		due := q.Deadline.Due.UTC()
		out.Due = &due
	}
	return out
}

func (x *call) inquiries() (any, error) {
	after, limit, err := x.page()
	if err != nil {
		return nil, err
	}
	all, err := x.house.Desk.Inquiries(x.r.Context(), after, limit, x.actor)
	if err != nil {
		return nil, err
	}
	var out []inquiryOut
	for _, q := range all.Rows {
		out = append(out, x.inquiryOut(q))
	}
	return listOf(out, all.Next).without(x.unread(all.Unreadable)), nil
}

func (x *call) inquiry() (any, error) {
	q, err := x.house.Desk.Inquiry(x.r.Context(), x.r.PathValue("inquiry"), x.actor)
	if err != nil {
		return nil, err
	}
	return x.inquiryOut(q), nil
}

type inquiryIn struct {
	Kind     string `json:"kind"`
	Subject  string `json:"subject"`
	Question string `json:"question"`
	Case     string `json:"case"` // it belongs to this one from the beginning; "" for none
}

func (x *call) inquire(in inquiryIn) (any, error) {
	kind := policy.Kind(in.Kind)
	if kind != policy.Device && kind != policy.Drug {
		return nil, fault.Fields([]fault.Problem{{Field: "kind", Code: "field.choice"}})
	}
	r, err := x.house.Desk.Inquire(x.r.Context(), x.op, kind == policy.Drug, typed.Tidy(in.Subject), typed.Tidy(in.Question), in.Case, x.actor)
	return x.born(r, err, "/api/v1/inquiries/"+docket.AboutOf(r.Of()).ID)
}

type textIn struct {
	Text string `json:"text"`
}

func (x *call) answerInquiry(in textIn) (any, error) {
	return x.done(x.house.Desk.AnswerInquiry(x.r.Context(), x.op, x.r.PathValue("inquiry"), typed.Tidy(in.Text), x.actor))
}

type attachIn struct {
	Case string `json:"case"`
}

func (x *call) attachInquiry(in attachIn) (any, error) {
	return x.done(x.house.Desk.AttachInquiry(x.r.Context(), x.op, x.r.PathValue("inquiry"), in.Case, x.actor))
}
