package table_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/dossier"
	"jixu/internal/gate"
	"jixu/internal/inquiry"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/trust"
	"jixu/internal/variety"
	"jixu/internal/world"
)

// Goldens are what earlier builds wrote. They are added, never edited, and read
// for ever: below testdata/stored stand
//
//	<kind>-<moment>.json    one document of each shape that a life writes
//	history/<life>.jsonl    whole histories, and beside each what its entries tell
//	dump-….jsonl            a table as it was, with what it answers
//	SHA256SUMS              that none of them was touched
//	former.txt              which of them are no longer written as they stand there
const goldens = "testdata/stored/"

func adding() bool { return flag.Lookup("add").Value.String() == "true" }

// readers read a document of each kind as today's build does.
var readers = map[string]func([]byte) (any, error){
	"case": read[casework.Case], "gate": read[gate.Gate], "file": read[docket.File], "operation": read[docket.Operation],
	"reading": read[docket.Reading], "session": read[docket.Session], "link": read[docket.Link], "code": read[docket.Code],
	"pending": read[docket.Pending], "autosave": read[docket.Autosave], "sheet": read[formerHead], "organisation": read[party.Organisation], "person": read[party.Person],
	"agencies": read[party.Agencies], "rules": read[policy.Rules], "pack": read[policy.Pack], "delivered": read[time.Time],
	"inquiry": read[inquiry.Inquiry], "variety": read[variety.Variety], "trust": read[trust.Trust],
	"notice": read[docket.Notice], "input": read[docket.Input], "next": read[docket.Next], "event": read[docket.CloudEvent], "waiting": read[waiting],
	"manifest": func(b []byte) (any, error) {
		sum := sha256.Sum256(b)
		return dossier.ParseManifest(b, hex.EncodeToString(sum[:]))
	},
}

func read[T any](b []byte) (any, error) {
	var v T
	err := json.Unmarshal(b, &v)
	return v, err
}

// waiting is what the machine's definition sends to open-gate, with all that it names.
type waiting struct {
	CaseID    string    `json:"caseId,omitempty"`
	Of        string    `json:"of,omitempty"`
	Leg       gate.Leg  `json:"leg"`
	Run       int       `json:"run"`
	Gate      string    `json:"gate"`
	TaskToken string    `json:"taskToken"`
	Entered   time.Time `json:"entered"`
	Retry     int       `json:"retry"`
}

// formerHead is what earlier builds kept of a head that is no case's.
type formerHead struct {
	Kind    string          `json:"Kind"`
	ID      string          `json:"ID"`
	Version int             `json:"Version"`
	Seq     int             `json:"Seq"`
	Hash    string          `json:"Hash"`
	Body    json.RawMessage `json:"Body"`
	List    string          `json:"List"`
	At      time.Time       `json:"At"`
}

func kindOf(path string) string {
	kind, _, _ := strings.Cut(filepath.Base(path), "-")
	return kind
}

// documents are the paths of all goldens that are one document.
func documents(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(goldens + "*.json")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(paths, func(p string) bool { return readers[kindOf(p)] == nil })
}

func load(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b, []byte("\n"))
}

// former reads which goldens are no longer written as they stand there: a line
// "old.json", which then still loses nothing, or "old.json reads as new.json", where
// a newer golden says what it means.
func former(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(string(load(t, goldens+"former.txt"))) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		old, now, _ := strings.Cut(line, " reads as ")
		out[old] = now
	}
	return out
}

// Every document that was ever written reads. Those that are current are written
// again as they stand there, to the byte; a former one means the same.
func TestGoldensReadForEver(t *testing.T) {
	old := former(t)
	seen := map[string]int{}
	for _, path := range documents(t) {
		name, data, reader := filepath.Base(path), load(t, path), readers[kindOf(path)]
		seen[kindOf(path)]++
		v, err := reader(data)
		if err != nil {
			t.Errorf("%s: got %v, want it read", name, err)
			continue
		}
		again, err := json.Marshal(v)
		if m, is := v.(dossier.Manifest); is {
			again, _, err = m.Canonical()
		}
		if err != nil {
			t.Errorf("%s: got %v, want it written again", name, err)
			continue
		}
		successor, isFormer := old[name]
		switch {
		case !isFormer && !bytes.Equal(again, data):
			t.Errorf("%s: written again\n got %s\nwant %s", name, again, data)
		case isFormer && successor == "":
			storetest.LosesNothing(t, name, data, again)
			if back, err := reader(again); err != nil || !reflect.DeepEqual(back, v) {
				t.Errorf("%s: read again\n got %+v, %v\nwant %+v", name, back, err, v)
			}
		case isFormer:
			now, err := reader(load(t, goldens+successor))
			if err != nil || !reflect.DeepEqual(v, now) {
				t.Errorf("%s: got %+v, %v; want what %s means, %+v", name, v, err, successor, now)
			}
		}
	}
	for kind := range readers {
		if seen[kind] == 0 {
			t.Errorf("%s: got no golden, want one of each shape", kind)
		}
	}
}

