package web_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/calendar"
	"jixu/internal/journey"
)

// A formUnderAttack is one form with values that pass, and what is known of its
// fields. Every field is sent missing, too long, of the wrong type, with control
// characters, with what names a person, with HTML, in broken UTF-8 and twice.
type formUnderAttack struct {
	name  string
	who   string // audience/person; "" for a stranger
	path  func(*scene) string
	valid func(*scene) url.Values
	typed []string // fields of free text: HTML is text in them
	may   []string // fields that may be missing or empty
	any   []string // fields whose value decides nothing: whatever it is, it is taken or ignored
	ends  bool     // taken, it cannot be sent again: what comes next needs a fresh scene
}

func forms() []formUnderAttack {
	fields := slices.Sorted(maps.Keys(journey.DeviceForm()))
	version := func(s *scene, path string) string { return fmt.Sprint(s.loadCase(path).Dossier) }
	newest := func(s *scene) string { return fmt.Sprint(len(s.loadCase(s.open).Submissions)) }
	reply := func(s *scene) url.Values {
		return url.Values{
			"submission": {newest(s)},
			"choice":     {"record"}, "outcome": {"approve-in-part"}, "number": {"药监综械注函〔2026〕1号"}, "date": {"2026-11-02"}, "quantity": {"6"},
			"validUntil": {"2027-11-01"}, "conditions": {"仅限本院使用"}, "reason": {"核减。"}, "evidence": {s.evidence},
		}
	}
	opinion := func(s *scene) url.Values {
		v := url.Values{"choice": {"opine"}, "submission": {newest(s)}}
		for name, value := range findings {
			v.Set(name, value)
		}
		return v
	}
	notice := func(s *scene) url.Values {
		return url.Values{"choice": {"ask-opinion"}, "submission": {newest(s)}, "defects": {"请补充。"}, "defect-letter": {"承诺书未盖章。"}}
	}
	gate := func(leg, end string) func(*scene) string {
		return func(s *scene) string {
			r := s.loadCase(s.open)
			id := r.Opinion.Gate
			if leg == "reply" {
				id = r.Reply.Gate
			}
			return "/agency/cases/" + r.ID + "/gates/" + id + end
		}
	}
	reasons := []string{"reason-capability", "reason-urgency", "reason-quantity", "advice"}
	replyTexts := []string{"number", "conditions", "reason"}
	list := []formUnderAttack{
		{name: "a new draft", who: "hospital/lin-zhi", path: func(*scene) string { return "/hospital/new" }, valid: func(*scene) url.Values { return url.Values{"kind": {"device"}} }},
		{
			name: "a new draft after the check", who: "hospital/lin-zhi", path: func(*scene) string { return "/hospital/new" }, any: []string{"answers"},
			valid: func(*scene) url.Values { return url.Values{"kind": {"device"}, "answers": {"kind=device&class=III"}} },
		},
		{
			name: "the application form", who: "hospital/lin-zhi", path: func(s *scene) string { return s.draft + "/form" }, typed: fields, may: fields,
			valid: func(s *scene) url.Values {
				v := url.Values{"version": {version(s, s.draft)}}
				for name, value := range journey.DeviceForm() {
					v.Set(name, value)
				}
				return v
			},
		},
		{
			name: "what a document states", who: "hospital/lin-zhi", path: func(s *scene) string { return s.draft + "/items/overseas-approval/facts" },
			typed: []string{"approval-product", "approval-manufacturer", "approval-expires"}, may: []string{"approval-product", "approval-manufacturer", "approval-expires"},
			valid: func(s *scene) url.Values {
				return url.Values{
					"version": {version(s, s.draft)}, "approval-product": {"Bioresorbable Occluder"}, "approval-manufacturer": {"Example GmbH"}, "approval-expires": {"2029-03-14"},
				}
			},
		},
		{
			name: "a file announced", who: "hospital/lin-zhi", path: func(s *scene) string { return s.draft + "/items/overseas-safety" }, typed: []string{"name"}, may: []string{"sha256"},
			valid: func(s *scene) url.Values {
				return url.Values{"version": {version(s, s.draft)}, "name": {"第二页.pdf"}, "sha256": {strings.Repeat("ab", 32)}}
			},
		},
		{
			name: "a file removed", who: "hospital/lin-zhi", path: func(s *scene) string { return s.draft + "/files/" + s.file + "/remove" },
			valid: func(s *scene) url.Values {
				return url.Values{"version": {version(s, s.draft)}, "item": {"signed-form"}}
			},
		},
		{
			name: "a submission", ends: true, who: "hospital/lin-zhi", path: func(s *scene) string { return s.full + "/submit" },
			valid: func(s *scene) url.Values { return url.Values{"version": {version(s, s.full)}, "declared": {"yes"}} },
		},
		{
			name: "a withdrawal", ends: true, who: "hospital/lin-zhi", path: func(s *scene) string { return s.open + "/withdraw" }, typed: []string{"reason"},
			valid: func(*scene) url.Values { return url.Values{"reason": {"不再需要。"}} },
		},
		{
			name: "a letter announced", who: "agency/shen-an", path: gate("reply", "/evidence"), typed: []string{"name"}, may: []string{"sha256"}, any: []string{"op"},
			valid: func(*scene) url.Values {
				return url.Values{"name": {"批复.pdf"}, "sha256": {strings.Repeat("ab", 32)}}
			},
		},
		{name: "an opinion checked", who: "agency/zhou-heng", path: gate("opinion", "/check"), valid: opinion, typed: reasons, may: []string{"advice"}, any: []string{"op"}},
		{name: "an opinion given", ends: true, who: "agency/zhou-heng", path: gate("opinion", "/answer"), valid: opinion, typed: reasons, may: []string{"advice"}},
		{name: "a notice checked", who: "agency/zhou-heng", path: gate("opinion", "/check"), valid: notice, typed: []string{"defects", "defect-letter"}, may: []string{"defects", "defect-letter"}, any: []string{"op"}},
		{name: "a notice sent", ends: true, who: "agency/zhou-heng", path: gate("opinion", "/answer"), valid: notice, typed: []string{"defects", "defect-letter"}, may: []string{"defects", "defect-letter"}},
		{name: "a reply checked", who: "agency/shen-an", path: gate("reply", "/check"), valid: reply, typed: replyTexts, may: []string{"quantity", "validUntil", "conditions"}, any: []string{"op"}},
		{name: "a reply recorded", ends: true, who: "agency/shen-an", path: gate("reply", "/answer"), valid: reply, typed: replyTexts, may: []string{"quantity", "validUntil", "conditions"}},
		{name: "a code asked for", path: func(s *scene) string { return s.link + "/code" }, valid: func(*scene) url.Values { return url.Values{"person": {"zhou-heng"}} }, any: []string{"op"}},
		{name: "a code entered", path: func(s *scene) string { return s.code }, valid: func(*scene) url.Values { return url.Values{"digits": {"000000"}} }, any: []string{"op"}},
		{
			name: "the way in", path: func(*scene) string { return "/hospital/sign-in" }, any: []string{"op", "return"},
			valid: func(*scene) url.Values { return url.Values{"return": {"/hospital"}} },
		},
		{
			name: "the preferences", path: func(*scene) string { return "/preferences" }, any: []string{"op", "lang", "large", "return"},
			valid: func(*scene) url.Values { return url.Values{"lang": {"en"}, "large": {"1"}, "return": {"/"}} },
		},
	}
	return append(list, actForms()...)
}

