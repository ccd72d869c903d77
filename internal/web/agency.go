package web

import (
	"maps"
	"slices"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// agencyRoutes are the routes of the agencies' site and of the links.
func (s *Site) agencyRoutes() []site.Route {
	return []site.Route{
		site.Get("/agency/sign-in", site.Anybody, site.ShowSignIn),
		site.Post("/agency/sign-in", site.Anybody, site.BeginSignIn),
		site.Get("/agency/callback", site.Anybody, site.EndSignIn),
		site.Post("/agency/sign-out", site.Anybody, site.SignOut),
		site.Get("/agency", site.SignedIn, on(s, (*exchange).inbox)),
		site.Get("/agency/cases/{case}", site.SignedIn, on(s, (*exchange).agencyCase)),
		site.Post("/agency/cases/{case}/files/{file}/open", site.SignedIn, on(s, (*exchange).openFile)),
		site.Get("/agency/cases/{case}/gates/{gate}", site.AtGate, on(s, (*exchange).gatePage)),
		site.Get("/agency/cases/{case}/gates/{gate}/why", site.AtGate, on(s, (*exchange).why)),
		site.Post("/agency/cases/{case}/gates/{gate}/files/{file}/open", site.AtGate, on(s, (*exchange).openFile)),
		site.Get("/agency/cases/{case}/gates/{gate}/evidence", site.AtGate, on(s, (*exchange).evidencePage)),
		site.Post("/agency/cases/{case}/gates/{gate}/evidence", site.AtGate, on(s, (*exchange).evidence)),
		site.Get("/agency/cases/{case}/gates/{gate}/evidence/{file}", site.AtGate, on(s, (*exchange).evidenceUpload)),
		site.Get("/agency/cases/{case}/gates/{gate}/answer", site.AtGate, on(s, (*exchange).answerPage)),
		site.Post("/agency/cases/{case}/gates/{gate}/check", site.AtGate, on(s, (*exchange).checkAnswer)),
		site.Post("/agency/cases/{case}/gates/{gate}/answer", site.AtGate, on(s, (*exchange).answer)),
		site.Get("/agency/cases/{case}/gates/{gate}/receipt", site.AtGate, on(s, (*exchange).receipt)),
		site.Get("/agency/cases/{case}/acts/{act}", site.SignedIn, on(s, (*exchange).actPage)),
		site.Post("/agency/cases/{case}/acts/{act}", site.SignedIn, on(s, (*exchange).act)),
		site.Get("/agency/cases/{case}/submissions/{no}", site.SignedIn, on(s, (*exchange).submission)),
		site.Get("/agency/varieties", site.SignedIn, on(s, (*exchange).varieties)),
		site.Get("/agency/varieties/{variety}", site.SignedIn, on(s, (*exchange).variety)),
		site.Post("/agency/varieties/{variety}/correct", site.SignedIn, on(s, (*exchange).correctVariety)),
		site.Post("/agency/varieties/{variety}/mark", site.SignedIn, on(s, (*exchange).markVariety)),
		site.Get("/agency/inquiries", site.SignedIn, on(s, (*exchange).inquiries)),
		site.Get("/agency/inquiries/{inquiry}", site.SignedIn, on(s, (*exchange).inquiry)),
		site.Post("/agency/inquiries/{inquiry}", site.SignedIn, on(s, (*exchange).answerInquiry)),
		site.Get("/agency/find", site.SignedIn, on(s, (*exchange).find)),
		site.Get("/l/{link}", site.Recognised, on(s, (*exchange).link)),
		site.Post("/l/{link}/code", site.Anybody, on(s, (*exchange).requestCode)),
		site.Get("/l/{link}/code/{code}", site.Anybody, on(s, (*exchange).codePage)),
		site.Post("/l/{link}/code/{code}", site.Anybody, on(s, (*exchange).enterCode)),
	}
}

type inboxPage struct {
	site.Page
	Show    string        // which queue: "all", "mine" or "held"
	All     bool          // the whole queue: what was copied or told stands below it
	Shows   []form.Choice // the queues to choose from
	Waiting []CaseRow     // it is this agency's move
	Others  []CaseRow     // copied or told

	MoreWaiting *More
	MoreOthers  *More

	Unreadable int // cases of this page that cannot be shown at present
}

func (x *exchange) inbox() error {
	now, err := x.desk.Clock.Now(x.Ctx())
	if err != nil {
		return err
	}
	d := x.directory()
	p := inboxPage{Show: x.R.URL.Query().Get("show")}
	if p.Show != "mine" && p.Show != "held" {
		p.Show = "all"
	}
	for _, show := range []string{"all", "mine", "held"} {
		p.Shows = append(p.Shows, form.Choice{Value: show, Label: x.Lang.Say("inbox.show." + show), Chosen: show == p.Show})
	}
	waiting, unreadable := map[string]bool{}, map[string]bool{}
	if err := x.waiting(&p, waiting, unreadable, now, d); err != nil {
		return err
	}
	if p.Show == "all" {
		if err := x.copied(&p, waiting, unreadable, d); err != nil {
			return err
		}
	}
	p.Unreadable = x.unread(slices.Sorted(maps.Keys(unreadable)))
	slices.SortStableFunc(p.Waiting, sooner)
	p.All = p.Show == "all"
	p.Title = x.Lang.Say("inbox.title")
	return x.Show("inbox", &p.Page, &p)
}

// queueReads bounds how often an inbox is read for one page of a queue.
const queueReads = 20

// waiting fills a page with the duties of its queue, and says of which cases they are.
// Of the whole inbox, one read is a page; of what is one's own or held, it takes more.
func (x *exchange) waiting(p *inboxPage, of, unreadable map[string]bool, now time.Time, d *directory) error {
	after := x.after("waiting")
	for range queueReads {
		rows, next, err := x.desk.Inbox(x.Ctx(), after, pageRows-len(p.Waiting), x.Actor)
		if err != nil {
			return err
		}
		for _, l := range readable(rows, unreadable) {
			if l.Gate == nil {
				continue
			}
			of[l.Case.ID] = true
			mine := l.Gate.Assignee == x.Actor.Person
			if p.Show == "all" || p.Show == "mine" && mine || p.Show == "held" && l.Gate.Hold != nil {
				p.Waiting = append(p.Waiting, x.duty(l, now, d))
			}
		}
		if after = next; after == "" || p.Show == "all" || len(p.Waiting) >= pageRows {
			break
		}
	}
	p.MoreWaiting = x.more("waiting", x.Lang.Say("inbox.waiting.caption"), after, len(p.Waiting))
	return nil
}

// duty is a gate that waits for the reader's agency, as a row.
func (x *exchange) duty(l docket.ListedCase, now time.Time, d *directory) CaseRow {
	row := x.inboxRow(l.Case, d)
	row.Due, row.At, row.Mine = x.due(*l.Gate, now), l.Gate.OpenedAt, x.turn(*l.Gate)
	if l.Gate.Party == x.Actor.Org {
		x.workOf(&row, *l.Gate, now, d)
	}
	if row.Mine { // a colleague's step is theirs to open; the case is everybody's to read
		row.Href += "/gates/" + l.Gate.ID
	}
	row.Status = x.Lang.Say("move." + string(l.Gate.Kind))
	return row
}

// copied fills a page with what was sent to the agency and is not among its duties there.
func (x *exchange) copied(p *inboxPage, waiting, unreadable map[string]bool, d *directory) error {
	rows, next, err := x.desk.Copies(x.Ctx(), x.after("sent"), pageRows, x.Actor)
	if err != nil {
		return err
	}
	for _, l := range readable(rows, unreadable) {
		if !waiting[l.Case.ID] {
			row := x.inboxRow(l.Case, d)
			row.At = l.Case.EditedAt
			p.Others = append(p.Others, row)
			waiting[l.Case.ID] = true
		}
	}
	p.MoreOthers = x.more("sent", x.Lang.Say("inbox.others.caption"), next, len(p.Others))
	return nil
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

// workOf says how long a gate has waited and who works on it.
func (x *exchange) workOf(row *CaseRow, g gate.Gate, now time.Time, d *directory) {
	days := x.desk.Calendar.WorkingDaysBetween(calendar.DayOf(g.OpenedAt), calendar.DayOf(now))
	row.Waits = x.Lang.Say("inbox.waits", max(days, 0))
	if g.Assignee != "" {
		row.Worker = x.Lang.Say("inbox.worker", d.person(g.Assignee))
	}
	if g.Hold != nil {
		row.Held = x.Lang.Say("inbox.held", dayText(x.Lang, g.Hold.Until))
	}
}

// turn reports whether g is the reader's move; over another's supplement a
// reply may be entered, but it is not their move.
func (x *exchange) turn(g gate.Gate) bool {
	return g.MayAnswer(x.Actor) == nil && (g.Party == x.Actor.Org || g.Kind == gate.Decide)
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
	if p.Beside, err = x.beside(v); err != nil {
		return err
	}
	return x.Show("case", &p.Page, &p)
}
