package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
)

// Sealer tests what [docket.Sealer] promises.
func Sealer(t *testing.T, open func(*testing.T) docket.Sealer) {
	run(t, open, seals)
}

var seals = []row[docket.Sealer]{
	{"what was sealed opens for what it belongs to", func(t *testing.T, s docket.Sealer) {
		about := map[string]string{"organisation": "mpa", "secret": "s1"}
		sealed, err := s.Encrypt(ctx, []byte("plain secret"), about)
		is(t, "Encrypt", err, nil)
		if bytes.Contains(sealed, []byte("plain")) {
			t.Error("got the secret in what was sealed")
		}
		got, err := s.Decrypt(ctx, sealed, map[string]string{"secret": "s1", "organisation": "mpa"})
		is(t, "Decrypt", err, nil)
		if string(got) != "plain secret" {
			t.Errorf("got %q, want the secret", got)
		}
	}},
	{"it opens for nothing else", func(t *testing.T, s docket.Sealer) {
		sealed, err := s.Encrypt(ctx, []byte("plain secret"), map[string]string{"organisation": "mpa", "secret": "s1"})
		is(t, "Encrypt", err, nil)
		for _, about := range []map[string]string{
			nil, {"organisation": "nmpa", "secret": "s1"}, {"organisation": "mpa"}, {"organisation": "mpa", "secret": "s1", "more": "x"},
		} {
			got, err := s.Decrypt(ctx, sealed, about)
			is(t, "Decrypt", err, invalid)
			if got != nil {
				t.Errorf("%v: got %q, want nothing", about, got)
			}
		}
	}},
	// That changed bytes do not open either, the emulator does not check.
	{"what was never sealed does not open", func(t *testing.T, s docket.Sealer) {
		_, err := s.Decrypt(ctx, []byte("none of ours"), map[string]string{"organisation": "mpa"})
		is(t, "Decrypt", err, invalid)
	}},
	{"nothing, and too much, is not sealed", func(t *testing.T, s docket.Sealer) {
		for _, n := range []int{0, 4097} {
			_, err := s.Encrypt(ctx, make([]byte, n), nil)
			is(t, "Encrypt", err, invalid)
		}
	}},
}