// actForms are the small forms beside the answers to gates.
func actForms() []formUnderAttack {
	agency := func(s *scene) string { return strings.Replace(s.open, "/hospital/", "/agency/", 1) + "/acts/" }
	at := func(name string) func(*scene) string { return func(s *scene) string { return agency(s) + name } }
	form := func(pairs ...string) func(*scene) url.Values {
		return func(s *scene) url.Values {
			v := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				value := strings.NewReplacer("{variety}", s.variety, "{gate}", s.loadCase(s.open).Opinion.Gate, "{newest}", fmt.Sprint(len(s.loadCase(s.open).Submissions)), "{soon}", calendar.DayOf(opening).AddDays(3).String()).Replace(pairs[i+1])
				v.Set(pairs[i], value)
			}
			return v
		}
	}
	with := func(s *scene, v url.Values, path string) url.Values {
		v.Set("version", fmt.Sprint(s.loadCase(path).Dossier))
		return v
	}
	free := []string{"nameZh", "nameEn", "maker", "model", "country", "udi", "noUdi", "reason"}
	mayBeEmpty := []string{"nameEn", "subcatalogue", "udi", "noUdi", "category", "specialReview", "conditional"}
	anyWay := []string{"specialReview", "conditional"}
	return []formUnderAttack{
		{name: "a filing", who: "hospital/lin-zhi", path: func(s *scene) string { return s.open + "/acts/file" }, typed: []string{"channel", "receipt"}, may: []string{"receipt"}, valid: form("channel", "受理窗口", "date", "2026-11-02", "receipt", "受理1号")},
		{
			name: "a claim", who: "hospital/lin-zhi", path: func(s *scene) string { return s.draft + "/acts/claim" }, may: []string{"variety"},
			valid: func(s *scene) url.Values { return with(s, form("variety", "{variety}")(s), s.draft) },
		},
		{name: "a copy of a case", who: "hospital/lin-zhi", path: func(s *scene) string { return s.open + "/acts/clone" }, valid: form()},
		{name: "a confirmed copy", who: "agency/zhou-heng", ends: true, path: at("receive"), valid: form("submission", "{newest}")},
		{name: "a variety found", who: "agency/zhou-heng", path: at("identify"), typed: []string{"reason"}, valid: form("submission", "{newest}", "variety", "{variety}", "reason", "同一型号")},
		{
			name: "a variety registered", who: "agency/zhou-heng", path: at("register"), typed: free, may: mayBeEmpty, any: anyWay,
			valid: func(s *scene) url.Values {
				v := productForm()
				v.Set("submission", form("n", "{newest}")(s).Get("n"))
				return v
			},
		},
		{name: "joining", who: "agency/qian-rong", ends: true, path: at("join"), typed: []string{"statement"}, valid: form("statement", "同意")},
		{name: "revoking links", who: "agency/zhou-heng", path: at("revoke-links"), valid: form("gate", "{gate}")},
		{name: "assigning", who: "agency/zhou-heng", path: at("assign"), valid: form("gate", "{gate}", "person", "zhou-heng")},
		{name: "holding", who: "agency/zhou-heng", path: at("hold"), typed: []string{"reason"}, valid: form("gate", "{gate}", "until", "{soon}", "reason", "等待专家")},
		{name: "a question", who: "hospital/lin-zhi", path: func(*scene) string { return "/hospital/inquiries" }, typed: []string{"subject", "question"}, valid: form("kind", "device", "subject", "能否申请", "question", "需要哪些资料？")},
		{name: "an answer to a question", who: "agency/zhou-heng", ends: true, path: func(s *scene) string { return "/agency/inquiries/" + s.question }, typed: []string{"answer"}, valid: form("answer", "可以")},
		{
			name: "a question kept with a case", who: "hospital/lin-zhi", ends: true, path: func(s *scene) string { return "/hospital/inquiries/" + s.question },
			valid: func(s *scene) url.Values { return url.Values{"case": {s.loadCase(s.open).ID}} },
		},
		{
			name: "a variety corrected", who: "agency/zhou-heng", ends: true, path: func(s *scene) string { return "/agency/varieties/" + s.variety + "/correct" }, typed: free, may: mayBeEmpty, any: anyWay,
			valid: func(*scene) url.Values { v := productForm(); v.Set("version", "1"); return v },
		},
		{
			name: "a variety marked", who: "agency/zhou-heng", ends: true, path: func(s *scene) string { return "/agency/varieties/" + s.variety + "/mark" }, typed: []string{"note"}, may: []string{"since"},
			valid: form("version", "1", "since", "2026-11-02", "note", "国械注进1号"),
		},
	}
}

