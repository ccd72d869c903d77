package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Store tests what [docket.Store] promises. open returns an empty store that
// does not mind callers who break contracts on purpose.
func Store(t *testing.T, open func(*testing.T) docket.Store) {
	run(t, open, commits)
	run(t, open, entries)
	run(t, open, lists)
	run(t, open, tokens)
	run(t, open, files)
	run(t, open, kinds)
	run(t, open, callbacks)
	run(t, open, rows)
	run(t, open, tallies)
}

var commits = []row[docket.Store]{
	{"a committed case loads as it was committed, with its gates and files by id", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		b := submitted(t, c, noon.Add(time.Hour), opened("c1", "reply-1", noon, noon.Add(time.Minute)), opened("c1", "opinion-1", noon, noon))
		b.one().Files = []docket.File{file("c1", "f2"), file("c1", "f1")}
		c = commit(t, s, b)
		same(t, load(t, s, "c1"), docket.Record{
			Case:  c,
			Gates: []gate.Gate{opened("c1", "opinion-1", noon, noon), opened("c1", "reply-1", noon, noon.Add(time.Minute))},
			Files: []docket.File{file("c1", "f1"), file("c1", "f2")},
		})
	}},
	{"a case nobody committed is not found", func(t *testing.T, s docket.Store) {
		_, err := s.Load(ctx, "c1")
		is(t, "Load", err, notFound)
	}},
	{"an id that no key can hold is not found", func(t *testing.T, s docket.Store) {
		for _, id := range []string{"", "a#b", "\xff"} {
			_, err := s.Load(ctx, id)
			is(t, "Load", err, notFound)
		}
	}},
	{"an id that no key can hold is not committed", func(t *testing.T, s docket.Store) {
		is(t, "Commit", try(s, draft(t, "a#b")), invalid)
	}},
	{"a file alone makes no case", func(t *testing.T, s docket.Store) {
		is(t, "PutFile", s.PutFile(ctx, file("c1", "f1")), nil)
		_, err := s.Load(ctx, "c1")
		is(t, "Load", err, notFound)
	}},
	{"what was loaded is the reader's own", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		commit(t, s, submitted(t, c, noon, opened("c1", "opinion-1", noon, noon)))
		want := load(t, s, "c1")
		r := load(t, s, "c1")
		r.Case.Form["product"] = "changed"
		r.Case.Files["plan"][0] = "changed"
		r.Gates[0].Ring.Kind = "changed"
		r.Gates[0].Limit.RemindBefore[0] = 99
		same(t, load(t, s, "c1"), want)
	}},
	{"what was committed is the store's own", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		commit(t, s, b)
		want := load(t, s, "c1")
		clear(b.one().Head.Body)
		same(t, load(t, s, "c1"), want)
	}},
	{"a draft's edit raises the version and leaves no entry", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		commit(t, s, edited(t, c, noon.Add(time.Minute)))
		if got := load(t, s, "c1").Case.Version; got != 2 {
			t.Errorf("got version %d, want 2", got)
		}
		if got, err := s.Entries(ctx, "c1"); len(got) != 1 || err != nil {
			t.Errorf("got %d entries and %v, want 1", len(got), err)
		}
	}},
	{"a commit on an older version conflicts and leaves nothing", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		commit(t, s, edited(t, c, noon))
		want := load(t, s, "c1")
		late := submitted(t, c, noon, opened("c1", "opinion-1", noon, noon))
		late.one().Files = []docket.File{file("c1", "f1")}
		late.copied(noon, mpa)
		late.Did = &docket.Operation{Scope: "p1", ID: "op-late", Digest: "d", At: noon}
		is(t, "Commit", try(s, late), conflict)
		same(t, load(t, s, "c1"), want)
		if got, _ := s.Entries(ctx, "c1"); len(got) != 1 {
			t.Errorf("got %d entries, want 1", len(got))
		}
		if _, did, _ := s.Operation(ctx, "p1", "op-late"); did {
			t.Errorf("the operation stayed")
		}
		for _, list := range []docket.PageList{docket.InboxPages, docket.CopiesPages} {
			if got, _, _ := s.List(ctx, list.Of(mpa), "", 10); len(got) != 0 {
				t.Errorf("got %d rows in %s, want none", len(got), list)
			}
		}
	}},
	{"a commit on a version that is not there yet conflicts", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		c.Version = 7
		is(t, "Commit", try(s, edited(t, c, noon)), conflict)
	}},
	{"a commit on a case that does not exist conflicts", func(t *testing.T, s docket.Store) {
		c := draft(t, "c1").Case
		is(t, "Commit", try(s, edited(t, c, noon)), conflict)
	}},
	{"committing the same again conflicts and changes nothing", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		commit(t, s, b)
		want := load(t, s, "c1")
		is(t, "Commit", try(s, b), conflict)
		same(t, load(t, s, "c1"), want)
	}},
	{"a number leads to its case", func(t *testing.T, s docket.Store) {
		commit(t, s, draft(t, "c1"))
		if got, err := s.ByNumber(ctx, "N-c1"); got != "c1" || err != nil {
			t.Errorf("got %q and %v, want c1", got, err)
		}
	}},
	{"a number nobody has is not found", func(t *testing.T, s docket.Store) {
		for _, n := range []string{"N-c1", "", "a#b"} {
			_, err := s.ByNumber(ctx, n)
			is(t, "ByNumber", err, notFound)
		}
	}},
	{"two cases cannot have the same number", func(t *testing.T, s docket.Store) {
		commit(t, s, draft(t, "c1"))
		second := newDraft("c2")
		second.Number = "N-c1"
		b := entered(t, casework.Case{}, second, "create", noon, nil)
		is(t, "Commit", try(s, b), conflict)
		_, err := s.Load(ctx, "c2")
		is(t, "Load", err, notFound)
	}},
	{"a gate is born once", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		g.Party = "other"
		is(t, "Commit", try(s, submitted(t, c, noon, g)), conflict)
		if got := load(t, s, "c1").Gates[0].Party; got != mpa {
			t.Errorf("got party %s, want %s", got, mpa)
		}
	}},
	{"a gate that was answered cannot be changed", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		c = commit(t, s, answering(t, c, g, "first", noon))
		is(t, "Commit", try(s, answering(t, c, g, "second", noon)), conflict)
		if got := load(t, s, "c1").Gates[0].Answer.Choice; got != "first" {
			t.Errorf("got %s, want first", got)
		}
	}},
	{"a gate of another issue cannot be changed", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		g.Issue = 2
		is(t, "Commit", try(s, answering(t, c, g, "late", noon)), conflict)
	}},
	{"the issue of a gate that stays open is raised, by one, and what was read before is too old", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		old := g
		g.Issue = 3
		b := entered(t, c, c, "revoke-links", noon, nil)
		b.one().Changed = []gate.Gate{g}
		is(t, "Commit by two", try(s, b), conflict)
		g.Issue = 2
		b.one().Changed = []gate.Gate{g}
		c = commit(t, s, b)
		if got := load(t, s, "c1").Gates[0].Issue; got != 2 {
			t.Errorf("got issue %d, want 2", got)
		}
		is(t, "Commit of the former issue", try(s, answering(t, c, old, "late", noon)), conflict)
		commit(t, s, answering(t, c, g, "given", noon))
	}},
	{"a gate that was not born cannot be changed", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		if err := try(s, answering(t, c, opened("c1", "opinion-1", noon, noon), "x", noon)); err == nil {
			t.Errorf("got no error")
		}
	}},
	{"a file that exists cannot be committed again", func(t *testing.T, s docket.Store) {
		is(t, "PutFile", s.PutFile(ctx, file("c1", "f1")), nil)
		b := draft(t, "c1")
		b.one().Files = []docket.File{file("c1", "f1")}
		is(t, "Commit", try(s, b), conflict)
	}},
	{"an operation is kept with its commit, for its scope alone", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		op := docket.Operation{
			Scope: "h1.p1", ID: "op-1", Digest: "d", At: noon,
			Receipt: docket.Receipt{Case: "c1", Number: "N-c1", Verb: casework.Create, Seq: 1, At: noon, Person: "p1", Org: hospital},
		}
		b.Did = &op
		commit(t, s, b)
		got, did, err := s.Operation(ctx, "h1.p1", "op-1")
		is(t, "Operation", err, nil)
		if !did {
			t.Fatalf("the operation is not there")
		}
		same(t, got, op)
		if _, did, err := s.Operation(ctx, "h1.p2", "op-1"); did || err != nil {
			t.Errorf("somebody else's scope: got %v and %v, want nothing", did, err)
		}
		if _, did, err := s.Operation(ctx, "h1.p1", "op-2"); did || err != nil {
			t.Errorf("another operation: got %v and %v, want nothing", did, err)
		}
	}},
	{"an operation happens once", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		b.Did = &docket.Operation{Scope: "p1", ID: "op-1", Digest: "d", At: noon}
		c := commit(t, s, b)
		again := edited(t, c, noon)
		again.Did = b.Did
		is(t, "Commit", try(s, again), conflict)
		if got := load(t, s, "c1").Case.Version; got != 1 {
			t.Errorf("got version %d, want 1", got)
		}
	}},
	{"more than a transaction can hold is refused", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		for i := range 99 {
			b.one().Files = append(b.one().Files, file("c1", "f"+strconv.Itoa(i)))
		}
		is(t, "Commit", try(s, b), invalid)
		_, err := s.Load(ctx, "c1")
		is(t, "Load", err, notFound)
	}},
	{"ninety files go with one commit", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		for i := range 90 {
			b.one().Files = append(b.one().Files, file("c1", fmt.Sprintf("f%02d", i)))
		}
		commit(t, s, b)
		if got := len(load(t, s, "c1").Files); got != 90 {
			t.Errorf("got %d files, want 90", got)
		}
	}},
	{"a cancelled call says that it is unclear", func(t *testing.T, s docket.Store) {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		is(t, "Commit", s.Commit(cancelled, draft(t, "c1").Commit), fault.Unavailable)
		_, err := s.Load(cancelled, "c1")
		is(t, "Load", err, fault.Unavailable)
	}},
}

