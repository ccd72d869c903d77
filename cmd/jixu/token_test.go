package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

func TestWhoeverIsNotThereHasNoTokenAndNoSecret(t *testing.T) {
	for _, row := range []struct {
		name string
		run  func(context.Context, []string, io.Writer) error
		args []string
		want string
	}{
		{"a token for nobody", runToken, nil, "tang-wei"},
		{"a token for a stranger", runToken, []string{"somebody"}, "tang-wei"},
		{"a token for two", runToken, []string{"lin-zhi", "tang-wei"}, "tang-wei"},
		{"a secret for nobody", runSecret, nil, "mpa"},
		{"a secret for an organisation without an administrator", runSecret, []string{"customs"}, "mpa"},
	} {
		var out strings.Builder
		if err := row.run(t.Context(), row.args, &out); err == nil || !strings.Contains(err.Error(), row.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %d characters printed, want who there is, and nothing printed", row.name, err, out.Len())
		}
	}
}
