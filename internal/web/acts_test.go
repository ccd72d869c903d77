package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/history"
	"jixu/internal/journey"
	"jixu/internal/policy"
)

// post sends form as person to a page of their site and wants code back.
func (h *house) post(t testing.TB, audience, person, path string, want int, form url.Values) string {
	t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("op", rand.Text())
	w := h.send("POST", path, h.cookie(t, audience, person), form)
	if w.Code != want {
		t.Fatalf("POST %s by %s: got %d, want %d: %s", path, person, w.Code, want, page(t, w).Find("main").Text()[:min(200, len(page(t, w).Find("main").Text()))])
	}
	return w.Header().Get("Location")
}

func agencyPath(path string) string { return strings.Replace(path, "/hospital/", "/agency/", 1) }

func TestALaterLetterIsEnteredWithItsOwnEvidence(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	path, _ := h.submitted(t, h.enter(t, "hospital", "lin-zhi"))
	shen := h.enter(t, "agency", "shen-an")
	reply := h.gatePath(t, path, "reply")
	letter, err := journey.SendEvidence(ctx, shen, reply, "批复.pdf", somePDF)
	must(t, err)
	_, err = journey.Answer(ctx, shen, reply, "record", map[string]string{"outcome": "approve", "number": "函〔2026〕1号", "date": "2026-11-02", "evidence": letter})
	must(t, err)

	later, err := journey.SendEvidence(ctx, shen, reply, "更正.pdf", somePDF)
	must(t, err)
	amend := func(evidence string) url.Values {
		return url.Values{"evidence": {evidence}, "outcome": {"refuse"}, "number": {"函〔2026〕2号"}, "date": {"2026-11-02"}, "reason": {"境内已有同品种产品。"}, "why": {"国家药监局发函更正。"}, "reply": {"1"}}
	}
	h.post(t, "agency", "shen-an", agencyPath(path)+"/acts/amend", http.StatusUnprocessableEntity, amend(letter)) // it proved the first letter
	h.post(t, "agency", "lin-zhi", agencyPath(path)+"/acts/amend", http.StatusForbidden, amend(later))            // not of this site
	if got := h.load(t, path).Case.Status; got != casework.Approved {
		t.Fatalf("before the later letter: got %s, want approved", got)
	}
	h.post(t, "agency", "shen-an", agencyPath(path)+"/acts/amend", http.StatusSeeOther, amend(later))
	c := h.load(t, path).Case
	if c.Status != casework.Refused || len(c.Former) != 1 {
		t.Errorf("after it: got %s with %d former replies, want refused and one", c.Status, len(c.Former))
	}
	slip := amend(later)
	slip.Set("reason", "境内已有同品种产品上市。")
	slip.Set("op", rand.Text())
	refused := h.send("POST", agencyPath(path)+"/acts/correct", h.cookie(t, "agency", "shen-an"), slip)
	again := page(t, refused)
	if refused.Code != http.StatusConflict || again.Find("[name=reason]").Text() != slip.Get("reason") || again.Find("[name=reply]").AttrOr("value", "") != "2" {
		t.Errorf("who read the first letter corrects the second: got %d, want a conflict that keeps what was typed and shows record 2", refused.Code)
	}
	slip.Set("reply", "2")
	h.post(t, "agency", "shen-an", agencyPath(path)+"/acts/correct", http.StatusSeeOther, slip)
	text := page(t, h.send("GET", path, h.cookie(t, "hospital", "lin-zhi"), nil)).Find("main").Text()
	if !strings.Contains(text, "函〔2026〕1号") || !strings.Contains(text, "函〔2026〕2号") {
		t.Errorf("the case page does not show both letters")
	}
}

