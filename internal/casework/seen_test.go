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
	"jixu/internal/policy"
)

// urgent submits in the emergency lane with one paper owed.
func urgent(t *testing.T) *life {
	f := dossierOf(10)
	f.Later, f.Urgency = []string{"agreements"}, "患者须于48小时内手术"
	l := begin(t, policy.Device)
	return l.take(l.c.Submit(f, people["applicant"], setting(monday)))
}

func (l *life) recorded(outcome Outcome) *life {
	d := Decision{Outcome: outcome, Submission: len(l.c.Submissions), Number: "函1号", Date: calendar.DayOf(monday), Reason: "理由"}
	if outcome != Refuse {
		d.Terms = Terms{Quantity: 10, Unit: "件"}
	}
	var open []gate.Gate
	for _, g := range l.gates {
		if g.Status == gate.Open && g.ID != l.c.Reply.Gate {
			open = append(open, g)
		}
	}
	return l.take(l.c.Record(d, letter, l.open(gate.Reply), open, "d", people["regulator's recorder"], setting(monday)))
}

func (l *life) owedGate() []gate.Gate {
	if g, ok := l.gates[l.c.Papers.Gate]; ok {
		return []gate.Gate{g}
	}
	return nil
}

// What an agency answers is about the submission it read, also when papers that
// were owed come while its page is open.
func TestAnAnswerIsAboutTheSubmissionThatWasSeen(t *testing.T) {
	mpa, nmpa := people["MPA assessor"], people["regulator's recorder"]
	l := urgent(t)
	l.take(
		l.c.Deliver(dossierOf(10), l.gates[l.c.Papers.Gate], []gate.Gate{l.open(gate.Opinion), l.open(gate.Reply)}, "d", people["applicant"], setting(monday)),
	)
	g, r := l.open(gate.Opinion), l.open(gate.Reply)
	late := opinionOf(true)
	d := Decision{Outcome: Approve, Submission: 1, Number: "1", Date: calendar.DayOf(monday), Terms: Terms{Quantity: 10, Unit: "件"}}
	for _, row := range []struct {
		name string
		do   func(seen int) error
		code string
	}{
		{"an opinion", func(seen int) error {
			late.Submission = seen
			_, err := l.c.Opine(late, g, "d", mpa, setting(monday))
			return err
		}, "gate.submission"},
		{"a notice", func(seen int) error {
			_, err := l.c.Ask([]Defect{{What: "补"}}, seen, g, "d", mpa, setting(monday))
			return err
		}, "gate.submission"},
		{"a reply", func(seen int) error {
			d.Submission = seen
			_, err := l.c.Record(d, letter, r, nil, "d", nmpa, setting(monday))
			return err
		}, "gate.submission"},
		{"a finding", func(seen int) error {
			_, err := l.c.Identify("v1", "同", false, seen, mpa, setting(monday))
			return err
		}, "case.submission"},
		{"a copy's receipt", func(seen int) error { _, err := l.c.Receive(seen, mpa, setting(monday)); return err }, "case.submission"},
	} {
		if err := row.do(1); problem(err) != row.code || !errors.Is(err, fault.Conflict) {
			t.Errorf("%s on the first submission while the second is there: got %v, want conflict %s", row.name, err, row.code)
		}
		if err := row.do(2); err != nil {
			t.Errorf("%s on the second: got %v, want it taken", row.name, err)
		}
	}
}

// A supplement on one leg makes a submission that the other leg's agency
// sees as well: its gate is about that one from then on.
func TestASupplementOnOneLegIsSeenOnTheOther(t *testing.T) {
	l := begin(t, policy.Device).submit()
	l.take(l.c.Ask([]Defect{{What: "补"}}, 1, l.open(gate.Reply), "d", people["regulator's recorder"], setting(monday)))
	l.take(l.c.Resubmit(dossierOf(8), l.open(gate.Reply), []gate.Gate{l.open(gate.Opinion)}, "d", people["applicant"], setting(monday)))
	if g := l.open(gate.Opinion); g.Submission != 2 || g.Status != gate.Open {
		t.Errorf("the assessor's gate: got submission %d, %s, want 2 and open", g.Submission, g.Status)
	}
	if _, err := l.c.Opine(opinionOf(true), l.open(gate.Opinion), "d", people["MPA assessor"], setting(monday)); problem(err) != "gate.submission" {
		t.Errorf("an opinion on the first submission: got %v, want a conflict", err)
	}
}

