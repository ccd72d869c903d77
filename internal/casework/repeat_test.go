package casework

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
)

// problem is the first thing wrong, as "field code".
func problem(err error) string {
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return f.Problems[0].Field + " " + f.Problems[0].Code
	}
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

func repeatOf(situation reuse.Situation, how ...reuse.Treatment) reuse.Proposal {
	return reuse.Proposal{
		Situation: situation, Clause: reuse.ClauseRepeat, How: [3]reuse.Treatment(how),
		RelyOn: &reuse.Precedent{Case: "c0", Number: "JX-0"},
	}
}

func TestAnOpinionFollowsTheMatrixOrSaysWhyNot(t *testing.T) {
	same := repeatOf(reuse.SameHospital, reuse.Rely, reuse.Rely, reuse.IfNeeded)
	other := repeatOf(reuse.OtherHospital, reuse.Focus, reuse.NotAgain, reuse.Focus)
	stale := same
	stale.How, stale.Stale = [3]reuse.Treatment{reuse.Assess, reuse.Assess, reuse.Assess}, []reuse.Stale{reuse.Indication}
	stopped := stale
	stopped.Stale = []reuse.Stale{reuse.Stopped}
	claimed := stale
	claimed.Stale, claimed.Lacking = nil, []reuse.Lack{reuse.NotFound}
	for _, row := range []struct {
		name     string
		placed   reuse.Proposal
		relied   [3]bool
		override string
		want     string
	}{
		{"the same hospital relies on all three", same, [3]bool{true, true, true}, "", ""},
		{"the same hospital's quantity is assessed if needed, without a reason", same, [3]bool{true, true, false}, "", ""},
		{"asking capability again departs from the proposal", same, [3]bool{false, true, true}, "", "override field.missing"},
		{"and is allowed with a reason", same, [3]bool{false, true, true}, "科室负责人已更换", ""},
		{"another hospital's urgency is not assessed again", other, [3]bool{false, true, false}, "", ""},
		{"another hospital's capability is never relied on", other, [3]bool{true, true, false}, "理由", "finding-capability reuse.other"},
		{"assessing urgency again needs a reason", other, [3]bool{false, false, false}, "", "override field.missing"},
		{"a changed indication can be overridden with a reason", stale, [3]bool{true, true, true}, "适应证表述调整，实质未变", ""},
		{"a changed indication cannot be passed over in silence", stale, [3]bool{true, true, true}, "", "override field.missing"},
		{"a stop order cannot be overridden", stopped, [3]bool{true, true, true}, "理由", "finding-capability reuse.stale"},
		{"a claim of the hospital is not a finding", claimed, [3]bool{true, true, true}, "理由", "finding-capability reuse.none"},
		{"a first time relies on nothing", reuse.Proposal{}, [3]bool{true, false, false}, "理由", "finding-capability reuse.none"},
	} {
		l := begin(t, policy.Device).submit()
		o := opinionOf(true)
		o.Placed, o.Override = row.placed, row.override
		for i, relied := range row.relied {
			o.Findings[i].Relied = relied
			if relied {
				o.Findings[i].Reason = ""
			}
		}
		_, err := l.c.Opine(o, l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday))
		if got := problem(err); got != row.want {
			t.Errorf("%s: got %q (%v), want %q", row.name, got, err, row.want)
		}
	}
}

func TestAFindingReliedOnWasMet(t *testing.T) {
	l := begin(t, policy.Device).submit()
	o := opinionOf(false)
	o.Placed = repeatOf(reuse.SameHospital, reuse.Rely, reuse.Rely, reuse.IfNeeded)
	for i := range o.Findings {
		o.Findings[i].Relied = true
	}
	if _, err := l.c.Opine(o, l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday)); problem(err) != "finding-capability reuse.unmet" {
		t.Errorf("relying on what is not met: got %v", err)
	}
}

