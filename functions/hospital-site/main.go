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

	"jixu/internal/bucket"
	"jixu/internal/gateway"
	"jixu/internal/logging"
	"jixu/internal/settings"
	"jixu/internal/web"
	"jixu/internal/web/site"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("hospital-site")
	pages, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(gateway.Handle(pages.Handler()))
}

func build() (*web.Site, error) {
	s, desk, err := wiring.OpenDesk(settings.Bucket, settings.Site, settings.Issuer, settings.Client)
	if err != nil {
		return nil, err
	}
	files := bucket.New(s.AWS, s.Bucket)
	desk.Files = files
	return &web.Site{
		Desk: desk,
		Site: site.Site{
			Audience: site.Hospital, Directory: s.Store, Access: s.Store,
			SignIn: &site.Issuer{URL: s.Issuer, Client: s.Client}, Address: s.Site,
			Origins: []string{files.Origin()}, Wall: time.Now, Secret: rand.Text,
			Log: slog.Default(), Reference: gateway.RequestID, Moved: s.ClockMoves(),
		},
	}, nil
}
