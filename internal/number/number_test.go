package number

import (
	"bytes"
	"crypto/rand"
	"errors"
	mrand "math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jixu/internal/fault"
)

func TestNewIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var seed [32]byte
		copy(seed[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
		year := rapid.IntRange(2000, 2099).Draw(t, "year")
		kind := rapid.SampledFrom([]string{"device", "drug"}).Draw(t, "kind")
		n, err := New(mrand.NewChaCha8(seed), year, kind)
		if err != nil {
			t.Fatal(err)
		}
		typed := strings.ToLower(strings.ReplaceAll(n, "-", rapid.SampledFrom([]string{"", " ", "—", "－", " - "}).Draw(t, "hyphen")))
		if rapid.Bool().Draw(t, "full width") {
			typed = strings.Map(func(r rune) rune {
				if r > ' ' && r < 0x7f {
					return r + '！' - '!'
				}
				return r
			}, typed)
		}
		if got, err := Parse(" " + typed + "　"); err != nil || got != n {
			t.Fatalf("%q: got %q, %v, want %q", typed, got, err, n)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		r    *bytes.Reader
		year int
		kind string
		want fault.Kind
	}{
		{"an unknown kind", bytes.NewReader(make([]byte, 99)), 2026, "food", fault.Invalid},
		{"a year of another century", bytes.NewReader(make([]byte, 99)), 2126, "drug", fault.Invalid},
		{"a source that runs dry", bytes.NewReader(make([]byte, 8)), 2026, "drug", fault.Unavailable},
		{"a source that only gives what is drawn again", bytes.NewReader(bytes.Repeat([]byte{31}, 99)), 2026, "drug", fault.Unavailable},
	} {
		if n, err := New(row.r, row.year, row.kind); !errors.Is(err, row.want) {
			t.Errorf("%s: got %q, %v, want %v", row.name, n, err, row.want)
		}
	}
}

func TestParseExplains(t *testing.T) {
	good, err := New(bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}), 2026, "device")
	if err != nil || good != "JX26-X2345-6789-AG" {
		t.Fatalf("a number of known bytes: got %q, %v, want JX26-X2345-6789-AG", good, err)
	}
	for _, row := range []struct{ name, in, code string }{
		{"nothing", "", "number.length"},
		{"one too few", good[:len(good)-1], "number.length"},
		{"one too many", good + "2", "number.length"},
		{"very long", strings.Repeat("2", 1<<16), "number.length"},
		{"an O for a digit of the year", "JXO" + good[3:], "number.character"},
		{"another prefix", "A" + good[1:], "number.character"},
		{"a look-alike that is never used", strings.Replace(good, "2345", "Z345", 1), "number.character"},
		{"a Chinese character", strings.Replace(good, "2345", "急345", 1), "number.character"},
		{"a byte that is no text", strings.Replace(good, "2345", "\xff345", 1), "number.character"},
		{"one character mistaken", strings.Replace(good, "2345", "3345", 1), "number.check"},
		{"two neighbours swapped", strings.Replace(good, "2345", "3245", 1), "number.check"},
		{"another year", strings.Replace(good, "26", "27", 1), "number.check"},
		{"another kind", strings.Replace(good, "-X", "-Y", 1), "number.check"},
	} {
		_, err := Parse(row.in)
		if f := fault.Of(err); f == nil || f.Code != row.code || f.Kind != fault.Invalid {
			t.Errorf("%s: got %v, want %s", row.name, err, row.code)
		}
	}
}

// An error moves the sum by an amount that depends only on the one or two places
// it touches, so trying every pair of characters at every place tries
// everything there is; three different sums of the rest are tried for good measure.
func TestEverySingleErrorAndSwapIsFound(t *testing.T) {
	tried := 0
	for _, rest := range []int{0, 13, 26} {
		for place := 2; place < length; place++ {
			base := []byte("JX26X222222222?")
			free := 13
			if place >= 11 {
				free = 7
			}
			base[free] = alphabet[rest]
			for _, a := range []byte(charactersAt(place)) {
				for _, b := range []byte(charactersAt(min(place+1, length-1))) {
					n := bytes.Clone(base)
					n[place] = a
					if place+1 < length-1 {
						n[place+1] = b
					}
					n[length-1] = check(n[:length-1])
					if place == length-1 && a != n[place] {
						n[place] = a
						if _, err := Parse(string(n)); err == nil {
							t.Fatalf("%s passes with another check character", n)
						}
						tried++
						continue
					}
					if _, err := Parse(string(n)); err != nil {
						t.Fatalf("%s: got %v, want a good number", n, err)
					}
					for _, other := range []byte(charactersAt(place)) {
						if other == n[place] {
							continue
						}
						m := bytes.Clone(n)
						m[place] = other
						if _, err := Parse(string(m)); err == nil {
							t.Fatalf("%s passes as %s", n, m)
						}
						tried++
					}
					if place+1 < length && n[place] != n[place+1] {
						m := bytes.Clone(n)
						m[place], m[place+1] = m[place+1], m[place]
						if _, err := Parse(string(m)); err == nil {
							t.Fatalf("%s passes as %s", n, m)
						}
						tried++
					}
				}
			}
		}
	}
	t.Logf("%d errors tried, all found", tried)
}

func charactersAt(place int) string {
	switch {
	case place < 4:
		return "0123456789"
	case place == 4:
		return "XY"
	}
	return alphabet
}

func TestCharactersAreEquallyLikely(t *testing.T) {
	seen := map[byte]int{}
	const n = 6000
	for range n {
		s, err := New(rand.Reader, 2026, "drug")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []byte(strings.ReplaceAll(s, "-", "")[5:14]) {
			seen[c]++
		}
	}
	want := float64(n*random) / float64(len(alphabet)) // 2000, standard deviation 44
	for _, c := range []byte(alphabet) {
		if d := float64(seen[c]) - want; d > 300 || d < -300 {
			t.Errorf("%c: got %d, want about %.0f", c, seen[c], want)
		}
	}
	if len(seen) != len(alphabet) {
		t.Errorf("got %d different characters, want %d", len(seen), len(alphabet))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("JX26-X2345-6789-AG")
	f.Add("ｊｘ２６　x2345—6789ａｇ")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(n); err != nil || again != n {
			t.Errorf("reading %q again: got %q, %v, want the same", n, again, err)
		}
	})
}
