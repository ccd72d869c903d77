package docket_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// poisoned is a store in which one case can never be committed, as when it is too
// large, or one in which its document cannot be read.
type poisoned struct {
	docket.Store
	id   string
	load bool
}

func (p poisoned) Load(ctx context.Context, id string) (docket.Stored, error) {
	if id == p.id && p.load {
		return docket.Stored{}, errors.New("reading the document of CASE#" + id + " HEAD: unexpected end of JSON input")
	}
	return p.Store.Load(ctx, id)
}

func (p poisoned) Commit(ctx context.Context, c docket.Commit) error {
	if !p.load && len(c.Changes) > 0 && c.Changes[0].Head.Name() == p.id {
		return fault.New(fault.Invalid, "commit.large")
	}
	return p.Store.Commit(ctx, c)
}

// One case whose gate cannot be rung keeps no other waiting, and is named.
func TestOnePoisonedCaseDoesNotStopTheClock(t *testing.T) {
	for _, load := range []bool{false, true} {
		tw := newTown(t)
		bad := submitAs(t, tw, "bad-")
		tw.World.Clock.Advance(time.Hour)
		good := submitAs(t, tw, "good-")
		tw.Desk.Store = poisoned{tw.World.Store, bad.id, load}
		tw.World.Clock.Advance(40 * 24 * time.Hour)
		var last error
		names := 0
		for range 50 { // fifty minutes
			if _, err := tw.Deadlines.Ring(context.Background()); err != nil {
				last = err
				if strings.Contains(err.Error(), bad.id) {
					names++
				}
			}
			tw.World.Clock.Advance(time.Minute)
		}
		entries, err := tw.World.Store.Entries(context.Background(), good.id)
		must(t, err)
		rings := 0
		for _, e := range entries {
			if e.Verb == string(casework.RingVerb) {
				rings++
			}
		}
		if rings == 0 {
			t.Errorf("load=%v: the healthy case rang %d times in 50 runs, want its reminder, due and escalations; ring-deadlines says %v", load, rings, last)
		}
		if failed := tw.World.Metrics.Counts()["RingFailed"]; failed == 0 || failed > 12 {
			t.Errorf("load=%v: got %v failed rings in 50 minutes, want each of its two gates and its timer tried every quarter of an hour", load, failed)
		}
		if names == 0 {
			t.Errorf("load=%v: nothing said which case cannot be rung", load)
		}
	}
}

// Who sends what can never be committed is told so, and not to try again.
func TestWhatCannotBeCommittedIsNotCalledBusy(t *testing.T) {
	tw := newTown(t)
	bad := submitAs(t, tw, "bad-")
	tw.Desk.Store = poisoned{tw.World.Store, bad.id, false}
	_, err := tw.Desk.RecordFiling(context.Background(), op("file"), bad.id, casework.Filing{Channel: "窗口", Date: calendar.DayOf(monday)}, actor("lin"))
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("got kind %s (%v), want Invalid commit.large and not a 503 with Retry-After after eight tries", fault.KindOf(err), err)
	}
}

func rings(t *testing.T, p *play) (out []string) {
	t.Helper()
	entries, err := p.World.Store.Entries(context.Background(), p.id)
	must(t, err)
	for _, e := range entries {
		if e.Verb == string(casework.RingVerb) {
			out = append(out, e.At.In(calendar.Shanghai).Format("01-02 15:04:05"))
		}
	}
	return out
}

// A clock that was overdue when a supplement was asked rings no past again when the
// hospital resubmits.
func TestAResubmissionDoesNotRingThePastAgain(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	for range 45 { // 10 working days, and then some weeks overdue
		tw.World.Clock.Advance(24 * time.Hour)
		_, err := tw.Deadlines.Ring(ctx)
		must(t, err)
	}
	p.Engine()
	before := len(rings(t, p))
	ref := p.ref(gate.Opinion)
	_, err := tw.Desk.Ask(ctx, op("ask"), ref, []casework.Defect{{What: "补"}}, actor("zhou"), nil)
	must(t, err)
	tw.World.Clock.Advance(time.Hour)
	p.attach("again")
	ref = p.ref(gate.Opinion)
	_, err = tw.Desk.Resubmit(ctx, op("resubmit"), ref, p.record().Case.Dossier, true, actor("lin"))
	must(t, err)
	n, err := tw.Deadlines.Ring(ctx)
	must(t, err)
	p.Engine()
	after := rings(t, p)
	if extra := len(after) - before; extra > 1 {
		t.Errorf("one call rang %d times (%d entries of history within %s), want at most one", n, extra, after[before:])
	}
}

