package api

import (
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/gate"
	"jixu/internal/reuse"
)

// caseRow is a case in a list.
type caseRow struct {
	ID       string    `json:"id"`
	Number   string    `json:"number"`
	Kind     string    `json:"kind"`
	Stage    string    `json:"stage"`
	Hospital named     `json:"hospital"`
	Product  string    `json:"product"`
	EditedAt time.Time `json:"editedAt"`
	Gate     *gateOut  `json:"gate,omitempty"`    // in an inbox: what waits
	Waiting  []gateOut `json:"waiting,omitempty"` // in a hospital's own list: what each case waits for
}

func (x *call) row(l docket.ListedCase) caseRow {
	c := l.Case
	out := caseRow{
		ID: c.ID, Number: c.Number, Kind: string(c.Kind), Stage: string(c.Stage()), Hospital: x.organisation(c.Hospital),
		Product: x.product(c), EditedAt: c.EditedAt.UTC(),
	}
	if l.Gate != nil {
		g := x.gateOut(c, *l.Gate)
		out.Gate = &g
	}
	for _, g := range l.Open {
		out.Waiting = append(out.Waiting, x.gateOut(c, g))
	}
	return out
}

// product is what a case is called: as submitted, or as its own hospital typed it.
func (x *call) product(c casework.Case) string {
	if n := len(c.Submissions); n > 0 {
		return c.Submissions[n-1].Product
	}
	return docket.Product(c).NameZH
}

// caseOut is a case as its reader may see it.
type caseOut struct {
	ID          string            `json:"id"`
	Number      string            `json:"number"`
	Kind        string            `json:"kind"`
	Stage       string            `json:"stage"`
	Status      string            `json:"status"`
	Hospital    named             `json:"hospital"`
	Product     string            `json:"product"`
	Pack        string            `json:"pack"`
	Version     int               `json:"version"`
	CreatedAt   time.Time         `json:"createdAt"`
	EditedAt    time.Time         `json:"editedAt"`
	EditedBy    *named            `json:"editedBy,omitempty"` // own hospital only
	Form        map[string]string `json:"form,omitempty"`     // own hospital only: as typed; what was submitted is in the submissions
	Files       []fileOut         `json:"files"`
	Submissions []submissionRow   `json:"submissions"`
	Opinion     legOut            `json:"opinion"`
	Reply       legOut            `json:"reply"`
	Given       *opinionOut       `json:"given,omitempty"`
	Decision    *decisionOut      `json:"decision,omitempty"`
	Former      []decisionOut     `json:"former,omitempty"`
	Variety     *varietyFound     `json:"variety,omitempty"`
	Claim       string            `json:"claim,omitempty"`
	Joins       []joinOut         `json:"joins,omitempty"`
	Filing      *filingOut        `json:"filing,omitempty"`
	Report      *filingOut        `json:"report,omitempty"`
	Received    []receivedOut     `json:"received,omitempty"`
	Owed        []string          `json:"owed,omitempty"` // items whose papers still follow
	Waiting     []gateOut         `json:"waiting"`
	Moves       []string          `json:"moves"` // what the reader could do now
}

type legOut struct {
	State string `json:"state"`
	Round int    `json:"round"`
	Gate  string `json:"gate,omitempty"`
}

type submissionRow struct {
	No       int       `json:"no"`
	At       time.Time `json:"at"`
	Files    int       `json:"files"`
	Digest   string    `json:"digest"`
	Product  string    `json:"product"`
	Quantity int       `json:"quantity"`
	Unit     string    `json:"unit"`
	Later    []string  `json:"later,omitempty"`
	Urgency  string    `json:"urgency,omitempty"`
}

