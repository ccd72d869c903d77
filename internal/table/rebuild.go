package table

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

var _ docket.Rebuilder = (*Store)(nil)

// Names scans the table for heads. Its caller needs the right to scan, which no
// function has. See [docket.Rebuilder].
func (s *Store) Names(ctx context.Context, after string, limit int) ([]string, string, error) {
	in := dynamodb.ScanInput{
		TableName: &s.name, FilterExpression: aws.String("sk = :head"), ProjectionExpression: aws.String("pk, sk"),
		ExpressionAttributeValues: item{":head": text(headSort)}, ConsistentRead: aws.Bool(true),
	}
	if after != "" {
		var place [2]string
		if err := json.Unmarshal([]byte(after), &place); err != nil {
			return nil, "", fault.New(fault.Invalid, "cursor")
		}
		in.ExclusiveStartKey = key{place[0], place[1]}.item()
	}
	var names []string
	for len(names) < limit {
		out, err := s.db.Scan(ctx, &in)
		if err != nil {
			return nil, "", unclear("scanning the table", err)
		}
		for _, it := range out.Items {
			if name, ok := aggregateOf(textOf(it, attrPK)); ok {
				names = append(names, name)
			}
		}
		if out.LastEvaluatedKey == nil {
			return names, "", nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	next, err := json.Marshal([2]string{textOf(in.ExclusiveStartKey, attrPK), textOf(in.ExclusiveStartKey, attrSK)})
	return names, string(next), err
}

// standChunk is how many items one transaction of a rebuild writes.
const standChunk = 90

// Stand writes the places of an aggregate in the indexes. An aggregate may stand in more
// places than one transaction takes, so there may be several; each of them demands that
// the head is still at the version that was loaded. See [docket.Rebuilder].
func (s *Store) Stand(ctx context.Context, stored docket.Stored, at docket.Standing) error {
	h, name := stored.Head, stored.Name()
	h.Row = at.Row
	b := batch{table: s.name}
	head, err := headItem(docket.Change{Head: h, Home: at.Home, Open: at.Open, Waits: at.Waits})
	u := newChange().over(head, attrListPK, attrListSK, attrWorkPK, attrWorkSK, attrRow, attrRowOf)
	b.update(head, err, u, u.equal(attrVersion, number(int64(h.Version))))
	for _, g := range stored.Gates {
		b.standGate(h, g)
	}
	for _, r := range at.Rows {
		b.row(r)
	}
	if err := s.standLists(ctx, &b, name, at.Lists); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	for chunk := range slices.Chunk(b.writes, standChunk) {
		if chunk[0].Update == nil || keyOf(chunk[0].Update.Key) != headKey(name) {
			chunk = append([]types.TransactWriteItem{s.unmoved(h)}, chunk...)
		}
		if err := s.transact(ctx, "writing anew where "+name+" stands", chunk); err != nil {
			return err
		}
	}
	for _, t := range at.Timers {
		if err := s.standTimer(ctx, h, t); err != nil {
			return err
		}
	}
	return nil
}

// unmoved demands that an aggregate is still at the version of h.
func (s *Store) unmoved(h docket.Head) types.TransactWriteItem {
	u := newChange()
	return u.check(s.name, headKey(h.Name()), u.equal(attrVersion, number(int64(h.Version))))
}

// standTimer sets a timer where none is set.
func (s *Store) standTimer(ctx context.Context, h docket.Head, t docket.Timer) error {
	it := timerKey(h.Name(), t.Key).item()
	dueIndex(h.Name(), t.Key, t.At).work(it)
	b := batch{table: s.name}
	b.add(it, nil)
	if b.err != nil {
		return b.err
	}
	err := s.transact(ctx, "setting a timer of "+h.Name(), append([]types.TransactWriteItem{s.unmoved(h)}, b.writes...))
	if !errors.Is(err, fault.Conflict) {
		return err
	}
	there, readErr := s.get(ctx, keyOf(it))
	if readErr == nil && there != nil {
		return nil // it was set
	}
	return errors.Join(err, readErr)
}

// standGate writes where a gate waits: for its party and for everybody who may enter
// the answer.
func (b *batch) standGate(h docket.Head, g gate.Gate) {
	it, err := gateItem(h, g)
	u := newChange().over(it, attrListPK, attrListSK, attrWorkPK, attrWorkSK)
	b.update(it, err, u, u.equal(attrStatus, text(string(g.Status)))+" AND "+u.equal(attrIssue, number(int64(g.Issue))))
	for _, org := range g.Recorders {
		seat := seatKey(h.Name(), g.ID, org).item()
		if g.Status != gate.Open {
			b.remove(seat)
			continue
		}
		inboxIndex(org, g.OpenedAt, h.Name(), g.ID).list(seat)
		b.place(seat, nil, nil)
	}
}

// remove takes an item away, if it is there.
func (b *batch) remove(it item) {
	if b.take(it, nil) {
		b.writes = append(b.writes, types.TransactWriteItem{Delete: &types.Delete{TableName: &b.table, Key: keyOf(it).item()}})
	}
}

// standLists puts an aggregate into lists, and takes it out of all others that name it
// beside its head.
func (s *Store) standLists(ctx context.Context, b *batch, name string, lists []docket.Place) error {
	stands := map[key]bool{}
	for _, p := range lists {
		place := placeIndex(p, name)
		it := placeKey(name, p.List).item()
		place.list(it)
		b.place(it, place.fits(), nil)
		stands[keyOf(it)] = true
	}
	for _, part := range []string{copySort, rowSort} {
		items, err := s.between(ctx, headKey(name).pk, part, strings.TrimSuffix(part, sep)+end, 0, false)
		if err != nil {
			return err
		}
		for _, it := range items {
			if k := keyOf(it); !stands[k] {
				b.remove(k.item())
			}
		}
	}
	return nil
}
