package docket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
	"jixu/internal/variety"
)

// Placed is where the matrix of the notice places a case, and what it saw.
type Placed struct {
	reuse.Proposal
	Variety *variety.Variety // the one that was found or, before that, claimed; nil: a new one
	Found   bool             // a person found it; else the hospital says so
}

// holds are the sheets that the placing relied on.
func (p Placed) holds() []Hold {
	if p.Variety == nil {
		return nil
	}
	return []Hold{{Kind: varietyKind, ID: p.Variety.ID, Version: p.Variety.Version}}
}

// precedents is how many earlier applications for one variety are looked at.
const precedents = 100

// Place says where the matrix places c now: its newest submission, or its
// draft. It changes nothing.
func (d *Desk) Place(ctx context.Context, c casework.Case) (Placed, error) {
	s, err := d.setting(ctx)
	if err != nil {
		return Placed{}, err
	}
	now := said(c)
	if len(c.Submissions) == 0 {
		pack, err := d.pack(ctx, c)
		if err != nil {
			return Placed{}, err
		}
		now = d.says(c, pack)
	}
	return d.placed(ctx, c, now, s)
}

// said is what the newest submission of c says of earlier ones.
func said(c casework.Case) casework.Said {
	if len(c.Submissions) == 0 {
		return casework.Said{Variety: c.Claim}
	}
	return c.Submissions[len(c.Submissions)-1].Said
}

// says is what the form of c, as it stands, says of earlier applications.
func (d *Desk) says(c casework.Case, pack policy.Pack) casework.Said {
	return casework.Said{
		Variety: c.Claim, Used: c.Form[policy.FieldUnitsUsed] == "used",
		OtherPatients: strings.TrimSpace(c.Form[policy.FieldOthers]) != "", Indication: reuse.Fingerprint(c.Form[policy.FieldIndication]),
		Expires: pack.FirstExpiry(c.Form),
	}
}

// placed places c, whose newest words are now.
func (d *Desk) placed(ctx context.Context, c casework.Case, now casework.Said, s casework.Setting) (Placed, error) {
	id := now.Variety
	if c.Variety != nil {
		id = c.Variety.Variety
	}
	asked := c.Asking(now, s)
	if id == "" {
		return Placed{Proposal: reuse.Propose(asked, reuse.Standing{}, nil)}, nil
	}
	v, err := d.variety(ctx, id)
	if err != nil {
		return Placed{}, err
	}
	earlier, err := d.earlier(ctx, id, c.ID)
	if err != nil {
		return Placed{}, err
	}
	return Placed{Proposal: reuse.Propose(asked, v.Standing(), earlier), Variety: &v, Found: c.Variety != nil}, nil
}

// earlier reads the applications for a variety, less the one itself.
func (d *Desk) earlier(ctx context.Context, id, less string) ([]reuse.Precedent, error) {
	names, err := d.Store.Listing(ctx, varietyList(id), precedents)
	if err != nil {
		return nil, fmt.Errorf("listing the cases of variety %s: %w", id, err)
	}
	var out []reuse.Precedent
	for _, name := range names {
		if name == less || strings.Contains(name, "/") {
			continue
		}
		r, err := d.Store.Load(ctx, name)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("loading case %s: %w", name, err)
		}
		// A later finding may have taken the case off this variety; the list is only a hint.
		if r.Case.Variety == nil || r.Case.Variety.Variety != id {
			continue
		}
		if p, ok := r.Case.Precedent(""); ok {
			out = append(out, p)
		}
	}
	return out, nil
}

const varietyKind = "variety"

func varietyList(id string) string { return "of-variety/" + id }

// varieties names the list of the register for one kind.
func varieties(drug bool) string {
	if drug {
		return "varieties/drug"
	}
	return "varieties/device"
}

func (d *Desk) variety(ctx context.Context, id string) (variety.Variety, error) {
	sheet, err := d.Store.Sheet(ctx, varietyKind, id)
	if err != nil {
		return variety.Variety{}, err
	}
	var v variety.Variety
	if err := json.Unmarshal(sheet.Body, &v); err != nil {
		return variety.Variety{}, fmt.Errorf("reading variety %s: %w", id, err)
	}
	return v, nil
}

// Variety returns one entry of the register. Everybody who takes part may know
// it; it names no hospital.
func (d *Desk) Variety(ctx context.Context, id string, a party.Actor) (variety.Variety, error) {
	if a.Confined() {
		return variety.Variety{}, fault.New(fault.NotFound, "sheet")
	}
	return d.variety(ctx, id)
}

