package queue

import (
	"errors"
	"testing"

	"jixu/internal/fault"
)

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
