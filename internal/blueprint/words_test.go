package blueprint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// kept are names that history, tables or other people's programs have.
var kept = map[string]string{
	"Sheet":                    "what events of earlier builds, and receipts, call an aggregate that is no case",
	"Sheets":                   "what recorded answers of earlier builds call the same",
	"MachineArn":               "an output of the template that operators use",
	"StateMachineArn":          "a name of the SDK",
	"StateMachineDoesNotExist": "a name of the SDK",
}

// parted are the words of a name, in lower case: TestAStateMachine has four.
func parted(name string) []string {
	name = acronym.ReplaceAllString(name, "${1}_$2")
	name = hump.ReplaceAllString(name, "${1}_$2")
	return strings.Split(strings.ToLower(name), "_")
}

var (
	acronym = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
	hump    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// notUsed reads the table of the glossary: each word, and whether it is forbidden in
// names alone, where prose may use it for what everybody calls so.
func notUsed(t *testing.T) map[string]bool {
	t.Helper()
	_, table, found := strings.Cut(read(t, filepath.Join(root, "docs/glossary.md")), "## Words that are not used")
	if !found {
		t.Fatal("the glossary has no table of words that are not used")
	}
	out := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.Contains(line, "---") || strings.TrimSpace(cells[1]) == "not" {
			continue
		}
		word, only, _ := strings.Cut(strings.TrimSpace(cells[1]), ",")
		out[word] = strings.Contains(only, "in a name")
	}
	return out
}

func TestNoNameHasAWordThatIsNotUsed(t *testing.T) {
	words := notUsed(t)
	if len(words) < 10 {
		t.Fatalf("got %v, want the table of the glossary", words)
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path != root && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			name, is := n.(*ast.Ident)
			if !is || kept[name.Name] != "" {
				return true
			}
			parts := parted(name.Name)
			for i, part := range parts {
				one := strings.TrimSuffix(part, "s")
				_, forbidden := words[one]
				if one == "machine" && i > 0 && parts[i-1] == "state" {
					continue
				}
				if forbidden {
					t.Errorf("%s: the name %s has %q in it, which the glossary does not use", files.Position(n.Pos()), name.Name, part)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoPageHasAWordThatIsNotUsed(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("got %v and %v, want the pages of docs", pages, err)
	}
	pages = append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"))
	word := regexp.MustCompile(`[A-Za-z]+`)
	for _, page := range pages {
		if filepath.Base(page) == "decisions.md" {
			continue // what was decided is told in the words of its day
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		prose, _, _ := strings.Cut(string(text), "## Words that are not used")
		for no, line := range slices.Collect(strings.Lines(prose)) {
			for _, w := range word.FindAllString(line, -1) {
				one := strings.TrimSuffix(strings.ToLower(w), "s")
				if only, forbidden := notUsed(t)[one]; forbidden && !only {
					t.Errorf("%s:%d: %q, which the glossary does not use", filepath.Base(page), no+1, w)
				}
			}
		}
	}
}

// What people read ends before column 160: code but for tests, whose tables quote whole
// documents, and the pages of docs but for their tables.
func TestNoLineIsLongerThanAScreen(t *testing.T) {
	const most = 160
	long := func(path string, skip func(line string) bool) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for no, line := range slices.Collect(strings.Lines(string(text))) {
			line = strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")
			if n := utf8.RuneCountInString(line); n > most && !skip(line) {
				t.Errorf("%s:%d: got %d columns, want %d at most", path, no+1, n, most)
			}
		}
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		long(page, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "|") })
	}
	quotes := regexp.MustCompile("[\"`]")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path != root && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			long(path, func(line string) bool { return quotes.MatchString(line) }) // a text that is quoted is as long as it is
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
