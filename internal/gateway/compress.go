package gateway

import (
	"bytes"
	"compress/gzip"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The gateway compresses nothing, so functions do; gzip is what the standard library has.
//
// Whoever makes a browser ask for a page, chooses a part of it and sees how long the
// answer is, can guess what else is in a compressed page (BREACH). No page holds what such
// a guess is after: a change is refused by its origin and by a cookie nobody shows, never
// let through by a token on the page; an operation's id on a form is a fresh name that
// opens nothing. A link's page holds its link, which whoever asks for it has. Cookies are
// SameSite=Lax, so that another site can have a page of ours only by opening it. An
// answer that does hold a secret, such as a signed upload, says no-transform and is sent
// as it is.

// worth is what a body must weigh to be compressed, in bytes.
const worth = 1 << 10

// compressible are the kinds of answers that gzip makes a third of.
var compressible = []string{
	"text/html", "text/css", "text/javascript", "text/plain", "application/javascript", "application/json", "application/problem+json",
}

// level is where pages of ours stop growing smaller and only the time grows.
const level = 6

var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, level) // fails for levels there are not
	return w
}}

// compress makes the body smaller, if the answer may be and its asker can read it.
func (a *answer) compress(asked http.Header) {
	a.WriteHeader(http.StatusOK)
	if !a.mayCompress() {
		return
	}
	vary(a.sent, "Accept-Encoding")
	if !acceptsGzip(asked.Values("Accept-Encoding")) {
		return
	}
	var small bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&small)
	_, _ = w.Write(a.body.Bytes()) // into memory: nothing can fail
	_ = w.Close()
	a.body = small
	// An ETag stays: that of a static file is weak, that of the API names a version of a case, and no answer of it is kept.
	a.sent.Set("Content-Encoding", "gzip")
	a.sent.Del("Content-Length")
	a.sent.Del("Accept-Ranges")
}

func (a *answer) mayCompress() bool {
	kind, _, _ := mime.ParseMediaType(a.sent.Get("Content-Type"))
	return a.body.Len() > worth && slices.Contains(compressible, kind) &&
		a.sent.Get("Content-Encoding") == "" && a.sent.Get("Content-Range") == "" &&
		!strings.Contains(a.sent.Get("Cache-Control"), "no-transform")
}

// vary says that an answer depends on a header, once.
func vary(header http.Header, name string) {
	for _, line := range header.Values("Vary") {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), name) {
				return
			}
		}
	}
	header.Add("Vary", name)
}

// acceptsGzip reports whether lines of Accept-Encoding allow gzip, by name or as any.
func acceptsGzip(lines []string) bool {
	every := false
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				q = 0
			}
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return q > 0
		case "*":
			every = q > 0
		}
	}
	return every
}
