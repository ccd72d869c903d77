// Package table keeps cases, their history, people, access and settings in one
// DynamoDB table. It decides nothing: what may be written under which
// condition, its callers say; that a condition and its write are one step, it
// sees to.
package table

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Store is one table.
type Store struct {
	db    *dynamodb.Client
	name  string
	pause func(context.Context, time.Duration) error // before a write is repeated
}

var (
	_ docket.Store     = (*Store)(nil)
	_ docket.Directory = (*Store)(nil)
	_ docket.Access    = (*Store)(nil)
	_ docket.Outbox    = (*Store)(nil)
	_ docket.Cursors   = (*Store)(nil)
	_ docket.Autosaves = (*Store)(nil)
)

// New returns the store in the table called name. It asks nobody.
func New(db *dynamodb.Client, name string) *Store { return &Store{db, name, docket.Sleep} }

const (
	workIndex = "work"
	listIndex = "list"
)

// unclear says that the table did not answer as it should: what was to be
// written may be there or not.
func unclear(doing string, err error) error {
	return fault.Because(fault.Unavailable, "busy", fmt.Errorf("%s: %w", doing, err))
}

// moved says that a condition did not hold and nothing was written.
func moved(doing string, err error) error {
	return fault.Because(fault.Conflict, "moved", fmt.Errorf("%s: %w", doing, err))
}

// contested reports whether DynamoDB turned the request away, with nothing
// written, only because others were at the same items or there were too many:
// the same request may succeed a moment later.
func contested(err error) bool {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		again := false
		for _, r := range canceled.CancellationReasons {
			switch aws.ToString(r.Code) {
			case "", "None":
			case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded":
				again = true
			default:
				return false
			}
		}
		return again
	}
	var conflict *types.TransactionConflictException
	var throughput *types.ProvisionedThroughputExceededException
	var limit *types.RequestLimitExceeded
	var throttled *types.ThrottlingException
	return errors.As(err, &conflict) || errors.As(err, &throughput) || errors.As(err, &limit) || errors.As(err, &throttled)
}

// unmet reports whether err says that a condition did not hold. Nothing was
// written then, whatever else the answer says.
func unmet(err error) bool {
	var single *types.ConditionalCheckFailedException
	if errors.As(err, &single) {
		return true
	}
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		for _, r := range canceled.CancellationReasons {
			if aws.ToString(r.Code) == "ConditionalCheckFailed" {
				return true
			}
		}
	}
	return false
}

// Others at the same items are gone in milliseconds. Whoever meets them again and again
// waits here for a second at most, and then decides anew: what was decided is not sent
// again long afterwards.
const (
	patience  = time.Second
	margin    = 500 * time.Millisecond // what a write has left before its context ends; cut off, nobody knew whether it went through
	firstWait = 20 * time.Millisecond
	tries     = 4 // of a read that does not fit together
)

// patiently repeats do while others are at the same items, waiting longer each
// time, until its patience is over or ctx nearly is, and returns what it said last.
func (s *Store) patiently(ctx context.Context, do func() error) error {
	began, left := time.Now(), patience
	ends, bounded := ctx.Deadline()
	for try := 1; ; try++ {
		err := do()
		if err == nil || unmet(err) || !contested(err) {
			return err
		}
		pause := rand.N(firstWait << min(try, 4))
		left -= pause // also where pauses take no time
		if left < 0 || time.Since(began)+pause > patience || bounded && time.Until(ends) < pause+margin || s.pause(ctx, pause) != nil {
			return err
		}
	}
}

// sleep waits a random time that grows with try.
func sleep(ctx context.Context, try int) error { return docket.Sleep(ctx, rand.N(firstWait<<try)) }

// get reads one item, strongly consistent; nil if there is none.
func (s *Store) get(ctx context.Context, k key) (item, error) {
	if !k.valid() {
		return nil, nil
	}
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.name, Key: k.item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, unclear("reading "+k.sk, err)
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return out.Item, nil
}

// find reads the document at k. It fails with fault.NotFound, naming what.
func find[T any](ctx context.Context, s *Store, k key, what string) (T, error) {
	it, err := s.get(ctx, k)
	if err == nil && it == nil {
		err = fault.New(fault.NotFound, what)
	}
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](it)
}

// put writes one item. A condition that does not hold is fault.Conflict.
func (s *Store) put(ctx context.Context, it item, condition string) error {
	if !keyOf(it).valid() {
		return fault.New(fault.Invalid, "key")
	}
	in := &dynamodb.PutItemInput{TableName: &s.name, Item: it}
	if condition != "" {
		in.ConditionExpression = &condition
	}
	err := s.patiently(ctx, func() error {
		_, err := s.db.PutItem(ctx, in)
		return err
	})
	return verdict("writing "+textOf(it, attrSK), err)
}

// update changes one item under a condition and returns it as it is
// afterwards. If the condition does not hold it returns the item as it is, nil
// if there is none, and fault.Conflict.
func (s *Store) update(ctx context.Context, k key, c *change, condition string) (item, error) {
	if !k.valid() {
		return nil, fault.New(fault.Conflict, "moved")
	}
	var out *dynamodb.UpdateItemOutput
	err := s.patiently(ctx, func() (err error) {
		out, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.name, Key: k.item(), UpdateExpression: c.expression(), ConditionExpression: &condition,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.given(), ReturnValues: types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		return err
	})
	if err == nil {
		return out.Attributes, nil
	}
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) && len(failed.Item) > 0 {
		return failed.Item, verdict("changing "+k.sk, err)
	}
	return nil, verdict("changing "+k.sk, err)
}

