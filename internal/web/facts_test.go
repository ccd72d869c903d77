package web_test

import (
	"context"
	"strings"
	"testing"

	"jixu/internal/journey"
	"jixu/internal/policy"
)

// What a document states is asked beside its files, not on the form; it travels
// with the form and is frozen with it.
func TestWhatADocumentStates(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	b := h.enter(t, "hospital", "lin-zhi")
	path := h.draft(t, b)

	form, err := b.Get(ctx, path+"/form")
	must(t, err)
	if n := form.Doc().Find(`[name="form-quantity"]`).Length(); n != 0 {
		t.Errorf("on the form: got %d fields of a document, want none", n)
	}
	if got := form.Doc().Find("main h2").First().Text(); got != "产品" {
		t.Errorf("the form is grouped: got the first heading %q, want 产品", got)
	}
	page, err := b.Get(ctx, path+"/items/signed-form")
	must(t, err)
	facts, err := page.Form(`form[action$="/facts"]`)
	must(t, err)
	if got := page.Text("section:has(form[action$='/facts'])"); !strings.Contains(got, journey.DeviceForm()["product-zh"]) {
		t.Errorf("what the form says stands beside it: got %q", got)
	}
	// Only what belongs to this document is kept, whatever else is sent.
	page, err = b.Submit(ctx, facts.Set("form-quantity", "１０").Set("licence-expires", "2030-01-01").Set("quantity", "99"))
	must(t, err)
	if page.Status != 200 || !strings.HasSuffix(page.URL.Path, "/items/signed-form") {
		t.Fatalf("saved: got %d at %s, want the paper again", page.Status, page.URL.Path)
	}
	if c := h.load(t, path).Case; c.Form["form-quantity"] != "10" || c.Form["licence-expires"] != "" || c.Form["quantity"] != "10" {
		t.Errorf("kept: got %v", c.Form)
	}
	stale := facts.Set("form-quantity", "11")
	page, err = b.Submit(ctx, stale.Set("op", strings.Repeat("b", 20)))
	must(t, err)
	if page.Status != 409 || !strings.Contains(page.Text(".theirs"), "10") {
		t.Errorf("a page from before a colleague's change: got %d %q, want 409 and both values", page.Status, page.Text(".theirs"))
	}

	page, err = b.Get(ctx, path+"/items/licence")
	must(t, err)
	facts, err = page.Form(`form[action$="/facts"]`)
	must(t, err)
	_, err = b.Submit(ctx, facts.Set("licence-expires", "长期"))
	must(t, err)
	page, err = b.Get(ctx, path+"/check")
	must(t, err)
	declared, err := page.Form(`form[action$="/submit"]`)
	must(t, err)
	page, err = b.Submit(ctx, declared.Set("declared", "yes"))
	must(t, err)
	if page.Status != 422 || page.Doc().Find(`.error-summary a[href="#licence-expires"]`).Length() != 1 {
		t.Errorf("a day that cannot be read: got %d, want 422 and a way to it", page.Status)
	}
	if got := page.Doc().Find("#licence-expires .change a").AttrOr("href", ""); got != path+"/items/licence#licence-expires" {
		t.Errorf("it is changed where it was typed: got %q", got)
	}
	if n := page.Doc().Find("#agreement-expires").Length(); n != 0 {
		t.Errorf("what nobody typed is no row: got %d", n)
	}
	page, err = b.Get(ctx, path+"/dossier")
	must(t, err)
	if got := page.Text(`li:has(a[href$="/items/licence"]) .tag`); got != "有问题" {
		t.Errorf("on the task list: got %q, want 有问题", got)
	}
}

// A drug has a pack, a form and an assessor of its own.
func TestADrugIsSubmitted(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	b := h.enter(t, "hospital", "lin-zhi")
	path, err := journey.CreateDraftOf(ctx, b, "drug")
	must(t, err)
	_, err = journey.Fill(ctx, b, path, journey.DrugForm())
	must(t, err)
	must(t, journey.SendPapers(ctx, b, path, journey.Papers(policy.DrugPack()), paper))
	_, err = journey.Submit(ctx, b, path)
	must(t, err)
	r := h.load(t, path)
	if g, _ := r.Open("opinion"); r.Case.Kind != policy.Drug || r.Case.Pack != policy.DrugKey || g.Party != "health" {
		t.Errorf("got %s by %s at %s, want a drug by %s at the Health Commission", r.Case.Kind, r.Case.Pack, g.Party, policy.DrugKey)
	}
	page, err := b.Get(ctx, path)
	must(t, err)
	if got := page.Text("main"); !strings.Contains(got, "用于治疗罕见病") || !strings.Contains(got, "拟进口药品清单") {
		t.Errorf("the case page shows category and list: got %.200s", got)
	}
}
