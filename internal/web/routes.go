package web

import (
	"context"
	"errors"
	"net/http"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/typed"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

// access says who may pass a route. What they may do behind it, the law says.
type access int

const (
	anybody  access = iota // a stranger, a prefetcher, a preview
	signedIn               // a person of this audience
	atGate                 // a person of this audience, or one let in by code for the gate in the path
)

// Route is one method and path of a site: who may come, and what it does.
type Route struct {
	Method  string
	Pattern string // as net/http and the template write it, "/hospital/cases/{case}"
	Who     access
	Do      func(*exchange) error
}

// exchange is one request and what every page needs to know of it.
type exchange struct {
	site  *Site
	w     http.ResponseWriter
	r     *http.Request
	lang  words.Lang
	large bool // 大字版
	twin  bool // the address has a page to look at, whatever was sent to it

	session *docket.Session // nil for a stranger
	actor   party.Actor
	person  party.Person
	org     party.Organisation
}

// bodyLimit is what a form may weigh; files go straight to the bucket.
const bodyLimit = 1 << 20

// through wraps a route: who is it, may they pass, then do, and one place turns
// an error into a page.
func (s *Site) through(d Route, twin bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{site: s, w: w, r: r, lang: languageOf(r), large: cookie(r, largeCookie) == "1", twin: twin}
		if err := x.pass(d); err != nil {
			x.fail(err)
		}
	})
}

func (x *exchange) pass(d Route) error {
	if d.Method == http.MethodPost {
		if err := x.readForm(); err != nil {
			return err
		}
	}
	if d.Who != anybody || d.Pattern == "/l/{link}" {
		if err := x.identify(d.Who); err != nil {
			return err
		}
	}
	if err := fault.Fields(form.Repeated(x.values())); err != nil {
		return err
	}
	if d.Who != anybody && x.session == nil {
		return x.toSignIn()
	}
	err := d.Do(x)
	if f := fault.Of(err); f != nil && f.Kind == fault.NotFound && f.Code == "gate" && x.session != nil && x.session.Gate != "" {
		return x.closed() // the link that let them in was revoked
	}
	return err
}

// readForm parses a POST's body, at most bodyLimit, and moves the session's
// idle end: only what changes something counts as being there.
func (x *exchange) readForm() error {
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, bodyLimit)
	if err := x.r.ParseForm(); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return fault.New(fault.Invalid, "body.large")
		}
		return fault.Because(fault.Invalid, "body", err)
	}
	return nil
}

// identify finds who is asking, by the audience's session or, at a gate, by the
// session that a one-time code opened.
func (x *exchange) identify(who access) error {
	names := []string{sessionCookie(x.site.Audience)}
	if who == atGate || who == anybody {
		// A code was entered for this very gate: it says more than being signed in.
		names = []string{linkCookie, sessionCookie(x.site.Audience)}
	}
	for _, name := range names {
		secret := cookie(x.r, name)
		if secret == "" {
			continue
		}
		err := x.recognise(secret, name == linkCookie)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if x.session != nil {
			return nil
		}
	}
	return nil
}

// recognise takes the session behind secret if it serves here.
func (x *exchange) recognise(secret string, byLink bool) error {
	ctx := x.r.Context()
	s, err := x.site.Access.Session(ctx, docket.Hash(secret), x.site.Wall())
	if err != nil {
		return err
	}
	if byLink != (s.Gate != "") {
		return fault.New(fault.NotFound, "session")
	}
	if byLink && x.r.PathValue("case") != "" && (s.Of != x.r.PathValue("case") || s.Gate != x.r.PathValue("gate")) {
		return fault.New(fault.NotFound, "session")
	}
	a, p, o, err := docket.Actor(ctx, x.site.Directory, s)
	if err != nil {
		return err
	}
	if (o.Kind == party.Hospital) != (x.site.Audience == Hospital) {
		return fault.New(fault.NotFound, "session")
	}
	if x.r.Method == http.MethodPost && !byLink {
		now := x.site.Wall()
		if err := x.site.Access.Touch(ctx, s.Hash, now.Add(idleLife), now); err != nil {
			return err
		}
	}
	x.session, x.actor, x.person, x.org = &s, a, p, o
	return nil
}

// op is the operation id that the form carried.
func (x *exchange) op() (docket.Op, error) {
	id := x.r.PostForm.Get("op")
	if !typed.IsOperation(id) {
		return docket.Op{}, fault.New(fault.Invalid, "operation")
	}
	return docket.Op{ID: id}, nil
}

// ctx is the request's context.
func (x *exchange) ctx() context.Context { return x.r.Context() }

// see answers a POST: the browser goes and looks at path.
func (x *exchange) see(path string) error {
	http.Redirect(x.w, x.r, path, http.StatusSeeOther)
	return nil
}
