// Package number makes and reads the case number people say on the telephone,
// JX26-XD7K2-M9QX4-HC. It is not the case's id: the number is for people, is never a
// key to anything, and opens nothing. It performs no I/O and reads no clock.
package number

import (
	"fmt"
	"io"
	"strings"

	"jixu/internal/fault"
	"jixu/internal/typed"
)

// A number is 15 characters in groups of 4, 5, 4 and 2:
//
//	JX      fixed
//	26      year of the case
//	X or Y  kind: X for a device (械), Y for a drug (药)
//	9       random characters, 42.8 bits
//	1       check character
//
// Of letters and digits that look or sound alike, at most one is used: none of
// 0 O, none of 1 I L, 2 but not Z, 5 but not S, 8 but not B, V but not U.
const (
	alphabet = "23456789ACDEFGHJKMNPQRTVWXY"
	prefix   = "JX"
	random   = 9
	length   = 15
)

var kinds = map[string]byte{"device": 'X', "drug": 'Y'}

// New returns a number for a case of kind "device" or "drug" begun in year,
// drawing its random part from r without bias. It fails with [fault.Invalid] for
// another kind or a year outside 2000 to 2099, and with [fault.Unavailable] when r
// fails. It does not know which numbers are taken.
func New(r io.Reader, year int, kind string) (string, error) {
	k, ok := kinds[kind]
	if !ok {
		return "", fault.New(fault.Invalid, "number.kind")
	}
	if year < 2000 || year > 2099 {
		return "", fault.New(fault.Invalid, "number.year")
	}
	b := fmt.Appendf(nil, "%s%02d%c", prefix, year%100, k)
	var one [1]byte
	for len(b) < length-1 {
		if _, err := io.ReadFull(r, one[:]); err != nil {
			return "", fault.Because(fault.Unavailable, "number.random", err)
		}
		// Five bits name 32 characters and there are 27: the rest is drawn again,
		// because folding it back would make some characters likelier.
		if n := int(one[0] & 31); n < len(alphabet) {
			b = append(b, alphabet[n])
		}
	}
	b = append(b, check(b))
	return group(string(b)), nil
}

// Parse returns the number somebody typed in its one spelling. Small and full-width
// letters, spaces, and hyphens of any kind or none are all accepted. It fails
// with [fault.Invalid] and one of the codes number.length (with the count found
// and the count wanted), number.character (with the character and its place from
// 1, hyphens not counted) and number.check.
func Parse(s string) (string, error) {
	var b []byte
	count := 0
	var wrong rune
	wrongAt := 0
	for _, r := range typed.Narrow(s) {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if strings.ContainsRune(" \t\r\n\u00a0-‐‑‒–—―−﹣ー", r) {
			continue
		}
		count++
		if wrongAt == 0 && count <= length && !fits(count-1, r) {
			wrong, wrongAt = r, count
		}
		if count <= length {
			b = append(b, byte(r))
		}
	}
	if count != length {
		return "", fault.New(fault.Invalid, "number.length", count, length)
	}
	if wrongAt > 0 {
		return "", fault.New(fault.Invalid, "number.character", string(wrong), wrongAt)
	}
	if check(b[:length-1]) != b[length-1] {
		return "", fault.New(fault.Invalid, "number.check")
	}
	return group(string(b)), nil
}

// fits reports whether r may stand at place i.
func fits(i int, r rune) bool {
	switch {
	case i < 2:
		return r == rune(prefix[i])
	case i < 4:
		return r >= '0' && r <= '9'
	case i == 4:
		return r == 'X' || r == 'Y'
	}
	return r < 0x80 && strings.IndexByte(alphabet, byte(r)) >= 0
}

// check returns the character that makes the weighted sum of all places 0 modulo
// 27. The weights are 1 and 2 in turn. Both have an inverse modulo 27, so any
// one changed character shows; they differ by 1, so any two different
// neighbours that change places show.
func check(b []byte) byte {
	sum := 0
	for i, c := range b[len(prefix):] {
		v := strings.IndexByte(alphabet, c)
		if i < 2 {
			v = int(c - '0')
		}
		sum += v * weight(i)
	}
	// The check character itself has the weight of its place, 1.
	return alphabet[(27-sum%27)%27]
}

// weight of the place i after the prefix, so that the last place, 12, weighs 1.
func weight(i int) int { return 1 + i%2 }

func group(s string) string {
	return s[:4] + "-" + s[4:9] + "-" + s[9:13] + "-" + s[13:]
}
