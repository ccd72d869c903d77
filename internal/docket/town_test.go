package docket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// town is a whole Jixu over memory, of people with short names. Events rest in their
// queue until a test delivers them.
type town struct {
	*world.Town
	t      testing.TB
	events *docket.EventSender
}

func newTown(t testing.TB) *town {
	tw := &town{Town: world.New(t, world.Options{Cast: world.Short}), t: t}
	tw.events, tw.EventSender = tw.EventSender, nil
	return tw
}

var (
	monday  = world.Monday
	must    = world.Must
	actor   = world.Short.Actor
	opinion = world.Opinion
	op      = world.Op
	form    = world.Form(policy.Device)
	paper   = world.Paper
)

// ---- a life

type play struct {
	*town
	id   string
	file string
}

func (p *play) record() docket.Record {
	r, err := docket.LoadCase(context.Background(), p.World.Store, p.id)
	must(p.t, err)
	return r
}

// ref is the open gate of leg, and the submission that it is about: what a page of
// it shows.
func (p *play) ref(leg gate.Leg) docket.GateRef {
	r := p.record()
	g, _ := r.Open(leg)
	return docket.GateRef{Of: p.id, Gate: g.ID, Submission: g.Submission}
}

// draft opens, fills and documents an application.
func (p *play) draft() {
	ctx, a := context.Background(), actor("lin")
	must(p.t, p.Insist(func() error {
		r, err := p.Desk.Create(ctx, op("create"), policy.Device, a)
		p.id = r.Case
		return err
	}))
	version := p.record().Case.Dossier
	must(p.t, p.Insist(func() error { _, err := p.Desk.Save(ctx, op("save"), p.id, version, form, a); return err }))
	p.attach("attach")
}

func (p *play) attach(name string) {
	ctx, a := context.Background(), actor("lin")
	version := p.record().Case.Dossier
	must(p.t, p.Insist(func() error {
		r, _, err := p.Desk.Attach(ctx, op(name), p.id, version, docket.Upload{Item: "signed-form", Name: "申请表.pdf"}, "", a)
		p.file = r.File
		return err
	}))
	p.send(p.file)
}

// send uploads to the ticket of a file and lets it be checked.
func (p *play) send(id string) {
	f, ok := p.record().File(id)
	if !ok {
		p.t.Fatalf("file %s: not there", id)
	}
	for range 24 {
		if f.State == docket.Unchecked {
			p.Upload(f.Key, paper)
			p.Engine()
		} else {
			p.World.Clock.Advance(time.Hour)
			_, _ = p.Under(func() error { _, err := p.Desk.Rescan(context.Background()); return err })
		}
		if f, _ = p.record().File(id); f.State == docket.Checked {
			return
		}
	}
	p.t.Fatalf("file %s: got %s %s, want checked", id, f.State, f.Reason)
}

func (p *play) submit() {
	ctx, a := context.Background(), actor("lin")
	version := p.record().Case.Dossier
	must(p.t, p.Insist(func() error { _, err := p.Desk.Submit(ctx, op("submit"), p.id, version, true, a); return err }))
	p.Engine()
}

func (p *play) ring() {
	p.World.Clock.Advance(13 * 24 * time.Hour)
	for range 3 {
		_, _ = p.Under(func() error { _, err := p.Deadlines.Ring(context.Background()); return err })
		p.Engine()
	}
	for range 2 {
		_, err := p.Deadlines.Ring(context.Background())
		must(p.t, err)
	}
	p.Engine()
}

func (p *play) supplement() {
	ctx := context.Background()
	ref := p.ref(gate.Opinion)
	defects := []casework.Defect{{Item: "signed-form", What: "请加盖公章"}}
	must(p.t, p.Insist(func() error { _, err := p.Desk.Ask(ctx, op("ask"), ref, defects, actor("zhou"), nil); return err }))
	p.Engine()
	p.World.Clock.Advance(24 * time.Hour)
	p.attach("attach2")
	ref = p.ref(gate.Opinion)
	version := p.record().Case.Dossier
	must(p.t, p.Insist(func() error {
		_, err := p.Desk.Resubmit(ctx, op("resubmit"), ref, version, true, actor("lin"))
		return err
	}))
	p.Engine()
}

func (p *play) opine() {
	ref := p.ref(gate.Opinion)
	must(p.t, p.Insist(func() error {
		_, err := p.Desk.Opine(context.Background(), op("opine"), ref, opinion(), actor("zhou"), nil)
		return err
	}))
	p.Engine()
}

