package docket

import (
	"context"
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/variety"
)

// What happens beside the two legs: it answers no gate of the machine's.

// act makes one move on a case that needs no gate.
func (d *Desk) act(ctx context.Context, op Op, id, digest string, a party.Actor,
	change func(Record, casework.Setting) (casework.Change, error),
) (Receipt, error) {
	return d.moveCase(ctx, id, op, digest, a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		ch, err := change(r, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
}

// RecordFiling records the hospital's filing with the national regulator.
func (d *Desk) RecordFiling(ctx context.Context, op Op, id string, f casework.Filing, a party.Actor) (Receipt, error) {
	return d.act(ctx, op, id, Digest("file", id, f.Channel, f.Date.String(), f.Receipt), a,
		func(r Record, s casework.Setting) (casework.Change, error) { return r.Case.File(f, a, s) })
}

// RecordReport records that the opinion on a drug was reported to the NHC.
func (d *Desk) RecordReport(ctx context.Context, op Op, id string, f casework.Filing, a party.Actor) (Receipt, error) {
	return d.act(ctx, op, id, Digest("report", id, f.Channel, f.Date.String(), f.Receipt), a,
		func(r Record, s casework.Setting) (casework.Change, error) { return r.Case.ReportOn(f, a, s) })
}

// Receive records that a's agency has its copy of submission no, the newest.
func (d *Desk) Receive(ctx context.Context, op Op, id string, no int, a party.Actor) (Receipt, error) {
	return d.act(ctx, op, id, Digest("receive", id, no), a,
		func(r Record, s casework.Setting) (casework.Change, error) { return r.Case.Receive(no, a, s) })
}

// Join makes a's agency part of the opinion.
func (d *Desk) Join(ctx context.Context, op Op, id, statement string, a party.Actor) (Receipt, error) {
	return d.act(ctx, op, id, Digest("join", id, statement), a,
		func(r Record, s casework.Setting) (casework.Change, error) { return r.Case.Join(statement, a, s) })
}

// OpineLate gives an opinion on submission seen for the record, after the reply
// came first.
func (d *Desk) OpineLate(ctx context.Context, op Op, id string, seen int, o casework.Opinion, a party.Actor) (Receipt, error) {
	o = plainOpinion(o)
	return d.moveCase(ctx, id, op, digestOf(casework.OpineLate, GateRef{Of: id, Submission: seen}, o), a,
		func(r Record, s casework.Setting) (Commit, Receipt, error) {
			placed, err := d.placed(ctx, r.Case, lastClaims(r.Case), s)
			if err != nil {
				return Commit{}, Receipt{}, err
			}
			o.Placed, o.Submission = placed.Proposal, seen
			ch, err := r.Case.OpineLate(o, a, s)
			if err != nil {
				return Commit{}, Receipt{}, err
			}
			commit, receipt, err := finish(r.Case, ch, s)
			commit.Holds, commit.Stands = placed.Holds, placed.Stands
			return commit, receipt, err
		})
}

// Amend replaces the recorded reply, which the author saw as number seen, by a
// later letter. Its evidence must be a
// checked file that was uploaded at ref, the gate that took the reply.
func (d *Desk) Amend(ctx context.Context, op Op, ref GateRef, seen int, dec casework.Decision, why string, a party.Actor) (Receipt, error) {
	digest := digestOf(casework.Amend, ref, plainDecision(dec, dec.Evidence), why, seen)
	return d.replaced(ctx, op, ref, digest, a, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		return r.Case.Amend(dec, r.fresh(r.evidence(dec.Evidence, g, a)), why, seen, r.others(""), a, s)
	})
}

// Correct puts right what was entered of the recorded reply, which the author saw
// as number seen: the same letter, typed anew. Its evidence is the file that is there, unless dec names a better one,
// uploaded at ref as in Amend.
func (d *Desk) Correct(ctx context.Context, op Op, ref GateRef, seen int, dec casework.Decision, why string, a party.Actor) (Receipt, error) {
	digest := digestOf(casework.Correct, ref, plainDecision(dec, dec.Evidence), why, seen)
	return d.replaced(ctx, op, ref, digest, a, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		proof := r.evidence(dec.Evidence, g, a)
		if was := r.Case.Decision; was != nil && (dec.Evidence == "" || dec.Evidence == was.Evidence) {
			proof = casework.Evidence{File: was.Evidence, SHA256: r.letterOf(was.Evidence)}
		}
		return r.Case.Correct(dec, proof, why, seen, r.others(""), a, s)
	})
}

