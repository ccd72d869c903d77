package table

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Commit makes all of c durable in one transaction, or nothing. See
// [docket.Store]. A commit that DynamoDB could never take, because of its size,
// because an id cannot be in a key or because it names one item twice, is fault.Invalid.
func (s *Store) Commit(ctx context.Context, c docket.Commit) error {
	b := batch{table: s.name}
	if err := b.commit(c); err != nil {
		return err
	}
	return b.explained(s.transact(ctx, doing(c), b.writes))
}

// doing says what c is, for whoever reads that it failed.
func doing(c docket.Commit) string {
	if len(c.Tallies) > 0 && len(c.Changes) == 0 {
		return "counting " + c.Tallies[0].Of
	}
	if len(c.Changes) == 0 {
		return "committing"
	}
	h := c.Changes[0].Head
	return "committing " + h.Kind + " " + h.ID + " at " + strconv.Itoa(h.Version)
}

// batch gathers the writes of one transaction. The first thing that cannot be
// written stays in err, and nothing more is gathered.
type batch struct {
	table   string
	writes  []types.TransactWriteItem
	demands map[int]demand // by the place among the writes
	named   map[key]bool
	bytes   int
	err     error
}

func (b *batch) commit(c docket.Commit) error {
	if err := c.Sound(); err != nil {
		return err
	}
	for _, ch := range c.Changes {
		b.aggregate(ch)
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
	b.ledger(c)
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
	k := keyOf(it)
	twice := b.named[k]
	if b.named == nil {
		b.named = map[key]bool{}
	}
	b.named[k] = true
	switch {
	case errors.Is(err, fault.Invalid):
		b.err = err
	case err != nil:
		b.err = fault.Because(fault.Invalid, "commit", err)
	case !k.valid():
		b.err = fault.New(fault.Invalid, "key")
	case twice:
		b.err = fault.Because(fault.Invalid, "commit", fmt.Errorf("%s %s is in one transaction twice", k.pk, k.sk))
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

// aggregate writes the next version of one aggregate and what becomes true beside it.
func (b *batch) aggregate(ch docket.Change) {
	name := ch.Head.Name()
	b.head(ch)
	if ch.Entry != nil {
		b.entry(name, *ch.Entry)
	}
	for _, g := range ch.Opened {
		b.open(ch.Head, g)
	}
	for _, g := range ch.Changed {
		b.change(ch.Head, g)
	}
	for _, f := range ch.Files {
		it, err := fileItem(f)
		b.add(it, err)
	}
	for _, p := range ch.Lists {
		it, place := placeKey(name, p.List).item(), placeIndex(p, name)
		place.list(it)
		b.place(it, place.fits(), nil)
	}
	for _, t := range ch.Timers {
		it := timerKey(name, t.Key).item()
		dueIndex(name, t.Key, t.At).work(it)
		b.place(it, nil, nil)
	}
	if ch.Was == 0 && ch.Head.Number != "" {
		it := numberKey(ch.Head.Number).item()
		it[attrCase] = text(name)
		b.add(it, nil)
	}
}

// head puts the head of a new aggregate, or replaces the one whose version is
// ch.Was. Beside the document it notes which gates this version wrote, and which files
// it brought: a reader that sees the head already and one of those not yet can tell;
// see [torn].
func (b *batch) head(ch docket.Change) {
	it, err := headItem(ch)
	version := number(int64(ch.Head.Version))
	if ch.Was == 0 {
		gates := item{}
		for _, g := range ch.Opened {
			gates[g.ID] = version
		}
		it[attrGates] = &types.AttributeValueMemberM{Value: gates}
		b.add(it, err)
		return
	}
	u := newChange()
	u.over(it, attrData, attrVersion, attrSeq, attrHash, attrNumber, attrRow, attrRowOf, attrListPK, attrListSK, attrWorkPK, attrWorkSK)
	if v, ok := it[attrBrought]; ok { // else those of an earlier version are still to be there
		u.set(v, attrBrought)
	}
	for _, gates := range [][]gate.Gate{ch.Opened, ch.Changed} {
		for _, g := range gates {
			u.set(version, attrGates, g.ID)
		}
	}
	b.update(it, err, u, u.equal(attrVersion, number(int64(ch.Was))))
}

// headItem returns the head of ch. It stands in the work list only while somebody has
// to act on the aggregate.
func headItem(ch docket.Change) (item, error) {
	h := ch.Head
	it := headKey(h.Name()).item()
	it[attrData] = text(string(h.Body))
	it[attrVersion], it[attrSeq], it[attrHash] = number(int64(h.Version)), number(int64(h.Seq)), text(h.Hash)
	if h.Number != "" {
		it[attrNumber] = text(h.Number)
	}
	if len(h.Row) > 0 {
		it[attrRow], it[attrRowOf] = text(string(h.Row)), it[attrVersion]
	}
	if len(ch.Files) > 0 {
		ids := make([]value, len(ch.Files))
		for i, f := range ch.Files {
			ids[i] = text(f.ID)
		}
		it[attrBrought] = &types.AttributeValueMemberL{Value: ids}
	}
	place := placeIndex(ch.Home, h.Name())
	place.list(it)
	if err := place.fits(); err != nil {
		return it, err
	}
	if size(it) > maxItem { // what lists show can be made of the head: it fails no move
		delete(it, attrRow)
		delete(it, attrRowOf)
	}
	if ch.Open {
		openIndex(h.Name(), ch.Waits).work(it)
	}
	return it, nil
}

// entry puts an entry with its untold mark.
func (b *batch) entry(name string, e history.Entry) {
	line, err := history.Encode(e)
	it := entryKey(name, e.Seq).item()
	it[attrData] = text(string(line))
	untoldIndex(name, e.Seq, e.At).work(it)
	b.add(it, err)
}

// open puts a gate that this move brings into the world, and lists it for its
// party and for everybody who may enter the answer.
func (b *batch) open(h docket.Head, g gate.Gate) {
	it, err := gateItem(h, g)
	b.add(it, err)
	for _, org := range g.Recorders {
		seat := seatKey(h.Name(), g.ID, org).item()
		inboxIndex(org, g.OpenedAt, h.Name(), g.ID).list(seat)
		b.place(seat, nil, nil)
	}
}

// change replaces the document of a gate that is still open and of the same
// issue, or of the one before if it stays open with its links revoked. It is an
// update of named attributes, because a machine's token may have come to stand
// beside them and must stay.
func (b *batch) change(h docket.Head, g gate.Gate) {
	it, err := gateItem(h, g)
	u := newChange()
	u.over(it, attrData, attrStatus, attrIssue, attrVersion, attrWorkPK, attrWorkSK, attrListPK, attrListSK)
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
		seat := seatKey(h.Name(), g.ID, org).item()
		b.remove(seat)
	}
}

// gateItem returns g as this version of its aggregate leaves it, without a token. It
// stands in the due list while it rings and in its party's inbox while it is open.
func gateItem(h docket.Head, g gate.Gate) (item, error) {
	it, err := document(gateKey(h.Name(), g.ID), g)
	if err != nil {
		return it, err
	}
	it[attrStatus] = text(string(g.Status))
	it[attrIssue] = number(int64(g.Issue))
	it[attrVersion] = number(int64(h.Version))
	if g.Status != gate.Open {
		return it, nil
	}
	if !isPart(g.Party) {
		return it, fault.New(fault.Invalid, "key")
	}
	inboxIndex(g.Party, g.OpenedAt, h.Name(), g.ID).list(it)
	if g.Ring != nil {
		dueIndex(h.Name(), g.ID, g.Ring.At).work(it)
	}
	return it, nil
}

// hold demands that an aggregate is still at a version; at 0, that there is none.
func (b *batch) hold(h docket.Hold) {
	u := newChange()
	condition := absent
	if h.Version > 0 {
		condition = u.equal(attrVersion, number(int64(h.Version)))
	}
	k := headKey(h.Of)
	if !b.take(k.item(), nil) {
		return
	}
	b.writes = append(b.writes, u.check(b.table, k, condition))
}

// pass demands that a link's session is good for this case and gate.
func (b *batch) pass(p docket.Pass) {
	u := newChange()
	k := sessionKey(p.Hash)
	b.demand(
		k.item(),
		u.check(b.table, k, u.equal(attrCase, text(p.Of))+" AND "+u.equal(attrGate, text(p.Gate))+" AND "+u.lasting(p.Now, attrIdle, attrExpires)),
		one(docket.Reason{Demand: docket.OfSession, Of: p.Of, Name: p.Gate}),
	)
}
