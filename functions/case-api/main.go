// Command case-api answers people's own programs under /api/v1: what the pages
// show and do, as JSON, for whoever a token of the issuer names. It seals signing
// secrets and can open none.
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
	logging.Start("case-api")
	programs, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(gateway.Handle(programs.Handler()))
}

func build() (*api.API, error) {
	s, desk, err := wiring.OpenDesk(settings.Bucket, settings.Issuer, settings.Client, settings.SealKey, settings.Loopback)
	if err != nil {
		return nil, err
	}
	desk.Files = bucket.New(s.AWS, s.Bucket)
	return &api.API{
		Base: api.Base{
			Desk: desk, Now: time.Now, Log: slog.Default(), Reference: gateway.RequestID,
			Systems: &docket.AgencySystems{
				Desk: desk, Sealer: keyring.NewSealer(s.AWS, s.SealKey), Wall: time.Now, Loopback: s.Loopback == "allowed",
			},
		},
		Issuer: s.Issuer, Client: s.Client, Claims: gateway.Claims,
	}, nil
}