// Text that JSON writers like to touch.
const trouble = "<b>&\u2028\u2029\"\\ 急需\x7f"

var entries = []row[docket.Store]{
	{"entries come back oldest first and prove each other", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		for i := range 11 {
			c = commit(t, s, entered(t, c, c, "edit", noon.Add(time.Duration(i)*time.Second), map[string]any{"reason": trouble, "n": i}))
		}
		got, err := s.Entries(ctx, "c1")
		is(t, "Entries", err, nil)
		is(t, "VerifyTo", history.VerifyTo(got, 12, c.Head), nil)
	}},
	{"a case without entries has none", func(t *testing.T, s docket.Store) {
		for _, id := range []string{"c1", "", "a#b"} {
			got, err := s.Entries(ctx, id)
			if len(got) != 0 || err != nil {
				t.Errorf("got %d entries and %v, want none", len(got), err)
			}
		}
	}},
	{"an entry is untold until it was told, and telling again is safe", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		commit(t, s, b)
		got, untold, err := s.Entry(ctx, "c1", 1)
		is(t, "Entry", err, nil)
		same(t, got, *b.one().Entry)
		if !untold {
			t.Errorf("it was born told")
		}
		is(t, "Told", s.Told(ctx, "c1", 1), nil)
		is(t, "Told again", s.Told(ctx, "c1", 1), nil)
		got, untold, err = s.Entry(ctx, "c1", 1)
		is(t, "Entry", err, nil)
		same(t, got, *b.one().Entry)
		if untold {
			t.Errorf("it kept its mark")
		}
	}},
	{"an entry nobody committed is not found", func(t *testing.T, s docket.Store) {
		commit(t, s, draft(t, "c1"))
		for _, seq := range []int{-1, 0, 2} {
			_, _, err := s.Entry(ctx, "c1", seq)
			is(t, "Entry", err, notFound)
		}
		_, _, err := s.Entry(ctx, "c2", 1)
		is(t, "Entry", err, notFound)
		is(t, "Told", s.Told(ctx, "c1", 2), notFound)
	}},
	{"an entry is never replaced", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		c := commit(t, s, b)
		forged := entered(t, casework.Case{Version: 1}, c, "edit", noon, map[string]any{"forged": true})
		forged.one().Was = 1
		if err := try(s, forged); err == nil {
			t.Errorf("got no error")
		}
		got, _, err := s.Entry(ctx, "c1", 1)
		is(t, "Entry", err, nil)
		same(t, got, *b.one().Entry)
	}},
}

