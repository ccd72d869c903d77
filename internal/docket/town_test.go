package docket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
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
	"jixu/internal/sample"
)

var monday = time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC) // 10:00 in Shanghai

// town is a whole Jixu over memory: the parts, the people, and an engine that
// does what Lambda, the stream, the queue and the machine would do.
type town struct {
	t      testing.TB
	world  *memory.World
	desk   *docket.Desk
	keeper *docket.Keeper
	teller *docket.Teller
	waiter *docket.Waiter
	bell   *docket.Bell
	post   *docket.Postman

	armed   bool // faults are injected now
	faults  func(n int, name string) memory.Fate
	calls   int
	names   []string
	uploads []upload          // objects that S3 has events for
	carry   func() carriage   // what the stream does with the next record; nil: it delivers
	held    []docket.EntryRef // records that come hours later
	rests   []docket.Notice   // notices that were given up until somebody redrives them
	retries map[string]int
}

type upload struct{ key, version string }

var orgs = []party.Organisation{
	{ID: "h1", Kind: party.Hospital, NameZH: "医院", Mail: "h1@example"},
	{ID: "h2", Kind: party.Hospital, NameZH: "另一医院", Mail: "h2@example"},
	{ID: "mpa", Kind: party.MunicipalMPA, NameZH: "市药监局", Mail: "mpa@example"},
	{ID: "hc", Kind: party.HealthCommission, NameZH: "市卫健委", Mail: "hc@example"},
	{ID: "customs", Kind: party.Customs, NameZH: "上海海关", Mail: "customs@example"},
	{ID: "nmpa", Kind: party.Regulator, NameZH: "国家药监局", Mail: "nmpa@example"},
}

var folk = []party.Person{
	{ID: "lin", Org: "h1", Roles: []party.Role{party.Applicant}, Mail: "lin@example", Subject: "s-lin"},
	{ID: "he", Org: "h2", Roles: []party.Role{party.Applicant}, Mail: "he@example", Subject: "s-he"},
	{ID: "zhou", Org: "mpa", Roles: []party.Role{party.Assessor}, Mail: "zhou@example", Subject: "s-zhou"},
	{ID: "luo", Org: "hc", Roles: []party.Role{party.Assessor}, Mail: "luo@example", Subject: "s-luo"},
	{ID: "tang", Org: "mpa", Roles: []party.Role{party.Recorder}, Mail: "tang@example", Subject: "s-tang"},
	{ID: "shen", Org: "nmpa", Roles: []party.Role{party.Recorder}, Mail: "shen@example", Subject: "s-shen"},
}

// seats is who acts, by person.
func actor(id string) party.Actor {
	for _, p := range folk {
		for _, o := range orgs {
			if p.ID == id && o.ID == p.Org {
				return party.ActorOf(p, o)
			}
		}
	}
	panic("nobody called " + id)
}

// twoFaced is a Store and a Directory in one, as the table is.
type twoFaced struct {
	*memory.Store
	*memory.Directory
}

func newTown(t testing.TB) *town {
	w := memory.New(t, monday)
	tw := &town{t: t, world: w, retries: map[string]int{}}
	w.Faults = tw.fate
	device := policy.DevicePack()
	tw.desk = docket.New(twoFaced{w.Store, w.Directory}, w.Clock, w.Metrics)
	tw.desk.Files, tw.desk.Scanner = w.Files, w.Scanner
	tw.desk.Random = seeded{rand.New(rand.NewPCG(1, 2))}
	tw.desk.Pause = func(context.Context, time.Duration) error { return nil }
	tw.desk.Packs = docket.Only(small(device))
	machine := func() time.Time { return monday }
	tw.keeper = &docket.Keeper{Store: w.Store, Directory: w.Directory, Doors: w.Doors, Notices: w.Notices, Mac: w.Mac, Desk: tw.desk, Machine: machine}
	tw.teller = &docket.Teller{Desk: tw.desk, Machine: w.Machine, Notices: w.Notices, Outbox: w.Outbox}
	tw.waiter = &docket.Waiter{Store: w.Store, Machine: w.Machine}
	tw.bell = &docket.Bell{Desk: tw.desk}
	tw.post = &docket.Postman{Store: w.Store, Directory: w.Directory, Doors: w.Doors, Outbox: w.Outbox, Mail: w.Mail, Mac: w.Mac, Site: "https://jixu.example", Machine: machine}
	ctx := context.Background()
	for _, o := range orgs {
		must(t, w.Directory.PutOrganisation(ctx, o))
	}
	for _, p := range folk {
		must(t, w.Directory.PutPerson(ctx, p))
	}
	must(t, w.Directory.PutAgencies(ctx, party.Agencies{MunicipalMPA: "mpa", HealthCommission: "hc", Customs: "customs", Regulator: "nmpa"}))
	must(t, w.Directory.PutRules(ctx, policy.LocalSample()))
	return tw
}

