package table

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Attributes. The document of a thing is in data, as JSON; beside it stands
// only what conditions and indexes look at, and what must survive when the
// document is replaced.
const (
	attrPK         = "pk"
	attrSK         = "sk"
	attrWorkPK     = "workPk"
	attrWorkSK     = "workSk"
	attrListPK     = "listPk"
	attrListSK     = "listSk"
	attrTTL        = "ttl" // seconds; DynamoDB forgets the item some time after
	attrData       = "data"
	attrVersion    = "v"       // head: its version; gate: the head's version that wrote it last
	attrSeq        = "seq"     // head: its entries so far
	attrHash       = "hash"    // head: of the newest entry
	attrNumber     = "number"  // head: what people call it
	attrGates      = "gates"   // head: the version that wrote each gate last
	attrRow        = "row"     // head: what lists show of it
	attrRowOf      = "rowOf"   // head: the version that wrote its row; an earlier build moves the head and leaves the row
	attrBrought    = "brought" // head: the files that came with one of its versions, the last to bring any
	attrStatus     = "status"
	attrIssue      = "issue"
	attrState      = "state"
	attrPinned     = "pinned" // file: the version of its object, once one was looked at
	attrToken      = "token"
	attrTokenOrder = "tokenOrder"
	attrCase       = "case"
	attrGate       = "gate"
	attrIdle       = "idle"
	attrExpires    = "expires"
	attrTries      = "tries"
	attrUsed       = "used"
	attrPerson     = "person"
	attrOffset     = "offset"
	attrBy         = "by" // claim: who holds the name
	// What is counted has no document. Each count is a number of its own, so that ADD
	// moves it, and each set a string set that is gone when it is empty; the prefixes
	// keep the names of the law apart from ours.
	countPrefix = "count."
	setPrefix   = "set."
)

type (
	value = types.AttributeValue
	item  = map[string]value
)

func text(s string) value           { return &types.AttributeValueMemberS{Value: s} }
func number(n int64) value          { return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)} }
func truth(b bool) value            { return &types.AttributeValueMemberBOOL{Value: b} }
func (k key) item() item            { return item{attrPK: text(k.pk), attrSK: text(k.sk)} }
func keyOf(it item) key             { return key{textOf(it, attrPK), textOf(it, attrSK)} }
func has(it item, name string) bool { _, ok := it[name]; return ok }

func textOf(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func numberOf(it item, name string) int64 {
	v, ok := it[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(v.Value, 10, 64)
	return n
}

func truthOf(it item, name string) bool {
	v, ok := it[name].(*types.AttributeValueMemberBOOL)
	return ok && v.Value
}

// encode writes v as the document of an item. Only plain values come here. What
// is HTML to a browser is text to us: six bytes for a "<" would fill an item with a form.
func encode(v any) (value, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing %T: %w", v, err)
	}
	return text(strings.TrimSuffix(b.String(), "\n")), nil
}

// decode reads the document of an item.
func decode[T any](it item) (T, error) {
	var v T
	if err := json.Unmarshal([]byte(textOf(it, attrData)), &v); err != nil {
		return v, fmt.Errorf("the document of %s %s: %w: %w", textOf(it, attrPK), textOf(it, attrSK), docket.ErrUnreadable, err)
	}
	return v, nil
}

// document returns an item at k that holds v.
func document(k key, v any) (item, error) {
	data, err := encode(v)
	if err != nil {
		return nil, err
	}
	it := k.item()
	it[attrData] = data
	return it, nil
}

// fits fails with fault.Invalid for a place that no index has.
func (i index) fits() error {
	if i.pk == "" {
		return fault.New(fault.Invalid, "key")
	}
	return nil
}

// work puts it into the work index.
func (i index) work(it item) {
	it[attrWorkPK], it[attrWorkSK] = text(i.pk), text(i.sk)
}

// list puts it into the list index.
func (i index) list(it item) {
	it[attrListPK], it[attrListSK] = text(i.pk), text(i.sk)
}

// change is an update in the making: what it sets, adds, removes, and under
// which condition. Every name goes through a placeholder, because many of ours
// are words of DynamoDB's own.
type change struct {
	sets, adds, removes, deletes []string
	names                        map[string]string
	values                       item
}

func newChange() *change { return &change{names: map[string]string{}, values: item{}} }

// name returns the placeholder of a path; the parts of "gates.opinion-1" are
// names of their own.
func (c *change) name(path ...string) string {
	for i, p := range path {
		n := "#" + strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, p)
		for had, taken := c.names[n]; taken && had != p; had, taken = c.names[n] {
			n += "_"
		}
		c.names[n] = p
		path[i] = n
	}
	return strings.Join(path, ".")
}