// spread returns ids that fall on different shards of whatever there is.
func spread(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("c%02d", i))
	}
	return ids
}

func untoldOf(refs []docket.EntryRef, err error) (any, error) {
	var out []string
	for _, r := range refs {
		out = append(out, fmt.Sprintf("%s/%d@%s", r.Of, r.Seq, r.At.UTC().Format(time.TimeOnly)))
	}
	return out, err
}

func dueOf(refs []docket.GateRef, err error) (any, error) {
	var out []string
	for _, r := range refs {
		out = append(out, fmt.Sprintf("%s/%s%s@%s", r.Of, r.Gate, r.Timer, r.At.UTC().Format(time.TimeOnly)))
	}
	return out, err
}

// openNames are the names of what is open, for comparison.
func openNames(rows []docket.OpenRow, err error) (names []string, _ error) {
	for _, row := range rows {
		names = append(names, row.Of)
	}
	return names, err
}

// rowsOf names the rows of a page.
func rowsOf(rows []docket.Listed, _ string, err error) (any, error) {
	var out []string
	for _, r := range rows {
		name := r.Head.Name()
		if r.Gate != nil {
			name += "/" + r.Gate.ID
		}
		out = append(out, name)
	}
	return out, err
}

var lists = []row[docket.Store]{
	{"untold entries are listed oldest first, before an instant, up to a limit, until they are told", func(t *testing.T, s docket.Store) {
		ids := spread(6)
		for i, id := range ids {
			b := draft(t, id)
			b = entered(t, casework.Case{}, b.Case, "create", noon.Add(-time.Duration(i)*time.Minute), nil)
			commit(t, s, b)
		}
		eventually(t, []string{"c05/1@03:55:00", "c04/1@03:56:00", "c03/1@03:57:00", "c02/1@03:58:00", "c01/1@03:59:00"}, func() (any, error) {
			return untoldOf(s.Untold(ctx, noon, 10)) // c00 was committed at noon, not before
		})
		eventually(t, []string{"c05/1@03:55:00", "c04/1@03:56:00"}, func() (any, error) { return untoldOf(s.Untold(ctx, noon, 2)) })
		is(t, "Told", s.Told(ctx, "c05", 1), nil)
		eventually(t, []string{"c04/1@03:56:00"}, func() (any, error) { return untoldOf(s.Untold(ctx, noon, 1)) })
	}},
	{"due gates are listed by their instants, up to now and no further", func(t *testing.T, s docket.Store) {
		for i, id := range spread(5) {
			c := commit(t, s, draft(t, id))
			commit(t, s, submitted(t, c, noon, opened(id, "opinion-1", noon, noon.Add(time.Duration(5-i)*time.Minute))))
		}
		eventually(t, []string{"c04/opinion-1@04:01:00", "c03/opinion-1@04:02:00", "c02/opinion-1@04:03:00"}, func() (any, error) {
			return dueOf(s.Due(ctx, noon.Add(3*time.Minute), 10))
		})
		eventually(t, []string{"c04/opinion-1@04:01:00"}, func() (any, error) { return dueOf(s.Due(ctx, noon.Add(time.Hour), 1)) })
	}},
	{"a gate that rang is due at its next ring", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		b := entered(t, c, c, "ring", noon, nil)
		g.Ring = &gate.Ring{Kind: gate.Due, At: noon.Add(time.Hour)}
		b.one().Changed = []gate.Gate{g}
		commit(t, s, b)
		eventually(t, []string{"c1/opinion-1@05:00:00"}, func() (any, error) { return dueOf(s.Due(ctx, noon.Add(2*time.Hour), 10)) })
		if got := load(t, s, "c1").Gates[0]; got.Status != gate.Open || got.Ring.Kind != gate.Due {
			t.Errorf("got %s and ring %v, want open and due", got.Status, got.Ring)
		}
	}},
	{"a gate without a ring, or answered, is never due", func(t *testing.T, s docket.Store) {
		g, silent := opened("c1", "opinion-1", noon, noon), opened("c1", "reply-1", noon, noon)
		silent.Ring = nil
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g, silent))
		commit(t, s, answering(t, c, g, "given", noon))
		eventually(t, []string(nil), func() (any, error) { return dueOf(s.Due(ctx, noon.Add(time.Hour), 10)) })
	}},
	{"submitted cases are listed in pages until they close", func(t *testing.T, s docket.Store) {
		ids := spread(7)
		for _, id := range ids {
			c := commit(t, s, draft(t, id))
			if id != "c06" {
				c = commit(t, s, submitted(t, c, noon))
			}
			if id == "c02" {
				c.Status = casework.Withdrawn
				commit(t, s, entered(t, c, c, "withdraw", noon, nil))
			}
		}
		eventually(t, []string{"c00", "c01", "c03", "c04", "c05"}, func() (any, error) {
			var all []string
			after := ""
			for {
				page, err := openNames(s.Open(ctx, after, 2))
				all = append(all, page...)
				if err != nil || len(page) < 2 {
					return all, err
				}
				after = page[1]
			}
		})
	}},
	{"a hospital's cases are listed, newest edit first", func(t *testing.T, s docket.Store) {
		for i, id := range spread(4) {
			c := commit(t, s, draft(t, id))
			commit(t, s, edited(t, c, noon.Add(time.Duration(i%3)*time.Hour)))
		}
		other := newDraft("x")
		other.Hospital = "h2"
		commit(t, s, entered(t, casework.Case{}, other, "create", noon, nil))
		eventually(t, "[c02 c01]", func() (any, error) { return rowsOf(s.List(ctx, docket.OwnPages.Of(hospital), "", 2)) })
		eventually(t, "[x]", func() (any, error) { return rowsOf(s.List(ctx, docket.OwnPages.Of("h2"), "", 10)) })
		eventually(t, "[]", func() (any, error) { return rowsOf(s.List(ctx, docket.OwnPages.Of("h3"), "", 10)) })
		if got, _, err := s.List(ctx, docket.OwnPages.Of(hospital), "", 10); len(got) != 4 || err != nil {
			t.Errorf("got %d cases and %v, want 4", len(got), err)
		}
	}},
	{"more cases than one page of any store are listed", func(t *testing.T, s docket.Store) {
		var wait sync.WaitGroup
		for _, id := range spread(130) {
			wait.Go(func() { commit(t, s, draft(t, id)) })
		}
		wait.Wait()
		eventually(t, 130, func() (any, error) {
			got, _, err := s.List(ctx, docket.OwnPages.Of(hospital), "", 200)
			return len(got), err
		})
	}},
	{"what waits is listed for its party and for recorders, the longest waiting first, until it is answered", func(t *testing.T, s docket.Store) {
		one := commit(t, s, draft(t, "c1"))
		reply := opened("c1", "reply-1", noon, noon)
		reply.Party, reply.Recorders = regulator, []string{mpa}
		one = commit(t, s, submitted(t, one, noon.Add(2*time.Hour), opened("c1", "opinion-1", noon.Add(time.Hour), noon), reply))
		inbox := func(org string) func() (any, error) {
			return func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(org), "", 10)) }
		}
		eventually(t, "[c1/reply-1 c1/opinion-1]", inbox(mpa))
		eventually(t, "[c1/reply-1]", inbox(regulator))
		eventually(t, "[]", inbox("hc"))
		commit(t, s, answering(t, one, reply, "approved", noon))
		eventually(t, "[c1/opinion-1]", inbox(mpa))
		eventually(t, "[]", inbox(regulator))
	}},
	{"what was sent to an organisation is listed for it, newest first", func(t *testing.T, s docket.Store) {
		for i, id := range spread(3) {
			c := commit(t, s, draft(t, id))
			commit(t, s, submitted(t, c, noon).copied(noon.Add(time.Duration(i)*time.Hour), mpa, "hc"))
		}
		again := submitted(t, load(t, s, "c00").Case, noon).copied(noon.Add(time.Minute), "hc")
		commit(t, s, again)
		eventually(t, "[c02 c01 c00]", func() (any, error) { return rowsOf(s.List(ctx, docket.CopiesPages.Of("hc"), "", 10)) })
		eventually(t, "[c02]", func() (any, error) { return rowsOf(s.List(ctx, docket.CopiesPages.Of(mpa), "", 1)) })
		eventually(t, "[]", func() (any, error) { return rowsOf(s.List(ctx, docket.CopiesPages.Of(regulator), "", 10)) })
	}},
	{"a duty that was done takes no room in an inbox", func(t *testing.T, s docket.Store) {
		commit(t, s, submitted(t, commit(t, s, draft(t, "c00")), noon, opened("c00", "opinion-1", noon.Add(-time.Hour), noon)))
		for _, id := range spread(4)[1:] {
			g := opened(id, "reply-1", noon, noon)
			g.Party, g.Recorders = regulator, []string{mpa}
			c := commit(t, s, submitted(t, commit(t, s, draft(t, id)), noon, g))
			commit(t, s, answering(t, c, g, "approved", noon))
		}
		eventually(t, "[c00/opinion-1]", func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(mpa), "", 1)) })
		eventually(t, "[]", func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(regulator), "", 1)) })
	}},
	{"a limit of nothing lists nothing", func(t *testing.T, s docket.Store) {
		commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, opened("c1", "opinion-1", noon, noon)))
		for _, list := range []func() (any, error){
			func() (any, error) { return untoldOf(s.Untold(ctx, noon.Add(time.Hour), 0)) },
			func() (any, error) { return dueOf(s.Due(ctx, noon.Add(time.Hour), 0)) },
			func() (any, error) { return openNames(s.Open(ctx, "", 0)) },
			func() (any, error) { return rowsOf(s.List(ctx, docket.OwnPages.Of(hospital), "", 0)) },
			func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(mpa), "", 0)) },
		} {
			eventually(t, "[]", list)
		}
	}},
}

