package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
)

// hospitalDoors are the routes of the hospitals' site, in the order of a life.
// The two sites share the ones that belong to no audience; hospital-site serves them.
var hospitalDoors = []Door{
	{"GET", "/{$}", anybody, (*exchange).welcome},
	{"GET", "/alive", anybody, (*exchange).alive},
	{"GET", "/static/{file}", anybody, (*exchange).static},
	{"POST", "/preferences", anybody, (*exchange).preferences},
	{"GET", "/hospital/sign-in", anybody, (*exchange).signInPage},
	{"POST", "/hospital/sign-in", anybody, (*exchange).signIn},
	{"GET", "/hospital/callback", anybody, (*exchange).callback},
	{"POST", "/hospital/sign-out", anybody, (*exchange).signOut},
	{"GET", "/hospital", signedIn, (*exchange).caseList},
	{"GET", "/hospital/new", signedIn, (*exchange).newCase},
	{"POST", "/hospital/new", signedIn, (*exchange).createCase},
	{"GET", "/hospital/cases/{case}", signedIn, (*exchange).hospitalCase},
	{"GET", "/hospital/cases/{case}/dossier", signedIn, (*exchange).dossier},
	{"GET", "/hospital/cases/{case}/form", signedIn, (*exchange).form},
	{"POST", "/hospital/cases/{case}/form", signedIn, (*exchange).saveForm},
	{"GET", "/hospital/cases/{case}/items/{item}", signedIn, (*exchange).item},
	{"POST", "/hospital/cases/{case}/items/{item}", signedIn, (*exchange).attach},
	{"GET", "/hospital/cases/{case}/files/{file}", signedIn, (*exchange).upload},
	{"POST", "/hospital/cases/{case}/files/{file}/open", signedIn, (*exchange).openFile},
	{"POST", "/hospital/cases/{case}/files/{file}/remove", signedIn, (*exchange).removeFile},
	{"GET", "/hospital/cases/{case}/check", signedIn, (*exchange).checkAnswers},
	{"POST", "/hospital/cases/{case}/submit", signedIn, (*exchange).submit},
	{"GET", "/hospital/cases/{case}/submissions/{no}", signedIn, (*exchange).confirmation},
	{"GET", "/hospital/cases/{case}/withdraw", signedIn, (*exchange).withdrawPage},
	{"POST", "/hospital/cases/{case}/withdraw", signedIn, (*exchange).withdraw},
}

type welcomePage struct{ Page }

func (x *exchange) welcome() error {
	p := welcomePage{}
	p.Title = x.lang.Say("welcome.title")
	return x.show("welcome", &p.Page, &p)
}

// CaseRow is one case in a list.
type CaseRow struct {
	Number  string
	Product string
	Kind    string
	Stage   casework.Stage
	Status  string
	Who     string // whose move it is; agencies' inbox: the hospital
	Due     *Due
	At      time.Time
	Href    string
	Mine    bool
}

type caseListPage struct {
	Page
	MayCreate bool
	Rows      []CaseRow
}

func (x *exchange) caseList() error {
	cases, err := x.site.Desk.Cases(x.ctx(), x.actor)
	if err != nil {
		return err
	}
	d := x.directory()
	p := caseListPage{MayCreate: casework.MayCreate(x.actor) == nil}
	for _, c := range cases {
		id := x.identity(c, d)
		p.Rows = append(p.Rows, CaseRow{
			Number: c.Number, Product: id.Product, Kind: id.Kind, Stage: id.Stage, Status: id.Status,
			Who: x.whose(c), At: c.EditedAt, Href: id.Href, Mine: c.Editable() && !c.Closed(),
		})
	}
	p.Title = x.lang.Say("cases.title")
	return x.show("cases", &p.Page, &p)
}

// whose says in a list whose move a case is.
func (x *exchange) whose(c casework.Case) string {
	if c.Closed() {
		return ""
	}
	return x.lang.Say("whose." + string(c.Stage()))
}

type newCasePage struct {
	Page
	Kinds []Choice
}

func (x *exchange) newCase() error {
	if err := casework.MayCreate(x.actor); err != nil {
		return err
	}
	return x.showNew(http.StatusOK, nil)
}

