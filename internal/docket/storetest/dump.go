package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var tables atomic.Int32

// FreshTable makes an empty table with the keys and indexes of the template,
// and returns its name. It is gone when the test ends.
func FreshTable(t *testing.T, db *dynamodb.Client) string {
	t.Helper()
	name := fmt.Sprintf("cases-%d", tables.Add(1))
	var attributes []types.AttributeDefinition
	for _, a := range []string{"pk", "sk", "workPk", "workSk", "listPk", "listSk"} {
		attributes = append(attributes, types.AttributeDefinition{AttributeName: aws.String(a), AttributeType: types.ScalarAttributeTypeS})
	}
	keys := func(pk, sk string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(pk), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sk), KeyType: types.KeyTypeRange},
		}
	}
	index := func(name, pk, sk string) types.GlobalSecondaryIndex {
		return types.GlobalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: keys(pk, sk),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}
	}
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, AttributeDefinitions: attributes, KeySchema: keys("pk", "sk"), BillingMode: types.BillingModePayPerRequest,
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{index("work", "workPk", "workSk"), index("list", "listPk", "listSk")},
	})
	var made *types.ResourceInUseException // by this very call, whose answer was lost
	if err != nil && !errors.As(err, &made) {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
	})
	return name
}

// LoadDump puts items into a table as they are.
func LoadDump(t *testing.T, db *dynamodb.Client, table string, items []Item) {
	t.Helper()
	for _, it := range items {
		if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: it}); err != nil {
			t.Fatal(err)
		}
	}
}

// Item is one item of a table as DynamoDB gives it.
type Item = map[string]types.AttributeValue

// ReadDump reads the items of a table that was written out, one a line, in
// DynamoDB's own JSON.
func ReadDump(t TB, paths ...string) []Item {
	t.Helper()
	var items []Item
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("reading a dump: %v", err)
		}
		for line := range bytes.Lines(data) {
			var raw map[string]attribute
			if err := json.Unmarshal(line, &raw); err != nil {
				t.Fatalf("reading a dump: %v", err)
			}
			items = append(items, plain(raw))
		}
	}
	return items
}

// WriteItem writes an item as ReadDump reads it.
func WriteItem(it Item) ([]byte, error) {
	raw := map[string]attribute{}
	for name, v := range it {
		a, err := typed(v)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		raw[name] = a
	}
	return json.Marshal(raw)
}

// attribute is a value as DynamoDB's JSON names it: exactly one is there.
type attribute struct {
	S    *string              `json:"S,omitempty"`
	N    *string              `json:"N,omitempty"`
	Bool *bool                `json:"BOOL,omitempty"`
	M    map[string]attribute `json:"M,omitempty"`
	L    []attribute          `json:"L,omitempty"`
}

// MarshalJSON keeps an empty map: a head without gates has one.
func (a attribute) MarshalJSON() ([]byte, error) {
	type same attribute
	if a.M != nil && len(a.M) == 0 {
		return []byte(`{"M":{}}`), nil
	}
	return json.Marshal(same(a))
}

func typed(v types.AttributeValue) (attribute, error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return attribute{S: &v.Value}, nil
	case *types.AttributeValueMemberN:
		return attribute{N: &v.Value}, nil
	case *types.AttributeValueMemberBOOL:
		return attribute{Bool: &v.Value}, nil
	case *types.AttributeValueMemberM:
		m := map[string]attribute{}
		for name, e := range v.Value {
			a, err := typed(e)
			if err != nil {
				return attribute{}, err
			}
			m[name] = a
		}
		return attribute{M: m}, nil
	case *types.AttributeValueMemberL:
		var l []attribute
		for _, e := range v.Value {
			a, err := typed(e)
			if err != nil {
				return attribute{}, err
			}
			l = append(l, a)
		}
		return attribute{L: l}, nil
	}
	return attribute{}, fmt.Errorf("a %T", v)
}

func plain(raw map[string]attribute) Item {
	out := Item{}
	for name, a := range raw {
		out[name] = a.plain()
	}
	return out
}

func (a attribute) plain() types.AttributeValue {
	switch {
	case a.S != nil:
		return &types.AttributeValueMemberS{Value: *a.S}
	case a.N != nil:
		return &types.AttributeValueMemberN{Value: *a.N}
	case a.Bool != nil:
		return &types.AttributeValueMemberBOOL{Value: *a.Bool}
	case a.L != nil:
		var l []types.AttributeValue
		for _, e := range a.L {
			l = append(l, e.plain())
		}
		return &types.AttributeValueMemberL{Value: l}
	}
	return &types.AttributeValueMemberM{Value: plain(a.M)}
}
