package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/api"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/policy"
)

const base = "/api/v1"

func path(id string, more ...string) string {
	return base + "/cases/" + id + strings.Join(append([]string{""}, more...), "/")
}

func declared() map[string]any { return map[string]any{"declared": true} }

// fill opens a draft of kind by API, fills it in and sends its papers.
func (p *program) fill(kind string) string {
	h := p.house
	h.Helper()
	made := p.good(p.post(base+"/cases", map[string]any{"kind": kind}))
	id := made.at("about", "id")
	if made.Status != http.StatusCreated || made.Header.Get("Location") != path(id) {
		h.Errorf("opening a draft: got %d and %v, want 201 and its place", made.Status, made.Header)
	}
	form := journey.DeviceForm()
	maps.Copy(form, journey.DeviceFacts())
	if kind == "drug" {
		form = journey.DrugForm()
	}
	pack, err := h.Desk.Pack(h.Context(), h.record(id).Case)
	h.must(err)
	maps.DeleteFunc(form, func(field, _ string) bool { _, ok := pack.Field(field); return !ok })
	p.good(p.edit(id, "/form", map[string]any{"values": form}))
	for _, item := range journey.Papers(pack) {
		a := p.good(p.edit(id, "/files", map[string]any{"item": item.ID, "name": "申请表.pdf"}))
		again := p.good(p.post(path(id, "files", a.at("file"), "ticket"), map[string]any{}))
		if again.at("ticket", "fields", "key") != a.at("ticket", "fields", "key") {
			h.Errorf("the ticket again: got %s, want the same key", again.Text)
		}
		h.send(id, a.at("file"))
	}
	return id
}

// items are the rows of a list.
func (a *answer) items() []map[string]any {
	var out []map[string]any
	list, _ := a.JSON["items"].([]any)
	for _, one := range list {
		row, _ := one.(map[string]any)
		out = append(out, row)
	}
	return out
}

func (a *answer) gaps(severity string) (out []string) {
	list, _ := a.JSON["gaps"].([]any)
	for _, one := range list {
		if g, _ := one.(map[string]any); g["severity"] == severity {
			out = append(out, fmt.Sprint(g["where"]))
		}
	}
	return out
}