func token(value string, run int, entered time.Duration, retry int) docket.Token {
	return docket.Token{Value: value, Run: run, Entered: noon.Add(entered), Retry: retry}
}

var tokens = []row[docket.Store]{
	{"the newest token stays, by run, entry and retry, in whatever order they come", func(t *testing.T, s docket.Store) {
		commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, opened("c1", "opinion-1", noon, noon)))
		ref := docket.GateRef{Of: "c1", Gate: "opinion-1"}
		for _, tt := range []struct {
			t    docket.Token
			want bool
			kept string
		}{
			{token("a", 1, 0, 0), true, "a"},
			{token("a", 1, 0, 0), true, "a"},  // the same again, after a lost answer
			{token("b", 1, 0, 0), false, "a"}, // an equal one does not replace it
			{token("c", 1, 0, 2), true, "c"},
			{token("d", 1, 0, 1), false, "c"},
			{token("e", 1, time.Millisecond, 0), true, "e"},
			{token("f", 1, 0, 9), false, "e"},
			{token("g", 10, -time.Hour, 0), true, "g"},
			{token("h", 9, time.Hour, 9), false, "g"},
		} {
			g, attached, err := s.AttachToken(ctx, ref, tt.t)
			if err != nil || attached != tt.want || g.ID != "opinion-1" || g.Status != gate.Open {
				t.Fatalf("attaching %s: got %v, %s %s and %v, want %v", tt.t.Value, attached, g.ID, g.Status, err, tt.want)
			}
			if got, ok, err := s.Token(ctx, ref); !ok || err != nil || got.Value != tt.kept {
				t.Fatalf("after %s: got %s, %v and %v, want %s", tt.t.Value, got.Value, ok, err, tt.kept)
			}
		}
		got, _, _ := s.Token(ctx, ref)
		same(t, got, token("g", 10, -time.Hour, 0))
	}},
	{"a gate that is answered keeps its token, and still takes a newer one", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		ref := docket.GateRef{Of: "c1", Gate: "opinion-1"}
		_, _, err := s.AttachToken(ctx, ref, token("a", 1, 0, 0))
		is(t, "AttachToken", err, nil)
		commit(t, s, answering(t, c, g, "given", noon))
		if got, ok, err := s.Token(ctx, ref); !ok || err != nil || got.Value != "a" {
			t.Errorf("got %v, %v and %v, want a", got.Value, ok, err)
		}
		after, attached, err := s.AttachToken(ctx, ref, token("b", 2, 0, 0))
		if err != nil || !attached || after.Status != gate.Answered || after.Answer.Choice != "given" {
			t.Errorf("got %v, %s and %v, want the answered gate", attached, after.Status, err)
		}
		if got := load(t, s, "c1").Gates[0]; got.Status != gate.Answered {
			t.Errorf("got %s, want answered", got.Status)
		}
	}},
	{"a gate without a token has none", func(t *testing.T, s docket.Store) {
		commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, opened("c1", "opinion-1", noon, noon)))
		for _, name := range []string{"opinion-1", "opinion-2", "a#b"} {
			if _, ok, err := s.Token(ctx, docket.GateRef{Of: "c1", Gate: name}); ok || err != nil {
				t.Errorf("%s: got %v and %v, want none", name, ok, err)
			}
		}
	}},
	{"a gate that is not there takes no token", func(t *testing.T, s docket.Store) {
		for _, name := range []string{"opinion-1", "a#b"} {
			_, attached, err := s.AttachToken(ctx, docket.GateRef{Of: "c1", Gate: name}, token("a", 1, 0, 0))
			is(t, "AttachToken", err, notFound)
			if attached {
				t.Errorf("it was attached")
			}
		}
	}},
	{"of many tokens at once the newest stays", func(t *testing.T, s docket.Store) {
		commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, opened("c1", "opinion-1", noon, noon)))
		ref := docket.GateRef{Of: "c1", Gate: "opinion-1"}
		var wait sync.WaitGroup
		for i := range 32 {
			wait.Go(func() {
				_, _, err := s.AttachToken(ctx, ref, token(strconv.Itoa(i), 1, 0, i))
				is(t, "AttachToken", err, nil)
			})
		}
		wait.Wait()
		if got, _, _ := s.Token(ctx, ref); got.Value != "31" {
			t.Errorf("got %s, want 31", got.Value)
		}
	}},
}

