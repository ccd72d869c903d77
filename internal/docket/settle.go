package docket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"jixu/internal/dossier"
	"jixu/internal/fault"
)

// Scanner looks for what harms a machine.
type Scanner interface {
	// Scan reads size bytes from r and says what the scanner made of them. It
	// fails with fault.Unavailable when r fails, or when the scanner gave no
	// answer or not in time: nothing is known then, and scanning again is safe.
	// What it found it does not name.
	Scan(ctx context.Context, r io.Reader, size int64) (Verdict, error)
}

// Verdict is what a scanner made of a file.
type Verdict string

const (
	Clean    Verdict = "clean"     // all of it was looked at
	Infected Verdict = "infected"  // it harms
	TooLarge Verdict = "too-large" // more, or deeper, than the scanner looks at: nobody knows
)

// Settle looks at an uploaded object and records whether its file may be
// opened: size, digest, type by magic bytes, the traps of its format, and the
// scanner's word, if there is a scanner. What waits for that word is recorded
// before the scanner is asked, so that a file whose scan died is found again by
// Rescan. A later version of the same key is refused by changing nothing. It is
// safe to repeat. An object that belongs to no file is nobody's and stays
// unopened. When the scanner does not answer, that is recorded, and returned as
// fault.Unavailable together with the file.
func (d *Desk) Settle(ctx context.Context, key, version string) (File, error) {
	f, err := d.Store.FileByKey(ctx, key)
	if err != nil {
		return File{}, err
	}
	if f.State != Unchecked && f.Version != version {
		d.Metrics.Count("FileOverwriteRefused", 1)
		return f, nil
	}
	if f.State == Unchecked {
		rule := evidenceRule
		if f.Item != evidenceItem {
			if rule, err = d.fileRule(ctx, f); err != nil {
				return File{}, err
			}
		}
		if f, err = d.inspect(ctx, f, version, rule); err != nil {
			return File{}, err
		}
		if f.State != Unscanned {
			return d.Store.SettleFile(ctx, f)
		}
	}
	if f.State != Unscanned || d.Scanner == nil {
		return f, nil
	}
	return d.scan(ctx, f)
}

// fileRule is what the kind of its aggregate says f may be.
func (d *Desk) fileRule(ctx context.Context, f File) (dossier.Rule, error) {
	kind := kindOf(f.Of)
	if kind.FileRule == nil {
		return evidenceRule, nil
	}
	s, err := d.Store.Load(ctx, f.Of)
	if err != nil {
		return dossier.Rule{}, err
	}
	return kind.FileRule(ctx, d, s, f)
}

// inspect reads the object and returns f as it is to be recorded: checked only
// if nobody else has to look at it.
func (d *Desk) inspect(ctx context.Context, f File, version string, rule dossier.Rule) (File, error) {
	body, size, err := d.Files.Open(ctx, f.Key, version)
	if err != nil {
		return File{}, fmt.Errorf("opening file %s: %w", f.ID, err)
	}
	defer body.Close()
	report, err := dossier.Inspect(body, size, rule)
	switch bad := fault.Of(err); {
	case err == nil && f.SHA256 != "" && f.SHA256 != report.SHA256:
		f.State, f.Reason = Rejected, "file.digest"
	case err == nil && d.Scanner == nil:
		f.State, f.Scan = Checked, NoScanner
	case err == nil:
		f.State = Unscanned
	case bad != nil && bad.Kind == fault.Invalid:
		f.State, f.Reason = Rejected, bad.Code
	default:
		return File{}, fmt.Errorf("reading file %s: %w", f.ID, err)
	}
	f.Version, f.SHA256, f.Size, f.Type = version, report.SHA256, size, report.Type
	f.Scans, f.ScanAt = 0, time.Time{} // it need not be looked for any more
	return f, nil
}