// Everything that can be done on the pages is done once by programs. Each answer
// is judged by the description as it comes, and in the end every route was seen
// to answer well.
func TestEveryOperationIsDoneByPrograms(t *testing.T) {
	h := newHouse(t)
	lin, zhou, tang, qian, shen := h.as("lin-zhi"), h.as("zhou-heng"), h.as("tang-wei"), h.as("qian-rong"), h.as("shen-an")
	if a := lin.good(lin.get(base + "/me")); a.at("person", "id") != "lin-zhi" || a.at("organisation", "id") != "hospital-1" {
		t.Errorf("who am I: got %s", a.Text)
	}
	lin.good(lin.get(base + "/packs/drug"))

	// A device, first time: draft, notice, supplement, opinion, reply, a later letter.
	id := lin.fill("device")
	extra := lin.good(lin.edit(id, "/files", map[string]any{"item": "signed-form", "name": "另一份.pdf"}))
	lin.good(lin.edit(id, "/files/"+extra.at("file")+"/detach", map[string]any{"item": "signed-form"}))
	if a := lin.good(lin.get(path(id, "precheck"))); len(a.gaps("blocks")) > 0 {
		t.Errorf("the pre-check: got %v that block, want none", a.gaps("blocks"))
	}
	lin.good(lin.get(path(id, "route")))
	if a := lin.good(lin.edit(id, "/submit", declared())); a.at("verb") != "submit" || a.Header.Get("ETag") == "" {
		t.Errorf("submitting: got %s", a.Text)
	}
	number := lin.good(lin.get(path(id))).at("number")
	if a := zhou.good(zhou.get(base + "/cases?number=" + number)); len(a.items()) != 1 || a.items()[0]["id"] != id {
		t.Errorf("by number: got %s", a.Text)
	}
	file := h.record(id).Case.Files["signed-form"][0]
	if a := zhou.good(zhou.post(path(id, "files", file, "open"), map[string]any{})); !strings.Contains(a.at("url"), file) {
		t.Errorf("opening a file: got %s", a.Text)
	}
	zhou.good(zhou.get(path(id, "submissions/1")))
	if a := zhou.good(zhou.get(base + "/inbox")); len(a.items()) != 2 { // and the reply, that the municipal MPA may transcribe
		t.Errorf("the assessor's inbox: got %s", a.Text)
	}
	if a := qian.good(qian.get(base + "/copies")); len(a.items()) != 1 {
		t.Errorf("the Health Commission's copies: got %s", a.Text)
	}
	qian.good(qian.post(path(id, "receive"), map[string]any{"submission": 1}))
	at1 := path(id, "gates", "opinion-1")
	zhou.good(zhou.post(at1+"/assign", map[string]any{"person": "zhou-heng"}))
	zhou.good(zhou.post(at1+"/hold", map[string]any{"reason": "等待专家意见", "until": "2026-11-05"}))
	if a := zhou.good(zhou.get(at1)); a.at("hold", "until") != "2026-11-05" || a.at("assignee", "id") != "zhou-heng" || a.at("due") == "" {
		t.Errorf("the gate: got %s", a.Text)
	}
	if a := lin.good(lin.get(at1)); a.at("hold") != "" || a.at("assignee") != "" {
		t.Errorf("the gate as the hospital sees it: got %s, want nothing of the agency's own business", a.Text)
	}
	zhou.good(zhou.post(at1+"/release", map[string]any{}))
	notice := map[string]any{"submission": 1, "notice": map[string]any{"defects": []any{map[string]any{"item": "signed-form", "what": "请加盖公章"}}}}
	if a := zhou.good(zhou.post(at1+"/rehearse", notice)); a.at("verb") != "ask-opinion" {
		t.Errorf("rehearsing: got %s", a.Text)
	}
	if got := h.record(id).Case.Opinion.State; got != "agency" {
		t.Errorf("after rehearsing: got %s, want nothing changed", got)
	}
	zhou.good(zhou.post(at1+"/answer", notice))
	lin.good(lin.edit(id, "/gates/opinion-2/resubmit", declared()))
	zhou.good(zhou.post(path(id, "register"), map[string]any{"submission": 2, "reason": "登记为新品种", "data": map[string]any{
		"nameZh": "可吸收封堵器", "maker": "Example Cardio Devices GmbH", "model": "BAO-12", "country": "德国", "class": "III",
	}}))
	qian.good(qian.post(path(id, "join"), map[string]any{"statement": "同意参加联合评估"}))
	zhou.good(zhou.post(path(id, "gates", "opinion-3", "answer"), map[string]any{"submission": 2, "opinion": opinion(true, "注意随访")}))
	lin.good(lin.post(path(id, "filing"), map[string]any{"channel": "网上申报", "date": "2026-11-02"}))
	reply := path(id, "gates", "reply-1")
	letter := func(more map[string]any) map[string]any {
		up := shen.good(shen.post(reply+"/evidence", map[string]any{"name": "批复.pdf"}))
		h.send(id, up.at("file"))
		out := map[string]any{"outcome": "approve-in-part", "number": "一号", "date": "2026-11-02", "reason": "核减", "quantity": 6, "evidence": up.at("file")}
		maps.Copy(out, more)
		return out
	}
	shen.good(shen.post(reply+"/answer", map[string]any{"submission": 2, "reply": letter(nil)}))
	shen.good(shen.post(reply+"/amend", map[string]any{"replaces": 1, "why": "更正数量", "reply": letter(map[string]any{"number": "二号", "quantity": 8, "conditions": []any{"限本院使用"}, "validUntil": "2027-11-01"})}))
	right := letter(map[string]any{"number": "二号", "quantity": 7, "conditions": []any{"限本院使用"}, "validUntil": "2027-11-01"})
	shen.good(shen.post(reply+"/correct", map[string]any{"replaces": 2, "why": "数量录入有误", "reply": right}))
	if a := lin.good(lin.get(path(id))); a.at("decision", "number") != "二号" || a.at("stage") != "approved-in-part" || a.at("given", "advice") != "注意随访" {
		t.Errorf("the case: got %s", a.Text)
	}

	// The same hospital again, in the emergency lane: the reply overtakes the opinion.
	again := lin.good(lin.post(path(id, "clone"), map[string]any{})).at("about", "id")
	varieties := lin.good(lin.get(base + "/varieties?kind=device")).items()
	if len(varieties) != 1 {
		t.Fatalf("the register: got %v, want one", varieties)
	}
	v := fmt.Sprint(varieties[0]["id"])
	lin.good(lin.edit(again, "/claim", map[string]any{"variety": v}))
	form := journey.DeviceForm()
	form["units-used"] = "used"
	maps.Copy(form, journey.DeviceFacts())
	pack, err := h.Desk.Pack(t.Context(), h.record(again).Case)
	h.must(err)
	maps.DeleteFunc(form, func(field, _ string) bool { _, ok := pack.Field(field); return !ok })
	lin.good(lin.edit(again, "/form", map[string]any{"values": form}))
	lin.good(lin.edit(again, "/submit", map[string]any{"declared": true, "later": required(pack), "urgency": "患儿病情危重"}))
	zhou.good(zhou.post(path(again, "identify"), map[string]any{"submission": 1, "variety": v, "reason": "同一生产企业同一型号"}))
	if a := zhou.good(zhou.get(path(again, "route"))); a.at("route") != "same-hospital" || a.at("relyOn", "case") != "" || a.at("relyOn", "hospital") != "" {
		t.Errorf("the route: got %s, want a repeat that names no hospital", a.Text)
	}
	for _, item := range required(pack) {
		a := lin.good(lin.edit(again, "/files", map[string]any{"item": item, "name": "补交.pdf"}))
		h.send(again, a.at("file"))
	}
	lin.good(lin.edit(again, "/gates/papers-1/deliver", declared()))
	up := shen.good(shen.post(path(again, "gates/reply-1/evidence"), map[string]any{"name": "批复.pdf"}))
	h.send(again, up.at("file"))
	shen.good(shen.post(path(again, "gates/reply-1/answer"), map[string]any{"submission": 2, "reply": map[string]any{"outcome": "approve", "number": "三号", "date": "2026-11-02", "evidence": up.at("file")}}))
	late := opinion(true, "")
	late["override"], late["submission"] = "逐项评估", 2
	zhou.good(zhou.post(path(again, "late-opinion"), late))
	now := zhou.good(zhou.get(base + "/varieties/" + v))
	data := map[string]any{"nameZh": "可吸收封堵器", "maker": "Example Cardio Devices GmbH", "model": "BAO-12、BAO-14", "country": "德国", "class": "III", "category": "implant"}
	zhou.good(zhou.post(base+"/varieties/"+v+"/correct", map[string]any{"data": data, "reason": "补充型号"}, "If-Match", now.Header.Get("ETag")))
	now = zhou.good(zhou.get(base + "/varieties/" + v))
	zhou.good(zhou.post(base+"/varieties/"+v+"/mark", map[string]any{"since": "2026-11-01", "note": "国械注进20260001"}, "If-Match", now.Header.Get("ETag")))

	// A drug: the Health Commission leads, and reports to the NHC.
	drug := lin.fill("drug")
	lin.good(lin.edit(drug, "/submit", declared()))
	qian.good(qian.post(path(drug, "gates/opinion-1/answer"), map[string]any{"submission": 1, "opinion": opinion(true, "")}))
	qian.good(qian.post(path(drug, "report"), map[string]any{"channel": "书面", "date": "2026-11-02", "receipt": "收〔2026〕1号"}))
	lin.good(lin.post(path(drug, "withdraw"), map[string]any{"reason": "患者转院"}))

	// A question.
	q := lin.good(lin.post(base+"/inquiries", map[string]any{"kind": "device", "subject": "材料要求", "question": "是否需要公证？"}))
	qid := q.at("about", "id")
	zhou.good(zhou.get(base + "/inquiries"))
	zhou.good(zhou.post(base+"/inquiries/"+qid+"/answer", map[string]any{"text": "不需要。"}))
	lin.good(lin.post(base+"/inquiries/"+qid+"/attach", map[string]any{"case": id}))
	if a := lin.good(lin.get(base + "/inquiries/" + qid)); a.at("status") != "answered" || a.at("case") != id {
		t.Errorf("the question: got %s", a.Text)
	}

	// What machines agree on.
	secret := tang.good(tang.post(base+"/organisation/secrets", map[string]any{"days": 90}))
	if !strings.HasPrefix(secret.at("secret"), "whsec_") {
		t.Errorf("a new secret: got %s, want it shown", secret.Text)
	}
	tang.good(tang.post(base+"/organisation/address", map[string]any{"address": "https://events.mpa.example/jixu"}))
	if a := tang.good(tang.get(base + "/organisation/machine")); strings.Contains(a.Text, "whsec_") || a.at("address") != "https://events.mpa.example/jixu" {
		t.Errorf("what systems agree on: got %s, want no secret", a.Text)
	}
	tang.good(tang.post(base+"/organisation/secrets/"+secret.at("id")+"/revoke", map[string]any{}))

	// Lists and history in pages.
	lin.good(lin.get(path(id, "gates")))
	for _, list := range []string{base + "/cases", path(id, "history")} {
		var seen []string
		next := ""
		for range 40 {
			a := lin.good(lin.get(list + "?limit=2&cursor=" + next))
			for _, row := range a.items() {
				seen = append(seen, fmt.Sprint(row["id"], row["seq"]))
			}
			if next = a.at("next"); next == "" {
				break
			}
		}
		all := lin.good(lin.get(list + "?limit=100")).items()
		if len(seen) != len(all) || len(all) < 3 || len(seen) != len(slices.Compact(slices.Sorted(slices.Values(seen)))) {
			t.Errorf("%s in pages: got %v, want %d rows, each once", list, seen, len(all))
		}
	}

	for _, d := range api.Routes() {
		if !h.contract.seen[d.Method+" "+d.Pattern] {
			t.Errorf("%s %s: got it never done here, want it done once", d.Method, d.Pattern)
		}
	}
}

