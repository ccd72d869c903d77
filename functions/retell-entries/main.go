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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/logging"
	"jixu/internal/machine"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/table"
)

func main() {
	logging.Start("retell-entries")
	teller, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, _ json.RawMessage) (struct{}, error) {
		now, err := teller.Desk.Clock.Now(ctx)
		if err != nil {
			return struct{}{}, err
		}
		told, _, err := teller.Retell(ctx, now)
		slog.InfoContext(ctx, "entries told", "count", told)
		return struct{}{}, err
	}))
}

func build() (*docket.Teller, error) {
	s, err := settings.Read(settings.Table, settings.Machine, settings.Notices, settings.Events, settings.Clock)
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
	return &docket.Teller{Desk: desk, Machine: machine.New(config, s.Machine), Notices: queue.New(config, s.Notices), Events: queue.New(config, s.Events)}, nil
}
