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
func (x *exchange) seen() int { return x.Values().Carried("submission") }

// filing reads channel, date and receipt.
func (x *exchange) filing() (casework.Filing, error) {
	read := form.Read(x.Values())
	f := casework.Filing{Channel: read.Said("channel"), Date: read.Day("date"), Receipt: read.Said("receipt")}
	return f, read.Err()
}

func (x *exchange) actFile(op docket.Op, v docket.View) (docket.Receipt, error) {
	f, err := x.filing()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.RecordFiling(x.Ctx(), op, v.Case.ID, f, x.Actor)
}

func (x *exchange) actReport(op docket.Op, v docket.View) (docket.Receipt, error) {
	f, err := x.filing()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.RecordReport(x.Ctx(), op, v.Case.ID, f, x.Actor)
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
	return x.desk.Deliver(x.Ctx(), op, ref, version, x.Values().Ticked("declared"), x.Actor)
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
	return x.desk.Claim(x.Ctx(), op, v.Case.ID, version, x.Said("variety"), x.Actor)
}

func (x *exchange) actClone(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Clone(x.Ctx(), op, v.Case.ID, x.Actor)
}

func (x *exchange) actReceive(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Receive(x.Ctx(), op, v.Case.ID, x.seen(), x.Actor)
}

func (x *exchange) actIdentify(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Identify(x.Ctx(), op, v.Case.ID, x.seen(), x.Said("variety"), x.Said("reason"), x.Actor)
}

func (x *exchange) actRegister(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Register(x.Ctx(), op, v.Case.ID, x.seen(), x.readVariety(), x.Said("reason"), x.Actor)
}

func (x *exchange) actJoin(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Join(x.Ctx(), op, v.Case.ID, x.Said("statement"), x.Actor)
}

func (x *exchange) actGate(v docket.View) docket.GateRef {
	return docket.GateRef{Of: v.Case.ID, Gate: x.R.PostForm.Get("gate")}
}

func (x *exchange) actAssign(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Assign(x.Ctx(), op, x.actGate(v), x.R.PostForm.Get("person"), x.Actor)
}

func (x *exchange) actHold(op docket.Op, v docket.View) (docket.Receipt, error) {
	read := form.Read(x.Values())
	until := read.Day("until")
	if err := read.Err(); err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.Hold(x.Ctx(), op, x.actGate(v), x.Said("reason"), until, x.Actor)
}

func (x *exchange) actRelease(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Release(x.Ctx(), op, x.actGate(v), x.Actor)
}

func (x *exchange) actOpineLate(op docket.Op, v docket.View) (docket.Receipt, error) {
	a, problems := x.readAnswer(v, casework.Opine)
	if len(problems) > 0 {
		return docket.Receipt{}, fault.Fields(problems)
	}
	return x.desk.OpineLate(x.Ctx(), op, v.Case.ID, x.seen(), a.Opinion, x.Actor)
}

func (x *exchange) actAmend(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.replaceReply(op, v, x.desk.Amend)
}

func (x *exchange) actCorrect(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.replaceReply(op, v, x.desk.Correct)
}

func (x *exchange) replaceReply(op docket.Op, v docket.View,
	do func(context.Context, docket.Op, docket.GateRef, int, casework.Decision, string, party.Actor) (docket.Receipt, error),
) (docket.Receipt, error) {
	g, ok := replied(v)
	if !ok {
		return docket.Receipt{}, fault.New(fault.Conflict, "case.state")
	}
	read := form.Read(x.Values())
	d := readDecision(v, read)
	if err := read.Err(); err != nil {
		return docket.Receipt{}, err
	}
	return do(x.Ctx(), op, docket.GateRef{Of: v.Case.ID, Gate: g.ID}, x.Values().Carried("reply"), d, x.Said("why"), x.Actor)
}

func (x *exchange) actRevokeLinks(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.RevokeLinks(x.Ctx(), op, x.actGate(v), x.Actor)
}
