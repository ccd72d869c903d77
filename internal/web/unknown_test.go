package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"jixu/internal/gateway"
	"jixu/internal/web"
)

var everyMethod = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "PROPFIND",
}

// guardedAs fails unless an answer has the headers of every page, and none of CORS.
func guardedAs(t *testing.T, what string, header http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: got %s %q, want %q", what, name, got, want)
		}
	}
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: got content policy %q", what, csp)
	}
	for name := range header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: got %s, want nothing of CORS", what, name)
		}
	}
}

// Behind the gateway's proxies every method reaches the mux: what is no route of an
// address is refused there, says what is one, and changes nothing.
func TestAMethodThatIsNoRouteIsRefused(t *testing.T) {
	s := newScene(t)
	routes := s.routes(t)
	methods, first := map[string][]string{}, map[string]route{}
	for _, r := range routes {
		methods[r.Pattern] = append(methods[r.Pattern], r.Method)
		first[r.Pattern] = r
		if r.Method == http.MethodGet && !strings.HasSuffix(r.Pattern, "/callback") {
			methods[r.Pattern] = append(methods[r.Pattern], http.MethodHead)
		}
	}
	before, tried := s.keptWithRoutes(), 0
	for _, pattern := range slices.Sorted(maps.Keys(methods)) {
		allow := slices.Sorted(slices.Values(methods[pattern]))
		for _, method := range everyMethod {
			if slices.Contains(allow, method) {
				continue
			}
			for _, cookie := range []string{first[pattern].cookie, "__Host-jixu-lang=en"} {
				tried++
				w := s.send(method, first[pattern].path, cookie, url.Values{"op": {"aaaaaaaaaaaaaaaaaaaa"}})
				what := method + " " + pattern
				if got := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || got != strings.Join(allow, ", ") {
					t.Errorf("%s: got %d and Allow %q, want 405 and %v", what, w.Code, got, allow)
				}
				guardedAs(t, what, w.Header())
				want := "没有办理任何事项"
				if strings.HasPrefix(cookie, "__Host-jixu-lang") {
					want = "nothing was done"
				}
				if got := page(t, w).Find(".intro").Text(); !strings.Contains(got, want) {
					t.Errorf("%s: the page says %q, want %q", what, got, want)
				}
			}
		}
	}
	if s.keptWithRoutes() != before {
		t.Error("a method that is no route changed something")
	}
	t.Logf("%d requests refused", tried)
}

// The same from elsewhere is refused before anybody asks whether there is such a route.
func TestEveryOtherMethodFromAnotherOriginIsRefused(t *testing.T) {
	s := newScene(t)
	routes := s.routes(t)
	before := s.keptWithRoutes()
	for _, r := range routes {
		for _, method := range everyMethod {
			if method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions {
				continue // safe: they show, and change nothing
			}
			q := httptest.NewRequest(method, s.Site+r.path, strings.NewReader("op=aaaaaaaaaaaaaaaaaaaa"))
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.Header.Set("Cookie", r.cookie)
			q.Header.Set("Sec-Fetch-Site", "cross-site")
			w := httptest.NewRecorder()
			s.handler().ServeHTTP(w, q)
			if w.Code != http.StatusForbidden {
				t.Errorf("%s %s from elsewhere: got %d, want 403", method, r.Pattern, w.Code)
			}
			guardedAs(t, method+" "+r.Pattern, w.Header())
		}
	}
	if s.keptWithRoutes() != before {
		t.Error("a request from elsewhere changed something")
	}
}

// The way back from the issuer is the one GET that writes. Who only looks at it, as
// scanners of links do with HEAD, opens no session and uses nothing up.
func TestTheWayBackFromTheIssuerIsTakenByGETAlone(t *testing.T) {
	h := newHouse(t)
	begun := h.send("POST", "/hospital/sign-in", "", url.Values{"op": {"aaaaaaaaaaaaaaaaaaaa"}, "return": {"/hospital"}})
	set := begun.Result().Cookies()
	if begun.Code != http.StatusOK || len(set) != 1 {
		t.Fatalf("beginning to sign in: got %d and %d cookies", begun.Code, len(set))
	}
	back := "/hospital/callback?code=lin-zhi&state=" + url.QueryEscape(set[0].Value)
	before := h.keptWithRoutes()
	for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPost} {
		w := h.send(method, back, set[0].Name+"="+set[0].Value, nil)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET" || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: got %d, Allow %q and cookies %v, want 405", method, w.Code, w.Header().Get("Allow"), w.Result().Cookies())
		}
	}
	if h.keptWithRoutes() != before {
		t.Error("looking at the way back changed something")
	}
	w := h.send(http.MethodGet, back, set[0].Name+"="+set[0].Value, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/hospital" {
		t.Errorf("the browser itself afterwards: got %d to %q, want to be signed in", w.Code, w.Header().Get("Location"))
	}
}

