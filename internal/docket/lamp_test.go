package docket_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/law"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// A lamp is the smallest aggregate that has everything: a law, a gate with a deadline,
// a state machine, files and tellings. Its row and its law stand in this file, and
// nothing elsewhere knows of it: what is tried here, any new kind gets with its row.

const (
	lampKind = "lamp"
	watch    = gate.Leg("watch")
)

type lamp struct {
	ID     string    `json:"ID"`
	Number string    `json:"Number"`
	Owner  string    `json:"Owner"`
	Lit    bool      `json:"Lit"`
	Gate   string    `json:"Gate"`
	Run    int       `json:"Run"`
	RunAt  time.Time `json:"RunAt"`
}

const (
	lightLamp   law.Verb = "lamp.light"
	quenchLamp  law.Verb = "lamp.quench"
	ringLamp    law.Verb = "lamp.ring"
	restartLamp law.Verb = "lamp.restart"
)

var (
	lit      = law.Is(func(l lamp) bool { return l.Lit }, "lamp.dark")
	lampLaws = law.Moves[lamp]{
		{
			Verb: lightLamp,
			Who:  func(_ lamp, a party.Actor) bool { return a.Holds(party.Applicant) },
			When: law.Is(func(l lamp) bool { return !l.Lit }, "lamp.lit"),
		},
		{Verb: quenchLamp, Who: func(_ lamp, a party.Actor) bool { return a.Holds(party.Assessor) }, When: lit, Answers: true},
		{Verb: ringLamp, Who: law.System[lamp], When: lit},
		{Verb: restartLamp, Who: law.System[lamp], When: lit},
	}
)

// lampFacts are an entry's body: the envelope is all that the engine reads of it.
type lampFacts struct {
	law.Envelope
	Brightness int `json:"brightness,omitempty"`
}

// done is a deed of a lamp.
func (l lamp) done(was docket.Head, v law.Verb, by party.Actor, facts lampFacts, s law.Setting) docket.Deed {
	facts.Number = l.Number
	return docket.Deed{
		Was: was, Kind: lampKind, ID: l.ID, Number: l.Number, Verb: v, By: by, Facts: facts, Open: l.Lit,
		Home: docket.Place{List: "lamps/" + l.Owner, At: s.Now}, Body: func(docket.Head) any { return l },
	}
}

func light(id string, a party.Actor, s law.Setting) (docket.Deed, error) {
	l := lamp{ID: id, Number: "L-" + id, Owner: a.Org}
	if err := lampLaws.Permits(l, lightLamp, a); err != nil {
		return docket.Deed{}, err
	}
	limit := s.Rules.Limits[policy.Opinion]
	g := gate.Gate{
		ID: "watch-1", Of: docket.NameOf(lampKind, id), Leg: watch, Kind: gate.Assess, Party: s.Agencies.MunicipalMPA, Submission: 1, Issue: 1,
		OpenedAt: s.Now, Status: gate.Open, Limit: &limit,
	}.Armed(s.Calendar, s.Now)
	l.Lit, l.Gate, l.Run, l.RunAt = true, g.ID, 1, s.Now
	d := l.done(docket.Head{}, lightLamp, a, lampFacts{Brightness: 7, Envelope: law.Envelope{
		Opens:  []law.Opening{{Gate: g.ID, Kind: g.Kind, Party: g.Party, Submission: 1, Issue: 1, Due: law.Text(g.Deadline.Due)}},
		Starts: []law.Start{{Leg: watch, Run: 1}},
	}}, s)
	d.Opened = []gate.Gate{g}
	return d, nil
}

func (l lamp) quench(was docket.Head, g gate.Gate, a party.Actor, s law.Setting) (docket.Deed, error) {
	if err := lampLaws.Permits(l, quenchLamp, a); err != nil {
		return docket.Deed{}, err
	}
	closed, err := g.Answering(string(quenchLamp), "", a, s.Now, was.Seq+1)
	if err != nil {
		return docket.Deed{}, err
	}
	l.Lit, l.Gate = false, ""
	d := l.done(was, quenchLamp, a, lampFacts{Envelope: law.Envelope{
		Closes: []law.Closing{{Gate: g.ID, Leg: watch, Choice: string(quenchLamp)}},
	}}, s)
	d.Changed = []gate.Gate{closed}
	return d, nil
}

