package casework

import (
	"slices"
	"time"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/typed"
)

// New returns a draft of kind for a's hospital. It fails with
// [fault.Forbidden] unless a prepares applications for a hospital, and with
// [fault.Invalid] for a kind that is not in the notice.
func New(id, number string, kind policy.Kind, pack string, a party.Actor, s Setting) (Change, error) {
	if err := MayCreate(a); err != nil {
		return Change{}, err
	}
	if kind != policy.Device && kind != policy.Drug {
		return Change{}, fault.Fields([]fault.Problem{{Field: "kind", Code: "field.choice"}})
	}
	c := Case{
		ID: id, Number: number, Kind: kind, Hospital: a.Org, Status: Draft, Pack: pack, Dossier: 1,
		Form: map[string]string{}, Files: map[string][]string{},
		CreatedAt: s.Now, EditedAt: s.Now, EditedBy: a.Person,
	}
	return Change{Case: c, Verb: Create, By: a, Facts: &Facts{Kind: kind, Number: number}}, nil
}

// Fill returns c with values as typed laid over the form. It keeps what values
// does not name. It fails as [Case.Permits] of [Edit], and with [fault.Conflict]
// while only papers are owed.
func (c Case) Fill(values map[string]string, a party.Actor, now time.Time) (Change, error) {
	if err := c.permitsForm(a); err != nil {
		return Change{}, err
	}
	c = c.Clone()
	if c.Form == nil {
		c.Form = map[string]string{}
	}
	for k, v := range values {
		c.Form[k] = v
	}
	return c.edited(a, now), nil
}

// ClaimVariety returns c with what the hospital says of the register: the
// variety it believes this is, or "" for a new one. It fails as [Case.Permits]
// of [Edit]. Whether there is such a variety, the caller knows.
func (c Case) ClaimVariety(variety string, a party.Actor, now time.Time) (Change, error) {
	if err := c.permitsForm(a); err != nil {
		return Change{}, err
	}
	c = c.Clone()
	c.Claim = variety
	return c.edited(a, now), nil
}

// Attach returns c with file under item. Attaching it again changes nothing
// but the version. It fails as [Case.Permits] of [Edit], and with
// [fault.Conflict] if item already has max files.
func (c Case) Attach(item, file string, limit int, a party.Actor, now time.Time) (Change, error) {
	if err := c.PermitsFile(item, a); err != nil {
		return Change{}, err
	}
	c = c.Clone()
	if !slices.Contains(c.Files[item], file) {
		if len(c.Files[item]) >= limit {
			return Change{}, fault.New(fault.Conflict, "file.many", limit)
		}
		c.Files[item] = append(c.Files[item], file)
	}
	return c.edited(a, now), nil
}

// Detach returns c without file under item. The file itself stays where it is:
// an earlier submission may name it. It fails as [Case.Permits] of [Edit], and
// with [fault.NotFound] if the file is not attached there.
func (c Case) Detach(item, file string, a party.Actor, now time.Time) (Change, error) {
	if err := c.PermitsFile(item, a); err != nil {
		return Change{}, err
	}
	c = c.Clone()
	i := slices.Index(c.Files[item], file)
	if i < 0 {
		return Change{}, fault.New(fault.NotFound, "file")
	}
	c.Files[item] = slices.Delete(c.Files[item], i, i+1)
	return c.edited(a, now), nil
}

// permitsForm fails unless a may change the form now. While only papers are owed,
// nobody may: what was submitted, assessed or approved stays what it was.
func (c Case) permitsForm(a party.Actor) error {
	if err := c.Permits(Edit, a); err != nil {
		return err
	}
	if !c.FormOpen() {
		return fault.New(fault.Conflict, "papers.only")
	}
	return nil
}

