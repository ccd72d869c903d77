package stack_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/casework"
	"jixu/internal/local"
	"jixu/internal/policy"
)

// ahead moves the law's clock on until the test ends: other tests live today.
func (h house) ahead(by time.Duration) {
	h.Helper()
	env := h.stack.Environment()
	stood, err := env.Store().Offset(h.ctx)
	h.must(err)
	h.Cleanup(func() {
		if err := env.Store().SetOffset(context.Background(), stood); err != nil {
			h.Error(err)
		}
	})
	_, err = local.MoveClock(h.ctx, env, by)
	h.must(err)
}

// rung returns the rings in the history of a case.
func (h house) rung(id string) (out []casework.RingFx) {
	h.Helper()
	entries, err := h.stack.Environment().Store().Entries(h.ctx, id)
	h.must(err)
	for _, e := range entries {
		var f casework.Facts
		h.must(json.Unmarshal(e.Body, &f))
		if f.Ring != nil {
			out = append(out, *f.Ring)
		}
	}
	return out
}

// spoil cuts the document of a case's head until the test ends, and what lists show of it.
func (h house) spoil(id string) {
	h.Helper()
	db := dynamodb.NewFromConfig(h.stack.Config)
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "CASE#" + id}, "sk": &types.AttributeValueMemberS{Value: "HEAD"}}
	name := aws.String(h.stack.Outputs["TableName"])
	put := func(ctx context.Context, data, row types.AttributeValue) {
		_, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: name, Key: key, UpdateExpression: aws.String("SET #d = :d, #r = :r"),
			ExpressionAttributeNames:  map[string]string{"#d": "data", "#r": "row"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":d": data, ":r": row},
		})
		h.must(err)
	}
	was, err := db.GetItem(h.ctx, &dynamodb.GetItemInput{TableName: name, Key: key, ConsistentRead: aws.Bool(true)})
	h.must(err)
	h.Cleanup(func() { put(context.Background(), was.Item["data"], was.Item["row"]) })
	cut := &types.AttributeValueMemberS{Value: `{"ID":"` + id + `","Num`}
	put(h.ctx, cut, cut)
}

// One case whose head cannot be read: every other deadline rings within the minute,
// every list shows the rest and says that one is missing.
func TestACaseThatCannotBeReadStopsNobody(t *testing.T) {
	h := open(t)
	bad, good := h.plant(local.Submitted), h.plant(local.Submitted)
	number := h.record(good).Case.Number
	h.ahead(40 * 24 * time.Hour)
	h.spoil(bad)
	failed := h.stack.Invoke(h.ctx, "ring-deadlines", []byte("{}"))
	if failed == nil || !strings.Contains(failed.Error(), bad) {
		t.Errorf("ring-deadlines: got %v, want an error that names %s", failed, bad)
	}
	rings := h.rung(good)
	gates := map[string]int{}
	for _, r := range rings {
		gates[r.Gate]++
	}
	if gates["opinion-1"] != 1 || gates["reply-1"] != 1 {
		t.Errorf("the healthy case after one minute: got rings %+v, want one of each gate", rings)
	}
	for _, at := range []struct{ audience, person string }{{"hospital", "lin-zhi"}, {"agency", "zhou-heng"}} {
		page, err := h.signIn(at.audience, at.person).Get(h.ctx, "/"+at.audience)
		h.must(err)
		if page.Status != http.StatusOK || !strings.Contains(string(page.Body), number) || !strings.Contains(page.Text(".notice.stop"), "暂时无法显示") {
			t.Errorf("/%s: got %d and %q, want the rest, and a word of the one that is missing", at.audience, page.Status, page.Text(".notice.stop"))
		}
	}
	// Nothing is wrong with its gates and runs. Once there is, the sweep must read it.
	h.must(executions(h.stack).Stop(h.ctx, review(bad+"-opinion-1")))
	if err := h.stack.Invoke(h.ctx, "sweep-stuck", []byte("{}")); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("sweep-stuck: got %v, want an error that names %s", err, bad)
	}
}

// A lapse takes the seats of those who may record the reply: the function's own
// role allows it.
func TestALapseWithRecordersRings(t *testing.T) {
	h := open(t)
	store := h.stack.Environment().Store()
	rules, err := store.Rules(h.ctx)
	h.must(err)
	h.Cleanup(func() {
		if err := store.PutRules(context.Background(), rules); err != nil {
			h.Error(err)
		}
	})
	strict := rules
	strict.Limits = maps.Clone(rules.Limits)
	limit := strict.Limits[policy.Supplement]
	limit.Effect, limit.N = policy.Lapse, 1
	strict.Limits[policy.Supplement] = limit
	h.must(store.PutRules(h.ctx, strict))
	id := h.plant(local.Answering)
	g, ok := h.record(id).Open("reply")
	if !ok || len(g.Recorders) == 0 || g.Deadline == nil {
		t.Fatalf("the regulator's supplement: got %+v, want one with recorders and a day", g)
	}
	now, err := h.stack.Environment().Store().Offset(h.ctx)
	h.must(err)
	h.ahead(time.Until(g.Deadline.Due.Add(-now)) + time.Minute)
	if err := h.stack.Invoke(h.ctx, "ring-deadlines", []byte("{}")); err != nil {
		t.Errorf("ring-deadlines under its own role: got %v", err)
	}
	if c := h.record(id).Case; c.Status != casework.Lapsed {
		t.Errorf("got %s, want the case lapsed", c.Status)
	}
}
