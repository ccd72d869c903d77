// Command retell-entries tells what the stream did not bring or could not tell,
// every minute, oldest first. The age of the oldest that is left it reports only
// when it could look; what it could not tell ends the run as an error.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/docket"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/statemachine"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("retell-entries")
	relay, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, _ json.RawMessage) (struct{}, error) {
		now, err := relay.Desk.Clock.Now(ctx)
		if err != nil {
			return struct{}{}, err
		}
		told, _, err := relay.Retell(ctx, now)
		slog.InfoContext(ctx, "entries told", "count", told)
		return struct{}{}, err
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
