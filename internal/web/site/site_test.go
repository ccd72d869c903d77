package site_test

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// pages are the templates of a site that has one page.
var pages = fstest.MapFS{
	"templates/layout/layout.html": {Data: []byte(`{{define "layout"}}{{.Title}} {{.Moved}} {{block "main" .}}{{end}}{{end}}`)},
	"templates/one.html":           {Data: []byte(`{{define "main"}}{{.Said}}{{end}}`)},
	"templates/failed.html":        {Data: []byte(`{{define "main"}}{{.Sentence}} {{.Reference}}{{range .Typed}}{{index . 1}}{{end}}{{end}}`)},
}

type onePage struct {
	site.Page
	Said string
}

// clock is the law's, or one that does not answer.
type clock struct{ err error }

func (c clock) Now(context.Context) (time.Time, error) {
	return time.Date(2026, time.November, 2, 9, 30, 0, 0, time.UTC), c.err
}

func newSite(moved bool, away error) *site.Site {
	return &site.Site{
		Audience: site.Hospital, Address: "https://jixu.example", Clock: clock{away}, Moved: moved,
		Wall: time.Now, Secret: func() string { return "secret" }, Log: slog.New(slog.DiscardHandler),
		Reference: func(context.Context) string { return "ref-1" },
		Templates: &site.Templates{Files: pages, Functions: func(words.Lang) template.FuncMap { return nil }},
	}
}

func routes() []site.Route {
	return []site.Route{
		site.Get("/one", site.Anybody, func(x *site.Request) error {
			p := onePage{Said: x.R.URL.Query().Get("q")}
			return x.Show("one", &p.Page, &p)
		}),
		site.Post("/one", site.Anybody, func(x *site.Request) error {
			if x.Said("text") == "" {
				return errors.New("away")
			}
			return x.See("/one")
		}),
		site.Get("/known", site.SignedIn, func(*site.Request) error { return errors.New("a stranger passed") }),
	}
}

func ask(s *site.Site, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.Handler(routes()).ServeHTTP(w, r)
	return w
}

func TestWhatTheSiteAnswers(t *testing.T) {
	for name, row := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"a page that is there":              {"GET", "/one", "", http.StatusOK, ""},
		"what is on it is no markup":        {"GET", "/one?q=%3Cb%3E", "", http.StatusOK, "&lt;b&gt;"},
		"a page that is not there":          {"GET", "/two", "", http.StatusNotFound, ""},
		"a stranger where people are known": {"GET", "/known", "", http.StatusSeeOther, ""},
		"a form that is taken":              {"POST", "/one", "text=a", http.StatusSeeOther, ""},
		"a form that could not be handled":  {"POST", "/one", "other=typed+words", http.StatusServiceUnavailable, "ref-1typed words"},
		"a field that stands twice":         {"POST", "/one", "text=a&text=b", http.StatusUnprocessableEntity, ""},
	} {
		w := ask(newSite(false, nil), row.method, row.path, row.body)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.says) {
			t.Errorf("%s: got %d %q, want %d and %q", name, w.Code, w.Body, row.status, row.says)
		}
	}
}

// Every page of a system whose clock was moved says so, that of an error too. A page
// that could not is none; the page of the error is shown all the same.
func TestAPageWithoutTheMovedTimeIsNone(t *testing.T) {
	for _, path := range []string{"/one", "/two"} {
		if w := ask(newSite(true, nil), "GET", path, ""); !strings.Contains(w.Body.String(), "2026") {
			t.Errorf("%s: got %d %q, want the moved time", path, w.Code, w.Body)
		}
	}
	if w := ask(newSite(true, errors.New("away")), "GET", "/one", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "ref-1") {
		t.Errorf("got %d %q, want 503 and a reference", w.Code, w.Body)
	}
}

func TestATitleSaysThatSomethingIsWrong(t *testing.T) {
	if got := site.Titled(words.ZH, "标题", nil); got != "标题" {
		t.Errorf("got %q, want the title", got)
	}
	if got := site.Titled(words.ZH, "标题", form.Errors{{Sentence: "x"}}); got == "标题" || !strings.HasSuffix(got, "标题") {
		t.Errorf("got %q, want a word before the title", got)
	}
}
