package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"jixu/internal/api"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
)

// scene is a house in which every route leads somewhere.
type scene struct {
	*house
	open, draft, inquiry, variety, secret string
	mpa, nmpa                             *agency
	before                                string
	looked                                int // calls of the world that wrote looked at
}

func newScene(t *testing.T) *scene {
	h := newHouse(t)
	s := &scene{house: h, open: h.submitted(), draft: h.draft(), mpa: h.agency("mpa"), nmpa: h.agency("nmpa")}
	zhou, lin := h.as("zhou-heng"), h.as("lin-zhi")
	v := zhou.good(zhou.post(path(s.open, "register"), bodyFor("register")))
	s.variety = v.at("about", "id")
	q := lin.good(lin.post(base+"/inquiries", bodyFor("inquiries")))
	s.inquiry = q.at("about", "id")
	tang := h.as("tang-wei")
	s.secret = tang.good(tang.post(base+"/organisation/secrets", bodyFor("secrets"))).at("id")
	s.before = s.print()
	s.looked = len(s.World.Calls())
	return s
}

// print is everything that an attack could have changed.
func (s *scene) print() string {
	s.Helper()
	var out []any
	for _, id := range []string{s.open, s.draft} {
		r := s.record(id)
		out = append(out, r.Case, r.Gates, r.Files, s.story(id))
	}
	for _, name := range []string{"trust/mpa", "inquiry/" + s.inquiry, "variety/" + s.variety} {
		head, err := s.Store.Head(s.Context(), name)
		s.must(err)
		out = append(out, head)
	}
	listed, _, err := s.Store.List(s.Context(), docket.OwnPages.Of("hospital-1"), "", 100)
	s.must(err)
	return string(encode(s.house, append(out, len(listed))))
}

// wrote reports whether anything was written, or tried to be, since it was asked last.
func (s *scene) wrote() bool {
	calls := s.World.Calls()
	since := calls[s.looked:]
	s.looked = len(calls)
	return slices.ContainsFunc(since, func(name string) bool {
		return strings.Contains(name, ".Commit") || strings.Contains(name, ".Put") || strings.Contains(name, ".Settle") || strings.Contains(name, ".Log")
	})
}

// who does what in the scene.
func who(pattern string) string {
	last := pattern[strings.LastIndex(pattern, "/")+1:]
	switch {
	case strings.Contains(pattern, "/organisation/"):
		return "tang-wei"
	case strings.HasSuffix(pattern, "/gates/{gate}/correct"):
		return "shen-an"
	case strings.Contains(pattern, "/inquiries/") && last == "answer", slices.Contains([]string{"identify", "register", "late-opinion", "answer", "rehearse", "hold", "release", "assign", "correct", "mark", "open"}, last):
		return "zhou-heng"
	case slices.Contains([]string{"evidence", "amend"}, last):
		return "shen-an"
	case slices.Contains([]string{"report", "receive", "join"}, last):
		return "qian-rong"
	}
	return "lin-zhi"
}

// at fills real ids into a route's pattern: editing happens in the draft.
func (s *scene) at(pattern string) string {
	id, g, last := s.open, "opinion-1", pattern[strings.LastIndex(pattern, "/")+1:]
	if slices.Contains([]string{"form", "claim", "files", "detach", "submit", "ticket"}, last) {
		id = s.draft
	}
	if last == "evidence" || last == "amend" || strings.HasSuffix(pattern, "/gates/{gate}/correct") {
		g = "reply-1"
	}
	return strings.NewReplacer("{case}", id, "{gate}", g, "{file}", s.record(id).Case.Files["signed-form"][0], "{no}", "1",
		"{kind}", "device", "{inquiry}", s.inquiry, "{variety}", s.variety, "{secret}", s.secret).Replace(pattern)
}

// send posts body at a route as whoever may, with what else the route wants.
func (s *scene) send(d api.Route, body any) *answer {
	s.Helper()
	if strings.HasPrefix(d.Pattern, "/callbacks/") {
		system := s.mpa
		if strings.HasSuffix(d.Pattern, "evidence") {
			system = s.nmpa
		}
		return system.post(d.Pattern, body)
	}
	p := s.as(who(d.Pattern))
	version := s.record(s.draft).Case.Dossier
	if !strings.Contains(d.Pattern, "{case}") || !strings.Contains(s.at(d.Pattern), s.draft) {
		version = s.record(s.open).Case.Dossier
	}
	if strings.Contains(d.Pattern, "{variety}") {
		version = 1
	}
	return p.post(s.at(d.Pattern), body, "If-Match", fmt.Sprintf(`"%d"`, version))
}

