package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/local"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/table"
	"jixu/internal/world"
)

// aimOfWaiting is what ring and sweep may cost for one case that waits, in dollars a month.
const aimOfWaiting = 0.00005

// What a call of the sweep has time for depends on how fast others answer. These are
// inputs of the bench, as prices are, and nothing that it measured: the table in the same
// region, and descriptions as fast as their quota in us-east-1 was filled again when this
// was written, for a walk is longer than what may come at once.
const (
	tableAnswers = 5 * time.Millisecond
	describedIn  = time.Second / 15
)

// clockCases are how many waiting cases ring and sweep are measured over. Tests lower them.
var clockCases = []int{1_000, 100_000}

// dueAtOnce are how many gates ring together, round after round, an hour apart.
var dueAtOnce = []int{0, 1, 100}

// waitingTown is a town over a table in which many cases wait. All of them look like one
// that was lived: a device with a file for each paper, submitted, with both gates open
// and a token on each.
type waitingTown struct {
	*world.Town
	rows  *rows
	meter *table.Meter
	began time.Time // when all of them were submitted
	ring  time.Time // when the first round rings; the gates that are in none ring a year later

	units     table.Units
	described int
}

// running is a machine in which every run is alive.
type running struct {
	docket.StateMachine
	described *int
}

func (r running) Describe(context.Context, docket.Execution) (string, error) {
	*r.described++
	return "RUNNING", nil
}

// waitingCases founds such a town of n cases.
func waitingCases(ctx context.Context, n int) (*waitingTown, error) {
	rows := newRows()
	config := aws.Config{Region: local.Region}
	w, err := emptyTown(func(options ...func(*dynamodb.Options)) *table.Store {
		return table.New(dynamodb.NewFromConfig(config, append([]func(*dynamodb.Options){rows.serve}, options...)...), "rows")
	})
	if err != nil {
		return nil, err
	}
	w.rows = rows
	quiet := table.New(dynamodb.NewFromConfig(config, rows.serve), "rows")
	s, err := w.lived(ctx, quiet)
	if err != nil {
		return nil, fmt.Errorf("living the case that the others look like: %w", err)
	}
	w.rows.work = map[string][]place{} // it waits for nobody itself
	err = w.rows.draw("CASE#"+s.ID, func() error {
		for i := range n {
			if err := w.draw(ctx, quiet, s, i); err != nil {
				return err
			}
		}
		return nil
	})
	ring := 0
	for _, due := range dueAtOnce {
		ring += due
	}
	for i := range min(n, ring) {
		rows.own("CASE#" + another(s, i).ID)
	}
	return w, err
}

// emptyTown founds a town in which nobody waits, over the store that open opens for a meter.
func emptyTown(open func(...func(*dynamodb.Options)) *table.Store) (w *waitingTown, err error) {
	defer caught(&err)
	w = &waitingTown{meter: &table.Meter{}}
	store := open(w.meter.Watch)
	w.Town = world.New(ends{}, world.Options{Packs: policy.Carried, Strict: true, Ports: func(_ *memory.World, p *world.Ports) {
		p.Keep, p.Cursors, p.StateMachine = store, store, running{p.StateMachine, &w.described}
	}})
	w.Desk.Random = rand.Reader
	return w, nil
}

// lived lives the case that all others look like, in memory, and keeps it in the table.
func (w *waitingTown) lived(ctx context.Context, store *table.Store) (docket.Stored, error) {
	d, err := newDesktop(ctx)
	if err != nil {
		return docket.Stored{}, err
	}
	ref, err := d.submitted()
	if err != nil {
		return docket.Stored{}, err
	}
	s, err := d.Ports.Keep.Load(ctx, ref.Of)
	if err != nil {
		return docket.Stored{}, err
	}
	err = store.Commit(ctx, docket.Commit{Changes: []docket.Change{{
		Head: s.Head, Home: w.home(), Opened: s.Gates, Files: s.Files, Timers: []docket.Timer{{Key: "watch", At: w.Now()}},
		Open: true, Waits: waits(s.Gates),
	}}})
	for _, g := range s.Gates {
		if err != nil {
			return docket.Stored{}, err
		}
		if g.Leg == gate.Opinion {
			w.began, w.ring = g.OpenedAt, g.Ring.At
		}
		token := docket.Token{Value: strings.Repeat("t", 600), Run: 1, Entered: g.OpenedAt} // as long as AWS's own are
		_, _, err = store.AttachToken(ctx, docket.GateRef{Of: s.Name(), Gate: g.ID}, token)
	}
	return s, err
}

