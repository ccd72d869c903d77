package docket

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/number"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/typed"
)

// Create opens a draft for a's hospital. It fails with fault.Forbidden unless
// a prepares applications, and with fault.Invalid for a kind no pack exists for.
func (d *Desk) Create(ctx context.Context, op Op, kind policy.Kind, a party.Actor) (Receipt, error) {
	return d.create(ctx, op, kind, Digest("create", kind), a, func(c casework.Case) casework.Case { return c })
}

func (d *Desk) create(ctx context.Context, op Op, kind policy.Kind, digest string, a party.Actor, fill func(casework.Case) casework.Case) (Receipt, error) {
	return d.Move(ctx, "", op, digest, a, func(_ Stored, s casework.Setting) (Commit, Receipt, error) {
		pack, err := d.currentPack(ctx, kind, s.Rules)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		id, err := d.newID(20)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		no, err := number.New(d.Random, calendarYear(s.Now), string(kind))
		if err != nil {
			return Commit{}, Receipt{}, fault.Because(fault.Unavailable, "random", err)
		}
		ch, err := casework.New(id, no, kind, pack, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch.Case = fill(ch.Case)
		return finish(casework.Case{}, ch, s)
	})
}

// Save keeps values as typed. version is the dossier's, as the form showed it:
// another one in the table is a conflict, and nothing is lost that a colleague
// typed. What agencies and the clock do raises it not. It
// fails with fault.Invalid for what no form could hold (see policy.Pack.CheckDraft).
func (d *Desk) Save(ctx context.Context, op Op, id string, version int, values map[string]string, a party.Actor) (Receipt, error) {
	return d.edit(ctx, id, op, version, Digest("save", id, version, values), a, func(r Record, p policy.Pack, now time.Time) (casework.Change, []File, error) {
		values := p.Clean(values)
		if err := fault.Fields(p.CheckDraft(values)); err != nil {
			return casework.Change{}, nil, err
		}
		ch, err := r.Case.Fill(values, a, now)
		return ch, nil, err
	})
}

// Upload is a file about to be sent to the bucket.
type Upload struct {
	Item   string
	Name   string // as the uploader calls it: see typed.Name
	SHA256 string // hex, when script computed it; else ""
}

// Attach makes an upload known, attaches it to its item, and signs the form
// that carries it. The file cannot be opened until it was checked.
func (d *Desk) Attach(ctx context.Context, op Op, id string, version int, u Upload, back string, a party.Actor) (Receipt, Ticket, error) {
	var limit int64
	receipt, err := d.edit(
		ctx,
		id,
		op,
		version,
		Digest("attach", id, version, u),
		a,
		func(r Record, p policy.Pack, now time.Time) (casework.Change, []File, error) {
			item, ok := p.Item(u.Item)
			if !ok {
				return casework.Change{}, nil, fault.New(fault.NotFound, "item")
			}
			if err := fault.Fields(checkUpload(u)); err != nil {
				return casework.Change{}, nil, err
			}
			fid, err := d.newID(16)
			if err != nil {
				return casework.Change{}, nil, err
			}
			ch, err := r.Case.Attach(u.Item, fid, item.MaxFiles, a, now)
			if err != nil {
				return casework.Change{}, nil, err
			}
			return ch, []File{{
				ID: fid, Of: id, Item: u.Item, Org: a.Org, Key: "dossier/" + id + "/" + fid, Name: u.Name,
				State: Unchecked, SHA256: u.SHA256, At: now, ScanAt: now.Add(lookAfter),
			}}, nil
		},
	)
	if err != nil {
		return Receipt{}, Ticket{}, err
	}
	r, err := LoadCase(ctx, d.Store, id)
	if err != nil {
		return Receipt{}, Ticket{}, err
	}
	f, ok := r.File(receipt.File)
	if !ok {
		return Receipt{}, Ticket{}, fault.New(fault.NotFound, "file")
	}
	if limit, err = d.maxBytes(ctx, r.Case, f); err != nil {
		return Receipt{}, Ticket{}, err
	}
	t, err := d.Files.Ticket(ctx, f, limit, back)
	return receipt, t, err
}

// Ticket signs the upload of an attached file again, for a browser that was
// interrupted. It fails as Record.maySend, and with fault.Conflict once the file
// was checked or rejected.
func (d *Desk) Ticket(ctx context.Context, id, file, back string, a party.Actor) (Ticket, error) {
	r, f, err := d.file(ctx, id, file, a)
	if err != nil {
		return Ticket{}, err
	}
	if f.Org != a.Org {
		return Ticket{}, fault.New(fault.NotFound, "file")
	}
	if f.State != Unchecked {
		return Ticket{}, fault.New(fault.Conflict, "file.settled")
	}
	if err := r.maySend(f, a); err != nil {
		return Ticket{}, err
	}
	limit, err := d.maxBytes(ctx, r.Case, f)
	if err != nil {
		return Ticket{}, err
	}
	return d.Files.Ticket(ctx, f, limit, back)
}

// maySend fails unless a may bring the bytes of f now: for the dossier whoever
// may change that item, while the file is still attached there; for a letter
// whoever may prove a reply with it at its gate.
func (r Record) maySend(f File, a party.Actor) error {
	if f.Item != evidenceItem {
		if err := r.Case.PermitsFile(f.Item, a); err != nil {
			return err
		}
		if !slices.Contains(r.Case.Files[f.Item], f.ID) {
			return fault.New(fault.NotFound, "file")
		}
		return nil
	}
	g, err := r.gateFor(f.Gate, a)
	if err != nil {
		return err
	}
	if !r.takesLetter(g, a) {
		return fault.New(fault.Conflict, "gate.answered")
	}
	return nil
}

// Detach takes a file out of the working dossier.
func (d *Desk) Detach(ctx context.Context, op Op, id string, version int, item, file string, a party.Actor) (Receipt, error) {
	return d.edit(
		ctx,
		id,
		op,
		version,
		Digest("detach", id, version, item, file),
		a,
		func(r Record, _ policy.Pack, now time.Time) (casework.Change, []File, error) {
			ch, err := r.Case.Detach(item, file, a, now)
			return ch, nil, err
		},
	)
}

// edit moves the head without an entry.
func (d *Desk) edit(ctx context.Context, id string, op Op, version int, digest string, a party.Actor,
	change func(Record, policy.Pack, time.Time) (casework.Change, []File, error),
) (Receipt, error) {
	return d.moveCase(ctx, id, op, digest, a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Edit, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if r.Case.Dossier != version {
			return Commit{}, Receipt{}, fault.New(fault.Conflict, "version")
		}
		pack, err := d.pack(ctx, r.Case)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, files, err := change(r, pack, s.Now)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		commit.Changes[0].Files = files
		for _, f := range files {
			receipt.File = f.ID
		}
		return commit, receipt, err
	})
}

