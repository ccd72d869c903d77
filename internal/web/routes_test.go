package web_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/journey"
	"jixu/internal/web"
	"jixu/internal/web/site"
)

// scene is a house with what every route needs: a draft with a file that did
// not arrive, a submitted case at both gates, a live link and a code.
type scene struct {
	*house
	draft    string // paths on the hospital's site
	file     string // of the draft, unchecked
	full     string // a draft that can be submitted
	open     string
	link     string // path
	code     string // id
	evidence string
	question string // id of an inquiry that nobody answered
	variety  string // id in the register of devices
	seen     string // what was kept when it was looked at last
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{house: newHouse(t)}
	ctx := context.Background()
	lin := s.enter(t, "hospital", "lin-zhi")
	var err error
	s.draft, err = journey.CreateDraft(ctx, lin)
	must(t, err)
	// Announced, and never sent.
	answer := s.send("POST", s.draft+"/items/signed-form", s.cookie(t, "hospital", "lin-zhi"), url.Values{
		"op": {rand.Text()}, "version": {fmt.Sprint(s.load(t, s.draft).Case.Dossier)}, "name": {"申请表.pdf"},
	})
	s.file = strings.TrimPrefix(answer.Header().Get("Location"), s.draft+"/files/")
	s.full = s.house.draft(t, lin)
	var number string
	s.open, number = s.submitted(t, lin)
	s.link, err = s.LinkFor(ctx, "mpa", number, "zhou-heng")
	must(t, err)
	answer = s.send("POST", s.link+"/code", "", url.Values{"op": {rand.Text()}, "person": {"zhou-heng"}})
	s.code = answer.Header().Get("Location")
	answer = s.send("POST", "/hospital/inquiries", s.cookie(t, "hospital", "lin-zhi"), url.Values{
		"op": {rand.Text()}, "kind": {"device"}, "subject": {"能否申请"}, "question": {"需要哪些资料？"},
	})
	s.question = answer.Header().Get("Location")[strings.LastIndex(answer.Header().Get("Location"), "/")+1:]
	s.variety = s.registered(t, lin)
	s.evidence, err = journey.SendEvidence(ctx, s.enter(t, "agency", "shen-an"), s.gatePath(t, s.open, "reply"), "批复.pdf", somePDF)
	must(t, err)
	return s
}

// registered submits a case of its own and enters its product into the register.
func (s *scene) registered(t testing.TB, lin *journey.Browser) string {
	t.Helper()
	other, _ := s.submitted(t, lin)
	form := productForm()
	form.Set("op", rand.Text())
	form.Set("submission", "1")
	answer := s.send("POST", strings.Replace(other, "/hospital/", "/agency/", 1)+"/acts/register", s.cookie(t, "agency", "zhou-heng"), form)
	if answer.Code != http.StatusSeeOther {
		t.Fatalf("registering: got %d", answer.Code)
	}
	list := page(t, s.send("GET", "/agency/varieties", s.cookie(t, "agency", "zhou-heng"), nil))
	href := list.Find(`main a[href^="/agency/varieties/"]`).First().AttrOr("href", "")
	return href[strings.LastIndex(href, "/")+1:]
}

func productForm() url.Values {
	return url.Values{
		"nameZh": {"可降解封堵器"}, "nameEn": {"Occluder"}, "maker": {"Example GmbH"}, "model": {"BAO-12"}, "country": {"德国"}, "class": {"III"},
		"subcatalogue": {"13"}, "udi": {""}, "noUdi": {"未实施"}, "category": {"implant"}, "specialReview": {"yes"}, "conditional": {""}, "reason": {"首次申请"},
	}
}

// cookie opens a session for person and returns its cookie.
func (h *house) cookie(t testing.TB, audience, person string) string {
	t.Helper()
	secret, now := rand.Text(), time.Now()
	must(t, h.Access.PutSession(context.Background(), docket.Session{
		Issue: 1,
		Hash:  docket.Hash(secret), Person: person, Org: journey.Person(person).Org,
		Created: now, Idle: now.Add(time.Hour), Expires: now.Add(time.Hour),
	}))
	return "__Host-jixu-" + audience + "=" + secret
}

// send asks the sites for one answer, as a page of their own would, and follows nothing.
func (h *house) send(method, path, cookie string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, h.Site+path, strings.NewReader(form.Encode()))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.handler().ServeHTTP(w, r)
	return w
}

// page reads an answer as a document.
func page(t testing.TB, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	must(t, err)
	return doc
}

