package inquiry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
	"jixu/internal/law/lawtest"
	"jixu/internal/party"
	"jixu/internal/policy"
)

var (
	monday    = time.Date(2026, 9, 28, 2, 0, 0, 0, time.UTC)
	applicant = party.Actor{Person: "p1", Org: "h1", Kind: party.Hospital, Roles: []party.Role{party.Applicant}, Via: party.BySession}
	other     = party.Actor{Person: "p2", Org: "h2", Kind: party.Hospital, Roles: []party.Role{party.Applicant}, Via: party.BySession}
	mpa       = party.Actor{Person: "p3", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Assessor}, Via: party.BySession}
	reader    = party.Actor{Person: "p4", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Reader}, Via: party.BySession}
	hc        = party.Actor{Person: "p5", Org: "hc", Kind: party.HealthCommission, Roles: []party.Role{party.Assessor}, Via: party.BySession}
)

func setting() inquiry.Setting {
	return inquiry.Setting{
		Now: monday, Rules: policy.Default(), Calendar: calendar.Official(),
		Agencies: party.Agencies{MunicipalMPA: "mpa", HealthCommission: "hc", Customs: "customs", Regulator: "nmpa"},
	}
}

func asked(t *testing.T, drug bool, s inquiry.Setting) inquiry.Inquiry {
	t.Helper()
	ch, err := inquiry.New("q1", "ZX26-Q", drug, "能否申请", "需要哪些资料？", applicant, s)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ch.Facts.Tells, ch.Inquiry.To) {
		t.Errorf("told %v, asked %v; want the same", ch.Facts.Tells, ch.Inquiry.To)
	}
	return ch.Inquiry
}

// Notice 002, two (1) 1: devices the municipal MPA alone, drugs both.
func TestWhoIsAsked(t *testing.T) {
	if got := asked(t, false, setting()).To; !slices.Equal(got, []string{"mpa"}) {
		t.Errorf("about a device: asked %v, want the municipal MPA alone", got)
	}
	if got := asked(t, true, setting()).To; !slices.Equal(got, []string{"mpa", "hc"}) {
		t.Errorf("about a drug: asked %v, want both", got)
	}
}

func TestWhatAQuestionMayBe(t *testing.T) {
	for _, row := range []struct {
		sentence, subject, question string
		who                         party.Actor
		want                        string
	}{
		{"a question with a subject is fine", "申请条件", "能否申请？", applicant, ""},
		{"an officer asks nothing", "申请条件", "能否申请？", mpa, "role"},
		{"a subject is one line", "申请\n条件", "能否申请？", applicant, "field.control"},
		{"a subject has its bound", strings.Repeat("长", 201), "能否申请？", applicant, "field.long"},
		{"a question is not empty", "申请条件", "  ", applicant, "field.missing"},
		{"a question has its bound", "申请条件", strings.Repeat("长", 4001), applicant, "field.long"},
		{"nobody's identity number is in it", "申请条件", "患者 11010519491231002X 能否使用？", applicant, "field.identity"},
	} {
		_, err := inquiry.New("q1", "ZX26-Q", false, row.subject, row.question, row.who, setting())
		got := ""
		if f := fault.Of(err); f != nil {
			if got = f.Code; len(f.Problems) > 0 {
				got = f.Problems[0].Code
			}
		}
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}

func TestADrugsQuestionIsAnsweredByBothAndOnceEach(t *testing.T) {
	q := asked(t, true, setting())
	for _, row := range []struct {
		sentence string
		who      party.Actor
		want     error
	}{
		{"another hospital never learns of it", other, fault.NotFound},
		{"the hospital does not answer itself", applicant, fault.Forbidden},
		{"an officer who only reads does not answer", reader, fault.Forbidden},
	} {
		if _, err := q.Answer("可以", row.who, setting()); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.sentence, err, row.want)
		}
	}
	first, err := q.Answer("可以", mpa, setting())
	if err != nil || first.Inquiry.Status != inquiry.Open || !slices.Equal(first.Facts.Tells, []string{"h1"}) {
		t.Fatalf("one answer: got %v, %s, told %v; want still open, the hospital told", err, first.Inquiry.Status, first.Facts.Tells)
	}
	if len(q.Answers) != 0 {
		t.Errorf("the value that was asked changed")
	}
	if _, err := first.Inquiry.Answer("不可以", mpa, setting()); !errors.Is(err, fault.Conflict) {
		t.Errorf("answering again: got %v, want a conflict", err)
	}
	both, err := first.Inquiry.Answer("可以", hc, setting())
	if err != nil || both.Inquiry.Status != inquiry.Answered {
		t.Errorf("both answers: got %v, %s; want answered", err, both.Inquiry.Status)
	}
}