func checked(f docket.File) docket.File {
	f.State, f.Version, f.SHA256, f.Size, f.Type, f.Scan = docket.Checked, "v1", "ab", 12, "pdf", docket.Scanned
	return f
}

func unscanned(f docket.File, again time.Time) docket.File {
	f = checked(f)
	f.State, f.Scan, f.Reason, f.ScanAt = docket.Unscanned, docket.NotYet, "file.scan.away", again
	return f
}

var files = []row[docket.Store]{
	{"a file becomes known once, and changes nothing else", func(t *testing.T, s docket.Store) {
		c := commit(t, s, draft(t, "c1"))
		f := file("c1", "f1")
		is(t, "PutFile", s.PutFile(ctx, f), nil)
		f.Name = "other.pdf"
		is(t, "PutFile again", s.PutFile(ctx, f), nil)
		r := load(t, s, "c1")
		same(t, r.Files, []docket.File{file("c1", "f1")})
		same(t, r.Case, c)
	}},
	{"a file whose object is another's is refused", func(t *testing.T, s docket.Store) {
		for _, key := range []string{"", "dossier/c1/f2", "dossier/c2/f1", "manifest/c1/f1", "dossier/c1/f1/x"} {
			f := file("c1", "f1")
			f.Key = key
			is(t, "PutFile", s.PutFile(ctx, f), invalid)
		}
	}},
	{"a file is settled once, and the first finding stays", func(t *testing.T, s docket.Store) {
		is(t, "PutFile", s.PutFile(ctx, file("c1", "f1")), nil)
		got, err := s.SettleFile(ctx, checked(file("c1", "f1")))
		is(t, "SettleFile", err, nil)
		same(t, got, checked(file("c1", "f1")))
		later := checked(file("c1", "f1"))
		later.State, later.Version, later.Reason = docket.Rejected, "v2", "file.virus"
		got, err = s.SettleFile(ctx, later)
		is(t, "SettleFile again", err, nil)
		same(t, got, checked(file("c1", "f1")))
		got, err = s.FileByKey(ctx, "dossier/c1/f1")
		is(t, "FileByKey", err, nil)
		same(t, got, checked(file("c1", "f1")))
	}},
	{"an unscanned file is settled for its own version, and for no other", func(t *testing.T, s docket.Store) {
		is(t, "PutFile", s.PutFile(ctx, file("c1", "f1")), nil)
		waits := unscanned(file("c1", "f1"), noon)
		got, err := s.SettleFile(ctx, waits)
		is(t, "SettleFile", err, nil)
		same(t, got, waits)
		other := checked(file("c1", "f1"))
		other.Version = "v2"
		got, err = s.SettleFile(ctx, other)
		is(t, "SettleFile of another version", err, nil)
		same(t, got, waits)
		again := unscanned(file("c1", "f1"), noon.Add(time.Hour))
		got, err = s.SettleFile(ctx, again)
		is(t, "SettleFile, waiting on", err, nil)
		same(t, got, again)
		got, err = s.SettleFile(ctx, checked(file("c1", "f1")))
		is(t, "SettleFile of its own version", err, nil)
		same(t, got, checked(file("c1", "f1")))
		got, err = s.SettleFile(ctx, waits)
		is(t, "SettleFile, too late", err, nil)
		same(t, got, checked(file("c1", "f1")))
	}},
	{"what waits for a scan is listed when its time has come, in order, up to a limit", func(t *testing.T, s docket.Store) {
		for i, at := range []time.Time{noon.Add(2 * time.Second), noon, noon.Add(time.Second), noon.Add(time.Hour), {}} {
			f := file("c"+strconv.Itoa(i), "f1")
			is(t, "PutFile", s.PutFile(ctx, f), nil)
			_, err := s.SettleFile(ctx, unscanned(f, at))
			is(t, "SettleFile", err, nil)
		}
		ids := func(at time.Time, limit int) (out []string) {
			files, err := s.Unsettled(ctx, at, limit)
			is(t, "Unsettled", err, nil)
			for _, f := range files {
				out = append(out, f.Of)
			}
			return out
		}
		same(t, ids(noon.Add(-time.Millisecond), 9), nil)
		same(t, ids(noon, 9), []string{"c1"})
		same(t, ids(noon.Add(time.Minute), 9), []string{"c1", "c2", "c0"})
		same(t, ids(noon.Add(time.Minute), 2), []string{"c1", "c2"})
		_, err := s.SettleFile(ctx, checked(file("c1", "f1")))
		is(t, "SettleFile", err, nil)
		large := unscanned(file("c2", "f1"), time.Time{})
		_, err = s.SettleFile(ctx, large)
		is(t, "SettleFile", err, nil)
		same(t, ids(noon.Add(time.Minute), 9), []string{"c0"})
	}},
	{"of many findings at once one stays, and all hear which", func(t *testing.T, s docket.Store) {
		is(t, "PutFile", s.PutFile(ctx, file("c1", "f1")), nil)
		heard := make([]string, 16)
		var wait sync.WaitGroup
		for i := range heard {
			wait.Go(func() {
				f := checked(file("c1", "f1"))
				f.Version = "v" + strconv.Itoa(i)
				got, err := s.SettleFile(ctx, f)
				is(t, "SettleFile", err, nil)
				heard[i] = got.Version
			})
		}
		wait.Wait()
		for _, v := range heard {
			if v != heard[0] || v == "" {
				t.Fatalf("got %v, want one", heard)
			}
		}
	}},
	{"a file nobody knows cannot be settled or found", func(t *testing.T, s docket.Store) {
		_, err := s.SettleFile(ctx, checked(file("c1", "f1")))
		is(t, "SettleFile", err, notFound)
		for _, key := range []string{"dossier/c1/f1", "evidence/c1/f1", "manifest/c1/f1", "", "dossier/a#b/c"} {
			_, err := s.FileByKey(ctx, key)
			is(t, "FileByKey", err, notFound)
		}
	}},
	{"a file is found under its own prefix only", func(t *testing.T, s docket.Store) {
		is(t, "PutFile", s.PutFile(ctx, file("c1", "f1")), nil)
		_, err := s.FileByKey(ctx, "evidence/c1/f1")
		is(t, "FileByKey", err, notFound)
	}},
	{"the read log is listed newest first, up to a limit", func(t *testing.T, s docket.Store) {
		want := []docket.Reading{
			{Of: "c1", File: "f1", Person: "p2", Org: mpa, At: noon.Add(2 * time.Second)},
			{Of: "c1", File: "", Person: "p1", Org: mpa, At: noon.Add(time.Second)},
			{Of: "c1", File: "f1", Person: "p1", Org: mpa, At: noon},
		}
		for _, i := range []int{1, 2, 0, 0} {
			is(t, "LogRead", s.LogRead(ctx, want[i]), nil)
		}
		is(t, "LogRead", s.LogRead(ctx, docket.Reading{Of: "c2", Person: "p1", Org: mpa, At: noon}), nil)
		got, err := s.Readings(ctx, "c1", 10)
		is(t, "Readings", err, nil)
		same(t, got, want)
		got, err = s.Readings(ctx, "c1", 2)
		is(t, "Readings", err, nil)
		same(t, got, want[:2])
	}},
	{"who opens two files at one instant leaves two lines", func(t *testing.T, s docket.Store) {
		for _, f := range []string{"f1", "f2", ""} {
			is(t, "LogRead", s.LogRead(ctx, docket.Reading{Of: "c1", File: f, Person: "p1", Org: mpa, At: noon}), nil)
		}
		if got, err := s.Readings(ctx, "c1", 10); len(got) != 3 || err != nil {
			t.Errorf("got %d lines and %v, want 3", len(got), err)
		}
	}},
}

