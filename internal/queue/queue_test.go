package queue

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jixu/internal/fault"
)

func TestPausesGrowAndStayWithinWhatTheQueueAllows(t *testing.T) {
	var all, before time.Duration
	for received := 1; received <= 8; received++ {
		p := Pause(received)
		if p <= before || p > 12*time.Hour {
			t.Errorf("after %d tries: got %v, want more than %v and at most twelve hours", received, p, before)
		}
		before, all = p, all+p
	}
	if all < 20*time.Hour || all > 48*time.Hour {
		t.Errorf("got %v in all, want about a day", all)
	}
	if Pause(0) != Pause(1) || Pause(99) != Pause(8) {
		t.Errorf("got %v and %v, want the first and the last pause", Pause(0), Pause(99))
	}
}

func TestAMessageRestsInWholeSecondsAndWithinWhatTheQueueAllows(t *testing.T) {
	for _, row := range []struct {
		name  string
		pause time.Duration
		want  int32
	}{
		{"nothing is nothing", 0, 0},
		{"a clock that was set back does not hurry", -time.Minute, 0},
		{"a moment is a second", time.Millisecond, 1},
		{"a pause that has begun is rounded up", 29*time.Second + time.Millisecond, 30},
		{"the longest pause of a run", 6 * time.Hour, 21600},
		{"more than the queue allows is cut", 100 * time.Hour, 43080},
	} {
		if got := seconds(row.pause); got != row.want {
			t.Errorf("%s: got %d s, want %d", row.name, got, row.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		body     string
		want     error
	}{
		{"a notice is read", `{"Key":"c1/2/gate/mpa/g","Kind":"gate","Case":"c1","Due":"2026-03-02T15:59:59Z"}`, nil},
		{"a notice without a key is none", `{"Kind":"gate"}`, fault.Invalid},
		{"a notice without a kind is none", `{"Key":"k"}`, fault.Invalid},
		{"a field that a newer build will add is left alone", `{"Key":"k","Kind":"gate","Later":{"x":[1]}}`, nil},
		{"a field of another type is refused", `{"Key":"k","Kind":"gate","Seq":"x"}`, fault.Invalid},
		{"two notices in one message are refused", `{"Key":"k","Kind":"gate"}{}`, fault.Invalid},
		{"what is no JSON is refused", `gate`, fault.Invalid},
		{"nothing is refused", ``, fault.Invalid},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			n, err := Parse([]byte(tt.body))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && n.Key != "" {
				t.Errorf("got %v beside the error, want nothing", n)
			}
		})
	}
}

// Every message that an earlier build queued is read, and so is one of a later
// build that says more.
func TestMessagesOfOtherBuildsAreRead(t *testing.T) {
	paths, err := filepath.Glob("../table/testdata/stored/notice-*.json")
	if err != nil || len(paths) < 20 {
		t.Fatalf("finding goldens: %v, %d found", err, len(paths))
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := Parse(body)
		if err != nil {
			t.Errorf("%s: got %v, want it read", path, err)
			continue
		}
		again, err := json.Marshal(n)
		if err != nil || string(again)+"\n" != string(body) {
			t.Errorf("%s: sent again\n got %s\nwant %s", path, again, body)
		}
		more := strings.Replace(string(body), "{", `{"AddedLater":{"x":["y"]},`, 1)
		if got, err := Parse([]byte(more)); err != nil || got != n {
			t.Errorf("%s with a field more: got %+v, %v; want the same notice", path, got, err)
		}
	}
}
