package history

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestWhatIsCanonicalAlready(t *testing.T) {
	for _, row := range []struct {
		sentence, text string
		want           bool
	}{
		{"words", `[null,true,false]`, true},
		{"integers", `[0,-1,9007199254740991]`, true},
		{"a larger integer", `9007199254740992`, false},
		{"minus zero", `-0`, false},
		{"a leading zero", `01`, false},
		{"a sign alone", `-`, false},
		{"a fraction", `1.0`, false},
		{"an exponent", `1e2`, false},
		{"text", `"急<>&\u0001\n\\\""`, true},
		{"an escape that need not be", `"\/"`, false},
		{"an escape with another spelling", `"\u000a"`, false},
		{"an escape in capitals", `"\u001F"`, false},
		{"an escape of what is no control character", `"\u6025"`, false},
		{"a control character", "\"\n\"", false},
		{"text without an end", `"a`, false},
		{"names in order", `{"":{},"a":[],"b":[[]]}`, true},
		{"names out of order", `{"b":1,"a":1}`, false},
		{"a name twice", `{"a":1,"a":1}`, false},
		{"names beyond the first plane come before the last of it", "{\"\U00010000\":1,\"\uffff\":2}", true},
		{"and not behind", "{\"\uffff\":1,\"\U00010000\":2}", false},
		{"a name that begins another", `{"a":1,"ab":2}`, true},
		{"space", `[1, 2]`, false},
		{"two values", `1 2`, false},
		{"a list that ends with a comma", `[1,]`, false},
		{"an object that ends with a comma", `{"a":1,}`, false},
		{"nothing", ``, false},
		{"an open list", `[1`, false},
		{"an open object", `{"a":1`, false},
		{"the deepest nesting", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), true},
		{"one more", strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2), false},
	} {
		if got := isCanonical([]byte(row.text), 0); got != row.want {
			t.Errorf("%s, %s: got %v, want %v", row.sentence, row.text, got, row.want)
		}
	}
}

// What is taken for canonical is what the slow way writes of it; and what the slow way
// writes is taken for canonical, unless a name has escapes in it.
func FuzzAlreadyCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[null,true,"急\u9700\n"]}`, `{"a\n":1}`, `[{"":{}},-1]`, `{"a":1,"b":{"c":[]}}`, "{\"\U00010000\":1,\"\uffff\":2}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !utf8.Valid(raw) || loneSurrogate(raw) {
			return
		}
		var slow bytes.Buffer
		err := rewrite(&slow, raw, 0)
		if isCanonical(raw, 0) && (err != nil || !bytes.Equal(slow.Bytes(), raw)) {
			t.Errorf("%s: taken for canonical, and written again it is %s, %v", raw, slow.Bytes(), err)
		}
		if err == nil && !bytes.Contains(slow.Bytes(), []byte(`\`)) && !isCanonical(slow.Bytes(), 0) {
			t.Errorf("%s: written by ourselves and not taken for canonical", slow.Bytes())
		}
	})
}

func TestSealingCopiesWhatIsCanonicalAlready(t *testing.T) {
	body, err := Canonical(map[string]any{"a": "急", "b": []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Seal(Entry{}, Entry{Aggregate: "case/c1", Verb: "v", At: noon(), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		_, _ = Seal(e, Entry{Aggregate: "case/c1", Verb: "v", At: noon(), Body: body})
	}); n > 60 {
		t.Errorf("got %.0f allocations, want it written once and summed up", n)
	}
}

func noon() time.Time { return time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) }
