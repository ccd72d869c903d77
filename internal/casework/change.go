package casework

import (
	"slices"
	"strconv"
	"time"

	"jixu/internal/gate"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/reuse"
)

// Setting is what a move may know beside the case.
type Setting = law.Setting

// Change is what one move does: the case afterwards, the gates it opened or
// changed, and the facts that history keeps. Nothing is stored yet.
type Change struct {
	Case    Case
	Verb    Verb
	By      party.Actor
	Facts   *Facts      // nil: the head moves without an entry (drafts only)
	Opened  []gate.Gate // born in this move's transaction
	Changed []gate.Gate // answered, closed, or armed for the next ring
}

// Facts are the body of an entry: what happened, in full, and from which
// everything that must be told is derived. The JSON names are the evidence
// format and never change.
type Facts struct {
	Kind       policy.Kind `json:"kind,omitempty"`
	Number     string      `json:"number,omitempty"`
	Leg        gate.Leg    `json:"leg,omitempty"`
	Opens      []Opening   `json:"opens,omitempty"`
	Renewed    *Opening    `json:"renewed,omitempty"` // the links of this gate ended, and fresh ones are sent
	Closes     []Closing   `json:"closes,omitempty"`
	Starts     []Start     `json:"starts,omitempty"`
	Copies     []string    `json:"copies,omitempty"` // organisations that get this submission 抄报
	Shares     []string    `json:"shares,omitempty"` // organisations told of this outcome
	Submission *Frozen     `json:"submission,omitempty"`
	Notice     *Notice     `json:"notice,omitempty"`
	Opinion    *OpinionFx  `json:"opinion,omitempty"`
	Decision   *DecisionFx `json:"decision,omitempty"`
	Ring       *RingFx     `json:"ring,omitempty"`
	Recounts   []RecountFx `json:"recounts,omitempty"`
	Reason     string      `json:"reason,omitempty"`

	Variety  *VarietyFx  `json:"variety,omitempty"`
	Join     *JoinFx     `json:"join,omitempty"`
	Filing   *FilingFx   `json:"filing,omitempty"`
	Received int         `json:"received,omitempty"` // the submission whose copy has arrived
	Work     *WorkFx     `json:"work,omitempty"`
	Replaced *DecisionFx `json:"replaced,omitempty"` // the reply that a later letter replaced
}

// VarietyFx is the finding which variety a case is about.
type VarietyFx struct {
	ID     string `json:"id"`
	New    bool   `json:"new,omitempty"` // registered with this entry
	Reason string `json:"reason"`
}

// JoinFx is how an agency joined the opinion.
type JoinFx struct {
	Statement string `json:"statement"`
}

// FilingFx is an application or report made outside this system.
type FilingFx struct {
	Channel string `json:"channel"`
	Date    string `json:"date"`
	Receipt string `json:"receipt,omitempty"` // empty: not received yet
}

// WorkFx is how a party arranged its own work at a gate.
type WorkFx struct {
	Gate   string `json:"gate"`
	Person string `json:"person,omitempty"` // whom it was assigned to
	Until  string `json:"until,omitempty"`  // held until this day
}

// Listing names the organisations whose lists show the case from this entry
// on, though it may never be their move.
func (f Facts) Listing() []string {
	return without(append(slices.Clone(f.Copies), f.Shares...))
}

// What every entry says in the words of the frame.
type (
	Opening = law.Opening
	Closing = law.Closing
	Start   = law.Start
)

// Frozen says which dossier was submitted.
type Frozen struct {
	No       int    `json:"no"`
	Manifest string `json:"manifest"`
	Digest   string `json:"digest"`
	Files    int    `json:"files"`
	Pack     string `json:"pack"`
	Rules    string `json:"rules"`
	Calendar string `json:"calendar"`

	Variety string   `json:"variety,omitempty"` // the variety that the hospital says it is
	Later   []string `json:"later,omitempty"`   // emergency lane: items that follow
	Urgency string   `json:"urgency,omitempty"` // and why it could not wait for them
}

// Notice is a supplement notice (补正告知): every defect in one letter.
type Notice struct {
	Round   int      `json:"round"`
	Defects []Defect `json:"defects"`
}

// Defect is one thing to supplement.
type Defect struct {
	Item string `json:"item,omitempty"` // item of the pack, "" for the form or the whole
	What string `json:"what"`           // 1 to 2000 characters; read by the hospital
}

