package local

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// issuer is an OIDC provider for one machine: the code flow with PKCE S256,
// where a person signs in by pressing the button with their name. It asks for
// no password, so it hands codes to this machine's own sites only.
type issuer struct {
	url    string
	people []Person
	signer jose.Signer // of ID tokens
	access jose.Signer // of access tokens: HTTP APIs verify RSA alone
	public jose.JSONWebKeySet

	mu    sync.Mutex
	codes map[string]grant
}

// grant is what a code stands for. It is used once, within a minute.
type grant struct {
	person      Person
	redirectURI string
	challenge   string
	nonce       string
	expires     time.Time
}

func newIssuer(url string, people []Person) (*issuer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the issuer's key: %w", err)
	}
	id := token()
	key := jose.JSONWebKey{Key: private, KeyID: id, Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("making the issuer's signer: %w", err)
	}
	forAccess, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the issuer's key for access: %w", err)
	}
	accessKey := jose.JSONWebKey{Key: forAccess, KeyID: token(), Algorithm: string(jose.RS256), Use: "sig"}
	access, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: accessKey}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		return nil, fmt.Errorf("making the issuer's signer for access: %w", err)
	}
	return &issuer{
		url: url, people: people, signer: signer, access: access,
		public: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public(), accessKey.Public()}},
		codes:  map[string]grant{},
	}, nil
}

// token returns 256 random bits as text.
func token() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func (i *issuer) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /.well-known/openid-configuration", i.showConfiguration)
	mux.HandleFunc("GET /keys", i.showKeys)
	mux.HandleFunc("GET /authorize", i.showPeople)
	mux.HandleFunc("POST /authorize", i.choosePerson)
	mux.HandleFunc("POST /token", i.giveToken)
}

func (i *issuer) showConfiguration(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                i.url,
		"authorization_endpoint":                i.url + "/authorize",
		"token_endpoint":                        i.url + "/token",
		"jwks_uri":                              i.url + "/keys",
		"scopes_supported":                      []string{"openid", "profile", "email"},
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		"token_endpoint_auth_methods_supported": []string{"none"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func (i *issuer) showKeys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, i.public)
}

// request is a sign-in that a site asked for.
type request struct {
	RedirectURI, State, Nonce, Challenge string
}

// requestOf reads and checks what a site asks; wrong is a sentence for its developer.
func requestOf(values url.Values) (r request, wrong string) {
	r = request{
		RedirectURI: values.Get("redirect_uri"), State: values.Get("state"),
		Nonce: values.Get("nonce"), Challenge: values.Get("code_challenge"),
	}
	switch {
	case values.Get("client_id") != ClientID:
		return r, "client_id is not " + ClientID
	case values.Get("response_type") != "code":
		return r, "response_type is not code"
	case !strings.Contains(" "+values.Get("scope")+" ", " openid "):
		return r, "scope lacks openid"
	case values.Get("code_challenge_method") != "S256" || len(r.Challenge) != 43:
		return r, "a code_challenge by S256 is needed"
	case r.State == "" || r.Nonce == "":
		return r, "state and nonce are needed"
	case !isThisComputer(r.RedirectURI):
		return r, "redirect_uri is not on this machine"
	}
	return r, ""
}

func isThisComputer(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	name := u.Hostname()
	return name == "127.0.0.1" || name == "localhost" || strings.HasSuffix(name, ".localhost")
}

const peoplePage = `{{define "title"}}登录 Sign in{{end}}{{define "body"}}
<p class="note">开发用登录，无密码。Development sign-in, no password.</p>
<form method="post" action="/authorize">
{{range $name, $values := .Asked}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}{{range .People}}<button name="person" value="{{.ID}}">{{.NameZH}} {{.NameEN}} — {{.OrgZH}} {{.OrgEN}}</button>
{{end}}</form>{{end}}`

func (i *issuer) showPeople(w http.ResponseWriter, r *http.Request) {
	if _, wrong := requestOf(r.URL.Query()); wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	render(w, http.StatusOK, peoplePage, map[string]any{"Asked": r.URL.Query(), "People": i.people})
}

func (i *issuer) choosePerson(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	asked, wrong := requestOf(r.PostForm)
	if wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	person, known := i.person(r.PostForm.Get("person"))
	if !known {
		http.Error(w, "nobody here has that id", http.StatusBadRequest)
		return
	}
	back, err := url.Parse(asked.RedirectURI)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	query := back.Query()
	query.Set("code", i.remember(grant{person, asked.RedirectURI, asked.Challenge, asked.Nonce, time.Now().Add(time.Minute)}))
	query.Set("state", asked.State)
	query.Set("iss", i.url)
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

func (i *issuer) person(id string) (Person, bool) {
	for _, p := range i.people {
		if p.ID == id {
			return p, true
		}
	}
	return Person{}, false
}

func (i *issuer) remember(g grant) (code string) {
	code = token()
	i.mu.Lock()
	defer i.mu.Unlock()
	for old, g := range i.codes {
		if time.Now().After(g.expires) {
			delete(i.codes, old)
		}
	}
	i.codes[code] = g
	return code
}

// take returns what code stands for, once.
func (i *issuer) take(code string) (grant, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	g, ok := i.codes[code]
	delete(i.codes, code)
	return g, ok && time.Now().Before(g.expires)
}

func (i *issuer) giveToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	if r.PostForm.Get("client_id") != ClientID {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	g, ok := i.take(r.PostForm.Get("code"))
	if !ok || g.redirectURI != r.PostForm.Get("redirect_uri") || !g.verifies(r.PostForm.Get("code_verifier")) {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	signed, err := i.sign(g)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	access, err := i.signAccess(g.person)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed,
	})
}

// verifies reports whether verifier is what the challenge was made from.
func (g grant) verifies(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(made), []byte(g.challenge)) == 1
}

func (i *issuer) sign(g grant) (string, error) {
	now := time.Now()
	return jwt.Signed(i.signer).
		Claims(jwt.Claims{
			Issuer: i.url, Subject: g.person.ID, Audience: jwt.Audience{ClientID},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(5 * time.Minute)),
		}).
		Claims(map[string]any{
			"nonce": g.nonce, "auth_time": now.Unix(),
			"name": g.person.NameZH, "email": g.person.Email, "email_verified": true,
		}).
		Serialize()
}

// signAccess signs a token for the API, as an issuer does whose access tokens are
// JWTs: it has no nonce, for it answers no sign-in.
func (i *issuer) signAccess(p Person) (string, error) {
	now := time.Now()
	return jwt.Signed(i.access).
		Claims(jwt.Claims{
			ID: token(), Issuer: i.url, Subject: p.ID, Audience: jwt.Audience{ClientID},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), Expiry: jwt.NewNumericDate(now.Add(accessLife)),
		}).
		Claims(map[string]any{"scope": "openid", "client_id": ClientID}).
		Serialize()
}

// accessLife is how long a token for the API is good.
const accessLife = 5 * time.Minute

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // whoever went away does not miss it
}
