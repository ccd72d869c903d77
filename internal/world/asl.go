package world

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Definition is a state machine as it stands in statemachines/, as far as a walk
// follows it.
type Definition struct {
	Comment string
	StartAt string
	States  map[string]State
}

// State is one of its states.
type State struct {
	Comment        string
	Type           string
	Resource       string
	Next           string
	Default        string
	Parameters     map[string]any
	ResultSelector map[string]any
	ResultPath     string // "" also for null: the result is dropped
	Choices        []Choice
	TimeoutSeconds int
	Retry          []Retrier
	Catch          []Catcher
	Error, Cause   string
}

// Choice is one way on, and when it is taken.
type Choice struct {
	Variable           string
	StringEquals       *string
	BooleanEquals      *bool
	NumericGreaterThan *float64
	IsPresent          *bool
	Next               string
}

// Retrier says which errors of a task are tried again. A walk waits for nothing
// in between: time passes only when a test moves the clock.
type Retrier struct {
	ErrorEquals     []string
	IntervalSeconds int
	MaxAttempts     int
	BackoffRate     float64
}

// Catcher says where an error of a task leads.
type Catcher struct {
	ErrorEquals []string
	ResultPath  json.RawMessage // null: what went wrong is dropped; a walk knows nothing else
	Next        string
}

var (
	definitions   = map[string]Definition{}
	definitionsMu sync.Mutex
)

// ReadDefinition reads statemachines/<name>.asl.json, in the checkout that the
// program runs in. A field that a walk would not follow is an error.
func ReadDefinition(name string) (Definition, error) {
	definitionsMu.Lock()
	defer definitionsMu.Unlock()
	if d, ok := definitions[name]; ok {
		return d, nil
	}
	data, err := readUpwards(filepath.Join("statemachines", name+".asl.json"))
	if err != nil {
		return Definition{}, fmt.Errorf("reading machine %s: %w", name, err)
	}
	d, err := ParseDefinition(data)
	if err != nil {
		return Definition{}, fmt.Errorf("reading machine %s: %w", name, err)
	}
	definitions[name] = d
	return d, nil
}

// ParseDefinition reads a definition. A field that a walk would not follow is an error.
func ParseDefinition(data []byte) (Definition, error) {
	var d Definition
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return d, decoder.Decode(&d)
}

// readUpwards reads the file at path below the working directory or the first of
// those above that has it.
func readUpwards(path string) ([]byte, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, path))
		above := filepath.Dir(dir)
		if !errors.Is(err, os.ErrNotExist) || above == dir {
			return data, err
		}
		dir = above
	}
}

func (s State) choose(input map[string]any) (string, error) {
	for _, c := range s.Choices {
		if c.IsPresent != nil {
			if _, err := look(c.Variable, input, nil); (err == nil) == *c.IsPresent {
				return c.Next, nil
			}
			continue
		}
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

// The names of errors that Step Functions gives itself.
const (
	timedOut   = "States.Timeout"
	anything   = "States.ALL"
	taskFailed = "States.TaskFailed"
)

// meets says whether an error called name is one of names.
func meets(name string, names []string) bool {
	return slices.Contains(names, name) || slices.Contains(names, anything) || slices.Contains(names, taskFailed) && name != timedOut
}

// again says whether a task that failed with name is tried once more: each retrier
// counts for itself, and the first that knows the error decides.
func (s State) again(name string, tried map[int]int) bool {
	for i, r := range s.Retry {
		if meets(name, r.ErrorEquals) {
			tried[i]++
			return tried[i] <= r.MaxAttempts
		}
	}
	return false
}

// caught is where an error called name leads, "" if nothing catches it.
func (s State) caught(name string) (string, error) {
	for _, c := range s.Catch {
		if !meets(name, c.ErrorEquals) {
			continue
		}
		if string(c.ResultPath) != "null" {
			return "", fmt.Errorf("the walk does not know a Catch with ResultPath %s", c.ResultPath)
		}
		return c.Next, nil
	}
	return "", nil
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

// asJSON is v as a machine sees it.
func asJSON(v any) (out map[string]any, err error) {
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(encoded, &out)
}
