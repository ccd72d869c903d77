package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"jixu/internal/api"
)

// Whatever a program sends, the log holds ids and codes of ours: no address, nothing of
// the body and no token.
func TestEveryRequestOfAProgramIsOneLineThatTellsNothing(t *testing.T) {
	s := newScene(t)
	tried := 0
	for _, d := range slices.Concat(api.Routes(), api.CallbackRoutes()) {
		for _, person := range []string{who(d.Pattern), "he-yue"} {
			at := s.at(d.Pattern)
			r := s.as(person).request(d.Method, at, map[string]any{
				"reason": "患者危重理由", "name": "病历-张三.pdf", "values": map[string]any{"product-zh": "可降解支架"}, "question": "能否加急呢",
			}, "If-Match", `"77"`, "Authorization", "Bearer token-of-a-person", "Webhook-Signature", "v1,signature-of-a-system")
			if d.Method == http.MethodGet {
				r.URL.RawQuery = "cursor=cursor-of-a-list&number=number-of-a-case"
			}
			s.log.Reset()
			a := s.do(r)
			text := s.log.String()
			var lines []map[string]any
			for line := range strings.Lines(text) {
				var l map[string]any
				s.must(json.Unmarshal([]byte(line), &l))
				if l["msg"] == "answered" {
					lines = append(lines, l)
				}
			}
			if len(lines) != 1 {
				t.Fatalf("%s %s: got %s, want one line", d.Method, d.Pattern, text)
			}
			tried++
			l, outcome := lines[0], "ok"
			if a.Status >= 400 {
				outcome = a.code()
			}
			if l["route"] != d.Pattern || l["method"] != d.Method || l["status"] != float64(a.Status) || l["outcome"] != outcome || l["request"] != "ref-1" {
				t.Errorf("%s %s: got %v, want its route, method, status %d, outcome %s and id", d.Method, d.Pattern, l, a.Status, outcome)
			}
			if byToken := strings.HasPrefix(d.Pattern, "/api/"); byToken != (l["person"] == person && l["organisation"] != "") {
				t.Errorf("%s %s: got person %v of %v, want %s by a token and nobody without a signature", d.Method, d.Pattern, l["person"], l["organisation"], person)
			}
			for _, word := range []string{
				"患者危重理由", "张三", "可降解支架", "能否加急呢", "token-of-a-person", "signature-of-a-system", "cursor-of-a-list", "number-of-a-case",
				s.open, s.draft, s.inquiry, s.variety, "request-0000", "林芷", "周衡",
			} {
				if strings.Contains(text, word) {
					t.Errorf("%s %s: got %q in the log: %s", d.Method, d.Pattern, word, text)
				}
			}
		}
	}
	t.Logf("%d requests", tried)
}
