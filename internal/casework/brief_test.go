package casework

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/gate"
	"jixu/internal/party"
)

// Whatever lists ask of a case, its brief answers as the whole does, for everybody and
// wherever a case can stand.
func TestABriefAnswersWhatListsAskAsTheWholeDoes(t *testing.T) {
	things := map[string]Case{}
	for name, c := range stages {
		things[name] = c
		if c.Decision == nil {
			continue
		}
		for _, o := range []Outcome{Approve, ApproveInPart, Refuse} {
			one := c
			one.Decision = &Decision{Outcome: o, Reason: "理由"}
			things[name+", "+string(o)] = one
			one.Former = []Decision{{Outcome: Refuse}, {Outcome: o, Reason: "理由"}, {Outcome: Refuse}}
			things[name+", before that "+string(o)] = one
		}
	}
	for name, c := range things {
		for _, kind := range both {
			c.ID, c.Number, c.Kind, c.Hospital, c.EditedAt = "c1", "N-1", kind, "h1", time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
			c.Form = map[string]string{"product-zh": "封堵器", "indication": "理由"}
			if len(c.Submissions) > 0 {
				c.Submissions = []Submission{{No: 1, Product: "former", Urgency: "理由"}, {No: 2, Product: "newest", Urgency: "理由"}}
			}
			kept, err := json.Marshal(c.Row())
			if err != nil {
				t.Fatal(err)
			}
			var read Case
			if err := json.Unmarshal(kept, &read); err != nil || !reflect.DeepEqual(read, c.Brief()) {
				t.Errorf("%s %s: got %+v and %v from its row %s, want its brief", kind, name, read, err, kept)
			}
			if got, want := asked(t, c.Brief()), asked(t, c); got != want {
				t.Errorf("%s %s: got\n%s\nwant\n%s", kind, name, got, want)
			}
		}
	}
}

// asked is what lists ask of a case.
func asked(t *testing.T, c Case) string {
	t.Helper()
	product := c.Form["product-zh"]
	if n := len(c.Submissions); n > 0 {
		product = c.Submissions[n-1].Product
	}
	out := []string{
		fmt.Sprint(c.ID, c.Number, c.Kind, c.Hospital, c.Status, c.Stage(), c.Closed(), c.Editable(), c.FormOpen(), c.Waiting(), c.EditedAt, product),
	}
	if leg, owed := c.SupplementLeg(); owed {
		out = append(out, "supplements "+string(leg))
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		a := people[name]
		out = append(out, fmt.Sprint(name, " reads: ", c.MayRead(a)))
		a.Of, a.Gate = "c2", "g"
		a.Via = party.ByLink
		out = append(out, fmt.Sprint(name, " by another's link: ", c.MayRead(a)))
		for _, g := range []gate.Gate{
			{Leg: gate.Opinion, Kind: gate.Assess, Party: "mpa"},
			{Leg: gate.Opinion, Kind: gate.Assess, Party: "hc"},
			{Leg: gate.Reply, Kind: gate.Decide, Party: "nmpa", Recorders: []string{"mpa"}},
			{Leg: gate.Opinion, Kind: gate.Supplement, Party: "h1"},
			{Leg: gate.Reply, Kind: gate.Supplement, Party: "h1", Recorders: []string{"nmpa"}},
			{Leg: gate.Papers, Kind: gate.Deliver, Party: "h1"},
		} {
			g.ID, g.Of, g.Status, g.Issue, g.Submission = "g", "c1", gate.Open, 1, len(c.Submissions)
			out = append(out, fmt.Sprint(name, " answers ", g.Kind, " of ", g.Party, ": ", c.Answers(g, people[name])))
		}
	}
	return strings.Join(out, "\n")
}

// A brief has what stands here and nothing else: a new field of a case is in no list
// before somebody has written it down.
func TestABriefKeepsNoMoreThanListsShow(t *testing.T) {
	c := reflect.New(reflect.TypeFor[Case]()).Elem()
	fill(c)
	whole := c.Interface().(Case)
	for _, id := range append([]string{"indication", "patients"}, namedBy...) {
		whole.Form[id] = "text"
	}
	whole.Submissions = append(whole.Submissions, whole.Submissions[0])
	whole.Former = append(whole.Former, whole.Former[0])
	b, err := json.Marshal(whole.Brief())
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`
		Decision.Outcome EditedAt Form.manufacturer Form.product-original Form.product-zh Form.udi-di Former.0.Outcome Hospital ID Kind Number
		Opinion.Gate Opinion.State Papers.Gate Reply.Gate Reply.State Status Submissions.0.No Submissions.0.Product`)
	if got := slices.Sorted(slices.Values(said("", v))); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// said lists the paths of everything in a document that says something.
func said(path string, v any) (out []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			out = append(out, said(strings.TrimPrefix(path+"."+name, "."), member)...)
		}
	case []any:
		for i, member := range v {
			out = append(out, said(fmt.Sprint(path, ".", i), member)...)
		}
	case nil:
	default:
		if v != "" && v != false && v != 0.0 && v != "0001-01-01T00:00:00Z" {
			out = append(out, path)
		}
	}
	return out
}

// fill gives everything in v a value.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.Map:
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(k)
		fill(e)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(k, e)
	case v.Kind() == reflect.String:
		v.SetString("text")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(1)
	case v.CanUint():
		v.SetUint(1)
	}
}
