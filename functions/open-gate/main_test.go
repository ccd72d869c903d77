package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the machine says of itself is understood, whether the definition that
// waits is older or newer than this build.
func TestWhatTheStateMachineSaysIsUnderstood(t *testing.T) {
	paths, err := filepath.Glob("../../internal/table/testdata/stored/waiting-*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("finding goldens: %v, %d found", err, len(paths))
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{string(body), strings.Replace(string(body), "{", `{"addedLater":{"x":[1]},`, 1)} {
			var in waiting
			if err := json.Unmarshal([]byte(said), &in); err != nil {
				t.Errorf("%s: got %v, want it read", path, err)
				continue
			}
			if len(in.Name()) != 20 || !strings.Contains(in.Gate, "-1") || in.Run != 1 || !strings.HasPrefix(in.TaskToken, "token-") ||
				in.Entered.Year() != 2026 || in.Entered.Location() != time.UTC || in.Retry != 0 {
				t.Errorf("%s: got %+v, want all that it says", path, in)
			}
		}
	}
}