// small is the device pack with one item only: schedules multiply.
func small(p policy.Pack) policy.Pack {
	p.Parts = slices.Clone(p.Parts[:1])
	return p
}

type seeded struct{ *rand.Rand }

func (s seeded) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return len(b), nil
}

var _ io.Reader = seeded{}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (tw *town) fate(_ int, name string) memory.Fate {
	if !tw.armed {
		return memory.Pass
	}
	tw.calls++
	tw.names = append(tw.names, name)
	if tw.faults == nil {
		return memory.Pass
	}
	return tw.faults(tw.calls, name)
}

// under runs do with faults injected, and says whether it came to an end.
func (tw *town) under(do func() error) (err error, died bool) {
	tw.armed = true
	crash := memory.Run(func() { err = do() })
	tw.armed = false
	return err, crash != nil
}

// insist is a person who sends the same form again until it is answered.
func (tw *town) insist(do func() error) error {
	var err error
	for range 20 {
		var died bool
		if err, died = tw.under(do); !died && !errors.Is(err, fault.Unavailable) {
			return err
		}
	}
	tw.t.Fatalf("after twenty tries: got %v, want an answer", err)
	return err
}

// engine runs everything that happens by itself, until nothing moves.
func (tw *town) engine() {
	ctx := context.Background()
	for range 60 {
		if !tw.checkFiles(ctx) && !tw.relay(ctx) && !tw.deliver(ctx) && !tw.machines(ctx) {
			return
		}
	}
	tw.t.Fatal("the engine never comes to rest")
}

// again says whether something that failed is tried again: Lambda does so twice.
func (tw *town) again(key string) bool {
	tw.retries[key]++
	return tw.retries[key] <= 2
}

func (tw *town) checkFiles(ctx context.Context) bool {
	if len(tw.uploads) == 0 {
		return false
	}
	u := tw.uploads[0]
	tw.uploads = tw.uploads[1:]
	err, died := tw.under(func() error { _, err := tw.desk.Settle(ctx, u.key, u.version); return err })
	if (died || err != nil) && tw.again("file "+u.key+u.version) {
		tw.uploads = append(tw.uploads, u)
	}
	return true
}

// carriage is what a stream may do with a record.
type carriage int

const (
	delivers carriage = iota
	loses
	repeats
	reorders // the newest comes first
	delays   // by hours
)

func (tw *town) relay(ctx context.Context) bool {
	waiting := len(tw.world.Stream.Waiting())
	if waiting == 0 {
		return false
	}
	how, at := delivers, 0
	if tw.carry != nil {
		how = tw.carry()
	}
	if how == reorders {
		at = waiting - 1
	}
	ref := tw.world.Stream.Take(at)
	switch how {
	case loses:
		return true
	case delays:
		tw.held = append(tw.held, ref)
		return true
	case repeats:
		tw.tell(ctx, ref)
	}
	tw.tell(ctx, ref)
	return true
}

// tell is one delivery. One that fails is not tried again by the stream: the
// sweep does that.
func (tw *town) tell(ctx context.Context, ref docket.EntryRef) {
	_, _ = tw.under(func() error { return tw.teller.Tell(ctx, ref.Case, ref.Seq) })
}

// deliver hands one notice over. The queue brings a failed one again, five times
// in all; then it rests until an operator sends it on its way again.
func (tw *town) deliver(ctx context.Context) bool {
	if len(tw.world.Notices.Waiting()) == 0 {
		return false
	}
	n := tw.world.Notices.Take(0)
	for range 5 {
		if err, died := tw.under(func() error { return tw.post.Deliver(ctx, n) }); !died && err == nil {
			return true
		}
	}
	tw.rests = append(tw.rests, n)
	return true
}

// machines lets every running execution take its next step, as the .asl.json says.
func (tw *town) machines(ctx context.Context) bool {
	moved := false
	for _, e := range tw.world.Machine.Executions() {
		if e.Status != "RUNNING" || e.Waiting != "" {
			continue
		}
		moved = true
		tw.step(ctx, e)
	}
	return moved
}

func (tw *town) step(ctx context.Context, e memory.Execution) {
	var in docket.Input
	must(tw.t, json.Unmarshal(e.Input, &in))
	var next docket.Next
	for try := 0; ; try++ {
		err, died := tw.under(func() (err error) { next, err = tw.waiter.Next(ctx, in.CaseID, in.Leg, in.Run); return err })
		if !died && err == nil {
			break
		}
		if try == 5 {
			tw.world.Machine.End(e.Name, "FAILED")
			return
		}
	}
	if next.Over {
		tw.world.Machine.End(e.Name, "SUCCEEDED")
		return
	}
	token := tw.world.Machine.Wait(e.Name)
	t := docket.Token{Value: token, Run: in.Run, Entered: monday.Add(time.Duration(tw.calls) * time.Millisecond)}
	// The emulator does not catch an error here: the wait goes on without its token.
	_, _ = tw.under(func() error { return tw.waiter.Attach(ctx, docket.GateRef{Case: in.CaseID, Gate: next.Gate}, t) })
}

