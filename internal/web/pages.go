package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/web/site"
)

// base is what the pages of every thing stand on: one request, and the operations
// behind it. A thing's pages look up what they need, have a plain function build the
// page of it, and show that.
type base struct {
	*site.Request
	desk  *docket.Desk
	links *docket.Links
	typed docket.Autosaves
	lost  map[string]bool // who was named on the page, and not looked up
}

// on has do, of the pages of a thing, answer a route of s.
func on[P ~struct{ base }](s *Site, do func(P) error) func(*site.Request) error {
	return func(x *site.Request) error {
		return do(P{base{x, s.Desk, s.Links, s.Autosaves, map[string]bool{}}})
	}
}

// reader is who asks, with the names of those who stand on the page.
func (x base) reader(m mentioned) (reader, error) {
	n := names{x.Lang, map[string]string{}, map[string]string{}, x.lost}
	if x.Session != nil {
		n.orgs[x.Org.ID], n.people[x.Person.ID] = x.Org.Name(string(x.Lang)), x.Person.Name(string(x.Lang))
	}
	rd := reader{x.Lang, x.Site.Audience, x.Session != nil, x.Actor, x.desk.Calendar, n}
	return rd, n.lookUp(x.Ctx(), x.Site.Directory, m)
}

// Render is [site.Request.Render]. A builder that names whom nobody looked up is ours
// to mend: the page says the id.
func (x base) Render(status int, name string, page *site.Page, data any) error {
	if len(x.lost) > 0 {
		x.Site.Log.ErrorContext(x.Ctx(), "a page names whom nobody looked up", "page", name, "ids", slices.Sorted(maps.Keys(x.lost)))
	}
	return x.Request.Render(status, name, page, data)
}

// Show renders a page that is there.
func (x base) Show(name string, page *site.Page, data any) error {
	return x.Render(http.StatusOK, name, page, data)
}

// view loads the case in the path for the reader.
func (x base) view() (docket.View, error) {
	return x.desk.View(x.Ctx(), x.R.PathValue("case"), x.Actor)
}

// version is the one that the form showed.
func (x base) version() (int, error) {
	n, err := strconv.Atoi(x.Values().Get("version"))
	if err != nil {
		return 0, fault.New(fault.Invalid, "operation")
	}
	return n, nil
}

// seen is the submission that the form showed; 0 if it says none.
func (x base) seen() int { return x.Values().Carried("submission") }

// gateRef names the gate in the path.
func (x base) gateRef() docket.GateRef {
	return docket.GateRef{Of: x.R.PathValue("case"), Gate: x.R.PathValue("gate")}
}

// unread records which rows of a list cannot be shown, and counts them.
func (x base) unread(names []string) int {
	if len(names) > 0 {
		x.Site.Log.ErrorContext(x.Ctx(), "records of a list cannot be read", "records", names)
	}
	return len(names)
}
