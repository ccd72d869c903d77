package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"jixu/internal/api"
	"jixu/internal/gateway"
)

const eventsDir = "../../events"

// event reads a sample event.
func event(t *testing.T, path string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func samples(t *testing.T, function string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(eventsDir, function, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: got no events (%v)", function, err)
	}
	return paths
}

// Every sample of a program's request goes through the real handler, in a house
// whose case it names.
func TestTheSamplesOfProgramsRequestsAreAnswered(t *testing.T) {
	want := map[string]int{
		"a-case-is-read": 200, "a-list-is-read": 200, "a-draft-is-opened": 201, "a-form-is-saved-over-a-colleagues": 412, "an-opinion-is-given": 200,
		"a-key-is-missing": 400, "a-token-without-an-end": 401, "another-hospital-asks": 404,
	}
	for _, path := range samples(t, "case-api") {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id := h.submitted()
			if strings.HasPrefix(name, "a-form") {
				id = h.draft()
			}
			e := event(t, path)
			h.now = time.UnixMilli(e.RequestContext.TimeEpoch)
			e.RawPath = strings.Replace(e.RawPath, "7kq2m9x4vcdn3hprtw6y", id, 1)
			programs := &api.API{Base: h.common, Issuer: issuer, Client: "jixu", Claims: gateway.Claims}
			got, err := gateway.Handle(programs.Handler())(t.Context(), e)
			if err != nil || got.StatusCode != want[name] {
				t.Errorf("got %d %s and %v, want %d", got.StatusCode, got.Body, err, want[name])
			}
		})
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s: got no such event, want it", name)
	}
}

// Every sample of a signed request goes through the real handler, signed anew
// for the case and the secret of this house.
func TestTheSamplesOfSignedRequestsAreAnswered(t *testing.T) {
	want := map[string]int{
		"an-opinion-is-signed": 200, "a-notice-is-signed": 200, "an-upload-is-asked-for": 200, "a-reply-is-signed": 200,
		"a-signature-does-not-hold": 401, "a-machine-names-nobody": 422,
	}
	for _, path := range samples(t, "take-answer") {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id := h.submitted()
			e := event(t, path)
			org := e.Headers["jixu-organisation"]
			system := h.agency(org)
			file := ""
			if org == "nmpa" {
				a := system.post(evidence, at(id, "reply-1", "shen-an", map[string]any{"name": "批复.pdf"}))
				file = a.at("file")
				h.send(id, file)
			}
			e.Body = strings.NewReplacer("7kq2m9x4vcdn3hprtw6y", id, "k7m2p9q4r8t3v6w5", file, "2026-09-14", "2026-10-14").Replace(e.Body)
			signed := system.request(e.RawPath, e.Headers["webhook-id"], []byte(e.Body))
			for name := range e.Headers {
				if strings.HasPrefix(name, "webhook-") {
					e.Headers[name] = signed.Header.Get(name)
				}
			}
			if want[name] == 401 {
				e.Headers["webhook-signature"] = event(t, path).Headers["webhook-signature"]
			}
			got, err := gateway.Handle(h.callbacks)(t.Context(), e)
			if err != nil || got.StatusCode != want[name] {
				t.Errorf("got %d %s and %v, want %d", got.StatusCode, got.Body, err, want[name])
			}
			if e.RequestContext.HTTP.Method != http.MethodPost {
				t.Errorf("got a %s, want a POST", e.RequestContext.HTTP.Method)
			}
		})
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s: got no such event, want it", name)
	}
}
