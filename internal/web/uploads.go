package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type uploadPage struct {
	site.Page
	Identity Identity
	File     PaperFile
	Ticket   docket.Ticket
	Rule     string
	Back     string
	Accept   string // for the browser's file dialogue
}

// uploadOf reads the form that announces a file for item.
func (x base) uploadOf(item string) docket.Upload {
	return docket.Upload{Item: item, Name: strings.TrimSpace(x.Values().Get("name")), SHA256: x.Values().Get("sha256")}
}

// wayBack is where the bucket sends the browser after an upload. A script stays
// on its page and wants no way back.
func (x base) wayBack(path string) string {
	if x.wantsJSON() {
		return ""
	}
	return x.Site.Address + path
}

func (x base) wantsJSON() bool {
	return strings.HasPrefix(x.R.Header.Get("Accept"), "application/json")
}

// ticketJSON answers the page's script: the signed form, or a sentence.
func (x base) ticketJSON(file string, t docket.Ticket, err error) error {
	if errors.Is(err, fault.Unavailable) {
		return err
	}
	answer := map[string]any{"file": file, "url": t.URL, "fields": t.Fields}
	// The head moved by attaching; the next file of this page must name its version.
	v, lookErr := x.view()
	switch {
	case lookErr == nil:
		answer["version"] = v.Case.Dossier
	case fault.KindOf(lookErr) == fault.Unavailable:
		return lookErr // whoever asks again gets a form that can be used
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
	x.HoldsSecret()
	return x.json(status, answer)
}

// upload holds the signed form of a file that has not arrived yet; the page's
// script gets it as JSON, to go on with an upload that was cut off.
func (x dossierPages) upload() error {
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
	rule := x.Lang.Say("file.rule", typesText(item.Types), sizeText(item.MaxBytes), item.MaxFiles)
	return x.goOn(v, f, "/hospital/cases/"+v.Case.ID+"/items/"+f.Item, rule, item.Types)
}

// goOn holds the signed form of f, to which rule applies. When it has arrived, the
// reader is led back.
func (x base) goOn(v docket.View, f docket.File, back, rule string, types []dossier.Type) error {
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
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := uploadPage{Identity: identity(rd, v.Case), File: paperFile(rd, f), Ticket: t, Back: back, Rule: rule, Accept: acceptText(types)}
	p.Title = rd.lang.Say("upload.title")
	x.HoldsSecret()
	return x.Show("upload", &p.Page, &p)
}

// json answers a script of a page.
func (x base) json(status int, v any) error {
	x.W.Header().Set("Content-Type", "application/json")
	x.W.WriteHeader(status)
	return json.NewEncoder(x.W).Encode(v)
}
