package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// Identity is the bar on every page of a case.
type Identity struct {
	Number   string
	Product  string
	Hospital string
	Kind     string
	Stage    casework.Stage // for the colour; never without Status
	Status   string
	Href     string // the case's own page
	Warn     bool   // a hospital's page before an approval: 未获批准前不得进口或使用
}

// Move is the next-move panel: who must do what by when, and why that date.
type Move struct {
	Who       string
	What      string
	Mine      bool // it is the reader's move
	Due       *Due // nil: no time limit is prescribed
	Action    string
	Href      string // of the one button, if it is the reader's move
	Since     time.Time
	Round     int
	Defects   []string
	Meanwhile string // what the reader can do while others act; "" if it is their move
}

// Due is a deadline with its reason.
type Due struct {
	At          time.Time
	Left        string // 还剩 N 个工作日
	Tone        string // "soon", "late" or ""
	Provisional bool
	Basis       string // the limit's name and count
	Source      string // its clause
	Status      string // 官方 / 草案 / 本地设置
	Steps       []DueStep
	Known       string
	Href        string // the whole explanation; "" if the reader may not open it
}

// DueStep is one line of the counting trace.
type DueStep struct {
	Day  calendar.Day
	Text string
	Kind calendar.StepKind
}

// Line is one row of the timeline.
type Line struct {
	At     time.Time
	What   string
	Who    string
	Org    string
	Detail []string
	Gap    string // time since the entry before
	Paused bool   // an agency's clock stood still since the entry before
	Dues   []DueRef
}

// directory looks names up once a request.
type directory struct {
	x       *exchange
	orgs    map[string]party.Organisation
	persons map[string]party.Person
}

func (x *exchange) directory() *directory {
	return &directory{x: x, orgs: map[string]party.Organisation{}, persons: map[string]party.Person{}}
}

// org returns the organisation's name; one that is no longer there keeps its id.
func (d *directory) org(id string) string {
	o, ok := d.orgs[id]
	if !ok {
		var err error
		if o, err = d.x.Site.Directory.Organisation(d.x.Ctx(), id); err != nil {
			o = party.Organisation{NameZH: id}
		}
		d.orgs[id] = o
	}
	return o.Name(string(d.x.Lang))
}

// person returns the person's name; the clock has none.
func (d *directory) person(id string) string {
	if id == party.System.Person {
		return d.x.Lang.Say("who.system")
	}
	p, ok := d.persons[id]
	if !ok {
		var err error
		if p, err = d.x.Site.Directory.Person(d.x.Ctx(), id); err != nil {
			p = party.Person{NameZH: id}
		}
		d.persons[id] = p
	}
	return p.Name(string(d.x.Lang))
}

// identity builds the bar.
func (x *exchange) identity(c casework.Case, d *directory) Identity {
	stage := c.Stage()
	return Identity{
		Number: c.Number, Product: productOf(c), Hospital: d.org(c.Hospital), Kind: x.Lang.Say("kind." + string(c.Kind)),
		Stage: stage, Status: x.Lang.Say("stage." + string(stage)), Href: x.Home() + "/cases/" + c.ID,
		Warn: x.Site.Audience == site.Hospital && c.Status != casework.Approved,
	}
}

// productOf is the name as submitted, or as typed in a draft.
func productOf(c casework.Case) string {
	if n := len(c.Submissions); n > 0 {
		return c.Submissions[n-1].Product
	}
	return c.Form["product-zh"]
}

// moves builds a panel for each open gate, the reader's own first. A draft waits
// for its hospital.
func (x *exchange) moves(v docket.View, d *directory) []Move {
	var out []Move
	if v.Case.Status == casework.Draft {
		out = append(out, x.draftMove(v, d))
	}
	for _, g := range v.Waiting {
		mine := x.Session != nil && x.turn(g)
		m := Move{
			Who: d.org(g.Party), What: x.Lang.Say("move." + string(g.Kind)), Mine: mine,
			Due: x.due(g, v.Now), Since: g.OpenedAt, Round: g.Round,
		}
		if mine {
			m.Action = x.Lang.Say("action." + string(g.Kind))
			m.Href = x.Home() + "/cases/" + g.Of + "/gates/" + g.ID
			if g.Kind == gate.Supplement || g.Kind == gate.Deliver {
				m.Href = x.Home() + "/cases/" + g.Of + "/dossier"
			}
		} else {
			m.Meanwhile = x.Lang.Say("meanwhile." + string(x.Site.Audience))
		}
		switch g.Kind {
		case gate.Supplement:
			m.Defects = x.defects(v, g)
		case gate.Deliver:
			m.Defects = x.owed(v)
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Move) int { return before(a.Mine, b.Mine) })
	return out
}

