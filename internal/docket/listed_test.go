package docket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
)

// heads counts the heads that are read one by one, or lets none be read.
type heads struct {
	docket.Store
	read int
	fail error
}

func (h *heads) Head(ctx context.Context, name string) (docket.Head, error) {
	h.read++
	if h.fail != nil {
		return docket.Head{}, h.fail
	}
	return h.Store.Head(ctx, name)
}

// Whatever stands in the place of a row, a list shows the thing itself.
func TestAListShowsWhatHasNoRowItCanRead(t *testing.T) {
	ctx := context.Background()
	for _, row := range []struct {
		sentence string
		row      string
		body     string
		read     int
		readable bool
	}{
		{"its row", `{"ID":"c1","Hospital":"h1","Status":"draft","Form":{"product-zh":"封堵器"}}`, `{"no":"matter"}`, 0, true},
		{"no row, as earlier builds wrote none", ``, `{"ID":"c1","Hospital":"h1","Status":"draft","Form":{"product-zh":"封堵器","indication":"x"}}`, 1, true},
		{"a row that this build cannot read", `{"ID":7,"Number":"N-7"}`, `{"ID":"c1","Hospital":"h1","Status":"draft","Form":{"product-zh":"封堵器"}}`, 1, true},
		{"neither row nor head that can be read", `{"ID":7}`, `{"ID":7}`, 1, false},
	} {
		tw := newTown(t)
		store := &heads{Store: tw.World.Store}
		tw.Desk.Store = store
		must(t, store.Commit(ctx, docket.Commit{Changes: []docket.Change{{
			Head: docket.Head{Kind: docket.CaseKind, ID: "c1", Version: 1, Body: json.RawMessage(row.body), Row: json.RawMessage(row.row)},
			Home: docket.Place{List: docket.OwnPages.Of("h1"), At: monday},
		}}}))
		rows, _, err := tw.Desk.Cases(ctx, "", 10, actor("lin"))
		must(t, err)
		want := casework.Case{ID: "c1"}
		if row.readable {
			want = casework.Case{ID: "c1", Hospital: "h1", Status: casework.Draft, Form: map[string]string{"product-zh": "封堵器"}}
		}
		if len(rows) != 1 || !reflect.DeepEqual(rows[0].Case, want) || rows[0].Unreadable == row.readable || store.read != row.read {
			t.Errorf("%s: got %+v after reading %d heads, want %+v, readable %v, after %d", row.sentence, rows, store.read, want, row.readable, row.read)
		}
		if store.fail = fault.New(fault.Unavailable, "store"); row.read > 0 {
			if _, _, err := tw.Desk.Cases(ctx, "", 10, actor("lin")); !errors.Is(err, fault.Unavailable) {
				t.Errorf("%s, while heads cannot be reached: got %v, want that and no list that lacks it", row.sentence, err)
			}
		}
	}
}

// What is too long for a row is asked and listed like everything else.
func TestAQuestionTooLongForARowIsListedWhole(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	store := &heads{Store: tw.World.Store}
	tw.Desk.Store = store
	for i, n := range []int{100, 4000} {
		_, err := tw.Desk.Inquire(ctx, op(fmt.Sprint("ask-", i)), false, "标签", strings.Repeat("问", n), "", actor("lin"))
		must(t, err)
	}
	page, err := tw.Desk.Inquiries(ctx, "", 10, actor("zhou"))
	must(t, err)
	if len(page.Rows) != 2 || len(page.Unreadable) > 0 || store.read != 1 {
		t.Fatalf("got %d questions and %v unreadable after reading %d heads, want two after one", len(page.Rows), page.Unreadable, store.read)
	}
	for _, q := range page.Rows {
		head, err := tw.World.Store.Head(ctx, "inquiry/"+q.ID)
		must(t, err)
		whole, err := docket.Body[inquiry.Inquiry](head)
		must(t, err)
		if !reflect.DeepEqual(q, whole) {
			t.Errorf("got %+v, want %+v", q, whole)
		}
		if long := len(q.Question) > docket.MaxRow; long != (len(head.Row) == 0) {
			t.Errorf("a question of %d bytes: got a row of %d", len(q.Question), len(head.Row))
		}
	}
}

// What an organisation agreed on with our machines is in no list, sealed or not.
func TestTheRowOfATrustNamesTheOrganisationAlone(t *testing.T) {
	l := link(t)
	l.secret(op("secret-1"))
	rows, _, err := l.World.Store.List(context.Background(), "trusts", "", 10)
	must(t, err)
	if len(rows) != 1 || string(rows[0].Head.Row) != `{"Org":"mpa"}` {
		t.Errorf("got %v, want one row that names the organisation", rows)
	}
}
