// Command agency-site serves the agencies' pages and the links: inbox, gate,
// opinion, supplement notice, reply with evidence, receipt. It signs uploads
// under evidence/ and nowhere else.
package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/keyring"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/web"
	"jixu/internal/web/site"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("agency-site")
	pages, err := build()
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(gateway.Handle(pages.Handler()))
}

func build() (*web.Site, error) {
	s, desk, err := wiring.OpenDesk(settings.Bucket, settings.Site, settings.Issuer, settings.Client, settings.Notices, settings.LinkKey)
	if err != nil {
		return nil, err
	}
	files := bucket.New(s.AWS, s.Bucket)
	desk.Files = files
	links := &docket.Links{
		Store: s.Store, Directory: s.Store, Access: s.Store, Notices: queue.New(s.AWS, s.Notices),
		Mac: keyring.New(s.AWS, s.LinkKey), Desk: desk, Wall: time.Now,
	}
	return &web.Site{
		Desk: desk, Links: links, Autosaves: s.Store,
		Site: site.Site{
			Audience: site.Agency, Directory: s.Store, Access: s.Store,
			SignIn: &site.Issuer{URL: s.Issuer, Client: s.Client}, Address: s.Site,
			Origins: []string{files.Origin()}, Wall: time.Now, Secret: rand.Text,
			Log: slog.Default(), Reference: gateway.RequestID, Moved: s.ClockMoves(),
		},
	}, nil
}
