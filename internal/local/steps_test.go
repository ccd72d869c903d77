package local

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAStartSaysWhatItIsAtAndWhatEachStepTook(t *testing.T) {
	var said strings.Builder
	now := time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)
	s := newSteps(&said, func() time.Time { return now })
	fmt.Fprintln(s, "looking for the tools")
	now = now.Add(10 * time.Millisecond)
	fmt.Fprint(s, "compiling (once, ")
	now = now.Add(time.Second)
	fmt.Fprint(s, "a minute) …\ndeploying …\n")
	now = now.Add(2500 * time.Millisecond)
	if got, want := said.String(), "   0.0 s  looking for the tools\n   1.0 s  compiling (once, a minute) …\n   1.0 s  deploying …\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := s.sum(), "3.5 s: looking for the tools 1.0, deploying 2.5"; got != want {
		t.Errorf("the sum: got %q, want %q", got, want)
	}
}