// Open signs a download of a checked file for somebody who may read the case,
// and writes the read log first: no log, no file.
func (d *Desk) Open(ctx context.Context, id, file string, a party.Actor) (string, error) {
	_, f, err := d.file(ctx, id, file, a)
	if err != nil {
		return "", err
	}
	if f.State == Unscanned {
		return "", fault.New(fault.Conflict, "file.unscanned")
	}
	if f.State != Checked {
		return "", fault.New(fault.Conflict, "file.unchecked")
	}
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return "", err
	}
	if err := d.Store.LogRead(ctx, Reading{Of: id, File: file, Person: a.Person, Org: a.Org, At: now}); err != nil {
		return "", fmt.Errorf("logging that a file of %s was opened: %w", id, err)
	}
	return d.Files.Address(ctx, f)
}

func checkUpload(u Upload) []fault.Problem {
	var problems []fault.Problem
	if _, err := typed.Name("file", u.Name); err != nil {
		problems = fault.Of(err).Problems
	}
	if u.SHA256 != "" && !isDigest(u.SHA256) {
		problems = append(problems, fault.Problem{Field: "sha256", Code: "field.digest"})
	}
	return problems
}

func isDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// file finds a file that a may know: of a case it may read, attached to it or
// frozen in it; evidence by its uploader and, once the gate is answered, by
// everybody who may read the case.
func (d *Desk) file(ctx context.Context, id, file string, a party.Actor) (Record, File, error) {
	r, err := LoadCase(ctx, d.Store, id)
	if err != nil {
		return Record{}, File{}, err
	}
	if err := r.Case.MayRead(a); err != nil {
		return Record{}, File{}, err
	}
	if a.Via == party.ByLink {
		if _, err := r.gateFor(a.Gate, a); err != nil {
			return Record{}, File{}, fault.New(fault.NotFound, "file") // its links were revoked
		}
	}
	f, ok := r.File(file)
	if !ok {
		return Record{}, File{}, fault.New(fault.NotFound, "file")
	}
	seen, err := d.visible(ctx, r.Case, f, a)
	if err != nil {
		return Record{}, File{}, err
	}
	if !seen {
		return Record{}, File{}, fault.New(fault.NotFound, "file")
	}
	return r, f, nil
}

// visible reports whether a, who may read the case, may know of f: agencies
// see what was submitted, not what the hospital is still preparing; others see
// an agency's paper once the answer it proves was given.
func (d *Desk) visible(ctx context.Context, c casework.Case, f File, a party.Actor) (bool, error) {
	if f.Org == a.Org {
		return true, nil
	}
	if f.Item == evidenceItem {
		return c.Proves(f.ID), nil
	}
	for i := len(c.Submissions) - 1; i >= 0; i-- {
		m, err := d.manifest(ctx, c.Submissions[i])
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(m.Files, func(l dossier.Listed) bool { return l.File == f.ID }) {
			return true, nil
		}
	}
	return false, nil
}

func (d *Desk) rule(ctx context.Context, c casework.Case, item string) (dossier.Rule, error) {
	p, err := d.pack(ctx, c)
	if err != nil {
		return dossier.Rule{}, err
	}
	i, ok := p.Item(item)
	if !ok {
		return dossier.Rule{}, fault.New(fault.NotFound, "item")
	}
	return dossier.Rule{MaxBytes: i.MaxBytes, Types: i.Types}, nil
}

func (d *Desk) maxBytes(ctx context.Context, c casework.Case, f File) (int64, error) {
	if f.Item == evidenceItem {
		return evidenceRule.MaxBytes, nil
	}
	rule, err := d.rule(ctx, c, f.Item)
	return rule.MaxBytes, err
}