func TestHistoryKeepsWhatAnOpinionReliedOn(t *testing.T) {
	l := begin(t, policy.Device).submit()
	l.take(l.c.Identify("v1", "与 JX-0 为同一品种", false, 1, people["MPA assessor"], setting(monday)))
	l.take(l.c.Join("同意联合评估", people["commission assessor"], setting(monday)))
	o := opinionOf(true)
	o.Placed = repeatOf(reuse.SameHospital, reuse.Rely, reuse.Rely, reuse.IfNeeded)
	for i := range o.Findings {
		o.Findings[i].Relied = true
	}
	l.take(l.c.Opine(o, l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday)))
	fx := l.facts[len(l.facts)-1].Opinion
	if fx.Placed == nil || fx.Placed.RelyOn.Number != "JX-0" || !fx.Findings[0].Relied || !slices.Equal(fx.Joint, []string{"hc"}) {
		t.Errorf("got %+v, want the opinion relied on, the findings, and who joined", fx)
	}
	if _, _, ok := l.c.Precedent(); ok {
		t.Fatalf("the case is relied on before it is approved")
	}
	approved := l.c
	approved.Status, approved.Decision = Approved, &Decision{Submission: 1, At: monday}
	v, p, ok := approved.Precedent()
	if !ok || v != "v1" || !p.Joint || p.Own != [3]bool{} || p.Met != [3]bool{true, true, true} {
		t.Errorf("as a precedent: got %+v, want one for v1, joint, nothing assessed itself", p)
	}
	if _, err := l.c.Identify("v2", "另一品种", false, 1, people["MPA assessor"], setting(monday)); !errors.Is(err, fault.Conflict) {
		t.Errorf("another finding after the opinion: got %v, want a conflict", err)
	}
}

func TestTheRegulatorMayReplyWhileItsOwnSupplementIsOpen(t *testing.T) {
	l := begin(t, policy.Drug).submit()
	l.take(l.c.Ask([]Defect{{What: "请补充数量测算"}}, len(l.c.Submissions), l.open(gate.Reply), "d", people["regulator's recorder"], setting(monday)))
	g := l.open(gate.Reply)
	if g.Kind != gate.Supplement || !slices.Contains(g.Recorders, "nmpa") || !slices.Contains(g.Recorders, "mpa") {
		t.Fatalf("the supplement: got kind %s, recorders %v; want those who may enter the reply", g.Kind, g.Recorders)
	}
	if f := l.facts[len(l.facts)-1]; len(f.Opens[0].Recorders) != 0 {
		t.Errorf("told of the supplement: got %v, want the hospital alone", f.Opens[0].Recorders)
	}
	if _, err := l.c.Resubmit(dossierOf(8), g, nil, "d", people["regulator's recorder"], setting(monday)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a recorder supplements for the hospital: got %v, want forbidden", err)
	}
	if _, err := l.c.Record(partly(6), letter, g, nil, "d", people["applicant"], setting(monday)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("the hospital records its own reply: got %v, want forbidden", err)
	}
	l.take(l.c.Record(partly(6), letter, g, []gate.Gate{l.open(gate.Opinion)}, "d", people["regulator's recorder"], setting(monday.Add(time.Hour))))
	if l.c.Status != Approved || l.c.Reply.State != Given || l.c.Opinion.State != LegOvertaken {
		t.Errorf("got %s, reply %s, opinion %s; want approved over both", l.c.Status, l.c.Reply.State, l.c.Opinion.State)
	}
}

