// Command relay-entries tells what was committed, as the table's stream brings
// it. It rereads every entry and never fails a batch because one telling
// failed: the mark stays on the entry, and retell-entries comes back to it.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/docket"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/statemachine"
	"jixu/internal/table"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("relay-entries")
	relay, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, in events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
		for _, r := range in.Records {
			ref, ok := table.EntryOf(r.Change.Keys["pk"].String(), r.Change.Keys["sk"].String())
			if !ok {
				continue
			}
			if err := relay.Tell(ctx, ref.Of, ref.Seq); err != nil {
				slog.ErrorContext(ctx, "telling failed", "case", ref.Of, "seq", ref.Seq, "err", err)
				relay.Desk.Metrics.Count("TellingFailed", 1)
			}
		}
		return events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}, nil
	}))
}

func build() (*docket.Relay, error) {
	s, desk, err := wiring.OpenDesk(settings.StateMachines, settings.Notices, settings.Events)
	if err != nil {
		return nil, err
	}
	return &docket.Relay{
		Desk:         desk,
		StateMachine: statemachine.New(s.AWS, s.StateMachines),
		Notices:      queue.New(s.AWS, s.Notices),
		Events:       queue.New(s.AWS, s.Events),
	}, nil
}
