package docket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/sample"
)

// uploaded is a draft with one file that has arrived and was not looked at.
func uploaded(t *testing.T, data []byte) (p *play, f docket.File, version string) {
	p = &play{town: newTown(t)}
	p.draft()
	ctx := context.Background()
	r, _, err := p.Desk.Attach(ctx, op("one-more"), p.id, p.record().Case.Dossier, docket.Upload{Item: "signed-form", Name: "a.pdf"}, "", actor("lin"))
	must(t, err)
	f, _ = p.record().File(r.File)
	return p, f, p.World.Files.Upload(f.Key, data)
}

func harmful() []byte {
	return bytes.Replace(sample.PDF(1, "t", 1, 0), []byte("%%EOF"), []byte("%"+memory.Harmful+"\n%%EOF"), 1)
}

func TestTheScannersWordDecides(t *testing.T) {
	good := sample.PDF(1, "t", 1, 0)
	for _, row := range []struct {
		name    string
		data    []byte
		scanner func(*play)
		state   docket.FileState
		scan    docket.Scan
		reason  string
		again   bool // it is scanned again by itself
	}{
		{"a clean file is checked", good, func(*play) {}, docket.Checked, docket.Scanned, "", false},
		{"an infected one is rejected", harmful(), func(*play) {}, docket.Rejected, docket.Scanned, "file.infected", false},
		{"one too large to be scanned is not clean", good, func(p *play) { p.World.Scanner.Most = 100 }, docket.Unscanned, docket.NotYet, "file.scan.large", false},
		{"one whose scanner is away waits", good, func(p *play) { p.World.Scanner.Away = true }, docket.Unscanned, docket.NotYet, "file.scan.away", true},
		{"without a scanner our own check is all, and it says so", good, func(p *play) { p.Desk.Scanner = nil }, docket.Checked, docket.NoScanner, "", false},
		{"what our own check refuses nobody scans", []byte("<html>"), func(p *play) { p.World.Scanner.Away = true }, docket.Rejected, docket.NotYet, "file.type", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, f, version := uploaded(t, row.data)
			row.scanner(p)
			got, err := p.Desk.Settle(context.Background(), f.Key, version)
			if (err != nil) != row.again || row.again && !errors.Is(err, fault.Unavailable) {
				t.Errorf("got %v, want an error exactly when nobody answered", err)
			}
			if stored, _ := p.record().File(f.ID); stored != got {
				t.Errorf("got %+v, stored is %+v", got, stored)
			}
			if got.State != row.state || got.Scan != row.scan || got.Reason != row.reason || got.ScanAt.IsZero() == row.again {
				t.Errorf(
					"got %s %q %q, again at %v; want %s %q %q, again %t",
					got.State,
					got.Scan,
					got.Reason,
					got.ScanAt,
					row.state,
					row.scan,
					row.reason,
					row.again,
				)
			}
			_, err = p.Desk.Open(context.Background(), p.id, f.ID, actor("lin"))
			if opens := err == nil; opens != (row.state == docket.Checked) {
				t.Errorf("opened: got %v (%v), want it only when checked", opens, err)
			}
		})
	}
}

func TestAScannerThatComesBackIsAskedAgain(t *testing.T) {
	ctx := context.Background()
	p, f, version := uploaded(t, sample.PDF(1, "t", 1, 0))
	p.World.Scanner.Away = true
	p.settleWithoutScanner(f.Key, version)
	if p.World.Metrics.Counts()["FileUnscanned"] != 1 {
		t.Errorf("got %v, want the unscanned file counted", p.World.Metrics.Counts())
	}
	var waits []time.Duration
	for range 9 {
		before := p.file1(f.ID)
		now := p.World.Clock.Advance(before.ScanAt.Sub(clock(p)))
		if settled, err := p.Desk.Rescan(ctx); !errors.Is(err, fault.Unavailable) || settled != 0 {
			t.Fatalf("while it is away: got %d settled, %v", settled, err)
		}
		waits = append(waits, p.file1(f.ID).ScanAt.Sub(now))
	}
	if waits[0] != 10*time.Minute || waits[8] != 6*time.Hour {
		t.Errorf("waits: got %v, want them to double up to six hours", waits)
	}
	if settled, err := p.Desk.Rescan(ctx); err != nil || settled != 0 {
		t.Errorf("before its time: got %d settled, %v, want nobody asked", settled, err)
	}
	p.World.Scanner.Away = false
	p.World.Clock.Advance(6 * time.Hour)
	if settled, err := p.Desk.Rescan(ctx); err != nil || settled != 1 {
		t.Errorf("when it is back: got %d settled, %v", settled, err)
	}
	if got := p.file1(f.ID); got.State != docket.Checked {
		t.Errorf("got %s, want checked", got.State)
	}
}

// settleWithoutScanner lets a file be checked while nobody answers.
func (p *play) settleWithoutScanner(key, version string) {
	p.t.Helper()
	if _, err := p.Desk.Settle(context.Background(), key, version); !errors.Is(err, fault.Unavailable) {
		p.t.Fatalf("checking while the scanner is away: got %v, want %v", err, fault.Unavailable)
	}
}

func (p *play) file1(id string) docket.File {
	f, _ := p.record().File(id)
	return f
}

func clock(p *play) time.Time {
	now, _ := p.World.Clock.Now(context.Background())
	return now
}

