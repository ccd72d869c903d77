package web

import (
	"time"

	"jixu/internal/calendar"
	"jixu/internal/gate"
)

// Due is a deadline with its reason.
type Due struct {
	At          time.Time
	Left        string // 还剩 N 个工作日
	Tone        string // "soon", "late" or ""
	Provisional bool
	Basis       string // the limit's name and count
	Source      string // its clause
	Status      string // 官方 / 草案 / 本地设置
	Steps       []DueStep
	Known       string
	Href        string // the whole explanation; "" if the reader may not open it
}

// Day is the last day.
func (d Due) Day() calendar.Day { return calendar.DayOf(d.At) }

// DueStep is one line of the counting trace.
type DueStep struct {
	Day  calendar.Day
	Text string
	Kind calendar.StepKind
}

// soon is from how many working days on a deadline is shown as near.
const soon = 2

// due explains g's deadline at now; nil if no limit is prescribed.
func due(rd reader, g gate.Gate, now time.Time) *Due {
	if g.Deadline == nil || g.Limit == nil {
		return nil
	}
	d := &Due{
		At: g.Deadline.Due, Provisional: g.Deadline.Provisional,
		Basis:  rd.text(g.Limit.Label) + rd.lang.Say("limit."+string(g.Limit.Clock), g.Limit.N),
		Source: g.Limit.Clause.Source + " " + g.Limit.Clause.Ref,
		Status: rd.lang.Say("status." + string(g.Limit.Status)),
		Known:  dayText(rd.lang, g.Deadline.Trace.KnownThrough),
		Href:   whyHref(rd, g),
	}
	left := rd.calendar.WorkingDaysBetween(calendar.DayOf(now), calendar.DayOf(g.Deadline.Due))
	switch {
	case now.After(g.Deadline.Due):
		d.Tone, d.Left = "late", rd.lang.Say("due.late", -left)
		if left == 0 {
			d.Left = rd.lang.Say("due.passed")
		}
	case left == 0:
		d.Tone, d.Left = "soon", rd.lang.Say("due.today")
	default:
		d.Left = rd.lang.Say("due.left", left)
		if left <= soon {
			d.Tone = "soon"
		}
	}
	for _, s := range calendar.Steps(g.Deadline.Trace) {
		step := DueStep{Day: s.Day, Kind: s.Kind}
		reason := s.Reason.ZH
		if rd.lang == "en" {
			reason = s.Reason.EN
		}
		switch s.Kind {
		case calendar.Counted:
			step.Text = rd.lang.Say("step.counted", s.N)
		case calendar.Skipped:
			step.Text = rd.lang.Say("step.skipped", reason)
		default:
			step.Text = rd.lang.Say("step." + string(s.Kind))
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}
