package table

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

// Stand writes the places of an aggregate in the indexes, one item after the other: each
// write says by itself what is right. See [docket.Rebuilder].
func (s *Store) Stand(ctx context.Context, stored docket.Stored, at docket.Standing) error {
	h, name := stored.Head, stored.Name()
	h.Row = at.Row
	head, err := headItem(docket.Change{Head: h, Home: at.Home, Open: at.Open, Waits: at.Waits})
	if err != nil {
		return err
	}
	u := newChange().over(head, attrListPK, attrListSK, attrWorkPK, attrWorkSK, attrRow, attrRowOf)
	if _, err := s.update(ctx, headKey(name), u, u.equal(attrVersion, number(int64(h.Version)))); err != nil {
		return err
	}
	for _, g := range stored.Gates {
		if err := s.standGate(ctx, h, g); err != nil {
			return err
		}
	}
	if err := s.standLists(ctx, name, at.Lists); err != nil {
		return err
	}
	for _, t := range at.Timers {
		it := timerKey(name, t.Key).item()
		dueIndex(name, t.Key, t.At).work(it)
		if err := s.put(ctx, it, absent); err != nil && !errors.Is(err, fault.Conflict) {
			return err
		}
	}
	for _, r := range at.Rows {
		it := lineKey(r).item()
		it[attrData] = text(string(r.Body))
		if err := s.put(ctx, it, ""); err != nil {
			return err
		}
	}
	return nil
}

// standGate writes where a gate waits: for its party and for everybody who may enter
// the answer.
func (s *Store) standGate(ctx context.Context, h docket.Head, g gate.Gate) error {
	it, err := gateItem(h, g)
	if err != nil {
		return err
	}
	u := newChange().over(it, attrListPK, attrListSK, attrWorkPK, attrWorkSK)
	unmoved := u.equal(attrStatus, text(string(g.Status))) + " AND " + u.equal(attrIssue, number(int64(g.Issue)))
	if _, err := s.update(ctx, keyOf(it), u, unmoved); err != nil {
		return err
	}
	for _, org := range g.Recorders {
		k := seatKey(h.Name(), g.ID, org)
		if g.Status != gate.Open {
			if err := s.remove(ctx, k, newChange(), present); err != nil {
				return err
			}
			continue
		}
		seat := k.item()
		inboxIndex(org, g.OpenedAt, h.Name(), g.ID).list(seat)
		if err := s.put(ctx, seat, ""); err != nil {
			return err
		}
	}
	return nil
}

// standLists puts an aggregate into lists, and takes it out of all others that name it
// beside its head.
func (s *Store) standLists(ctx context.Context, name string, lists []docket.Place) error {
	stands := map[key]bool{}
	for _, p := range lists {
		place := placeIndex(p, name)
		if err := place.fits(); err != nil {
			return err
		}
		it := placeKey(name, p.List).item()
		place.list(it)
		if err := s.put(ctx, it, ""); err != nil {
			return err
		}
		stands[keyOf(it)] = true
	}
	for _, part := range []string{copySort, rowSort} {
		items, err := s.between(ctx, headKey(name).pk, part, strings.TrimSuffix(part, sep)+end, 0, false)
		if err != nil {
			return err
		}
		for _, it := range items {
			if k := keyOf(it); !stands[k] {
				if err := s.remove(ctx, k, newChange(), present); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
