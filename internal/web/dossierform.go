package web

import (
	"net/http"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/typed"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type formPage struct {
	site.Page
	Identity Identity
	Version  int
	Inputs   []Input
	Status   string
}

// form asks what the pack asks of the whole application.
func (x dossierPages) form() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	if !v.Case.FormOpen() {
		return fault.New(fault.Conflict, "papers.only")
	}
	return x.showForm(http.StatusOK, v, v.Case.Form, v.Case.Dossier, nil)
}

func (x dossierPages) showForm(status int, v docket.View, values map[string]string, version int, problems []fault.Problem) error {
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeForm(rd, v, values, version, problems, status == http.StatusConflict)
	return x.Render(status, "form", &p.Page, &p)
}

// makeForm shows values, and beside them what a colleague saved where late says that
// somebody else came first.
func makeForm(rd reader, v docket.View, values map[string]string, version int, problems []fault.Problem, late bool) formPage {
	p := formPage{Identity: identity(rd, v.Case), Version: version, Status: rd.lang.Say("status." + string(v.Pack.Status))}
	p.Errors = form.Wrong(rd.lang, problems, fieldLabel(rd, v.Pack))
	for _, f := range v.Pack.Form {
		if f.Item != "" {
			continue // asked beside the document that states it
		}
		in := inputOf(rd.lang, f, values[f.ID], p.Error(f.ID))
		if late && typed.Tidy(v.Case.Form[f.ID]) != typed.Tidy(values[f.ID]) {
			in.Theirs, in.Changed = v.Case.Form[f.ID], true
		}
		p.Inputs = append(p.Inputs, in)
	}
	p.Title = rd.titled(rd.lang.Say("form.title"), p.Errors)
	p.Carry = "application"
	return p
}

// saveForm keeps the form as typed. What cannot be kept comes back with its
// reasons, and everything that was typed is still there.
func (x dossierPages) saveForm() error {
	op, v, version, err := x.edit()
	if err != nil {
		return err
	}
	values := x.Values().Only(fieldsOf(v.Pack, "")...)
	preferred := x.Preferred()
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
	if preferred {
		return x.See("/hospital/cases/" + v.Case.ID + "/form")
	}
	return x.See("/hospital/cases/" + v.Case.ID + "/dossier")
}
