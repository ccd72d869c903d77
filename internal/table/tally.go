package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Counters reads what is counted, strongly consistent. See [docket.Store].
func (s *Store) Counters(ctx context.Context, of string) (docket.Tallied, error) {
	it, err := s.get(ctx, tallyKey(of))
	if err != nil {
		return docket.Tallied{}, err
	}
	return tallied(it)
}

// tallied takes the item of what is counted apart. It fails with [docket.ErrUnreadable]
// for a number that fits into no int64.
func tallied(it item) (t docket.Tallied, err error) {
	for attr, v := range it {
		if name, ok := strings.CutPrefix(attr, countPrefix); ok {
			n, isNumber := v.(*types.AttributeValueMemberN)
			if !isNumber {
				return t, fmt.Errorf("%s of %s: %w", name, textOf(it, attrPK), docket.ErrUnreadable)
			}
			stands, err := strconv.ParseInt(n.Value, 10, 64)
			if err != nil {
				return t, fmt.Errorf("%s of %s: %w: %w", name, textOf(it, attrPK), docket.ErrUnreadable, err)
			}
			if t.Counts == nil {
				t.Counts = map[string]int64{}
			}
			t.Counts[name] = stands
		}
		if name, ok := strings.CutPrefix(attr, setPrefix); ok {
			words, isSet := v.(*types.AttributeValueMemberSS)
			if !isSet || len(words.Value) == 0 {
				continue
			}
			if t.Sets == nil {
				t.Sets = map[string][]string{}
			}
			t.Sets[name] = slices.Sorted(slices.Values(words.Value))
		}
	}
	return t, nil
}

// Claimed reads who holds a name, strongly consistent. See [docket.Store].
func (s *Store) Claimed(ctx context.Context, name string) (string, bool, error) {
	it, err := s.get(ctx, claimKey(name))
	return textOf(it, attrBy), it != nil && err == nil, err
}

// demand says why a write was refused, given the item as it stood then: nil if there was
// none, or if the table does not say.
type demand func(stood item) []docket.Reason

// ledger gathers what c counts, frees and claims.
func (b *batch) ledger(c docket.Commit) {
	for i, t := range c.Tallies {
		b.tally(i, t)
	}
	for i, f := range c.Frees {
		u := newChange()
		k := tallyKey(f.Of)
		b.demand(k.item(), u.check(b.table, k, u.free(f.Set)), one(docket.Reason{Demand: docket.OfFree, Index: i, Of: f.Of, Name: f.Set}))
	}
	for i, claim := range c.Claims {
		it := claimKey(claim.Name).item()
		it[attrBy] = text(claim.By)
		b.demand(it, types.TransactWriteItem{Put: &types.Put{TableName: &b.table, Item: it, ConditionExpression: aws.String(absent)}},
			one(docket.Reason{Demand: docket.OfClaim, Index: i, Of: claim.Name}))
	}
	for i, claim := range c.Unclaims {
		u := newChange()
		condition := u.equal(attrBy, text(claim.By))
		k := claimKey(claim.Name).item()
		b.demand(k, types.TransactWriteItem{Delete: &types.Delete{
			TableName: &b.table, Key: k, ConditionExpression: &condition, ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.given(),
		}}, one(docket.Reason{Demand: docket.OfUnclaim, Index: i, Of: claim.Name}))
	}
}

func one(r docket.Reason) demand { return func(item) []docket.Reason { return []docket.Reason{r} } }

// demand adds a write whose condition is a demand of the commit itself. after is the
// item as it will be, as far as it is known here.
func (b *batch) demand(after item, w types.TransactWriteItem, why demand) {
	if !b.take(after, nil) {
		return
	}
	if b.demands == nil {
		b.demands = map[int]demand{}
	}
	b.demands[len(b.writes)] = why
	b.writes = append(b.writes, w)
}

// tally moves one counted thing in one update, whose condition is all of its demands.
func (b *batch) tally(index int, t docket.Tally) {
	u := newChange()
	after := tallyKey(t.Of).item()
	var conditions []string
	if !t.Make {
		conditions = append(conditions, present)
	}
	for _, c := range t.Counts {
		attr := countPrefix + c.Name
		name := u.alias(attr)
		after[attr] = number(c.Add)
		u.adds = append(u.adds, name+" "+u.value(number(c.Add)))
		least, most := c.Bounds()
		if least != nil {
			conditions = append(conditions, orAbsent(name, name+" >= "+u.value(number(*least)), *least <= 0))
		}
		if most != nil {
			conditions = append(conditions, orAbsent(name, name+" <= "+u.value(number(*most)), *most >= 0))
		}
	}
	for _, moved := range []struct {
		members []docket.Member
		into    *[]string
	}{{t.Puts, &u.adds}, {t.Takes, &u.deletes}} {
		for _, set := range setsOf(moved.members) {
			attr := setPrefix + set.name
			after[attr] = &types.AttributeValueMemberSS{Value: set.words}
			*moved.into = append(*moved.into, u.alias(attr)+" "+u.value(after[attr]))
		}
	}
	for _, set := range t.Free {
		conditions = append(conditions, u.free(set))
	}
	update := &types.Update{
		TableName: &b.table, Key: keyOf(after).item(), UpdateExpression: u.expression(),
		ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.given(),
		// One condition has many demands: what stood there tells which of them did not hold.
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if len(conditions) > 0 {
		update.ConditionExpression = aws.String(strings.Join(conditions, " AND "))
	}
	b.demand(after, types.TransactWriteItem{Update: update}, func(stood item) []docket.Reason {
		now, err := tallied(stood)
		if reasons := t.Unmet(index, now, len(stood) > 0); err == nil && len(reasons) > 0 {
			return reasons
		}
		return []docket.Reason{{Demand: docket.OfTally, Index: index, Of: t.Of}}
	})
}

// orAbsent is a condition of a count, which stands at 0 where there is none yet.
func orAbsent(name, condition string, zeroDoes bool) string {
	if !zeroDoes {
		return condition
	}
	return "(attribute_not_exists(" + name + ") OR " + condition + ")"
}

// free is the condition that a set is empty, or not there at all.
func (c *change) free(set string) string {
	name := c.alias(setPrefix + set)
	return "(attribute_not_exists(" + name + ") OR size(" + name + ") = " + c.value(number(0)) + ")"
}

type wordsOf struct {
	name  string
	words []string
}

// setsOf gathers members by their sets, in the order of the first of each.
func setsOf(members []docket.Member) (sets []wordsOf) {
	for _, m := range members {
		at := slices.IndexFunc(sets, func(s wordsOf) bool { return s.name == m.Set })
		if at < 0 {
			at = len(sets)
			sets = append(sets, wordsOf{name: m.Set})
		}
		sets[at].words = append(sets[at].words, m.Word)
	}
	return sets
}

// explained says of a refused transaction which demands of its commit did not hold, if
// nothing else is why: DynamoDB gives its reasons in the order of the writes.
func (b *batch) explained(err error) error {
	var canceled *types.TransactionCanceledException
	if !errors.Is(err, fault.Conflict) || !errors.As(err, &canceled) {
		return err
	}
	var reasons []docket.Reason
	for i, r := range canceled.CancellationReasons {
		if aws.ToString(r.Code) != "ConditionalCheckFailed" {
			continue
		}
		why, demanded := b.demands[i]
		if !demanded {
			return err // what was read is not what stands: whoever decided must decide anew
		}
		reasons = append(reasons, why(r.Item)...)
	}
	return docket.Refusal(reasons, err)
}
