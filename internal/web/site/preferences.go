package site

import (
	"net/http"
	"net/url"
	"strings"

	"jixu/internal/words"
)

const (
	langCookie  = "__Host-jixu-lang"
	largeCookie = "__Host-jixu-large"
	LinkCookie  = "__Host-jixu-link" // the session that a one-time code opened
)

func sessionCookie(a Audience) string { return "__Host-jixu-" + string(a) }

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Cookie is what the browser keeps under name, "" if nothing.
func (x *Request) Cookie(name string) string { return cookie(x.R, name) }

// SetCookie sets a cookie that only this host reads, for seconds; 0 takes it away.
func (x *Request) SetCookie(name, value string, seconds int) {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if seconds == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(x.W, c)
}

// languageOf is the reader's choice; Chinese until they chose.
func languageOf(r *http.Request) words.Lang { return words.Parse(cookie(r, langCookie)) }

// KeepPreferences keeps language and type size in cookies, and leads back.
func KeepPreferences(x *Request) error {
	x.Preferred()
	return x.See(localPath(x.R.PostForm.Get("return"), "/"))
}

// Preferred reports whether a form was sent by one of the buttons for language and type
// size, and does what they say. A page with a form of its own has them send that form
// along, so that what was typed is not lost: it is kept as it is, and shown again.
func (x *Request) Preferred() bool {
	const year = 365 * 24 * 60 * 60
	asked := false
	if lang := x.R.PostForm.Get("lang"); lang == "zh" || lang == "en" {
		x.SetCookie(langCookie, lang, year)
		x.Lang, asked = words.Lang(lang), true
	}
	switch x.R.PostForm.Get("large") {
	case "1":
		x.SetCookie(largeCookie, "1", year)
		x.Large, asked = true, true
	case "0":
		x.SetCookie(largeCookie, "", 0)
		x.Large, asked = false, true
	}
	return asked
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
