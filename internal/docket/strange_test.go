package docket_test

import (
	"context"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
)

func TestTimersThatThisBuildDoesNotKnowWait(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	h, err := docket.CaseHead(p.record().Case)
	must(t, err)
	h.Version++
	must(t, p.World.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{{
		Head: h, Was: h.Version - 1, Home: docket.Place{List: "own/h1", At: p.Now()},
		Timers: []docket.Timer{{Key: "retention", At: p.Now().Add(time.Hour)}},
	}}}))
	p.World.Clock.Advance(2 * time.Hour)
	if _, err := p.Deadlines.Ring(ctx); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v, want the timer named", err)
	}
	if got := p.timers(); len(got) != 1 {
		t.Errorf("got timers %v, want the one that a newer build set, put off", got)
	}
	if rang, err := p.Deadlines.Ring(ctx); rang != 0 || err != nil {
		t.Errorf("got %d, %v; want nothing due a moment later", rang, err)
	}
}

func TestAnEntryOfAKindThatThisBuildDoesNotKnowKeepsItsMark(t *testing.T) {
	ctx, tw := context.Background(), newTown(t)
	d := docket.Deed{
		Kind: "unheard-of", ID: "a1", Verb: "unheard-of.begin", By: party.System, Home: docket.Place{List: "unheard-of/h1", At: tw.Now()},
		Facts: law.Envelope{Tells: []string{"mpa"}}, Body: func(docket.Head) any { return map[string]any{} },
	}
	commit, _, err := docket.Alone(d, law.Setting{Now: tw.Now()})
	must(t, err)
	must(t, tw.World.Store.Commit(ctx, commit))
	if err := tw.Relay.Tell(ctx, "unheard-of/a1", 1); err == nil {
		t.Error("told, want an error that names the kind")
	}
	if _, untold, err := tw.World.Store.Entry(ctx, "unheard-of/a1", 1); err != nil || !untold {
		t.Errorf("got untold %v, %v; want the mark kept", untold, err)
	}
}

func TestANoticeThatThisBuildHasNoWordsForIsNotSentAndComesAgain(t *testing.T) {
	ctx, tw := context.Background(), newTown(t)
	n := docket.Notice{Kind: docket.NoticeEntry, Key: "later-1", Case: "unheard-of/a1", Verb: "unheard-of.begin", Org: "mpa"}
	before := len(tw.World.Mail.Sent())
	if err := tw.NoticeSender.Deliver(ctx, n); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want it to come again", err)
	}
	if after := len(tw.World.Mail.Sent()); after != before {
		t.Error("a mail without words was sent")
	}
}
