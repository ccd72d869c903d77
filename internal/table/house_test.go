package table_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/sample"
)

var ctx = context.Background()

var opening = time.Date(2026, 8, 27, 2, 0, 0, 0, time.UTC) // a Thursday, 10:00 in Shanghai

// keep is everything that a table keeps.
type keep interface {
	docket.Store
	docket.Directory
	docket.Doors
	docket.Outbox
}

// inMemory is a keep for lives that need no table.
type inMemory struct {
	*memory.Store
	*memory.Directory
	*memory.Doors
	*memory.Outbox
}

// house is a whole Jixu over any keep. What happens beside the table is memory's;
// engine does what Lambda, the stream, the queues and the machine would do.
type house struct {
	t        testing.TB
	world    *memory.World
	keep     *witness
	desk     *docket.Desk
	keeper   *docket.Keeper
	teller   *docket.Teller
	waiter   *docket.Waiter
	bell     *docket.Bell
	post     *docket.Postman
	machines *docket.Machines
	herald   *docket.Herald

	ops     int
	held    bool              // nothing is told: the stream stands still
	secrets map[string]string // what opens what is hashed, for the test data only
}

var organisations = []party.Organisation{
	{ID: "h1", Kind: party.Hospital, NameZH: "示例医院", NameEN: "Sample Hospital", Phone: "021-00000001", Mail: "h1@example.invalid"},
	{ID: "h2", Kind: party.Hospital, NameZH: "另一示例医院", Mail: "h2@example.invalid"},
	{ID: "mpa", Kind: party.MunicipalMPA, NameZH: "市药品监管局（示例）", NameEN: "Municipal MPA (sample)", Mail: "mpa@example.invalid"},
	{ID: "hc", Kind: party.HealthCommission, NameZH: "市卫生健康委（示例）", Mail: "hc@example.invalid"},
	{ID: "customs", Kind: party.Customs, NameZH: "海关（示例）", Mail: "customs@example.invalid"},
	{ID: "nmpa", Kind: party.Regulator, NameZH: "国家药监局（示例）", Mail: "nmpa@example.invalid"},
	{ID: "dist", Kind: party.Distributor, NameZH: "经营企业（示例）", Mail: "dist@example.invalid"},
	{ID: "audit", Kind: party.Auditor, NameZH: "审计（示例）", Mail: "audit@example.invalid"},
}

var applicant = []party.Role{party.Applicant}

var people = []party.Person{
	{ID: "lin", Org: "h1", NameZH: "林芷", NameEN: "Lin Zhi", Title: "经办人", Roles: applicant, Mail: "lin@example.invalid", Subject: "s-lin"},
	{ID: "he", Org: "h2", NameZH: "何悦", Roles: applicant, Mail: "he@example.invalid", Subject: "s-he"},
	{ID: "zhou", Org: "mpa", NameZH: "周衡", Roles: []party.Role{party.Assessor, party.Administrator}, Mail: "zhou@example.invalid", Subject: "s-zhou"},
	{ID: "luo", Org: "hc", NameZH: "罗青", Roles: []party.Role{party.Assessor, party.Recorder}, Mail: "luo@example.invalid", Subject: "s-luo"},
	{ID: "tang", Org: "mpa", NameZH: "唐薇", Roles: []party.Role{party.Recorder}, Mail: "tang@example.invalid", Subject: "s-tang"},
	{ID: "shen", Org: "nmpa", NameZH: "沈安", Roles: []party.Role{party.Recorder}, Mail: "shen@example.invalid", Subject: "s-shen"},
	{ID: "wu", Org: "audit", NameZH: "吴审", Roles: []party.Role{party.Reader}, Mail: "wu@example.invalid"},
}

func actor(id string) party.Actor {
	for _, p := range people {
		for _, o := range organisations {
			if p.ID == id && o.ID == p.Org {
				return party.ActorOf(p, o)
			}
		}
	}
	panic("nobody called " + id)
}

type seeded struct{ *rand.Rand }

func (s seeded) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return len(b), nil
}

var _ io.Reader = seeded{}

// small is a pack with its first items only: lives need no more papers.
func small(p policy.Pack) policy.Pack {
	p.Parts = slices.Clone(p.Parts[:1])
	return p
}

