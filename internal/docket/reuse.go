package docket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
	"jixu/internal/variety"
)

// Placed is where the matrix of the notice places a case, and what it saw.
type Placed struct {
	reuse.Proposal
	Reliance
	Variety *variety.Variety // the one that was found or, before that, claimed; nil: a new one
	Found   bool             // a person found it; else the hospital says so
	Decided bool             // it is what the opinion was given by, from the record; else what would be proposed now
}

// Reliance is what an opinion was proposed on beside its case. It must still
// stand when the opinion commits.
type Reliance struct {
	Holds  []Hold // the register's entry, at the version that was read
	Stands []Row  // the opinion relied on, as it was read
}

// Place says where the matrix places c: by its opinion, once that is given; before,
// its newest submission or its draft, as things stand. It changes nothing.
func (d *Desk) Place(ctx context.Context, c casework.Case) (Placed, error) {
	if c.Given != nil {
		return d.placedThen(ctx, c)
	}
	s, err := d.setting(ctx)
	if err != nil {
		return Placed{}, err
	}
	claims := lastClaims(c)
	if len(c.Submissions) == 0 {
		pack, err := d.pack(ctx, c)
		if err != nil {
			return Placed{}, err
		}
		claims = d.draftClaims(c, pack)
	}
	return d.placed(ctx, c, claims, s)
}

// placedThen is where the matrix placed c when its opinion was given. What has
// become of the variety or of other cases since is not asked.
func (d *Desk) placedThen(ctx context.Context, c casework.Case) (Placed, error) {
	out := Placed{Proposal: c.Given.Placed, Decided: true}
	if out.Situation == "" {
		out.Proposal = reuse.Propose(reuse.Asked{Drug: c.Kind == policy.Drug}, reuse.Standing{}, nil)
	}
	id, found := c.Found()
	if !found {
		return out, nil
	}
	v, err := d.variety(ctx, id)
	out.Variety, out.Found = &v, true
	return out, err
}

// lastClaims is what the newest submission of c says of earlier ones.
func lastClaims(c casework.Case) casework.Claims {
	if len(c.Submissions) == 0 {
		return casework.Claims{Variety: c.Claim}
	}
	return c.Submissions[len(c.Submissions)-1].Claims
}

// draftClaims is what the form of c, as it stands, says of earlier applications.
func (d *Desk) draftClaims(c casework.Case, pack policy.Pack) casework.Claims {
	return casework.Claims{
		Variety: c.Claim, Used: c.Form[policy.FieldUnitsUsed] == "used",
		OtherPatients: strings.TrimSpace(c.Form[policy.FieldOthers]) != "", Indication: reuse.Fingerprint(c.Form[policy.FieldIndication]),
		Expires: pack.FirstExpiry(c.Form),
	}
}

// subjectOf stands for what the form of c is about: name, maker and model. Two
// forms that differ only in space, punctuation, width or case have the same one.
func subjectOf(c casework.Case) string {
	p := product(c)
	return Digest(reuse.Fingerprint(p.NameZH), reuse.Fingerprint(p.Maker), reuse.Fingerprint(p.Model))[:16]
}

// placed places c, which claims what is said of earlier applications.
func (d *Desk) placed(ctx context.Context, c casework.Case, claims casework.Claims, s casework.Setting) (Placed, error) {
	id := claims.Variety
	found, isFound := c.Found()
	if isFound {
		id = found
	}
	asked := c.Asking(claims, s)
	asked.Before = c.RepliedAt() // what came after the reply is no precedent for a late opinion
	if id == "" {
		return Placed{Proposal: reuse.Propose(asked, reuse.Standing{}, nil)}, nil
	}
	v, err := d.variety(ctx, id)
	if err != nil {
		return Placed{}, err
	}
	rows, err := d.precedents(ctx, v, c.ID)
	if err != nil {
		return Placed{}, err
	}
	out := Placed{Variety: &v, Found: isFound}
	out.Holds = []Hold{{Of: NameOf(varietyKind, v.ID), Version: v.Version}}
	for {
		earlier := make([]reuse.Precedent, len(rows))
		for i, p := range rows {
			earlier[i] = p.Precedent
		}
		out.Proposal = reuse.Propose(asked, v.Standing(), earlier)
		i := slices.IndexFunc(rows, func(p precedent) bool { return out.RelyOn != nil && p.Case == out.RelyOn.Case })
		if i < 0 || rows[i].row.Name == "" {
			return out, nil // none, or one that was read from its case
		}
		stale, err := d.stale(ctx, rows[i])
		if err != nil {
			return Placed{}, err
		}
		if !stale {
			out.Stands = []Row{rows[i].row}
			return out, nil
		}
		rows = slices.Delete(rows, i, i+1)
	}
}