type fileOut struct {
	ID     string `json:"id"`
	Item   string `json:"item"`
	Gate   string `json:"gate,omitempty"`
	Name   string `json:"name"`
	State  string `json:"state"`
	Type   string `json:"type,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Reason string `json:"reason,omitempty"` // why it was rejected, in words
}

type findingOut struct {
	Question string `json:"question"`
	Met      bool   `json:"met"`
	Relied   bool   `json:"relied,omitempty"`
	Reason   string `json:"reason"`
}

type opinionOut struct {
	Findings     []findingOut `json:"findings"`
	Advice       string       `json:"advice,omitempty"`
	Override     string       `json:"override,omitempty"`
	Late         bool         `json:"late,omitempty"`
	Submission   int          `json:"submission"`
	Entry        int          `json:"entry"`
	Person       named        `json:"person"`
	Organisation named        `json:"organisation"`
	At           time.Time    `json:"at"`
}

type decisionOut struct {
	No           int       `json:"no"` // of the records of a reply, from 1
	Outcome      string    `json:"outcome"`
	Number       string    `json:"number"`
	Date         string    `json:"date"`
	Reason       string    `json:"reason,omitempty"`
	Quantity     int       `json:"quantity,omitempty"`
	Unit         string    `json:"unit,omitempty"`
	ValidUntil   string    `json:"validUntil,omitempty"`
	Conditions   []string  `json:"conditions,omitempty"`
	Evidence     string    `json:"evidence"`
	Submission   int       `json:"submission"`
	Person       named     `json:"person"`
	Organisation named     `json:"organisation"`
	Transcript   bool      `json:"transcript"`
	At           time.Time `json:"at"`
}

type varietyFound struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

type joinOut struct {
	Organisation named     `json:"organisation"`
	Person       named     `json:"person"`
	Statement    string    `json:"statement"`
	At           time.Time `json:"at"`
}

type filingOut struct {
	Channel string    `json:"channel"`
	Date    string    `json:"date"`
	Receipt string    `json:"receipt,omitempty"` // none: not received yet
	At      time.Time `json:"at"`
}

type receivedOut struct {
	Organisation named     `json:"organisation"`
	Submission   int       `json:"submission"`
	At           time.Time `json:"at"`
}

func (x *call) caseOut(v docket.View) caseOut {
	c := v.Case
	own := x.actor.Org == c.Hospital
	out := caseOut{
		ID: c.ID, Number: c.Number, Kind: string(c.Kind), Stage: string(c.Stage()), Status: string(c.Status),
		Hospital: x.organisation(c.Hospital), Product: x.product(c), Pack: c.Pack, Version: c.Dossier,
		CreatedAt: c.CreatedAt.UTC(), EditedAt: c.EditedAt.UTC(),
		Opinion: legOf(c.Opinion), Reply: legOf(c.Reply), Claim: c.Claim, Owed: c.Papers.Items,
		Files: x.files(v), Submissions: []submissionRow{}, Waiting: []gateOut{}, Moves: []string{},
	}
	if own {
		by := x.person(c.EditedBy)
		out.EditedBy, out.Form = &by, c.Form
	}
	for _, s := range c.Submissions {
		out.Submissions = append(out.Submissions, submissionOf(s))
	}
	if c.Given != nil {
		o := x.opinionOut(*c.Given)
		out.Given = &o
	}
	if c.Decision != nil {
		d := x.decisionOut(c.Replies(), *c.Decision)
		out.Decision = &d
	}
	for i, d := range v.FormerReplies() {
		out.Former = append(out.Former, x.decisionOut(i+1, d))
	}
	if c.Variety != nil {
		out.Variety = &varietyFound{ID: c.Variety.Variety, Reason: c.Variety.Reason}
	}
	for _, j := range c.Joins {
		out.Joins = append(out.Joins, joinOut{x.organisation(j.Org), x.person(j.Person), j.Statement, j.At.UTC()})
	}
	out.Filing, out.Report = filingOf(c.Filing), filingOf(c.Report)
	for _, org := range sortedKeys(c.Received) {
		r := c.Received[org]
		out.Received = append(out.Received, receivedOut{x.organisation(org), r.Submission, r.At.UTC()})
	}
	for _, g := range v.Waiting {
		out.Waiting = append(out.Waiting, x.gateOut(c, g))
	}
	for _, m := range v.Moves {
		out.Moves = append(out.Moves, string(m))
	}
	return out
}

func legOf(t casework.Leg) legOut {
	state := string(t.State)
	if state == "" {
		state = "not-started"
	}
	return legOut{State: state, Round: t.Round, Gate: t.Gate}
}

func submissionOf(s casework.Submission) submissionRow {
	return submissionRow{
		No: s.No, At: s.At.UTC(), Files: s.Files, Digest: s.Digest, Product: s.Product, Quantity: s.Quantity, Unit: s.Unit,
		Later: s.Later, Urgency: s.Urgency,
	}
}

// files lists what the reader may know of: its hospital's own as attached, for
// others those of the newest submission; and papers of agencies as docket.Open
// would give them out.
func (x *call) files(v docket.View) []fileOut {
	out := []fileOut{}
	frozen := map[string]bool{}
	if v.Manifest != nil {
		for _, l := range v.Manifest.Files {
			frozen[l.File] = true
		}
	}
	for _, f := range v.Files {
		attached := slices.Contains(v.Case.Files[f.Item], f.ID)
		if frozen[f.ID] || v.Case.Proves(f.ID) || f.Org == x.actor.Org && (attached || f.Gate != "") {
			out = append(out, x.fileOut(f))
		}
	}
	return out
}

func (x *call) fileOut(f docket.File) fileOut {
	out := fileOut{
		ID: f.ID, Item: f.Item, Gate: f.Gate, Name: f.Name, State: string(f.State), Type: string(f.Type), Size: f.Size, SHA256: f.SHA256,
	}
	if f.Reason != "" {
		out.Reason = x.say(f.Reason)
	}
	return out
}

func (x *call) opinionOut(o casework.Opinion) opinionOut {
	out := opinionOut{
		Findings: []findingOut{}, Advice: o.Advice, Override: o.Override, Late: o.Late, Submission: o.Submission, Entry: o.Entry,
		Person: x.person(o.Person), Organisation: x.organisation(o.Org), At: o.At.UTC(),
	}
	for _, f := range o.Findings {
		out.Findings = append(out.Findings, findingOut{string(f.Question), f.Met, f.Relied, f.Reason})
	}
	return out
}

func (x *call) decisionOut(no int, d casework.Decision) decisionOut {
	return decisionOut{
		No: no, Outcome: string(d.Outcome), Number: d.Number, Date: d.Date.String(), Reason: d.Reason, Quantity: d.Terms.Quantity,
		Unit: d.Terms.Unit, ValidUntil: d.Terms.ValidUntil.String(), Conditions: d.Terms.Conditions, Evidence: d.Evidence,
		Submission: d.Submission, Person: x.person(d.Person), Organisation: x.organisation(d.Org), Transcript: d.Transcript, At: d.At.UTC(),
	}
}

func filingOf(f *casework.Filing) *filingOut {
	if f == nil {
		return nil
	}
	return &filingOut{Channel: f.Channel, Date: f.Date.String(), Receipt: f.Receipt, At: f.At.UTC()}
}

// gateOut is a gate as its reader may see it.
type gateOut struct {
	ID          string          `json:"id"`
	About       docket.About    `json:"about"`
	Case        string          `json:"case"` // an application's id: how it was said when only these had gates
	Leg         string          `json:"leg"`
	Kind        string          `json:"kind"`
	Status      string          `json:"status"`
	Party       named           `json:"party"`
	Recorders   []named         `json:"recorders,omitempty"`
	Submission  int             `json:"submission"`
	Round       int             `json:"round"`
	OpenedAt    time.Time       `json:"openedAt"`
	Due         *time.Time      `json:"due,omitempty"` // none: no time limit is prescribed
	Provisional bool            `json:"provisional,omitempty"`
	Counted     *calendar.Trace `json:"counted,omitempty"` // why that date
	Answers     []string        `json:"answers"`           // how the reader could answer it now
	Answer      *decidedBy      `json:"answer,omitempty"`
	Assignee    *named          `json:"assignee,omitempty"` // the party's own people only
	Hold        *holdOut        `json:"hold,omitempty"`     // the party's own people only
}

type holdOut struct {
	Reason string `json:"reason"`
	Until  string `json:"until"`
	Person named  `json:"person"`
}

func (x *call) gateOut(c casework.Case, g gate.Gate) gateOut {
	out := gateOut{
		ID: g.ID, About: docket.AboutOf(g.Of), Case: g.Of, Leg: string(g.Leg), Kind: string(g.Kind), Status: string(g.Status), Party: x.organisation(g.Party),
		Submission: g.Submission, Round: g.Round, OpenedAt: g.OpenedAt.UTC(), Answers: []string{},
	}
	for _, org := range g.Recorders {
		out.Recorders = append(out.Recorders, x.organisation(org))
	}
	if d := g.Deadline; d != nil {
		due := d.Due.UTC()
		out.Due, out.Provisional, out.Counted = &due, d.Provisional, &d.Trace
	}
	for _, verb := range c.Answers(g, x.actor) {
		out.Answers = append(out.Answers, string(verb))
	}
	if g.Answer != nil {
		out.Answer = x.decided(g)
	}
	if g.Party == x.actor.Org {
		if g.Assignee != "" {
			who := x.person(g.Assignee)
			out.Assignee = &who
		}
		if g.Hold != nil {
			out.Hold = &holdOut{Reason: g.Hold.Reason, Until: g.Hold.Until.String(), Person: x.person(g.Hold.Person)}
		}
	}
	return out
}

// entryOut is one line of history.
type entryOut struct {
	Seq          int            `json:"seq"`
	Verb         string         `json:"verb"`
	At           time.Time      `json:"at"`
	Person       named          `json:"person"`
	Organisation named          `json:"organisation"`
	Via          string         `json:"via"`
	Prev         string         `json:"prev"`
	Hash         string         `json:"hash"`
	Facts        casework.Facts `json:"facts"`
}

// entryOut shows e without what is another's business: where files lie, what the
// machine runs, how an agency shares out its work, and whose opinion of another
// hospital was relied on beyond its number.
func (x *call) entryOut(e docket.Event) entryOut {
	f := e.Facts
	f.Starts = nil
	if f.Submission != nil {
		s := *f.Submission
		s.Manifest = ""
		f.Submission = &s
	}
	if f.Opinion != nil && f.Opinion.Placed != nil {
		o, p := *f.Opinion, discreet(*f.Opinion.Placed)
		o.Placed = &p
		f.Opinion = &o
	}
	if f.Work != nil && e.By.Org != x.actor.Org {
		f.Work = nil
	}
	return entryOut{
		Seq: e.Seq, Verb: e.Verb, At: e.At.UTC(), Person: x.person(e.By.Person), Organisation: x.organisation(e.By.Org), Via: e.By.Via,
		Prev: e.Prev, Hash: e.Hash, Facts: f,
	}
}

// discreet is p with the precedent named by its number alone.
func discreet(p reuse.Proposal) reuse.Proposal {
	if p.RelyOn != nil {
		p.RelyOn = &reuse.Precedent{Number: p.RelyOn.Number, Day: p.RelyOn.Day, Joint: p.RelyOn.Joint, Submission: p.RelyOn.Submission}
	}
	return p
}

// frozenOut is a submission with its form and files.
type frozenOut struct {
	submissionRow
	Form  map[string]string `json:"form"`
	Items []frozenFile      `json:"items"`
}

type frozenFile struct {
	Item   string `json:"item"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Type   string `json:"type"`
}

func frozenOf(s casework.Submission, m dossier.Manifest) frozenOut {
	out := frozenOut{submissionRow: submissionOf(s), Form: m.Form, Items: []frozenFile{}}
	for _, f := range m.Files {
		out.Items = append(out.Items, frozenFile{f.Item, f.File, f.SHA256, f.Size, string(f.Type)})
	}
	return out
}
