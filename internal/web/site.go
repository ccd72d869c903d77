// Package web holds the sites: routes, pages, forms, and the words on them. It
// asks the docket for everything and decides nothing that the law decides. It
// knows no Lambda and no AWS; a function gives it its parts.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"jixu/internal/docket"
	"jixu/internal/logging"
)

// Audience is whom a site serves; each has its own function, role and cookie.
type Audience string

const (
	Hospital Audience = "hospital"
	Agency   Audience = "agency"
)

// Site is one audience's pages over the docket.
type Site struct {
	Audience  Audience
	Desk      *docket.Desk
	Links     *docket.Links // agency only: links and codes
	Store     docket.Store
	Directory docket.Directory
	Access    docket.Access
	SignIn    SignIn
	Address   string           // scheme and host, no slash at the end
	Origins   []string         // where forms may lead besides here: the bucket
	Wall      func() time.Time // the machine's time: sessions never use the system's
	Secret    func() string    // a fresh secret of 160 bits, for cookies and states
	Log       *slog.Logger
	Reference func(context.Context) string // names a request, for a reader who calls for help
	Moved     bool                         // the clock of the law is not the machine's: every page says so
}

// Handler returns the site. The template leads the families of its paths here.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	pages := map[string]bool{}
	for _, d := range s.routes() {
		pages[d.Pattern] = pages[d.Pattern] || d.Method == http.MethodGet
	}
	for _, d := range s.routes() {
		mux.Handle(d.Method+" "+d.Pattern, s.through(d, pages[d.Pattern]))
	}
	s.refuseOthers(mux, pages)
	return logging.Requests(s.Log, s.Reference, s.Wall, s.guarded(mux))
}

// routes lists what this audience may open.
func (s *Site) routes() []Route {
	if s.Audience == Agency {
		return agencyRoutes
	}
	return hospitalRoutes
}

// HospitalRoutes lists the routes of the hospitals' site, for the tests that try
// every one of them and hold the template to them.
func HospitalRoutes() []Route { return hospitalRoutes }

// AgencyRoutes lists the routes of the agencies' site and of the links.
func AgencyRoutes() []Route { return agencyRoutes }
