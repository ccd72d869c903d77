package bench

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/local"
)

// aimOfTheCase is what the engine may cost for one whole case, in dollars.
const aimOfTheCase = 0.0009

// Prices are AWS's list prices for us-east-1, on demand and beyond every free
// tier, as they were put in on pricesOf. They are inputs of the bench, not
// something it found out: look them up before a budget is built on them.
const pricesOf = "2026-11-22"

// price is one line of a price list.
type price struct {
	what string
	unit string  // "WRU", for the count's heading
	per  float64 // so many of them
	cost float64 // cost this many dollars
}

func (p price) of(n float64) float64 { return n / p.per * p.cost }

var (
	priceWrite      = price{"DynamoDB, written", "write units", 1e6, 0.625}
	priceRead       = price{"DynamoDB, read", "read units", 1e6, 0.125}
	priceTransition = price{"Step Functions", "transitions", 1e3, 0.025}
	priceInvocation = price{"Lambda, calls", "requests", 1e6, 0.20}
	priceMemory     = price{"Lambda, arm64", "GB-seconds", 1, 0.0000133334}
	priceQueue      = price{"SQS", "requests", 1e6, 0.40}
	priceMac        = price{"KMS", "requests", 1e4, 0.03}
	pricePut        = price{"S3, put", "requests", 1e3, 0.005}
	priceGet        = price{"S3, get", "requests", 1e3, 0.0004}
	priceRequest    = price{"HTTP API", "requests", 1e6, 1.00}
	priceSchedule   = price{"EventBridge Scheduler", "calls", 1e6, 1.00}
)

// line is a price with a count.
type line struct {
	price
	n float64
}

func (l line) dollars() float64 { return l.of(l.n) }

func total(lines []line) (sum float64) {
	for _, l := range lines {
		sum += l.dollars()
	}
	return sum
}

// gigabyteSeconds prices time by the memory that the template gives each function.
func gigabyteSeconds(took map[string]time.Duration, memory map[string]int) (sum float64) {
	for f, d := range took {
		sum += d.Seconds() * float64(memory[f]) / 1024
	}
	return sum
}

// engine are the lines of what moves a case: table, machine, functions.
func engine(metered, timed *sum, memory map[string]int) []line {
	return []line{
		{priceWrite, metered.units.Write},
		{priceRead, metered.units.Read},
		{priceTransition, float64(metered.counts[transitions])},
		{priceInvocation, float64(metered.invocations())},
		{priceMemory, gigabyteSeconds(timed.took, memory)},
	}
}

// beside are the lines of what a case asks of other services.
func beside(s *sum) []line {
	return []line{
		{priceQueue, float64(s.counts[queueCalls])},
		{priceMac, float64(s.counts[macs])},
		{pricePut, float64(s.counts[puts])},
		{priceGet, float64(s.counts[gets])},
		{priceRequest, float64(s.counts[requests])},
	}
}

var (
	globalMemory = regexp.MustCompile(`(?s)\nGlobals:.*?\n    MemorySize: (\d+)`)
	globalLimit  = regexp.MustCompile(`(?s)\nGlobals:.*?\n    Timeout: (\d+)`)
	ownMemory    = regexp.MustCompile(`\n      MemorySize: (\d+)`)
	ownLimit     = regexp.MustCompile(`\n      Timeout: (\d+)`)
	codeURI      = regexp.MustCompile(`\n      CodeUri: functions/([a-z-]+)/?\n`)
	sweepRate    = regexp.MustCompile(`\n  SweepRate:\n    Type: String\n    Default: rate\((\d+) (minute|hour|day)s?\)`)
	polled       = regexp.MustCompile(`\n      EventSourceArn: !GetAtt \w+\.Arn\n`) // a queue; the stream is Table.StreamArn
)

// plan is what the template says that has a price.
type plan struct {
	memory     map[string]int // MB by function
	limit      map[string]time.Duration
	queues     int // that Lambda polls
	sweepEvery time.Duration
}

func readPlan(root string) (plan, error) {
	data, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return plan{}, err
	}
	text := string(data)
	memory, limit, rate := globalMemory.FindStringSubmatch(text), globalLimit.FindStringSubmatch(text), sweepRate.FindStringSubmatch(text)
	if memory == nil || limit == nil || rate == nil {
		return plan{}, fmt.Errorf("reading template.yaml: no memory or time for all functions, or no rate of the sweep")
	}
	p := plan{memory: map[string]int{}, limit: map[string]time.Duration{}, queues: len(polled.FindAllString(text, -1))}
	n, _ := strconv.Atoi(rate[1]) // the pattern lets only digits through
	p.sweepEvery = time.Duration(n) * map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[rate[2]]
	for _, resource := range strings.Split(text, "Type: AWS::Serverless::Function\n")[1:] {
		resource, _, _ = strings.Cut(resource, "\n\n")
		name := codeURI.FindStringSubmatch("\n" + resource)
		if name == nil {
			return plan{}, fmt.Errorf("reading template.yaml: a function without CodeUri")
		}
		p.memory[name[1]] = ownOr(ownMemory, resource, memory)
		p.limit[name[1]] = time.Duration(ownOr(ownLimit, resource, limit)) * time.Second
	}
	return p, nil
}

