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

type inboxPage struct {
	site.Page
	Show    string        // which queue: "all", "mine" or "held"
	All     bool          // the whole queue: what was copied or told stands below it
	Shows   []form.Choice // the queues to choose from
	Waiting []CaseRow     // it is this agency's move, or it may enter the answer of another
	Groups  string        // how many of them are whose
	Others  []CaseRow     // copied or told

	MoreWaiting *More
	MoreOthers  *More

	Unreadable int // cases of this page that cannot be shown at present
}

// inbox shows what waits for the reader's agency, and what was sent to it.
func (x listPages) inbox() error {
	now, err := x.desk.Clock.Now(x.Ctx())
	if err != nil {
		return err
	}
	show := x.R.URL.Query().Get("show")
	if show != "mine" && show != "held" {
		show = "all"
	}
	unreadable := map[string]bool{}
	waiting, after, err := x.waiting(show, unreadable)
	if err != nil {
		return err
	}
	var others []docket.ListedCase
	next := ""
	if show == "all" {
		if others, next, err = x.copied(waiting, unreadable); err != nil {
			return err
		}
	}
	rd, err := x.reader(ofRows(slices.Concat(waiting, others)))
	if err != nil {
		return err
	}
	p := makeInbox(rd, show, waiting, others, now)
	p.MoreWaiting = x.more("waiting", x.Lang.Say("inbox.waiting.caption"), after, len(p.Waiting))
	if show == "all" {
		p.MoreOthers = x.more("sent", x.Lang.Say("inbox.others.caption"), next, len(p.Others))
	}
	p.Unreadable = x.unread(slices.Sorted(maps.Keys(unreadable)))
	return x.Show("inbox", &p.Page, &p)
}

// queueReads bounds how often an inbox is read for one page of a queue.
const queueReads = 20

// waiting reads one page of the duties of a queue, and where it goes on.
// Of the whole inbox, one read is a page; of what is one's own or held, it takes more.
func (x listPages) waiting(show string, unreadable map[string]bool) (out []docket.ListedCase, after string, err error) {
	after = x.after("waiting")
	for range queueReads {
		rows, next, err := x.desk.Inbox(x.Ctx(), after, pageRows-len(out), x.Actor)
		if err != nil {
			return nil, "", err
		}
		for _, l := range readable(rows, unreadable) {
			if l.Gate == nil {
				continue
			}
			mine := l.Gate.Assignee == x.Actor.Person
			if show == "all" || show == "mine" && mine || show == "held" && l.Gate.Hold != nil {
				out = append(out, l)
			}
		}
		if after = next; after == "" || show == "all" || len(out) >= pageRows {
			break
		}
	}
	return out, after, nil
}

// copied reads what was sent to the agency and is not among its duties there.
func (x listPages) copied(waiting []docket.ListedCase, unreadable map[string]bool) (out []docket.ListedCase, next string, err error) {
	rows, next, err := x.desk.Copies(x.Ctx(), x.after("sent"), pageRows, x.Actor)
	if err != nil {
		return nil, "", err
	}
	seen := map[string]bool{}
	for _, l := range waiting {
		seen[l.Case.ID] = true
	}
	for _, l := range readable(rows, unreadable) {
		if !seen[l.Case.ID] {
			out = append(out, l)
			seen[l.Case.ID] = true
		}
	}
	return out, next, nil
}

func makeInbox(rd reader, show string, waiting, others []docket.ListedCase, now time.Time) inboxPage {
	p := inboxPage{Show: show, All: show == "all"}
	for _, s := range []string{"all", "mine", "held"} {
		p.Shows = append(p.Shows, form.Choice{Value: s, Label: rd.lang.Say("inbox.show." + s), Chosen: s == show})
	}
	for _, l := range waiting {
		p.Waiting = append(p.Waiting, duty(rd, l, now))
	}
	slices.SortStableFunc(p.Waiting, sooner)
	var groups [4]int
	for _, row := range p.Waiting {
		groups[row.rank]++
	}
	p.Groups = rd.lang.Say("inbox.groups", groups[0], groups[1], groups[2], groups[3])
	for _, l := range others {
		row := inboxRow(rd, l.Case)
		row.At = l.Case.EditedAt
		p.Others = append(p.Others, row)
	}
	p.Title = rd.lang.Say("inbox.title")
	return p
}

// duty is a gate that waits for the reader's agency, as a row.
func duty(rd reader, l docket.ListedCase, now time.Time) CaseRow {
	row := inboxRow(rd, l.Case)
	row.Due, row.At, row.Mine = due(rd, *l.Gate, now), l.Gate.OpenedAt, turn(rd, *l.Gate)
	if l.Gate.Party == rd.actor.Org {
		workOf(rd, &row, *l.Gate, now)
	}
	if row.Mine { // a colleague's step is theirs to open; the case is everybody's to read
		row.Href += "/gates/" + l.Gate.ID
	}
	row.Status = rd.lang.Say("move." + string(l.Gate.Kind))
	row.Side, row.rank = side(rd, *l.Gate, row.Mine)
	return row
}

// side says whose a gate is in an agency's inbox, and in which group it stands: the
// reader's own, a colleague's, what may be entered for somebody else, and what is put
// aside until a day.
func side(rd reader, g gate.Gate, mine bool) (said string, rank int) {
	switch {
	case g.Party == rd.actor.Org && g.Hold != nil:
		rank = 3
		if !mine {
			said = rd.lang.Say("inbox.colleague")
		}
	case g.Party == rd.actor.Org && mine:
	case g.Party == rd.actor.Org:
		said, rank = rd.lang.Say("inbox.colleague"), 1
	default:
		said, rank = rd.lang.Say("inbox.theirs", rd.names.org(g.Party)), 2
	}
	return said, rank
}

// workOf says how long a gate has waited and who works on it.
func workOf(rd reader, row *CaseRow, g gate.Gate, now time.Time) {
	days := rd.calendar.WorkingDaysBetween(calendar.DayOf(g.OpenedAt), calendar.DayOf(now))
	row.Waits = rd.lang.Say("inbox.waits", max(days, 0))
	if g.Assignee != "" {
		row.Worker = rd.lang.Say("inbox.worker", rd.names.person(g.Assignee))
	}
	if g.Hold != nil {
		row.Held = rd.lang.Say("inbox.held", dayText(rd.lang, g.Hold.Until))
	}
}

// turn reports whether g is the reader's move; over another's supplement a
// reply may be entered, but it is not their move.
func turn(rd reader, g gate.Gate) bool {
	return g.MayAnswer(rd.actor) == nil && (g.Party == rd.actor.Org || g.Kind == gate.Decide)
}

// sooner sorts the reader's own moves first, then by deadline; what has none
// comes last.
func sooner(a, b CaseRow) int {
	switch {
	case a.rank != b.rank:
		return a.rank - b.rank
	case a.Mine != b.Mine:
		return before(a.Mine, b.Mine)
	case a.Due == nil || b.Due == nil:
		return before(a.Due != nil, b.Due != nil)
	}
	return a.Due.At.Compare(b.Due.At)
}

func inboxRow(rd reader, c casework.Case) CaseRow {
	id := identity(rd, c)
	return CaseRow{
		Number: c.Number, Product: id.Product, Kind: id.Kind, Stage: id.Stage, Status: id.Status,
		Who: id.Hospital, Href: id.Href,
	}
}
