package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/web/form"
)

// statuses maps each kind of failure to HTTP. Nothing else in the sites does.
var statuses = map[fault.Kind]int{
	fault.NotFound:    http.StatusNotFound,
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.Conflict:    http.StatusConflict,
	fault.Forbidden:   http.StatusForbidden,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// failed is the page of an error: what happened in the reader's words, and what
// they can do. Our own mistakes show a reference only; the log has the rest.
type failed struct {
	Page
	Sentence  string
	Reference string
	Away      bool   // our failure, not the reader's: a phone number helps more than a link
	Back      string // a page of ours to go on from
}

// fail renders err. It is the only place that does.
func (x *exchange) fail(err error) {
	kind := fault.KindOf(err)
	f := fault.Of(err)
	data := failed{Sentence: x.lang.Say("failed.unavailable"), Back: x.backHref()}
	if f != nil {
		data.Sentence = x.lang.Say("fault."+f.Code, f.Args...)
		data.Errors = form.Wrong(x.lang, f.Problems, form.Unnamed)
	}
	if kind == fault.Unavailable {
		data.Away, data.Reference = true, x.reference()
		x.site.Log.ErrorContext(x.ctx(), "request failed", "err", err, "route", x.r.Pattern)
	}
	status := statuses[kind]
	if f != nil && f.Code == "body.large" {
		status = http.StatusRequestEntityTooLarge
	}
	data.Typed = x.typed()
	data.Title = x.titled(x.lang.Say("title."+string(kind)), data.Errors)
	if err := x.render(status, "failed", &data.Page, &data); err != nil {
		x.site.Log.ErrorContext(x.ctx(), "rendering the error page failed", "err", err)
		http.Error(x.w, http.StatusText(status), status)
	}
}

func (x *exchange) notFound() error { return fault.New(fault.NotFound, "page") }

// backHref is where the reader of an error page goes on: the case in the path,
// or else the list.
func (x *exchange) backHref() string {
	if id := x.r.PathValue("case"); id != "" && x.session != nil && x.actor.Via == party.BySession {
		return x.home() + "/cases/" + id
	}
	return x.home()
}

// control are fields that nobody types.
var control = []string{"op", "version", "choice", "gate", "item", "return", "lang", "large", "sha256", "evidence", "digits", "answers", "submission", "reply"}

// typedFrame is about what the page writes around one thing typed, in bytes.
const typedFrame = 64

// maxTyped is how much of what was typed a page shows again, in bytes: several
// times what our longest form takes. The browser still has the rest.
const maxTyped = 256 << 10

// typed lists what people typed into the form that was refused, by the form's
// own names, so that it can be copied. A request from elsewhere was never read.
func (x *exchange) typed() [][2]string {
	var out [][2]string
	left := maxTyped
	for _, name := range slices.Sorted(maps.Keys(x.r.PostForm)) {
		if slices.Contains(control, name) {
			continue
		}
		for _, value := range x.r.PostForm[name] {
			if left -= len(name) + len(value) + typedFrame; left < 0 {
				return out
			}
			if strings.TrimSpace(value) != "" {
				out = append(out, [2]string{name, value})
			}
		}
	}
	return out
}
