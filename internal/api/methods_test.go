package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"jixu/internal/api"
)

// Behind the gateway's proxies every method arrives. HEAD shows what GET does; any other
// that is no route's is a problem that says which are, and none of them changes anything.
func TestEveryOtherMethodOfAnAddressChangesNothing(t *testing.T) {
	s := newScene(t)
	takes := map[string][]string{}
	for _, d := range slices.Concat(api.Routes(), api.CallbackRoutes()) {
		takes[d.Pattern] = append(takes[d.Pattern], d.Method)
	}
	for pattern, methods := range takes {
		if slices.Contains(methods, http.MethodGet) {
			methods = append(methods, http.MethodHead)
		}
		slices.Sort(methods)
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
			at := strings.Replace(s.at(pattern), "/varieties", "/varieties?kind=device", 1)
			if strings.Contains(pattern, "{variety}") {
				at = s.at(pattern)
			}
			if !slices.Contains(methods, method) {
				a := s.do(s.as(who(pattern)).request(method, at, nil))
				if a.Status != 405 || a.code() != "method" || a.Header.Get("Allow") != strings.Join(methods, ", ") {
					t.Errorf("%s %s: got %d %s with Allow %q, want 405 and %v", method, pattern, a.Status, a.Text, a.Header.Get("Allow"), methods)
				}
			} else if method == http.MethodHead {
				get, head := s.do(s.as(who(pattern)).request(http.MethodGet, at, nil)), s.do(s.as(who(pattern)).request(method, at, nil))
				if head.Status != get.Status || head.Header.Get("ETag") != get.Header.Get("ETag") {
					t.Errorf("HEAD %s: got %d %v, want what GET has: %d %v", pattern, head.Status, head.Header, get.Status, get.Header)
				}
			}
		}
	}
	if s.wrote() || s.print() != s.before {
		t.Error("a method that is no route changed something")
	}
}
