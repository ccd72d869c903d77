package docket_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
)

func submitAs(t *testing.T, tw *town, n string) *play {
	t.Helper()
	p := &play{town: tw}
	ctx, a := context.Background(), actor("lin")
	r, err := p.Desk.Create(ctx, op(n+"create"), policy.Device, a)
	must(t, err)
	p.id = r.Case
	_, err = p.Desk.Save(ctx, op(n+"save"), p.id, p.record().Case.Dossier, form, a)
	must(t, err)
	p.attach(n + "attach")
	_, err = p.Desk.Submit(ctx, op(n+"submit"), p.id, p.record().Case.Dossier, true, a)
	must(t, err)
	p.Engine()
	return p
}

// urgent submits in the emergency lane.
func urgent(t *testing.T, tw *town) *play {
	t.Helper()
	p := &play{town: tw}
	ctx, lin := context.Background(), actor("lin")
	r, err := p.Desk.Create(ctx, op("u-create"), policy.Device, lin)
	must(t, err)
	p.id = r.Case
	_, err = p.Desk.Save(ctx, op("u-save"), p.id, p.record().Case.Dossier, form, lin)
	must(t, err)
	lane := docket.Lane{Later: []string{"signed-form"}, Urgency: "患者须于48小时内手术"}
	_, err = p.Desk.SubmitUrgent(ctx, op("u-submit"), p.id, p.record().Case.Dossier, true, lane, lin)
	must(t, err)
	p.Engine()
	return p
}

func (p *play) letter(name string, d casework.Decision) {
	ctx, shen := context.Background(), actor("shen")
	ref := p.ref(gate.Reply)
	f, _, err := p.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", shen)
	must(p.t, err)
	p.send(f.ID)
	d.Evidence = f.ID
	_, err = p.Desk.Record(ctx, op(name), ref, d, shen, nil)
	must(p.t, err)
	p.Engine()
}

func (p *play) amended(name string, d casework.Decision) {
	ctx, shen := context.Background(), actor("shen")
	var ref docket.GateRef
	for _, g := range p.record().Gates {
		if g.Leg == gate.Reply && g.Answer != nil && g.Answer.Choice == string(casework.Record) {
			ref = docket.GateRef{Of: p.id, Gate: g.ID}
		}
	}
	f, _, err := p.Desk.Evidence(ctx, ref, docket.Upload{Name: "更正.pdf"}, "", shen)
	must(p.t, err)
	p.send(f.ID)
	d.Evidence = f.ID
	_, err = p.Desk.Amend(ctx, op(name), ref, p.record().Case.Replies(), d, "来函更正", shen)
	must(p.t, err)
	p.Engine()
}

var (
	yes = casework.Decision{Outcome: casework.Approve, Number: "函1号", Date: calendar.DayOf(monday), Terms: casework.Terms{Quantity: 10, Unit: "套"}}
	no  = casework.Decision{Outcome: casework.Refuse, Number: "函2号", Date: calendar.DayOf(monday), Reason: "不予批准"}
)

// A refusal that replaces an approval leaves nothing owed.
func TestAnAmendedRefusalOwesNoPapers(t *testing.T) {
	tw := newTown(t)
	p := urgent(t, tw)
	p.letter("rec", yes)
	p.amended("am", no)
	c := p.record().Case
	if c.Status != casework.Refused {
		t.Fatal(c.Status)
	}
	if c.Papers.Gate != "" {
		g, _ := p.record().Gate(c.Papers.Gate)
		tw.World.Clock.Advance(60 * 24 * time.Hour)
		n, err := tw.Deadlines.Ring(context.Background())
		must(t, err)
		t.Errorf(
			"a refused case still waits at %s (%s); the clock rang %d times for it, and Edit is permitted: %v",
			g.ID,
			g.Status,
			n,
			c.Permits(casework.Edit, actor("lin")) == nil,
		)
	}
}