// remove takes an item away if it is still as the condition says.
func (s *Store) remove(ctx context.Context, k key, c *change, condition string) error {
	if !k.valid() {
		return nil
	}
	err := s.patiently(ctx, func() error {
		_, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.name, Key: k.item(), ConditionExpression: &condition,
			ExpressionAttributeNames: c.named(), ExpressionAttributeValues: c.given(),
		})
		return err
	})
	if err = verdict("removing "+k.sk, err); errors.Is(err, fault.Conflict) {
		return nil // gone, or another one by now
	}
	return err
}

// transact writes all or nothing.
//
// The ClientRequestToken is left to the SDK, which makes a new one for each
// call here: so the SDK's own repeats after a lost answer are one request. One
// made from the operation's id would do harm: when a commit fails and the
// operation decides anew, the second commit has other contents, and the same
// token would then fail for ten minutes. That an operation happens once is the
// work of its own item, for as long as the table lives.
//
// Others at the same items are [docket.ErrContended] at last, unless a repeat of the
// SDK's was about an answer that got lost: then what was lost may have been a yes.
func (s *Store) transact(ctx context.Context, doing string, writes []types.TransactWriteItem) error {
	sure := true
	err := s.patiently(ctx, func() error {
		_, err := s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes}, func(o *dynamodb.Options) {
			o.Retryer = listening{o.Retryer, func(err error) { sure = sure && contested(err) }}
		})
		return err
	})
	if sure && err != nil && !unmet(err) && contested(err) {
		return unclear(doing, fmt.Errorf("%w: %w", docket.ErrContended, err))
	}
	return verdict(doing, err)
}

// listening is the SDK's retryer, and tells of each attempt that failed.
type listening struct {
	aws.Retryer
	hear func(error)
}

// IsErrorRetryable says what the SDK's says.
func (l listening) IsErrorRetryable(err error) bool {
	l.hear(err)
	return l.Retryer.IsErrorRetryable(err)
}

// GetAttemptToken returns a token for one attempt.
func (l listening) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if v2, ok := l.Retryer.(aws.RetryerV2); ok {
		return v2.GetAttemptToken(ctx)
	}
	return l.GetInitialToken(), nil
}

// verdict sorts what DynamoDB said of a write.
func verdict(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case unmet(err):
		return moved(doing, err)
	default:
		return unclear(doing, err)
	}
}

// query reads pages until limit items are there or no more come; limit 0 reads all.
func (s *Store) query(ctx context.Context, in dynamodb.QueryInput, limit int) ([]item, error) {
	in.TableName = &s.name
	var items []item
	for {
		if limit > 0 {
			in.Limit = aws.Int32(int32(min(limit-len(items), 1000)))
		}
		out, err := s.db.Query(ctx, &in)
		if err != nil {
			return nil, unclear("listing", err)
		}
		items = append(items, out.Items...)
		if len(out.LastEvaluatedKey) == 0 || limit > 0 && len(items) >= limit {
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// between reads what stands in partition pk from first up to last, strongly consistent.
func (s *Store) between(ctx context.Context, pk, first, last string, limit int, newest bool) ([]item, error) {
	return s.query(ctx, dynamodb.QueryInput{
		KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{
			":pk": text(pk), ":first": text(first), ":last": text(last),
		},
		ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!newest),
	}, limit)
}

// waiting reads keys from one list of the work index, over all shards, in the
// order of their sort keys, at most limit. bound is "<" or ">". It may lag.
func (s *Store) waiting(ctx context.Context, list, bound, sk string, limit int) ([]item, error) {
	if limit <= 0 {
		return nil, nil
	}
	var all []item
	for shard := range shards {
		in := dynamodb.QueryInput{
			IndexName:                 aws.String(workIndex),
			KeyConditionExpression:    aws.String("workPk = :pk AND workSk " + bound + " :sk"),
			ExpressionAttributeValues: item{":pk": text(shardKey(list, shard)), ":sk": text(sk)},
		}
		items, err := s.query(ctx, in, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	sortBy(all, attrWorkSK)
	return all[:min(limit, len(all))], nil
}

// many reads items by key, eventually consistent, in any order: the named attributes
// of each, or all of it if none is named.
func (s *Store) many(ctx context.Context, keys []key, names ...string) (map[key]item, error) {
	found := map[key]item{}
	asked := map[key]bool{}
	var left []item
	for _, k := range keys {
		if k.valid() && !asked[k] {
			asked[k] = true
			left = append(left, k.item())
		}
	}
	asking := types.KeysAndAttributes{}
	if len(names) > 0 {
		c := newChange()
		for i, n := range names {
			names[i] = c.name(n)
		}
		asking.ProjectionExpression, asking.ExpressionAttributeNames = aws.String(strings.Join(names, ", ")), c.names
	}
	for try := 1; len(left) > 0; try++ {
		batch := left[:min(100, len(left))]
		left = left[len(batch):]
		asking.Keys = batch
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.name: asking}})
		if err != nil {
			return nil, unclear("reading a list", err)
		}
		for _, it := range out.Responses[s.name] {
			found[keyOf(it)] = it
		}
		unread := out.UnprocessedKeys[s.name].Keys
		left = append(left, unread...)
		if len(unread) == 0 {
			try = 0
			continue
		}
		if try == tries || sleep(ctx, try) != nil {
			return nil, unclear("reading a list", errors.New("some of it stays unread"))
		}
	}
	return found, nil
}