// clocks are the system's and the machine's; both stand where the lives put them.
func newHouse(t testing.TB, world *memory.World, k keep) *house {
	h := &house{t: t, world: world, keep: newWitness(t, k), secrets: map[string]string{}}
	h.desk = docket.New(h.keep, world.Clock, world.Metrics)
	h.desk.Files, h.desk.Scanner = shelf{world.Files, h.keep}, world.Scanner
	h.desk.Random = seeded{rand.New(rand.NewPCG(3, 5))}
	h.desk.Pause = func(context.Context, time.Duration) error { return nil }
	h.desk.Packs = docket.Only(small(policy.DevicePack()), small(policy.DrugPack()))
	machine := func() time.Time { now, _ := world.Clock.Now(ctx); return now }
	notices, events := notes{h.keep, world.Notices}, notes{h.keep, world.Events}
	h.keeper = &docket.Keeper{Store: h.keep, Directory: h.keep, Doors: h.keep, Notices: notices, Mac: world.Mac, Desk: h.desk, Machine: machine}
	h.teller = &docket.Teller{Desk: h.desk, Machine: world.Machine, Notices: notices, Events: events, Outbox: h.keep}
	h.waiter = &docket.Waiter{Store: h.keep, Machine: world.Machine}
	h.bell = &docket.Bell{Desk: h.desk}
	h.post = &docket.Postman{
		Store: h.keep, Directory: h.keep, Doors: h.keep, Outbox: h.keep, Mail: world.Mail, Mac: world.Mac, Site: "https://jixu.invalid", Machine: machine,
	}
	h.machines = &docket.Machines{Desk: h.desk, Sealer: world.Sealer, Machine: machine, Loopback: true}
	h.herald = &docket.Herald{Store: h.keep, Outbox: h.keep, Sealer: world.Sealer, Hooks: world.Hooks, Site: "https://jixu.invalid", Machine: machine}
	for _, o := range organisations {
		h.ok(h.keep.PutOrganisation(ctx, o))
	}
	for _, p := range people {
		h.ok(h.keep.PutPerson(ctx, p))
	}
	h.ok(h.keep.PutAgencies(ctx, party.Agencies{MunicipalMPA: "mpa", HealthCommission: "hc", Customs: "customs", Regulator: "nmpa"}))
	h.ok(h.keep.PutRules(ctx, policy.LocalSample()))
	return h
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%s: %v", h.keep.moment, err)
	}
}

// op names the next request.
func (h *house) op() docket.Op {
	h.ops++
	return docket.Op{ID: fmt.Sprintf("operation-%06d", h.ops)}
}

// do makes one move, under the name that its goldens will have, and lets happen
// what happens by itself.
func (h *house) do(moment string, move func(docket.Op) (docket.Receipt, error)) docket.Receipt {
	h.t.Helper()
	h.keep.moment = moment
	r, err := move(h.op())
	h.ok(err)
	h.engine()
	return r
}

func (h *house) engine() {
	h.t.Helper()
	for range 80 {
		if !h.relay() && !h.deliver() && !h.run() {
			return
		}
	}
	h.t.Fatal("the engine never comes to rest")
}

func (h *house) relay() bool {
	if h.held || len(h.keep.waiting) == 0 {
		return false
	}
	ref := h.keep.waiting[0]
	h.keep.waiting = h.keep.waiting[1:]
	h.ok(h.teller.Tell(ctx, ref.Case, ref.Seq))
	return true
}

func (h *house) deliver() bool {
	switch {
	case len(h.world.Notices.Waiting()) > 0:
		h.ok(h.post.Deliver(ctx, h.world.Notices.Take(0)))
	case len(h.world.Events.Waiting()) > 0:
		h.ok(h.herald.Deliver(ctx, h.world.Events.Take(0)))
		if sent := h.world.Hooks.Sent(); len(sent) > 0 {
			h.keep.see("event", json.RawMessage(sent[len(sent)-1].Body))
		}
	default:
		return false
	}
	return true
}

// run lets every running execution take its next step, as the definition says.
func (h *house) run() bool {
	moved := false
	for _, e := range h.world.Machine.Executions() {
		if e.Status != "RUNNING" || e.Waiting != "" {
			continue
		}
		moved = true
		var in docket.Input
		h.ok(json.Unmarshal(e.Input, &in))
		h.keep.see("input", in)
		next, err := h.waiter.Next(ctx, in.CaseID, in.Leg, in.Run)
		h.ok(err)
		h.keep.see("next", next)
		if next.Over {
			h.world.Machine.End(e.Name, "SUCCEEDED")
			continue
		}
		now, _ := h.world.Clock.Now(ctx)
		t := docket.Token{Value: h.world.Machine.Wait(e.Name), Run: in.Run, Entered: now}
		h.keep.see("waiting", waiting{CaseID: in.CaseID, Leg: in.Leg, Run: in.Run, Gate: next.Gate, TaskToken: t.Value, Entered: now})
		h.ok(h.waiter.Attach(ctx, docket.GateRef{Case: in.CaseID, Gate: next.Gate}, t))
	}
	return moved
}

// days lets the clock go on and ring.
func (h *house) days(n int) {
	for range n {
		h.world.Clock.Advance(24 * time.Hour)
		if !h.held {
			h.ring()
		}
	}
}

