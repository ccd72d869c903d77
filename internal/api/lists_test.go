package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/inquiry"
	"jixu/internal/variety"
)

// crowd puts n copies of a submitted case beside it, a minute apart and each with its
// duty, a question and a device of the register.
func (h *house) crowd(id string, n int) {
	h.Helper()
	r := h.record(id)
	g, _ := r.Open(gate.Opinion)
	put := func(ch docket.Change) {
		h.Helper()
		h.must(h.Store.Commit(h.Context(), docket.Commit{Changes: []docket.Change{ch}}))
	}
	for i := range n {
		c := r.Case.Clone()
		c.ID, c.Number, c.Version, c.Seq, c.Head = fmt.Sprintf("crowd%03d", i), fmt.Sprintf("N-%03d", i), 1, 0, ""
		c.EditedAt = r.Case.EditedAt.Add(time.Duration(i+1) * time.Minute)
		head, err := docket.CaseHead(c)
		h.must(err)
		duty := g
		duty.Of, duty.OpenedAt, duty.Ring = c.ID, c.EditedAt, nil
		put(docket.Change{
			Head: head, Opened: []gate.Gate{duty}, Home: docket.Place{List: docket.OwnPages.Of(c.Hospital), At: c.EditedAt},
			Lists: []docket.Place{{List: docket.CopiesPages.Of("mpa"), At: c.EditedAt}},
		})
		q := inquiry.Inquiry{ID: fmt.Sprintf("q%03d", i), Number: "Q", Hospital: c.Hospital, To: []string{"mpa"}, Status: inquiry.Open, Person: "lin-zhi", At: c.EditedAt}
		body, err := json.Marshal(q)
		h.must(err)
		put(docket.Change{
			Head: docket.Head{Kind: "inquiry", ID: q.ID, Version: 1, Body: body}, Home: docket.Place{List: "inquiries/" + c.Hospital, At: q.At},
			Lists: []docket.Place{{List: "inquiries/mpa", At: q.At}},
		})
		data := variety.Data{NameZH: "封堵器", Maker: "Example GmbH", Model: fmt.Sprint("BAO-", i), Country: "德国"}
		v := variety.Variety{ID: fmt.Sprintf("v%03d", i), Version: 1, Data: data, At: c.EditedAt}
		body, err = json.Marshal(v)
		h.must(err)
		put(docket.Change{Head: docket.Head{Kind: "variety", ID: v.ID, Version: 1, Body: body}, Home: docket.Place{List: "varieties/device", At: v.At}})
	}
}

// A program walks every list to its end by limit and cursor, each row once, and finds
// the longest waiting first.
func TestAProgramWalksEveryListToItsEnd(t *testing.T) {
	h := newHouse(t)
	id := h.submitted()
	h.crowd(id, 120)
	for _, row := range []struct {
		list, person string
		rows         int    // at least
		first, last  string // of what the crowd has
	}{
		{"/cases", "lin-zhi", 121, "crowd119", id},
		{"/inbox", "zhou-heng", 122, id, "crowd119"},
		{"/copies", "zhou-heng", 121, "crowd119", id},
		{"/inquiries", "lin-zhi", 120, "q119", "q000"},
		{"/inquiries", "zhou-heng", 120, "q119", "q000"},
		{"/varieties?kind=device", "zhou-heng", 120, "v119", "v000"},
	} {
		for _, limit := range []int{0, 7, 100} { // 0: none is said, and there are fifty
			p := h.as(row.person)
			at := "/api/v1" + row.list
			if strings.Contains(at, "?") {
				at += "&"
			} else {
				at += "?"
			}
			size := 50
			if limit > 0 {
				at, size = at+fmt.Sprintf("limit=%d&", limit), limit
			}
			var seen, ids []string
			pages := 0
			for next := ""; pages < 60; {
				a := p.good(p.get(at + "cursor=" + next))
				rows := a.items()
				if next = a.at("next"); len(rows) != size && next != "" {
					t.Errorf("%s by %d: got a page of %d and more behind it", row.list, limit, len(rows))
				}
				for _, item := range rows {
					ids = append(ids, fmt.Sprint(item["id"]))
					seen = append(seen, fmt.Sprint(item["id"], item["gate"]))
				}
				if pages++; next == "" {
					break
				}
			}
			if different := slices.Compact(slices.Sorted(slices.Values(seen))); len(seen) != row.rows || len(different) != len(seen) {
				t.Errorf("%s of %s by %d: got %d rows, %d of them different; want %d, each once", row.list, row.person, limit, len(seen), len(different), row.rows)
				continue
			}
			if ids[0] != row.first || ids[len(ids)-1] != row.last {
				t.Errorf("%s by %d: got it from %s to %s, want from %s to %s", row.list, limit, ids[0], ids[len(ids)-1], row.first, row.last)
			}
		}
	}
}