// waits are what the first runs of a case wait for.
func waits(gates []gate.Gate) (out []docket.Wait) {
	for _, g := range gates {
		out = append(out, docket.Wait{Gate: g.ID, Leg: g.Leg, Run: 1})
	}
	return out
}

func (w *waitingTown) home() docket.Place {
	return docket.Place{List: docket.OwnPages.Of(world.Sample.Actor("lin-zhi").Org), At: w.Now()}
}

// another is the head of case i: its id is as long as that of s.
func another(s docket.Stored, i int) docket.Head {
	h := s.Head
	h.ID, h.Number, h.Body = fmt.Sprintf("%s%08d", s.ID[:len(s.ID)-8], i), "", []byte("{}")
	return h
}

// draw draws case i, which looks like s. The first of them are those whose opinion's gate rings.
func (w *waitingTown) draw(ctx context.Context, store *table.Store, s docket.Stored, i int) error {
	h := another(s, i)
	later := w.ring.AddDate(1, 0, i%365)
	ch := docket.Change{Head: h, Home: w.home(), Open: true, Waits: waits(s.Gates), Timers: []docket.Timer{{Key: "watch", At: later}}}
	for _, g := range s.Gates {
		g.Of = h.Name()
		if g.Ring != nil {
			ring := *g.Ring
			if ring.At = later; g.Leg == gate.Opinion {
				ring.At = w.rings(i, later)
			}
			g.Ring = &ring
		}
		ch.Opened = append(ch.Opened, g)
	}
	return store.Commit(ctx, docket.Commit{Changes: []docket.Change{ch}})
}

// rings is when the gate of case i rings: with its round, or later if it is in none.
func (w *waitingTown) rings(i int, later time.Time) time.Time {
	for round, due := range dueAtOnce {
		if i < due {
			return w.round(round)
		}
		i -= due
	}
	return later
}

func (w *waitingTown) round(n int) time.Time { return w.ring.Add(time.Duration(n) * time.Hour) }

// took is how long all that was asked of others takes, by the times that are assumed.
func (w *waitingTown) took() time.Duration {
	u := w.meter.Take()
	w.units.Read, w.units.Write, w.units.Calls = w.units.Read+u.Read, w.units.Write+u.Write, w.units.Calls+u.Calls
	return time.Duration(w.units.Calls)*tableAnswers + time.Duration(w.described)*describedIn
}

// walked is what a clock did until there was nothing more to do.
type walked struct {
	calls int // of its function
	units table.Units
	took  time.Duration // by the times that are assumed
}

// walk calls a function until it says that nothing is left.
func (w *waitingTown) walk(call func() (left bool, err error)) (walked, error) {
	w.meter.Take()
	w.units, w.described = table.Units{}, 0
	for calls := 1; ; calls++ {
		if left, err := call(); err != nil || !left {
			took := w.took()
			return walked{calls, w.units, took}, err
		}
	}
}

// rung rings what is due in a round.
func (w *waitingTown) rung(ctx context.Context, round int) (walked, error) {
	w.World.Clock.Set(w.round(round))
	due := dueAtOnce[round]
	return w.walk(func() (bool, error) {
		n, err := w.Deadlines.Ring(ctx)
		if due -= n; err == nil && (due < 0 || due > 0 && n == 0) {
			err = fmt.Errorf("%d rings are left, and %d rang", due, n)
		}
		return due > 0, err
	})
}

// swept lets the sweep walk over every case, call after call, each for so long at most.
func (w *waitingTown) swept(ctx context.Context, most time.Duration) (walked, error) {
	w.World.Clock.Set(w.began)
	return w.walk(func() (bool, error) {
		ends := w.took() + most
		w.Desk.Late = func(context.Context) bool { return w.took() > ends }
		stuck, err := w.Relay.Sweep(ctx)
		if err == nil && len(stuck) > 0 {
			err = fmt.Errorf("%d are stuck, the first is %v", len(stuck), stuck[0])
		}
		if err != nil {
			return false, err
		}
		at, err := w.Ports.Cursors.Cursor(ctx, "sweep")
		return at.After != "", err
	})
}

