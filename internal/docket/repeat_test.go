package docket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
)

// tale is a story of two hospitals and one product: a question, a first
// application through the emergency lane, its entry in the register, a joint
// opinion, an approval, and the second hospital's repeat.
type tale struct {
	*play
	question string
	first    string
	variety  string
}

func (ta *tale) do(what string, act func() (docket.Receipt, error)) docket.Receipt {
	ta.t.Helper()
	var r docket.Receipt
	err := ta.Insist(func() (err error) { r, err = act(); return err })
	if err != nil {
		ta.t.Fatalf("%s: %v", what, err)
	}
	ta.Engine()
	return r
}

// apply drafts and documents an application of a's hospital, from an earlier
// case or from nothing.
func (ta *tale) apply(name string, a party.Actor, open func() (docket.Receipt, error)) {
	ctx := context.Background()
	ta.id = ta.do("opening "+name, open).Case
	version := ta.record().Case.Dossier
	ta.do("saving "+name, func() (docket.Receipt, error) {
		return ta.Desk.Save(ctx, op(name+"-save"), ta.id, version, form, a)
	})
}

func (ta *tale) document(name string, a party.Actor) {
	ctx := context.Background()
	version := ta.record().Case.Dossier
	r := ta.do("attaching "+name, func() (docket.Receipt, error) {
		r, _, err := ta.Desk.Attach(ctx, op(name+"-attach"), ta.id, version, docket.Upload{Item: "signed-form", Name: "申请表.pdf"}, "", a)
		return r, err
	})
	ta.send(r.File)
}

func (ta *tale) ask() {
	ctx := context.Background()
	r := ta.do("asking", func() (docket.Receipt, error) {
		return ta.Desk.Inquire(ctx, op("inquire"), false, "封堵器能否申请", "是否需要提供境外使用情况？", "", actor("lin"))
	})
	ta.question = strings.TrimPrefix(r.Name, "inquiry/")
	ta.do("answering", func() (docket.Receipt, error) {
		return ta.Desk.AnswerInquiry(ctx, op("answer-inquiry"), ta.question, "需要，请附近三年数据。", actor("zhou"))
	})
}

func (ta *tale) once() {
	ctx, lin, zhou := context.Background(), actor("lin"), actor("zhou")
	ta.apply("first", lin, func() (docket.Receipt, error) { return ta.Desk.Create(ctx, op("create"), policy.Device, lin) })
	ta.first = ta.id
	ta.do("keeping the question", func() (docket.Receipt, error) {
		return ta.Desk.AttachInquiry(ctx, op("attach-inquiry"), ta.question, ta.id, lin)
	})
	version := ta.record().Case.Dossier
	ta.do("submitting urgently", func() (docket.Receipt, error) {
		lane := docket.Lane{Later: []string{"signed-form"}, Urgency: "患者须于48小时内手术"}
		return ta.Desk.SubmitUrgent(ctx, op("urgent"), ta.id, version, true, lane, lin)
	})
	ta.do("recording the filing", func() (docket.Receipt, error) {
		f := casework.Filing{Channel: "受理窗口", Date: calendar.DayOf(monday)}
		return ta.Desk.RecordFiling(ctx, op("file"), ta.id, f, lin)
	})
	ta.do("confirming the copy", func() (docket.Receipt, error) { return ta.Desk.Receive(ctx, op("receive"), ta.id, 1, zhou) })
	ta.document("first", lin)
	version, owed := ta.record().Case.Dossier, docket.GateRef{Of: ta.id, Gate: ta.record().Case.Papers.Gate}
	ta.do("delivering", func() (docket.Receipt, error) { return ta.Desk.Deliver(ctx, op("deliver"), owed, version, true, lin) })

	ref := ta.ref(gate.Opinion)
	ta.do("assigning", func() (docket.Receipt, error) { return ta.Desk.Assign(ctx, op("assign"), ref, "zhou", zhou) })
	ta.do("holding", func() (docket.Receipt, error) {
		return ta.Desk.Hold(ctx, op("hold"), ref, "等待专家会", calendar.DayOf(monday).AddDays(1), zhou)
	})
	ta.World.Clock.Advance(24 * time.Hour)
	_, _ = ta.Under(func() error { _, err := ta.Deadlines.Ring(ctx); return err })
	_, err := ta.Deadlines.Ring(ctx)
	must(ta.t, err)
	ta.Engine()

	product := docket.Product(ta.record().Case)
	r := ta.do("registering", func() (docket.Receipt, error) {
		return ta.Desk.Register(ctx, op("register"), ta.id, 2, product, "首次申请，新增品种", zhou)
	})
	ta.variety = strings.TrimPrefix(r.Name, "variety/")
	ta.do("joining", func() (docket.Receipt, error) { return ta.Desk.Join(ctx, op("join"), ta.id, "同意", actor("luo")) })
	ta.opine()
	ta.letter("first", casework.Decision{
		Outcome: casework.Approve, Number: "函〔2026〕1号", Date: calendar.DayOf(monday), Terms: casework.Terms{Quantity: 10, Unit: "套"},
	})
}

