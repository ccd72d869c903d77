package site

import (
	"net/http"
	"strings"

	"jixu/internal/fault"
)

// guarded puts the headers on every answer and refuses every change that was
// asked for from another origin.
func (s *Site) guarded(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	// Browsers without Sec-Fetch-Site are judged by Origin, and the host that reaches a
	// function may be the gateway's own. An address that is no origin is nobody's.
	_ = crossOrigin.AddTrustedOrigin(s.Address)
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := s.request(w, r, false)
		x.fail(fault.New(fault.Forbidden, "origin"))
	}))
	policy := s.contentPolicy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		// Nothing goes to others. To ourselves it must: under no-referrer every form says
		// Origin: null, and is refused where a browser says nothing better.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if strings.HasPrefix(s.Address, "https://") {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		crossOrigin.Handler(next).ServeHTTP(w, r)
	})
}

// contentPolicy lets a page load only what we serve, and lead a form only here
// and to the bucket. A redirect after a POST counts as its form's; the way to the
// issuer is none.
func (s *Site) contentPolicy() string {
	others := strings.Join(append([]string{"'self'"}, s.Origins...), " ")
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
		"connect-src " + others + "; form-action " + others + "; base-uri 'none'; frame-ancestors 'none'"
}

// HoldsSecret is said of an answer that holds one, such as a signed upload: it is sent
// as it is written, for the length of what is compressed tells of what is in it.
func (x *Request) HoldsSecret() { x.W.Header().Set("Cache-Control", "no-store, no-transform") }