// alias returns a short placeholder of a name that may be of any length and letters.
func (c *change) alias(name string) string {
	for n, p := range c.names {
		if p == name {
			return n
		}
	}
	n := "#n" + strconv.Itoa(len(c.names))
	c.names[n] = name
	return n
}

// value returns a placeholder of v.
func (c *change) value(v value) string {
	n := ":v" + strconv.Itoa(len(c.values))
	c.values[n] = v
	return n
}

func (c *change) set(v value, path ...string) *change {
	c.sets = append(c.sets, c.name(path...)+" = "+c.value(v))
	return c
}

func (c *change) add(v value, name string) *change {
	c.adds = append(c.adds, c.name(name)+" "+c.value(v))
	return c
}

func (c *change) remove(names ...string) *change {
	for _, n := range names {
		c.removes = append(c.removes, c.name(n))
	}
	return c
}

// over sets the named attributes to those of it, or takes them away.
func (c *change) over(it item, names ...string) *change {
	for _, name := range names {
		if v, ok := it[name]; ok {
			c.set(v, name)
		} else {
			c.remove(name)
		}
	}
	return c
}

// equal returns the condition that name is v.
func (c *change) equal(name string, v value) string { return c.name(name) + " = " + c.value(v) }

func (c *change) expression() *string {
	var out []string
	for _, clause := range []struct {
		word  string
		parts []string
	}{{"SET", c.sets}, {"ADD", c.adds}, {"REMOVE", c.removes}, {"DELETE", c.deletes}} {
		if len(clause.parts) > 0 {
			out = append(out, clause.word+" "+strings.Join(clause.parts, ", "))
		}
	}
	return aws.String(strings.Join(out, " "))
}

// named returns the names, or nil if there are none: DynamoDB refuses an empty map.
func (c *change) named() map[string]string {
	if len(c.names) == 0 {
		return nil
	}
	return c.names
}

// given returns the values, or nil if there are none: DynamoDB refuses an empty map.
func (c *change) given() item {
	if len(c.values) == 0 {
		return nil
	}
	return c.values
}

// check is a write that changes nothing and demands condition of the item under k.
func (c *change) check(table string, k key, condition string) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &table, Key: k.item(), ConditionExpression: &condition, ExpressionAttributeNames: c.named(), ExpressionAttributeValues: c.given(),
	}}
}

const (
	absent  = "attribute_not_exists(pk)"
	present = "attribute_exists(pk)"
)

// Sizes that DynamoDB refuses; we refuse them first, in words.
const (
	maxItem        = 400 << 10
	maxItems       = 100
	maxTransaction = 4 << 20
)

// size is the size of an item by DynamoDB's rule: names and values in UTF-8,
// numbers by their digits, three bytes for a map or list and one for each of
// its members.
func size(it item) int {
	n := 0
	for name, v := range it {
		n += len(name) + sizeOf(v)
	}
	return n
}

func sizeOf(v value) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return (len(strings.TrimLeft(v.Value, "-0"))+1)/2 + 1
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + size(v.Value)
	case *types.AttributeValueMemberL:
		n := 3 + len(v.Value)
		for _, e := range v.Value {
			n += sizeOf(e)
		}
		return n
	case *types.AttributeValueMemberSS:
		n := 0
		for _, word := range v.Value {
			n += len(word)
		}
		return n
	default:
		return 1
	}
}