// valid is a body that the route takes, or would take at another moment.
func (s *scene) valid(d api.Route) map[string]any {
	switch d.Pattern {
	case answers:
		return at(s.open, "opinion-1", "zhou-heng", map[string]any{"opinion": opinion(true, "随访")})
	case evidence:
		return at(s.open, "reply-1", "shen-an", map[string]any{"name": "批复.pdf", "sha256": strings.Repeat("ab", 32)})
	}
	body := bodyFor(d.Pattern)
	switch {
	case strings.HasSuffix(d.Pattern, "/gates/{gate}/answer"), strings.HasSuffix(d.Pattern, "rehearse"):
		body = map[string]any{"submission": 1, "notice": map[string]any{"defects": []any{map[string]any{"item": "signed-form", "what": "请盖章"}}}}
	case strings.HasSuffix(d.Pattern, "/address"):
		body = map[string]any{"address": "https://events.mpa.example/jixu"}
	case strings.HasSuffix(d.Pattern, "/files"):
		body["sha256"] = strings.Repeat("ab", 32)
	case strings.HasSuffix(d.Pattern, "/submit"):
		body["later"], body["urgency"] = []any{"signed-form"}, "病情危重"
	}
	return body
}

func posts() []api.Route {
	return slices.DeleteFunc(slices.Concat(api.Routes(), api.CallbackRoutes()), func(d api.Route) bool { return d.Method != http.MethodPost })
}

// assault is one value in the place of a good one.
type assault struct {
	sentence string
	value    any
	text     bool // of the right type: free text may hold it
	never    bool // of the right type, and no text may hold it, but for those of numbered
}

// numbered are the values for the numbers of things and letters, and of telephones,
// which may look like a person's.
var numbered = map[string][]string{
	"a mobile number": {"contact-phone", "number", "receipt"},
	"a passport":      {"number", "receipt", "model", "udi", "udi-di", "label-udi", "hospital-uscc", "licence-number", "approval-model"},
}

var assaults = []assault{
	{"a number", 7.5, false, false},
	{"a word that is yes", true, false, false},
	{"nothing", nil, false, false},
	{"a list", []any{"x"}, false, false},
	{"an object", map[string]any{"$ne": ""}, false, false},
	{"the empty text", "", true, false},
	{"spaces", "  \n ", true, false},
	{"half a megabyte", strings.Repeat("长", 170_000), true, true},
	{"a control character", "a\x07b", true, true},
	{"a zero", "a\x00b", true, true},
	{"HTML", `<img src=x onerror=alert(1)>`, true, false},
	{"a path", "../../etc/passwd", true, false},
	{"a template", "{{.}}${jndi:ldap://x}{0}", true, false},
	{"a key's own sign", "TRUST#mpa", true, false},
	{"a condition", "' OR 1=1 --", true, false},
	{"text that runs backwards", "\u202eabc", true, true},
	{"a mark of byte order", "\ufeffabc", true, true},
	{"a resident identity number", "患者 11010519491231002X", true, true},
	{"a mobile number", "请致电 138 1234 5678", true, true},
	{"a passport", "护照 E12345678", true, true},
	{"a far day", "9999-99-99", true, false},
}

// leaves lists the places of v that hold a value.
func leaves(at []any, v any) (out [][]any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, leaves(append(slices.Clone(at), name), v[name])...)
		}
	case []any:
		for i, e := range v {
			out = append(out, leaves(append(slices.Clone(at), i), e)...)
		}
	default:
		return [][]any{at}
	}
	return out
}

