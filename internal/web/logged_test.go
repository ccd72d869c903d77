package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ears are a log that a test reads.
type ears struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (e *ears) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.b.Write(p)
}

// heard takes what was logged since it was asked last: the lines of requests, and all of it.
func (e *ears) heard(t *testing.T) (lines []map[string]any, text string) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	text = e.b.String()
	e.b.Reset()
	for line := range strings.Lines(text) {
		var l map[string]any
		must(t, json.Unmarshal([]byte(line), &l))
		if l["msg"] == "answered" {
			lines = append(lines, l)
		}
	}
	return lines, text
}

// listen has both sites log to what a test reads.
func (h *house) listen() *ears {
	e := &ears{}
	for _, s := range h.sites {
		s.Log = slog.New(slog.NewJSONHandler(e, nil))
	}
	return e
}

// Whatever is sent to whichever route, the log holds ids and codes of ours: no address, no
// link, nothing typed and no cookie.
func TestEveryRequestIsOneLineThatTellsNothing(t *testing.T) {
	s := newScene(t)
	log := s.listen()
	// Whoever signs out is nobody afterwards.
	routes, leaving := s.routes(t), func(r route) bool { return strings.HasSuffix(r.Pattern, "/sign-out") }
	routes = slices.Concat(slices.DeleteFunc(slices.Clone(routes), leaving), slices.DeleteFunc(slices.Clone(routes), func(r route) bool { return !leaving(r) }))
	secrets := map[string]string{
		"reason": "患者危重理由", "name": "病历-张三.pdf", "product-zh": "可降解支架", "digits": "４９３８２７", "question": "能否加急呢", "op": "operation-secret-0001",
		"return": "/agency?secret-return", "person": "zhou-heng-typed", "state": "state-of-a-sign-in", "number": "号码七七七",
	}
	for _, r := range routes {
		form := url.Values{}
		for name, value := range secrets {
			form.Set(name, value)
		}
		path := r.path
		if !strings.Contains(path, "?") {
			path += "?code=code-of-an-issuer&state=state-of-a-sign-in&number=" + url.QueryEscape("号码七七七")
		}
		for _, cookie := range []string{r.cookie, "__Host-jixu-hospital=cookie-of-nobody; __Host-jixu-agency=cookie-of-nobody; __Host-jixu-link=cookie-of-nobody"} {
			w := s.send(r.Method, path, cookie, form)
			lines, text := log.heard(t)
			if len(lines) != 1 {
				t.Fatalf("%s %s: got %d lines of requests in %s, want one", r.Method, r.Pattern, len(lines), text)
			}
			l := lines[0]
			if l["route"] != r.Pattern || l["method"] != r.Method || l["status"] != float64(w.Code) || l["request"] != "ref-1" {
				t.Errorf("%s %s: got %v, want its route, method, status %d and id", r.Method, r.Pattern, l, w.Code)
			}
			if (w.Code < 400) != (l["outcome"] == "ok") || w.Code >= 400 && (l["outcome"] == "" || l["outcome"] == "refused") {
				t.Errorf("%s %s: got outcome %v of %d, want ok or the code of what went wrong", r.Method, r.Pattern, l["outcome"], w.Code)
			}
			known := cookie == r.cookie && !strings.Contains(r.Pattern, "/sign-") && !strings.HasSuffix(r.Pattern, "/callback") &&
				(strings.HasPrefix(r.Pattern, "/hospital") || strings.HasPrefix(r.Pattern, "/agency"))
			known = known || cookie == r.cookie && (r.Pattern == "/l/{link}" || strings.HasSuffix(r.Pattern, "/callback"))
			if (l["person"] != "" && l["organisation"] != "") != known {
				t.Errorf("%s %s: got person %v of %v, want who asked, if it is known", r.Method, r.Pattern, l["person"], l["organisation"])
			}
			hidden := []string{
				strings.TrimPrefix(s.link, "/l/"), s.code[strings.LastIndex(s.code, "/")+1:], "cookie-of-nobody", "code-of-an-issuer",
				r.cookie[strings.Index(r.cookie, "=")+1:], s.draft[strings.LastIndex(s.draft, "/")+1:], s.open[strings.LastIndex(s.open, "/")+1:], "申请表", "林芷", "周衡",
			}
			for _, value := range secrets {
				hidden = append(hidden, value, url.QueryEscape(value))
			}
			for _, word := range hidden {
				if strings.Contains(text, word) {
					t.Errorf("%s %s: got %q in the log: %s", r.Method, r.Pattern, word, text)
				}
			}
		}
	}
}

// What is no route says so, and nothing of what was asked for.
func TestTheLineOfWhatIsNoRoute(t *testing.T) {
	s := newScene(t)
	log := s.listen()
	for _, row := range []struct {
		method, path, site string
		route, outcome     string
		status             float64
	}{
		{"GET", "/none/secret-in-a-path", "same-origin", "", "page", 404},
		{"GET", "/api/v9/secret-in-a-path", "same-origin", "", "page", 404},
		{"GET", "//l/secret-in-a-path", "same-origin", "", "ok", 307},
		{"POST", "/l/secret-in-a-path", "same-origin", "/l/{link}", "page.method", 405},
		{"BREW", "/l/secret-in-a-path/code", "same-origin", "/l/{link}/code", "page.method", 405},
		{"POST", "/l/secret-in-a-path/code", "cross-site", "", "origin", 403},
	} {
		a := s.proxied(t, row.method, row.path, map[string]string{"sec-fetch-site": row.site})
		lines, text := log.heard(t)
		if len(lines) != 1 || float64(a.StatusCode) != row.status || lines[0]["status"] != row.status ||
			lines[0]["route"] != row.route || lines[0]["outcome"] != row.outcome {
			t.Errorf("%s %s: got %d and %s, want route %q and outcome %q of %v", row.method, row.path, a.StatusCode, text, row.route, row.outcome, row.status)
		}
		if strings.Contains(text, "secret") || strings.Contains(text, "BREW") {
			t.Errorf("%s %s: got what was asked for in %s", row.method, row.path, text)
		}
	}
}

// Who comes in is named in the line of the request that let them in.
func TestSigningInIsALineWithWhoItWas(t *testing.T) {
	h := newHouse(t)
	log := h.listen()
	begun := h.send("POST", "/hospital/sign-in", "", url.Values{"op": {"aaaaaaaaaaaaaaaaaaaa"}, "return": {"/hospital"}})
	set := begun.Result().Cookies()[0]
	log.heard(t)
	w := h.send("GET", "/hospital/callback?code=lin-zhi&state="+url.QueryEscape(set.Value), set.Name+"="+set.Value, nil)
	lines, text := log.heard(t)
	if w.Code != http.StatusSeeOther || len(lines) != 1 || lines[0]["person"] != "lin-zhi" || lines[0]["organisation"] != "hospital-1" {
		t.Errorf("got %d and %s, want one line with who signed in", w.Code, text)
	}
	if strings.Contains(text, set.Value) || strings.Contains(text, "state=") {
		t.Errorf("got the state in %s", text)
	}
}
