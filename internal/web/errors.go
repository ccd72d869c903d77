package web

import (
	"net/http"

	"jixu/internal/fault"
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
	Kind      fault.Kind
	Sentence  string
	Reference string
}

// fail renders err. It is the only place that does.
func (x *exchange) fail(err error) {
	kind := fault.KindOf(err)
	f := fault.Of(err)
	data := failed{Kind: kind}
	if f != nil {
		data.Sentence = x.lang.Say("fault."+f.Code, f.Args...)
		data.Errors = x.problems(f.Problems)
	}
	if kind == fault.Unavailable {
		data.Reference = x.reference()
		x.site.Log.ErrorContext(x.ctx(), "request failed", "err", err, "route", x.r.Pattern)
	}
	status := statuses[kind]
	if f != nil && f.Code == "body.large" {
		status = http.StatusRequestEntityTooLarge
	}
	data.Title = x.lang.Say("title." + string(kind))
	if err := x.render(status, "failed", &data.Page, &data); err != nil {
		x.site.Log.ErrorContext(x.ctx(), "rendering the error page failed", "err", err)
		http.Error(x.w, http.StatusText(status), status)
	}
}

func (x *exchange) notFound() error { return fault.New(fault.NotFound, "page") }

// Error is one line of the error summary, linked to its field.
type Error struct {
	Field    string
	Sentence string
}

// problems says in the reader's language what is wrong with which field.
func (x *exchange) problems(list []fault.Problem) []Error {
	out := make([]Error, len(list))
	for i, p := range list {
		out[i] = Error{Field: p.Field, Sentence: x.lang.Say("fault."+p.Code, p.Args...)}
	}
	return out
}
