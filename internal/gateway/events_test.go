package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// s3Event is an event of objects, each with its own version.
func s3Event(keys ...string) (e events.S3Event) {
	for i, key := range keys {
		var r events.S3EventRecord
		r.S3.Object.Key, r.S3.Object.VersionID = key, fmt.Sprint("v", i+1)
		e.Records = append(e.Records, r)
	}
	return e
}

func TestObjectsAreCalledByTheirOwnNames(t *testing.T) {
	broken := errors.New("broken")
	for _, row := range []struct {
		name  string
		event events.S3Event
		want  []string
		fails bool
	}{
		{"one object", s3Event("dossier/a/b"), []string{"dossier/a/b v1"}, false},
		{"a key that was encoded", s3Event("dossier/%E6%80%A5+1"), []string{"dossier/急 1 v1"}, false},
		{"one that fails stands before others", s3Event("broken", "a"), []string{"broken v1", "a v2"}, true},
		{"a key that is no encoding", s3Event("%zz", "a"), []string{"a v2"}, true},
		{"no object: the clock", s3Event(), []string{"tick"}, false},
	} {
		var got []string
		handle := Objects(func(_ context.Context, key, version string) error {
			got = append(got, key+" "+version)
			if key == "broken" {
				return broken
			}
			return nil
		}, func(context.Context) { got = append(got, "tick") })
		_, err := handle(t.Context(), row.event)
		if !slices.Equal(got, row.want) || (err != nil) != row.fails {
			t.Errorf("%s: got %q and %v, want %q and an error: %t", row.name, got, err, row.want, row.fails)
		}
	}
}

func TestOnlyMessagesThatFailedComeAgain(t *testing.T) {
	handle := Messages(func(_ context.Context, m events.SQSMessage) bool { return m.Body != "bad" })
	for _, row := range []struct {
		name   string
		bodies []string
		want   string
	}{
		{"none fails", []string{"good", "good"}, `{"batchItemFailures":[]}`},
		{"one fails", []string{"good", "bad", "good"}, `{"batchItemFailures":[{"itemIdentifier":"m-1"}]}`},
		{"no message", nil, `{"batchItemFailures":[]}`},
	} {
		var event events.SQSEvent
		for i, body := range row.bodies {
			event.Records = append(event.Records, events.SQSMessage{MessageId: fmt.Sprint("m-", i), Body: body})
		}
		out, err := handle(t.Context(), event)
		if err != nil {
			t.Errorf("%s: got %v, want no error", row.name, err)
		}
		if got, err := json.Marshal(out); err != nil || string(got) != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}
