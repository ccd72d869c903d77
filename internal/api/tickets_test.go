package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"jixu/internal/api"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/party"
)

// reader is the program of somebody who may only read for org.
func (h *house) reader(org string) *program {
	h.Helper()
	p := party.Person{ID: "reader-" + org, Org: org, NameZH: "查阅", Roles: []party.Role{party.Reader}, Mail: "r@example.invalid", Subject: "s-reader-" + org}
	h.must(h.Directory.PutPerson(h.Context(), p))
	a := h.as("lin-zhi")
	a.claims["sub"] = p.Subject
	return a
}

// A form that lets a browser upload is for whoever may move the case, and no
// longer than they may.
func TestOnlyWhoMayMoveTheCaseGetsAnUploadSigned(t *testing.T) {
	h := newHouse(t)
	lin, shen := actor("lin-zhi"), actor("shen-an")
	announce := func(id string) (path string) {
		c := h.record(id)
		f := c.Files[0]
		_, err := h.Desk.Detach(t.Context(), h.op(), id, c.Case.Dossier, f.Item, f.ID, lin)
		h.must(err)
		r, _, err := h.Desk.Attach(t.Context(), h.op(), id, h.record(id).Case.Dossier, docket.Upload{Item: f.Item, Name: "新.pdf"}, "", lin)
		h.must(err)
		return "/api/v1/cases/" + id + "/files/" + r.File + "/ticket"
	}
	nothing := map[string]any{}
	draft := h.draft()
	paper := announce(draft)
	if a := h.reader(h.record(draft).Case.Hospital).post(paper, nothing); a.Status != 403 {
		t.Errorf("a reader of the hospital: got %d %s, want 403", a.Status, a.Text)
	}
	h.as("lin-zhi").good(h.as("lin-zhi").post(paper, nothing))

	id := h.submitted()
	f, _, err := h.Desk.Evidence(t.Context(), docket.GateRef{Of: id, Gate: h.gate(id, gate.Reply)}, docket.Upload{Name: "批复.pdf"}, "", shen)
	h.must(err)
	letter := "/api/v1/cases/" + id + "/files/" + f.ID + "/ticket"
	if a := h.reader(journey.Agencies.Regulator).post(letter, nothing); a.Status != 403 {
		t.Errorf("a reader of the regulator: got %d %s, want 403", a.Status, a.Text)
	}
	h.as("shen-an").good(h.as("shen-an").post(letter, nothing))
	_, err = h.Desk.Withdraw(t.Context(), h.op(), id, "撤回", lin)
	h.must(err)
	if a := h.as("shen-an").post(letter, nothing); a.Status != 409 {
		t.Errorf("the recorder, once the case is withdrawn: got %d %s, want 409", a.Status, a.Text)
	}
}

// No route of a case opens for another hospital, for a distributor, or for Customs
// before an approval.
func TestNoRouteOfACaseOpensForStrangers(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	at := strings.NewReplacer("{case}", id, "{file}", h.record(id).Files[0].ID, "{gate}", h.gate(id, gate.Opinion), "{no}", "1")
	for _, who := range []string{"he-yue", "meng-fei", "xu-tao"} {
		for _, d := range api.Routes() {
			if !strings.Contains(d.Pattern, "{case}") {
				continue
			}
			var body any
			if d.Method == "POST" {
				body = map[string]any{}
			}
			w := httptest.NewRecorder()
			h.api.ServeHTTP(w, h.as(who).request(d.Method, at.Replace(d.Pattern), body, "If-Match", `"3"`))
			if w.Code < 400 || w.Code >= 500 {
				t.Errorf("%s at %s %s: got %d %s, want a refusal", who, d.Method, d.Pattern, w.Code, w.Body)
			}
		}
	}
}
