package web

import (
	"strconv"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/site"
)

// Run is a stretch of days that did the same to the count.
type Run struct {
	From   calendar.Day
	To     calendar.Day // zero: one day only
	Days   int
	Text   string
	Kind   calendar.StepKind // for the colour; never without Text
	Beyond bool              // the State Council has not said yet how these days work
}

type whyPage struct {
	site.Page
	Identity Identity
	What     string // what the gate asks for
	Who      string
	Started  time.Time
	Due      *Due // nil: no time limit is prescribed
	Quote    string
	Runs     []Run
	Counted  string // how many days were counted of how many
	Sources  []string
	Version  string // of the calendar that counted
	Changes  []string
	Ended    string // how the gate ended; "" while it is open
	EndedAt  time.Time
	Back     string
	BackText string
}

// why explains the deadline of a gate, open or answered, to everybody who may
// read the case.
func (x *exchange) why() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	g, ok := v.Gate(x.R.PathValue("gate"))
	if !ok {
		return fault.New(fault.NotFound, "gate")
	}
	d := x.directory()
	p := whyPage{
		Identity: x.identity(v.Case, d), What: x.Lang.Say("move." + string(g.Kind)), Who: d.org(g.Party),
		Started: g.OpenedAt, Due: x.due(g, v.Now), Back: x.Home() + "/cases/" + v.Case.ID, BackText: x.Lang.Say("why.case"),
	}
	if x.Actor.Via == party.ByLink { // a code opens this gate and nothing else
		p.Identity.Href, p.Back, p.BackText = "", x.gateBase(), x.Lang.Say("why.gate")
	}
	if g.Answer != nil {
		p.Ended, p.EndedAt = x.Lang.Say("answer."+g.Answer.Choice), g.Answer.At
		if p.Due != nil { // what is left of a gate that is over is nobody's concern
			p.Due.Left, p.Due.Tone = "", ""
		}
	}
	if g.Deadline != nil && g.Limit != nil {
		t := g.Deadline.Trace
		p.Started = t.Start
		p.Runs = x.runs(t)
		if t.Clock != calendar.Hours {
			p.Counted = x.Lang.Say("why.counted", t.Counted, t.N)
		}
		p.Version, p.Sources = t.CalendarVersion, x.sources(t)
		if q := g.Limit.Clause.Quote; q != nil {
			p.Quote = x.text(*q)
		}
	}
	p.Changes = x.recountsOf(v, g)
	p.Title = x.Lang.Say("why.title") + x.Lang.Say("colon") + p.What
	return x.Show("why", &p.Page, &p)
}

// runs folds the days of a trace: days that did the same stand on one line.
func (x *exchange) runs(t calendar.Trace) []Run {
	var out []Run
	steps := calendar.Steps(t)
	for i := 0; i < len(steps); {
		k := i + 1
		for k < len(steps) && alike(steps[i], steps[k]) && steps[k-1].Day.AddDays(1) == steps[k].Day {
			k++
		}
		first, last := steps[i], steps[k-1]
		r := Run{From: first.Day, Days: k - i, Kind: first.Kind, Beyond: !first.Known && t.Clock != calendar.Hours}
		if k-i > 1 {
			r.To = last.Day
		}
		switch {
		case first.Kind == calendar.Counted && k-i > 1:
			r.Text = x.Lang.Say("why.run", first.N, last.N)
		case first.Kind == calendar.Counted:
			r.Text = x.Lang.Say("step.counted", first.N)
		case first.Kind == calendar.Skipped:
			r.Text = x.Lang.Say("step.skipped", x.reason(first.Reason))
		default:
			r.Text = x.Lang.Say("step." + string(first.Kind))
		}
		if last.Due {
			r.Text += x.Lang.Say("why.due")
		}
		out = append(out, r)
		i = k
	}
	return out
}

// alike reports whether a and b belong on one line.
func alike(a, b calendar.Step) bool {
	return a.Kind == b.Kind && a.Reason == b.Reason && a.Known == b.Known && a.Kind != calendar.Started
}

func (x *exchange) reason(r calendar.Reason) string {
	if x.Lang == "en" {
		return r.EN
	}
	return r.ZH
}

// sources names the notices of the years that t was counted over. Calendar days
// that do not move need none, and hours neither.
func (x *exchange) sources(t calendar.Trace) []string {
	if t.Clock != calendar.WorkingDays && !t.RollOver {
		return nil
	}
	var out []string
	c := x.desk.Calendar
	for i, s := range c.Sources {
		if year := c.KnownFrom.Year + i; year >= calendar.DayOf(t.Start).Year && year <= t.Last.Year {
			line := s.Title
			if s.Number != "" {
				line += "（" + s.Number + "）"
			}
			out = append(out, line+" "+s.Date.String())
		}
	}
	return out
}

// recountsOf lists how the deadline of g was counted again, oldest first.
func (x *exchange) recountsOf(v docket.View, g gate.Gate) []string {
	var out []string
	for i := len(v.Events) - 1; i >= 0; i-- {
		for _, r := range v.Events[i].Facts.Recounts {
			if r.Gate == g.ID {
				out = append(out, docket.When(x.Lang, v.Events[i].At)+x.Lang.Say("colon")+x.recountLine(r))
			}
		}
	}
	return out
}

// recounted are the lines of an entry that counted deadlines again.
func (x *exchange) recounted(list []casework.RecountFx) []string {
	var out []string
	for _, r := range list {
		what := x.Lang.Say("recount.stopped." + string(r.Leg))
		if r.Gate != "" {
			what = x.Lang.Say("move." + string(r.Kind))
		}
		out = append(out, what+x.Lang.Say("colon")+x.recountLine(r))
	}
	return out
}

func (x *exchange) recountLine(r casework.RecountFx) string {
	key := "recount.moved"
	if r.Was == r.Due {
		key = "recount.firm"
	}
	line := x.Lang.Say(key, x.instant(r.Was), x.instant(r.Due))
	if r.Provisional {
		line += x.Lang.Say("recount.provisional")
	}
	return line
}

// instant writes an instant that history keeps as text.
func (x *exchange) instant(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return docket.When(x.Lang, t)
}

// whyHref leads to the explanation of g's deadline, for who may open it.
func (x *exchange) whyHref(g gate.Gate) string {
	if x.Session == nil || x.Actor.Via == party.ByLink && x.Actor.Gate != g.ID {
		return ""
	}
	return x.Home() + "/cases/" + g.Of + "/gates/" + g.ID + "/why"
}

// DueRef is a deadline that an entry set, with the way to its reason.
type DueRef struct {
	Text string
	Href string
}

// dues lists the deadlines that an entry set.
func (x *exchange) dues(v docket.View, e docket.Event) []DueRef {
	var out []DueRef
	for _, o := range e.Facts.Opens {
		if g, ok := v.Gate(o.Gate); ok && o.Due != "" {
			if href := x.whyHref(g); href != "" {
				out = append(out, DueRef{Text: x.Lang.Say("why.entry", x.Lang.Say("move."+string(g.Kind)), x.instant(o.Due)), Href: href})
			}
		}
	}
	return out
}

// Length says how many days a run has, for the page.
func (r Run) Length() string { return strconv.Itoa(r.Days) }
