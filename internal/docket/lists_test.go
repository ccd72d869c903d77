package docket_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/gate"
)

// crowded is a town with n cases beside p's, as busy: its head and its duty n times.
func crowded(t *testing.T, p *play, n int) {
	t.Helper()
	r := p.record()
	g, _ := r.Open(gate.Opinion)
	for i := range n {
		c := r.Case.Clone()
		c.ID, c.Number, c.Version = fmt.Sprintf("crowd%03d", i), fmt.Sprintf("N-%03d", i), 1
		c.Seq, c.Head, c.EditedAt = 0, "", r.Case.EditedAt.Add(time.Duration(i+1)*time.Minute)
		h, err := docket.CaseHead(c)
		must(t, err)
		duty := g
		duty.Of, duty.OpenedAt, duty.Ring = c.ID, c.EditedAt, nil
		must(t, p.World.Store.Commit(context.Background(), docket.Commit{Changes: []docket.Change{{
			Head: h, Opened: []gate.Gate{duty}, Home: docket.Place{List: docket.OwnPages.Of(c.Hospital), At: c.EditedAt},
			Lists: []docket.Place{{List: docket.CopiesPages.Of("mpa"), At: c.EditedAt}}, Open: true,
		}}}))
	}
}

// all walks a list to its end, a page at a time.
func all(t *testing.T, page func(after string) (ids []string, next string, err error)) (out []string, pages int) {
	t.Helper()
	for after := ""; ; {
		ids, next, err := page(after)
		must(t, err)
		out = append(out, ids...)
		if pages++; next == "" {
			return out, pages
		}
		after = next
	}
}

func caseIDs(rows []docket.ListedCase) (out []string) {
	for _, row := range rows {
		out = append(out, row.Case.ID)
	}
	return out
}

func TestNoListEndsSilently(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	p.submit()
	crowded(t, p, 260)
	for _, row := range []struct {
		list  string
		page  func(after string) ([]string, string, error)
		first string
		last  string
	}{
		{"a hospital's cases", func(after string) ([]string, string, error) {
			page, err := p.Desk.Cases(ctx, after, actor("lin"))
			var ids []string
			for _, c := range page.Rows {
				ids = append(ids, c.ID)
			}
			return ids, page.Next, err
		}, "crowd259", p.id},
		{"what waits for an agency", func(after string) ([]string, string, error) {
			rows, next, err := p.Desk.Inbox(ctx, after, actor("zhou"))
			return caseIDs(rows), next, err
		}, p.id, "crowd259"},
		{"what was sent to an agency", func(after string) ([]string, string, error) {
			rows, next, err := p.Desk.Copies(ctx, after, actor("zhou"))
			return caseIDs(rows), next, err
		}, "crowd259", p.id},
	} {
		ids, pages := all(t, row.page)
		seen := slices.Compact(slices.Sorted(slices.Values(ids)))
		if len(seen) != 261 || pages < 6 {
			t.Errorf("%s: got %d cases on %d pages, want 261 on six", row.list, len(seen), pages)
			continue
		}
		if ids[0] != row.first || ids[len(ids)-1] != row.last {
			t.Errorf("%s: got it from %s to %s, want from %s to %s", row.list, ids[0], ids[len(ids)-1], row.first, row.last)
		}
	}
}

// A gate of another kind of aggregate has pages of its own: it is no case that cannot
// be read.
func TestAnInboxOfCasesLeavesOtherKindsOut(t *testing.T) {
	ctx := context.Background()
	tw := lampTown(t)
	p := &play{town: tw}
	p.draft()
	p.submit()
	lin := actor("lin")
	_, err := tw.Desk.Move(ctx, "", op("light"), "light", lin, lighting("l1", lin))
	must(t, err)
	rows, _, err := tw.Desk.Inbox(ctx, "", actor("zhou"))
	must(t, err)
	if got := slices.Compact(caseIDs(rows)); !slices.Equal(got, []string{p.id}) || rows[0].Unreadable {
		t.Errorf("got %v, want the case alone", got)
	}
}
