package local

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestTheClockGoesForwardAndTenYearsInAllAtMost(t *testing.T) {
	for _, row := range []struct {
		name        string
		ahead, step time.Duration
		taken       bool
	}{
		{"ten days", 0, 10 * day, true},
		{"all of it in one step", 0, furthest, true},
		{"one hour more", 0, furthest + time.Hour, false},
		{"the last day of ten years", furthest - day, day, true},
		{"one hour more than is left", furthest - day, day + time.Hour, false},
		{"what a hand types by mistake", 0, 99999 * day, false},
		{"more than a sum of the two could hold", furthest, math.MaxInt64, false},
		{"back", 10 * day, -time.Hour, false},
		{"out of a past that a second house was opened in", -100 * day, 100 * day, true},
	} {
		if err := mayStep(row.ahead, row.step); (err == nil) != row.taken {
			t.Errorf("%s: got %v, want it taken: %v", row.name, err, row.taken)
		}
	}
}

func TestTheClockPageSaysWhyItDidNotMove(t *testing.T) {
	desk := openDesk(t)
	clockGuard.Lock()
	desk.clock = func(_ context.Context, by time.Duration) (time.Time, error) { return time.Time{}, mayStep(0, by) }
	clockGuard.Unlock()
	answer, err := http.PostForm(desk.Issuer+"/clock", url.Values{"by": {"2399976h"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusBadRequest || !strings.Contains(string(said), "ten years") {
		t.Errorf("got %s %q, want 400 and how far it may go", answer.Status, said)
	}
}
