package local

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheEmulatorReadsStreamsFromTheirBeginningAfterARestart(t *testing.T) {
	dir := t.TempDir()
	if err := forgetPositions(dir); err != nil {
		t.Errorf("a new house: got %v, want nil", err)
	}
	state := filepath.Join(dir, "state")
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(state, "lambda.json")
	for _, row := range []struct{ name, before, after string }{
		{"positions go and everything else stays", `{"__ministack_format__":2,"payload":{"dynamodb_stream_positions":{"a":310},"functions":{"x":1}}}`, `{"__ministack_format__":2,"payload":{"functions":{"x":1}}}`},
		{"without positions nothing changes", `{"__ministack_format__":2,"payload":{"functions":{"x":1}}}`, `{"__ministack_format__":2,"payload":{"functions":{"x":1}}}`},
	} {
		if err := os.WriteFile(path, []byte(row.before), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := forgetPositions(dir); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != row.after {
			t.Errorf("%s: got %s (%v), want %s", row.name, got, err, row.after)
		}
	}
}

func TestQueuesMoveToTodaysPort(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state", "sqs.json")
	const before = `{"payload":{"queues":{"http://localhost:4566/123456789012/notices":{"url":"http://localhost:4566/123456789012/notices"}}}}`
	const after = `{"payload":{"queues":{"http://localhost:5001/123456789012/notices":{"url":"http://localhost:5001/123456789012/notices"}}}}`
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := mendYesterday(dir, 5001); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != after {
		t.Errorf("a queue of yesterday: got %s (%v), want it under today's port", got, err)
	}
}
