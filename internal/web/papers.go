package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/fault"
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

func (x *exchange) item() error {
	v, err := x.editable()
	if err != nil {
		return err
	}
	if !v.Case.ItemOpen(x.R.PathValue("item")) {
		return fault.New(fault.Conflict, "papers.only")
	}
	return x.showItem(http.StatusOK, v, x.R.PathValue("item"), nil)
}

func (x *exchange) showItem(status int, v docket.View, id string, problems []fault.Problem) error {
	item, ok := v.Pack.Item(id)
	if !ok {
		return fault.New(fault.NotFound, "item")
	}
	base := "/hospital/cases/" + v.Case.ID
	p := itemPage{
		Identity: x.identity(v.Case, x.directory()), Paper: x.paper(v, item, v.Case.Files[item.ID], nil),
		Clause: item.Clause.Source + " " + item.Clause.Ref, Version: v.Case.Dossier,
		Post: base + "/items/" + item.ID, Open: base + "/files/", Back: base + "/dossier",
		Name: x.R.PostForm.Get("name"), Accept: acceptText(item.Types), Most: item.MaxBytes,
	}
	p.Script = "/static/upload.js"
	if item.Clause.Quote != nil {
		p.Quote = x.text(*item.Clause.Quote)
	}
	p.Errors = form.Wrong(x.Lang, problems, func(field string) string {
		if f, ok := v.Pack.Field(field); ok {
			return x.text(f.Label)
		}
		return p.Paper.Label
	})
	if v.Case.FormOpen() {
		p.Facts = x.facts(v, item, p.Errors, status == http.StatusConflict)
	}
	p.Title = x.Titled(p.Paper.Label, p.Errors)
	return x.Render(status, "item", &p.Page, &p)
}

// attach prepares an upload. With script it answers with the signed form as
// JSON; without, the next page holds it.
func (x *exchange) attach() error {
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

// uploadOf reads the form that announces a file for item.
func (x *exchange) uploadOf(item string) docket.Upload {
	return docket.Upload{Item: item, Name: strings.TrimSpace(x.R.PostForm.Get("name")), SHA256: x.R.PostForm.Get("sha256")}
}

// wayBack is where the bucket sends the browser after an upload. A script stays
// on its page and wants no way back.
func (x *exchange) wayBack(path string) string {
	if x.wantsJSON() {
		return ""
	}
	return x.Site.Address + path
}

func (x *exchange) wantsJSON() bool {
	return strings.HasPrefix(x.R.Header.Get("Accept"), "application/json")
}

// ticketJSON answers the page's script: the signed form, or a sentence.
func (x *exchange) ticketJSON(file string, t docket.Ticket, err error) error {
	if errors.Is(err, fault.Unavailable) {
		return err
	}
	answer := map[string]any{"file": file, "url": t.URL, "fields": t.Fields}
	// The head moved by attaching; the next file of this page must name its version.
	if v, err := x.view(); err == nil {
		answer["version"] = v.Case.Dossier
	}
	status := http.StatusOK
	if f := fault.Of(err); f != nil {
		sentence := x.Lang.Say("fault."+f.Code, f.Args...)
		if len(f.Problems) > 0 {
			sentence = form.Wrong(x.Lang, f.Problems[:1], form.Unnamed)[0].Sentence
		}
		answer["error"], status = sentence, site.Status(f.Kind)
	} else if err != nil {
		return err
	}
	x.W.Header().Set("Content-Type", "application/json")
	x.W.WriteHeader(status)
	return json.NewEncoder(x.W).Encode(answer)
}

type uploadPage struct {
	site.Page
	Identity Identity
	File     PaperFile
	Ticket   docket.Ticket
	Rule     string
	Back     string
	Accept   string // for the browser's file dialogue
}

// upload holds the signed form of a file that has not arrived yet; the page's
// script gets it as JSON, to go on with an upload that was cut off.
func (x *exchange) upload() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	f, ok := v.File(x.R.PathValue("file"))
	if !ok || f.Org != x.Actor.Org {
		return fault.New(fault.NotFound, "file")
	}
	item, ok := v.Pack.Item(f.Item)
	if !ok {
		return fault.New(fault.NotFound, "file")
	}
	back := "/hospital/cases/" + v.Case.ID + "/items/" + f.Item
	if f.State != docket.Unchecked && !x.wantsJSON() {
		return x.See(back)
	}
	t, err := x.desk.Ticket(x.Ctx(), v.Case.ID, f.ID, x.wayBack(back), x.Actor)
	if x.wantsJSON() {
		return x.ticketJSON(f.ID, t, err)
	}
	if err != nil {
		return err
	}
	p := uploadPage{
		Identity: x.identity(v.Case, x.directory()), File: x.paperFile(f), Ticket: t, Back: back,
		Rule:   x.Lang.Say("file.rule", typesText(item.Types), sizeText(item.MaxBytes), item.MaxFiles),
		Accept: acceptText(item.Types),
	}
	p.Title = x.Lang.Say("upload.title")
	return x.Show("upload", &p.Page, &p)
}

// openFile leads to a checked file, for a minute, and has it in the read log.
func (x *exchange) openFile() error {
	address, err := x.desk.Open(x.Ctx(), x.R.PathValue("case"), x.R.PathValue("file"), x.Actor)
	if err != nil {
		return err
	}
	return x.See(address)
}

func (x *exchange) removeFile() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	item := x.R.PostForm.Get("item")
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
