package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/web"
	"jixu/internal/web/site"
	"jixu/internal/world"
)

// opening is when the law's clock stands at the start of a test: a Monday morning.
var opening = time.Date(2026, time.November, 2, 9, 30, 0, 0, calendar.Shanghai)

// house is both sites of a town, with an issuer, a bucket and a mail sink beside
// them, each at an origin of its own as in production.
type house struct {
	*memory.World
	journey.Deployment
	town   *world.Town
	site   *httptest.Server
	bucket *httptest.Server
	sites  [2]*web.Site

	mu sync.Mutex // one request's consequences at a time
}

// newHouse opens a house with the sample organisations and people, and no case.
func newHouse(t testing.TB) *house {
	t.Helper()
	return openHouse(t, "127.0.0.1:0")
}

func openHouse(t testing.TB, address string) *house {
	t.Helper()
	h := &house{}
	h.bucket = httptest.NewServer(http.HandlerFunc(h.serveBucket))
	t.Cleanup(h.bucket.Close)
	desk := httptest.NewServer(h.deskHandler())
	t.Cleanup(desk.Close)
	listener, err := net.Listen("tcp", address)
	must(t, err)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	h.Site, h.Desk = "http://jixu.localhost:"+port, desk.URL
	h.town = world.New(t, world.Options{
		Opening: opening, Packs: policy.Carried, Wall: time.Now, Site: h.Site,
		Ports: func(w *memory.World, p *world.Ports) { p.Files, p.Scanner = bucketFiles{w.Files, h.bucket.URL}, nil },
	})
	h.World = h.town.World
	h.sites = [2]*web.Site{h.newSite(t, site.Hospital), h.newSite(t, site.Agency)}
	h.site = httptest.NewUnstartedServer(h.handler())
	h.site.Listener.Close()
	h.site.Listener = listener
	h.site.Start()
	t.Cleanup(h.site.Close)
	return h
}

var must = world.Must

func (h *house) newSite(t testing.TB, a site.Audience) *web.Site {
	return &web.Site{
		Desk: h.town.Desk, Links: h.town.Links, Autosaves: h.World.Access,
		Site: site.Site{
			Audience: a, Directory: h.Directory, Access: h.Access,
			SignIn:  issuer{h.Deployment.Desk},
			Address: h.Site, Origins: []string{h.bucket.URL}, Wall: time.Now, Secret: rand.Text,
			Log: slog.New(strict{slog.DiscardHandler, t}), Reference: func(context.Context) string { return "ref-1" },
		},
	}
}

// strict is a log in which a page that names whom nobody looked up is no mere line.
type strict struct {
	slog.Handler
	t testing.TB
}

func (s strict) Enabled(context.Context, slog.Level) bool { return true }

func (s strict) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "a page names whom nobody looked up" {
		r.Attrs(func(a slog.Attr) bool {
			s.t.Errorf("%s: %s", r.Message, a)
			return true
		})
	}
	return nil
}

// handler leads each request to the site that the template would.
func (h *house) handler() http.Handler {
	hospital, agency := h.sites[0].Handler(), h.sites[1].Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/agency") || strings.HasPrefix(r.URL.Path, "/l/") {
			agency.ServeHTTP(w, r)
		} else {
			hospital.ServeHTTP(w, r)
		}
		h.tell()
	})
}

// tell lets happen what happens by itself.
func (h *house) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.town.Engine()
}

// sweep does what sweep-stuck does.
func (h *house) sweep(t testing.TB) {
	t.Helper()
	_, err := h.town.Relay.Sweep(context.Background())
	must(t, err)
	h.tell()
}

// issuer signs in whoever is chosen on a page of the desk.
type issuer struct{ desk string }

func (i issuer) Address(_ context.Context, state, _, _, back string) (string, error) {
	return i.desk + "/authorize?" + url.Values{"state": {state}, "back": {back}}.Encode(), nil
}

func (i issuer) Subject(_ context.Context, code, _, _, _ string) (string, error) { return code, nil }

var authorizePage = template.Must(template.New("").Parse(`<!doctype html><html lang="zh-CN"><title>登录</title><h1>登录</h1>
<form method="post" action="/authorize"><input type="hidden" name="state" value="{{.State}}"><input type="hidden" name="back" value="{{.Back}}">
{{range .People}}<p><button name="person" value="{{.Subject}}">{{.NameZH}} {{.Title}}</button></p>{{end}}</form>`))