// Varieties lists the register of one kind, the newest first.
func (d *Desk) Varieties(ctx context.Context, drug bool, a party.Actor) ([]variety.Variety, error) {
	if a.Confined() {
		return nil, fault.New(fault.Forbidden, "role")
	}
	names, err := d.Store.Listing(ctx, varieties(drug), 200)
	if err != nil {
		return nil, fmt.Errorf("listing the register: %w", err)
	}
	var out []variety.Variety
	for _, name := range names {
		v, err := d.variety(ctx, strings.TrimPrefix(name, varietyKind+"/"))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Claim says in a draft which variety of the register the hospital believes it
// is; "" says that it is a new one. It fails as Save, and with fault.Invalid for
// a variety of another kind or none at all.
func (d *Desk) Claim(ctx context.Context, op Op, id string, version int, claim string, a party.Actor) (Receipt, error) {
	return d.move(ctx, id, op, Digest("claim", id, version, claim), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Edit, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if r.Case.Version != version {
			return Commit{}, Receipt{}, fault.New(fault.Conflict, "version")
		}
		if err := d.knows(ctx, claim, r.Case.Kind); err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := r.Case.ClaimVariety(claim, a, s.Now)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
}

// knows fails with fault.Invalid unless id is "" or in the register of kind.
func (d *Desk) knows(ctx context.Context, id string, kind casework.Kind) error {
	if id == "" {
		return nil
	}
	v, err := d.variety(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && v.Drug != (kind == casework.Drug) {
		return fault.Fields([]fault.Problem{{Field: "variety", Code: "field.choice"}})
	}
	return err
}

// Identify records the assessor's finding that the case is about variety id of
// the register.
func (d *Desk) Identify(ctx context.Context, op Op, id, variety, reason string, a party.Actor) (Receipt, error) {
	return d.move(ctx, id, op, Digest("identify", id, variety, reason), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Identify, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if err := d.knows(ctx, variety, r.Case.Kind); err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := r.Case.Identify(variety, reason, false, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		commit.Lists = []string{varietyList(variety)}
		return commit, receipt, err
	})
}

// Register enters a new variety into the register and finds in the same
// transaction that the case is about it.
func (d *Desk) Register(ctx context.Context, op Op, id string, data variety.Data, reason string, a party.Actor) (Receipt, error) {
	return d.move(ctx, id, op, Digest("register", id, data, reason), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Identify, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		vid, err := d.newID(16)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		added, err := variety.New(vid, r.Case.Kind == casework.Drug, data, r.Case.ID, a, s.Now)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := r.Case.Identify(vid, reason, true, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		sheet, err := sealVariety(Sheet{}, added, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		commit.Lists, commit.Sheets = []string{varietyList(vid)}, []SheetChange{sheet}
		receipt.Sheet = sheet.Sheet.Name()
		return commit, receipt, err
	})
}

// CorrectVariety replaces what the register says of a variety.
func (d *Desk) CorrectVariety(ctx context.Context, op Op, id string, version int, data variety.Data, reason string, a party.Actor) (Receipt, error) {
	return d.changeVariety(ctx, op, id, version, Digest("correct-variety", id, version, data, reason), a,
		func(v variety.Variety, _ casework.Setting) (variety.Change, error) { return v.Correct(data, reason, a) })
}

// MarkVariety records since when an equivalent is registered at home, or, with
// the zero day, that none is.
func (d *Desk) MarkVariety(ctx context.Context, op Op, id string, version int, since calendar.Day, note string, a party.Actor) (Receipt, error) {
	return d.changeVariety(ctx, op, id, version, Digest("mark-variety", id, version, since.String(), note), a,
		func(v variety.Variety, s casework.Setting) (variety.Change, error) {
			return v.Mark(since, note, a, s.Now)
		})
}

// changeVariety moves one entry of the register.
func (d *Desk) changeVariety(ctx context.Context, op Op, id string, version int, digest string, a party.Actor,
	change func(variety.Variety, casework.Setting) (variety.Change, error),
) (Receipt, error) {
	return d.move(ctx, "", op, digest, a, func(_ Record, s casework.Setting) (Commit, Receipt, error) {
		sheet, err := d.Store.Sheet(ctx, varietyKind, id)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		var v variety.Variety
		if err := json.Unmarshal(sheet.Body, &v); err != nil {
			return Commit{}, Receipt{}, fmt.Errorf("reading variety %s: %w", id, err)
		}
		if err := variety.MayKeep(v.Drug, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if v.Version != version {
			return Commit{}, Receipt{}, fault.New(fault.Conflict, "version")
		}
		ch, err := change(v, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		next, err := sealVariety(sheet, ch, s)
		return sheetCommit(next), sheetReceipt(next, string(ch.Verb), a, s), err
	})
}

// sealVariety writes ch as the next version of its sheet.
func sealVariety(was Sheet, ch variety.Change, s casework.Setting) (SheetChange, error) {
	v := ch.Variety
	return sealSheet(was, Sheet{Kind: varietyKind, ID: v.ID, List: varieties(v.Drug), At: v.At}, v, string(ch.Verb), ch.Facts, ch.By, s.Now)
}
