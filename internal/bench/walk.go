package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/docket"
)

// definition is a state machine as it stands in statemachines/, as far as the
// walk follows it.
type definition struct {
	StartAt string
	States  map[string]state
}

type state struct {
	Type           string
	Resource       string
	Next           string
	Default        string
	Parameters     map[string]any
	ResultSelector map[string]any
	ResultPath     string // "" also for null: the result is dropped
	Choices        []choice
}

type choice struct {
	Variable           string
	StringEquals       *string
	BooleanEquals      *bool
	NumericGreaterThan *float64
	Next               string
}

func readDefinition(root, name string) (definition, error) {
	data, err := os.ReadFile(filepath.Join(root, "statemachines", name+".asl.json"))
	if err != nil {
		return definition{}, err
	}
	var d definition
	if err := json.Unmarshal(data, &d); err != nil {
		return definition{}, fmt.Errorf("reading %s: %w", name, err)
	}
	return d, nil
}

// task does what a state's function does. A task that waits gets a token and
// its result comes later, with Resume; for any other the result is returned.
type task func(ctx context.Context, function string, payload map[string]any) (result any, err error)

// walker takes runs through a definition the way Step Functions does and counts
// the states they enter. It knows the plain part of the language that our
// machines use and fails on everything else, so it cannot miscount silently.
type walker struct {
	definition definition
	do         task
	now        func() time.Time

	runs        []*run
	transitions int
}

var _ docket.Machine = (*walker)(nil)

// run is one execution.
type run struct {
	name   string
	input  map[string]any // what the next state gets
	at     string         // the state it enters next, or waits in
	token  string         // with which it waits; "": it does not
	status string
}

func (w *walker) find(name string) *run {
	for _, r := range w.runs {
		if r.name == name {
			return r
		}
	}
	return nil
}

// Start begins a run. It takes its first step with the next Settle.
func (w *walker) Start(_ context.Context, name string, input []byte) (already bool, err error) {
	if w.find(name) != nil {
		return true, nil
	}
	r := &run{name: name, at: w.definition.StartAt, status: "RUNNING"}
	if err := json.Unmarshal(input, &r.input); err != nil {
		return false, err
	}
	w.runs = append(w.runs, r)
	return false, nil
}

func (w *walker) Describe(_ context.Context, name string) (string, error) {
	if r := w.find(name); r != nil {
		return r.status, nil
	}
	return "", nil
}

func (w *walker) Resume(_ context.Context, token string) (accepted bool, err error) {
	for _, r := range w.runs {
		if r.token == token && r.status == "RUNNING" {
			r.token = ""
			r.at = w.definition.States[r.at].Next
			return true, nil
		}
	}
	return false, nil
}

func (w *walker) Stop(_ context.Context, name string) error {
	if r := w.find(name); r != nil && r.status == "RUNNING" {
		r.status = "ABORTED"
	}
	return nil
}

// Settle lets every run go on until it waits or is over.
func (w *walker) Settle(ctx context.Context) error {
	for _, r := range w.runs {
		for r.status == "RUNNING" && r.token == "" {
			if err := w.step(ctx, r); err != nil {
				return fmt.Errorf("walking %s at %q: %w", r.name, r.at, err)
			}
		}
	}
	return nil
}

// step enters one state: that is one transition.
func (w *walker) step(ctx context.Context, r *run) error {
	s, ok := w.definition.States[r.at]
	if !ok {
		return errors.New("no such state")
	}
	w.transitions++
	switch s.Type {
	case "Succeed":
		r.status = "SUCCEEDED"
	case "Fail":
		r.status = "FAILED"
	case "Choice":
		next, err := s.choose(r.input)
		r.at = next
		return err
	case "Pass":
		result, err := fill(s.Parameters, r.input, nil)
		if err != nil {
			return err
		}
		r.at = s.Next
		return r.keep(s.ResultPath, result)
	case "Task":
		return w.task(ctx, r, s)
	default:
		return fmt.Errorf("the walk does not know type %s", s.Type)
	}
	return nil
}

