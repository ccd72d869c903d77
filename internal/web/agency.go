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
)

// agencyRoutes are the routes of the agencies' site and of the links.
var agencyRoutes = []Route{
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
	{"GET", "/agency/cases/{case}/acts/{act}", signedIn, (*exchange).actPage},
	{"POST", "/agency/cases/{case}/acts/{act}", signedIn, (*exchange).act},
	{"GET", "/agency/cases/{case}/submissions/{no}", signedIn, (*exchange).submission},
	{"GET", "/agency/varieties", signedIn, (*exchange).varieties},
	{"GET", "/agency/varieties/{variety}", signedIn, (*exchange).variety},
	{"POST", "/agency/varieties/{variety}/correct", signedIn, (*exchange).correctVariety},
	{"POST", "/agency/varieties/{variety}/mark", signedIn, (*exchange).markVariety},
	{"GET", "/agency/inquiries", signedIn, (*exchange).inquiries},
	{"GET", "/agency/inquiries/{inquiry}", signedIn, (*exchange).inquiry},
	{"POST", "/agency/inquiries/{inquiry}", signedIn, (*exchange).answerInquiry},
	{"GET", "/agency/find", signedIn, (*exchange).find},
	{"GET", "/l/{link}", anybody, (*exchange).link},
	{"POST", "/l/{link}/code", anybody, (*exchange).requestCode},
	{"GET", "/l/{link}/code/{code}", anybody, (*exchange).codePage},
	{"POST", "/l/{link}/code/{code}", anybody, (*exchange).enterCode},
}

type inboxPage struct {
	Page
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
	now, err := x.site.Desk.Clock.Now(x.ctx())
	if err != nil {
		return err
	}
	d := x.directory()
	p := inboxPage{Show: x.r.URL.Query().Get("show")}
	if p.Show != "mine" && p.Show != "held" {
		p.Show = "all"
	}
	for _, show := range []string{"all", "mine", "held"} {
		p.Shows = append(p.Shows, form.Choice{Value: show, Label: x.lang.Say("inbox.show." + show), Chosen: show == p.Show})
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
	p.Title = x.lang.Say("inbox.title")
	return x.show("inbox", &p.Page, &p)
}

// queueReads bounds how often an inbox is read for one page of a queue.
const queueReads = 20

// waiting fills a page with the duties of its queue, and says of which cases they are.
// Of the whole inbox, one read is a page; of what is one's own or held, it takes more.
func (x *exchange) waiting(p *inboxPage, of, unreadable map[string]bool, now time.Time, d *directory) error {
	after := x.after("waiting")
	for range queueReads {
		rows, next, err := x.site.Desk.Inbox(x.ctx(), after, pageRows-len(p.Waiting), x.actor)
		if err != nil {
			return err
		}
		for _, l := range readable(rows, unreadable) {
			if l.Gate == nil {
				continue
			}
			of[l.Case.ID] = true
			mine := l.Gate.Assignee == x.actor.Person
			if p.Show == "all" || p.Show == "mine" && mine || p.Show == "held" && l.Gate.Hold != nil {
				p.Waiting = append(p.Waiting, x.duty(l, now, d))
			}
		}
		if after = next; after == "" || p.Show == "all" || len(p.Waiting) >= pageRows {
			break
		}
	}
	p.MoreWaiting = x.more("waiting", x.lang.Say("inbox.waiting.caption"), after, len(p.Waiting))
	return nil
}

// duty is a gate that waits for the reader's agency, as a row.
func (x *exchange) duty(l docket.ListedCase, now time.Time, d *directory) CaseRow {
	row := x.inboxRow(l.Case, d)
	row.Due, row.At, row.Mine = x.due(*l.Gate, now), l.Gate.OpenedAt, x.turn(*l.Gate)
	if l.Gate.Party == x.actor.Org {
		x.workOf(&row, *l.Gate, now, d)
	}
	if row.Mine { // a colleague's step is theirs to open; the case is everybody's to read
		row.Href += "/gates/" + l.Gate.ID
	}
	row.Status = x.lang.Say("move." + string(l.Gate.Kind))
	return row
}

// copied fills a page with what was sent to the agency and is not among its duties there.
func (x *exchange) copied(p *inboxPage, waiting, unreadable map[string]bool, d *directory) error {
	rows, next, err := x.site.Desk.Copies(x.ctx(), x.after("sent"), pageRows, x.actor)
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
	p.MoreOthers = x.more("sent", x.lang.Say("inbox.others.caption"), next, len(p.Others))
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
	days := x.site.Desk.Calendar.WorkingDaysBetween(calendar.DayOf(g.OpenedAt), calendar.DayOf(now))
	row.Waits = x.lang.Say("inbox.waits", max(days, 0))
	if g.Assignee != "" {
		row.Worker = x.lang.Say("inbox.worker", d.person(g.Assignee))
	}
	if g.Hold != nil {
		row.Held = x.lang.Say("inbox.held", dayText(x.lang, g.Hold.Until))
	}
}

// turn reports whether g is the reader's move; over another's supplement a
// reply may be entered, but it is not their move.
func (x *exchange) turn(g gate.Gate) bool {
	return g.MayAnswer(x.actor) == nil && (g.Party == x.actor.Org || g.Kind == gate.Decide)
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
	return x.show("case", &p.Page, &p)
}