// lighting is the operation that lights a lamp.
func lighting(id string, a party.Actor) docket.Decision {
	return func(_ docket.Stored, s law.Setting) (docket.Commit, docket.Receipt, error) {
		d, err := light(id, a, s)
		if err != nil {
			return docket.Commit{}, docket.Receipt{}, err
		}
		return docket.Alone(d, s)
	}
}

// lampRow is all that the engine is told of lamps.
var lampRow = docket.Kind{
	Name: lampKind, Page: "/lamps/", API: "/api/v1/lamps/", StateMachine: "watch-lamp", Carries: []gate.Leg{watch},
	Legs: func(s docket.Stored) ([]docket.Leg, error) {
		l, err := docket.Body[lamp](s.Head)
		return []docket.Leg{{Leg: watch, Open: l.Lit, Run: l.Run, RunAt: l.RunAt, Gate: l.Gate}}, err
	},
	Restart: func(_ context.Context, _ *docket.Desk, stored docket.Stored, _ gate.Leg, run int, s law.Setting) (docket.Commit, docket.Receipt, error) {
		l, err := docket.Body[lamp](stored.Head)
		if err != nil || l.Run != run || !l.Lit {
			return docket.Commit{}, docket.Receipt{}, errors.Join(err, fault.New(fault.Conflict, "run.moved"))
		}
		l.Run, l.RunAt = l.Run+1, s.Now
		return docket.Alone(
			l.done(stored.Head, restartLamp, party.System, lampFacts{Envelope: law.Envelope{Starts: []law.Start{{Leg: watch, Run: l.Run}}}}, s),
			s,
		)
	},
	Ring: func(_ context.Context, _ *docket.Desk, stored docket.Stored, g gate.Gate, s law.Setting) (docket.Commit, docket.Receipt, error) {
		l, err := docket.Body[lamp](stored.Head)
		if err != nil {
			return docket.Commit{}, docket.Receipt{}, err
		}
		g, rung, err := law.Ring(g, s)
		if err != nil {
			return docket.Commit{}, docket.Receipt{}, err
		}
		d := l.done(stored.Head, ringLamp, party.System, lampFacts{Envelope: law.Envelope{Ring: &rung}}, s)
		d.Changed = []gate.Gate{g}
		return docket.Alone(d, s)
	},
}

func init() { docket.Register(lampRow) }

// lampTown is a town in which there are lamps.
func lampTown(t testing.TB) *town {
	t.Helper()
	b, err := os.ReadFile("testdata/watch-lamp.asl.json")
	must(t, err)
	definition, err := world.ParseDefinition(b)
	must(t, err)
	tw := &town{Town: world.New(t, world.Options{Cast: world.Short, StateMachines: map[string]world.Definition{"watch-lamp": definition}}), t: t}
	tw.events, tw.EventSender = tw.EventSender, nil
	return tw
}

const lampName = "lamp/l1"

// lampLife lights a lamp, shows a photograph of it, lets its deadline pass and the
// clock speak of it once, and lets the warden quench it through the link that the mail brought.
func lampLife(tw *town) *town {
	ctx, lin := context.Background(), actor("lin")
	must(tw.t, tw.Insist(func() error {
		_, err := tw.Desk.Move(ctx, "", op("light"), "light", lin, lighting("l1", lin))
		return err
	}))
	tw.Engine()
	photo := docket.File{
		ID:    "f1",
		Of:    lampName,
		Item:  "photo",
		Org:   "h1",
		Key:   "dossier/" + lampName + "/f1",
		Name:  "灯.pdf",
		State: docket.Unchecked,
		At:    monday,
	}
	must(tw.t, tw.Insist(func() error { return tw.World.Store.PutFile(ctx, photo) }))
	tw.Upload(photo.Key, paper)
	tw.Engine()
	tw.World.Clock.Advance(27 * 24 * time.Hour)
	for range 3 { // one that failed is put off by a quarter of an hour
		_, _ = tw.Under(func() error { _, err := tw.Deadlines.Ring(ctx); return err })
		tw.Engine()
		tw.World.Clock.Advance(16 * time.Minute)
	}
	tw.Night()
	tw.quench()
	tw.Night()
	return tw
}

