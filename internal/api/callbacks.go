package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/typed"
	"jixu/internal/webhook"
)

// Callbacks is where agencies' systems answer gates, by signed POST.
type Callbacks struct{ Base }

// CallbackRoutes lists their routes, for the description and the tests that try every
// one of them and hold the template to them.
func CallbackRoutes() []Route { return callbackRoutes }

var callbackRoutes = []Route{
	{"POST", "/callbacks/v1/answers", signed((*call).answerBySystem)},
	{"POST", "/callbacks/v1/evidence", signed((*call).evidenceBySystem)},
}

// Handler returns the routes. The template leads all of /callbacks/v1 here.
func (c *Callbacks) Handler() http.Handler {
	return c.handler(callbackRoutes, func(x *call) error {
		x.challenge = "Webhook-Signature"
		return x.verify(c.Systems, c.Now())
	})
}

// verify takes a request whose signature holds, and leaves its body to be read.
func (x *call) verify(systems *docket.AgencySystems, now time.Time) error {
	body, err := readBody(x.w, x.r)
	if err != nil {
		return err
	}
	m, err := webhook.Read(x.r.Header, body, now)
	if err != nil {
		return x.refuse(err)
	}
	secrets, hold, err := systems.Secrets(x.r.Context(), m.Sender)
	if err != nil {
		return err
	}
	if !m.Holds(secrets) {
		// The same for a wrong signature and for nobody: organisations cannot be tried out.
		return x.refuse(fault.New(fault.Forbidden, "webhook.signature"))
	}
	sum := sha256.New()
	sum.Write([]byte(x.r.Pattern + "\n"))
	sum.Write(body)
	x.body, x.sender = body, m.Sender
	x.logged().Organisation = m.Sender
	x.op = docket.Op{ID: m.ID, Body: hex.EncodeToString(sum.Sum(nil)), Holds: []docket.Hold{hold}}
	return nil
}

// refuse counts what an operator must hear of when there is much of it.
func (x *call) refuse(err error) error {
	x.house.Desk.Metrics.Count("CallbackRefused", 1)
	x.house.Log.WarnContext(x.r.Context(), "callback refused", "code", fault.Of(err).Code)
	return err
}

// signed is a route of the callbacks: its body is a T, and one of the sender's
// own people answers for it.
func signed[T interface{ person() string }](do func(*call, T) (any, error)) func(*call) error {
	return func(x *call) error {
		var in T
		if err := readJSON(x.body, &in); err != nil {
			return err
		}
		a, err := x.house.Systems.Named(x.r.Context(), x.sender, in.person())
		if err != nil {
			return err
		}
		x.actor, x.logged().Person = a, a.Person
		out, err := do(x, in)
		if err != nil {
			return err
		}
		x.write(http.StatusOK, "application/json", out)
		return nil
	}
}

// callbackIn says which gate, and who answers for it.
type callbackIn struct {
	About  *docket.About `json:"about"`
	Case   string        `json:"case"` // a case's id: how programs said it when only cases had gates
	Gate   string        `json:"gate"`
	Person string        `json:"person"`
}

func (in callbackIn) person() string { return in.Person }

// ref is the gate; of nothing, which no gate is, if it is said twice and not alike.
func (in callbackIn) ref() docket.GateRef {
	of := in.Case
	if in.About != nil {
		of = docket.NameOf(in.About.Kind, in.About.ID)
		if in.Case != "" && in.Case != of {
			of = ""
		}
	}
	return docket.GateRef{Of: of, Gate: in.Gate}
}

type systemAnswer struct {
	callbackIn
	answerIn
}

// answerBySystem answers a gate. The same answer again, under whatever id, is
// the same receipt; another one hears who decided.
func (x *call) answerBySystem(in systemAnswer) (any, error) {
	ctx := x.r.Context()
	r, g, err := x.house.Desk.Gate(ctx, in.ref(), x.actor)
	if err != nil {
		return nil, err
	}
	verb, answer, err := in.answer(r.Case, g)
	if err != nil {
		return nil, err
	}
	if in.Reply != nil {
		if err := x.house.Systems.Settled(ctx, in.ref(), in.Reply.Evidence, x.actor); err != nil {
			return nil, err
		}
	}
	ref := in.ref()
	ref.Submission = in.Submission
	receipt, err := x.house.Desk.Give(ctx, x.op, ref, verb, answer, x.actor, nil)
	if err != nil {
		return nil, x.losing(err, in.ref())
	}
	return x.receipt(receipt), nil
}

type systemEvidence struct {
	callbackIn
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// evidenceBySystem signs the upload of the regulator's letter.
func (x *call) evidenceBySystem(in systemEvidence) (any, error) {
	u := docket.Upload{Name: typed.Tidy(in.Name), SHA256: in.SHA256}
	f, t, err := x.house.Desk.EvidenceOnce(x.r.Context(), x.op, in.ref(), u, "", x.actor)
	if err != nil {
		return nil, x.losing(err, in.ref())
	}
	return upload{File: f.ID, Ticket: ticketOf(t)}, nil
}
