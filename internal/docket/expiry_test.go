package docket_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"jixu/internal/calendar"
	"jixu/internal/docket"
	"jixu/internal/memory"
	"jixu/internal/policy"
)

// The hospital hears of a licence that ends once at each threshold and once when
// it has ended, whatever fails on the way.
func TestExpiryIsToldOnceAtEachThreshold(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	ends := calendar.DayOf(monday).AddDays(20)
	_, err := p.Desk.Save(ctx, op("expiry"), p.id, p.record().Case.Dossier, map[string]string{"certificate-expires": ends.String()}, actor("lin"))
	must(t, err)
	p.submit()

	// at moves the clock to so many days before the end, rings three times, and
	// wants to have told these in all.
	at := func(days int, want ...string) {
		t.Helper()
		p.World.Clock.Set(ends.AddDays(-days).At(12, 0))
		for range 3 {
			_, err := p.Deadlines.Ring(ctx)
			must(t, err)
			p.Engine()
		}
		var got []string
		for _, m := range p.World.Mail.Sent() {
			if rest, ok := strings.CutPrefix(m.Key, p.id+"/expiry/certificate-expires/"+ends.String()+"/"); ok {
				got = append(got, rest)
				if m.To != "h1@example.invalid" || !strings.Contains(m.Subject, p.record().Case.Number) || !strings.Contains(m.Text, "/hospital/cases/"+p.id) {
					t.Errorf("the mail: got %+v, want it to the hospital, with number and link", m)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d days before: got %v, want %v", days, got, want)
		}
	}
	at(20, "60")
	at(15, "60")
	at(14, "60", "14")
	at(0, "60", "14")

	// The queue fails at the worst moment: the next ring tells it.
	p.World.Clock.Set(ends.AddDays(1).At(10, 0))
	p.Faults = func(_ int, name string) memory.Fate {
		if name == "Notices.Queue" {
			return memory.FailBefore
		}
		return memory.Pass
	}
	if _, err := p.Under(func() error { _, err := p.Deadlines.Ring(ctx); return err }); err == nil {
		t.Error("a ring whose queue fails says so: got nil")
	}
	p.Faults = nil
	at(-1, "60", "14", "0")

	// What was delivered is not even queued again.
	before := len(p.World.Notices.Waiting())
	_, err = docket.Rebuild(ctx, p.World.Store, docket.RebuildOptions{}) // which sets its timer once more
	must(t, err)
	_, err = p.Deadlines.Ring(ctx)
	must(t, err)
	if n := len(p.World.Notices.Waiting()); n != before {
		t.Errorf("queued again: got %d notices waiting, want %d", n, before)
	}
}

// Without a setting of the operator nobody is told before the end.
func TestNobodyInventsAWarningOfExpiry(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	rules := policy.LocalSample()
	rules.ExpiryDays = nil
	must(t, p.World.Directory.PutRules(ctx, rules))
	p.draft()
	ends := calendar.DayOf(monday).AddDays(3)
	_, err := p.Desk.Save(ctx, op("expiry"), p.id, p.record().Case.Dossier, map[string]string{"certificate-expires": ends.String()}, actor("lin"))
	must(t, err)
	p.submit()
	for days, want := range []int{0, 0, 0, 0, 1} {
		p.World.Clock.Set(calendar.DayOf(monday).AddDays(days).At(10, 0))
		_, err := p.Deadlines.Ring(ctx)
		must(t, err)
		p.Engine()
		n := 0
		for _, m := range p.World.Mail.Sent() {
			if strings.Contains(m.Key, "/expiry/") {
				n++
			}
		}
		if n != want {
			t.Errorf("%d days before the end: got %d mails, want %d", 3-days, n, want)
		}
	}
}
