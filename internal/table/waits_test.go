package table_test

import (
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// recounts: deadlines that were counted before the notice of the year was known.
func (h *house) recounts() {
	known := h.Desk.Calendar
	h.Desk.Calendar = h.knowing(2025)
	open := h.submitted("recounted", "lin", policy.Device, nil)
	stopped := h.submitted("recounted-stopped", "lin", policy.Device, nil)
	stopped.ask("supplement-asked", gate.Opinion, "zhou", casework.Defect{What: "请补充"})
	// The notice of the National Day holiday comes to be known.
	h.keep.moment = "recounted"
	h.Desk.Calendar = known
	h.sweep()
	h.keep.moment = "recounted-resubmitted"
	stopped.resubmit("resubmitted", gate.Opinion)

	// The machine dies, and the sweep starts the leg again.
	h.World.StateMachine.End(open.id+"-opinion-1", "FAILED")
	h.keep.moment = "restarted"
	h.sweep()
	h.World.StateMachine.End(open.id+"-opinion-2", "FAILED")
	h.World.Clock.Advance(time.Hour)
	h.sweep()
	open.withdraw()
	stopped.reply("refused", "shen", casework.Decision{Outcome: casework.Refuse, Number: "函〔2026〕10号", Reason: "不予批准"})
}

// bySystem: an agency's machine signs, answers and hears of events.
func (h *house) bySystem() {
	zhou := actor("zhou")
	secret := func(moment string) docket.Secret {
		h.keep.moment = moment
		s, err := h.Systems.MakeSecret(ctx, h.op(), 30, zhou)
		h.ok(err)
		h.Engine()
		return s
	}
	first := secret("trust-secret-made")
	h.do("trust-events-directed", func(op docket.Op) (docket.Receipt, error) {
		return h.Systems.Direct(ctx, op, "https://machine.example.com/events", zhou)
	})
	secret("trust-second-secret-made")
	h.do("trust-secret-revoked", func(op docket.Op) (docket.Receipt, error) { return h.Systems.RevokeSecret(ctx, op, first.ID, zhou) })
	luo := actor("luo")
	luo.Roles = append(luo.Roles, party.Administrator)
	h.keep.moment = "trust-other-secret-made"
	_, err := h.Systems.MakeSecret(ctx, h.op(), 366, luo)
	h.ok(err)
	h.do("trust-other-events-directed", func(op docket.Op) (docket.Receipt, error) {
		return h.Systems.Direct(ctx, op, "https://hc.example.com/events", luo)
	})
	h.do("trust-other-events-undirected", func(op docket.Op) (docket.Receipt, error) { return h.Systems.Direct(ctx, op, "", luo) })

	l := h.submitted("answered-by-machine", "he", policy.Device, nil)
	_, hold, err := h.Systems.Secrets(ctx, "mpa")
	h.ok(err)
	named, err := h.Systems.Named(ctx, "mpa", "zhou")
	h.ok(err)
	ref := l.at(gate.Opinion)
	l.step("opinion-given", func(docket.Op) (docket.Receipt, error) {
		op := docket.Op{ID: "msg_1", Body: docket.Digest("1"), Holds: []docket.Hold{hold}}
		return h.Desk.Opine(ctx, op, ref, world.Opinion(), named, nil)
	})
	h.do("inquiry-with-events", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, false, "说明书", "可以只交英文吗？", l.id, l.who)
	})
}

// access: sessions, codes that were tried, sign-ins on their way.
func (h *house) access() {
	h.keep.moment = "signed-in"
	now := h.Now()
	h.ok(h.keep.PutSession(ctx, docket.Session{
		Hash: docket.Hash("signed in"), Person: "lin", Org: "h1", Created: now, Idle: now.Add(30 * time.Minute), Expires: now.Add(200 * 24 * time.Hour),
	}))
	h.ok(h.keep.Touch(ctx, docket.Hash("signed in"), now.Add(90*24*time.Hour), now))
	h.ok(h.keep.PutPending(ctx, docket.Pending{
		State: docket.Hash("state"), Nonce: "nonce", Verifier: "verifier", Site: "hospital", Return: "/hospital", Expires: now.Add(200 * 24 * time.Hour),
	}))
	h.ok(h.keep.PutAutosave(ctx, docket.Autosave{
		Of: "c1", Gate: "opinion-1", Person: "zhou", Choice: "opine", Values: map[string][]string{"reason-urgency": {"国内无"}},
		At: now, Expires: now.Add(200 * 24 * time.Hour),
	}))
	h.ok(h.keep.LogRead(ctx, docket.Reading{Of: "record-as-a-whole", Person: "wu", Org: "audit", At: now}))
}

