// Package web holds the pages of the sites: a type per thing, and the words on them. It
// asks the docket for everything and decides nothing that the law decides. It
// knows no Lambda and no AWS; a function gives it its parts.
package web

import (
	"net/http"

	"jixu/internal/docket"
	"jixu/internal/web/site"
)

// Site is one audience's pages over the docket.
type Site struct {
	site.Site
	Desk  *docket.Desk
	Links *docket.Links // agency only: links and codes

	Autosaves docket.Autosaves // agency only: what is typed into answers
}

// Handler returns the site. The template leads the families of its paths here.
func (s *Site) Handler() http.Handler {
	under := s.Site
	under.Clock, under.Templates = s.Desk.Clock, templates
	return under.Handler(s.routes())
}

// routes lists what this audience may open.
func (s *Site) routes() []site.Route {
	if s.Audience == site.Agency {
		return s.agencyRoutes()
	}
	return s.hospitalRoutes()
}

// HospitalRoutes lists the routes of the hospitals' site, for the tests that try
// every one of them and hold the template to them.
func HospitalRoutes() []site.Route { return new(Site).hospitalRoutes() }

// AgencyRoutes lists the routes of the agencies' site and of the links.
func AgencyRoutes() []site.Route { return new(Site).agencyRoutes() }
