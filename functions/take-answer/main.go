// Command take-answer takes what agencies' machines send: answers to gates, each
// signed with a secret of their organisation and naming the person who answers
// for it. It signs uploads under evidence/ and nowhere else.
package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/api"
	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("take-answer")
	callbacks, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(gateway.Handle(callbacks.Handler()))
}

func build() (*api.Callbacks, error) {
	s, desk, err := wiring.OpenDesk(settings.Bucket, settings.SealKey)
	if err != nil {
		return nil, err
	}
	desk.Files = bucket.New(s.AWS, s.Bucket)
	return &api.Callbacks{Base: api.Base{
		Desk: desk, Systems: &docket.AgencySystems{Desk: desk, Sealer: keyring.NewSealer(s.AWS, s.SealKey), Wall: time.Now},
		Now: time.Now, Log: slog.Default(), Reference: gateway.RequestID,
	}}, nil
}
