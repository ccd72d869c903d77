package web_test

import (
	"context"
	"os"
	"testing"
	"time"

	"jixu/internal/journey"
)

// TestLook serves the sites over memory with sample cases, for a person or a
// browser to look at, until the file named in JIXU_LOOK_END appears:
//
//	JIXU_LOOK=127.0.0.1:8090 go test -run TestLook -timeout 1h ./internal/web
//
// Without an address nobody looks: the sample cases are made, and that is all.
func TestLook(t *testing.T) {
	address := os.Getenv("JIXU_LOOK")
	if address == "" {
		newHouse(t).furnish(t)
		return
	}
	h := openHouse(t, address)
	for _, s := range h.sites {
		s.Moved = true
	}
	h.furnish(t)
	t.Logf("look at %s; the desk is %s", h.Site, h.Deployment.Desk)
	for end := os.Getenv("JIXU_LOOK_END"); ; time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(end); end != "" && err == nil {
			return
		}
	}
}

// furnish puts a case into each state that a page shows.
func (h *house) furnish(t testing.TB) {
	ctx := context.Background()
	hospital, mpa, nmpa := h.enter(t, "hospital", "lin-zhi"), h.enter(t, "agency", "zhou-heng"), h.enter(t, "agency", "shen-an")

	_, err := journey.CreateDraft(ctx, hospital)
	must(t, err)
	partly, err := journey.CreateDraft(ctx, hospital)
	must(t, err)
	_, err = journey.Fill(ctx, hospital, partly, map[string]string{"product-zh": "可回收式左心耳封堵系统", "quantity": "二十"})
	must(t, err)
	_, err = journey.SendFile(ctx, hospital, partly, "signed-form", "申请表扫描件.pdf", somePDF)
	must(t, err)
	_, err = journey.SendFile(ctx, hospital, partly, "description", "说明.txt", []byte("this is no PDF"))
	must(t, err)

	h.draft(t, hospital)

	asked, _ := h.submitted(t, hospital)
	h.Clock.Advance(3 * 24 * time.Hour)
	_, err = journey.Answer(ctx, mpa, h.gatePath(t, asked, "opinion"), "ask-opinion", map[string]string{
		"defects": "请在申请信息中写明型号规格与境外批准文件的对应关系。", "defect-comparison": "请补充与境内已上市产品在性能要求、安全性评价方面的逐项对比。", "defect-risk-plan": "知情同意书样本缺少替代治疗方案的说明。",
	})
	must(t, err)

	again, _ := h.submitted(t, hospital)
	_, err = journey.Answer(ctx, mpa, h.gatePath(t, again, "opinion"), "ask-opinion", map[string]string{"defect-comparison": "请补充逐项对比。"})
	must(t, err)
	h.Clock.Advance(5 * 24 * time.Hour)
	_, err = journey.Fill(ctx, hospital, again, map[string]string{"comparison": "已补充逐项对比。"})
	must(t, err)
	_, err = journey.SendFile(ctx, hospital, again, "comparison", "逐项对比表（补充）.pdf", somePDF)
	must(t, err)
	_, err = journey.Submit(ctx, hospital, again)
	must(t, err)

	done, _ := h.submitted(t, hospital)
	_, err = journey.Answer(ctx, mpa, h.gatePath(t, done, "opinion"), "opine", findings)
	must(t, err)
	h.Clock.Advance(4 * 24 * time.Hour)
	reply := h.gatePath(t, done, "reply")
	letter, err := journey.SendEvidence(ctx, nmpa, reply, "批复.pdf", somePDF)
	must(t, err)
	_, err = journey.Answer(ctx, nmpa, reply, "record", map[string]string{
		"outcome": "approve-in-part", "number": "药监综械注函〔2026〕1号", "date": "2026-11-10", "quantity": "6",
		"validUntil": "2027-11-09", "conditions": "仅限本院心脏中心使用\n每例随访不少于一年", "reason": "按实际患者人数核减。", "evidence": letter,
	})
	must(t, err)
	h.submitted(t, hospital)
	h.Clock.Advance(2 * 24 * time.Hour)
}
