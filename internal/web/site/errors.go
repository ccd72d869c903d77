package site

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

// codes are the failures that HTTP has a word of its own for.
var codes = map[string]int{
	"body.large":  http.StatusRequestEntityTooLarge,
	"page.method": http.StatusMethodNotAllowed,
}

// FailedPage is the page of an error: what happened in the reader's words, and what
// they can do. Our own mistakes show a reference only; the log has the rest.
type FailedPage struct {
	Page
	Sentence  string
	Reference string
	Away      bool   // our failure, not the reader's: a phone number helps more than a link
	Back      string // a page of ours to go on from
}

// Status is what HTTP says of a kind of failure.
func Status(kind fault.Kind) int { return statuses[kind] }

// fail renders err. It is the only place that does.
func (x *Request) fail(err error) {
	kind := fault.KindOf(err)
	f := fault.Of(err)
	x.logged().Outcome = outcome(kind, f)
	data := FailedPage{Sentence: x.Lang.Say("failed.unavailable"), Back: x.backHref()}
	if f != nil {
		data.Sentence = x.Lang.Say("fault."+f.Code, f.Args...)
		data.Errors = form.Wrong(x.Lang, f.Problems, form.Unnamed)
	}
	if kind == fault.Unavailable {
		data.Away, data.Reference = true, x.reference()
		x.Site.Log.ErrorContext(x.Ctx(), "request failed", "err", err, "route", x.R.Pattern)
	}
	status := statuses[kind]
	if f != nil && codes[f.Code] != 0 {
		status = codes[f.Code]
	}
	data.Moved, _ = x.moved() // if the clock is what failed, the page must be shown all the same
	data.Typed = x.Typed()
	data.Title = x.Titled(x.Lang.Say("title."+string(kind)), data.Errors)
	if err := x.write(status, "failed", &data.Page, &data); err != nil {
		x.Site.Log.ErrorContext(x.Ctx(), "rendering the error page failed", "err", err)
		http.Error(x.W, http.StatusText(status), status)
	}
}

// NotFound is the page for a path that leads nowhere.
func (x *Request) NotFound() error { return fault.New(fault.NotFound, "page") }

// backHref is where the reader of an error page goes on: the case in the path,
// or else the list.
func (x *Request) backHref() string {
	if id := x.R.PathValue("case"); id != "" && x.Session != nil && x.Actor.Via == party.BySession {
		return x.Home() + "/cases/" + id
	}
	return x.Home()
}

// control are fields that nobody types.
var control = []string{"op", "version", "choice", "gate", "item", "return", "lang", "large", "sha256", "evidence", "digits", "answers", "submission", "reply"}

// typedFrame is about what the page writes around one thing typed, in bytes.
const typedFrame = 64

// maxTyped is how much of what was typed a page shows again, in bytes: several
// times what our longest form takes. The browser still has the rest.
const maxTyped = 256 << 10

// Typed lists what people typed into the form that was refused, by the form's
// own names, so that it can be copied. A request from elsewhere was never read.
func (x *Request) Typed() [][2]string {
	var out [][2]string
	left := maxTyped
	for _, name := range slices.Sorted(maps.Keys(x.R.PostForm)) {
		if slices.Contains(control, name) {
			continue
		}
		for _, value := range x.R.PostForm[name] {
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

// ClosedPage is the page of a link that opens nothing.
type ClosedPage struct{ Page }

// Closed is all that a stranger learns of a link that was never made, has been
// used, was revoked or has expired.
func (x *Request) Closed() error {
	p := ClosedPage{}
	x.logged().Outcome = "closed"
	p.Title = x.Lang.Say("closed.title")
	return x.Render(http.StatusNotFound, "closed", &p.Page, &p)
}
