package stack_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/webhook"
)

// receiver is an organisation's own machine that hears of events. While it is
// ill it answers 500.
type receiver struct {
	mu    sync.Mutex
	ill   bool
	asked int
	heard []heard
}

type heard struct {
	header http.Header
	body   []byte
	event  struct {
		ID, Type, Subject string
		Data              struct {
			About struct{ ID string }
			Gates []string
		}
	}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.ill {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := heard{header: q.Header.Clone(), body: body}
	_ = json.Unmarshal(body, &h.event) // what is none has no id, and the test says so
	r.heard = append(r.heard, h)
}

// of lists what was heard of a case.
func (r *receiver) of(id string) (out []heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.heard {
		if h.event.Data.About.ID == id {
			out = append(out, h)
		}
	}
	return out
}

// listen lets a program of its administrator send an organisation's events to a
// server of this test.
func (h house) listen(person string) (*receiver, journey.System) {
	h.Helper()
	r := &receiver{}
	server := httptest.NewServer(r)
	h.Cleanup(server.Close)
	m := h.system(journey.Person(person).Org)
	p := h.Program(person)
	_, _, err := p.Must(h.ctx, http.MethodPost, "/api/v1/organisation/address", map[string]any{"address": server.URL + "/events?k=path-secret"})
	h.must(err)
	h.Cleanup(func() {
		// The test's own context has ended by now.
		if _, _, err := p.Must(context.Background(), http.MethodPost, "/api/v1/organisation/address", map[string]any{"address": ""}); err != nil {
			h.Error(err)
		}
	})
	return r, m
}

func TestAnAgencySystemHearsOfItsGateAndAnswersIt(t *testing.T) {
	h := open(t)
	r, m := h.listen("tang-wei")
	id := h.plant(local.Submitted)
	h.must(journey.Until(h.ctx, 100*time.Second, "the event of the submission", func() (bool, error) { return len(r.of(id)) > 0, nil }))
	got := r.of(id)[0]
	if got.event.Type != "jixu.case.submit" || got.event.Subject != h.record(id).Case.Number || !strings.Contains(fmt.Sprint(got.event.Data.Gates), "opinion-1") {
		t.Errorf("got %s, want the submission with its gate", got.body)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Secret, "whsec_"))
	h.must(err)
	got.header.Set(webhook.HeaderSender, "mpa")
	if message, err := webhook.Read(got.header, got.body, time.Now()); err != nil || !message.Holds([][]byte{key}) || message.ID != got.event.ID {
		t.Errorf("got headers %v and %v, want it signed with the secret", got.header, err)
	}
	for _, word := range []string{"林芷", "封堵器", "hospital-1", "医院"} {
		if strings.Contains(string(got.body), word) {
			t.Errorf("got %q in %s, want no name", word, got.body)
		}
	}
	if _, err := m.Opine(h.ctx, got.event.Data.About.ID, got.event.Data.Gates[0], "zhou-heng", "符合要求"); err != nil {
		t.Error(err)
	}
}

func TestAnEventThatIsRefusedRests(t *testing.T) {
	h := open(t)
	r, _ := h.listen("shen-an")
	r.ill = true
	id := h.plant(local.Submitted)
	h.must(journey.Until(h.ctx, 100*time.Second, "the event to be sent in vain", func() (bool, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.asked > 0, nil
	}))
	h.must(journey.Until(h.ctx, 20*time.Second, "the function to say so", func() (bool, error) {
		return strings.Contains(h.log("send-webhook"), "delivering an event failed"), nil
	}))
	if log := h.log("send-webhook"); strings.Contains(log, "comes again sooner") || strings.Contains(log, "path-secret") {
		t.Errorf("the log of send-webhook: got %s, want that it rests, and no path", log)
	}
	if got := h.record(id).Case.Status; got != "submitted" {
		t.Errorf("the case: got %s, want it as it was", got)
	}
}
