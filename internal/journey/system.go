package journey

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/party"
)

// System is an agency's own program: it answers gates by signed request. It is
// written from docs/agency-systems.md alone.
type System struct {
	Site   string
	Org    string
	Secret string // "whsec_…", as its administrator was shown it
}

// Post signs body under id and sends it. The same id and body again is the same
// request.
func (m System) Post(ctx context.Context, path, id string, body any) (*Page, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Secret, "whsec_"))
	if err != nil {
		return nil, fmt.Errorf("reading a signing secret: %w", err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, text)
	return NewBrowser(m.Site).Do(ctx, http.MethodPost, path, "application/json", text, http.Header{
		"Jixu-Organisation": {m.Org}, "Webhook-Id": {id}, "Webhook-Timestamp": {stamp},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	})
}

// MessageID is a fresh id for one request.
func MessageID() string { return "msg_" + rand.Text() }

// Receipt is what a program gets for what it did.
type Receipt struct {
	Case, Number, Verb, Gate, Person, Organisation string
	Entry                                          int
	At                                             time.Time
}

// Answer gives answer ("opinion", "notice" or "reply" with what it says) at a gate
// of case id, for person, and sends it again while a file of it is being checked.
func (m System) Answer(ctx context.Context, id, gate, person string, answer map[string]any) (Receipt, error) {
	body := map[string]any{"case": id, "gate": gate, "person": person}
	for name, value := range answer {
		body[name] = value
	}
	message := MessageID()
	var receipt Receipt
	err := Until(ctx, time.Minute, "a file to be checked", func() (bool, error) {
		page, err := m.Post(ctx, "/callbacks/v1/answers", message, body)
		switch {
		case err != nil:
			return true, err
		case page.Status == http.StatusConflict && strings.Contains(string(page.Body), "file.unchecked"):
			return false, nil
		case page.Status != http.StatusOK:
			return true, fmt.Errorf("answering by machine: %d %s", page.Status, page.Body)
		}
		return true, json.Unmarshal(page.Body, &receipt)
	})
	if err == nil && receipt.Verb == "" {
		err = fmt.Errorf("answering by machine: no receipt")
	}
	return receipt, err
}

// Opine gives the opinion on the first submission by machine: every question met,
// for reason.
func (m System) Opine(ctx context.Context, id, gate, person, reason string) (Receipt, error) {
	var findings []any
	for _, question := range []string{"capability", "urgency", "quantity"} {
		findings = append(findings, map[string]any{"question": question, "met": true, "reason": reason})
	}
	return m.Answer(ctx, id, gate, person, map[string]any{"submission": 1, "opinion": map[string]any{"findings": findings}})
}

// Record sends the regulator's letter and enters the reply to the first submission
// by machine. reply is
// all of it but the evidence.
func (m System) Record(ctx context.Context, id, gate, person string, reply map[string]any, letter []byte) (Receipt, error) {
	file, err := m.SendEvidence(ctx, id, gate, person, "批复.pdf", letter)
	if err != nil {
		return Receipt{}, err
	}
	reply["evidence"] = file
	return m.Answer(ctx, id, gate, person, map[string]any{"submission": 1, "reply": reply})
}

// SendEvidence asks for an upload of the regulator's letter and sends it to the bucket.
func (m System) SendEvidence(ctx context.Context, id, gate, person, name string, letter []byte) (file string, err error) {
	sum := sha256.Sum256(letter)
	page, err := m.Post(ctx, "/callbacks/v1/evidence", MessageID(), map[string]any{
		"case": id, "gate": gate, "person": person, "name": name, "sha256": fmt.Sprintf("%x", sum),
	})
	if err != nil {
		return "", err
	}
	if page.Status != http.StatusOK {
		return "", fmt.Errorf("asking for an upload: %d %s", page.Status, page.Body)
	}
	return SendTicket(ctx, page.Body, name, letter)
}

