package table

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Commit makes all of c durable in one transaction, or nothing. See
// [docket.Store]. A commit that DynamoDB could never take, because of its size
// or because an id cannot be in a key, is fault.Invalid.
func (s *Store) Commit(ctx context.Context, c docket.Commit) error {
	b := batch{table: s.name}
	if err := b.commit(c); err != nil {
		return err
	}
	return s.transact(ctx, "committing case "+c.Case.ID+" at "+strconv.Itoa(c.Case.Version), b.writes)
}

// batch gathers the writes of one transaction. The first thing that cannot be
// written stays in err, and nothing more is gathered.
type batch struct {
	table  string
	writes []types.TransactWriteItem
	bytes  int
	err    error
}

func (b *batch) commit(c docket.Commit) error {
	if c.Case.ID != "" {
		b.head(c)
	}
	if c.Entry != nil {
		b.entry(c.Case.ID, *c.Entry)
	}
	for _, g := range c.Opened {
		b.open(c.Case, g)
	}
	for _, g := range c.Changed {
		b.change(c.Case, g)
	}
	for _, f := range c.Files {
		it, err := fileItem(f)
		b.add(it, err)
	}
	for _, org := range c.Copies {
		b.copy(c, org)
	}
	for _, list := range c.Lists {
		if c.Entry == nil {
			return fault.New(fault.Invalid, "commit.entry") // a list is in the order of entries
		}
		b.name(c.Case.ID, list, c.Entry.At)
	}
	for _, r := range c.Rows {
		b.row(r)
	}
	for _, r := range c.Struck {
		b.strike(r)
	}
	for _, r := range c.Stands {
		b.stands(r)
	}
	for _, ch := range c.Sheets {
		b.sheet(ch)
	}
	for _, h := range c.Holds {
		b.hold(h)
	}
	if c.Session != nil {
		b.pass(*c.Session)
	}
	if c.Did != nil {
		it, err := document(operationKey(c.Did.Scope, c.Did.ID), *c.Did)
		b.add(it, err)
	}
	if c.Was == 0 && c.Case.ID != "" {
		it := numberKey(c.Case.Number).item()
		it[attrCase] = text(c.Case.ID)
		b.add(it, nil)
	}
	switch {
	case b.err != nil:
		return b.err
	case len(b.writes) > maxItems:
		return fault.New(fault.Invalid, "commit.many")
	case b.bytes > maxTransaction:
		return fault.New(fault.Invalid, "commit.large")
	}
	return nil
}

// take checks an item's key and size before it joins the transaction.
func (b *batch) take(it item, err error) bool {
	if b.err != nil {
		return false
	}
	n := size(it)
	b.bytes += n
	switch {
	case err != nil:
		b.err = fault.Because(fault.Invalid, "commit", err)
	case !keyOf(it).valid():
		b.err = fault.New(fault.Invalid, "key")
	case n > maxItem:
		b.err = fault.New(fault.Invalid, "commit.large")
	}
	return b.err == nil
}

// add puts an item if its place is empty.
func (b *batch) add(it item, err error) { b.place(it, err, aws.String(absent)) }

func (b *batch) place(it item, err error, condition *string) {
	if b.take(it, err) {
		b.writes = append(b.writes, types.TransactWriteItem{Put: &types.Put{
			TableName: &b.table, Item: it, ConditionExpression: condition,
		}})
	}
}

// update changes an item under a condition. after is the item as it will be,
// as far as it is known here.
func (b *batch) update(after item, err error, c *change, condition string) {
	if b.take(after, err) {
		b.writes = append(b.writes, types.TransactWriteItem{Update: &types.Update{
			TableName: &b.table, Key: keyOf(after).item(), UpdateExpression: c.expression(), ConditionExpression: &condition,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.given(),
		}})
	}
}

// head puts the head of a new case, or replaces the one whose version is c.Was.
// Beside the document it notes which gates this version wrote: a reader that
// sees the head already and a gate not yet can tell; see [torn].
func (b *batch) head(c docket.Commit) {
	it, err := headItem(c.Case)
	version := number(int64(c.Case.Version))
	if c.Was == 0 {
		gates := item{}
		for _, g := range c.Opened {
			gates[g.ID] = version
		}
		it[attrGates] = &types.AttributeValueMemberM{Value: gates}
		b.add(it, err)
		return
	}
	u := newChange()
	for _, name := range []string{attrData, attrVersion, attrListPK, attrListSK, attrWorkPK, attrWorkSK} {
		if v, ok := it[name]; ok {
			u.set(v, name)
		} else {
			u.remove(name)
		}
	}
	for _, gates := range [][]gate.Gate{c.Opened, c.Changed} {
		for _, g := range gates {
			u.set(version, attrGates, g.ID)
		}
	}
	b.update(it, err, u, u.equal(attrVersion, number(int64(c.Was))))
}

