package web_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/journey"
	"jixu/internal/memory"
	"jixu/internal/party"
)

// wayBack begins a sign-in at audience and returns its state and its cookie.
func (h *house) wayBack(t testing.TB, audience string) (state, cookie string) {
	t.Helper()
	w := h.send("POST", "/"+audience+"/sign-in", "", url.Values{"op": {rand.Text()}, "return": {"/" + audience}})
	at := leadsTo(t, w)
	return at.Query().Get("state"), strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
}

// leadsTo is where the page that answers a sign-in goes on to: by itself, and by
// its link.
func leadsTo(t testing.TB, w *httptest.ResponseRecorder) *url.URL {
	t.Helper()
	_, address, _ := strings.Cut(w.Header().Get("Refresh"), "0; url=")
	if link := page(t, w).Find("main a.button").AttrOr("href", ""); link != address || address == "" {
		t.Errorf("the page goes on to %q by itself and to %q by its link, want the issuer", address, link)
	}
	at, err := url.Parse(address)
	must(t, err)
	return at
}

func TestWhoMayComeIn(t *testing.T) {
	h := newHouse(t)
	must(t, h.Directory.PutPerson(context.Background(), party.Person{ID: "nobodys", Org: "gone", Subject: "nobodys"}))
	come := func(audience, person, state, cookie string) *httptest.ResponseRecorder {
		return h.send("GET", "/"+audience+"/callback?"+url.Values{"state": {state}, "code": {person}}.Encode(), cookie, nil)
	}
	rows := []struct {
		name     string
		audience string
		person   string
		browser  string // cookie instead of the asking browser's; "" for its own
		want     int
		says     string
	}{
		{"a person of a hospital enters the hospitals' site", "hospital", "lin-zhi", "", http.StatusSeeOther, ""},
		{"a person of an agency enters the agencies' site", "agency", "zhou-heng", "", http.StatusSeeOther, ""},
		{"a person of a hospital does not enter the agencies' site", "agency", "lin-zhi", "", http.StatusForbidden, "您的单位请从另一入口登录。"},
		{"a person of an agency does not enter the hospitals' site", "hospital", "zhou-heng", "", http.StatusForbidden, "您的单位请从另一入口登录。"},
		{"a person whom nobody registered does not enter", "hospital", "a-stranger", "", http.StatusForbidden, "您的账号尚未登记到任何单位，请联系本单位管理员。"},
		{"a sign-in that another browser began is not finished here", "hospital", "lin-zhi", "__Host-jixu-state-0123456789abcdef=other", http.StatusForbidden, "登录未完成，请重新登录。"},
	}
	for _, row := range rows {
		state, cookie := h.wayBack(t, row.audience)
		if row.browser != "" {
			cookie = row.browser
		}
		w := come(row.audience, row.person, state, cookie)
		if w.Code != row.want {
			t.Errorf("%s: got %d, want %d", row.name, w.Code, row.want)
		}
		if row.says != "" && page(t, w).Find(".intro").Text() != row.says {
			t.Errorf("%s: the page says %q, want %q", row.name, page(t, w).Find(".intro").Text(), row.says)
		}
		if opened := strings.Contains(strings.Join(w.Header().Values("Set-Cookie"), " "), "__Host-jixu-"+row.audience+"="); opened != (row.want == http.StatusSeeOther) {
			t.Errorf("%s: got a session %t, want %t", row.name, opened, !opened)
		}
	}
	// A state is good once, and only on the site that gave it.
	state, cookie := h.wayBack(t, "hospital")
	if w := come("agency", "zhou-heng", state, cookie); w.Code != http.StatusForbidden {
		t.Errorf("a hospital's state on the agencies' site: got %d, want 403", w.Code)
	}
	if w := come("hospital", "lin-zhi", state, cookie); w.Code != http.StatusForbidden {
		t.Errorf("a state that was used: got %d, want 403", w.Code)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	h := newHouse(t)
	cookie := h.cookie(t, "hospital", "lin-zhi")
	h.send("POST", "/hospital/sign-out", cookie, url.Values{"op": {rand.Text()}})
	if w := h.send("GET", "/hospital", cookie, nil); w.Code != http.StatusSeeOther {
		t.Errorf("the session after signing out: got %d, want 303 to the entrance", w.Code)
	}
}

// When a part does not answer, the page says so with a number to quote and one
// to call, and shows what was typed.
func TestWhenTheSystemIsAway(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	s.Faults = func(_ int, name string) memory.Fate {
		if name == "Store.Load" {
			return memory.FailBefore
		}
		return memory.Pass
	}
	w := s.send("POST", s.open+"/withdraw", lin, url.Values{"op": {rand.Text()}, "reason": {"不再需要。"}})
	doc := page(t, w)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", w.Code)
	}
	for selector, want := range map[string]string{".code": "ref-1", ".typed": "不再需要。", "footer a": "021-63269368"} {
		if !strings.Contains(doc.Find(selector).Text(), want) {
			t.Errorf("%s: got %q, want %q", selector, doc.Find(selector).Text(), want)
		}
	}
	if strings.Contains(w.Body.String(), "memory") {
		t.Error("the page shows our error, want a reference only")
	}
}

func TestWhatEachReaderSees(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	gate := s.gatePath(t, s.open, "opinion")
	agency := strings.Replace(s.open, "/hospital/", "/agency/", 1)
	see := func(audience, person, path, selector string) string {
		w := s.send("GET", path, s.cookie(t, audience, person), nil)
		return strings.Join(strings.Fields(page(t, w).Find(selector).Text()), " ")
	}
	rows := []struct {
		name                             string
		audience, person, path, selector string
		want                             string
	}{
		{"the hospital reads that nothing may be imported yet", "hospital", "lin-zhi", s.open, ".identity .warn", "未获批准前不得进口或使用"},
		{"an agency is not warned of what it decides", "agency", "zhou-heng", agency, ".identity .warn", ""},
		{"the hospital waits and has no button", "hospital", "lin-zhi", s.open, ".move .button", ""},
		{"the assessor has the one button", "agency", "zhou-heng", agency, ".move.mine .button", "办理评估"},
		{"the health commission reads a device's case and has none", "agency", "qian-rong", agency, ".move .button", ""},
		{"the assessor may choose between opinion and notice", "agency", "zhou-heng", gate, ".choice strong", "出具评估意见发出补正通知"},
		{"an officer who transcribes may record, not ask", "agency", "tang-wei", s.gatePath(t, s.open, "reply"), ".choice strong", "登记批复"},
		{"every deadline names its status", "agency", "zhou-heng", gate, ".why .facts div:nth-child(3) dd", "本地设置"},
		{"the trace ends with the last counted day", "agency", "zhou-heng", gate, ".why tbody tr:last-child td:last-child", "第 10 天"},
		{"the hospital may withdraw while it waits", "hospital", "lin-zhi", s.open, ".apart a", "撤回申请"},
		{"an agency cannot", "agency", "zhou-heng", agency, ".apart a", ""},
	}
	for _, row := range rows {
		if got := see(row.audience, row.person, row.path, row.selector); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	// A notice turns the case round, and a new version shows what changed in it.
	zhou, lin := s.enter(t, "agency", "zhou-heng"), s.enter(t, "hospital", "lin-zhi")
	_, err := journey.Answer(ctx, zhou, gate, "ask-opinion", map[string]string{"defect-comparison": "请补充逐项对比。"})
	must(t, err)
	if got, want := see("hospital", "lin-zhi", s.open, ".move.mine .said"), "与境内已上市产品的对比资料：请补充逐项对比。"; got != want {
		t.Errorf("the hospital reads what is missing: got %q, want %q", got, want)
	}
	_, err = journey.Fill(ctx, lin, s.open, map[string]string{"comparison": "已补充。"})
	must(t, err)
	_, err = journey.SendFile(ctx, lin, s.open, "comparison", "补充.pdf", somePDF)
	must(t, err)
	_, err = journey.Submit(ctx, lin, s.open)
	must(t, err)
	next := s.gatePath(t, s.open, "opinion")
	if got, want := see("agency", "zhou-heng", next, ".changes li"), "申请信息“与境内已上市产品的比较”有改动“与境内已上市产品的对比资料”新增 1 个文件，移除 0 个文件"; got != want {
		t.Errorf("the assessor reads what changed: got %q, want %q", got, want)
	}
	if got, want := see("agency", "zhou-heng", gate, ".answered h2"), "该环节已经办结"; got != want {
		t.Errorf("the gate before: got %q, want %q", got, want)
	}
	if got := see("agency", "zhou-heng", gate, ".move.mine .button"); got != "办理评估" {
		t.Errorf("the gate before leads to the one after: got %q, want 办理评估", got)
	}
}

// Wherever a page is told to go back to, it goes back to us: after a true
// sign-in somebody else's page would be believed.
func TestTheWayBackLeadsNowhereElse(t *testing.T) {
	h := newHouse(t)
	rows := []struct {
		name, back string
		keeps      bool
	}{
		{"a page", "/hospital/cases/x", true},
		{"a page with a question", "/hospital/find?number=%E6%80%A5+1", true},
		{"an escaped tab stays escaped", "/%09/evil.example", true},
		{"an escaped slash stays escaped", "/%2fevil.example", true},
		{"an escaped backslash stays escaped", "/%5Cevil.example", true},
		{"two slashes name a host", "//evil.example/login", false},
		{"three slashes", "///evil.example", false},
		{"a tab between slashes", "/\t/evil.example", false},
		{"a tab before the second slash", "/\t\t//evil.example", false},
		{"a line end", "/\n/evil.example", false},
		{"a carriage return", "/\r/evil.example", false},
		{"a NUL", "/\x00/evil.example", false},
		{"a blank in front", " //evil.example", false},
		{"a blank within", "/ /evil.example", false},
		{"a delete", "/\x7f/evil.example", false},
		{"a backslash", "/\\evil.example", false},
		{"a backslash in front", "\\/evil.example", false},
		{"a whole address", "https://evil.example/", false},
		{"an address without slashes", "https:evil.example", false},
		{"a script", "javascript:alert(1)", false},
		{"a user's name for a host", "//hospital@evil.example", false},
		{"no slash at all", "evil.example", false},
		{"nothing", "", false},
	}
	for _, row := range rows {
		for way, fallback := range map[string]string{"/preferences": "/", "/hospital/sign-in": "/hospital"} {
			got := h.wentBack(t, way, row.back)
			want := row.back
			if !row.keeps {
				want = fallback
			}
			if row.keeps && way == "/hospital/sign-in" && !strings.HasPrefix(row.back, "/hospital") {
				continue // a sign-in leads to pages of its own audience only
			}
			if got != want {
				t.Errorf("%s: %s goes to %q, want %q", row.name, way, got, want)
			}
		}
	}
}

// A link is a secret: the sign-in that its page offers leads to the gate, and
// the secret stands neither in a question nor in what is kept on the way.
func TestTheSignInOfALinkKeepsNoSecret(t *testing.T) {
	h := newHouse(t)
	path, _ := h.submitted(t, h.enter(t, "hospital", "lin-zhi"))
	gate := h.gatePath(t, path, "opinion")
	var link, offered string
	for _, m := range h.Mail.Sent() {
		at := strings.Index(m.Text, "/l/")
		if at < 0 || link != "" {
			continue
		}
		link = strings.Fields(m.Text[at:])[0]
		offered, _ = page(t, h.send("GET", link, "", nil)).Find("#who a.button").Attr("href")
		if !strings.HasSuffix(offered, gate) {
			link = ""
		}
	}
	if want := "/agency/sign-in?return=" + gate; offered != want {
		t.Fatalf("the link's page offers %q, want %q", offered, want)
	}
	for name, back := range map[string]string{"the link itself": link, "the link's code": link + "/code/x", "a page of the hospitals": "/hospital", "a page that begins alike": "/agencyx"} {
		w := h.send("POST", "/agency/sign-in", "", url.Values{"op": {rand.Text()}, "return": {back}})
		at := leadsTo(t, w)
		p, err := h.Access.TakePending(context.Background(), docket.Hash(at.Query().Get("state")), h.sites[1].Wall())
		must(t, err)
		if p.Return != "/agency" {
			t.Errorf("%s: kept %q, want /agency", name, p.Return)
		}
	}
	// Whoever signs in from there is at the gate.
	zhou := h.enter(t, "agency", "zhou-heng")
	at, err := zhou.Get(context.Background(), strings.TrimPrefix(offered, "/agency/sign-in?return="))
	must(t, err)
	if at.Status != http.StatusOK {
		t.Errorf("the gate after signing in: got %d, want 200", at.Status)
	}
}

// wentBack is where way leads somebody who asked to be led to back: at once, or
// after a true sign-in.
func (h *house) wentBack(t testing.TB, way, back string) string {
	t.Helper()
	w := h.send("POST", way, "", url.Values{"op": {rand.Text()}, "return": {back}})
	if way == "/preferences" {
		return w.Header().Get("Location")
	}
	at := leadsTo(t, w)
	state, cookie := at.Query().Get("state"), strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
	w = h.send("GET", "/hospital/callback?"+url.Values{"state": {state}, "code": {journey.Person("lin-zhi").Subject}}.Encode(), cookie, nil)
	return w.Header().Get("Location")
}