// replaced puts another decision in the place of the one that was recorded at ref.
func (d *Desk) replaced(ctx context.Context, op Op, ref GateRef, digest string, a party.Actor,
	change func(Record, gate.Gate, casework.Setting) (casework.Change, error),
) (Receipt, error) {
	return d.act(ctx, op, ref.Of, digest, a, func(r Record, s casework.Setting) (casework.Change, error) {
		g, err := r.gateFor(ref.Gate, a)
		if err != nil {
			return casework.Change{}, err
		}
		if g.Answer == nil || g.Answer.Choice != string(casework.Record) {
			// Who may answer another gate is not for that one of those who may record a reply.
			return casework.Change{}, fault.New(fault.Conflict, "case.state")
		}
		if r.Case.Decision != nil && r.Case.Decision.Entry == 0 {
			// Recorded by an earlier build: where its long texts stand, its gate knows.
			was := *r.Case.Decision
			was.Entry = r.recordedIn()
			r.Case.Decision = &was
		}
		return change(r, g, s)
	})
}

// recordedIn returns the entry of the first recorded reply, 0 if a later letter
// has replaced it.
func (r Record) recordedIn() int {
	if len(r.Case.Former) > 0 {
		return 0
	}
	for _, g := range r.Gates {
		if g.Answer != nil && g.Answer.Choice == string(casework.Record) {
			return g.Answer.Seq
		}
	}
	return 0
}

// fresh is e unless it proved another letter already.
func (r Record) fresh(e casework.Evidence) casework.Evidence {
	if d := r.Case.Decision; d != nil && d.Evidence == e.File {
		return casework.Evidence{}
	}
	for _, d := range r.Case.Former {
		if d.Evidence == e.File {
			return casework.Evidence{}
		}
	}
	return e
}

// Deliver sends the papers that the emergency lane still owes: the submission
// before, and with it what is attached to the items owed. Whatever else was changed
// in the working dossier stays there.
func (d *Desk) Deliver(ctx context.Context, op Op, ref GateRef, version int, declared bool, a party.Actor) (Receipt, error) {
	digest := Digest("deliver", ref.Of, ref.Gate, version, declared)
	return d.answer(ctx, op, ref, digest, a, nil, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		if err := r.Case.Permits(casework.Deliver, a); err != nil {
			return casework.Change{}, err
		}
		frozen, err := d.snapshotOwed(ctx, r, version, declared, s)
		if err != nil {
			return casework.Change{}, err
		}
		return r.Case.Deliver(frozen, g, r.others(g.ID), digest, a, s)
	})
}

// Hold puts a gate aside until a day. See casework.Case.Hold.
func (d *Desk) Hold(ctx context.Context, op Op, ref GateRef, reason string, until calendar.Day, a party.Actor) (Receipt, error) {
	return d.work(ctx, op, ref, Digest("hold", ref.Of, ref.Gate, reason, until.String()), a,
		func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
			return r.Case.Hold(reason, until, g, a, s)
		})
}

// Release takes a held gate up again.
func (d *Desk) Release(ctx context.Context, op Op, ref GateRef, a party.Actor) (Receipt, error) {
	return d.work(ctx, op, ref, Digest("release", ref.Of, ref.Gate), a,
		func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
			return r.Case.Release(g, a, s)
		})
}

// Assign names a person of a's organisation who works on a gate.
func (d *Desk) Assign(ctx context.Context, op Op, ref GateRef, person string, a party.Actor) (Receipt, error) {
	return d.work(ctx, op, ref, Digest("assign", ref.Of, ref.Gate, person), a,
		func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
			to, err := d.colleague(ctx, person, a)
			if err != nil {
				return casework.Change{}, err
			}
			return r.Case.Assign(to, g, a, s)
		})
}

