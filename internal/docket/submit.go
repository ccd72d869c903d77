package docket

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/precheck"
)

// Submit freezes form and files of a draft and starts both legs. The
// manifest is stored before the transaction; an unused one harms nobody. It
// fails with fault.Invalid if the pack finds something missing, a file is not
// checked, or the declaration was not made.
func (d *Desk) Submit(ctx context.Context, op Op, id string, version int, declared bool, a party.Actor) (Receipt, error) {
	return d.submit(ctx, op, id, version, declared, Lane{}, Digest("submit", id, version, declared), a)
}

// Lane is the emergency lane of a submission (应急通道): the items whose papers
// follow by the date that local policy sets, and why it cannot wait for them.
type Lane struct {
	Later   []string
	Urgency string
}

// SubmitUrgent is Submit in the emergency lane. It fails as Submit, and with
// fault.Invalid if there is no such lane here, no reason is given, or an item is
// named that is not a required one without a file.
func (d *Desk) SubmitUrgent(ctx context.Context, op Op, id string, version int, declared bool, lane Lane, a party.Actor) (Receipt, error) {
	return d.submit(ctx, op, id, version, declared, lane, Digest("submit-urgent", id, version, declared, lane), a)
}

func (d *Desk) submit(ctx context.Context, op Op, id string, version int, declared bool, lane Lane, digest string, a party.Actor) (Receipt, error) {
	return d.moveCase(ctx, id, op, digest, a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Submit, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		frozen, err := d.snapshot(ctx, r, version, declared, lane, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := r.Case.Submit(frozen, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
}

// Resubmit freezes form and files again as the answer to an open supplement
// notice. It fails as Submit.
func (d *Desk) Resubmit(ctx context.Context, op Op, ref GateRef, version int, declared bool, a party.Actor) (Receipt, error) {
	digest := Digest("resubmit", ref.Of, ref.Gate, version, declared)
	return d.answer(ctx, op, ref, digest, a, nil, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		if g.Status == gate.Open {
			if err := r.Case.Permits(casework.Resubmit, a); err != nil {
				return casework.Change{}, err
			}
		}
		frozen, err := d.snapshot(ctx, r, version, declared, Lane{Later: r.Case.Papers.Items}, s)
		if err != nil {
			return casework.Change{}, err
		}
		frozen.Later = nil // what is owed stays owed at its own gate
		return r.Case.Resubmit(frozen, g, r.others(g.ID), digest, a, s)
	})
}

// snapshot stores the manifest of the working dossier.
func (d *Desk) snapshot(ctx context.Context, r Record, version int, declared bool, lane Lane, s casework.Setting) (casework.Submission, error) {
	c := r.Case
	if c.Dossier != version {
		return casework.Submission{}, fault.New(fault.Conflict, "version")
	}
	pack, err := d.pack(ctx, c)
	if err != nil {
		return casework.Submission{}, err
	}
	problems := append(precheck.Blocking(gaps(pack, r, lane.Later, s)), checkLater(pack, lane.Later)...)
	if err := fault.Fields(append(problems, checkDeclared(declared)...)); err != nil {
		return casework.Submission{}, err
	}
	frozen, err := d.keep(ctx, r, pack, s)
	frozen.Claims, frozen.Subject = d.draftClaims(c, pack), subjectOf(c)
	frozen.Later, frozen.Urgency = lane.Later, lane.Urgency
	return frozen, err
}

func checkDeclared(declared bool) []fault.Problem {
	if declared {
		return nil
	}
	return []fault.Problem{{Field: "declared", Code: "declaration"}}
}

// snapshotOwed stores the manifest of the submission before with the papers owed.
// What is wrong elsewhere in the working dossier is not asked now.
func (d *Desk) snapshotOwed(ctx context.Context, r Record, version int, declared bool, s casework.Setting) (casework.Submission, error) {
	if r.Case.Dossier != version {
		return casework.Submission{}, fault.New(fault.Conflict, "version")
	}
	pack, err := d.pack(ctx, r.Case)
	if err != nil {
		return casework.Submission{}, err
	}
	before, err := d.manifest(ctx, r.Case.Submissions[len(r.Case.Submissions)-1])
	if err != nil {
		return casework.Submission{}, err
	}
	owed := r.Case.Papers.Items
	files := map[string][]string{}
	for _, l := range before.Files {
		if !slices.Contains(owed, l.Item) {
			files[l.Item] = append(files[l.Item], l.File)
		}
	}
	for _, item := range owed {
		files[item] = r.Case.Files[item]
	}
	r.Case.Form, r.Case.Files = before.Form, files
	about := slices.DeleteFunc(gaps(pack, r, nil, s), func(g precheck.Gap) bool { return !slices.Contains(owed, strings.TrimPrefix(g.Where, "item-")) })
	if err := fault.Fields(append(precheck.Blocking(about), checkDeclared(declared)...)); err != nil {
		return casework.Submission{}, err
	}
	return d.keep(ctx, r, pack, s)
}

// keep stores the manifest of the dossier in r as the next submission.
func (d *Desk) keep(ctx context.Context, r Record, pack policy.Pack, s casework.Setting) (casework.Submission, error) {
	c := r.Case
	no := len(c.Submissions) + 1
	m := dossier.Manifest{
		Case: c.ID, Number: c.Number, Kind: string(c.Kind), Submission: no, Form: c.Form,
		Pack: c.Pack, Rules: s.Rules.Version, Calendar: s.Calendar.Version,
	}
	for _, part := range pack.Parts {
		for _, item := range part.Items {
			for _, fid := range c.Files[item.ID] {
				f, _ := r.File(fid)
				m.Files = append(m.Files, dossier.Listed{
					Item: item.ID, File: f.ID, Key: f.Key, Version: f.Version, SHA256: f.SHA256, Size: f.Size, Type: f.Type,
				})
			}
		}
	}
	data, digest, err := m.Canonical()
	if err != nil {
		return casework.Submission{}, fmt.Errorf("writing manifest %d of %s: %w", no, c.ID, err)
	}
	key := "manifest/" + c.ID + "/" + strconv.Itoa(no) + "-" + digest + ".json"
	if err := d.Files.PutManifest(ctx, key, data); err != nil {
		return casework.Submission{}, fmt.Errorf("storing manifest %d of %s: %w", no, c.ID, err)
	}
	units, _ := strconv.Atoi(c.Form[policy.FieldQuantity]) // CheckForm found it a number
	return casework.Submission{
		Manifest: key, Digest: digest, Files: len(m.Files),
		Product: c.Form[policy.FieldProduct], Quantity: units, Unit: c.Form[policy.FieldUnit],
	}, nil
}

// checkLater lists what later, the items whose papers are to follow, names in vain.
func checkLater(pack policy.Pack, later []string) []fault.Problem {
	var problems []fault.Problem
	for i, id := range later {
		item, ok := pack.Item(id)
		if !ok || !item.Required || slices.Contains(later[:i], id) {
			problems = append(problems, fault.Problem{Field: "later", Code: "lane.item"})
		}
	}
	return problems
}

// manifest reads a frozen manifest and checks that it is the one that history names.
func (d *Desk) manifest(ctx context.Context, s casework.Submission) (dossier.Manifest, error) {
	data, err := d.Files.Manifest(ctx, s.Manifest)
	if err != nil {
		return dossier.Manifest{}, fmt.Errorf("reading manifest %d: %w", s.No, err)
	}
	m, err := dossier.ParseManifest(data, s.Digest)
	if err != nil {
		// Not the reader's mistake: what is stored is not what history names.
		return dossier.Manifest{}, fault.Because(fault.Unavailable, "manifest", err)
	}
	return m, nil
}
