package docket

import (
	"context"

	"jixu/internal/fault"
	"jixu/internal/party"
)

// Page lists a's cases in pages. It fails with fault.Forbidden for a list that is
// not a's kind of organisation's; see [Store.List].
func (d *Desk) Page(ctx context.Context, list PageList, after string, limit int, a party.Actor) ([]ListedCase, string, error) {
	if a.Via != party.BySession || (a.Kind == party.Hospital) != (list == OwnPages) {
		return nil, "", fault.New(fault.Forbidden, "role")
	}
	rows, next, err := d.casesOn(ctx, list.Of(a.Org), after, limit)
	return legible(rows, a), next, err
}
