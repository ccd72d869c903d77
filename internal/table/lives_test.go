package table_test

import (
	"strings"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/sample"
	"jixu/internal/world"
)

func encodeEntry(e history.Entry) (string, error) {
	line, err := history.Encode(e)
	return string(line), err
}

// live lets the house live from September to November: everything that a case,
// an inquiry, a variety and a trust can go through, and at the end something of
// every kind that still waits.
func (h *house) live() {
	h.firstDevice()
	h.recounts()
	h.endings()
	h.drug()
	h.repeats()
	h.limits()
	h.emergency()
	h.bySystem()
	h.access()
	h.whatStillWaits()
	h.mistyped()
	h.revoked()
	h.unanswered()
}

// unanswered is a question whose time passes, and what waits for its instant when the
// house is written out.
func (h *house) unanswered() {
	h.rules(func(r *policy.Rules) {
		l := r.Limits[policy.Receiving]
		l.Key, l.N = policy.Inquiring, 5
		r.Limits[policy.Inquiring] = l
	})
	h.do("inquiry-unanswered", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, false, "标签", "是否需要中文标签？", "", actor("lin"))
	})
	h.World.Clock.Advance(15 * 24 * time.Hour)
	h.ring()
	h.do("inquiry-that-still-waits", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, false, "标签", "可以加贴吗？", "", actor("lin"))
	})
	h.rules(func(*policy.Rules) {})
	h.submitted("not-looked-at-yet", "lin", policy.Device, nil)
}

// firstDevice is a life with a question before it, both supplements, every file
// state, work at a gate, a joint opinion, a reply by link and its correction.
func (h *house) firstDevice() {
	lin, zhou, luo := actor("lin"), actor("zhou"), actor("luo")
	asked := h.do("inquiry-asked", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, false, "封堵器能否申请", "是否需要提供境外使用情况？", "", lin)
	})
	question := idOf(asked)
	h.do("inquiry-answered", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.AnswerInquiry(ctx, op, question, "需要，请附近三年数据。", zhou)
	})
	l := h.open("first-device", "lin", policy.Device, nil)
	h.do("inquiry-attached", func(op docket.Op) (docket.Receipt, error) { return h.Desk.AttachInquiry(ctx, op, question, l.id, lin) })
	l.arrive("rejected", l.announce("attached", "signed-form"), []byte("no PDF at all"))
	wrong := l.record().Files[0].ID
	version := l.version()
	l.step("detached", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Detach(ctx, op, l.id, version, "signed-form", wrong, lin)
	})
	l.arrive("infected", l.announce("attached", "signed-form"), harmful())
	infected := l.record().Case.Files["signed-form"][0]
	version = l.version()
	l.step("detached", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Detach(ctx, op, l.id, version, "signed-form", infected, lin)
	})
	h.World.Scanner.Away = true
	l.arrive("scanner-away", l.announce("attached", "signed-form"), paper)
	h.World.Scanner.Away = false
	h.World.Clock.Advance(time.Hour)
	_, err := h.Desk.Rescan(ctx)
	h.ok(err)
	l.submit()
	h.sweep()
	l.filing("filed", "")
	l.filing("filed-with-receipt", "受理〔2026〕12号")
	for _, who := range []party.Actor{zhou, luo} {
		l.step("received", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Receive(ctx, op, l.id, l.newest(), who) })
	}
	_, err = h.Desk.Open(ctx, l.id, l.record().Case.Files["signed-form"][0], zhou)
	h.ok(err)
	h.days(11)
	l.ask("opinion-supplement-asked", gate.Opinion, "zhou", casework.Defect{Item: "signed-form", What: "请加盖公章"}, casework.Defect{What: "请说明数量"})
	h.days(14)
	l.paper("signed-form")
	l.resubmit("resubmitted", gate.Opinion)
	ref := l.at(gate.Opinion)
	l.step("assigned", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Assign(ctx, op, ref, "zhou", zhou) })
	l.step("held", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Hold(ctx, op, ref, "等待专家会", h.today().AddDays(1), zhou)
	})
	h.days(1)
	l.step("held-again", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Hold(ctx, op, ref, "等待第二次专家会", h.today().AddDays(30), zhou)
	})
	l.step("released", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Release(ctx, op, ref, zhou) })
	product := docket.Product(l.record().Case)
	registered := l.step("variety-registered", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Register(ctx, op, l.id, l.newest(), product, "首次申请，新增品种", zhou)
	})
	h.secrets["variety of devices"] = idOf(registered)
	l.step("joined", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Join(ctx, op, l.id, "同意", luo) })
	o := world.Opinion()
	o.Advice = "请按批准数量使用"
	l.opine("opinion-given", "zhou", o)
	l.ask("reply-supplement-asked", gate.Reply, "shen", casework.Defect{What: "请补充境外说明书"})
	l.resubmit("reply-resubmitted", gate.Reply)
	a, pass := l.byLink("shen", "nmpa")
	l.replyBy("approved-in-part", a, pass, casework.Decision{
		Outcome: casework.ApproveInPart, Number: "函〔2026〕1号", Reason: "部分批准",
		Terms: casework.Terms{Quantity: 6, Unit: "套", ValidUntil: h.today().AddDays(365), Conditions: []string{"仅限本院使用", "每年报告"}},
	})
	l.amend("amended", "tang", approve("函〔2026〕1号（更正）", 10, "套"))
	l.amend("amended-again", "tang", casework.Decision{Outcome: casework.Refuse, Number: "函〔2026〕2号", Reason: "撤回"})
	l.amend("amended-back", "tang", approve("函〔2026〕3号", 10, "套"))
}

