// Command ring-deadlines rings every deadline up to now, in the order of their
// instants, and records when each was due and when it rang.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/docket"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("ring-deadlines")
	deadlines, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, _ json.RawMessage) (struct{}, error) {
		rang, err := deadlines.Ring(ctx)
		slog.InfoContext(ctx, "deadlines rang", "count", rang)
		return struct{}{}, err
	}))
}

func build() (*docket.Deadlines, error) {
	s, desk, err := wiring.OpenDesk(settings.Notices)
	if err != nil {
		return nil, err
	}
	desk.Patience = 2 * time.Second // one that others keep moving holds up nobody: it comes again in a quarter of an hour
	return &docket.Deadlines{Desk: desk, Relay: &docket.Relay{Desk: desk, Notices: queue.New(s.AWS, s.Notices), Outbox: s.Store}}, nil
}
