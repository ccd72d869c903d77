package logging

import (
	"encoding/json"
	"io"
	"os"
	"time"
)

// Unit is a unit that CloudWatch knows.
type Unit string

// Units in use.
const (
	Count   Unit = "Count"
	Seconds Unit = "Seconds"
)

// Metric writes one value in CloudWatch's embedded metric format, under the
// namespace Jixu and the dimension Stage. infra/alarms.yaml watches some of
// them and takes silence for failure, so a zero is worth writing.
func Metric(stage, name string, unit Unit, value float64) {
	writeMetric(os.Stderr, time.Now(), stage, name, unit, value)
}

func writeMetric(w io.Writer, now time.Time, stage, name string, unit Unit, value float64) {
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp": now.UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  "Jixu",
				"Dimensions": [][]string{{"Stage"}},
				"Metrics":    []any{map[string]any{"Name": name, "Unit": unit}},
			}},
		},
		"Stage": stage,
		name:    value,
	})
	if err != nil {
		return // only a value that is no number cannot be written, and it says nothing
	}
	_, _ = w.Write(append(line, '\n')) // a log that cannot be written cannot be complained about
}

// Counter writes metrics under one stage. It is what the operations count with.
type Counter struct{ Stage string }

// Gauge writes a number as it is now.
func (c Counter) Gauge(name string, value float64) { Metric(c.Stage, name, Count, value) }

// Age writes how old something is now.
func (c Counter) Age(name string, age time.Duration) { Metric(c.Stage, name, Seconds, age.Seconds()) }

// Count writes one count.
func (c Counter) Count(name string, value float64) { Metric(c.Stage, name, Count, value) }