// owed lists the papers that the emergency lane waits for, in the pack's order.
func (x *exchange) owed(v docket.View) []string {
	var out []string
	for _, part := range v.Pack.Parts {
		for _, item := range part.Items {
			if slices.Contains(v.Case.Papers.Items, item.ID) {
				out = append(out, x.text(item.Label))
			}
		}
	}
	return out
}

// draftMove says that the hospital goes on with its draft, in its own time.
func (x *exchange) draftMove(v docket.View, d *directory) Move {
	m := Move{Who: d.org(v.Case.Hospital), What: x.Lang.Say("move.draft"), Since: v.Case.CreatedAt}
	if v.Case.Permits(casework.Edit, x.Actor) == nil {
		m.Mine, m.Action = true, x.Lang.Say("action.draft")
		m.Href = x.Home() + "/cases/" + v.Case.ID + "/dossier"
	}
	return m
}

// before sorts true first.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// defects lists what the notice that opened supplement gate g asks for.
func (x *exchange) defects(v docket.View, g gate.Gate) []string {
	for _, e := range v.Events {
		if e.Facts.Notice == nil || e.Facts.Leg != g.Leg || e.Facts.Notice.Round != g.Round {
			continue
		}
		return x.defectLines(v.Pack, *e.Facts.Notice)
	}
	return nil
}

func (x *exchange) defectLines(pack policy.Pack, n casework.Notice) []string {
	var lines []string
	for _, defect := range n.Defects {
		line := defect.What
		if item, ok := pack.Item(defect.Item); ok {
			line = x.text(item.Label) + x.Lang.Say("colon") + defect.What
		}
		lines = append(lines, line)
	}
	return lines
}

// text is a policy's text in the reader's language.
func (x *exchange) text(t policy.Text) string { return textIn(x.Lang, t) }

