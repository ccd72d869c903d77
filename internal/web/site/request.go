package site

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

// Request is one request and what every page needs to know of it.
type Request struct {
	Site  *Site
	W     http.ResponseWriter // for what is no page; pages are rendered
	R     *http.Request
	Lang  words.Lang
	Large bool // 大字版
	twin  bool // the address has a page to look at, whatever was sent to it

	Session *docket.Session // nil for a stranger
	Actor   party.Actor
	Person  party.Person
	Org     party.Organisation
}

func (s *Site) request(w http.ResponseWriter, r *http.Request, twin bool) *Request {
	return &Request{Site: s, W: w, R: r, Lang: languageOf(r), Large: cookie(r, largeCookie) == "1", twin: twin}
}

// bodyLimit is what a form may weigh; files go straight to the bucket.
const bodyLimit = 1 << 20

func (x *Request) pass(d Route) error {
	if d.Method == http.MethodPost {
		if err := x.readForm(); err != nil {
			return err
		}
	}
	if d.Who != Anybody {
		if err := x.identify(d.Who); err != nil {
			return err
		}
	}
	if err := fault.Fields(form.Repeated(x.Values())); err != nil {
		return err
	}
	if d.Who != Anybody && d.Who != Recognised && x.Session == nil {
		return x.toSignIn()
	}
	err := d.Do(x)
	if f := fault.Of(err); f != nil && f.Kind == fault.NotFound && f.Code == "gate" && x.Session != nil && x.Session.Gate != "" {
		return x.Closed() // the link that let them in was revoked
	}
	return err
}

// readForm parses a POST's body, at most bodyLimit, and moves the session's
// idle end: only what changes something counts as being there.
func (x *Request) readForm() error {
	x.R.Body = http.MaxBytesReader(x.W, x.R.Body, bodyLimit)
	if err := x.R.ParseForm(); err != nil {
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
func (x *Request) identify(who Access) error {
	names := []string{sessionCookie(x.Site.Audience)}
	if who == AtGate || who == Recognised {
		// A code was entered for this very gate: it says more than being signed in.
		names = []string{LinkCookie, sessionCookie(x.Site.Audience)}
	}
	for _, name := range names {
		secret := x.Cookie(name)
		if secret == "" {
			continue
		}
		err := x.recognise(secret, name == LinkCookie)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if x.Session != nil {
			return nil
		}
	}
	return nil
}

// recognise takes the session behind secret if it serves here.
func (x *Request) recognise(secret string, byLink bool) error {
	ctx := x.R.Context()
	s, err := x.Site.Access.Session(ctx, docket.Hash(secret), x.Site.Wall())
	if err != nil {
		return err
	}
	if byLink != (s.Gate != "") {
		return fault.New(fault.NotFound, "session")
	}
	if byLink && x.R.PathValue("case") != "" && (s.Of != x.R.PathValue("case") || s.Gate != x.R.PathValue("gate")) {
		return fault.New(fault.NotFound, "session")
	}
	a, p, o, err := docket.Actor(ctx, x.Site.Directory, s)
	if err != nil {
		return err
	}
	if (o.Kind == party.Hospital) != (x.Site.Audience == Hospital) {
		return fault.New(fault.NotFound, "session")
	}
	if x.R.Method == http.MethodPost && !byLink {
		now := x.Site.Wall()
		if err := x.Site.Access.Touch(ctx, s.Hash, now.Add(idleLife), now); err != nil {
			return err
		}
	}
	x.Session, x.Actor, x.Person, x.Org = &s, a, p, o
	x.SignedInAs(p.ID, o.ID)
	return nil
}

// Op is the operation id that the form carried.
func (x *Request) Op() (docket.Op, error) {
	id := x.R.PostForm.Get("op")
	if !typed.IsOperation(id) {
		return docket.Op{}, fault.New(fault.Invalid, "operation")
	}
	return docket.Op{ID: id}, nil
}

// Ctx is the request's context.
func (x *Request) Ctx() context.Context { return x.R.Context() }

// See answers a POST: the browser goes and looks at path.
func (x *Request) See(path string) error {
	http.Redirect(x.W, x.R, path, http.StatusSeeOther)
	return nil
}

// Home is where the audience begins, and how its paths do.
func (x *Request) Home() string { return "/" + string(x.Site.Audience) }

// Values is what was sent with the form.
func (x *Request) Values() form.Values { return form.Values(x.R.PostForm) }

// Said is what was typed in a field, tidied.
func (x *Request) Said(id string) string { return x.Values().Said(id) }