func mustNow(tw *town) time.Time {
	n, err := tw.World.Clock.Now(context.Background())
	must(tw.t, err)
	return n
}

// The sweep comes to an approved case that owes papers.
func TestPapersOwedAfterApprovalAreRecounted(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	tw.Desk.Calendar = knowing(t, 2025)
	tw.World.Clock.Set(calendar.Day{Year: 2026, Month: 3, Day: 31}.At(10, 0))
	p := urgent(t, tw)
	d := yes
	d.Date = calendar.Day{Year: 2026, Month: 3, Day: 31}
	p.letter("rec", d)
	before, _ := p.record().Gate(p.record().Case.Papers.Gate)
	tw.Desk.Calendar = knowing(t, 2026)
	for range 3 {
		_, err := tw.Relay.Sweep(ctx)
		must(t, err)
	}
	g, _ := p.record().Gate(p.record().Case.Papers.Gate)
	if g.Deadline.Provisional {
		counted, moved := gate.RecountDeadline(tw.Desk.Calendar, *g.Deadline, mustNow(tw))
		t.Errorf("still provisional, due %s (was %s); the calendar of today says %s (moved %v)", g.Deadline.Due, before.Deadline.Due, counted.Due, moved)
	}
}

// No case ends on a day whose holidays nobody has announced.
func TestNoCaseLapsesOnAProvisionalDay(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	rules := policy.LocalSample()
	rules.Limits = maps.Clone(rules.Limits)
	l := rules.Limits[policy.Supplement]
	l.Effect, l.N = policy.Lapse, 10
	rules.Limits[policy.Supplement] = l
	must(t, tw.World.Directory.PutRules(ctx, rules))
	// As it will be in February 2027 if the build of that winter is a week late:
	// here with 2026, whose Spring Festival is known to us and not to that build.
	tw.Desk.Calendar = knowing(t, 2025)
	tw.World.Clock.Set(calendar.Day{Year: 2026, Month: 2, Day: 9}.At(10, 0))
	p := submitAs(t, tw, "a-")
	_, err := tw.Desk.Ask(ctx, op("ask"), p.ref(gate.Opinion), []casework.Defect{{What: "补"}}, actor("zhou"), nil)
	must(t, err)
	g, _ := p.record().Open(gate.Opinion)
	real := knowing(t, 2026).Due(mustNow(tw), l.Count())
	t.Logf("provisional %v: due %s; truly %s", g.Deadline.Provisional, calendar.DayOf(g.Deadline.Due), calendar.DayOf(real.Due))
	tw.World.Clock.Set(g.Deadline.Due.Add(time.Minute))
	for range 5 {
		_, err := tw.Deadlines.Ring(ctx)
		must(t, err)
	}
	if c := p.record().Case; c.Status == casework.Lapsed {
		t.Errorf("the case ended on %s, a day that was shown as 暂定; the hospital had until %s", calendar.DayOf(g.Deadline.Due), calendar.DayOf(real.Due))
	}
}

// An event of the bucket that never comes heals within twenty minutes.
func TestAnUploadWhoseEventWasLostIsCheckedByItself(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := &play{town: tw}
	p.draft()
	r, _, err := p.Desk.Attach(ctx, op("slot"), p.id, p.record().Case.Dossier, docket.Upload{Item: "signed-form", Name: "补充.pdf"}, "", actor("lin"))
	must(t, err)
	f, _ := p.record().File(r.File)
	tw.World.Files.Upload(f.Key, paper) // the event never comes
	tw.World.Clock.Advance(20 * time.Minute)
	for range 2 {
		_, err := p.Desk.Rescan(ctx)
		must(t, err)
	}
	if f, _ = p.record().File(r.File); f.State != docket.Checked || tw.World.Metrics.Counts()["FileEventLost"] != 1 {
		t.Errorf("after twenty minutes: got %s, counted %v, want it checked and the loss counted once", f.State, tw.World.Metrics.Counts())
	}
}

