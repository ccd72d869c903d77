package table

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/inquiry"
	"jixu/internal/party"
	"jixu/internal/variety"
)

// A list moves what it shows of heads, and of gates all there is.
func TestAListReadsNoDocumentOfAHead(t *testing.T) {
	row := `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"GATE#opinion-1"},"listSk":{"S":"x"}}]}`
	s, got := scripted(t, answer{200, row}, answer{200, `{"Responses":{"cases":[]}}`})
	if _, _, err := s.List(t.Context(), docket.InboxPages.Of("mpa"), "", 10); err != nil {
		t.Fatal(err)
	}
	asked := func(i int) (keys []string, of []string) {
		in := got()[i]["RequestItems"].(map[string]any)["cases"].(map[string]any)
		for _, k := range in["Keys"].([]any) {
			keys = append(keys, k.(map[string]any)["sk"].(map[string]any)["S"].(string))
		}
		names, _ := in["ExpressionAttributeNames"].(map[string]any)
		for _, n := range slices.Sorted(maps.Keys(names)) {
			if !strings.Contains(in["ProjectionExpression"].(string), n) {
				t.Errorf("brings %s and does not use it", n)
			}
			of = append(of, names[n].(string))
		}
		return keys, of
	}
	heads, of := asked(1)
	if !slices.Equal(heads, []string{"HEAD"}) || !slices.Equal(of, []string{"number", "pk", "row", "rowOf", "sk", "v"}) {
		t.Errorf("got %v of %v, want what lists show of the head", of, heads)
	}
	gates, of := asked(2)
	if !slices.Equal(gates, []string{"GATE#opinion-1"}) || of != nil {
		t.Errorf("got %v of %v, want the whole gate", of, gates)
	}
}

// While a deployment goes on, or after one was taken back, an earlier build moves heads
// and leaves the rows of the versions before: they are none.
func TestARowOfAnEarlierVersionIsNone(t *testing.T) {
	for version, want := range map[string]string{"2": `{"ID":"c1"}`, "3": ""} {
		head := `{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"},"v":{"N":"` + version + `"},"row":{"S":"{\"ID\":\"c1\"}"},"rowOf":{"N":"2"},"data":{"S":"{}"}}`
		row := answer{200, `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"},"listSk":{"S":"x"}}]}`}
		s, _ := scripted(t, row, answer{200, `{"Responses":{"cases":[` + head + `]}}`}, answer{200, `{"Item":` + head + `}`})
		rows, _, err := s.List(t.Context(), docket.OwnPages.Of("h1"), "", 10)
		if err != nil || len(rows) != 1 || string(rows[0].Head.Row) != want {
			t.Errorf("at version %s: got %v and %v, want the row %q", version, rows, err, want)
		}
		if h, err := s.Head(t.Context(), "c1"); err != nil || string(h.Row) != want {
			t.Errorf("the head at version %s: got the row %q and %v, want %q", version, h.Row, err, want)
		}
	}
}

