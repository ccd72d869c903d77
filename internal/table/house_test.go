package table_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
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
	"jixu/internal/world"
)

var ctx = context.Background()

var opening = time.Date(2026, 8, 27, 2, 0, 0, 0, time.UTC) // a Thursday, 10:00 in Shanghai

// house is a town over any keep, which a witness watches.
type house struct {
	*world.Town
	t    testing.TB
	keep *witness

	ops     int
	held    bool              // nothing is told: the stream stands still
	secrets map[string]string // what opens what is hashed, for the test data only
}

var actor = world.Short.Actor

// newHouse founds a town over what over makes. Its machine's clock goes with the law's:
// both stand where the lives put them.
func newHouse(t testing.TB, over func(*memory.World) world.Keep) *house {
	h := &house{t: t, secrets: map[string]string{}}
	h.Town = world.New(t, world.Options{
		Opening: opening, Cast: world.Short, Strict: true, Site: "https://jixu.invalid", Wall: func() time.Time { return h.Now() },
		Ports: func(w *memory.World, p *world.Ports) {
			h.keep = newWitness(t, over(w))
			p.Keep, p.Files, p.StateMachine, p.Hooks = h.keep, manifests{p.Files, h.keep}, starts{p.StateMachine, h.keep}, hooks{p.Hooks, h.keep}
			p.Notices, p.Events = notes{h.keep, p.Notices}, notes{h.keep, p.Events}
		},
	})
	h.Carry = func() world.Carriage {
		if h.held {
			return world.Stands
		}
		return world.Delivers
	}
	h.Watch = h.keep.task
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
	h.Engine()
	return r
}

// days lets the clock go on and ring.
func (h *house) days(n int) {
	for range n {
		h.World.Clock.Advance(24 * time.Hour)
		if !h.held {
			h.ring()
		}
	}
}

func (h *house) ring() {
	h.keep.moment = strings.TrimSuffix(h.keep.moment, "-rung") + "-rung"
	_, err := h.Deadlines.Ring(ctx)
	h.ok(err)
	h.Engine()
}

func (h *house) sweep() {
	_, err := h.Relay.Sweep(ctx)
	h.ok(err)
	h.Engine()
}

func (h *house) today() calendar.Day { return calendar.DayOf(h.Now()) }

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
	r, err := docket.LoadCase(ctx, l.keep, l.id)
	l.ok(err)
	return r
}

// version is what a form carries.
func (l *life) version() int { return l.record().Case.Dossier }

// newest is the submission that whoever answers has read.
func (l *life) newest() int { return len(l.record().Case.Submissions) }

func (l *life) at(leg gate.Leg) docket.GateRef {
	r := l.record()
	id := r.Case.Leg(leg).Gate
	if leg == gate.Papers {
		id = r.Case.Papers.Gate
	}
	g, _ := r.Gate(id)
	return docket.GateRef{Of: l.id, Gate: id, Submission: g.Submission}
}

// open begins a case, with the form filled in.
func (h *house) open(name, who string, kind policy.Kind, more map[string]string) *life {
	l := &life{house: h, name: name, who: actor(who)}
	l.id = l.step("created", func(op docket.Op) (docket.Receipt, error) { return h.Desk.Create(ctx, op, kind, l.who) }).Case
	l.fill(kind, more)
	return l
}

func (l *life) fill(kind policy.Kind, more map[string]string) {
	form := world.Form(kind)
	if kind == policy.Device {
		form["product-zh"] = "封堵器<测试>&"
	}
	maps.Copy(form, more)
	version := l.version()
	l.step("filled", func(op docket.Op) (docket.Receipt, error) { return l.Desk.Save(ctx, op, l.id, version, form, l.who) })
}

// announce attaches a file whose object has not come yet.
func (l *life) announce(what, item string) string {
	version := l.version()
	return l.step(what, func(op docket.Op) (docket.Receipt, error) {
		r, _, err := l.Desk.Attach(ctx, op, l.id, version, docket.Upload{Item: item, Name: "申请表 (1).pdf"}, "", l.who)
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
	_, _ = l.Desk.Settle(ctx, f.Key, l.World.Files.Upload(f.Key, data)) // a scanner that is away is an error beside the file
	l.Engine()
}

var paper = world.Paper

func (l *life) paper(item string) {
	l.arrive("checked", l.announce("attached", item), paper)
}

func (l *life) submit() {
	version := l.version()
	l.step("submitted", func(op docket.Op) (docket.Receipt, error) { return l.Desk.Submit(ctx, op, l.id, version, true, l.who) })
}

// submitted is a case that was submitted with its paper.
func (h *house) submitted(name, who string, kind policy.Kind, more map[string]string) *life {
	l := h.open(name, who, kind, more)
	l.paper(l.first())
	l.submit()
	return l
}

func (l *life) first() string {
	if l.record().Case.Kind == policy.Drug {
		return "licence"
	}
	return "signed-form"
}

func (l *life) ask(what string, leg gate.Leg, who string, defects ...casework.Defect) {
	ref := l.at(leg)
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.Desk.Ask(ctx, op, ref, defects, actor(who), nil) })
}

func (l *life) resubmit(what string, leg gate.Leg) {
	ref, version := l.at(leg), l.version()
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.Desk.Resubmit(ctx, op, ref, version, true, l.who) })
}

func (l *life) opine(what, who string, o casework.Opinion) {
	ref := l.at(gate.Opinion)
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.Desk.Opine(ctx, op, ref, o, actor(who), nil) })
}

// evidence uploads a letter for the reply's gate, or for gate if one is named.
func (l *life) evidence(what string, ref docket.GateRef, a party.Actor) string {
	l.keep.moment = l.name + "-" + what
	f, _, err := l.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", a)
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
	l.step(what, func(op docket.Op) (docket.Receipt, error) { return l.Desk.Record(ctx, op, ref, d, a, pass) })
}

func approve(number string, units int, unit string) casework.Decision {
	return casework.Decision{Outcome: casework.Approve, Number: number, Terms: casework.Terms{Quantity: units, Unit: unit}}
}

// mailed is what was mailed last to an address and matches.
func (h *house) mailed(to string, what *regexp.Regexp) string {
	found := h.Mailed(what, world.To(to+"@example.invalid"))
	if found == "" {
		h.t.Fatalf("%s: nothing of it was mailed to %s", h.keep.moment, to)
	}
	return found
}

// byLink lets a person in at a gate by the link that was mailed last and a code.
func (l *life) byLink(person, org string) (party.Actor, *docket.Pass) {
	l.keep.moment = l.name + "-by-link"
	secret := l.mailed(org, world.LinkIn)
	c, err := l.Links.RequestCode(ctx, secret, person, "browser")
	l.ok(err)
	l.Engine()
	if _, err := l.Links.EnterCode(ctx, secret, c.ID, "000000", "browser", "x"); err == nil {
		l.t.Fatal("a wrong code lets in")
	}
	s, err := l.Links.EnterCode(ctx, secret, c.ID, l.mailed(person, world.CodeIn), "browser", "session of "+c.ID)
	l.ok(err)
	l.secrets["session of "+c.ID] = "session"
	a, _, _, err := docket.Actor(ctx, l.keep, s)
	l.ok(err)
	return a, &docket.Pass{Hash: s.Hash, Of: s.Of, Gate: s.Gate, Now: l.Now()}
}