func TestPapersThatFollowChangeNothingThatWasSubmitted(t *testing.T) {
	a := people["applicant"]
	l := urgent(t).recorded(Approve)
	if _, err := l.c.Fill(map[string]string{"product-zh": "另一种"}, a, monday); problem(err) != "papers.only" {
		t.Errorf("the form of an approved case: got %v, want it closed", err)
	}
	if _, err := l.c.ClaimVariety("v1", a, monday); problem(err) != "papers.only" {
		t.Errorf("the claim of an approved case: got %v, want it closed", err)
	}
	if _, err := l.c.Attach("signed-form", "f9", 5, a, monday); problem(err) != "papers.only" {
		t.Errorf("a paper that is not owed: got %v, want it refused", err)
	}
	if _, err := l.c.Attach("agreements", "f9", 5, a, monday); err != nil {
		t.Errorf("a paper that is owed: got %v, want it taken", err)
	}
	other := dossierOf(9999)
	other.Product, other.Subject = "另一种产品", "else"
	l.take(l.c.Deliver(other, l.gates[l.c.Papers.Gate], nil, "d", a, setting(monday)))
	if s := l.c.Submissions[1]; s.Product != "球囊导管" || s.Quantity != 10 || !l.c.SameSubject(1, 2) {
		t.Errorf("delivered: got %s, %d, want what was approved", s.Product, s.Quantity)
	}
}

func TestALaterLetterSettlesThePapersOwedBothWays(t *testing.T) {
	proof := Evidence{File: "f2", SHA256: strings.Repeat("b", 64)}
	a, tuesday := people["regulator's recorder"], setting(monday.AddDate(0, 0, 1))
	for _, how := range []string{"amended", "corrected"} {
		replace := func(l *life, d Decision) *life {
			d.Date = calendar.DayOf(tuesday.Now)
			if how == "amended" {
				return l.take(l.c.Amend(d, proof, "后续批复", l.c.Replies(), l.owedGate(), a, tuesday))
			}
			return l.take(l.c.Correct(d, proof, "录入有误", l.c.Replies(), l.owedGate(), a, tuesday))
		}
		l := urgent(t).recorded(Approve)
		owed := l.c.Papers.Gate
		l = replace(l, Decision{Outcome: Refuse, Number: "函2号", Reason: "不予批准"})
		if g := l.gates[owed]; g.Status != gate.Closed || l.c.Papers.Gate != "" || l.c.Permits(Edit, people["applicant"]) == nil {
			t.Errorf("%s to a refusal: papers %s, want nothing owed and nothing to edit", how, g.Status)
		}
		l = replace(l, Decision{Outcome: Approve, Number: "函3号", Terms: Terms{Quantity: 10, Unit: "件"}})
		if g, ok := l.gates[l.c.Papers.Gate]; !ok || g.ID == owed || g.Deadline == nil || l.facts[len(l.facts)-1].Opens[0].Party != "h1" {
			t.Errorf("%s to an approval again: got gate %+v, want the papers owed anew, with a day", how, g)
		}
		if len(l.c.Former) != 2 || l.c.Former[0].Reason != "" || l.c.Former[0].Entry == 0 {
			t.Errorf("%s: former replies %+v, want two, whose long texts stand in their entries", how, l.c.Former)
		}
	}
}

func TestASlipInEnteringTheReplyIsPutRight(t *testing.T) {
	a := people["regulator's recorder"]
	l := begin(t, policy.Device).submit()
	l.take(l.c.Record(partly(6), letter, l.open(gate.Reply), []gate.Gate{l.open(gate.Opinion)}, "d", a, setting(monday)))
	if _, err := l.c.Correct(partly(6), letter, "无", l.c.Replies(), nil, a, setting(monday)); problem(err) != "correct.same" {
		t.Errorf("correcting nothing: got %v, want it refused", err)
	}
	right := partly(7)
	right.Date = right.Date.AddDays(-3) // earlier than the day that was typed: no later letter is
	if _, err := l.c.Correct(right, letter, "", l.c.Replies(), nil, a, setting(monday)); problem(err) != "why field.missing" {
		t.Errorf("without a reason: got %v, want one asked for", err)
	}
	l.take(l.c.Correct(right, letter, "数量录入有误", l.c.Replies(), nil, a, setting(monday)))
	f := l.facts[len(l.facts)-1]
	if l.c.Decision.Terms.Quantity != 7 || f.Replaced.Quantity != 6 || !slices.Contains(f.Shares, "customs") {
		t.Errorf("got %d units, replaced %d, told %v; want 7 for 6, and everybody told again", l.c.Decision.Terms.Quantity, f.Replaced.Quantity, f.Shares)
	}
}