// Somebody must be able to answer every gate that is open.
func TestSweepSeesAGateThatNobodyMayAnswer(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	z, err := tw.World.Directory.Person(ctx, "zhou")
	must(t, err)
	z.Roles = []party.Role{party.Reader} // the only assessor leaves
	must(t, tw.World.Directory.PutPerson(ctx, z))
	stuck, err := tw.Relay.Sweep(ctx)
	must(t, err)
	if len(stuck) == 0 {
		g, _ := p.record().Open(gate.Opinion)
		t.Errorf("gate %s waits for %s, whose roster has no assessor left; the sweep finds nothing stuck", g.ID, g.Party)
	}
}

// Who cannot look says no age: the alarm takes silence for failure.
func TestRetellThatCannotListIsNotYoung(t *testing.T) {
	tw := newTown(t)
	submitAs(t, tw, "a-")
	now := mustNow(tw).Add(time.Hour)
	tw.Faults = func(_ int, name string) memory.Fate {
		if name == "Store.Untold" {
			return memory.FailBefore
		}
		return memory.Pass
	}
	_, err := tw.Under(func() (err error) { _, _, err = tw.Relay.Retell(context.Background(), now); return err })
	tw.Faults = nil
	if _, said := tw.World.Metrics.Gauges()["UntoldAge"]; err == nil || said {
		t.Errorf("listing failed: got error %v and an age said %v, want the error and no age", err, said)
	}
	_, _, err = tw.Relay.Retell(context.Background(), now)
	must(t, err)
	if _, said := tw.World.Metrics.Gauges()["UntoldAge"]; !said {
		t.Error("listing works again: got no age, want one")
	}
}

// Rings, receipts and filings of others are no edit of the dossier.
func TestTheClockIsNoColleague(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	_, err := tw.Desk.Ask(ctx, op("ask"), p.ref(gate.Opinion), []casework.Defect{{What: "补"}}, actor("zhou"), nil)
	must(t, err)
	shown := p.record().Case.Dossier
	tw.World.Clock.Advance(30 * 24 * time.Hour)
	rang, err := tw.Deadlines.Ring(ctx)
	must(t, err)
	_, err = tw.Desk.Receive(ctx, op("receive"), p.id, 1, actor("zhou"))
	must(t, err)
	if rang == 0 {
		t.Fatal("nothing rang")
	}
	if _, err := p.Desk.Save(ctx, op("save-2"), p.id, shown, form, actor("lin")); err != nil {
		t.Errorf("saving what the form showed before the clock rang: got %v, want it saved", err)
	}
	if _, err := p.Desk.Save(ctx, op("save-3"), p.id, shown, form, actor("lin")); fault.Of(err) == nil || fault.Of(err).Code != "version" {
		t.Errorf("saving the form that a colleague saved meanwhile: got %v, want a conflict", err)
	}
}

func TestTheSweepSaysWhatItCouldNotLookAt(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	bad := submitAs(t, tw, "bad-")
	good := submitAs(t, tw, "good-")
	for _, e := range tw.World.StateMachine.Executions() {
		tw.World.StateMachine.End(e.Name, "ABORTED")
	}
	tw.Desk.Store = poisoned{tw.World.Store, bad.id, true}
	tw.World.Clock.Advance(time.Hour)
	stuck, err := tw.Relay.Sweep(ctx)
	if err == nil || len(stuck) != 1 || stuck[0].Of != bad.id || tw.World.Metrics.Gauges()["StuckCases"] != 1 {
		t.Errorf("got %v, %v, gauge %v; want the case that cannot be read named and counted", stuck, err, tw.World.Metrics.Gauges())
	}
	if c := good.record().Case; c.Opinion.Run != 2 || c.Reply.Run != 2 {
		t.Errorf("the healthy case: got runs %d and %d, want both legs started again", c.Opinion.Run, c.Reply.Run)
	}
}

