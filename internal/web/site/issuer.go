package site

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"jixu/internal/fault"
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
