package blueprint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure is what a package of the law says of itself, in these words.
const pure = "performs no I/O and reads no clock"

// harmless are the packages outside the house that the law may import: none of them
// opens anything, asks for the time or throws dice, but for the names below. What is
// missing here is refused, so that nobody has to know every way out.
var harmless = []string{
	"bufio", "bytes", "cmp", "compress/flate", "compress/zlib", "crypto/hmac", "crypto/sha256", "crypto/subtle", "embed", "encoding", "encoding/base32", "encoding/base64",
	"encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "hash", "hash/crc32", "io", "iter", "maps", "math", "math/big", "math/bits", "net/netip", "net/url", "path",
	"reflect", "regexp", "slices", "sort", "strconv", "strings", "sync", "time", "unicode", "unicode/utf16", "unicode/utf8",
}

// ways are the names in harmless packages that are not harmless: the clock, what waits for
// it, zones (read from a file) and standard output.
var ways = map[string]*regexp.Regexp{
	"time": regexp.MustCompile(`^(Now|Since|Until|After|AfterFunc|Tick|NewTimer|NewTicker|Sleep|Local|LoadLocation)$`),
	"fmt":  regexp.MustCompile(`^(Print|Printf|Println|Scan|Scanf|Scanln)$`),
}

// lawful are the rooms whose package comment says that they are pure.
func lawful(all []source) map[string]bool {
	out := map[string]bool{}
	for _, s := range all {
		if s.file.Doc != nil && strings.Contains(strings.Join(strings.Fields(s.file.Doc.Text()), " "), pure) {
			out[s.room] = true
		}
	}
	return out
}

// impure says what a file does that the law must not. ours is the law.
func impure(file *ast.File, ours map[string]bool) (found []string) {
	called := map[string]string{} // what a package is called in this file -> its path
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return []string{err.Error()}
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		called[name] = path
		room, inside := strings.CutPrefix(path, "jixu/internal/")
		if inside && !ours[room] || !inside && !slices.Contains(harmless, path) || name == "." {
			found = append(found, "imports "+path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if name, ok := n.X.(*ast.Ident); ok && ways[called[name.Name]] != nil && ways[called[name.Name]].MatchString(n.Sel.Name) {
				found = append(found, "uses "+called[name.Name]+"."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "print" || name.Name == "println") {
				found = append(found, "calls "+name.Name)
			}
		}
		return true
	})
	return found
}

func TestTheLawIsPure(t *testing.T) {
	all := sources(t)
	ours := lawful(all)
	for _, s := range all {
		if !ours[s.room] {
			continue
		}
		for _, what := range impure(s.file, ours) {
			t.Errorf("%s: got a package that %s and %s", s.path, pure, what)
		}
	}
}

// The design says which packages are the law, and they say so themselves.
func TestTheLawOfTheDesignSaysThatItIsPure(t *testing.T) {
	listed := regexp.MustCompile(`The law is ([a-z]+,[a-z,\s]+)\.`).FindStringSubmatch(read(t, filepath.Join(root, "docs/design.md")))
	if listed == nil {
		t.Fatal("docs/design.md: got no sentence that begins with The law is, want one")
	}
	want := regexp.MustCompile(`,\s+|\s+and\s+`).Split(listed[1], -1)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(lawful(sources(t)))); !slices.Equal(got, want) {
		t.Errorf("packages that say %q: got %v, docs/design.md lists %v", pure, got, want)
	}
}

func TestEveryWayOutOfTheLawIsSeen(t *testing.T) {
	for _, row := range []struct{ name, code, want string }{
		{"nothing", `import "strings"; var a = strings.ToUpper("a")`, ""},
		{"the law itself", `import "jixu/internal/gate"; var a gate.Gate`, ""},
		{"a length of time", `import "time"; var a = time.Hour`, ""},
		{"a network that is only linked", `import _ "net/http"`, "imports net/http"},
		{"chance", `import "math/rand"; var a = rand.Int()`, "imports math/rand"},
		{"chance, the second version", `import _ "math/rand/v2"`, "imports math/rand/v2"},
		{"the system", `import "os"; var a = os.Args`, "imports os"},
		{"AWS", `import _ "github.com/aws/aws-sdk-go-v2/service/s3"`, "imports github.com/aws/aws-sdk-go-v2/service/s3"},
		{"somebody's library", `import _ "example.com/clock"`, "imports example.com/clock"},
		{"our own table", `import _ "jixu/internal/table"`, "imports jixu/internal/table"},
		{"the clock", `import "time"; var a = time.Now()`, "uses time.Now"},
		{"the clock under another name", `import t "time"; var a = t.Now`, "uses time.Now"},
		{"the clock without a name", `import . "time"; var a = Now()`, "imports time"},
		{"waiting", `import "time"; func a() { time.Sleep(1) }`, "uses time.Sleep"},
		{"standard output", `import "fmt"; func a() { fmt.Println() }`, "uses fmt.Println"},
		{"standard error", `func a() { println() }`, "calls println"},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a; "+row.code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(impure(file, map[string]bool{"gate": true}), "; "); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	doc := "// Package a holds rules. It performs no I/O\n// and reads no clock.\npackage a"
	file, err := parser.ParseFile(token.NewFileSet(), "a.go", doc, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(lawful([]source{{room: "a", file: file}})); got != "map[a:true]" {
		t.Errorf("a comment that breaks in the sentence: got %s, want the package found", got)
	}
}
