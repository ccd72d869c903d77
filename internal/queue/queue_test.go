package queue

import (
	"errors"
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

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		body     string
		want     error
	}{
		{"a notice is read", `{"Key":"c1/2/gate/mpa/g","Kind":"gate","Case":"c1","Due":"2026-03-02T15:59:59Z"}`, nil},
		{"a notice without a key is none", `{"Kind":"gate"}`, fault.Invalid},
		{"a notice without a kind is none", `{"Key":"k"}`, fault.Invalid},
		{"a field nobody knows is refused", `{"Key":"k","Kind":"gate","Secret":"x"}`, fault.Invalid},
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
