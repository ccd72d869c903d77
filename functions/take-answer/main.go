// Command take-answer takes what agencies' machines send: answers to gates, each
// signed with a secret of their organisation and naming the person who answers
// for it. It signs uploads under evidence/ and nowhere else.
package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/api"
	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/table"
)

func main() {
	logging.Start("take-answer")
	callbacks, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(gateway.Handle(callbacks.Handler())))
}

func build() (*api.Callbacks, error) {
	s, err := settings.Read(settings.Table, settings.Bucket, settings.Clock, settings.SealKey)
	if err != nil {
		return nil, err
	}
	config, err := settings.AWS()
	if err != nil {
		return nil, err
	}
	store := table.New(dynamodb.NewFromConfig(config), s.Table)
	desk := docket.New(store, table.Clock{Store: store, Moves: s.Clock == "table"}, logging.Counter{Stage: s.Stage})
	desk.Files = bucket.New(config, s.Bucket)
	return &api.Callbacks{House: api.House{
		Desk: desk, Machines: &docket.Machines{Desk: desk, Sealer: keyring.NewSealer(config, s.SealKey), Machine: time.Now},
		Now: time.Now, Log: slog.Default(), Reference: gateway.RequestID,
	}}, nil
}
