package casework

import (
	"errors"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
)

var monday = time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC) // 10:00 in Shanghai

func setting(now time.Time) Setting {
	return Setting{
		Now: now, Rules: policy.LocalSample(), Calendar: calendar.Official(),
		Agencies: party.Agencies{MunicipalMPA: "mpa", HealthCommission: "hc", Customs: "customs", Regulator: "nmpa"},
	}
}

// life walks a case and keeps its gates, as a store would.
type life struct {
	t     *testing.T
	c     Case
	gates map[string]gate.Gate
	facts []*Facts
}

func begin(t *testing.T, k policy.Kind) *life {
	l := &life{t: t, gates: map[string]gate.Gate{}}
	return l.take(New("c1", "JX-1", k, "pack-v1", people["applicant"], setting(monday)))
}

func (l *life) take(ch Change, err error) *life {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("move refused: %v", err)
	}
	l.c = ch.Case
	for _, g := range append(ch.Opened, ch.Changed...) {
		l.gates[g.ID] = g
	}
	if ch.Facts != nil {
		l.c.Seq++
		l.facts = append(l.facts, ch.Facts)
	}
	return l
}

func (l *life) open(leg gate.Leg) gate.Gate {
	l.t.Helper()
	g, ok := l.gates[l.c.Leg(leg).Gate]
	if !ok {
		l.t.Fatalf("the %s has no open gate", leg)
	}
	return g
}

func dossierOf(units int) Submission {
	return Submission{Manifest: "m", Digest: "d", Files: 3, Product: "球囊导管", Subject: "s", Quantity: units, Unit: "件"}
}

func (l *life) submit() *life {
	return l.take(l.c.Submit(dossierOf(10), people["applicant"], setting(monday)))
}

// opinionOf is an opinion on the first submission.
func opinionOf(met bool) Opinion {
	o := Opinion{Submission: 1}
	for _, q := range Questions {
		o.Findings = append(o.Findings, Finding{Question: q, Met: met, Reason: "理由充分"})
	}
	return o
}

func partly(units int) Decision {
	return Decision{
		Outcome: ApproveInPart, Number: "药监综械注函〔2026〕88号", Date: calendar.DayOf(monday), Reason: "先行批准部分数量",
		Terms: Terms{Quantity: units, Unit: "件", Conditions: []string{"每季度报告使用情况"}}, Submission: 1,
	}
}

var letter = Evidence{File: "f1", SHA256: strings.Repeat("a", 64)}

func TestSubmittingAsksBothAtOnceAndCopiesToBothAgencies(t *testing.T) {
	for _, row := range []struct {
		kind policy.Kind
		lead string
	}{{policy.Device, "mpa"}, {policy.Drug, "hc"}} {
		l := begin(t, row.kind).submit()
		f := l.facts[len(l.facts)-1]
		if got := strings.Join(f.Copies, " "); got != "hc mpa" {
			t.Errorf("copies of a %s: got %q, want both agencies", row.kind, got)
		}
		if g := l.open(gate.Opinion); g.Party != row.lead || g.Kind != gate.Assess {
			t.Errorf("opinion on a %s: got asked of %s, want %s", row.kind, g.Party, row.lead)
		}
		if g := l.open(gate.Reply); g.Party != "nmpa" || g.Kind != gate.Decide {
			t.Errorf("reply on a %s: got asked of %s, want the regulator", row.kind, g.Party)
		}
		if len(f.Starts) != 2 {
			t.Errorf("runs that a submission starts: got %d, want 2", len(f.Starts))
		}
	}
}

