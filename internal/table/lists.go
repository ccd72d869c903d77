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
	var heads, gates []key
	for _, it := range rows {
		head, g := rowKeys(it)
		heads, gates = append(heads, head), append(gates, g)
	}
	head, err := s.many(ctx, heads, attrPK, attrSK, attrVersion, attrNumber, attrRow, attrRowOf)
	if err != nil {
		return nil, "", err
	}
	gate, err := s.many(ctx, gates)
	if err != nil {
		return nil, "", err
	}
	var out []docket.Listed
	for i, it := range rows {
		if l, ok := listedRow(head[heads[i]], gate[gates[i]], gates[i].valid()); ok {
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
// longer waits. What cannot be read makes a row that says so: the others are not its
// victims. Of the head only what [Store.List] asked for is there.
func listedRow(head, g item, isGate bool) (l docket.Listed, ok bool) {
	if head == nil || isGate && textOf(g, attrStatus) != string(gate.Open) {
		return docket.Listed{}, false
	}
	name, known := aggregateOf(textOf(head, attrPK))
	kind, id := docket.Parts(name)
	unreadable := docket.Listed{Head: docket.Head{Kind: kind, ID: id}, Unreadable: true}
	if !known {
		return unreadable, true
	}
	l.Head = docket.Head{Kind: kind, ID: id, Number: textOf(head, attrNumber), Version: int(numberOf(head, attrVersion)), Row: rowOf(head)}
	if isGate {
		waits, err := decode[gate.Gate](g)
		if err != nil {
			return unreadable, true
		}
		l.Gate = &waits
	}
	return l, true
}
