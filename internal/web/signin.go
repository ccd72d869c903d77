package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
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

// SignIn is the issuer as the sites use it. The person's identity is the
// subject that the issuer states; nothing else it says is kept.
type SignIn interface {
	// Address is where the browser goes to sign in.
	Address(ctx context.Context, state, nonce, verifier, back string) (string, error)
	// Subject exchanges a code. It fails with fault.Forbidden if the issuer
	// refuses it or its token does not hold.
	Subject(ctx context.Context, code, verifier, nonce, back string) (string, error)
}

// Issuer is a SignIn over OIDC discovery: code flow with PKCE, as a client
// without a secret. It asks the issuer nothing before somebody signs in.
type Issuer struct {
	URL    string
	Client string

	mu       sync.Mutex
	provider *oidc.Provider
}

var _ SignIn = (*Issuer)(nil)

// issuerClient asks the issuer: one that hangs must not hold a function until its
// own end.
var issuerClient = &http.Client{Timeout: 5 * time.Second}

func (i *Issuer) discover(ctx context.Context) (*oidc.Provider, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), issuerClient), i.URL)
		if err != nil {
			return nil, fault.Because(fault.Unavailable, "issuer", err)
		}
		i.provider = p
	}
	return i.provider, nil
}

func (i *Issuer) config(p *oidc.Provider, back string) oauth2.Config {
	at := p.Endpoint()
	// A client without a secret is named in the form. Trying a header first spends the
	// code at an issuer that takes a code once, however it was brought.
	at.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{ClientID: i.Client, Endpoint: at, RedirectURL: back, Scopes: []string{oidc.ScopeOpenID}}
}