// letter records a reply with its evidence.
func (ta *tale) letter(name string, d casework.Decision) {
	ctx, shen := context.Background(), actor("shen")
	ref := ta.ref(gate.Reply)
	var f docket.File
	must(ta.t, ta.Insist(func() (err error) {
		f, _, err = ta.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", shen)
		return err
	}))
	ta.send(f.ID)
	d.Evidence = f.ID
	ta.do("recording "+name, func() (docket.Receipt, error) { return ta.Desk.Record(ctx, op(name+"-record"), ref, d, shen, nil) })
}

func (ta *tale) again() {
	ctx, he, zhou := context.Background(), actor("he"), actor("zhou")
	ta.apply("second", he, func() (docket.Receipt, error) { return ta.Desk.Create(ctx, op("create2"), policy.Device, he) })
	version := ta.record().Case.Dossier
	ta.do("claiming", func() (docket.Receipt, error) { return ta.Desk.Claim(ctx, op("claim"), ta.id, version, ta.variety, he) })
	ta.document("second", he)
	version = ta.record().Case.Dossier
	ta.do("submitting", func() (docket.Receipt, error) { return ta.Desk.Submit(ctx, op("submit2"), ta.id, version, true, he) })
	ta.do("identifying", func() (docket.Receipt, error) {
		return ta.Desk.Identify(ctx, op("identify"), ta.id, 1, ta.variety, "型号与在先申请一致", zhou)
	})
	ref := ta.ref(gate.Opinion)
	o := opinion()
	o.Findings[1].Relied, o.Findings[1].Reason = true, ""
	ta.do("opining", func() (docket.Receipt, error) { return ta.Desk.Opine(ctx, op("opine2"), ref, o, zhou, nil) })
}

// told is the tale as it will be remembered.
func (ta *tale) told() string {
	ta.Night()
	ctx := context.Background()
	var b strings.Builder
	for _, name := range []string{ta.first, ta.id, "inquiry/" + ta.question, "variety/" + ta.variety} {
		entries, err := ta.World.Store.Entries(ctx, name)
		must(ta.t, err)
		if err := history.Verify(entries); err != nil {
			ta.t.Fatalf("history of %s: %v", name, err)
		}
		for _, e := range entries {
			if _, untold, _ := ta.World.Store.Entry(ctx, name, e.Seq); untold {
				ta.t.Errorf("entry %d %s of %s is untold", e.Seq, e.Verb, name)
			}
			if e.Verb != string(casework.Restart) {
				fmt.Fprintf(&b, "%s by %s\n", e.Verb, e.By.Person)
			}
		}
		b.WriteString("--\n")
	}
	var told []string
	seen := map[string]bool{}
	for _, key := range ta.World.Notices.Keys() {
		if !seen[key] {
			seen[key] = true
			told = append(told, strings.Join(strings.Split(key, "/")[2:], "/"))
		}
	}
	slices.Sort(told)
	return b.String() + strings.Join(told, "\n")
}

func tell(tw *town) *tale {
	ta := &tale{play: &play{town: tw}}
	ta.ask()
	ta.once()
	ta.again()
	return ta
}

