package table

import (
	"context"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
)

// List reads one page of a list; where it ends is a place in the index. See
// [docket.Store].
func (s *Store) List(ctx context.Context, list, after string, limit int) ([]docket.Listed, string, error) {
	pk := listPartition(list)
	if pk == "" || limit <= 0 {
		return nil, "", nil
	}
	in := dynamodb.QueryInput{
		IndexName:                 aws.String(listIndex),
		KeyConditionExpression:    aws.String("listPk = :pk"),
		ExpressionAttributeValues: item{":pk": text(pk)},
		ScanIndexForward:          aws.Bool(docket.OldestFirst(list)),
	}
	if after != "" {
		if _, isPlace := parseInstant(after); !isPlace || len(after) > 2*maxPart || !utf8.ValidString(after) {
			return nil, "", fault.New(fault.Invalid, "cursor")
		}
		beyond := "<"
		if docket.OldestFirst(list) {
			beyond = ">"
		}
		in.KeyConditionExpression = aws.String("listPk = :pk AND listSk " + beyond + " :after")
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
			l.At, _ = parseInstant(textOf(it, attrListSK))
			out = append(out, l)
		}
	}
	return out, next, nil
}

// rowKeys returns the head that a row of a list is about, and its gate; no gate
// where the list is not of gates.
func rowKeys(row item) (head, g key) {
	if name, gate, ok := parseGate(keyOf(row)); ok {
		return headKey(name), gateKey(name, gate)
	}
	name, _ := aggregateOf(textOf(row, attrPK))
	return headKey(name), key{}
}

// listedRow makes one row of a list; none if the index lags and the gate no
// longer waits. A document that cannot be read makes a row that says so: the
// others are not its victims.
func listedRow(head, g item, isGate bool) (l docket.Listed, ok bool) {
	if head == nil || isGate && textOf(g, attrStatus) != string(gate.Open) {
		return docket.Listed{}, false
	}
	h, err := headOf(head)
	unreadable := docket.Listed{Head: docket.Head{Kind: h.Kind, ID: h.ID}, Unreadable: true}
	if err != nil {
		return unreadable, true
	}
	l.Head = h
	if isGate {
		waits, err := decode[gate.Gate](g)
		if err != nil {
			return unreadable, true
		}
		l.Gate = &waits
	}
	return l, true
}
