package table

import (
	"encoding"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/inquiry"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/trust"
	"jixu/internal/variety"
)

var add = flag.Bool("add", false, "add what is new to the names and sums in testdata; what is there is never changed")

// kept are the types whose values are kept or sent as JSON, by the word that
// names them in goldens.
var kept = map[string]reflect.Type{
	// documents of the table
	"case": typeOf[casework.Case](), "gate": typeOf[gate.Gate](), "file": typeOf[docket.File](), "operation": typeOf[docket.Operation](),
	"reading": typeOf[docket.Reading](), "session": typeOf[docket.Session](), "link": typeOf[docket.Link](), "code": typeOf[docket.Code](),
	"pending": typeOf[docket.Pending](), "sheet": typeOf[formerHead](), "organisation": typeOf[party.Organisation](),
	"person": typeOf[party.Person](), "agencies": typeOf[party.Agencies](), "rules": typeOf[policy.Rules](), "pack": typeOf[policy.Pack](),
	"delivered": typeOf[time.Time](), "cursor": typeOf[docket.Cursor](), "autosave": typeOf[docket.Autosave](),
	// what stands in the heads of other aggregates
	"inquiry": typeOf[inquiry.Inquiry](), "variety": typeOf[variety.Variety](), "trust": typeOf[trust.Trust](),
	// history
	"entry": typeOf[history.Entry](), "case-facts": typeOf[casework.Facts](), "inquiry-facts": typeOf[inquiry.Facts](),
	"variety-facts": typeOf[variety.Facts](), "trust-facts": typeOf[trust.Facts](), "manifest": typeOf[dossier.Manifest](),
	// what is sent
	"notice": typeOf[docket.Notice](), "input": typeOf[docket.Input](), "next": typeOf[docket.Next](), "event": typeOf[docket.CloudEvent](),
}

// formerHead is what earlier builds kept of a head that is no case's. See [former].
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

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

var asText = typeOf[encoding.TextMarshaler]()

// walk visits every field that is written of t, with the path that leads to it.
func walk(path string, t reflect.Type, on []reflect.Type, field func(path string, f reflect.StructField), leaf func(path, kind string)) {
	switch {
	case t == typeOf[json.RawMessage]():
		leaf(path, "any")
		return
	case t == typeOf[[]byte]():
		leaf(path, "base64")
		return
	case t.Implements(asText):
		leaf(path, strings.ToLower(t.Name()))
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		walk(path, t.Elem(), on, field, leaf)
	case reflect.Slice, reflect.Array:
		walk(path+"[]", t.Elem(), on, field, leaf)
	case reflect.Map:
		walk(path+"{}", t.Elem(), on, field, leaf)
	case reflect.Struct:
		if slices.Contains(on, t) {
			leaf(path, "again")
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.IsExported() || name == "-" {
				continue
			}
			field(path, f)
			if name == "" {
				name = f.Name
			}
			walk(path+"."+name, f.Type, append(on, t), field, leaf)
		}
	case reflect.Interface:
		leaf(path, "any")
	case reflect.String, reflect.Bool:
		leaf(path, t.Kind().String())
	default:
		leaf(path, "number")
	}
}

// A field that an editor renames must not lose what was written yesterday.
func TestEveryStoredFieldSaysItsName(t *testing.T) {
	for root, typ := range kept {
		walk(root, typ, nil, func(path string, f reflect.StructField) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == "" || f.Anonymous {
				t.Errorf("%s: got field %s without a name of its own, want `json:\"…\"`", path, f.Name)
			}
		}, func(string, string) {})
	}
}

// testdata/names.txt has every name that was ever written, with what stands
// under it. Lines are added, never changed and never taken away.
func TestNoStoredNameIsForgotten(t *testing.T) {
	const path = "testdata/names.txt"
	var now []string
	for root, typ := range kept {
		walk(root, typ, nil, func(string, reflect.StructField) {}, func(path, kind string) { now = append(now, path+" "+kind) })
	}
	slices.Sort(now)
	b, err := os.ReadFile(path)
	if err != nil && !*add {
		t.Fatal(err)
	}
	was := slices.DeleteFunc(strings.Split(string(b), "\n"), func(s string) bool { return s == "" })
	for _, line := range was {
		// Where JSON is read, names may differ in case.
		if !slices.ContainsFunc(now, func(s string) bool { return strings.EqualFold(s, line) }) {
			t.Errorf("%s: got it gone, want it read for ever", line)
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(now), func(s string) bool { return slices.Contains(was, s) })
	if *add && !t.Failed() {
		all := slices.Sorted(slices.Values(append(was, fresh...)))
		if err := os.WriteFile(path, []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, line := range fresh {
		t.Errorf("%s: got a new name, want it on the list (go test ./internal/table -run Forgotten -add)", line)
	}
}

// What the table's readers read is on the list above.
func TestEveryTypeThatIsReadIsOnTheList(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for typ := range maps.Values(kept) {
		listed = append(listed, typ.String())
	}
	read := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			x, ok := n.(*ast.IndexExpr)
			if !ok {
				return true
			}
			by, ok := x.X.(*ast.Ident)
			of, named := x.Index.(*ast.SelectorExpr)
			if !ok || by.Name != "decode" && by.Name != "find" || !named {
				return true
			}
			read++
			if name := of.X.(*ast.Ident).Name + "." + of.Sel.Name; !slices.Contains(listed, name) {
				t.Errorf("%s: reads %s, want it among the stored types", path, name)
			}
			return true
		})
	}
	if read < 10 {
		t.Errorf("got %d readers, want those of the table", read)
	}
}
