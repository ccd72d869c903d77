// Package site is what every page of the sites stands on: routes and who may pass
// them, who is asking, what the reader prefers, templates, and the page of an error.
// It knows sessions and links of the docket, no law, and no page of a thing.
package site

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

// Site is what the pages of one audience stand on.
type Site struct {
	Audience  Audience
	Directory docket.Directory
	Access    docket.Access
	Clock     docket.Clock // of the law
	SignIn    SignIn
	Address   string           // scheme and host, no slash at the end
	Origins   []string         // where forms may lead besides here: the bucket
	Wall      func() time.Time // the machine's time: sessions never use the system's
	Secret    func() string    // a fresh secret of 160 bits, for cookies and states
	Log       *slog.Logger
	Reference func(context.Context) string // names a request, for a reader who calls for help
	Moved     bool                         // the clock of the law is not the machine's: every page says so
	Templates *Templates
}

// Access says who may pass a route. What they may do behind it, the law says.
type Access int

const (
	Anybody    Access = iota // a stranger, a prefetcher, a preview
	Recognised               // a stranger too, but who is signed in or was let in by code is known
	SignedIn                 // a person of this audience
	AtGate                   // a person of this audience, or one let in by code for the gate in the path
)

// Route is one method and path of a site: who may come, and what it does.
type Route struct {
	Method  string
	Pattern string // as net/http and the template write it, "/hospital/cases/{case}"
	Who     Access
	Do      func(*Request) error
}

// Get is a route that shows a page and changes nothing.
func Get(pattern string, who Access, do func(*Request) error) Route {
	return Route{http.MethodGet, pattern, who, do}
}

// Post is a route that changes something, once.
func Post(pattern string, who Access, do func(*Request) error) Route {
	return Route{http.MethodPost, pattern, who, do}
}

// Handler serves routes, and the page for every path that none of them has.
func (s *Site) Handler(routes []Route) http.Handler {
	mux := http.NewServeMux()
	pages := map[string]bool{}
	for _, d := range routes {
		pages[d.Pattern] = pages[d.Pattern] || d.Method == http.MethodGet
	}
	for _, d := range routes {
		mux.Handle(d.Method+" "+d.Pattern, s.through(d, pages[d.Pattern]))
	}
	s.refuseOthers(mux, routes, pages)
	return logging.Requests(s.Log, s.Reference, s.Wall, s.guarded(mux))
}

// through wraps a route: who is it, may they pass, then do, and one place turns
// an error into a page.
func (s *Site) through(d Route, twin bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := s.request(w, r, twin)
		x.logged().Route = d.Pattern
		if err := x.pass(d); err != nil {
			x.fail(err)
		}
	})
}