// A walk that has no time for all goes on where it stopped.
func TestTheSweepGoesOnWhereItStopped(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	tw.Relay.Cursors = tw.World.Cursors
	for i := range 5 {
		submitAs(t, tw, "case-"+string(rune('a'+i))+"-")
	}
	seen := map[string]bool{}
	tw.Relay.StateMachine = described{tw.World.StateMachine, seen}
	left := 0
	tw.Desk.Late = func(context.Context) bool { left--; return left < 0 }
	for _, want := range []int{2, 4, 5} {
		left = 3 // before the list, and before two cases
		_, err := tw.Relay.Sweep(ctx)
		must(t, err)
		if len(seen) != want {
			t.Fatalf("got %d machines asked so far, want those of %d cases", len(seen), want)
		}
		at, err := tw.World.Cursors.Cursor(ctx, "sweep")
		must(t, err)
		if (want == 5) != (at.After == "" && !at.Finished.IsZero()) {
			t.Errorf("after %d cases: got cursor %+v", want, at)
		}
	}
}

// described notes of which cases executions are asked for.
type described struct {
	docket.StateMachine
	seen map[string]bool
}

func (d described) Describe(ctx context.Context, e docket.Execution) (string, error) {
	of, _, _ := strings.Cut(e.Name, "-")
	d.seen[of] = true
	return d.StateMachine.Describe(ctx, e)
}

// counted counts how many cases are loaded.
type counted struct {
	docket.Store
	loads *int
}

func (c counted) Load(ctx context.Context, id string) (docket.Stored, error) {
	*c.loads++
	return c.Store.Load(ctx, id)
}

// A case that waits and is well costs the sweep its row and its gates.
func TestTheSweepReadsACaseOnlyWhereItsRowDoesNotShowThatAllIsWell(t *testing.T) {
	ctx := context.Background()
	for _, row := range []struct {
		name  string
		wrong func(*play)
		want  int // cases that are read, at least
	}{
		{"all is well", func(*play) {}, 0},
		{"its run has ended", func(p *play) {
			for _, e := range p.World.StateMachine.Executions() {
				p.World.StateMachine.End(e.Name, "ABORTED")
			}
		}, 1},
		{"its machine cannot be asked", func(p *play) {
			p.Faults = func(_ int, name string) memory.Fate {
				if name == "StateMachine.Describe" {
					return memory.FailBefore
				}
				return memory.Pass
			}
		}, 1},
		{"nobody may answer", func(p *play) {
			z, err := p.World.Directory.Person(ctx, "zhou")
			must(t, err)
			z.Roles = []party.Role{party.Reader}
			must(t, p.World.Directory.PutPerson(ctx, z))
		}, 1},
		{"the calendar has grown", func(p *play) {
			p.World.Clock.Set(calendar.Day{Year: 2025, Month: 12, Day: 24}.At(10, 0))
			p.Desk.Calendar = knowing(t, 2025)
			submitAs(t, p.town, "late-")
			p.Desk.Calendar = knowing(t, 2026)
		}, 1},
		{"a supplement has stopped a clock", func(p *play) {
			_, err := p.Desk.Ask(ctx, op("ask"), p.ref(gate.Opinion), []casework.Defect{{Item: "signed-form", What: "请加盖公章"}}, actor("zhou"), nil)
			must(t, err)
			p.Engine()
		}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := submitAs(t, newTown(t), "a-")
			p.Engine()
			row.wrong(p)
			loads := 0
			p.Desk.Store = counted{p.World.Store, &loads}
			_, _ = p.Under(func() error { _, err := p.Relay.Sweep(ctx); return err })
			if row.want == 0 && loads > 0 || loads < row.want {
				t.Errorf("got %d cases read, want %d", loads, row.want)
			}
		})
	}
}

// More entries that cannot be told than one list holds keep no other untold.
func TestRetellGoesOnPastWhatItCannotTell(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := submitAs(t, tw, "a-")
	tw.Desk.Store = manyUntold{tw.World.Store, p.id}
	told, _, err := tw.Relay.Retell(ctx, mustNow(tw).Add(time.Hour))
	if told != 1 || err == nil {
		t.Errorf("got %d told and %v, want the one behind three hundred that cannot be told, and the error", told, err)
	}
}

// manyUntold lists three hundred entries of nobody before one of id.
type manyUntold struct {
	docket.Store
	id string
}

