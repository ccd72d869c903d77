package docket

import (
	"context"
	"fmt"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// pageReads bounds how often a list is read for one page of cases.
const pageReads = 20

// Page lists a's cases in pages: at most limit rows from after on, "" for the first
// page. next begins the following page and is "" after the last one. What cannot be
// read at present is a row that says so; what is no case, or not for a to know, has no
// row and takes no room on the page either. A page is therefore shorter than limit
// only where the list ends, or after pageReads parts of it that hold next to nothing
// for a. It fails with fault.Forbidden for a list that is not a's kind of
// organisation's, and as [Store.List].
func (d *Desk) Page(ctx context.Context, list PageList, after string, limit int, a party.Actor) (rows []ListedCase, next string, err error) {
	if a.Via != party.BySession || (a.Kind == party.Hospital) != (list == OwnPages) {
		return nil, "", fault.New(fault.Forbidden, "role")
	}
	for range pageReads {
		// Never more than has room: a cursor is where a part ended, and no row before it
		// may be left over.
		part, end, err := d.Store.List(ctx, list.Of(a.Org), after, min(limit-len(rows), listPage))
		if err != nil {
			return nil, "", err
		}
		for _, row := range part {
			if row.Head.Kind != CaseKind {
				continue // it has pages of its own
			}
			one, err := listedCase(ctx, d.Store, row)
			if err != nil {
				return nil, "", err
			}
			if one.Unreadable || one.Case.MayRead(a) == nil {
				rows = append(rows, one)
			}
		}
		if after = end; after == "" || len(rows) >= limit {
			break
		}
	}
	if list == OwnPages {
		err = d.waiting(ctx, rows)
	}
	return rows, after, err
}

// waiting notes in each row of a hospital's own list what its case waits for.
func (d *Desk) waiting(ctx context.Context, rows []ListedCase) error {
	var refs []GateRef
	for _, row := range rows {
		for _, id := range []string{row.Case.Opinion.Gate, row.Case.Reply.Gate, row.Case.Papers.Gate} {
			if id != "" {
				refs = append(refs, GateRef{Of: row.Case.ID, Gate: id})
			}
		}
	}
	if len(refs) == 0 {
		return nil
	}
	gates, err := d.Store.Waiting(ctx, refs)
	if err != nil {
		return fmt.Errorf("reading what the cases of a list wait for: %w", err)
	}
	of := map[string][]gate.Gate{}
	for _, w := range gates {
		if w.Gate.Status == gate.Open {
			of[w.Gate.Of] = append(of[w.Gate.Of], w.Gate)
		}
	}
	for i := range rows {
		rows[i].Open = of[rows[i].Case.ID]
	}
	return nil
}

// listedCase reads one row of a list of cases.
func listedCase(ctx context.Context, store Store, row Listed) (ListedCase, error) {
	c, ok, err := listed[casework.Case](ctx, store, row)
	if err != nil {
		return ListedCase{}, err
	}
	if !ok {
		return ListedCase{Case: casework.Case{ID: row.Head.ID}, At: row.At, Unreadable: true}, nil
	}
	return ListedCase{Case: c, Gate: row.Gate, At: row.At}, nil
}
