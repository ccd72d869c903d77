package main

import (
	"io"
	"strings"
	"testing"
)

func TestAPortThatIsNoneIsRefusedBeforeAnythingStarts(t *testing.T) {
	for _, variable := range []string{"JIXU_PORT", "JIXU_DESK_PORT", "JIXU_SMTP_PORT"} {
		for _, text := range []string{"abc", "99999", "-1", " "} {
			t.Run(variable+"="+text, func(t *testing.T) {
				t.Setenv(variable, text)
				if err := runLocal(
					t.Context(),
					nil,
					io.Discard,
				); err == nil || !strings.Contains(err.Error(), variable) ||
					!strings.Contains(err.Error(), "is no port") {
					t.Errorf("got %v, want the variable named, and what a port is", err)
				}
			})
		}
	}
}
