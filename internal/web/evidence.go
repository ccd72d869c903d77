package web

import (
	"net/http"
	"slices"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type evidencePage struct {
	site.Page
	Identity Identity
	Files    []PaperFile
	Waiting  bool // a file is still to arrive or to be checked
	Rule     string
	Post     string
	Next     string // on to the reply
	Again    string // path under which an upload goes on
	Open     string
	Back     string
	Name     string // typed by a reader without script
	Accept   string // for the browser's file dialogue
	Most     int64  // bytes of one file
}

// own lists the papers that the reader's organisation sent for the gate.
func (x *exchange) own(v docket.View, g gate.Gate) []PaperFile {
	var out []PaperFile
	for _, f := range v.Files {
		if f.Gate == g.ID && f.Org == x.Actor.Org {
			out = append(out, x.paperFile(f))
		}
	}
	return out
}

func (x *exchange) evidencePage() error { return x.showEvidence(http.StatusOK, nil) }

func (x *exchange) showEvidence(status int, problems []fault.Problem) error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	next := x.gateBase() + "/answer?choice=" + string(casework.Record)
	if v.Case.Decision != nil && v.Case.Permits(casework.Amend, x.Actor) == nil && x.Actor.Via != party.ByLink {
		next = x.Home() + "/cases/" + v.Case.ID + "/acts/amend" // a later letter
	} else if g.Status != gate.Open || !x.offered(v, g, casework.Record) {
		return x.See(x.gateBase())
	}
	base, rule := x.gateBase(), docket.EvidenceRule()
	p := evidencePage{
		Identity: x.identity(v.Case, x.directory()), Files: x.own(v, g), Rule: x.evidenceRule(),
		Post: base + "/evidence", Next: next, Again: base + "/evidence/",
		Open: base + "/files/", Back: base, Name: x.R.PostForm.Get("name"),
		Accept: acceptText(rule.Types), Most: rule.MaxBytes,
	}
	p.Script = "/static/upload.js"
	p.Waiting = slices.ContainsFunc(p.Files, func(f PaperFile) bool { return f.Waits })
	p.Errors = form.Wrong(x.Lang, problems, func(string) string { return x.Lang.Say("evidence.title") })
	p.Title = x.Titled(x.Lang.Say("evidence.title"), p.Errors)
	return x.Render(status, "evidence", &p.Page, &p)
}

// evidenceRule says what an agency's paper may be, as the docket checks it.
func (x *exchange) evidenceRule() string {
	rule := docket.EvidenceRule()
	return x.Lang.Say("evidence.rule", typesText(rule.Types), sizeText(rule.MaxBytes))
}

func (x *exchange) gateBase() string {
	return x.Home() + "/cases/" + x.R.PathValue("case") + "/gates/" + x.R.PathValue("gate")
}

// evidence prepares the upload of an agency's paper.
func (x *exchange) evidence() error {
	f, ticket, err := x.desk.Evidence(x.Ctx(), x.gateRef(), x.uploadOf("evidence"), x.wayBack(x.gateBase()+"/evidence"), x.Actor)
	if x.wantsJSON() {
		return x.ticketJSON(f.ID, ticket, err)
	}
	if bad := fault.Of(err); bad != nil && len(bad.Problems) > 0 {
		return x.showEvidence(http.StatusUnprocessableEntity, bad.Problems)
	}
	if err != nil {
		return err
	}
	return x.See(x.gateBase() + "/evidence/" + f.ID)
}

// evidenceUpload holds the signed form, for a browser without script.
func (x *exchange) evidenceUpload() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	f, ok := v.File(x.R.PathValue("file"))
	if !ok || f.Gate != g.ID || f.Org != x.Actor.Org {
		return fault.New(fault.NotFound, "file")
	}
	back := x.gateBase() + "/evidence"
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
		Identity: x.identity(v.Case, x.directory()), File: x.paperFile(f), Ticket: t, Back: back, Rule: x.evidenceRule(),
		Accept: acceptText(docket.EvidenceRule().Types),
	}
	p.Title = x.Lang.Say("upload.title")
	return x.Show("upload", &p.Page, &p)
}
