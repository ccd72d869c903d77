package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/policy"
	"jixu/internal/typed"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

type dossierPage struct {
	site.Page
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
	Deliver  string // where papers owed are sent; "" if none are
	Lane     string // where the emergency lane stands; "" if it is not offered
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
	problems := slices.DeleteFunc(v.Pack.CheckForm(v.Case.Form), func(pr fault.Problem) bool { return factOf(v.Pack, pr.Field) })
	p.FormDone = len(problems) == 0
	p.FormTag, p.FormText = "none", x.Lang.Say("task.none")
	if p.FormDone {
		p.FormTag, p.FormText = "done", x.Lang.Say("task.done")
		p.Done++
	} else if len(v.Case.Form) > 0 {
		p.FormTag, p.FormText = "progress", x.Lang.Say("task.left", len(problems))
	}
	p.All = 1
	if !v.Case.FormOpen() { // only papers are owed: what was submitted stays as it is
		p.FormHref, p.All, p.Done = "", 0, 0
		p.Sections = openSections(p.Sections, v.Case)
	}
	for _, s := range p.Sections {
		for _, paper := range s.Papers {
			p.All++
			if paper.Done {
				p.Done++
			}
		}
	}
	switch {
	case v.Case.Papers.Gate != "":
		p.Deliver = "/hospital/cases/" + v.Case.ID + "/acts/deliver"
	case p.Done < p.All:
		lane, err := x.lane(v, p.Page)
		if err != nil {
			return err
		}
		if lane != nil {
			p.Lane = "/hospital/cases/" + v.Case.ID + "/check#later"
		}
	}
	if p.Done == p.All && (v.Case.Status == casework.Draft || supplementing(v)) {
		p.Check = "/hospital/cases/" + v.Case.ID + "/check"
	}
	p.Title = x.Lang.Say("dossier.title")
	return x.Show("dossier", &p.Page, &p)
}

// openSections leaves the papers that may change now.
func openSections(all []Section, c casework.Case) []Section {
	var out []Section
	for _, s := range all {
		s.Papers = slices.DeleteFunc(slices.Clone(s.Papers), func(p Paper) bool { return !c.ItemOpen(p.ID) })
		if len(s.Papers) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// supplementing reports whether a notice asks for another submission.
func supplementing(v docket.View) bool {
	return slices.ContainsFunc(v.Waiting, func(g gate.Gate) bool { return g.Kind == gate.Supplement })
}

// notices are the panels of the open supplement notices and of papers owed, without their button:
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
	return v, v.Case.Permits(casework.Edit, x.Actor)
}

// Input is one field of a form, with what was typed.
type Input struct {
	form.Input
	Heading  string // that begins with it, "" for most
	Example  string // "" where all choices stand on the page
	Theirs   string // what a colleague saved meanwhile
	Changed  bool   // and it is not what was typed
	Beside   string // what the form says of the same, next to a document's fact
	Basis    string // the clause on which it is asked, where the page says so
	Quote    string
	Standing string // how far that can be relied on
}

// few is how many choices all stand on the page.
const few = 5

// inputKind says how a field of a pack is filled in.
func inputKind(f policy.Field) form.Kind {
	switch f.Kind {
	case policy.Multiline:
		return form.Long
	case policy.Integer:
		return form.Number
	case policy.DayKind:
		return form.Day
	case policy.OneOf:
		if len(f.Choices) <= few {
			return form.Radio
		}
		return form.Pick
	}
	return form.Text
}

// inputOf is a field of a pack with value in it, and wrong if that will not do.
func inputOf(l words.Lang, f policy.Field, value, wrong string) Input {
	in := Input{Input: form.Input{
		ID: f.ID, Kind: inputKind(f), Label: textIn(l, f.Label), Help: textIn(l, f.Help), Value: value, Error: wrong, Optional: !f.Required,
	}}
	if f.Heading != nil {
		in.Heading = textIn(l, *f.Heading)
	}
	if f.Kind != policy.OneOf {
		in.Example = textIn(l, f.Example)
	}
	for _, c := range f.Choices {
		in.Offer(form.Choice{Value: c.Value, Label: textIn(l, c.Label)})
	}
	return in
}

type formPage struct {
	site.Page
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
	if !v.Case.FormOpen() {
		return fault.New(fault.Conflict, "papers.only")
	}
	return x.showForm(http.StatusOK, v, v.Case.Form, v.Case.Dossier, nil)
}

func (x *exchange) showForm(status int, v docket.View, values map[string]string, version int, problems []fault.Problem) error {
	p := formPage{Identity: x.identity(v.Case, x.directory()), Version: version, Status: x.Lang.Say("status." + string(v.Pack.Status))}
	p.Errors = form.Wrong(x.Lang, problems, x.fieldLabel(v.Pack))
	for _, f := range v.Pack.Form {
		if f.Item != "" {
			continue // asked beside the document that states it
		}
		in := inputOf(x.Lang, f, values[f.ID], p.Error(f.ID))
		if status == http.StatusConflict && typed.Tidy(v.Case.Form[f.ID]) != typed.Tidy(values[f.ID]) {
			in.Theirs, in.Changed = v.Case.Form[f.ID], true
		}
		p.Inputs = append(p.Inputs, in)
	}
	p.Title = x.Titled(x.Lang.Say("form.title"), p.Errors)
	return x.Render(status, "form", &p.Page, &p)
}

// saveForm keeps the form as typed. What cannot be kept comes back with its
// reasons, and everything that was typed is still there.
func (x *exchange) saveForm() error {
	op, err := x.Op()
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
	values := x.Values().Only(fieldsOf(v.Pack, "")...)
	_, err = x.desk.Save(x.Ctx(), op, v.Case.ID, version, values, x.Actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showForm(http.StatusUnprocessableEntity, v, values, version, f.Problems)
	}
	if f := fault.Of(err); f != nil && f.Kind == fault.Conflict && f.Code != "case.state" && f.Code != "papers.only" {
		// The page now shows both what was typed and what a colleague saved: saving
		// it again is a decision made with both in view.
		if v, err = x.editable(); err != nil {
			return err
		}
		return x.showForm(http.StatusConflict, v, values, v.Case.Dossier, []fault.Problem{{Code: "form.theirs"}})
	}
	if err != nil {
		return err
	}
	return x.See("/hospital/cases/" + v.Case.ID + "/dossier")
}

// version is the one that the form showed.
func (x *exchange) version() (int, error) {
	n, err := strconv.Atoi(x.R.PostForm.Get("version"))
	if err != nil {
		return 0, fault.New(fault.Invalid, "operation")
	}
	return n, nil
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
			return x.Lang.Say("declare.title")
		}
		return ""
	}
}