func required(p policy.Pack) []string {
	var out []string
	for _, part := range p.Parts {
		for _, item := range part.Items {
			if item.Required {
				out = append(out, item.ID)
			}
		}
	}
	return out
}

func TestTheSameRequestHappensOnce(t *testing.T) {
	h := newHouse(t)
	lin := h.as("lin-zhi")
	first := lin.good(lin.post(base+"/cases", map[string]any{"kind": "device"}, "Idempotency-Key", "the-same-request-1"))
	again := lin.good(lin.post(base+"/cases", map[string]any{"kind": "device"}, "Idempotency-Key", `"the-same-request-1"`))
	if again.at("about", "id") != first.at("about", "id") || again.Text != first.Text {
		t.Errorf("again: got %s, want %s", again.Text, first.Text)
	}
	if a := lin.post(base+"/cases", map[string]any{"kind": "drug"}, "Idempotency-Key", "the-same-request-1"); a.Status != 409 || a.code() != "operation.other" {
		t.Errorf("the same key for another request: got %d %s", a.Status, a.Text)
	}
	gu := h.as("gu-ming")
	if a := gu.good(gu.post(base+"/cases", map[string]any{"kind": "device"}, "Idempotency-Key", "the-same-request-1")); a.at("about", "id") == first.at("about", "id") {
		t.Errorf("a colleague's request with the same key: got %s, want another draft", a.Text)
	}
	id := first.at("about", "id")
	etag := lin.get(path(id)).Header.Get("ETag")
	one := lin.good(lin.post(path(id, "form"), map[string]any{"values": map[string]any{"unit": "套"}}, "If-Match", etag, "Idempotency-Key", "the-same-request-2"))
	two := lin.good(lin.post(path(id, "form"), map[string]any{"values": map[string]any{"unit": "套"}}, "If-Match", etag, "Idempotency-Key", "the-same-request-2"))
	if one.Text != two.Text || one.Header.Get("ETag") != two.Header.Get("ETag") || h.record(id).Case.Dossier != 2 {
		t.Errorf("an edit sent twice: got %s then %s at version %d, want one", one.Text, two.Text, h.record(id).Case.Dossier)
	}
	if a := lin.post(path(id, "form"), map[string]any{"values": map[string]any{"unit": "个"}}, "If-Match", etag); a.Status != 412 || a.code() != "version" {
		t.Errorf("an edit of what a colleague changed: got %d %s, want 412", a.Status, a.Text)
	}
	if got := h.record(id).Case.Form["unit"]; got != "套" {
		t.Errorf("the form: got %q, want what was saved first", got)
	}
}

