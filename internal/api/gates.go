package api

import (
	"context"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/typed"
)

// ref is the gate in the path.
func (x *call) ref() docket.GateRef {
	return docket.GateRef{Of: x.id(), Gate: x.r.PathValue("gate")}
}

// gates lists a case's gates, open and answered.
func (x *call) gates() (any, error) {
	v, err := x.view()
	if err != nil {
		return nil, err
	}
	var out []gateOut
	for _, g := range v.Gates {
		out = append(out, x.gateOut(v.Case, g))
	}
	return listOf(out, ""), nil
}

func (x *call) gate() (any, error) {
	v, err := x.view()
	if err != nil {
		return nil, err
	}
	g, ok := v.Gate(x.r.PathValue("gate"))
	if !ok {
		return nil, fault.New(fault.NotFound, "gate")
	}
	return x.gateOut(v.Case, g), nil
}

// answer answers a gate, once.
func (x *call) answer(in answerIn) (any, error) {
	ctx := x.r.Context()
	r, g, err := x.house.Desk.Gate(ctx, x.ref(), x.actor)
	if err != nil {
		return nil, err
	}
	verb, answer, err := in.answer(r.Case, g)
	if err != nil {
		return nil, err
	}
	ref := x.ref()
	ref.Submission = in.Submission
	receipt, err := x.house.Desk.Give(ctx, x.op, ref, verb, answer, x.actor, nil)
	if err != nil {
		return nil, x.losing(err, x.ref())
	}
	return x.receipt(receipt), nil
}

// rehearsed says that an answer would be taken now.
type rehearsed struct {
	Verb string `json:"verb"`
}

// rehearse asks the law what it would say to an answer, and changes nothing.
func (x *call) rehearse(in answerIn) (any, error) {
	ctx := x.r.Context()
	r, g, err := x.house.Desk.Gate(ctx, x.ref(), x.actor)
	if err != nil {
		return nil, err
	}
	verb, answer, err := in.answer(r.Case, g)
	if err != nil {
		return nil, err
	}
	if g.Status != gate.Open {
		return nil, x.losing(fault.New(fault.Conflict, "gate.answered"), x.ref())
	}
	if err := x.house.Desk.Rehearse(ctx, r, g, in.Submission, verb, answer, x.actor); err != nil {
		return nil, err
	}
	return rehearsed{Verb: string(verb)}, nil
}

type evidenceIn struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

func (x *call) evidence(in evidenceIn) (any, error) {
	u := docket.Upload{Name: typed.Tidy(in.Name), SHA256: in.SHA256}
	f, t, err := x.house.Desk.EvidenceOnce(x.r.Context(), x.op, x.ref(), u, "", x.actor)
	if err != nil {
		return nil, x.losing(err, x.ref())
	}
	return upload{File: f.ID, Ticket: ticketOf(t)}, nil
}

type declaredIn struct {
	Declared bool `json:"declared"`
}

func (x *call) resubmit(in declaredIn) (any, error) {
	r, err := x.house.Desk.Resubmit(x.r.Context(), x.op, x.ref(), x.version, in.Declared, x.actor)
	if err != nil {
		return nil, x.losing(err, x.ref())
	}
	return x.receipt(r), nil
}

func (x *call) deliver(in declaredIn) (any, error) {
	r, err := x.house.Desk.Deliver(x.r.Context(), x.op, x.ref(), x.version, in.Declared, x.actor)
	if err != nil {
		return nil, x.losing(err, x.ref())
	}
	return x.receipt(r), nil
}

type amendIn struct {
	Replaces int     `json:"replaces"` // the number of the record that its author saw
	Reply    replyIn `json:"reply"`
	Why      string  `json:"why"`
}

// amend replaces the recorded reply by a later letter.
func (x *call) amend(in amendIn) (any, error) { return x.replace(in, x.house.Desk.Amend) }

// correct puts right what was entered of the recorded reply.
func (x *call) correct(in amendIn) (any, error) { return x.replace(in, x.house.Desk.Correct) }

func (x *call) replace(in amendIn,
	do func(context.Context, docket.Op, docket.GateRef, int, casework.Decision, string, party.Actor) (docket.Receipt, error),
) (any, error) {
	ctx := x.r.Context()
	r, _, err := x.house.Desk.Gate(ctx, x.ref(), x.actor)
	if err != nil {
		return nil, err
	}
	d, problems := in.Reply.decision(r.Case)
	if err := fault.Fields(problems); err != nil {
		return nil, err
	}
	return x.done(do(ctx, x.op, x.ref(), in.Replaces, d, typed.Tidy(in.Why), x.actor))
}

type holdIn struct {
	Reason string `json:"reason"`
	Until  string `json:"until"`
}

func (x *call) hold(in holdIn) (any, error) {
	until, ok := readDay(in.Until)
	if !ok {
		return nil, fault.Fields([]fault.Problem{{Field: "until", Code: "field.day"}})
	}
	return x.done(x.house.Desk.Hold(x.r.Context(), x.op, x.ref(), typed.Tidy(in.Reason), until, x.actor))
}

func (x *call) release(nothing) (any, error) {
	return x.done(x.house.Desk.Release(x.r.Context(), x.op, x.ref(), x.actor))
}

type assignIn struct {
	Person string `json:"person"`
}

func (x *call) assign(in assignIn) (any, error) {
	return x.done(x.house.Desk.Assign(x.r.Context(), x.op, x.ref(), in.Person, x.actor))
}
