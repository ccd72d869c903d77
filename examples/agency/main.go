// Command agency is an example of an agency's own system: it hears which case
// waits for it, and answers by signed request. It uses the standard library
// alone and nothing of Jixu's code; take it as it is and put your decision where
// decide is. See docs/agency-systems.md.
//
//	JIXU_SITE=https://jixu.example JIXU_ORGANISATION=mpa JIXU_SECRET=whsec_… PERSON=zhou-heng LISTEN=127.0.0.1:8080 go run ./examples/agency
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// system is our side: where Jixu is, who we are, and the secret that both know.
type system struct {
	site, organisation, person string
	secret                     []byte
	client                     *http.Client
}

// about says what something is about: an application, say.
type about struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// event is what Jixu tells: where to look, and nothing more.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		About      about    `json:"about"`
		Gates      []string `json:"gates"`
		Submission int      `json:"submission"` // the one that the gates are about; your people must have read it
	} `json:"data"`
}

func main() {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("JIXU_SECRET"), "whsec_"))
	if err != nil || len(secret) == 0 {
		log.Fatal("JIXU_SECRET is no signing secret")
	}
	s := &system{
		site: os.Getenv("JIXU_SITE"), organisation: os.Getenv("JIXU_ORGANISATION"), person: os.Getenv("PERSON"),
		secret: secret, client: &http.Client{Timeout: 15 * time.Second},
	}
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String() + "/events")
	log.Fatal(http.Serve(listener, s))
}

// sign is the signature of one message, in either direction.
func (s *system) sign(id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// verify reports whether a message is Jixu's and of now. While secrets are
// changed there are several signatures; one that holds is enough.
func (s *system) verify(h http.Header, body []byte) bool {
	id, timestamp := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	want := s.sign(id, timestamp, body)
	for _, got := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}

// ServeHTTP takes an event. A real system would note its id, answer 204 at once
// and decide later: an event that was answered with anything but 2xx comes again.
func (s *system) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || !s.verify(r.Header, body) {
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		http.Error(w, "no event", http.StatusBadRequest)
		return
	}
	for _, gate := range e.Data.Gates {
		if !strings.HasPrefix(gate, "opinion-") {
			continue // the reply is the regulator's
		}
		if err := s.answer(e.ID+"-"+gate, e.Data.About, gate, decide(e.Data.Submission)); err != nil {
			log.Print(err)
			http.Error(w, "not answered", http.StatusBadGateway)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// decide is where people come in: what they found in a submission stands in your
// own system.
func decide(submission int) map[string]any {
	var findings []any
	for _, question := range []string{"capability", "urgency", "quantity"} {
		findings = append(findings, map[string]any{"question": question, "met": true, "reason": "经评估，符合要求。"})
	}
	return map[string]any{"submission": submission, "opinion": map[string]any{"findings": findings}}
}

// answer sends one answer, and the very same again if nobody said whether it
// arrived: under the same id it is one answer.
func (s *system) answer(name string, of about, gate string, answer map[string]any) error {
	answer["about"], answer["gate"], answer["person"] = of, gate, s.person
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	// The id follows from the event, so that an event that comes twice is answered once.
	sum := sha256.Sum256([]byte(name))
	message := "msg_" + base64.RawURLEncoding.EncodeToString(sum[:18])
	for try := 0; ; try++ {
		said, status, err := s.post(message, body)
		switch {
		case err == nil && status == http.StatusOK:
			fmt.Println("receipt", strings.TrimSpace(said))
			return nil
		case err == nil && status < 500:
			return fmt.Errorf("answering %s of %s: %d %s", gate, of.ID, status, said)
		case try == 4:
			return fmt.Errorf("answering %s of %s: no answer (%d, %v)", gate, of.ID, status, err)
		}
		time.Sleep(time.Duration(1<<try)*time.Second + time.Duration(rand.Text()[0])*time.Millisecond)
	}
}

func (s *system) post(message string, body []byte) (said string, status int, err error) {
	r, err := http.NewRequest(http.MethodPost, s.site+"/callbacks/v1/answers", bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Jixu-Organisation", s.organisation)
	r.Header.Set("webhook-id", message)
	r.Header.Set("webhook-timestamp", timestamp)
	r.Header.Set("webhook-signature", s.sign(message, timestamp, body))
	answer, err := s.client.Do(r)
	if err != nil {
		return "", 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	return string(text), answer.StatusCode, err
}
