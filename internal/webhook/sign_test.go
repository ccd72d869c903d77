package webhook

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/fault"
)

var (
	ours   = []byte("ours, 32 bytes of it, as made ..")
	theirs = []byte("theirs, 32 bytes of it, as made.")
	noon   = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	body   = []byte(`{"answer":"opine"}`)
)

// The example of the Standard Webhooks specification.
func TestSigningIsAsTheStandardShowsIt(t *testing.T) {
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), [][]byte{secret})
	if got, want := h.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// request is what org's machine sends at noon.
func request(secrets ...[]byte) http.Header {
	h := Sign("msg_12345678", noon, body, secrets)
	h.Set(HeaderSender, "mpa")
	return h
}

func TestWhatIsTakenForSigned(t *testing.T) {
	const (
		holds   = "holds"
		refused = "refused" // read properly, and the signature does not hold
	)
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	signature := func(change func(string) string) func(http.Header) {
		return func(h http.Header) { h.Set(HeaderSignature, change(h.Get(HeaderSignature))) }
	}
	at := func(d time.Duration) func(http.Header) {
		return func(h http.Header) {
			for name, values := range Sign("msg_12345678", noon.Add(d), body, [][]byte{ours}) {
				h[name] = values
			}
		}
	}
	for _, row := range []struct {
		sentence string
		change   func(http.Header)
		want     string
	}{
		{"a signed request holds", nil, holds},
		{"it holds five minutes early", at(5 * time.Minute), holds},
		{"it holds five minutes late", at(-5 * time.Minute), holds},
		{"a second more and it is too early", at(5*time.Minute + time.Second), "Forbidden"},
		{"a second more and it is too late", at(-5*time.Minute - time.Second), "Forbidden"},
		{"one good signature among others is enough", signature(func(s string) string { return "v1a,x v1,AAAA v2," + s[3:] + " " + s }), holds},
		{"another scheme's name does not count", signature(func(s string) string { return "v2" + s[2:] }), refused},
		{"no scheme does not count", signature(func(s string) string { return s[3:] }), refused},
		{"a scheme in capitals does not count", signature(func(s string) string { return "V1" + s[2:] }), refused},
		{"none as a scheme does not count", set(HeaderSignature, "none,"), refused},
		{"a truncated signature does not hold", signature(func(s string) string { return s[:len(s)-4] }), refused},
		{"an empty signature does not hold", set(HeaderSignature, "v1,"), refused},
		{"half a signature does not hold", signature(func(s string) string { return s[:3+22] + "==" }), refused},
		{"a lengthened signature does not hold", signature(func(s string) string { return s + "AAAA" }), refused},
		{"a signature of the gateway's joined headers does not hold", signature(func(s string) string { return s + "," + s }), refused},
		{"a signature without its padding does not hold", signature(func(s string) string { return strings.TrimRight(s, "=") }), refused},
		{"another id does not hold", set(HeaderID, "msg_12345679"), refused},
		{"another timestamp does not hold", set(HeaderTimestamp, strconv.FormatInt(noon.Unix()+1, 10)), refused},
		{"more signatures than anybody needs are malformed", signature(func(s string) string { return strings.Repeat(s+" ", 11) }), "Invalid"},
		{"no id is malformed", func(h http.Header) { h.Del(HeaderID) }, "Invalid"},
		{"no timestamp is malformed", func(h http.Header) { h.Del(HeaderTimestamp) }, "Invalid"},
		{"no signature is malformed", func(h http.Header) { h.Del(HeaderSignature) }, "Invalid"},
		{"no sender is malformed", func(h http.Header) { h.Del(HeaderSender) }, "Invalid"},
		{"two ids are malformed", func(h http.Header) { h.Add(HeaderID, "msg_12345678") }, "Invalid"},
		{"two signatures in two headers are malformed", func(h http.Header) { h.Add(HeaderSignature, "v1,AAAA") }, "Invalid"},
		{"two senders are malformed", func(h http.Header) { h.Add(HeaderSender, "nmpa") }, "Invalid"},
		{"two ids in one header are malformed", set(HeaderID, "msg_12345678,msg_12345679"), "Invalid"},
		{"a short id is malformed", set(HeaderID, "1234567"), "Invalid"},
		{"a long id is malformed", set(HeaderID, strings.Repeat("x", 101)), "Invalid"},
		{"an id with a dot is malformed", set(HeaderID, "msg.12345678"), "Invalid"},
		{"an id with a space is malformed", set(HeaderID, "msg 12345678"), "Invalid"},
		{"a sender with a slash is malformed", set(HeaderSender, "mpa/../nmpa"), "Invalid"},
		{"a sender with a hash is malformed", set(HeaderSender, "mpa#x"), "Invalid"},
		{"a date is no timestamp", set(HeaderTimestamp, noon.Format(time.RFC3339)), "Invalid"},
		{"a negative timestamp is malformed", set(HeaderTimestamp, "-1"), "Invalid"},
		{"a signed number is malformed", set(HeaderTimestamp, "+1772424000"), "Invalid"},
		{"a fraction is malformed", set(HeaderTimestamp, "1772424000.5"), "Invalid"},
		{"milliseconds are far in the future", set(HeaderTimestamp, "177242400000"), "Forbidden"},
		{"a number beyond all is malformed", set(HeaderTimestamp, strings.Repeat("9", 40)), "Invalid"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			h := request(ours)
			if row.change != nil {
				row.change(h)
			}
			m, err := Read(h, body, noon)
			got := string(fault.KindOf(err))
			if err == nil {
				got = map[bool]string{true: holds, false: refused}[m.Holds([][]byte{theirs, ours})]
			}
			if got != row.want {
				t.Errorf("got %s (%v), want %s", got, err, row.want)
			}
		})
	}
}

func TestSecretsOverlapWhileTheyAreChanged(t *testing.T) {
	for _, row := range []struct {
		sentence string
		sent     [][]byte
		known    [][]byte
		want     bool
	}{
		{"the new secret is known beside the old", [][]byte{ours}, [][]byte{theirs, ours}, true},
		{"the sender signs with both", [][]byte{theirs, ours}, [][]byte{ours}, true},
		{"another's secret does not hold", [][]byte{theirs}, [][]byte{ours}, false},
		{"who has no secret cannot be verified", [][]byte{ours}, nil, false},
		{"who signs with none cannot be verified", nil, [][]byte{ours}, false},
	} {
		m, err := Read(request(row.sent...), body, noon)
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if got := m.Holds(row.known); got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestAnotherBodyDoesNotHold(t *testing.T) {
	for _, other := range []string{"", `{"answer":"opine"} `, `{"answer":"record"}`} {
		m, err := Read(request(ours), []byte(other), noon)
		if err != nil || m.Holds([][]byte{ours}) {
			t.Errorf("%q: got %v and a signature that holds, want it refused", other, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	h := request(ours)
	f.Add(h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature), "mpa", body)
	f.Add("", "", "", "", []byte{})
	f.Add("msg_12345678", "99999999999", "v1,", "#", []byte{0xff})
	f.Fuzz(func(t *testing.T, id, stamp, signature, sender string, body []byte) {
		h := http.Header{}
		h.Set(HeaderID, id)
		h.Set(HeaderTimestamp, stamp)
		h.Set(HeaderSignature, signature)
		h.Set(HeaderSender, sender)
		m, err := Read(h, body, noon)
		if err != nil && (m.ID != "" || m.signed != nil) {
			t.Errorf("got %v beside %v, want nothing", m, err)
		}
		if m.Holds([][]byte{theirs}) {
			t.Error("got a signature of a secret that nobody used")
		}
	})
}
