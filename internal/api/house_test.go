package api_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"jixu/internal/api"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/journey"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/sample"
	"jixu/internal/world"
)

// monday is when the law's clock stands at the start of a test; the wall's
// stands somewhere else, so that nobody mistakes one for the other.
var (
	monday = time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC)
	wall   = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
)

// house is everything that answers programs, in a town.
type house struct {
	*testing.T
	*memory.World
	*world.Town
	callbacks http.Handler
	api       http.Handler
	contract  *contract
	common    api.Base
	log       *bytes.Buffer

	mu  sync.Mutex
	now time.Time // the wall's
	ops int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, log: &bytes.Buffer{}, now: wall}
	h.Town = world.New(t, world.Options{Opening: monday, Wall: h.clock})
	h.World = h.Town.World
	var err error
	h.contract, err = theContract()
	h.must(err)
	log := slog.New(slog.NewJSONHandler(&locked{w: h.log}, nil))
	common := api.Base{
		Desk: h.Desk, Systems: h.Systems, Now: h.clock,
		Log: log, Reference: func(context.Context) string { return "ref-1" },
	}
	h.common = common
	h.callbacks = (&api.Callbacks{Base: common}).Handler()
	h.api = (&api.API{Base: common, Issuer: issuer, Client: "jixu", Claims: func(ctx context.Context) map[string]string {
		claims, _ := ctx.Value(claimsKey{}).(map[string]string)
		return claims
	}}).Handler()
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// locked writes one line at a time.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

var actor = world.Sample.Actor

func (h *house) op() docket.Op {
	h.ops++
	return docket.Op{ID: fmt.Sprintf("operation-%08d", h.ops)}
}

// draft makes a draft that lacks nothing and returns its id.
func (h *house) draft() string {
	h.Helper()
	ctx, lin := h.Context(), actor("lin-zhi")
	r, err := h.Desk.Create(ctx, h.op(), policy.Device, lin)
	h.must(err)
	form := journey.DeviceForm()
	maps.Copy(form, journey.DeviceFacts())
	c := h.record(r.Case).Case
	pack, err := h.Desk.Pack(ctx, c)
	h.must(err)
	maps.DeleteFunc(form, func(field, _ string) bool { _, ok := pack.Field(field); return !ok })
	_, err = h.Desk.Save(ctx, h.op(), r.Case, c.Dossier, form, lin)
	h.must(err)
	for _, part := range pack.Parts {
		for _, item := range part.Items {
			a, _, err := h.Desk.Attach(ctx, h.op(), r.Case, h.record(r.Case).Case.Dossier, docket.Upload{Item: item.ID, Name: "申请表.pdf"}, "", lin)
			h.must(err)
			h.send(r.Case, a.File)
		}
	}
	return r.Case
}

// send uploads a paper to where a file's ticket leads, and has it checked.
func (h *house) send(id, file string) {
	h.Helper()
	f, ok := h.record(id).File(file)
	if !ok {
		h.Fatalf("file %s: not there", file)
	}
	version := h.Files.Upload(f.Key, sample.PDF(7, "申请表", 1, 0))
	_, err := h.Desk.Settle(h.Context(), f.Key, version)
	h.must(err)
}

// submitted makes a case that waits for the opinion and the reply.
func (h *house) submitted() string {
	h.Helper()
	id := h.draft()
	_, err := h.Desk.Submit(h.Context(), h.op(), id, h.record(id).Case.Dossier, true, actor("lin-zhi"))
	h.must(err)
	return id
}

func (h *house) record(id string) docket.Record {
	h.Helper()
	r, err := docket.LoadCase(h.Context(), h.Store, id)
	h.must(err)
	return r
}

func (h *house) gate(id string, leg gate.Leg) string { return h.record(id).Case.Leg(leg).Gate }

// story is a case's history in one line: verb, person, way.
func (h *house) story(id string) string {
	h.Helper()
	entries, err := h.Store.Entries(h.Context(), id)
	h.must(err)
	h.must(history.Verify(entries))
	var out []string
	for _, e := range entries {
		out = append(out, e.Verb+" "+e.By.Person+" "+e.By.Via)
	}
	return strings.Join(out, ", ")
}

// admin is the administrator of an organisation that may have none in the cast.
func admin(org string) party.Actor {
	return party.Actor{Person: "admin-" + org, Org: org, Kind: journey.Organisation(org).Kind, Roles: []party.Role{party.Administrator}, Via: party.BySession}
}

// agency is an agency's wall, as its own engineers would write it: nothing
// of it is ours but the secret.
type agency struct {
	house  *house
	org    string
	secret []byte
}

