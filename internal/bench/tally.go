package bench

import (
	"time"

	"jixu/internal/table"
)

// counted is a thing that somebody bills for, beside functions and the table.
type counted string

const (
	transitions counted = "transitions"
	queueCalls  counted = "queue"
	macs        counted = "macs"
	puts        counted = "puts"
	gets        counted = "gets"
	requests    counted = "requests" // through the HTTP API
)

// sum is what some part of a life took.
type sum struct {
	units  table.Units
	counts map[counted]int
	calls  map[string]int           // by function
	took   map[string]time.Duration // by function, rounded up to whole milliseconds a call, as Lambda bills
}

func newSum() *sum {
	return &sum{counts: map[counted]int{}, calls: map[string]int{}, took: map[string]time.Duration{}}
}

func (s *sum) call(function string, took time.Duration, u table.Units) {
	s.calls[function]++
	s.took[function] += (took + time.Millisecond - 1).Truncate(time.Millisecond)
	s.units.Write += u.Write
	s.units.Read += u.Read
	s.units.Calls += u.Calls
}

// plus adds o to s.
func (s *sum) plus(o *sum) {
	s.units.Write += o.units.Write
	s.units.Read += o.units.Read
	s.units.Calls += o.units.Calls
	for k, n := range o.counts {
		s.counts[k] += n
	}
	for f, n := range o.calls {
		s.calls[f] += n
	}
	for f, d := range o.took {
		s.took[f] += d
	}
}

func (s *sum) invocations() (n int) {
	for _, calls := range s.calls {
		n += calls
	}
	return n
}

// tally keeps sums apart by act, in the order of the acts.
type tally struct {
	acts []string
	of   map[string]*sum
	now  *sum // where counts go at the moment
}

func newTally() *tally {
	t := &tally{of: map[string]*sum{}}
	t.begin("setting up")
	return t
}

// begin lets what follows count for act, and returns what did before.
func (t *tally) begin(act string) (before *sum) {
	before = t.now
	if t.of[act] == nil {
		t.acts = append(t.acts, act)
		t.of[act] = newSum()
	}
	t.now = t.of[act]
	return before
}

// aside counts do for act and goes on with what counted before.
func (t *tally) aside(act string, do func() error) error {
	before := t.begin(act)
	defer func() { t.now = before }()
	return do()
}

func (t *tally) add(what counted, n int) { t.now.counts[what] += n }

func (t *tally) call(function string, took time.Duration, u table.Units) {
	t.now.call(function, took, u)
}