// Papers that follow an approval replace nothing that was approved.
func TestAnApprovedCaseKeepsWhatWasApproved(t *testing.T) {
	ctx, lin := context.Background(), actor("lin")
	tw := newTown(t)
	p := urgent(t, tw)
	p.letter("rec", yes)
	other := maps.Clone(form)
	other["product-zh"], other["manufacturer"], other["quantity"], other["indication"] = "另一种产品", "Other Ltd", "9999", "另一适应证"
	_, err := p.Desk.Save(ctx, op("late-save"), p.id, p.record().Case.Dossier, other, lin)
	t.Logf("saving another product into an approved case: %v", err)
	p.attach("late")
	owed := docket.GateRef{Of: p.id, Gate: p.record().Case.Papers.Gate}
	_, err = p.Desk.Deliver(ctx, op("deliver"), owed, p.record().Case.Dossier, true, lin)
	t.Logf("delivering: %v", err)
	c := p.record().Case
	last := c.Submissions[len(c.Submissions)-1]
	if c.Status == casework.Approved && (last.Product != "封堵器" || c.Asked() != 10) {
		t.Errorf(
			"the approved case (decision on submission %d) now shows product %q and asks for %d %s; every page, list and the API name the newest submission's product",
			c.Decision.Submission,
			last.Product,
			c.Asked(),
			last.Unit,
		)
	}
}

// Who may only look gets no signed upload form.
func TestAReaderUploadsNothing(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := &play{town: tw}
	p.draft()
	a := actor("lin")
	r, _, err := p.Desk.Attach(ctx, op("slot"), p.id, p.record().Case.Dossier, docket.Upload{Item: "signed-form", Name: "补充.pdf"}, "", a)
	must(t, err)
	reader := a
	reader.Person, reader.Roles = "viewer", []party.Role{party.Reader}
	if err := p.record().Case.Permits(casework.Edit, reader); err == nil {
		t.Fatal("the law lets a reader edit")
	}
	ticket, err := p.Desk.Ticket(ctx, p.id, r.File, "", reader)
	if err == nil {
		t.Errorf("a reader got a signed upload form for %v", ticket.Fields["key"])
	}
}

// Who may record for the regulator arranges nothing at its gate.
func TestAnotherOrganisationDoesNotHoldThePartysGate(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	ref := p.ref(gate.Reply)
	g, _ := p.record().Open(gate.Reply)
	if g.Party != "nmpa" || !slices.Contains(g.Recorders, "mpa") {
		t.Fatalf("%+v", g)
	}
	_, err := tw.Desk.Assign(ctx, op("assign1"), ref, "shen", actor("shen"))
	must(t, err)
	if _, err := tw.Desk.Hold(ctx, op("hold"), ref, "市局内部原因", calendar.DayOf(monday).AddDays(30), actor("tang")); err == nil {
		g, _ := p.record().Open(gate.Reply)
		t.Errorf("tang of mpa holds the gate of %s until %s; reason shown to the regulator's people: %q", g.Party, g.Hold.Until, g.Hold.Reason)
	}
	if _, err := tw.Desk.Assign(ctx, op("assign2"), ref, "tang", actor("tang")); err == nil {
		g, _ := p.record().Open(gate.Reply)
		t.Errorf("the regulator's gate is now assigned to %s of mpa; shen was struck out", g.Assignee)
	}
}

// Papers that are delivered while an answer is written do not slip under it.
func TestAnOpinionIsAboutTheSubmissionThatWasSeen(t *testing.T) {
	ctx, lin := context.Background(), actor("lin")
	tw := newTown(t)
	p := urgent(t, tw)
	ref := p.ref(gate.Opinion)
	seen, _ := p.record().Open(gate.Opinion) // the page and its confirm page are open at zhou's
	// meanwhile
	p.attach("a2")
	owed := docket.GateRef{Of: p.id, Gate: p.record().Case.Papers.Gate}
	_, err := p.Desk.Deliver(ctx, op("deliver"), owed, p.record().Case.Dossier, true, lin)
	must(t, err)
	// zhou presses the button
	_, err = p.Desk.Opine(ctx, op("opine"), ref, opinion(), actor("zhou"), nil)
	if f := fault.Of(err); f == nil || f.Code != "gate.submission" {
		t.Errorf("zhou read submission %d, which is no longer the newest: got %v, want a conflict", seen.Submission, err)
	}
	if c := p.record().Case; c.Given != nil || c.Opinion.State != casework.AtAgency {
		t.Errorf("got an opinion on submission %d, want none", c.Given.Submission)
	}
	_, err = p.Desk.Opine(ctx, op("opine-2"), p.ref(gate.Opinion), opinion(), actor("zhou"), nil)
	must(t, err)
}

