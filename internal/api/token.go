package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/typed"
)

// identify says who sends a request, by the claims of the token that the gateway
// let in. The gateway verified signature, issuer and audience; what a person
// relies on is looked at again here. It fails with fault.Forbidden.
func (a *API) identify(x *call) error {
	x.challenge = `Bearer error="invalid_token"`
	claims := a.Claims(x.r.Context())
	if !a.good(claims, a.Now()) {
		return fault.New(fault.Forbidden, "token")
	}
	ctx := x.r.Context()
	p, err := a.Desk.Directory.PersonBySubject(ctx, claims["sub"])
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Forbidden, "unknown")
	}
	if err != nil {
		return fmt.Errorf("finding whose token it is: %w", err)
	}
	o, err := a.Desk.Directory.Organisation(ctx, p.Org)
	if err != nil {
		return fmt.Errorf("finding the organisation of a token: %w", err)
	}
	x.who, x.org, x.actor = p, o, party.ActorOf(p, o)
	x.logged().Person, x.logged().Organisation = p.ID, o.ID
	return nil
}

// good reports whether claims are those of a token of ours that has not ended at
// now. An ID token, which answers a sign-in, is not accepted: it has a nonce, and says who sat
// at a browser, not that a program may act for them.
func (a *API) good(claims map[string]string, now time.Time) bool {
	if claims["iss"] != a.Issuer || claims["sub"] == "" || claims["nonce"] != "" {
		return false
	}
	// HTTP APIs write a list of audiences as "[a b]".
	audiences := strings.Fields(strings.Trim(claims["aud"], "[]"))
	if !slices.Contains(audiences, a.Client) && (len(audiences) > 0 || claims["client_id"] != a.Client) {
		return false
	}
	ends, ok := instantOf(claims["exp"])
	if !ok || !now.Before(ends) {
		return false
	}
	if text := claims["nbf"]; text != "" {
		begins, ok := instantOf(text)
		return ok && !now.Add(time.Minute).Before(begins)
	}
	return true
}

// instantOf reads seconds as a token has them; some gateways write them with an exponent.
func instantOf(text string) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// key reads the operation's id from Idempotency-Key.
func (x *call) key() error {
	list := x.r.Header.Values("Idempotency-Key")
	if len(list) != 1 {
		return fault.New(fault.Invalid, "idempotency")
	}
	id := list[0]
	if len(id) >= 2 && id[0] == '"' && id[len(id)-1] == '"' {
		id = id[1 : len(id)-1]
	}
	if !typed.IsOperation(id) {
		return fault.New(fault.Invalid, "idempotency")
	}
	x.op = docket.Op{ID: id}
	return nil
}

// match reads the version that the sender saw from If-Match.
func (x *call) match() error {
	list := x.r.Header.Values("If-Match")
	if len(list) == 1 {
		text := strings.TrimSuffix(strings.TrimPrefix(list[0], `"`), `"`)
		if n, err := strconv.Atoi(text); err == nil && n >= 0 && list[0] == etag(n) {
			x.version = n
			return nil
		}
	}
	return fault.New(fault.Invalid, "if-match")
}

func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// page reads cursor and limit.
func (x *call) page() (after string, limit int, err error) {
	q := x.r.URL.Query()
	limit = defaultLimit
	if text := q.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxLimit {
			return "", 0, fault.Fields([]fault.Problem{{Field: "limit", Code: "field.range", Args: []any{1, maxLimit}}})
		}
	}
	after, err = cursorOf(q.Get("cursor"))
	return after, limit, err
}

const (
	defaultLimit = 50
	maxLimit     = 100
)

// known refuses query parameters that the route does not take: a misspelt one
// would silently mean nothing.
func known(r *http.Request, names ...string) error {
	for name, values := range r.URL.Query() {
		if !slices.Contains(names, name) {
			return fault.Fields([]fault.Problem{{Field: name, Code: "json.unknown"}})
		}
		if len(values) > 1 {
			return fault.Fields([]fault.Problem{{Field: name, Code: "field.repeated"}})
		}
	}
	return nil
}
