package docket

import (
	"context"
	"strconv"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// Ask sends a supplement notice from an open gate. See casework.Case.Ask.
func (d *Desk) Ask(ctx context.Context, op Op, ref GateRef, defects []casework.Defect, a party.Actor, pass *Pass) (Receipt, error) {
	digest := Digest("ask", ref.Case, ref.Gate, defects)
	return d.answer(ctx, op, ref, digest, a, pass, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		ch, err := r.Case.Ask(defects, g, digest, a, s)
		if err == nil {
			err = d.namesItems(ctx, r.Case, defects)
		}
		return ch, err
	})
}

// namesItems fails with fault.Invalid if a defect is about an item that the
// case's pack does not have.
func (d *Desk) namesItems(ctx context.Context, c casework.Case, defects []casework.Defect) error {
	pack, err := d.pack(ctx, c)
	if err != nil {
		return err
	}
	for _, defect := range defects {
		if _, ok := pack.Item(defect.Item); !ok && defect.Item != "" {
			return fault.Fields([]fault.Problem{{Field: "defects", Code: "defect.item"}})
		}
	}
	return nil
}

// Opine gives the opinion at an open gate. See casework.Case.Opine.
func (d *Desk) Opine(ctx context.Context, op Op, ref GateRef, o casework.Opinion, a party.Actor, pass *Pass) (Receipt, error) {
	digest := Digest("opine", ref.Case, ref.Gate, o.Findings, o.Advice, o.Override)
	var hold []Hold
	return d.answerHolding(ctx, op, ref, digest, a, pass, &hold, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		placed, err := d.placed(ctx, r.Case, said(r.Case), s)
		if err != nil {
			return casework.Change{}, err
		}
		o.Placed, hold = placed.Proposal, placed.holds()
		return r.Case.Opine(o, g, digest, a, s)
	})
}

// Record enters the national reply at an open gate. Its evidence must be a
// checked file that was uploaded for this gate. See casework.Case.Record.
func (d *Desk) Record(ctx context.Context, op Op, ref GateRef, dec casework.Decision, a party.Actor, pass *Pass) (Receipt, error) {
	digest := Digest("record", ref.Case, ref.Gate, dec.Outcome, dec.Number, dec.Date.String(), dec.Reason,
		dec.Terms.Quantity, dec.Terms.Unit, dec.Terms.ValidUntil.String(), dec.Terms.Conditions, dec.Evidence)
	return d.answer(ctx, op, ref, digest, a, pass, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		return r.Case.Record(dec, r.evidence(dec.Evidence, g, a), g, r.others(g.ID), digest, a, s)
	})
}

// others returns the open gates beside id, in their own order.
func (r Record) others(id string) []gate.Gate {
	var open []gate.Gate
	for _, g := range r.Gates {
		if g.Status == gate.Open && g.ID != id {
			open = append(open, g)
		}
	}
	return open
}

// evidence returns the checked file id if it was uploaded for g by a's
// organisation, and nothing otherwise.
func (r Record) evidence(id string, g gate.Gate, a party.Actor) casework.Evidence {
	f, ok := r.File(id)
	if !ok || f.Gate != g.ID || f.Org != a.Org || f.State != Checked {
		return casework.Evidence{}
	}
	return casework.Evidence{File: f.ID, SHA256: f.SHA256}
}

