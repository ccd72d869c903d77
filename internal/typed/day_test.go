package typed_test

import (
	"testing"

	"jixu/internal/typed"
)

func TestADayIsReadAsPeopleWriteIt(t *testing.T) {
	for typedAs, want := range map[string]string{
		"2026-03-05":     "2026-03-05",
		" 2026-3-5 ":     "2026-03-05",
		"2026/3/5":       "2026-03-05",
		"2026.03.05":     "2026-03-05",
		"2026年3月5日":      "2026-03-05",
		"2026 年 3 月 5 日": "2026-03-05",
		"２０２６－０３－０５":     "2026-03-05",
		"20260305":       "2026-03-05",
		"2024年2月29日":     "2024-02-29",
		"":               "",
		"2026-02-30":     "2026-02-30",
		"20261332":       "20261332",
		"长期":             "长期",
		"2026-03-05 之前":  "2026-03-05 之前",
		"05/03/2026":     "05/03/2026",
		"2026-003-05":    "2026-003-05",
		"product1":       "product1",
		"2026年3月5日至4月5日": "2026年3月5日至4月5日",
	} {
		if got := typed.DayText(typedAs); got != want {
			t.Errorf("%q: got %q, want %q", typedAs, got, want)
		}
		if again := typed.DayText(typed.DayText(typedAs)); again != want {
			t.Errorf("%q twice: got %q, want it unmoved", typedAs, again)
		}
	}
}