func TestAScannerThatIsAwayIsNotAskedForEveryFile(t *testing.T) {
	ctx := context.Background()
	p := &play{town: newTown(t)}
	p.draft()
	p.World.Scanner.Away = true
	for i := range 8 {
		f := docket.File{ID: string(rune('a' + i)), Of: p.id, Item: "signed-form", Org: "h1", Name: "x", State: docket.Unchecked, At: monday}
		f.Key = "dossier/" + p.id + "/" + f.ID
		must(t, p.World.Store.PutFile(ctx, f))
		p.settleWithoutScanner(f.Key, p.World.Files.Upload(f.Key, paper))
	}
	p.World.Clock.Advance(24 * time.Hour)
	before := len(p.World.Calls())
	_, err := p.Desk.Rescan(ctx)
	asked := 0
	for _, name := range p.World.Calls()[before:] {
		if name == "Scanner.Scan" {
			asked++
		}
	}
	if err == nil || asked != 3 {
		t.Errorf("got %d asked, %v, want 3 of 8", asked, err)
	}
}

func TestAnUnscannedFileKeepsItsVersion(t *testing.T) {
	ctx := context.Background()
	p, f, version := uploaded(t, harmful())
	p.World.Scanner.Away = true
	p.settleWithoutScanner(f.Key, version)
	p.World.Scanner.Away = false
	second := p.World.Files.Upload(f.Key, sample.PDF(2, "t", 1, 0))
	got, err := p.Desk.Settle(ctx, f.Key, second)
	must(t, err)
	if got.Version != version || got.State != docket.Unscanned || p.World.Metrics.Counts()["FileOverwriteRefused"] != 1 {
		t.Errorf("another version: got %+v, want nothing changed and the try counted", got)
	}
	got, err = p.Desk.Settle(ctx, f.Key, version)
	must(t, err)
	if got.State != docket.Rejected || got.Reason != "file.infected" {
		t.Errorf("the same version again: got %s %s, want the scanner's word", got.State, got.Reason)
	}
	if _, err := p.Desk.Ticket(ctx, p.id, f.ID, "", actor("lin")); !errors.Is(err, fault.Conflict) {
		t.Errorf("its upload again: got %v, want a conflict", err)
	}
}

func TestADossierWithAnUnscannedFileIsNotSubmitted(t *testing.T) {
	ctx := context.Background()
	p, f, version := uploaded(t, sample.PDF(1, "t", 1, 0))
	p.World.Scanner.Most = 10
	_, err := p.Desk.Settle(ctx, f.Key, version)
	must(t, err)
	_, err = p.Desk.Submit(ctx, op("submit"), p.id, p.record().Case.Dossier, true, actor("lin"))
	if bad := fault.Of(err); bad == nil || len(bad.Problems) != 1 || bad.Problems[0].Code != "file.unscanned" {
		t.Errorf("got %v, want the item named", err)
	}
}

// Wherever the check of a file dies, it ends with the scanner's word once the
// upload's event or the schedule comes by again.
func TestEveryCrashPointOfACheckConverges(t *testing.T) {
	ctx := context.Background()
	p, f, version := uploaded(t, sample.PDF(1, "t", 1, 0))
	before := len(p.World.Calls())
	_, err := p.Desk.Settle(ctx, f.Key, version)
	must(t, err)
	calls := len(p.World.Calls()) - before
	for n := 1; n <= calls; n++ {
		for i, fate := range memory.Fates[1:] {
			if leftOut(n, i) {
				continue
			}
			p, f, version := uploaded(t, sample.PDF(1, "t", 1, 0))
			p.Faults = faultAt(n, fate)
			p.Calls = 0
			died, err := p.Under(func() error { _, err := p.Desk.Settle(ctx, f.Key, version); return err })
			p.Faults = nil
			if died || err != nil {
				if got := p.file1(f.ID); got.State == docket.Unchecked {
					_, err = p.Desk.Settle(ctx, f.Key, version) // Lambda repeats the event
					must(t, err)
				}
			}
			p.World.Clock.Advance(time.Hour)
			_, err = p.Desk.Rescan(ctx)
			must(t, err)
			if got := p.file1(f.ID); got.State != docket.Checked || got.Scan != docket.Scanned {
				t.Errorf("call %d %s: got %s %s, want checked", n, fate, got.State, got.Reason)
			}
		}
	}
}

// Files that wait for a scanner that is gone keep no lost upload waiting.
func TestFilesThatWaitForAScannerThatIsGoneHideNoLostUpload(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	p := &play{town: tw}
	p.draft()
	tw.World.Scanner.Away = true
	for i := range 20 {
		q := &play{town: tw}
		r, err := q.Desk.Create(ctx, op(fmt.Sprint("c", i)), policy.Device, actor("lin"))
		must(t, err)
		q.id = r.Case
		r, _, err = q.Desk.Attach(
			ctx,
			op(fmt.Sprint("w", i)),
			q.id,
			q.record().Case.Dossier,
			docket.Upload{Item: "signed-form", Name: "a.pdf"},
			"",
			actor("lin"),
		)
		must(t, err)
		f, _ := q.record().File(r.File)
		_, _ = q.Desk.Settle(ctx, f.Key, tw.World.Files.Upload(f.Key, paper))
	}
	tw.Desk.Scanner = nil // the operator takes the scanner away
	tw.World.Clock.Advance(time.Hour)
	r, _, err := p.Desk.Attach(ctx, op("lost"), p.id, p.record().Case.Dossier, docket.Upload{Item: "signed-form", Name: "a.pdf"}, "", actor("lin"))
	must(t, err)
	f, _ := p.record().File(r.File)
	tw.World.Files.Upload(f.Key, paper) // and its event is lost
	for range 48 {
		tw.World.Clock.Advance(30 * time.Minute)
		_, _ = p.Desk.Rescan(ctx)
	}
	if f, _ = p.record().File(r.File); f.State != docket.Checked {
		t.Errorf("after a day the lost upload is %s, want it found", f.State)
	}
}
