package table

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jixu/internal/docket"
)

func TestKeysRoundTrip(t *testing.T) {
	part := rapid.StringMatching(`[a-zA-Z0-9._$!~ 急-]{1,20}`)
	kind := rapid.SampledFrom([]string{docket.CaseKind, "inquiry", "never-heard-of"})
	rapid.Check(t, func(t *rapid.T) {
		id, gate, org := docket.NameOf(kind.Draw(t, "kind"), part.Draw(t, "id")), part.Draw(t, "gate"), part.Draw(t, "org")
		seq := rapid.IntRange(1, maxSeq).Draw(t, "seq")
		when := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanos")).UTC()

		k := entryKey(id, seq)
		if got, ok := EntryOf(k.pk, k.sk); !ok || got != (docket.EntryRef{Of: id, Seq: seq}) {
			t.Fatalf("EntryOf(%v) = %v, %v", k, got, ok)
		}
		for _, k := range []key{gateKey(id, gate), seatKey(id, gate, org)} {
			if gotID, gotGate, ok := parseGate(k); !ok || gotID != id || gotGate != gate {
				t.Fatalf("parseGate(%v) = %q, %q, %v", k, gotID, gotGate, ok)
			}
			if _, ok := EntryOf(k.pk, k.sk); ok {
				t.Fatalf("%v passes for an entry", k)
			}
		}
		if gotID, gotFile, ok := parseObject("dossier/" + id + "/" + gate); !ok || gotID != id || gotFile != gate {
			t.Fatalf("parseObject = %q, %q, %v", gotID, gotFile, ok)
		}
		for _, i := range []index{
			untoldIndex(id, seq, when), dueIndex(id, gate, when), inboxIndex(org, when, id, gate),
			placeIndex(docket.Place{List: docket.CopiesPages.Of(org), At: when}, id), placeIndex(docket.Place{List: gate, At: when}, id),
		} {
			if got, ok := parseInstant(i.sk); !ok || !got.Equal(when) {
				t.Fatalf("parseInstant(%q) = %v, %v", i.sk, got, ok)
			}
		}
		waits := []docket.Wait{{Gate: gate, Leg: "opinion", Run: seq}, {Gate: gate}}
		if got := parseOpen(openIndex(id, waits).sk); got.Of != id || !slices.Equal(got.Waits, waits) {
			t.Fatalf("parseOpen = %v, want %s waiting at %v", got, id, waits)
		}
		tok := docket.Token{Run: rapid.IntRange(0, 1e9).Draw(t, "run"), Entered: when, Retry: rapid.IntRange(0, 1e5).Draw(t, "retry")}
		if got, ok := parseTokenOrder(tokenOrder(tok)); !ok || got != tok {
			t.Fatalf("parseTokenOrder = %v, %v", got, ok)
		}
	})
}

func TestTokensSortAsTheyFollow(t *testing.T) {
	token := rapid.Custom(func(t *rapid.T) docket.Token {
		return docket.Token{
			Run:     rapid.IntRange(0, 12).Draw(t, "run"),
			Entered: time.UnixMilli(rapid.Int64Range(0, 2000).Draw(t, "entered")).UTC(),
			Retry:   rapid.IntRange(0, 12).Draw(t, "retry"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := token.Draw(t, "a"), token.Draw(t, "b")
		if got, want := tokenOrder(a) < tokenOrder(b), a.Before(b); got != want {
			t.Fatalf("%v sorts before %v: %v, want %v", a, b, got, want)
		}
	})
}

func TestKeysRefuse(t *testing.T) {
	long := strings.Repeat("x", maxPart+1)
	tests := []struct {
		sentence string
		k        key
	}{
		{"a case without an id has no head", headKey("")},
		{"a separator cannot be in a case's id", headKey("a#b")},
		{"what is no aggregate lends its word to none", headKey("session/s1")},
		{"a kind is written in small letters", headKey("Inquiry/q1")},
		{"a case has one name only", headKey("case/c1")},
		{"a name has two parts at most", headKey("inquiry/a/b")},
		{"text that is not UTF-8 cannot be in a key", headKey("a\xff")},
		{"a part can be too long", headKey(long)},
		{"a separator cannot be in a gate's id", gateKey("c", "opinion#1")},
		{"a separator cannot be in a recorder's id", seatKey("c", "g", "a#b")},
		{"there is no entry before the first", entryKey("c", 0)},
		{"an entry's number has eight digits", entryKey("c", maxSeq+1)},
		{"a separator cannot be in an operation's scope", operationKey("a#b", "1")},
		{"an operation has an id", operationKey("a", "")},
		{"a session has a hash", sessionKey("")},
		{"a subject can be too long", subjectKey(long)},
		{"a separator cannot be in a reader's id", readingKey(docket.Reading{Of: "c", Person: "a#b"})},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			if tt.k.valid() {
				t.Errorf("got %v, want no key", tt.k)
			}
		})
	}
}

func TestKeysAllow(t *testing.T) {
	if a, b := operationKey("p", "1#2"), operationKey("p", "1"); !a.valid() || a == b {
		t.Errorf("an operation's id ends the key and may be any text: got %v", a)
	}
	if k := subjectKey("auth0#people|7"); !k.valid() {
		t.Errorf("an issuer's subject may be any text: got %v", k)
	}
}

func TestOneQueryReadsACaseWithoutItsEntries(t *testing.T) {
	inside := []key{fileKey("c", "!"), fileKey("c", "zz"), gateKey("c", "opinion-1"), headKey("c")}
	outside := []key{entryKey("c", 1), entryKey("c", maxSeq), placeKey("c", docket.CopiesPages.Of("zz")), seatKey("c", "a", "b")}
	for _, k := range inside {
		if k.sk < fileSort || k.sk > headSort {
			t.Errorf("%v is not read with its case", k)
		}
	}
	for _, k := range outside {
		if k.sk >= fileSort && k.sk <= headSort {
			t.Errorf("%v is read with its case", k)
		}
	}
}

func TestObjectsOfNobody(t *testing.T) {
	for _, object := range []string{"", "dossier", "dossier/c", "dossier/C/f/x", "dossier/a/b/c/d", "dossier/session/f/x", "manifest/c/f", "dossier//f", "dossier/c/", "dossier/c#/f"} {
		if _, _, ok := parseObject(object); ok {
			t.Errorf("%q passes for a file's object", object)
		}
	}
}

// What a place in the index cannot say, the aggregate is read for.
func TestAnOpenRowThatCannotSayWhatItWaitsForSaysItsName(t *testing.T) {
	var many []docket.Wait
	for range 40 {
		many = append(many, docket.Wait{Gate: strings.Repeat("g", 30), Leg: "opinion", Run: 1})
	}
	for name, waits := range map[string][]docket.Wait{
		"too many gates": many, "a gate whose id cannot be told apart": {{Gate: "a:b", Leg: "opinion", Run: 1}}, "none": nil,
	} {
		if got := parseOpen(openIndex("c1", waits).sk); got.Of != "c1" || got.Waits != nil {
			t.Errorf("%s: got %v, want c1 and no more", name, got)
		}
	}
	for _, sk := range []string{"c1", "c1#opinion-1:opinion", "c1#opinion-1:opinion:many", "c1#opinion-1:opinion:1#x"} {
		if got := parseOpen(sk); got.Of != "c1" || got.Waits != nil {
			t.Errorf("%s: got %v, want c1 and no more", sk, got)
		}
	}
}