// What another hospital's program asks for is not there.
func TestAnotherHospitalsProgramFindsNothing(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	draft := h.draft()
	lin, he := h.as("lin-zhi"), h.as("he-yue")
	q := lin.good(lin.post(base+"/inquiries", map[string]any{"kind": "device", "subject": "材料", "question": "是否？", "case": id}))
	fillIn := strings.NewReplacer("{file}", h.record(id).Case.Files["signed-form"][0], "{gate}", "opinion-1", "{no}", "1", "{inquiry}", q.at("about", "id"))
	before := h.story(id)
	for _, d := range api.Routes() {
		if !strings.Contains(d.Pattern, "{case}") && !strings.Contains(d.Pattern, "{inquiry}") {
			continue
		}
		for _, one := range []string{id, draft} {
			at := fillIn.Replace(strings.ReplaceAll(d.Pattern, "{case}", one))
			r := he.request(d.Method, at, bodyFor(d.Pattern), "If-Match", `"1"`)
			if d.Method == http.MethodGet {
				r = he.request(d.Method, at, nil)
			}
			if a := h.do(r); a.Status != 404 {
				t.Errorf("%s %s: got %d %s, want 404", d.Method, d.Pattern, a.Status, a.Text)
			}
		}
	}
	if a := he.get(base + "/cases?number=" + h.record(id).Case.Number); a.Status != 404 {
		t.Errorf("by number: got %d %s, want 404", a.Status, a.Text)
	}
	if a := he.get(base + "/cases"); len(a.items()) != 0 {
		t.Errorf("its list: got %s, want nothing", a.Text)
	}
	if after := h.story(id); after != before {
		t.Errorf("history: got %s, want %s", after, before)
	}
}

