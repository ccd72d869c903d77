package docket_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
)

// An operator's own version of a pack is marked as his own, new drafts get it,
// and the drafts before keep theirs.
func TestAnOperatorsOwnPack(t *testing.T) {
	tw := newTown(t)
	ctx := context.Background()
	tw.Desk.Packs = policy.Carried
	before, err := tw.Desk.Create(ctx, docket.Op{ID: "op-before-0000000"}, policy.Drug, actor("lin"))
	must(t, err)

	own := policy.DrugPack()
	own.Version = "1-hua"
	own.Label.ZH = "本院材料清单"
	data, err := json.Marshal(own)
	must(t, err)
	if _, err := tw.Desk.PutPack(ctx, "drug-2022-18-v9", data); !errors.Is(err, fault.NotFound) {
		t.Errorf("made from a pack that is not there: got %v, want %v", err, fault.NotFound)
	}
	kept, err := tw.Desk.PutPack(ctx, policy.DrugKey, data)
	must(t, err)

	rules := policy.LocalSample()
	rules.Packs = map[string]string{"drug": kept.Key()}
	must(t, tw.World.Directory.PutRules(ctx, rules))
	after, err := tw.Desk.Create(ctx, docket.Op{ID: "op-after-00000000"}, policy.Drug, actor("lin"))
	must(t, err)
	for _, row := range []struct{ id, want string }{{before.Case, policy.DrugKey}, {after.Case, "drug-2022-18-v1-hua"}} {
		v, err := tw.Desk.View(ctx, row.id, actor("lin"))
		must(t, err)
		if got := v.Pack.Key(); got != row.want || v.Case.Pack != row.want {
			t.Errorf("the pack of a draft: got %s, want %s", got, row.want)
		}
	}
	if p, err := tw.Desk.CurrentPack(ctx, policy.Drug); err != nil || p.Label.ZH != "本院材料清单" {
		t.Errorf("the pack of the next draft: got %s (%v), want the operator's", p.Label.ZH, err)
	}
	for what, key := range map[string]string{"one nobody put": "drug-2022-18-v1-hai", "one for devices": policy.DeviceKey} {
		rules.Packs["drug"] = key
		must(t, tw.World.Directory.PutRules(ctx, rules))
		if _, err := tw.Desk.Create(ctx, docket.Op{ID: "op-wrong-00000000"}, policy.Drug, actor("lin")); !errors.Is(err, fault.Unavailable) {
			t.Errorf("rules that name %s: got %v, want %v", what, err, fault.Unavailable)
		}
	}
}
