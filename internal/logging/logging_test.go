package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"
)

func TestALineCarriesTheFunctionAndTheContext(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, "open-gate").With("run", 2)
	ctx := With(With(context.Background(), slog.String("case", "c-17")), slog.String("leg", "reply"))
	log.InfoContext(ctx, "token attached")

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("the line is not JSON: %v", err)
	}
	want := map[string]any{"function": "open-gate", "case": "c-17", "leg": "reply", "run": 2.0, "msg": "token attached"}
	for key, value := range want {
		if line[key] != value {
			t.Errorf("%s: got %v, want %v", key, line[key], value)
		}
	}
}

func TestContextsDoNotShareAttributes(t *testing.T) {
	parent := With(context.Background(), slog.String("a", "1"))
	With(parent, slog.String("b", "2"))
	third := With(parent, slog.String("c", "3"))
	if got := third.Value(attrsKey{}).([]slog.Attr)[1].Key; got != "c" {
		t.Errorf("second attribute: got %q, want c", got)
	}
}

func TestMetricIsInEmbeddedFormat(t *testing.T) {
	var out bytes.Buffer
	writeMetric(&out, time.UnixMilli(1700000000000), "production", "UntoldAge", Seconds, 12)
	got := out.String()
	want := `{"Stage":"production","UntoldAge":12,"_aws":{"CloudWatchMetrics":[{"Dimensions":[["Stage"]],` +
		`"Metrics":[{"Name":"UntoldAge","Unit":"Seconds"}],"Namespace":"Jixu"}],"Timestamp":1700000000000}}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
