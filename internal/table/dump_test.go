package table

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// dumped are the items of a table that was written out: of all, or of one by its month.
func dumped(t *testing.T, month string) []item {
	t.Helper()
	paths, err := filepath.Glob("testdata/stored/dump-" + month + "*.jsonl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("finding dumps: %v, %d found", err, len(paths))
	}
	return storetest.ReadDump(t, paths...)
}

// otherwise names what today's writers write otherwise than an earlier build did,
// as "CASE HEAD data", and why it is read all the same. Whoever adds a line has
// seen that the dump still gives its answers on a real table.
var otherwise = map[string]string{
	"CASE HEAD data":    "the head names its dossier's version, the one that forms carry; a head that names none has its own",
	"INQUIRY HEAD data": "the law's value stands there by itself; what the engine knows of it stands beside it",
	"VARIETY HEAD data": "alike",
	"TRUST HEAD data":   "alike",
}

// Every item that an earlier build left in a table is read by today's readers,
// and today's writers would leave the same; they may leave more beside it.
func TestEveryDumpedItemIsReadAndWrittenAgain(t *testing.T) {
	seen := map[string]int{}
	cases := map[string][]item{}
	for _, it := range dumped(t, "") {
		k := keyOf(it)
		kind, _, _ := strings.Cut(k.pk, sep)
		part, _, _ := strings.Cut(k.sk, sep)
		if _, is := aggregateOf(k.pk); is || kind == "ORG" {
			kind += " " + part
		}
		seen[kind]++
		again, ok := rewritten[kind]
		if !ok {
			t.Errorf("%s %s: got an item that nothing reads, want a reader", k.pk, k.sk)
			continue
		}
		now, err := again(it)
		if err != nil {
			t.Errorf("%s %s: got %v, want it read", k.pk, k.sk, err)
			continue
		}
		for name, v := range it {
			_, known := otherwise[kind+" "+name]
			if known && name == attrData {
				storetest.LosesNothing(t, k.pk+" "+k.sk, lawsValue(t, it), []byte(textOf(now, name)))
			}
			if !known && !reflect.DeepEqual(now[name], v) {
				t.Errorf("%s %s: got %s written as %+v, want %+v", k.pk, k.sk, name, now[name], v)
			}
		}
		if id, is := aggregateOf(k.pk); is && (part == headSort || part+sep == gateSort || part+sep == fileSort) {
			cases[id] = append(cases[id], it)
		}
	}
	for kind := range rewritten {
		if seen[kind] == 0 {
			t.Errorf("%s: got none in the dump, want some", kind)
		}
	}
	for id, items := range cases {
		r, err := stored(id, items)
		if torn(items) || err != nil || !whole(items) || r.Name() != id {
			t.Errorf("%s: got torn %v, whole %v, %v; want it loaded at once", id, torn(items), whole(items), err)
		}
	}
}

// beside copies what stands beside a document and is not made of it.
func beside(now, it item, names ...string) item {
	for _, name := range names {
		if has(it, name) {
			now[name] = it[name]
		}
	}
	return now
}

// again reads the document of an item and writes it at the key that it says.
func again[T any](at func(T) key) func(item) (item, error) {
	return func(it item) (item, error) {
		v, err := decode[T](it)
		if err != nil {
			return nil, err
		}
		return document(at(v), v)
	}
}

// asItIs is for what holds no document: its key is its content.
func asItIs(it item) (item, error) {
	return beside(keyOf(it).item(), it, attrCase, attrPerson, attrOffset, attrTries, attrTTL, attrListPK, attrListSK, attrWorkPK, attrWorkSK), nil
}

func entryAgain(it item) (item, error) {
	e, err := history.Decode([]byte(textOf(it, attrData)))
	if err != nil {
		return nil, err
	}
	b := batch{}
	name, _ := aggregateOf(textOf(it, attrPK))
	b.entry(name, e)
	now := b.writes[0].Put.Item
	if !has(it, attrWorkPK) { // told
		delete(now, attrWorkPK)
		delete(now, attrWorkSK)
	}
	return now, b.err
}