// A refusal that was replaced by an approval owes its papers anew.
func TestAnAmendedApprovalStillOwesItsPapers(t *testing.T) {
	tw := newTown(t)
	p := urgent(t, tw)
	p.letter("rec", no)
	p.amended("am", yes)
	c := p.record().Case
	g, ok := p.record().Gate(c.Papers.Gate)
	if c.Status != casework.Approved || !ok || g.Status != gate.Open || g.Deadline == nil {
		t.Fatalf("got %s, papers %+v, want an open gate with a day", c.Status, c.Papers)
	}
	p.attach("late")
	owed := docket.GateRef{Of: p.id, Gate: c.Papers.Gate}
	_, err := p.Desk.Deliver(context.Background(), op("deliver"), owed, p.record().Case.Dossier, true, actor("lin"))
	must(t, err)
}

// What a delivery does not name stays in the working dossier and is not sent with it.
func TestADeliveryAddsTheOwedPapersOnly(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := urgent(t, tw)
	_, err := tw.Desk.Ask(ctx, op("ask"), p.ref(gate.Opinion), []casework.Defect{{What: "补"}}, actor("zhou"), nil)
	must(t, err)
	other := maps.Clone(form)
	other["product-zh"], other["quantity"] = "另一种产品", "9999"
	_, err = p.Desk.Save(ctx, op("s2"), p.id, p.record().Case.Dossier, other, actor("lin")) // for the supplement
	must(t, err)
	p.attach("owed")
	owed := docket.GateRef{Of: p.id, Gate: p.record().Case.Papers.Gate}
	_, err = p.Desk.Deliver(ctx, op("deliver"), owed, p.record().Case.Dossier, true, actor("lin"))
	must(t, err)
	c := p.record().Case
	m, err := p.Desk.ManifestOf(ctx, p.record(), c.Submissions[1])
	must(t, err)
	if m.Form["product-zh"] != "封堵器" || c.Submissions[1].Quantity != 10 || len(m.Files) != 1 || m.Files[0].Item != "signed-form" {
		t.Errorf("delivered: got %v, want the first submission and the paper owed", m)
	}
	if c.Form["product-zh"] != "另一种产品" {
		t.Errorf("the working dossier: got %s, want what was typed for the supplement", c.Form["product-zh"])
	}
}

// The same letter is the same letter, uploaded twice and its number's brackets
// typed otherwise.
func TestTheSameLetterTwiceIsOneReply(t *testing.T) {
	ctx, shen := context.Background(), actor("shen")
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	ref := p.ref(gate.Reply)
	files := []string{}
	for range 2 {
		f, _, err := p.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", shen)
		must(t, err)
		p.send(f.ID)
		files = append(files, f.ID)
	}
	d := yes
	d.Number, d.Evidence = "药监综械注函〔2026〕88号", files[0]
	first, err := p.Desk.Record(ctx, op("one"), ref, d, shen, nil)
	must(t, err)
	d.Number, d.Evidence = "药监综械注函[2026]88号", files[1]
	again, err := p.Desk.Record(ctx, op("two"), ref, d, shen, nil)
	if err != nil || again.Seq != first.Seq {
		t.Errorf("the same letter again: got entry %d (%v), want the first receipt, of entry %d", again.Seq, err, first.Seq)
	}
	d.Terms.Quantity = 9
	d.Outcome, d.Reason = casework.ApproveInPart, "核减"
	if _, err := p.Desk.Record(ctx, op("three"), ref, d, shen, nil); fault.Of(err) == nil || fault.KindOf(err) != fault.Conflict {
		t.Errorf("another reply: got %v, want a conflict", err)
	}
}