func (w *walker) task(ctx context.Context, r *run, s state) error {
	waits := strings.HasSuffix(s.Resource, ".waitForTaskToken")
	here := map[string]any{
		"Task":  map[string]any{"Token": r.name + "@" + strconv.Itoa(w.transitions)},
		"State": map[string]any{"EnteredTime": w.now().UTC().Format(time.RFC3339Nano), "RetryCount": 0},
	}
	parameters, err := fill(s.Parameters, r.input, here)
	if err != nil {
		return err
	}
	function, _ := parameters["FunctionName"].(string)
	payload, ok := parameters["Payload"].(map[string]any)
	if !ok {
		return errors.New("the task has no payload")
	}
	if waits {
		r.token, _ = payload["taskToken"].(string) // from now on somebody may resume it
		_, err := w.do(ctx, function, payload)
		return err
	}
	answer, err := w.do(ctx, function, payload)
	if err != nil {
		return err
	}
	result, err := fill(s.ResultSelector, map[string]any{"Payload": answer}, nil)
	if err != nil {
		return err
	}
	r.at = s.Next
	return r.keep(s.ResultPath, result)
}

// keep puts result where a ResultPath of one name says.
func (r *run) keep(path string, result map[string]any) error {
	name, ok := strings.CutPrefix(path, "$.")
	if !ok || strings.Contains(name, ".") {
		return fmt.Errorf("the walk does not know ResultPath %q", path)
	}
	r.input = maps.Clone(r.input)
	r.input[name] = result
	return nil
}

func (s state) choose(input map[string]any) (string, error) {
	for _, c := range s.Choices {
		v, err := look(c.Variable, input, nil)
		if err != nil {
			return "", err
		}
		var holds bool
		switch {
		case c.StringEquals != nil:
			holds = v == *c.StringEquals
		case c.BooleanEquals != nil:
			holds = v == *c.BooleanEquals
		case c.NumericGreaterThan != nil:
			n, isNumber := v.(float64)
			holds = isNumber && n > *c.NumericGreaterThan
		default:
			return "", errors.New("the walk does not know this comparison")
		}
		if holds {
			return c.Next, nil
		}
	}
	return s.Default, nil
}

// fill replaces every value whose name ends in .$ by what it points at.
func fill(template, input, here map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(template)) {
		inner, nested := template[name].(map[string]any)
		field, points := strings.CutSuffix(name, ".$")
		var err error
		switch {
		case nested:
			out[name], err = fill(inner, input, here)
		case points:
			out[field], err = point(template[name], input, here)
		default:
			out[name] = template[name]
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// point follows a path, or adds two numbers: more we do not use.
func point(at any, input, here map[string]any) (any, error) {
	path, _ := at.(string)
	sum, isSum := strings.CutPrefix(path, "States.MathAdd(")
	if !isSum {
		return look(path, input, here)
	}
	first, second, _ := strings.Cut(strings.TrimSuffix(sum, ")"), ", ")
	a, err := look(first, input, here)
	if err != nil {
		return nil, err
	}
	b, err := strconv.ParseFloat(second, 64)
	n, isNumber := a.(float64)
	if err != nil || !isNumber {
		return nil, fmt.Errorf("the walk cannot add %s", path)
	}
	return n + b, nil
}

func look(path string, input, here map[string]any) (any, error) {
	var at any = input
	names, ofContext := strings.CutPrefix(path, "$$.")
	if ofContext {
		at = here
	} else {
		names = strings.TrimPrefix(path, "$.")
	}
	for name := range strings.SplitSeq(names, ".") {
		inner, _ := at.(map[string]any)
		v, ok := inner[name]
		if !ok {
			return nil, fmt.Errorf("nothing at %s", path)
		}
		at = v
	}
	return at, nil
}