// OpinionFx is an opinion as history keeps it.
type OpinionFx struct {
	Submission int         `json:"submission"`
	Findings   []FindingFx `json:"findings"`
	Advice     string      `json:"advice,omitempty"`

	Placed   *reuse.Proposal `json:"placed,omitempty"` // what the matrix proposed, for a repeat
	Override string          `json:"override,omitempty"`
	Joint    []string        `json:"joint,omitempty"` // the organisations that had joined
	Late     bool            `json:"late,omitempty"`
}

// FindingFx is one finding as history keeps it.
type FindingFx struct {
	Question Question `json:"question"`
	Met      bool     `json:"met"`
	Relied   bool     `json:"relied,omitempty"`
	Reason   string   `json:"reason"`
}

// DecisionFx is a decision as history keeps it.
type DecisionFx struct {
	Outcome    Outcome  `json:"outcome"`
	Number     string   `json:"number"`
	Date       string   `json:"date"`
	Reason     string   `json:"reason,omitempty"`
	Quantity   int      `json:"quantity,omitempty"`
	Unit       string   `json:"unit,omitempty"`
	ValidUntil string   `json:"validUntil,omitempty"`
	Conditions []string `json:"conditions,omitempty"`
	Evidence   string   `json:"evidence"`
	SHA256     string   `json:"sha256"` // of the evidence file
	Transcript bool     `json:"transcript"`
}

// RingFx is one ringing of the clock: when it was due and when it happened.
type RingFx = law.Rung

// instant writes t as history does.
func instant(t time.Time) string { return law.Text(t) }

// openGate opens the next gate of leg in c and returns c with it.
func (c Case) openGate(leg gate.Leg, kind gate.Kind, to string, recorders []string, s Setting) (Case, gate.Gate) {
	t := c.Leg(leg)
	t.Gates++
	g := gate.Gate{
		ID: string(leg) + "-" + strconv.Itoa(t.Gates), Of: c.ID, Leg: leg, Kind: kind, Party: to, Recorders: recorders,
		Submission: len(c.Submissions), Round: t.Round, Issue: 1, OpenedAt: s.Now, Status: gate.Open,
	}
	if l, ok := s.Rules.Limits[limitOf(kind)]; ok && l.Effect != policy.Inform {
		g.Limit = &l
	}
	g = c.armed(g, t, s)
	t.Gate = g.ID
	if kind == gate.Supplement {
		t.State = AtSupplement // the agency's clock stays stopped in t.Clock
	} else {
		t.State, t.Clock = AtAgency, nil
	}
	return c.withLeg(leg, t), g
}

// armed sets g's deadline. An agency gate that follows a supplement goes on
// with the days that were left when the notice stopped its clock, under the
// limit that was in force then.
func (c Case) armed(g gate.Gate, t Leg, s Setting) gate.Gate {
	if stopped := t.Clock; stopped != nil && g.Kind != gate.Supplement {
		g.Limit = &stopped.Limit
		d, _ := gate.RecountDeadline(s.Calendar, stopped.Deadline, stopped.At)
		return g.ArmedBy(s.Calendar, s.Calendar.Resume(d, stopped.At, s.Now), s.Now)
	}
	return g.Armed(s.Calendar, s.Now)
}

// stop returns t with the clock of g stopped, if g has one.
func (t Leg) stop(g gate.Gate, now time.Time) Leg {
	if g.Deadline != nil && g.Limit != nil {
		t.Clock = &Stopped{Deadline: *g.Deadline, Limit: *g.Limit, At: now}
	}
	return t
}

// limitOf names the limit that counts for gates of kind k.
func limitOf(k gate.Kind) string {
	switch k {
	case gate.Assess:
		return policy.Opinion
	case gate.Supplement:
		return policy.Supplement
	case gate.Deliver:
		return policy.Papers
	default:
		return policy.Reply
	}
}

// opening says in facts that g was opened.
func opening(g gate.Gate) Opening {
	o := Opening{
		Gate: g.ID, Kind: g.Kind, Party: g.Party,
		Submission: g.Submission, Round: g.Round, Issue: g.Issue,
	}
	if g.Kind == gate.Decide {
		o.Recorders = g.Recorders // over a supplement they may enter a reply, but it is not their move
	}
	if g.Deadline != nil {
		o.Due = instant(g.Deadline.Due)
		o.Counted = g.Deadline.Trace
	}
	return o
}

// closing says in facts that g ended.
func closing(g gate.Gate) Closing {
	return Closing{Gate: g.ID, Leg: g.Leg, Choice: g.Answer.Choice}
}

// without returns orgs less the empty ones and those in not, each once.
func without(orgs []string, not ...string) []string {
	var out []string
	for _, o := range orgs {
		if o != "" && !slices.Contains(not, o) && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}