const evil = `"><img src=x onerror=alert(1)><script>alert(1)</script>`

// attacks are what is done to a field, in words.
var attacks = []struct {
	name string
	send func(url.Values, string)
}{
	{"missing", func(v url.Values, f string) { v.Del(f) }},
	{"empty", func(v url.Values, f string) { v.Set(f, "") }},
	{"too long", func(v url.Values, f string) { v.Set(f, strings.Repeat("长", 20_001)) }},
	{"of the wrong type", func(v url.Values, f string) { v.Set(f, "不是这种值") }},
	{"with a control character", func(v url.Values, f string) { v.Set(f, "a\x00b") }},
	{"with broken UTF-8", func(v url.Values, f string) { v.Set(f, "a\xff\xfeb") }},
	{"with HTML", func(v url.Values, f string) { v.Set(f, evil) }},
	{"with a resident identity number", func(v url.Values, f string) { v.Set(f, "患者11010519491231002X") }},
	{"with a mobile number", func(v url.Values, f string) { v.Set(f, "138 1234 5678") }},
	{"with a passport", func(v url.Values, f string) { v.Set(f, "护照E12345678") }},
	{"with text that turns its direction", func(v url.Values, f string) { v.Set(f, "套\u202egnp") }},
	{"sent twice", func(v url.Values, f string) { v[f] = []string{v.Get(f), v.Get(f)} }},
}

