package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/web/site"
)

// gzipped is how much text weighs on its way.
func gzipped(t testing.TB, text []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

func TestStyleAndScriptAreSmall(t *testing.T) {
	for name, f := range statics() {
		size := gzipped(t, f.data)
		t.Logf("%s: %d bytes, %d compressed", name, len(f.data), size)
		if size > 7<<10 {
			t.Errorf("%s: got %d bytes compressed, want at most 7 kB", name, size)
		}
	}
}

// staticOf asks for a static file as a browser would.
func staticOf(method, address string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, address, http.NoBody)
	for name, values := range header {
		r.Header[name] = values
	}
	r.SetPathValue("file", strings.TrimPrefix(address, "/static/"))
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "no-store")
	x := plainPages{base{Request: &site.Request{W: w, R: r}}}
	if err := x.static(); err != nil {
		w.WriteHeader(http.StatusNotFound)
	}
	return w
}

func TestAStaticFileIsCalledByItsContentAndKeptForEver(t *testing.T) {
	for name, kind := range map[string]string{
		"style.css": "text/css; charset=utf-8", "upload.js": "text/javascript; charset=utf-8", "answer.js": "text/javascript; charset=utf-8",
	} {
		f := statics()[name]
		if !regexp.MustCompile(`^/static/[a-z]+\.[0-9a-f]{10}\.[a-z]+$`).MatchString(f.address) || staticAddress(name) != f.address {
			t.Errorf("%s: got address %q, want its hash in it", name, f.address)
		}
		w := staticOf(http.MethodGet, f.address, nil)
		if w.Code != http.StatusOK || w.Body.String() != string(f.data) || w.Header().Get("Content-Type") != kind ||
			w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: got %d and %v, want it kept for ever", f.address, w.Code, w.Header())
		}
		etag := w.Header().Get("ETag")
		for sentence, tag := range map[string]string{
			"its own": etag, "its own, as a strong one": strings.TrimPrefix(etag, "W/"), "one of many": `"x", ` + etag, "any": "*",
		} {
			w := staticOf(http.MethodGet, f.address, http.Header{"If-None-Match": {tag}})
			if w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("ETag") != etag || w.Header().Get("Vary") == "" {
				t.Errorf("%s with a tag, %s: got %d and %d bytes, want 304", name, sentence, w.Code, w.Body.Len())
			}
		}
		if w := staticOf(http.MethodGet, f.address, http.Header{"If-None-Match": {`W/"0000000000"`}}); w.Code != http.StatusOK {
			t.Errorf("%s with another's tag: got %d, want it whole", name, w.Code)
		}
		// A page of the build before still finds its style, and nothing keeps it under the old address.
		for _, old := range []string{"/static/" + name, strings.Replace(f.address, f.hash, "0123456789", 1)} {
			w := staticOf(http.MethodGet, old, http.Header{"If-None-Match": {etag}})
			if w.Code != http.StatusOK || w.Body.String() != string(f.data) || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
				t.Errorf("%s: got %d and %v, want the file of today, not kept", old, w.Code, w.Header())
			}
		}
	}
	for _, none := range []string{
		"/static/none.css", "/static/style.js", "/static/.css", "/static/layout.html", "/static/style", "/static/..%2ftemplates%2fcode.html",
	} {
		if w := staticOf(http.MethodGet, none, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", none, w.Code)
		}
	}
}

// weighsLittle checks what a page weighs on its way.
func weighsLittle(t *testing.T, what string, page []byte) {
	t.Helper()
	if size := gzipped(t, page); size > 10<<10 {
		t.Errorf("%s: got %d bytes, %d compressed, want at most 10 kB", what, len(page), size)
	}
}

// asksForLittle checks that a page needs two requests beside itself at most, and that what
// they bring is kept for ever.
func asksForLittle(t *testing.T, what string, doc *goquery.Document) {
	t.Helper()
	var asks []string
	doc.Find("link[href], script[src], img[src], iframe, source, object, embed").Each(func(_ int, e *goquery.Selection) {
		if at := e.AttrOr("href", e.AttrOr("src", "?")); !strings.HasPrefix(at, "data:") {
			asks = append(asks, at)
		}
	})
	if len(asks) > 2 {
		t.Errorf("%s: got requests for %v, want two at most", what, asks)
	}
	ours := map[string]bool{}
	for _, f := range statics() {
		ours[f.address] = true
	}
	for _, at := range asks {
		if !ours[at] && !strings.HasPrefix(at, "x") { // a filled page names its script so
			t.Errorf("%s: got a request for %s, want static files by their hash alone", what, at)
		}
	}
}
