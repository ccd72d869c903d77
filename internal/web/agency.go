package web

import (
	"slices"

	"jixu/internal/casework"
)

// agencyDoors are the routes of the agencies' site and of the links.
var agencyDoors = []Door{
	{"GET", "/agency/sign-in", anybody, (*exchange).signInPage},
	{"POST", "/agency/sign-in", anybody, (*exchange).signIn},
	{"GET", "/agency/callback", anybody, (*exchange).callback},
	{"POST", "/agency/sign-out", anybody, (*exchange).signOut},
	{"GET", "/agency", signedIn, (*exchange).inbox},
	{"GET", "/agency/cases/{case}", signedIn, (*exchange).agencyCase},
	{"POST", "/agency/cases/{case}/files/{file}/open", signedIn, (*exchange).openFile},
	{"GET", "/agency/cases/{case}/gates/{gate}", atGate, (*exchange).gatePage},
	{"GET", "/agency/cases/{case}/gates/{gate}/why", atGate, (*exchange).why},
	{"POST", "/agency/cases/{case}/gates/{gate}/files/{file}/open", atGate, (*exchange).openFile},
	{"GET", "/agency/cases/{case}/gates/{gate}/evidence", atGate, (*exchange).evidencePage},
	{"POST", "/agency/cases/{case}/gates/{gate}/evidence", atGate, (*exchange).evidence},
	{"GET", "/agency/cases/{case}/gates/{gate}/evidence/{file}", atGate, (*exchange).evidenceUpload},
	{"GET", "/agency/cases/{case}/gates/{gate}/answer", atGate, (*exchange).answerPage},
	{"POST", "/agency/cases/{case}/gates/{gate}/check", atGate, (*exchange).checkAnswer},
	{"POST", "/agency/cases/{case}/gates/{gate}/answer", atGate, (*exchange).answer},
	{"GET", "/agency/cases/{case}/gates/{gate}/receipt", atGate, (*exchange).receipt},
	{"GET", "/l/{link}", anybody, (*exchange).link},
	{"POST", "/l/{link}/code", anybody, (*exchange).requestCode},
	{"GET", "/l/{link}/code/{code}", anybody, (*exchange).codePage},
	{"POST", "/l/{link}/code/{code}", anybody, (*exchange).enterCode},
}

type inboxPage struct {
	Page
	Waiting []CaseRow // it is this agency's move
	Others  []CaseRow // copied or told
}

func (x *exchange) inbox() error {
	listed, err := x.site.Desk.Inbox(x.ctx(), x.actor)
	if err != nil {
		return err
	}
	now, err := x.site.Desk.Clock.Now(x.ctx())
	if err != nil {
		return err
	}
	d := x.directory()
	p := inboxPage{}
	waiting := map[string]bool{}
	for _, l := range listed {
		if l.Gate == nil {
			continue
		}
		row := x.inboxRow(l.Case, d)
		row.Due, row.At, row.Mine = x.due(*l.Gate, now), l.Gate.OpenedAt, l.Gate.MayAnswer(x.actor) == nil
		if row.Mine { // a colleague's step is theirs to open; the case is everybody's to read
			row.Href += "/gates/" + l.Gate.ID
		}
		row.Status = x.lang.Say("move." + string(l.Gate.Kind))
		p.Waiting = append(p.Waiting, row)
		waiting[l.Case.ID] = true
	}
	for _, l := range listed {
		if l.Gate == nil && !waiting[l.Case.ID] {
			row := x.inboxRow(l.Case, d)
			row.At = l.Case.EditedAt
			p.Others = append(p.Others, row)
			waiting[l.Case.ID] = true
		}
	}
	slices.SortStableFunc(p.Waiting, sooner)
	p.Title = x.lang.Say("inbox.title")
	return x.show("inbox", &p.Page, &p)
}

// sooner sorts the reader's own moves first, then by deadline; what has none
// comes last.
func sooner(a, b CaseRow) int {
	switch {
	case a.Mine != b.Mine:
		return before(a.Mine, b.Mine)
	case a.Due == nil || b.Due == nil:
		return before(a.Due != nil, b.Due != nil)
	}
	return a.Due.At.Compare(b.Due.At)
}

func (x *exchange) inboxRow(c casework.Case, d *directory) CaseRow {
	id := x.identity(c, d)
	return CaseRow{
		Number: c.Number, Product: id.Product, Kind: id.Kind, Stage: id.Stage, Status: id.Status,
		Who: id.Hospital, Href: id.Href,
	}
}

func (x *exchange) agencyCase() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	p := x.casePage(v)
	if p.Expiries, err = x.expiries(v); err != nil {
		return err
	}
	return x.show("case", &p.Page, &p)
}
