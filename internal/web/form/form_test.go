package form_test

import (
	"slices"
	"testing"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

func TestDaysAreReadAsPeopleWriteThem(t *testing.T) {
	day := calendar.Day{Year: 2026, Month: 11, Day: 2}
	for text, want := range map[string]calendar.Day{
		"2026-11-02": day, "2026年11月2日": day, "2026/11/2": day, "2026.11.02": day, " ２０２６-11-2 ": day, "": {},
	} {
		if got, ok := form.ParseDay(text); !ok || got != want {
			t.Errorf("%q: got %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"soon", "2026-13-01", "2026-02-30", "11-02"} {
		if got, ok := form.ParseDay(text); ok {
			t.Errorf("%q: got %v, want that it is no day", text, got)
		}
	}
}

func TestWhatCannotBeReadIsGathered(t *testing.T) {
	read := form.Read(form.Values{"date": {"soon"}, "quantity": {"ten"}, "kind": {"other"}, "units": {" １２ "}, "lines": {"a\n\n b \n"}, "ok": {"yes"}})
	read.Day("date")
	read.Integer("quantity")
	read.OneOf("kind", "drug", "device")
	if n := read.Integer("units"); n == nil || *n != 12 {
		t.Errorf("units: got %v, want 12", n)
	}
	if n := read.Integer("nothing"); n != nil {
		t.Errorf("nothing typed: got %v, want nil", *n)
	}
	if got := read.Lines("lines"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("lines: got %v, want a and b", got)
	}
	if !read.Ticked("ok") || read.Ticked("date") {
		t.Error("got another box ticked, want the one")
	}
	want := []fault.Problem{{Field: "date", Code: "field.day"}, {Field: "quantity", Code: "field.integer"}, {Field: "kind", Code: "field.choice"}}
	if f := fault.Of(read.Err()); f == nil || !slices.EqualFunc(f.Problems, want, func(a, b fault.Problem) bool { return a.Field == b.Field && a.Code == b.Code }) {
		t.Errorf("got %v, want %v", read.Err(), want)
	}
}

func TestAProblemIsSaidOnceInTheSummaryAndBesideItsField(t *testing.T) {
	problems := []fault.Problem{{Field: "date", Code: "field.day"}, {Field: "date", Code: "field.day"}, {Code: "form.theirs"}}
	errs := form.Wrong(words.EN, problems, func(field string) string { return field })
	if len(errs) != 2 || errs[0].Label != "date" || errs[1].Label != "" {
		t.Errorf("got %v, want the day once and the whole form", errs)
	}
	in := form.Field{ID: "date", Kind: form.Day}.Input(words.EN, "Date", "soon", errs)
	if in.Error == "" || in.Error != errs[0].Sentence || in.Value != "soon" || in.Help == "" {
		t.Errorf("got %+v, want the sentence of the summary beside what was typed", in)
	}
}

func TestAChoiceThatWasMadeStaysChosen(t *testing.T) {
	in := form.Input{Value: "b"}
	in.Offer(form.Choice{Value: "a", Chosen: true}, form.Choice{Value: "b"})
	if in.Options[0].Chosen || !in.Options[1].Chosen {
		t.Errorf("got %+v, want b chosen alone", in.Options)
	}
}

func TestAFieldThatIsSentTwiceIsNamed(t *testing.T) {
	got := form.Repeated(form.Values{"b": {"1", "2"}, "a": {"1", "1"}, "c": {"1"}})
	if len(got) != 2 || got[0].Field != "a" || got[1].Field != "b" {
		t.Errorf("got %v, want a and b", got)
	}
}

func TestProblemsStandAsTheirFieldsDo(t *testing.T) {
	read, law := []fault.Problem{{Field: "b", Code: "field.day"}}, []fault.Problem{{Field: "b", Code: "field.empty"}, {Field: "a", Code: "field.empty"}}
	got := form.Ordered(form.Merged(read, law), []string{"a", "b"})
	if len(got) != 2 || got[0].Field != "a" || got[1].Code != "field.day" {
		t.Errorf("got %v, want a, and b as it could not be read", got)
	}
}
