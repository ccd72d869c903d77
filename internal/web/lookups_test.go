package web_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jixu/internal/memory"
)

// alone sends one request to its site, has the call of that number fail, and says which
// that was. Nothing else happens meanwhile.
func (s *scene) alone(method, path, cookie string, form url.Values, fails int) (w *httptest.ResponseRecorder, failed string) {
	call := 0
	s.Faults = func(_ int, name string) memory.Fate {
		if call++; call == fails {
			failed = name
			return memory.FailBefore
		}
		return memory.Pass
	}
	defer func() { s.Faults = nil }()
	site := s.sites[0]
	if strings.HasPrefix(path, "/agency") || strings.HasPrefix(path, "/l/") {
		site = s.sites[1]
	}
	r := httptest.NewRequest(method, s.Site+path, strings.NewReader(form.Encode()))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", cookie)
	if form.Has("name") { // a script asks
		r.Header.Set("Accept", "application/json")
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w = httptest.NewRecorder()
	site.Handler().ServeHTTP(w, r)
	return w, failed
}

// asked is one page that is looked at.
type asked struct {
	method, path, cookie string
	form                 url.Values
}

// looked lists pages that look something up.
func (s *scene) looked(t *testing.T) []asked {
	var out []asked
	for _, r := range s.routes(t) {
		// The paper was sent for the gate before the supplement.
		if r.Method == http.MethodGet && !strings.HasSuffix(r.Pattern, "/callback") && !strings.HasSuffix(r.Pattern, "/evidence/{file}") {
			out = append(out, asked{r.Method, r.path, r.cookie, nil})
		}
	}
	lin, zhou, shen := s.cookie(t, "hospital", "lin-zhi"), s.cookie(t, "agency", "zhou-heng"), s.cookie(t, "agency", "shen-an")
	agency := strings.Replace(s.open, "/hospital/", "/agency/", 1)
	number := "?number=" + s.loadCase(s.open).Number
	for path, cookie := range map[string]string{
		s.full: lin, s.full + "/check": lin, s.draft + "/dossier": lin, s.full + "/acts/claim": lin, s.open + "/acts/clone": lin,
		"/hospital/inquiries/" + s.question + number: lin, s.full + "/acts/claim" + number: lin,
		agency: zhou, agency + "/acts/identify": zhou, agency + "/acts/register": zhou, agency + "/acts/assign": zhou, agency + "/acts/hold": zhou,
		s.gatePath(t, s.open, "reply") + "/answer?choice=record": shen,
		"/agency?show=mine": zhou,
	} {
		out = append(out, asked{http.MethodGet, path, cookie, nil})
	}
	opinion := url.Values{"op": {rand.Text()}, "choice": {"opine"}, "submission": {"2"}}
	for name, value := range findings {
		opinion.Set(name, value)
	}
	return append(out,
		asked{http.MethodPost, s.gatePath(t, s.open, "opinion") + "/check", zhou, opinion},
		asked{http.MethodPost, "/hospital/inquiries/" + s.question, lin, url.Values{"op": {rand.Text()}, "case": {""}}},
	)
}

// Whatever a page looks up and does not get, the reader is told: a list that is empty
// because the table was away, or an id in the place of a name, would be believed.
func TestALookupThatFailsIsAnErrorOfThePage(t *testing.T) {
	s := newScene(t)
	s.resubmitted(t)
	failed := map[string]bool{}
	for _, a := range s.looked(t) {
		whole, _ := s.alone(a.method, a.path, a.cookie, a.form, 0)
		if whole.Code >= 500 || whole.Code == http.StatusNotFound {
			t.Fatalf("%s %s: got %d, want a page", a.method, a.path, whole.Code)
		}
		for n := 1; ; n++ {
			w, name := s.alone(a.method, a.path, a.cookie, a.form, n)
			if name == "" {
				break
			}
			failed[name] = true
			if w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s %s, while %s (call %d) fails: got %d, want 503", a.method, a.path, name, n, w.Code)
			}
		}
	}
	for _, name := range []string{"Directory.Organisation", "Directory.Person", "Directory.Roster", "Directory.Rules", "Files.Manifest", "Store.List", "Store.Load", "Store.ByNumber"} {
		if !failed[name] {
			t.Errorf("%s: no page asked for it, want it to have failed", name)
		}
	}
}

// An operation reads again what it could not read; the page behind it does not.
func TestWhatAPageLooksUpAfterAnOperationMustBeThere(t *testing.T) {
	s := newScene(t)
	lin, zhou := s.cookie(t, "hospital", "lin-zhi"), s.cookie(t, "agency", "zhou-heng")
	for name, a := range map[string]struct {
		asked
		last string // the page's own lookup
	}{
		"what was chosen": {asked{http.MethodPost, strings.Replace(s.open, "/hospital/", "/agency/", 1) + "/acts/identify", zhou, url.Values{
			"op": {rand.Text()}, "submission": {"1"}, "variety": {"gone"}, "reason": {""},
		}}, "Store.Head"},
		"the version that a script sends on": {asked{http.MethodPost, s.draft + "/items/signed-form", lin, url.Values{
			"op": {rand.Text()}, "version": {"0"}, "name": {"申请表.pdf"},
		}}, "Store.Load"},
	} {
		last := 0
		for n := 1; ; n++ {
			_, call := s.alone(a.method, a.path, a.cookie, a.form, n)
			if call == "" {
				break
			}
			if call == a.last {
				last = n
			}
		}
		if w, call := s.alone(a.method, a.path, a.cookie, a.form, last); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s, while %s (call %d) fails: got %d, want 503", name, call, last, w.Code)
		}
	}
}
