package docket

import (
	"context"
	"time"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// Evidence makes an upload for the open gate known and signs the form that
// carries it. The head does not move: an agency's paper is not the hospital's
// dossier. It fails as gate.Gate.MayAnswer, and with fault.Conflict if the
// gate no longer waits.
func (d *Desk) Evidence(ctx context.Context, ref GateRef, u Upload, back string, a party.Actor) (File, Ticket, error) {
	fid, err := d.newID(16)
	if err != nil {
		return File{}, Ticket{}, err
	}
	f, err := d.evidence(ctx, fid, ref, u, a)
	if err != nil {
		return File{}, Ticket{}, err
	}
	t, err := d.Files.Ticket(ctx, f, evidenceRule.MaxBytes, back)
	return f, t, err
}

// EvidenceOnce is Evidence for a sender that names its request: sent again it
// signs the same upload again. It fails with fault.Conflict if op named another
// paper, or if the file has been checked already.
func (d *Desk) EvidenceOnce(ctx context.Context, op Op, ref GateRef, u Upload, back string, a party.Actor) (File, Ticket, error) {
	f, err := d.evidence(ctx, idOf("evidence", scopeOf(a), op.ID), ref, u, a)
	if err != nil {
		return File{}, Ticket{}, err
	}
	kept, err := d.Store.FileByKey(ctx, f.Key)
	switch {
	case err != nil:
		return File{}, Ticket{}, err
	case kept.Gate != f.Gate || kept.Org != f.Org || kept.Name != f.Name:
		return File{}, Ticket{}, fault.New(fault.Conflict, "operation.other")
	case kept.State != Unchecked:
		return File{}, Ticket{}, fault.New(fault.Conflict, "file.settled")
	case kept.SHA256 != f.SHA256:
		return File{}, Ticket{}, fault.New(fault.Conflict, "operation.other")
	}
	t, err := d.Files.Ticket(ctx, kept, evidenceRule.MaxBytes, back)
	return kept, t, err
}

// evidence makes the upload fid for a gate known, once.
func (d *Desk) evidence(ctx context.Context, fid string, ref GateRef, u Upload, a party.Actor) (File, error) {
	u.Item = evidenceItem
	if err := fault.Fields(checkUpload(u)); err != nil {
		return File{}, err
	}
	r, g, err := d.gateFor(ctx, ref, a)
	if err != nil {
		return File{}, err
	}
	if !r.takesLetter(g, a) {
		return File{}, fault.New(fault.Conflict, "gate.answered")
	}
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return File{}, err
	}
	f := File{
		ID: fid, Of: r.Case.ID, Item: evidenceItem, Gate: g.ID, Org: a.Org,
		Key: "evidence/" + r.Case.ID + "/" + fid, Name: u.Name, State: Unchecked, SHA256: u.SHA256,
		At: now.UTC().Truncate(time.Millisecond),
	}
	f.ScanAt = f.At.Add(lookAfter)
	return f, d.Store.PutFile(ctx, f)
}

// takesLetter reports whether a may prove a reply at g now: it waits for one,
// or for a supplement over which one may come, or it took the reply that a later
// letter replaces.
func (r Record) takesLetter(g gate.Gate, a party.Actor) bool {
	if g.Leg != gate.Reply {
		return false
	}
	if g.Status == gate.Open {
		return r.Case.Permits(casework.Record, a) == nil
	}
	return g.Answer.Choice == string(casework.Record) && r.Case.Permits(casework.Amend, a) == nil
}

// evidenceItem is the item of an agency's own papers.
const evidenceItem = "evidence"

// EvidenceRule returns what an agency's paper may be.
func EvidenceRule() dossier.Rule { return evidenceRule }

// evidenceRule: one PDF or picture of a letter.
var evidenceRule = dossier.Rule{MaxBytes: 50 << 20, Types: []dossier.Type{dossier.PDF, dossier.JPEG, dossier.PNG}}