func TestASupplementStopsTheClockAndTheRestOfItGoesOnAfterwards(t *testing.T) {
	l := begin(t, policy.Device).submit()
	first := l.open(gate.Opinion)
	asked := monday.AddDate(0, 0, 2)
	l.take(l.c.Ask([]Defect{{What: "请补充说明书"}, {Item: "licence", What: "执业许可证已过期"}}, len(l.c.Submissions), first, "d", people["MPA assessor"], setting(asked)))
	if l.c.Stage() != StageSupplement || l.open(gate.Opinion).Party != "h1" {
		t.Fatalf("after a notice: got stage %s and %s's move, want the hospital's supplement", l.c.Stage(), l.open(gate.Opinion).Party)
	}
	answered := monday.AddDate(0, 0, 3)
	l.take(l.c.Resubmit(dossierOf(8), l.open(gate.Opinion), nil, "d", people["applicant"], setting(answered)))
	next := l.open(gate.Opinion)
	if next.Submission != 2 || next.Round != 1 {
		t.Errorf("the next gate: got submission %d round %d, want 2 and 1", next.Submission, next.Round)
	}
	if !next.Deadline.Due.After(first.Deadline.Due) {
		t.Errorf("after a supplement of a day: got due %v, want after %v", next.Deadline.Due, first.Deadline.Due)
	}
	cal := calendar.Official()
	used := cal.WorkingDaysBetween(calendar.DayOf(monday), calendar.DayOf(asked))
	left := cal.WorkingDaysBetween(calendar.DayOf(answered), calendar.DayOf(next.Deadline.Due))
	if used+left != 10 {
		t.Errorf("working days used %d and left %d: got %d, want the limit's 10", used, left, used+left)
	}
	if l.c.Asked() != 8 {
		t.Errorf("units asked for after resubmitting: got %d, want 8", l.c.Asked())
	}
}

func TestAReplyOvertakesAnOpenOpinion(t *testing.T) {
	l := begin(t, policy.Device).submit()
	open := l.open(gate.Opinion)
	l.take(l.c.Record(partly(6), letter, l.open(gate.Reply), []gate.Gate{open}, "d", people["regulator's recorder"], setting(monday.Add(time.Hour))))
	if l.c.Status != Approved || l.c.Stage() != StagePart || l.c.Opinion.State != LegOvertaken {
		t.Errorf("got %s, %s, opinion %s; want approved, in part, overtaken", l.c.Status, l.c.Stage(), l.c.Opinion.State)
	}
	if g := l.gates[open.ID]; g.Status != gate.Closed || g.Answer.Choice != gate.Overtaken {
		t.Errorf("the assess gate: got %s, want closed as overtaken", g.Status)
	}
	if got := strings.Join(l.facts[len(l.facts)-1].Shares, " "); got != "h1 mpa hc customs" {
		t.Errorf("told of an approval: got %q, want the hospital and three agencies", got)
	}
}

func TestARefusalIsNotSharedWithCustoms(t *testing.T) {
	l := begin(t, policy.Device).submit()
	l.take(l.c.Opine(opinionOf(false), l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday)))
	d := Decision{Outcome: Refuse, Submission: 1, Number: "1", Date: calendar.DayOf(monday), Reason: "国内已有同品种产品"}
	l.take(l.c.Record(d, letter, l.open(gate.Reply), nil, "d", people["MPA recorder"], setting(monday)))
	if l.c.Status != Refused || !l.c.Decision.Transcript {
		t.Errorf("got %s, transcript %v; want refused, as transcribed by the MPA", l.c.Status, l.c.Decision.Transcript)
	}
	if got := strings.Join(l.facts[len(l.facts)-1].Shares, " "); got != "h1 mpa hc" {
		t.Errorf("told of a refusal: got %q, want no Customs", got)
	}
}

func TestWithdrawingClosesBothGates(t *testing.T) {
	l := begin(t, policy.Device).submit()
	open := []gate.Gate{l.open(gate.Opinion), l.open(gate.Reply)}
	l.take(l.c.Withdraw("患者已转院", open, people["applicant"], setting(monday)))
	for _, g := range l.gates {
		if g.Status != gate.Closed || g.Answer.Choice != gate.Withdrawn {
			t.Errorf("gate %s: got %s, want closed as withdrawn", g.ID, g.Status)
		}
	}
	if l.c.Status != Withdrawn || l.c.Opinion.State.Open() || l.c.Reply.State.Open() {
		t.Errorf("got %s with an open leg, want withdrawn", l.c.Status)
	}
}

