package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jixu/internal/words"
)

var placeholder = regexp.MustCompile(`\{\d\}`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	for _, key := range words.Keys() {
		zh, en := words.ZH.Say(key), words.EN.Say(key)
		if strings.TrimSpace(strings.Trim(zh, "：，、；")) == "" && strings.Trim(en, ":,; ") != "" || en == "" {
			t.Errorf("%s: got %q and %q, want a sentence in both languages", key, zh, en)
		}
		a, b := placeholder.FindAllString(zh, -1), placeholder.FindAllString(en, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: got values %v in Chinese and %v in English, want the same", key, a, b)
		}
	}
}

func TestSayReplacesEveryValue(t *testing.T) {
	if got, want := words.ZH.Say("gap.days", 3, 1), "间隔 3 个自然日（1 个工作日）"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := words.EN.Say("no.such.key"), "[no.such.key]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every code that anything in the house fails with has a sentence for people,
// and no sentence is left that nothing says.
func TestEveryFaultHasItsSentence(t *testing.T) {
	said := map[string]string{}
	for _, dir := range []string{"..", "../../functions"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || unspoken(path) {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, code := range codesIn(n) {
					said[code] = path
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(said) < 40 {
		t.Fatalf("got %d codes in the sources, want many more: the search is broken", len(said))
	}
	for code, path := range said {
		if !words.Has("fault." + code) {
			t.Errorf("%s fails with %q: no sentence under fault.%s", path, code, code)
		}
	}
	for _, key := range words.Keys() {
		if code, ok := strings.CutPrefix(key, "fault."); ok && said[code] == "" {
			t.Errorf("nothing fails with %q any more", code)
		}
	}
}

// unspoken are packages whose faults no person reads: fakes, and what plays people.
func unspoken(path string) bool {
	return slices.ContainsFunc([]string{"/memory/", "/storetest/", "/world/", "/bench/"}, func(room string) bool { return strings.Contains(path, room) })
}

// codesIn returns the fault codes that n names: the second argument of
// fault.New and fault.Because, the field Code of a Problem, the reason of a
// rejected file, and what the little helpers of the law, the dossier and forms take.
func codesIn(n ast.Node) []string {
	var found []string
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && s != "" { // "" takes a reason back
				found = append(found, s)
			}
		}
	}
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Code" {
			add(n.Value)
		}
		// A table of codes, as the dossier's of what a PDF may not hold.
		if lit, ok := n.Value.(*ast.BasicLit); ok && strings.HasPrefix(lit.Value, `"file.`) {
			add(lit)
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if s, ok := left.(*ast.SelectorExpr); ok && s.Sel.Name == "Reason" && len(n.Rhs) == len(n.Lhs) {
				add(n.Rhs[i])
			}
		}
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
			if x, ok := f.X.(*ast.Ident); ok && x.Name == "fault" {
				name = "fault." + name
			}
		}
		if at, ok := map[string]int{"fault.New": 1, "fault.Because": 1, "wrong": 1, "problem": 0, "refuse": 0, "Refuse": 1}[name]; ok && len(n.Args) > at {
			add(n.Args[at])
		}
	}
	return found
}
