package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jixu/internal/fault"
)

// Embedded is embedded.
type Embedded struct {
	B string `json:"b"`
}

func TestCanonical(t *testing.T) {
	type inner struct {
		B string `json:"b"`
		A int    `json:"a,omitempty"`
		C string `json:"-"`
		D string
		e int
	}
	nested := any(0)
	for range 70 {
		nested = []any{nested}
	}
	for _, row := range []struct {
		name string
		in   any
		want string // empty: refused
	}{
		{"members are sorted", map[string]int{"b": 1, "a": 2}, `{"a":2,"b":1}`},
		{"members are sorted by UTF-16 code units, as RFC 8785 shows", json.RawMessage(`{"\u20ac":"Euro","\r":"CR","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smile","\u0080":"Control","\u00f6":"o"}`), "{\"\\r\":\"CR\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"o\",\"€\":\"Euro\",\"😀\":\"Smile\",\"\ufb33\":\"Dalet\"}"},
		{"nothing is escaped that need not be", "<急需>&\u2028\u007f/", "\"<急需>&\u2028\u007f/\""},
		{"control characters have their short escapes", "\b\t\n\f\r\x00\x1f\"\\", `"\b\t\n\f\r\u0000\u001f\"\\"`},
		{"escapes are undone", json.RawMessage(`"\u003c\/\u6025"`), `"</急"`},
		{"space is left out", json.RawMessage(" { \"a\" : [ 1 , true , null ] } "), `{"a":[1,true,null]}`},
		{"structs follow their tags", inner{B: "x", D: "y", e: 1}, `{"D":"y","b":"x"}`},
		{"instants are UTC to the millisecond", time.Date(2026, 11, 22, 8, 0, 0, 1999999, time.FixedZone("", 8*3600)), `"2026-11-22T00:00:00.001Z"`},
		{"a whole second keeps three digits", []time.Time{time.Unix(0, 0)}, `["1970-01-01T00:00:00.000Z"]`},
		{"the largest exact integer", int64(maxSafe), "9007199254740991"},
		{"a nil list is null", []string(nil), "null"},
		{"nothing is null", nil, "null"},
		{"a pointer is what it points to", &inner{B: "x"}, `{"D":"","b":"x"}`},
		{"text is not normalised", "e\u0301", "\"e\u0301\""},
		{"2^53 is too large", int64(maxSafe) + 1, ""},
		{"2^53 in JSON text is too large", json.RawMessage("9007199254740992"), ""},
		{"a fraction", 1.5, ""},
		{"a whole float", 1.0, ""},
		{"not a number", math.NaN(), ""},
		{"a fraction in JSON text", json.RawMessage("1.0"), ""},
		{"an exponent in JSON text", json.RawMessage("1e2"), ""},
		{"minus zero", json.RawMessage("-0"), ""},
		{"a name given twice", json.RawMessage(`{"a":1,"a":1}`), ""},
		{"a name given twice in two spellings", json.RawMessage(`{"a":1,"\u0061":1}`), ""},
		{"half a surrogate pair", json.RawMessage(`"\ud800"`), ""},
		{"a surrogate pair the wrong way round", json.RawMessage(`"\udc00\ud800"`), ""},
		{"text that is not UTF-8", "\xff", ""},
		{"JSON text that is not UTF-8", json.RawMessage("\"\xff\""), ""},
		{"two values", json.RawMessage("1 2"), ""},
		{"bytes", []byte("x"), ""},
		{"a channel", make(chan int), ""},
		{"an embedded struct's members stand among its own", struct {
			Embedded
			Z int `json:"z"`
		}{Embedded{B: "x"}, 1}, `{"b":"x","z":1}`},
		{"a name that an embedded struct gives again", struct {
			Embedded
			B int `json:"b"`
		}{}, ""},
		{"an embedded pointer", struct{ *Embedded }{&Embedded{}}, ""},
		{"an instant after year 9999", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{"nesting without end", nested, ""},
		{"nesting without end in JSON text", json.RawMessage(strings.Repeat("[", 70) + strings.Repeat("]", 70)), ""},
	} {
		got, err := Canonical(row.in)
		if string(got) != row.want || (err != nil) != (row.want == "") {
			t.Errorf("%s: got %s, %v, want %s", row.name, got, err, row.want)
		}
	}
}

func chain(t interface{ Fatal(...any) }, n int) []Entry {
	var out []Entry
	var prev Entry
	for i := range n {
		e, err := Seal(prev, Entry{
			Aggregate: "case/c-1", Verb: "submit", At: time.UnixMilli(1795000000000 + int64(i)).Add(789),
			By:   Actor{Person: "p-1", Org: "o-1", Via: "session"},
			Body: json.RawMessage(fmt.Sprintf(`{ "n": %d, "reason": "<急>" }`, i)),
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
		prev = e
	}
	return out
}

func TestSeal(t *testing.T) {
	c := chain(t, 2)
	if c[0].Seq != 1 || c[0].Prev != "" || c[1].Seq != 2 || c[1].Prev != c[0].Hash || len(c[0].Hash) != 64 {
		t.Errorf("entries follow each other: got %+v", c)
	}
	if string(c[0].Body) != `{"n":0,"reason":"<急>"}` || c[0].At.Nanosecond()%1e6 != 0 || c[0].At.Location() != time.UTC {
		t.Errorf("a sealed entry is canonical: got %s at %s", c[0].Body, c[0].At)
	}
	at := time.Unix(1, 0)
	for _, row := range []struct {
		name string
		prev Entry
		e    Entry
	}{
		{"an entry of another aggregate", c[0], Entry{Aggregate: "case/c-2", Verb: "v", At: at}},
		{"no aggregate", Entry{}, Entry{Verb: "v", At: at}},
		{"no verb", Entry{}, Entry{Aggregate: "a", At: at}},
		{"no instant", Entry{}, Entry{Aggregate: "a", Verb: "v"}},
		{"a body that is no JSON", Entry{}, Entry{Aggregate: "a", Verb: "v", At: at, Body: json.RawMessage("{")}},
		{"a body with a fraction", Entry{}, Entry{Aggregate: "a", Verb: "v", At: at, Body: json.RawMessage("0.1")}},
		{"a verb that is not UTF-8", Entry{}, Entry{Aggregate: "a", Verb: "\xff", At: at}},
	} {
		if _, err := Seal(row.prev, row.e); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s is not sealed: got %v, want %v", row.name, err, fault.Invalid)
		}
	}
	if e, err := Seal(Entry{}, Entry{Aggregate: "a", Verb: "v", At: at}); err != nil || string(e.Body) != "{}" {
		t.Errorf("an empty body is an empty object: got %s, %v", e.Body, err)
	}
}

func TestVerifyNamesTheFirstBrokenEntry(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func([]Entry) []Entry
		index  int // -1: whole
	}{
		{"nothing changed", func(e []Entry) []Entry { return e }, -1},
		{"no entries", func(e []Entry) []Entry { return nil }, -1},
		{"the first removed", func(e []Entry) []Entry { return e[1:] }, 0},
		{"one in the middle removed", func(e []Entry) []Entry { return slices.Delete(e, 2, 3) }, 2},
		{"two swapped", func(e []Entry) []Entry { e[1], e[2] = e[2], e[1]; return e }, 1},
		{"one doubled", func(e []Entry) []Entry { return slices.Insert(e, 2, e[1]) }, 2},
		{"a verb changed", func(e []Entry) []Entry { e[3].Verb = "decide"; return e }, 3},
		{"an instant changed by a nanosecond", func(e []Entry) []Entry { e[3].At = e[3].At.Add(1); return e }, 3},
		{"a person changed", func(e []Entry) []Entry { e[0].By.Person = "p-2"; return e }, 0},
		{"a space in a body", func(e []Entry) []Entry { e[1].Body = append(slices.Clone(e[1].Body), ' '); return e }, 1},
		{"an entry changed and sealed again", func(e []Entry) []Entry {
			e[1].Verb = "decide"
			e[1], _ = Seal(e[0], e[1])
			return e
		}, 2},
		{"an entry of another aggregate sealed on", func(e []Entry) []Entry {
			e[4].Aggregate = "case/c-2"
			e[4].Hash, _ = e[4].hash()
			return e
		}, 4},
	} {
		err := Verify(row.change(chain(t, 5)))
		var b *Broken
		if errors.As(err, &b) != (row.index >= 0) || b != nil && b.Index != row.index {
			t.Errorf("%s: got %v, want entry %d", row.name, err, row.index+1)
		}
	}
}

func TestVerifyToFindsAMissingEnd(t *testing.T) {
	c := chain(t, 3)
	if err := VerifyTo(c, 3, c[2].Hash); err != nil {
		t.Errorf("the whole history: got %v, want nil", err)
	}
	if err := VerifyTo(c[:2], 3, c[2].Hash); err == nil {
		t.Error("the last entry removed: got nil, want an error")
	}
	if err := VerifyTo(c, 2, c[1].Hash); err == nil {
		t.Error("an entry added: got nil, want an error")
	}
	if err := VerifyTo(nil, 1, c[0].Hash); err == nil {
		t.Error("everything removed: got nil, want an error")
	}
}

func TestEntrySurvivesOtherWriters(t *testing.T) {
	c := chain(t, 3)
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var back []Entry
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if err := Verify(back); err != nil {
		t.Errorf("after encoding/json with indents and escapes: got %v, want nil", err)
	}
}

// Every single changed, removed, added or doubled byte of a written history is found.
func TestEveryChangedByteIsFound(t *testing.T) {
	c := chain(t, 3)
	var lines [][]byte
	for _, e := range c {
		b, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, b)
	}
	read := func(lines [][]byte) error {
		var es []Entry
		for _, l := range lines {
			e, err := Decode(l)
			if err != nil {
				return err
			}
			es = append(es, e)
		}
		return VerifyTo(es, 3, c[2].Hash)
	}
	if err := read(lines); err != nil {
		t.Fatalf("untouched: got %v, want nil", err)
	}
	n := 0
	for i, line := range lines {
		touched := slices.Clone(lines)
		for j := range line {
			for _, to := range []byte{line[j] ^ 1, line[j] ^ 0x20, line[j] ^ 0x80, ' ', '0', '"'} {
				if to == line[j] {
					continue
				}
				touched[i] = slices.Clone(line)
				touched[i][j] = to
				if n++; read(touched) == nil {
					t.Errorf("line %d byte %d changed from %q to %q is not found", i, j, line[j], to)
				}
			}
			for _, other := range [][]byte{slices.Delete(slices.Clone(line), j, j+1), slices.Insert(slices.Clone(line), j, line[j]), slices.Insert(slices.Clone(line), j, ' ')} {
				touched[i] = other
				if n++; read(touched) == nil {
					t.Errorf("line %d touched at byte %d is not found: %s", i, j, other)
				}
			}
		}
	}
	t.Logf("%d changes, all found", n)
}