func (h *house) ring() {
	h.keep.moment = strings.TrimSuffix(h.keep.moment, "-rung") + "-rung"
	_, err := h.bell.Ring(ctx)
	h.ok(err)
	h.engine()
}

func (h *house) sweep() {
	_, err := h.teller.Sweep(ctx)
	h.ok(err)
	h.engine()
}

func (h *house) now() time.Time      { now, _ := h.world.Clock.Now(ctx); return now }
func (h *house) today() calendar.Day { return calendar.DayOf(h.now()) }

func (h *house) rules(change func(*policy.Rules)) {
	r := policy.LocalSample()
	r.Limits = map[string]policy.Limit{}
	for k, l := range policy.LocalSample().Limits {
		r.Limits[k] = l
	}
	change(&r)
	h.keep.moment = "of-" + r.Version
	h.ok(h.keep.PutRules(ctx, r))
}

// knowing is the calendar that knows the notices up to year.
func (h *house) knowing(year int) calendar.Calendar {
	var files [][]byte
	for y := 2024; y <= year; y++ {
		b, err := os.ReadFile("../calendar/data/" + strconv.Itoa(y) + ".json")
		h.ok(err)
		files = append(files, b)
	}
	c, err := calendar.Parse(files...)
	h.ok(err)
	return c
}

// ---- one case

// life is one case of the house; name begins the names of its goldens.
type life struct {
	*house
	name string
	id   string
	who  party.Actor // the applicant
}

func (l *life) step(what string, move func(docket.Op) (docket.Receipt, error)) docket.Receipt {
	l.t.Helper()
	return l.do(l.name+"-"+what, move)
}

func (l *life) record() docket.Record {
	r, err := l.keep.Load(ctx, l.id)
	l.ok(err)
	return r
}

// version is what a form carries.
func (l *life) version() int { return l.record().Case.Dossier }

// newest is the submission that whoever answers has read.
func (l *life) newest() int { return len(l.record().Case.Submissions) }

func (l *life) at(leg gate.Leg) docket.GateRef {
	r := l.record()
	id := r.Case.Track(leg).Gate
	if leg == gate.Papers {
		id = r.Case.Papers.Gate
	}
	g, _ := r.Gate(id)
	return docket.GateRef{Case: l.id, Gate: id, Submission: g.Submission}
}

var deviceForm = map[string]string{
	"product-zh": "封堵器<测试>&", "product-original": "Occluder", "model": "BAO-12", "manufacturer": "Example GmbH", "country": "德国",
	"class": "III", "subcatalogue": "13", "overseas-approval": "CE", "indication": "房缺", "urgency": "无替代",
	"quantity": "10",
	"unit":     "套", "patients": "8", "department": "心脏中心", "contact-role": "经办人", "contact-phone": "021-00000001", "comparison": "材料不同",
	"marketing-country": "德国", "udi-none": "未实施唯一标识", "disease": "房间隔缺损", "units-per-patient": "1",
}

var drugForm = map[string]string{
	"product-zh": "示例注射液", "product-original": "Exemplum", "dosage-form": "注射剂", "strength": "10 mg",
	"manufacturer": "Example SA", "country": "法国",
	"marketing-country": "法国", "overseas-approval": "EMA", "situation": "not-registered", "category": "rare-disease", "lead-importer": "yes",
	"indication": "罕见病", "disease": "示例病", "urgency": "无替代", "comparison": "机制不同", "quantity": "120", "unit": "支", "patients": "4",
	"units-per-patient": "30", "department": "神经内科", "contact-role": "经办人", "contact-phone": "021-00000001",
}

// open begins a case, with the form filled in.
func (h *house) open(name, who string, kind casework.Kind, more map[string]string) *life {
	l := &life{house: h, name: name, who: actor(who)}
	l.id = l.step("created", func(op docket.Op) (docket.Receipt, error) { return h.desk.Create(ctx, op, kind, l.who) }).Case
	l.fill(kind, more)
	return l
}

func (l *life) fill(kind casework.Kind, more map[string]string) {
	form := map[string]string{}
	base := deviceForm
	if kind == casework.Drug {
		base = drugForm
	}
	for _, m := range []map[string]string{base, more} {
		for k, v := range m {
			form[k] = v
		}
	}
	version := l.version()
	l.step("filled", func(op docket.Op) (docket.Receipt, error) { return l.desk.Save(ctx, op, l.id, version, form, l.who) })
}

// announce attaches a file whose object has not come yet.
func (l *life) announce(what, item string) string {
	version := l.version()
	return l.step(what, func(op docket.Op) (docket.Receipt, error) {
		r, _, err := l.desk.Attach(ctx, op, l.id, version, docket.Upload{Item: item, Name: "申请表 (1).pdf"}, "", l.who)
		return r, err
	}).File
}