// ownOr is the number that a function has of its own, or else that of all functions.
func ownOr(own *regexp.Regexp, resource string, all []string) int {
	found := all
	if o := own.FindStringSubmatch(resource); o != nil {
		found = o
	}
	n, _ := strconv.Atoi(found[1]) // the patterns let only digits through
	return n
}

// theBill lives a case twice over the emulator, once metered and once timed, and
// prints what it cost and what costs beside it.
func theBill(ctx context.Context, root, dir string, out io.Writer) error {
	fmt.Fprintln(out, "\nliving one case over the emulator, metered and then timed …")
	p, err := readPlan(root)
	if err != nil {
		return err
	}
	metered, timed, err := twoLives(ctx, root, dir, out)
	if err != nil {
		return err
	}
	printActs(out, metered.tally)
	b := bill{plan: p, metered: metered, timed: timed}
	b.print(out)
	return nil
}

func twoLives(ctx context.Context, root, dir string, out io.Writer) (metered, timed *life, err error) {
	tools, err := local.Prepare(ctx, root, out)
	if err != nil {
		return nil, nil, err
	}
	port, err := local.FreePort(0)
	if err != nil {
		return nil, nil, err
	}
	emulator, err := local.StartEmulator(ctx, tools, dir, port)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if stopped := emulator.Stop(); err == nil {
			err = stopped
		}
	}()
	var lives [2]*life
	for i, name := range []string{"metered", "timed"} {
		t, err := newTown(ctx, emulator.Config(), "jixu-bench-"+name, i == 0)
		if err != nil {
			return nil, nil, fmt.Errorf("preparing the %s life: %w", name, err)
		}
		if lives[i], err = live(ctx, t); err != nil {
			return nil, nil, fmt.Errorf("the %s life: %w", name, err)
		}
		if err := lives[i].idle(ctx); err != nil {
			return nil, nil, fmt.Errorf("the %s life, afterwards: %w", name, err)
		}
	}
	return lives[0], lives[1], nil
}

// notOfTheCase are the parts of a tally that the acts do not contain.
var notOfTheCase = []string{"setting up", looking, sweeping, ringing, retell, sweepOff}

// ofTheCase adds up the acts.
func (t *tally) ofTheCase() *sum {
	all := newSum()
	for _, act := range t.acts {
		if !slices.Contains(notOfTheCase, act) {
			all.plus(t.of[act])
		}
	}
	return all
}

func printActs(out io.Writer, t *tally) {
	fmt.Fprintln(out, "\nOne case: a device, one file of 1 MB for each item of its pack, one reminder, one supplement round, opinion, reply through a link")
	var g grid
	g.row("act", "calls", "write units", "read units", "transitions", "$ of those three")
	line := func(name string, s *sum) {
		n := s.counts[transitions]
		g.row(name, strconv.Itoa(s.invocations()), number(s.units.Write, 0), number(s.units.Read, 1), strconv.Itoa(n),
			number(priceWrite.of(s.units.Write)+priceRead.of(s.units.Read)+priceTransition.of(float64(n)), 6))
	}
	for _, act := range t.acts {
		if !slices.Contains(notOfTheCase, act) {
			line(act, t.of[act])
		}
	}
	line("= together", t.ofTheCase())
	g.print(out)
}

// printFunctions says what each function was called for and how long it took.
func (b bill) printFunctions(out io.Writer) {
	acts := b.timed.tally.ofTheCase()
	fmt.Fprintln(out, "\nFunctions in the case; ms is the mean of a call")
	var g grid
	g.row("function", "calls", "MB", "ms", "GB-seconds")
	for _, f := range slices.Sorted(maps.Keys(acts.calls)) {
		n, took := acts.calls[f], acts.took[f]
		g.row(f, strconv.Itoa(n), strconv.Itoa(b.memory[f]), ms(took/time.Duration(n)),
			number(gigabyteSeconds(map[string]time.Duration{f: took}, b.memory), 3))
	}
	g.print(out)
}

// bill puts the measured lives beside the prices.
type bill struct {
	plan
	metered, timed *life
}