// night lets time pass until every sweep has come by, without faults.
func (tw *town) night() {
	ctx := context.Background()
	for range 12 {
		tw.engine()
		now := tw.world.Clock.Advance(time.Hour)
		for _, ref := range tw.held {
			tw.tell(ctx, ref)
		}
		for _, n := range tw.rests {
			must(tw.t, tw.post.Deliver(ctx, n))
		}
		tw.held, tw.rests = nil, nil
		_, _, err := tw.teller.Retell(ctx, now)
		must(tw.t, err)
		stuck, err := tw.teller.Sweep(ctx)
		must(tw.t, err)
		if len(stuck) > 0 {
			tw.t.Fatalf("the sweep found %v, want nothing stuck", stuck)
		}
	}
	tw.engine()
}

// ---- a life

type play struct {
	*town
	id   string
	file string
}

func (p *play) record() docket.Record {
	r, err := p.world.Store.Load(context.Background(), p.id)
	must(p.t, err)
	return r
}

// ref is the open gate of leg, and the submission that it is about: what a page of
// it shows.
func (p *play) ref(leg gate.Leg) docket.GateRef {
	r := p.record()
	g, _ := r.Open(leg)
	return docket.GateRef{Case: p.id, Gate: g.ID, Submission: g.Submission}
}

func op(n string) docket.Op { return docket.Op{ID: "operation-0123-" + n} }

var form = map[string]string{
	"product-zh": "封堵器", "product-original": "Occluder", "model": "BAO-12", "manufacturer": "Example GmbH", "country": "德国",
	"class": "III", "subcatalogue": "13", "overseas-approval": "CE", "indication": "房缺", "urgency": "无替代", "quantity": "10",
	"unit": "套", "patients": "8", "department": "心脏中心", "contact-role": "经办人", "contact-phone": "021-00000001", "comparison": "材料不同",
	"marketing-country": "德国", "udi-none": "未实施唯一标识", "disease": "房间隔缺损", "units-per-patient": "1",
}

var paper = sample.PDF(1, "申请表", 1, 0)

// draft opens, fills and documents an application.
func (p *play) draft() {
	ctx, a := context.Background(), actor("lin")
	must(p.t, p.insist(func() error {
		r, err := p.desk.Create(ctx, op("create"), casework.Device, a)
		p.id = r.Case
		return err
	}))
	version := p.record().Case.Dossier
	must(p.t, p.insist(func() error { _, err := p.desk.Save(ctx, op("save"), p.id, version, form, a); return err }))
	p.attach("attach")
}

