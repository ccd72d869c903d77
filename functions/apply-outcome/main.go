// Command apply-outcome tells a machine whose move it is on its leg now, or
// that the leg is over. It changes nothing.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/logging"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("apply-outcome")
	tokens, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, in docket.Input) (docket.Next, error) {
		next, err := tokens.Next(ctx, in)
		return next, gateway.Named(err)
	}))
}

func build() (*docket.TaskTokens, error) {
	s, err := wiring.Open()
	if err != nil {
		return nil, err
	}
	return &docket.TaskTokens{Store: s.Store}, nil
}
