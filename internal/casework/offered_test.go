package casework

import (
	"slices"
	"testing"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// What is listed can be done, at one of the open gates where it is done at one.
func TestWhatIsOfferedCanBeDone(t *testing.T) {
	c := submitted(AtAgency, AtAgency)
	c.ID, c.Kind, c.Hospital = "c1", policy.Device, "h1"
	c.Opinion.Gate, c.Reply.Gate = "opinion-1", "reply-1"
	assess := gate.Gate{ID: "opinion-1", Of: "c1", Leg: gate.Opinion, Kind: gate.Assess, Party: "mpa", Status: gate.Open, Submission: 1}
	decide := gate.Gate{ID: "reply-1", Of: "c1", Leg: gate.Reply, Kind: gate.Decide, Party: "nmpa", Status: gate.Open, Submission: 1}
	shared, held := decide, assess
	shared.Recorders = []string{"mpa"}
	held.Hold = &gate.Hold{}
	joined := c
	joined.Joins = []Join{{Org: "hc"}}
	for _, row := range []struct {
		sentence string
		c        Case
		open     []gate.Gate
		who      string
		verb     Verb
		want     bool
	}{
		{"an assessor gives the opinion at the gate that waits for it", c, []gate.Gate{assess, decide}, "MPA assessor", Opine, true},
		{"without that gate there is nothing to answer", c, []gate.Gate{decide}, "MPA assessor", Opine, false},
		{"the municipal MPA enters no reply where local policy names the regulator alone", c, []gate.Gate{assess, decide}, "MPA recorder", Record, false},
		{"it does where policy lets it", c, []gate.Gate{assess, shared}, "MPA recorder", Record, true},
		{"it arranges no work at another's gate, though it may answer it", c, []gate.Gate{shared}, "MPA recorder", HoldVerb, false},
		{"what nobody holds is not taken up again", c, []gate.Gate{assess}, "MPA assessor", Release, false},
		{"what is held is", c, []gate.Gate{held}, "MPA assessor", Release, true},
		{"the other agency joins", c, []gate.Gate{assess}, "commission assessor", JoinVerb, true},
		{"and not twice", joined, []gate.Gate{assess}, "commission assessor", JoinVerb, false},
		{"an administrator ends links", c, []gate.Gate{assess}, "MPA administrator", RevokeLinks, true},
		{"another hospital is offered nothing", c, []gate.Gate{assess, decide}, "other hospital", Edit, false},
	} {
		if got := slices.Contains(row.c.Moves(row.open, people[row.who]), row.verb); got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestAGateIsAnsweredByItsOwnMoves(t *testing.T) {
	c := submitted(AtAgency, AtSupplement)
	c.ID, c.Kind, c.Hospital = "c1", policy.Device, "h1"
	at := func(leg gate.Leg, kind gate.Kind, to string, recorders ...string) gate.Gate {
		return gate.Gate{ID: "g", Of: "c1", Leg: leg, Kind: kind, Party: to, Recorders: recorders, Status: gate.Open, Submission: 1}
	}
	answered := at(gate.Opinion, gate.Assess, "mpa")
	answered.Status = gate.Answered
	foreign := at(gate.Opinion, gate.Assess, "mpa")
	foreign.Of = "c2"
	for _, row := range []struct {
		sentence string
		g        gate.Gate
		who      string
		want     []Verb
	}{
		{"an opinion, or a notice that asks for more", at(gate.Opinion, gate.Assess, "mpa"), "MPA assessor", []Verb{Opine, AskOpinion}},
		{"who only records answers no assessment", at(gate.Opinion, gate.Assess, "mpa"), "MPA recorder", nil},
		{"a gate that is answered takes nothing", answered, "MPA assessor", nil},
		{"another case's gate is not this case's", foreign, "MPA assessor", nil},
		{"the hospital supplements", at(gate.Reply, gate.Supplement, "h1", "nmpa"), "applicant", []Verb{Resubmit}},
		{"a reply may come over it", at(gate.Reply, gate.Supplement, "h1", "nmpa"), "regulator's recorder", []Verb{Record}},
		{"an opinion's supplement takes no reply", at(gate.Opinion, gate.Supplement, "h1", "nmpa"), "regulator's recorder", nil},
	} {
		if got := c.Answers(row.g, people[row.who]); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestTermsOfAReply(t *testing.T) {
	c := submitted(Given, AtAgency)
	c.Submissions[0].Quantity, c.Submissions[0].Unit = 6, "个"
	three := 3
	for _, row := range []struct {
		sentence string
		outcome  Outcome
		quantity *int
		want     Terms
	}{
		{"a letter that states no quantity grants what was asked for", Approve, nil, Terms{Quantity: 6, Unit: "个"}},
		{"one that states a quantity grants that", ApproveInPart, &three, Terms{Quantity: 3, Unit: "个"}},
		{"a refusal grants nothing", Refuse, nil, Terms{}},
		{"what is entered for a refusal is kept for the law to refuse", Refuse, &three, Terms{Quantity: 3}},
	} {
		got := c.Granted(row.outcome, row.quantity, calendar.Day{}, nil)
		if got.Quantity != row.want.Quantity || got.Unit != row.want.Unit {
			t.Errorf("%s: got %+v, want %+v", row.sentence, got, row.want)
		}
	}
	problems := checkTerms(Decision{Outcome: Refuse, Terms: Terms{Quantity: 3, Conditions: []string{"一"}}}, 6)
	if want := []fault.Problem{{Field: "quantity", Code: "terms.refused"}, {Field: "conditions", Code: "terms.refused"}}; !slices.EqualFunc(problems, want,
		func(a, b fault.Problem) bool { return a.Field == b.Field && a.Code == b.Code }) {
		t.Errorf("terms of a refusal: got %v, want %v", problems, want)
	}
	c.Decision, c.Former = &Decision{Evidence: "f2"}, []Decision{{Evidence: "f1"}}
	for file, want := range map[string]bool{"f1": true, "f2": true, "f3": false} {
		if got := c.Proves(file); got != want {
			t.Errorf("%s proves a reply: got %v, want %v", file, got, want)
		}
	}
}

func TestSomebodyCoordinates(t *testing.T) {
	both := party.Agencies{MunicipalMPA: "mpa", HealthCommission: "hc"}
	for late, want := range map[string]string{"h1": "mpa", "hc": "mpa", "mpa": "hc"} {
		if got := both.Coordinator(late); got != want {
			t.Errorf("what %s let pass: got %q hears of it, want %q", late, got, want)
		}
	}
	if got := (party.Agencies{}).Coordinator("h1"); got != "" {
		t.Errorf("without seats: got %q, want nobody", got)
	}
}
