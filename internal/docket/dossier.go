package docket

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/number"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/precheck"
)

// Create opens a draft for a's hospital. It fails with fault.Forbidden unless
// a prepares applications, and with fault.Invalid for a kind no pack exists for.
func (d *Desk) Create(ctx context.Context, op Op, kind casework.Kind, a party.Actor) (Receipt, error) {
	return d.create(ctx, op, kind, Digest("create", kind), a, func(c casework.Case) casework.Case { return c })
}

func (d *Desk) create(ctx context.Context, op Op, kind casework.Kind, digest string, a party.Actor, fill func(casework.Case) casework.Case) (Receipt, error) {
	return d.move(ctx, "", op, digest, a, func(_ Record, s casework.Setting) (Commit, Receipt, error) {
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

// Save keeps values as typed. version is the one the form showed: another one
// in the table is a conflict, and nothing is lost that a colleague typed. It
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
	Name   string // as the uploader calls it, 1 to 300 characters
	SHA256 string // hex, when script computed it; else ""
}

// Attach makes an upload known, attaches it to its item, and signs the form
// that carries it. The file cannot be opened until it was checked.
func (d *Desk) Attach(ctx context.Context, op Op, id string, version int, u Upload, back string, a party.Actor) (Receipt, Ticket, error) {
	var limit int64
	receipt, err := d.edit(ctx, id, op, version, Digest("attach", id, version, u), a, func(r Record, p policy.Pack, now time.Time) (casework.Change, []File, error) {
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
			ID: fid, Case: id, Item: u.Item, Org: a.Org, Key: "dossier/" + id + "/" + fid, Name: u.Name,
			State: Unchecked, SHA256: u.SHA256, At: now,
		}}, nil
	})
	if err != nil {
		return Receipt{}, Ticket{}, err
	}
	r, err := d.Store.Load(ctx, id)
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
// interrupted. It fails with fault.Conflict once the file was checked or rejected.
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
	limit, err := d.maxBytes(ctx, r.Case, f)
	if err != nil {
		return Ticket{}, err
	}
	return d.Files.Ticket(ctx, f, limit, back)
}

// Detach takes a file out of the working dossier.
func (d *Desk) Detach(ctx context.Context, op Op, id string, version int, item, file string, a party.Actor) (Receipt, error) {
	return d.edit(ctx, id, op, version, Digest("detach", id, version, item, file), a, func(r Record, _ policy.Pack, now time.Time) (casework.Change, []File, error) {
		ch, err := r.Case.Detach(item, file, a, now)
		return ch, nil, err
	})
}

// edit moves the head without an entry.
func (d *Desk) edit(ctx context.Context, id string, op Op, version int, digest string, a party.Actor,
	change func(Record, policy.Pack, time.Time) (casework.Change, []File, error),
) (Receipt, error) {
	return d.move(ctx, id, op, digest, a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Edit, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if r.Case.Version != version {
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
		commit.Files = files
		for _, f := range files {
			receipt.File = f.ID
		}
		return commit, receipt, err
	})
}

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
		ID: fid, Case: r.Case.ID, Item: evidenceItem, Gate: g.ID, Org: a.Org,
		Key: "evidence/" + r.Case.ID + "/" + fid, Name: u.Name, State: Unchecked, SHA256: u.SHA256,
		At: now.UTC().Truncate(time.Millisecond),
	}
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
	if err := d.Store.LogRead(ctx, Reading{Case: id, File: file, Person: a.Person, Org: a.Org, At: now}); err != nil {
		return "", fmt.Errorf("logging that a file of %s was opened: %w", id, err)
	}
	return d.Files.Address(ctx, f.Key, f.Version)
}

// Submit freezes form and files of a draft and starts both tracks. The
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
	return d.move(ctx, id, op, digest, a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Submit, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		frozen, err := d.freeze(ctx, r, version, declared, lane, s)
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
	digest := Digest("resubmit", ref.Case, ref.Gate, version, declared)
	return d.answer(ctx, op, ref, digest, a, nil, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		if g.Status == gate.Open {
			if err := r.Case.Permits(casework.Resubmit, a); err != nil {
				return casework.Change{}, err
			}
		}
		frozen, err := d.freeze(ctx, r, version, declared, Lane{Later: r.Case.Papers.Items}, s)
		if err != nil {
			return casework.Change{}, err
		}
		frozen.Later = nil // what is owed stays owed at its own gate
		return r.Case.Resubmit(frozen, g, digest, a, s)
	})
}

// freeze stores the manifest of the working dossier.
func (d *Desk) freeze(ctx context.Context, r Record, version int, declared bool, lane Lane, s casework.Setting) (casework.Submission, error) {
	c := r.Case
	if c.Version != version {
		return casework.Submission{}, fault.New(fault.Conflict, "version")
	}
	pack, err := d.pack(ctx, c)
	if err != nil {
		return casework.Submission{}, err
	}
	problems := append(precheck.Blocking(gaps(pack, r, lane.Later, s)), checkLater(pack, lane.Later)...)
	if !declared {
		problems = append(problems, fault.Problem{Field: "declared", Code: "declaration"})
	}
	if err := fault.Fields(problems); err != nil {
		return casework.Submission{}, err
	}
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
		Said: d.says(c, pack), Later: lane.Later, Urgency: lane.Urgency,
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

func checkUpload(u Upload) []fault.Problem {
	var problems []fault.Problem
	if n := utf8.RuneCountInString(u.Name); n < 1 || n > 300 || !utf8.ValidString(u.Name) || strings.ContainsFunc(u.Name, unicode.IsControl) {
		problems = append(problems, fault.Problem{Field: "file", Code: "file.name"})
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
	r, err := d.Store.Load(ctx, id)
	if err != nil {
		return Record{}, File{}, err
	}
	if err := r.Case.MayRead(a); err != nil {
		return Record{}, File{}, err
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
		return c.Decision != nil && c.Decision.Evidence == f.ID ||
			slices.ContainsFunc(c.Former, func(d casework.Decision) bool { return d.Evidence == f.ID }), nil
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