// PermitsFile fails unless a may bring or take files of item now: as
// [Case.Permits] of [Edit], and with [fault.Conflict] for an item that is not owed
// while only papers are.
func (c Case) PermitsFile(item string, a party.Actor) error {
	if err := c.Permits(Edit, a); err != nil {
		return err
	}
	if !c.ItemOpen(item) {
		return fault.New(fault.Conflict, "papers.only")
	}
	return nil
}

func (c Case) edited(a party.Actor, now time.Time) Change {
	c.Dossier++
	c.EditedAt, c.EditedBy = now, a.Person
	return Change{Case: c, Verb: Edit, By: a}
}

// Submit freezes f as submission 1 and starts both legs: the lead agency is
// asked for its opinion, the regulator for its reply, and copies go to the
// Health Commission and the municipal MPA at the same instant, for both kinds
// (notice 002, two (1) 2). It fails as [Case.Permits]. Whether form and files
// are complete is the pack's to say, before.
func (c Case) Submit(f Submission, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Submit, a); err != nil {
		return Change{}, err
	}
	f, err := readLater(f, s)
	if err != nil {
		return Change{}, err
	}
	c = c.submitted(f, a, s)
	c.Status = Submitted
	c.Versions = Versions{Pack: c.Pack, Rules: s.Rules.Version, Calendar: s.Calendar.Version}
	facts := &Facts{Kind: c.Kind, Number: c.Number, Submission: c.frozen(), Copies: copies(s)}
	out := Change{Verb: Submit, By: a, Facts: facts}
	for _, leg := range gate.Legs {
		var g gate.Gate
		c, g = c.askAgency(leg, s)
		t := c.Leg(leg)
		t.Run, t.RunAt = 1, s.Now
		c = c.withLeg(leg, t)
		out.Opened = append(out.Opened, g)
		facts.Opens = append(facts.Opens, opening(g))
		facts.Starts = append(facts.Starts, Start{Leg: leg, Run: 1})
	}
	if len(f.Later) > 0 {
		var g gate.Gate
		c, g = c.owe(f.Later, s)
		out.Opened = append(out.Opened, g)
		facts.Opens = append(facts.Opens, opening(g))
	}
	out.Case = c
	return out, nil
}

// Resubmit freezes f as the next submission and answers the notice of g, the
// open supplement gate; the agency is asked again with the days it had left. open
// are the other gates that wait: from now on they are about the new submission. It
// fails as [Case.Permits] and [gate.Gate.MayAnswer].
func (c Case) Resubmit(f Submission, g gate.Gate, open []gate.Gate, digest string, a party.Actor, s Setting) (Change, error) {
	if err := c.permitsAt(Resubmit, g, gate.Supplement, a); err != nil {
		return Change{}, err
	}
	answered, err := g.Answering(string(Resubmit), digest, a, s.Now, c.Seq+1)
	if err != nil {
		return Change{}, err
	}
	c = c.submitted(f, a, s)
	c, next := c.askAgency(g.Leg, s)
	return Change{
		Case: c, Verb: Resubmit, By: a, Opened: []gate.Gate{next}, Changed: append([]gate.Gate{answered}, c.aboutNewest(open)...),
		Facts: &Facts{
			Leg: g.Leg, Submission: c.frozen(), Copies: copies(s),
			Closes: []Closing{closing(answered)}, Opens: []Opening{opening(next)},
		},
	}, nil
}

// Withdraw ends the case at the hospital's wish; reason is read by the
// agencies. open are the gates that still wait; each is closed. It fails as
// [Case.Permits], and with [fault.Invalid] without a reason.
func (c Case) Withdraw(reason string, open []gate.Gate, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Withdraw, a); err != nil {
		return Change{}, err
	}
	reason, err := typed.Text("reason", reason, 1, maxReason)
	if err != nil {
		return Change{}, err
	}
	facts := &Facts{Reason: reason, Shares: without([]string{s.Agencies.MunicipalMPA, s.Agencies.HealthCommission, s.Agencies.Regulator})}
	out := Change{Verb: Withdraw, By: a, Facts: facts}
	for _, g := range open {
		closed, err := g.Answering(gate.Withdrawn, "", a, s.Now, c.Seq+1)
		if err != nil {
			return Change{}, err
		}
		out.Changed = append(out.Changed, closed)
		facts.Closes = append(facts.Closes, closing(closed))
	}
	out.Case = c.ended(Withdrawn)
	return out, nil
}

