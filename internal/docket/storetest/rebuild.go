package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/gate"
)

// WithoutLists is a table that lost what a rebuild writes anew: the places of heads and
// gates in the indexes, and what stands beside them for a list alone. The marks of what
// is untold and of files that wait are nobody's to make up.
func WithoutLists(items []Item) []Item {
	out := []Item{}
	for _, it := range items {
		sort := textIn(it, "sk")
		part, _, _ := strings.Cut(sort, "#")
		if slices.Contains([]string{"COPY", "ROW", "SEAT"}, part) {
			continue
		}
		if part == "HEAD" || part == "GATE" {
			kept := Item{}
			for name, v := range it {
				if !slices.Contains([]string{"listPk", "listSk", "workPk", "workSk"}, name) {
					kept[name] = v
				}
			}
			it = kept
		}
		out = append(out, it)
	}
	return out
}

func textIn(it Item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// Rebuilds writes anew where everything in s stands, and fails unless all of it was read.
func Rebuilds(t *testing.T, s interface {
	docket.Rebuilder
	docket.Directory
},
) {
	t.Helper()
	out, err := docket.Rebuild(ctx, s, docket.RebuildOptions{})
	if err != nil || len(out.Left) > 0 || out.Seen == 0 || out.Written != out.Seen {
		t.Fatalf("rebuilding: got %+v and %v, want everything written", out, err)
	}
}

// Rebuilder tests what [docket.Rebuilder] promises.
func Rebuilder(t *testing.T, open func(*testing.T) docket.Rebuilder) {
	run(t, open, []row[docket.Rebuilder]{
		{"every aggregate is named once, in pages", func(t *testing.T, s docket.Rebuilder) {
			is(t, "PutFile", s.PutFile(ctx, file("nobody", "f1")), nil)
			for _, id := range spread(5) {
				commit(t, s, draft(t, id))
				is(t, "Commit", try(s, thing(t, docket.Head{}, "inquiry", id, "l", noon)), nil)
			}
			for _, limit := range []int{1, 3, 100} {
				var names []string
				for after, pages := "", 0; ; pages++ {
					page, next, err := s.Names(ctx, after, limit)
					is(t, "Names", err, nil)
					names = append(names, page...)
					if after = next; after == "" || pages > 100 {
						break
					}
				}
				slices.Sort(names)
				same(t, names, []string{
					"c00", "c01", "c02", "c03", "c04", "inquiry/c00", "inquiry/c01", "inquiry/c02", "inquiry/c03", "inquiry/c04",
				})
			}
		}},
		{"an aggregate stands where it belongs, and nowhere else", func(t *testing.T, s docket.Rebuilder) {
			b := thing(t, docket.Head{}, "inquiry", "q1", "wrong", noon, "also-wrong", docket.CopiesPages.Of("nobody"))
			b.one().Opened = []gate.Gate{opened("inquiry/q1", "answer-1", noon, noon)}
			b.one().Timers = []docket.Timer{{Key: "kept", At: noon}}
			is(t, "Commit", try(s, b), nil)
			stored, err := s.Load(ctx, "inquiry/q1")
			is(t, "Load", err, nil)
			at := docket.Standing{
				Home: docket.Place{
					List: "right",
					At:   noon,
				},
				Open:   true,
				Lists:  []docket.Place{{List: docket.CopiesPages.Of("hc"), At: noon}, {List: "beside", At: noon}},
				Timers: []docket.Timer{{Key: "kept", At: noon.Add(1)}, {Key: "new", At: noon}},
				Rows:   []docket.Row{line("l", "0", "x", `1`)},
				Row:    json.RawMessage(`{"short":1}`),
			}
			for range 2 {
				is(t, "Stand", s.Stand(ctx, stored, at), nil)
			}
			for list, want := range map[string]string{
				"wrong": "[]", "also-wrong": "[]", docket.CopiesPages.Of("nobody"): "[]", "right": "[inquiry/q1]", "beside": "[inquiry/q1]",
				docket.CopiesPages.Of("hc"): "[inquiry/q1]", docket.InboxPages.Of(mpa): "[inquiry/q1/answer-1]",
			} {
				eventually(t, want, func() (any, error) { return rowsOf(s.List(ctx, list, "", 10)) })
			}
			eventually(t, "[inquiry/q1]", func() (any, error) { return openNames(s.Open(ctx, "", 10)) })
			same(t, namesOf(t, s, "l", 10), []string{"0/x1"})
			got, err := s.Load(ctx, "inquiry/q1")
			is(t, "Load", err, nil)
			stored.Row = at.Row
			same(t, got, stored)
			eventually(t, `{"short":1}`, func() (any, error) { return rowIn(s.List(ctx, "right", "", 10)) })
			at.Row = nil
			is(t, "Stand without a row", s.Stand(ctx, stored, at), nil)
			eventually(t, "", func() (any, error) { return rowIn(s.List(ctx, "right", "", 10)) })
			refs, err := s.Due(ctx, noon, 10)
			is(t, "Due", err, nil)
			if len(refs) != 3 {
				t.Errorf("got %v due, want the gate, the timer that was kept, and the new one", refs)
			}
		}},
		{"what has moved since it was loaded is not written over", func(t *testing.T, s docket.Rebuilder) {
			b := thing(t, docket.Head{}, "inquiry", "q1", "l", noon)
			is(t, "Commit", try(s, b), nil)
			stored, err := s.Load(ctx, "inquiry/q1")
			is(t, "Load", err, nil)
			is(t, "Commit", try(s, thing(t, b.one().Head, "inquiry", "q1", "l", noon)), nil)
			is(t, "Stand", s.Stand(ctx, stored, docket.Standing{Home: docket.Place{List: "old", At: noon}}), conflict)
			eventually(t, "[inquiry/q1]", func() (any, error) { return rowsOf(s.List(ctx, "l", "", 10)) })
		}},
	})
}

// rowIn is the row of the one head of a page.
func rowIn(rows []docket.Listed, _ string, err error) (any, error) {
	if len(rows) != 1 {
		return rows, err
	}
	return string(rows[0].Head.Row), err
}