// The terms of a later letter are held against what was approved, whatever was
// submitted since.
func TestALaterLetterIsAboutTheSubmissionThatWasApproved(t *testing.T) {
	a := people["regulator's recorder"]
	l := begin(t, policy.Device).submit()
	l.take(l.c.Ask([]Defect{{What: "补"}}, 1, l.open(gate.Reply), "d", a, setting(monday)))
	l.take(l.c.Record(partly(6), letter, l.open(gate.Reply), []gate.Gate{l.open(gate.Opinion)}, "d", a, setting(monday)))
	l.c.Submissions = append(l.c.Submissions, Submission{No: 2, Product: "另一种", Quantity: 2})
	d := partly(8)
	d.Number = "函9号"
	l.take(l.c.Amend(d, Evidence{File: "f2"}, "后续批复", l.c.Replies(), nil, a, setting(monday)))
	if l.c.Decision.Submission != 1 || l.c.Decision.Terms.Quantity != 8 {
		t.Errorf("got %+v, want eight units of the first submission", l.c.Decision)
	}
}

func TestAFindingDoesNotSurviveAnotherProduct(t *testing.T) {
	mpa := people["MPA assessor"]
	for _, row := range []struct {
		name    string
		product string
		subject string
		found   bool
	}{
		{"the same product with another paper", "球囊导管", "s", true},
		{"another product", "封堵器", "t", false},
		{"an earlier build kept the name only", "球囊导管", "", true},
		{"another maker of a product of the same name", "球囊导管", "else", false},
	} {
		l := begin(t, policy.Device).submit()
		l.take(l.c.Identify("v1", "一致", false, 1, mpa, setting(monday)))
		l.take(l.c.Ask([]Defect{{What: "补"}}, 1, l.open(gate.Opinion), "d", mpa, setting(monday)))
		f := dossierOf(10)
		f.Product, f.Subject = row.product, row.subject
		l.take(l.c.Resubmit(f, l.open(gate.Opinion), nil, "d", people["applicant"], setting(monday.Add(time.Hour))))
		if _, got := l.c.Found(); got != row.found || l.c.Asking(Claims{}, setting(monday)).Found != row.found {
			t.Errorf("%s: got found %v, want %v", row.name, got, row.found)
		}
		// What is found anew is found for this product.
		l.take(l.c.Identify("v2", "另一品种", false, 2, mpa, setting(monday.Add(2*time.Hour))))
		if v, ok := l.c.Found(); v != "v2" || !ok {
			t.Errorf("%s: found anew: got %s %v, want v2", row.name, v, ok)
		}
	}
}

// An earlier build kept only the instant of a finding.
func TestAnOldFindingBelongsToTheSubmissionOfItsTime(t *testing.T) {
	c := Case{Variety: &Identity{Variety: "v1", At: monday.Add(time.Hour)}, Submissions: []Submission{
		{No: 1, At: monday, Product: "甲"}, {No: 2, At: monday.Add(2 * time.Hour), Product: "乙"},
	}}
	if _, ok := c.Found(); ok {
		t.Error("a finding before the second submission, which is about another product: got it kept")
	}
	c.Submissions = c.Submissions[:1]
	if _, ok := c.Found(); !ok {
		t.Error("a finding on the only submission: got it lost")
	}
}

func TestOnlyThePartyArrangesItsWork(t *testing.T) {
	l := begin(t, policy.Device).submit()
	g, tang := l.open(gate.Reply), people["MPA recorder"]
	if err := g.MayAnswer(tang); err != nil {
		t.Fatalf("the municipal MPA's recorder may enter the reply: %v", err)
	}
	if _, err := l.c.Hold("内部原因", calendar.DayOf(monday).AddDays(3), g, tang, setting(monday)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("holding the regulator's gate: got %v, want forbidden", err)
	}
	if _, err := l.c.Assign(tang, g, tang, setting(monday)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("assigning the regulator's gate: got %v, want forbidden", err)
	}
}

// What is asked of the table is what the move itself would say.
func TestTheTableOfMovesKnowsWhoDidItAlready(t *testing.T) {
	l := begin(t, policy.Device).submit()
	hc := people["commission assessor"]
	l.take(l.c.Join("同意", hc, setting(monday)))
	l.take(l.c.Receive(1, hc, setting(monday)))
	for v, code := range map[Verb]string{JoinVerb: "join.twice", Receive: "copy.received"} {
		if err := l.c.Permits(v, hc); problem(err) != code {
			t.Errorf("%s again by the same agency: got %v, want %s", v, err, code)
		}
	}
	if err := l.c.Permits(Receive, people["MPA reader"]); err != nil {
		t.Errorf("the other agency's copy: got %v, want permitted", err)
	}
}

