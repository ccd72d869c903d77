package calendar

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(t *testing.T, s string) Day {
	t.Helper()
	d, err := ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDue(t *testing.T) {
	c := Official()
	for _, row := range []struct {
		name  string
		start string
		limit Limit
		due   string
		firm  bool
	}{
		{"Friday before a working Sunday is due on Sunday", "2025-09-26", Limit{WorkingDays, 1, false}, "2025-09-28", true},
		{"the eve of National Day 2025 is due after eight days", "2025-09-30", Limit{WorkingDays, 1, false}, "2025-10-09", true},
		{"Friday before the working Saturday of Spring Festival is due on Saturday", "2026-02-13", Limit{WorkingDays, 1, false}, "2026-02-14", true},
		{"the last working day before Spring Festival is due after nine days", "2026-02-14", Limit{WorkingDays, 1, false}, "2026-02-24", true},
		{"seven working days across Spring Festival", "2026-02-10", Limit{WorkingDays, 7, false}, "2026-02-26", true},
		{"Friday before a working Sunday in September", "2026-09-18", Limit{WorkingDays, 1, false}, "2026-09-20", true},
		{"across the end of a year", "2025-12-31", Limit{WorkingDays, 1, false}, "2026-01-04", true},
		{"the last known day is firm", "2026-12-30", Limit{WorkingDays, 1, false}, "2026-12-31", true},
		{"past the last known day is provisional, and New Year’s Day rests in every year", "2026-12-31", Limit{WorkingDays, 1, false}, "2027-01-04", false},
		{"the first and second of May rest before their notice has come", "2029-04-30", Limit{WorkingDays, 1, false}, "2029-05-03", false},
		{"the first three days of October rest before their notice has come", "2030-09-30", Limit{WorkingDays, 1, false}, "2030-10-04", false},
		{"before the regulation only weekends rest in a year nobody knows", "2022-12-30", Limit{WorkingDays, 1, false}, "2023-01-02", false},
		{"before the first known day is provisional", "2023-12-28", Limit{WorkingDays, 1, false}, "2023-12-29", false},
		{"a working Sunday before Spring Festival 2024", "2024-02-02", Limit{WorkingDays, 1, false}, "2024-02-04", true},
		{"the eve of Spring Festival 2024 is a working day by the notice", "2024-02-08", Limit{WorkingDays, 1, false}, "2024-02-09", true},
		{"Spring Festival 2024 and the working Sunday after it", "2024-02-09", Limit{WorkingDays, 1, false}, "2024-02-18", true},
		{"Mid-Autumn 2024 after a working Saturday", "2024-09-13", Limit{WorkingDays, 2, false}, "2024-09-18", true},
		{"National Day 2024", "2024-09-30", Limit{WorkingDays, 1, false}, "2024-10-08", true},
		{"calendar days end where they end", "2026-09-30", Limit{CalendarDays, 3, false}, "2026-10-03", true},
		{"calendar days that end in a holiday move past it", "2026-09-30", Limit{CalendarDays, 3, true}, "2026-10-08", true},
		{"calendar days that end on a working Saturday stay", "2026-10-09", Limit{CalendarDays, 1, true}, "2026-10-10", true},
		{"calendar days need no notice when they do not move", "2026-12-31", Limit{CalendarDays, 9, false}, "2027-01-09", true},
		{"calendar days that may move past the notices are provisional", "2026-12-31", Limit{CalendarDays, 4, true}, "2027-01-04", false},
		{"zero counts as one", "2026-03-02", Limit{WorkingDays, 0, false}, "2026-03-03", true},
	} {
		got := c.Due(day(t, row.start).At(15, 30), row.limit)
		if want := day(t, row.due).End(); !got.Due.Equal(want) {
			t.Errorf("%s: got %s, want %s", row.name, got.Due, want)
		}
		if got.Provisional == row.firm {
			t.Errorf("%s: got provisional %t, want %t", row.name, got.Provisional, !row.firm)
		}
	}
}

func TestHoursAreExact(t *testing.T) {
	start := time.Date(2026, 2, 14, 23, 59, 59, 5e6, Shanghai)
	got := Official().Due(start, Limit{Hours, 12, false})
	if want := start.Add(12 * time.Hour); !got.Due.Equal(want) || got.Provisional {
		t.Errorf("twelve hours across midnight: got %v, want %v", got, want)
	}
	if n := len(Steps(got.Trace)); n != 2 {
		t.Errorf("hours show first and last day: got %d, want 2", n)
	}
}

func TestDayIsShanghais(t *testing.T) {
	if got := DayOf(time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC)).String(); got != "2026-03-02" {
		t.Errorf("16:00 UTC is the next day in Shanghai: got %s, want 2026-03-02", got)
	}
	for _, bad := range []string{"2026-2-3", "2026-02-30", "0000-01-01", "2026-02-03T00:00:00Z", " 2026-02-03", "二〇二六"} {
		if d, err := ParseDay(bad); err == nil {
			t.Errorf("%q is no day: got %v, want an error", bad, d)
		}
	}
	var back Day
	b, _ := json.Marshal(Day{})
	if err := json.Unmarshal(b, &back); err != nil || !back.IsZero() {
		t.Errorf("no day survives JSON: got %v %v, want no day", back, err)
	}
}