func (x *exchange) showNew(status int, problems []fault.Problem) error {
	p := newCasePage{}
	for _, k := range []casework.Kind{casework.Device, casework.Drug} {
		if _, ok := x.site.Desk.Current[k]; ok {
			p.Kinds = append(p.Kinds, Choice{
				Value: string(k), Label: x.lang.Say("kind." + string(k)), Consequence: x.lang.Say("kind.help." + string(k)),
				Chosen: x.r.PostForm.Get("kind") == string(k),
			})
		}
	}
	p.Errors = labelled(x.problems(problems), func(string) string { return x.lang.Say("new.kind") })
	p.Title = x.titled(x.lang.Say("new.title"), p.Errors)
	return x.render(status, "new", &p.Page, &p)
}

func (x *exchange) createCase() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	r, err := x.site.Desk.Create(x.ctx(), op, casework.Kind(x.r.PostForm.Get("kind")), x.actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showNew(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + r.Case + "/dossier")
}

type casePage struct {
	Page
	Identity  Identity
	Moves     []Move
	Lines     []Line
	Frozen    []Section
	Answers   []Answered
	Decision  *casework.Decision
	Outcome   string
	Refused   bool
	Evidence  *PaperFile // of the decision
	Opinion   *Opinion
	Over      string // what a closed case means; "" while somebody must act
	Withdraw  string // path of the page on which it is withdrawn; "" if it cannot be
	Open      string // path under which files are opened
	Submitted []SubmissionRow
}

// SubmissionRow is one numbered submission.
type SubmissionRow struct {
	No     int
	At     time.Time
	Files  int
	Digest string
	Href   string
}

// view loads the case in the path for the reader.
func (x *exchange) view() (docket.View, error) {
	return x.site.Desk.View(x.ctx(), x.r.PathValue("case"), x.actor)
}

func (x *exchange) hospitalCase() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	p := x.casePage(v)
	if v.Case.Permits(casework.Withdraw, x.actor) == nil {
		p.Withdraw = p.Identity.Href + "/withdraw"
	}
	return x.show("case", &p.Page, &p)
}

// casePage is what both audiences see of a case.
func (x *exchange) casePage(v docket.View) casePage {
	d := x.directory()
	p := casePage{
		Identity: x.identity(v.Case, d), Moves: x.moves(v, d), Lines: x.timeline(v, d), Frozen: x.frozenSections(v),
		Decision: v.Case.Decision, Open: x.home() + "/cases/" + v.Case.ID + "/files/",
	}
	if v.Manifest != nil {
		p.Answers = x.answers(v.Pack, v.Manifest.Form, nil, "")
	}
	p.Opinion = x.opinion(v.Case.Given, d)
	if p.Decision != nil {
		p.Outcome = x.lang.Say("outcome." + string(p.Decision.Outcome))
		p.Refused = p.Decision.Outcome == casework.Refuse
		if f, ok := v.File(p.Decision.Evidence); ok {
			paper := x.paperFile(f)
			p.Evidence = &paper
		}
	}
	if v.Case.Closed() {
		p.Over = x.lang.Say("over." + string(v.Case.Stage()))
	}
	for i := len(v.Case.Submissions) - 1; i >= 0; i-- {
		s := v.Case.Submissions[i]
		row := SubmissionRow{No: s.No, At: s.At, Files: s.Files, Digest: s.Digest}
		if x.site.Audience == Hospital {
			row.Href = p.Identity.Href + "/submissions/" + strconv.Itoa(s.No)
		}
		p.Submitted = append(p.Submitted, row)
	}
	p.Title = p.Identity.Number + " " + p.Identity.Product
	return p
}

// Opinion is the local opinion as people read it.
type Opinion struct {
	Findings []Finding
	Advice   string
	Who      string
	Org      string
	At       time.Time
}

// Finding is one answered question.
type Finding struct {
	Label  string
	Met    bool
	Text   string
	Reason string
}

func (x *exchange) opinion(o *casework.Opinion, d *directory) *Opinion {
	if o == nil {
		return nil
	}
	out := &Opinion{Advice: o.Advice, Who: d.person(o.Person), Org: d.org(o.Org), At: o.At}
	for _, f := range o.Findings {
		out.Findings = append(out.Findings, Finding{
			Label: x.lang.Say("question." + string(f.Question)), Met: f.Met,
			Text: x.lang.Say("met." + strconv.FormatBool(f.Met)), Reason: f.Reason,
		})
	}
	return out
}

type dossierPage struct {
	Page
	Identity Identity
	Notices  []Move // supplement notices that this dossier answers
	FormHref string
	FormDone bool
	FormText string
	FormTag  string // the state of the form's task, for the colour; never without FormText
	Sections []Section
	Done     int
	All      int
	Check    string // "" until everything is done
	EditedBy string
	EditedAt time.Time
}

