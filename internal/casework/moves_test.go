package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law/lawtest"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// The people of the table, by the names that its rows use.
var people = map[string]party.Actor{
	"applicant":            {Person: "p1", Org: "h1", Kind: party.Hospital, Roles: []party.Role{party.Applicant}, Via: party.BySession},
	"reader of hospital":   {Person: "p2", Org: "h1", Kind: party.Hospital, Roles: []party.Role{party.Reader}, Via: party.BySession},
	"other hospital":       {Person: "p3", Org: "h2", Kind: party.Hospital, Roles: []party.Role{party.Applicant}, Via: party.BySession},
	"MPA assessor":         {Person: "p4", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Assessor}, Via: party.BySession},
	"MPA recorder":         {Person: "p5", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Recorder}, Via: party.BySession},
	"MPA reader":           {Person: "p6", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Reader}, Via: party.BySession},
	"commission assessor":  {Person: "p7", Org: "hc", Kind: party.HealthCommission, Roles: []party.Role{party.Assessor}, Via: party.BySession},
	"commission recorder":  {Person: "p8", Org: "hc", Kind: party.HealthCommission, Roles: []party.Role{party.Recorder}, Via: party.BySession},
	"regulator's recorder": {Person: "p9", Org: "nmpa", Kind: party.Regulator, Roles: []party.Role{party.Recorder}, Via: party.BySession},
	"MPA administrator":    {Person: "p13", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Administrator}, Via: party.BySession},
	"regulator's reader":   {Person: "p10", Org: "nmpa", Kind: party.Regulator, Roles: []party.Role{party.Reader}, Via: party.BySession},
	"customs officer": {
		Person: "p11",
		Org:    "customs",
		Kind:   party.Customs,
		Roles:  []party.Role{party.Assessor, party.Recorder, party.Applicant},
		Via:    party.BySession,
	},
	"auditor":   {Person: "p12", Org: "audit", Kind: party.Auditor, Roles: []party.Role{party.Reader}, Via: party.BySession},
	"the clock": party.System,
}

// stages are all the places a case can stand in: status, opinion leg, reply leg.
var stages = map[string]Case{
	"draft":                             {Status: Draft},
	"assessing, reply awaited":          submitted(AtAgency, AtAgency),
	"supplementing, reply awaited":      submitted(AtSupplement, AtAgency),
	"opinion given, reply awaited":      submitted(Given, AtAgency),
	"assessing, regulator wants more":   submitted(AtAgency, AtSupplement),
	"supplementing both":                submitted(AtSupplement, AtSupplement),
	"opinion given, regulator wants it": submitted(Given, AtSupplement),
	"approved":                          closed(Approved, Given, Given),
	"approved over an open opinion":     closed(Approved, LegOvertaken, Given),
	"refused":                           closed(Refused, Given, Given),
	"refused over an open opinion":      closed(Refused, LegOvertaken, Given),
	"withdrawn":                         closed(Withdrawn, LegEnded, LegEnded),
	"lapsed":                            closed(Lapsed, LegEnded, LegEnded),
	"approved, papers owed":             owing(closed(Approved, Given, Given)),
	"assessing, papers owed":            owing(submitted(AtAgency, AtAgency)),
}

func owing(c Case) Case {
	c.Papers.Gate = "papers-1"
	return c
}

func submitted(opinion, reply LegState) Case {
	c := Case{
		Status: Submitted, Opinion: Leg{State: opinion}, Reply: Leg{State: reply},
		Submissions: []Submission{{No: 1}},
	}
	if opinion == Given {
		c.Given = &Opinion{}
	}
	return c
}

func closed(s Status, opinion, reply LegState) Case {
	c := submitted(opinion, reply)
	c.Status = s
	if reply == Given {
		c.Decision = &Decision{}
	}
	return c
}