func TestItsClockIsOffUnlessLocalPolicySetsOne(t *testing.T) {
	if q := asked(t, false, setting()); q.Deadline != nil || q.Overdue(monday.AddDate(1, 0, 0)) {
		t.Errorf("by the notice alone: got a deadline %v, want none", q.Deadline)
	}
	s := setting()
	limit := policy.LocalSample().Limits[policy.Receiving]
	limit.Key, limit.N = policy.Inquiring, 3
	s.Rules.Limits = map[string]policy.Limit{policy.Inquiring: limit}
	q := asked(t, false, s)
	if q.Deadline == nil || calendar.DayOf(q.Deadline.Due) != (calendar.Day{Year: 2026, Month: time.October, Day: 8}) {
		t.Fatalf("three working days from 2026-09-28 over National Day: got %+v, want 2026-10-08", q.Deadline)
	}
	if q.Overdue(q.Deadline.Due) || !q.Overdue(q.Deadline.Due.Add(time.Second)) {
		t.Errorf("overdue at the wrong second")
	}
}

func TestItIsKeptWithOneCase(t *testing.T) {
	q := asked(t, false, setting())
	if _, err := q.Attach("c1", mpa, setting()); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an officer keeps it with a case: got %v, want forbidden", err)
	}
	kept, err := q.Attach("c1", applicant, setting())
	if err != nil || kept.Inquiry.Case != "c1" {
		t.Fatalf("got %v, case %q; want c1", err, kept.Inquiry.Case)
	}
	if _, err := kept.Inquiry.Attach("c2", applicant, setting()); !errors.Is(err, fault.Conflict) {
		t.Errorf("with another case too: got %v, want a conflict", err)
	}
}

func TestEveryCellOfTheTableOfMoves(t *testing.T) {
	people := map[string]party.Actor{
		"the applicant": applicant, "another hospital": other, "MPA assessor": mpa, "MPA reader": reader, "commission assessor": hc,
		"hospital reader": {Person: "p6", Org: "h1", Kind: party.Hospital, Roles: []party.Role{party.Reader}, Via: party.BySession},
		"a link":          {Person: "p3", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Assessor}, Via: party.ByLink},
		"the clock":       party.System,
	}
	device, drug := asked(t, false, setting()), asked(t, true, setting())
	half, err := drug.Answer("可以", mpa, setting())
	if err != nil {
		t.Fatal(err)
	}
	things := map[string]inquiry.Inquiry{"about a device": device, "about a drug": drug, "half answered": half.Inquiry}
	lawtest.Cells(t, inquiry.Verbs(), people, things, []lawtest.Row{
		{Verb: inquiry.Reply, Who: []string{"MPA assessor"}, Things: []string{"about a device", "about a drug"}},
		{Verb: inquiry.Reply, Who: []string{"commission assessor"}, Things: []string{"about a drug", "half answered"}},
		{Verb: inquiry.Attach, Who: []string{"the applicant"}, Things: []string{"about a device", "about a drug", "half answered"}},
	}, inquiry.Inquiry.Permits)
}
