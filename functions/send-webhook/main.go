// Command send-webhook delivers events from their queue to organisations' own
// machines: thin, signed, to public addresses only. One that fails rests before
// it comes again, longer each time.
package main

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/table"
	"jixu/internal/webhook"
)

func main() {
	logging.Start("send-webhook")
	herald, from, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
		out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, m := range in.Records {
			n, err := queue.Parse([]byte(m.Body))
			if err == nil {
				err = herald.Deliver(ctx, n)
			}
			if err == nil {
				continue
			}
			received, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // 0: the shortest rest
			slog.ErrorContext(ctx, "delivering an event failed", "case", n.Case, "org", n.Org, "received", received, "err", err)
			if err := from.Later(ctx, m.ReceiptHandle, received); err != nil {
				slog.WarnContext(ctx, "the event comes again sooner", "err", err)
			}
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
		return out, nil
	}))
}

func build() (*docket.Herald, *queue.Queue, error) {
	s, err := settings.Read(settings.Table, settings.SealKey, settings.Site, settings.Loopback, settings.Events)
	if err != nil {
		return nil, nil, err
	}
	config, err := settings.AWS()
	if err != nil {
		return nil, nil, err
	}
	store := table.New(dynamodb.NewFromConfig(config), s.Table)
	return &docket.Herald{
		Store: store, Outbox: store, Sealer: keyring.NewSealer(config, s.SealKey), Hooks: webhook.NewSender(s.Loopback == "allowed"),
		Site: s.Site, Machine: time.Now,
	}, queue.New(config, s.Events), nil
}
