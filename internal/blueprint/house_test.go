// Package blueprint holds no code. Its tests keep the parts of the house in
// agreement: imports with the plan of docs/design.md, the template with
// functions, routes, machines and events, and the docs with all of them.
package blueprint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// rooms says for every package below internal/ which others of ours it may
// import. A room that is not listed does not exist.
var rooms = map[string][]string{
	"fault":       {},
	"typed":       {"fault"},
	"words":       {},
	"calendar":    {"fault"},
	"history":     {"fault"},
	"number":      {"typed", "fault"},
	"dossier":     {"history", "fault"},
	"party":       {},
	"policy":      {"calendar", "dossier", "typed", "fault"},
	"gate":        {"policy", "calendar", "party", "fault"},
	"reuse":       {"calendar", "typed"},
	"law":         {"gate", "history", "policy", "calendar", "party", "fault"},
	"law/lawtest": {"law", "party", "fault"},
	"inquiry":     {"law", "policy", "calendar", "party", "typed", "fault"},
	"variety":     {"law", "reuse", "policy", "calendar", "party", "typed", "fault"},
	"trust":       {"law", "party", "fault"},
	"casework":    {"law", "gate", "reuse", "history", "policy", "calendar", "party", "typed", "fault"},

	"docket": {
		"casework", "law", "gate", "reuse", "inquiry", "variety", "trust", "dossier", "number", "policy", "precheck", "calendar",
		"party", "history", "words", "typed", "fault",
	},

	"web": {
		"docket", "eligibility", "casework", "gate", "reuse", "inquiry", "variety", "number", "dossier", "policy", "precheck", "calendar", "party",
		"words", "typed", "fault", "web/form", "web/site",
	},
	"web/site": {"docket", "party", "words", "typed", "logging", "fault", "web/form"},
	"web/form": {"calendar", "words", "typed", "fault"},

	"api": {
		"docket", "casework", "gate", "reuse", "inquiry", "variety", "dossier", "policy", "precheck", "webhook", "calendar", "party", "words", "typed", "logging", "fault",
	},

	// what a dossier is held against, beside the pack
	"identifier": {"calendar", "typed", "fault"},
	"precheck":   {"policy", "identifier", "calendar", "typed", "fault"},

	"eligibility": {"policy", "fault"},

	"memory":       {"docket", "casework", "gate", "policy", "party", "history", "fault"},
	"table":        {"docket", "casework", "gate", "policy", "party", "history", "fault"},
	"bucket":       {"docket", "fault"},
	"queue":        {"docket", "fault"},
	"keyring":      {"docket", "fault"},
	"mailbox":      {"docket", "fault"},
	"webhook":      {"docket", "typed", "fault"},
	"statemachine": {"docket", "fault"},
	"clamd":        {"docket", "fault"},

	"gateway":  {"fault"},
	"settings": {},
	"wiring":   {"docket", "table", "logging", "settings"},
	"logging":  {},

	"sample":  {},
	"journey": {"policy", "party", "sample"},
	"local": {
		"journey", "docket", "table", "bucket", "queue", "statemachine", "keyring", "casework", "gate", "calendar",
		"policy", "party", "history", "sample", "words", "fault",
	},
	"world": {"docket", "memory", "casework", "policy", "party", "fault", "journey", "sample"},
	"bench": {
		"docket", "table", "bucket", "memory", "casework", "gate", "calendar", "policy", "party", "history", "journey", "sample", "local", "settings", "fault",
		"world",
	},
	"stack":            {"local"},
	"stack/probe":      {"settings", "logging"},
	"blueprint":        {},
	"docket/storetest": {"docket", "casework", "gate", "policy", "calendar", "party", "history", "dossier", "fault"},
}

// source is one Go file of ours that is not a test.
type source struct {
	room    string // below internal/, or "functions/…", "cmd/…"
	path    string
	imports []string
	file    *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	for _, top := range []string{"internal", "functions", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			s := source{room: strings.TrimPrefix(filepath.ToSlash(filepath.Dir(rel)), "internal/"), path: rel, file: f}
			for _, i := range f.Imports {
				name, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					return err
				}
				s.imports = append(s.imports, name)
			}
			out = append(out, s)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestImportsFollowThePlan(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasPrefix(s.room, "functions/") || strings.HasPrefix(s.room, "cmd/") {
			continue // they wire everything
		}
		may, known := rooms[s.room]
		if !known {
			t.Errorf("%s: got a room %q that the plan does not have, want it drawn in docs/design.md and here", s.path, s.room)
			continue
		}
		for _, name := range s.imports {
			ours, is := strings.CutPrefix(name, "jixu/internal/")
			if is && !slices.Contains(may, ours) {
				t.Errorf("%s: got an arrow to %s, want none", s.path, ours)
			}
		}
	}
}