func TestTheSecondHospitalsUrgencyIsNotAssessedAgain(t *testing.T) {
	ta := tell(newTown(t))
	ctx := context.Background()
	c := ta.record().Case
	if p := c.Given.Placed; p.Situation != reuse.OtherHospital || p.RelyOn == nil || p.RelyOn.Case != ta.first || p.How[1] != reuse.NotAgain {
		t.Errorf("placed: got %+v, want another hospital relying on the first case", p)
	}
	if !c.Given.Findings[1].Relied {
		t.Errorf("urgency was assessed again")
	}
	placed, err := ta.Desk.Place(ctx, c)
	must(t, err)
	if placed.Variety == nil || placed.Variety.ID != ta.variety || !placed.Found {
		t.Errorf("placed: got variety %+v, want the one found", placed.Variety)
	}
	if got, err := ta.Desk.InquiriesOf(ctx, ta.first1(), actor("lin")); err != nil || len(got.Rows) != 1 || got.Rows[0].Case != ta.first {
		t.Errorf("questions kept with the case: got %+v, %v; want the one", got, err)
	}
	if got, err := ta.Desk.Inquiries(ctx, "", 10, actor("he")); err != nil || len(got.Rows) != 0 {
		t.Errorf("another hospital's questions: got %d, %v; want none", len(got.Rows), err)
	}
	if _, err := ta.Desk.Inquiry(ctx, ta.question, actor("he")); !errors.Is(err, fault.NotFound) {
		t.Errorf("another hospital reads the question: got %v, want not found", err)
	}
	t.Logf("%d outside calls\n%s", ta.Calls, ta.told())
}

func (ta *tale) first1() casework.Case {
	r, err := docket.LoadCase(context.Background(), ta.World.Store, ta.first)
	must(ta.t, err)
	return r.Case
}

// Every outside call of the tale fails or dies once, before or after it took
// effect: cases, register and questions tell the same story.
func TestEveryCrashPointOfARepeatConverges(t *testing.T) {
	first := tell(newTown(t))
	calls := first.Calls
	want := first.told()
	var schedules atomic.Int64
	t.Cleanup(func() {
		fmt.Printf("crash points of a repeat: %d outside calls, %d schedules, one history\n", calls, schedules.Load())
	})
	for i, fate := range memory.Fates[1:] {
		t.Run(fate.String(), func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= calls; n++ {
				if changesNothing[first.Names[n-1]] && (fate == memory.FailAfter || fate == memory.CrashAfter) {
					continue // reading has no effect that could have happened
				}
				if leftOut(n, i) {
					continue
				}
				for _, uncaught := range waysToFail(first.town, n) {
					tw := newTown(t)
					tw.Walker.Uncaught = uncaught
					tw.Faults = faultAt(n, fate)
					if got := tell(tw).told(); got != want {
						t.Fatalf("call %d (%s): got\n%s\nwant\n%s", n, first.Names[n-1], got, want)
					}
					schedules.Add(1)
				}
			}
		})
	}
}

// changesNothing are the outside calls that only read.
var changesNothing = map[string]bool{
	"Store.Load": true, "Store.Entry": true, "Store.Entries": true, "Store.Operation": true, "Store.Head": true,
	"Store.List": true, "Store.Rows": true, "Store.Token": true, "Store.FileByKey": true, "Clock.Now": true, "Directory.Rules": true,
	"Directory.Agencies": true, "Directory.Organisation": true, "Directory.Person": true, "Directory.Roster": true,
	"Files.Open": true, "Files.Ticket": true, "StateMachine.Describe": true, "Outbox.Delivered": true, "Mac.Mac": true,
}

