package web

import (
	"context"
	"slices"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/form"
)

// seen is the submission that the form showed; 0 if it says none.
func (x *exchange) seen() int { return x.values().Carried("submission") }

// values is what was sent with the form.
func (x *exchange) values() form.Values { return form.Values(x.r.PostForm) }

// said is what was typed in a field, tidied.
func (x *exchange) said(id string) string { return x.values().Said(id) }

// filing reads channel, date and receipt.
func (x *exchange) filing() (casework.Filing, error) {
	read := form.Read(x.values())
	f := casework.Filing{Channel: read.Said("channel"), Date: read.Day("date"), Receipt: read.Said("receipt")}
	return f, read.Err()
}

func (x *exchange) actFile(op docket.Op, v docket.View) (docket.Receipt, error) {
	f, err := x.filing()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.site.Desk.RecordFiling(x.ctx(), op, v.Case.ID, f, x.actor)
}

func (x *exchange) actReport(op docket.Op, v docket.View) (docket.Receipt, error) {
	f, err := x.filing()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.site.Desk.RecordReport(x.ctx(), op, v.Case.ID, f, x.actor)
}

func (x *exchange) actDeliver(op docket.Op, v docket.View) (docket.Receipt, error) {
	version, err := x.version()
	if err != nil {
		return docket.Receipt{}, err
	}
	owed := v.Case.Papers.Gate
	if owed == "" { // delivered already: the operation's own receipt, or a conflict
		owed = lastPapers(v)
	}
	ref := docket.GateRef{Of: v.Case.ID, Gate: owed}
	return x.site.Desk.Deliver(x.ctx(), op, ref, version, x.values().Ticked("declared"), x.actor)
}

func lastPapers(v docket.View) string {
	for _, g := range slices.Backward(v.Gates) {
		if g.Leg == gate.Papers {
			return g.ID
		}
	}
	return ""
}

func (x *exchange) actClaim(op docket.Op, v docket.View) (docket.Receipt, error) {
	version, err := x.version()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.site.Desk.Claim(x.ctx(), op, v.Case.ID, version, x.said("variety"), x.actor)
}

func (x *exchange) actClone(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Clone(x.ctx(), op, v.Case.ID, x.actor)
}

func (x *exchange) actReceive(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Receive(x.ctx(), op, v.Case.ID, x.seen(), x.actor)
}

func (x *exchange) actIdentify(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Identify(x.ctx(), op, v.Case.ID, x.seen(), x.said("variety"), x.said("reason"), x.actor)
}

func (x *exchange) actRegister(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Register(x.ctx(), op, v.Case.ID, x.seen(), x.readVariety(), x.said("reason"), x.actor)
}

func (x *exchange) actJoin(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Join(x.ctx(), op, v.Case.ID, x.said("statement"), x.actor)
}

func (x *exchange) actGate(v docket.View) docket.GateRef {
	return docket.GateRef{Of: v.Case.ID, Gate: x.r.PostForm.Get("gate")}
}

func (x *exchange) actAssign(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Assign(x.ctx(), op, x.actGate(v), x.r.PostForm.Get("person"), x.actor)
}

func (x *exchange) actHold(op docket.Op, v docket.View) (docket.Receipt, error) {
	read := form.Read(x.values())
	until := read.Day("until")
	if err := read.Err(); err != nil {
		return docket.Receipt{}, err
	}
	return x.site.Desk.Hold(x.ctx(), op, x.actGate(v), x.said("reason"), until, x.actor)
}

func (x *exchange) actRelease(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.Release(x.ctx(), op, x.actGate(v), x.actor)
}

func (x *exchange) actOpineLate(op docket.Op, v docket.View) (docket.Receipt, error) {
	a, problems := x.readAnswer(v, casework.Opine)
	if len(problems) > 0 {
		return docket.Receipt{}, fault.Fields(problems)
	}
	return x.site.Desk.OpineLate(x.ctx(), op, v.Case.ID, x.seen(), a.Opinion, x.actor)
}

func (x *exchange) actAmend(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.replaceReply(op, v, x.site.Desk.Amend)
}

func (x *exchange) actCorrect(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.replaceReply(op, v, x.site.Desk.Correct)
}

func (x *exchange) replaceReply(op docket.Op, v docket.View,
	do func(context.Context, docket.Op, docket.GateRef, int, casework.Decision, string, party.Actor) (docket.Receipt, error),
) (docket.Receipt, error) {
	g, ok := replied(v)
	if !ok {
		return docket.Receipt{}, fault.New(fault.Conflict, "case.state")
	}
	read := form.Read(x.values())
	d := readDecision(v, read)
	if err := read.Err(); err != nil {
		return docket.Receipt{}, err
	}
	return do(x.ctx(), op, docket.GateRef{Of: v.Case.ID, Gate: g.ID}, x.values().Carried("reply"), d, x.said("why"), x.actor)
}

func (x *exchange) actRevokeLinks(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.site.Desk.RevokeLinks(x.ctx(), op, x.actGate(v), x.actor)
}
