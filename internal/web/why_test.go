package web_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/journey"
)

// The reason for a date is on a page of its own, open or answered, with every
// run of days, pauses marked, and what the notices reach.
func TestWhyThisDate(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.Clock.Set(calendar.Day{Year: 2026, Month: 9, Day: 17}.At(10, 0)) // a Thursday before a working Sunday and two holidays
	b := h.enter(t, "hospital", "lin-zhi")
	path, _ := h.submitted(t, b)
	zhou := h.enter(t, "agency", "zhou-heng")
	gate := h.gatePath(t, path, "opinion")

	page, err := zhou.Get(ctx, gate+"/why")
	must(t, err)
	rows := func(p *journey.Page) (out []string) {
		for _, tr := range p.Doc().Find("table.runs tbody tr").EachIter() {
			var cells []string
			for _, td := range tr.Find("td").EachIter() {
				cells = append(cells, td.Text())
			}
			out = append(out, strings.Join(cells, " ")+" "+tr.AttrOr("class", ""))
		}
		return out
	}
	want := []string{
		"2026年9月17日（周四） 1 当日不计 step-started",
		"2026年9月18日（周五） 1 第 1 天 step-counted",
		"2026年9月19日（周六） 1 不计：周末 step-skipped",
		"2026年9月20日（周日） 至 2026年9月24日（周四） 5 第 2 至 6 天 step-counted",
		"2026年9月25日（周五） 至 2026年9月27日（周日） 3 不计：中秋节 step-skipped",
		"2026年9月28日（周一） 至 2026年9月30日（周三） 3 第 7 至 9 天 step-counted",
		"2026年10月1日（周四） 至 2026年10月7日（周三） 7 不计：国庆节 step-skipped",
		"2026年10月8日（周四） 1 第 10 天，到期 step-counted",
	}
	if got := rows(page); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the count: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range []string{"本地设置", "国务院办公厅关于2026年部分节假日安排的通知", "2026年12月31日", "10 天中的 10 天"} {
		if got := page.Text("main"); !strings.Contains(got, text) {
			t.Errorf("the page says %s: got %.200s", text, got)
		}
	}

	// The clock stands still for a supplement; the answered gates keep their reason.
	h.Clock.Set(calendar.Day{Year: 2026, Month: 9, Day: 22}.At(10, 0))
	_, err = journey.Answer(ctx, zhou, gate, "ask-opinion", map[string]string{"defects": "请补充。"})
	must(t, err)
	answered, err := zhou.Get(ctx, gate+"/why")
	must(t, err)
	if got := rows(answered); strings.Join(got, "\n") != strings.Join(want, "\n") || !strings.Contains(answered.Text(".over"), "2026年9月22日") {
		t.Errorf("answered: got %v and %q, want the same count and when it was answered", got, answered.Text(".over"))
	}
	h.Clock.Set(calendar.Day{Year: 2026, Month: 9, Day: 28}.At(10, 0))
	_, err = journey.Fill(ctx, b, path, map[string]string{"comparison": "已补充。"})
	must(t, err)
	_, err = journey.Submit(ctx, b, path)
	must(t, err)
	resumed, err := zhou.Get(ctx, h.gatePath(t, path, "opinion")+"/why")
	must(t, err)
	paused := resumed.Text("table.runs tr.step-paused")
	if !strings.Contains(paused, "2026年9月23日") || !strings.Contains(paused, "补正期间") {
		t.Errorf("the pause is a run of its own: got %q", paused)
	}

	// Who may read the case may read the reason; nobody else.
	own, err := b.Get(ctx, path+"/gates/opinion-1/why")
	must(t, err)
	timeline, err := b.Get(ctx, path)
	must(t, err)
	if n := timeline.Doc().Find(`.timeline a[href="` + path + `/gates/opinion-1/why"]`).Length(); own.Status != 200 || n != 1 {
		t.Errorf("the hospital: got %d and %d ways to it, want 200 and 1", own.Status, n)
	}
	stranger := h.enter(t, "hospital", "he-yue")
	for _, at := range []string{path + "/gates/opinion-1/why", path + "/gates/opinion-9/why"} {
		who := stranger
		if strings.Contains(at, "opinion-9") {
			who = b
		}
		page, err := who.Get(ctx, at)
		must(t, err)
		if page.Status != 404 {
			t.Errorf("%s: got %d, want 404", at, page.Status)
		}
	}
}

// A date beyond the notices says so, and is told again when the notice comes.
func TestADateIsProvisionalUntilTheNoticeComes(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.town.Desk.Calendar = until(t, 2025)
	h.Clock.Set(calendar.Day{Year: 2026, Month: 3, Day: 25}.At(10, 0))
	b := h.enter(t, "hospital", "lin-zhi")
	path, number := h.submitted(t, b)
	zhou := h.enter(t, "agency", "zhou-heng")
	gate := h.gatePath(t, path, "opinion")
	page, err := zhou.Get(ctx, gate+"/why")
	must(t, err)
	if got := page.Text("[data-due]"); !strings.Contains(got, "暂定") || !strings.Contains(got, "2026年4月8日") {
		t.Errorf("before the notice: got %q, want 8 April, provisional", got)
	}
	h.town.Desk.Calendar = until(t, 2026)
	h.sweep(t)
	page, err = zhou.Get(ctx, gate+"/why")
	must(t, err)
	if got := page.Text("[data-due]"); strings.Contains(got, "暂定") || !strings.Contains(got, "2026年4月9日") {
		t.Errorf("after the notice: got %q, want 9 April, firm", got)
	}
	if got := page.Text(`section[aria-labelledby="changes-title"]`); !strings.Contains(got, "原为 2026年4月8日") || !strings.Contains(got, "现为 2026年4月9日") {
		t.Errorf("how it changed: got %q", got)
	}
	own, err := b.Get(ctx, path)
	must(t, err)
	if got := own.Text(".timeline li:first-child"); !strings.Contains(got, "重新计算期限") || !strings.Contains(got, "出具评估意见：原为") {
		t.Errorf("the history: got %q", got)
	}
	found := false
	for _, m := range h.Mail.Sent() {
		found = found || strings.Contains(m.Subject, number) && strings.Contains(m.Subject, "重新计算") && strings.Contains(m.Text, "2026年4月9日") && strings.Contains(m.Text, "/l/")
	}
	if !found {
		t.Error("whose move it is hears of it: got no mail with the new day and a link")
	}
}

// until is the calendar that knows the notices up to year.
func until(t *testing.T, year int) calendar.Calendar {
	t.Helper()
	var files [][]byte
	for y := 2024; y <= year; y++ {
		b, err := os.ReadFile("../calendar/data/" + time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006") + ".json")
		must(t, err)
		files = append(files, b)
	}
	c, err := calendar.Parse(files...)
	must(t, err)
	return c
}
