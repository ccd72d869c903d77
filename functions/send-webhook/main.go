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

	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/webhook"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("send-webhook")
	sender, from, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(gateway.Messages(func(ctx context.Context, m events.SQSMessage) bool {
		n, err := queue.Parse([]byte(m.Body))
		if err == nil {
			err = sender.Deliver(ctx, n)
		}
		if err == nil {
			return true
		}
		received, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // 0: the shortest rest
		slog.ErrorContext(ctx, "delivering an event failed", "case", n.Case, "org", n.Org, "received", received, "err", err)
		if err := from.Later(ctx, m.ReceiptHandle, received); err != nil {
			slog.WarnContext(ctx, "the event comes again sooner", "err", err)
		}
		return false
	})))
}

func build() (*docket.EventSender, *queue.Queue, error) {
	s, err := wiring.Open(settings.SealKey, settings.Site, settings.Loopback, settings.Events)
	if err != nil {
		return nil, nil, err
	}
	return &docket.EventSender{
		Store: s.Store, Outbox: s.Store, Sealer: keyring.NewSealer(s.AWS, s.SealKey), Hooks: webhook.NewSender(s.Loopback == "allowed"),
		Site: s.Site, Wall: time.Now,
	}, queue.New(s.AWS, s.Events), nil
}