// allowed lists every cell of the table in which a move may be made: the verb,
// who, and the stages. Every other cell must be refused.
var allowed = []struct {
	verb   Verb
	kinds  []policy.Kind
	who    []string
	stages []string
}{
	{Edit, both, []string{"applicant"}, append([]string{"draft", "assessing, papers owed", "approved, papers owed"}, withHospital...)},
	{Submit, both, []string{"applicant"}, []string{"draft"}},
	{AskOpinion, []policy.Kind{policy.Device}, []string{"MPA assessor"}, atAssessor},
	{AskOpinion, []policy.Kind{policy.Drug}, []string{"commission assessor"}, atAssessor},
	{Opine, []policy.Kind{policy.Device}, []string{"MPA assessor"}, atAssessor},
	{Opine, []policy.Kind{policy.Drug}, []string{"commission assessor"}, atAssessor},
	{AskReply, both, []string{"regulator's recorder"}, awaited},
	{Record, both, []string{"regulator's recorder", "MPA recorder"}, inProgress},
	{Resubmit, both, []string{"applicant"}, withHospital},
	{Withdraw, both, []string{"applicant"}, inProgress},
	{RingVerb, both, []string{"the clock"}, append([]string{"approved, papers owed"}, inProgress...)},
	{Restart, both, []string{"the clock"}, inProgress},
	{Lapse, both, []string{"the clock"}, withHospital},
	{
		Identify,
		[]policy.Kind{policy.Device},
		[]string{"MPA assessor"},
		append([]string{"approved", "approved over an open opinion", "approved, papers owed"}, inProgress...),
	},
	{
		Identify,
		[]policy.Kind{policy.Drug},
		[]string{"commission assessor"},
		append([]string{"approved", "approved over an open opinion", "approved, papers owed"}, inProgress...),
	},
	{
		JoinVerb,
		[]policy.Kind{policy.Device},
		[]string{"commission assessor"},
		append([]string{"opinion given, reply awaited", "opinion given, regulator wants it"}, atAssessor...),
	},
	{
		JoinVerb,
		[]policy.Kind{policy.Drug},
		[]string{"MPA assessor"},
		append([]string{"opinion given, reply awaited", "opinion given, regulator wants it"}, atAssessor...),
	},
	{OpineLate, []policy.Kind{policy.Device}, []string{"MPA assessor"}, []string{"approved over an open opinion", "refused over an open opinion"}},
	{OpineLate, []policy.Kind{policy.Drug}, []string{"commission assessor"}, []string{"approved over an open opinion", "refused over an open opinion"}},
	{
		Report,
		[]policy.Kind{policy.Drug},
		[]string{"commission assessor", "commission recorder"},
		[]string{"approved", "refused", "approved, papers owed", "opinion given, reply awaited", "opinion given, regulator wants it"},
	},
	{File, both, []string{"applicant"}, append(slices.Clone(decided), inProgress...)},
	{
		Receive,
		both,
		[]string{"MPA assessor", "MPA recorder", "MPA reader", "MPA administrator", "commission assessor", "commission recorder"},
		append([]string{"withdrawn", "lapsed"}, append(slices.Clone(decided), inProgress...)...),
	},
	{Deliver, both, []string{"applicant"}, []string{"approved, papers owed", "assessing, papers owed"}},
	{HoldVerb, []policy.Kind{policy.Device}, []string{"MPA assessor", "MPA recorder", "regulator's recorder"}, workable},
	{HoldVerb, []policy.Kind{policy.Drug}, []string{"commission assessor", "MPA recorder", "regulator's recorder"}, workable},
	{Release, []policy.Kind{policy.Device}, []string{"MPA assessor", "MPA recorder", "regulator's recorder"}, workable},
	{Release, []policy.Kind{policy.Drug}, []string{"commission assessor", "MPA recorder", "regulator's recorder"}, workable},
	{Assign, []policy.Kind{policy.Device}, []string{"MPA assessor", "MPA recorder", "regulator's recorder"}, workable},
	{Assign, []policy.Kind{policy.Drug}, []string{"commission assessor", "MPA recorder", "regulator's recorder"}, workable},
	{RevokeLinks, []policy.Kind{policy.Device}, []string{"MPA assessor", "MPA recorder", "MPA administrator", "regulator's recorder"}, workable},
	{RevokeLinks, []policy.Kind{policy.Drug}, []string{"commission assessor", "MPA recorder", "MPA administrator", "regulator's recorder"}, workable},
	{Amend, both, []string{"regulator's recorder", "MPA recorder"}, decided},
	{Correct, both, []string{"regulator's recorder", "MPA recorder"}, decided},
	{Recount, both, []string{"the clock"}, append([]string{"approved, papers owed"}, inProgress...)},
}

var (
	both         = []policy.Kind{policy.Device, policy.Drug}
	withHospital = []string{"supplementing, reply awaited", "assessing, regulator wants more", "supplementing both", "opinion given, regulator wants it"}
	atAssessor   = []string{"assessing, reply awaited", "assessing, regulator wants more", "assessing, papers owed"}
	awaited      = []string{"assessing, reply awaited", "supplementing, reply awaited", "opinion given, reply awaited", "assessing, papers owed"}
	workable     = append([]string{"assessing, regulator wants more"}, awaited...)
	inProgress   = append([]string{"opinion given, reply awaited", "assessing, reply awaited", "assessing, papers owed"}, withHospital...)
	decided      = []string{"approved", "approved over an open opinion", "refused", "refused over an open opinion", "approved, papers owed"}
)