// quench is the warden's answer, with a session of the link.
func (tw *town) quench() {
	ctx := context.Background()
	link := tw.Mailed(world.LinkIn, world.To("mpa@example.invalid"))
	v, err := tw.Links.Visit(ctx, link)
	must(tw.t, err)
	if !v.Live || v.Gate.Of != lampName || v.Of.Number != "L-l1" {
		tw.t.Fatalf("the link: got live %v, gate of %s, number %q; want the lamp's", v.Live, v.Gate.Of, v.Of.Number)
	}
	now := tw.Now()
	session := docket.Session{
		Hash:    "s1",
		Person:  "zhou",
		Org:     "mpa",
		Of:      lampName,
		Gate:    "watch-1",
		Issue:   1,
		Created: now,
		Idle:    now.Add(time.Hour),
		Expires: now.Add(time.Hour),
	}
	must(tw.t, tw.Insist(func() error { return tw.Ports.Keep.PutSession(ctx, session) }))
	zhou, _, _, err := docket.Actor(ctx, tw.Ports.Keep, session)
	must(tw.t, err)
	must(tw.t, tw.Insist(func() error {
		_, err := tw.Desk.Move(ctx, lampName, op("quench"), "quench", zhou, func(stored docket.Stored, s law.Setting) (docket.Commit, docket.Receipt, error) {
			l, err := docket.Body[lamp](stored.Head)
			if err != nil {
				return docket.Commit{}, docket.Receipt{}, err
			}
			g, _ := stored.Gate("watch-1")
			if err := g.MayAnswer(zhou); err != nil {
				return docket.Commit{}, docket.Receipt{}, err
			}
			d, err := l.quench(stored.Head, g, zhou, s)
			if err != nil {
				return docket.Commit{}, docket.Receipt{}, err
			}
			commit, receipt, err := docket.Alone(d, s)
			commit.Session = &docket.Pass{Hash: "s1", Of: lampName, Gate: "watch-1", Now: now}
			return commit, receipt, err
		})
		return err
	}))
	tw.Engine()
}

// lampStory is what became of the lamp and who heard of it, without what a fault may
// repeat: further runs.
func (tw *town) lampStory() string {
	ctx := context.Background()
	s, err := tw.World.Store.Load(ctx, lampName)
	must(tw.t, err)
	l, err := docket.Body[lamp](s.Head)
	must(tw.t, err)
	entries, err := tw.World.Store.Entries(ctx, lampName)
	must(tw.t, err)
	must(tw.t, history.VerifyTo(entries, s.Seq, s.Hash))
	var out []string
	for _, e := range entries {
		_, untold, err := tw.World.Store.Entry(ctx, lampName, e.Seq)
		must(tw.t, err)
		if law.Verb(e.Verb) != restartLamp {
			out = append(out, fmt.Sprint(e.Verb, " by ", e.By.Person, " untold ", untold))
		}
	}
	f := s.Files[0]
	out = append(out, fmt.Sprint("lit ", l.Lit, ", gate ", s.Gates[0].Status, ", file ", f.ID, " ", f.State))
	for _, e := range tw.World.StateMachine.Executions() {
		if e.Status == "RUNNING" {
			out = append(out, "run "+e.Name+" lives")
		}
	}
	var mails []string
	for _, m := range tw.World.Mail.Sent() {
		if !slices.Contains(mails, m.To+" "+m.Subject) { // a mail may come twice
			mails = append(mails, m.To+" "+m.Subject)
		}
	}
	slices.Sort(mails)
	return strings.Join(append(out, mails...), "\n")
}

