package web_test

import (
	"context"
	"strings"
	"testing"

	"jixu/internal/journey"
)

// The emergency lane is found from the dossier, and what it still owes is the
// hospital's first move until it is delivered.
func TestPapersOwedAreTheHospitalsMove(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	lin := h.enter(t, "hospital", "lin-zhi")
	path, err := journey.CreateDraft(ctx, lin)
	must(t, err)
	_, err = journey.Fill(ctx, lin, path, journey.DeviceForm())
	must(t, err)
	dossier, err := lin.Get(ctx, path+"/dossier")
	must(t, err)
	if n := dossier.Doc().Find(`a[href="` + path + `/check#later"]`).Length(); n != 1 {
		t.Fatalf("an incomplete dossier leads to the emergency lane: got %d links, want 1", n)
	}
	check, err := lin.Get(ctx, path+"/check")
	must(t, err)
	form, err := check.Form(`form[action$="/submit"]`)
	must(t, err)
	later := 0
	for _, box := range check.Doc().Find(`[name^="later-"]`).EachIter() {
		form.Set(box.AttrOr("name", ""), "yes")
		later++
	}
	_, err = lin.Submit(ctx, form.Set("declared", "yes").Set("lane-urgency", "一周内须手术。"))
	must(t, err)

	page, err := lin.Get(ctx, path)
	must(t, err)
	first := page.Doc().Find("[data-move]").First()
	if got := first.Find("[data-who]").Text(); !strings.Contains(got, "补交应急通道应补交的资料") {
		t.Errorf("the hospital's first move: got %q", got)
	}
	if got := first.Find(".said li").Length(); got != later || later == 0 {
		t.Errorf("papers named: got %d, want %d", got, later)
	}
	dossier, err = lin.Get(ctx, path+"/dossier")
	must(t, err)
	if n := dossier.Doc().Find(`a.button[href="` + path + `/acts/deliver"]`).Length(); n != 1 {
		t.Errorf("the dossier leads to the delivery: got %d links, want 1", n)
	}
}