func (b bill) print(out io.Writer) {
	acts, timed := b.metered.tally.ofTheCase(), b.timed.tally.ofTheCase()
	engineLines, besideLines := engine(acts, timed, b.memory), beside(acts)
	all := total(engineLines) + total(besideLines)

	fmt.Fprintf(out, "\nThe bill of the case, by list prices of us-east-1 put in on %s, no free tier\n", pricesOf)
	var g grid
	g.row("what", "count", "unit", "price", "$", "share")
	share := func(dollars float64) string { return number(100*dollars/all, 0) + " %" }
	for _, part := range []struct {
		lines []line
		end   string
		sum   float64
	}{{engineLines, "= engine", total(engineLines)}, {besideLines, "= with what it asks of others", all}} {
		for _, l := range part.lines {
			g.row(l.what, count(l.n), l.unit, l.list(), number(l.dollars(), 6), share(l.dollars()))
		}
		g.row(part.end, "", "", "", number(part.sum, 6), share(part.sum))
	}
	g.print(out)
	fmt.Fprintln(out, verdict(engineLines))
	fmt.Fprintf(out, "Transitions are states entered; should AWS count the way into a run as well, two runs add $%.6f.\n", priceTransition.of(2))
	b.printFunctions(out)
	fmt.Fprintln(out, "Lambda's time is what the same parts take here, warm, over the emulator, each call rounded up to 1 ms.")
	b.printBeside(out)
	b.printIdle(out)
}

// list writes a price as a list does: "$0.625 / 1e6".
func (p price) list() string {
	if p.per == 1 {
		return "$" + strconv.FormatFloat(p.cost, 'f', -1, 64)
	}
	return fmt.Sprintf("$%s / %s", strconv.FormatFloat(p.cost, 'f', -1, 64), strconv.FormatFloat(p.per, 'f', -1, 64))
}

func count(n float64) string {
	if n == float64(int(n)) {
		return strconv.Itoa(int(n))
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}

// verdict says whether the engine stays within its aim, and what weighs most.
func verdict(lines []line) string {
	most := slices.MaxFunc(lines, func(a, b line) int {
		switch {
		case a.dollars() < b.dollars():
			return -1
		case a.dollars() > b.dollars():
			return 1
		}
		return 0
	})
	word := "within"
	if total(lines) > aimOfTheCase {
		word = "ABOVE"
	}
	return fmt.Sprintf("Engine: $%.6f, %s the aim of $%.4f. The biggest item is %s: $%.6f.", total(lines), word, aimOfTheCase, most.what, most.dollars())
}

// priced is what a part of both tallies costs, everything included.
func (b bill) priced(act string) float64 {
	m, t := b.metered.tally.of[act], b.timed.tally.of[act]
	return total(engine(m, t, b.memory)) + total(beside(m))
}

// printBeside says what people's looking and the sweep's care cost beside the acts.
func (b bill) printBeside(out io.Writer) {
	pages := b.metered.tally.of[looking]
	n := pages.invocations()
	fmt.Fprintln(out, "\nBeside the case, and not in its bill")
	var g grid
	g.row("what", "count", "$ each", "$")
	g.row("pages: one before and one after each form, confirm pages, links, sign-ins", strconv.Itoa(n),
		number(b.priced(looking)/float64(n), 8), number(b.priced(looking), 6))
	open := line{priceRead, b.metered.tally.of[sweeping].units.Read - b.metered.tally.of[sweepOff].units.Read}
	times := b.metered.days() * float64(24*time.Hour/b.sweepEvery)
	g.row(fmt.Sprintf("sweeps that reread the open case: %.0f days, every %.1f h, %s read units", b.metered.days(), b.sweepEvery.Hours(), count(open.n)),
		number(times, 0), number(open.dollars(), 8), number(times*open.dollars(), 6))
	g.print(out)
}

// printIdle says what a month costs in which nothing happens.
func (b bill) printIdle(out io.Writer) {
	const month = 30 * 24 * time.Hour
	fmt.Fprintln(out, "\nA month in which nothing happens, for the whole house")
	var g grid
	g.row("what", "count", "$")
	calls, sum := 0.0, 0.0
	for _, s := range []struct {
		act   string
		every time.Duration
	}{{ringing, time.Minute}, {retell, time.Minute}, {sweepOff, b.sweepEvery}} {
		n := float64(month / s.every)
		g.row(s.act, number(n, 0), number(n*b.priced(s.act), 4))
		calls += n
		sum += n * b.priced(s.act)
	}
	// Lambda keeps five pollers at a queue, each asking for twenty seconds.
	polls, schedules := line{priceQueue, 5 * float64(b.queues) * float64(month/(20*time.Second))}, line{priceSchedule, calls}
	g.row(fmt.Sprintf("%s, empty polls of Lambda's five pollers at each of %d queues", polls.what, b.queues), number(polls.n, 0), number(polls.dollars(), 4))
	g.row(schedules.what, number(schedules.n, 0), number(schedules.dollars(), 4))
	g.row("= without keys, alarms, logs and storage", "", number(sum+polls.dollars()+schedules.dollars(), 4))
	g.print(out)
}
