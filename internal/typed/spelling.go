package typed

import (
	"strings"
	"unicode"
)

// LineEnds returns s with the line ends of forms and other machines, \r\n and \r, as
// the one that is kept, \n.
func LineEnds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// Tidy returns s as text is kept: with the line ends of [LineEnds] and no white space
// around it. Whoever takes text in tidies it before it is counted, compared or summed
// up: the same words by page and by program are the same answer.
func Tidy(s string) string { return strings.TrimSpace(LineEnds(s)) }

// Narrow returns s with the wide letters, digits and signs of a Chinese keyboard
// (U+FF01 to U+FF5E) and its wide blank as those of ASCII. It changes nothing else.
func Narrow(s string) string { return strings.Map(narrow, s) }

func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - ('！' - '!')
	case r == '\u3000':
		return ' '
	}
	return r
}

// Fold returns s without what makes no difference between names: width, case, space
// and punctuation. What it returns is compared and summed up and stands in stored sums:
// it never changes.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		r = narrow(r)
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// Invisible reports whether r is not seen where it stands: marks that turn the
// direction of text, blanks without width, soft hyphens, breaks of lines and
// paragraphs, tags, fillers. Joiners and variation selectors are not among them: emoji
// and rare characters of names are written with them.
func Invisible(r rune) bool {
	if r < '\u00ad' || r >= '\u4e00' && r <= '\u9fff' { // before the first of them, and Chinese characters
		return false
	}
	switch r {
	case zwnj, zwj:
		return false
	case '\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.Is(unicode.Cf, r) || r >= 0xe0000 && r <= 0xe007f
}

// The joiners: characters without width that keep two letters apart or bind two.
const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// hidden is the place of the first character of s that is not seen, from 1, or 0. A
// joiner is one where it can join nothing: beside ASCII and Chinese characters, digits,
// blanks and signs, and at either end.
func hidden(s string) int {
	place, before, joiner := 0, ' ', 0
	for _, r := range s {
		place++
		if joiner > 0 && !joins(r) {
			return joiner
		}
		joiner = 0
		switch {
		case Invisible(r):
			return place
		case r == zwnj, r == zwj:
			if !joins(before) {
				return place
			}
			joiner = place
		}
		before = r
	}
	return joiner
}

// joins reports whether a joiner may stand beside r.
func joins(r rune) bool {
	return r >= 0x80 && r != zwnj && r != zwj && !unicode.Is(unicode.Han, r) && !unicode.IsDigit(r) && !unicode.IsSpace(r) && !unicode.IsPunct(r)
}
