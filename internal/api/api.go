// Package api answers programs: people's own under /api/v1, who sign in with a
// token of the issuer, and agencies' machines under /callbacks/v1, who sign each
// request. It asks the docket for everything and decides nothing that the law
// decides. It knows no Lambda and no AWS; a function gives it its parts.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/logging"
	"jixu/internal/party"
	"jixu/internal/words"
)

// Base is what both of them stand on.
type Base struct {
	Desk      *docket.Desk
	Systems   *docket.AgencySystems
	Now       func() time.Time // the machine's time: tokens and signatures never use the system's
	Log       *slog.Logger
	Reference func(context.Context) string // names a request, for who calls for help
}

// Route is one method and path of the API: who may ask there, and what it does.
type Route struct {
	Method  string
	Pattern string // as net/http writes it
	Do      func(*call) error
}

// call is one request on its way.
type call struct {
	house     *Base
	w         http.ResponseWriter
	r         *http.Request
	lang      words.Lang
	challenge string // what a 401 asks for
	allow     string // what a 405 allows

	actor   party.Actor
	who     party.Person
	org     party.Organisation
	op      docket.Op
	version int    // of what the sender read, by If-Match
	sender  string // callbacks: the organisation that signed
	body    []byte
}

// handler leads each request through its route, once admit let it in.
func (h *Base) handler(routes []Route, admit func(*call) error) http.Handler {
	mux := http.NewServeMux()
	start := func(w http.ResponseWriter, r *http.Request) *call {
		return &call{house: h, w: w, r: r, lang: languageOf(r)}
	}
	methods := map[string][]string{}
	for _, d := range routes {
		methods[d.Pattern] = append(methods[d.Pattern], d.Method)
		if d.Method == http.MethodGet {
			methods[d.Pattern] = append(methods[d.Pattern], http.MethodHead) // the mux takes it with GET
		}
		mux.HandleFunc(d.Method+" "+d.Pattern, func(w http.ResponseWriter, r *http.Request) {
			x := start(w, r)
			x.logged().Route = d.Pattern
			err := admit(x)
			if err == nil {
				err = d.Do(x)
			}
			if err != nil {
				x.fail(err)
			}
		})
	}
	for pattern, list := range methods {
		slices.Sort(list)
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			x := start(w, r)
			x.allow, x.logged().Route = strings.Join(list, ", "), pattern
			x.fail(fault.New(fault.Invalid, "method"))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		start(w, r).fail(fault.New(fault.NotFound, "page"))
	})
	return logging.Requests(h.Log, h.Reference, h.Now, guarded(mux))
}

// logged is what the log says of this request.
func (x *call) logged() *logging.Request { return logging.RequestOf(x.r.Context()) }

// receipt is what the sender of an operation gets, and gets again.
type receipt struct {
	About        docket.About `json:"about"`
	Number       string       `json:"number,omitempty"`
	Verb         string       `json:"verb"`
	Gate         string       `json:"gate,omitempty"`
	Entry        int          `json:"entry,omitempty"`
	File         string       `json:"file,omitempty"`
	At           time.Time    `json:"at"`
	Person       string       `json:"person"`
	Organisation string       `json:"organisation"`
}

func (x *call) receipt(r docket.Receipt) receipt {
	return receipt{
		About: docket.AboutOf(r.Of()), Number: r.Number, Verb: string(r.Verb), Gate: r.Gate, Entry: r.Seq, File: r.File,
		At: r.At.UTC(), Person: r.Person, Organisation: r.Org,
	}
}

// ticket is a signed upload form: every field of it goes before the file.
type ticket struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

func ticketOf(t docket.Ticket) ticket { return ticket{URL: t.URL, Fields: t.Fields} }

// upload is a file about to be sent.
type upload struct {
	File   string `json:"file"`
	Ticket ticket `json:"ticket"`
}
