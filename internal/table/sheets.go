package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Sheet reads the head of a sheet. See [docket.Store].
func (s *Store) Sheet(ctx context.Context, kind, id string) (docket.Sheet, error) {
	k := inside(kind+"/"+id, headSort)
	if _, known := sheetKinds[kind]; !known || !k.valid() {
		return docket.Sheet{}, fault.New(fault.NotFound, "sheet")
	}
	return find[docket.Sheet](ctx, s, k, "sheet")
}

// Listing reads a list's names. See [docket.Store].
func (s *Store) Listing(ctx context.Context, list string, limit int) ([]string, error) {
	if list == "" || limit <= 0 {
		return nil, nil
	}
	rows, err := s.listed(ctx, namedList(list), limit)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, it := range rows {
		if name, ok := aggregateOf(textOf(it, attrPK)); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// sheet puts the head of a new sheet, or replaces the one whose version is
// ch.Was, with its entry and the lists that name it.
func (b *batch) sheet(ch docket.SheetChange) {
	s := ch.Sheet
	it, err := document(inside(s.Name(), headSort), s)
	if err == nil && (s.List == "" || ch.Entry == nil) {
		err = fault.New(fault.Invalid, "sheet")
	}
	if err != nil {
		b.add(it, err)
		return
	}
	it[attrVersion] = number(int64(s.Version))
	namedIndex(s.List, s.At, s.Name()).list(it)
	if ch.Was == 0 {
		b.add(it, nil)
	} else if b.take(it, nil) {
		u := newChange()
		condition := u.equal(attrVersion, number(int64(ch.Was)))
		b.writes = append(b.writes, types.TransactWriteItem{Put: &types.Put{
			TableName: &b.table, Item: it, ConditionExpression: &condition,
			ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values,
		}})
	}
	b.entry(s.Name(), *ch.Entry)
	for _, list := range ch.Lists {
		b.name(s.Name(), list, s.At)
	}
}

// name puts an aggregate on a list; again, with the newer instant.
func (b *batch) name(name, list string, at time.Time) {
	it := rowKey(name, list).item()
	namedIndex(list, at, name).list(it)
	b.place(it, nil, nil)
}

// hold demands that a sheet is still at a version.
func (b *batch) hold(h docket.Hold) {
	u := newChange()
	condition := u.equal(attrVersion, number(int64(h.Version)))
	k := inside(h.Kind+"/"+h.ID, headSort)
	if !b.take(k.item(), nil) {
		return
	}
	b.writes = append(b.writes, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &b.table, Key: k.item(), ConditionExpression: &condition,
		ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values,
	}})
}