// harmful is a good PDF in which the scanner finds something.
func harmful() []byte {
	return append([]byte(nil), strings.Replace(string(sample.PDF(2, "申请表", 1, 0)), "%%EOF", "%JIXU-HARMFUL-SAMPLE\n%%EOF", 1)...)
}

func (l *life) filing(what, receipt string) {
	f := casework.Filing{Channel: "受理窗口", Date: l.today(), Receipt: receipt}
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.Desk.RecordFiling(ctx, op, l.id, f, l.who) })
}

func (l *life) amend(what, who string, d casework.Decision) {
	ref := docket.GateRef{Of: l.id}
	for _, g := range l.record().Gates {
		if g.Leg == gate.Reply && g.Kind == gate.Decide {
			ref.Gate, ref.Submission = g.ID, l.newest()
		}
	}
	a := actor(who)
	d.Evidence, d.Date = l.lateEvidence(what, ref, a), l.today()
	l.step(what, func(op docket.Op) (docket.Receipt, error) {
		return l.Desk.Amend(ctx, op, ref, l.record().Case.Replies(), d, "后续来函", a)
	})
}

// mistyped: the number of the letter was entered wrong, and put right by the same letter.
func (h *house) mistyped() {
	l := h.submitted("reply-mistyped", "lin", policy.Device, nil)
	l.reply("approved-mistyped", "tang", approve("函〔2026〕13号", 10, "套"))
	l.correct("corrected", "tang", approve("函〔2026〕31号", 10, "套"))
}

// revoked: the links of a gate end, and fresh ones are sent.
func (h *house) revoked() {
	l := h.submitted("links", "lin", policy.Device, nil)
	ref := l.at(gate.Reply)
	l.step("links-revoked", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.RevokeLinks(ctx, op, docket.GateRef{Of: ref.Of, Gate: ref.Gate}, actor("shen"))
	})
	l.reply("approved-after-revoking", "shen", approve("函〔2026〕41号", 10, "套"))
}

// correct puts right what was entered of the reply, by the same letter.
func (l *life) correct(what, who string, d casework.Decision) {
	ref := docket.GateRef{Of: l.id}
	for _, g := range l.record().Gates {
		if g.Leg == gate.Reply && g.Kind == gate.Decide {
			ref.Gate, ref.Submission = g.ID, l.newest()
		}
	}
	d.Date = l.today()
	l.step(what, func(op docket.Op) (docket.Receipt, error) {
		return l.Desk.Correct(ctx, op, ref, l.record().Case.Replies(), d, "文号录入有误", actor(who))
	})
}

// lateEvidence is a letter for a gate that was answered.
func (l *life) lateEvidence(what string, ref docket.GateRef, a party.Actor) string {
	return l.evidence(what+"-letter", ref, a)
}

// emergency: papers that follow are delivered, overdue, or nobody's any more; the
// reply comes before the opinion, which is given for the record.
func (h *house) emergency() {
	zhou := actor("zhou")
	urgent := func(name string) *life {
		l := h.open(name, "lin", policy.Device, map[string]string{"product-zh": "急用支架"})
		version := l.version()
		l.step("papers-owed", func(op docket.Op) (docket.Receipt, error) {
			lane := docket.Lane{Later: []string{"signed-form"}, Urgency: "患者须于48小时内手术"}
			return h.Desk.SubmitUrgent(ctx, op, l.id, version, true, lane, l.who)
		})
		return l
	}
	l := urgent("urgent")
	h.days(9)
	l.paper("signed-form")
	ref, version := l.at(gate.Papers), l.version()
	l.step("papers-delivered", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Deliver(ctx, op, ref, version, true, l.who)
	})
	l.reply("approved-before-opinion", "tang", approve("函〔2026〕11号", 10, "套"))
	l.step("late-opinion", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.OpineLate(ctx, op, l.id, l.newest(), world.Opinion(), zhou)
	})

	moot := urgent("urgent-refused")
	moot.reply("refused", "shen", casework.Decision{Outcome: casework.Refuse, Number: "函〔2026〕12号", Reason: "不予批准"})

	owing := urgent("urgent-approved")
	owing.reply("approved-owing-papers", "shen", approve("函〔2026〕13号", 10, "套"))

	back := urgent("urgent-withdrawn")
	back.withdraw()

	asked := urgent("urgent-supplement")
	asked.ask("supplement-asked-owing-papers", gate.Opinion, "zhou", casework.Defect{What: "请说明数量"})
	asked.resubmit("resubmitted-owing-papers", gate.Opinion)
}

