package table

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

// Whatever a rebuild writes it writes only while the aggregate is at the version that was
// loaded: what a move did meanwhile is not undone.
func TestARebuildWritesNothingAfterTheHeadHasMoved(t *testing.T) {
	now := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	held := gate.Gate{ID: "opinion-1", Of: "c1", Party: "mpa", Leg: gate.Opinion, Kind: gate.Assess, Status: gate.Open, Issue: 1, OpenedAt: now, Recorders: []string{"r1"}}
	stored := docket.Stored{Head: docket.Head{Kind: "case", ID: "c1", Version: 5, Body: []byte(`{}`)}, Gates: []gate.Gate{held}}
	at := docket.Standing{
		Home: docket.Place{List: "own/h1", At: now}, Lists: []docket.Place{{List: docket.CopiesPages.Of("hc"), At: now}},
		Timers: []docket.Timer{{Key: "watch", At: now}},
		Rows:   []docket.Row{{List: "precedents/v1", Sort: "2026-01-01", Name: "c1", Body: []byte(`{}`)}},
	}
	for range 120 { // more than one transaction takes
		g := held
		g.ID = "opinion-" + strings.Repeat("x", len(stored.Gates))
		stored.Gates = append(stored.Gates, g)
	}
	s, got := scripted(t, answer{200, `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"COPY#customs"}}]}`}, answer{200, `{"Items":[]}`})
	if err := s.Stand(t.Context(), stored, at); err != nil {
		t.Fatal(err)
	}
	transactions := 0
	for _, r := range got() {
		if r["KeyConditionExpression"] != nil {
			continue // a read
		}
		writes, is := r["TransactItems"].([]any)
		if !is {
			t.Fatalf("got a write of its own: %v", r)
		}
		transactions++
		first, _ := json.Marshal(writes[0])
		if head := string(first); !strings.Contains(head, `"HEAD"`) || !strings.Contains(head, `"ConditionExpression"`) || !strings.Contains(head, `{"N":"5"}`) {
			t.Errorf("got a transaction that begins with %s, want it to demand the head at 5", head)
		}
	}
	if transactions < 3 {
		t.Errorf("got %d transactions, want several", transactions)
	}
}

func TestAnEntryThatDoesNotDecodeIsUnreadable(t *testing.T) {
	s, _ := scripted(t, answer{200, `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"ENTRY#00000001"},"data":{"S":"{\"later\":1}"}}]}`})
	if _, err := s.Entries(t.Context(), "c1"); !errors.Is(err, docket.ErrUnreadable) {
		t.Errorf("got %v, want it unreadable", err)
	}
}

func TestAGateWithoutAWholeTokenShowsNone(t *testing.T) {
	for what, attributes := range map[string]string{
		"no token":             `"tokenOrder":{"S":"` + tokenOrder(docket.Token{Run: 1, Entered: time.Now()}) + `"}`,
		"an order that is not": `"token":{"S":"x"},"tokenOrder":{"S":"0000000001#damaged#x"}`,
	} {
		row := `{"pk":{"S":"CASE#c1"},"sk":{"S":"GATE#opinion-1"},"data":{"S":"{\"Status\":\"open\"}"},` + attributes + `}`
		s, _ := scripted(t, answer{200, `{"Responses":{"cases":[` + row + `]}}`})
		w, err := s.Waiting(t.Context(), []docket.GateRef{{Of: "c1", Gate: "opinion-1"}})
		if err != nil || len(w) != 1 || w[0].Token != (docket.Token{}) {
			t.Errorf("%s: got %+v and %v, want the gate without a token", what, w, err)
		}
	}
}

// What lists show can be made of the head: for its length no move fails.
func TestARowFailsNoMove(t *testing.T) {
	h := docket.Head{Kind: "case", ID: "c1", Version: 2, Body: []byte(`"` + strings.Repeat("x", maxItem-2000) + `"`)}
	commit := func(h docket.Head) error {
		b := batch{table: "t"}
		return b.commit(docket.Commit{Changes: []docket.Change{{Head: h, Was: 1, Home: docket.Place{List: "own/h1", At: time.Now()}}}})
	}
	if err := commit(h); err != nil {
		t.Fatal(err)
	}
	h.Row = []byte(`"` + strings.Repeat("x", 4000) + `"`)
	if err := commit(h); err != nil {
		t.Errorf("got %v, want it committed without its row", err)
	}
	h.Body = []byte(`"` + strings.Repeat("x", maxItem) + `"`)
	if err := commit(h); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v, want what no item holds refused", err)
	}
}
