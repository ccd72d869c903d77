package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/inquiry"
	"jixu/internal/variety"
)

// A list that is longer than its page says so and goes on, on both sites, until its end.
func TestALongListGoesOnFromPageToPage(t *testing.T) {
	s := newScene(t)
	whole, _, err := s.Store.List(t.Context(), docket.OwnPages.Of("hospital-1"), "", 1)
	must(t, err)
	r, err := docket.LoadCase(t.Context(), s.Store, whole[0].Head.ID)
	must(t, err)
	for i := range 120 {
		c := r.Case.Clone()
		c.ID, c.Number, c.Version, c.Seq, c.Head = fmt.Sprintf("crowd%03d", i), fmt.Sprintf("N-%03d", i), 1, 0, ""
		c.EditedAt = r.Case.EditedAt.Add(time.Duration(i+1) * time.Second)
		h, err := docket.CaseHead(c)
		must(t, err)
		must(t, s.Store.Commit(t.Context(), docket.Commit{Changes: []docket.Change{{
			Head: h, Home: docket.Place{List: docket.OwnPages.Of("hospital-1"), At: c.EditedAt},
			Lists: []docket.Place{{List: docket.CopiesPages.Of("mpa"), At: c.EditedAt}},
		}}}))
	}
	for _, at := range []struct{ audience, person, path, within string }{
		{"hospital", "lin-zhi", "/hospital?lang=en", "main"},
		{"agency", "zhou-heng", "/agency?show=all", "section[aria-labelledby=others-title]"},
	} {
		cookie := s.cookie(t, at.audience, at.person)
		seen := map[string]bool{}
		path, pages := at.path, 0
		for path != "" && pages < 10 {
			answer := s.send("GET", path, cookie, nil)
			if answer.Code != http.StatusOK {
				t.Fatalf("%s: got %d, want the page", path, answer.Code)
			}
			part := page(t, answer).Find(at.within)
			for _, n := range part.Find("tbody th a").Nodes {
				seen[n.FirstChild.Data] = true
			}
			if pages > 0 && part.Find(".more a:not([rel])").Length() != 1 {
				t.Errorf("%s: got no way back to the first page", path)
			}
			next, _ := part.Find(".more a[rel=next]").Attr("href")
			if next != "" && !strings.Contains(next, at.path[strings.Index(at.path, "?")+1:]) {
				t.Errorf("%s leads to %s, which forgets what the address said", path, next)
			}
			path = next
			pages++
		}
		if len(seen) < 120 || pages < 3 {
			t.Errorf("%s: got %d cases on %d pages, want all of them", at.path, len(seen), pages)
		}
		bad := s.send("GET", strings.SplitN(at.path, "?", 2)[0]+"?after=x&sent=x&waiting=x", cookie, nil)
		if bad.Code >= 500 || bad.Code == http.StatusOK {
			t.Errorf("a cursor that no page gave: got %d, want a clear refusal", bad.Code)
		}
	}
}

// crowd puts n copies of the scene's open case beside it, a minute apart and each with
// its duty, a question and a device of the register. Every third duty is Zhou's own.
func (s *scene) crowd(t *testing.T, n int) {
	t.Helper()
	ctx := context.Background()
	r := s.load(t, s.open)
	g, _ := r.Open(gate.Opinion)
	put := func(kind, id string, law any, at time.Time, home string, more ...docket.Place) {
		body, err := json.Marshal(law)
		must(t, err)
		must(t, s.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{{
			Head: docket.Head{Kind: kind, ID: id, Version: 1, Body: body}, Home: docket.Place{List: home, At: at}, Lists: more,
		}}}))
	}
	for i := range n {
		c := r.Case.Clone()
		c.ID, c.Number, c.Version, c.Seq, c.Head = fmt.Sprintf("crowd%03d", i), fmt.Sprintf("N-%03d", i), 1, 0, ""
		c.EditedAt = r.Case.EditedAt.Add(time.Duration(i+1) * time.Minute)
		h, err := docket.CaseHead(c)
		must(t, err)
		duty := g
		duty.Of, duty.OpenedAt, duty.Ring, duty.Assignee = c.ID, c.EditedAt, nil, ""
		if i%3 == 0 {
			duty.Assignee = "zhou-heng"
		}
		must(t, s.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{{
			Head: h, Opened: []gate.Gate{duty}, Home: docket.Place{List: docket.OwnPages.Of("hospital-1"), At: c.EditedAt},
			Lists: []docket.Place{{List: docket.CopiesPages.Of("mpa"), At: c.EditedAt}},
		}}}))
		q := inquiry.Inquiry{ID: fmt.Sprintf("q%03d", i), Number: fmt.Sprintf("Q-%03d", i), Hospital: "hospital-1", To: []string{"mpa"}, Status: inquiry.Open, At: c.EditedAt}
		put("inquiry", q.ID, q, q.At, "inquiries/hospital-1", docket.Place{List: "inquiries/mpa", At: q.At})
		v := variety.Variety{ID: fmt.Sprintf("v%03d", i), Version: 1, Data: variety.Data{NameZH: fmt.Sprintf("器械%03d", i)}, At: c.EditedAt}
		put("variety", v.ID, v, v.At, "varieties/device")
	}
}

