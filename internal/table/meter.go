package table

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Meter counts what AWS would bill for, by AWS's rule and from the items
// themselves: an emulator's own count cannot be trusted for transactions. To
// know what an item was before a write and is after it, it reads the item
// itself, unmetered, so it is for benches, not for functions. It is exact while
// one caller writes at a time.
type Meter struct {
	mu    sync.Mutex
	units Units
	peek  *dynamodb.Client
}

// Units are request units of on-demand tables.
type Units struct {
	Write float64 // one for each KB of an item, twice that in a transaction; one for each index entry made or removed
	Read  float64 // one for each 4 KB strongly consistent, half of it otherwise
	Calls int
}

// Watch makes a client count here. Give it to dynamodb.NewFromConfig.
func (m *Meter) Watch(o *dynamodb.Options) {
	m.peek = dynamodb.New(o.Copy())
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Meter", m.handle), middleware.Before)
	})
}

// Take returns what was counted since it was called last.
func (m *Meter) Take() Units {
	m.mu.Lock()
	defer m.mu.Unlock()
	units := m.units
	m.units = Units{}
	return units
}

func (m *Meter) count(write, read float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units.Write += write
	m.units.Read += read
	m.units.Calls++
}

// written is one item that a request writes or checks.
type written struct {
	table  string
	key    item
	check  bool
	before item
}

func (m *Meter) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	touched := writesOf(in.Parameters)
	for i, w := range touched {
		touched[i].before = m.look(ctx, w)
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if len(touched) == 0 {
		if err == nil {
			m.count(0, m.readUnits(ctx, in.Parameters, out.Result))
		}
		return out, metadata, err
	}
	factor := 1.0
	if _, ok := in.Parameters.(*dynamodb.TransactWriteItemsInput); ok {
		factor = 2
	}
	sum := 0.0
	for _, w := range touched {
		after := w.before
		if err == nil && !w.check {
			after = m.look(ctx, w)
		}
		sum += factor*units(max(size(w.before), size(after)), 1024) +
			indexUnits(w.before, after, attrWorkPK, attrWorkSK) + indexUnits(w.before, after, attrListPK, attrListSK)
	}
	if err == nil || unmet(err) { // a condition that does not hold costs as much as one that does
		m.count(sum, 0)
	}
	return out, metadata, err
}

func (m *Meter) look(ctx context.Context, w written) item {
	out, err := m.peek.GetItem(ctx, &dynamodb.GetItemInput{TableName: &w.table, Key: w.key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil
	}
	return out.Item
}

func writesOf(in any) []written {
	at := func(table *string, it item) []written {
		return []written{{table: aws.ToString(table), key: item{attrPK: it[attrPK], attrSK: it[attrSK]}}}
	}
	switch in := in.(type) {
	case *dynamodb.PutItemInput:
		return at(in.TableName, in.Item)
	case *dynamodb.UpdateItemInput:
		return at(in.TableName, in.Key)
	case *dynamodb.DeleteItemInput:
		return at(in.TableName, in.Key)
	case *dynamodb.TransactWriteItemsInput:
		var all []written
		for _, w := range in.TransactItems {
			switch {
			case w.Put != nil:
				all = append(all, at(w.Put.TableName, w.Put.Item)...)
			case w.Update != nil:
				all = append(all, at(w.Update.TableName, w.Update.Key)...)
			case w.Delete != nil:
				all = append(all, at(w.Delete.TableName, w.Delete.Key)...)
			case w.ConditionCheck != nil:
				check := at(w.ConditionCheck.TableName, w.ConditionCheck.Key)
				check[0].check = true
				all = append(all, check...)
			}
		}
		return all
	}
	return nil
}

// units are the full or begun blocks in n bytes, at least one.
func units(n, block int) float64 { return float64(max(1, (n+block-1)/block)) }

// indexUnits are what an index of keys alone costs when an item changes: an
// entry made, one removed, or both.
func indexUnits(before, after item, pk, sk string) float64 {
	was, is := textOf(before, pk)+sep+textOf(before, sk), textOf(after, pk)+sep+textOf(after, sk)
	if was == is {
		return 0
	}
	sum := 0.0
	for _, it := range []item{before, after} {
		if has(it, pk) {
			sum += units(size(entryOf(it, pk, sk)), 1024)
		}
	}
	return sum
}

func entryOf(it item, names ...string) item {
	out := item{attrPK: it[attrPK], attrSK: it[attrSK]}
	for _, n := range names {
		out[n] = it[n]
	}
	return out
}

func (m *Meter) readUnits(ctx context.Context, in, out any) float64 {
	cost := func(bytes int, consistent *bool) float64 {
		n := units(bytes, 4096)
		if !aws.ToBool(consistent) {
			n /= 2
		}
		return n
	}
	sum := 0.0
	switch in := in.(type) {
	case *dynamodb.GetItemInput:
		if out, ok := out.(*dynamodb.GetItemOutput); ok {
			sum = cost(size(out.Item), in.ConsistentRead)
		}
	case *dynamodb.QueryInput:
		if out, ok := out.(*dynamodb.QueryOutput); ok {
			bytes := 0
			for _, it := range out.Items {
				bytes += size(it)
			}
			sum = cost(bytes, in.ConsistentRead)
		}
	case *dynamodb.BatchGetItemInput:
		if out, ok := out.(*dynamodb.BatchGetItemOutput); ok {
			for table, asked := range in.RequestItems {
				sum += batchUnits(asked, m.wholly(ctx, table, asked, out.Responses[table]), len(out.UnprocessedKeys[table].Keys), cost)
			}
		}
	}
	return sum
}

// wholly returns found as it stands in the table: what a request leaves out of an item is
// paid for all the same.
func (m *Meter) wholly(ctx context.Context, table string, asked types.KeysAndAttributes, found []item) []item {
	if asked.ProjectionExpression == nil {
		return found
	}
	var all []item
	for _, it := range found {
		all = append(all, m.look(ctx, written{table: table, key: keyOf(it).item()}))
	}
	return all
}

// batchUnits rounds each item up by itself; a key that leads nowhere costs as
// much as a small item.
func batchUnits(asked types.KeysAndAttributes, found []item, unread int, cost func(int, *bool) float64) float64 {
	sum := 0.0
	for _, it := range found {
		sum += cost(size(it), asked.ConsistentRead)
	}
	return sum + float64(len(asked.Keys)-unread-len(found))*cost(0, asked.ConsistentRead)
}