// The register changes between the reading and the writing of an opinion: the
// opinion is decided anew, and no longer relies on what is gone.
func TestAnOpinionNeverReliesOnAVarietyThatMovedMeanwhile(t *testing.T) {
	ta := &tale{play: &play{town: newTown(t)}}
	ta.ask()
	ta.once()
	ctx, he, zhou := context.Background(), actor("he"), actor("zhou")
	ta.apply("second", he, func() (docket.Receipt, error) { return ta.Desk.Create(ctx, op("create2"), policy.Device, he) })
	ta.document("second", he)
	version := ta.record().Case.Dossier
	ta.do("submitting", func() (docket.Receipt, error) { return ta.Desk.Submit(ctx, op("submit2"), ta.id, version, true, he) })
	ta.do("identifying", func() (docket.Receipt, error) {
		return ta.Desk.Identify(ctx, op("identify"), ta.id, 1, ta.variety, "一致", zhou)
	})
	ref := ta.ref(gate.Opinion)
	o := opinion()
	o.Findings[1].Relied, o.Findings[1].Reason = true, ""
	marked := false
	ta.Faults = func(_ int, name string) memory.Fate {
		if name == "Store.Commit" && !marked {
			marked = true
			return memory.FailBefore
		}
		return memory.Pass
	}
	ta.Desk.Pause = func(context.Context, time.Duration) error {
		_, err := ta.Desk.MarkVariety(ctx, op("mark"), ta.variety, 1, calendar.DayOf(monday), "国械注进20263130001", zhou)
		return err
	}
	_, err := ta.Under(func() error { _, err := ta.Desk.Opine(ctx, op("opine2"), ref, o, zhou, nil); return err })
	if f := fault.Of(err); f == nil || len(f.Problems) == 0 || f.Problems[0].Code != "reuse.stale" {
		t.Errorf("got %v, want the opinion refused: an equivalent is registered now", err)
	}
	if ta.record().Case.Given != nil {
		t.Errorf("an opinion was given on a variety that is registered at home")
	}
}

func TestWhatACopyOfACaseTakesAlong(t *testing.T) {
	ta := tell(newTown(t))
	ctx := context.Background()
	r, err := ta.Desk.Clone(ctx, op("clone"), ta.first, actor("lin"))
	must(t, err)
	got, err := docket.LoadCase(ctx, ta.World.Store, r.Case)
	must(t, err)
	if got.Case.Status != casework.Draft || !maps.Equal(got.Case.Form, form) || len(got.Case.Files) != 0 || got.Case.Claim != ta.variety {
		t.Errorf("got %s, form %v, files %v, claim %q; want a draft with the form and the variety, without files",
			got.Case.Status, got.Case.Form, got.Case.Files, got.Case.Claim)
	}
	if _, err := ta.Desk.Clone(ctx, op("clone2"), ta.first, actor("he")); !errors.Is(err, fault.NotFound) {
		t.Errorf("another hospital copies the case: got %v, want not found", err)
	}
	similar, _, err := ta.Desk.Similar(ctx, got.Case, actor("lin"))
	must(t, err)
	if len(similar) != 1 || similar[0].ID != ta.first {
		t.Errorf("near duplicates: got %d, want the first case", len(similar))
	}
}

func TestAnAgencyIsRemindedOnceOfACopyNobodyConfirmed(t *testing.T) {
	p := &play{town: newTown(t)}
	p.draft()
	p.submit()
	ctx := context.Background()
	for range 12 {
		p.World.Clock.Advance(12 * time.Hour)
		_, err := p.Deadlines.Ring(ctx)
		must(t, err)
		p.Engine()
	}
	reminders := map[string]int{}
	for _, m := range p.World.Mail.Sent() {
		if strings.Contains(m.Key, "/copied/") {
			reminders[m.To]++
		}
	}
	if !maps.Equal(reminders, map[string]int{"mpa@example.invalid": 1, "hc@example.invalid": 1}) {
		t.Errorf("reminders: got %v, want one to each agency", reminders)
	}
}

func TestTheRegisterIsKeptByWhoLeads(t *testing.T) {
	ta := tell(newTown(t))
	ctx := context.Background()
	v, err := ta.Desk.Variety(ctx, ta.variety, actor("zhou"))
	must(t, err)
	for _, row := range []struct {
		name    string
		who     string
		version int
		want    error
	}{
		{"a hospital does not keep the register", "lin", v.Version, fault.Forbidden},
		{"the Health Commission does not keep that of devices", "luo", v.Version, fault.Forbidden},
		{"an older version conflicts", "zhou", v.Version + 1, fault.Conflict},
		{"the municipal MPA corrects it", "zhou", v.Version, nil},
	} {
		data := v.Data
		data.Category = "implant"
		_, err := ta.Desk.CorrectVariety(ctx, op("correct-"+row.who+fmt.Sprint(row.version)), ta.variety, row.version, data, "补充类别", actor(row.who))
		if !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
	}
	entries, err := ta.World.Store.Entries(ctx, "variety/"+ta.variety)
	must(t, err)
	if len(entries) != 2 || !json.Valid(entries[1].Body) || history.Verify(entries) != nil {
		t.Errorf("the register's history: got %d entries, want two that verify", len(entries))
	}
}
