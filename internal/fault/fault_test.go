package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestKindOf(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want Kind
	}{
		{"no error has no kind", nil, ""},
		{"a bare kind is itself", Conflict, Conflict},
		{"a fault has its kind", New(NotFound, "case"), NotFound},
		{"a wrapped fault keeps its kind", fmt.Errorf("loading: %w", New(Forbidden, "verb")), Forbidden},
		{"a stranger's error means a part did not answer", errors.New("broken pipe"), Unavailable},
		{"a list of problems is invalid", Fields([]Problem{{Field: "name", Code: "missing"}}), Invalid},
	} {
		if got := KindOf(row.err); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if err := Fields(nil); err != nil {
		t.Errorf("a form without problems is fine: got %v, want nil", err)
	}
	if !errors.Is(fmt.Errorf("x: %w", New(Conflict, "moved")), Conflict) {
		t.Error("errors.Is finds the kind through a wrap: got false, want true")
	}
}

func TestAFaultListsAHundredProblemsAtMost(t *testing.T) {
	many := make([]Problem, 5000)
	if got := len(Of(Fields(many)).Problems); got != MaxProblems {
		t.Errorf("got %d problems, want %d", got, MaxProblems)
	}
}
