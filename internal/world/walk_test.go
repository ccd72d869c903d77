package world

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/memory"
)

// script is a walk through the real definition whose table answers what is whose
// move, in order; it repeats the last answer.
type script struct {
	*Walker
	t      *testing.T
	clock  *memory.Clock
	asked  int
	fails  []error // what the next calls of open-gate come to
	finds  error   // what every call of apply-outcome comes to
	tokens []string
}

func review(name string) docket.Execution {
	return docket.Execution{StateMachine: "review-application", Name: name}
}

func scripted(t *testing.T, kinds ...string) *script {
	t.Helper()
	w := memory.New(t, Monday)
	s := &script{t: t, clock: w.Clock}
	s.Walker = &Walker{StateMachine: w.StateMachine, Definitions: ReadDefinition, Now: func() time.Time { return w.Clock.Advance(0) }}
	s.Do = func(_ context.Context, function string, payload map[string]any) (any, error) {
		if strings.Contains(function, "OpenGate") {
			s.asked++
			s.tokens = append(s.tokens, payload["taskToken"].(string))
			if len(s.fails) > 0 {
				var err error
				err, s.fails = s.fails[0], s.fails[1:]
				return nil, err
			}
			return map[string]any{}, nil
		}
		if s.finds != nil {
			return nil, s.finds
		}
		kind := kinds[0]
		if len(kinds) > 1 {
			kinds = kinds[1:]
		}
		return map[string]any{"over": kind == "over", "gate": payload["leg"].(string) + "-1", "kind": kind, "asked": 0.0}, nil
	}
	return s
}

func (s *script) begin(leg string) *Run {
	s.t.Helper()
	name := "c-" + leg + "-1"
	if _, err := s.StateMachine.Start(context.Background(), review(name), []byte(`{"of":"c","leg":"`+leg+`","run":1,"asked":0}`)); err != nil {
		s.t.Fatal(err)
	}
	s.walk()
	return s.Run(name)
}

func (s *script) walk() {
	s.t.Helper()
	if _, err := s.Walk(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) status(r *Run) string {
	e, _ := s.StateMachine.Execution(r.Name)
	return e.Status
}

func (s *script) answer(r *Run) {
	s.t.Helper()
	if accepted, err := s.StateMachine.Resume(context.Background(), r.token); err != nil || !accepted {
		s.t.Fatalf("resuming %s: got %v, %v, want accepted", r.Name, accepted, err)
	}
	s.walk()
}

// expire lets sixty days pass.
func (s *script) expire(r *Run) {
	s.t.Helper()
	if r.token == "" {
		s.t.Fatalf("%s waits for nobody", r.Name)
	}
	s.clock.Advance(60 * 24 * time.Hour)
	s.walk()
}

// This is what the bill rests on: a gate is found, its party chosen, waited for.
func TestALifeWithOneSupplementRoundEntersTwentyStates(t *testing.T) {
	opinion := scripted(t, "assess", "supplement", "assess", "over")
	r := opinion.begin("opinion")
	for range 3 {
		opinion.answer(r)
	}
	if opinion.status(r) != "SUCCEEDED" || opinion.Transitions != 13 {
		t.Errorf("opinion: got %s after %d states, want SUCCEEDED after 13", opinion.status(r), opinion.Transitions)
	}
	reply := scripted(t, "reply", "over")
	r = reply.begin("reply")
	reply.answer(r)
	if reply.status(r) != "SUCCEEDED" || reply.Transitions != 7 {
		t.Errorf("reply: got %s after %d states, want SUCCEEDED after 7", reply.status(r), reply.Transitions)
	}
}

func TestAGateIsAskedFourTimesMoreAndThenTheRunEnds(t *testing.T) {
	for _, leg := range []struct{ leg, kind string }{
		{"opinion", "assess"}, {"opinion", "supplement"}, {"reply", "reply"}, {"reply", "supplement"},
	} {
		w := scripted(t, leg.kind)
		r := w.begin(leg.leg)
		for range 4 {
			w.expire(r)
		}
		if w.status(r) != "RUNNING" || w.asked != 5 {
			t.Errorf("%s of the %s, after four time-outs: got %s, asked %d times, want RUNNING and 5", leg.kind, leg.leg, w.status(r), w.asked)
		}
		w.expire(r)
		if w.status(r) != "SUCCEEDED" || w.asked != 5 || r.At != "The next run goes on" {
			t.Errorf("%s of the %s, after five: got %s at %q, asked %d times, want it ended for the next", leg.kind, leg.leg, w.status(r), r.At, w.asked)
		}
	}
}

func TestTheNextGateIsCountedAnew(t *testing.T) {
	w := scripted(t, "assess", "supplement")
	r := w.begin("opinion")
	for range 4 {
		w.expire(r)
	}
	w.answer(r)
	w.expire(r)
	if w.status(r) != "RUNNING" || r.At != "Ask the hospital to supplement for the opinion" {
		t.Errorf("got %s at %q, want the hospital asked again", w.status(r), r.At)
	}
}

func TestALegThatIsOverEndsAtOnce(t *testing.T) {
	for _, leg := range []string{"opinion", "reply"} {
		w := scripted(t, "over")
		if r := w.begin(leg); w.status(r) != "SUCCEEDED" || w.asked != 0 {
			t.Errorf("%s: got %s, asked %d times, want SUCCEEDED and nobody asked", leg, w.status(r), w.asked)
		}
	}
}

func TestWhatNobodyMeantFails(t *testing.T) {
	rows := []struct{ name, leg, kind, at string }{
		{"a leg that is none", "customs", "assess", "No such leg"},
		{"a kind that no leg knows", "opinion", "clear", "No such gate"},
		{"the regulator's gate on the opinion", "opinion", "reply", "No such gate"},
		{"the assessor's gate on the reply", "reply", "assess", "No such gate"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := scripted(t, row.kind)
			if r := w.begin(row.leg); w.status(r) != "FAILED" || r.At != row.at {
				t.Errorf("got %s at %q, want FAILED at %q", w.status(r), r.At, row.at)
			}
		})
	}
}

