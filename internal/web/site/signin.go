package site

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
)

const (
	pendingLife  = 10 * time.Minute
	idleLife     = 2 * time.Hour
	absoluteLife = 12 * time.Hour
)

// SignInPage offers to go to the issuer.
type SignInPage struct {
	Page
	Intro     string
	Return    string
	Other     string // the other audience's entrance
	OtherText string
}

// toSignIn leads a stranger to the sign-in page, and back afterwards. A POST is
// not repeated: the browser still has what was typed.
func (x *Request) toSignIn() error {
	if x.R.Method == "POST" {
		return fault.New(fault.Forbidden, "session")
	}
	return x.See(x.Home() + "/sign-in?return=" + url.QueryEscape(x.R.URL.RequestURI()))
}

// ownPath returns path if it is a page of this audience, and otherwise its home.
// A link's own address is none: it is a secret, and where somebody goes after
// signing in is kept.
func (x *Request) ownPath(path string) string {
	path = localPath(path, x.Home())
	if rest, ok := strings.CutPrefix(path, x.Home()); !ok || rest != "" && rest[0] != '/' && rest[0] != '?' {
		return x.Home()
	}
	return path
}

// ShowSignIn shows the entrance.
func ShowSignIn(x *Request) error {
	audience, other := x.Site.Audience, Agency
	if audience == Agency {
		other = Hospital
	}
	p := SignInPage{
		Intro: x.Lang.Say("signin.intro." + string(audience)), Return: x.ownPath(x.R.URL.Query().Get("return")),
		Other: "/" + string(other) + "/sign-in", OtherText: x.Lang.Say("signin.other." + string(other)),
	}
	p.Title = x.Lang.Say("signin.title." + string(audience))
	return x.Show("sign-in", &p.Page, &p)
}

// LeavingPage leads on to the issuer, by itself or by its link.
type LeavingPage struct {
	Page
	To string
}

// BeginSignIn keeps what the way back must prove, and leads to the issuer. It answers
// with a page that goes on by itself and not with a redirect: browsers follow a
// form's redirects only to the origins that the page before allowed, and where an
// issuer's pages are, and where they lead on to, is the issuer's to change.
func BeginSignIn(x *Request) error {
	state, nonce, verifier := x.Site.Secret(), x.Site.Secret(), oauth2.GenerateVerifier()
	pending := docket.Pending{
		State: docket.Hash(state), Nonce: nonce, Verifier: verifier, Site: string(x.Site.Audience),
		Return: x.ownPath(x.R.PostForm.Get("return")), Expires: x.Site.Wall().Add(pendingLife),
	}
	if err := x.Site.Access.PutPending(x.Ctx(), pending); err != nil {
		return err
	}
	address, err := x.Site.SignIn.Address(x.Ctx(), state, nonce, verifier, x.back())
	if err != nil {
		return err
	}
	// Bound to this browser: a state that somebody else began cannot be finished here.
	x.SetCookie(stateCookie(state), state, int(pendingLife.Seconds()))
	p := LeavingPage{To: address}
	p.Title = x.Lang.Say("leaving.title")
	x.W.Header().Set("Refresh", "0; url="+address)
	x.HoldsSecret()
	return x.Show("leaving", &p.Page, &p)
}

// stateCookie names the cookie of one sign-in: those begun in two windows do not
// end each other.
func stateCookie(state string) string { return "__Host-jixu-state-" + docket.Hash(state)[:16] }

func (x *Request) back() string { return x.Site.Address + x.Home() + "/callback" }

// EndSignIn ends a sign-in. One that cannot be ended leads home whoever is signed
// in: they came back by a reload, or by the other of two windows.
func EndSignIn(x *Request) error {
	err := x.finish()
	if f := fault.Of(err); f != nil && f.Code == "signin" {
		if x.identify(SignedIn) == nil && x.Session != nil {
			return x.See(x.Home())
		}
	}
	return err
}

// finish is the only thing a GET does that writes: it creates the session.
func (x *Request) finish() error {
	q := x.R.URL.Query()
	state := q.Get("state")
	if state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(x.Cookie(stateCookie(state)))) != 1 {
		return fault.New(fault.Forbidden, "signin")
	}
	now := x.Site.Wall()
	pending, err := x.Site.Access.TakePending(x.Ctx(), docket.Hash(state), now)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err // nobody was refused: the store did not answer
	}
	if err != nil || pending.Site != string(x.Site.Audience) {
		return fault.Because(fault.Forbidden, "signin", err)
	}
	subject, err := x.Site.SignIn.Subject(x.Ctx(), q.Get("code"), pending.Verifier, pending.Nonce, x.back())
	if err != nil {
		return err
	}
	p, err := x.Site.Directory.PersonBySubject(x.Ctx(), subject)
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Forbidden, "unknown")
	}
	if err != nil {
		return fmt.Errorf("finding who signed in: %w", err)
	}
	o, err := x.Site.Directory.Organisation(x.Ctx(), p.Org)
	if err != nil {
		return fmt.Errorf("finding the organisation of who signed in: %w", err)
	}
	if (o.Kind == party.Hospital) != (x.Site.Audience == Hospital) {
		return fault.New(fault.Forbidden, "audience")
	}
	secret := x.Site.Secret()
	s := docket.Session{
		Hash: docket.Hash(secret), Person: p.ID, Org: p.Org,
		Created: now, Idle: now.Add(idleLife), Expires: now.Add(absoluteLife),
	}
	if err := x.Site.Access.PutSession(x.Ctx(), s); err != nil {
		return err
	}
	x.SignedInAs(p.ID, p.Org)
	x.SetCookie(stateCookie(state), "", 0)
	x.SetCookie(sessionCookie(x.Site.Audience), secret, int(absoluteLife.Seconds()))
	return x.See(pending.Return)
}

// SignOut ends the session here; the issuer's own stays the issuer's.
func SignOut(x *Request) error {
	for _, name := range []string{sessionCookie(x.Site.Audience), LinkCookie} {
		if secret := x.Cookie(name); secret != "" {
			if err := x.Site.Access.EndSession(x.Ctx(), docket.Hash(secret)); err != nil {
				return err
			}
			x.SetCookie(name, "", 0)
		}
	}
	return x.See("/")
}
