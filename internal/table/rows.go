package table

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Rows reads one page of a list, strongly consistent; where it ends is the sort
// key of its last row. See [docket.Store].
func (s *Store) Rows(ctx context.Context, list, after string, limit int) ([]docket.Row, string, error) {
	if !isPart(list) || limit <= 0 {
		return nil, "", nil
	}
	in := dynamodb.QueryInput{
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": text(rowsPartition(list))},
		ConsistentRead:            aws.Bool(true),
	}
	if after != "" {
		if _, _, ok := parseRow(after); !ok {
			return nil, "", fault.New(fault.Invalid, "cursor")
		}
		in.KeyConditionExpression = aws.String("pk = :pk AND sk > :after")
		in.ExpressionAttributeValues[":after"] = text(after)
	}
	items, err := s.query(ctx, in, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		next = textOf(items[limit-1], attrSK)
	}
	var rows []docket.Row
	for _, it := range items {
		if sort, name, ok := parseRow(textOf(it, attrSK)); ok {
			rows = append(rows, docket.Row{List: list, Sort: sort, Name: name, Body: json.RawMessage(textOf(it, attrData))})
		}
	}
	return rows, next, nil
}

// row puts a row over what was there.
func (b *batch) row(r docket.Row) {
	it := lineKey(r).item()
	it[attrData] = text(string(r.Body))
	b.place(it, nil, nil)
}

// strike takes a row away, if it is there.
func (b *batch) strike(r docket.Row) {
	b.remove(lineKey(r).item())
}

// stands demands that a row is there exactly as it was read.
func (b *batch) stands(r docket.Row) {
	u := newChange()
	if k := lineKey(r); b.take(k.item(), nil) {
		b.writes = append(b.writes, u.check(b.table, k, u.equal(attrData, text(string(r.Body)))))
	}
}