// No free text of a case holds a number that names a patient: it would stand in
// history for ever.
func TestNoFreeTextHoldsAPatientsNumber(t *testing.T) {
	text := "患者 11010519491231002X 已转院"
	mpa, nmpa, hc, lin := people["MPA assessor"], people["regulator's recorder"], people["commission assessor"], people["applicant"]
	l := begin(t, policy.Device).submit()
	g, r := l.open(gate.Opinion), l.open(gate.Reply)
	o := opinionOf(true)
	o.Findings[0].Reason = text
	d := partly(6)
	d.Terms.Conditions = []string{text}
	numbered := partly(6)
	numbered.Number = text
	until := calendar.DayOf(monday).AddDays(3)
	for name, do := range map[string]func() error{
		"a withdrawal": func() error { _, err := l.c.Withdraw(text, nil, lin, setting(monday)); return err },
		"a notice":     func() error { _, err := l.c.Ask([]Defect{{What: text}}, 1, g, "d", mpa, setting(monday)); return err },
		"an opinion":   func() error { _, err := l.c.Opine(o, g, "d", mpa, setting(monday)); return err },
		"a reply":      func() error { _, err := l.c.Record(d, letter, r, nil, "d", nmpa, setting(monday)); return err },
		"its number":   func() error { _, err := l.c.Record(numbered, letter, r, nil, "d", nmpa, setting(monday)); return err },
		"a finding":    func() error { _, err := l.c.Identify("v1", text, false, 1, mpa, setting(monday)); return err },
		"a joining":    func() error { _, err := l.c.Join(text, hc, setting(monday)); return err },
		"a pause":      func() error { _, err := l.c.Hold(text, until, g, mpa, setting(monday)); return err },
		"a filing": func() error {
			_, err := l.c.File(Filing{Channel: text, Date: calendar.DayOf(monday)}, lin, setting(monday))
			return err
		},
		"a receipt": func() error {
			_, err := l.c.File(Filing{Channel: "窗口", Date: calendar.DayOf(monday), Receipt: text}, lin, setting(monday))
			return err
		},
	} {
		if err := do(); !strings.Contains(problem(err), "field.identity") {
			t.Errorf("%s: got %v, want the number refused", name, err)
		}
	}
}

// What differs in blanks and line ends only is kept in one spelling, and what was
// handed in stays as it was.
func TestACaseKeepsOneSpelling(t *testing.T) {
	mpa, nmpa := people["MPA assessor"], people["regulator's recorder"]
	l := begin(t, policy.Device).submit()
	g, r := l.open(gate.Opinion), l.open(gate.Reply)
	defects := []Defect{{What: " 请盖章\r\n并签字 "}}
	asked, err := l.c.Ask(defects, 1, g, "d", mpa, setting(monday))
	if err != nil || asked.Facts.Notice.Defects[0].What != "请盖章\n并签字" || defects[0].What != " 请盖章\r\n并签字 " {
		t.Errorf("a notice: got %+v %v of %q", asked.Facts, err, defects)
	}
	o := opinionOf(true)
	o.Findings[0].Reason = "　符合\r"
	given, err := l.c.Opine(o, g, "d", mpa, setting(monday))
	if err != nil || given.Facts.Opinion.Findings[0].Reason != "符合" || given.Case.Given.Findings[0].Reason != "符合" || o.Findings[0].Reason != "　符合\r" {
		t.Errorf("an opinion: got %+v %v of %+v", given.Facts, err, o)
	}
	d := partly(6)
	d.Number, d.Terms.Conditions = " "+d.Number+" ", []string{" 仅限本院\n"}
	recorded, err := l.c.Record(d, letter, r, nil, "d", nmpa, setting(monday))
	if err != nil || recorded.Facts.Decision.Number != partly(6).Number || recorded.Facts.Decision.Conditions[0] != "仅限本院" ||
		d.Terms.Conditions[0] != " 仅限本院\n" {
		t.Errorf("a reply: got %+v %v of %+v", recorded.Facts, err, d)
	}
}

// The number of a letter or a receipt may look like a telephone's.
func TestAReceiptMayLookLikeATelephone(t *testing.T) {
	l := begin(t, policy.Device).submit()
	f := Filing{Channel: "受理窗口", Date: calendar.DayOf(monday), Receipt: "13812345678"}
	if _, err := l.c.File(f, people["applicant"], setting(monday)); err != nil {
		t.Errorf("got %v, want it taken", err)
	}
}