// walk reads a list of a page to its end and says which rows stood on which page; the
// list is what stands in within.
func (s *scene) walk(t *testing.T, path, cookie, within string) (pages [][]string) {
	t.Helper()
	for path != "" && len(pages) < 20 {
		answer := s.send("GET", path, cookie, nil)
		if answer.Code != http.StatusOK {
			t.Fatalf("%s: got %d, want the page", path, answer.Code)
		}
		part := page(t, answer).Find(within)
		var rows []string
		for _, a := range part.Find("tbody th a").EachIter() {
			rows = append(rows, a.AttrOr("href", ""))
		}
		pages = append(pages, rows)
		first := part.Find(".more a:not([rel])")
		if (len(pages) > 1) != (first.Length() == 1) {
			t.Errorf("%s: got %d ways to the first page", path, first.Length())
		}
		heading := part.Find("caption").First().Text() + part.Find("h2").First().Text()
		if want := fmt.Sprintf("本页 %d ", len(rows)); !strings.Contains(heading, want) || strings.Contains(heading, "共") {
			t.Errorf("%s: got %q over %d rows of a longer list, want %q", path, heading, len(rows), want)
		}
		path = part.Find(".more a[rel=next]").AttrOr("href", "")
	}
	return pages
}

func TestEveryListShowsFiftyRowsAndLeadsOn(t *testing.T) {
	s := newScene(t)
	s.crowd(t, 120)
	for _, row := range []struct{ list, audience, person, path, within string }{
		{"a hospital's cases", "hospital", "lin-zhi", "/hospital", "main"},
		{"what a hospital asked", "hospital", "lin-zhi", "/hospital/inquiries", "main"},
		{"the register, for a hospital", "hospital", "lin-zhi", "/hospital/varieties", "section.part:nth-of-type(1)"},
		{"what waits for an agency", "agency", "zhou-heng", "/agency", "section[aria-labelledby=waiting-title]"},
		{"what an agency was asked", "agency", "zhou-heng", "/agency/inquiries", "main"},
		{"the register, for an agency", "agency", "zhou-heng", "/agency/varieties", "section.part:nth-of-type(1)"},
	} {
		seen := map[string]bool{}
		pages := s.walk(t, row.path, s.cookie(t, row.audience, row.person), row.within)
		for i, rows := range pages {
			if i+1 < len(pages) && len(rows) != 50 {
				t.Errorf("%s: got %d rows on page %d, want 50", row.list, len(rows), i+1)
			}
			for _, href := range rows {
				if seen[href] {
					t.Errorf("%s: got %s twice, want it once", row.list, href)
				}
				seen[href] = true
			}
		}
		if len(pages) != 3 || len(seen) < 121 {
			t.Errorf("%s: got %d rows on %d pages, want all of them on three", row.list, len(seen), len(pages))
		}
	}
}

// The duty that waits longest is on the first page, whatever came later; within a page
// the nearest deadline comes first.
func TestTheLongestWaitingIsOnTheFirstPage(t *testing.T) {
	s := newScene(t)
	oldest := s.gatePath(t, s.open, "opinion")
	s.crowd(t, 120)
	pages := s.walk(t, "/agency", s.cookie(t, "agency", "zhou-heng"), "section[aria-labelledby=waiting-title]")
	if !slices.Contains(pages[0], oldest) {
		t.Errorf("got %v on the first page, want %s among it", pages[0], oldest)
	}
	if slices.ContainsFunc(pages[0], func(href string) bool { return strings.Contains(href, "crowd119") }) {
		t.Error("got the newest duty on the first page of three")
	}
}

// A queue of one's own work has fifty rows of it on a page, and the address of the next
// page goes on naming the queue.
func TestAQueueOfOnesOwnWorkIsFilledWithIt(t *testing.T) {
	s := newScene(t)
	s.crowd(t, 180)
	pages := s.walk(t, "/agency?show=mine", s.cookie(t, "agency", "zhou-heng"), "section[aria-labelledby=waiting-title]")
	if len(pages) != 2 || len(pages[0]) != 50 || len(pages[1]) != 10 {
		t.Fatalf("got %d pages, the first of %d rows; want fifty of the reader's own and then ten", len(pages), len(pages[0]))
	}
}

