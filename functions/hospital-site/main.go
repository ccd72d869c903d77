// Command hospital-site serves the hospitals' pages: the case list, the draft
// with its task list and uploads, checking, submitting, supplementing. It signs
// uploads under dossier/ and nowhere else.
package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/table"
	"jixu/internal/web"
)

func main() {
	logging.Start("hospital-site")
	site, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(gateway.Handle(site.Handler())))
}

func build() (*web.Site, error) {
	s, err := settings.Read(settings.Table, settings.Bucket, settings.Site, settings.Issuer, settings.Client, settings.Clock)
	if err != nil {
		return nil, err
	}
	config, err := settings.AWS()
	if err != nil {
		return nil, err
	}
	store := table.New(dynamodb.NewFromConfig(config), s.Table)
	files := bucket.New(config, s.Bucket)
	desk := docket.New(store, table.Clock{Store: store, Moves: s.Clock == "table"}, logging.Counter{Stage: s.Stage})
	desk.Files = files
	return &web.Site{
		Audience: web.Hospital, Desk: desk, Store: store, Directory: store, Doors: store,
		SignIn: &web.Issuer{URL: s.Issuer, Client: s.Client}, Address: s.Site,
		Origins: []string{files.Origin()}, Machine: time.Now, Secret: rand.Text,
		Log: slog.Default(), Reference: gateway.RequestID, Moved: s.Clock == "table",
	}, nil
}
