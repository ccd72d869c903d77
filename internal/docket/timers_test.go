package docket_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/docket"
	"jixu/internal/memory"
	"jixu/internal/policy"
)

// heard are the keys of the mails that were sent, of those that hold what.
func (tw *town) heard(what string) []string {
	var out []string
	for _, m := range tw.World.Mail.Sent() {
		if strings.Contains(m.Key, what) {
			out = append(out, m.Key)
		}
	}
	slices.Sort(out)
	return out
}

// ringAt lets the clock stand at t and ring as often as it does within some minutes.
func (tw *town) ringAt(t time.Time) {
	tw.t.Helper()
	tw.World.Clock.Set(t)
	for range 3 {
		_, err := tw.Deadlines.Ring(context.Background())
		must(tw.t, err)
		tw.Engine()
	}
}

// timers are those that wait, and until when.
func (tw *town) timers() map[string]string {
	refs, err := tw.World.Store.Due(context.Background(), monday.AddDate(50, 0, 0), 100)
	must(tw.t, err)
	out := map[string]string{}
	for _, ref := range refs {
		if ref.Timer != "" {
			out[ref.Of+" "+ref.Timer] = ref.At.In(calendar.Shanghai).Format("2006-01-02 15:04")
		}
	}
	return out
}

// A licence that ends and a copy that nobody confirms are spoken of at their instants,
// although no sweep ever comes by.
func TestACaseRemindsOfWhatItKnowsWithoutASweep(t *testing.T) {
	p := &play{town: newTown(t)}
	p.draft()
	ends := calendar.DayOf(monday).AddDays(20)
	_, err := p.Desk.Save(
		context.Background(),
		op("expiry"),
		p.id,
		p.record().Case.Dossier,
		map[string]string{"certificate-expires": ends.String()},
		actor("lin"),
	)
	must(t, err)
	p.submit()
	prefix := p.id + "/expiry/certificate-expires/" + ends.String() + "/"
	for _, row := range []struct {
		at      time.Time
		expired []string // thresholds told so far
		copied  int
		next    string
	}{
		{monday, []string{"60"}, 0, "2026-09-16 23:59"},
		{monday.AddDate(0, 0, 5), []string{"60"}, 2, "2026-09-20 00:00"},
		{ends.AddDays(-14).Start(), []string{"60", "14"}, 2, "2026-10-05 00:00"},
		{ends.AddDays(1).Start(), []string{"60", "14", "0"}, 2, ""},
		{ends.AddDays(90).Start(), []string{"60", "14", "0"}, 2, ""},
	} {
		p.ringAt(row.at)
		var want []string
		for _, threshold := range row.expired {
			want = append(want, prefix+threshold)
		}
		slices.Sort(want)
		if got := p.heard("/expiry/"); !slices.Equal(got, want) {
			t.Errorf("at %s: got %v told of the licence, want %v", row.at, got, want)
		}
		if got := p.heard("/copied/"); len(got) != row.copied {
			t.Errorf("at %s: got %v reminded of the copy, want %d", row.at, got, row.copied)
		}
		if got := p.timers()[p.id+" watch"]; got != row.next {
			t.Errorf("at %s: got the timer at %q, want %q", row.at, got, row.next)
		}
	}
}

// A timer whose work fails is put off and named, and comes again.
func TestATimerThatFailsComesAgain(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	p.submit()
	p.Faults = func(_ int, name string) memory.Fate {
		if name == "Directory.Rules" {
			return memory.FailBefore
		}
		return memory.Pass
	}
	died, err := p.Under(func() error { _, err := p.Deadlines.Ring(ctx); return err })
	if died || err == nil || !strings.Contains(err.Error(), p.id) {
		t.Errorf("got %v, want the case named", err)
	}
	p.Faults = nil
	if got := p.timers(); len(got) != 1 {
		t.Fatalf("got timers %v, want it to wait still", got)
	}
	p.ringAt(p.Now().Add(16 * time.Minute))
	if got := p.timers(); !maps.Equal(got, map[string]string{p.id + " watch": "2026-09-16 23:59"}) {
		t.Errorf("got timers %v, want it set anew", got)
	}
}

// The clock speaks once of a question that nobody answered in time, to those who were
// asked and did not answer; one that was answered is left alone.
func TestAQuestionNobodyAnsweredRings(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	rules := policy.LocalSample()
	limits := maps.Clone(rules.Limits)
	limit := limits[policy.Receiving]
	limit.Key, limit.N = policy.Inquiring, 5
	limits[policy.Inquiring] = limit
	rules.Limits = limits
	must(t, tw.Ports.Keep.PutRules(ctx, rules))
	var asked []string
	for i := range 2 {
		r, err := tw.Desk.Inquire(ctx, op(fmt.Sprint("ask", i)), true, "能否申请", "需要哪些资料？", "", actor("lin"))
		must(t, err)
		asked = append(asked, idOf(r))
	}
	tw.Engine()
	_, err := tw.Desk.AnswerInquiry(ctx, op("answer-1"), asked[0], "可以。", actor("luo"))
	must(t, err)
	for i, who := range []string{"luo", "zhou"} {
		_, err := tw.Desk.AnswerInquiry(ctx, op(fmt.Sprint("answered-", i)), asked[1], "可以。", actor(who))
		must(t, err)
	}
	if got := tw.timers(); len(got) != 2 {
		t.Fatalf("got timers %v, want one of each question", got)
	}
	q, err := tw.Desk.Inquiry(ctx, asked[0], actor("lin"))
	must(t, err)
	tw.ringAt(q.Deadline.Due.Add(-time.Second))
	tw.ringAt(q.Deadline.Due)
	tw.ringAt(q.Deadline.Due.AddDate(0, 1, 0))
	if got := tw.timers(); len(got) != 0 {
		t.Errorf("got timers %v, want none left", got)
	}
	var rung []string
	for _, id := range asked {
		entries, err := tw.World.Store.Entries(ctx, docket.NameOf("inquiry", id))
		must(t, err)
		for _, e := range entries {
			if e.Verb == "ring-inquiry" {
				rung = append(rung, id)
			}
		}
	}
	if !slices.Equal(rung, asked[:1]) {
		t.Errorf("got %v rung, want the one that an agency let pass", rung)
	}
	var late []string
	for _, m := range tw.World.Mail.Sent() {
		if strings.Contains(m.Subject, "逾期未答复") {
			late = append(late, m.To)
		}
	}
	if !slices.Equal(late, []string{"mpa@example.invalid"}) {
		t.Errorf("got %v told, want the agency that did not answer", late)
	}
}