func (h *house) deskHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = authorizePage.Execute(w, map[string]any{"State": r.FormValue("state"), "Back": r.FormValue("back"), "People": journey.People})
	})
	mux.HandleFunc("POST /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := url.Values{"state": {r.FormValue("state")}, "code": {r.FormValue("person")}}
		http.Redirect(w, r, r.FormValue("back")+"?"+q.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /mail.json", func(w http.ResponseWriter, _ *http.Request) {
		var list []journey.Mail
		for i, m := range h.Mail.Sent() {
			list = append(list, journey.Mail{N: i + 1, To: []string{m.To}, Subject: m.Subject, Text: m.Text})
		}
		_ = json.NewEncoder(w).Encode(list)
	})
	return mux
}

// bucketFiles signs forms and addresses for the house's bucket.
type bucketFiles struct {
	*memory.Files
	url string
}

func (f bucketFiles) Ticket(_ context.Context, file docket.File, _ int64, back string) (docket.Ticket, error) {
	fields := map[string]string{"key": file.Key}
	if back != "" {
		fields["success_action_redirect"] = back
	}
	return docket.Ticket{URL: f.url + "/", Fields: fields}, nil
}

func (f bucketFiles) Address(_ context.Context, file docket.File) (string, error) {
	q := url.Values{"versionId": {file.Version}, "response-content-disposition": {file.Attachment()}}
	return f.url + "/" + file.Key + "?" + q.Encode(), nil
}

// serveBucket takes uploads as S3 does, and has each one checked.
func (h *house) serveBucket(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", h.Site)
	if r.Method == http.MethodOptions { // asked before a script's upload
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Method != http.MethodPost {
		key, version := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query().Get("versionId")
		body, _, err := h.Files.Open(r.Context(), key, version)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Disposition", r.URL.Query().Get("response-content-disposition"))
		_, _ = io.Copy(w, body)
		return
	}
	if err := r.ParseMultipartForm(64 << 20); err != nil || len(r.MultipartForm.File["file"]) != 1 {
		http.Error(w, "no file", http.StatusBadRequest)
		return
	}
	file, err := r.MultipartForm.File["file"][0].Open()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, _ := io.ReadAll(file)
	key := r.FormValue("key")
	h.mu.Lock()
	h.town.Upload(key, data)
	h.mu.Unlock()
	h.tell()
	if back := r.FormValue("success_action_redirect"); back != "" {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// enter signs person in.
func (h *house) enter(t testing.TB, audience, person string) *journey.Browser {
	t.Helper()
	b, err := h.SignIn(context.Background(), audience, person)
	must(t, err)
	return b
}

// paper is a real file for item, the smallest that passes.
func paper(item policy.Item) (string, []byte) {
	return item.Label.ZH + ".pdf", somePDF
}

// somePDF is one empty page, small enough to be stored many times.
var somePDF = tinyPDF()

func tinyPDF() []byte {
	b := []byte("%PDF-1.4\n")
	var at []int
	for i, object := range []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"} {
		at = append(at, len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	xref := len(b)
	b = append(b, "xref\n0 4\n0000000000 65535 f \n"...)
	for _, n := range at {
		b = fmt.Appendf(b, "%010d 00000 n \n", n)
	}
	return fmt.Appendf(b, "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", xref)
}

// draft opens a complete draft and returns its path.
func (h *house) draft(t testing.TB, b *journey.Browser) string {
	t.Helper()
	ctx := context.Background()
	path, err := journey.CreateDraft(ctx, b)
	must(t, err)
	_, err = journey.Fill(ctx, b, path, journey.DeviceForm())
	must(t, err)
	must(t, journey.SendDossier(ctx, b, path, paper))
	return path
}

// submitted opens a case that was submitted and returns its path and number.
func (h *house) submitted(t testing.TB, b *journey.Browser) (path, number string) {
	t.Helper()
	path = h.draft(t, b)
	page, err := journey.Submit(context.Background(), b, path)
	must(t, err)
	return path, page.Text(".receipt .code")
}

// load reads a case by its path on the hospital's site.
func (h *house) load(t testing.TB, path string) docket.Record {
	t.Helper()
	r, err := docket.LoadCase(context.Background(), h.Store, path[strings.LastIndex(path, "/")+1:])
	must(t, err)
	return r
}

// gatePath is the agencies' path of the open gate of leg "opinion" or "reply".
func (h *house) gatePath(t testing.TB, path, leg string) string {
	t.Helper()
	r := h.load(t, path)
	g := r.Case.Leg(gate.Leg(leg)).Gate
	if g == "" {
		t.Fatalf("no open gate on %s", leg)
	}
	return fmt.Sprintf("/agency/cases/%s/gates/%s", r.Case.ID, g)
}

// loadCase reads a case by its path, for what cannot fail.
func (h *house) loadCase(path string) casework.Case {
	r, err := docket.LoadCase(context.Background(), h.Store, path[strings.LastIndex(path, "/")+1:])
	if err != nil {
		panic(err)
	}
	return r.Case
}
