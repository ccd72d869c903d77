package casework

import (
	"reflect"
	"slices"
	"strings"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/typed"
)

// maxFormer is how often a recorded reply can be replaced. Nobody needs so many;
// what has no bound grows until the case cannot be stored.
const maxFormer = 50

// SameNumber writes a letter's number in one way: people type its brackets as
// 〔2026〕, [2026] or （2026）, and mean the same letter.
func SameNumber(no string) string {
	return strings.NewReplacer("［", "〔", "[", "〔", "（", "〔", "(", "〔", "］", "〕", "]", "〕", "）", "〕", ")", "〕", " ", "", "\u3000", "").Replace(no)
}

// Amend replaces the recorded reply by a later letter (答复更正): another number
// or date, its own evidence, and why. The earlier reply stays in Former and in
// history. Everybody who was told of the earlier one is told of this one. seen is
// the record that a had before them, as [Case.Replies] counts. open are
// the gates that wait: papers that the emergency lane still owes are owed by an
// approval and not by a refusal, whichever came first. It fails as
// [Case.Permits], with [fault.Conflict] for the same letter again or if another
// record than seen stands, and with [fault.Invalid] as [Case.Record] and without a reason.
func (c Case) Amend(d Decision, e Evidence, why string, seen int, open []gate.Gate, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Amend, a); err != nil {
		return Change{}, err
	}
	if err := c.aboutReply(seen); err != nil {
		return Change{}, err
	}
	was := *c.Decision
	if SameNumber(d.Number) == SameNumber(was.Number) && d.Date == was.Date {
		return Change{}, fault.New(fault.Conflict, "amend.same")
	}
	if d.Date.Before(was.Date) && !d.Date.IsZero() {
		return Change{}, fault.Fields([]fault.Problem{{Field: "date", Code: "amend.earlier", Args: []any{was.Date.String()}}})
	}
	return c.replace(Amend, d, e, why, open, a, s)
}

// Correct puts right what was entered of the recorded reply (录入更正): it is the
// same letter, and the record did not say what the letter says. Its evidence may be
// the same file or a better one. The record before stays in Former and in history,
// and everybody who was told is told again. It fails as [Case.Amend], with
// [fault.Conflict] if nothing is corrected.
func (c Case) Correct(d Decision, e Evidence, why string, seen int, open []gate.Gate, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Correct, a); err != nil {
		return Change{}, err
	}
	if err := c.aboutReply(seen); err != nil {
		return Change{}, err
	}
	was := *decisionFx(*c.Decision, e)
	was.Evidence = c.Decision.Evidence
	d.Transcript = c.Decision.Transcript
	if now := *decisionFx(d, e); reflect.DeepEqual(now, was) {
		return Change{}, fault.New(fault.Conflict, "correct.same")
	}
	return c.replace(Correct, d, e, why, open, a, s)
}

// Replies is how many records of a reply there were, corrections among them, and so
// the number of the one that stands: 0 before the first.
func (c Case) Replies() int {
	if c.Decision == nil {
		return 0
	}
	return len(c.Former) + 1
}

// aboutReply fails with [fault.Conflict] unless seen is the record that stands:
// nobody puts something else in the place of a reply they have not read.
func (c Case) aboutReply(seen int) error {
	if n := c.Replies(); seen != n {
		return fault.New(fault.Conflict, "case.reply", seen, n)
	}
	return nil
}

// replace puts d, which e proves, in the place of the recorded reply. It is about
// the same submission, and its terms are held against what that one asked for.
func (c Case) replace(verb Verb, d Decision, e Evidence, why string, open []gate.Gate, a party.Actor, s Setting) (Change, error) {
	was := *c.Decision
	var in typed.Reader
	d, why = c.readDecision(&in, d, e, was.Submission, s), in.Text("why", why, 1, maxReason)
	if err := in.Err(); err != nil {
		return Change{}, err
	}
	if len(c.Former) >= maxFormer {
		return Change{}, fault.New(fault.Conflict, "amend.many", maxFormer)
	}
	tell := []string{c.Hospital, s.Agencies.MunicipalMPA, s.Agencies.HealthCommission}
	if d.Outcome != Refuse || c.everApproved() {
		tell = append(tell, s.Agencies.Customs) // else Customs never heard of an approval
	}
	d.Submission, d.Entry, d.Person, d.Org, d.At = was.Submission, c.Seq+1, a.Person, a.Org, s.Now
	d.Evidence, d.Transcript = e.File, a.Kind != party.Regulator
	c.Former = append(slices.Clone(c.Former), was.Slim())
	c.Decision, c.Status = &d, Approved
	if d.Outcome == Refuse {
		c.Status = Refused
	}
	facts := &Facts{
		Reason: why, Shares: without(tell), Decision: decisionFx(d, e), Replaced: decisionFx(was, Evidence{File: was.Evidence}),
	}
	out := Change{Verb: verb, By: a, Facts: facts}
	if err := c.settlePapers(open, &out, s); err != nil {
		return Change{}, err
	}
	return out, nil
}

// everApproved reports whether an approval was ever recorded.
func (c Case) everApproved() bool {
	return c.Status == Approved || slices.ContainsFunc(c.Former, func(d Decision) bool { return d.Outcome != Refuse })
}

// settlePapers completes out, a change of the outcome: a refused case owes no
// papers, and one that is approved after all owes again what was not delivered.
func (c Case) settlePapers(open []gate.Gate, out *Change, s Setting) error {
	switch {
	case c.Status == Refused && c.Papers.Gate != "":
		for _, g := range open {
			if g.ID != c.Papers.Gate {
				continue
			}
			closed, err := g.Answering(gate.Moot, "", out.By, s.Now, c.Seq+1)
			if err != nil {
				return err
			}
			out.Changed = append(out.Changed, closed)
			out.Facts.Closes = append(out.Facts.Closes, closing(closed))
		}
		c.Papers.Gate = ""
	case c.Status == Approved && c.Papers.Gate == "" && len(c.Papers.Items) > 0:
		var g gate.Gate
		c, g = c.owe(c.Papers.Items, s)
		out.Opened = append(out.Opened, g)
		out.Facts.Opens = append(out.Facts.Opens, opening(g))
	}
	out.Case = c
	return nil
}
