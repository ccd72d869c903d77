package web

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/number"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// listPages are the lists of cases, and where a case is begun or found.
type listPages struct{ base }

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
	Waits   string // how many working days it has waited
	Worker  string // to whom it was assigned
	Held    string // until which day it is held
	Side    string // whose it is, if it is not the reader's own move
	rank    int    // agencies' inbox: in which group of rows it stands
	Moves   []RowMove
}

// RowMove is one thing that a case of a hospital's list waits for.
type RowMove struct {
	Who  string
	What string
	Due  *Due
	Mine bool // it is the hospital's own
}

type caseListPage struct {
	site.Page
	MayCreate  bool
	Rows       []CaseRow
	Unreadable int // cases of this page that cannot be shown at present
	More       *More
}

// list shows the hospital's cases.
func (x listPages) list() error {
	rows, next, err := x.desk.Cases(x.Ctx(), x.after("after"), pageRows, x.Actor)
	if err != nil {
		return err
	}
	unreadable := map[string]bool{}
	rows = readable(rows, unreadable)
	now, err := x.desk.Clock.Now(x.Ctx())
	if err != nil {
		return err
	}
	rd, err := x.reader(ofRows(rows))
	if err != nil {
		return err
	}
	p := makeCaseList(rd, rows, now)
	p.Unreadable = x.unread(slices.Sorted(maps.Keys(unreadable)))
	p.More = x.more("after", p.Title, next, len(rows))
	return x.Show("cases", &p.Page, &p)
}

// ofRows are those whom rows of a list name.
func ofRows(rows []docket.ListedCase) mentioned {
	var m mentioned
	for _, row := range rows {
		m.org(row.Case.Hospital)
		if row.Gate != nil {
			m.org(row.Gate.Party)
			m.person(row.Gate.Assignee)
		}
		for _, g := range row.Open {
			m.org(g.Party)
		}
	}
	return m
}

func makeCaseList(rd reader, rows []docket.ListedCase, now time.Time) caseListPage {
	p := caseListPage{MayCreate: casework.MayCreate(rd.actor) == nil}
	for _, row := range rows {
		c := row.Case
		id := identity(rd, c)
		one := CaseRow{
			Number: c.Number, Product: id.Product, Kind: id.Kind, Stage: id.Stage, Status: id.Status,
			At: c.EditedAt, Href: id.Href, Mine: c.Stage() == casework.StageDraft,
		}
		for _, g := range row.Open {
			move := RowMove{Who: rd.names.org(g.Party), What: rd.lang.Say("move." + string(g.Kind)), Due: due(rd, g, now), Mine: g.Party == rd.actor.Org}
			if move.Mine {
				move.Who, one.Mine = rd.lang.Say("whose.us"), true
			}
			if move.Mine && move.Due != nil && (one.Due == nil || move.Due.At.Before(one.Due.At)) {
				one.Due = move.Due
			}
			one.Moves = append(one.Moves, move)
		}
		slices.SortStableFunc(one.Moves, func(a, b RowMove) int { return before(a.Mine, b.Mine) })
		if len(one.Moves) == 0 {
			one.Who = whose(rd, c)
		}
		p.Rows = append(p.Rows, one)
	}
	slices.SortStableFunc(p.Rows, ownFirst)
	p.Title = rd.lang.Say("cases.title")
	return p
}

// readable leaves the rows that can be shown, and notes the cases that cannot in
// unreadable.
func readable(rows []docket.ListedCase, unreadable map[string]bool) (kept []docket.ListedCase) {
	for _, l := range rows {
		if l.Unreadable {
			unreadable[l.Case.ID] = true
			continue
		}
		kept = append(kept, l)
	}
	return kept
}

// ownFirst sorts the hospital's own moves first, by deadline; the others stay as they are.
func ownFirst(a, b CaseRow) int {
	if !a.Mine && !b.Mine {
		return 0
	}
	return sooner(a, b)
}

// whose says in a list whose move a case is that waits at no gate.
func whose(rd reader, c casework.Case) string {
	if c.Closed() {
		return ""
	}
	return rd.lang.Say("whose." + string(c.Stage()))
}

type newCasePage struct {
	site.Page
	Kinds []form.Choice
}

// begin asks of which kind a new case is.
func (x listPages) begin() error {
	if err := casework.MayCreate(x.Actor); err != nil {
		return err
	}
	return x.showNew(http.StatusOK, nil)
}

func (x listPages) showNew(status int, problems []fault.Problem) error {
	p := makeNewCase(x.Lang, x.desk.Current, x.Values().Get("kind"), problems)
	return x.Render(status, "new", &p.Page, &p)
}

func makeNewCase(l words.Lang, packs map[policy.Kind]string, chosen string, problems []fault.Problem) newCasePage {
	p := newCasePage{}
	for _, k := range []policy.Kind{policy.Device, policy.Drug} {
		if _, ok := packs[k]; ok {
			p.Kinds = append(p.Kinds, form.Choice{
				Value: string(k), Label: l.Say("kind." + string(k)), Consequence: l.Say("kind.help." + string(k)), Chosen: chosen == string(k),
			})
		}
	}
	p.Errors = form.Wrong(l, problems, func(string) string { return l.Say("new.kind") })
	p.Title = site.Titled(l, l.Say("new.title"), p.Errors)
	return p
}

// create opens a draft, once.
func (x listPages) create() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	kind := x.Values().Get("kind")
	var r docket.Receipt
	if values := carried(kind, x.Values().Get("answers")); len(values) > 0 {
		r, err = x.desk.CreateFilled(x.Ctx(), op, policy.Kind(kind), values, x.Actor)
	} else {
		r, err = x.desk.Create(x.Ctx(), op, policy.Kind(kind), x.Actor)
	}
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showNew(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.See("/hospital/cases/" + r.Case + "/dossier")
}

// find leads from a number somebody typed to its case.
func (x listPages) find() error {
	typed := x.R.URL.Query().Get("number")
	read, err := number.Parse(typed)
	if err != nil {
		return x.notFound(typed, err)
	}
	id, err := x.desk.ByNumber(x.Ctx(), read, x.Actor)
	if err != nil {
		return x.notFound(typed, err)
	}
	return x.See(x.Home() + "/cases/" + id)
}

type findPage struct {
	site.Page
	Number string // as it was typed
}

// notFound shows the field again with what was typed in it, and why nothing was found. A
// store that does not answer is no reason of the reader's.
func (x listPages) notFound(typed string, err error) error {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid && f.Kind != fault.NotFound {
		return err
	}
	p := findPage{Number: typed}
	p.Errors = form.Wrong(x.Lang, []fault.Problem{{Field: "number", Code: f.Code, Args: f.Args}}, func(string) string { return x.Lang.Say("find.label") })
	p.Title = x.Titled(x.Lang.Say("find.label"), p.Errors)
	return x.Render(site.Status(f.Kind), "find", &p.Page, &p)
}
