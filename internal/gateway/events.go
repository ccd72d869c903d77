package gateway

import (
	"context"
	"errors"
	"net/url"

	"github.com/aws/aws-lambda-go/events"
)

// Objects returns a handler of S3's events: it calls object with key and version of
// each, the key as it was before S3 encoded it. One that fails does not stop the
// others; Lambda brings all of them again. An event without any is the clock's, and
// calls tick, whose next time is its retry.
func Objects(
	object func(ctx context.Context, key, version string) error, tick func(ctx context.Context),
) func(context.Context, events.S3Event) (struct{}, error) {
	return func(ctx context.Context, in events.S3Event) (struct{}, error) {
		if len(in.Records) == 0 {
			tick(ctx)
			return struct{}{}, nil
		}
		var failed []error
		for _, r := range in.Records {
			key, err := url.QueryUnescape(r.S3.Object.Key)
			if err == nil {
				err = object(ctx, key, r.S3.Object.VersionID)
			}
			failed = append(failed, err)
		}
		return struct{}{}, errors.Join(failed...)
	}
}

// Messages returns a handler of a queue's messages: those for which message returns
// false come again, by themselves. What went wrong message has logged.
func Messages(message func(ctx context.Context, m events.SQSMessage) bool) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
		out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}} // never null: a poller stumbles over it
		for _, m := range in.Records {
			if !message(ctx, m) {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return out, nil
	}
}
