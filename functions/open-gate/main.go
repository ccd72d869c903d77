// Command open-gate takes the token of a waiting machine to the gate it waits
// at. A gate that was answered before the token came resumes the machine at once.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/statemachine"
	"jixu/internal/wiring"
)

// waiting is what the machine says of itself: ids, its token, and when it came.
type waiting struct {
	docket.Input
	Gate      string    `json:"gate"`
	TaskToken string    `json:"taskToken"`
	Entered   time.Time `json:"entered"`
	Retry     int       `json:"retry"`
}

func main() {
	logging.Start("open-gate")
	tokens, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, in waiting) (struct{}, error) {
		err := tokens.Attach(ctx, docket.GateRef{Of: in.Name(), Gate: in.Gate},
			docket.Token{Value: in.TaskToken, Run: in.Run, Entered: in.Entered, Retry: in.Retry})
		return struct{}{}, gateway.Named(err)
	}))
}

func build() (*docket.TaskTokens, error) {
	s, err := wiring.Open(settings.StateMachines)
	if err != nil {
		return nil, err
	}
	return &docket.TaskTokens{Store: s.Store, StateMachine: statemachine.New(s.AWS, s.StateMachines)}, nil
}