func TestATokenServesOnce(t *testing.T) {
	w := scripted(t, "assess", "supplement")
	r := w.begin("opinion")
	token := r.token
	w.answer(r)
	if accepted, err := w.StateMachine.Resume(context.Background(), token); accepted || err != nil {
		t.Errorf("the same token again: got %v, %v, want not accepted", accepted, err)
	}
	if already, err := w.StateMachine.Start(
		context.Background(),
		review(r.Name),
		[]byte(`{"of":"c","leg":"opinion","run":1,"asked":0}`),
	); !already ||
		err != nil {
		t.Errorf("the same name again: got %v, %v, want already", already, err)
	}
}

// A walk that guessed would count wrongly, so it stops.
func TestTheWalkStopsAtWhatItDoesNotKnow(t *testing.T) {
	yes := "x"
	failing := State{Type: "Task", Parameters: map[string]any{"Payload": map[string]any{}}}
	failing.Catch = []Catcher{{ErrorEquals: []string{"States.ALL"}, ResultPath: []byte(`"$.error"`), Next: "A"}}
	rows := []struct {
		name  string
		state State
	}{
		{"a type of state", State{Type: "Parallel"}},
		{"a comparison", State{Type: "Choice", Choices: []Choice{{Variable: "$.leg"}}}},
		{"a path that leads nowhere", State{Type: "Choice", Choices: []Choice{{Variable: "$.none", StringEquals: &yes}}}},
		{"a ResultPath of two names", State{Type: "Pass", ResultPath: "$.a.b"}},
		{"an intrinsic function", State{Type: "Pass", ResultPath: "$.a", Parameters: map[string]any{"x.$": "States.UUID()"}}},
		{"a task without a payload", State{Type: "Task", Resource: "lambda:invoke"}},
		{"a Catch that keeps what went wrong", failing},
		{"a wait that keeps its answer", State{Type: "Task", Resource: "lambda:invoke.waitForTaskToken", ResultPath: "$.a"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := memory.New(t, Monday).StateMachine
			d := Definition{StartAt: "A", States: map[string]State{"A": row.state}}
			w := &Walker{StateMachine: m, Definitions: func(string) (Definition, error) { return d, nil }, Now: func() time.Time { return Monday }}
			w.Do = func(context.Context, string, map[string]any) (any, error) { return nil, errors.New("it fails") }
			if _, err := m.Start(context.Background(), review("r"), []byte(`{"leg":"opinion"}`)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Walk(context.Background()); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

var busy = fault.New(fault.Unavailable, "busy")

func TestWhatTheDefinitionRetriesIsTriedAgainAndTheRestIsCaught(t *testing.T) {
	missing := fault.New(fault.NotFound, "gate")
	for _, row := range []struct {
		name     string
		fails    []error
		uncaught bool
		asked    int
		status   string
		at       string
	}{
		{"a table that is busy is asked five times more", []error{busy, busy, busy, busy, busy}, false, 6, "RUNNING", "Ask the assessor"},
		{"and not a sixth time", []error{busy, busy, busy, busy, busy, busy}, false, 6, "FAILED", "The gate did not open"},
		{"a gate that is not there is not asked again", []error{missing}, false, 1, "FAILED", "The gate did not open"},
		{"a function that dies is not asked again", []error{errDied}, false, 1, "FAILED", "The gate did not open"},
		{"the emulator hears of nothing and waits", []error{missing}, true, 1, "RUNNING", "Ask the assessor"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := scripted(t, "assess")
			w.fails, w.Uncaught = row.fails, row.uncaught
			r := w.begin("opinion")
			if w.status(r) != row.status || r.At != row.at || w.asked != row.asked {
				t.Errorf("got %s at %q, asked %d times; want %s at %q, %d", w.status(r), r.At, w.asked, row.status, row.at, row.asked)
			}
			e, _ := w.StateMachine.Execution(r.Name)
			if row.status == "RUNNING" && e.Waiting != w.tokens[len(w.tokens)-1] {
				t.Errorf("got it waiting with %q, want the last of the tokens %q", e.Waiting, w.tokens)
			}
		})
	}
}

func TestATableThatDoesNotAnswerEndsTheRun(t *testing.T) {
	w := scripted(t, "assess")
	w.finds = busy
	if r := w.begin("opinion"); w.status(r) != "FAILED" || r.At != "The table does not answer" || w.Transitions != 3 {
		t.Errorf("got %s at %q after %d states, want FAILED at the table after 3", w.status(r), r.At, w.Transitions)
	}
}

// What came back while a function was being called counts, whatever became of the call.
func TestATokenThatCameBackDuringAFailureResumes(t *testing.T) {
	w := scripted(t, "assess", "over")
	ask := w.Do
	w.Do = func(ctx context.Context, function string, payload map[string]any) (any, error) {
		answer, err := ask(ctx, function, payload)
		if token, waits := payload["taskToken"].(string); waits {
			if accepted, err := w.StateMachine.Resume(ctx, token); err != nil || !accepted {
				t.Errorf("resuming: got %v, %v, want accepted", accepted, err)
			}
			err = busy
		}
		return answer, err
	}
	if r := w.begin("opinion"); w.status(r) != "SUCCEEDED" || w.asked != 1 {
		t.Errorf("got %s at %q, asked %d times; want SUCCEEDED, once", w.status(r), r.At, w.asked)
	}
}

func TestAWaitOutlastsItsLastSecondOnly(t *testing.T) {
	w := scripted(t, "assess")
	r := w.begin("opinion")
	w.clock.Advance(60*24*time.Hour - time.Second)
	w.walk()
	if w.asked != 1 {
		t.Errorf("a second before: got it asked %d times, want once", w.asked)
	}
	w.clock.Advance(time.Second)
	w.walk()
	if w.asked != 2 || w.status(r) != "RUNNING" {
		t.Errorf("at the time-out: got it asked %d times and %s, want twice and RUNNING", w.asked, w.status(r))
	}
}

func TestAStateMachineThatIsNotThereCannotBeRead(t *testing.T) {
	if _, err := ReadDefinition("no-such-machine"); err == nil {
		t.Error("got no error, want one")
	}
}