// replaced is body with value at a place; gone takes what is there away.
func replaced(body map[string]any, place []any, value any, gone bool) map[string]any {
	text, _ := json.Marshal(body)
	var out map[string]any
	_ = json.Unmarshal(text, &out)
	var v any = out
	for _, step := range place[:len(place)-1] {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	switch last := place[len(place)-1].(type) {
	case string:
		if gone {
			delete(v.(map[string]any), last)
		} else {
			v.(map[string]any)[last] = value
		}
	case int:
		v.([]any)[last] = value
	}
	return out
}

// Every value of every body that a program may send is replaced by what it
// should not be. Nothing breaks, what is refused changes nothing, and what is of
// the wrong type is always refused.
func TestEveryFieldOfEveryBodyUnderAttack(t *testing.T) {
	tried, taken, of := 0, 0, 0
	for _, d := range posts() {
		t.Run(d.Pattern, func(t *testing.T) {
			s := newScene(t)
			for _, place := range leaves(nil, s.valid(d)) {
				good := s.valid(d)
				for _, as := range append(slices.Clone(assaults), assault{sentence: "it left out"}) {
					if of++; testing.Short() && of%7 != 0 {
						continue // every seventh is a sample of all assaults and all routes
					}
					tried++
					body := replaced(good, place, as.value, as.sentence == "it left out")
					a := s.send(d, body)
					what := fmt.Sprintf("%v with %s", place, as.sentence)
					name, _ := place[len(place)-1].(string)
					never := as.never && !slices.Contains(numbered[as.sentence], name)
					_, isBool := found(good, place).(bool)
					_, isInt := found(good, place).(int)
					wrongType := !as.text && as.sentence != "it left out" && !(isBool && as.value == true)
					switch {
					case a.Status >= 500:
						t.Errorf("%s: got %d %.300s, want it refused", what, a.Status, a.Text)
					case (wrongType || never || as.text && (isBool || isInt)) && a.Status < 400:
						t.Errorf("%s: got %d %.300s, want it refused", what, a.Status, a.Text)
					case strings.Contains(a.Text, "[fault.") || strings.Contains(a.Text, "[api.") || strings.Contains(a.Text, "onerror"):
						t.Errorf("%s: got %.300s, want words of ours", what, a.Text)
					case strings.Contains(s.log.String(), "onerror") || strings.Contains(s.log.String(), "长长长"):
						t.Errorf("%s: got it in the log", what)
					}
					if a.Status < 300 {
						taken++
						s = newScene(t)
						good = s.valid(d)
						continue
					}
					if s.wrote() && s.print() != s.before {
						t.Errorf("%s: refused with %d, and something changed", what, a.Status)
						s = newScene(t)
						good = s.valid(d)
					}
				}
			}
		})
	}
	t.Logf("%d of %d attacks, %d of them were text and taken as such", tried, of, taken)
}

func found(body map[string]any, place []any) any {
	var v any = body
	for _, step := range place {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

// What every route refuses before it looks at what is asked.
func TestWhatEveryRouteOfProgramsRefuses(t *testing.T) {
	s := newScene(t)
	drop := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	set := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	for _, d := range api.Routes() {
		if d.Method != http.MethodPost {
			continue
		}
		edits := slices.Contains([]string{"form", "claim", "files", "detach", "submit", "resubmit", "deliver", "correct", "mark"}, d.Pattern[strings.LastIndex(d.Pattern, "/")+1:]) &&
			!strings.HasSuffix(d.Pattern, "/gates/{gate}/correct")
		for _, row := range []struct {
			sentence string
			body     any
			change   func(*http.Request)
			status   int
			code     string
			edits    bool
		}{
			{"without a key", bodyFor(d.Pattern), drop("Idempotency-Key"), 400, "idempotency", false},
			{"with a short key", bodyFor(d.Pattern), set("Idempotency-Key", "short"), 400, "idempotency", false},
			{"with a long key", bodyFor(d.Pattern), set("Idempotency-Key", strings.Repeat("x", 65)), 400, "idempotency", false},
			{"with a key of other signs", bodyFor(d.Pattern), set("Idempotency-Key", "0123456789abcdef#x"), 400, "idempotency", false},
			{"with two keys", bodyFor(d.Pattern), set("Idempotency-Key", "0123456789abcdef", "0123456789abcdeg"), 400, "idempotency", false},
			{"without a version", bodyFor(d.Pattern), drop("If-Match"), 428, "if-match", true},
			{"with any version", bodyFor(d.Pattern), set("If-Match", "*"), 428, "if-match", true},
			{"with a weak version", bodyFor(d.Pattern), set("If-Match", `W/"1"`), 428, "if-match", true},
			{"with two versions", bodyFor(d.Pattern), set("If-Match", `"1"`, `"2"`), 428, "if-match", true},
			{"with a version of no number", bodyFor(d.Pattern), set("If-Match", `"one"`), 428, "if-match", true},
			{"with no JSON by its word", bodyFor(d.Pattern), set("Content-Type", "text/plain"), 415, "body.type", false},
			{"with no JSON", "x", nil, 400, "json", false},
			{"with nothing", "", nil, 400, "json", false},
			{"with two bodies", "{}{}", nil, 400, "json", false},
			{"with a name twice", `{"a":1,"a":1}`, nil, 400, "json", false},
			{"with a list", "[]", nil, 422, "form", false},
			{"with a name nobody knows", `{"nobody":1}`, nil, 422, "form", false},
			{"with more than 1 MB", `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "body.large", false},
			{"with a parameter nobody knows", bodyFor(d.Pattern), func(r *http.Request) { r.URL.RawQuery = "role=administrator" }, 422, "form", false},
		} {
			if row.edits && !edits {
				continue
			}
			r := s.as(who(d.Pattern)).request(http.MethodPost, s.at(d.Pattern), row.body, "If-Match", `"1"`)
			if row.change != nil {
				row.change(r)
			}
			if a := s.do(r); a.Status != row.status || a.code() != row.code {
				t.Errorf("%s %s: got %d %.200s, want %d %s", d.Pattern, row.sentence, a.Status, a.Text, row.status, row.code)
			}
		}
	}
	// Where nothing means something, it must be said.
	for _, at := range []string{path(s.draft, "form"), path(s.draft, "claim"), base + "/varieties/" + s.variety + "/mark"} {
		if a := s.as(who(at)).post(at, "{}", "If-Match", `"1"`); a.Status != 422 {
			t.Errorf("%s with nothing said: got %d %s, want 422", at, a.Status, a.Text)
		}
	}
	if a := s.as("tang-wei").post(base+"/organisation/address", "{}"); a.Status != 422 {
		t.Errorf("an address with nothing said: got %d %s, want 422", a.Status, a.Text)
	}
	if s.print() != s.before {
		t.Error("something changed")
	}
	for at, status := range map[string]int{
		"/cases?limit=0": 422, "/cases?limit=101": 422, "/cases?limit=x": 422, "/cases?cursor=!": 400, "/cases?cursor=eA": 400, "/cases?limit=1&limit=2": 422,
		"/inquiries?limit=0": 422, "/inquiries?limit=101": 422, "/inquiries?cursor=!": 400, "/inquiries?cursor=eA": 400, "/inquiries?after=x": 422,
		"/varieties?kind=drug&limit=0": 422, "/varieties?kind=drug&cursor=!": 400, "/varieties?kind=drug&cursor=eA": 400,
		"/cases?page=2": 422, "/varieties": 422, "/varieties?kind=food": 422, "/packs/food": 404, "/cases/" + s.open + "/submissions/0": 404,
		"/cases/" + s.open + "/submissions/x": 404, "/cases/" + s.open + "/history?cursor=eA": 400, "/cases/" + s.open + "/gates/none": 404, "/cases/a%23b": 404,
		"/cases/" + strings.Repeat("x", 3000): 404, "/none": 404, "/cases?number=": 404, "/cases/%00": 404, "/me?x=1": 422,
	} {
		if a := s.as("lin-zhi").get(base + at); a.Status != status {
			t.Errorf("%.80s: got %d %s, want %d", at, a.Status, a.Text, status)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
		a := s.do(s.as("lin-zhi").request(method, base+"/cases", nil))
		if a.Status != 405 || a.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: got %d %v, want 405", method, a.Status, a.Header)
		}
	}
}

// Nobody does by program what their role does not let them do by page.
func TestAProgramMayWhatItsPersonMay(t *testing.T) {
	s := newScene(t)
	// Who else may do what the scene's own person may.
	also := map[string][]string{
		"inquiries": {"gu-ming", "he-yue", "wu-lan"}, "cases": {"gu-ming", "he-yue", "wu-lan"}, "clone": {"gu-ming"}, "form": {"gu-ming"}, "claim": {"gu-ming"}, "files": {"gu-ming"},
		"ticket": {"gu-ming"}, "detach": {"gu-ming"}, "submit": {"gu-ming"}, "withdraw": {"gu-ming"}, "filing": {"gu-ming"}, "attach": {"gu-ming"},
		"open": {"lin-zhi", "gu-ming", "tang-wei", "qian-rong", "shen-an"}, "receive": {"zhou-heng", "tang-wei"}, "evidence": {"tang-wei"},
		"secrets": {"gu-ming", "qian-rong", "shen-an"}, "address": {"gu-ming", "qian-rong", "shen-an"},
	}
	tried := 0
	for _, d := range api.Routes() {
		if d.Method != http.MethodPost {
			continue
		}
		last := d.Pattern[strings.LastIndex(d.Pattern, "/")+1:]
		for _, p := range journey.People {
			if p.ID == who(d.Pattern) || slices.Contains(also[last], p.ID) {
				continue
			}
			tried++
			a := s.as(p.ID).post(s.at(d.Pattern), s.valid(d), "If-Match", `"1"`)
			// 422 only where a field names what is not theirs; nothing was done all the same.
			if a.Status != 403 && a.Status != 404 && !(a.Status == 409 && a.code() != "operation.other") && a.Status != 412 && a.Status != 422 {
				t.Errorf("%s by %s: got %d %.200s, want it refused", d.Pattern, p.ID, a.Status, a.Text)
			}
			if s.wrote() && s.print() != s.before {
				t.Fatalf("%s by %s: refused with %d, and something changed", d.Pattern, p.ID, a.Status)
			}
		}
	}
	if tried < 200 {
		t.Errorf("got %d attempts, want every route tried by everybody else", tried)
	}
}

func TestNoSecretIsLoggedOrSaid(t *testing.T) {
	s := newScene(t)
	tang := s.as("tang-wei")
	if _, err := s.Systems.RevokeSecret(t.Context(), s.op(), s.secret, admin("mpa")); err != nil {
		t.Fatal(err)
	}
	made := tang.good(tang.post(base+"/organisation/secrets", map[string]any{"days": 1}, "Idempotency-Key", "make-a-secret-once"))
	again := tang.good(tang.post(base+"/organisation/secrets", map[string]any{"days": 1}, "Idempotency-Key", "make-a-secret-once"))
	if again.at("secret") != "" || again.at("id") != made.at("id") {
		t.Errorf("again: got %s, want the same secret and not its text", again.Text)
	}
	tang.post(base+"/organisation/address", map[string]any{"address": "https://events.mpa.example/path-secret"})
	if log := s.log.String(); strings.Contains(log, made.at("secret")[6:]) || strings.Contains(log, "path-secret") {
		t.Errorf("the log: got a secret in it")
	}
	entries, err := s.Store.Entries(t.Context(), "trust/mpa")
	s.must(err)
	for _, e := range entries {
		if strings.Contains(string(e.Body), "path-secret") || strings.Contains(string(e.Body), "whsec") {
			t.Errorf("history: got %s, want neither secret nor address", e.Body)
		}
	}
}

// Whatever a megabyte holds, its answer is one that a function can give, and a
// program can read.
func TestAMegabyteIsAnsweredInAFewLines(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	to := base + "/cases/" + id + "/gates/" + h.gate(id, gate.Opinion) + "/answer"
	names := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"n%x":1`, i)
		}
		return b.String()
	}
	for _, row := range []struct{ name, body string }{
		{"half a million elements of another kind", `{"notice":{"defects":[` + strings.Repeat("1,", 500_000) + `1]}}`},
		{"a third of a million elements with nothing in them", `{"notice":{"defects":[` + strings.Repeat("{},", 333_000) + `{}]}}`},
		{"a hundred thousand names nobody knows", `{"notice":{"defects":[]` + names(90_000) + `}}`},
		{"one name of a megabyte", `{"` + strings.Repeat("名", 300_000) + `":1}`},
	} {
		a := h.as("zhou-heng").post(to, row.body)
		if len(row.body) > 1<<20 || a.Status != 422 || len(a.Text) > 100_000 {
			t.Errorf("%s: %d bytes are answered with %d and %d bytes, want 422 and at most 100 kB", row.name, len(row.body), a.Status, len(a.Text))
		}
	}
}

func TestAFileIsNotCalledByWhoIsTreated(t *testing.T) {
	s := newScene(t)
	for name, want := range map[string]string{
		"张三11010519491231002X.pdf": "field.identity", "13812345678.pdf": "field.identity", "申请\u200b表.pdf": "file.hidden", "\ufeff申请表.pdf": "file.hidden",
		"申请\u2028表.pdf": "file.hidden", "申请\U000e0041表.pdf": "file.hidden", "申请\n表.pdf": "field.control", " ": "file.name",
		"护照E12345678.pdf": "field.passport", "../申请表.pdf": "file.path",
	} {
		in := map[string]any{"item": "signed-form", "name": name}
		letter := at(s.open, "reply-1", "shen-an", map[string]any{"name": name})
		for route, a := range map[string]*answer{
			"a paper": s.as("lin-zhi").edit(s.draft, "/files", in), "a letter": s.nmpa.post(evidence, letter),
			"a letter by a person's program": s.as("shen-an").post(path(s.open, "gates/reply-1/evidence"), map[string]any{"name": name}),
		} {
			if a.Status != 422 || !strings.Contains(a.Text, want) {
				t.Errorf("%s called %q: got %d %s, want 422 %s", route, name, a.Status, a.Text, want)
			}
		}
	}
	if s.print() != s.before {
		t.Error("something changed")
	}
}