// Race lets n people answer the same gate at the same time, all of them having
// read the same case, and tests that exactly one answer is there afterwards:
// that of the one who was told so. Nobody is told anything else than that they
// won, or that somebody moved first.
func Race(t *testing.T, s docket.Store, n int) {
	g := opened("race", "opinion-1", noon, noon)
	c := commit(t, s, submitted(t, commit(t, s, draft(t, "race")), noon, g))
	said := make([]error, n)
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		b := answering(t, c, g, "answer-"+strconv.Itoa(i), noon)
		b.Did = &docket.Operation{Scope: "p" + strconv.Itoa(i), ID: "op", Digest: "d", At: noon}
		wait.Go(func() {
			<-start
			for range 100 {
				if said[i] = try(s, b); !errors.Is(said[i], fault.Unavailable) {
					return
				}
				if _, did, err := s.Operation(ctx, b.Did.Scope, "op"); did && err == nil {
					said[i] = nil // the answer was unclear, the deed was not
					return
				}
			}
		})
	}
	close(start)
	wait.Wait()

	won := ""
	for i, err := range said {
		switch {
		case err == nil && won == "":
			won = "answer-" + strconv.Itoa(i)
		case err == nil:
			t.Errorf("both %s and answer-%d won", won, i)
		case !errors.Is(err, fault.Conflict):
			t.Errorf("answer-%d: got %v, want a conflict", i, err)
		}
	}
	r := load(t, s, "race")
	if got := r.Gates[0].Answer; got == nil || got.Choice != won {
		t.Errorf("got %v, want %q", got, won)
	}
	chain, err := s.Entries(ctx, "race")
	is(t, "Entries", err, nil)
	is(t, "VerifyTo", history.VerifyTo(chain, 3, r.Case.Head), nil)
}