// kept is everything that the house stores, to the byte. Sessions are left out
// where a refused request may still move their idle end.
func (h *house) kept() string {
	return fmt.Sprintf("%v %v %v %v", *h.Store, *h.Directory, *h.Files, *h.Notices)
}

func (h *house) keptWithRoutes() string { return h.kept() + fmt.Sprintf("%v", *h.Access) }

// route is a route with the scene's own ids in its path, and who may pass it.
type route struct {
	site.Route
	path   string
	cookie string
}

// routes lists every route of both sites.
func (s *scene) routes(t testing.TB) []route {
	t.Helper()
	lin, zhou, shen := s.cookie(t, "hospital", "lin-zhi"), s.cookie(t, "agency", "zhou-heng"), s.cookie(t, "agency", "shen-an")
	draft, open := s.draft[strings.LastIndex(s.draft, "/")+1:], s.open[strings.LastIndex(s.open, "/")+1:]
	var out []route
	for _, d := range web.HospitalRoutes() {
		id := draft
		if strings.Contains(d.Pattern, "submissions") || strings.Contains(d.Pattern, "withdraw") || strings.Contains(d.Pattern, "{act}") || strings.Contains(d.Pattern, "{gate}") {
			id = open
		}
		path := strings.NewReplacer("{$}", "", "{case}", id, "{item}", "signed-form", "{gate}", "opinion-1", "/files/{file}", "/files/"+s.file, "/static/{file}", "/static/style.css", "{no}", "1", "{act}", "file", "{inquiry}", s.question, "{variety}", s.variety).Replace(d.Pattern)
		if strings.HasSuffix(path, "/find") {
			path += "?number=" + s.loadCase(s.open).Number
		}
		out = append(out, route{d, path, lin})
	}
	for _, d := range web.AgencyRoutes() {
		cookie, gate := zhou, s.gatePath(t, s.open, "opinion")
		if strings.Contains(d.Pattern, "evidence") {
			cookie, gate = shen, s.gatePath(t, s.open, "reply")
		}
		path := strings.NewReplacer(
			"/agency/cases/{case}/gates/{gate}", gate, "{case}", open, "{file}", s.evidence,
			"/l/{link}/code/{code}", s.code, "/l/{link}", s.link, "{no}", "1", "{act}", "receive", "{inquiry}", s.question, "{variety}", s.variety,
		).Replace(d.Pattern)
		if strings.HasSuffix(path, "/find") {
			path += "?number=" + s.loadCase(s.open).Number
		}
		if strings.HasSuffix(path, "/answer") && d.Method == http.MethodGet {
			path += "?choice=opine"
		}
		out = append(out, route{d, path, cookie})
	}
	return out
}

func TestRoutesLeadSomewhere(t *testing.T) {
	s := newScene(t)
	for _, r := range s.routes(t) {
		if strings.Contains(r.path, "{") {
			t.Fatalf("%s %s: the test does not know what to put into %s", r.Method, r.Pattern, r.path)
		}
		if r.Method != http.MethodGet || strings.HasSuffix(r.Pattern, "/callback") {
			continue
		}
		w := s.send(r.Method, r.path, r.cookie, nil)
		if w.Code != http.StatusOK && w.Code != http.StatusSeeOther {
			t.Errorf("GET %s: got %d, want 200 or 303", r.path, w.Code)
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
			if got := strings.TrimSuffix(w.Header().Get(name), ", no-transform"); got != want && !strings.HasPrefix(r.path, "/static/") {
				t.Errorf("GET %s: got %s %q, want %q", r.path, name, got, want)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("GET %s: got content policy %q", r.path, csp)
		}
	}
}

func TestLookingChangesNothing(t *testing.T) {
	s := newScene(t)
	routes := s.routes(t)
	before := s.keptWithRoutes()
	for _, r := range routes {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			if method == http.MethodGet && strings.HasSuffix(r.Pattern, "/callback") {
				continue // creates the session: the one GET that writes
			}
			for _, cookie := range []string{r.cookie, ""} {
				s.send(method, r.path, cookie, nil)
				if s.keptWithRoutes() != before {
					t.Fatalf("%s %s changed something", method, r.path)
				}
			}
		}
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	s := newScene(t)
	routes := s.routes(t)
	before := s.keptWithRoutes()
	for _, r := range routes {
		if r.Method != http.MethodPost {
			continue
		}
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			q := httptest.NewRequest(r.Method, s.Site+r.path, strings.NewReader("op=aaaaaaaaaaaaaaaaaaaa"))
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.Header.Set("Cookie", r.cookie)
			q.Header.Set(name, value)
			w := httptest.NewRecorder()
			s.handler().ServeHTTP(w, q)
			if w.Code != http.StatusForbidden {
				t.Errorf("POST %s with %s %s: got %d, want 403", r.path, name, value, w.Code)
			}
			if got := page(t, w).Find(".intro").Text(); got != "该请求来自其他网站，已被拒绝。请在本系统页面内操作。" {
				t.Errorf("POST %s with %s %s: the page says %q", r.path, name, value, got)
			}
			if s.keptWithRoutes() != before {
				t.Fatalf("POST %s with %s %s changed something", r.path, name, value)
			}
		}
	}
}

