package local

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

var nurse = Person{ID: "p-1", NameZH: "林芷", NameEN: "Lin Zhi", OrgZH: "示范医院", OrgEN: "Example Hospital", Email: "lin@hospital.example"}

const (
	verifier = "a-verifier-of-at-least-forty-three-characters"
	callback = "http://jixu.localhost:4566/hospital/signed-in"
)

func openDesk(t *testing.T) *Desk {
	t.Helper()
	desk, err := OpenDesk(DeskOptions{People: []Person{nurse}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := desk.Close(); err != nil {
			t.Error(err)
		}
	})
	return desk
}

// asked is a right request for signing in; change alters it.
func asked(change func(url.Values)) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	values := url.Values{
		"client_id": {ClientID}, "response_type": {"code"}, "scope": {"openid email"}, "redirect_uri": {callback},
		"state": {"s"}, "nonce": {"n"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
	if change != nil {
		change(values)
	}
	return values
}

// choose presses the button of the nurse and returns the code.
func choose(t *testing.T, desk *Desk) string {
	t.Helper()
	answer, err := Client().PostForm(desk.Issuer+"/authorize", asked(func(v url.Values) { v.Set("person", nurse.ID) }))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		t.Fatalf("%s: %v", answer.Status, err)
	}
	if got := back.Query().Get("state"); got != "s" || !strings.HasPrefix(back.String(), callback) {
		t.Fatalf("sent back to %s", back)
	}
	return back.Query().Get("code")
}

func exchange(t *testing.T, desk *Desk, code, verifier string) (status int, body map[string]any) {
	t.Helper()
	answer, err := http.PostForm(desk.Issuer+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {ClientID}, "redirect_uri": {callback},
		"code": {code}, "code_verifier": {verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

func TestAPersonSignsIn(t *testing.T) {
	desk := openDesk(t)
	status, body := exchange(t, desk, choose(t, desk), verifier)
	if status != http.StatusOK {
		t.Fatalf("got %d %v, want 200", status, body)
	}
	answer, err := http.Get(desk.Issuer + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var keys jose.JSONWebKeySet
	if err := json.NewDecoder(answer.Body).Decode(&keys); err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(body["id_token"].(string), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		jwt.Claims
		Nonce string `json:"nonce"`
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	if err := parsed.Claims(keys, &claims); err != nil {
		t.Fatalf("the signature does not verify: %v", err)
	}
	if claims.Issuer != desk.Issuer || claims.Subject != nurse.ID || !claims.Audience.Contains(ClientID) ||
		claims.Nonce != "n" || claims.Name != nurse.NameZH || claims.Email != nurse.Email {
		t.Errorf("got %+v", claims)
	}
	access, err := jwt.ParseSigned(body["access_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	claims.Nonce = ""
	if err := access.Claims(keys, &claims); err != nil {
		t.Fatalf("the access token's signature does not verify: %v", err)
	}
	if claims.Issuer != desk.Issuer || claims.Subject != nurse.ID || !claims.Audience.Contains(ClientID) || claims.Nonce != "" || claims.Expiry == nil {
		t.Errorf("access token: got %+v, want it for %s, without a nonce, with an end", claims, nurse.ID)
	}
}

func TestACodeIsUsedOnce(t *testing.T) {
	desk := openDesk(t)
	code := choose(t, desk)
	exchange(t, desk, code, verifier)
	if status, body := exchange(t, desk, code, verifier); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("got %d %v, want invalid_grant", status, body)
	}
}

func TestACodeNeedsItsVerifier(t *testing.T) {
	desk := openDesk(t)
	if status, body := exchange(t, desk, choose(t, desk), "another"); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("got %d %v, want invalid_grant", status, body)
	}
}

func TestWrongRequestsAreRefused(t *testing.T) {
	desk := openDesk(t)
	rows := []struct {
		name   string
		change func(url.Values)
	}{
		{"another client", func(v url.Values) { v.Set("client_id", "x") }},
		{"no PKCE", func(v url.Values) { v.Del("code_challenge") }},
		{"plain PKCE", func(v url.Values) { v.Set("code_challenge_method", "plain") }},
		{"no state", func(v url.Values) { v.Del("state") }},
		{"no nonce", func(v url.Values) { v.Del("nonce") }},
		{"no openid", func(v url.Values) { v.Set("scope", "email") }},
		{"a site elsewhere", func(v url.Values) { v.Set("redirect_uri", "https://example.com/") }},
		{"a site that sounds like here", func(v url.Values) { v.Set("redirect_uri", "https://jixu.localhost.example.com/") }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			answer, err := http.Get(desk.Issuer + "/authorize?" + asked(row.change).Encode())
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusBadRequest {
				t.Errorf("got %s, want 400", answer.Status)
			}
		})
	}
}

func TestThePageListsThePeople(t *testing.T) {
	desk := openDesk(t)
	answer, err := http.Get(desk.Issuer + "/authorize?" + asked(nil).Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, _ := io.ReadAll(answer.Body)
	for _, want := range []string{`name="person" value="p-1"`, nurse.NameZH, nurse.OrgEN, `name="state" value="s"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
