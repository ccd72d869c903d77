package web_test

import (
	"context"
	"strings"
	"testing"

	"jixu/internal/journey"
	"jixu/internal/policy"
)

// What the pre-check says blocks is exactly what a submission is refused for, and
// every line leads to where it is cured.
func TestPrecheckAndRefusalAgree(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	b := h.enter(t, "hospital", "lin-zhi")
	path, err := journey.CreateDraft(ctx, b)
	must(t, err)
	form := journey.DeviceForm()
	form["patients"], form["urgency"], form["distributor"] = "若干", "", "上海另一公司"
	_, err = journey.Fill(ctx, b, path, form)
	must(t, err)
	items := journey.Papers(policy.DevicePack())
	must(t, journey.SendPapers(ctx, b, path, items[:5], paper))
	item, err := b.Get(ctx, path+"/items/agreements")
	must(t, err)
	facts, err := item.Form(`form[action$="/facts"]`)
	must(t, err)
	_, err = b.Submit(ctx, facts.Set("agreement-distributor", "上海示范医疗器械有限公司").Set("agreement-expires", "2020-01-01"))
	must(t, err)

	page, err := b.Get(ctx, path+"/precheck")
	must(t, err)
	first := page.Doc().Find(`section[aria-labelledby="gaps-blocks"] li a`)
	var hrefs []string
	for _, a := range first.EachIter() {
		href := a.AttrOr("href", "")
		hrefs = append(hrefs, strings.NewReplacer(path+"/form#", "", path+"/items/", "item-").Replace(href))
		target, err := b.Get(ctx, strings.SplitN(href, "#", 2)[0])
		must(t, err)
		if id := strings.SplitN(href+"#", "#", 3)[1]; target.Status != 200 || id != "" && target.Doc().Find(`[id="`+id+`"]`).Length() != 1 {
			t.Errorf("%s: got %d, want a page with that place on it", href, target.Status)
		}
	}
	check, err := b.Get(ctx, path+"/check")
	must(t, err)
	declared, err := check.Form(`form[action$="/submit"]`)
	must(t, err)
	refused, err := b.Submit(ctx, declared.Set("declared", "yes"))
	must(t, err)
	var refusals []string
	for _, a := range refused.Doc().Find(".error-summary a").EachIter() {
		refusals = append(refusals, strings.TrimPrefix(a.AttrOr("href", ""), "#"))
	}
	if got, want := strings.Join(hrefs, " "), strings.Join(refusals, " "); refused.Status != 422 || got != want || len(hrefs) < 3 {
		t.Errorf("got %d and the refusals\n%s\nwant those of the pre-check\n%s", refused.Status, want, got)
	}

	text := page.Text("main")
	for _, want := range []string{"两者不一致", "上海另一公司", "2020年1月1日", "已经到期", "依据：", "本地设置", "占位内容"} {
		if !strings.Contains(text, want) {
			t.Errorf("the pre-check says %s: got %.300s", want, text)
		}
	}
	if n := page.Doc().Find("form[action^='/hospital/cases']").Length(); n != 0 {
		t.Errorf("the pre-check changes nothing: got %d forms", n)
	}
	caseIs, err := b.Get(ctx, path)
	must(t, err)
	if got := caseIs.Text(`section[aria-labelledby="expiries-title"]`); !strings.Contains(got, "协议有效期至") || !strings.Contains(got, "本地设置") {
		t.Errorf("the case page watches what ends: got %q", got)
	}
	stranger := h.enter(t, "hospital", "he-yue")
	page, err = stranger.Get(ctx, path+"/precheck")
	must(t, err)
	if page.Status != 404 {
		t.Errorf("another hospital: got %d, want 404", page.Status)
	}
}

// Who assesses sees the same list, about what was submitted, whatever the
// hospital types meanwhile.
func TestAgenciesSeeThePrecheckOfTheSubmission(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	b := h.enter(t, "hospital", "lin-zhi")
	path, _ := h.submitted(t, b)
	zhou := h.enter(t, "agency", "zhou-heng")
	gate := h.gatePath(t, path, "opinion")
	page, err := zhou.Get(ctx, gate)
	must(t, err)
	if got := page.Text(`section[aria-labelledby="gaps-informs"]`); !strings.Contains(got, "8 例 × 每例 1 = 8") {
		t.Errorf("the quantity aid: got %q", got)
	}
	if n := page.Doc().Find(`.gaps a`).Length(); n != 0 {
		t.Errorf("an agency cures nothing: got %d links", n)
	}
	_, err = journey.Answer(ctx, zhou, gate, "ask-opinion", map[string]string{"defects": "请说明数量。"})
	must(t, err)
	same, err := b.Get(ctx, path+"/precheck")
	must(t, err)
	if got := same.Text(`section[aria-labelledby="gaps-warns"]`); !strings.Contains(got, "与上一版申报没有任何不同") {
		t.Errorf("an answer that answers nothing: got %q", got)
	}
	_, err = journey.Fill(ctx, b, path, map[string]string{"patients": "3"})
	must(t, err)
	changed, err := b.Get(ctx, path+"/precheck")
	must(t, err)
	if got := changed.Text("main"); strings.Contains(got, "与上一版申报没有任何不同") || !strings.Contains(got, "3 例 × 每例 1 = 3") {
		t.Errorf("the hospital sees its working dossier: got %.300s", got)
	}
	page, err = zhou.Get(ctx, "/agency"+strings.TrimPrefix(path, "/hospital"))
	must(t, err)
	if got := page.Text("main"); strings.Contains(got, "3 例") {
		t.Errorf("an agency sees what was submitted: got %.300s", got)
	}
}
