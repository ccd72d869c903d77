// Package calendar counts deadlines: working days by the State Council's
// notices, calendar days, and hours, each with the trace of how it was counted.
// It decides nothing about a case; a deadline here is only a date and the reason
// for it. It performs no I/O and reads no clock.
package calendar

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

//go:embed data/*.json
var official embed.FS

// Source is the notice a year's days were taken from.
type Source struct {
	Title  string `json:"title"`
	Number string `json:"number"` // document number; empty when it was not found
	Date   Day    `json:"date"`   // when the notice was issued
	Page   string `json:"page"`   // where it was read
}

// Reason says why a day works or rests, in both languages. Holidays have the
// name the notice gives them; the other reasons are below.
type Reason struct {
	Key string `json:"key"`
	ZH  string `json:"zh"`
	EN  string `json:"en"`
}

// The reasons that are not holidays.
var (
	Workday  = Reason{"workday", "工作日", "Working day"}
	MakeUp   = Reason{"make-up", "调休上班", "Make-up working day"}
	Weekend  = Reason{"weekend", "周末", "Weekend"}
	Presumed = Reason{"presumed", "按工作日暂计（放假安排尚未公布）", "Presumed working day (holidays not yet announced)"}
)

// Calendar knows which days work and which rest. The zero Calendar knows no
// notice: it rests on weekends and on the holidays that the regulation fixes for
// every year, and everything it counts is provisional.
// A Calendar is never changed after it was parsed and may be shared.
type Calendar struct {
	Version      string   // names the data exactly: other data, other version
	KnownFrom    Day      // first day of the years that were loaded
	KnownThrough Day      // last day of the years that were loaded without a gap
	Sources      []Source // one for each year, in order

	off     map[Day]Reason
	working map[Day]bool
}

// year is a data file as it is written.
type year struct {
	Year   int    `json:"year"`
	Source Source `json:"source"`
	Off    []struct {
		From Day    `json:"from"`
		To   Day    `json:"to"`
		Key  string `json:"key"`
		ZH   string `json:"zh"`
		EN   string `json:"en"`
	} `json:"off"`
	Working []Day `json:"working"`
}

// Official returns the calendar of the State Council's notices this build
// carries. It panics if the carried data is broken, which a test rules out.
func Official() Calendar {
	names, err := official.ReadDir("data")
	if err != nil {
		panic("reading carried calendar: " + err.Error())
	}
	var files [][]byte
	for _, n := range names {
		b, err := official.ReadFile("data/" + n.Name())
		if err != nil {
			panic("reading carried calendar: " + err.Error())
		}
		files = append(files, b)
	}
	c, err := Parse(files...)
	if err != nil {
		panic("reading carried calendar: " + err.Error())
	}
	return c
}

// Parse reads one file for each year, in any order. It fails for anything but
// the exact format, a year given twice or a gap between years, a day given
// twice, a rest day outside its year, and a make-up day that is no weekend. The
// one exception: days of December may stand in the next year's file, because
// notices are issued that way; there they are taken as that notice says.
func Parse(files ...[]byte) (Calendar, error) {
	var years []year
	for i, b := range files {
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		var y year
		if err := dec.Decode(&y); err != nil {
			return Calendar{}, fmt.Errorf("reading calendar file %d: %w", i+1, err)
		}
		if _, err := dec.Token(); err != io.EOF {
			return Calendar{}, fmt.Errorf("reading calendar file %d: more than one value", i+1)
		}
		years = append(years, y)
	}
	if len(years) == 0 {
		return Calendar{}, fmt.Errorf("reading calendar: no years")
	}
	slices.SortStableFunc(years, func(a, b year) int { return a.Year - b.Year })

	c := Calendar{off: map[Day]Reason{}, working: map[Day]bool{}}
	for i, y := range years {
		if y.Year < 2000 || y.Year > 2999 {
			return Calendar{}, fmt.Errorf("reading calendar: year %d is not between 2000 and 2999", y.Year)
		}
		if i > 0 && y.Year != years[i-1].Year+1 {
			return Calendar{}, fmt.Errorf("reading calendar: year %d follows %d", y.Year, years[i-1].Year)
		}
		if err := c.add(y); err != nil {
			return Calendar{}, fmt.Errorf("reading calendar of %d: %w", y.Year, err)
		}
		c.Sources = append(c.Sources, y.Source)
	}
	first, last := years[0].Year, years[len(years)-1].Year
	c.KnownFrom = Day{first, time.January, 1}
	c.KnownThrough = Day{last, time.December, 31}

	// The version is made of the meaning, so that layout does not change it. What
	// the regulation fixes belongs to it: by other holidays another day is counted.
	b, err := json.Marshal([]any{years, statutory()})
	if err != nil {
		return Calendar{}, fmt.Errorf("reading calendar: %w", err)
	}
	sum := sha256.Sum256(b)
	c.Version = fmt.Sprintf("cn-%d-%d-%s", first, last, hex.EncodeToString(sum[:4]))
	return c, nil
}

