package gateway

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"jixu/internal/fault"
)

func TestAStateMachineCatchesTheKindOfAFault(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want string
	}{
		{"a wrapped fault keeps its kind", fmt.Errorf("loading: %w", fault.New(fault.NotFound, "case")), "NotFound"},
		{"anything else is a part that did not answer", errors.New("broken pipe"), "Unavailable"},
	} {
		var got messages.InvokeResponse_Error
		if !errors.As(Named(row.err), &got) || got.Type != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got.Type, row.want)
		}
	}
	if Named(nil) != nil {
		t.Error("no error: got one, want nil")
	}
}