func (p *play) attach(name string) {
	ctx, a := context.Background(), actor("lin")
	version := p.record().Case.Dossier
	must(p.t, p.insist(func() error {
		r, _, err := p.desk.Attach(ctx, op(name), p.id, version, docket.Upload{Item: "signed-form", Name: "申请表.pdf"}, "", a)
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
			p.uploads = append(p.uploads, upload{f.Key, p.world.Files.Upload(f.Key, paper)})
			p.engine()
		} else {
			p.world.Clock.Advance(time.Hour)
			_, _ = p.under(func() error { _, err := p.desk.Rescan(context.Background()); return err })
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
	must(p.t, p.insist(func() error { _, err := p.desk.Submit(ctx, op("submit"), p.id, version, true, a); return err }))
	p.engine()
}

func (p *play) ring() {
	p.world.Clock.Advance(13 * 24 * time.Hour)
	for range 3 {
		_, _ = p.under(func() error { _, err := p.bell.Ring(context.Background()); return err })
		p.engine()
	}
	for range 2 {
		_, err := p.bell.Ring(context.Background())
		must(p.t, err)
	}
	p.engine()
}

func (p *play) supplement() {
	ctx := context.Background()
	ref := p.ref(gate.Opinion)
	defects := []casework.Defect{{Item: "signed-form", What: "请加盖公章"}}
	must(p.t, p.insist(func() error { _, err := p.desk.Ask(ctx, op("ask"), ref, defects, actor("zhou"), nil); return err }))
	p.engine()
	p.world.Clock.Advance(24 * time.Hour)
	p.attach("attach2")
	ref = p.ref(gate.Opinion)
	version := p.record().Case.Dossier
	must(p.t, p.insist(func() error {
		_, err := p.desk.Resubmit(ctx, op("resubmit"), ref, version, true, actor("lin"))
		return err
	}))
	p.engine()
}

func opinion() casework.Opinion {
	var o casework.Opinion
	for _, q := range casework.Questions {
		o.Findings = append(o.Findings, casework.Finding{Question: q, Met: true, Reason: "理由"})
	}
	return o
}

func (p *play) opine() {
	ref := p.ref(gate.Opinion)
	must(p.t, p.insist(func() error {
		_, err := p.desk.Opine(context.Background(), op("opine"), ref, opinion(), actor("zhou"), nil)
		return err
	}))
	p.engine()
}

// byCode lets person in at the reply's gate with a link and a code.
func (p *play) byCode(person, org string) (party.Actor, *docket.Pass) {
	ctx := context.Background()
	link := p.link(org)
	var c docket.Code
	must(p.t, p.insist(func() (err error) { c, err = p.keeper.RequestCode(ctx, link, person, "browser"); return err }))
	p.engine()
	var s docket.Session
	for range 20 {
		// A code that was spent before its answer arrived is asked for again.
		err, died := p.under(func() (err error) {
			s, err = p.keeper.EnterCode(ctx, link, c.ID, p.digits(c.ID), "browser", "secret-"+c.ID)
			return err
		})
		if !died && err == nil {
			break
		}
		must(p.t, p.insist(func() (err error) { c, err = p.keeper.RequestCode(ctx, link, person, "browser"); return err }))
		p.engine()
	}
	a, _, _, err := docket.Actor(ctx, p.world.Directory, s)
	must(p.t, err)
	return a, &docket.Pass{Hash: s.Hash, Case: s.Case, Gate: s.Gate, Now: monday}
}

var (
	linkIn = regexp.MustCompile(`/l/([a-z2-7]+)`)
	codeIn = regexp.MustCompile(`：(\d{6})`)
)

func (p *play) link(org string) string {
	for range 3 {
		for _, m := range slices.Backward(p.world.Mail.Sent()) {
			if hit := linkIn.FindStringSubmatch(m.Text); hit != nil && m.To == org+"@example" {
				return hit[1]
			}
		}
		p.night()
	}
	p.t.Fatalf("no link was mailed to %s", org)
	return ""
}

func (p *play) digits(code string) string {
	for _, m := range slices.Backward(p.world.Mail.Sent()) {
		if hit := codeIn.FindStringSubmatch(m.Text); hit != nil && m.Key == "code/"+code {
			return hit[1]
		}
	}
	return "000000"
}

func (p *play) reply() {
	ctx := context.Background()
	a, pass := p.byCode("shen", "nmpa")
	ref := p.ref(gate.Reply)
	var f docket.File
	must(p.t, p.insist(func() (err error) {
		f, _, err = p.desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", a)
		return err
	}))
	p.send(f.ID)
	d := casework.Decision{
		Outcome: casework.ApproveInPart, Number: "函〔2026〕1号", Date: calendar.DayOf(monday), Reason: "部分批准", Evidence: f.ID,
		Terms: casework.Terms{Quantity: 6, Unit: "套"},
	}
	must(p.t, p.insist(func() error { _, err := p.desk.Record(ctx, op("record"), ref, d, a, pass); return err }))
	p.engine()
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
	p.night()
	return p
}

// sixtyDays lets every wait run into its time-out: a run whose token was lost
// asks again then, and hears that its leg is over.
func (tw *town) sixtyDays() {
	for _, e := range tw.world.Machine.Executions() {
		if e.Status == "RUNNING" {
			tw.world.Machine.Expire(e.Name)
		}
	}
	tw.engine()
}

// account is a life as it will be remembered, without what a repair may add.
func (p *play) account() string {
	ctx := context.Background()
	entries, err := p.world.Store.Entries(ctx, p.id)
	must(p.t, err)
	if err := history.Verify(entries); err != nil {
		p.t.Fatalf("history: %v", err)
	}
	var b strings.Builder
	for _, e := range entries {
		if _, untold, err := p.world.Store.Entry(ctx, p.id, e.Seq); err != nil || untold {
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
	fmt.Fprintf(&b, "stands %s %s, opinion %s, reply %s, %d submissions, %d units\n", c.Status, c.Stage(), c.Opinion.State, c.Reply.State, len(c.Submissions), c.Decision.Terms.Quantity)
	var told []string
	seen := map[string]bool{}
	for _, key := range p.world.Notices.Keys() {
		part := strings.Split(key, "/")
		if part[0] == "code" || seen[key] {
			continue
		}
		seen[key] = true
		told = append(told, strings.Join(part[2:], "/"))
	}
	slices.Sort(told)
	b.WriteString(strings.Join(told, "\n"))
	p.sixtyDays()
	for _, e := range p.world.Machine.Executions() {
		if e.Status == "RUNNING" {
			p.t.Errorf("execution %s still runs after the case is over", e.Name)
		}
	}
	return b.String()
}
