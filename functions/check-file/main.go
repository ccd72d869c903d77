// Command check-file looks at an uploaded object and records, once, whether
// its file may be opened: size, digest, type by magic bytes, and the traps of
// its format. A later version of the same key changes nothing.
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
	lambda.Start(logging.Each(func(ctx context.Context, in events.S3Event) (struct{}, error) {
		for _, r := range in.Records {
			key, err := url.QueryUnescape(r.S3.Object.Key)
			if err != nil {
				return struct{}{}, err
			}
			f, err := desk.Settle(ctx, key, r.S3.Object.VersionID)
			if errors.Is(err, fault.NotFound) {
				slog.WarnContext(ctx, "object belongs to no file")
				continue
			}
			if err != nil {
				return struct{}{}, err
			}
			slog.InfoContext(ctx, "file settled", "case", f.Case, "file", f.ID, "state", string(f.State), "bytes", f.Size)
		}
		return struct{}{}, nil
	}))
}

func build() (*docket.Desk, error) {
	s, err := settings.Read(settings.Table, settings.Bucket, settings.Clock)
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
	return desk, nil
}
