package web

import (
	"slices"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// caseAct is an act on a case, and caseAsk a field of one.
type (
	caseAct = act[docket.View]
	caseAsk = ask[docket.View]
	caseDo  = sending[docket.View]
)

// caseActs are the acts on cases, in the order of their links.
var caseActs = []caseAct{
	lawful(casework.File, caseAct{
		name: "file", site: site.Hospital, asks: filingAsks(func(c casework.Case) *casework.Filing { return c.Filing }),
		do: func(s caseDo) (docket.Receipt, error) {
			f := readFiling(s.read)
			if err := s.read.Err(); err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.RecordFiling(s.Ctx(), s.op, s.of.Case.ID, f, s.Actor)
		},
	}),
	lawful(casework.Deliver, caseAct{
		name: "deliver", site: site.Hospital, asks: plainly[docket.View](form.Yes.Field("declared")),
		do: func(s caseDo) (docket.Receipt, error) {
			version, err := s.version()
			if err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.Deliver(s.Ctx(), s.op, docket.GateRef{Of: s.of.Case.ID, Gate: papersGate(s.of)}, version, s.read.Ticked("declared"), s.Actor)
		},
	}),
	onlyDrafts(lawful(casework.Edit, caseAct{ // afterwards it is claimed on the page of the supplement
		name: "claim", site: site.Hospital, asks: []caseAsk{varietyAsk(form.Pick.Optional("variety"))},
		do: func(s caseDo) (docket.Receipt, error) {
			version, err := s.version()
			if err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.Claim(s.Ctx(), s.op, s.of.Case.ID, version, s.read.Said("variety"), s.Actor)
		},
	})),
	{
		name: "clone", site: site.Hospital,
		may: func(_ docket.View, by party.Actor) error { return casework.MayCreate(by) },
		listed: func(v docket.View, by party.Actor) bool { // of a draft, nothing is worth copying yet
			return v.Case.Status != casework.Draft && casework.MayCreate(by) == nil
		},
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Clone(s.Ctx(), s.op, s.of.Case.ID, s.Actor)
		},
	},
	lawful(casework.Receive, caseAct{
		name: "receive", site: site.Agency,
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Receive(s.Ctx(), s.op, s.of.Case.ID, s.seen(), s.Actor)
		},
	}),
	lawful(casework.Identify, caseAct{
		name: "identify", site: site.Agency, asks: []caseAsk{varietyAsk(form.Pick.Field("variety")), {Field: form.Long.Field("reason")}},
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Identify(s.Ctx(), s.op, s.of.Case.ID, s.seen(), s.read.Said("variety"), s.read.Said("reason"), s.Actor)
		},
	}),
	lawful(casework.Identify, caseAct{
		name: "register", site: site.Agency,
		asks: append(productAsks(submittedProduct, func(v docket.View) bool { return v.Case.Kind == policy.Drug }), caseAsk{Field: form.Long.Field("reason")}),
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Register(s.Ctx(), s.op, s.of.Case.ID, s.seen(), readProduct(s.read.Values), s.read.Said("reason"), s.Actor)
		},
	}),
	lawful(casework.JoinVerb, caseAct{
		name: "join", site: site.Agency, asks: plainly[docket.View](form.Long.Field("statement")),
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Join(s.Ctx(), s.op, s.of.Case.ID, s.read.Said("statement"), s.Actor)
		},
	}),
	lawful(casework.Report, caseAct{
		name: "report", site: site.Agency, asks: filingAsks(func(c casework.Case) *casework.Filing { return c.Report }),
		do: func(s caseDo) (docket.Receipt, error) {
			f := readFiling(s.read)
			if err := s.read.Err(); err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.RecordReport(s.Ctx(), s.op, s.of.Case.ID, f, s.Actor)
		},
	}),
	lawful(casework.Assign, caseAct{
		name: "assign", site: site.Agency, asks: []caseAsk{gateAsk(casework.Assign), {Field: form.Radio.Field("person"), find: colleagues}},
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Assign(s.Ctx(), s.op, chosenGate(s), s.read.Get("person"), s.Actor)
		},
	}),
	lawful(casework.HoldVerb, caseAct{
		name: "hold", site: site.Agency,
		asks: []caseAsk{gateAsk(casework.HoldVerb), {Field: form.Day.Field("until")}, {Field: form.Long.Field("reason")}},
		do: func(s caseDo) (docket.Receipt, error) {
			until := s.read.Day("until")
			if err := s.read.Err(); err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.Hold(s.Ctx(), s.op, chosenGate(s), s.read.Said("reason"), until, s.Actor)
		},
	}),
	lawful(casework.Release, caseAct{
		name: "release", site: site.Agency, asks: []caseAsk{gateAsk(casework.Release)},
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.Release(s.Ctx(), s.op, chosenGate(s), s.Actor)
		},
	}),
	lawful(casework.RevokeLinks, caseAct{
		name: "revoke-links", site: site.Agency, asks: []caseAsk{gateAsk(casework.RevokeLinks)},
		do: func(s caseDo) (docket.Receipt, error) {
			return s.desk.RevokeLinks(s.Ctx(), s.op, chosenGate(s), s.Actor)
		},
	}),
	lawful(casework.OpineLate, caseAct{
		name: "opine-late", site: site.Agency, asks: opinionAsks(),
		do: func(s caseDo) (docket.Receipt, error) {
			a, problems := readAnswer(s.of, casework.Opine, s.read.Values)
			if len(problems) > 0 {
				return docket.Receipt{}, fault.Fields(problems)
			}
			return s.desk.OpineLate(s.Ctx(), s.op, s.of.Case.ID, s.seen(), a.Opinion, s.Actor)
		},
	}),
	lawful(casework.Amend, caseAct{
		name: "amend", site: site.Agency, first: sendLetter, asks: letterAsks(false, nil),
		do: func(s caseDo) (docket.Receipt, error) { return replaceReply(s, s.desk.Amend) },
	}),
	lawful(casework.Correct, caseAct{
		name: "correct", site: site.Agency, first: sendLetter, asks: letterAsks(true, decisionValue),
		do: func(s caseDo) (docket.Receipt, error) { return replaceReply(s, s.desk.Correct) },
	}),
}

