package bench

import (
	"context"
	"testing"

	"jixu/internal/memory"
	"jixu/internal/world"
)

const root = "../.."

// inMemory is the bench's town without an emulator: the same life, and nothing to bill.
func inMemory(t *testing.T) *town {
	t.Helper()
	w := memory.New(t, world.Monday)
	tw := &town{tally: newTally(), store: world.InMemory(w)}
	tw.quiet = tw.store
	tw.put = func(_ context.Context, key string, data []byte) (string, error) {
		return w.Files.Upload(key, data), nil
	}
	if err := tw.found(w.Files); err != nil {
		t.Fatal(err)
	}
	return tw
}

// The bill counts what the life of a case takes: each act happens, every function that
// has a part in it is called, and the machines enter the states that the definition has.
func TestTheLifeOfTheBillIsWhole(t *testing.T) {
	ctx := context.Background()
	l, err := live(ctx, inMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.idle(ctx); err != nil {
		t.Fatal(err)
	}
	all := l.tally.ofTheCase()
	if got := all.counts[transitions]; got != 13+7 {
		t.Errorf("states entered: got %d, want 13 of the opinion and 7 of the reply", got)
	}
	for _, function := range []string{
		"hospital-site", "agency-site", "check-file", "relay-entries", "apply-outcome", "open-gate", "send-notice", "ring-deadlines",
		"revive-runs",
	} {
		if all.calls[function] == 0 {
			t.Errorf("%s: got no call, want some: %v", function, all.calls)
		}
	}
	for _, what := range []counted{queueCalls, macs, puts, gets, requests} {
		if all.counts[what] == 0 {
			t.Errorf("%s: got none, want some", what)
		}
	}
	if got := l.days(); got < 10 {
		t.Errorf("the case waited %.1f days for people, want what a life takes", got)
	}
}

// What fails in the town is the life's error, and no panic of the bench.
func TestALifeEndsAtWhatFails(t *testing.T) {
	tw := inMemory(t)
	tw.Around = func(function string, do func() error) error {
		if function == "open-gate" {
			return context.DeadlineExceeded
		}
		return tw.call(function, do)
	}
	if _, err := live(context.Background(), tw); err == nil {
		t.Error("got no error, want that of open-gate")
	}
}