// dossier is the task list: what is done, what is missing.
func (x *exchange) dossier() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	d := x.directory()
	p := dossierPage{
		Identity: x.identity(v.Case, d), Notices: x.notices(v, d), Sections: x.sections(v, nil),
		FormHref: "/hospital/cases/" + v.Case.ID + "/form",
		EditedBy: d.person(v.Case.EditedBy), EditedAt: v.Case.EditedAt,
	}
	problems := v.Pack.CheckForm(v.Case.Form)
	p.FormDone = len(problems) == 0
	p.FormTag, p.FormText = "none", x.lang.Say("task.none")
	if p.FormDone {
		p.FormTag, p.FormText = "done", x.lang.Say("task.done")
		p.Done++
	} else if len(v.Case.Form) > 0 {
		p.FormTag, p.FormText = "progress", x.lang.Say("task.left", len(problems))
	}
	p.All = 1
	for _, s := range p.Sections {
		for _, paper := range s.Papers {
			p.All++
			if paper.Done {
				p.Done++
			}
		}
	}
	if p.Done == p.All {
		p.Check = "/hospital/cases/" + v.Case.ID + "/check"
	}
	p.Title = x.lang.Say("dossier.title")
	return x.show("dossier", &p.Page, &p)
}

// notices are the panels of the open supplement notices, without their button:
// the reader is already where it leads.
func (x *exchange) notices(v docket.View, d *directory) []Move {
	var out []Move
	for _, m := range x.moves(v, d) {
		if len(m.Defects) > 0 {
			m.Href = ""
			out = append(out, m)
		}
	}
	return out
}

// editable loads the case if its working dossier may be changed by the reader.
func (x *exchange) editable() (docket.View, error) {
	v, err := x.view()
	if err != nil {
		return docket.View{}, err
	}
	return v, v.Case.Permits(casework.Edit, x.actor)
}

// Input is one field of a form, with what was typed.
type Input struct {
	policy.Field
	Value   string
	Error   string
	Theirs  string // what a colleague saved meanwhile
	Changed bool   // and it is not what was typed
}

// Long, Number and Picks say how the field is typed; otherwise it is one line.
func (i Input) Long() bool   { return i.Kind == policy.Multiline }
func (i Input) Number() bool { return i.Kind == policy.Integer || i.Kind == policy.DayKind }
func (i Input) Picks() bool  { return i.Kind == policy.OneOf }

// Few says that all choices are shown at once.
func (i Input) Few() bool { return i.Picks() && len(i.Choices) <= 5 }

// Option is one choice of a field.
type Option struct {
	policy.Choice
	Name   string // of the field
	Chosen bool
}

// Options lists the choices.
func (i Input) Options() []Option {
	out := make([]Option, len(i.Choices))
	for k, c := range i.Choices {
		out[k] = Option{Choice: c, Name: i.ID, Chosen: c.Value == i.Value}
	}
	return out
}

type formPage struct {
	Page
	Identity Identity
	Version  int
	Inputs   []Input
	Status   string
}

func (x *exchange) form() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	return x.showForm(http.StatusOK, v, v.Case.Form, v.Case.Version, nil)
}

func (x *exchange) showForm(status int, v docket.View, values map[string]string, version int, problems []fault.Problem) error {
	p := formPage{Identity: x.identity(v.Case, x.directory()), Version: version, Status: x.lang.Say("status." + string(v.Pack.Status))}
	p.Errors = x.problems(problems)
	labelled(p.Errors, x.fieldLabel(v.Pack))
	for _, f := range v.Pack.Form {
		in := Input{Field: f, Value: values[f.ID], Error: p.Error(f.ID)}
		if status == http.StatusConflict && normal(v.Case.Form[f.ID]) != normal(values[f.ID]) {
			in.Theirs, in.Changed = v.Case.Form[f.ID], true
		}
		p.Inputs = append(p.Inputs, in)
	}
	p.Title = x.titled(x.lang.Say("form.title"), p.Errors)
	return x.render(status, "form", &p.Page, &p)
}

// titled puts 错误 before the title of a page with errors.
func (x *exchange) titled(title string, errs []Error) string {
	if len(errs) > 0 {
		return x.lang.Say("title.error") + title
	}
	return title
}

