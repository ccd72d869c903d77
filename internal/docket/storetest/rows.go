package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
)

func line(list, sort, name, body string) docket.Row {
	return docket.Row{List: list, Sort: sort, Name: name, Body: json.RawMessage(body)}
}

// namesOf says which rows a list has, over all its pages of n.
func namesOf(t *testing.T, s docket.Store, list string, n int) (out []string) {
	t.Helper()
	for after, pages := "", 0; ; pages++ {
		rows, next, err := s.Rows(ctx, list, after, n)
		is(t, "Rows", err, nil)
		for _, r := range rows {
			out = append(out, r.Sort+"/"+r.Name+string(r.Body))
		}
		if next == "" {
			return out
		}
		if after = next; pages > 20 {
			t.Fatal("the pages never end")
		}
	}
}

var rows = []row[docket.Store]{
	{"rows come and go with their commit, and are read at once, in their order, in pages", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		b.Rows = []docket.Row{
			line("l/1", "2026-03-02", "b", `{"n":1}`),
			line("l/1", "2026-03-01", "z", `2`),
			line("l/1", "2026-03-02", "a", `3`),
			line("l/2", "0", "x", `4`),
		}
		c := commit(t, s, b)
		want := []string{"2026-03-01/z2", "2026-03-02/a3", `2026-03-02/b{"n":1}`}
		for _, n := range []int{1, 2, 3, 10} {
			same(t, namesOf(t, s, "l/1", n), want)
		}
		next := edited(t, c, noon)
		next.Rows = []docket.Row{line("l/1", "2026-03-01", "z", `5`)}
		next.Struck = []docket.Row{line("l/1", "2026-03-02", "a", `3`), line("l/1", "2026-03-09", "never", `0`)}
		commit(t, s, next)
		same(t, namesOf(t, s, "l/1", 10), []string{"2026-03-01/z5", `2026-03-02/b{"n":1}`})
		same(t, namesOf(t, s, "l/2", 10), []string{"0/x4"})
		same(t, namesOf(t, s, "l", 10), []string(nil))
	}},
	{"a commit that does not come about brings no row", func(t *testing.T, s docket.Store) {
		commit(t, s, draft(t, "c1"))
		again := draft(t, "c1")
		again.Rows = []docket.Row{line("l", "0", "x", `1`)}
		is(t, "Commit", try(s, again), conflict)
		same(t, namesOf(t, s, "l", 10), []string(nil))
	}},
	{"what a commit relies on must stand exactly as it was read", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		b.Rows = []docket.Row{line("l", "0", "x", `{"a":1}`)}
		c := commit(t, s, b)
		for _, r := range []struct {
			name string
			row  docket.Row
			want error
		}{
			{"as read", line("l", "0", "x", `{"a":1}`), nil},
			{"changed", line("l", "0", "x", `{"a":2}`), conflict},
			{"gone", line("l", "0", "y", `{"a":1}`), conflict},
		} {
			next := edited(t, c, noon)
			next.Stands = []docket.Row{r.row}
			err := try(s, next)
			is(t, r.name, err, r.want)
			if err == nil {
				c = next.Case
			}
		}
	}},
	{"a row that no key can hold is refused, and so is a cursor that no page gave", func(t *testing.T, s docket.Store) {
		for _, r := range []docket.Row{line("", "0", "x", `1`), line("l", "", "x", `1`), line("l", "0", "a#b", `1`), line("l#", "0", "x", `1`)} {
			b := draft(t, "c1")
			b.Rows = []docket.Row{r}
			is(t, "Commit", try(s, b), invalid)
		}
		for _, after := range []string{"x", "#", "a#", "#b"} {
			_, _, err := s.Rows(ctx, "l", after, 10)
			is(t, "Rows", err, invalid)
		}
	}},
	{"a gate that was put off is due later, until it changes", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		c = commit(t, s, submitted(t, c, noon, opened("c1", "opinion-1", noon, noon), opened("c1", "reply-1", noon, noon.Add(time.Second))))
		due := func(at time.Time) func() (any, error) {
			return func() (any, error) { return dueOf(s.Due(ctx, at, 10)) }
		}
		eventually(t, []string{"c1/opinion-1@04:00:00", "c1/reply-1@04:00:01"}, due(noon.Add(time.Minute)))
		ref := docket.GateRef{Of: "c1", Gate: "opinion-1", At: noon}
		is(t, "Defer", s.Defer(ctx, ref, noon.Add(time.Hour)), nil)
		is(t, "Defer what stands elsewhere by now", s.Defer(ctx, ref, noon.Add(-time.Hour)), nil)
		is(t, "Defer what is not there", s.Defer(ctx, docket.GateRef{Of: "c1", Gate: "x", At: noon}, noon), nil)
		eventually(t, []string{"c1/reply-1@04:00:01"}, due(noon.Add(time.Minute)))
		eventually(t, []string{"c1/reply-1@04:00:01", "c1/opinion-1@05:00:00"}, due(noon.Add(time.Hour)))
		same(t, load(t, s, "c1").Case, c)
		g := opened("c1", "opinion-1", noon, noon.Add(30*time.Second))
		b := edited(t, c, noon)
		b.one().Changed = []gate.Gate{g}
		commit(t, s, b)
		eventually(t, []string{"c1/reply-1@04:00:01", "c1/opinion-1@04:00:30"}, due(noon.Add(time.Minute)))
	}},
	{"an approved case that owes papers is one that somebody has to act on", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		now := c.Clone()
		now.Status, now.Papers.Gate = casework.Approved, "papers-1"
		c = commit(t, s, entered(t, c, now, "record", noon, map[string]any{}))
		eventually(t, []string{"c1"}, func() (any, error) { return openNames(s.Open(ctx, "", 10)) })
		now = c.Clone()
		now.Papers.Gate = ""
		commit(t, s, entered(t, c, now, "deliver", noon, map[string]any{}))
		eventually(t, []string(nil), func() (any, error) { return openNames(s.Open(ctx, "", 10)) })
	}},
	{"an upload is looked for when its time has come, until it is settled", func(t *testing.T, s docket.Store) {
		f := file("c1", "f1")
		f.ScanAt = noon.Add(time.Minute)
		is(t, "PutFile", s.PutFile(ctx, f), nil)
		waits := func(at time.Time) []string {
			files, err := s.Unsettled(ctx, at, 10)
			is(t, "Unsettled", err, nil)
			var out []string
			for _, f := range files {
				out = append(out, fmt.Sprint(f.ID, f.Scans))
			}
			return out
		}
		eventually(t, []string{"f10"}, func() (any, error) { return waits(noon.Add(time.Minute)), nil })
		f.Scans, f.ScanAt = 1, noon.Add(time.Hour)
		is(t, "AwaitFile", s.AwaitFile(ctx, f), nil)
		eventually(t, []string(nil), func() (any, error) { return waits(noon.Add(time.Minute)), nil })
		eventually(t, []string{"f11"}, func() (any, error) { return waits(noon.Add(time.Hour)), nil })
		_, err := s.SettleFile(ctx, checked(file("c1", "f1")))
		is(t, "SettleFile", err, nil)
		f.ScanAt = noon
		is(t, "AwaitFile of a settled one", s.AwaitFile(ctx, f), nil)
		eventually(t, []string(nil), func() (any, error) { return waits(noon.Add(time.Hour)), nil })
		is(t, "AwaitFile of none", s.AwaitFile(ctx, file("c1", "f9")), notFound)
	}},
}

// Cursors tests what [docket.Cursors] promises.
func Cursors(t *testing.T, open func(*testing.T) docket.Cursors) {
	c := open(t)
	got, err := c.Cursor(context.Background(), "sweep")
	is(t, "Cursor", err, nil)
	same(t, got, docket.Cursor{})
	want := docket.Cursor{After: "c9", Began: noon, Finished: noon.Add(-time.Hour), Stuck: 3}
	is(t, "PutCursor", c.PutCursor(context.Background(), "sweep", want), nil)
	got, err = c.Cursor(context.Background(), "sweep")
	is(t, "Cursor", err, nil)
	same(t, got, want)
}
