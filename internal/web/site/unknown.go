package site

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"jixu/internal/fault"
	"jixu/internal/words"
)

// The gateway leads whole families of paths here, and whatever it does not know. What
// is no route of ours is refused by the mux, in words of ours, and changes nothing.

// refuseOthers answers what no route takes: an address that is ours under another
// method with 405, any other address with 404.
func (s *Site) refuseOthers(mux *http.ServeMux, routes []Route, pages map[string]bool) {
	for pattern, allow := range allowed(routes) {
		refuse := s.through(Route{Who: Anybody, Do: notBy(pattern, allow)}, pages[pattern])
		mux.Handle(pattern, refuse)
		if !slices.Contains(allow, http.MethodHead) && slices.Contains(allow, http.MethodGet) {
			mux.Handle(http.MethodHead+" "+pattern, refuse) // to the mux a GET takes HEAD as well
		}
	}
	mux.Handle("/", s.through(Route{Who: Anybody, Do: (*Request).unknown}, false))
}

// allowed lists the methods of each pattern. Whoever may GET may ask HEAD, but of the
// way back from the issuer: that is the one GET that writes, and who only looks must not.
func allowed(routes []Route) map[string][]string {
	out := map[string][]string{}
	for _, d := range routes {
		out[d.Pattern] = append(out[d.Pattern], d.Method)
		if d.Method == http.MethodGet && !strings.HasSuffix(d.Pattern, "/callback") {
			out[d.Pattern] = append(out[d.Pattern], http.MethodHead)
		}
		slices.Sort(out[d.Pattern])
	}
	return out
}

// notBy refuses a method of an address that takes others. It asks nobody who it is.
func notBy(pattern string, allow []string) func(*Request) error {
	return func(x *Request) error {
		x.logged().Route = pattern
		x.W.Header().Set("Allow", strings.Join(allow, ", "))
		return fault.New(fault.NotFound, "page.method")
	}
}

// unknown says that nothing is at this address: to people with a page, to a program
// that mistook an address below /api or /callbacks in the form of its own errors.
func (x *Request) unknown() error {
	if !ofPrograms(x.R.URL.Path) {
		return x.NotFound()
	}
	lang := words.Accepted(x.R.Header.Values("Accept-Language"))
	body, err := json.Marshal(map[string]any{
		"type": "urn:jixu:problem:page", "title": lang.Say("title." + string(fault.NotFound)),
		"status": http.StatusNotFound, "detail": lang.Say("api.page"), "code": "page",
	})
	if err != nil {
		return err
	}
	x.logged().Outcome = "page"
	h := x.W.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", lang.Tag())
	h.Set("Vary", "Accept-Language")
	x.W.WriteHeader(http.StatusNotFound)
	_, _ = x.W.Write(append(body, '\n')) // who went away misses nothing
	return nil
}

// ofPrograms reports whether path is where only programs ask.
func ofPrograms(path string) bool {
	for _, family := range []string{"/api", "/callbacks"} {
		if rest, ok := strings.CutPrefix(path, family); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}