func (l *life) withdraw() {
	l.step("withdrawn", func(op docket.Op) (docket.Receipt, error) {
		return l.Desk.Withdraw(ctx, op, l.id, "患者已转院", l.who)
	})
}

// drug: asked of both agencies, assessed by the Health Commission, reported to the NHC.
func (h *house) drug() {
	lin, luo, zhou := actor("lin"), actor("luo"), actor("zhou")
	h.rules(func(r *policy.Rules) {
		l := r.Limits[policy.Receiving]
		l.Key, l.N = policy.Inquiring, 5
		r.Limits[policy.Inquiring] = l
	})
	asked := h.do("inquiry-drug-asked", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, true, "罕见病药品", "可以由牵头医院代报吗？", "", lin)
	})
	q := idOf(asked)
	h.do("inquiry-drug-answered-by-one", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.AnswerInquiry(ctx, op, q, "可以。", luo)
	})
	h.do("inquiry-drug-answered-by-both", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.AnswerInquiry(ctx, op, q, "同意市卫生健康委意见。", zhou)
	})
	h.rules(func(*policy.Rules) {})
	l := h.submitted("first-drug", "lin", policy.Drug, nil)
	h.do("inquiry-asked-beside-a-case", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, true, "通关", "何时申请通关单？", l.id, lin)
	})
	registered := l.step("variety-registered", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Register(ctx, op, l.id, l.newest(), docket.Product(l.record().Case), "新增药品", luo)
	})
	h.secrets["variety of drugs"] = idOf(registered)
	l.opine("opinion-given", "luo", world.Opinion())
	l.step("reported", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.RecordReport(ctx, op, l.id, casework.Filing{Channel: "公文", Date: h.today(), Receipt: "沪卫〔2026〕9号"}, luo)
	})
	l.step("joined", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Join(ctx, op, l.id, "无异议", zhou) })
	l.reply("approved", "shen", approve("药函〔2026〕1号", 120, "支"))
}

// repeats: the matrix relies on earlier opinions, and a person overrides it.
func (h *house) repeats() {
	zhou, luo := actor("zhou"), actor("luo")
	device, drug := h.secrets["variety of devices"], h.secrets["variety of drugs"]
	claim := func(l *life, v string) {
		version := l.version()
		l.step("variety-claimed", func(op docket.Op) (docket.Receipt, error) {
			return h.Desk.Claim(ctx, op, l.id, version, v, l.who)
		})
	}
	identify := func(l *life, v string, who party.Actor) {
		l.step("variety-found", func(op docket.Op) (docket.Receipt, error) {
			return h.Desk.Identify(ctx, op, l.id, l.newest(), v, "型号与在先申请一致", who)
		})
	}
	other := h.open("repeat-other-hospital", "he", policy.Device, map[string]string{"licence-expires": "2027-06-30"})
	claim(other, device)
	other.paper("signed-form")
	other.submit()
	identify(other, device, zhou)
	other.opine("opinion-relied", "zhou", world.Opinion(1))
	other.reply("approved", "shen", approve("函〔2026〕21号", 10, "套"))

	again := map[string]string{"units-used": "used", "other-patients": "另两名患者", "quantity": "4"}
	same := h.open("repeat-same-hospital", "lin", policy.Device, again)
	claim(same, device)
	same.paper("signed-form")
	same.submit()
	identify(same, device, zhou)
	same.opine("opinion-relied", "zhou", world.Opinion(0, 1, 2))
	same.reply("approved", "shen", approve("函〔2026〕22号", 4, "套"))

	over := h.open("repeat-overridden", "lin", policy.Device, again)
	claim(over, device)
	over.paper("signed-form")
	over.submit()
	identify(over, device, zhou)
	o := world.Opinion(1)
	o.Override = "使用科室已变更，使用管理能力重新评估"
	over.opine("opinion-overridden", "zhou", o)

	lacking := h.submitted("repeat-lacking", "lin", policy.Device, map[string]string{"indication": "另一适应症"})
	identify(lacking, device, zhou)
	lacking.opine("opinion-all-three", "zhou", world.Opinion())

	pills := h.submitted("repeat-drug", "he", policy.Drug, nil)
	identify(pills, drug, luo)
	pills.opine("opinion-relied", "luo", world.Opinion(1))

	h.registers(device, drug)

	stale := h.submitted("repeat-stale", "he", policy.Drug, nil)
	identify(stale, drug, luo)
	stale.opine("opinion-all-three", "luo", world.Opinion())
}

