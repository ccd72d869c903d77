package docket_test

import (
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// What may not be sent is not kept either; what is merely unfinished is.
func TestAnAutosaveKeepsWhatIsUnfinishedAndNoIdentity(t *testing.T) {
	for _, row := range []struct {
		name   string
		values map[string][]string
		want   fault.Kind
	}{
		{"half a sentence", map[string][]string{"reason-urgency": {"国内无"}, "finding-urgency": {""}}, ""},
		{"nothing", nil, ""},
		{"a resident identity number", map[string][]string{"reason-urgency": {"患者 11010519491231002X"}}, fault.Invalid},
		{"a mobile number among others", map[string][]string{"x": {"a", "13812345678"}}, fault.Invalid},
		{"more than an answer has", map[string][]string{"x": {strings.Repeat("急", docket.MaxAutosave)}}, fault.Invalid},
	} {
		kept, err := docket.Autosave{Of: "c1", Gate: "opinion-1", Person: "p", Choice: "opine", Values: row.values}.Kept(monday)
		if got := fault.KindOf(err); err != nil && got != row.want || err == nil && row.want != "" {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
		if err == nil && (!kept.At.Equal(monday) || kept.Expires.Sub(monday) < 7*24*time.Hour) {
			t.Errorf("%s: got %v to %v, want it kept for weeks", row.name, kept.At, kept.Expires)
		}
	}
}
