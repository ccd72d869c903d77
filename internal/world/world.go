// Package world is one small Jixu for tests and for the bench, and for nothing
// else: no function and no command imports it. Everything that the program is made
// of is wired here once, over memory's ports or any others, and what AWS would do
// around it is played: the stream that brings entries, the queues that bring
// messages again, executions walked state by state through statemachines/*.asl.json,
// the events of files that were uploaded and of executions that ended, and the schedules
// of a night, all by one clock that a test moves.
package world

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"jixu/internal/docket"
	"jixu/internal/memory"
	"jixu/internal/policy"
)

// T is who hears what goes wrong in a town. A *testing.T is one.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Monday is when the law's clock of a town stands at first: 10:00 in Shanghai, in
// a week without holidays.
var Monday = time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)

// Site is where the sites of a town stand.
const Site = "https://jixu.example"

// Keep is everything that a table keeps.
type Keep interface {
	docket.Store
	docket.Directory
	docket.Access
	docket.Autosaves
	docket.Outbox
}

// inMemory is memory's Keep.
type inMemory struct {
	*memory.Store
	*memory.Directory
	*memory.Access
	*memory.Outbox
}

// InMemory is a Keep of w's own parts.
func InMemory(w *memory.World) Keep { return inMemory{w.Store, w.Directory, w.Access, w.Outbox} }

// Streamed is a Keep whose commits go down a stream, as those of a real table do.
// memory's own store needs none: it fills its stream by itself.
type Streamed struct {
	Keep
	Stream *memory.Stream
}

// Commit commits, and streams the entries of what was committed.
func (s Streamed) Commit(ctx context.Context, c docket.Commit) error {
	if err := s.Keep.Commit(ctx, c); err != nil {
		return err
	}
	for _, ch := range c.Changes {
		if ch.Entry != nil {
			s.Stream.Put(docket.EntryRef{Of: ch.Head.Name(), Seq: ch.Entry.Seq, At: ch.Entry.At})
		}
	}
	return nil
}

// Ports are what a town is wired over.
type Ports struct {
	Keep         Keep
	Cursors      docket.Cursors
	Files        docket.Files
	Scanner      docket.Scanner
	StateMachine docket.StateMachine
	Notices      docket.Notices
	Events       docket.Notices
	Hooks        docket.Hooks
	Mail         docket.Mail
	Mac          docket.Mac
	Sealer       docket.Sealer
	Clock        docket.Clock
	Metrics      docket.Metrics
}

// Options say what a test wants different. What they do not say can be changed
// in the town itself, before anything runs.
type Options struct {
	Opening       time.Time                   // where the law's clock stands; zero: Monday
	Cast          Cast                        // who lives here; empty: Sample
	Packs         docket.Packs                // nil: the first part of each pack, so that lives are short
	Reporter      memory.Reporter             // who hears of broken contracts; nil: the test itself
	Wall          func() time.Time            // the machine's clock, of sessions, codes and signatures; nil: it stands at Opening
	Site          string                      // "": Site
	StateMachines map[string]Definition       // state machines of the test, beside those below statemachines/
	Strict        bool                        // a function that fails ends the test; without it Lambda, queue and sweep try again
	Ports         func(*memory.World, *Ports) // changes the ports before anything is wired over them
}

// Town is a whole Jixu: its parts, its people, and what happens by itself.
type Town struct {
	World        *memory.World
	Ports        Ports
	Desk         *docket.Desk
	Links        *docket.Links
	Relay        *docket.Relay
	TaskTokens   *docket.TaskTokens
	Deadlines    *docket.Deadlines
	NoticeSender *docket.NoticeSender
	EventSender  *docket.EventSender // nil: nobody takes events out of their queue
	Systems      *docket.AgencySystems
	Walker       *Walker

	// Functions are what the tasks of a machine may call, by the folder below functions/.
	Functions map[string]Function
	// Around, if it is set, stands around every function that runs by itself.
	Around func(function string, do func() error) error
	// Watch, if it is set, sees what each task of a machine is sent and answers.
	Watch func(function string, in []byte, out any)

	// Faults says what becomes of outside calls while a fault may happen, counted
	// from 1: within Under and Insist, and in whatever runs by itself. nil: they pass.
	Faults memory.Faults
	Calls  int      // how many there were
	Names  []string // what they were, "Store.Commit"
	Within []string // the function that made each; "": it did not run by itself

	Carry   func() Carriage   // what the stream does with its next record; nil: it delivers
	Hear    func() Carriage   // what the event bus does with the next execution that ended; nil: it delivers
	Uploads []Upload          // objects whose events are on their way
	Held    []docket.EntryRef // records that come hours later
	Late    []End             // ends of executions that come later
	Rests   []docket.Notice   // notices that were given up until somebody redrives them

	t       T
	strict  bool
	armed   bool
	within  string
	retries map[string]int
}