// registers corrects one entry of the register and marks another.
func (h *house) registers(device, drug string) {
	v, err := h.Desk.Variety(ctx, device, actor("zhou"))
	h.ok(err)
	d := v.Data
	d.Category, d.SpecialReview, d.Conditional, d.UDI = "implant", true, true, "06900000000000"
	h.do("variety-corrected", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.CorrectVariety(ctx, op, device, v.Version, d, "补充类别", actor("zhou"))
	})
	d.UDI, d.NoUDI = "", "未实施唯一标识"
	h.do("variety-corrected-again", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.CorrectVariety(ctx, op, device, v.Version+1, d, "标识有误", actor("zhou"))
	})
	h.do("variety-marked", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.MarkVariety(ctx, op, drug, 1, h.today(), "国药准字HJ20260001", actor("luo"))
	})
	h.do("variety-mark-taken-away", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.MarkVariety(ctx, op, drug, 2, calendar.Day{}, "登记有误", actor("luo"))
	})
	h.do("variety-marked-again", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.MarkVariety(ctx, op, drug, 3, h.today(), "国药准字HJ20260002", actor("luo"))
	})
}

// endings are the other ways in which an application ends.
func (h *house) endings() {
	back := h.submitted("withdrawn", "lin", policy.Device, nil)
	back.ask("supplement-asked", gate.Opinion, "zhou", casework.Defect{What: "请说明数量"})
	back.withdraw()

	h.rules(func(r *policy.Rules) {
		l := r.Limits[policy.Supplement]
		l.Effect, l.Clock, l.RollOver, l.N, l.RemindBefore = policy.Lapse, calendar.CalendarDays, true, 6, nil
		r.Limits[policy.Supplement], r.Version = l, "house-lapse-1"
	})
	gone := h.submitted("lapsed", "lin", policy.Device, nil)
	gone.ask("supplement-asked", gate.Opinion, "zhou", casework.Defect{What: "请说明数量"})
	h.days(14)
	silent := h.submitted("lapsed-reply", "he", policy.Drug, nil)
	silent.ask("reply-supplement-asked", gate.Reply, "shen", casework.Defect{What: "请说明数量"})
	h.days(14)
	h.rules(func(*policy.Rules) {})

	no := h.submitted("refused", "lin", policy.Drug, nil)
	bad := world.Opinion()
	bad.Findings[2].Met, bad.Findings[2].Reason = false, "数量过多"
	no.opine("opinion-unmet", "luo", bad)
	no.reply("refused", "shen", casework.Decision{Outcome: casework.Refuse, Number: "药函〔2026〕2号", Reason: "不予批准"})
	no.amend("refused-then-approved", "tang", approve("药函〔2026〕3号", 120, "支"))

	over := h.submitted("reply-over-supplement", "he", policy.Device, nil)
	over.ask("reply-supplement-asked", gate.Reply, "shen", casework.Defect{What: "请补充"})
	over.reply("approved-over-supplement", "shen", approve("函〔2026〕31号", 10, "套"))
}

// limits: other clocks, no limits at all, and other recorders.
func (h *house) limits() {
	h.rules(func(r *policy.Rules) {
		for key, l := range r.Limits {
			l.Clock, l.N, l.RemindBefore = calendar.Hours, 72, nil
			r.Limits[key] = l
		}
		r.Version, r.Recorder = "house-hours-1", policy.ByRegulator
	})
	l := h.submitted("in-hours", "he", policy.Device, nil)
	l.ask("supplement-asked", gate.Opinion, "zhou", casework.Defect{What: "请补充"})
	h.days(1)
	l.resubmit("resubmitted", gate.Opinion)
	h.keep.moment = "of-the-notice"
	h.ok(h.keep.PutRules(ctx, policy.Default()))
	free := h.submitted("without-limits", "he", policy.Device, nil)
	free.ask("supplement-asked", gate.Opinion, "zhou", casework.Defect{What: "请补充"})
	free.resubmit("resubmitted", gate.Opinion)
	h.rules(func(r *policy.Rules) { r.Version, r.Recorder = "house-transcribed-1", policy.ByMunicipalMPA })
	byMPA := h.submitted("transcribed", "he", policy.Device, nil)
	byMPA.reply("approved", "tang", approve("函〔2026〕41号", 10, "套"))
	h.rules(func(*policy.Rules) {})
}

// idOf is the id of the aggregate that an operation made.
func idOf(r docket.Receipt) string {
	_, id := docket.Parts(r.Name)
	return id
}