// saveForm keeps the form as typed. What cannot be kept comes back with its
// reasons, and everything that was typed is still there.
func (x *exchange) saveForm() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	v, err := x.editable()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, f := range v.Pack.Form {
		if x.r.PostForm.Has(f.ID) {
			values[f.ID] = x.r.PostForm.Get(f.ID)
		}
	}
	_, err = x.site.Desk.Save(x.ctx(), op, v.Case.ID, version, values, x.actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showForm(http.StatusUnprocessableEntity, v, values, version, f.Problems)
	}
	if f := fault.Of(err); f != nil && f.Kind == fault.Conflict && f.Code != "case.state" {
		// The page now shows both what was typed and what a colleague saved: saving
		// it again is a decision made with both in view.
		if v, err = x.editable(); err != nil {
			return err
		}
		return x.showForm(http.StatusConflict, v, values, v.Case.Version, []fault.Problem{{Code: "form.theirs"}})
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + v.Case.ID + "/dossier")
}

// version is the one that the form showed.
func (x *exchange) version() (int, error) {
	n, err := strconv.Atoi(x.r.PostForm.Get("version"))
	if err != nil {
		return 0, fault.New(fault.Invalid, "operation")
	}
	return n, nil
}

type itemPage struct {
	Page
	Identity Identity
	Paper    Paper
	Clause   string
	Quote    string
	Version  int
	Post     string
	Open     string
	Back     string // the task list
	Name     string // typed by a reader without script
	Accept   string // for the browser's file dialogue
}

func (x *exchange) item() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	return x.showItem(http.StatusOK, v, x.r.PathValue("item"), nil)
}

func (x *exchange) showItem(status int, v docket.View, id string, problems []fault.Problem) error {
	item, ok := v.Pack.Item(id)
	if !ok {
		return fault.New(fault.NotFound, "item")
	}
	base := "/hospital/cases/" + v.Case.ID
	p := itemPage{
		Identity: x.identity(v.Case, x.directory()), Paper: x.paper(v, item, v.Case.Files[item.ID], nil),
		Clause: item.Clause.Source + " " + item.Clause.Ref, Version: v.Case.Version,
		Post: base + "/items/" + item.ID, Open: base + "/files/", Back: base + "/dossier",
		Name: x.r.PostForm.Get("name"), Accept: acceptText(item.Types),
	}
	p.Script = "/static/upload.js"
	if item.Clause.Quote != nil {
		p.Quote = x.text(*item.Clause.Quote)
	}
	p.Errors = labelled(x.problems(problems), func(string) string { return p.Paper.Label })
	p.Title = x.titled(p.Paper.Label, p.Errors)
	return x.render(status, "item", &p.Page, &p)
}

// attach prepares an upload. With script it answers with the signed form as
// JSON; without, the next page holds it.
func (x *exchange) attach() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	v, err := x.editable()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	u, err := x.uploadOf(x.r.PathValue("item"))
	var r docket.Receipt
	var ticket docket.Ticket
	if err == nil {
		r, ticket, err = x.site.Desk.Attach(x.ctx(), op, v.Case.ID, version, u, x.wayBack("/hospital/cases/"+v.Case.ID+"/items/"+u.Item), x.actor)
	}
	if x.wantsJSON() {
		return x.ticketJSON(r.File, ticket, err)
	}
	if f := fault.Of(err); f != nil && f.Kind != fault.Unavailable && f.Kind != fault.NotFound {
		problems := f.Problems
		if len(problems) == 0 {
			problems = []fault.Problem{{Field: "file", Code: f.Code, Args: f.Args}}
		}
		return x.showItem(statuses[f.Kind], v, x.r.PathValue("item"), problems)
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + v.Case.ID + "/files/" + r.File)
}

// uploadOf reads the form that announces a file for item. A name is a line of
// text; what it says, nothing depends on.
func (x *exchange) uploadOf(item string) (docket.Upload, error) {
	u := docket.Upload{Item: item, Name: strings.TrimSpace(x.r.PostForm.Get("name")), SHA256: x.r.PostForm.Get("sha256")}
	if !utf8.ValidString(u.Name) || strings.ContainsFunc(u.Name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return u, fault.Fields([]fault.Problem{{Field: "file", Code: "field.control"}})
	}
	return u, nil
}

// wayBack is where the bucket sends the browser after an upload. A script stays
// on its page and wants no way back.
func (x *exchange) wayBack(path string) string {
	if x.wantsJSON() {
		return ""
	}
	return x.site.Address + path
}

func (x *exchange) wantsJSON() bool {
	return strings.HasPrefix(x.r.Header.Get("Accept"), "application/json")
}