func TestBodiesOverOneMegabyteAreRefused(t *testing.T) {
	s := newScene(t)
	routes := s.routes(t)
	before := s.kept()
	for _, r := range routes {
		if r.Method != http.MethodPost {
			continue
		}
		w := s.send(r.Method, r.path, r.cookie, url.Values{"op": {rand.Text()}, "reason": {strings.Repeat("长", 400_000)}})
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("POST %s with 1.2 MB: got %d, want 413", r.path, w.Code)
		}
		if s.kept() != before {
			t.Fatalf("POST %s with 1.2 MB changed something", r.path)
		}
	}
}

func TestStrangersAreLedToTheEntrance(t *testing.T) {
	s := newScene(t)
	routes := s.routes(t)
	before := s.keptWithRoutes()
	for _, r := range routes {
		open := strings.Contains(r.Pattern, "sign-") || strings.HasPrefix(r.Pattern, "/l/") || strings.HasSuffix(r.Pattern, "/callback") ||
			r.Pattern == "/{$}" || r.Pattern == "/alive" || r.Pattern == "/preferences" || strings.HasPrefix(r.Pattern, "/static/")
		if open {
			continue
		}
		w := s.send(r.Method, r.path, "", url.Values{"op": {rand.Text()}})
		if r.Method == http.MethodGet && (w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "/sign-in?return=")) {
			t.Errorf("GET %s as a stranger: got %d to %q, want 303 to the entrance", r.path, w.Code, w.Header().Get("Location"))
		}
		if r.Method == http.MethodPost && w.Code != http.StatusForbidden {
			t.Errorf("POST %s as a stranger: got %d, want 403", r.path, w.Code)
		}
	}
	if s.keptWithRoutes() != before {
		t.Error("a stranger changed something")
	}
}

func TestAnotherPartysThingsAreNotFound(t *testing.T) {
	s := newScene(t)
	he, xu := s.cookie(t, "hospital", "he-yue"), s.cookie(t, "agency", "xu-tao")
	routes := s.routes(t)
	before := s.kept()
	for _, r := range routes {
		if !strings.Contains(r.Pattern, "{case}") {
			continue
		}
		cookie := he
		if strings.HasPrefix(r.Pattern, "/agency") {
			cookie = xu // customs knows of a case once it is approved
		}
		form := url.Values{"op": {rand.Text()}, "version": {"1"}, "item": {"signed-form"}, "reason": {"理由"}, "name": {"x.pdf"}, "choice": {"opine"}, "declared": {"yes"}}
		w := s.send(r.Method, r.path, cookie, form)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s %s by another party: got %d, want 404", r.Method, r.path, w.Code)
		}
		for _, secret := range []string{"可吸收", "申请表.pdf", "上海示范第一医院"} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s %s by another party: the page shows %q", r.Method, r.path, secret)
			}
		}
	}
	// An agency does not know a draft, and nobody reaches a file through another case.
	draft := strings.Replace(s.draft, "/hospital/", "/agency/", 1)
	if w := s.send("GET", draft, s.cookie(t, "agency", "zhou-heng"), nil); w.Code != http.StatusNotFound {
		t.Errorf("a draft, read by an agency: got %d, want 404", w.Code)
	}
	if w := s.send("POST", s.open+"/files/"+s.file+"/open", s.cookie(t, "hospital", "lin-zhi"), url.Values{"op": {rand.Text()}}); w.Code != http.StatusNotFound {
		t.Errorf("a file, opened through another case: got %d, want 404", w.Code)
	}
	// The session of one audience is none on the other's site.
	if w := s.send("GET", "/agency", strings.Replace(he, "hospital", "agency", 1), nil); w.Code != http.StatusSeeOther {
		t.Errorf("a hospital's session on the agencies' site: got %d, want 303 to the entrance", w.Code)
	}
	if s.kept() != before {
		t.Error("another party changed something")
	}
}