// callbacks are what an answer that a machine signed relies on: in one
// transaction its id is spent, and the secret that signed it must still be good.
var callbacks = []row[docket.Store]{
	{"what an organisation agreed on is kept, with its history", func(t *testing.T, s docket.Store) {
		one := thing(t, docket.Head{}, "trust", mpa, "trusts", noon)
		is(t, "Commit", try(s, one), nil)
		two := thing(t, one.one().Head, "trust", mpa, "trusts", noon)
		is(t, "Commit", try(s, two), nil)
		is(t, "the same again", try(s, two), conflict)
		got, err := s.Head(ctx, "trust/"+mpa)
		is(t, "Head", err, nil)
		same(t, got, two.one().Head)
		entries, err := s.Entries(ctx, "trust/"+mpa)
		if err != nil || len(entries) != 2 {
			t.Errorf("got %d entries and %v, want two", len(entries), err)
		}
	}},
	{"a machine's id is spent with its answer, for its organisation alone", func(t *testing.T, s docket.Store) {
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		b := answering(t, c, g, "opine", noon)
		b.Did = &docket.Operation{Scope: "mpa.@", ID: "msg_1", Digest: "body", At: noon, Receipt: docket.Receipt{Case: "c1", Verb: casework.Opine, Seq: 3}}
		commit(t, s, b)
		got, did, err := s.Operation(ctx, "mpa.@", "msg_1")
		if !did || err != nil || got.Digest != "body" || got.Receipt.Seq != 3 {
			t.Errorf("got %+v, %v and %v, want the id with its receipt", got, did, err)
		}
		if _, did, _ := s.Operation(ctx, "nmpa.@", "msg_1"); did {
			t.Error("another organisation's id: got it spent, want it free")
		}
	}},
	{"an id that is spent spoils the whole commit", func(t *testing.T, s docket.Store) {
		b := draft(t, "c1")
		b.Did = &docket.Operation{Scope: "mpa.@", ID: "msg_1", Digest: "body", At: noon}
		commit(t, s, b)
		g := opened("c2", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c2")), noon, g))
		again := answering(t, c, g, "opine", noon)
		again.Did = &docket.Operation{Scope: "mpa.@", ID: "msg_1", Digest: "another body", At: noon}
		is(t, "Commit", try(s, again), conflict)
		if got := load(t, s, "c2").Gates[0].Status; got != "open" {
			t.Errorf("got the gate %s, want it open", got)
		}
	}},
	{"an answer does not commit once the secret it was signed with may be over", func(t *testing.T, s docket.Store) {
		one := thing(t, docket.Head{}, "trust", mpa, "trusts", noon)
		is(t, "Commit", try(s, one), nil)
		g := opened("c1", "opinion-1", noon, noon)
		c := commit(t, s, submitted(t, commit(t, s, draft(t, "c1")), noon, g))
		b := answering(t, c, g, "opine", noon)
		b.Holds = []docket.Hold{{Of: "trust/" + mpa, Version: 1}}
		b.Did = &docket.Operation{Scope: "mpa.@", ID: "msg_1", Digest: "body", At: noon}
		is(t, "Commit", try(s, thing(t, one.one().Head, "trust", mpa, "trusts", noon)), nil)
		is(t, "Commit", try(s, b), conflict)
		if _, did, _ := s.Operation(ctx, "mpa.@", "msg_1"); did {
			t.Error("got the id spent, want it free")
		}
		b.Holds[0].Version = 2
		is(t, "Commit", try(s, b), nil)
	}},
	{"a body keeps bytes that are no text", func(t *testing.T, s docket.Store) {
		ch := thing(t, docket.Head{}, "trust", mpa, "trusts", noon)
		body, err := json.Marshal(map[string][]byte{"sealed": {0, 1, 0xff}})
		is(t, "Marshal", err, nil)
		ch.one().Head.Body = body
		is(t, "Commit", try(s, ch), nil)
		got, err := s.Head(ctx, "trust/"+mpa)
		is(t, "Head", err, nil)
		same(t, got.Body, ch.one().Head.Body)
	}},
	{"a list comes in pages, in its order, each row once", func(t *testing.T, s docket.Store) {
		var want []string
		for i := range 5 {
			id := "c" + strconv.Itoa(i)
			at := noon.Add(time.Duration(i) * time.Minute)
			c := commit(t, s, draft(t, id))
			c.EditedAt = at
			commit(t, s, submitted(t, c, at, opened(id, "opinion-1", at, at), opened(id, "reply-1", at, at)).copied(at, mpa))
			want = append([]string{id}, want...)
		}
		both := []string{}
		for _, id := range slices.Backward(want) {
			both = append(both, id+"/opinion-1", id+"/reply-1")
		}
		for _, row := range []struct {
			list string
			want []string
		}{
			{docket.OwnPages.Of(hospital), want},
			{docket.CopiesPages.Of(mpa), want},
			{docket.InboxPages.Of(mpa), both},
			{docket.OwnPages.Of("h2"), nil},
			{"none", nil},
		} {
			for _, limit := range []int{1, 2, 5, 100} {
				eventually(t, row.want, func() (any, error) { return whole(s, row.list, limit) })
			}
		}
	}},
	{"what comes to wait while pages are turned is on a later one", func(t *testing.T, s docket.Store) {
		waits := func(id string, since time.Time) {
			commit(t, s, submitted(t, commit(t, s, draft(t, id)), noon, opened(id, "opinion-1", since, noon)))
		}
		waits("c1", noon)
		waits("c2", noon.Add(time.Minute))
		next := ""
		eventually(t, "[c1/opinion-1] and more", func() (any, error) {
			rows, end, err := s.List(ctx, docket.InboxPages.Of(mpa), "", 1)
			next = end
			names, _ := rowsOf(rows, "", nil)
			if end != "" {
				return fmt.Sprint(names, " and more"), err
			}
			return names, err
		})
		waits("c0", noon.Add(2*time.Minute))
		eventually(t, "[c2/opinion-1 c0/opinion-1]", func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(mpa), next, 10)) })
		eventually(t, "[c1/opinion-1]", func() (any, error) { return rowsOf(s.List(ctx, docket.InboxPages.Of(mpa), "", 1)) })
	}},
	{"a page begins where one ended and nowhere else", func(t *testing.T, s docket.Store) {
		commit(t, s, draft(t, "c1"))
		for _, after := range []string{"x", "2026", "9999-99-99T99:99:99.000000000Z#c1", "\xff", strings.Repeat("x", 5000)} {
			for _, list := range []string{docket.OwnPages.Of(hospital), docket.InboxPages.Of(mpa), "none"} {
				_, _, err := s.List(ctx, list, after, 10)
				is(t, "List", err, invalid)
			}
		}
	}},
}

// whole reads a list to its end, in pages of at most limit rows.
func whole(s docket.Store, list string, limit int) ([]string, error) {
	var got []string
	after := ""
	for pages := 0; pages < 200; pages++ {
		rows, next, err := s.List(ctx, list, after, limit)
		if err != nil || len(rows) > limit {
			return nil, fmt.Errorf("%d rows of %d: %w", len(rows), limit, err)
		}
		names, _ := rowsOf(rows, "", nil)
		got = append(got, names.([]string)...)
		if after = next; after == "" {
			return got, nil
		}
	}
	return nil, fmt.Errorf("the pages of %s never end", list)
}