func TestAReplyMayBeEnteredOverTheRegulatorsOwnSupplement(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	path, _ := h.submitted(t, h.enter(t, "hospital", "lin-zhi"))
	shen := h.enter(t, "agency", "shen-an")
	_, err := journey.Answer(ctx, shen, h.gatePath(t, path, "reply"), "ask-reply", map[string]string{"defects": "请补充数量测算。"})
	must(t, err)
	doc := page(t, h.send("GET", agencyPath(path), h.cookie(t, "agency", "shen-an"), nil))
	early := doc.Find(`nav a[href*="/gates/reply-2"]`).AttrOr("href", "")
	if early == "" || doc.Find("[data-move].mine").Length() != 0 {
		t.Fatalf("over a supplement: got link %q and %d moves of the recorder, want the link and none", early, doc.Find("[data-move].mine").Length())
	}
	letter, err := journey.SendEvidence(ctx, shen, early, "批复.pdf", somePDF)
	must(t, err)
	_, err = journey.Answer(ctx, shen, early, "record", map[string]string{"outcome": "approve", "number": "函〔2026〕1号", "date": "2026-11-02", "evidence": letter})
	must(t, err)
	if got := h.load(t, path).Case.Status; got != casework.Approved {
		t.Errorf("got %s, want approved", got)
	}
}

func TestTheEmergencyLaneOverThePages(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	lin := h.enter(t, "hospital", "lin-zhi")
	path, err := journey.CreateDraft(ctx, lin)
	must(t, err)
	_, err = journey.Fill(ctx, lin, path, journey.DeviceForm())
	must(t, err)
	check := page(t, h.send("GET", path+"/check", h.cookie(t, "hospital", "lin-zhi"), nil))
	var owed []string
	check.Find(`input[name^="later-"]`).Each(func(_ int, in *goquery.Selection) { owed = append(owed, in.AttrOr("name", "")) })
	if len(owed) == 0 {
		t.Fatalf("a draft without papers: the emergency lane offers none to follow")
	}
	form := url.Values{"version": {fmt.Sprint(h.load(t, path).Case.Dossier)}, "declared": {"yes"}}
	for _, name := range owed {
		form.Set(name, "yes")
	}
	h.post(t, "hospital", "lin-zhi", path+"/submit", http.StatusUnprocessableEntity, form) // no reason
	form.Set("lane-urgency", "患者须于48小时内手术。")
	h.post(t, "hospital", "lin-zhi", path+"/submit", http.StatusSeeOther, form)
	c := h.load(t, path).Case
	if c.Status != casework.Submitted || len(c.Papers.Items) != len(owed) {
		t.Fatalf("got %s owing %d papers, want submitted owing %d", c.Status, len(c.Papers.Items), len(owed))
	}
	deliver := func() url.Values {
		return url.Values{"version": {fmt.Sprint(h.load(t, path).Case.Dossier)}, "declared": {"yes"}}
	}
	h.post(t, "hospital", "lin-zhi", path+"/acts/deliver", http.StatusUnprocessableEntity, deliver()) // nothing was sent yet
	must(t, journey.SendPapers(ctx, lin, path, named(c.Papers.Items), paper))
	h.post(t, "hospital", "lin-zhi", path+"/acts/deliver", http.StatusSeeOther, deliver())
	if c = h.load(t, path).Case; c.Papers.Gate != "" || len(c.Submissions) != 2 {
		t.Errorf("after delivering: got %+v with %d submissions, want nothing owed and two", c.Papers, len(c.Submissions))
	}
	confirmation := page(t, h.send("GET", path+"/submissions/2", h.cookie(t, "hospital", "lin-zhi"), nil))
	if n := confirmation.Find(`[aria-labelledby="differences-title"] tbody tr`).Length(); n != len(owed) {
		t.Errorf("what version 2 changed: got %d lines, want %d", n, len(owed))
	}
}

