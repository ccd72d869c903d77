package api

import (
	"context"
	"encoding/base64"
	"net/http"

	"jixu/internal/fault"
)

// API is where people's own programs act for them, with a token of the issuer.
type API struct {
	Base
	Issuer string
	Client string
	Claims func(context.Context) map[string]string // of the token that the gateway let in
}

// Routes lists what programs may ask, for the description and the tests that try every one
// of them and hold the template to them.
func Routes() []Route { return routes }

// To add an operation: its row here, a type for its body with a JSON name for
// each field, its path and schemas in docs/openapi.yaml.
var routes = []Route{
	{"GET", "/api/v1/me", see((*call).me)},

	{"GET", "/api/v1/cases", see((*call).cases, "cursor", "limit", "number")},
	{"POST", "/api/v1/cases", send((*call).create)},
	{"GET", "/api/v1/cases/{case}", see((*call).readCase)},
	{"GET", "/api/v1/cases/{case}/history", see((*call).history, "cursor", "limit")},
	{"GET", "/api/v1/cases/{case}/precheck", see((*call).precheck)},
	{"GET", "/api/v1/cases/{case}/route", see((*call).situation)},
	{"GET", "/api/v1/cases/{case}/submissions/{no}", see((*call).submission)},
	{"POST", "/api/v1/cases/{case}/clone", send((*call).clone)},
	{"POST", "/api/v1/cases/{case}/form", edit((*call).save)},
	{"POST", "/api/v1/cases/{case}/claim", edit((*call).claim)},
	{"POST", "/api/v1/cases/{case}/files", edit((*call).attach)},
	{"POST", "/api/v1/cases/{case}/files/{file}/ticket", send((*call).ticket)},
	{"POST", "/api/v1/cases/{case}/files/{file}/detach", edit((*call).detach)},
	{"POST", "/api/v1/cases/{case}/files/{file}/open", send((*call).open)},
	{"POST", "/api/v1/cases/{case}/submit", edit((*call).submit)},
	{"POST", "/api/v1/cases/{case}/withdraw", send((*call).withdraw)},
	{"POST", "/api/v1/cases/{case}/filing", send((*call).filing)},
	{"POST", "/api/v1/cases/{case}/report", send((*call).report)},
	{"POST", "/api/v1/cases/{case}/receive", send((*call).receive)},
	{"POST", "/api/v1/cases/{case}/join", send((*call).join)},
	{"POST", "/api/v1/cases/{case}/identify", send((*call).identify)},
	{"POST", "/api/v1/cases/{case}/register", send((*call).register)},
	{"POST", "/api/v1/cases/{case}/late-opinion", send((*call).opineLate)},

	{"GET", "/api/v1/cases/{case}/gates", see((*call).gates)},
	{"GET", "/api/v1/cases/{case}/gates/{gate}", see((*call).gate)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/answer", send((*call).answer)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/rehearse", send((*call).rehearse)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/evidence", send((*call).evidence)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/resubmit", edit((*call).resubmit)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/deliver", edit((*call).deliver)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/amend", send((*call).amend)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/correct", send((*call).correct)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/hold", send((*call).hold)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/release", send((*call).release)},
	{"POST", "/api/v1/cases/{case}/gates/{gate}/assign", send((*call).assign)},

	{"GET", "/api/v1/inbox", see((*call).inbox, "cursor", "limit")},
	{"GET", "/api/v1/copies", see((*call).copies, "cursor", "limit")},

	{"GET", "/api/v1/inquiries", see((*call).inquiries, "cursor", "limit")},
	{"POST", "/api/v1/inquiries", send((*call).inquire)},
	{"GET", "/api/v1/inquiries/{inquiry}", see((*call).inquiry)},
	{"POST", "/api/v1/inquiries/{inquiry}/answer", send((*call).answerInquiry)},
	{"POST", "/api/v1/inquiries/{inquiry}/attach", send((*call).attachInquiry)},

	{"GET", "/api/v1/varieties", see((*call).varieties, "kind", "cursor", "limit")},
	{"GET", "/api/v1/varieties/{variety}", see((*call).variety)},
	{"POST", "/api/v1/varieties/{variety}/correct", edit((*call).correctVariety)},
	{"POST", "/api/v1/varieties/{variety}/mark", edit((*call).markVariety)},

	{"GET", "/api/v1/packs/{kind}", see((*call).pack)},

	{"GET", "/api/v1/organisation/machine", see((*call).trust)},
	{"POST", "/api/v1/organisation/secrets", send((*call).makeSecret)},
	{"POST", "/api/v1/organisation/secrets/{secret}/revoke", send((*call).revokeSecret)},
	{"POST", "/api/v1/organisation/address", send((*call).direct)},
}

// Handler returns the routes. The template leads all of /api/v1 here.
func (a *API) Handler() http.Handler { return a.handler(routes, a.identify) }

// see is a route that shows and changes nothing. query are the parameters it takes.
func see(do func(*call) (any, error), query ...string) func(*call) error {
	return func(x *call) error {
		if err := known(x.r, query...); err != nil {
			return err
		}
		out, err := do(x)
		if err != nil {
			return err
		}
		x.write(http.StatusOK, "application/json", out)
		return nil
	}
}

// send is a route that changes something: it wants an Idempotency-Key and a body
// that is a T.
func send[T any](do func(*call, T) (any, error)) func(*call) error {
	return func(x *call) error {
		if err := known(x.r); err != nil {
			return err
		}
		if err := x.key(); err != nil {
			return err
		}
		body, err := readBody(x.w, x.r)
		if err != nil {
			return err
		}
		var in T
		if err := readJSON(body, &in); err != nil {
			return err
		}
		out, err := do(x, in)
		if err != nil {
			return err
		}
		status := http.StatusOK
		if x.w.Header().Get("Location") != "" {
			status = http.StatusCreated
		}
		x.write(status, "application/json", out)
		return nil
	}
}

// edit is send for what its sender has read before: it wants an If-Match as
// well, and says which version it made.
func edit[T any](do func(*call, T) (any, error)) func(*call) error {
	return send(func(x *call, in T) (any, error) {
		if err := x.match(); err != nil {
			return nil, err
		}
		out, err := do(x, in)
		if err == nil {
			x.w.Header().Set("ETag", etag(x.version+1))
		}
		return out, err
	})
}

// list is one page of a list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next page; none: this is the last

	Unreadable int `json:"unreadable,omitempty"` // rows of this page that cannot be shown at present
}

func listOf[T any](items []T, next string) list[T] {
	if items == nil {
		items = []T{}
	}
	if next != "" {
		next = base64.RawURLEncoding.EncodeToString([]byte(next))
	}
	return list[T]{Items: items, Next: next}
}

// without says how many rows of the page cannot be shown at present.
func (l list[T]) without(unreadable int) list[T] {
	l.Unreadable = unreadable
	return l
}

// unread records which rows of a list cannot be shown, and counts them.
func (x *call) unread(names []string) int {
	if len(names) > 0 {
		x.house.Log.ErrorContext(x.r.Context(), "records of a list cannot be read", "records", names)
	}
	return len(names)
}

func cursorOf(text string) (string, error) {
	after, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", fault.New(fault.Invalid, "cursor")
	}
	return string(after), nil
}