func TestAKindOfAggregateLivesByItsRowAlone(t *testing.T) {
	tw := lampLife(lampTown(t))
	t.Logf("%d outside calls:\n%s", tw.Calls, tw.lampStory())
	want := `lamp.light by lin untold false
lamp.ring by system untold false
lamp.quench by zhou untold false
lit false, gate answered, file f1 checked
hc@example.invalid 【急需】L-l1 逾期通报
mpa@example.invalid 【急需】L-l1 已逾期
mpa@example.invalid 【急需】L-l1 待办理：出具评估意见`
	if got := tw.lampStory(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	runs := tw.World.StateMachine.Executions()
	if len(runs) != 1 || runs[0].Name != "lamp-l1-watch-1" || runs[0].StateMachine != "watch-lamp" || runs[0].Status != "SUCCEEDED" {
		t.Errorf("got runs %+v, want one of its own machine that came to its end", runs)
	}
	rows, _, err := tw.World.Store.List(context.Background(), "lamps/h1", "", 10)
	if err != nil || len(rows) != 1 || rows[0].Head.Name() != lampName {
		t.Errorf("got %v and %v, want it on the list that its law named", rows, err)
	}
}

// Whatever fails or dies once, before or after it took effect: the lamp has one story.
func TestEveryCrashPointOfAnyKindConverges(t *testing.T) {
	first := lampLife(lampTown(t))
	want, calls := first.lampStory(), first.Calls
	var wait sync.WaitGroup
	for i, fate := range memory.Fates[1:] {
		wait.Go(func() {
			for n := 1; n <= calls; n++ {
				if leftOut(n, i) {
					continue
				}
				tw := lampTown(t)
				tw.Faults = faultAt(n, fate)
				if got := lampLife(tw).lampStory(); got != want {
					t.Errorf("call %d (%s) %s: got\n%s\nwant\n%s", n, first.Names[n-1], fate, got, want)
				}
			}
		})
	}
	wait.Wait()
}

// An execution that died is begun again, whatever it was about.
func TestARunOfAnyKindIsBegunAgain(t *testing.T) {
	ctx, lin := context.Background(), actor("lin")
	tw := lampTown(t)
	_, err := tw.Desk.Move(ctx, "", op("light"), "light", lin, lighting("l1", lin))
	must(t, err)
	tw.Engine()
	tw.World.StateMachine.Restart()
	tw.Night()
	if e, ok := tw.World.StateMachine.Execution("lamp-l1-watch-2"); !ok || e.Status != "RUNNING" {
		t.Errorf("got %+v, want the next run to wait", e)
	}
	token, ok, err := tw.World.Store.Token(ctx, docket.GateRef{Of: lampName, Gate: "watch-1"})
	if err != nil || !ok || token.Run != 2 {
		t.Errorf("got a token of run %d, %v and %v; want one of the second", token.Run, ok, err)
	}
	tw.quench()
	if e, _ := tw.World.StateMachine.Execution("lamp-l1-watch-2"); e.Status != "SUCCEEDED" {
		t.Errorf("got %s, want it resumed to its end", e.Status)
	}
}

// A law that forgets to say which run waits hides no dead run: the aggregate is read.
func TestTheSweepSeesADeadRunWhoseRowForgetsTheLeg(t *testing.T) {
	ctx, lin := context.Background(), actor("lin")
	tw := lampTown(t)
	_, err := tw.Desk.Move(ctx, "", op("light"), "light", lin, func(_ docket.Stored, s law.Setting) (docket.Commit, docket.Receipt, error) {
		d, err := light("l1", lin, s)
		if err != nil {
			return docket.Commit{}, docket.Receipt{}, err
		}
		d.Waits = []docket.Wait{{Gate: "watch-1"}}
		return docket.Alone(d, s)
	})
	must(t, err)
	tw.Engine()
	tw.World.StateMachine.End("lamp-l1-watch-1", "FAILED")
	tw.World.Clock.Advance(24 * time.Hour)
	_, err = tw.Relay.Sweep(ctx)
	must(t, err)
	s, err := tw.World.Store.Load(ctx, lampName)
	must(t, err)
	if l, err := docket.Body[lamp](s.Head); err != nil || l.Run != 2 {
		t.Errorf("got run %d and %v, want it started again", l.Run, err)
	}
}
