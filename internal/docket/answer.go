package docket

import (
	"context"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// Ask sends a supplement notice from an open gate. See casework.Case.Ask.
func (d *Desk) Ask(ctx context.Context, op Op, ref GateRef, defects []casework.Defect, a party.Actor, pass *Pass) (Receipt, error) {
	digest := digestOf("ask", ref, defects)
	return d.answer(ctx, op, ref, digest, a, pass, func(r Record, g gate.Gate, s casework.Setting) (casework.Change, error) {
		ch, err := r.Case.Ask(defects, ref.Submission, g, digest, a, s)
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
	o = plainOpinion(o)
	digest := digestOf(casework.Opine, ref, o)
	in := answering{op: op, ref: ref, digest: digest, by: a, pass: pass}
	return d.answerAs(ctx, in, func(r Record, g gate.Gate, means string, s casework.Setting) (casework.Change, Reliance, error) {
		placed, err := d.placed(ctx, r.Case, lastClaims(r.Case), s)
		if err != nil {
			return casework.Change{}, Reliance{}, err
		}
		o.Placed, o.Submission = placed.Proposal, ref.Submission
		ch, err := r.Case.Opine(o, g, means, a, s)
		return ch, placed.Reliance, err
	})
}

// plainOpinion is o as its author filled it in, without what the law sets.
func plainOpinion(o casework.Opinion) casework.Opinion {
	return casework.Opinion{Findings: o.Findings, Advice: o.Advice, Override: o.Override}
}

// plainDecision is d as its author filled it in, without what the law sets. Its
// evidence is named by its bytes where they are known: the same letter uploaded
// twice is the same letter.
func plainDecision(d casework.Decision, evidence string) casework.Decision {
	return casework.Decision{
		Outcome: d.Outcome, Number: casework.SameNumber(d.Number), Date: d.Date, Reason: d.Reason, Terms: d.Terms, Evidence: evidence,
	}
}

// letterOf returns the digest of the bytes of a letter, "" if r does not know them.
func (r Record) letterOf(file string) string {
	f, _ := r.File(file)
	return f.SHA256
}

// Record enters the national reply at an open gate. Its evidence must be a
// checked file that was uploaded for this gate. See casework.Case.Record.
func (d *Desk) Record(ctx context.Context, op Op, ref GateRef, dec casework.Decision, a party.Actor, pass *Pass) (Receipt, error) {
	dec.Submission = ref.Submission
	in := answering{
		op: op, ref: ref, digest: digestOf(casework.Record, ref, plainDecision(dec, dec.Evidence)), by: a, pass: pass,
		means: func(r Record) string {
			return digestOf(casework.Record, ref, plainDecision(dec, r.letterOf(dec.Evidence)))
		},
	}
	return d.answerAs(ctx, in, func(r Record, g gate.Gate, means string, s casework.Setting) (casework.Change, Reliance, error) {
		ch, err := r.Case.Record(dec, r.evidence(dec.Evidence, g, a), g, r.others(g.ID), means, a, s)
		return ch, Reliance{}, err
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
	return d.moveCase(ctx, id, op, Digest("withdraw", id, reason), a, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		ch, err := r.Case.Withdraw(reason, r.others(""), a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return finish(r.Case, ch, s)
	})
}

// answering is one answer to a gate on its way.
type answering struct {
	op     Op
	ref    GateRef
	digest string              // over the request
	means  func(Record) string // over what it says; nil: the request's own
	by     party.Actor
	pass   *Pass // a link's session, which must still be good when the answer commits
}

// answer runs one answer to a gate that relies on nothing beside its case.
func (d *Desk) answer(ctx context.Context, op Op, ref GateRef, digest string, a party.Actor, pass *Pass,
	change func(Record, gate.Gate, casework.Setting) (casework.Change, error),
) (Receipt, error) {
	in := answering{op: op, ref: ref, digest: digest, by: a, pass: pass}
	return d.answerAs(ctx, in, func(r Record, g gate.Gate, _ string, s casework.Setting) (casework.Change, Reliance, error) {
		ch, err := change(r, g, s)
		return ch, Reliance{}, err
	})
}

// answerAs runs one answer to a gate. The same answer again, from whoever of the
// same party and under whatever operation id, returns the first one's receipt; a
// different one is a conflict that says who decided what and when. What change
// relied on must still stand when the answer commits.
func (d *Desk) answerAs(ctx context.Context, in answering,
	change func(r Record, g gate.Gate, means string, s casework.Setting) (casework.Change, Reliance, error),
) (Receipt, error) {
	return d.moveCase(ctx, in.ref.Of, in.op, in.digest, in.by, func(r Record, s casework.Setting) (Commit, Receipt, error) {
		g, err := r.gateFor(in.ref.Gate, in.by)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		means := in.digest
		if in.means != nil {
			means = in.means(r)
		}
		if g.Status != gate.Open {
			return answeredBefore(r.Case, g, means)
		}
		ch, relies, err := change(r, g, means, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := finish(r.Case, ch, s)
		commit.Session, commit.Holds, commit.Stands = in.pass, relies.Holds, relies.Stands
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
	r, err := LoadCase(ctx, d.Store, ref.Of)
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

// Rehearse asks the law what it would say to an answer about submission seen, and
// changes nothing.
func (d *Desk) Rehearse(ctx context.Context, r Record, g gate.Gate, seen int, v casework.Verb, ans Answer, a party.Actor) error {
	s, err := d.setting(ctx)
	if err != nil {
		return err
	}
	switch v {
	case casework.Opine:
		placed, failed := d.placed(ctx, r.Case, lastClaims(r.Case), s)
		if failed != nil {
			return failed
		}
		ans.Opinion.Placed, ans.Opinion.Submission = placed.Proposal, seen
		_, err = r.Case.Opine(ans.Opinion, g, "", a, s)
	case casework.AskOpinion, casework.AskReply:
		if _, err = r.Case.Ask(ans.Defects, seen, g, "", a, s); err == nil {
			err = d.namesItems(ctx, r.Case, ans.Defects)
		}
	case casework.Record:
		ans.Decision.Submission = seen
		_, err = r.Case.Record(ans.Decision, r.evidence(ans.Decision.Evidence, g, a), g, nil, "", a, s)
	default:
		err = fault.New(fault.Invalid, "verb")
	}
	return err
}