// on is how a table answers with an item.
func on(it item) string {
	out := map[string]any{}
	for name, v := range it {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			out[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			out[name] = map[string]any{"N": v.Value}
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(err) // texts only
	}
	return string(b)
}

// What an earlier build left in a table is listed as it was: its heads have no rows.
func TestHeadsOfEarlierBuildsAreListed(t *testing.T) {
	seen := map[string]int{}
	for _, it := range dumped(t, "") {
		kind, _, _ := strings.Cut(keyOf(it).pk, sep)
		if keyOf(it).sk != headSort || has(it, attrRow) {
			continue
		}
		projected := beside(keyOf(it).item(), it, attrVersion, attrNumber)
		listed := item{attrListSK: text(instant(time.Now()))}
		maps.Copy(listed, keyOf(it).item())
		s, got := scripted(t, answer{200, `{"Items":[` + on(listed) + `]}`},
			answer{200, `{"Responses":{"cases":[` + on(projected) + `]}}`}, answer{200, `{"Item":` + on(it) + `}`})
		h, err := headOf(it)
		if err != nil {
			t.Fatal(err)
		}
		shown, whole, err := shownOf(t, docket.New(s, Clock{}, nil), h)
		if kind == "TRUST" {
			continue // no page lists it
		}
		if err != nil || shown == nil || !reflect.DeepEqual(shown, whole) {
			t.Errorf("%s: got %+v and %v, want %+v", h.Name(), shown, err, whole)
		}
		heads := 0
		for _, r := range got() {
			if r["Key"] != nil {
				heads++
			}
		}
		if heads != 1 {
			t.Errorf("%s: got %d items read one by one, want its head once", h.Name(), heads)
		}
		seen[kind]++
	}
	for _, kind := range []string{"CASE", "INQUIRY", "VARIETY"} {
		if seen[kind] == 0 {
			t.Errorf("%s: got none in the dump, want some", kind)
		}
	}
}

// shownOf is what a list shows of the one thing on it, and what it should show.
func shownOf(t *testing.T, d *docket.Desk, h docket.Head) (shown, whole any, err error) {
	t.Helper()
	a := party.Actor{Person: "p", Kind: party.Hospital, Roles: []party.Role{party.Reader}, Via: party.BySession}
	switch h.Kind {
	case docket.CaseKind:
		c, err := docket.Body[casework.Case](h)
		if err != nil {
			return nil, nil, err
		}
		a.Org = c.Hospital
		rows, _, err := d.Cases(t.Context(), "", 10, a)
		if len(rows) != 1 || rows[0].Unreadable {
			return nil, c, err
		}
		return rows[0].Case, c.Brief(), err
	case "inquiry":
		q, err := docket.Body[inquiry.Inquiry](h)
		if err != nil {
			return nil, nil, err
		}
		a.Org = q.Hospital
		page, err := d.Inquiries(t.Context(), "", 10, a)
		if len(page.Rows) != 1 {
			return nil, q, err
		}
		return page.Rows[0], q, err
	case "variety":
		v, err := docket.Body[variety.Variety](h)
		if err != nil {
			return nil, nil, err
		}
		page, err := d.Varieties(t.Context(), v.Drug, "", 10, a)
		if len(page.Rows) != 1 {
			return nil, v, err
		}
		return page.Rows[0], v, err
	}
	return nil, nil, nil
}

// A head that carries its row is written with it and gives it back.
func TestARowIsKeptBesideItsHead(t *testing.T) {
	h := docket.Head{Kind: "inquiry", ID: "q1", Version: 3, Seq: 1, Body: []byte(`{"a":1}`), Row: []byte(`{"a":"急"}`)}
	it, err := headItem(docket.Change{Head: h, Home: docket.Place{List: "l"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := headOf(it); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("got %+v and %v, want %+v", got, err, h)
	}
}

// AWS bills a read of some attributes like one of the whole item, and so does the meter.
func TestAReadOfSomeAttributesIsBilledWhole(t *testing.T) {
	whole := keyOf(item{attrPK: text("CASE#c1"), attrSK: text(headSort)}).item()
	whole[attrData] = text(strings.Repeat("x", 9000))
	s, _ := scripted(t, answer{200, `{"Item":` + on(whole) + `}`})
	in := dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"cases": {Keys: []item{headKey("c1").item()}}}}
	out := dynamodb.BatchGetItemOutput{Responses: map[string][]item{"cases": {headKey("c1").item()}}}
	m := Meter{peek: s.db}
	if got := m.readUnits(t.Context(), &in, &out); got != 0.5 {
		t.Errorf("an item that is read as it is: got %v units, want half of one", got)
	}
	in.RequestItems["cases"] = types.KeysAndAttributes{Keys: in.RequestItems["cases"].Keys, ProjectionExpression: aws.String("pk, sk")}
	if got := m.readUnits(t.Context(), &in, &out); got != 1.5 {
		t.Errorf("some of an item of nine thousand bytes: got %v units, want three halves", got)
	}
}
