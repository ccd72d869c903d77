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
	"jixu/internal/words"
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
func own(rd reader, v docket.View, g gate.Gate) []PaperFile {
	var out []PaperFile
	for _, f := range v.Files {
		if f.Gate == g.ID && f.Org == rd.actor.Org {
			out = append(out, paperFile(rd, f))
		}
	}
	return out
}

// evidencePage lists the papers that prove a letter, and takes more.
func (x gatePages) evidencePage() error { return x.showEvidence(http.StatusOK, nil) }

func (x gatePages) showEvidence(status int, problems []fault.Problem) error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	next := x.path() + "/answer?choice=" + string(casework.Record)
	if v.Case.Decision != nil && v.Case.Permits(casework.Amend, x.Actor) == nil && x.Actor.Via != party.ByLink {
		next = x.Home() + "/cases/" + v.Case.ID + "/acts/amend" // a later letter
	} else if g.Status != gate.Open || !x.offered(v, g, casework.Record) {
		return x.See(x.path())
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeEvidence(rd, v, g, next, x.Values().Get("name"), problems)
	return x.Render(status, "evidence", &p.Page, &p)
}

// makeEvidence leads on to next; name is what a reader without script typed.
func makeEvidence(rd reader, v docket.View, g gate.Gate, next, name string, problems []fault.Problem) evidencePage {
	path, rule := rd.gatePath(v.Case.ID, g.ID), docket.EvidenceRule()
	p := evidencePage{
		Identity: identity(rd, v.Case), Files: own(rd, v, g), Rule: evidenceRule(rd.lang),
		Post: path + "/evidence", Next: next, Again: path + "/evidence/",
		Open: path + "/files/", Back: path, Name: name,
		Accept: acceptText(rule.Types), Most: rule.MaxBytes,
	}
	p.Script = staticAddress("upload.js")
	p.Waiting = slices.ContainsFunc(p.Files, func(f PaperFile) bool { return f.Waits })
	p.Errors = form.Wrong(rd.lang, problems, func(string) string { return rd.lang.Say("evidence.title") })
	p.Title = rd.titled(rd.lang.Say("evidence.title"), p.Errors)
	return p
}

// evidenceRule says what an agency's paper may be, as the docket checks it.
func evidenceRule(l words.Lang) string {
	rule := docket.EvidenceRule()
	return l.Say("evidence.rule", typesText(rule.Types), sizeText(rule.MaxBytes))
}

// sendEvidence prepares the upload of an agency's paper.
func (x gatePages) sendEvidence() error {
	f, ticket, err := x.desk.Evidence(x.Ctx(), x.gateRef(), x.uploadOf("evidence"), x.wayBack(x.path()+"/evidence"), x.Actor)
	if x.wantsJSON() {
		return x.ticketJSON(f.ID, ticket, err)
	}
	if bad := fault.Of(err); bad != nil && len(bad.Problems) > 0 {
		return x.showEvidence(http.StatusUnprocessableEntity, bad.Problems)
	}
	if err != nil {
		return err
	}
	return x.See(x.path() + "/evidence/" + f.ID)
}

// evidenceUpload holds the signed form, for a browser without script.
func (x gatePages) evidenceUpload() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	f, ok := v.File(x.R.PathValue("file"))
	if !ok || f.Gate != g.ID || f.Org != x.Actor.Org {
		return fault.New(fault.NotFound, "file")
	}
	return x.goOn(v, f, x.path()+"/evidence", evidenceRule(x.Lang), docket.EvidenceRule().Types)
}
