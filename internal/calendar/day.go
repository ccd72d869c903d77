package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Shanghai is the zone of every local day: UTC+8 without daylight saving, made
// by hand so that no time-zone data has to be on the machine.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Day is one calendar day in Shanghai. Days are comparable with ==; the zero Day
// means no day. A Day is not an instant: [Day.Start] and [Day.End] are.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf returns the day on which t falls in Shanghai.
func DayOf(t time.Time) Day {
	y, m, d := t.In(Shanghai).Date()
	return Day{y, m, d}
}

// ParseDay reads "2026-11-22". It fails for a date that does not exist and for
// any other spelling.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, errors.New("reading day: not a date like 2026-11-22")
	}
	y, m, d := t.Date()
	if y < 1 {
		return Day{}, errors.New("reading day: year 0")
	}
	return Day{y, m, d}, nil
}

// String returns the day as "2026-11-22", and "" for no day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText writes what [Day.String] returns.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [Day.MarshalText] writes.
func (d *Day) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Day{}
		return nil
	}
	p, err := ParseDay(string(b))
	if err != nil {
		return err
	}
	*d = p
	return nil
}

// IsZero reports whether d is no day.
func (d Day) IsZero() bool { return d == Day{} }

// Before reports whether d is earlier than o.
func (d Day) Before(o Day) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// After reports whether d is later than o.
func (d Day) After(o Day) bool { return o.Before(d) }

// AddDays returns the day n calendar days later; n may be negative.
func (d Day) AddDays(n int) Day {
	t := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC)
	y, m, day := t.Date()
	return Day{y, m, day}
}

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Start returns the first instant of the day, 00:00:00 in Shanghai.
func (d Day) Start() time.Time { return d.At(0, 0) }

// End returns the last second of the day, 23:59:59 in Shanghai.
func (d Day) End() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 23, 59, 59, 0, Shanghai)
}

// At returns the instant of a time of day, in Shanghai.
func (d Day) At(hour, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, Shanghai)
}