// whatStillWaits leaves something of every kind open, overdue, untold and unscanned.
func (h *house) whatStillWaits() {
	h.open("draft", "lin", policy.Device, nil)
	for _, l := range []*life{
		h.open("draft-claiming-device", "he", policy.Device, nil), h.open("draft-claiming-drug", "lin", policy.Drug, nil),
	} {
		version, v := l.version(), h.secrets["variety of "+strings.TrimPrefix(l.name, "draft-claiming-")+"s"]
		l.step("variety-claimed", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Claim(ctx, op, l.id, version, v, l.who) })
	}
	// A repeat that was found and waits for its opinion.
	found := h.submitted("waits-for-repeat", "he", policy.Device, nil)
	found.step("variety-found", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Identify(ctx, op, found.id, found.newest(), h.secrets["variety of devices"], "型号一致", actor("zhou"))
	})
	h.keep.moment = "own-pack"
	own := policy.DevicePack()
	own.Version = "2-house"
	own.Parts = own.Parts[:1]
	own.Form = own.Form[:len(own.Form):len(own.Form)]
	h.ok(h.keep.PutPack(ctx, own))
	h.rules(func(r *policy.Rules) {
		r.Version, r.Packs = "house-pack-1", map[string]string{"device": own.Key()}
	})
	h.do("draft-of-own-pack-created", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.CreateFilled(ctx, op, policy.Device, map[string]string{"product-zh": "自有清单产品"}, actor("lin"))
	})
	h.rules(func(*policy.Rules) {})
	claimed := h.submitted("waits-for-both", "lin", policy.Device, nil)
	h.do("draft-cloned-created", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Clone(ctx, op, claimed.id, actor("lin")) })

	overdue := h.submitted("overdue", "lin", policy.Drug, nil)
	overdue.filing("filed", "")
	h.submitted("waits-for-supplement", "he", policy.Device, nil).
		ask("supplement-asked", gate.Opinion, "zhou", casework.Defect{Item: "signed-form", What: "请加盖公章"})
	h.days(17)
	h.submitted("expiring", "he", policy.Device, map[string]string{"licence-expires": "2026-12-01"})
	h.days(1)
	h.sweep()
	h.days(2)
	h.sweep()
	awaiting := h.submitted("waits-for-reply", "he", policy.Drug, nil)
	awaiting.opine("opinion-given", "luo", world.Opinion())
	asked := h.submitted("waits-for-reply-supplement", "lin", policy.Device, nil)
	asked.ask("reply-supplement-asked", gate.Reply, "shen", casework.Defect{What: "请补充"})
	both := h.submitted("waits-for-both-supplements", "lin", policy.Drug, nil)
	both.ask("supplement-asked", gate.Opinion, "luo", casework.Defect{What: "请补充"})
	both.ask("reply-supplement-asked", gate.Reply, "shen", casework.Defect{What: "请补充"})
	held := h.submitted("held", "he", policy.Device, nil)
	ref := held.at(gate.Opinion)
	held.step("assigned", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Assign(ctx, op, ref, "zhou", actor("zhou")) })
	held.step("held", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Hold(ctx, op, ref, "等待专家会", h.today().AddDays(9), actor("zhou"))
	})
	owing := h.open("owing-papers", "he", policy.Device, nil)
	version := owing.version()
	owing.step("papers-owed", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.SubmitUrgent(ctx, op, owing.id, version, true, docket.Lane{Later: []string{"signed-form"}, Urgency: "急诊"}, owing.who)
	})
	owing.announce("papers-announced", "signed-form")

	files := h.open("files", "lin", policy.Device, nil)
	files.announce("announced", "signed-form")
	h.World.Scanner.Away = true
	files.arrive("scanner-away", files.announce("attached", "signed-form"), paper)
	h.World.Scanner.Away, h.World.Scanner.Most = false, 10
	large := h.open("files-too-large", "lin", policy.Device, nil)
	large.arrive("unscanned", large.announce("attached", "signed-form"), paper)
	h.World.Scanner.Most = 0
	h.Desk.Scanner = nil
	plain := h.open("files-without-scanner", "lin", policy.Device, nil)
	plain.arrive("checked", plain.announce("attached", "signed-form"), paper)
	h.Desk.Scanner = h.World.Scanner

	// A code that was asked for, and tried once.
	h.keep.moment = "code-tried"
	secret := h.mailed("nmpa", world.LinkIn)
	c, err := h.Links.RequestCode(ctx, secret, "shen", "browser")
	h.ok(err)
	h.Engine()
	if _, err := h.Links.EnterCode(ctx, secret, c.ID, "x", "browser", "never"); err == nil {
		h.t.Fatal("a wrong code lets in")
	}
	h.secrets[c.ID] = "code"

	// Nothing is told any more: some entries stay untold, some gates unrung.
	h.held = true
	late := h.submitted("untold", "lin", policy.Device, nil)
	late.filing("filed", "")
	h.do("inquiry-untold", func(op docket.Op) (docket.Receipt, error) {
		return h.Desk.Inquire(ctx, op, false, "未告知的咨询", "？", "", actor("lin"))
	})
	h.World.Clock.Advance(5 * 24 * time.Hour)
}
