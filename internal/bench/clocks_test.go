package bench

import (
	"context"
	"strings"
	"testing"
	"time"

	"jixu/internal/table"
)

// waiting is a town of n cases, of which one rings in the first round.
func waiting(t *testing.T, n int) *waitingTown {
	t.Helper()
	w, err := waitingCases(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func few(t *testing.T, cases, due []int) {
	t.Helper()
	before, atOnce := clockCases, dueAtOnce
	t.Cleanup(func() { clockCases, dueAtOnce = before, atOnce })
	clockCases, dueAtOnce = cases, due
}

func TestRingReadsNothingOfWhatIsNotDue(t *testing.T) {
	few(t, nil, []int{0, 1, 7})
	var before []table.Units
	for _, n := range []int{10, 400} {
		w := waiting(t, n)
		for round, due := range dueAtOnce {
			r, err := w.rung(t.Context(), round)
			if err != nil {
				t.Fatal(err)
			}
			if n == 10 {
				before = append(before, r.units)
			} else if r.units != before[round] {
				t.Errorf("%d due: got %v beside %d cases, want %v as beside 10", due, r.units, n, before[round])
			}
			if due == 0 && (r.units != table.Units{Read: 2, Calls: 4}) {
				t.Errorf("nothing due: got %v, want one empty answer of each of four shards, half a unit each", r.units)
			}
		}
	}
}

func TestASweepReadsEachCaseOnce(t *testing.T) {
	few(t, nil, nil)
	of := map[int]walked{}
	for _, n := range []int{200, 400} {
		s, err := waiting(t, n).swept(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		of[n] = s
	}
	once := of[200].units
	if got, want := of[400].units.Read/once.Read, 2.0; got < want*0.98 || got > want*1.02 {
		t.Errorf("twice the cases: got %.3f times the read units, want %.0f", got, want)
	}
	if once.Write != 1 {
		t.Errorf("writes: got %.0f units, want the cursor's one", once.Write)
	}
}

// A walk that its function has no time for reads no case twice, and none is left out.
func TestASweepOfManyCallsReadsAsMuchAsOneOfOne(t *testing.T) {
	few(t, nil, nil)
	one, err := waiting(t, 300).swept(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	many, err := waiting(t, 300).swept(t.Context(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if one.calls != 1 || many.calls < 4 {
		t.Errorf("got %d calls and %d, want one and several", one.calls, many.calls)
	}
	if more := many.units.Read - one.units.Read; more < 0 || more > 30*float64(many.calls) {
		t.Errorf("%d calls: got %.1f read units more than one takes, want those of a cursor and some names for each", many.calls, more)
	}
}

func TestAPageOfTheIndexIsAMegabyte(t *testing.T) {
	few(t, nil, nil)
	w := waiting(t, 30_000)
	w.meter.Take()
	refs, err := w.Desk.Store.Due(t.Context(), w.ring.AddDate(3, 0, 0), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(refs), 3*30_000; got != want {
		t.Errorf("got %d rows, want %d, each once", got, want)
	}
	bytes := 0
	for list, places := range w.rows.work {
		for _, p := range places {
			if strings.HasPrefix(list, "due#") {
				bytes += len("pkskworkPkworkSkdue#0") + len(p.pk) + len(p.sk) + len(p.at)
			}
		}
	}
	got := w.meter.Take()
	if want := float64(bytes) / 4096 / 2; got.Read < want || got.Read > want+float64(got.Calls)/2 {
		t.Errorf("got %.1f read units, want %.1f, each page rounded up", got.Read, want)
	}
	if full := bytes/pageBytes + 1; got.Calls < full {
		t.Errorf("got %d calls, want %d at least", got.Calls, full)
	}
}

func TestWhatWaitsIsPricedBesideTheAim(t *testing.T) {
	few(t, []int{120}, []int{0, 1, 20})
	var out strings.Builder
	if err := clocks(context.Background(), root, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"120 cases wait, 20 due", "one walk of the sweep", "looked at every 24 h", "the aim of $0.00005", "in memory"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", out.String(), want)
		}
	}
	p := plan{memory: map[string]int{"sweep-stuck": 256}, sweepEvery: 24 * time.Hour}
	b := sweepBill{plan: p, cases: 1000, walked: walked{calls: 3, units: table.Units{Read: 1e6}}}
	if got := b.verdict(); !strings.Contains(got, "$0.003750 a month for the table") || !strings.Contains(got, "ABOVE") || !strings.Contains(got, "3 days") {
		t.Errorf("a million units for a thousand cases: got %q", got)
	}
}
