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
	"slices"
	"strconv"
	"strings"
	"time"
)

// Machine is an agency's own program: it answers gates by signed request. It is
// written from docs/machine-answers.md alone.
type Machine struct {
	Site   string
	Org    string
	Secret string // "whsec_…", as its administrator was shown it
}

// Post signs body under id and sends it. The same id and body again is the same
// request.
func (m Machine) Post(ctx context.Context, path, id string, body any) (*Page, error) {
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
func (m Machine) Answer(ctx context.Context, id, gate, person string, answer map[string]any) (Receipt, error) {
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

// Opine gives the opinion by machine: every question met, for reason.
func (m Machine) Opine(ctx context.Context, id, gate, person, reason string) (Receipt, error) {
	var findings []any
	for _, question := range []string{"capability", "urgency", "quantity"} {
		findings = append(findings, map[string]any{"question": question, "met": true, "reason": reason})
	}
	return m.Answer(ctx, id, gate, person, map[string]any{"opinion": map[string]any{"findings": findings}})
}

// Record sends the regulator's letter and enters the reply by machine. reply is
// all of it but the evidence.
func (m Machine) Record(ctx context.Context, id, gate, person string, reply map[string]any, letter []byte) (Receipt, error) {
	file, err := m.SendEvidence(ctx, id, gate, person, "批复.pdf", letter)
	if err != nil {
		return Receipt{}, err
	}
	reply["evidence"] = file
	return m.Answer(ctx, id, gate, person, map[string]any{"reply": reply})
}

// SendEvidence asks for an upload of the regulator's letter and sends it to the bucket.
func (m Machine) SendEvidence(ctx context.Context, id, gate, person, name string, letter []byte) (file string, err error) {
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
	return sendTicket(ctx, page.Body, name, letter)
}

// sendTicket uploads data with the signed form in answer.
func sendTicket(ctx context.Context, answer []byte, name string, data []byte) (file string, err error) {
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
