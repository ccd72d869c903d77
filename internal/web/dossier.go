package web

import (
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/policy"
	"jixu/internal/web/site"
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
	Done     int // of what must be there
	All      int

	OptionalDone int
	Optional     int

	Check    string // "" until everything is done
	Deliver  string // where papers owed are sent; "" if none are
	Lane     string // where the emergency lane stands; "" if it is not offered
	EditedBy string
	EditedAt time.Time
}

// dossierPages are where a hospital works on its dossier.
type dossierPages struct{ base }

// editable loads the case if its working dossier may be changed by the reader.
func (x dossierPages) editable() (docket.View, error) {
	v, err := x.view()
	if err != nil {
		return docket.View{}, err
	}
	return v, v.Case.Permits(casework.Edit, x.Actor)
}

// edit is what every edit of a dossier begins with: the operation, the case as it may be
// edited, and the version of the dossier that the form showed.
func (x dossierPages) edit() (op docket.Op, v docket.View, version int, err error) {
	if op, err = x.Op(); err != nil {
		return op, v, 0, err
	}
	if v, err = x.editable(); err != nil {
		return op, v, 0, err
	}
	version, err = x.version()
	return op, v, version, err
}

// tasks is the task list: what is done, what is missing.
func (x dossierPages) tasks() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	rules, err := x.laneRules(v)
	if err != nil {
		return err
	}
	who := inMoves(v)
	who.person(v.Case.EditedBy)
	rd, err := x.reader(who)
	if err != nil {
		return err
	}
	p := makeDossier(rd, v, rules)
	return x.Show("dossier", &p.Page, &p)
}

func makeDossier(rd reader, v docket.View, rules policy.Rules) dossierPage {
	base := rd.casePath(v.Case.ID)
	p := dossierPage{
		Identity: identity(rd, v.Case), Notices: notices(rd, v), Sections: sections(rd, v, nil),
		FormHref: base + "/form",
		EditedBy: rd.names.person(v.Case.EditedBy), EditedAt: v.Case.EditedAt,
	}
	problems := slices.DeleteFunc(v.Pack.CheckForm(v.Case.Form), func(pr fault.Problem) bool { return factOf(v.Pack, pr.Field) })
	p.FormDone = len(problems) == 0
	p.FormTag, p.FormText = "none", rd.lang.Say("task.none")
	if p.FormDone {
		p.FormTag, p.FormText = "done", rd.lang.Say("task.done")
		p.Done++
	} else if len(v.Case.Form) > 0 {
		p.FormTag, p.FormText = "progress", rd.lang.Say("task.left", len(problems))
	}
	p.All = 1
	if !v.Case.FormOpen() { // only papers are owed: what was submitted stays as it is
		p.FormHref, p.All, p.Done = "", 0, 0
		p.Sections = openSections(p.Sections, v.Case)
	}
	ready := p.Done == p.All
	for _, s := range p.Sections {
		for _, paper := range s.Papers {
			ready = ready && paper.Done
			all, done := &p.All, &p.Done
			if !paper.Required {
				all, done = &p.Optional, &p.OptionalDone
			}
			*all++
			if paper.State == "done" {
				*done++
			}
		}
	}
	switch {
	case v.Case.Papers.Gate != "":
		p.Deliver = base + "/acts/deliver"
	case !ready && makeLane(rd, v, rules, nil, nil) != nil:
		p.Lane = base + "/check#later"
	}
	if ready && (v.Case.Status == casework.Draft || supplementing(v)) {
		p.Check = base + "/check"
	}
	p.Title = rd.lang.Say("dossier.title")
	return p
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
func notices(rd reader, v docket.View) []Move {
	var out []Move
	for _, m := range moves(rd, v) {
		if len(m.Defects) > 0 {
			m.Href = ""
			out = append(out, m)
		}
	}
	return out
}