func (m manyUntold) Untold(_ context.Context, before time.Time, limit int) ([]docket.EntryRef, error) {
	var refs []docket.EntryRef
	for i := range 300 {
		refs = append(refs, docket.EntryRef{Of: "nobody", Seq: i + 1, At: before.Add(-time.Hour)})
	}
	refs = append(refs, docket.EntryRef{Of: m.id, Seq: 1, At: before.Add(-time.Minute)})
	return refs[:min(limit, len(refs))], nil
}

// away is a store in which some cases cannot be read for now, as when their items
// do not fit together.
type away struct {
	docket.Store
	ids map[string]bool
	all bool // the table is away, and writes nothing either
}

func (s away) Defer(ctx context.Context, ref docket.GateRef, until time.Time) error {
	if s.all {
		return fault.New(fault.Unavailable, "busy")
	}
	return s.Store.Defer(ctx, ref, until)
}

func (s away) Load(ctx context.Context, id string) (docket.Stored, error) {
	if s.all || s.ids[id] {
		return docket.Stored{}, fault.New(fault.Unavailable, "busy")
	}
	return s.Store.Load(ctx, id)
}

// Three cases that never come back keep no other waiting.
func TestCasesThatCannotBeReadForNowDoNotStopTheClock(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	x, y, z := submitAs(t, tw, "x-"), submitAs(t, tw, "y-"), submitAs(t, tw, "z-")
	tw.World.Clock.Advance(3 * 24 * time.Hour)
	good := submitAs(t, tw, "good-")
	tw.Desk.Store = away{tw.World.Store, map[string]bool{x.id: true, y.id: true, z.id: true}, false}
	tw.World.Clock.Advance(40 * 24 * time.Hour)
	for range 120 {
		_, _ = tw.Deadlines.Ring(ctx)
		tw.World.Clock.Advance(time.Minute)
	}
	if tw.World.Metrics.Counts()["DeadlinesChecked"] == 0 {
		t.Error("no call came through")
	}
	if got := rings(t, good); len(got) == 0 {
		t.Errorf("in two hours the healthy case never rang")
	}
}

// While the table itself is away nothing is put off, and the call ends.
func TestATableThatIsAwayPutsNoRingOff(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	for _, n := range []string{"a-", "b-", "c-", "d-"} {
		submitAs(t, tw, n)
	}
	now := tw.World.Clock.Advance(40 * 24 * time.Hour)
	before, err := tw.World.Store.Due(ctx, now, 100)
	must(t, err)
	tw.Desk.Store = away{tw.World.Store, nil, true}
	if _, err := tw.Deadlines.Ring(ctx); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want it said", err)
	}
	after, err := tw.World.Store.Due(ctx, now, 100)
	must(t, err)
	counts := tw.World.Metrics.Counts()
	if !slices.Equal(before, after) || counts["RingFailed"] != 3 || counts["DeadlinesChecked"] != 0 {
		t.Errorf("got %v after %v, and %v; want three tries, nothing moved and no word that deadlines were checked", after, before, counts)
	}
}

// unreadableStore brings the document of one aggregate damaged.
type unreadableStore struct {
	docket.Store
	name string
}

func (u unreadableStore) Load(ctx context.Context, name string) (docket.Stored, error) {
	s, err := u.Store.Load(ctx, name)
	if err == nil && name == u.name {
		s.Body = []byte(`{"Submissions":7}`)
	}
	return s, err
}

// That a document cannot be read shows in no row and no gate: once a week all are read.
func TestOnceAWeekTheSweepReadsWhatLooksWell(t *testing.T) {
	ctx, tw := context.Background(), newTown(t)
	p := submitAs(t, tw, "a-")
	tw.Engine()
	tw.Relay.Cursors = tw.World.Cursors
	tw.Relay.Desk.Store = unreadableStore{tw.Relay.Desk.Store, p.id}
	found := 0
	for range 15 {
		stuck, _ := tw.Relay.Sweep(ctx)
		found += len(stuck)
		tw.World.Clock.Advance(24 * time.Hour)
	}
	if found < 2 {
		t.Errorf("got it named %d times in fifteen days, want twice", found)
	}
}