// A document of a newer build, which says more, is read as far as this one
// understands it: old and new run side by side while a deployment goes on.
func TestWhatANewerBuildAddsIsLeftAlone(t *testing.T) {
	for _, path := range documents(t) {
		data := load(t, path)
		if data[0] != '{' || kindOf(path) == "manifest" { // a manifest is what its digest says, and nothing more
			continue
		}
		want, err := readers[kindOf(path)](data)
		if err != nil {
			t.Fatal(err)
		}
		more := slices.Concat([]byte(`{"AddedLater":{"x":["y"]},`), data[1:])
		if got, err := readers[kindOf(path)](more); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s with a field more: got %+v, %v; want the same", path, got, err)
		}
	}
}

// The bodies of sheets are the law's values.
func TestFormerHeadsHoldTheLawsValues(t *testing.T) {
	for _, path := range documents(t) {
		if kindOf(path) != "sheet" {
			continue
		}
		var s formerHead
		if err := json.Unmarshal(load(t, path), &s); err != nil {
			t.Fatal(err)
		}
		v, err := readers[s.Kind](s.Body)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		storetest.LosesNothing(t, path, s.Body, again)
	}
}

// A house lives through everything there is. Whatever it writes has a shape that
// a golden holds; a new shape is added with -add.
func TestEveryShapeThatIsWrittenHasAGolden(t *testing.T) {
	h := newHouse(t, world.InMemory)
	h.live()
	held := map[string]bool{}
	for _, path := range documents(t) {
		held[kindOf(path)+"\n"+shapeOf(t, load(t, path))] = true
	}
	for _, d := range h.keep.seen {
		shape := d.kind + "\n" + shapeOf(t, d.data)
		switch {
		case held[shape]:
		case adding():
			held[shape] = true
			name := strings.TrimPrefix(d.moment, d.kind+"-")
			write(t, d.kind+"-"+name, ".json", append(d.data, '\n'))
		default:
			t.Errorf("%s at %s: got a shape without a golden, want it added (go test ./internal/table -add)\n%s", d.kind, d.moment, d.data)
		}
	}
	if adding() {
		h.addHistories(t)
	}
}

// write adds a golden under a name that is free.
func write(t *testing.T, name, suffix string, data []byte) string {
	t.Helper()
	for n := 1; ; n++ {
		path := goldens + name + suffix
		if n > 1 {
			path = fmt.Sprintf("%s%s-%d%s", goldens, name, n, suffix)
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// No golden is ever touched. With -add, what is new is put on the list; a line
// that stands there is never written anew.
func TestNoGoldenWasTouched(t *testing.T) {
	const list = goldens + "SHA256SUMS"
	sums := map[string]string{}
	text := string(load(t, list))
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || sums[name] != "" {
			t.Fatalf("SHA256SUMS: got %q, want a sum and a name, once", line)
		}
		sums[name] = sum
	}
	var fresh []string
	there := map[string]bool{}
	err := filepath.WalkDir(goldens, func(path string, d os.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), goldens)
		if err != nil || d.IsDir() || name == "SHA256SUMS" || name == "former.txt" {
			return err
		}
		there[name] = true
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(b) > 300_000 {
			t.Errorf("%s: got %d bytes, want at most 300 kB", name, len(b))
		}
		sum := sha256.Sum256(b)
		switch got := hex.EncodeToString(sum[:]); {
		case sums[name] == got:
		case sums[name] == "" && adding():
			fresh = append(fresh, got+"  "+name+"\n")
		case sums[name] == "":
			t.Errorf("%s: got it without a sum, want it on the list (go test ./internal/table -add)", name)
		default:
			t.Errorf("%s: got it edited, want what was written then: add another golden instead", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range sums {
		if !there[name] {
			t.Errorf("%s: got it gone, want it read for ever", name)
		}
	}
	if len(fresh) > 0 && !t.Failed() {
		if err := os.WriteFile(list, []byte(strings.TrimSuffix(text, "\n")+"\n"+strings.Join(fresh, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
