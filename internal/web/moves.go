package web

import (
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/policy"
	"jixu/internal/web/site"
)

// Identity is the bar on every page of a case.
type Identity struct {
	Number   string
	Product  string
	Hospital string
	Kind     string
	Stage    casework.Stage // for the colour; never without Status
	Status   string
	Href     string // the case's own page
	Warn     bool   // a hospital's page before an approval: 未获批准前不得进口或使用
}

// Move is the next-move panel: who must do what by when, and why that date.
type Move struct {
	Who       string
	What      string
	Mine      bool // it is the reader's move
	Due       *Due // nil: no time limit is prescribed
	Action    string
	Href      string // of the one button, if it is the reader's move
	Since     time.Time
	Round     int
	Defects   []string
	Meanwhile string // what the reader can do while others act; "" if it is their move
}

// identity builds the bar.
func identity(rd reader, c casework.Case) Identity {
	stage := c.Stage()
	return Identity{
		Number: c.Number, Product: productOf(c), Hospital: rd.names.org(c.Hospital), Kind: rd.lang.Say("kind." + string(c.Kind)),
		Stage: stage, Status: rd.lang.Say("stage." + string(stage)), Href: rd.home() + "/cases/" + c.ID,
		Warn: rd.audience == site.Hospital && c.Status != casework.Approved,
	}
}

// productOf is the name as submitted, or as typed in a draft.
func productOf(c casework.Case) string {
	if n := len(c.Submissions); n > 0 {
		return c.Submissions[n-1].Product
	}
	return c.Form["product-zh"]
}

// moves builds a panel for each open gate, the reader's own first. A draft waits
// for its hospital.
func moves(rd reader, v docket.View) []Move {
	var out []Move
	if v.Case.Status == casework.Draft {
		out = append(out, draftMove(rd, v))
	}
	for _, g := range v.Waiting {
		mine := rd.known && turn(rd, g)
		m := Move{
			Who: rd.names.org(g.Party), What: rd.lang.Say("move." + string(g.Kind)), Mine: mine,
			Due: due(rd, g, v.Now), Since: g.OpenedAt, Round: g.Round,
		}
		if mine {
			m.Action = rd.lang.Say("action." + string(g.Kind))
			m.Href = rd.home() + "/cases/" + g.Of + "/gates/" + g.ID
			if g.Kind == gate.Supplement || g.Kind == gate.Deliver {
				m.Href = rd.home() + "/cases/" + g.Of + "/dossier"
			}
		} else {
			m.Meanwhile = rd.lang.Say("meanwhile." + string(rd.audience))
		}
		switch g.Kind {
		case gate.Supplement:
			m.Defects = defects(rd, v, g)
		case gate.Deliver:
			m.Defects = owed(rd, v)
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Move) int { return before(a.Mine, b.Mine) })
	return out
}

// owed lists the papers that the emergency lane waits for, in the pack's order.
func owed(rd reader, v docket.View) []string {
	var out []string
	for _, part := range v.Pack.Parts {
		for _, item := range part.Items {
			if slices.Contains(v.Case.Papers.Items, item.ID) {
				out = append(out, rd.text(item.Label))
			}
		}
	}
	return out
}

// draftMove says that the hospital goes on with its draft, in its own time.
func draftMove(rd reader, v docket.View) Move {
	m := Move{Who: rd.names.org(v.Case.Hospital), What: rd.lang.Say("move.draft"), Since: v.Case.CreatedAt}
	if v.Case.Permits(casework.Edit, rd.actor) == nil {
		m.Mine, m.Action = true, rd.lang.Say("action.draft")
		m.Href = rd.home() + "/cases/" + v.Case.ID + "/dossier"
	}
	return m
}

// before sorts true first.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// defects lists what the notice that opened supplement gate g asks for.
func defects(rd reader, v docket.View, g gate.Gate) []string {
	for _, e := range v.Events {
		if e.Facts.Notice == nil || e.Facts.Leg != g.Leg || e.Facts.Notice.Round != g.Round {
			continue
		}
		return defectLines(rd, v.Pack, *e.Facts.Notice)
	}
	return nil
}

func defectLines(rd reader, pack policy.Pack, n casework.Notice) []string {
	var lines []string
	for _, defect := range n.Defects {
		line := defect.What
		if item, ok := pack.Item(defect.Item); ok {
			line = rd.text(item.Label) + rd.lang.Say("colon") + defect.What
		}
		lines = append(lines, line)
	}
	return lines
}
