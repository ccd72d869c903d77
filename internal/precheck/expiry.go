package precheck

import (
	"slices"
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/policy"
)

// Expiry is a licence or certificate that has ended or will soon.
type Expiry struct {
	Field  string
	Item   string // of the paper; "" if the form says it
	Label  policy.Text
	Day    calendar.Day // the last day on which it is good
	Left   int          // days until then; negative when it has ended
	Ended  bool
	Clause policy.Clause
	Status policy.Status // the watch itself is a local setting
}

// Expiries lists the licences and certificates of a form that have ended at today or
// end within horizon days, the first to end first. A fact that repeats what the form already says is
// listed once. What cannot be read as a day is not listed.
func Expiries(pack policy.Pack, form map[string]string, today calendar.Day, horizon int) []Expiry {
	form = pack.Clean(form)
	day := func(id string) calendar.Day {
		d, _ := calendar.ParseDay(strings.TrimSpace(form[id]))
		return d
	}
	var out []Expiry
	for _, f := range pack.Form {
		d := day(f.ID)
		if !f.Expires || d.IsZero() || f.Mirrors != "" && day(f.Mirrors) == d || d.After(today.AddDays(max(horizon, 0))) {
			continue
		}
		e := Expiry{Field: f.ID, Item: f.Item, Label: f.Label, Day: d, Left: days(today, d), Ended: d.Before(today), Status: f.Status}
		if f.Clause != nil {
			e.Clause = *f.Clause
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Expiry) int { return a.Left - b.Left })
	return out
}

// Crossed returns which of thresholds, in days before the end, e has passed last, and
// whether any; 0 stands for the end itself, which is always told. thresholds are largest first.
func (e Expiry) Crossed(thresholds []int) (int, bool) {
	if e.Ended {
		return 0, true
	}
	crossed, any := 0, false
	for _, n := range thresholds {
		if e.Left <= n {
			crossed, any = n, true
		}
	}
	return crossed, any
}

// Next is the next day on which there is something new to tell of e under thresholds,
// as [Expiry.Crossed] has them, and whether there is one.
func (e Expiry) Next(thresholds []int) (calendar.Day, bool) {
	if e.Ended {
		return calendar.Day{}, false
	}
	next := e.Left + 1 // the day after the last one
	for _, n := range thresholds {
		if to := e.Left - n; to > 0 {
			next = min(next, to)
		}
	}
	return e.Day.AddDays(next - e.Left), true
}

// days returns how many days lie from a to b.
func days(a, b calendar.Day) int { return int(b.Start().Sub(a.Start()).Hours()) / 24 }
