package history

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Two spellings of one value have one canonical form, and it means the same.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[null,true,"急\u9700\n"]}`, `{"a":9007199254740993}`, `[{"":{}}, -0]`, `"\ud83d\ude00"`, `1e3`, `{"a":1,"a":2}`, strings.Repeat("[", 200)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		one, err := Canonical(json.RawMessage(b))
		if err != nil {
			return
		}
		if !json.Valid(one) {
			t.Fatalf("%s: got %s, which is no JSON", b, one)
		}
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, b, " ", "\t"); err != nil {
			t.Fatal(err)
		}
		other, err := Canonical(json.RawMessage(spaced.Bytes()))
		if err != nil || !bytes.Equal(one, other) {
			t.Errorf("%s, spaced: got %s, %v, want %s", b, other, err, one)
		}
	})
}
