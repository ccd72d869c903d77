// Package webhook signs and verifies requests between machines as Standard
// Webhooks describes it, and sends ours where an administrator wants them. It
// keeps no secret and does not know what a request says.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jixu/internal/fault"
	"jixu/internal/typed"
)

// The headers of a signed request.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
	// HeaderSender names the organisation whose secrets were signed with. It is not
	// part of what is signed: a secret is one organisation's alone.
	HeaderSender = "Jixu-Organisation"
)

const (
	// Tolerance is how far a sender's clock may be off, before or after ours.
	Tolerance = 5 * time.Minute

	scheme        = "v1"
	minID         = 8
	maxID         = 100
	maxSignatures = 10
)

// Message is a request that carries its headers properly; whether its signature
// holds is not known yet.
type Message struct {
	ID         string
	Sender     string
	At         time.Time
	signatures [][]byte
	signed     []byte
}

// Read takes the headers of a request apart. It fails with fault.Invalid if one
// is missing, sent twice or malformed, and with fault.Forbidden if the timestamp
// is more than five minutes away from now, which is the machine's time.
func Read(h http.Header, body []byte, now time.Time) (Message, error) {
	malformed := fault.New(fault.Invalid, "webhook.headers")
	for _, name := range []string{HeaderID, HeaderTimestamp, HeaderSignature, HeaderSender} {
		if len(h.Values(name)) != 1 {
			return Message{}, malformed
		}
	}
	m := Message{ID: h.Get(HeaderID), Sender: h.Get(HeaderSender)}
	stamp := h.Get(HeaderTimestamp)
	if !typed.IsID(m.ID, minID, maxID) || !typed.IsID(m.Sender, 1, maxID) || len(stamp) > 12 || strings.Trim(stamp, "0123456789") != "" {
		return Message{}, malformed
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return Message{}, malformed
	}
	m.At = time.Unix(seconds, 0)
	if now.Sub(m.At).Abs() > Tolerance {
		return Message{}, fault.New(fault.Forbidden, "webhook.time")
	}
	list := strings.Split(h.Get(HeaderSignature), " ")
	if len(list) > maxSignatures {
		return Message{}, malformed
	}
	for _, one := range list {
		// Other schemes may stand beside ours; none of them counts.
		if text, ok := strings.CutPrefix(one, scheme+","); ok {
			if mac, err := base64.StdEncoding.Strict().DecodeString(text); err == nil && len(mac) == sha256.Size {
				m.signatures = append(m.signatures, mac)
			}
		}
	}
	m.signed = signed(m.ID, stamp, body)
	return m, nil
}

// Holds reports whether one of the signatures was made with one of secrets. It
// takes as long for a wrong one as for a right one.
func (m Message) Holds(secrets [][]byte) bool {
	holds := false
	for _, secret := range secrets {
		want := mac(secret, m.signed)
		for _, got := range m.signatures {
			if hmac.Equal(got, want) {
				holds = true
			}
		}
	}
	return holds
}

// Sign returns the headers of a request that every one of secrets signs: during
// a change of secrets the receiver needs to know only one.
func Sign(id string, at time.Time, body []byte, secrets [][]byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	var list []string
	for _, secret := range secrets {
		list = append(list, scheme+","+base64.StdEncoding.EncodeToString(mac(secret, signed(id, stamp, body))))
	}
	h := http.Header{}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, stamp)
	h.Set(HeaderSignature, strings.Join(list, " "))
	return h
}

func signed(id, stamp string, body []byte) []byte {
	return append([]byte(id+"."+stamp+"."), body...)
}

func mac(secret, message []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(message)
	return h.Sum(nil)
}