func TestWorkIsSeenInTheQueues(t *testing.T) {
	h := newHouse(t)
	path, number := h.submitted(t, h.enter(t, "hospital", "lin-zhi"))
	gate := h.load(t, path).Case.Opinion.Gate
	shows := func(show string) bool {
		text := page(t, h.send("GET", "/agency?show="+show, h.cookie(t, "agency", "zhou-heng"), nil)).Find("section").First().Text()
		return strings.Contains(text, number)
	}
	if !shows("all") || shows("mine") || shows("held") {
		t.Errorf("before: all %v, mine %v, held %v; want only the whole queue", shows("all"), shows("mine"), shows("held"))
	}
	acts := agencyPath(path) + "/acts/"
	h.post(t, "agency", "zhou-heng", acts+"assign", http.StatusSeeOther, url.Values{"gate": {gate}, "person": {"zhou-heng"}})
	h.post(t, "agency", "zhou-heng", acts+"hold", http.StatusSeeOther, url.Values{"gate": {gate}, "until": {calendar.DayOf(opening).AddDays(3).String()}, "reason": {"等待专家会"}})
	if !shows("mine") || !shows("held") {
		t.Errorf("assigned and held: mine %v, held %v; want both", shows("mine"), shows("held"))
	}
	if text := page(t, h.send("GET", path, h.cookie(t, "hospital", "lin-zhi"), nil)).Find("main").Text(); strings.Contains(text, "等待专家会") {
		t.Errorf("the hospital reads why the agency holds its work")
	}
	h.post(t, "agency", "zhou-heng", acts+"release", http.StatusSeeOther, url.Values{"gate": {gate}})
	if shows("held") {
		t.Errorf("released, and still among what is held")
	}
}

func TestOthersKnowNothingOfAQuestionOrANumber(t *testing.T) {
	h := newHouse(t)
	path, number := h.submitted(t, h.enter(t, "hospital", "lin-zhi"))
	asked := h.post(t, "hospital", "lin-zhi", "/hospital/inquiries", http.StatusSeeOther, url.Values{"kind": {"device"}, "subject": {"能否申请"}, "question": {"需要哪些资料？"}})
	id := asked[strings.LastIndex(asked, "/")+1:]
	for _, row := range []struct {
		sentence, audience, person, path string
		want                             int
	}{
		{"the asker reads the question", "hospital", "lin-zhi", "/hospital/inquiries/" + id, 200},
		{"the municipal MPA reads it", "agency", "zhou-heng", "/agency/inquiries/" + id, 200},
		{"the Health Commission was not asked about a device", "agency", "qian-rong", "/agency/inquiries/" + id, 404},
		{"another hospital never learns of it", "hospital", "he-yue", "/hospital/inquiries/" + id, 404},
		{"the hospital finds its number", "hospital", "lin-zhi", "/hospital/find?number=" + number, 303},
		{"typed small and without hyphens too", "hospital", "lin-zhi", "/hospital/find?number=" + strings.ToLower(strings.ReplaceAll(number, "-", "")), 303},
		{"another hospital does not", "hospital", "he-yue", "/hospital/find?number=" + number, 404},
		{"Customs does not find what is not approved", "agency", "xu-tao", "/agency/find?number=" + number, 404},
		{"what is no number is refused", "agency", "zhou-heng", "/agency/find?number=abc", 422},
		{"another hospital sees no act of the case", "hospital", "he-yue", path + "/acts/file", 404},
		{"a hospital has no act of an agency", "hospital", "lin-zhi", path + "/acts/join", 404},
		{"who leads does not join", "agency", "zhou-heng", agencyPath(path) + "/acts/join", 403},
		{"Customs registers nothing", "agency", "xu-tao", agencyPath(path) + "/acts/register", 404},
	} {
		if got := h.send("GET", row.path, h.cookie(t, row.audience, row.person), nil).Code; got != row.want {
			t.Errorf("%s: got %d, want %d", row.sentence, got, row.want)
		}
	}
}