// An operation id belongs to the person who sent it: another's same id is
// another operation.
func TestAnotherPersonsOperationIsTheirOwn(t *testing.T) {
	s := newScene(t)
	op := rand.Text()
	first := s.send("POST", "/hospital/new", s.cookie(t, "hospital", "lin-zhi"), url.Values{"op": {op}, "kind": {"device"}})
	again := s.send("POST", "/hospital/new", s.cookie(t, "hospital", "lin-zhi"), url.Values{"op": {op}, "kind": {"device"}})
	other := s.send("POST", "/hospital/new", s.cookie(t, "hospital", "he-yue"), url.Values{"op": {op}, "kind": {"device"}})
	if got, want := again.Header().Get("Location"), first.Header().Get("Location"); got != want || want == "" {
		t.Errorf("the same operation again: got %q, want the first draft %q", got, want)
	}
	if got := other.Header().Get("Location"); got == first.Header().Get("Location") || other.Code != http.StatusSeeOther {
		t.Errorf("another person's same id: got %d to %q, want a draft of their own", other.Code, got)
	}
}

func TestALinkSaysNothingToAStranger(t *testing.T) {
	s := newScene(t)
	never := s.send("GET", "/l/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", nil)
	zhou := s.enter(t, "agency", "zhou-heng")
	_, err := journey.Answer(context.Background(), zhou, s.gatePath(t, s.open, "opinion"), "opine", findings)
	must(t, err)
	used := s.send("GET", s.link, "", nil)
	if never.Code != http.StatusNotFound || used.Code != http.StatusNotFound {
		t.Errorf("links never made and used: got %d and %d, want 404 and 404", never.Code, used.Code)
	}
	strip := func(w *httptest.ResponseRecorder) string { return page(t, w).Find("main").Text() }
	if strip(never) != strip(used) {
		t.Error("a used link does not look like one that was never made")
	}
	// Who is identified sees who answered.
	w := s.send("GET", s.link, s.cookie(t, "agency", "zhou-heng"), nil)
	if w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "/gates/opinion-1") {
		t.Errorf("a used link for who is identified: got %d to %q, want 303 to the gate", w.Code, w.Header().Get("Location"))
	}
}

func TestTwoDifferentAnswersOneDecision(t *testing.T) {
	s := newScene(t)
	gate := s.gatePath(t, s.open, "opinion")
	zhou := s.cookie(t, "agency", "zhou-heng")
	form := url.Values{"op": {rand.Text()}, "choice": {"opine"}, "submission": {"1"}}
	for name, value := range findings {
		form.Set(name, value)
	}
	first := s.send("POST", gate+"/answer", zhou, form)
	if first.Code != http.StatusSeeOther {
		t.Fatalf("the first answer: got %d, want 303", first.Code)
	}
	form.Set("op", rand.Text())
	if again := s.send("POST", gate+"/answer", zhou, form); again.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("the same answer again: got %d to %q, want the first receipt", again.Code, again.Header().Get("Location"))
	}
	form.Set("op", rand.Text())
	form.Set("reason-urgency", "不同的理由")
	lost := s.send("POST", gate+"/answer", zhou, form)
	doc := page(t, lost)
	if lost.Code != http.StatusConflict || !strings.Contains(doc.Find(".answered").Text(), "周衡") || doc.Find(".answered time").Length() == 0 {
		t.Errorf("a different answer: got %d and %q, want 409 and who decided what and when", lost.Code, doc.Find(".answered").Text())
	}
	if got := s.load(t, s.open).Case.Given.Findings[1].Reason; got != findings["reason-urgency"] {
		t.Errorf("the opinion: got %q, want the first", got)
	}
	if n := len(s.load(t, s.open).Case.Submissions); n != 1 {
		t.Errorf("got %d submissions, want 1", n)
	}
}

