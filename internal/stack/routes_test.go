package stack_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/api"
	"jixu/internal/local"
	"jixu/internal/stack"
	"jixu/internal/web"
)

// ask sends one request as it is spelt: nothing cleans its path.
func (h house) ask(method, path string, header http.Header) (*http.Response, string) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.ctx, method, h.Site+path, http.NoBody)
	h.must(err)
	maps.Copy(r.Header, header)
	answer, err := h.stack.HTTP().Do(r)
	h.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	h.must(err)
	return answer, string(body)
}

// The gateway refuses no method of ours any more: each reaches the function that has the
// route, which refuses what it does not take. OPTIONS alone the emulator answers itself.
func TestEveryOtherMethodOfARouteIsRefusedByUs(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	takes := map[string][]string{}
	for _, d := range slices.Concat(web.HospitalRoutes(), web.AgencyRoutes()) {
		takes[d.Pattern] = append(takes[d.Pattern], d.Method)
	}
	for _, d := range api.CallbackRoutes() {
		takes[d.Pattern] = append(takes[d.Pattern], d.Method)
	}
	before := h.quiet(id)
	for pattern, methods := range takes {
		if slices.Contains(methods, http.MethodGet) && !strings.HasSuffix(pattern, "/callback") {
			methods = append(methods, http.MethodHead)
		}
		slices.Sort(methods)
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			if slices.Contains(methods, method) {
				continue
			}
			answer, body := h.ask(method, fill(pattern, id), nil)
			if got := answer.Header.Get("Allow"); answer.StatusCode != http.StatusMethodNotAllowed || got != strings.Join(methods, ", ") {
				t.Errorf("%s %s: got %s, Allow %q and %.100s, want 405 and %v", method, pattern, answer.Status, got, body, methods)
			}
		}
	}
	if after := h.dump(id); after != before {
		t.Errorf("after methods that are no routes the table changed: %s", changed(before, after))
	}
}

func TestWhatIsNowhereIsOurPageThroughTheGateway(t *testing.T) {
	h := open(t)
	for path, want := range map[string]string{
		"/none": "没有找到该页面。", "/hospital/": "没有找到该页面。", "/hospital/none": "没有找到该页面。",
		"/agency/none": "没有找到该页面。", "/l/": "没有找到该页面。",
		"/static/none.css": "没有找到该页面。", "/hospital/cases/%2e%2e%2fnone/x": "", "/%E6%80%A5%E9%9C%80": "没有找到该页面。",
		"/hospital/" + strings.Repeat("x", 4000) + "/y": "没有找到该页面。", "/hospital/a%252Fb%25/c": "没有找到该页面。",
		"/api/v2/me": `"urn:jixu:problem:page"`, "/api": `"urn:jixu:problem:page"`,
		"/callbacks/v1/none": `"urn:jixu:problem:page"`, "/callbacks": `"urn:jixu:problem:page"`,
	} {
		answer, body := h.ask(http.MethodGet, path, nil)
		if want == "" { // spelt so that it leads to another path of ours
			if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusTemporaryRedirect || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%.80s: got %s to %q, want 307 to a path of ours", path, answer.Status, to)
			}
			continue
		}
		if answer.StatusCode != http.StatusNotFound || !strings.Contains(body, want) || answer.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%.80s: got %s and %.300s, want 404 and %s", path, answer.Status, body, want)
		}
	}
	if _, body := h.ask(http.MethodGet, "/none", http.Header{"Cookie": {"__Host-jixu-lang=en"}}); !strings.Contains(body, "There is no such page.") {
		t.Error("a reader of English: got another page, want theirs")
	}
	for _, path := range []string{"//hospital", "/hospital//new", "/hospital/../agency", "/hospital/./new"} {
		answer, _ := h.ask(http.MethodGet, path, nil)
		if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusTemporaryRedirect || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			t.Errorf("%s: got %s to %q, want 307 to the clean path here", path, answer.Status, to)
		}
	}
	// However it is spelt, no way leads around the token.
	for _, path := range []string{
		"/api/v1/me", "//api/v1/me", "/api//v1/me", "/api/v1//me", "/hospital/../api/v1/me", "/api/%76%31/me", "/api%2fv1%2fme", "/API/v1/me",
	} {
		answer, body := h.ask(http.MethodGet, path, nil)
		if answer.StatusCode != 401 && answer.StatusCode != 404 && answer.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%s without a token: got %s and %.200s, want it kept out", path, answer.Status, body)
		}
	}
	link := "/l/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	h.ask(http.MethodGet, link, nil)
	h.must(stack.Eventually(h.ctx, 10*time.Second, func() (bool, error) {
		return strings.Contains(h.log("agency-site"), `"route":"/l/{link}"`), nil
	}))
	h.loggedNothing("agency-site", strings.TrimPrefix(link, "/l/"), `"path"`, "rawPath")
	answer, body := h.ask(http.MethodHead, "/hospital/sign-in", nil)
	if answer.StatusCode != http.StatusOK || body != "" || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("HEAD: got %s, %v and %d bytes, want the headers of the page", answer.Status, answer.Header, len(body))
	}
}
