package web

import (
	"strconv"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// Line is one row of the timeline.
type Line struct {
	At     time.Time
	What   string
	Who    string
	Org    string
	Detail []string
	Gap    string // time since the entry before
	Paused bool   // an agency's clock stood still since the entry before
	Dues   []DueRef
}

// timeline tells the history, newest first.
func timeline(rd reader, v docket.View) []Line {
	lines := make([]Line, len(v.Events))
	paused := pauses(v.Events)
	for i, e := range v.Events {
		line := Line{
			At: e.At, What: rd.lang.Say(docket.EntryWords(e.Entry), entryArgs(rd, e)...),
			Who: rd.names.person(e.By.Person), Detail: details(rd, v, e), Dues: dues(rd, v, e),
		}
		if e.By.Org != party.System.Org {
			line.Org = rd.names.org(e.By.Org)
		}
		if i+1 < len(v.Events) {
			before := v.Events[i+1]
			line.Gap = gap(rd, before.At, e.At)
			line.Paused = paused[i]
		}
		lines[i] = line
	}
	return lines
}

// pauses says for each of events (newest first) whether an agency's clock stood
// still between it and the one before: from a notice to what answers it.
func pauses(events []docket.Event) []bool {
	out := make([]bool, len(events))
	waiting := map[gate.Leg]bool{}
	for i := len(events) - 1; i >= 0; i-- {
		out[i] = len(waiting) > 0
		e := events[i]
		switch {
		case e.Facts.Notice != nil:
			waiting[e.Facts.Leg] = true
		case e.Verb == string(casework.Resubmit):
			delete(waiting, e.Facts.Leg)
		}
	}
	return out
}

// entryArgs are the values that the sentence of an entry takes.
func entryArgs(rd reader, e docket.Event) []any {
	switch f := e.Facts; {
	case f.Decision != nil:
		return []any{rd.lang.Say("outcome." + string(f.Decision.Outcome))}
	case f.Submission != nil:
		return []any{f.Submission.No}
	case f.Notice != nil:
		return []any{f.Notice.Round, len(f.Notice.Defects)}
	case f.Ring != nil:
		return []any{rd.lang.Say("ring." + string(f.Ring.Kind))}
	case len(f.Starts) == 1:
		return []any{f.Starts[0].Run}
	}
	return nil
}

// details are the lines under an entry.
func details(rd reader, v docket.View, e docket.Event) []string {
	var out []string
	f := e.Facts
	if f.Reason != "" {
		out = append(out, rd.lang.Say("entry.because", f.Reason))
	}
	if f.Notice != nil {
		out = append(out, defectLines(rd, v.Pack, *f.Notice)...)
	}
	if o := f.Opinion; o != nil {
		for _, finding := range o.Findings {
			relied := ""
			if finding.Relied && o.Placed != nil && o.Placed.RelyOn != nil {
				relied = rd.lang.Say("opinion.relied", o.Placed.RelyOn.Number)
			}
			out = append(out, rd.lang.Say("question."+string(finding.Question))+rd.lang.Say("colon")+
				rd.lang.Say("met."+strconv.FormatBool(finding.Met))+relied+rd.lang.Say("semicolon")+finding.Reason)
		}
		if o.Override != "" {
			out = append(out, rd.lang.Say("opinion.override", o.Override))
		}
		if o.Advice != "" {
			out = append(out, rd.lang.Say("opinion.advice", o.Advice))
		}
	}
	out = append(out, recounted(rd, f.Recounts)...)
	out = append(out, besideDetails(rd, v, f)...)
	if d := f.Decision; d != nil {
		out = append(out, rd.lang.Say("decision.number", d.Number, dayOf(rd, d.Date)))
		if d.Quantity > 0 {
			out = append(out, rd.lang.Say("decision.quantity", d.Quantity, d.Unit))
		}
		if d.ValidUntil != "" {
			out = append(out, rd.lang.Say("decision.valid", dayOf(rd, d.ValidUntil)))
		}
		for i, condition := range d.Conditions {
			out = append(out, rd.lang.Say("decision.condition", i+1, condition))
		}
		if d.Reason != "" {
			out = append(out, rd.lang.Say("decision.reason", d.Reason))
		}
		if d.Transcript {
			out = append(out, rd.lang.Say("decision.transcript"))
		}
	}
	return out
}

// dayOf writes a day that history keeps as text.
func dayOf(rd reader, s string) string {
	d, err := calendar.ParseDay(s)
	if err != nil {
		return s
	}
	return dayText(rd.lang, d)
}

// gap writes how much time lies between two entries, in days.
func gap(rd reader, from, to time.Time) string {
	a, b := calendar.DayOf(from), calendar.DayOf(to)
	days := int(b.Start().Sub(a.Start()).Hours() / 24)
	if days == 0 {
		return ""
	}
	return rd.lang.Say("gap.days", days, rd.calendar.WorkingDaysBetween(a, b))
}

// besideDetails are the lines under an entry of what happens beside the legs.
func besideDetails(rd reader, v docket.View, f casework.Facts) []string {
	var out []string
	if f.Submission != nil && f.Submission.Urgency != "" {
		out = append(out, rd.lang.Say("beside.urgency", f.Submission.Urgency))
	}
	if f.Variety != nil {
		out = append(out, f.Variety.Reason)
	}
	if f.Join != nil {
		out = append(out, f.Join.Statement)
	}
	if f.Filing != nil {
		receipt := rd.lang.Say("filing.receipt.none")
		if f.Filing.Receipt != "" {
			receipt = rd.lang.Say("filing.receipt", f.Filing.Receipt)
		}
		out = append(out, rd.lang.Say("filing.line", f.Filing.Channel, dayOf(rd, f.Filing.Date)), receipt)
	}
	if f.Received > 0 {
		out = append(out, rd.lang.Say("submission", f.Received))
	}
	if f.Replaced != nil {
		out = append(out, rd.lang.Say("beside.former.line", f.Replaced.Number, dayOf(rd, f.Replaced.Date), rd.lang.Say("outcome."+string(f.Replaced.Outcome))))
	}
	return out
}
