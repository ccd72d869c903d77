package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/memory"
)

// Task does what a state's function does, which is named as the definition names
// it. What it returns is the function's answer, as JSON has it.
type Task func(ctx context.Context, function string, payload map[string]any) (answer any, err error)

// Walker takes the executions of every machine through their definitions the way Step
// Functions does, with its retries, catches and time-outs, and counts the states
// they enter. It knows the plain part of the language that our machines use and
// fails on everything else, so it cannot go wrong silently. One goroutine walks.
type Walker struct {
	StateMachine *memory.StateMachine
	Definitions  func(name string) (Definition, error) // [ReadDefinition], or a test's own
	Do           Task
	Now          func() time.Time

	// Uncaught is a flaw of the emulator: when the function of a task that waits
	// fails, nothing retries or catches it, and the wait goes on without its token.
	Uncaught bool

	Transitions int // states that were entered, by all runs together

	runs map[string]*Run
}

// Run is an execution on its way.
type Run struct {
	Name string
	At   string // the state it enters next, waits in, or ended in

	definition Definition
	data       map[string]any // what the next state gets
	token      string         // with which it waits; "": it does not
	resumed    int            // how many tokens had come back when it began to wait
	entered    time.Time      // when it began to wait
	until      time.Time      // when that wait runs out
	after      time.Time      // asked again at the same instant, it enters later than this
}

// Run finds a run that has begun to walk, nil if none is called name.
func (w *Walker) Run(name string) *Run { return w.runs[name] }

// Walk lets every execution go on until it waits or is over, and says whether any did.
func (w *Walker) Walk(ctx context.Context) (moved bool, err error) {
	for _, e := range w.StateMachine.Executions() {
		r, err := w.run(e)
		if err != nil {
			return moved, err
		}
		for {
			goes, err := w.ready(r)
			if err == nil && goes {
				moved = true
				err = w.step(ctx, r)
			}
			if err != nil {
				return moved, fmt.Errorf("walking %s at %q: %w", r.Name, r.At, err)
			}
			if !goes {
				break
			}
		}
	}
	return moved, nil
}

func (w *Walker) run(e memory.Execution) (*Run, error) {
	if r := w.runs[e.Name]; r != nil {
		return r, nil
	}
	d, err := w.Definitions(e.StateMachine)
	if err != nil {
		return nil, err
	}
	r := &Run{Name: e.Name, At: d.StartAt, definition: d}
	if err := json.Unmarshal(e.Input, &r.data); err != nil {
		return nil, fmt.Errorf("the input of %s: %w", e.Name, err)
	}
	if w.runs == nil {
		w.runs = map[string]*Run{}
	}
	w.runs[e.Name] = r
	return r, nil
}

// ready says whether a run can enter its next state. A wait that was answered or
// ran out ends here.
func (w *Walker) ready(r *Run) (bool, error) {
	e, _ := w.StateMachine.Execution(r.Name)
	if e.Status != "RUNNING" {
		return false, nil
	}
	if r.token == "" {
		return true, nil
	}
	s := r.definition.States[r.At]
	switch {
	case e.Waiting == r.token && (s.TimeoutSeconds == 0 || w.Now().Before(r.until)):
		return false, nil
	case e.Resumed > r.resumed:
		r.token, r.At, r.after = "", s.Next, time.Time{}
		return true, nil
	}
	w.StateMachine.Expire(r.Name)
	r.token, r.after = "", r.entered.Add(time.Millisecond)
	if err := w.fails(r, s, timedOut); err != nil {
		return false, err
	}
	e, _ = w.StateMachine.Execution(r.Name)
	return e.Status == "RUNNING", nil
}

// fails leads a run where its state's Catch says, or ends it.
func (w *Walker) fails(r *Run, s State, name string) error {
	next, err := s.caught(name)
	if err != nil {
		return err
	}
	if next == "" {
		w.StateMachine.End(r.Name, "FAILED")
		return nil
	}
	r.At = next
	return nil
}