func TestStaleFormShowsBothVersions(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	shown := s.load(t, s.draft).Case.Dossier
	save := func(values url.Values) *httptest.ResponseRecorder {
		values.Set("op", rand.Text())
		return s.send("POST", s.draft+"/form", lin, values)
	}
	if w := save(url.Values{"version": {fmt.Sprint(shown)}, "product-zh": {"同事的名称"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("the colleague saves: got %d, want 303", w.Code)
	}
	w := save(url.Values{"version": {fmt.Sprint(shown)}, "product-zh": {"我的名称"}})
	doc := page(t, w)
	if w.Code != http.StatusConflict || doc.Find("#product-zh").AttrOr("value", "") != "我的名称" || !strings.Contains(doc.Find(".theirs").Text(), "同事的名称") {
		t.Errorf("a stale form: got %d, typed %q, theirs %q; want 409 with both", w.Code, doc.Find("#product-zh").AttrOr("value", ""), doc.Find(".theirs").Text())
	}
	if got := s.load(t, s.draft).Case.Form["product-zh"]; got != "同事的名称" {
		t.Errorf("stored: got %q, want the colleague's", got)
	}
	if w := save(url.Values{"version": {doc.Find("input[name=version]").First().AttrOr("value", "")}, "product-zh": {"我的名称"}}); w.Code != http.StatusSeeOther {
		t.Errorf("saving again with both in view: got %d, want 303", w.Code)
	}
}

func TestAnExpiredSessionLosesNothingTyped(t *testing.T) {
	s := newScene(t)
	w := s.send("POST", s.open+"/withdraw", "__Host-jixu-hospital=gone", url.Values{"op": {rand.Text()}, "reason": {"患者已转院，不再需要。"}})
	if got := page(t, w).Find(".typed").Text(); w.Code != http.StatusForbidden || got != "患者已转院，不再需要。" {
		t.Errorf("got %d and %q, want 403 and what was typed", w.Code, got)
	}
	if got := s.load(t, s.open).Case.Status; got != casework.Submitted {
		t.Errorf("the case is %s, want %s", got, casework.Submitted)
	}
}

func TestPreferences(t *testing.T) {
	h := newHouse(t)
	w := h.send("POST", "/preferences", "", url.Values{"op": {rand.Text()}, "lang": {"en"}, "return": {"//evil.example"}})
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != "/" {
		t.Errorf("a return to another host: got %d to %q, want 303 to /", w.Code, got)
	}
	doc := page(t, h.send("GET", "/", "__Host-jixu-lang=en; __Host-jixu-large=1", nil))
	if doc.Find("html").AttrOr("lang", "") != "en" || !doc.Find("html").HasClass("large") {
		t.Errorf("got lang %q and class %q, want en and large", doc.Find("html").AttrOr("lang", ""), doc.Find("html").AttrOr("class", ""))
	}
}

// A page is never much larger than what was sent, whatever was sent.
func TestAMegabyteOfFieldsIsAnsweredInOnePage(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	var twice, once strings.Builder
	for i := range 4900 { // net/http takes ten thousand at most
		fmt.Fprintf(&twice, "a%x=&a%x=&", i, i)
		fmt.Fprintf(&once, "a%x=%%3C&", i)
	}
	for name, body := range map[string]string{
		"fields that stand twice": twice.String(), "fields nobody knows": once.String(), "one long answer": "reason=" + strings.Repeat("'", 1_000_000),
	} {
		values, err := url.ParseQuery(body)
		must(t, err)
		values.Set("op", rand.Text())
		w := s.send("POST", s.open+"/withdraw", lin, values)
		if w.Code < 400 || w.Code > 499 || w.Body.Len() > 4<<20 {
			t.Errorf("%s: %d bytes are answered with %d and %d bytes, want 4xx and at most 4 MB", name, len(body), w.Code, w.Body.Len())
		}
	}
}

// A label, an error or a link that names an id means one thing on the page.
func TestIdsStandOnceOnEveryPage(t *testing.T) {
	s := newScene(t)
	looked := 0
	seen := func(name string, doc *goquery.Document) {
		ids := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, e *goquery.Selection) {
			id := e.AttrOr("id", "")
			if ids[id] {
				t.Errorf("%s: the id %q stands twice", name, id)
			}
			ids[id] = true
		})
		looked++
	}
	for _, r := range s.routes(t) {
		if r.Method != http.MethodGet || strings.HasSuffix(r.Pattern, "/callback") {
			continue
		}
		w := s.send("GET", r.path, r.cookie, nil)
		if w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			seen(r.Pattern, page(t, w))
		}
	}
	lin := s.cookie(t, "hospital", "lin-zhi")
	refused := s.send("POST", s.draft+"/submit", lin, url.Values{
		"op": {rand.Text()}, "version": {fmt.Sprint(s.loadCase(s.draft).Dossier)}, "declared": {"yes"}, "later-signed-form": {"yes"},
	})
	seen("a submission in the emergency lane that is refused", page(t, refused))
	if looked < 25 {
		t.Errorf("got %d pages looked at, want all of them", looked)
	}
}
