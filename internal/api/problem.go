package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/words"
)

// statuses maps each kind of failure to HTTP. Nothing else here does, but for
// the codes below.
var statuses = map[fault.Kind]int{
	fault.NotFound:    http.StatusNotFound,
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.Conflict:    http.StatusConflict,
	fault.Forbidden:   http.StatusForbidden,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// codes are the failures that HTTP has a word of its own for.
var codes = map[string]int{
	"body.large":        http.StatusRequestEntityTooLarge,
	"body.type":         http.StatusUnsupportedMediaType,
	"json":              http.StatusBadRequest,
	"idempotency":       http.StatusBadRequest,
	"cursor":            http.StatusBadRequest,
	"method":            http.StatusMethodNotAllowed,
	"if-match":          http.StatusPreconditionRequired,
	"version":           http.StatusPreconditionFailed,
	"token":             http.StatusUnauthorized,
	"webhook.headers":   http.StatusBadRequest,
	"webhook.time":      http.StatusUnauthorized,
	"webhook.signature": http.StatusUnauthorized,
}

// problem is an error as RFC 9457 writes it.
type problem struct {
	Type      string     `json:"type"`
	Title     string     `json:"title"`
	Status    int        `json:"status"`
	Detail    string     `json:"detail"`
	Code      string     `json:"code"`                // stable: programs look at this
	Errors    []wrong    `json:"errors,omitempty"`    // each field that cannot be taken
	Decided   *decidedBy `json:"decided,omitempty"`   // the gate was answered already: by whom, what and when
	Reference string     `json:"reference,omitempty"` // names the request, for who calls for help
}

// wrong is one field of the body that cannot be taken.
type wrong struct {
	Field  string `json:"field"` // "" for the body as a whole
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// decidedBy is an answer that was there first.
type decidedBy struct {
	Choice       string    `json:"choice"`
	Person       named     `json:"person"`
	Organisation named     `json:"organisation"`
	At           time.Time `json:"at"`
	Entry        int       `json:"entry"`
}

// fail answers with err. It is the only place that does.
func (x *call) fail(err error) {
	kind, f := fault.KindOf(err), fault.Of(err)
	p := problem{
		Type: "about:blank", Status: statuses[kind], Title: x.lang.Say("title." + string(kind)),
		Detail: x.lang.Say("fault.busy"), Code: "busy",
	}
	if f != nil {
		p.Code, p.Detail = f.Code, x.say(f.Code, f.Args...)
		for _, bad := range f.Problems {
			p.Errors = append(p.Errors, wrong{Field: bad.Field, Code: bad.Code, Detail: x.say(bad.Code, bad.Args...)})
		}
		if status, ok := codes[f.Code]; ok {
			p.Status = status
		}
	}
	var lost *answered
	if errors.As(err, &lost) {
		p.Decided = x.decided(lost.gate)
	}
	p.Type = "urn:jixu:problem:" + p.Code
	x.logged().Outcome = p.Code
	switch p.Status {
	case http.StatusServiceUnavailable:
		p.Reference = x.house.Reference(x.r.Context())
		x.w.Header().Set("Retry-After", "5")
		x.house.Log.ErrorContext(x.r.Context(), "request failed", "err", err, "route", x.r.Pattern)
	case http.StatusUnauthorized:
		x.w.Header().Set("WWW-Authenticate", x.challenge)
	case http.StatusMethodNotAllowed:
		x.w.Header().Set("Allow", x.allow)
	}
	x.write(p.Status, "application/problem+json", p)
}

// say puts a code into words: those for programs where there are any, else those
// of the pages.
func (x *call) say(code string, args ...any) string {
	if words.Has("api." + code) {
		return x.lang.Say("api."+code, args...)
	}
	return x.lang.Say("fault."+code, args...)
}

// answered is a conflict at a gate that somebody had answered.
type answered struct {
	error
	gate gate.Gate
}

func (a *answered) Unwrap() error { return a.error }

// losing tells a conflict at ref together with the answer that was there first.
func (x *call) losing(err error, ref docket.GateRef) error {
	if !errors.Is(err, fault.Conflict) {
		return err
	}
	_, g, lookErr := x.house.Desk.Gate(x.r.Context(), ref, x.actor)
	if lookErr != nil || g.Answer == nil {
		return err
	}
	return &answered{err, g}
}

func (x *call) decided(g gate.Gate) *decidedBy {
	a := g.Answer
	return &decidedBy{
		Choice: a.Choice, Person: x.person(a.Person), Organisation: x.organisation(a.Org), At: a.At.UTC(), Entry: a.Seq,
	}
}

// maxAnswer is what an answer may weigh, in bytes: a function answers with six
// megabytes at most, and its answer is written as a string within JSON. Pages of
// lists and of histories and the list of problems end long before.
const maxAnswer = 4 << 20

var errLarge = errors.New("the answer is too large to be carried")

// write sends v as JSON. Nothing is written before nothing can fail.
func (x *call) write(status int, kind string, v any) {
	body, err := json.Marshal(v)
	if err == nil && len(body) > maxAnswer {
		err = errLarge
	}
	if err != nil {
		x.house.Log.ErrorContext(x.r.Context(), "writing an answer failed", "err", err, "route", x.r.Pattern)
		x.logged().Outcome = "internal"
		status, body = http.StatusInternalServerError, []byte(`{"type":"about:blank","title":"internal error","status":500,"detail":"","code":"internal"}`)
	}
	h := x.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Language", x.lang.Tag())
	x.w.WriteHeader(status)
	_, _ = x.w.Write(append(body, '\n')) // who went away misses nothing
}

// languageOf is what the sender reads best of the two; Chinese unless it says
// otherwise.
func languageOf(r *http.Request) words.Lang {
	return words.Accepted(r.Header.Values("Accept-Language"))
}

// guarded puts the headers on every answer.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language")
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// named is a person or an organisation: its id, and what it is called.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// person names a person for the reader; an id alone if nobody knows it.
func (x *call) person(id string) named {
	p, err := x.house.Desk.Directory.Person(context.WithoutCancel(x.r.Context()), id)
	if err != nil {
		return named{ID: id}
	}
	return named{ID: id, Name: p.Name(string(x.lang))}
}

// organisation names an organisation for the reader.
func (x *call) organisation(id string) named {
	o, err := x.house.Desk.Directory.Organisation(context.WithoutCancel(x.r.Context()), id)
	if err != nil {
		return named{ID: id}
	}
	return named{ID: id, Name: o.Name(string(x.lang))}
}
