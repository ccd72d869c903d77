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

	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/mailbox"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("send-notice")
	sender, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(gateway.Messages(func(ctx context.Context, m events.SQSMessage) bool {
		n, err := queue.Parse([]byte(m.Body))
		if err == nil {
			err = sender.Deliver(ctx, n)
		}
		if err != nil {
			slog.ErrorContext(ctx, "delivering failed", "case", n.Case, "kind", string(n.Kind), "err", err)
		}
		return err == nil
	})))
}

func build() (*docket.NoticeSender, error) {
	s, err := wiring.Open(settings.LinkKey, settings.SMTP, settings.MailFrom, settings.Site)
	if err != nil {
		return nil, err
	}
	return &docket.NoticeSender{
		Store: s.Store, Directory: s.Store, Access: s.Store, Outbox: s.Store, Mail: mailbox.New(s.SMTP, s.MailFrom),
		Mac: keyring.New(s.AWS, s.LinkKey), Site: s.Site, Wall: time.Now,
	}, nil
}
