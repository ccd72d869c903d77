package web_test

import (
	"context"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/journey"
)

// findings answer the three questions.
var findings = map[string]string{
	"finding-capability": "yes", "reason-capability": "团队具备同类器械使用经验。",
	"finding-urgency": "yes", "reason-urgency": "国内尚无同品种产品。",
	"finding-quantity": "yes", "reason-quantity": "与预计使用人数相符。",
	"advice": "建议加强随访。",
}

// A whole life over HTTP: submitted, supplemented, assessed by an officer who
// came by link and code, and approved in part with evidence.
func TestLifeOverTheSites(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	hospital := h.enter(t, "hospital", "lin-zhi")
	path, number := h.submitted(t, hospital)

	mpa := h.enter(t, "agency", "zhou-heng")
	_, err := journey.Answer(ctx, mpa, h.gatePath(t, path, "opinion"), "ask-opinion", map[string]string{"defect-comparison": "请补充与同类产品的性能对比。"})
	must(t, err)
	if got := h.load(t, path).Case.Stage(); got != casework.StageSupplement {
		t.Fatalf("after the notice: got %s, want %s", got, casework.StageSupplement)
	}
	_, err = journey.Fill(ctx, hospital, path, map[string]string{"comparison": "已补充性能对比。"})
	must(t, err)
	_, err = journey.Submit(ctx, hospital, path)
	must(t, err)

	link, err := h.LinkFor(ctx, "mpa", number, "zhou-heng")
	must(t, err)
	byLink, gate, err := h.ByLink(ctx, link, number, "zhou-heng")
	must(t, err)
	receipt, err := journey.Answer(ctx, byLink, gate.URL.Path, "opine", findings)
	must(t, err)
	if got := receipt.Text("h1"); got != "办理回执" {
		t.Errorf("the receipt: got %q, want 办理回执", got)
	}

	recorder := h.enter(t, "agency", "shen-an")
	reply := h.gatePath(t, path, "reply")
	letter, err := journey.SendEvidence(ctx, recorder, reply, "批复.pdf", somePDF)
	must(t, err)
	_, err = journey.Answer(ctx, recorder, reply, "record", map[string]string{
		"outcome": "approve-in-part", "number": "药监综械注函〔2026〕1号", "date": "2026年11月2日", "quantity": "６",
		"validUntil": "2027-11-01", "conditions": "仅限本院使用\n每例随访一年", "reason": "按实际患者人数核减。", "evidence": letter,
	})
	must(t, err)
	c := h.load(t, path).Case
	if got := c.Stage(); got != casework.StagePart || c.Decision.Terms.Quantity != 6 || len(c.Decision.Terms.Conditions) != 2 {
		t.Errorf("the end: got %s with %+v, want %s, 6 units, 2 conditions", got, c.Decision, casework.StagePart)
	}
	page, err := hospital.Get(ctx, path)
	must(t, err)
	if got := page.Text(".decision h2"); got != "国家药监局批复：部分批准" {
		t.Errorf("the hospital reads %q", got)
	}
}