// byCode lets person in at the reply's gate with a link and a code.
func (p *play) byCode(person, org string) (party.Actor, *docket.Pass) {
	ctx := context.Background()
	link := p.link(org)
	var c docket.Code
	must(p.t, p.Insist(func() (err error) { c, err = p.Links.RequestCode(ctx, link, person, "browser"); return err }))
	p.Engine()
	var s docket.Session
	for range 20 {
		// A code that was spent before its answer arrived is asked for again.
		died, err := p.Under(func() (err error) {
			s, err = p.Links.EnterCode(ctx, link, c.ID, p.digits(c.ID), "browser", "secret-"+c.ID)
			return err
		})
		if !died && err == nil {
			break
		}
		must(p.t, p.Insist(func() (err error) { c, err = p.Links.RequestCode(ctx, link, person, "browser"); return err }))
		p.Engine()
	}
	a, _, _, err := docket.Actor(ctx, p.World.Directory, s)
	must(p.t, err)
	return a, &docket.Pass{Hash: s.Hash, Of: s.Of, Gate: s.Gate, Now: monday}
}

func (p *play) link(org string) string {
	for range 3 {
		if link := p.Mailed(world.LinkIn, world.To(org+"@example.invalid")); link != "" {
			return link
		}
		p.Night()
	}
	p.t.Fatalf("no link was mailed to %s", org)
	return ""
}

func (p *play) digits(code string) string {
	if digits := p.Mailed(world.CodeIn, func(m docket.Message) bool { return m.Key == "code/"+code }); digits != "" {
		return digits
	}
	return "000000"
}

func (p *play) reply() {
	ctx := context.Background()
	a, pass := p.byCode("shen", "nmpa")
	ref := p.ref(gate.Reply)
	var f docket.File
	must(p.t, p.Insist(func() (err error) {
		f, _, err = p.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", a)
		return err
	}))
	p.send(f.ID)
	d := casework.Decision{
		Outcome: casework.ApproveInPart, Number: "函〔2026〕1号", Date: calendar.DayOf(monday), Reason: "部分批准", Evidence: f.ID,
		Terms: casework.Terms{Quantity: 6, Unit: "套"},
	}
	must(p.t, p.Insist(func() error { _, err := p.Desk.Record(ctx, op("record"), ref, d, a, pass); return err }))
	p.Engine()
}

// live plays a whole life: draft, submission, reminder, supplement, opinion, reply.
func live(tw *town) *play {
	p := &play{town: tw}
	p.draft()
	p.submit()
	p.ring()
	p.supplement()
	p.opine()
	p.reply()
	p.Night()
	return p
}

// account is a life as it will be remembered, without what a repair may add.
func (p *play) account() string {
	ctx := context.Background()
	entries, err := p.World.Store.Entries(ctx, p.id)
	must(p.t, err)
	if err := history.Verify(entries); err != nil {
		p.t.Fatalf("history: %v", err)
	}
	var b strings.Builder
	for _, e := range entries {
		if _, untold, err := p.World.Store.Entry(ctx, p.id, e.Seq); err != nil || untold {
			p.t.Errorf("entry %d %s: got untold %v (%v), want told", e.Seq, e.Verb, untold, err)
		}
		if e.Verb == string(casework.Restart) {
			continue
		}
		var f casework.Facts
		must(p.t, json.Unmarshal(e.Body, &f))
		fmt.Fprintf(&b, "%s by %s: opens %d closes %v", e.Verb, e.By.Person, len(f.Opens), f.Closes)
		if f.Ring != nil {
			fmt.Fprintf(&b, " rings %s of %s", f.Ring.Kind, f.Ring.Gate)
		}
		b.WriteString("\n")
	}
	c := p.record().Case
	fmt.Fprintf(
		&b,
		"stands %s %s, opinion %s, reply %s, %d submissions, %d units\n",
		c.Status,
		c.Stage(),
		c.Opinion.State,
		c.Reply.State,
		len(c.Submissions),
		c.Decision.Terms.Quantity,
	)
	var told []string
	seen := map[string]bool{}
	for _, key := range p.World.Notices.Keys() {
		part := strings.Split(key, "/")
		if part[0] == "code" || seen[key] {
			continue
		}
		seen[key] = true
		told = append(told, strings.Join(part[2:], "/"))
	}
	slices.Sort(told)
	b.WriteString(strings.Join(told, "\n"))
	p.ExpireAll()
	for _, e := range p.World.StateMachine.Executions() {
		if e.Status == "RUNNING" {
			p.t.Errorf("execution %s still runs after the case is over", e.Name)
		}
	}
	return b.String()
}

// idOf is the id of the inquiry or variety that an operation was about.
func idOf(r docket.Receipt) string {
	_, id := docket.Parts(r.Name)
	return id
}
