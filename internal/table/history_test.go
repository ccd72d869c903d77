package table_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/history"
	"jixu/internal/inquiry"
	"jixu/internal/trust"
	"jixu/internal/variety"
)

// addHistories adds the lives that are not there yet, with what their entries tell.
func (h *house) addHistories(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(goldens+"history", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range h.keep.order {
		var entries []history.Entry
		for _, line := range h.keep.entries[name] {
			e, err := history.Decode([]byte(line))
			h.ok(err)
			entries = append(entries, e)
		}
		kind, _ := docket.Parts(name)
		life := kind + "-" + strings.TrimPrefix(strings.TrimSuffix(h.keep.born[name], "-created"), kind+"-")
		if _, err := os.Stat(goldens + "history/" + life + ".jsonl"); err == nil {
			continue
		}
		write(t, "history/"+life, ".jsonl", []byte(strings.Join(h.keep.entries[name], "\n")+"\n"))
		write(t, "history/"+life, ".told", []byte(strings.Join(told(t, entries), "\n")+"\n"))
	}
}

// told is what entries call for, one telling a line.
func told(t *testing.T, entries []history.Entry) []string {
	t.Helper()
	var out []string
	for _, e := range entries {
		number := "" // the entry's own
		if strings.HasPrefix(e.Aggregate, docket.CaseKind+"/") {
			number = "N"
		}
		tellings, err := docket.Tellings(e, number)
		if err != nil {
			t.Fatal(err)
		}
		for _, telling := range tellings {
			line := "resume " + telling.Resume + " of " + string(telling.Leg)
			switch {
			case telling.Start != nil:
				line = "start " + string(telling.Start.Leg) + " " + strconv.Itoa(telling.Start.Run)
			case telling.Notice != nil:
				b, err := json.Marshal(telling.Notice)
				if err != nil {
					t.Fatal(err)
				}
				line = "notice " + string(b)
			}
			out = append(out, strconv.Itoa(e.Seq)+" "+line)
		}
	}
	return out
}

// facts read the body of an entry as today's law does, and refuse what it does not know.
var facts = map[string]func([]byte) (any, error){
	"case": strictly[casework.Facts], "inquiry": strictly[inquiry.Facts], "variety": strictly[variety.Facts], "trust": strictly[trust.Facts],
}

func strictly[T any](b []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	dec.UseNumber() // of a trace, which facts keep as it was counted
	var v T
	err := dec.Decode(&v)
	return v, err
}

// lives reads every history that was kept, by its file.
func lives(t *testing.T) map[string][]history.Entry {
	t.Helper()
	paths, err := filepath.Glob(goldens + "history/*.jsonl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("finding histories: %v, %d found", err, len(paths))
	}
	out := map[string][]history.Entry{}
	for _, path := range paths {
		for line := range bytes.Lines(load(t, path)) {
			e, err := history.Decode(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				t.Fatalf("%s: got %v, want every line read", path, err)
			}
			out[path] = append(out[path], e)
		}
	}
	return out
}

func TestHistoriesProveThemselvesForEver(t *testing.T) {
	for path, entries := range lives(t) {
		if err := history.Verify(entries); err != nil {
			t.Errorf("%s: got %v, want it proven", path, err)
		}
		for _, e := range entries {
			kind, _, _ := strings.Cut(e.Aggregate, "/")
			f, err := facts[kind](e.Body)
			if err != nil {
				t.Errorf("%s, entry %d %s: got %v, want its facts read", path, e.Seq, e.Verb, err)
				continue
			}
			again, err := history.Canonical(f)
			if err != nil {
				t.Fatal(err)
			}
			storetest.LosesNothing(t, path+", entry "+strconv.Itoa(e.Seq)+" "+e.Verb, e.Body, again)
		}
	}
}

// An entry that is told by a later build calls for what it always called for,
// under the same keys: nobody gets the same mail twice because a build changed.
func TestEntriesTellWhatTheyAlwaysTold(t *testing.T) {
	for path, entries := range lives(t) {
		now := told(t, entries)
		for line := range strings.Lines(string(load(t, strings.TrimSuffix(path, ".jsonl")+".told"))) {
			if line = strings.TrimSuffix(line, "\n"); line != "" && !slices.Contains(now, line) {
				t.Errorf("%s: got nothing of %s, want it told", path, line)
			}
		}
	}
}

func TestEveryVerbHasAGolden(t *testing.T) {
	seen := map[string]bool{"case/edit": true} // a draft's edit makes no entry
	for _, entries := range lives(t) {
		for _, e := range entries {
			kind, _, _ := strings.Cut(e.Aggregate, "/")
			seen[kind+"/"+e.Verb] = true
		}
	}
	for kind, room := range map[string]string{"case": "casework", "inquiry": "inquiry", "variety": "variety", "trust": "trust"} {
		verbs := constants(t, "../"+room, "Verb")
		if len(verbs) < 3 {
			t.Errorf("%s: got %d verbs, want all", room, len(verbs))
		}
		for _, verb := range verbs {
			if !seen[kind+"/"+verb] {
				t.Errorf("%s: got no history with %s, want one kept", room, verb)
			}
		}
	}
}

// Every kind of notice and every word of a state has a golden that says it.
func TestEveryWordHasAGolden(t *testing.T) {
	said := map[string]bool{}
	for _, path := range documents(t) {
		var v any
		if err := json.Unmarshal(load(t, path), &v); err != nil {
			t.Fatal(err)
		}
		sayings(v, said)
	}
	for _, row := range []struct{ room, word string }{
		{"casework", "Status"},
		{"casework", "LegState"},
		{"casework", "Kind"},
		{"casework", "Outcome"},
		{"gate", "Status"},
		{"gate", "Kind"},
		{"gate", "Leg"},
		{"gate", "RingKind"},
		{"docket", "NoticeKind"},
		{"docket", "FileState"},
		{"docket", "Scan"},
		{"inquiry", "Status"},
		{"reuse", "Route"},
		{"reuse", "Treatment"},
		{"policy", "Recorder"},
		{"party", "Kind"},
		{"party", "Role"},
	} {
		for _, word := range constants(t, "../"+row.room, row.word) {
			if word != "" && !said[word] && word != "first" { // what is asked the first time is not kept
				t.Errorf("%s.%s: got no golden that says %q, want one", row.room, row.word, word)
			}
		}
	}
}

// sayings gathers every text in v.
func sayings(v any, into map[string]bool) {
	switch v := v.(type) {
	case string:
		into[v] = true
	case []any:
		for _, e := range v {
			sayings(e, into)
		}
	case map[string]any:
		for _, e := range v {
			sayings(e, into)
		}
	}
}

// constants reads the values of a room's constants of one type from its source.
func constants(t *testing.T, dir, typ string) []string {
	t.Helper()
	paths, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if named, ok := spec.Type.(*ast.Ident); !ok || named.Name != typ {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					word, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, word)
				}
			}
			return true
		})
	}
	return out
}
