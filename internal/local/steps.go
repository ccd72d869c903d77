package local

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// steps tells whoever waits what a start is at: each line that is written to it is a step
// that begins, and is shown with the time since the start.
type steps struct {
	out   io.Writer
	now   func() time.Time
	began time.Time
	taken []step
	part  []byte // of a line that has not ended
}

type step struct {
	name string
	at   time.Time
}

func newSteps(out io.Writer, now func() time.Time) *steps {
	return &steps{out: out, now: now, began: now()}
}

// Write takes whole lines and parts of them.
func (s *steps) Write(text []byte) (int, error) {
	s.part = append(s.part, text...)
	for {
		line, rest, whole := bytes.Cut(s.part, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		s.part = rest
		at := s.now()
		s.taken = append(s.taken, step{string(line), at})
		if _, err := fmt.Fprintf(s.out, "%6.1f s  %s\n", at.Sub(s.began).Seconds(), line); err != nil {
			return 0, err
		}
	}
}

// sum is how long all took, and each step that took time.
func (s *steps) sum() string {
	end := s.now()
	var each []string
	for i, one := range s.taken {
		until := end
		if i+1 < len(s.taken) {
			until = s.taken[i+1].at
		}
		if took := until.Sub(one.at); took >= 50*time.Millisecond { // less would be shown as nothing
			name, _, _ := strings.Cut(one.name, " (")
			each = append(each, fmt.Sprintf("%s %.1f", strings.TrimSuffix(name, " …"), took.Seconds()))
		}
	}
	all := fmt.Sprintf("%.1f s", end.Sub(s.began).Seconds())
	if len(each) == 0 {
		return all
	}
	return all + ": " + strings.Join(each, ", ")
}
