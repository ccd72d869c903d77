package typed

import (
	"regexp"
	"strings"
	"time"
)

// spelledDay is a day as people write one: with hyphens, points, slashes or in Chinese.
var spelledDay = regexp.MustCompile(`^(\d{4}) ?[-./年] ?(\d{1,2}) ?[-./月] ?(\d{1,2}) ?日?$`)

// DayText returns s as 2026-11-22 if it is a spelling of a day: 2026/3/5, 2026.03.05,
// 2026年3月5日, or 20260305, which is all that a telephone's pad of digits can write;
// full-width characters count like others. Anything else is returned as it is but for
// blanks around it: what is no day is for whoever reads it to say.
func DayText(s string) string {
	s = strings.TrimSpace(Narrow(s))
	parts := spelledDay.FindStringSubmatch(s)
	if parts == nil && len(s) == len("20260305") {
		parts = []string{s, s[:4], s[4:6], s[6:]}
	}
	if parts == nil {
		return s
	}
	day := parts[1] + "-" + two(parts[2]) + "-" + two(parts[3])
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return s
	}
	return day
}

// two writes a number of one or two digits with two.
func two(digits string) string {
	if len(digits) == 1 {
		return "0" + digits
	}
	return digits
}
