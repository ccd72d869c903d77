// Command check-file looks at an uploaded object and records whether its file
// may be opened: size, digest, type by magic bytes, the traps of its format, and
// the virus scanner's word, if there is a scanner. A later version of the same
// key changes nothing. Woken by the clock, it scans what could not be scanned
// before.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/bucket"
	"jixu/internal/clamd"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/table"
)

func main() {
	logging.Start("check-file")
	desk, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(handle(desk)))
}

// handle settles every object of an event of S3; an event without any is the
// clock's. An object that fails does not stop the others: all of them come again.
func handle(desk *docket.Desk) func(context.Context, events.S3Event) (struct{}, error) {
	return func(ctx context.Context, in events.S3Event) (struct{}, error) {
		if len(in.Records) == 0 {
			settled, err := desk.Rescan(ctx)
			if err != nil {
				slog.ErrorContext(ctx, "scanning again failed", "err", err) // the next minutes are the retry
			}
			slog.InfoContext(ctx, "files scanned again", "settled", settled)
			return struct{}{}, nil
		}
		var failed []error
		for _, r := range in.Records {
			key, err := url.QueryUnescape(r.S3.Object.Key)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			f, err := desk.Settle(ctx, key, r.S3.Object.VersionID)
			if errors.Is(err, fault.NotFound) {
				slog.WarnContext(ctx, "object belongs to no file")
				continue
			}
			failed = append(failed, err)
			slog.InfoContext(ctx, "file settled", "case", f.Case, "file", f.ID, "state", string(f.State), "reason", f.Reason, "bytes", f.Size)
		}
		return struct{}{}, errors.Join(failed...)
	}
}

func build() (*docket.Desk, error) {
	s, err := settings.Read(settings.Table, settings.Bucket, settings.Clock, settings.Scanner)
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
	desk.Files = bucket.New(config, s.Bucket)
	if s.Scanner != settings.NoScanner {
		desk.Scanner = clamd.New(s.Scanner)
	}
	return desk, nil
}
