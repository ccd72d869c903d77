// Command ring-deadlines rings every deadline up to now, in the order of their
// instants, and records when each was due and when it rang.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/table"
)

func main() {
	logging.Start("ring-deadlines")
	bell, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, _ json.RawMessage) (struct{}, error) {
		rang, err := bell.Ring(ctx)
		slog.InfoContext(ctx, "deadlines rang", "count", rang)
		return struct{}{}, err
	}))
}

func build() (*docket.Bell, error) {
	s, err := settings.Read(settings.Table, settings.Clock)
	if err != nil {
		return nil, err
	}
	config, err := settings.AWS()
	if err != nil {
		return nil, err
	}
	store := table.New(dynamodb.NewFromConfig(config), s.Table)
	desk := docket.New(store, table.Clock{Store: store, Moves: s.Clock == "table"}, logging.Counter{Stage: s.Stage})
	desk.Late = logging.Late
	return &docket.Bell{Desk: desk}, nil
}
