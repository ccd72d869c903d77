// Command sweep-stuck proves that every open case has somebody whose move it is
// and a machine that waits for them; it starts dead runs again and reports what
// it cannot repair or look at. On its way it tells hospitals of licences that end.
// A walk that is too long for one run goes on in the next.
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
	logging.Start("sweep-stuck")
	relay, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, _ json.RawMessage) (struct{}, error) {
		stuck, err := relay.Sweep(ctx)
		for _, s := range stuck {
			slog.ErrorContext(ctx, "aggregate is stuck", "of", s.Of, "leg", string(s.Leg), "why", s.Why)
		}
		return struct{}{}, err
	}))
}

func build() (*docket.Relay, error) {
	s, desk, err := wiring.OpenDesk(settings.StateMachines, settings.Notices)
	if err != nil {
		return nil, err
	}
	return &docket.Relay{
		Desk:         desk,
		StateMachine: statemachine.New(s.AWS, s.StateMachines),
		Notices:      queue.New(s.AWS, s.Notices),
		Outbox:       s.Store,
		Cursors:      s.Store,
	}, nil
}