func textIn(l words.Lang, t policy.Text) string {
	if l == words.EN && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// soon is from how many working days on a deadline is shown as near.
const soon = 2

// due explains g's deadline at now; nil if no limit is prescribed.
func (x *exchange) due(g gate.Gate, now time.Time) *Due {
	if g.Deadline == nil || g.Limit == nil {
		return nil
	}
	d := &Due{
		At: g.Deadline.Due, Provisional: g.Deadline.Provisional,
		Basis:  x.text(g.Limit.Label) + x.Lang.Say("limit."+string(g.Limit.Clock), g.Limit.N),
		Source: g.Limit.Clause.Source + " " + g.Limit.Clause.Ref,
		Status: x.Lang.Say("status." + string(g.Limit.Status)),
		Known:  dayText(x.Lang, g.Deadline.Trace.KnownThrough),
		Href:   x.whyHref(g),
	}
	left := x.desk.Calendar.WorkingDaysBetween(calendar.DayOf(now), calendar.DayOf(g.Deadline.Due))
	switch {
	case now.After(g.Deadline.Due):
		d.Tone, d.Left = "late", x.Lang.Say("due.late", -left)
		if left == 0 {
			d.Left = x.Lang.Say("due.passed")
		}
	case left == 0:
		d.Tone, d.Left = "soon", x.Lang.Say("due.today")
	default:
		d.Left = x.Lang.Say("due.left", left)
		if left <= soon {
			d.Tone = "soon"
		}
	}
	for _, s := range calendar.Steps(g.Deadline.Trace) {
		step := DueStep{Day: s.Day, Kind: s.Kind}
		reason := s.Reason.ZH
		if x.Lang == "en" {
			reason = s.Reason.EN
		}
		switch s.Kind {
		case calendar.Counted:
			step.Text = x.Lang.Say("step.counted", s.N)
		case calendar.Skipped:
			step.Text = x.Lang.Say("step.skipped", reason)
		default:
			step.Text = x.Lang.Say("step." + string(s.Kind))
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}

// timeline tells the history, newest first.
func (x *exchange) timeline(v docket.View, d *directory) []Line {
	lines := make([]Line, len(v.Events))
	paused := pauses(v.Events)
	for i, e := range v.Events {
		line := Line{
			At: e.At, What: x.Lang.Say(docket.EntryWords(e.Entry), x.entryArgs(e)...), Who: d.person(e.By.Person), Detail: x.details(v, e), Dues: x.dues(v, e),
		}
		if e.By.Org != party.System.Org {
			line.Org = d.org(e.By.Org)
		}
		if i+1 < len(v.Events) {
			before := v.Events[i+1]
			line.Gap = x.gap(before.At, e.At)
			line.Paused = paused[i]
		}
		lines[i] = line
	}
	return lines
}

// pauses says for each of events (newest first) whether an agency's clock stood
// still between it and the one before: from a notice to what answers it.
func pauses(events []docket.Event) []bool {
	out := make([]bool, len(events))
	waiting := map[gate.Leg]bool{}
	for i := len(events) - 1; i >= 0; i-- {
		out[i] = len(waiting) > 0
		e := events[i]
		switch {
		case e.Facts.Notice != nil:
			waiting[e.Facts.Leg] = true
		case e.Verb == string(casework.Resubmit):
			delete(waiting, e.Facts.Leg)
		}
	}
	return out
}

// entryArgs are the values that the sentence of an entry takes.
func (x *exchange) entryArgs(e docket.Event) []any {
	switch f := e.Facts; {
	case f.Decision != nil:
		return []any{x.Lang.Say("outcome." + string(f.Decision.Outcome))}
	case f.Submission != nil:
		return []any{f.Submission.No}
	case f.Notice != nil:
		return []any{f.Notice.Round, len(f.Notice.Defects)}
	case f.Ring != nil:
		return []any{x.Lang.Say("ring." + string(f.Ring.Kind))}
	case len(f.Starts) == 1:
		return []any{f.Starts[0].Run}
	}
	return nil
}

// details are the lines under an entry.
func (x *exchange) details(v docket.View, e docket.Event) []string {
	var out []string
	f := e.Facts
	if f.Reason != "" {
		out = append(out, x.Lang.Say("entry.because", f.Reason))
	}
	if f.Notice != nil {
		out = append(out, x.defectLines(v.Pack, *f.Notice)...)
	}
	if o := f.Opinion; o != nil {
		for _, finding := range o.Findings {
			relied := ""
			if finding.Relied && o.Placed != nil && o.Placed.RelyOn != nil {
				relied = x.Lang.Say("opinion.relied", o.Placed.RelyOn.Number)
			}
			out = append(out, x.Lang.Say("question."+string(finding.Question))+x.Lang.Say("colon")+
				x.Lang.Say("met."+strconv.FormatBool(finding.Met))+relied+x.Lang.Say("semicolon")+finding.Reason)
		}
		if o.Override != "" {
			out = append(out, x.Lang.Say("opinion.override", o.Override))
		}
		if o.Advice != "" {
			out = append(out, x.Lang.Say("opinion.advice", o.Advice))
		}
	}
	out = append(out, x.recounted(f.Recounts)...)
	out = append(out, x.besideDetails(v, f)...)
	if d := f.Decision; d != nil {
		out = append(out, x.Lang.Say("decision.number", d.Number, x.dayOf(d.Date)))
		if d.Quantity > 0 {
			out = append(out, x.Lang.Say("decision.quantity", d.Quantity, d.Unit))
		}
		if d.ValidUntil != "" {
			out = append(out, x.Lang.Say("decision.valid", x.dayOf(d.ValidUntil)))
		}
		for i, condition := range d.Conditions {
			out = append(out, x.Lang.Say("decision.condition", i+1, condition))
		}
		if d.Reason != "" {
			out = append(out, x.Lang.Say("decision.reason", d.Reason))
		}
		if d.Transcript {
			out = append(out, x.Lang.Say("decision.transcript"))
		}
	}
	return out
}

// dayOf writes a day that history keeps as text.
func (x *exchange) dayOf(s string) string {
	d, err := calendar.ParseDay(s)
	if err != nil {
		return s
	}
	return dayText(x.Lang, d)
}

// gap writes how much time lies between two entries, in days.
func (x *exchange) gap(from, to time.Time) string {
	a, b := calendar.DayOf(from), calendar.DayOf(to)
	days := int(b.Start().Sub(a.Start()).Hours() / 24)
	if days == 0 {
		return ""
	}
	return x.Lang.Say("gap.days", days, x.desk.Calendar.WorkingDaysBetween(a, b))
}

// markChanges says what differs from the submission before: in the summary as
// lines, and beside each file and answer. Without one before, nothing is marked.
func (x *exchange) markChanges(v docket.View, s *Summary, frozen []Section, answers []Answered) {
	before, ok := x.before(v)
	if !ok {
		return
	}
	for i, a := range answers {
		if v.Manifest.Form[a.ID] != before.Form[a.ID] {
			answers[i].New = true
			s.Changed = append(s.Changed, x.Lang.Say("changed.field", a.Label))
		}
	}
	for _, section := range frozen {
		for _, paper := range section.Papers {
			x.markFiles(s, paper, before)
		}
	}
}

// markFiles marks the files of paper that were not listed before.
func (x *exchange) markFiles(s *Summary, paper Paper, before dossier.Manifest) {
	had := map[string]bool{}
	for _, l := range before.Files {
		if l.Item == paper.ID {
			had[l.File] = true
		}
	}
	added := 0
	for i, f := range paper.Files {
		if had[f.ID] {
			delete(had, f.ID)
			continue
		}
		paper.Files[i].New = true
		added++
	}
	if added > 0 || len(had) > 0 {
		s.Changed = append(s.Changed, x.Lang.Say("changed.files", paper.Label, added, len(had)))
	}
}

// before reads the manifest of the submission before the newest.
func (x *exchange) before(v docket.View) (dossier.Manifest, bool) {
	n := len(v.Case.Submissions)
	if n < 2 || v.Manifest == nil {
		return dossier.Manifest{}, false
	}
	was := v.Case.Submissions[n-2]
	data, err := x.desk.Files.Manifest(x.Ctx(), was.Manifest)
	if err != nil {
		x.Site.Log.WarnContext(x.Ctx(), "an earlier submission cannot be read", "err", err, "case", v.Case.ID)
		return dossier.Manifest{}, false
	}
	m, err := dossier.ParseManifest(data, was.Digest)
	return m, err == nil
}

// Paper is one item of the pack with its files.
type Paper struct {
	ID        string
	Label     string
	Help      string
	Rule      string // what may be sent, said before choosing a file
	Required  bool
	Status    string // of the rule: official, placeholder …
	State     string // done, none, progress, problem
	StateText string
	Files     []PaperFile
	Href      string
	Error     string
	Room      bool // another file may be attached
	Done      bool // nothing more is needed here
	Waiting   bool // a file is still to arrive or to be checked
}

// PaperFile is one file beside its item.
type PaperFile struct {
	ID      string
	Name    string
	State   docket.FileState // for the colour; never without Word
	Word    string
	Text    string // what that means for the reader
	Size    string
	Open    bool   // it may be opened
	Again   bool   // the upload did not arrive yet and may be sent again
	Waits   bool   // it is still to arrive, to be checked or to be scanned
	Soon    bool   // … within seconds, as far as anybody knows
	Claimed string // its digest, as script computed it; only while it has not arrived
	New     bool   // it was not in the submission before
	Chosen  bool   // as the evidence of a reply
}

// Section is one part of the pack.
type Section struct {
	No     string
	Label  string
	Clause string
	Papers []Paper
}

// sections lists the working dossier by part, for the hospital.
func (x *exchange) sections(v docket.View, problems []fault.Problem) []Section {
	var out []Section
	for _, part := range v.Pack.Parts {
		s := Section{No: part.No, Label: x.text(part.Label), Clause: part.Clause.Source + " " + part.Clause.Ref}
		for _, item := range part.Items {
			s.Papers = append(s.Papers, x.paper(v, item, v.Case.Files[item.ID], problems))
		}
		out = append(out, s)
	}
	return out
}

func (x *exchange) paper(v docket.View, item policy.Item, ids []string, problems []fault.Problem) Paper {
	p := Paper{
		ID: item.ID, Label: x.text(item.Label), Help: x.text(item.Help), Required: item.Required,
		Status: x.Lang.Say("status." + string(item.Status)),
		Rule:   x.Lang.Say("file.rule", typesText(item.Types), sizeText(item.MaxBytes), item.MaxFiles),
		Href:   x.Home() + "/cases/" + v.Case.ID + "/items/" + item.ID, Room: len(ids) < item.MaxFiles,
	}
	p.State = "none"
	for _, id := range ids {
		f, ok := v.File(id)
		if !ok {
			continue
		}
		file := x.paperFile(f)
		p.Files = append(p.Files, file)
		p.State = worse(p.State, f)
		p.Waiting = p.Waiting || file.Waits
	}
	if factsWrong(v, item) {
		p.State = "problem"
	}
	p.StateText = x.Lang.Say("task." + p.State)
	p.Done = p.State == "done" || p.State == "none" && !p.Required
	for _, problem := range problems {
		if problem.Field == "item-"+item.ID {
			p.Error = x.Lang.Say("fault."+problem.Code, problem.Args...)
		}
	}
	return p
}

// worse joins the state of a paper with that of one more file.
func worse(state string, f docket.File) string {
	switch {
	case f.State == docket.Rejected || f.State == docket.Unscanned && !comesAgain(f) || state == "problem":
		return "problem"
	case f.State == docket.Unchecked || f.State == docket.Unscanned || state == "progress":
		return "progress"
	}
	return "done"
}

// comesAgain reports whether f waits for a scan that will be tried.
func comesAgain(f docket.File) bool { return f.State == docket.Unscanned && !f.ScanAt.IsZero() }

func (x *exchange) paperFile(f docket.File) PaperFile {
	p := PaperFile{
		ID: f.ID, Name: f.Name, State: f.State, Word: x.Lang.Say("filestate." + string(f.State)),
		Open: f.State == docket.Checked, Again: f.State == docket.Unchecked, Waits: f.State == docket.Unchecked || comesAgain(f),
		Soon: f.State == docket.Unchecked || comesAgain(f) && f.Reason != "file.scan.away",
	}
	switch f.State {
	case docket.Rejected:
		p.Text = x.Lang.Say("fault." + f.Reason)
	case docket.Unchecked:
		p.Text, p.Claimed = x.Lang.Say("filestate.wait"), f.SHA256
	case docket.Unscanned:
		p.Text = x.Lang.Say("fault." + f.Reason)
		if !comesAgain(f) {
			p.Word = x.Lang.Say("filestate.unscannable")
		}
	case docket.Checked:
		if f.Scan != docket.Scanned {
			p.Word, p.Text = x.Lang.Say("filestate.noscanner"), x.Lang.Say("filestate.noscanner.why")
		}
	}
	if f.Size > 0 {
		p.Size = sizeText(f.Size)
	}
	return p
}

// sizeText writes a size as people do.
func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64), ".0") + " MB"
	case bytes >= 1<<10:
		return strconv.FormatFloat(float64(bytes)/(1<<10), 'f', 0, 64) + " KB"
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

func typesText(types []dossier.Type) string {
	names := map[dossier.Type]string{"pdf": "PDF", "jpeg": "JPEG", "png": "PNG", "docx": "DOCX", "xlsx": "XLSX"}
	out := ""
	for i, t := range types {
		if i > 0 {
			out += " / "
		}
		out += names[t]
	}
	return out
}

// acceptText is types as a browser's file dialogue takes them.
func acceptText(types []dossier.Type) string {
	var list []string
	for _, t := range types {
		list = append(list, t.MIME())
	}
	return strings.Join(list, ",")
}

// Answered is one field of a form as it was filled in.
type Answered struct {
	ID    string
	Label string
	Value string
	Error string
	Href  string // to change it
	Left  bool   // required, and not given yet
	New   bool   // it differs from the submission before
}

// answers lists the form with values, in the order of the page.
func (x *exchange) answers(pack policy.Pack, values map[string]string, problems form.Errors, change string) []Answered {
	var out []Answered
	for _, f := range pack.Form {
		if f.Item != "" && strings.TrimSpace(values[f.ID]) == "" {
			continue // a document's fact that nobody typed is nobody's gap
		}
		a := Answered{
			ID: f.ID, Label: x.text(f.Label), Value: values[f.ID], Href: change + "#" + f.ID,
			Left: f.Required && strings.TrimSpace(values[f.ID]) == "", Error: problems.Of(f.ID),
		}
		if f.Item != "" {
			a.Href = strings.TrimSuffix(change, "form") + "items/" + f.Item + "#" + f.ID
		}
		for _, choice := range f.Choices {
			if choice.Value == values[f.ID] {
				a.Value = x.text(choice.Label)
			}
		}
		out = append(out, a)
	}
	return out
}

// frozenSections lists what a submission consists of, for the agencies.
func (x *exchange) frozenSections(v docket.View) []Section {
	var out []Section
	if v.Manifest == nil {
		return nil
	}
	for _, part := range v.Pack.Parts {
		s := Section{No: part.No, Label: x.text(part.Label), Clause: part.Clause.Source + " " + part.Clause.Ref}
		for _, item := range part.Items {
			p := Paper{ID: item.ID, Label: x.text(item.Label)}
			for _, listed := range v.Manifest.Files {
				if f, ok := v.File(listed.File); ok && listed.Item == item.ID {
					p.Files = append(p.Files, x.paperFile(f))
				}
			}
			s.Papers = append(s.Papers, p)
		}
		out = append(out, s)
	}
	return out
}