// Where local policy leaves the reply to the regulator, no officer of the municipal
// MPA puts its record right by way of a gate that is theirs.
func TestOnlyWhoMayRecordAReplyPutsItsRecordRight(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	rules := policy.LocalSample()
	rules.Recorder = policy.ByRegulator
	must(t, tw.World.Directory.PutRules(ctx, rules))
	p := submitAs(t, tw, "a-")
	p.letter("rec", no)
	both := actor("zhou")
	both.Roles = []party.Role{party.Assessor, party.Recorder}
	d := yes
	d.Number = no.Number
	for _, g := range p.record().Gates {
		_, err := p.Desk.Correct(ctx, op("by-"+g.ID), docket.GateRef{Of: p.id, Gate: g.ID}, p.record().Case.Replies(), d, "录入有误", both)
		if c := p.record().Case; err == nil || c.Status != casework.Refused {
			t.Errorf("by way of %s: got %v, the case is %s, want it refused as it was", g.ID, err, c.Status)
		}
	}
}

// The same letter again, its brackets typed otherwise, is no later letter.
func TestTheSameLetterReplacesNothing(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	d := yes
	d.Number = "药监综械注函〔2026〕88号"
	ref := p.ref(gate.Reply)
	p.letter("rec", d)
	d.Number = "药监综械注函[2026]88号"
	f, _, err := p.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", actor("tang"))
	must(t, err)
	p.send(f.ID)
	d.Evidence = f.ID
	_, err = p.Desk.Amend(ctx, op("am"), ref, p.record().Case.Replies(), d, "来函更正", actor("tang"))
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("got %v and %d former replies, want a conflict", err, len(p.record().Case.Former))
	}
}

func (p *play) recordedAt() docket.GateRef {
	for _, g := range p.record().Gates {
		if g.Leg == gate.Reply && g.Answer != nil && g.Answer.Choice == string(casework.Record) {
			return docket.GateRef{Of: p.id, Gate: g.ID, Submission: g.Submission}
		}
	}
	p.t.Fatal("no reply was recorded")
	return docket.GateRef{}
}

// A correction of the letter that somebody saw does not overwrite the later one.
func TestACorrectionIsAboutTheRecordThatWasSeen(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	p.letter("rec", yes)
	// tang opens the form of a correction: letter 1, one slip in its reason.
	typed := yes
	typed.Reason = "同意"
	// Meanwhile shen enters the later letter: refused.
	later := no
	p.amended("am", later)
	_, err := p.Desk.Correct(ctx, op("correct"), p.recordedAt(), 1, typed, "漏录理由", actor("shen"))
	c := p.record().Case
	if fault.KindOf(err) != fault.Conflict || c.Status != casework.Refused || c.Decision.Number != later.Number {
		t.Errorf(
			"got %v, the reply is now %s %s (%s), proved by the file of %s; want a conflict and the later letter",
			err,
			c.Decision.Outcome,
			c.Decision.Number,
			c.Status,
			later.Number,
		)
	}
}

// A dossier in volumes is read in the order in which it was sent, whatever the ids of
// its files are. Ids are random: by chance alone all of these would not be in order.
func TestTheFilesOfASubmissionAreInTheOrderSent(t *testing.T) {
	ctx := context.Background()
	for range 12 {
		p := &play{town: newTown(t)}
		p.draft()
		sent := []string{p.file}
		p.World.Clock.Advance(time.Second)
		p.attach("volume-2")
		sent = append(sent, p.file)
		p.submit()
		v, err := p.Desk.View(ctx, p.id, actor("zhou"))
		must(t, err)
		m, err := p.Desk.ManifestOf(ctx, v.Record, v.Case.Submissions[0])
		must(t, err)
		for name, got := range map[string]dossier.Manifest{"on a page": *v.Manifest, "of a version": m} {
			var order []string
			for _, f := range got.Files {
				order = append(order, f.File)
			}
			if !slices.Equal(order, sent) {
				t.Errorf("%s: got %v, want %v", name, order, sent)
			}
		}
	}
}