func values() *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64Range(-maxSafe, maxSafe), func(n int64) any { return json.Number(fmt.Sprint(n)) }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
	)
	one := func(child *rapid.Generator[any]) *rapid.Generator[any] {
		return rapid.OneOf(
			leaf,
			rapid.Map(rapid.SliceOfN(child, 0, 4), func(s []any) any { return s }),
			rapid.Map(rapid.MapOfN(rapid.String(), child, 0, 4), func(m map[string]any) any { return m }),
		)
	}
	return one(one(one(leaf)))
}

func TestCanonicalIsOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "v")
		a, err := Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		other, err := json.MarshalIndent(v, "", "\t") // other order rules, escapes and space
		if err != nil {
			t.Fatal(err)
		}
		b, err := Canonical(json.RawMessage(other))
		if err != nil || !bytes.Equal(a, b) {
			t.Fatalf("two spellings of one value: got %s and %s, %v", a, b, err)
		}
		again, err := Canonical(json.RawMessage(a))
		if err != nil || !bytes.Equal(a, again) || !json.Valid(a) {
			t.Fatalf("canonical form of canonical form: got %s, want %s, %v", again, a, err)
		}
	})
}

func TestAnyChangeOfAnyFieldIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := chain(t, rapid.IntRange(1, 6).Draw(t, "n"))
		whole := slices.Clone(c)
		i := rapid.IntRange(0, len(c)-1).Draw(t, "i")
		text := rapid.StringN(0, 10, -1)
		switch rapid.IntRange(0, 8).Draw(t, "field") {
		case 0:
			c[i].Aggregate = text.Draw(t, "v")
		case 1:
			c[i].Seq = rapid.Int().Draw(t, "v")
		case 2:
			c[i].Verb = text.Draw(t, "v")
		case 3:
			c[i].At = c[i].At.Add(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "v")))
		case 4:
			c[i].By.Person = text.Draw(t, "v")
		case 5:
			c[i].By.Org, c[i].By.Via = text.Draw(t, "v"), text.Draw(t, "w")
		case 6:
			c[i].Body = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "v")
		case 7:
			c[i].Prev = text.Draw(t, "v")
		case 8:
			c[i].Hash = text.Draw(t, "v")
		}
		same := fmt.Sprintf("%+v", c) == fmt.Sprintf("%+v", whole)
		err := VerifyTo(c, len(whole), whole[len(whole)-1].Hash)
		if (err == nil) != same {
			t.Fatalf("changed %t: got %v", !same, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, e := range chain(f, 2) {
		b, _ := Encode(e)
		f.Add(b)
	}
	f.Add([]byte(`{"aggregate":"a","body":{"x":"\ud800"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if b, err := Canonical(json.RawMessage(line)); err == nil {
			if again, err := Canonical(json.RawMessage(b)); err != nil || !bytes.Equal(b, again) {
				t.Errorf("canonical form of canonical form: got %s, want %s, %v", again, b, err)
			}
		}
		e, err := Decode(line)
		if err != nil {
			return
		}
		back, err := Encode(e)
		if err != nil || !bytes.Equal(back, line) {
			t.Errorf("a line that was read is written as it was: got %s, want %s, %v", back, line, err)
		}
		_ = Verify([]Entry{e})
	})
}
