package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// sent is what a client gets of an answer, as the gateway decodes it.
func sent(t *testing.T, a events.APIGatewayV2HTTPResponse) []byte {
	t.Helper()
	if !a.IsBase64Encoded {
		return []byte(a.Body)
	}
	body, err := base64.StdEncoding.DecodeString(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func unzipped(t *testing.T, body []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var longPage = "<!doctype html>" + strings.Repeat("<p>临床急需</p>", 200)

func TestCompression(t *testing.T) {
	page := func(change func(http.Header)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Length", strconv.Itoa(len(longPage)))
			if change != nil {
				change(w.Header())
			}
			_, _ = io.WriteString(w, longPage)
		}
	}
	const encoding = "Accept-Encoding"
	for _, row := range []struct {
		name    string
		accepts string
		write   http.HandlerFunc
		gzip    bool
		vary    string
	}{
		{"a page is compressed for who can read it", "gzip, deflate, br", page(nil), true, encoding},
		{"a page is sent as it is to who says nothing", "", page(nil), false, encoding},
		{"a page is sent as it is to who reads others only", "br, zstd", page(nil), false, encoding},
		{"gzip may be refused", "br, gzip;q=0", page(nil), false, encoding},
		{"gzip may be refused and all others taken", "gzip; q=0.0, *", page(nil), false, encoding},
		{"anything is gzip too", "*", page(nil), true, encoding},
		{"anything but nothing", "*;q=0", page(nil), false, encoding},
		{"a weight that is none refuses", "gzip;q=x", page(nil), false, encoding},
		{"names do not care for case", "GZIP;Q=0.5", page(nil), true, encoding},
		{"an answer of JSON is compressed", "gzip", page(func(h http.Header) { h.Set("Content-Type", "application/problem+json") }), true, encoding},
		{"what it depends on besides stays said", "gzip", page(func(h http.Header) { h.Set("Vary", "Accept-Language") }), true, "Accept-Language, " + encoding},
		{"what is said already is not said twice", "gzip", page(func(h http.Header) { h.Set("Vary", "accept-encoding") }), true, "accept-encoding"},
		{"what holds a secret is left alone", "gzip", page(func(h http.Header) { h.Set("Cache-Control", "no-store, no-transform") }), false, ""},
		{"what is encoded is left alone", "gzip", page(func(h http.Header) { h.Set("Content-Encoding", "br") }), false, ""},
		{"a part is left alone", "gzip", page(func(h http.Header) { h.Set("Content-Range", "bytes 0-1/2") }), false, ""},
		{"a picture is left alone", "gzip", page(func(h http.Header) { h.Set("Content-Type", "image/png") }), false, ""},
		{"a short page is left alone", "gzip", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<p>"+strings.Repeat("x", 1000))
		}, false, ""},
		{"nothing is left alone", "gzip", func(http.ResponseWriter, *http.Request) {}, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var lengths []string
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				e := event(func(e *events.APIGatewayV2HTTPRequest) {
					e.RequestContext.HTTP.Method = method
					e.Headers["accept-encoding"] = row.accepts
				})
				a, err := Handle(row.write)(context.Background(), e)
				if err != nil {
					t.Fatal(err)
				}
				body := sent(t, a)
				if (a.Headers["Content-Encoding"] == "gzip") != row.gzip || a.Headers["Vary"] != row.vary {
					t.Errorf("%s: got %v, want compressed %v and Vary %q", method, a.Headers, row.gzip, row.vary)
				}
				if method == http.MethodHead {
					if len(body) != 0 {
						t.Errorf("HEAD: got %d bytes, want none", len(body))
					}
					lengths = append(lengths, a.Headers["Content-Length"])
					continue
				}
				lengths = append(lengths, strconv.Itoa(len(body)))
				if _, said := a.Headers["Content-Length"]; said {
					t.Errorf("%s: got a length of ours, want the gateway's own count", method)
				}
				if row.gzip && (unzipped(t, body) != longPage || len(body) > len(longPage)/3) {
					t.Errorf("%s: got %d bytes of %d, want the page in a third", method, len(body), len(longPage))
				}
			}
			if lengths[0] != lengths[1] || lengths[0] != lengths[2] {
				t.Errorf("lengths of GET, HEAD and POST: got %v, want them alike", lengths)
			}
		})
	}
}

func TestWritersAreUsedAgainAndKeepNothing(t *testing.T) {
	for _, text := range []string{longPage, strings.Repeat("another page ", 500), longPage} {
		h := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
		a, err := Handle(http.HandlerFunc(h))(context.Background(), event(func(e *events.APIGatewayV2HTTPRequest) { e.Headers["accept-encoding"] = "gzip" }))
		if err != nil || unzipped(t, sent(t, a)) != text {
			t.Errorf("got another text back (%v)", err)
		}
	}
}

func BenchmarkCompressPage(b *testing.B) {
	text := []byte(strings.Repeat(longPage, 8))
	for b.Loop() {
		a := newAnswer()
		a.header.Set("Content-Type", "text/html")
		_, _ = a.Write(text)
		a.compress(http.Header{"Accept-Encoding": {"gzip"}})
	}
}