// Two lists stand on one page, and turning one leaves the other where it is.
func TestTurningOneListOfAPageLeavesTheOtherWhereItIs(t *testing.T) {
	s := newScene(t)
	s.crowd(t, 180)
	cookie := s.cookie(t, "agency", "zhou-heng")
	rows := func(p *goquery.Document, section string) string {
		return p.Find("section[aria-labelledby=" + section + "-title] tbody th").Text()
	}
	first := page(t, s.send("GET", "/agency", cookie, nil))
	sent := page(t, s.send("GET", first.Find("[aria-labelledby=others-title] .more a[rel=next]").AttrOr("href", ""), cookie, nil))
	if rows(sent, "waiting") != rows(first, "waiting") || rows(sent, "others") == rows(first, "others") {
		t.Error("after the second page of copies: got another page of duties, or the same copies")
	}
	both := page(t, s.send("GET", sent.Find("[aria-labelledby=waiting-title] .more a[rel=next]").AttrOr("href", ""), cookie, nil))
	if rows(both, "waiting") == rows(first, "waiting") || both.Find("[aria-labelledby=others-title] .more a:not([rel])").Length() != 1 {
		t.Error("after the second page of duties: got the same duties, or the first copies again")
	}
	labels := map[string]bool{}
	for _, nav := range both.Find("nav.more").EachIter() {
		labels[nav.AttrOr("aria-label", "")] = true
	}
	if len(labels) != 2 {
		t.Errorf("got navigations called %v, want each list's by its own name", labels)
	}
}

func TestACursorThatNoPageGaveIsRefusedInWords(t *testing.T) {
	s := newScene(t)
	for _, path := range []string{
		"/hospital?after=", "/hospital/inquiries?after=", "/hospital/varieties?device=", "/hospital/varieties?drug=",
		"/agency?waiting=", "/agency?show=mine&waiting=", "/agency?sent=", "/agency/inquiries?after=", "/agency/varieties?drug=",
	} {
		audience, person := "hospital", "lin-zhi"
		if strings.HasPrefix(path, "/agency") {
			audience, person = "agency", "zhou-heng"
		}
		for _, cursor := range []string{"x", "2026", "9999-99-99T99%3A99%3A99.000000000Z%23c1", "%ff", "%00", strings.Repeat("x", 3000)} {
			w := s.send("GET", path+cursor, s.cookie(t, audience, person), nil)
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page(t, w).Find("main").Text(), "分页位置无效") {
				t.Errorf("%s%.40s: got %d, want a refusal that says where to begin", path, cursor, w.Code)
			}
		}
		if w := s.send("GET", path, s.cookie(t, audience, person), nil); w.Code != http.StatusOK {
			t.Errorf("%s: got %d, want the first page", path, w.Code)
		}
	}
}

// A hospital's list says whose move each case is and by when, its own first.
func TestAHospitalsListSaysByWhen(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	list := page(t, s.send("GET", "/hospital", lin, nil))
	row := list.Find(`tr:has(a[href="` + s.open + `"])`)
	text := row.Text()
	for _, want := range []string{"上海市药品监督管理局", "国家药品监督管理局", "工作日"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want %q in it", strings.Join(strings.Fields(text), " "), want)
		}
	}
	own := false
	list.Find("tbody tr").Each(func(i int, tr *goquery.Selection) {
		if mine := tr.HasClass("mine"); mine && i > 0 && !own {
			t.Errorf("row %d is the hospital's own move, behind one that is not", i)
		} else {
			own = mine
		}
	})
}

// Whoever mistypes a number corrects it where they typed it.
func TestASearchThatFindsNothingKeepsWhatWasTyped(t *testing.T) {
	s := newScene(t)
	lin, zhou := s.cookie(t, "hospital", "lin-zhi"), s.cookie(t, "agency", "zhou-heng")
	for _, row := range []struct {
		path, cookie, typed string
		want                int
	}{
		{"/hospital/find", lin, "JX26-XCGEF", http.StatusUnprocessableEntity},
		{"/hospital/find", lin, "", http.StatusUnprocessableEntity},
		{"/agency/find", zhou, "封堵器。", http.StatusUnprocessableEntity},
	} {
		w := s.send("GET", row.path+"?number="+url.QueryEscape(row.typed), row.cookie, nil)
		p := page(t, w)
		field := p.Find("main input#number")
		if w.Code != row.want || field.Length() != 1 || field.AttrOr("value", "-") != row.typed {
			t.Errorf("%q: got %d with %q in the field, want %d with what was typed", row.typed, w.Code, field.AttrOr("value", "-"), row.want)
		}
		if to := p.Find(".error-summary a").AttrOr("href", ""); to != "#number" {
			t.Errorf("%q: the summary leads to %q, want the field", row.typed, to)
		}
	}
}