func TestARecordThatCannotBeReadHidesNoOther(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.post(t, "hospital", "lin-zhi", "/hospital/inquiries", http.StatusSeeOther, url.Values{"kind": {"device"}, "subject": {"能否申请甲产品"}, "question": {"需要哪些资料？"}})
	for kind, list := range map[string]string{"inquiry": "inquiries/hospital-1", "variety": "varieties/device"} {
		e, err := history.Seal(history.Entry{}, history.Entry{
			Aggregate: kind + "/damaged", Verb: "test", At: opening, Body: json.RawMessage(`{}`), By: history.Actor{Person: "lin-zhi", Org: "hospital-1", Via: "session"},
		})
		must(t, err)
		damaged := docket.Head{Kind: kind, ID: "damaged", Version: 1, Seq: e.Seq, Hash: e.Hash, Body: json.RawMessage(`{"ID":7}`)}
		ch := docket.Change{Head: damaged, Entry: &e, Home: docket.Place{List: list, At: opening}}
		if kind == "inquiry" {
			ch.Lists = []docket.Place{{List: "inquiries/mpa", At: opening}}
		}
		must(t, h.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{ch}}))
	}

	for _, row := range []struct{ audience, person, path, shows string }{
		{"hospital", "lin-zhi", "/hospital/inquiries", "能否申请甲产品"},
		{"agency", "zhou-heng", "/agency/inquiries", "能否申请甲产品"},
		{"hospital", "lin-zhi", "/hospital/varieties", ""},
		{"agency", "zhou-heng", "/agency/varieties", ""},
	} {
		got := h.send("GET", row.path, h.cookie(t, row.audience, row.person), nil)
		if got.Code != 200 || !strings.Contains(got.Body.String(), row.shows) {
			t.Errorf("%s shows %s: got %d, want the question that can be read", row.path, row.person, got.Code)
		}
		if !strings.Contains(got.Body.String(), "另有 1 条记录暂时无法显示") {
			t.Errorf("%s does not tell %s of the record that is left out", row.path, row.person)
		}
	}
}

// named are the items of the device pack with these ids.
func named(ids []string) []policy.Item {
	var out []policy.Item
	for _, id := range ids {
		item, _ := policy.DevicePack().Item(id)
		out = append(out, item)
	}
	return out
}

// Whoever fears that a link is in the wrong hands ends all of them on the case's
// page; a stranger with one reads what every stranger reads.
func TestLinksAreRevokedOnThePage(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	path, number := h.submitted(t, h.enter(t, "hospital", "lin-zhi"))
	link, err := h.LinkFor(ctx, "mpa", number, "zhou-heng")
	must(t, err)
	inside, gate, err := h.ByLink(ctx, link, number, "zhou-heng")
	must(t, err)
	id := strings.TrimPrefix(gate.URL.Path, agencyPath(path)+"/gates/")
	zhou := h.enter(t, "agency", "zhou-heng")
	for name, at := range map[string]string{"the case's page": agencyPath(path), "the gate's page": gate.URL.Path} {
		seen, err := zhou.Get(ctx, at)
		must(t, err)
		if n := seen.Doc().Find(`a[href="` + agencyPath(path) + `/acts/revoke-links"]`).Length(); n != 1 {
			t.Errorf("%s offers to revoke links %d times, want once", name, n)
		}
	}
	h.post(t, "agency", "he-yue", agencyPath(path)+"/acts/revoke-links", http.StatusForbidden, url.Values{"gate": {id}})
	h.post(t, "agency", "zhou-heng", agencyPath(path)+"/acts/revoke-links", http.StatusSeeOther, url.Values{"gate": {id}})
	for name, b := range map[string]*journey.Browser{"who was let in": inside, "a stranger": journey.NewBrowser(h.Site)} {
		for _, at := range []string{link, gate.URL.Path} {
			got, err := b.Get(ctx, at)
			must(t, err)
			if closed := strings.Contains(got.Text("h1"), "已关闭"); !closed && got.URL.Path != "/agency/sign-in" {
				t.Errorf("%s at %s: got %d %q, want it closed", name, at, got.Status, got.Text("h1"))
			}
		}
	}
	fresh, err := h.LinkFor(ctx, "mpa", number, "zhou-heng")
	must(t, err)
	if fresh == link {
		t.Fatal("no fresh link was sent")
	}
	_, _, err = h.ByLink(ctx, fresh, number, "zhou-heng")
	must(t, err)
}