// Interleavings tests that commits by people who read at different times, in
// any order, leave a chain that proves itself and a head that agrees with it.
func Interleavings(t *testing.T, open func(*testing.T) docket.Store) {
	s := open(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		id := "mix" + strconv.Itoa(round)
		first := commit(t, s, draft(t, id))
		read := []casework.Case{first, first, first} // what each of three people saw last
		version, seq, gates := 1, 1, 0
		for step := range rapid.IntRange(1, 25).Draw(t, "steps") {
			who := rapid.IntRange(0, len(read)-1).Draw(t, "who")
			was := read[who]
			at := noon.Add(time.Duration(step) * time.Second)
			var b Commit
			entry, opens := 1, 0
			switch rapid.SampledFrom([]string{"look", "edit", "enter", "open"}).Draw(t, "what") {
			case "look":
				read[who] = load(t, s, id).Case
				continue
			case "edit":
				b, entry = edited(t, was, at), 0
			case "enter":
				b = entered(t, was, was, "edit", at, map[string]any{"by": who})
			case "open":
				g := opened(id, "opinion-"+strconv.Itoa(was.Opinion.Gates+1), at, at)
				now := was.Clone()
				now.Opinion.Gates++
				b = submitted(t, now, at, g)
				opens = 1
			}
			err := try(s, b)
			switch {
			case was.Version != version && !errors.Is(err, fault.Conflict):
				t.Fatalf("a commit on version %d of %d: got %v, want a conflict", was.Version, version, err)
			case was.Version == version && err != nil:
				t.Fatalf("a commit on the newest version: %v", err)
			case err == nil:
				version, seq, gates = version+1, seq+entry, gates+opens
				read[who] = b.Case
			}
		}
		r := load(t, s, id)
		chain, err := s.Entries(ctx, id)
		if err != nil {
			t.Fatalf("reading the chain: %v", err)
		}
		if err := history.VerifyTo(chain, r.Case.Seq, r.Case.Head); err != nil {
			t.Fatalf("%v", err)
		}
		if r.Case.Version != version || len(chain) != seq || len(r.Gates) != gates {
			t.Fatalf("got version %d, %d entries, %d gates; want %d, %d, %d", r.Case.Version, len(chain), len(r.Gates), version, seq, gates)
		}
	})
}