func TestALaterLetterReplacesTheReplyAndKeepsIt(t *testing.T) {
	l := begin(t, policy.Device).submit()
	l.take(l.c.Record(partly(6), letter, l.open(gate.Reply), []gate.Gate{l.open(gate.Opinion)}, "d", people["regulator's recorder"], setting(monday)))
	tuesday := monday.AddDate(0, 0, 1)
	later := Decision{Outcome: Refuse, Number: "药监综械注函〔2026〕99号", Date: calendar.DayOf(tuesday), Reason: "境内已有同品种产品获准上市"}
	proof := Evidence{File: "f2", SHA256: strings.Repeat("b", 64)}
	recorder := people["regulator's recorder"]
	for _, row := range []struct {
		name string
		edit func(*Decision, *Evidence, *string)
		want string
	}{
		{"the same letter is no later one", func(d *Decision, _ *Evidence, _ *string) { d.Number, d.Date = l.c.Decision.Number, l.c.Decision.Date }, "amend.same"},
		{"a later letter is not earlier", func(d *Decision, _ *Evidence, _ *string) { d.Date = d.Date.AddDays(-30) }, "date amend.earlier"},
		{"it has its own evidence", func(_ *Decision, e *Evidence, _ *string) { e.File = "" }, "evidence evidence.missing"},
		{"it says why", func(_ *Decision, _ *Evidence, why *string) { *why = "" }, "why field.missing"},
	} {
		d, e, why := later, proof, "国家药监局发函更正"
		row.edit(&d, &e, &why)
		if _, err := l.c.Amend(d, e, why, l.c.Replies(), nil, recorder, setting(tuesday)); problem(err) != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	l.take(l.c.Amend(later, proof, "国家药监局发函更正", l.c.Replies(), nil, recorder, setting(tuesday)))
	if l.c.Status != Refused || l.c.Decision.Number != later.Number || len(l.c.Former) != 1 {
		t.Errorf("got %s by %s with %d former; want refused by the later letter, the former kept", l.c.Status, l.c.Decision.Number, len(l.c.Former))
	}
	f := l.facts[len(l.facts)-1]
	if !slices.Contains(f.Shares, "customs") || f.Replaced == nil || f.Replaced.Number != "药监综械注函〔2026〕88号" {
		t.Errorf("told %v, replaced %+v; want Customs told, who had heard of the approval", f.Shares, f.Replaced)
	}
	if err := l.c.MayRead(people["customs officer"]); err != nil {
		t.Errorf("Customs and the case it cleared goods for: got %v, want nil", err)
	}
}

func TestALateOpinionIsForTheRecordOnly(t *testing.T) {
	l := begin(t, policy.Device).submit()
	l.take(l.c.Record(partly(6), letter, l.open(gate.Reply), []gate.Gate{l.open(gate.Opinion)}, "d", people["regulator's recorder"], setting(monday)))
	before := l.c
	l.take(l.c.OpineLate(opinionOf(false), people["MPA assessor"], setting(monday)))
	if l.c.Status != before.Status || l.c.Opinion.State != LegOvertaken || l.c.Given == nil || !l.c.Given.Late {
		t.Errorf("got %s, opinion %s, given %+v; want nothing moved but a late opinion kept", l.c.Status, l.c.Opinion.State, l.c.Given)
	}
	if _, _, ok := l.c.Precedent(); ok {
		t.Errorf("a late opinion is relied on, want not")
	}
	if _, err := l.c.OpineLate(opinionOf(true), people["MPA assessor"], setting(monday)); !errors.Is(err, fault.Conflict) {
		t.Errorf("a second late opinion: got %v, want a conflict", err)
	}
}

func TestASupplementLapsesOnlyWhereLocalPolicySaysSo(t *testing.T) {
	for _, row := range []struct {
		name   string
		effect policy.Effect
		want   Status
	}{
		{"a warning ends nothing", policy.Warn, Submitted},
		{"a local rule that lapses ends the case", policy.Lapse, Lapsed},
	} {
		s := setting(monday)
		rules := policy.LocalSample()
		limits := map[string]policy.Limit{}
		for k, v := range rules.Limits {
			limits[k] = v
		}
		sup := limits[policy.Supplement]
		sup.Effect = row.effect
		limits[policy.Supplement] = sup
		rules.Limits = limits
		s.Rules = rules
		l := begin(t, policy.Device)
		l.take(l.c.Submit(dossierOf(10), people["applicant"], s))
		l.take(l.c.Ask([]Defect{{What: "请补充"}}, len(l.c.Submissions), l.open(gate.Opinion), "d", people["MPA assessor"], s))
		for range 3 {
			g, ok := l.gates[l.c.Opinion.Gate]
			if !ok || g.Ring == nil {
				break
			}
			s.Now = g.Ring.At
			if g.Lapses(s.Now) {
				early := s
				early.Now = s.Now.Add(-time.Second)
				if _, err := l.c.Lapse(g, nil, early); !errors.Is(err, fault.Conflict) {
					t.Errorf("%s, a second early: got %v, want a conflict", row.name, err)
				}
				l.take(l.c.Lapse(g, []gate.Gate{g, l.open(gate.Reply)}, s))
				continue
			}
			l.take(l.c.Ring(g, s))
		}
		if l.c.Status != row.want {
			t.Errorf("%s: got %s, want %s", row.name, l.c.Status, row.want)
		}
		if row.want == Lapsed {
			for _, g := range l.gates {
				if g.Status == gate.Open {
					t.Errorf("%s: gate %s is still open", row.name, g.ID)
				}
			}
		}
	}
}

func TestTheEmergencyLaneOwesNamedPapersByADate(t *testing.T) {
	closed := setting(monday)
	closed.Rules = policy.Default()
	f := dossierOf(10)
	f.Later, f.Urgency = []string{"agreements"}, "患者须于48小时内手术"
	l := begin(t, policy.Device)
	if _, err := l.c.Submit(f, people["applicant"], closed); problem(err) != "later lane.closed" {
		t.Errorf("without a local limit: got %v, want no such lane", err)
	}
	silent := f
	silent.Urgency = ""
	if _, err := l.c.Submit(silent, people["applicant"], setting(monday)); problem(err) != "lane-urgency field.missing" {
		t.Errorf("without a reason: got %v, want one asked for", err)
	}
	l.take(l.c.Submit(f, people["applicant"], setting(monday)))
	owed := l.gates[l.c.Papers.Gate]
	if owed.Kind != gate.Deliver || owed.Party != "h1" || owed.Deadline == nil || !l.c.Editable() {
		t.Fatalf("owed: got %+v, want the hospital's dated gate and an editable dossier", owed)
	}
	l.take(l.c.Deliver(dossierOf(10), owed, []gate.Gate{l.open(gate.Opinion), l.open(gate.Reply)}, "d", people["applicant"], setting(monday.Add(time.Hour))))
	if l.c.Papers.Gate != "" || len(l.c.Submissions) != 2 || l.open(gate.Opinion).Submission != 2 || l.c.Opinion.State != AtAgency {
		t.Errorf("after delivering: got %+v, %d submissions; want nothing owed and the assessor looking at the second", l.c.Papers, len(l.c.Submissions))
	}
}

func TestPapersAreStillOwedAfterAnApprovalAndNotAfterARefusal(t *testing.T) {
	for _, row := range []struct {
		outcome Outcome
		open    bool
	}{{Approve, true}, {Refuse, false}} {
		f := dossierOf(10)
		f.Later, f.Urgency = []string{"agreements"}, "急"
		l := begin(t, policy.Device)
		l.take(l.c.Submit(f, people["applicant"], setting(monday)))
		owed := l.gates[l.c.Papers.Gate]
		d := Decision{Outcome: row.outcome, Submission: 1, Number: "1", Date: calendar.DayOf(monday), Reason: "理由"}
		if row.outcome == Approve {
			d.Terms = Terms{Quantity: 10, Unit: "件"}
		}
		l.take(l.c.Record(d, letter, l.open(gate.Reply), []gate.Gate{l.open(gate.Opinion), owed}, "d", people["regulator's recorder"], setting(monday)))
		if got := l.gates[owed.ID].Status == gate.Open; got != row.open || (l.c.Papers.Gate != "") != row.open {
			t.Errorf("after %s: papers owed %v, want %v", row.outcome, got, row.open)
		}
		if row.open {
			now := l.gates[owed.ID].Ring.At
			l.take(l.c.Ring(l.gates[owed.ID], setting(now)))
		}
	}
}

func TestHoldingStopsNoClock(t *testing.T) {
	l := begin(t, policy.Device).submit()
	g, mpa := l.open(gate.Opinion), people["MPA assessor"]
	due := g.Deadline.Due
	for _, row := range []struct {
		name  string
		until calendar.Day
		why   string
		want  string
	}{
		{"today is too soon", calendar.DayOf(monday), "等待专家", "until hold.until"},
		{"a year and a week is too long", calendar.DayOf(monday).AddDays(373), "等待专家", "until hold.until"},
		{"a day is named", calendar.Day{}, "等待专家", "until field.missing"},
		{"a reason is given", calendar.DayOf(monday).AddDays(2), "", "reason field.missing"},
	} {
		if _, err := l.c.Hold(row.why, row.until, g, mpa, setting(monday)); problem(err) != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	if _, err := l.c.Hold("等待", calendar.DayOf(monday).AddDays(2), g, people["applicant"], setting(monday)); !errors.Is(err, fault.NotFound) {
		t.Errorf("the hospital holds the assessor's gate: got %v, want not found", err)
	}
	until := calendar.DayOf(monday).AddDays(2)
	l.take(l.c.Hold("等待专家会", until, g, mpa, setting(monday)))
	held := l.open(gate.Opinion)
	if !held.Deadline.Due.Equal(due) || held.Ring.Kind != gate.Wake || calendar.DayOf(held.Ring.At) != until {
		t.Fatalf("held: got due %v, ring %+v; want the same due, woken on %s", held.Deadline.Due, held.Ring, until)
	}
	l.take(l.c.Ring(held, setting(held.Ring.At)))
	if woken := l.open(gate.Opinion); woken.Hold != nil || woken.Ring == nil || *woken.Ring != *g.Ring {
		t.Errorf("woken: got hold %+v, ring %+v; want none, and the ring it would have had: %+v", woken.Hold, woken.Ring, g.Ring)
	}
	l.take(l.c.Hold("再等", calendar.DayOf(due).AddDays(30), l.open(gate.Opinion), mpa, setting(monday.AddDate(0, 0, 3))))
	if late := l.open(gate.Opinion); late.Ring.Kind != gate.Reminder {
		t.Errorf("held beyond the deadline: got ring %s first, want the reminder", late.Ring.Kind)
	}
	l.take(l.c.Release(l.open(gate.Opinion), mpa, setting(monday)))
	if free := l.open(gate.Opinion); free.Hold != nil || *free.Ring != *g.Ring {
		t.Errorf("released: got %+v, want as if nobody had held it", free.Ring)
	}
	if _, err := l.c.Release(l.open(gate.Opinion), mpa, setting(monday)); problem(err) != "hold.none" {
		t.Errorf("releasing what nobody holds: got %v", err)
	}
}

func TestWorkIsAssignedToWhoMayDoIt(t *testing.T) {
	l := begin(t, policy.Device).submit()
	mpa := people["MPA assessor"]
	l.take(l.c.Assign(mpa, l.open(gate.Opinion), mpa, setting(monday)))
	if got := l.open(gate.Opinion).Assignee; got != "p4" {
		t.Errorf("assigned to %q, want p4", got)
	}
	for _, who := range []string{"MPA reader", "commission assessor", "applicant"} {
		if _, err := l.c.Assign(people[who], l.open(gate.Opinion), mpa, setting(monday)); problem(err) != "person assign.role" {
			t.Errorf("assigning to %s: got %v, want refused", who, err)
		}
	}
}

func TestFilingAndReceiptsAreRecordedAsTheyCome(t *testing.T) {
	l := begin(t, policy.Drug).submit()
	f := Filing{Channel: "受理和举报中心窗口", Date: calendar.DayOf(monday)}
	l.take(l.c.File(f, people["applicant"], setting(monday)))
	f.Receipt = "受理2026-0001"
	l.take(l.c.File(f, people["applicant"], setting(monday)))
	if l.c.Filing.Receipt == "" {
		t.Errorf("the receipt number was lost")
	}
	for _, row := range []struct {
		name string
		f    Filing
		want string
	}{
		{"a channel is named", Filing{Date: calendar.DayOf(monday)}, "channel field.missing"},
		{"a date is given", Filing{Channel: "邮寄"}, "date field.missing"},
		{"not one to come", Filing{Channel: "邮寄", Date: calendar.DayOf(monday).AddDays(1)}, "date field.future"},
	} {
		if _, err := l.c.File(row.f, people["applicant"], setting(monday)); problem(err) != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	reader := people["MPA reader"]
	l.take(l.c.Receive(1, reader, setting(monday)))
	if _, err := l.c.Receive(1, reader, setting(monday)); problem(err) != "copy.received" {
		t.Errorf("the same copy again: got %v, want a conflict", err)
	}
	if _, err := l.c.Receive(1, people["regulator's reader"], setting(monday)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("the regulator gets no copy: got %v, want forbidden", err)
	}
	l.take(l.c.Opine(opinionOf(true), l.open(gate.Opinion), "d", people["commission assessor"], setting(monday)))
	l.take(l.c.ReportOn(Filing{Channel: "公文", Date: calendar.DayOf(monday)}, people["commission recorder"], setting(monday)))
	if l.c.Report == nil {
		t.Errorf("the report to the NHC was not kept")
	}
}

func TestALinkAnswersItsGateAndNothingElse(t *testing.T) {
	l := begin(t, policy.Device).submit()
	a := people["MPA assessor"]
	a.Via, a.Of, a.Gate, a.Issue = party.ByLink, "c1", l.open(gate.Opinion).ID, 1
	for _, v := range Verbs() {
		err := l.c.Permits(v, a)
		if answers := v == Opine || v == AskOpinion; (err == nil) != answers {
			t.Errorf("%s by a link: got %v, want allowed %v", v, err, answers)
		}
	}
}

func TestAnOverdueGateIsToldToWhoCoordinates(t *testing.T) {
	for _, row := range []struct {
		kind policy.Kind
		want string
	}{{policy.Device, "hc"}, {policy.Drug, "mpa"}} {
		l := begin(t, row.kind).submit()
		for range 3 {
			g := l.open(gate.Opinion)
			l.take(l.c.Ring(g, setting(g.Ring.At)))
		}
		if got := l.facts[len(l.facts)-1].Ring; got.Kind != gate.Overdue || got.Escalated != row.want {
			t.Errorf("a %s overdue: got %s told to %q, want overdue, told to %s", row.kind, got.Kind, got.Escalated, row.want)
		}
	}
}
