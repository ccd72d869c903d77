package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
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