// New founds a town. Its law's clock stands still until it is moved.
func New(t T, o Options) *Town {
	t.Helper()
	o = o.filled(t)
	w := memory.New(o.Reporter, o.Opening)
	tw := &Town{World: w, t: t, strict: o.Strict, retries: map[string]int{}}
	tw.Ports = Ports{
		Keep: InMemory(w), Cursors: w.Cursors, Files: w.Files, Scanner: w.Scanner, StateMachine: w.StateMachine, Notices: w.Notices, Events: w.Events,
		Hooks: w.Hooks, Mail: w.Mail, Mac: w.Mac, Sealer: w.Sealer, Clock: w.Clock, Metrics: w.Metrics,
	}
	if o.Ports != nil {
		o.Ports(w, &tw.Ports)
	}
	w.Faults = tw.fate
	tw.wire(o)
	tw.Functions = map[string]Function{"apply-outcome": tw.applyOutcome, "open-gate": tw.openGate}
	tw.Walker = &Walker{StateMachine: w.StateMachine, Definitions: o.definition, Do: tw.task, Now: tw.Now}
	tw.must(o.Cast.Settle(context.Background(), tw.Ports.Keep))
	return tw
}

// definition finds a state machine by its name.
func (o Options) definition(name string) (Definition, error) {
	if d, ok := o.StateMachines[name]; ok {
		return d, nil
	}
	return ReadDefinition(name)
}

func (o Options) filled(t T) Options {
	if o.Opening.IsZero() {
		o.Opening = Monday
	}
	if o.Cast.Organisations == nil {
		o.Cast = Sample
	}
	if o.Packs == nil {
		o.Packs = short()
	}
	if o.Reporter == nil {
		o.Reporter = t
	}
	if o.Wall == nil {
		opening := o.Opening
		o.Wall = func() time.Time { return opening }
	}
	if o.Site == "" {
		o.Site = Site
	}
	return o
}

// wire puts the parts of the program together, as the mains of functions/ do. One
// relay serves for three functions: it has what any of them has.
func (tw *Town) wire(o Options) {
	p := tw.Ports
	tw.Desk = docket.New(p.Keep, p.Clock, p.Metrics)
	tw.Desk.Files, tw.Desk.Scanner, tw.Desk.Packs = p.Files, p.Scanner, o.Packs
	tw.Desk.Random = &seeded{dice: rand.New(rand.NewPCG(1, 2))}
	tw.Desk.Pause = func(context.Context, time.Duration) error { return nil }
	tw.Links = &docket.Links{Store: p.Keep, Directory: p.Keep, Access: p.Keep, Notices: p.Notices, Mac: p.Mac, Desk: tw.Desk, Wall: o.Wall}
	tw.Relay = &docket.Relay{Desk: tw.Desk, StateMachine: p.StateMachine, Notices: p.Notices, Events: p.Events, Outbox: p.Keep, Cursors: p.Cursors}
	tw.TaskTokens = &docket.TaskTokens{Store: p.Keep, StateMachine: p.StateMachine}
	tw.Deadlines = &docket.Deadlines{Desk: tw.Desk, Relay: tw.Relay}
	tw.NoticeSender = &docket.NoticeSender{
		Store: p.Keep, Directory: p.Keep, Access: p.Keep, Outbox: p.Keep, Mail: p.Mail, Mac: p.Mac, Site: o.Site, Wall: o.Wall,
	}
	tw.EventSender = &docket.EventSender{Store: p.Keep, Outbox: p.Keep, Sealer: p.Sealer, Hooks: p.Hooks, Site: o.Site, Wall: o.Wall}
	tw.Systems = &docket.AgencySystems{Desk: tw.Desk, Sealer: p.Sealer, Wall: o.Wall, Loopback: true}
}

// short finds the packs of this build with their first part only: lives need no more papers.
var short = sync.OnceValue(func() docket.Packs {
	device, drug := policy.DevicePack(), policy.DrugPack()
	device.Parts, drug.Parts = slices.Clone(device.Parts[:1]), slices.Clone(drug.Parts[:1])
	return docket.Only(device, drug)
})

// seeded is chance that is the same in every run. It is safe for concurrent use.
type seeded struct {
	mu   sync.Mutex
	dice *rand.Rand
}

func (s *seeded) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b {
		b[i] = byte(s.dice.Uint32())
	}
	return len(b), nil
}

func (tw *Town) must(err error) {
	tw.t.Helper()
	Must(tw.t, err)
}

// Must ends the test if a step that is not under test fails.
func Must(t T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// Now is what the law's clock says. Asking is no outside call.
func (tw *Town) Now() time.Time { return tw.World.Clock.Advance(0) }

// Op names a request by n, which says what it is: the same n is the same request.
func Op(n string) docket.Op { return docket.Op{ID: "operation-0123-" + n} }