// Life leads one case through the steps that every case takes and calls after
// each with its name, for those who count what they cost.
func Life(t *testing.T, s docket.Store, after func(step string)) {
	first := newDraft("life")
	first.Files = map[string][]string{"plan": {"f1"}} // what its head names, the store has
	b := entered(t, casework.Case{}, first, "create", noon, map[string]any{"number": first.Number})
	b.Did = &docket.Operation{Scope: "h1.p1", ID: "op-1", Digest: "d", At: noon}
	c := commit(t, s, b)
	after("a draft is born")

	b = edited(t, c, noon.Add(time.Minute))
	b.Did = &docket.Operation{Scope: "h1.p1", ID: "op-2", Digest: "d", At: noon}
	b.one().Files = []docket.File{file("life", "f1")}
	c = commit(t, s, b)
	after("a file is attached")

	_, err := s.SettleFile(ctx, checked(file("life", "f1")))
	is(t, "SettleFile", err, nil)
	after("the file is checked")

	opinion, reply := opened("life", "opinion-1", noon, noon), opened("life", "reply-1", noon, noon)
	reply.Party, reply.Recorders = regulator, []string{mpa}
	b = submitted(t, c, noon, opinion, reply)
	b.Did = &docket.Operation{Scope: "h1.p1", ID: "op-3", Digest: "d", At: noon}
	b.copied(noon, mpa, "hc")
	c = commit(t, s, b)
	after("it is submitted")

	load(t, s, "life")
	after("it is loaded")

	ref := docket.GateRef{Of: "life", Gate: "opinion-1"}
	_, _, err = s.AttachToken(ctx, ref, token(strings.Repeat("t", 900), 1, 0, 0))
	is(t, "AttachToken", err, nil)
	after("a token is attached")

	is(t, "Told", s.Told(ctx, "life", 2), nil)
	after("an entry is told")

	b = answering(t, c, opinion, "opine", noon)
	b.Did = &docket.Operation{Scope: "mpa.p2", ID: "op-4", Digest: "d", At: noon}
	commit(t, s, b)
	after("a gate is answered")

	for _, list := range []docket.PageList{docket.InboxPages, docket.CopiesPages} {
		_, _, err = s.List(ctx, list.Of(mpa), "", 50)
		is(t, "List", err, nil)
	}
	after("an inbox is read")

	_, err = s.Due(ctx, noon, 25)
	is(t, "Due", err, nil)
	after("what is due is listed")
}