// bodyFor is a body that the route's description takes.
func bodyFor(pattern string) map[string]any {
	switch pattern[strings.LastIndex(pattern, "/")+1:] {
	case "form":
		return map[string]any{"values": map[string]any{"unit": "套"}}
	case "claim":
		return map[string]any{"variety": ""}
	case "files":
		return map[string]any{"item": "signed-form", "name": "x.pdf"}
	case "detach":
		return map[string]any{"item": "signed-form"}
	case "submit", "resubmit", "deliver":
		return declared()
	case "withdraw":
		return map[string]any{"reason": "x"}
	case "filing", "report":
		return map[string]any{"channel": "x", "date": "2026-11-02"}
	case "join":
		return map[string]any{"statement": "x"}
	case "receive":
		return map[string]any{"submission": 1}
	case "identify":
		return map[string]any{"submission": 1, "variety": "x", "reason": "x"}
	case "register", "correct":
		data := map[string]any{"nameZh": "x", "maker": "x", "model": "x", "country": "x", "class": "II"}
		switch {
		case strings.Contains(pattern, "{gate}"):
			return bodyFor("amend")
		case strings.HasSuffix(pattern, "register"):
			return map[string]any{"submission": 1, "reason": "x", "data": data}
		}
		return map[string]any{"reason": "x", "data": data}
	case "late-opinion":
		late := opinion(true, "")
		late["submission"] = 1
		return late
	case "answer":
		if strings.Contains(pattern, "inquiries") {
			return map[string]any{"text": "x"}
		}
		return map[string]any{"submission": 1, "opinion": opinion(true, "")}
	case "rehearse":
		return map[string]any{"submission": 1, "opinion": opinion(true, "")}
	case "evidence":
		return map[string]any{"name": "x.pdf"}
	case "amend":
		return map[string]any{"replaces": 1, "why": "x", "reply": map[string]any{"outcome": "refuse", "number": "x", "date": "2026-11-02", "reason": "x", "evidence": "x"}}
	case "hold":
		return map[string]any{"reason": "x", "until": "2026-11-05"}
	case "assign":
		return map[string]any{"person": "zhou-heng"}
	case "attach":
		return map[string]any{"case": "x"}
	case "inquiries":
		return map[string]any{"kind": "device", "subject": "x", "question": "x"}
	case "mark":
		return map[string]any{"since": "2026-11-01", "note": "x"}
	case "cases":
		return map[string]any{"kind": "device"}
	case "secrets":
		return map[string]any{"days": 1}
	case "address":
		return map[string]any{"address": ""}
	}
	return map[string]any{}
}

