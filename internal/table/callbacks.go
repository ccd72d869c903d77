package table

import (
	"context"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// pageLists are the lists that are read in pages, by the name of their partition.
var pageLists = map[docket.PageList]func(org string) string{
	docket.OwnPages: hospitalList, docket.InboxPages: inboxList, docket.CopiesPages: copiesList,
}

// Page reads one page of a list; where it ends is a place in the index. See
// [docket.Store].
func (s *Store) Page(ctx context.Context, list docket.PageList, org, after string, limit int) ([]docket.Listed, string, error) {
	name, ok := pageLists[list]
	if !ok || !isPart(org) || limit <= 0 {
		return nil, "", nil
	}
	in := dynamodb.QueryInput{
		IndexName:                 aws.String(listIndex),
		KeyConditionExpression:    aws.String("listPk = :pk"),
		ExpressionAttributeValues: item{":pk": text(name(org))},
		ScanIndexForward:          aws.Bool(false),
	}
	if after != "" {
		if _, isPlace := parseInstant(after); !isPlace || len(after) > 2*maxPart || !utf8.ValidString(after) {
			return nil, "", fault.New(fault.Invalid, "cursor")
		}
		in.KeyConditionExpression = aws.String("listPk = :pk AND listSk < :after")
		in.ExpressionAttributeValues[":after"] = text(after)
	}
	rows, err := s.query(ctx, in, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = textOf(rows[limit-1], attrListSK)
	}
	var keys []key
	for _, it := range rows {
		head, g := rowKeys(it)
		keys = append(keys, head, g)
	}
	found, err := s.many(ctx, keys)
	if err != nil {
		return nil, "", err
	}
	var out []docket.Listed
	for _, it := range rows {
		head, g := rowKeys(it)
		if l, ok := listedRow(found[head], found[g], g.valid()); ok {
			out = append(out, l)
		}
	}
	return out, next, nil
}