// colleague is person acting for a's organisation. It fails with fault.Invalid
// for anybody else.
func (d *Desk) colleague(ctx context.Context, person string, a party.Actor) (party.Actor, error) {
	roster, err := d.Directory.Roster(ctx, a.Org)
	if err != nil {
		return party.Actor{}, err
	}
	for _, p := range roster {
		if p.ID == person {
			return party.ActorOf(p, party.Organisation{ID: a.Org, Kind: a.Kind}), nil
		}
	}
	return party.Actor{}, fault.Fields([]fault.Problem{{Field: "person", Code: "assign.role"}})
}

func (d *Desk) work(ctx context.Context, op Op, ref GateRef, digest string, a party.Actor,
	change func(Record, gate.Gate, casework.Setting) (casework.Change, error),
) (Receipt, error) {
	return d.act(ctx, op, ref.Of, digest, a, func(r Record, s casework.Setting) (casework.Change, error) {
		g, err := r.gateFor(ref.Gate, a)
		if err != nil {
			return casework.Change{}, err
		}
		return change(r, g, s)
	})
}

// Clone opens a draft with the form and the claim of an earlier case of the
// same hospital (复制). Files stay where they are: each case is proved anew.
func (d *Desk) Clone(ctx context.Context, op Op, from string, a party.Actor) (Receipt, error) {
	r, err := LoadCase(ctx, d.Store, from)
	if err != nil {
		return Receipt{}, err
	}
	if a.Org != r.Case.Hospital || r.Case.MayRead(a) != nil {
		return Receipt{}, fault.New(fault.NotFound, "case")
	}
	was := r.Case
	return d.create(ctx, op, was.Kind, Digest("clone", from), a, func(c casework.Case) casework.Case {
		pack, err := d.pack(ctx, c)
		if err != nil {
			return c
		}
		for field, text := range was.Form {
			if _, there := pack.Field(field); there && !pack.Dated(field) {
				c.Form[field] = text
			}
		}
		c.Claim = was.Claim
		if was.Variety != nil {
			c.Claim = was.Variety.Variety
		}
		return c
	})
}

// similarMost is how many of a hospital's cases a draft is compared with.
const similarMost = 200

// Similar lists the other cases of a's hospital that could be about the same
// thing: the same product and maker, and not ended without an approval. It is a
// warning, and blocks nobody. It looks at the similarMost cases that were edited last,
// and compared is their number if there are more; 0 if it looked at all of them.
func (d *Desk) Similar(ctx context.Context, c casework.Case, a party.Actor) (similar []casework.Case, compared int, err error) {
	mine := product(c)
	if mine.NameZH == "" {
		return nil, 0, nil
	}
	rows, next, err := d.Cases(ctx, "", similarMost, a)
	if err != nil {
		return nil, 0, err
	}
	if next != "" {
		compared = len(rows)
	}
	for _, row := range rows {
		o := row.Case
		ended := o.Status == casework.Refused || o.Status == casework.Withdrawn || o.Status == casework.Lapsed
		if !row.Unreadable && o.ID != c.ID && o.Kind == c.Kind && !ended && mine.Alike(product(o)) {
			similar = append(similar, o)
		}
	}
	return similar, compared, nil
}

// product is what the form of c says it is about, as the register would hold it.
func product(c casework.Case) variety.Data {
	f := func(id string) string { return strings.TrimSpace(c.Form[id]) }
	model := f("model")
	if c.Kind == policy.Drug {
		model = strings.Join(strings.Fields(f("dosage-form")+" "+f("strength")+" "+f("pack-size")), " ")
	}
	return variety.Data{
		NameZH: f(policy.FieldProduct), NameEN: f("product-original"), Maker: f("manufacturer"), Model: model, Country: f("country"),
		Class: f("class"), Subcatalogue: f("subcatalogue"), UDI: f("udi-di"),
	}
}

// Product is what the newest words of c say it is about, to begin an entry of
// the register with.
func Product(c casework.Case) variety.Data { return product(c) }
