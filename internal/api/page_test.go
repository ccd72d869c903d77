package api

import (
	"encoding/json"
	"strconv"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/history"
)

func TestPagesOfAHistoryAreShortWhereItsEntriesAreLong(t *testing.T) {
	for _, row := range []struct {
		name        string
		bytes       int // of each of 250 entries
		limit, want int // on the first page
	}{
		{"short entries fill the page", 500, 100, 100},
		{"a page of one", 500, 1, 1},
		{"long entries end it early", 100_000, 100, 20},
		{"an entry longer than any page stands alone", 3 << 20, 100, 1},
	} {
		var events []docket.Event // newest first
		for seq := 250; seq > 0; seq-- {
			events = append(events, docket.Event{Entry: history.Entry{Seq: seq, Body: json.RawMessage(make([]byte, row.bytes))}})
		}
		last, seen := 0, 0
		for {
			page, next := pageOf(events, last, row.limit)
			if last == 0 && len(page) != row.want {
				t.Errorf("%s: got %d entries, want %d", row.name, len(page), row.want)
			}
			for _, e := range page {
				if seen++; e.Seq != seen {
					t.Fatalf("%s: got entry %d, want %d", row.name, e.Seq, seen)
				}
			}
			if next == "" {
				break
			}
			last, _ = strconv.Atoi(next)
		}
		if seen != 250 {
			t.Errorf("%s: got %d entries in all, want 250", row.name, seen)
		}
	}
}
