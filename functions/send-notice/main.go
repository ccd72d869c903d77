// Command send-notice delivers notices from the queue: it makes the link or the
// code, writes number, date and link, and hands the message to the relay.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/mailbox"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/table"
)

func main() {
	logging.Start("send-notice")
	postman, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(func(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
		out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, m := range in.Records {
			n, err := queue.Parse([]byte(m.Body))
			if err == nil {
				err = postman.Deliver(ctx, n)
			}
			if err != nil {
				slog.ErrorContext(ctx, "delivering failed", "case", n.Case, "kind", string(n.Kind), "err", err)
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return out, nil
	}))
}

func build() (*docket.Postman, error) {
	s, err := settings.Read(settings.Table, settings.LinkKey, settings.SMTP, settings.MailFrom, settings.Site)
	if err != nil {
		return nil, err
	}
	config, err := settings.AWS()
	if err != nil {
		return nil, err
	}
	store := table.New(dynamodb.NewFromConfig(config), s.Table)
	return &docket.Postman{
		Store: store, Directory: store, Doors: store, Outbox: store, Mail: mailbox.New(s.SMTP, s.MailFrom),
		Mac: keyring.New(config, s.LinkKey), Site: s.Site, Machine: time.Now,
	}, nil
}
