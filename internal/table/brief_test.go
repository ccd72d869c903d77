package table_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/inquiry"
	"jixu/internal/party"
	"jixu/internal/variety"
	"jixu/internal/world"
)

// readersOf are everybody who could look at a list, and who could not.
func readersOf() map[string]party.Actor {
	out := map[string]party.Actor{"the clock": party.System}
	for _, p := range world.Short.People {
		a := actor(p.ID)
		out[p.ID] = a
		a.Via, a.Of, a.Gate = party.ByAgencySystem, "", ""
		out[p.ID+" by machine"] = a
	}
	for _, kind := range []party.Kind{party.Auditor, party.Customs} {
		out["an officer of "+string(kind)] = party.Actor{Person: "x", Org: "x", Kind: kind, Roles: []party.Role{party.Reader}, Via: party.BySession}
	}
	return out
}

// shown is what pages and programs show of a case in a list, to everybody, with gates.
func shown(c casework.Case, gates []gate.Gate) string {
	product := docket.Product(c)
	called := product.NameZH
	if n := len(c.Submissions); n > 0 {
		called = c.Submissions[n-1].Product
	}
	out := []string{fmt.Sprint(c.ID, c.Number, c.Kind, c.Hospital, c.Status, c.Stage(), c.Closed(), c.Editable(), c.Waiting(), c.EditedAt.UTC(), called)}
	out = append(out, fmt.Sprint(product.NameZH, product.NameEN, product.Maker, product.UDI)) // by which drafts alike are found
	all := readersOf()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, fmt.Sprint(name, " ", c.MayRead(all[name])))
		for _, g := range gates {
			out = append(out, fmt.Sprint(name, " ", g.ID, " ", c.Answers(g, all[name])))
		}
	}
	return strings.Join(out, "\n")
}

// Every case that any build ever wrote is shown by its row as it would be by itself.
func TestOfEveryGoldenCaseTheRowShowsWhatTheWholeShows(t *testing.T) {
	n := 0
	for _, path := range documents(t) {
		if kindOf(path) != "case" {
			continue
		}
		n++
		var whole, brief casework.Case
		if err := json.Unmarshal(load(t, path), &whole); err != nil {
			t.Fatal(err)
		}
		h, err := docket.CaseHead(whole)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(h.Row, &brief); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var gates []gate.Gate
		for _, g := range []gate.Gate{
			{ID: "assess", Leg: gate.Opinion, Kind: gate.Assess, Party: "mpa"},
			{ID: "assess", Leg: gate.Opinion, Kind: gate.Assess, Party: "hc"},
			{ID: "decide", Leg: gate.Reply, Kind: gate.Decide, Party: "nmpa", Recorders: []string{"mpa"}},
			{ID: "supplement", Leg: gate.Reply, Kind: gate.Supplement, Party: whole.Hospital, Recorders: []string{"nmpa"}},
			{ID: "deliver", Leg: gate.Papers, Kind: gate.Deliver, Party: whole.Hospital},
		} {
			g.Of, g.Status, g.Issue = whole.ID, gate.Open, 1
			gates = append(gates, g)
		}
		if got, want := shown(brief, gates), shown(whole, gates); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
	if n < 20 {
		t.Errorf("got %d cases, want every one that a life writes", n)
	}
}

// rowsOnly reads no head that has a row.
type rowsOnly struct {
	docket.Store
	read *int
}

func (r rowsOnly) Head(context.Context, string) (docket.Head, error) {
	*r.read++
	return docket.Head{}, errors.New("a list reads a head")
}

// After everything that can happen, lists say of each thing what the thing says itself,
// from rows alone.
func TestListsOfAHouseThatLivedSayWhatIsTrue(t *testing.T) {
	h := newHouse(t, world.InMemory)
	h.live()
	desk, read := *h.Desk, 0
	desk.Store = rowsOnly{h.Desk.Store, &read}
	seen := map[string]bool{}
	for _, who := range []string{"lin", "he", "zhou", "luo", "shen", "tang"} {
		a := actor(who)
		lists := []docket.PageList{docket.InboxPages, docket.CopiesPages}
		if a.Kind == party.Hospital {
			lists = []docket.PageList{docket.OwnPages}
		}
		for _, list := range lists {
			rows, next, err := desk.Page(ctx, list, "", 1000, a)
			h.ok(err)
			for _, row := range rows {
				r, err := docket.LoadCase(ctx, h.Desk.Store, row.Case.ID)
				h.ok(err)
				if got, want := shown(row.Case, r.Gates), shown(r.Case, r.Gates); row.Unreadable || got != want {
					t.Errorf("%s in %s: got\n%s\nwant\n%s", row.Case.ID, list, got, want)
				}
				seen[string(r.Case.Stage())] = true
			}
			if next != "" {
				t.Errorf("%s of %s: got a part, want all of it", list, who)
			}
		}
	}
	for _, drug := range []bool{false, true} {
		page, err := desk.Varieties(ctx, drug, "", 1000, actor("lin"))
		h.ok(err)
		for _, v := range page.Rows {
			whole, err := h.Desk.Variety(ctx, v.ID, actor("lin"))
			h.ok(err)
			same(t, v, whole)
			seen["variety"] = true
		}
	}
	page, err := desk.Inquiries(ctx, "", 1000, actor("lin"))
	h.ok(err)
	for _, q := range page.Rows {
		whole, err := h.Desk.Inquiry(ctx, q.ID, actor("lin"))
		h.ok(err)
		same(t, q, whole)
		seen["inquiry"] = true
	}
	for _, what := range []string{"draft", "review", "supplement", "awaiting", "approved", "refused", "withdrawn", "lapsed", "variety", "inquiry"} {
		if !seen[what] {
			t.Errorf("%s: got none on any list, want one", what)
		}
	}
	if read > 0 || len(page.Unreadable) > 0 {
		t.Errorf("got %d heads read and %v not, want none", read, page.Unreadable)
	}
}

func same[T inquiry.Inquiry | variety.Variety](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
