package docket_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/world"
)

// Whoever has an old link, a code or a session of one is shut out from the moment
// the links are revoked; the party has a fresh link, and its clock goes on.
func TestRevokedLinksOpenNothingAndFreshOnesAreSent(t *testing.T) {
	p := &play{town: newTown(t)}
	ctx := context.Background()
	p.draft()
	p.submit()
	old := p.link("nmpa")
	shen := actor("shen")
	asked, err := p.Links.RequestCode(ctx, old, "shen", "browser")
	must(t, err)
	p.Engine()
	byCode, pass := p.byCode("shen", "nmpa")
	_, err = p.Desk.Open(ctx, p.id, p.file, byCode)
	must(t, err)
	ref := p.ref(gate.Reply)
	before := p.record()
	due, _ := before.Gate(ref.Gate)

	if _, err := p.Desk.RevokeLinks(ctx, op("revoke-other"), ref, actor("luo")); !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Forbidden) {
		t.Errorf("an organisation without links there revokes: got %v, want a refusal", err)
	}
	first, err := p.Desk.RevokeLinks(ctx, op("revoke"), ref, shen)
	must(t, err)
	again, err := p.Desk.RevokeLinks(ctx, op("revoke"), ref, shen)
	must(t, err)
	if first != again {
		t.Errorf("the same again: got %+v, want the receipt %+v", again, first)
	}
	p.Engine()

	if v, err := p.Links.Visit(ctx, old); err != nil || v.Live {
		t.Errorf("the old link: got live %v (%v), want it over", v.Live, err)
	}
	if _, err := p.Links.RequestCode(ctx, old, "shen", "browser"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a code by the old link: got %v, want not found", err)
	}
	if _, err := p.Links.EnterCode(ctx, old, asked.ID, p.digits(asked.ID), "browser", "s"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a code that was asked for before: got %v, want not found", err)
	}
	if _, err := p.Desk.Ask(ctx, op("late"), ref, nil, byCode, pass); !errors.Is(err, fault.NotFound) {
		t.Errorf("an answer in a session opened before: got %v, want not found", err)
	}
	if _, err := p.Desk.Open(ctx, p.id, p.file, byCode); !errors.Is(err, fault.NotFound) {
		t.Errorf("a document in a session opened before: got %v, want not found", err)
	}
	fresh := p.link("nmpa")
	if fresh == old {
		t.Fatal("no fresh link was sent")
	}
	if _, err := p.Links.EnterCode(ctx, fresh, asked.ID, p.digits(asked.ID), "browser", "s"); !errors.Is(err, fault.NotFound) {
		t.Errorf("an old code at the fresh link: got %v, want not found", err)
	}
	a, _ := p.byCode("shen", "nmpa")
	now, _ := p.record().Gate(ref.Gate)
	if now.MayAnswer(a) != nil || now.Issue != 2 {
		t.Errorf("by the fresh link: got %v at issue %d, want them let in at 2", now.MayAnswer(a), now.Issue)
	}
	if (due.Deadline == nil) != (now.Deadline == nil) || due.Deadline != nil && !due.Deadline.Due.Equal(now.Deadline.Due) {
		t.Error("the deadline moved")
	}
}

// linkTo is the newest link that was mailed to org for its gate on leg.
func (p *play) linkTo(org string, leg gate.Leg) string {
	want := p.ref(leg)
	for _, m := range slices.Backward(p.World.Mail.Sent()) {
		hit := world.LinkIn.FindStringSubmatch(m.Text)
		if hit == nil || m.To != org+"@example.invalid" {
			continue
		}
		v, err := p.Links.Visit(context.Background(), hit[1])
		must(p.t, err)
		if v.Link.Gate == want.Gate {
			return hit[1]
		}
	}
	p.t.Fatalf("no link of the %s gate was mailed to %s", leg, org)
	return ""
}

func TestEveryNoticeBringsALinkOfItsOwnAndEachEnds(t *testing.T) {
	p := &play{town: newTown(t)}
	ctx := context.Background()
	now := monday
	p.Links.Wall = func() time.Time { return now }
	p.draft()
	p.submit()
	first := p.linkTo("mpa", gate.Opinion)
	p.ring() // reminded, and late
	second := p.linkTo("mpa", gate.Opinion)
	if first == second {
		t.Fatal("a reminder brings the link before, want a fresh one")
	}
	live := func(link string) bool {
		v, err := p.Links.Visit(ctx, link)
		must(t, err)
		return v.Live
	}
	g, _ := p.record().Gate(p.ref(gate.Opinion).Gate)
	end := g.Deadline.Due.AddDate(0, 0, 30)
	for _, row := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"at once", monday, true},
		{"on the day it is due", g.Deadline.Due, true},
		{"a moment before its end", end.Add(-time.Second), true},
		{"at its end", end, false},
	} {
		if now = row.at; live(first) != row.want || live(second) != row.want {
			t.Errorf("%s: got live %v and %v, want %v", row.name, live(first), live(second), row.want)
		}
	}
	if _, err := p.Links.RequestCode(ctx, first, "zhou", "browser"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a code by a link that has ended: got %v, want not found", err)
	}
}

// However many people and browsers, a gate's codes have an end each day.
func TestAGatesCodesAreAskedForAndTriedSoOftenADay(t *testing.T) {
	p := &play{town: newTown(t)}
	ctx := context.Background()
	now := monday
	p.Links.Wall = func() time.Time { return now }
	p.draft()
	p.submit()
	link := p.linkTo("mpa", gate.Opinion)
	var last docket.Code
	asked := 0
	for ; asked < 200; asked++ {
		if asked%20 == 0 {
			now = now.Add(time.Hour) // past what one person is sent in an hour
		}
		c, err := p.Links.RequestCode(ctx, link, "zhou", "browser")
		if err != nil {
			if f := fault.Of(err); f == nil || f.Code != "code.gate" {
				t.Fatalf("request %d: got %v", asked, err)
			}
			break
		}
		last = c
	}
	if asked != 60 {
		t.Errorf("got %d codes in a day, want 60", asked)
	}
	tried := 0
	for ; tried < 500; tried++ {
		_, err := p.Links.EnterCode(ctx, link, last.ID, "0000000", "browser", "s")
		if f := fault.Of(err); f != nil && f.Code == "code.gate" {
			break
		}
	}
	if tried != 100 {
		t.Errorf("got %d tries in a day, want 100", tried)
	}
	if got := p.World.Metrics.Counts()["CodesExhausted"]; got != 2 {
		t.Errorf("got %v calls for help, want one each time", got)
	}
	now = now.AddDate(0, 0, 1)
	if _, err := p.Links.RequestCode(ctx, link, "zhou", "browser"); err != nil {
		t.Errorf("the next day: got %v, want a code", err)
	}
}
