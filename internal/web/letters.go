package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

// opinionAsks ask the three questions.
func opinionAsks() []caseAsk {
	met := func(rd reader, _ docket.View) []form.Choice {
		return []form.Choice{{Value: "yes", Label: rd.lang.Say("met.true")}, {Value: "no", Label: rd.lang.Say("met.false")}}
	}
	var out []caseAsk
	for _, q := range casework.Questions {
		out = append(out, caseAsk{Field: form.Radio.Field("finding-" + string(q)), offer: met}, caseAsk{Field: form.Long.Field("reason-" + string(q))})
	}
	return append(out, caseAsk{Field: form.Long.Optional("advice")})
}

// letterAsks ask what a letter says, and why it is recorded again: one that proves
// something else, or the present one if the record of that is to be put right, with
// what was recorded of it.
func letterAsks(present bool, was func(casework.Decision, string) string) []caseAsk {
	out := plainly[docket.View](
		form.Radio.Field("evidence"), form.Radio.Field("outcome"), form.Text.Field("number"), form.Day.Field("date"), form.Number.Optional("quantity"),
		form.Day.Optional("validUntil"), form.Long.Optional("conditions"), form.Long.Optional("reason"),
	)
	out[0].offer = func(rd reader, v docket.View) []form.Choice { return letters(rd, v, present) }
	out[1].offer = func(rd reader, _ docket.View) []form.Choice { return outcomes(rd.lang) }
	for i, q := range out {
		if was != nil {
			out[i].was = func(v docket.View) string {
				if v.Case.Decision == nil {
					return ""
				}
				return was(*v.Case.Decision, q.ID)
			}
		}
	}
	return append(out, caseAsk{Field: form.Long.Field("why")})
}

// outcomes are the replies that there are.
func outcomes(l words.Lang) []form.Choice {
	var out []form.Choice
	for _, o := range []casework.Outcome{casework.Approve, casework.ApproveInPart, casework.Refuse} {
		out = append(out, form.Choice{Value: string(o), Label: l.Say("outcome." + string(o)), Consequence: l.Say("consequence." + string(o))})
	}
	return out
}

// decisionValue is what was recorded of a reply, as its form would have it typed.
func decisionValue(d casework.Decision, id string) string {
	quantity := ""
	if d.Terms.Quantity > 0 {
		quantity = strconv.Itoa(d.Terms.Quantity)
	}
	return map[string]string{
		"evidence": d.Evidence, "outcome": string(d.Outcome), "number": d.Number, "date": d.Date.String(), "quantity": quantity,
		"validUntil": d.Terms.ValidUntil.String(), "conditions": strings.Join(d.Terms.Conditions, "\n"), "reason": d.Reason,
	}[id]
}

// replied is the gate that took the recorded reply.
func replied(v docket.View) (gate.Gate, bool) {
	for _, g := range slices.Backward(v.Gates) {
		if g.Leg == gate.Reply && g.Answer != nil && g.Answer.Choice == string(casework.Record) {
			return g, true
		}
	}
	return gate.Gate{}, false
}

// letters are the reader's own papers at the gate of the reply that prove no
// letter yet; with the present one, if the record of that is to be put right.
func letters(rd reader, v docket.View, present bool) []form.Choice {
	g, ok := replied(v)
	if !ok {
		return nil
	}
	var out []form.Choice
	for _, f := range own(rd, v, g) {
		used := v.Case.Decision != nil && v.Case.Decision.Evidence == f.ID && !present ||
			slices.ContainsFunc(v.Case.Former, func(d casework.Decision) bool { return d.Evidence == f.ID })
		if !used {
			out = append(out, form.Choice{Value: f.ID, Label: f.Name, Consequence: f.Text})
		}
	}
	return out
}

// sendLetter leads to where a letter is sent, which must be done before.
func sendLetter(rd reader, v docket.View) Link {
	g, ok := replied(v)
	if !ok {
		return Link{}
	}
	return Link{rd.lang.Say("evidence.add"), rd.gatePath(v.Case.ID, g.ID) + "/evidence"}
}

// replaceReply records a reply again.
func replaceReply(s caseDo,
	do func(context.Context, docket.Op, docket.GateRef, int, casework.Decision, string, party.Actor) (docket.Receipt, error),
) (docket.Receipt, error) {
	g, ok := replied(s.of)
	if !ok {
		return docket.Receipt{}, fault.New(fault.Conflict, "case.state")
	}
	d := readDecision(s.of, s.read)
	if err := s.read.Err(); err != nil {
		return docket.Receipt{}, err
	}
	return do(s.Ctx(), s.op, docket.GateRef{Of: s.of.Case.ID, Gate: g.ID}, s.read.Carried("reply"), d, s.read.Said("why"), s.Actor)
}
