package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"jixu/internal/journey"
	"jixu/internal/policy"
)

// The check asks and answers without keeping anything; a draft can begin with
// its answers, and only with what its form takes.
func TestEligibilityCheck(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	b := h.enter(t, "hospital", "lin-zhi")
	page, err := b.Get(ctx, "/hospital")
	must(t, err)
	if n := page.Doc().Find(`main a[href="/hospital/eligibility"]`).Length(); n != 1 {
		t.Errorf("the list leads to it: got %d links, want 1", n)
	}
	if page, err = b.Get(ctx, "/hospital/new"); err != nil || page.Doc().Find(`a[href="/hospital/eligibility"]`).Length() != 1 {
		t.Errorf("so does a new application: got %v", err)
	}
	before := h.kept()
	page, err = b.Get(ctx, "/hospital/eligibility")
	must(t, err)
	if n := page.Doc().Find(`a[href="/hospital/eligibility?kind=device"], a[href="/hospital/eligibility?kind=drug"]`).Length(); n != 2 {
		t.Errorf("kinds to choose from: got %d, want 2", n)
	}
	ask := func(pairs ...string) *journey.Page {
		t.Helper()
		q := url.Values{"check": {"1"}}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		page, err := b.Get(ctx, "/hospital/eligibility?"+q.Encode())
		must(t, err)
		return page
	}
	page, err = b.Get(ctx, "/hospital/eligibility?kind=device")
	must(t, err)
	if n, all := page.Doc().Find("#result").Length(), page.Doc().Find("fieldset").Length(); n != 0 || all != 8 {
		t.Errorf("before the answers: got %d results and %d questions, want none and 8", n, all)
	}
	device := []string{"kind", "device", "class", "III", "abroad", "yes", "similar", "no", "large", "no", "hospital", "yes", "team", "yes", "urgent", "yes", "purpose", "yes"}
	for _, row := range []struct {
		name    string
		page    *journey.Page
		verdict string
		says    []string
	}{
		{"every rule is met", ask(device...), "符合所列条件", []string{"第五十七条第三款", "官方规定", "征求意见稿或转述"}},
		{"class I", ask(append(device, "class", "I")...), "有不符合的条件", []string{"仅适用于第二类、第三类", "下一步："}},
		{"a product of similar use", ask(append(device, "similar", "yes")...), "尚不能确定", []string{"还有问题没有回答", "与最相近的国内产品相比：基本原理"}},
		{"nothing answered", ask("kind", "device"), "尚不能确定", []string{"未回答"}},
		{"an answer that is none", ask(append(device, "class", `"><script>`)...), "尚不能确定", nil},
		{"a drug of no category", ask("kind", "drug", "category", "none"), "有不符合的条件", []string{"未读到官方原文的规定"}},
	} {
		if got := row.page.Text("#result h2"); row.page.Status != 200 || !strings.Contains(got, row.verdict) {
			t.Errorf("%s: got %d %q, want %s", row.name, row.page.Status, got, row.verdict)
		}
		for _, want := range row.says {
			if got := row.page.Text("main"); !strings.Contains(got, want) {
				t.Errorf("%s says %s: got %.300s", row.name, want, got)
			}
		}
	}
	if got := ask("kind", "food").Doc().Find(`a[href="/hospital/eligibility?kind=device"]`).Length(); got != 1 {
		t.Errorf("a kind there is not: got %d, want the choice again", got)
	}
	if h.kept() != before {
		t.Error("the check keeps nothing: got something changed")
	}

	for _, row := range []struct {
		name string
		page *journey.Page
		pack string
		want map[string]string
	}{
		{"a device", ask(append(device, "class", "II")...), policy.DeviceKey, map[string]string{"class": "II"}},
		{"a device out of scope begins empty", ask(append(device, "class", "I")...), policy.DeviceKey, map[string]string{}},
		{"a drug", ask("kind", "drug", "category", "rare-disease", "situation", "not-produced", "lead-importer", "no"), policy.DrugKey, map[string]string{"category": "rare-disease", "situation": "not-produced", "lead-importer": "no"}},
	} {
		form, err := row.page.Form(`form[action="/hospital/new"]`)
		must(t, err)
		page, err := b.Submit(ctx, form)
		must(t, err)
		c := h.load(t, strings.TrimSuffix(page.URL.Path, "/dossier")).Case
		if len(c.Form) != len(row.want) || c.Pack != row.pack {
			t.Errorf("%s: got %v by %s, want %v by %s", row.name, c.Form, c.Pack, row.want, row.pack)
		}
		for field, value := range row.want {
			if c.Form[field] != value {
				t.Errorf("%s begins with %s: got %q, want %q", row.name, field, c.Form[field], value)
			}
		}
	}
	reader := h.enter(t, "hospital", "gu-ming")
	if page, err = reader.Get(ctx, "/hospital/eligibility?kind=drug&check=1"); err != nil || page.Status != 200 {
		t.Errorf("a colleague looks too: got %v", err)
	}
}
