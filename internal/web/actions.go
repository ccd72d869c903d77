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

// filing reads channel, date and receipt.
func (x actPages) filing() (casework.Filing, error) {
	read := form.Read(x.Values())
	f := casework.Filing{Channel: read.Said("channel"), Date: read.Day("date"), Receipt: read.Said("receipt")}
	return f, read.Err()
}

func (x actPages) actFile(op docket.Op, v docket.View) (docket.Receipt, error) {
	f, err := x.filing()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.RecordFiling(x.Ctx(), op, v.Case.ID, f, x.Actor)
}

func (x actPages) actReport(op docket.Op, v docket.View) (docket.Receipt, error) {
	f, err := x.filing()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.RecordReport(x.Ctx(), op, v.Case.ID, f, x.Actor)
}

func (x actPages) actDeliver(op docket.Op, v docket.View) (docket.Receipt, error) {
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

func (x actPages) actClaim(op docket.Op, v docket.View) (docket.Receipt, error) {
	version, err := x.version()
	if err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.Claim(x.Ctx(), op, v.Case.ID, version, x.Said("variety"), x.Actor)
}

func (x actPages) actClone(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Clone(x.Ctx(), op, v.Case.ID, x.Actor)
}

func (x actPages) actReceive(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Receive(x.Ctx(), op, v.Case.ID, x.seen(), x.Actor)
}

func (x actPages) actIdentify(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Identify(x.Ctx(), op, v.Case.ID, x.seen(), x.Said("variety"), x.Said("reason"), x.Actor)
}

func (x actPages) actRegister(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Register(x.Ctx(), op, v.Case.ID, x.seen(), readVariety(x.Values()), x.Said("reason"), x.Actor)
}

func (x actPages) actJoin(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Join(x.Ctx(), op, v.Case.ID, x.Said("statement"), x.Actor)
}

func (x actPages) actGate(v docket.View) docket.GateRef {
	return docket.GateRef{Of: v.Case.ID, Gate: x.R.PostForm.Get("gate")}
}

func (x actPages) actAssign(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Assign(x.Ctx(), op, x.actGate(v), x.R.PostForm.Get("person"), x.Actor)
}

func (x actPages) actHold(op docket.Op, v docket.View) (docket.Receipt, error) {
	read := form.Read(x.Values())
	until := read.Day("until")
	if err := read.Err(); err != nil {
		return docket.Receipt{}, err
	}
	return x.desk.Hold(x.Ctx(), op, x.actGate(v), x.Said("reason"), until, x.Actor)
}

func (x actPages) actRelease(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.Release(x.Ctx(), op, x.actGate(v), x.Actor)
}

func (x actPages) actOpineLate(op docket.Op, v docket.View) (docket.Receipt, error) {
	a, problems := readAnswer(v, casework.Opine, x.Values())
	if len(problems) > 0 {
		return docket.Receipt{}, fault.Fields(problems)
	}
	return x.desk.OpineLate(x.Ctx(), op, v.Case.ID, x.seen(), a.Opinion, x.Actor)
}

func (x actPages) actAmend(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.replaceReply(op, v, x.desk.Amend)
}

func (x actPages) actCorrect(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.replaceReply(op, v, x.desk.Correct)
}

func (x actPages) replaceReply(op docket.Op, v docket.View,
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

func (x actPages) actRevokeLinks(op docket.Op, v docket.View) (docket.Receipt, error) {
	return x.desk.RevokeLinks(x.Ctx(), op, x.actGate(v), x.Actor)
}