// Withdraw ends a submitted case at the hospital's wish.
func (d *Desk) Withdraw(ctx context.Context, op Op, id string, reason string, a party.Actor) (Receipt, error) {
	return d.move(ctx, id, op, Digest("withdraw", id, reason), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		ch, err := r.Case.Withdraw(reason, r.others(""), a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
}

// answer runs one answer to a gate. The same answer again, from whoever of the
// same party and under whatever operation id, returns the first one's receipt;
// a different one is a conflict that says who decided what and when. pass, if
// given, is a link's session and must still be good when the answer commits.
func (d *Desk) answer(ctx context.Context, op Op, ref GateRef, digest string, a party.Actor, pass *Pass,
	change func(Record, gate.Gate, casework.Setting) (casework.Change, error),
) (Receipt, error) {
	return d.answerHolding(ctx, op, ref, digest, a, pass, new([]Hold), change)
}

// answerHolding is answer, and what change put into holds must still stand when
// the answer commits.
func (d *Desk) answerHolding(ctx context.Context, op Op, ref GateRef, digest string, a party.Actor, pass *Pass, holds *[]Hold,
	change func(Record, gate.Gate, casework.Setting) (casework.Change, error),
) (Receipt, error) {
	return d.move(ctx, ref.Case, op, digest, a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		g, err := r.gateFor(ref.Gate, a)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		if g.Status != gate.Open {
			return answeredBefore(r.Case, g, digest)
		}
		ch, err := change(r, g, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		commit.Session, commit.Holds = pass, *holds
		return commit, receipt, err
	})
}

// answeredBefore tells the same answer from a different one.
func answeredBefore(c casework.Case, g gate.Gate, digest string) (Commit, Receipt, error) {
	if g.Answer.Digest != "" && g.Answer.Digest == digest {
		return Commit{}, Receipt{
			Case: c.ID, Number: c.Number, Verb: casework.Verb(g.Answer.Choice), Gate: g.ID, Seq: g.Answer.Seq,
			At: g.Answer.At, Person: g.Answer.Person, Org: g.Answer.Org,
		}, nil
	}
	return Commit{}, Receipt{}, fault.New(fault.Conflict, "gate.answered")
}

// gateFor finds a gate that a may answer or have answered.
func (d *Desk) gateFor(ctx context.Context, ref GateRef, a party.Actor) (Record, gate.Gate, error) {
	r, err := d.Store.Load(ctx, ref.Case)
	if err != nil {
		return Record{}, gate.Gate{}, err
	}
	g, err := r.gateFor(ref.Gate, a)
	return r, g, err
}

func (r Record) gateFor(id string, a party.Actor) (gate.Gate, error) {
	if err := r.Case.MayRead(a); err != nil {
		return gate.Gate{}, fault.New(fault.NotFound, "gate")
	}
	g, ok := r.Gate(id)
	if !ok {
		return gate.Gate{}, fault.New(fault.NotFound, "gate")
	}
	return g, g.MayAnswer(a)
}

// calendarYear is the year in Shanghai at t.
func calendarYear(t time.Time) int {
	return t.In(calendar.Shanghai).Year()
}

// runName names the execution that carries one run of a leg. Names stay taken
// for 90 days after an execution ends, so each run has its own.
func runName(id string, leg gate.Leg, run int) string {
	return id + "-" + string(leg) + "-" + strconv.Itoa(run)
}

// Answer is what a form at a gate says; which part counts, its verb decides.
type Answer struct {
	Opinion  casework.Opinion
	Defects  []casework.Defect
	Decision casework.Decision
}

// Give commits an answer to the gate, under the verb that its form named.
func (d *Desk) Give(ctx context.Context, op Op, ref GateRef, v casework.Verb, ans Answer, a party.Actor, pass *Pass) (Receipt, error) {
	switch v {
	case casework.Opine:
		return d.Opine(ctx, op, ref, ans.Opinion, a, pass)
	case casework.AskOpinion, casework.AskReply:
		return d.Ask(ctx, op, ref, ans.Defects, a, pass)
	case casework.Record:
		return d.Record(ctx, op, ref, ans.Decision, a, pass)
	}
	return Receipt{}, fault.New(fault.Invalid, "verb")
}

// Rehearse asks the law what it would say to an answer, and changes nothing.
func (d *Desk) Rehearse(ctx context.Context, r Record, g gate.Gate, v casework.Verb, ans Answer, a party.Actor) error {
	s, err := d.setting(ctx)
	if err != nil {
		return err
	}
	switch v {
	case casework.Opine:
		placed, failed := d.placed(ctx, r.Case, said(r.Case), s)
		if failed != nil {
			return failed
		}
		ans.Opinion.Placed = placed.Proposal
		_, err = r.Case.Opine(ans.Opinion, g, "", a, s)
	case casework.AskOpinion, casework.AskReply:
		if _, err = r.Case.Ask(ans.Defects, g, "", a, s); err == nil {
			err = d.namesItems(ctx, r.Case, ans.Defects)
		}
	case casework.Record:
		_, err = r.Case.Record(ans.Decision, r.evidence(ans.Decision.Evidence, g, a), g, nil, "", a, s)
	default:
		err = fault.New(fault.Invalid, "verb")
	}
	return err
}