// lawsValue is the document of the law's value in a head, of any build.
func lawsValue(t *testing.T, it item) []byte {
	t.Helper()
	h, err := headOf(it)
	if err != nil {
		t.Fatal(err)
	}
	return h.Body
}

// headAgain writes the head of what is no case as it would be written now, in the
// list that names it.
func headAgain(it item) (item, error) {
	h, err := headOf(it)
	if err != nil {
		return nil, err
	}
	if has(it, attrSeq) { // as it is written now
		at, _ := parseInstant(textOf(it, attrListSK))
		now, err := headItem(docket.Change{Head: h, Home: docket.Place{List: strings.TrimPrefix(textOf(it, attrListPK), "named#"), At: at}})
		return beside(now, it, attrGates, attrBrought), err
	}
	was, err := decode[formerHead](it)
	if err != nil {
		return nil, err
	}
	if h.Kind != was.Kind || h.ID != was.ID || h.Version != was.Version || h.Seq != was.Seq || h.Hash != was.Hash {
		return nil, fmt.Errorf("got head %+v, want what %+v says", h, was)
	}
	return headItem(docket.Change{Head: h, Home: docket.Place{List: was.List, At: was.At}})
}

func settingAgain(it item) (item, error) {
	switch keyOf(it) {
	case settingKey("AGENCIES"):
		return again(func(party.Agencies) key { return settingKey("AGENCIES") })(it)
	case settingKey("RULES"):
		return again(func(policy.Rules) key { return settingKey("RULES") })(it)
	}
	return asItIs(it)
}

// rewritten reads an item of each kind and writes it as the store would.
var rewritten = map[string]func(item) (item, error){
	"CASE HEAD": func(it item) (item, error) {
		c, err := decode[casework.Case](it)
		if err != nil {
			return nil, err
		}
		h, err := docket.CaseHead(c)
		if err != nil {
			return nil, err
		}
		home := docket.Place{List: docket.OwnPages.Of(c.Hospital), At: c.EditedAt}
		now, err := headItem(docket.Change{Head: h, Home: home, Open: c.Waiting()})
		return beside(now, it, attrGates, attrBrought), err
	},
	"CASE GATE": func(it item) (item, error) {
		g, err := decode[gate.Gate](it)
		if err != nil {
			return nil, err
		}
		now, err := gateItem(docket.Head{Kind: docket.CaseKind, ID: g.Of, Version: int(numberOf(it, attrVersion))}, g)
		if token, ok := parseTokenOrder(textOf(it, attrTokenOrder)); ok {
			token.Value = textOf(it, attrToken)
			now[attrToken], now[attrTokenOrder] = text(token.Value), text(tokenOrder(token))
		}
		return now, err
	},
	"CASE FILE": func(it item) (item, error) {
		f, err := decode[docket.File](it)
		if err != nil {
			return nil, err
		}
		now, err := fileItem(f)
		if f.State != docket.Unchecked {
			now[attrPinned] = text(f.Version)
		}
		if f.State == docket.Unscanned && !f.ScanAt.IsZero() {
			scanIndex(f.Of, f.ID, f.ScanAt).work(now)
		}
		return now, err
	},
	"CASE ENTRY": entryAgain, "CASE SEAT": asItIs, "CASE COPY": asItIs, "CASE ROW": asItIs,
	"INQUIRY HEAD": headAgain, "INQUIRY ENTRY": entryAgain, "INQUIRY ROW": asItIs,
	"VARIETY HEAD": headAgain, "VARIETY ENTRY": entryAgain, "TRUST HEAD": headAgain, "TRUST ENTRY": entryAgain,
	"CASE TIMER": asItIs, "INQUIRY TIMER": asItIs,
	"ROWS": func(it item) (item, error) {
		list, _ := strings.CutPrefix(textOf(it, attrPK), "ROWS#")
		sort, name, ok := parseRow(textOf(it, attrSK))
		if !ok {
			return nil, fmt.Errorf("got the place %s, want one of a row", textOf(it, attrSK))
		}
		b := batch{}
		b.row(docket.Row{List: list, Sort: sort, Name: name, Body: json.RawMessage(textOf(it, attrData))})
		return b.writes[0].Put.Item, b.err
	},
	"NUMBER": asItIs, "CODES": asItIs, "SUBJECT": asItIs, "ORG PERSON": asItIs, "SETTINGS": settingAgain,
	"OP":      again(func(o docket.Operation) key { return operationKey(o.Scope, o.ID) }),
	"READ":    again(readingKey),
	"LINK":    again(func(l docket.Link) key { return linkKey(l.Hash) }),
	"ORG ORG": again(func(o party.Organisation) key { return orgKey(o.ID) }),
	"PERSON":  again(func(p party.Person) key { return personKey(p.ID) }),
	"PACK":    again(func(p policy.Pack) key { return packKey(p.Key()) }),
	"NOTICE": func(it item) (item, error) {
		name, _ := strings.CutPrefix(textOf(it, attrPK), "NOTICE#")
		return again(func(json.RawMessage) key { return noticeKey(name) })(it)
	},
	"SESSION": func(it item) (item, error) {
		s, err := decode[docket.Session](it)
		if err != nil {
			return nil, err
		}
		now, err := sessionItem(s)
		return beside(now, it, attrIdle), err // it was touched
	},
	"CODE": func(it item) (item, error) {
		c, err := codeOf(it)
		if err != nil {
			return nil, err
		}
		was, err := decode[docket.Code](it)
		if err != nil {
			return nil, err
		}
		now, err := document(codeKey(c.ID), was)
		now[attrTries], now[attrUsed], now[attrExpires] = number(int64(c.Tries)), truth(c.Used), text(instant(c.Expires))
		forgotten(now, c.Expires)
		return now, err
	},
	"PENDING": func(it item) (item, error) {
		p, err := decode[docket.Pending](it)
		if err != nil {
			return nil, err
		}
		now, err := document(pendingKey(p.State), p)
		now[attrExpires] = text(instant(p.Expires))
		forgotten(now, p.Expires)
		return now, err
	},
}

