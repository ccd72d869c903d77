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
func (x casePages) why() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	g, ok := v.Gate(x.R.PathValue("gate"))
	if !ok {
		return fault.New(fault.NotFound, "gate")
	}
	rd, err := x.reader(mentioned{orgs: []string{v.Case.Hospital, g.Party}})
	if err != nil {
		return err
	}
	p := makeWhy(rd, v, g)
	return x.Show("why", &p.Page, &p)
}

func makeWhy(rd reader, v docket.View, g gate.Gate) whyPage {
	p := whyPage{
		Identity: identity(rd, v.Case), What: rd.lang.Say("move." + string(g.Kind)), Who: rd.names.org(g.Party),
		Started: g.OpenedAt, Due: due(rd, g, v.Now), Back: rd.casePath(v.Case.ID), BackText: rd.lang.Say("why.case"),
	}
	if rd.actor.Via == party.ByLink { // a code opens this gate and nothing else
		p.Identity.Href, p.Back, p.BackText = "", rd.gatePath(v.Case.ID, g.ID), rd.lang.Say("why.gate")
	}
	if g.Answer != nil {
		p.Ended, p.EndedAt = rd.lang.Say("answer."+g.Answer.Choice), g.Answer.At
		if p.Due != nil { // what is left of a gate that is over is nobody's concern
			p.Due.Left, p.Due.Tone = "", ""
		}
	}
	if g.Deadline != nil && g.Limit != nil {
		t := g.Deadline.Trace
		p.Started = t.Start
		p.Runs = runs(rd, t)
		if t.Clock != calendar.Hours {
			p.Counted = rd.lang.Say("why.counted", t.Counted, t.N)
		}
		p.Version, p.Sources = t.CalendarVersion, sources(rd, t)
		if q := g.Limit.Clause.Quote; q != nil {
			p.Quote = rd.text(*q)
		}
	}
	p.Changes = recountsOf(rd, v, g)
	p.Title = rd.lang.Say("why.title") + rd.lang.Say("colon") + p.What
	return p
}

// runs folds the days of a trace: days that did the same stand on one line.
func runs(rd reader, t calendar.Trace) []Run {
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
			r.Text = rd.lang.Say("why.run", first.N, last.N)
		case first.Kind == calendar.Counted:
			r.Text = rd.lang.Say("step.counted", first.N)
		case first.Kind == calendar.Skipped:
			r.Text = rd.lang.Say("step.skipped", reason(rd, first.Reason))
		default:
			r.Text = rd.lang.Say("step." + string(first.Kind))
		}
		if last.Due {
			r.Text += rd.lang.Say("why.due")
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

func reason(rd reader, r calendar.Reason) string {
	if rd.lang == "en" {
		return r.EN
	}
	return r.ZH
}

// sources names the notices of the years that t was counted over. Calendar days
// that do not move need none, and hours neither.
func sources(rd reader, t calendar.Trace) []string {
	if t.Clock != calendar.WorkingDays && !t.RollOver {
		return nil
	}
	var out []string
	c := rd.calendar
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
func recountsOf(rd reader, v docket.View, g gate.Gate) []string {
	var out []string
	for i := len(v.Events) - 1; i >= 0; i-- {
		for _, r := range v.Events[i].Facts.Recounts {
			if r.Gate == g.ID {
				out = append(out, docket.When(rd.lang, v.Events[i].At)+rd.lang.Say("colon")+recountLine(rd, r))
			}
		}
	}
	return out
}

// recounted are the lines of an entry that counted deadlines again.
func recounted(rd reader, list []casework.RecountFx) []string {
	var out []string
	for _, r := range list {
		what := rd.lang.Say("recount.stopped." + string(r.Leg))
		if r.Gate != "" {
			what = rd.lang.Say("move." + string(r.Kind))
		}
		out = append(out, what+rd.lang.Say("colon")+recountLine(rd, r))
	}
	return out
}

func recountLine(rd reader, r casework.RecountFx) string {
	key := "recount.moved"
	if r.Was == r.Due {
		key = "recount.firm"
	}
	line := rd.lang.Say(key, instant(rd, r.Was), instant(rd, r.Due))
	if r.Provisional {
		line += rd.lang.Say("recount.provisional")
	}
	return line
}

// instant writes an instant that history keeps as text.
func instant(rd reader, s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return docket.When(rd.lang, t)
}

// whyHref leads to the explanation of g's deadline, for who may open it.
func whyHref(rd reader, g gate.Gate) string {
	if !rd.known || rd.actor.Via == party.ByLink && rd.actor.Gate != g.ID {
		return ""
	}
	return rd.home() + "/cases/" + g.Of + "/gates/" + g.ID + "/why"
}

// DueRef is a deadline that an entry set, with the way to its reason.
type DueRef struct {
	Text string
	Href string
}

// dues lists the deadlines that an entry set.
func dues(rd reader, v docket.View, e docket.Event) []DueRef {
	var out []DueRef
	for _, o := range e.Facts.Opens {
		if g, ok := v.Gate(o.Gate); ok && o.Due != "" {
			if href := whyHref(rd, g); href != "" {
				out = append(out, DueRef{Text: rd.lang.Say("why.entry", rd.lang.Say("move."+string(g.Kind)), instant(rd, o.Due)), Href: href})
			}
		}
	}
	return out
}

// Length says how many days a run has, for the page.
func (r Run) Length() string { return strconv.Itoa(r.Days) }