// proxied asks as the gateway does, whose proxies hand on the path as it was sent.
func (h *house) proxied(t *testing.T, method, path string, headers map[string]string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "$default", RawPath: path}
	e.Headers = map[string]string{"host": strings.TrimPrefix(h.Site, "http://")}
	maps.Copy(e.Headers, headers)
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.SourceIP = method, "192.0.2.7"
	answer, err := gateway.Handle(h.handler())(t.Context(), e)
	if err != nil {
		t.Fatalf("%s %.80q: %v", method, path, err)
	}
	return answer
}

func TestAnUnknownAddressIsAPageOfOurs(t *testing.T) {
	s := newScene(t)
	before := s.keptWithRoutes()
	for _, path := range []string{
		"/none", "/hospital/", "/hospital/none", "/hospital/cases/", "/hospitals", "/agency/", "/agency/none/of/these", "/l/", "/l",
		"/alive/", "/static/", "/static/none/none.css",
		"/favicon.ico", "/.env", "/wp-login.php", "/apis", "/hospital/cases/a%252Fb/none", "/急需", "/%", "/hospital/%zz", "/hospital/\x00/none", "/\\evil.example",
		"/hospital/" + strings.Repeat("x/", 5000), "/l/" + strings.Repeat("a", 10_000) + "/none", "/static/none/" + strings.Repeat("%", 10_000),
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions} {
			for cookie, want := range map[string]string{"": "没有找到该页面。", "__Host-jixu-lang=en": "There is no such page."} {
				a := s.proxied(t, method, path, map[string]string{"cookie": cookie})
				if a.StatusCode != http.StatusNotFound || a.Headers["Content-Type"] != "text/html; charset=utf-8" {
					t.Errorf("%s %.80q: got %d %s, want 404 and a page", method, path, a.StatusCode, a.Headers["Content-Type"])
				}
				if (method == http.MethodHead) != (a.Body == "") || method != http.MethodHead && !strings.Contains(a.Body, want) {
					t.Errorf("%s %.80q with %q: the page does not say %q", method, path, cookie, want)
				}
				header := http.Header{}
				for name, value := range a.Headers {
					header.Set(name, value)
				}
				guardedAs(t, method+" "+path[:min(len(path), 80)], header)
			}
		}
	}
	if s.keptWithRoutes() != before {
		t.Error("asking for what is nowhere changed something")
	}
}

// However a path is spelt: what it is cleaned to is a path of this host, and the way
// there a redirect that shows and changes nothing.
func TestAPathThatIsNotCleanLeadsToTheCleanOneHere(t *testing.T) {
	s := newScene(t)
	before := s.keptWithRoutes()
	for path, want := range map[string]string{
		"//hospital": "/hospital", "///evil.example/x": "/evil.example/x", "//evil.example": "/evil.example", "/hospital//new": "/hospital/new",
		"/hospital/../agency": "/agency", "/hospital/./new": "/hospital/new", "/../../etc/passwd": "/etc/passwd", "/l/../api/v1/me": "/api/v1/me",
		"/%2e%2e/agency": "/agency", "/hospital/%2E%2E/%2e%2e/x": "/x", "/hospital/..//..//evil.example": "/evil.example",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			a := s.proxied(t, method, path, nil)
			if a.StatusCode != http.StatusTemporaryRedirect || a.Headers["Location"] != want {
				t.Errorf("%s %q: got %d to %q, want 307 to %q", method, path, a.StatusCode, a.Headers["Location"], want)
			}
		}
	}
	if s.keptWithRoutes() != before {
		t.Error("a path that is not clean changed something")
	}
}

func TestAProgramAtAnUnknownAddressGetsAProblem(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/api", "/api/", "/api/v2/me", "/api/v1", "/callbacks", "/callbacks/v2/answers"} {
		for language, want := range map[string]string{"": "没有该接口地址。", "en-GB,zh;q=0.5": "There is no such address."} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
				a := h.proxied(t, method, path, map[string]string{"accept-language": language})
				var p struct {
					Type, Title, Detail, Code string
					Status                    int
				}
				err := json.Unmarshal([]byte(a.Body), &p)
				if err != nil || a.StatusCode != 404 || p.Status != 404 || p.Code != "page" || p.Detail != want || p.Type != "urn:jixu:problem:page" ||
					a.Headers["Content-Type"] != "application/problem+json" {
					t.Errorf("%s %s: got %d %v %s (%v), want a problem that says %q", method, path, a.StatusCode, a.Headers, a.Body, err, want)
				}
			}
		}
	}
}

// No pattern of one site stands in the way of another's, and each has one meaning.
func TestNoRouteIsListedTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range slices.Concat(web.HospitalRoutes(), web.AgencyRoutes()) {
		key := r.Method + " " + r.Pattern
		if seen[key] {
			t.Errorf("%s: got it twice, want it once", key)
		}
		seen[key] = true
	}
}