// step enters one state: that is one transition.
func (w *Walker) step(ctx context.Context, r *Run) error {
	s, ok := r.definition.States[r.At]
	if !ok {
		return errors.New("no such state")
	}
	w.Transitions++
	switch s.Type {
	case "Succeed":
		w.StateMachine.End(r.Name, "SUCCEEDED")
	case "Fail":
		w.StateMachine.End(r.Name, "FAILED")
	case "Choice":
		next, err := s.choose(r.data)
		if err == nil {
			r.At = next
		}
		return err
	case "Pass":
		result, err := fill(s.Parameters, r.data, nil)
		if err != nil {
			return err
		}
		r.At = s.Next
		return r.keep(s.ResultPath, result)
	case "Task":
		return w.task(ctx, r, s)
	default:
		return fmt.Errorf("the walk does not know type %s", s.Type)
	}
	return nil
}

// task calls a state's function, again where a Retry says so.
func (w *Walker) task(ctx context.Context, r *Run, s State) error {
	waits := strings.HasSuffix(s.Resource, ".waitForTaskToken")
	if waits && s.ResultPath != "" {
		return errors.New("the walk does not know a wait that keeps its answer")
	}
	r.entered = w.Now()
	if r.entered.Before(r.after) {
		r.entered = r.after
	}
	tried := map[int]int{}
	for retry := 0; ; retry++ {
		token := ""
		if waits {
			e, _ := w.StateMachine.Execution(r.Name)
			r.resumed = e.Resumed
			token = w.StateMachine.Wait(r.Name) // from now on somebody may resume it
		}
		answer, failed, err := w.try(ctx, r, s, token, retry)
		if err != nil {
			return err
		}
		if waits {
			e, _ := w.StateMachine.Execution(r.Name)
			if failed == nil || w.Uncaught || e.Waiting != token { // what came back in time counts, whatever happens to who was asked
				r.token, r.until = token, r.entered.Add(time.Duration(s.TimeoutSeconds)*time.Second)
				return nil
			}
		}
		if failed == nil {
			return r.answered(s, answer)
		}
		if name := nameOf(failed); !s.again(name, tried) {
			w.StateMachine.Expire(r.Name)
			return w.fails(r, s, name)
		}
	}
}

// try calls the function once. failed is what the function said, err that the walk
// cannot call it.
func (w *Walker) try(ctx context.Context, r *Run, s State, token string, retry int) (answer any, failed, err error) {
	here := map[string]any{
		"Task":  map[string]any{"Token": token},
		"State": map[string]any{"EnteredTime": r.entered.UTC().Format(time.RFC3339Nano), "RetryCount": float64(retry)},
	}
	parameters, err := fill(s.Parameters, r.data, here)
	if err != nil {
		return nil, nil, err
	}
	function, _ := parameters["FunctionName"].(string)
	payload, ok := parameters["Payload"].(map[string]any)
	if !ok {
		return nil, nil, errors.New("the task has no payload")
	}
	answer, failed = w.Do(ctx, function, payload)
	return answer, failed, nil
}

// answered keeps what a function answered and goes on.
func (r *Run) answered(s State, answer any) error {
	result, err := fill(s.ResultSelector, map[string]any{"Payload": answer}, nil)
	if err != nil {
		return err
	}
	r.At = s.Next
	return r.keep(s.ResultPath, result)
}

// keep puts result where a ResultPath of one name says.
func (r *Run) keep(path string, result map[string]any) error {
	name, ok := strings.CutPrefix(path, "$.")
	if !ok || strings.Contains(name, ".") {
		return fmt.Errorf("the walk does not know ResultPath %q", path)
	}
	r.data = maps.Clone(r.data)
	r.data[name] = result
	return nil
}

// errDied is the end of a function that died of an outside call.
var errDied = errors.New("the function died")

// nameOf is what a machine calls an error of a function: the kind of the fault, as the functions say it.
func nameOf(err error) string {
	if errors.Is(err, errDied) {
		return "Runtime.ExitError"
	}
	return string(fault.KindOf(err))
}

// waiting is what a machine sends to open-gate.
type waiting struct {
	Of        string
	Gate      string
	Run       int
	TaskToken string
	Entered   time.Time
	Retry     int
}

func (tw *Town) applyOutcome(ctx context.Context, payload []byte) (any, error) {
	var in docket.Input
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, err
	}
	return tw.TaskTokens.Next(ctx, in)
}

func (tw *Town) openGate(ctx context.Context, payload []byte) (any, error) {
	var in waiting
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, err
	}
	token := docket.Token{Value: in.TaskToken, Run: in.Run, Entered: in.Entered, Retry: in.Retry}
	return struct{}{}, tw.TaskTokens.Attach(ctx, docket.GateRef{Of: in.Of, Gate: in.Gate}, token)
}
