package logging

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// Request is what the line of a request says that its handler alone knows: names of ours
// and ids. A path is never among them, for it may hold a link; nor is what anybody typed.
type Request struct {
	Route        string // the pattern that matched, "" if none did
	Person       string // id of who asked, "" for a stranger
	Organisation string // id of theirs
	Outcome      string // the code of what it failed with; "ok" is written of what did not
}

type requestKey struct{}

// RequestOf returns what will be said of the request that ctx belongs to, to be filled in.
func RequestOf(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{} // nobody writes a line of it
}

// Requests returns next, which log says one line of each request of, once it is answered;
// id names a request and now is the time on the wall. Whatever else is logged meanwhile
// carries the request's id as well.
func Requests(log *slog.Logger, id func(context.Context) string, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, said, outer := now(), &Request{}, r.Context()
		name := id(outer)
		answer := &seen{ResponseWriter: w}
		done := false
		defer func() { // of one that panics too
			if !done {
				answer.status, said.Outcome = http.StatusInternalServerError, "panic"
			}
			log.InfoContext(outer, "answered",
				"route", said.Route, "method", methodOf(r), "status", answer.answered(), "outcome", said.outcome(answer.answered()),
				"person", said.Person, "organisation", said.Organisation, "request", name, "ms", now().Sub(began).Milliseconds())
		}()
		ctx := context.WithValue(With(outer, slog.String("request", name)), requestKey{}, said)
		next.ServeHTTP(answer, r.WithContext(ctx))
		done = true
	})
}

func (r *Request) outcome(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return "ok"
	case r.Outcome == "":
		return "refused"
	}
	return r.Outcome
}

// methodOf is the method, if it is one: a word that anybody made up is not written down.
func methodOf(r *http.Request) string {
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace,
	}
	if slices.Contains(known, r.Method) {
		return r.Method
	}
	return "other"
}

// seen is an answer that remembers its status.
type seen struct {
	http.ResponseWriter
	status int
}

func (s *seen) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *seen) answered() int {
	if s.status == 0 {
		return http.StatusOK // written without a word of its status, or nothing written
	}
	return s.status
}

// Unwrap is what net/http looks for behind an answer.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }
