package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/memory"
)

const answers, evidence = "/callbacks/v1/answers", "/callbacks/v1/evidence"

func TestAnAgencySystemLivesACaseToItsEnd(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	mpa, nmpa := h.agency("mpa"), h.agency("nmpa")

	notice := map[string]any{"notice": map[string]any{"defects": []any{map[string]any{"item": "signed-form", "what": "请加盖公章"}}}}
	if a := mpa.post(answers, at(id, "opinion-1", "zhou-heng", notice)); a.Status != 200 || a.at("verb") != "ask-opinion" {
		t.Fatalf("asking: got %d %s", a.Status, a.Text)
	}
	c := h.record(id).Case
	_, err := h.Desk.Resubmit(t.Context(), h.op(), docket.GateRef{Of: id, Gate: h.gate(id, gate.Opinion)}, c.Dossier, true, actor("lin-zhi"))
	h.must(err)
	a := mpa.post(answers, at(id, h.gate(id, gate.Opinion), "zhou-heng", map[string]any{"submission": 2, "opinion": opinion(true, "注意随访。")}))
	if a.Status != 200 || a.at("verb") != "opine" || a.at("person") != "zhou-heng" || a.at("organisation") != "mpa" || a.at("about", "id") != id {
		t.Fatalf("opining: got %d %s", a.Status, a.Text)
	}

	reply := h.gate(id, gate.Reply)
	a = nmpa.post(evidence, at(id, reply, "shen-an", map[string]any{"name": "批复.pdf"}))
	if a.Status != 200 || a.at("ticket", "fields", "key") != "evidence/"+id+"/"+a.at("file") {
		t.Fatalf("asking for an upload: got %d %s", a.Status, a.Text)
	}
	file := a.at("file")
	letter := map[string]any{"submission": 2, "reply": map[string]any{
		"outcome": "approve-in-part", "number": "国药监械临急〔2026〕1号", "date": "2026-11-02", "reason": "按需求核减", "quantity": 6,
		"validUntil": "2027-11-01", "conditions": []any{"限本院使用"}, "evidence": file,
	}}
	if a := nmpa.post(answers, at(id, reply, "shen-an", letter)); a.Status != 409 || a.code() != "file.unchecked" {
		t.Errorf("before the check: got %d %s, want 409 file.unchecked", a.Status, a.Text)
	}
	h.send(id, file)
	if a := nmpa.post(answers, at(id, reply, "shen-an", letter)); a.Status != 200 || a.at("verb") != "record" {
		t.Fatalf("replying: got %d %s", a.Status, a.Text)
	}
	want := "create lin-zhi session, submit lin-zhi session, ask-opinion zhou-heng machine, resubmit lin-zhi session, opine zhou-heng machine, record shen-an machine"
	if got := h.story(id); got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
	d := h.record(id).Case.Decision
	if d == nil || d.Terms.Quantity != 6 || d.Terms.Unit != "套" || d.Transcript {
		t.Errorf("decision: got %+v, want six, not transcribed", d)
	}
}

func TestAReplayIsTheSameReceiptAndAnotherAnswerHearsWhoDecided(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	mpa := h.agency("mpa")
	body := func(advice string) []byte {
		return encode(h, at(id, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, advice)}))
	}
	first := h.do(mpa.request(answers, "msg_00000001", body("")))
	if first.Status != 200 {
		t.Fatalf("got %d %s", first.Status, first.Text)
	}
	for sentence, r := range map[string]*http.Request{
		"the very same request":            mpa.request(answers, "msg_00000001", body("")),
		"the same answer, another id":      mpa.request(answers, "msg_00000002", body("")),
		"the same in another order":        mpa.request(answers, "msg_00000003", []byte(strings.Replace(string(body("")), "{", "{ ", 1))),
		"the same with spaces around it":   mpa.request(answers, "msg_00000004", body(" \r\n")),
		"the same, half an hour of theirs": mpa.request(answers, "msg_00000005", body("")),
	} {
		if again := h.do(r); again.Status != 200 || again.Text != first.Text {
			t.Errorf("%s: got %d %s, want %s", sentence, again.Status, again.Text, first.Text)
		}
	}
	if a := h.do(mpa.request(answers, "msg_00000001", append(body(""), ' '))); a.Status != 409 || a.code() != "operation.other" {
		t.Errorf("the same id, other bytes: got %d %s, want 409 operation.other", a.Status, a.Text)
	}
	r := mpa.request(answers, "msg_00000006", body("另行说明"))
	r.Header.Set("Accept-Language", "en")
	a := h.do(r)
	if a.Status != 409 || a.code() != "gate.answered" || a.at("decided", "person", "name") != "Zhou Heng" || a.at("decided", "choice") != "opine" ||
		a.at("decided", "organisation", "name") != "Shanghai Municipal MPA" || a.at("decided", "at") != first.at("at") || a.at("decided", "entry") != first.at("entry") {
		t.Errorf("another answer: got %d %s, want who decided what and when", a.Status, a.Text)
	}
	if got, want := h.story(id), "create lin-zhi session, submit lin-zhi session, opine zhou-heng machine"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
}

// attack is one request that must change nothing.
type attack struct {
	sentence string
	make     func(*house, string, *agency) *http.Request
	status   int
	code     string
}

func good(h *house, id string) []byte {
	return encode(h, at(id, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "")}))
}

// changed signs the good answer and changes the request afterwards.
func changed(change func(*http.Request)) func(*house, string, *agency) *http.Request {
	return func(h *house, id string, mpa *agency) *http.Request {
		r := mpa.request(answers, "msg_00000001", good(h, id))
		change(r)
		return r
	}
}

// saying signs another body.
func saying(body func(h *house, id string) any) func(*house, string, *agency) *http.Request {
	return func(h *house, id string, mpa *agency) *http.Request {
		return mpa.request(answers, "msg_00000001", encode(h, body(h, id)))
	}
}

func set(name, value string) func(*house, string, *agency) *http.Request {
	return changed(func(r *http.Request) { r.Header.Set(name, value) })
}

func text(body string) func(*house, string, *agency) *http.Request {
	return saying(func(*house, string) any { return body })
}

// late signs with a clock that is off.
func late(by time.Duration) func(*house, string, *agency) *http.Request {
	return func(h *house, id string, mpa *agency) *http.Request {
		h.now = h.now.Add(-by)
		r := mpa.request(answers, "msg_00000001", good(h, id))
		h.now = h.now.Add(by)
		return r
	}
}

// with answers as person, with what is said.
func with(person string, more map[string]any) func(*house, string, *agency) *http.Request {
	return saying(func(_ *house, id string) any { return at(id, "opinion-1", person, more) })
}

var attacks = []attack{
	{"five minutes and a second late", late(5*time.Minute + time.Second), 401, "webhook.time"},
	{"five minutes and a second early", late(-5*time.Minute - time.Second), 401, "webhook.time"},
	{"the system's clock instead of the wall's", func(h *house, id string, mpa *agency) *http.Request {
		h.now = monday
		r := mpa.request(answers, "msg_00000001", good(h, id))
		h.now = wall
		return r
	}, 401, "webhook.time"},
	{"no signature", changed(func(r *http.Request) { r.Header.Del("webhook-signature") }), 400, "webhook.headers"},
	{"an empty signature", set("webhook-signature", "v1,"), 401, "webhook.signature"},
	{"another scheme", changed(func(r *http.Request) {
		r.Header.Set("webhook-signature", strings.Replace(r.Header.Get("webhook-signature"), "v1,", "v2,", 1))
	}), 401, "webhook.signature"},
	{"the scheme none", set("webhook-signature", "none,"), 401, "webhook.signature"},
	{"a truncated signature", changed(func(r *http.Request) {
		r.Header.Set("webhook-signature", r.Header.Get("webhook-signature")[:20])
	}), 401, "webhook.signature"},
	{"a signature twice in one header, as the gateway joins two", changed(func(r *http.Request) {
		s := r.Header.Get("webhook-signature")
		r.Header.Set("webhook-signature", s+", "+s+",")
	}), 401, "webhook.signature"},
	{"two signature headers", changed(func(r *http.Request) { r.Header.Add("webhook-signature", "v1,AAAA") }), 400, "webhook.headers"},
	{"two ids", changed(func(r *http.Request) { r.Header.Add("webhook-id", "msg_00000002") }), 400, "webhook.headers"},
	{"two organisations", changed(func(r *http.Request) { r.Header.Add("Jixu-Organisation", "nmpa") }), 400, "webhook.headers"},
	{"two organisations in one header", set("Jixu-Organisation", "mpa, nmpa"), 400, "webhook.headers"},
	{"another id", set("webhook-id", "msg_00000002"), 401, "webhook.signature"},
	{"an id of another shape", set("webhook-id", "../../etc"), 400, "webhook.headers"},
	{"another organisation that has no secret", set("Jixu-Organisation", "nmpa"), 401, "webhook.signature"},
	{"an organisation there is not", set("Jixu-Organisation", "nobody"), 401, "webhook.signature"},
	{"another body", changed(func(r *http.Request) { r.Body = http.NoBody }), 401, "webhook.signature"},
	{"a byte more", changed(func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(r.Body, strings.NewReader(" "))) }), 401, "webhook.signature"},
	{"the body of one route at another", changed(func(r *http.Request) { r.URL.Path = evidence }), 422, "form"},
	{"a secret that was revoked", func(h *house, id string, mpa *agency) *http.Request {
		m := h.Systems
		t, err := m.Trust(h.Context(), admin("mpa"))
		h.must(err)
		_, err = m.RevokeSecret(h.Context(), h.op(), t.Secrets[0].ID, admin("mpa"))
		h.must(err)
		return mpa.request(answers, "msg_00000001", good(h, id))
	}, 401, "webhook.signature"},
	{"a secret that has ended", func(h *house, id string, mpa *agency) *http.Request {
		h.now = h.now.AddDate(0, 0, 30)
		return mpa.request(answers, "msg_00000001", good(h, id))
	}, 401, "webhook.signature"},
	{"a secret of another organisation", func(h *house, id string, mpa *agency) *http.Request {
		mpa.secret = h.agency("health").secret
		return mpa.request(answers, "msg_00000001", good(h, id))
	}, 401, "webhook.signature"},

	{"no JSON by its word", set("Content-Type", "text/plain"), 415, "body.type"},
	{"a form", set("Content-Type", "application/x-www-form-urlencoded"), 415, "body.type"},
	{"another character set", set("Content-Type", "application/json; charset=gbk"), 415, "body.type"},
	{"a packed body", set("Content-Encoding", "gzip"), 415, "body.type"},
	{"more than 1 MB", saying(func(*house, string) any { return `"` + strings.Repeat("x", 1<<20) + `"` }), 413, "body.large"},
	{"nothing", text(""), 400, "json"},
	{"no JSON", text("opine"), 400, "json"},
	{"half a body", text(`{"case":"c1"`), 400, "json"},
	{"two bodies", text(`{}{}`), 400, "json"},
	{"a list", text(`[]`), 422, "form"},
	{"null", text(`null`), 422, "form"},
	{"bytes that are no text", text("{\"case\":\"\xff\"}"), 400, "json"},
	{"a name twice", text(`{"case":"c1","case":"c2"}`), 400, "json"},
	{"nesting without end", text(strings.Repeat(`{"opinion":`, 5000)), 400, "json"},
	{"a name nobody knows", with("zhou-heng", map[string]any{"opinion": opinion(true, ""), "role": "administrator"}), 422, "form"},
	{"a name in capitals", with("zhou-heng", map[string]any{"OPINION": opinion(true, "")}), 422, "form"},
	{"a number for a text", with("zhou-heng", map[string]any{"opinion": 7}), 422, "form"},
	{"null for a text", with("zhou-heng", map[string]any{"opinion": nil}), 422, "form"},
	{"no answer", with("zhou-heng", nil), 422, "form"},
	{"two answers at once", with("zhou-heng", map[string]any{"opinion": opinion(true, ""), "notice": map[string]any{}}), 422, "form"},
	{"an opinion without findings", with("zhou-heng", map[string]any{"opinion": map[string]any{}}), 422, "form"},
	{"a finding without its word", with("zhou-heng", map[string]any{"opinion": map[string]any{"findings": []any{map[string]any{"question": "urgency", "reason": "x"}}}}), 422, "form"},
	{"a question nobody asks", with("zhou-heng", map[string]any{"opinion": map[string]any{"findings": []any{map[string]any{"question": "price", "met": true, "reason": "x"}}}}), 422, "form"},
	{"a notice without defects", with("zhou-heng", map[string]any{"notice": map[string]any{"defects": []any{}}}), 422, "form"},
	{"a reply at the opinion's gate", with("zhou-heng", map[string]any{"reply": map[string]any{"outcome": "approve", "number": "1", "date": "2026-11-02", "evidence": "x"}}), 409, "case.state"},

	{"nobody named", with("", map[string]any{"opinion": opinion(true, "")}), 422, "form"},
	{"a stranger named", with("stranger", map[string]any{"opinion": opinion(true, "")}), 422, "form"},
	{"somebody of another organisation named", with("qian-rong", map[string]any{"opinion": opinion(true, "")}), 422, "form"},
	{"a colleague without the role named", with("tang-wei", map[string]any{"opinion": opinion(true, "")}), 403, "role"},
	{"a case there is not", saying(func(*house, string) any {
		return at("c-none", "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "")})
	}), 404, "case"},
	{"a gate there is not", saying(func(_ *house, id string) any {
		return at(id, "opinion-9", "zhou-heng", map[string]any{"opinion": opinion(true, "")})
	}), 404, "gate"},
	{"two cases named, and they are not one", saying(func(_ *house, id string) any {
		return at(id, "opinion-1", "zhou-heng", map[string]any{"case": "c-other", "opinion": opinion(true, "")})
	}), 404, "case"},
	{"a kind there is not", saying(func(_ *house, id string) any {
		return at(id, "opinion-1", "zhou-heng", map[string]any{"about": docket.About{Kind: "unheard-of", ID: id}, "opinion": opinion(true, "")})
	}), 404, "case"},
	{"a case named by a path", saying(func(_ *house, id string) any {
		return at("../"+id, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "")})
	}), 404, "case"},
	{"a draft", saying(func(h *house, _ string) any {
		return at(h.draft(), "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "")})
	}), 404, "gate"},
	{"another agency's gate", func(h *house, id string, _ *agency) *http.Request {
		return h.agency("health").request(answers, "msg_00000001", encode(h, at(id, "opinion-1", "qian-rong", map[string]any{"opinion": opinion(true, "")})))
	}, 404, "gate"},
	{"a hospital's own system", func(h *house, id string, _ *agency) *http.Request {
		return h.agency("hospital-1").request(answers, "msg_00000001", encode(h, at(id, "opinion-1", "lin-zhi", map[string]any{"opinion": opinion(true, "")})))
	}, 404, "gate"},
	{"another hospital's system", func(h *house, id string, _ *agency) *http.Request {
		return h.agency("hospital-2").request(answers, "msg_00000001", encode(h, at(id, "opinion-1", "he-yue", map[string]any{"opinion": opinion(true, "")})))
	}, 404, "gate"},

	{"looking", changed(func(r *http.Request) { r.Method = http.MethodGet }), 405, "method"},
	{"asking for the headers", changed(func(r *http.Request) { r.Method = http.MethodOptions }), 405, "method"},
	{"putting", changed(func(r *http.Request) { r.Method = http.MethodPut }), 405, "method"},
	{"another route", changed(func(r *http.Request) { r.URL.Path = "/callbacks/v1/none" }), 404, "page"},
	{"another version", changed(func(r *http.Request) { r.URL.Path = "/callbacks/v2/answers" }), 404, "page"},
}

func TestAttacksOnTheCallbacksChangeNothing(t *testing.T) {
	for _, row := range attacks {
		t.Run(row.sentence, func(t *testing.T) {
			h := newHouse(t)
			id, mpa := h.submitted(), h.agency("mpa")
			r := row.make(h, id, mpa)
			before := h.story(id)
			a := h.do(r)
			if a.Status != row.status || a.code() != row.code {
				t.Errorf("got %d %s, want %d %s", a.Status, a.Text, row.status, row.code)
			}
			if a.Header.Get("Content-Type") != "application/problem+json" || a.at("title") == "" || a.at("detail") == "" || strings.Contains(a.Text, "[") && strings.Contains(a.Text, "[fault.") {
				t.Errorf("got %v %s, want a problem in words", a.Header, a.Text)
			}
			if (a.Status == 401) != (a.Header.Get("WWW-Authenticate") != "") || (a.Status == 405) != (a.Header.Get("Allow") != "") {
				t.Errorf("got headers %v for %d", a.Header, a.Status)
			}
			if after := h.story(id); after != before {
				t.Errorf("history: got %s, want %s", after, before)
			}
			for _, secret := range []string{string(mpa.secret), "whsec_", r.Header.Get("webhook-signature"), "符合要求", "周衡"} {
				if len(secret) > 10 && strings.Contains(h.log.String()+a.Text, secret) {
					t.Errorf("got %q in the log or the answer", secret)
				}
			}
			// The honest machine is not kept out by any of it.
			h.now = wall
			if strings.Contains(row.sentence, "a secret that") {
				return
			}
			mpa = h.agency("mpa")
			if a := h.do(mpa.request(answers, "msg_00000001", good(h, id))); a.Status != 200 {
				t.Errorf("afterwards: got %d %s, want the good answer taken", a.Status, a.Text)
			}
		})
	}
}

func TestSecretsOverlapWhileAnAgencySystemChangesOver(t *testing.T) {
	h := newHouse(t)
	one, two := h.submitted(), h.submitted()
	old := h.agency("mpa")
	fresh := h.agency("mpa")
	for i, row := range []struct {
		system *agency
		id     string
	}{{old, one}, {fresh, two}} {
		if a := row.system.post(answers, at(row.id, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "")})); a.Status != 200 {
			t.Errorf("system %d: got %d %s, want it taken", i, a.Status, a.Text)
		}
	}
	three := h.submitted()
	r := old.request(answers, "msg_both_0001", good(h, three))
	r.Header.Set("webhook-signature", "v1,"+strings.Repeat("A", 43)+"= "+r.Header.Get("webhook-signature"))
	if a := h.do(r); a.Status != 200 {
		t.Errorf("two signatures in one header: got %d %s, want it taken", a.Status, a.Text)
	}
}

func TestAThousandDifferentAnswersAtOnceAreOneDecision(t *testing.T) {
	h := newHouse(t)
	id, mpa := h.submitted(), h.agency("mpa")
	var mu sync.Mutex
	got := map[string]int{}
	deciders := map[string]int{}
	var all sync.WaitGroup
	for i := range 1000 {
		body := encode(h, at(id, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(i%2 == 0, fmt.Sprint("意见 ", i))}))
		all.Go(func() {
			a := h.do(mpa.request(answers, fmt.Sprintf("msg_%08d", i), body))
			mu.Lock()
			defer mu.Unlock()
			got[fmt.Sprint(a.Status, " ", a.code())]++
			if a.Status == 409 {
				deciders[a.at("decided", "entry")+" "+a.at("decided", "person", "id")]++
			}
		})
	}
	all.Wait()
	if got["200 "] != 1 || got["409 gate.answered"] != 999 || len(deciders) != 1 {
		t.Errorf("got %v and deciders %v, want one decision and 999 who hear of it", got, deciders)
	}
	if got, want := h.story(id), "create lin-zhi session, submit lin-zhi session, opine zhou-heng machine"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
}

func TestAPartThatDoesNotAnswerIsSaidSo(t *testing.T) {
	h := newHouse(t)
	id, mpa := h.submitted(), h.agency("mpa")
	h.Town.Faults = func(_ int, name string) memory.Fate {
		if name == "Sealer.Decrypt" {
			return memory.FailBefore
		}
		return memory.Pass
	}
	var a *answer
	_, _ = h.Under(func() error {
		a = mpa.post(answers, at(id, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "")}))
		return nil
	})
	if a.Status != 503 || a.Header.Get("Retry-After") == "" || a.at("reference") != "ref-1" || strings.Contains(a.Text, "memory") {
		t.Errorf("got %d %s, want 503, a reference and no inside", a.Status, a.Text)
	}
	if !bytes.Contains(h.log.Bytes(), []byte("request failed")) {
		t.Error("got nothing in the log, want the cause")
	}
}

func TestProblemsAreSaidInTheReadersLanguage(t *testing.T) {
	h := newHouse(t)
	for header, want := range map[string]string{
		"": "zh-CN", "en": "en", "en-GB,en;q=0.9": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh-CN", "zh;q=0.3,en;q=0.7": "en",
		"fr": "zh-CN", "fr,en;q=0.1": "en", "en;q=0": "zh-CN", "en;q=x": "zh-CN", "*": "zh-CN", ";;;,,,": "zh-CN",
	} {
		r := (&agency{house: h, org: "mpa", secret: []byte("x")}).request(answers, "msg_00000001", []byte("{}"))
		r.Header.Set("Accept-Language", header)
		if a := h.do(r); a.Header.Get("Content-Language") != want {
			t.Errorf("%q: got %s %s, want %s", header, a.Header.Get("Content-Language"), a.at("detail"), want)
		}
	}
}
