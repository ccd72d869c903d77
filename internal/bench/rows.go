package bench

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// rows is a table in memory that answers a client as DynamoDB does, as far as ring-deadlines
// and the sweep ask: keys, the work index with its keys alone, pages of 1 MB. An
// emulator takes an hour to be given what these walks are measured over. One caller
// uses it at a time, so it checks no condition: nobody else moves anything. What it
// does not know, it refuses.
type rows struct {
	items map[string]map[string]item // by partition and sort key
	work  map[string][]place         // the work index by its partition, in its order
	like  map[string]bool            // partitions that look like the model until they are written
	model string                     // the partition that they look like
	draws bool                       // what is put now looks like the model: only its place in the index is kept
}

type item = map[string]types.AttributeValue

// place is a row of the work index.
type place struct{ at, pk, sk string }

func (p place) compare(q place) int {
	return cmp.Or(strings.Compare(p.at, q.at), strings.Compare(p.pk, q.pk), strings.Compare(p.sk, q.sk))
}

// pageBytes is what DynamoDB puts into one page.
const pageBytes = 1 << 20

func newRows() *rows {
	return &rows{items: map[string]map[string]item{}, work: map[string][]place{}, like: map[string]bool{}}
}

// serve makes a client ask here.
func (r *rows) serve(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("rows", func(
			_ context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler,
		) (out middleware.InitializeOutput, _ middleware.Metadata, err error) {
			out.Result, err = r.answer(in.Parameters)
			return out, middleware.Metadata{}, err
		}), middleware.Before)
	})
}

func (r *rows) answer(in any) (any, error) {
	switch in := in.(type) {
	case *dynamodb.GetItemInput:
		return &dynamodb.GetItemOutput{Item: r.get(in.Key)}, nil
	case *dynamodb.BatchGetItemInput:
		found := map[string][]item{}
		for table, asked := range in.RequestItems {
			for _, k := range asked.Keys {
				if it := r.get(k); it != nil {
					found[table] = append(found[table], it)
				}
			}
		}
		return &dynamodb.BatchGetItemOutput{Responses: found}, nil
	case *dynamodb.QueryInput:
		return r.query(in)
	case *dynamodb.PutItemInput:
		r.put(in.Item)
		return &dynamodb.PutItemOutput{}, nil
	case *dynamodb.UpdateItemInput:
		it, err := r.update(in.Key, aws.ToString(in.UpdateExpression), in.ExpressionAttributeNames, in.ExpressionAttributeValues)
		return &dynamodb.UpdateItemOutput{Attributes: it}, err
	case *dynamodb.TransactWriteItemsInput:
		return &dynamodb.TransactWriteItemsOutput{}, r.transact(in.TransactItems)
	}
	return nil, fmt.Errorf("rows: asked for %T, which neither ring nor sweep needs", in)
}

func (r *rows) transact(writes []types.TransactWriteItem) error {
	for _, w := range writes {
		switch {
		case w.Put != nil:
			r.put(w.Put.Item)
		case w.Update != nil:
			u := w.Update
			if _, err := r.update(u.Key, aws.ToString(u.UpdateExpression), u.ExpressionAttributeNames, u.ExpressionAttributeValues); err != nil {
				return err
			}
		case w.ConditionCheck == nil:
			return fmt.Errorf("rows: a transaction takes away what neither ring nor sweep does")
		}
	}
	return nil
}