// headItem returns the head of c. It stands in the work list only while
// somebody has to act on the case, also for papers that an approved one owes.
func headItem(c casework.Case) (item, error) {
	it, err := document(headKey(c.ID), c)
	if err != nil {
		return it, err
	}
	it[attrVersion] = number(int64(c.Version))
	if !isPart(c.Hospital) {
		return it, fault.New(fault.Invalid, "key")
	}
	hospitalIndex(c.Hospital, c.EditedAt, c.ID).list(it)
	if c.Waiting() {
		openIndex(c.ID).work(it)
	}
	return it, nil
}

// entry puts an entry with its untold mark.
func (b *batch) entry(id string, e history.Entry) {
	line, err := history.Encode(e)
	it := entryKey(id, e.Seq).item()
	it[attrData] = text(string(line))
	untoldIndex(id, e.Seq, e.At).work(it)
	b.add(it, err)
}

// open puts a gate that this move brings into the world, and lists it for its
// party and for everybody who may enter the answer.
func (b *batch) open(c casework.Case, g gate.Gate) {
	it, err := gateItem(c, g)
	b.add(it, err)
	for _, org := range g.Recorders {
		seat := seatKey(c.ID, g.ID, org).item()
		inboxIndex(org, g.OpenedAt, c.ID, g.ID).list(seat)
		b.place(seat, nil, nil)
	}
}

// change replaces the document of a gate that is still open and of the same
// issue, or of the one before if it stays open with its links revoked. It is an
// update of named attributes, because a machine's token may have come to stand
// beside them and must stay.
func (b *batch) change(c casework.Case, g gate.Gate) {
	it, err := gateItem(c, g)
	u := newChange()
	for _, name := range []string{attrData, attrStatus, attrIssue, attrVersion, attrWorkPK, attrWorkSK, attrListPK, attrListSK} {
		if v, ok := it[name]; ok {
			u.set(v, name)
		} else {
			u.remove(name)
		}
	}
	var issue string
	if g.Status != gate.Open {
		issue = u.equal(attrIssue, number(int64(g.Issue)))
	} else {
		issue = u.name(attrIssue) + " BETWEEN " + u.value(number(int64(g.Issue-1))) + " AND " + u.value(number(int64(g.Issue)))
	}
	b.update(it, err, u, u.equal(attrStatus, text(string(gate.Open)))+" AND "+issue)
	if g.Status == gate.Open {
		return
	}
	for _, org := range g.Recorders {
		seat := seatKey(c.ID, g.ID, org).item()
		if b.take(seat, nil) {
			b.writes = append(b.writes, types.TransactWriteItem{Delete: &types.Delete{TableName: &b.table, Key: seat}})
		}
	}
}

// gateItem returns g as this version of c leaves it, without a token. It
// stands in the due list while it rings and in its party's inbox while it is open.
func gateItem(c casework.Case, g gate.Gate) (item, error) {
	it, err := document(gateKey(c.ID, g.ID), g)
	if err != nil {
		return it, err
	}
	it[attrStatus] = text(string(g.Status))
	it[attrIssue] = number(int64(g.Issue))
	it[attrVersion] = number(int64(c.Version))
	if g.Status != gate.Open {
		return it, nil
	}
	if !isPart(g.Party) {
		return it, fault.New(fault.Invalid, "key")
	}
	inboxIndex(g.Party, g.OpenedAt, c.ID, g.ID).list(it)
	if g.Ring != nil {
		dueIndex(c.ID, g.ID, g.Ring.At).work(it)
	}
	return it, nil
}

// copy lists the case for an organisation it was sent to; again, with the
// newer instant.
func (b *batch) copy(c docket.Commit, org string) {
	sent := c.Case.EditedAt
	if c.Entry != nil {
		sent = c.Entry.At
	}
	it := copyKey(c.Case.ID, org).item()
	copiesIndex(org, sent, c.Case.ID).list(it)
	b.place(it, nil, nil)
}

// pass demands that a link's session is good for this case and gate.
func (b *batch) pass(p docket.Pass) {
	u := newChange()
	condition := u.equal(attrCase, text(p.Case)) + " AND " + u.equal(attrGate, text(p.Gate)) + " AND " + u.lasting(p.Now, attrIdle, attrExpires)
	k := sessionKey(p.Hash)
	if !b.take(k.item(), nil) {
		return
	}
	b.writes = append(b.writes, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &b.table, Key: k.item(), ConditionExpression: &condition,
		ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values,
	}})
}