// scan asks the scanner about an unscanned file and records its word. First it
// records when it will be asked again: so a file at which this function dies is
// found again, and keeps no other waiting.
func (d *Desk) scan(ctx context.Context, f File) (File, error) {
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return File{}, err
	}
	f.Scans++
	f.Reason, f.ScanAt = "file.scan.begun", now.UTC().Truncate(time.Millisecond).Add(scanWait(f.Scans))
	if f, err = d.Store.SettleFile(ctx, f); err != nil || f.State != Unscanned {
		return f, err // somebody else was faster
	}
	body, size, err := d.Files.Open(ctx, f.Key, f.Version)
	if err != nil {
		return File{}, fmt.Errorf("opening file %s: %w", f.ID, err)
	}
	defer body.Close()
	read := &noted{Reader: body}
	verdict, err := d.Scanner.Scan(ctx, read, size)
	switch {
	case read.err != nil:
		return File{}, fmt.Errorf("reading file %s: %w", f.ID, fault.Because(fault.Unavailable, "file.read", read.err))
	case err != nil:
		f.Reason = "file.scan.away"
		d.Metrics.Count("FileUnscanned", 1)
		silent := fmt.Errorf("scanning file %s: %w", f.ID, err)
		if f, err = d.Store.SettleFile(ctx, f); err == nil && f.State == Unscanned {
			err = silent
		}
		return f, err
	case verdict == Clean:
		f.State, f.Scan, f.Reason, f.ScanAt = Checked, Scanned, "", time.Time{}
	case verdict == Infected:
		f.State, f.Scan, f.Reason, f.ScanAt = Rejected, Scanned, "file.infected", time.Time{}
		d.Metrics.Count("FileInfected", 1)
	default:
		f.Reason, f.ScanAt = "file.scan.large", time.Time{}
	}
	return d.Store.SettleFile(ctx, f)
}

// noted remembers that its reader failed.
type noted struct {
	io.Reader
	err error
}

func (n *noted) Read(p []byte) (int, error) {
	k, err := n.Reader.Read(p)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return k, err
}

// scanWait is the pause after the nth scan: five minutes, doubled up to six hours.
func scanWait(n int) time.Duration {
	return min(5*time.Minute<<min(n-1, 10), 6*time.Hour)
}

const (
	// lookAfter is when an upload is looked for whose event has not come: longer
	// than the form that carries it is good for, and than S3 takes.
	lookAfter = 20 * time.Minute
	// lookUntil is when it is given up: nothing was sent.
	lookUntil = 60 * 24 * time.Hour

	// A scanner that is away is not asked for every file that waits.
	rescanBatch    = 20
	rescanFailures = 3
)

// lookAgain is the pause after a look for an upload that is not there yet, age
// after it was announced: twenty minutes, growing with its age. Somebody may go on
// with it any day, and its event may be lost then.
func lookAgain(age time.Duration) time.Duration { return max(lookAfter, age/2) }

// Rescan goes on with files that wait, the longest due first, and returns how
// many it settled: it scans again what the scanner has not judged, and looks for
// uploads whose event never came. One that fails does not stop the others, but
// after three the scanner is left alone until the next time.
func (d *Desk) Rescan(ctx context.Context) (settled int, err error) {
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return 0, err
	}
	files, err := d.Store.Unsettled(ctx, now, rescanBatch)
	if err != nil {
		return 0, fmt.Errorf("listing what waits for a scan: %w", err)
	}
	var failed []error
	silent := 0
	for _, f := range files {
		var done bool
		var err error
		switch {
		case d.late(ctx):
			return settled, errors.Join(failed...)
		case f.State == Unchecked:
			done, err = d.lookFor(ctx, f, now)
		case d.Scanner == nil: // taken away: what waits for it keeps no other waiting
			f.ScanAt = now.UTC().Truncate(time.Millisecond).Add(scanWait(f.Scans + 1))
			_, err = d.Store.SettleFile(ctx, f)
		case silent == rescanFailures:
			continue
		default:
			if _, err = d.scan(ctx, f); err != nil {
				silent++
			}
			done = err == nil
		}
		if err != nil {
			failed = append(failed, err)
		}
		if done {
			settled++
		}
	}
	return settled, errors.Join(failed...)
}

// lookFor checks an upload whose event has not come, if it is there, and returns
// whether it is settled. When it is looked for again is written down before
// anything is tried, so that one at which this function dies keeps no other waiting.
func (d *Desk) lookFor(ctx context.Context, f File, now time.Time) (bool, error) {
	f.Scans++
	f.ScanAt = time.Time{}
	if age := now.Sub(f.At); age < lookUntil {
		f.ScanAt = now.UTC().Truncate(time.Millisecond).Add(lookAgain(age))
	}
	if err := d.Store.AwaitFile(ctx, f); err != nil {
		return false, fmt.Errorf("waiting for file %s: %w", f.ID, err)
	}
	version, there, err := d.Files.Newest(ctx, f.Key)
	if err != nil {
		return false, fmt.Errorf("looking for file %s: %w", f.ID, err)
	}
	if !there {
		return false, nil
	}
	d.Metrics.Count("FileEventLost", 1)
	after, err := d.Settle(ctx, f.Key, version)
	return after.State == Checked || after.State == Rejected, err
}