func TestWhatADecisionMustSay(t *testing.T) {
	l := begin(t, policy.Device).submit()
	tomorrow := calendar.DayOf(monday).AddDays(1)
	for _, row := range []struct {
		name  string
		edit  func(*Decision, *Evidence)
		field string
		code  string
	}{
		{"a partial approval of fewer units is fine", func(*Decision, *Evidence) {}, "", ""},
		{"a letter has a number", func(d *Decision, _ *Evidence) { d.Number = " " }, "number", "field.missing"},
		{"a letter has a date", func(d *Decision, _ *Evidence) { d.Date = calendar.Day{} }, "date", "field.missing"},
		{"a letter is not dated after today", func(d *Decision, _ *Evidence) { d.Date = tomorrow }, "date", "field.future"},
		{"the evidence is mandatory", func(_ *Decision, e *Evidence) { e.File = "" }, "evidence", "evidence.missing"},
		{"a partial approval says why", func(d *Decision, _ *Evidence) { d.Reason = "" }, "reason", "field.missing"},
		{"nothing more than was asked for", func(d *Decision, _ *Evidence) { d.Terms.Quantity = 11 }, "quantity", "field.range"},
		{"at least one unit", func(d *Decision, _ *Evidence) { d.Terms.Quantity = 0 }, "quantity", "field.range"},
		{"a partial approval limits something", func(d *Decision, _ *Evidence) { d.Terms.Quantity, d.Terms.Conditions = 10, nil }, "quantity", "terms.part"},
		{"an approval in full is for all units", func(d *Decision, _ *Evidence) { d.Outcome = Approve }, "quantity", "terms.full"},
		{"a refusal has no terms", func(d *Decision, _ *Evidence) { d.Outcome = Refuse }, "quantity", "terms.refused"},
		{"a validity does not end before it begins", func(d *Decision, _ *Evidence) { d.Terms.ValidUntil = d.Date.AddDays(-1) }, "validUntil", "terms.validity"},
		{"an outcome is one of three", func(d *Decision, _ *Evidence) { d.Outcome = "later" }, "outcome", "field.choice"},
		{"a reason is at most 4000 characters", func(d *Decision, _ *Evidence) { d.Reason = strings.Repeat("长", 4001) }, "reason", "field.long"},
		{"no control characters", func(d *Decision, _ *Evidence) { d.Reason = "a\x00b" }, "reason", "field.control"},
		{"no empty condition", func(d *Decision, _ *Evidence) { d.Terms.Conditions = []string{""} }, "conditions", "field.missing"},
	} {
		d, e := partly(6), letter
		row.edit(&d, &e)
		open := l.open(gate.Opinion)
		_, err := l.c.Record(d, e, l.open(gate.Reply), []gate.Gate{open}, "d", people["regulator's recorder"], setting(monday))
		if row.code == "" {
			if err != nil {
				t.Errorf("%s: got %v, want nil", row.name, err)
			}
			continue
		}
		f := fault.Of(err)
		if f == nil || len(f.Problems) == 0 || f.Problems[0].Field != row.field || f.Problems[0].Code != row.code {
			t.Errorf("%s: got %v, want %s %s", row.name, err, row.field, row.code)
		}
	}
}

func TestWhatAnOpinionMustSay(t *testing.T) {
	l := begin(t, policy.Device).submit()
	for _, row := range []struct {
		name string
		edit func(*Opinion)
		want string
	}{
		{"three findings with reasons are an opinion", func(*Opinion) {}, ""},
		{"a question may not be left out", func(o *Opinion) { o.Findings = o.Findings[:2] }, "finding-quantity"},
		{"every finding has a reason", func(o *Opinion) { o.Findings[1].Reason = "" }, "reason-urgency"},
		{"a question is answered once", func(o *Opinion) { o.Findings = append(o.Findings, o.Findings[0]) }, "findings"},
		{"advice has its bound", func(o *Opinion) { o.Advice = strings.Repeat("长", 4001) }, "advice"},
	} {
		o := opinionOf(true)
		row.edit(&o)
		_, err := l.c.Opine(o, l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday))
		got := ""
		if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
			got = f.Problems[0].Field
		}
		if got != row.want {
			t.Errorf("%s: got problem at %q (%v), want %q", row.name, got, err, row.want)
		}
	}
}