// Address returns the issuer's authorisation page.
func (i *Issuer) Address(ctx context.Context, state, nonce, verifier, back string) (string, error) {
	p, err := i.discover(ctx)
	if err != nil {
		return "", err
	}
	c := i.config(p, back)
	return c.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Subject exchanges code and verifies the token: signature, issuer, audience,
// for whom it was made, times and nonce.
func (i *Issuer) Subject(ctx context.Context, code, verifier, nonce, back string) (string, error) {
	p, err := i.discover(ctx)
	if err != nil {
		return "", err
	}
	c := i.config(p, back)
	ctx = oidc.ClientContext(ctx, issuerClient)
	token, err := c.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return "", fault.Because(fault.Forbidden, "signin", err)
	}
	if err != nil {
		return "", fault.Because(fault.Unavailable, "issuer", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: i.Client}).Verify(ctx, raw)
	if err != nil {
		return "", fault.Because(fault.Forbidden, "signin", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return "", fault.New(fault.Forbidden, "signin")
	}
	var made struct {
		For string `json:"azp"`
	}
	if err := id.Claims(&made); err != nil || made.For != "" && made.For != i.Client {
		return "", fault.Because(fault.Forbidden, "signin", err)
	}
	return id.Subject, nil
}

// signInPage offers to go to the issuer.
type signInPage struct {
	Page
	Intro     string
	Return    string
	Other     string // the other audience's entrance
	OtherText string
}

// toSignIn leads a stranger to the sign-in page, and back afterwards. A POST is
// not repeated: the browser still has what was typed.
func (x *exchange) toSignIn() error {
	if x.r.Method == "POST" {
		return fault.New(fault.Forbidden, "session")
	}
	return x.see(x.home() + "/sign-in?return=" + url.QueryEscape(x.r.URL.RequestURI()))
}

func (x *exchange) home() string { return "/" + string(x.site.Audience) }

// ownPath returns path if it is a page of this audience, and otherwise its home.
// A link's own address is none: it is a secret, and where somebody goes after
// signing in is kept.
func (x *exchange) ownPath(path string) string {
	path = localPath(path, x.home())
	if rest, ok := strings.CutPrefix(path, x.home()); !ok || rest != "" && rest[0] != '/' && rest[0] != '?' {
		return x.home()
	}
	return path
}

func (x *exchange) signInPage() error {
	audience, other := x.site.Audience, Agency
	if audience == Agency {
		other = Hospital
	}
	p := signInPage{
		Intro: x.lang.Say("signin.intro." + string(audience)), Return: x.ownPath(x.r.URL.Query().Get("return")),
		Other: "/" + string(other) + "/sign-in", OtherText: x.lang.Say("signin.other." + string(other)),
	}
	p.Title = x.lang.Say("signin.title." + string(audience))
	return x.show("sign-in", &p.Page, &p)
}

// leavingPage leads on to the issuer, by itself or by its link.
type leavingPage struct {
	Page
	To string
}

// signIn keeps what the way back must prove, and leads to the issuer. It answers
// with a page that goes on by itself and not with a redirect: browsers follow a
// form's redirects only to the origins that the page before allowed, and where an
// issuer's pages are, and where they lead on to, is the issuer's to change.
func (x *exchange) signIn() error {
	state, nonce, verifier := x.site.Secret(), x.site.Secret(), oauth2.GenerateVerifier()
	pending := docket.Pending{
		State: docket.Hash(state), Nonce: nonce, Verifier: verifier, Site: string(x.site.Audience),
		Return: x.ownPath(x.r.PostForm.Get("return")), Expires: x.site.Wall().Add(pendingLife),
	}
	if err := x.site.Access.PutPending(x.ctx(), pending); err != nil {
		return err
	}
	address, err := x.site.SignIn.Address(x.ctx(), state, nonce, verifier, x.back())
	if err != nil {
		return err
	}
	// Bound to this browser: a state that somebody else began cannot be finished here.
	x.setCookie(stateCookie(state), state, int(pendingLife.Seconds()))
	p := leavingPage{To: address}
	p.Title = x.lang.Say("leaving.title")
	x.w.Header().Set("Refresh", "0; url="+address)
	x.holdsSecret()
	return x.show("leaving", &p.Page, &p)
}

// stateCookie names the cookie of one sign-in: those begun in two windows do not
// end each other.
func stateCookie(state string) string { return "__Host-jixu-state-" + docket.Hash(state)[:16] }

func (x *exchange) back() string { return x.site.Address + x.home() + "/callback" }

// callback ends a sign-in. One that cannot be ended leads home whoever is signed
// in: they came back by a reload, or by the other of two windows.
func (x *exchange) callback() error {
	err := x.finish()
	if f := fault.Of(err); f != nil && f.Code == "signin" {
		if x.identify(signedIn) == nil && x.session != nil {
			return x.see(x.home())
		}
	}
	return err
}

// finish is the only thing a GET does that writes: it creates the session.
func (x *exchange) finish() error {
	q := x.r.URL.Query()
	state := q.Get("state")
	if state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(cookie(x.r, stateCookie(state)))) != 1 {
		return fault.New(fault.Forbidden, "signin")
	}
	now := x.site.Wall()
	pending, err := x.site.Access.TakePending(x.ctx(), docket.Hash(state), now)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err // nobody was refused: the store did not answer
	}
	if err != nil || pending.Site != string(x.site.Audience) {
		return fault.Because(fault.Forbidden, "signin", err)
	}
	subject, err := x.site.SignIn.Subject(x.ctx(), q.Get("code"), pending.Verifier, pending.Nonce, x.back())
	if err != nil {
		return err
	}
	p, err := x.site.Directory.PersonBySubject(x.ctx(), subject)
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Forbidden, "unknown")
	}
	if err != nil {
		return fmt.Errorf("finding who signed in: %w", err)
	}
	x.signedInAs(p.ID, p.Org)
	o, err := x.site.Directory.Organisation(x.ctx(), p.Org)
	if err != nil {
		return fmt.Errorf("finding the organisation of who signed in: %w", err)
	}
	if (o.Kind == party.Hospital) != (x.site.Audience == Hospital) {
		return fault.New(fault.Forbidden, "audience")
	}
	secret := x.site.Secret()
	s := docket.Session{
		Hash: docket.Hash(secret), Person: p.ID, Org: p.Org,
		Created: now, Idle: now.Add(idleLife), Expires: now.Add(absoluteLife),
	}
	if err := x.site.Access.PutSession(x.ctx(), s); err != nil {
		return err
	}
	x.setCookie(stateCookie(state), "", 0)
	x.setCookie(sessionCookie(x.site.Audience), secret, int(absoluteLife.Seconds()))
	return x.see(pending.Return)
}

// signOut ends the session here; the issuer's own stays the issuer's.
func (x *exchange) signOut() error {
	for _, name := range []string{sessionCookie(x.site.Audience), linkCookie} {
		if secret := cookie(x.r, name); secret != "" {
			if err := x.site.Access.EndSession(x.ctx(), docket.Hash(secret)); err != nil {
				return err
			}
			x.setCookie(name, "", 0)
		}
	}
	return x.see("/")
}