func TestWorkingDaysOfYears(t *testing.T) {
	c := Official()
	for y, want := range map[int]int{2024: 251, 2025: 248, 2026: 248} {
		if got := c.WorkingDaysBetween(Day{y - 1, 12, 31}, Day{y, 12, 31}); got != want {
			t.Errorf("working days of %d: got %d, want %d", y, got, want)
		}
	}
	if got := c.WorkingDaysBetween(day(t, "2026-02-24"), day(t, "2026-02-14")); got != -1 {
		t.Errorf("one working day late: got %d, want -1", got)
	}
}

func TestBackFrom(t *testing.T) {
	c := Official()
	for _, row := range []struct {
		name string
		due  string
		n    int
		want string
	}{
		{"two working days before, across Spring Festival", "2026-02-25", 2, "2026-02-14"},
		{"none before is the day itself", "2026-02-17", 0, "2026-02-17"},
		{"one before a day of rest is the last but one working day", "2026-02-16", 1, "2026-02-13"},
	} {
		if got := c.BackFrom(day(t, row.due), row.n); got != day(t, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestTraceExplains(t *testing.T) {
	d := Official().Due(day(t, "2026-02-10").At(9, 0), Limit{WorkingDays, 7, false})
	b, err := json.Marshal(d.Trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"from":"2026-02-15","to":"2026-02-23"`, `"zh":"春节"`, `"counted":7`, `"last":"2026-02-26"`, `"knownThrough":"2026-12-31"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("trace names %s: got %s", want, b)
		}
	}
	var back Trace
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	steps := Steps(back)
	if len(steps) != 17 || steps[5].Kind != Skipped || steps[5].Reason.ZH != "春节" || !steps[16].Due || steps[16].N != 7 {
		t.Errorf("steps from the start day to the seventh working day: got %+v", steps)
	}
}

func TestResume(t *testing.T) {
	c := Official()
	at := func(s string) time.Time { return day(t, s).At(10, 0) }
	for _, row := range []struct {
		name                   string
		limit                  Limit
		start, paused, resumed string
		due                    string
		left                   int
	}{
		{"paused and resumed on one day moves nothing", Limit{WorkingDays, 5, false}, "2026-03-02", "2026-03-04", "2026-03-04", "2026-03-09", 3},
		{"three days remain after two are spent", Limit{WorkingDays, 5, false}, "2026-03-02", "2026-03-04", "2026-03-11", "2026-03-16", 3},
		{"paused on the start day leaves all", Limit{WorkingDays, 5, false}, "2026-03-02", "2026-03-02", "2026-03-03", "2026-03-10", 5},
		{"paused on the last day leaves one", Limit{WorkingDays, 5, false}, "2026-03-02", "2026-03-09", "2026-03-16", "2026-03-17", 1},
		{"resumed before Spring Festival ends after it", Limit{WorkingDays, 3, false}, "2026-02-09", "2026-02-10", "2026-02-14", "2026-02-25", 2},
		{"calendar days stop too", Limit{CalendarDays, 10, false}, "2026-03-02", "2026-03-05", "2026-03-08", "2026-03-15", 7},
		{"calendar days paused while the end is moved leave one", Limit{CalendarDays, 5, true}, "2026-03-02", "2026-03-08", "2026-03-10", "2026-03-11", 1},
	} {
		d := c.Due(at(row.start), row.limit)
		got := c.Resume(d, at(row.paused), at(row.resumed).Add(time.Minute))
		if want := day(t, row.due).End(); !got.Due.Equal(want) {
			t.Errorf("%s: got %s, want %s", row.name, got.Due, want)
		}
		if n := len(got.Trace.Pauses); n != 1 || got.Trace.Pauses[0].Left != row.left {
			t.Errorf("%s: got pauses %+v, want one with %d left", row.name, got.Trace.Pauses, row.left)
		}
		if len(d.Trace.Pauses) != 0 {
			t.Errorf("%s: the deadline before is not changed", row.name)
		}
	}
	d := c.Due(at("2026-03-02"), Limit{Hours, 24, false})
	if got := c.Resume(d, at("2026-03-02").Add(time.Hour), at("2026-03-05")); !got.Due.Equal(at("2026-03-05").Add(23 * time.Hour)) {
		t.Errorf("hours that remain follow the pause: got %s", got.Due)
	}
	late := c.Due(at("2026-03-02"), Limit{WorkingDays, 1, false})
	if got := c.Resume(late, at("2026-03-04"), at("2026-03-06")); !got.Due.Equal(late.Due) || len(got.Trace.Pauses) != 0 {
		t.Errorf("a deadline that has passed does not come back: got %v, want %v", got, late)
	}
}

func TestRecount(t *testing.T) {
	b, err := os.ReadFile("data/2025.json")
	if err != nil {
		t.Fatal(err)
	}
	before, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	d := before.Due(day(t, "2025-12-31").At(9, 0), Limit{WorkingDays, 1, false})
	if !d.Provisional || d.Trace.Last.String() != "2026-01-02" {
		t.Errorf("without the notice of 2026: got %+v, want provisional 2026-01-02", d)
	}
	d = Official().Recount(d)
	if d.Provisional || d.Trace.Last.String() != "2026-01-04" {
		t.Errorf("with the notice of 2026: got %+v, want firm 2026-01-04", d)
	}
}

func TestParseRefuses(t *testing.T) {
	src := `"source":{"title":"t","number":"","date":"2026-01-01","page":"p"}`
	off := func(from, to string) string {
		return `{"from":"` + from + `","to":"` + to + `","key":"k","zh":"假","en":"h"}`
	}
	for _, row := range []struct{ name, file, want string }{
		{"a day given twice", `{"year":2026,` + src + `,"off":[` + off("2026-01-01", "2026-01-02") + `,` + off("2026-01-02", "2026-01-03") + `],"working":[]}`, "given twice"},
		{"a rest day that also works", `{"year":2026,` + src + `,"off":[` + off("2026-01-03", "2026-01-03") + `],"working":["2026-01-03"]}`, "given twice"},
		{"a make-up day that is a Monday", `{"year":2026,` + src + `,"off":[],"working":["2026-01-05"]}`, "works anyway"},
		{"a rest day of another year", `{"year":2026,` + src + `,"off":[` + off("2027-01-01", "2027-01-01") + `],"working":[]}`, "outside the year"},
		{"a holiday that ends before it begins", `{"year":2026,` + src + `,"off":[` + off("2026-01-03", "2026-01-01") + `],"working":[]}`, "backwards"},
		{"a holiday without a name", `{"year":2026,` + src + `,"off":[{"from":"2026-01-01","to":"2026-01-01"}],"working":[]}`, "no name"},
		{"a date that does not exist", `{"year":2026,` + src + `,"off":[],"working":["2026-02-30"]}`, "not a date"},
		{"an unknown field", `{"year":2026,"holidays":[]}`, "unknown field"},
		{"two values", `{"year":2026,` + src + `} {}`, "more than one value"},
		{"a year out of reach", `{"year":1}`, "between"},
		{"nothing", ``, "EOF"},
	} {
		_, err := Parse([]byte(row.file))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
	a, _ := os.ReadFile("data/2025.json")
	if _, err := Parse(a, a); err == nil {
		t.Error("a year given twice: got no error")
	}
	if _, err := Parse(); err == nil {
		t.Error("no years: got no error")
	}
}

func limits() *rapid.Generator[Limit] {
	return rapid.Custom(func(t *rapid.T) Limit {
		return Limit{
			rapid.SampledFrom([]Clock{WorkingDays, CalendarDays, Hours}).Draw(t, "clock"),
			rapid.IntRange(1, 400).Draw(t, "n"), rapid.Bool().Draw(t, "rollOver"),
		}
	})
}

func instants() *rapid.Generator[time.Time] {
	from := time.Date(2024, 10, 1, 0, 0, 0, 0, time.UTC).Unix()
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(from+rapid.Int64Range(0, 3*366*86400).Draw(t, "s"), 0)
	})
}

func TestDeadlineLaws(t *testing.T) {
	c := Official()
	rapid.Check(t, func(t *rapid.T) {
		start, l := instants().Draw(t, "start"), limits().Draw(t, "limit")
		d := c.Due(start, l)
		if !d.Due.After(start) {
			t.Fatalf("due %s is not after start %s", d.Due, start)
		}
		longer := l
		longer.N += rapid.IntRange(1, 30).Draw(t, "more")
		if m := c.Due(start, longer); m.Due.Before(d.Due) {
			t.Fatalf("a longer limit ends earlier: %s before %s", m.Due, d.Due)
		}
		if later := c.Due(start.Add(36*time.Hour), l); later.Due.Before(d.Due) {
			t.Fatalf("a later start ends earlier: %s before %s", later.Due, d.Due)
		}
		works, _ := c.IsWorkingDay(d.Trace.Last)
		if !works && (l.Clock == WorkingDays || l.Clock == CalendarDays && l.RollOver) {
			t.Fatalf("lands on the rest day %s", d.Trace.Last)
		}
		if l.Clock == WorkingDays && c.WorkingDaysBetween(DayOf(start), d.Trace.Last) != l.N {
			t.Fatalf("%d working days are left at the start, want %d", c.WorkingDaysBetween(DayOf(start), d.Trace.Last), l.N)
		}
		if l.Clock == WorkingDays {
			n := min(l.N, 20)
			back := c.BackFrom(d.Trace.Last, n)
			if got := c.WorkingDaysBetween(back, d.Trace.Last); got != n {
				t.Fatalf("back %d working days has %d after it", n, got)
			}
		}
		agree(t, d)
	})
}

// agree checks that the steps of d's trace end where d does, counting what d counted.
func agree(t *rapid.T, d Deadline) {
	b, err := json.Marshal(d.Trace)
	if err != nil {
		t.Fatal(err)
	}
	var back Trace
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	steps := Steps(back)
	last, n := steps[len(steps)-1], 0
	for i, s := range steps {
		if s.N > 0 {
			n++
			if s.N != n {
				t.Fatalf("step %d counts %d, want %d", i, s.N, n)
			}
		}
		if s.Due != (i == len(steps)-1) {
			t.Fatalf("step %d of %d: due is %t", i, len(steps), s.Due)
		}
	}
	if last.Day != DayOf(d.Due) || n != d.Trace.Counted {
		t.Fatalf("steps end on %s after %d, the deadline on %s after %d", last.Day, n, DayOf(d.Due), d.Trace.Counted)
	}
	if d.Trace.Clock != Hours && n != d.Trace.N {
		t.Fatalf("counted %d of %d", n, d.Trace.N)
	}
}

func TestPauseLaws(t *testing.T) {
	c := Official()
	rapid.Check(t, func(t *rapid.T) {
		start, l := instants().Draw(t, "start"), limits().Draw(t, "limit")
		d := c.Due(start, l)
		for range rapid.IntRange(1, 3).Draw(t, "pauses") {
			room := int64(d.Due.Sub(start) / time.Second)
			at := start.Add(time.Duration(rapid.Int64Range(0, room).Draw(t, "at")) * time.Second)
			if n := len(d.Trace.Pauses); n > 0 && at.Before(d.Trace.Pauses[n-1].Until) {
				at = d.Trace.Pauses[n-1].Until
			}
			until := at.Add(time.Duration(rapid.IntRange(1, 40*86400).Draw(t, "for")) * time.Second)
			r := c.Resume(d, at, until)
			if r.Due.Before(d.Due) {
				t.Fatalf("a pause brings the end forward: %s before %s", r.Due, d.Due)
			}
			if !r.Due.After(until) && DayOf(at) != DayOf(until) && at.Before(d.Due) {
				t.Fatalf("due %s is not after resuming %s", r.Due, until)
			}
			if l.Clock == WorkingDays && len(r.Trace.Pauses) > len(d.Trace.Pauses) {
				p := r.Trace.Pauses[len(r.Trace.Pauses)-1]
				if DayOf(at) != DayOf(until) && c.WorkingDaysBetween(DayOf(until), r.Trace.Last) != p.Left {
					t.Fatalf("%d working days follow resuming, want %d", c.WorkingDaysBetween(DayOf(until), r.Trace.Last), p.Left)
				}
			}
			agree(t, r)
			if again := c.Recount(r); !again.Due.Equal(r.Due) {
				t.Fatalf("counting again gives %s, want %s", again.Due, r.Due)
			}
			d = r
		}
	})
}

// A deadline that was counted when less was known, and stopped and resumed as it
// came, is counted again as if everything had been known from the start.
func TestRecountingIsCountingFromTheStart(t *testing.T) {
	var known []Calendar
	var files [][]byte
	for _, y := range []string{"2024", "2025", "2026"} {
		b, err := os.ReadFile("data/" + y + ".json")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
		c, err := Parse(files...)
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, c)
	}
	rapid.Check(t, func(t *rapid.T) {
		l := limits().Draw(t, "limit")
		start := Day{2024, 11, 1}.Start().Add(time.Duration(rapid.Int64Range(0, 600*86400).Draw(t, "start")) * time.Second)
		least := rapid.IntRange(0, 2).Draw(t, "known at the start")
		then, now := known[least], known[rapid.IntRange(least, 2).Draw(t, "known now")]
		was, want := then.Due(start, l), now.Due(start, l)
		for range rapid.IntRange(0, 3).Draw(t, "pauses") {
			at := was.Due.Add(-time.Duration(rapid.Int64Range(0, 20*86400).Draw(t, "before the end")) * time.Second)
			if n := len(was.Trace.Pauses); n > 0 && at.Before(was.Trace.Pauses[n-1].Until) || at.Before(start) {
				break
			}
			until := at.Add(time.Duration(rapid.Int64Range(1, 60*86400).Draw(t, "for")) * time.Second)
			stopped := len(was.Trace.Pauses)
			if was = then.Resume(was, at, until); len(was.Trace.Pauses) > stopped {
				want = now.Resume(want, at, until)
			}
		}
		got := now.Recount(was)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("counted again: got %+v, want %+v", got, want)
		}
		if again := now.Recount(got); !reflect.DeepEqual(again, got) {
			t.Fatalf("counted a third time: got %+v, want %+v", again, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, n := range []string{"2024", "2025", "2026"} {
		b, err := os.ReadFile("data/" + n + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		d := c.Due(c.KnownThrough.Start(), Limit{WorkingDays, 3, false})
		if !d.Provisional || !d.Due.After(c.KnownThrough.End()) {
			t.Errorf("three days past the known ones: got %+v", d)
		}
	})
}