// ticketJSON answers the page's script: the signed form, or a sentence.
func (x *exchange) ticketJSON(file string, t docket.Ticket, err error) error {
	if errors.Is(err, fault.Unavailable) {
		return err
	}
	answer := map[string]any{"file": file, "url": t.URL, "fields": t.Fields}
	// The head moved by attaching; the next file of this page must name its version.
	if v, err := x.view(); err == nil {
		answer["version"] = v.Case.Version
	}
	status := http.StatusOK
	if f := fault.Of(err); f != nil {
		sentence := x.lang.Say("fault."+f.Code, f.Args...)
		if len(f.Problems) > 0 {
			sentence = x.problems(f.Problems)[0].Sentence
		}
		answer["error"], status = sentence, statuses[f.Kind]
	} else if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	return json.NewEncoder(x.w).Encode(answer)
}

type uploadPage struct {
	Page
	Identity Identity
	File     PaperFile
	Ticket   docket.Ticket
	Rule     string
	Back     string
	Accept   string // for the browser's file dialogue
}

// upload holds the signed form of a file that has not arrived yet.
func (x *exchange) upload() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	f, ok := v.File(x.r.PathValue("file"))
	if !ok || f.Org != x.actor.Org {
		return fault.New(fault.NotFound, "file")
	}
	item, ok := v.Pack.Item(f.Item)
	if !ok {
		return fault.New(fault.NotFound, "file")
	}
	back := "/hospital/cases/" + v.Case.ID + "/items/" + f.Item
	if f.State != docket.Unchecked {
		return x.see(back)
	}
	t, err := x.site.Desk.Ticket(x.ctx(), v.Case.ID, f.ID, x.site.Address+back, x.actor)
	if err != nil {
		return err
	}
	p := uploadPage{
		Identity: x.identity(v.Case, x.directory()), File: x.paperFile(f), Ticket: t, Back: back,
		Rule:   x.lang.Say("file.rule", typesText(item.Types), sizeText(item.MaxBytes), item.MaxFiles),
		Accept: acceptText(item.Types),
	}
	p.Title = x.lang.Say("upload.title")
	return x.show("upload", &p.Page, &p)
}

// openFile leads to a checked file, for a minute, and has it in the read log.
func (x *exchange) openFile() error {
	address, err := x.site.Desk.Open(x.ctx(), x.r.PathValue("case"), x.r.PathValue("file"), x.actor)
	if err != nil {
		return err
	}
	return x.see(address)
}

func (x *exchange) removeFile() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	item := x.r.PostForm.Get("item")
	_, err = x.site.Desk.Detach(x.ctx(), op, x.r.PathValue("case"), version, item, x.r.PathValue("file"), x.actor)
	if f := fault.Of(err); f != nil && f.Kind == fault.Conflict {
		v, err := x.editable()
		if err != nil {
			return err
		}
		return x.showItem(http.StatusConflict, v, item, []fault.Problem{{Code: f.Code, Args: f.Args}})
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + x.r.PathValue("case") + "/items/" + item)
}

type checkPage struct {
	Page
	Identity  Identity
	Version   int
	Answers   []Answered
	Sections  []Section
	Resubmit  bool
	Gate      string
	Round     int
	Defects   []string
	AfterText string // what will be true afterwards and who will be told
	Post      string
	Back      string // the task list
}

func (x *exchange) checkAnswers() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	return x.showCheck(http.StatusOK, v, nil)
}

func (x *exchange) showCheck(status int, v docket.View, problems []fault.Problem) error {
	base := "/hospital/cases/" + v.Case.ID
	p := checkPage{
		Identity: x.identity(v.Case, x.directory()), Version: v.Case.Version,
		Sections: x.sections(v, problems), Post: base + "/submit", Back: base + "/dossier",
		AfterText: x.lang.Say("submit.after." + string(v.Case.Kind)),
	}
	p.Errors = labelled(x.problems(problems), x.fieldLabel(v.Pack))
	p.Answers = x.answers(v.Pack, v.Case.Form, p.Errors, base+"/form")
	if leg, ok := v.Case.SupplementLeg(); ok {
		g, _ := v.Open(leg)
		p.Resubmit, p.Gate, p.Round, p.Defects = true, g.ID, g.Round, x.defects(v, g)
		p.AfterText = x.lang.Say("resubmit.after." + string(leg))
	}
	p.Title = x.titled(x.lang.Say("check.title"), p.Errors)
	return x.render(status, "check", &p.Page, &p)
}