// stale reports whether the case of p is no precedent any more though its row
// stands: a build that kept no rows, beside this one or after a way back, ended it.
// A case that cannot be read is what its row says.
func (d *Desk) stale(ctx context.Context, p precedent) (bool, error) {
	r, err := LoadCase(ctx, d.Store, p.Case)
	switch {
	case errors.Is(err, ErrUnreadable):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("loading precedent %s: %w", p.Case, err)
	}
	now, ok := precedentRow(r.Case)
	return !ok || now.List != p.row.List, nil
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
	head, err := d.Store.Head(ctx, NameOf(varietyKind, id))
	if err != nil {
		return variety.Variety{}, err
	}
	return Body[variety.Variety](head)
}

// Variety returns one entry of the register. Everybody who takes part may know
// it; it names no hospital.
func (d *Desk) Variety(ctx context.Context, id string, a party.Actor) (variety.Variety, error) {
	if a.Confined() {
		return variety.Variety{}, Missing(NameOf(varietyKind, id))
	}
	return d.variety(ctx, id)
}

// Varieties lists the register of one kind from after on, "" for the first page, at
// most limit, the newest first. It fails as [Store.List].
func (d *Desk) Varieties(ctx context.Context, drug bool, after string, limit int, a party.Actor) (PageOf[variety.Variety], error) {
	if a.Confined() {
		return PageOf[variety.Variety]{}, fault.New(fault.Forbidden, "role")
	}
	page, err := standing[variety.Variety](ctx, d.Store, varieties(drug), after, limit)
	if err != nil {
		return PageOf[variety.Variety]{}, fmt.Errorf("listing the register: %w", err)
	}
	return page, nil
}

// Claim says in a draft which variety of the register the hospital believes it
// is; "" says that it is a new one. It fails as Save, and with fault.Invalid for
// a variety of another kind or none at all.
func (d *Desk) Claim(ctx context.Context, op Op, id string, version int, claim string, a party.Actor) (Receipt, error) {
	return d.moveCase(ctx, id, op, Digest("claim", id, version, claim), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Edit, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if r.Case.Dossier != version {
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
func (d *Desk) knows(ctx context.Context, id string, kind policy.Kind) error {
	if id == "" {
		return nil
	}
	v, err := d.variety(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && v.Drug != (kind == policy.Drug) {
		return fault.Fields([]fault.Problem{{Field: "variety", Code: "field.choice"}})
	}
	return err
}

// Identify records the assessor's finding that submission seen of the case is
// about a variety of the register.
func (d *Desk) Identify(ctx context.Context, op Op, id string, seen int, variety, reason string, a party.Actor) (Receipt, error) {
	return d.moveCase(ctx, id, op, Digest("identify", id, seen, variety, reason), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Identify, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		if err := d.knows(ctx, variety, r.Case.Kind); err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := r.Case.Identify(variety, reason, false, seen, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return commit.also(s.Now, varietyList(variety)), receipt, nil
	})
}

// Register enters a new variety into the register and finds in the same
// transaction that submission seen of the case is about it.
func (d *Desk) Register(ctx context.Context, op Op, id string, seen int, data variety.Data, reason string, a party.Actor) (Receipt, error) {
	return d.moveCase(ctx, id, op, Digest("register", id, seen, data, reason), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		if err := r.Case.Permits(casework.Identify, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		vid, err := d.newID(16)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		added, err := variety.New(vid, r.Case.Kind == policy.Drug, data, r.Case.ID, a, s.Now)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := r.Case.Identify(vid, reason, true, seen, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		entry, err := registered(Head{}, added).Seal(s.Now)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit = commit.also(s.Now, varietyList(vid))
		commit.Changes = append(commit.Changes, entry)
		receipt.Name = entry.Head.Name()
		return commit, receipt, nil
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
	return d.Move(ctx, NameOf(varietyKind, id), op, digest, a, func(was Stored, s law.Setting) (Commit, Receipt, error) {
		v, err := Body[variety.Variety](was.Head)
		if err != nil {
			return Commit{}, Receipt{}, err
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
		return Alone(registered(was.Head, ch), s)
	})
}

// registered is ch as the next version of an entry of the register.
func registered(was Head, ch variety.Change) Deed {
	v := ch.Variety
	return Deed{
		Was: was, Kind: varietyKind, ID: v.ID, Verb: ch.Verb, By: ch.By, Facts: ch.Facts,
		Home: Place{varieties(v.Drug), v.At}, Body: func(Head) any { return v },
	}
}