func textIn(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// partition returns what stands at pk. What only looks like the model is made of it.
func (r *rows) partition(pk string) map[string]item {
	if !r.like[pk] {
		return r.items[pk]
	}
	out := map[string]item{}
	for sk, it := range r.items[r.model] {
		out[sk] = r.likeness(it, pk)
	}
	return out
}

func (r *rows) get(key item) item {
	pk, sk := textIn(key, "pk"), textIn(key, "sk")
	if r.like[pk] {
		return r.likeness(r.items[r.model][sk], pk)
	}
	return r.items[pk][sk]
}

// likeness is an item of the model as it stands at pk, its id in it instead of the model's.
// Its place in the work index is the model's: what will be written is given its own before.
func (r *rows) likeness(it item, pk string) item {
	_, was, _ := strings.Cut(r.model, "#")
	_, is, _ := strings.Cut(pk, "#")
	it = maps.Clone(it)
	for _, name := range []string{"pk", "data", "listSk"} {
		if v := textIn(it, name); v != "" {
			it[name] = text(strings.ReplaceAll(v, was, is))
		}
	}
	return it
}

// own gives what looks like the model items of its own, with its own places in the work
// index: it is about to be written.
func (r *rows) own(pk string) {
	if !r.like[pk] {
		return
	}
	items := r.partition(pk)
	for work, places := range r.work {
		for _, p := range places {
			if p.pk == pk {
				items[p.sk]["workPk"], items[p.sk]["workSk"] = text(work), text(p.at)
			}
		}
	}
	delete(r.like, pk)
	r.items[pk] = items
}

func (r *rows) put(it item) {
	pk, sk := textIn(it, "pk"), textIn(it, "sk")
	if r.draws && strings.HasPrefix(pk, "CASE#") {
		r.like[pk] = true
		r.stand(it)
		return
	}
	r.own(pk)
	if r.items[pk] == nil {
		r.items[pk] = map[string]item{}
	}
	r.leave(r.items[pk][sk])
	r.items[pk][sk] = it
	r.stand(it)
}

// stand puts it into the work index, if it is to be in it. While they are drawn by the
// thousand they are put into order once, at the end.
func (r *rows) stand(it item) {
	work := textIn(it, "workPk")
	if work == "" {
		return
	}
	p := place{textIn(it, "workSk"), textIn(it, "pk"), textIn(it, "sk")}
	at := len(r.work[work])
	if !r.draws {
		at, _ = slices.BinarySearchFunc(r.work[work], p, place.compare)
	}
	r.work[work] = slices.Insert(r.work[work], at, p)
}

func (r *rows) leave(it item) {
	work := textIn(it, "workPk")
	p := place{textIn(it, "workSk"), textIn(it, "pk"), textIn(it, "sk")}
	if at, there := slices.BinarySearchFunc(r.work[work], p, place.compare); there {
		r.work[work] = slices.Delete(r.work[work], at, at+1)
	}
}

// draw lets do put aggregates that look like what stands in the partition model.
func (r *rows) draw(model string, do func() error) error {
	r.model, r.draws = model, true
	err := do()
	r.draws = false
	for _, places := range r.work {
		slices.SortFunc(places, place.compare)
	}
	return err
}

// update sets and removes attributes, as the expression says.
func (r *rows) update(key item, expression string, names map[string]string, values item) (item, error) {
	pk, sk := textIn(key, "pk"), textIn(key, "sk")
	r.own(pk)
	before := r.items[pk][sk]
	it := maps.Clone(before)
	if it == nil {
		it = maps.Clone(key)
	}
	clause := ""
	words := strings.Fields(strings.ReplaceAll(expression, ",", " "))
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "SET" || word == "REMOVE":
			clause = word
		case clause == "SET" && i+2 < len(words) && words[i+1] == "=" && values[words[i+2]] != nil:
			setIn(it, strings.Split(word, "."), names, values[words[i+2]])
			i += 2
		case clause == "REMOVE" && names[word] != "":
			delete(it, names[word])
		default:
			return nil, fmt.Errorf("rows: an update that neither ring nor sweep makes: %s", expression)
		}
	}
	r.leave(before)
	if r.items[pk] == nil {
		r.items[pk] = map[string]item{}
	}
	r.items[pk][sk] = it
	r.stand(it)
	return it, nil
}

// setIn sets what path leads to, and leaves the maps on the way to it as others have them.
func setIn(it item, path []string, names map[string]string, v types.AttributeValue) {
	name := names[path[0]]
	if len(path) == 1 {
		it[name] = v
		return
	}
	inner := item{}
	if m, ok := it[name].(*types.AttributeValueMemberM); ok {
		inner = maps.Clone(m.Value)
	}
	setIn(inner, path[1:], names, v)
	it[name] = &types.AttributeValueMemberM{Value: inner}
}

// query answers one page, of a partition or of one of the work index.
func (r *rows) query(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	pk := textIn(in.ExpressionAttributeValues, ":pk")
	forward := in.ScanIndexForward == nil || *in.ScanIndexForward
	switch condition := aws.ToString(in.KeyConditionExpression); {
	case aws.ToString(in.IndexName) == "work" && condition == "workPk = :pk AND workSk < :sk":
		return r.page(pk, "", textIn(in.ExpressionAttributeValues, ":sk"), in), nil
	case aws.ToString(in.IndexName) == "work" && condition == "workPk = :pk AND workSk > :sk":
		return r.page(pk, textIn(in.ExpressionAttributeValues, ":sk"), "", in), nil
	case in.IndexName == nil && in.Limit == nil && forward && condition == "pk = :pk AND sk BETWEEN :first AND :last":
		out := &dynamodb.QueryOutput{} // what stands there is less than a page: a head is below 400 kB
		items := r.partition(pk)
		for _, sk := range slices.Sorted(maps.Keys(items)) {
			if sk >= textIn(in.ExpressionAttributeValues, ":first") && sk <= textIn(in.ExpressionAttributeValues, ":last") {
				out.Items = append(out.Items, items[sk])
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("rows: a query that neither ring nor sweep makes: %s", aws.ToString(in.KeyConditionExpression))
}

// page lists what stands in one partition of the work index, behind after and before
// before, if these are given.
func (r *rows) page(work, after, before string, in *dynamodb.QueryInput) *dynamodb.QueryOutput {
	places := r.work[work]
	from := place{at: after}
	if start := in.ExclusiveStartKey; start != nil {
		from = place{textIn(start, "workSk"), textIn(start, "pk"), textIn(start, "sk")}
	}
	at, _ := slices.BinarySearchFunc(places, from, place.compare)
	out, bytes := &dynamodb.QueryOutput{}, 0
	for ; at < len(places); at++ {
		p := places[at]
		switch {
		case before != "" && p.at >= before:
			return out
		case p == from || after != "" && p.at == after:
			continue
		}
		row := item{"pk": text(p.pk), "sk": text(p.sk), "workPk": text(work), "workSk": text(p.at)}
		if bytes += len("pkskworkPkworkSk") + len(p.pk) + len(p.sk) + len(work) + len(p.at); bytes > pageBytes {
			out.LastEvaluatedKey = out.Items[len(out.Items)-1]
			return out
		}
		if out.Items = append(out.Items, row); in.Limit != nil && len(out.Items) == int(*in.Limit) {
			out.LastEvaluatedKey = row
			return out
		}
	}
	return out
}