func (c *Calendar) add(y year) error {
	belongs := func(d Day) bool {
		return d.Year == y.Year || d.Year == y.Year-1 && d.Month == time.December
	}
	seen := map[Day]bool{}
	once := func(d Day) error {
		if !belongs(d) {
			return fmt.Errorf("%q is outside the year", d.String())
		}
		if seen[d] {
			return fmt.Errorf("%s is given twice", d)
		}
		seen[d] = true
		return nil
	}
	for _, o := range y.Off {
		if o.To.Before(o.From) || !belongs(o.From) || !belongs(o.To) {
			return fmt.Errorf("holiday %q to %q is outside the year or backwards", o.From.String(), o.To.String())
		}
		if o.Key == "" || o.ZH == "" || o.EN == "" {
			return fmt.Errorf("holiday of %s has no name", o.From)
		}
		for d := o.From; !d.After(o.To); d = d.AddDays(1) {
			if err := once(d); err != nil {
				return err
			}
			c.off[d] = Reason{o.Key, o.ZH, o.EN}
			delete(c.working, d)
		}
	}
	for _, d := range y.Working {
		if err := once(d); err != nil {
			return err
		}
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			return fmt.Errorf("%s is a %s and works anyway", d, w)
		}
		c.working[d] = true
		delete(c.off, d)
	}
	return nil
}

// Knows reports whether d lies in the years whose notices were loaded.
func (c Calendar) Knows(d Day) bool {
	return !c.KnownThrough.IsZero() && !d.Before(c.KnownFrom) && !d.After(c.KnownThrough)
}

// IsWorkingDay reports whether people work on d, and why. Outside the known
// years only weekends rest, and the holidays that the regulation itself fixes.
func (c Calendar) IsWorkingDay(d Day) (bool, Reason) {
	if r, ok := c.off[d]; ok {
		return false, r
	}
	if c.working[d] {
		return true, MakeUp
	}
	known := c.Knows(d)
	if !known {
		if r, ok := statutory().holiday(d); ok {
			return false, r
		}
	}
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false, Weekend
	}
	if !known {
		return true, Presumed
	}
	return true, Workday
}

// WorkingDaysBetween returns how many working days lie after a, up to and
// including b: what is left on day a of a deadline on day b. It is negative when
// b is before a.
func (c Calendar) WorkingDaysBetween(a, b Day) int {
	if b.Before(a) {
		return -c.WorkingDaysBetween(b, a)
	}
	n := 0
	for d := a; d.Before(b); {
		d = d.AddDays(1)
		if ok, _ := c.IsWorkingDay(d); ok {
			n++
		}
	}
	return n
}

// BackFrom returns the latest working day with at least n working days after it up to
// and including due: the day for a reminder. For n below 1 it returns due.
func (c Calendar) BackFrom(due Day, n int) Day {
	d := due
	for left := min(n, MaxN); ; {
		ok, _ := c.IsWorkingDay(d)
		if ok && left <= 0 || n < 1 {
			return d
		}
		if ok {
			left--
		}
		d = d.AddDays(-1)
	}
}