// numbered are fields for the numbers of things and letters, and of telephones, which
// may look like a person's.
var numbered = map[string][]string{
	"with a mobile number": {"contact-phone", "number", "receipt"},
	"with a passport":      {"number", "receipt", "model", "approval-model", "udi", "udi-di", "label-udi", "hospital-uscc", "licence-number"},
}

// taken reports whether an attack on field is no attack at all.
func (f formUnderAttack) taken(attack, field string) bool {
	switch attack {
	case "missing", "empty":
		return slices.Contains(f.may, field) || slices.Contains(f.any, field)
	case "of the wrong type", "with HTML":
		return slices.Contains(f.typed, field) || slices.Contains(f.any, field)
	case "sent twice":
		return false
	}
	return slices.Contains(f.any, field) || slices.Contains(numbered[attack], field)
}

func TestEveryFieldOfEveryFormUnderAttack(t *testing.T) {
	sent, of := 0, 0
	s := newScene(t)
	for _, f := range forms() {
		names := append(slices.Sorted(maps.Keys(f.valid(s))), "op")
		for _, field := range names {
			for _, attack := range attacks {
				if f.ends && f.taken(attack.name, field) && (attack.name != "with HTML" || field != f.typed[0]) {
					continue // one that is taken is enough where each ends a case
				}
				if of++; testing.Short() && of%7 != 0 {
					continue // every seventh is a sample of all attacks and all forms
				}
				sent++
				if unchanged := f.attack(t, s, field, attack.name, attack.send); !unchanged && f.ends {
					s = newScene(t)
				}
			}
		}
	}
	t.Logf("%d of %d attacks on %d forms", sent, of, len(forms()))
}

// attack sends one and reports whether the scene is as it was.
func (f formUnderAttack) attack(t *testing.T, s *scene, field, attack string, send func(url.Values, string)) (unchanged bool) {
	t.Helper()
	what := fmt.Sprintf("%s, %q %s", f.name, field, attack)
	values := f.valid(s)
	values.Set("op", rand.Text())
	send(values, field)
	cookie := ""
	if audience, person, ok := strings.Cut(f.who, "/"); ok {
		cookie = s.cookie(t, audience, person)
	}
	if s.seen == "" {
		s.seen = s.kept()
	}
	w := s.send(http.MethodPost, f.path(s), cookie, values)
	now := s.kept()
	unchanged, s.seen = now == s.seen, now
	if f.taken(attack, field) {
		if w.Code >= 500 {
			t.Errorf("%s: got %d, want it taken or refused in words", what, w.Code)
		}
		f.shownSafely(t, what, w)
		return unchanged
	}
	if w.Code < 400 || w.Code > 499 {
		t.Errorf("%s: got %d, want it refused", what, w.Code)
	}
	if !unchanged {
		t.Errorf("%s: got %d, and something changed", what, w.Code)
	}
	doc := f.shownSafely(t, what, w)
	says := doc.Find(".error-summary li, .intro").First().Text()
	if says == "" || strings.Contains(says, "[") {
		t.Errorf("%s: got %d, and the page says %q; want a sentence", what, w.Code, says)
	}
	f.stillThere(t, what, field, values, doc)
	return unchanged
}

// shownSafely checks that nothing sent became markup.
func (f formUnderAttack) shownSafely(t *testing.T, what string, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc := page(t, w)
	if doc.Find("img, script:not([src])").Length() > 0 {
		t.Errorf("%s: what was typed became markup", what)
	}
	return doc
}

// stillThere checks that the other fields of free text are on the page as typed.
func (f formUnderAttack) stillThere(t *testing.T, what, attacked string, values url.Values, doc *goquery.Document) {
	t.Helper()
	for _, name := range f.typed {
		if name == attacked || values.Get(name) == "" {
			continue
		}
		found := false
		doc.Find("main input, main textarea, main select, main .typed, main .said li").Each(func(_ int, e *goquery.Selection) {
			value := e.AttrOr("value", "") + e.Text()
			if e.Is("select") {
				value = e.Find("option[selected]").AttrOr("value", "")
			}
			if e.Is("[type=radio]") {
				_, checked := e.Attr("checked")
				if !checked {
					value = ""
				}
			}
			found = found || strings.Contains(value, values.Get(name))
		})
		if !found {
			t.Errorf("%s: what was typed into %q is gone", what, name)
		}
	}
}