// clocks measures ring and sweep over cases that wait, and prints what they ask of the
// table and what that comes to for one of them.
func clocks(ctx context.Context, root string, out io.Writer) error {
	p, err := readPlan(root)
	if err != nil {
		return err
	}
	rings := grid{{"ring-deadlines", "calls", "DynamoDB calls", "read units", "write units", "$"}}
	sweeps := grid{{"one walk of the sweep", "calls", "DynamoDB calls", "read units", "a thousand cases", "$", "GB-seconds", "$"}}
	var verdicts []string
	for _, n := range clockCases {
		w, err := waitingCases(ctx, n)
		if err != nil {
			return err
		}
		s, err := w.swept(ctx, p.limit["sweep-stuck"]-beforeTheEnd)
		if err != nil {
			return fmt.Errorf("sweeping %d cases: %w", n, err)
		}
		b := sweepBill{plan: p, cases: n, walked: s}
		sweeps.row(b.cells()...)
		verdicts = append(verdicts, b.verdict())
		w.Desk.Late = nil
		for round, due := range dueAtOnce {
			r, err := w.rung(ctx, round)
			if err != nil {
				return fmt.Errorf("ringing %d of %d cases: %w", due, n, err)
			}
			rings.row(fmt.Sprintf("%d cases wait, %d due", n, due), strconv.Itoa(r.calls), strconv.Itoa(r.units.Calls), number(r.units.Read, 1),
				number(r.units.Write, 0), number(priceRead.of(r.units.Read)+priceWrite.of(r.units.Write), 8))
		}
	}
	fmt.Fprint(
		out,
		"\nBell and sweep over cases that wait: devices with a file for each paper, submitted; two gates and a timer of each stand in the due list.\n"+
			"Counted over a table in memory that answers as DynamoDB does (pages of 1 MB, index rows of keys alone), in units by AWS's rule.\n\n",
	)
	rings.print(out)
	fmt.Fprintln(out)
	sweeps.print(out)
	for _, v := range verdicts {
		fmt.Fprintln(out, v)
	}
	fmt.Fprintf(out, "ring-deadlines adds nothing to it: what is not due is not read. Calls and GB-seconds of the sweep are by assumption:\n"+
		"the table answers in %v, and %.0f executions are described a second.\n",
		tableAnswers, float64(time.Second/describedIn))
	return nil
}

// beforeTheEnd is how long before its function is stopped a walk ends by itself; see [logging.Late].
const beforeTheEnd = 8 * time.Second

// sweepBill is what a walk over so many cases comes to.
type sweepBill struct {
	plan
	cases int
	walked
}

func (b sweepBill) gigabyteSeconds() float64 {
	return gigabyteSeconds(map[string]time.Duration{"sweep-stuck": b.took}, b.memory)
}

// price is that of one walk: what the table is asked, and the function's own.
func (b sweepBill) price() (table, function float64) {
	return priceRead.of(b.units.Read) + priceWrite.of(b.units.Write), priceMemory.of(b.gigabyteSeconds()) + priceInvocation.of(float64(b.calls))
}

func (b sweepBill) cells() []string {
	table, function := b.price()
	return []string{
		fmt.Sprintf("%d cases wait", b.cases), strconv.Itoa(b.calls), strconv.Itoa(b.units.Calls), number(b.units.Read, 0),
		number(1000*b.units.Read/float64(b.cases), 0), number(table, 4), number(b.gigabyteSeconds(), 0), number(function, 4),
	}
}

// verdict says what one case that waits comes to in a month, and whether that is within
// the aim. A walk of several calls comes round less often than it should: that makes it
// cheaper, and is no merit.
func (b sweepBill) verdict() string {
	const month = 30 * 24 * time.Hour
	table, function := b.price()
	each := float64(month/b.sweepEvery) / float64(b.cases)
	word := "within"
	if each*(table+function) > aimOfWaiting {
		word = "ABOVE"
	}
	out := fmt.Sprintf("Each of %d cases, looked at every %.0f h: $%.6f a month for the table, $%.6f with the function, %s the aim of $%.5f.",
		b.cases, b.sweepEvery.Hours(), each*table, each*(table+function), word, aimOfWaiting)
	if b.calls > 1 {
		out += fmt.Sprintf(" But a walk takes %d calls, and so %.0f days.", b.calls, float64(b.calls)*b.sweepEvery.Hours()/24)
	}
	return out
}
