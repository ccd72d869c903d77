package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// requested lets h answer one request and returns what was logged, line by line.
func requested(t *testing.T, r *http.Request, h http.HandlerFunc) (lines []map[string]any, text string) {
	t.Helper()
	var out bytes.Buffer
	at := time.UnixMilli(1_700_000_000_000)
	clock := func() time.Time { at = at.Add(7 * time.Millisecond); return at }
	log := New(&out, "hospital-site")
	handler := Requests(log, func(context.Context) string { return "req-1" }, clock, h)
	func() {
		defer func() { _ = recover() }()
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}()
	for line := range strings.Lines(out.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines, out.String()
}

func TestARequestIsOneLine(t *testing.T) {
	secret := "/l/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?code=123456"
	for _, row := range []struct {
		name, method string
		do           http.HandlerFunc
		want         map[string]any
	}{
		{"nothing written is 200 and ok", "GET", func(http.ResponseWriter, *http.Request) {}, map[string]any{
			"status": 200.0, "outcome": "ok", "route": "", "ms": 7.0, "request": "req-1",
		}},
		{"what was written without a status is 200", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("x"))
		}, map[string]any{"status": 200.0}},
		{"the first status counts", "POST", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(409)
			w.WriteHeader(200)
		}, map[string]any{"status": 409.0, "method": "POST", "outcome": "refused"}},
		{"the handler says who, where and how it ended", "GET", func(w http.ResponseWriter, r *http.Request) {
			*RequestOf(r.Context()) = Request{Route: "GET /l/{link}", Person: "zhou-heng", Organisation: "mpa", Outcome: "gate"}
			w.WriteHeader(404)
		}, map[string]any{
			"status": 404.0, "route": "GET /l/{link}", "person": "zhou-heng", "organisation": "mpa", "outcome": "gate",
		}},
		{"a panic is 500, without its words", "GET", func(http.ResponseWriter, *http.Request) { panic(secret) }, map[string]any{"status": 500.0, "outcome": "panic"}},
		{"a method that is none is not repeated", "SECRETWORD", func(http.ResponseWriter, *http.Request) {}, map[string]any{"method": "other"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			lines, text := requested(t, httptest.NewRequest(row.method, secret, http.NoBody), row.do)
			if len(lines) != 1 || lines[0]["msg"] != "answered" {
				t.Fatalf("got %s, want one line", text)
			}
			for key, want := range row.want {
				if lines[0][key] != want {
					t.Errorf("%s: got %v, want %v", key, lines[0][key], want)
				}
			}
			for _, word := range []string{"aaaaaaaa", "123456", "SECRETWORD"} {
				if strings.Contains(text, word) {
					t.Errorf("got %q in %s", word, text)
				}
			}
		})
	}
}

func TestWhatIsLoggedOnTheWayCarriesTheRequest(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, "case-api")
	Requests(log, func(context.Context) string { return "req-1" }, time.Now, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.ErrorContext(r.Context(), "request failed")
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", http.NoBody))
	for line := range strings.Lines(out.String()) {
		if strings.Count(line, `"request":"req-1"`) != 1 {
			t.Errorf("got %s, want the request's id in it, once", line)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("got %d lines, want that of the handler and that of the request", n)
	}
}

func TestARequestNobodyLogsIsFilledInForNobody(t *testing.T) {
	RequestOf(context.Background()).Person = "zhou-heng"
	if got := RequestOf(context.Background()).Person; got != "" {
		t.Errorf("got %q, want nothing kept", got)
	}
}
