package web

import (
	"bytes"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/web/site"
	"jixu/internal/words"
)

// A part of a list may hold nothing of what is asked for. It then says that there is
// more, and not that nothing is there.
func TestAnEmptyPartOfALongListDoesNotSayThatNothingIsThere(t *testing.T) {
	more := &More{Of: "x", Next: "/next"}
	for name, data := range map[string]any{
		"inbox":     &inboxPage{Page: site.Page{Lang: words.ZH}, All: true, MoreWaiting: more, MoreOthers: more},
		"cases":     &caseListPage{Page: site.Page{Lang: words.ZH}, More: more},
		"inquiries": &inquiriesPage{Page: site.Page{Lang: words.ZH}, More: more},
		"varieties": &varietiesPage{Page: site.Page{Lang: words.ZH}, Kinds: []RegisterOf{{More: more}}},
	} {
		parsed, err := templates.Of(words.ZH, name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, "layout", data); err != nil {
			t.Fatal(err)
		}
		doc, err := goquery.NewDocumentFromReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		if n := doc.Find(".empty").Length(); n != 0 || !strings.Contains(doc.Find(".more").Text(), "还有更多") {
			t.Errorf("%s: got %d sentences that it is empty, want one that there is more", name, n)
		}
	}
}
