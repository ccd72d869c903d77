package docket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// View is a case as one reader may see it. Nothing in it is decided by a page.
type View struct {
	Record
	Now      time.Time // the system's time
	Pack     policy.Pack
	Manifest *dossier.Manifest // the newest submission; nil in a draft
	Events   []Event           // newest first
	Moves    []casework.Verb   // what the reader could do now
	Waiting  []gate.Gate       // the open gates, in the order of the legs, papers owed last: whose move it is
}

// Event is one entry, read for people.
type Event struct {
	history.Entry
	Facts casework.Facts
}

// View returns case id for a. It fails with fault.NotFound if a may not know
// the case. It changes nothing; who opened which file is logged by Open.
func (d *Desk) View(ctx context.Context, id string, a party.Actor) (View, error) {
	r, err := LoadCase(ctx, d.Store, id)
	if err != nil {
		return View{}, err
	}
	if err := r.Case.MayRead(a); err != nil {
		return View{}, err
	}
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return View{}, err
	}
	pack, err := d.pack(ctx, r.Case)
	if err != nil {
		return View{}, err
	}
	v := View{Record: r, Now: now, Pack: pack}
	if n := len(r.Case.Submissions); n > 0 {
		m, err := d.ManifestOf(ctx, r, r.Case.Submissions[n-1])
		if err != nil {
			return View{}, err
		}
		v.Manifest = &m
	}
	if v.Events, err = d.events(ctx, id); err != nil {
		return View{}, err
	}
	v.Moves = r.Case.Moves(r.waiting(), a)
	for _, leg := range gate.Legs {
		if g, ok := r.Open(leg); ok {
			v.Waiting = append(v.Waiting, g)
		}
	}
	if g, ok := r.Gate(r.Case.Papers.Gate); ok {
		v.Waiting = append(v.Waiting, g)
	}
	return v, nil
}

// FormerReplies are the replies that later ones replaced, oldest first, with their
// long texts as history keeps them.
func (v View) FormerReplies() []casework.Decision {
	out := slices.Clone(v.Case.Former)
	for i, d := range out {
		for _, e := range v.Events {
			if d.Entry > 0 && e.Seq == d.Entry && e.Facts.Decision != nil {
				out[i].Reason, out[i].Terms.Conditions = e.Facts.Decision.Reason, e.Facts.Decision.Conditions
			}
		}
	}
	return out
}

// events reads the history of a case, newest first.
func (d *Desk) events(ctx context.Context, id string) ([]Event, error) {
	entries, err := d.Store.Entries(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", id, err)
	}
	events := make([]Event, len(entries))
	for i, e := range entries {
		ev := Event{Entry: e}
		if err := json.Unmarshal(e.Body, &ev.Facts); err != nil {
			return nil, fmt.Errorf("reading entry %d of %s: %w", e.Seq, id, err)
		}
		events[len(entries)-1-i] = ev
	}
	return events, nil
}

// At returns a view of the case together with one gate that a may answer or
// has answered. It fails as gate.Gate.MayAnswer.
func (d *Desk) At(ctx context.Context, ref GateRef, a party.Actor) (View, gate.Gate, error) {
	v, err := d.View(ctx, ref.Of, a)
	if err != nil {
		return View{}, gate.Gate{}, err
	}
	g, err := v.gateFor(ref.Gate, a)
	return v, g, err
}

// MayAnswer reports whether a may know what a link leads to and answer its gate.
func (v Visit) MayAnswer(a party.Actor) bool {
	r, err := CaseRecord(v.Of)
	if err != nil {
		return false
	}
	_, err = r.gateFor(v.Gate.ID, a)
	return err == nil
}

// Visited returns the view that an unidentified holder of a live link gets: the
// newest submission and the open gates, no history and no hospital's draft.
func (d *Desk) Visited(ctx context.Context, visit Visit) (View, error) {
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return View{}, err
	}
	r, err := CaseRecord(visit.Of)
	if err != nil {
		return View{}, err
	}
	pack, err := d.pack(ctx, r.Case)
	if err != nil {
		return View{}, err
	}
	v := View{Record: r, Now: now, Pack: pack, Waiting: []gate.Gate{visit.Gate}}
	n := len(r.Case.Submissions)
	if n == 0 {
		return View{}, fault.New(fault.NotFound, "link")
	}
	m, err := d.ManifestOf(ctx, r, r.Case.Submissions[n-1])
	if err != nil {
		return View{}, err
	}
	v.Manifest = &m
	return v, nil
}

// Cases lists the cases of a's hospital, newest edit first. It fails as [Desk.Page].
func (d *Desk) Cases(ctx context.Context, after string, limit int, a party.Actor) ([]ListedCase, string, error) {
	return d.Page(ctx, OwnPages, after, limit, a)
}

// ByNumber finds the case behind a human case number, if a may know it.
func (d *Desk) ByNumber(ctx context.Context, number string, a party.Actor) (string, error) {
	id, err := d.Store.ByNumber(ctx, number)
	if err != nil {
		return "", err
	}
	r, err := LoadCase(ctx, d.Store, id)
	if err != nil {
		return "", err
	}
	return id, r.Case.MayRead(a)
}

// ManifestOf reads the frozen manifest of a submission of r, the files of each item in the
// order in which they were sent. A dossier in volumes is read in that order; the manifest
// itself is sorted by what its digest needs.
func (d *Desk) ManifestOf(ctx context.Context, r Record, s casework.Submission) (dossier.Manifest, error) {
	m, err := d.manifest(ctx, s)
	if err != nil {
		return m, err
	}
	sent := func(l dossier.Listed) time.Time {
		f, _ := r.File(l.File)
		return f.At
	}
	slices.SortStableFunc(m.Files, func(a, b dossier.Listed) int {
		return cmp.Or(strings.Compare(a.Item, b.Item), sent(a).Compare(sent(b)))
	})
	return m, nil
}

// Inbox lists what waits for a's agency, the longest waiting first. It fails as [Desk.Page].
func (d *Desk) Inbox(ctx context.Context, after string, limit int, a party.Actor) ([]ListedCase, string, error) {
	return d.Page(ctx, InboxPages, after, limit, a)
}

// Copies lists what was sent to a's agency, the newest first. It fails as [Desk.Page].
func (d *Desk) Copies(ctx context.Context, after string, limit int, a party.Actor) ([]ListedCase, string, error) {
	return d.Page(ctx, CopiesPages, after, limit, a)
}
