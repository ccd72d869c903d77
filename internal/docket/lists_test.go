package docket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/inquiry"
	"jixu/internal/policy"
	"jixu/internal/variety"
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

// asked puts n questions of a hospital to an agency and n devices into the register, a
// minute apart.
func asked(t *testing.T, tw *town, n int) {
	t.Helper()
	put := func(kind, id string, law any, at time.Time, home string, lists ...docket.Place) {
		body, err := json.Marshal(law)
		must(t, err)
		must(t, tw.World.Store.Commit(context.Background(), docket.Commit{Changes: []docket.Change{{
			Head: docket.Head{Kind: kind, ID: id, Version: 1, Body: body}, Home: docket.Place{List: home, At: at}, Lists: lists,
		}}}))
	}
	for i := range n {
		at := monday.Add(time.Duration(i) * time.Minute)
		q := inquiry.Inquiry{ID: fmt.Sprintf("q%03d", i), Hospital: "h1", To: []string{"mpa"}, Status: inquiry.Open, At: at}
		put("inquiry", q.ID, q, at, "inquiries/h1", docket.Place{List: "inquiries/mpa", At: at}, docket.Place{List: "inquiries-with/c1", At: at})
		v := variety.Variety{ID: fmt.Sprintf("v%03d", i), Version: 1, At: at}
		put("variety", v.ID, v, at, "varieties/device")
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
			rows, next, err := p.Desk.Cases(ctx, after, 50, actor("lin"))
			return caseIDs(rows), next, err
		}, "crowd259", p.id},
		{"what waits for an agency", func(after string) ([]string, string, error) {
			rows, next, err := p.Desk.Inbox(ctx, after, 50, actor("zhou"))
			return caseIDs(rows), next, err
		}, p.id, "crowd259"},
		{"what was sent to an agency", func(after string) ([]string, string, error) {
			rows, next, err := p.Desk.Copies(ctx, after, 50, actor("zhou"))
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

// Questions and the register come in pages like cases.
func TestQuestionsAndTheRegisterGoOnToTheirEnd(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	asked(t, tw, 260)
	questions := func(person string) func(string, int) ([]string, string, error) {
		return func(after string, limit int) ([]string, string, error) {
			page, err := tw.Desk.Inquiries(ctx, after, limit, actor(person))
			var ids []string
			for _, q := range page.Rows {
				ids = append(ids, q.ID)
			}
			return ids, page.Next, err
		}
	}
	for _, row := range []struct {
		list        string
		page        func(after string, limit int) ([]string, string, error)
		first, last string
	}{
		{"what a hospital asked", questions("lin"), "q259", "q000"},
		{"what an agency was asked", questions("zhou"), "q259", "q000"},
		{"the register of devices", func(after string, limit int) ([]string, string, error) {
			page, err := tw.Desk.Varieties(ctx, false, after, limit, actor("lin"))
			var ids []string
			for _, v := range page.Rows {
				ids = append(ids, v.ID)
			}
			return ids, page.Next, err
		}, "v259", "v000"},
	} {
		for _, limit := range []int{1, 50, 100, 200} { // 200 takes two reads
			ids, pages := all(t, func(after string) ([]string, string, error) { return row.page(after, limit) })
			seen := slices.Compact(slices.Sorted(slices.Values(ids)))
			if len(ids) != 260 || len(seen) != 260 || pages != (260+limit-1)/limit {
				t.Errorf("%s by %d: got %d rows, %d of them different, on %d pages; want 260, each once", row.list, limit, len(ids), len(seen), pages)
				continue
			}
			if ids[0] != row.first || ids[259] != row.last {
				t.Errorf("%s by %d: got it from %s to %s, want from %s to %s", row.list, limit, ids[0], ids[259], row.first, row.last)
			}
		}
		if _, _, err := row.page("x", 50); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s after what no page gave: got %v, want it refused", row.list, err)
		}
	}
	with, err := tw.Desk.InquiriesOf(ctx, casework.Case{ID: "c1"}, actor("lin"))
	if err != nil || len(with.Rows) != 100 || with.Next == "" {
		t.Errorf("got %d questions kept with a case, next %q, %v; want a hundred and that there are more", len(with.Rows), with.Next, err)
	}
}

// A draft is compared with the cases edited last, and it is said when that is not all.
func TestADraftIsComparedWithTheCasesEditedLast(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	similar, compared, err := p.Desk.Similar(ctx, p.record().Case, actor("lin"))
	if len(similar) != 0 || compared != 0 || err != nil {
		t.Errorf("alone: got %d similar of %d, %v; want none, and all looked at", len(similar), compared, err)
	}
	p.submit()
	crowded(t, p, 260)
	similar, compared, err = p.Desk.Similar(ctx, p.record().Case, actor("lin"))
	if len(similar) != 200 || compared != 200 || err != nil {
		t.Errorf("among many: got %d similar of %d, %v; want the newest two hundred", len(similar), compared, err)
	}
	if _, _, err := p.Desk.Similar(ctx, p.record().Case, actor("zhou")); !errors.Is(err, fault.Forbidden) {
		t.Errorf("for an agency: got %v, want it refused", err)
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
	rows, _, err := tw.Desk.Inbox(ctx, "", 50, actor("zhou"))
	must(t, err)
	if got := slices.Compact(caseIDs(rows)); !slices.Equal(got, []string{p.id}) || rows[0].Unreadable {
		t.Errorf("got %v, want the case alone", got)
	}
}

// What a page cannot show takes no room on it: the oldest duty on a case is on the first
// page, behind more older gates of another kind than a page has rows.
func TestRowsOfOtherKindsPushNoCaseOffItsPage(t *testing.T) {
	ctx := context.Background()
	tw := lampTown(t)
	lin := actor("lin")
	for i := range 120 {
		id := fmt.Sprintf("l%03d", i)
		h := docket.Head{Kind: lampKind, ID: id, Version: 1, Body: []byte("{}")}
		must(t, tw.World.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{{
			Head: h, Home: docket.Place{List: docket.OwnPages.Of("h1"), At: monday.Add(time.Duration(i) * 24 * time.Hour)},
			Opened: []gate.Gate{{ID: "watch-1", Of: h.Name(), Leg: watch, Party: "mpa", Issue: 1, Status: gate.Open, OpenedAt: monday.Add(-time.Hour)}},
		}}}))
	}
	p := &play{town: tw}
	p.draft()
	p.submit()
	crowded(t, p, 60)
	for _, row := range []struct {
		list  string
		page  func(after string) ([]docket.ListedCase, string, error)
		first string
	}{
		{"what waits for an agency", func(after string) ([]docket.ListedCase, string, error) {
			return tw.Desk.Inbox(ctx, after, 50, actor("zhou"))
		}, p.id},
		{"a hospital's cases", func(after string) ([]docket.ListedCase, string, error) {
			return tw.Desk.Cases(ctx, after, 50, lin)
		}, "crowd059"},
	} {
		rows, next, err := row.page("")
		must(t, err)
		if len(rows) != 50 || rows[0].Case.ID != row.first || next == "" {
			t.Errorf(
				"%s: got %d rows from %v on, next %q; want fifty from %s on, and more",
				row.list,
				len(rows),
				caseIDs(rows[:min(len(rows), 1)]),
				next,
				row.first,
			)
		}
		ids, _ := all(t, func(after string) ([]string, string, error) {
			rows, next, err := row.page(after)
			for _, row := range rows {
				if row.Unreadable {
					t.Errorf("%s: got a row that cannot be read, want none", row.Case.ID)
				}
			}
			return caseIDs(rows), next, err
		})
		if got := slices.Compact(slices.Sorted(slices.Values(ids))); len(got) != 61 {
			t.Errorf("%s: got %d cases, want 61", row.list, len(got))
		}
	}
}

// A hospital's list says what each of its cases waits for, and until when.
func TestAHospitalsListSaysWhatEachCaseWaitsFor(t *testing.T) {
	ctx := context.Background()
	p := submitAs(t, newTown(t), "a-")
	_, err := p.Desk.Create(ctx, op("a-draft"), policy.Device, actor("lin"))
	must(t, err)
	rows, _, err := p.Desk.Cases(ctx, "", 10, actor("lin"))
	must(t, err)
	var got []string
	for _, row := range rows {
		for _, g := range row.Open {
			got = append(got, fmt.Sprint(row.Case.Number, " ", g.ID, " due ", g.Deadline != nil))
		}
	}
	number := p.record().Case.Number
	if want := []string{number + " opinion-1 due true", number + " reply-1 due true"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	inbox, _, err := p.Desk.Inbox(ctx, "", 10, actor("zhou"))
	must(t, err)
	for _, row := range inbox {
		if len(row.Open) > 0 {
			t.Errorf("got %v in an inbox, which names its own gate", row.Open)
		}
	}
}
