package table

import (
	"testing"
	"time"

	"jixu/internal/docket"
)

// A key that is taken apart is the key that its parts make, and no item passes
// for another.
func FuzzKeys(f *testing.F) {
	for _, k := range []key{headKey("c"), entryKey("c", 1), gateKey("c", "g"), seatKey("c", "g", "o"), fileKey("c", "f"), single("SESSION", "h")} {
		f.Add(k.pk, k.sk)
	}
	f.Add("dossier/c/f", tokenOrder(docket.Token{Run: 1, Entered: time.Unix(0, 1), Retry: 2}))
	f.Add("CASE#", "ENTRY#-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		if ref, ok := EntryOf(a, b); ok && (entryKey(ref.Of, ref.Seq) != key{a, b}) {
			t.Errorf("%q %q: got entry %+v, which has another key", a, b, ref)
		}
		if id, gate, ok := parseGate(key{a, b}); ok {
			if _, isEntry := EntryOf(a, b); isEntry || !isPart(id) || !isPart(gate) {
				t.Errorf("%q %q: got gate %q of %q", a, b, gate, id)
			}
		}
		if id, file, ok := parseObject(a); ok && a != "dossier/"+id+"/"+file && a != "evidence/"+id+"/"+file {
			t.Errorf("%q: got file %q of %q", a, file, id)
		}
		if tok, ok := parseTokenOrder(b); ok && tokenOrder(tok) != b {
			t.Errorf("%q: got %+v", b, tok)
		}
		if at, ok := parseInstant(b); ok {
			if again, ok := parseInstant(instant(at)); !ok || !again.Equal(at) {
				t.Errorf("%q: got %v, and read again %v", b, at, again)
			}
		}
	})
}