// arrive uploads data for a file and lets it be looked at.
func (l *life) arrive(what, file string, data []byte) {
	l.keep.moment = l.name + "-" + what
	f, ok := l.record().File(file)
	if !ok {
		l.t.Fatalf("%s: no file %s", l.keep.moment, file)
	}
	_, _ = l.desk.Settle(ctx, f.Key, l.world.Files.Upload(f.Key, data)) // a scanner that is away is an error beside the file
	l.engine()
}

var paper = sample.PDF(1, "申请表", 1, 0)

func (l *life) paper(item string) {
	l.arrive("checked", l.announce("attached", item), paper)
}

func (l *life) submit() {
	version := l.version()
	l.step("submitted", func(op docket.Op) (docket.Receipt, error) { return l.desk.Submit(ctx, op, l.id, version, true, l.who) })
}

// submitted is a case that was submitted with its paper.
func (h *house) submitted(name, who string, kind casework.Kind, more map[string]string) *life {
	l := h.open(name, who, kind, more)
	l.paper(l.first())
	l.submit()
	return l
}

func (l *life) first() string {
	if l.record().Case.Kind == casework.Drug {
		return "licence"
	}
	return "signed-form"
}

func (l *life) ask(what string, leg gate.Leg, who string, defects ...casework.Defect) {
	ref := l.at(leg)
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.desk.Ask(ctx, op, ref, defects, actor(who), nil) })
}

func (l *life) resubmit(what string, leg gate.Leg) {
	ref, version := l.at(leg), l.version()
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.desk.Resubmit(ctx, op, ref, version, true, l.who) })
}

func opinion(relied ...int) casework.Opinion {
	var o casework.Opinion
	for i, q := range casework.Questions {
		f := casework.Finding{Question: q, Met: true, Reason: "符合"}
		if slices.Contains(relied, i) {
			f.Relied, f.Reason = true, ""
		}
		o.Findings = append(o.Findings, f)
	}
	return o
}

func (l *life) opine(what, who string, o casework.Opinion) {
	ref := l.at(gate.Opinion)
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.desk.Opine(ctx, op, ref, o, actor(who), nil) })
}

// evidence uploads a letter for the reply's gate, or for gate if one is named.
func (l *life) evidence(what string, ref docket.GateRef, a party.Actor) string {
	l.keep.moment = l.name + "-" + what
	f, _, err := l.desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", a)
	l.ok(err)
	l.arrive(what+"-checked", f.ID, paper)
	return f.ID
}

func (l *life) reply(what, who string, d casework.Decision) {
	l.replyBy(what, actor(who), nil, d)
}

func (l *life) replyBy(what string, a party.Actor, pass *docket.Pass, d casework.Decision) {
	ref := l.at(gate.Reply)
	d.Evidence = l.evidence("letter", ref, a)
	d.Date = l.today()
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.desk.Record(ctx, op, ref, d, a, pass) })
}

func approve(number string, units int, unit string) casework.Decision {
	return casework.Decision{Outcome: casework.Approve, Number: number, Terms: casework.Terms{Quantity: units, Unit: unit}}
}

var (
	linkIn = regexp.MustCompile(`/l/([a-z2-7]+)`)
	codeIn = regexp.MustCompile(`：(\d{6})`)
)

// mailed is what was mailed last to an address and matches.
func (h *house) mailed(to string, what *regexp.Regexp) string {
	for _, m := range slices.Backward(h.world.Mail.Sent()) {
		if hit := what.FindStringSubmatch(m.Text); hit != nil && m.To == to+"@example.invalid" {
			return hit[1]
		}
	}
	h.t.Fatalf("%s: nothing of it was mailed to %s", h.keep.moment, to)
	return ""
}

// byLink lets a person in at a gate by the link that was mailed last and a code.
func (l *life) byLink(person, org string) (party.Actor, *docket.Pass) {
	l.keep.moment = l.name + "-by-link"
	secret := l.mailed(org, linkIn)
	c, err := l.keeper.RequestCode(ctx, secret, person, "browser")
	l.ok(err)
	l.engine()
	if _, err := l.keeper.EnterCode(ctx, secret, c.ID, "000000", "browser", "x"); err == nil {
		l.t.Fatal("a wrong code lets in")
	}
	s, err := l.keeper.EnterCode(ctx, secret, c.ID, l.mailed(person, codeIn), "browser", "session of "+c.ID)
	l.ok(err)
	l.secrets["session of "+c.ID] = "session"
	a, _, _, err := docket.Actor(ctx, l.keep, s)
	l.ok(err)
	return a, &docket.Pass{Hash: s.Hash, Case: s.Case, Gate: s.Gate, Now: l.now()}
}