// lawful is a, which the law permits as verb. Its way is shown as the law's own list
// says, which knows the gates as well.
func lawful(verb casework.Verb, a caseAct) caseAct {
	a.may = func(v docket.View, by party.Actor) error { return v.Case.Permits(verb, by) }
	a.listed = func(v docket.View, _ party.Actor) bool { return slices.Contains(v.Moves, verb) }
	return a
}

// onlyDrafts is a, whose way is shown in drafts alone.
func onlyDrafts(a caseAct) caseAct {
	listed := a.listed
	a.listed = func(v docket.View, by party.Actor) bool { return v.Case.Status == casework.Draft && listed(v, by) }
	return a
}

// filingAsks ask how something was filed, with what is recorded of it already.
func filingAsks(of func(casework.Case) *casework.Filing) []caseAsk {
	was := func(text func(casework.Filing) string) func(docket.View) string {
		return func(v docket.View) string {
			if f := of(v.Case); f != nil {
				return text(*f)
			}
			return ""
		}
	}
	return []caseAsk{
		{Field: form.Text.Field("channel"), was: was(func(f casework.Filing) string { return f.Channel })},
		{Field: form.Day.Field("date"), was: was(func(f casework.Filing) string { return f.Date.String() })},
		{Field: form.Text.Optional("receipt"), was: was(func(f casework.Filing) string { return f.Receipt })},
	}
}

func readFiling(read *form.Reading) casework.Filing {
	return casework.Filing{Channel: read.Said("channel"), Date: read.Day("date"), Receipt: read.Said("receipt")}
}

// papersGate is where papers owed are delivered. If they were: then it is the operation's
// own receipt, or a conflict.
func papersGate(v docket.View) string {
	if v.Case.Papers.Gate != "" {
		return v.Case.Papers.Gate
	}
	for _, g := range slices.Backward(v.Gates) {
		if g.Leg == gate.Papers {
			return g.ID
		}
	}
	return ""
}

// varietyAsk asks which entry of the register a case is about.
func varietyAsk(f form.Field) caseAsk {
	return caseAsk{
		Field: f, find: base.varietiesFor,
		was: func(v docket.View) string {
			if v.Case.Variety != nil {
				return v.Case.Variety.Variety
			}
			return v.Case.Claim
		},
	}
}

// gateAsk asks at which of the open gates the reader makes the move.
func gateAsk(verb casework.Verb) caseAsk {
	return caseAsk{Field: form.Radio.Field("gate"), offer: func(rd reader, v docket.View) []form.Choice {
		var out []form.Choice
		for _, g := range v.Waiting {
			if v.Case.PermitsAt(verb, g, rd.actor) == nil {
				out = append(out, form.Choice{Value: g.ID, Label: rd.lang.Say("move." + string(g.Kind))})
			}
		}
		return out
	}}
}

func chosenGate(s caseDo) docket.GateRef {
	return docket.GateRef{Of: s.of.Case.ID, Gate: s.read.Get("gate")}
}

// colleagues are the people of the reader's organisation who assess or record.
func colleagues(x base, _ docket.View, _ string) (options, error) {
	var out options
	roster, err := x.Site.Directory.Roster(x.Ctx(), x.Actor.Org)
	if err != nil {
		return out, err
	}
	for _, p := range roster {
		if slices.Contains(p.Roles, party.Assessor) || slices.Contains(p.Roles, party.Recorder) {
			out.choices = append(out.choices, form.Choice{Value: p.ID, Label: p.Name(string(x.Lang)), Consequence: p.Title})
		}
	}
	return out, nil
}
