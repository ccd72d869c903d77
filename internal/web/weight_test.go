package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// What people open, whole and as the gateway sends it: every page that the sample cases lead to.
func TestEveryPageWeighsTenKilobytesAtMost(t *testing.T) {
	h := newHouse(t)
	h.furnish(t)
	seen, whole, small, most := 0, 0, 0, ""
	largest := 0
	for _, who := range [][2]string{{"hospital", "lin-zhi"}, {"hospital", "gu-ming"}, {"agency", "zhou-heng"}, {"agency", "qian-rong"}, {"agency", "shen-an"}} {
		cookie := h.cookie(t, who[0], who[1])
		todo, known := []string{"/" + who[0]}, map[string]bool{}
		for len(todo) > 0 {
			path := todo[0]
			todo = todo[1:]
			if known[path] {
				continue
			}
			known[path] = true
			a := h.proxied(t, http.MethodGet, path, map[string]string{"cookie": cookie, "accept-encoding": "gzip"})
			if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Headers["Content-Type"], "text/html") {
				continue
			}
			body := []byte(a.Body)
			if a.IsBase64Encoded {
				var err error
				body, err = base64.StdEncoding.DecodeString(a.Body)
				must(t, err)
			}
			size := len(body)
			if a.Headers["Content-Encoding"] == "gzip" {
				r, err := gzip.NewReader(bytes.NewReader(body))
				must(t, err)
				body, err = io.ReadAll(r)
				must(t, err)
			} else if !strings.Contains(a.Headers["Cache-Control"], "no-transform") {
				t.Errorf("%s: got it as it is, want it compressed", path)
			}
			seen, whole, small = seen+1, whole+len(body), small+size
			if size > largest {
				largest, most = size, path
			}
			if size > 10<<10 {
				t.Errorf("%s for %s: got %d bytes of %d, want at most 10 kB", path, who[1], size, len(body))
			}
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
			must(t, err)
			doc.Find("a[href]").Each(func(_ int, e *goquery.Selection) {
				if to := e.AttrOr("href", ""); strings.HasPrefix(to, "/"+who[0]) {
					to, _, _ = strings.Cut(to, "#")
					todo = append(todo, to)
				}
			})
		}
	}
	if seen < 50 {
		t.Errorf("got %d pages, want those of all sample cases", seen)
	}
	t.Logf("%d pages: %d bytes, %d on their way; the largest is %s with %d", seen, whole, small, most, largest)
}

// What is compressed tells by its length what is in it. Answers that hold what opens
// something are sent as they are.
func TestWhatHoldsASecretIsNotCompressed(t *testing.T) {
	s := newScene(t)
	lin, shen := s.cookie(t, "hospital", "lin-zhi"), s.cookie(t, "agency", "shen-an")
	gate := s.gatePath(t, s.open, "reply")
	asked := s.send("POST", gate+"/evidence", shen, url.Values{"op": {rand.Text()}, "name": {"更正.pdf"}})
	if asked.Code != http.StatusSeeOther {
		t.Fatalf("announcing a letter: got %d", asked.Code)
	}
	for what, row := range map[string]struct{ method, path, cookie, accept, body string }{
		"a signed upload":             {"GET", s.draft + "/files/" + s.file, lin, "text/html", ""},
		"a signed upload, for script": {"GET", s.draft + "/files/" + s.file, lin, "application/json", ""},
		"a signed upload of a letter": {"GET", asked.Header().Get("Location"), shen, "text/html", ""},
		"an upload that was asked for": {
			"POST", s.draft + "/items/description", lin, "application/json",
			url.Values{"op": {rand.Text()}, "version": {fmt.Sprint(s.load(t, s.draft).Case.Dossier)}, "name": {"说明.pdf"}}.Encode(),
		},
		"the way to the issuer": {"POST", "/hospital/sign-in", "", "text/html", "op=aaaaaaaaaaaaaaaaaaaa"},
	} {
		r := httptest.NewRequest(row.method, s.Site+row.path, strings.NewReader(row.body))
		for name, value := range map[string]string{
			"Cookie": row.cookie, "Accept": row.accept, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
		} {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		if got := w.Header().Get("Cache-Control"); w.Code != http.StatusOK || got != "no-store, no-transform" {
			t.Errorf("%s: got %d and %q, want it sent as it is", what, w.Code, got)
		}
	}
}

// What a page holds lets no change through: an operation's id is a name that anybody may
// make up, and one from a page opens nothing to another origin.
func TestNoTokenOnAPageLetsAChangeThrough(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	form := s.send("GET", "/hospital/new", lin, nil)
	shown := page(t, form).Find(`main input[name="op"]`).First().AttrOr("value", "")
	before := s.kept()
	r := httptest.NewRequest("POST", s.Site+"/hospital/new", strings.NewReader(url.Values{"op": {shown}, "kind": {"device"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", lin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	if shown == "" || w.Code != http.StatusForbidden || s.kept() != before {
		t.Errorf("another origin with the operation %q of a page: got %d, want 403 and nothing changed", shown, w.Code)
	}
	if w := s.send("POST", "/hospital/new", lin, url.Values{"op": {rand.Text()}, "kind": {"device"}}); w.Code != http.StatusSeeOther {
		t.Errorf("our own page with a name that no page showed: got %d, want it done", w.Code)
	}
}