func TestStaleVersionsAreRefused(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	before := s.kept()
	for path, form := range map[string]url.Values{
		s.draft + "/form":                        {"product-zh": {"名称"}},
		s.draft + "/items/signed-form":           {"name": {"x.pdf"}},
		s.draft + "/files/" + s.file + "/remove": {"item": {"signed-form"}},
		s.full + "/submit":                       {"declared": {"yes"}},
	} {
		form.Set("op", rand.Text())
		form.Set("version", "1")
		w := s.send("POST", path, lin, form)
		doc := page(t, w)
		if w.Code != http.StatusConflict || doc.Find(".error-summary li").Length() == 0 {
			t.Errorf("POST %s with a stale version: got %d and %q, want 409 and a sentence", path, w.Code, doc.Find(".error-summary").Text())
		}
		if s.kept() != before {
			t.Fatalf("POST %s with a stale version changed something", path)
		}
	}
}

func TestWrongCodes(t *testing.T) {
	s := newScene(t)
	try := func(digits string) string {
		w := s.send("POST", s.code, "", url.Values{"op": {rand.Text()}, "digits": {digits}})
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code: got %d, want 422", w.Code)
		}
		return page(t, w).Find(".error").Text()
	}
	if got, want := try("12"), "验证码为 6 位数字。"; got != want {
		t.Errorf("two digits: got %q, want %q and no try lost", got, want)
	}
	// Another browser asked for it: even the right code is of no use here.
	for left := 4; left >= 0; left-- {
		if got, want := try("000000"), "验证码已失效，请重新获取。"; got != want {
			t.Errorf("%d tries left: got %q, want %q", left, got, want)
		}
	}
}

// The page without script leads through the same two steps.
func TestUploadWithoutScript(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	lin := h.enter(t, "hospital", "lin-zhi")
	path, err := journey.CreateDraft(ctx, lin)
	must(t, err)
	id, err := journey.SendFile(ctx, lin, path, "signed-form", "申请表.pdf", somePDF)
	must(t, err)
	state, err := journey.WaitFile(ctx, lin, path+"/items/signed-form", id)
	must(t, err)
	if state != "checked" {
		t.Errorf("got %s, want checked", state)
	}
	bad, err := journey.SendFile(ctx, lin, path, "signed-form", "申请表.pdf", []byte("plain text"))
	must(t, err)
	page, err := lin.Get(ctx, path+"/items/signed-form")
	must(t, err)
	row := page.Doc().Find(`[data-file="` + bad + `"]`)
	if row.AttrOr("data-state", "") != "rejected" || !strings.Contains(row.Text(), "文件内容不是该项允许的格式") {
		t.Errorf("a file of another kind: got %q, want it rejected with its reason", row.Text())
	}
}

// With script the answer is JSON, and names the version for the next file.
func TestTicketAsJSON(t *testing.T) {
	s := newScene(t)
	ask := func(values url.Values) *httptest.ResponseRecorder {
		values.Set("op", rand.Text())
		r := httptest.NewRequest("POST", s.Site+s.draft+"/items/description", strings.NewReader(values.Encode()))
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}, "Cookie": {s.cookie(t, "hospital", "lin-zhi")}}
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		return w
	}
	version := s.loadCase(s.draft).Dossier
	w := ask(url.Values{"version": {fmt.Sprint(version)}, "name": {"一.pdf"}})
	if want := fmt.Sprintf(`"version":%d`, version+1); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "success_action_redirect") {
		t.Errorf("got %d %s, want 200 with %s and no way back", w.Code, w.Body.String(), want)
	}
	w = ask(url.Values{"version": {fmt.Sprint(version)}, "name": {"二.pdf"}})
	if want := fmt.Sprintf(`"version":%d`, version+1); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `"error":"`) || !strings.Contains(w.Body.String(), want) {
		t.Errorf("a stale version: got %d %s, want 409 with a sentence and %s", w.Code, w.Body.String(), want)
	}
}