// SendTicket uploads data with the signed form in answer.
func SendTicket(ctx context.Context, answer []byte, name string, data []byte) (file string, err error) {
	var out struct {
		File   string
		Ticket struct {
			URL    string
			Fields map[string]string
		}
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return "", fmt.Errorf("reading an upload's ticket: %w", err)
	}
	form := &Form{Action: out.Ticket.URL, Method: http.MethodPost, Multi: true, File: "file"}
	for field, value := range out.Ticket.Fields {
		form.Fields = append(form.Fields, [2]string{field, value})
	}
	slices.SortFunc(form.Fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	page, err := NewBrowser(out.Ticket.URL).Upload(ctx, form, name, data)
	if err != nil {
		return "", err
	}
	if page.Status >= 300 {
		return "", fmt.Errorf("uploading: %d %s", page.Status, page.Body)
	}
	return out.File, nil
}

// NewSecret makes a signing secret for org's systems, good for days, with its
// administrator's program. Two at most are live: of two, the one that ends first is
// revoked before, and named.
func (h Deployment) NewSecret(ctx context.Context, org string, days int) (secret, revoked string, err error) {
	admin, found := administrator(org)
	if !found {
		return "", "", fmt.Errorf("no sample person administers %q", org)
	}
	program := h.Program(admin.ID)
	page, err := program.Do(ctx, http.MethodGet, "/api/v1/organisation/machine", nil)
	if err != nil {
		return "", "", err
	}
	var agreed struct{ Secrets []secretRow }
	if err := json.Unmarshal(page.Body, &agreed); err != nil || page.Status != http.StatusOK {
		return "", "", fmt.Errorf("reading what is agreed with %s: got %d", org, page.Status)
	}
	live := slices.DeleteFunc(agreed.Secrets, func(s secretRow) bool { return !s.Live })
	if len(live) > 1 {
		revoked = slices.MinFunc(live, func(a, b secretRow) int { return a.Expires.Compare(b.Expires) }).ID
		if _, _, err := program.Must(ctx, http.MethodPost, "/api/v1/organisation/secrets/"+revoked+"/revoke", map[string]any{}); err != nil {
			return "", "", err
		}
	}
	if page, err = program.Do(ctx, http.MethodPost, "/api/v1/organisation/secrets", map[string]any{"days": days}); err != nil {
		return "", "", err
	}
	var made struct{ Secret string }
	if err := json.Unmarshal(page.Body, &made); err != nil || page.Status != http.StatusOK || made.Secret == "" {
		return "", "", fmt.Errorf("making a secret for %s: got %d", org, page.Status) // without the answer: it may hold the secret
	}
	return made.Secret, revoked, nil
}

// secretRow is what may be said of a secret that was made.
type secretRow struct {
	ID      string
	Live    bool
	Expires time.Time
}

// administrator is the sample person who administers org.
func administrator(org string) (party.Person, bool) {
	for _, p := range People {
		if p.Org == org && slices.Contains(p.Roles, party.Administrator) {
			return p, true
		}
	}
	return party.Person{}, false
}

// Program is a person's own program: it acts for them with a token of the issuer.
type Program struct {
	Deployment
	Person string
	token  string
	ends   time.Time
}

// Program returns the program of a sample person. It gets its tokens by itself.
func (h Deployment) Program(person string) *Program { return &Program{Deployment: h, Person: person} }

// Token is an access token of the issuer for the program's person: the code flow
// with PKCE, in which the person presses the button with their name.
func (p *Program) Token(ctx context.Context) (string, error) {
	if time.Until(p.ends) > time.Minute {
		return p.token, nil
	}
	verifier, back := rand.Text()+rand.Text(), p.Site+"/program"
	sum := sha256.Sum256([]byte(verifier))
	asked := url.Values{
		"client_id": {"jixu"}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {back}, "state": {rand.Text()}, "nonce": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "person": {Person(p.Person).Subject},
	}
	b := NewBrowser(p.Desk)
	at, err := b.resolve("/authorize")
	if err != nil {
		return "", err
	}
	page, err := b.once(ctx, http.MethodPost, at, "application/x-www-form-urlencoded", []byte(asked.Encode()), nil)
	if err != nil {
		return "", err
	}
	to, err := url.Parse(page.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return "", fmt.Errorf("asking for a code for %s: %d %s", p.Person, page.Status, page.Body)
	}
	page, err = b.Post(ctx, "/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"jixu"}, "code": {to.Query().Get("code")}, "code_verifier": {verifier}, "redirect_uri": {back},
	})
	if err != nil {
		return "", err
	}
	var got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(page.Body, &got); err != nil || got.AccessToken == "" {
		return "", fmt.Errorf("asking for a token for %s: %d %s", p.Person, page.Status, page.Body)
	}
	p.token, p.ends = got.AccessToken, time.Now().Add(time.Duration(got.ExpiresIn)*time.Second)
	return p.token, nil
}

// Do sends one request, body as JSON, with header's pairs, and a fresh
// Idempotency-Key unless one is among them.
func (p *Program) Do(ctx context.Context, method, path string, body any, header ...string) (*Page, error) {
	token, err := p.Token(ctx)
	if err != nil {
		return nil, err
	}
	h := http.Header{"Authorization": {"Bearer " + token}}
	var text []byte
	kind := ""
	if method == http.MethodPost {
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
		kind = "application/json"
		h.Set("Idempotency-Key", rand.Text())
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return NewBrowser(p.Site).Do(ctx, method, path, kind, text, h)
}

// Must is Do, and fails for every answer that is not a good one.
func (p *Program) Must(ctx context.Context, method, path string, body any, header ...string) (map[string]any, *Page, error) {
	page, err := p.Do(ctx, method, path, body, header...)
	if err != nil {
		return nil, nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(page.Body, &out); err != nil || page.Status >= 300 {
		return nil, page, fmt.Errorf("%s %s by program of %s: %d %s", method, path, p.Person, page.Status, clip(string(page.Body), 500))
	}
	return out, page, nil
}
