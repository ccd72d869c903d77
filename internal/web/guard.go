package web

import (
	"net/http"
	"net/url"
	"strings"

	"jixu/internal/fault"
	"jixu/internal/words"
)

// guarded puts the headers on every answer and refuses every change that was
// asked for from another origin.
func (s *Site) guarded(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	// Browsers without Sec-Fetch-Site are judged by Origin, and the host that reaches a
	// function may be the gateway's own. An address that is no origin is nobody's.
	_ = crossOrigin.AddTrustedOrigin(s.Address)
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{site: s, w: w, r: r, lang: languageOf(r), large: cookie(r, largeCookie) == "1"}
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

// holdsSecret is said of an answer that holds one, such as a signed upload: it is sent
// as it is written, for the length of what is compressed tells of what is in it.
func (x *exchange) holdsSecret() { x.w.Header().Set("Cache-Control", "no-store, no-transform") }

const (
	langCookie  = "__Host-jixu-lang"
	largeCookie = "__Host-jixu-large"
	linkCookie  = "__Host-jixu-link"
)

func sessionCookie(a Audience) string { return "__Host-jixu-" + string(a) }

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie that only this host reads, for seconds; 0 takes it away.
func (x *exchange) setCookie(name, value string, seconds int) {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if seconds == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(x.w, c)
}

// languageOf is the reader's choice; Chinese until they chose.
func languageOf(r *http.Request) words.Lang { return words.Parse(cookie(r, langCookie)) }

// preferences keeps language and type size in cookies and goes back.
func (x *exchange) preferences() error {
	const year = 365 * 24 * 60 * 60
	if lang := x.r.PostForm.Get("lang"); lang == "zh" || lang == "en" {
		x.setCookie(langCookie, lang, year)
	}
	switch x.r.PostForm.Get("large") {
	case "1":
		x.setCookie(largeCookie, "1", year)
	case "0":
		x.setCookie(largeCookie, "", 0)
	}
	return x.see(localPath(x.r.PostForm.Get("return"), "/"))
}

// localPath returns path if it leads nowhere but here, written anew as we read
// it, and otherwise fallback. Browsers take tabs and line ends out of an address
// before they read it, and take a backslash for a slash: with such a byte in it,
// what we judge is not what they follow.
func localPath(path, fallback string) string {
	if strings.ContainsFunc(path, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '\\' }) {
		return fallback
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") {
		return fallback
	}
	if path = u.RequestURI(); strings.HasPrefix(path, "//") {
		return fallback
	}
	return path
}