func TestWhoseTokenIsTaken(t *testing.T) {
	h := newHouse(t)
	at := func(d time.Duration) string { return fmt.Sprint(wall.Add(d).Unix()) }
	for _, row := range []struct {
		sentence string
		change   map[string]string
		status   int
		code     string
	}{
		{"a person's token is taken", nil, 200, ""},
		{"one of several audiences is enough", map[string]string{"aud": "[other jixu]"}, 200, ""},
		{"a client id does instead of an audience", map[string]string{"aud": "", "client_id": "jixu"}, 200, ""},
		{"an end with an exponent is read", map[string]string{"exp": "1.9E9"}, 200, ""},
		{"one that has ended is not", map[string]string{"exp": at(0)}, 401, "token"},
		{"one without an end is not, though the emulator lets it pass", map[string]string{"exp": ""}, 401, "token"},
		{"one whose end is no number is not", map[string]string{"exp": "never"}, 401, "token"},
		{"one whose end is beyond all is not", map[string]string{"exp": "1e300"}, 401, "token"},
		{"one that has not begun is not", map[string]string{"nbf": at(2 * time.Minute)}, 401, "token"},
		{"another issuer's is not", map[string]string{"iss": "https://evil.example"}, 401, "token"},
		{"one for another audience is not", map[string]string{"aud": "other", "client_id": "jixu"}, 401, "token"},
		{"one for nobody is not", map[string]string{"aud": "", "client_id": ""}, 401, "token"},
		{"one without a subject is not", map[string]string{"sub": ""}, 401, "token"},
		{"an ID token is not", map[string]string{"nonce": "n"}, 401, "token"},
		{"somebody who is not registered is not let in", map[string]string{"sub": "stranger"}, 403, "unknown"},
	} {
		p := h.as("lin-zhi")
		maps.Copy(p.claims, row.change)
		if a := p.get(base + "/me"); a.Status != row.status || a.code() != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.sentence, a.Status, a.Text, row.status, row.code)
		}
	}
	nobody := &program{house: h}
	if a := nobody.get(base + "/me"); a.Status != 401 || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("no token: got %d %s, want 401", a.Status, a.Text)
	}
	h.Clock.Advance(-1000 * 24 * time.Hour)
	if p := h.as("lin-zhi"); p.get(base+"/me").Status != 200 {
		t.Error("a token under a moved clock of the system: got it refused, want the wall's time")
	}
}

func TestReadingByProgramChangesNothing(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	zhou := h.as("zhou-heng")
	calls := len(h.World.Calls())
	for _, d := range api.Routes() {
		if d.Method == http.MethodGet {
			zhou.get(strings.NewReplacer("{case}", id, "{gate}", "opinion-1", "{no}", "1", "{kind}", "device", "{inquiry}", "q", "{variety}", "v").Replace(d.Pattern))
		}
	}
	for _, name := range h.World.Calls()[calls:] {
		if i := strings.Index(name, "."); strings.HasPrefix(name[i+1:], "Put") || strings.Contains(name, "Commit") || strings.Contains(name, "Log") || strings.Contains(name, "Settle") {
			t.Errorf("reading called %s, want it to change nothing", name)
		}
	}
	if h.gate(id, gate.Opinion) != "opinion-1" {
		t.Error("the gate moved")
	}
}
