package web

import (
	"net/http"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type itemPage struct {
	site.Page
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
	Most     int64  // bytes of one file
	Facts    *Facts // what the document states; nil: nothing is asked of it
}

// item is one paper of the dossier: its rule, its files, and what it states.
func (x dossierPages) item() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	if !v.Case.ItemOpen(x.R.PathValue("item")) {
		return fault.New(fault.Conflict, "papers.only")
	}
	return x.showItem(http.StatusOK, v, x.R.PathValue("item"), nil)
}

func (x dossierPages) showItem(status int, v docket.View, id string, problems []fault.Problem) error {
	item, ok := v.Pack.Item(id)
	if !ok {
		return fault.New(fault.NotFound, "item")
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeItem(rd, v, item, x.Values(), problems, status == http.StatusConflict)
	return x.Render(status, "item", &p.Page, &p)
}

// makeItem shows item with what was sent of its form, late if somebody else came first.
func makeItem(rd reader, v docket.View, item policy.Item, sent form.Values, problems []fault.Problem, late bool) itemPage {
	base := rd.casePath(v.Case.ID)
	p := itemPage{
		Identity: identity(rd, v.Case), Paper: paper(rd, v, item, v.Case.Files[item.ID], nil),
		Clause: item.Clause.Source + " " + item.Clause.Ref, Version: v.Case.Dossier,
		Post: base + "/items/" + item.ID, Open: base + "/files/", Back: base + "/dossier",
		Name: sent.Get("name"), Accept: acceptText(item.Types), Most: item.MaxBytes,
	}
	p.Script = staticAddress("upload.js")
	if item.Clause.Quote != nil {
		p.Quote = rd.text(*item.Clause.Quote)
	}
	p.Errors = form.Wrong(rd.lang, problems, func(field string) string {
		if f, ok := v.Pack.Field(field); ok {
			return rd.text(f.Label)
		}
		return p.Paper.Label
	})
	if v.Case.FormOpen() {
		p.Facts = facts(rd, v, item, sent, p.Errors, late)
	}
	p.Title = rd.titled(p.Paper.Label, p.Errors)
	return p
}

// attach prepares an upload. With script it answers with the signed form as
// JSON; without, the next page holds it.
func (x dossierPages) attach() error {
	op, v, version, err := x.edit()
	if err != nil {
		return err
	}
	u := x.uploadOf(x.R.PathValue("item"))
	r, ticket, err := x.desk.Attach(x.Ctx(), op, v.Case.ID, version, u, x.wayBack("/hospital/cases/"+v.Case.ID+"/items/"+u.Item), x.Actor)
	if x.wantsJSON() {
		return x.ticketJSON(r.File, ticket, err)
	}
	if f := fault.Of(err); f != nil && f.Kind != fault.Unavailable && f.Kind != fault.NotFound {
		problems := f.Problems
		if len(problems) == 0 {
			problems = []fault.Problem{{Field: "file", Code: f.Code, Args: f.Args}}
		}
		return x.showItem(site.Status(f.Kind), v, x.R.PathValue("item"), problems)
	}
	if err != nil {
		return err
	}
	return x.See("/hospital/cases/" + v.Case.ID + "/files/" + r.File)
}

func (x dossierPages) removeFile() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	item := x.Values().Get("item")
	_, err = x.desk.Detach(x.Ctx(), op, x.R.PathValue("case"), version, item, x.R.PathValue("file"), x.Actor)
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
	return x.See("/hospital/cases/" + x.R.PathValue("case") + "/items/" + item)
}