// ended returns c with nobody left to act on it.
func (c Case) ended(as Status) Case {
	c.Status = as
	for _, leg := range gate.Legs {
		if t := c.Leg(leg); t.State.Open() {
			t.State, t.Gate = LegEnded, ""
			c = c.withLeg(leg, t)
		}
	}
	c.Papers.Gate = ""
	return c
}

// askAgency opens the agency's gate on leg.
func (c Case) askAgency(leg gate.Leg, s Setting) (Case, gate.Gate) {
	if leg == gate.Opinion {
		return c.openGate(leg, gate.Assess, s.Agencies.Of(c.Lead()), nil, s)
	}
	to, others := recorders(s)
	return c.openGate(leg, gate.Decide, to, others, s)
}

// recorders says whose move the reply is and who else may enter it, by local
// policy: the regulator through its link, an officer of the municipal MPA who
// transcribes the letter, or either.
func recorders(s Setting) (to string, others []string) {
	switch s.Rules.Recorder {
	case policy.ByRegulator:
		return s.Agencies.Regulator, nil
	case policy.ByMunicipalMPA:
		return s.Agencies.MunicipalMPA, nil
	default:
		return s.Agencies.Regulator, without([]string{s.Agencies.MunicipalMPA})
	}
}

// submitted returns c with f as its newest submission.
func (c Case) submitted(f Submission, a party.Actor, s Setting) Case {
	f.No, f.At, f.By = len(c.Submissions)+1, s.Now, a.Person
	c.Dossier++
	c.Submissions = append(slices.Clone(c.Submissions), f)
	return c
}

// frozen says in facts what the newest submission is.
func (c Case) frozen() *Frozen {
	f := c.Submissions[len(c.Submissions)-1]
	return &Frozen{
		No: f.No, Manifest: f.Manifest, Digest: f.Digest, Files: f.Files,
		Pack: c.Pack, Rules: c.Versions.Rules, Calendar: c.Versions.Calendar,
		Variety: f.Claims.Variety, Later: f.Later, Urgency: f.Urgency,
	}
}

// aboutNewest returns open gates as they are once another submission is there:
// whoever answers them answers about what they now see.
func (c Case) aboutNewest(open []gate.Gate) []gate.Gate {
	var out []gate.Gate
	for _, g := range open {
		g.Submission = len(c.Submissions)
		out = append(out, g)
	}
	return out
}

// copies are the agencies that get every submission, for both kinds.
func copies(s Setting) []string {
	return without([]string{s.Agencies.HealthCommission, s.Agencies.MunicipalMPA})
}

// permitsAbout is permitsAt for an answer about submission seen.
func (c Case) permitsAbout(v Verb, seen int, g gate.Gate, k gate.Kind, a party.Actor) error {
	if err := c.permitsAt(v, g, k, a); err != nil {
		return err
	}
	return g.About(seen)
}

// permitsAt fails unless a may make v on the open gate g of kind k.
func (c Case) permitsAt(v Verb, g gate.Gate, k gate.Kind, a party.Actor) error {
	if err := c.MayRead(a); err != nil {
		return err
	}
	if err := g.MayAnswer(a); err != nil {
		return err
	}
	if g.Status != gate.Open {
		return fault.New(fault.Conflict, "gate.answered")
	}
	if g.Of != c.ID || g.Kind != k || c.Leg(g.Leg).Gate != g.ID {
		return fault.New(fault.Conflict, "case.state")
	}
	return c.Permits(v, a)
}
