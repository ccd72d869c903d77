package docket

import (
	"context"

	"jixu/internal/fault"
	"jixu/internal/party"
)

// Page lists a's cases in pages. It fails with fault.Forbidden for a list that is
// not a's kind of organisation's; see [Store.Page].
func (d *Desk) Page(ctx context.Context, list PageList, after string, limit int, a party.Actor) ([]Listed, string, error) {
	if a.Via != party.BySession || (a.Kind == party.Hospital) != (list == OwnPages) {
		return nil, "", fault.New(fault.Forbidden, "role")
	}
	rows, next, err := d.Store.Page(ctx, list, a.Org, after, limit)
	if err != nil {
		return nil, "", err
	}
	kept := rows[:0]
	for _, row := range rows {
		if row.Unreadable || row.Case.MayRead(a) == nil {
			kept = append(kept, row)
		}
	}
	return kept, next, nil
}