func TestEveryCellOfTheTableOfMoves(t *testing.T) {
	for _, kind := range both {
		things := map[string]Case{}
		for stage, c := range stages {
			c.Kind, c.Hospital = kind, "h1"
			things[stage] = c
		}
		var rows []lawtest.Row
		for _, row := range allowed {
			if slices.Contains(row.kinds, kind) {
				rows = append(rows, lawtest.Row{Verb: row.verb, Who: row.who, Things: row.stages})
			}
		}
		t.Run(string(kind), func(t *testing.T) {
			cells, open := lawtest.Cells(t, Verbs(), people, things, rows, Case.Permits)
			t.Logf("%d cells, %d of them allow the move", cells, open)
		})
	}
}

func TestWhoMayKnowACase(t *testing.T) {
	for _, row := range []struct {
		name  string
		who   string
		stage string
		want  bool
	}{
		{"the hospital reads its draft", "applicant", "draft", true},
		{"another hospital never learns of it", "other hospital", "approved", false},
		{"the municipal MPA does not see a draft", "MPA reader", "draft", false},
		{"the municipal MPA reads what was submitted", "MPA reader", "assessing, reply awaited", true},
		{"the Health Commission gets the copy of a device too", "commission assessor", "assessing, reply awaited", true},
		{"the regulator reads what was submitted", "regulator's reader", "assessing, reply awaited", true},
		{"Customs sees nothing before the approval", "customs officer", "assessing, reply awaited", false},
		{"Customs sees nothing of a refusal", "customs officer", "refused", false},
		{"Customs sees an approval", "customs officer", "approved", true},
		{"an auditor reads what was submitted", "auditor", "withdrawn", true},
	} {
		c := stages[row.stage]
		c.Kind, c.Hospital = policy.Device, "h1"
		if got := c.MayRead(people[row.who]) == nil; got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func TestALinkReachesItsOwnCaseOnly(t *testing.T) {
	c := submitted(AtAgency, AtAgency)
	c.ID, c.Kind, c.Hospital = "c1", policy.Device, "h1"
	a := people["MPA assessor"]
	a.Via, a.Of, a.Gate, a.Issue = party.ByLink, "c2", "opinion-1", 1
	if err := c.MayRead(a); !errors.Is(err, fault.NotFound) {
		t.Errorf("a link for another case: got %v, want not found", err)
	}
	a.Of = "c1"
	if err := c.MayRead(a); err != nil {
		t.Errorf("a link for this case: got %v, want nil", err)
	}
	g := gate.Gate{ID: "opinion-2", Of: "c1", Kind: gate.Assess, Party: "mpa"}
	if err := g.MayAnswer(a); !errors.Is(err, fault.NotFound) {
		t.Errorf("a link for another gate: got %v, want not found", err)
	}
}

// A machine may what the person it names may, of the moves that answer a gate.
func TestAnAgencySystemAnswersAndDoesNothingElse(t *testing.T) {
	for _, row := range allowed {
		for _, who := range row.who {
			c, a := stages[row.stages[0]], people[who]
			if a.Via == party.BySystem {
				continue
			}
			c.Kind, c.Hospital = row.kinds[0], "h1"
			a.Via = party.ByAgencySystem
			name := fmt.Sprintf("%s a %s by %s in %q", row.verb, c.Kind, who, row.stages[0])
			err := c.Permits(row.verb, a)
			switch answer := slices.Contains([]Verb{AskOpinion, Opine, AskReply, Record}, row.verb); {
			case answer && err != nil:
				t.Errorf("%s: got %v, want it permitted", name, err)
			case !answer && !errors.Is(err, fault.Forbidden):
				t.Errorf("%s: got %v, want it forbidden", name, err)
			}
		}
	}
	g := gate.Gate{ID: "opinion-1", Of: "c1", Kind: gate.Assess, Party: "mpa"}
	for who, want := range map[string]error{"MPA assessor": nil, "MPA recorder": fault.Forbidden, "commission assessor": fault.NotFound} {
		a := people[who]
		a.Via = party.ByAgencySystem
		if err := g.MayAnswer(a); !errors.Is(err, want) {
			t.Errorf("a machine that names the %s at the municipal MPA's gate: got %v, want %v", who, err, want)
		}
	}
}

func TestStageIsDerivedFromTheLegs(t *testing.T) {
	var got []string
	for name, c := range stages {
		got = append(got, name+": "+string(c.Stage()))
	}
	slices.Sort(got)
	want := strings.TrimSpace(`
approved over an open opinion: approved
approved, papers owed: approved
approved: approved
assessing, papers owed: review
assessing, regulator wants more: supplement
assessing, reply awaited: review
draft: draft
lapsed: lapsed
opinion given, regulator wants it: supplement
opinion given, reply awaited: awaiting
refused over an open opinion: refused
refused: refused
supplementing both: supplement
supplementing, reply awaited: supplement
withdrawn: withdrawn`)
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("stages: got\n%s\nwant\n%s", s, want)
	}
}
