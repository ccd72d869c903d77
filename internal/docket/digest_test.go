package docket

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
)

// setByTheLaw are the fields that no author of an answer fills in.
var setByTheLaw = map[string]bool{
	"Decision.Submission": true, "Decision.Entry": true, "Decision.Person": true, "Decision.Org": true, "Decision.Transcript": true, "Decision.At": true,
	"Opinion.Placed": true, "Opinion.Late": true, "Opinion.Submission": true, "Opinion.Entry": true, "Opinion.Hash": true,
	"Opinion.Person": true, "Opinion.Org": true, "Opinion.At": true,
}

// Every field that somebody fills in makes another answer: one that is added to a
// struct tomorrow is in the digest, or says here that the law sets it.
func TestADigestCoversTheWholeAnswer(t *testing.T) {
	ref := GateRef{Of: "c", Gate: "g", Submission: 1}
	for name, digest := range map[string]func(reflect.Value) string{
		"Decision": func(v reflect.Value) string {
			d := v.Interface().(casework.Decision)
			return digestOf("record", ref, plainDecision(d, d.Evidence))
		},
		"Opinion": func(v reflect.Value) string {
			return digestOf("opine", ref, plainOpinion(v.Interface().(casework.Opinion)))
		},
		"Defect": func(v reflect.Value) string {
			return digestOf("ask", ref, []casework.Defect{v.Interface().(casework.Defect)})
		},
		"Upload":  func(v reflect.Value) string { return Digest("attach", "c", 1, v.Interface()) },
		"Lane":    func(v reflect.Value) string { return Digest("submit-urgent", "c", 1, true, v.Interface()) },
		"GateRef": func(v reflect.Value) string { return digestOf("opine", v.Interface().(GateRef)) },
	} {
		whole := map[string]any{
			"Decision": casework.Decision{}, "Opinion": casework.Opinion{}, "Defect": casework.Defect{}, "Upload": Upload{}, "Lane": Lane{}, "GateRef": GateRef{},
		}[name]
		said := map[string]string{digest(reflect.ValueOf(whole)): "nothing"}
		touched := 0
		for _, path := range paths(reflect.TypeOf(whole), name) {
			touched++
			v := reflect.New(reflect.TypeOf(whole)).Elem()
			fill(t, v, path.index)
			got := digest(v)
			before, same := said[got]
			switch {
			case setByTheLaw[path.name] || path.name == "GateRef.At" || path.name == "GateRef.Timer":
				if !same {
					t.Errorf("%s: got another answer by it, want it set by the law", path.name)
				}
			case same:
				t.Errorf("%s: got the same answer as with %s, want another", path.name, before)
			default:
				said[got] = path.name
			}
		}
		if touched < 2 {
			t.Fatalf("%s: got %d fields, want all of them: the search is broken", name, touched)
		}
	}
}

type place struct {
	name  string
	index []int
}

// paths lists the fields of t, those of its structs too.
func paths(t reflect.Type, at string) []place {
	var out []place
	for i := range t.NumField() {
		f := t.Field(i)
		name := at + "." + f.Name
		if f.Type.Kind() == reflect.Struct && !setByTheLaw[name] && f.Type != reflect.TypeFor[time.Time]() && f.Type != reflect.TypeFor[calendar.Day]() {
			for _, p := range paths(f.Type, name) {
				out = append(out, place{p.name, append([]int{i}, p.index...)})
			}
			continue
		}
		out = append(out, place{name, []int{i}})
	}
	return out
}

// fill puts something into the field at index.
func fill(t *testing.T, v reflect.Value, index []int) {
	t.Helper()
	f := v.FieldByIndex(index)
	switch f.Interface().(type) {
	case time.Time:
		f.Set(reflect.ValueOf(time.Unix(1, 0)))
		return
	case calendar.Day:
		f.Set(reflect.ValueOf(calendar.Day{Year: 2026, Month: 1, Day: 2}))
		return
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString("x")
	case reflect.Int:
		f.SetInt(7)
	case reflect.Bool:
		f.SetBool(true)
	case reflect.Slice:
		f.Set(reflect.MakeSlice(f.Type(), 1, 1))
	case reflect.Struct:
		fill(t, f, []int{0})
	default:
		t.Fatalf("%s: no way to fill it", f.Type())
	}
}

// Each member of a list counts, too.
func TestADigestCoversEveryFinding(t *testing.T) {
	ref := GateRef{Of: "c", Gate: "g", Submission: 1}
	seen := map[string]bool{}
	for _, f := range []casework.Finding{{}, {Question: "x"}, {Met: true}, {Relied: true}, {Reason: "x"}} {
		seen[digestOf("opine", ref, plainOpinion(casework.Opinion{Findings: []casework.Finding{f}}))] = true
	}
	if n := reflect.TypeFor[casework.Finding]().NumField(); len(seen) != n+1 {
		t.Errorf("got %d answers of %d fields, want one for each and the empty one: %v", len(seen), n, fmt.Sprint(slices.Sorted(maps.Keys(seen))))
	}
}