// The world of the tests is nobody's part: a function or a command over it would be
// a toy that looks like the thing. Only the bench, which measures, may stand on it.
func TestOnlyTestsAndTheBenchKnowTheWorld(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains(s.imports, "jixu/internal/world") && s.room != "bench" {
			t.Errorf("%s: got an arrow to world, want it imported by tests and bench only", s.path)
		}
	}
	for room, may := range rooms {
		if slices.Contains(may, "world") && room != "bench" {
			t.Errorf("room %s: got world among what it may import, want that of bench only", room)
		}
	}
}

func TestEveryRoomHasSomebodyInIt(t *testing.T) {
	found := map[string]bool{"blueprint": true}
	for _, s := range sources(t) {
		found[s.room] = true
	}
	for room := range rooms {
		if !found[room] {
			t.Errorf("room %s: got nobody in it, want it built or struck from the plan", room)
		}
	}
}

func TestOnlyTheEdgesReadTheClock(t *testing.T) {
	edges := []string{"functions/", "cmd/", "table", "local", "journey", "bench", "stack", "logging", "gateway", "mailbox", "docket/storetest"}
	for _, s := range sources(t) {
		atEdge := slices.ContainsFunc(edges, func(e string) bool { return strings.HasPrefix(s.room, e) })
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || atEdge {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Until") {
				t.Errorf("%s: got time.%s, want the time as an argument or from docket.Clock", s.path, sel.Sel.Name)
			}
			return true
		})
	}
}

func TestAWSAppearsOnlyAtTheEdges(t *testing.T) {
	sdk := []string{"table", "bucket", "queue", "keyring", "statemachine", "settings", "wiring", "local", "bench", "stack", "stack/probe", "docket/storetest"}
	lambda := []string{"gateway", "stack/probe"}
	for _, s := range sources(t) {
		wires := strings.HasPrefix(s.room, "functions/") || strings.HasPrefix(s.room, "cmd/")
		for _, name := range s.imports {
			if strings.HasPrefix(name, "github.com/aws/aws-sdk-go-v2") && !wires && !slices.Contains(sdk, s.room) {
				t.Errorf("%s: got %s, want the AWS SDK in adapters, functions and local only", s.path, name)
			}
			if strings.HasPrefix(name, "github.com/aws/aws-lambda-go") && !wires && !slices.Contains(lambda, s.room) {
				t.Errorf("%s: got %s, want lambda-go in functions and gateway only", s.path, name)
			}
			if name == "github.com/aws/aws-sdk-go-v2/config" {
				t.Errorf("%s: got %s, want the configuration made by hand", s.path, name)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if doc := s.file.Doc; doc != nil && len(strings.Fields(doc.Text())) > 8 {
			said[s.room] = true
		} else if !said[s.room] {
			said[s.room] = false
		}
	}
	for room, ok := range said {
		if !ok {
			t.Errorf("package %s: got no package comment, want what it is and what it is not", room)
		}
	}
}

func TestAMainOnlyWires(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(root, "functions/*/main.go"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("finding mains: %v, %d found", err, len(mains))
	}
	for _, path := range mains {
		if n := strings.Count(read(t, path), "\n"); n > 60 {
			t.Errorf("%s: got %d lines, want at most 60: what it does beside wiring has a room of its own", path, n)
		}
	}
}

func TestNothingNamesAPartition(t *testing.T) {
	for _, dir := range []string{"template.yaml", "infra", "statemachines", "functions", "internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "blueprint") {
				return err
			}
			for i, line := range strings.Split(read(t, path), "\n") {
				if strings.Contains(line, "Principal") || strings.Contains(line, "Service:") || strings.HasPrefix(strings.TrimSpace(line), "//") {
					continue // service principals are the same in both partitions
				}
				if strings.Contains(line, "arn:aws:") || strings.Contains(line, "amazonaws.com") {
					t.Errorf("%s:%d: got a partition literal, want ${AWS::Partition} or ${AWS::URLSuffix}", path, i+1)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