func (h *house) agency(org string) *agency {
	h.Helper()
	s, err := h.Systems.MakeSecret(h.Context(), h.op(), 30, admin(org))
	h.must(err)
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Text, "whsec_"))
	h.must(err)
	return &agency{house: h, org: org, secret: plain}
}

// request is one signed POST.
func (a *agency) request(path, id string, body []byte) *http.Request {
	stamp := strconv.FormatInt(a.house.clock().Unix(), 10)
	mac := hmac.New(sha256.New, a.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Jixu-Organisation", a.org)
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", stamp)
	r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// post signs body under a fresh id and sends it.
func (a *agency) post(path string, body any) *answer {
	a.house.mu.Lock()
	a.house.ops++
	id := fmt.Sprintf("msg_%s_%06d", a.org, a.house.ops)
	a.house.mu.Unlock()
	return a.house.do(a.request(path, id, encode(a.house, body)))
}

func encode(h *house, v any) []byte {
	h.Helper()
	if text, ok := v.(string); ok {
		return []byte(text)
	}
	b, err := json.Marshal(v)
	h.must(err)
	return b
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Text   string
	JSON   map[string]any
}

func (h *house) do(r *http.Request) *answer {
	h.Helper()
	sent, err := io.ReadAll(r.Body)
	h.must(err)
	r.Body = io.NopCloser(bytes.NewReader(sent))
	w := httptest.NewRecorder()
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.api.ServeHTTP(w, r)
	} else {
		h.callbacks.ServeHTTP(w, r)
	}
	a := &answer{Status: w.Code, Header: w.Result().Header, Text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a.JSON); err != nil {
		h.Errorf("%s %s: got %q, want JSON", r.Method, r.URL, a.Text)
	}
	for _, wrong := range h.contract.judge(r, sent, a) {
		h.Errorf("against the description: %s\n%s", wrong, a.Text)
	}
	return a
}

const issuer = "https://issuer.example"

type claimsKey struct{}

// program is a person's own program, with a token that the gateway let in.
type program struct {
	house  *house
	claims map[string]string
}

func (h *house) as(person string) *program {
	return &program{house: h, claims: map[string]string{
		"iss": issuer, "aud": "jixu", "sub": journey.Person(person).Subject, "exp": strconv.FormatInt(h.clock().Add(5*time.Minute).Unix(), 10),
	}}
}

func (p *program) request(method, path string, body any, header ...string) *http.Request {
	p.house.Helper()
	var text []byte
	if body != nil {
		text = encode(p.house, body)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		p.house.mu.Lock()
		p.house.ops++
		r.Header.Set("Idempotency-Key", fmt.Sprintf("request-%08d", p.house.ops))
		p.house.mu.Unlock()
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r.WithContext(context.WithValue(r.Context(), claimsKey{}, p.claims))
}

func (p *program) get(path string) *answer {
	p.house.Helper()
	return p.house.do(p.request(http.MethodGet, path, nil))
}

func (p *program) post(path string, body any, header ...string) *answer {
	p.house.Helper()
	return p.house.do(p.request(http.MethodPost, path, body, header...))
}

// good ends the test unless the answer is a good one.
func (p *program) good(a *answer) *answer {
	p.house.Helper()
	if a.Status >= 300 {
		p.house.Fatalf("got %d %s, want it done", a.Status, a.Text)
	}
	return a
}

// edit posts with the version that the case has now.
func (p *program) edit(id, path string, body any) *answer {
	p.house.Helper()
	etag := p.good(p.get("/api/v1/cases/" + id)).Header.Get("ETag")
	return p.post("/api/v1/cases/"+id+path, body, "If-Match", etag)
}

// code is the problem's, "" if it is none.
func (a *answer) code() string { return a.at("code") }

// at is a text in the answer, by its names.
func (a *answer) at(path ...string) string {
	var v any = a.JSON
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// opinion is an opinion as a wall sends it.
func opinion(met bool, advice string) map[string]any {
	var findings []any
	for _, q := range casework.Questions {
		findings = append(findings, map[string]any{"question": q, "met": met, "reason": "符合要求。"})
	}
	return map[string]any{"findings": findings, "advice": advice}
}

// at names a gate and who answers for it, with what else is said. An answer is
// about the first submission unless it says otherwise.
func at(id, gate, person string, more map[string]any) map[string]any {
	out := map[string]any{"about": docket.AboutOf(id), "gate": gate, "person": person}
	if _, file := more["name"]; !file {
		out["submission"] = 1
	}
	maps.Copy(out, more)
	return out
}
