package storetest

import (
	"context"
	"slices"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// fixed is a clock that stands still.
type fixed time.Time

// Now returns where it stands.
func (f fixed) Now(context.Context) (time.Time, error) { return time.Time(f), nil }

// idle counts nothing.
type idle struct{}

// Count does nothing.
func (idle) Count(string, float64) {}

// outside is a machine all of whose runs live, and a queue; it notes what it is
// asked and told. It stops nothing and starts nothing, so that a sweep writes nothing.
type outside struct{ asked []string }

var (
	_ docket.StateMachine = (*outside)(nil)
	_ docket.Notices      = (*outside)(nil)
)

// Start refuses.
func (o *outside) Start(context.Context, docket.Execution, []byte) (bool, error) {
	return false, fault.New(fault.Unavailable, "busy")
}

// Describe notes the run and says that it lives.
func (o *outside) Describe(_ context.Context, e docket.Execution) (string, error) {
	o.asked = append(o.asked, "run "+e.Name)
	return "RUNNING", nil
}

// Resume refuses.
func (o *outside) Resume(context.Context, string) (bool, error) {
	return false, fault.New(fault.Unavailable, "busy")
}

// Stop notes the run and refuses.
func (o *outside) Stop(_ context.Context, e docket.Execution) error {
	o.asked = append(o.asked, "stop "+e.Name)
	return fault.New(fault.Unavailable, "busy")
}

// kept is what was noted, in order and once however often it was, less what is about a
// case whose run was to be stopped: who sweeps it may or may not go on with its other run.
func (o *outside) kept() []string {
	var out []string
	for _, note := range o.asked {
		id, _, _ := strings.Cut(note[strings.LastIndex(note, " ")+1:], "-")
		id, _, _ = strings.Cut(id, "/")
		if !slices.ContainsFunc(o.asked, func(s string) bool { return strings.HasPrefix(s, "stop "+id) }) {
			out = append(out, note)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Queue notes the notice.
func (o *outside) Queue(_ context.Context, n docket.Notice) error {
	o.asked = append(o.asked, "notice "+n.Key)
	return nil
}

// Age does nothing.
func (idle) Age(string, time.Duration) {}

// Gauge does nothing.
func (idle) Gauge(string, float64) {}
