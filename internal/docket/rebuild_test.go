package docket_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// lists says what every list of a town shows, and what is due and open.
func (tw *town) lists() string {
	ctx := context.Background()
	var out []string
	names := []string{"inquiries/h1", "inquiries/mpa", "inquiries/hc", "varieties/device", "varieties/drug", "trusts"}
	for _, org := range []string{"h1", "h2", "mpa", "hc", "customs", "nmpa"} {
		for _, list := range []docket.PageList{docket.OwnPages, docket.InboxPages, docket.CopiesPages} {
			names = append(names, list.Of(org))
		}
	}
	for _, list := range names {
		rows, _, err := tw.World.Store.List(ctx, list, "", 1000)
		must(tw.t, err)
		for _, row := range rows {
			line := list + " " + row.Head.Name() + " " + row.At.UTC().Format(time.RFC3339Nano) + " " + string(row.Head.Row)
			if row.Gate != nil {
				line += " " + row.Gate.ID
			}
			out = append(out, line)
		}
	}
	due, err := tw.World.Store.Due(ctx, monday.AddDate(1, 0, 0), 1000)
	must(tw.t, err)
	open, err := tw.World.Store.Open(ctx, "", 1000)
	must(tw.t, err)
	return strings.Join(append(out, fmt.Sprint("due ", due), fmt.Sprint("open ", open)), "\n")
}

// What a house shows does not change when all of it is written anew.
func TestARebuildOfWhatIsRightChangesNothing(t *testing.T) {
	ctx := context.Background()
	ta := tell(newTown(t))
	waits := submitAs(t, ta.town, "waits-")
	want := ta.lists()
	heads := func() (out []int) {
		for _, name := range []string{ta.first, waits.id, "variety/" + ta.variety, "inquiry/" + ta.question} {
			h, err := ta.World.Store.Head(ctx, name)
			must(t, err)
			out = append(out, h.Version)
		}
		return out
	}
	before := heads()
	for range 2 {
		out, err := docket.Rebuild(ctx, ta.World.Store, docket.RebuildOptions{})
		if err != nil || out.Seen < 4 || out.Written != out.Seen {
			t.Fatalf("got %+v and %v, want everything written", out, err)
		}
	}
	if got := ta.lists(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if after := heads(); !slices.Equal(after, before) {
		t.Errorf("got versions %v, want them unmoved, %v", after, before)
	}
}

// A lost list comes back from what history says, and what this build cannot read is
// left as it stands, and named.
func TestARebuildBringsListsBackAndNamesWhatItLeaves(t *testing.T) {
	ctx := context.Background()
	tw := lampTown(t)
	p := submitAs(t, tw, "a-")
	_, err := tw.Desk.Move(ctx, "", op("light"), "light", actor("lin"), lighting("l1", actor("lin")))
	must(t, err)
	want := tw.lists()
	s, err := tw.World.Store.Load(ctx, p.id)
	must(t, err)
	must(t, tw.World.Store.Stand(ctx, s, docket.Standing{Home: docket.Place{List: "nowhere", At: monday}}))
	if tw.lists() == want {
		t.Fatal("nothing was lost")
	}
	out, err := docket.Rebuild(ctx, tw.World.Store, docket.RebuildOptions{})
	must(t, err)
	if got := tw.lists(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(out.Left) != 1 || out.Left[0].Of != lampName {
		t.Errorf("got %v left, want the lamp, which says nothing of where it stands", out.Left)
	}
	if g := p.ref(gate.Opinion); g.Gate == "" {
		t.Errorf("the gate is gone")
	}
}

// damaged is a store in which one history cannot be read.
type damaged struct {
	docket.Rebuilder
	name string
}

func (d damaged) Entries(ctx context.Context, name string) ([]history.Entry, error) {
	if name == d.name {
		return nil, fault.New(fault.Unavailable, "history")
	}
	return d.Rebuilder.Entries(ctx, name)
}

func TestARebuildGoesOnPastWhatItCannotWrite(t *testing.T) {
	tw := newTown(t)
	a, b := submitAs(t, tw, "a-"), submitAs(t, tw, "b-")
	first := min(a.id, b.id)
	out, err := docket.Rebuild(context.Background(), damaged{tw.World.Store, first}, docket.RebuildOptions{})
	if err != nil || len(out.Left) != 1 || out.Left[0].Of != first || out.Written == 0 {
		t.Errorf("got %+v and %v, want one left and named, and the rest written", out, err)
	}
}

// The timers that a rebuild sets keep no deadline waiting: they come over some hours.
func TestDeadlinesRingWhileTheTimersOfARebuildComeBack(t *testing.T) {
	ctx, tw := context.Background(), newTown(t)
	p := submitAs(t, tw, "a-")
	tw.Engine()
	r := p.record()
	g, _ := r.Open(gate.Opinion)
	for i := range 250 { // cases without a timer, as an earlier build left them
		c := r.Case.Clone()
		c.ID, c.Number, c.Version, c.Seq, c.Head = fmt.Sprintf("crowd%03d", i), fmt.Sprintf("N-%03d", i), 1, 0, ""
		h, err := docket.CaseHead(c)
		must(t, err)
		must(t, tw.World.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{{Head: h, Home: docket.Place{List: "x", At: monday}, Open: true}}}))
	}
	tw.World.Clock.Advance(g.Ring.At.Sub(tw.Now()) + time.Minute)
	_, err := docket.Rebuild(ctx, tw.World.Store, docket.RebuildOptions{From: tw.Now()})
	must(t, err)
	_, _ = tw.Deadlines.Ring(ctx)
	if after, _ := p.record().Open(gate.Opinion); after.Ring.At.Equal(g.Ring.At) {
		t.Error("the deadline waits behind the timers of a rebuild")
	}
}