func TestAGateIsAnsweredByItsPartyAndOnce(t *testing.T) {
	l := begin(t, policy.Device).submit()
	g := l.open(gate.Opinion)
	for _, row := range []struct {
		name string
		who  string
		want error
	}{
		{"the regulator has no business at the opinion", "regulator's recorder", fault.NotFound},
		{"an officer who only reads may not assess", "MPA reader", fault.Forbidden},
		{"the Health Commission does not lead devices", "commission assessor", fault.NotFound},
		{"a hospital does not assess itself", "applicant", fault.NotFound},
	} {
		_, err := l.c.Opine(opinionOf(true), g, "d", people[row.who], setting(monday))
		if !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
	}
	l.take(l.c.Opine(opinionOf(true), g, "d", people["MPA assessor"], setting(monday)))
	if _, err := l.c.Opine(opinionOf(true), l.gates[g.ID], "d", people["MPA assessor"], setting(monday)); !errors.Is(err, fault.Conflict) {
		t.Errorf("answering again: got %v, want a conflict", err)
	}
}

func TestDeadlinesRingInOrderAndBlockNobody(t *testing.T) {
	l := begin(t, policy.Device).submit()
	now, last := monday, time.Time{}
	var kinds []gate.RingKind
	for range 4 {
		g := l.open(gate.Opinion)
		if g.Ring == nil {
			break
		}
		if g.Ring.At.Before(last) {
			t.Errorf("ring %s at %v comes before %v, want in order", g.Ring.Kind, g.Ring.At, last)
		}
		last, now = g.Ring.At, g.Ring.At
		if _, err := l.c.Ring(g, setting(now.Add(-time.Second))); !errors.Is(err, fault.Conflict) {
			t.Errorf("a second early: got %v, want a conflict", err)
		}
		kinds = append(kinds, g.Ring.Kind)
		l.take(l.c.Ring(g, setting(now)))
	}
	if len(kinds) < 2 || kinds[0] != gate.Reminder || kinds[1] != gate.Due {
		t.Errorf("rings: got %v, want a reminder, then due", kinds)
	}
	l.take(l.c.Opine(opinionOf(true), l.open(gate.Opinion), "d", people["MPA assessor"], setting(now.AddDate(0, 1, 0))))
}

func TestWithoutALimitNothingIsInvented(t *testing.T) {
	s := setting(monday)
	s.Rules = policy.Default()
	l := begin(t, policy.Device)
	l.take(l.c.Submit(dossierOf(1), people["applicant"], s))
	if g := l.open(gate.Opinion); g.Deadline != nil || g.Ring != nil {
		t.Errorf("an opinion without a prescribed limit: got a deadline %v, want none", g.Deadline)
	}
}

func TestARunIsRaisedOnceAndOnlyWhileTheLegIsOpen(t *testing.T) {
	l := begin(t, policy.Device).submit()
	ch, err := l.c.Restart(gate.Opinion, 1, setting(monday))
	l.take(ch, err)
	if l.c.Opinion.Run != 2 || l.facts[len(l.facts)-1].Starts[0].Run != 2 {
		t.Errorf("after a restart: got run %d, want 2", l.c.Opinion.Run)
	}
	if _, err := l.c.Restart(gate.Opinion, 1, setting(monday)); !errors.Is(err, fault.Conflict) {
		t.Errorf("raising the same run again: got %v, want a conflict", err)
	}
	l.take(l.c.Opine(opinionOf(true), l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday)))
	if _, err := l.c.Restart(gate.Opinion, 2, setting(monday)); !errors.Is(err, fault.Conflict) {
		t.Errorf("raising the run of a leg that is over: got %v, want a conflict", err)
	}
}
