package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"jixu/internal/journey"
	"jixu/internal/web/site"
)

// strictIssuer is an issuer as some are: its pages are at another origin than its
// name, it takes a code once, however it was brought, and knows no header of clients.
type strictIssuer struct {
	*httptest.Server
	pages  *httptest.Server
	claims map[string]any // of the next token, beside the ordinary ones
	nonce  string
	asked  int // times somebody wanted a token
}

func newStrictIssuer(t *testing.T) *strictIssuer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	key := jose.JSONWebKey{Key: private, KeyID: "k", Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	must(t, err)
	i := &strictIssuer{pages: httptest.NewServer(http.NotFoundHandler())}
	say := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.pages.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		i.asked++
		if r.Header.Get("Authorization") != "" || r.FormValue("client_id") != "jixu" || i.asked > 1 {
			say(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
			return
		}
		now := time.Now()
		token, err := jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: i.URL, Subject: journey.Person("lin-zhi").Subject, Audience: jwt.Audience{"jixu"},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
		}).Claims(map[string]any{"nonce": i.nonce}).Claims(i.claims).Serialize()
		if err != nil {
			t.Error(err)
		}
		say(w, http.StatusOK, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": token})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	t.Cleanup(i.pages.Close)
	return i
}

func TestSigningInWhereTheIssuersPagesAreElsewhere(t *testing.T) {
	for _, row := range []struct {
		name   string
		claims map[string]any
		want   int
	}{
		{"a token that was made for us", map[string]any{"azp": "jixu"}, http.StatusSeeOther},
		{"a token that does not say", nil, http.StatusSeeOther},
		{"a token that was made for another client", map[string]any{"azp": "another"}, http.StatusForbidden},
	} {
		h := newHouse(t)
		i := newStrictIssuer(t)
		i.claims = row.claims
		h.sites[0].SignIn = &site.Issuer{URL: i.URL, Client: "jixu"}
		w := h.send("POST", "/hospital/sign-in", "", url.Values{"op": {rand.Text()}, "return": {"/hospital"}})
		to := leadsTo(t, w)
		if w.Code != http.StatusOK || w.Header().Get("Location") != "" {
			t.Errorf("%s: got %d, want a page: browsers do not follow a form's redirect to other origins", row.name, w.Code)
		}
		if !strings.HasPrefix(to.String(), i.pages.URL+"/authorize?") {
			t.Fatalf("%s: it leads to %s, want the issuer's pages", row.name, to)
		}
		if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, i.URL) || strings.Contains(csp, i.pages.URL) {
			t.Errorf("%s: got the policy %q, want no need to know the issuer's origins", row.name, csp)
		}
		i.nonce = to.Query().Get("nonce")
		cookie := strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
		back := "/hospital/callback?" + url.Values{"state": {to.Query().Get("state")}, "code": {"c"}}.Encode()
		if w := h.send("GET", back, cookie, nil); w.Code != row.want || i.asked != 1 {
			t.Errorf("%s: coming back got %d after %d tries for a token, want %d after one", row.name, w.Code, i.asked, row.want)
		}
	}
}

// Two windows may sign in at once, and a way back that is reloaded leads home
// whoever is signed in.
func TestTwoWindowsSignInAndAReloadLeadsHome(t *testing.T) {
	h := newHouse(t)
	state1, cookie1 := h.wayBack(t, "hospital")
	state2, cookie2 := h.wayBack(t, "hospital")
	jar := cookie1 + "; " + cookie2
	come := func(state, cookies string) *httptest.ResponseRecorder {
		return h.send("GET", "/hospital/callback?"+url.Values{"state": {state}, "code": {journey.Person("lin-zhi").Subject}}.Encode(), cookies, nil)
	}
	session := ""
	for name, state := range map[string]string{"the first window": state1, "the second window": state2} {
		w := come(state, jar)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/hospital" {
			t.Errorf("%s: got %d to %q, want it signed in", name, w.Code, w.Header().Get("Location"))
		}
		for _, c := range w.Result().Cookies() {
			if c.Name == "__Host-jixu-hospital" {
				session = c.Name + "=" + c.Value
			}
		}
	}
	if w := come(state1, jar+"; "+session); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/hospital" {
		t.Errorf("a reload: got %d to %q, want home", w.Code, w.Header().Get("Location"))
	}
	if w := come(state1, session); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/hospital" {
		t.Errorf("going back to it later: got %d to %q, want home", w.Code, w.Header().Get("Location"))
	}
	if w := come(state1, jar); w.Code != http.StatusForbidden {
		t.Errorf("a reload by nobody: got %d, want 403", w.Code)
	}
	state, _ := h.wayBack(t, "hospital")
	if w := come(state, jar); w.Code != http.StatusForbidden {
		t.Errorf("a sign-in that another browser began: got %d, want 403", w.Code)
	}
}

// Browsers that do not say where a form stands are judged by its origin.
func TestAFormOfOurOwnIsTakenFromOlderBrowsers(t *testing.T) {
	h := newHouse(t)
	for name, row := range map[string]struct {
		origin, host string
		want         int
	}{
		"our own origin": {h.Site, "", http.StatusSeeOther},
		"our own origin behind the gateway's host": {h.Site, "abc.execute-api.example", http.StatusSeeOther},
		"a page that hides its origin":             {"null", "", http.StatusForbidden},
		"another site":                             {"https://evil.example", "", http.StatusForbidden},
	} {
		r := httptest.NewRequest("POST", h.Site+"/preferences", strings.NewReader(url.Values{"op": {rand.Text()}, "lang": {"en"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", row.origin)
		if row.host != "" {
			r.Host = row.host
		}
		w := httptest.NewRecorder()
		h.handler().ServeHTTP(w, r)
		if w.Code != row.want {
			t.Errorf("%s: got %d, want %d", name, w.Code, row.want)
		}
	}
}