// The stream's records of an earlier build name the entries they always named,
// and nothing else in them passes for one.
func TestStreamRecordsNameTheirEntries(t *testing.T) {
	const path = "testdata/stored/records-2026-11.json"
	if _, err := os.Stat(path); err != nil && *add {
		addRecords(t, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var in events.DynamoDBEvent
	if err := json.Unmarshal(b, &in); err != nil {
		t.Fatal(err)
	}
	var want []docket.EntryRef
	for _, it := range dumped(t, "2026-11") {
		e, err := history.Decode([]byte(textOf(it, attrData)))
		if err == nil {
			want = append(want, docket.EntryRef{Of: strings.TrimPrefix(e.Aggregate, docket.CaseKind+"/"), Seq: e.Seq})
		}
	}
	var got []docket.EntryRef
	for _, r := range in.Records {
		if ref, ok := EntryOf(r.Change.Keys["pk"].String(), r.Change.Keys["sk"].String()); ok {
			got = append(got, ref)
		}
	}
	if len(in.Records) <= len(got) || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v in %d records, want %v and others", got, len(in.Records), want)
	}
}

// addRecords writes down what the stream says of every entry of the dump, and of
// one item of each other kind.
func addRecords(t *testing.T, path string) {
	t.Helper()
	var records []any
	seen := map[string]bool{}
	for i, it := range dumped(t, "2026-11") {
		k := keyOf(it)
		kind, _, _ := strings.Cut(k.pk, sep)
		part, _, _ := strings.Cut(k.sk, sep)
		if _, isEntry := EntryOf(k.pk, k.sk); !isEntry && seen[kind+part] {
			continue
		}
		seen[kind+part] = true
		records = append(records, map[string]any{
			"eventID": strconv.Itoa(i), "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "cn-north-1",
			"dynamodb": map[string]any{
				"Keys":           map[string]any{"pk": map[string]string{"S": k.pk}, "sk": map[string]string{"S": k.sk}},
				"SequenceNumber": strconv.Itoa(1000 + i), "SizeBytes": len(k.pk) + len(k.sk), "StreamViewType": "KEYS_ONLY",
			},
		})
	}
	b, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
