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
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/bucket"
	"jixu/internal/clamd"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gateway"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("check-file")
	desk, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(gateway.Objects(func(ctx context.Context, key, version string) error {
		f, err := desk.Settle(ctx, key, version)
		if errors.Is(err, fault.NotFound) {
			slog.WarnContext(ctx, "object belongs to no file")
			return nil
		}
		slog.InfoContext(ctx, "file settled", "case", f.Of, "file", f.ID, "state", string(f.State), "reason", f.Reason, "bytes", f.Size)
		return err
	}, func(ctx context.Context) {
		settled, err := desk.Rescan(ctx)
		if err != nil {
			slog.ErrorContext(ctx, "scanning again failed", "err", err) // the next minutes are the retry
		}
		slog.InfoContext(ctx, "files scanned again", "settled", settled)
	})))
}

func build() (*docket.Desk, error) {
	s, desk, err := wiring.OpenDesk(settings.Bucket, settings.Scanner)
	if err != nil {
		return nil, err
	}
	desk.Files = bucket.New(s.AWS, s.Bucket)
	if s.Scanner != settings.NoScanner {
		desk.Scanner = clamd.New(s.Scanner)
	}
	return desk, nil
}