// submit freezes the dossier: as the first submission, or as the answer to the
// open notice that the form names.
func (x *exchange) submit() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	id, declared := x.r.PathValue("case"), x.r.PostForm.Get("declared") == "yes"
	var receipt docket.Receipt
	if g := x.r.PostForm.Get("gate"); g != "" {
		receipt, err = x.site.Desk.Resubmit(x.ctx(), op, docket.GateRef{Case: id, Gate: g}, version, declared, x.actor)
	} else {
		receipt, err = x.site.Desk.Submit(x.ctx(), op, id, version, declared, x.actor)
	}
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		v, loadErr := x.editable()
		if loadErr != nil {
			return loadErr
		}
		return x.showCheck(http.StatusUnprocessableEntity, v, f.Problems)
	}
	if f := fault.Of(err); f != nil && f.Code == "version" {
		v, loadErr := x.editable()
		if loadErr != nil {
			return loadErr
		}
		return x.showCheck(http.StatusConflict, v, []fault.Problem{{Code: f.Code}})
	}
	if err != nil {
		return err
	}
	no, err := x.submissionOf(receipt)
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + id + "/submissions/" + strconv.Itoa(no))
}

// submissionOf finds which submission a receipt is of.
func (x *exchange) submissionOf(r docket.Receipt) (int, error) {
	v, err := x.view()
	if err != nil {
		return 0, err
	}
	for _, e := range v.Events {
		if e.Seq == r.Seq && e.Facts.Submission != nil {
			return e.Facts.Submission.No, nil
		}
	}
	return 0, fault.New(fault.NotFound, "case")
}

type confirmationPage struct {
	Page
	Identity   Identity
	Submission SubmissionRow
	Copies     []string
	Moves      []Move
}

// confirmation survives a bookmark: it is made of what is stored.
func (x *exchange) confirmation() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	d := x.directory()
	no, _ := strconv.Atoi(x.r.PathValue("no"))
	for _, e := range v.Events {
		s := e.Facts.Submission
		if s == nil || s.No != no {
			continue
		}
		p := confirmationPage{
			Identity: x.identity(v.Case, d), Moves: x.moves(v, d),
			Submission: SubmissionRow{No: s.No, At: e.At, Files: s.Files, Digest: s.Digest},
		}
		for _, org := range e.Facts.Copies {
			p.Copies = append(p.Copies, d.org(org))
		}
		p.Title = x.lang.Say("confirmation.title", v.Case.Number, s.No)
		return x.show("confirmation", &p.Page, &p)
	}
	return fault.New(fault.NotFound, "case")
}

type withdrawPage struct {
	Page
	Identity Identity
	Reason   string
	Post     string
}

func (x *exchange) withdrawPage() error { return x.showWithdraw(http.StatusOK, nil) }

func (x *exchange) showWithdraw(status int, problems []fault.Problem) error {
	v, err := x.view()
	if err != nil {
		return err
	}
	if err := v.Case.Permits(casework.Withdraw, x.actor); err != nil {
		return err
	}
	p := withdrawPage{
		Identity: x.identity(v.Case, x.directory()), Reason: x.r.PostForm.Get("reason"),
		Post: "/hospital/cases/" + v.Case.ID + "/withdraw",
	}
	p.Errors = labelled(x.problems(problems), func(string) string { return x.lang.Say("withdraw.reason") })
	p.Title = x.titled(x.lang.Say("withdraw.title"), p.Errors)
	return x.render(status, "withdraw", &p.Page, &p)
}

func (x *exchange) withdraw() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	_, err = x.site.Desk.Withdraw(x.ctx(), op, x.r.PathValue("case"), normal(x.r.PostForm.Get("reason")), x.actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showWithdraw(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + x.r.PathValue("case"))
}

// normal is text as forms send it with line ends as we keep them.
func normal(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
}

// fieldLabel names a field of the dossier as its page does.
func (x *exchange) fieldLabel(p policy.Pack) func(string) string {
	return func(field string) string {
		if f, ok := p.Field(field); ok {
			return x.text(f.Label)
		}
		if item, ok := p.Item(strings.TrimPrefix(field, "item-")); ok {
			return x.text(item.Label)
		}
		if field == "declared" {
			return x.lang.Say("declare.title")
		}
		return ""
	}
}

// gateRef names the gate in the path.
func (x *exchange) gateRef() docket.GateRef {
	return docket.GateRef{Case: x.r.PathValue("case"), Gate: x.r.PathValue("gate")}
}
