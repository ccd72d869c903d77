package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jixu/internal/table"
)

func near(got, want float64) bool { return got-want < 1e-12 && want-got < 1e-12 }

func TestABillIsCountsTimesPrices(t *testing.T) {
	s := newSum()
	s.call("open-gate", 1500*time.Microsecond, table.Units{Write: 4, Read: 2, Calls: 3})
	s.call("hospital-site", 10*time.Millisecond, table.Units{Write: 6, Read: 0.5, Calls: 2})
	s.counts[transitions] = 20
	s.counts[queueCalls], s.counts[macs], s.counts[puts], s.counts[gets], s.counts[requests] = 3, 1, 2, 1, 1

	want := 10*0.625e-6 + 2.5*0.125e-6 + 20*0.025e-3 + 2*0.2e-6 + (0.002*256+0.010*512)/1024*0.0000133334
	if got := total(engine(s, s, map[string]int{"open-gate": 256, "hospital-site": 512})); !near(got, want) {
		t.Errorf("engine: got %.12f, want %.12f", got, want)
	}
	want = 3*0.4e-6 + 0.03e-4 + 2*0.005e-3 + 0.0004e-3 + 1e-6
	if got := total(beside(s)); !near(got, want) {
		t.Errorf("beside: got %.12f, want %.12f", got, want)
	}
}

func TestAVerdictSaysWhatItIs(t *testing.T) {
	rows := []struct {
		name  string
		lines []line
		want  string
	}{
		{"below the aim", []line{{priceTransition, 20}, {priceWrite, 100}}, "within the aim of $0.0009. The biggest item is Step Functions"},
		{"above the aim", []line{{priceTransition, 20}, {priceWrite, 1000}}, "ABOVE the aim of $0.0009. The biggest item is DynamoDB, written"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := verdict(row.lines); !strings.Contains(got, row.want) {
				t.Errorf("got %q, want it to say %q", got, row.want)
			}
		})
	}
}

func TestATallyKeepsActsApart(t *testing.T) {
	tally := newTally()
	tally.begin("one")
	tally.add(puts, 1)
	if err := tally.aside(looking, func() error { tally.add(puts, 5); return nil }); err != nil {
		t.Fatal(err)
	}
	tally.add(puts, 1)
	tally.begin("two")
	tally.add(puts, 1)
	if got := tally.ofTheCase().counts[puts]; got != 3 {
		t.Errorf("the case: got %d, want 3, without what was only looked at", got)
	}
	if got := tally.of[looking].counts[puts]; got != 5 {
		t.Errorf("looking: got %d, want 5", got)
	}
}

func TestThePlanIsTheTemplates(t *testing.T) {
	p, err := readPlan(root)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(filepath.Join(root, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if mb := p.memory[f.Name()]; mb < 128 || mb > 1769 {
			t.Errorf("%s: got %d MB, want what the template gives it", f.Name(), mb)
		}
	}
	if len(p.memory) != len(folders) {
		t.Errorf("got %d functions, want %d", len(p.memory), len(folders))
	}
	if p.sweepEvery != 24*time.Hour || p.queues != 3 {
		t.Errorf("got a sweep every %v and %d queues, want one a day, and notices, events and ends", p.sweepEvery, p.queues)
	}
}

func TestPercentiles(t *testing.T) {
	var hundred []int
	for i := range 100 {
		hundred = append(hundred, 100-i)
	}
	rows := []struct {
		name string
		all  []int
		p    float64
		want int
	}{
		{"half of a hundred", hundred, 0.5, 50},
		{"ninety-nine of a hundred", hundred, 0.99, 99},
		{"the largest", hundred, 1, 100},
		{"of one", []int{7}, 0.5, 7},
		{"of two, half", []int{9, 3}, 0.5, 3},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := percentile(row.all, row.p); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}

func TestAGridStandsInColumns(t *testing.T) {
	var out strings.Builder
	var g grid
	g.row("what", "n")
	g.row("≤ x", "1000")
	g.print(&out)
	if got, want := out.String(), "  what     n\n  ≤ x   1000\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
