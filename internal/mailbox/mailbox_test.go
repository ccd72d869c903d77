package mailbox

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// relay is an SMTP server that keeps what it is handed.
type relay struct {
	mu      sync.Mutex
	refuse  *smtp.SMTPError
	silent  bool
	secured bool
	to      []string
	got     [][]byte
}

func (r *relay) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secured := c.TLSConnectionState()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secured = secured
	return &session{r}, nil
}

type session struct{ *relay }

func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.refuse != nil {
		return s.refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if s.silent {
		time.Sleep(2 * time.Second)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, b)
	return err
}

func (r *relay) start(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(r)
	server.TLSConfig = config
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

var message = docket.Message{
	Key: "c1/2/gate/mpa/opinion-1", To: "窗口 <window@mpa.example>", Subject: "【急需】案件 JX-2026-0001 待办理：请在期限前给出评估意见，逾期将被提醒",
	Text: "您好：\n案件 JX-2026-0001。\n.\n" + strings.Repeat("很长的一行", 200) + "\n",
}

func TestAMessageArrivesAsItWasWritten(t *testing.T) {
	r := &relay{}
	address := r.start(t, nil)
	for range 2 {
		if err := New(address, "jixu@city.example").Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.got) != 2 || r.to[0] != "window@mpa.example" {
		t.Fatalf("got %d messages to %v, want 2 to the window", len(r.got), r.to)
	}
	var ids []string
	for _, raw := range r.got {
		for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if len(line) > 998 {
				t.Errorf("got a line of %d bytes, want 998 at most", len(line))
			}
			for _, c := range line {
				if c > 126 {
					t.Fatalf("got %q in the wire's text, want ASCII", c)
				}
			}
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || subject != message.Subject {
			t.Errorf("got subject %q and %v, want %q", subject, err, message.Subject)
		}
		body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); got != message.Text || err != nil {
			t.Errorf("got %q and %v, want %q", got, err, message.Text)
		}
		if got := m.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("got type %q, want text", got)
		}
		if _, err := m.Header.Date(); err != nil {
			t.Errorf("its date: %v", err)
		}
		ids = append(ids, m.Header.Get("Message-ID"))
	}
	if ids[0] != ids[1] || ids[0] != messageID(message.Key, "jixu@city.example") || strings.Contains(ids[0], "c1") {
		t.Errorf("got ids %v, want the same one twice that says nothing", ids)
	}
	if messageID("a", "x@y") == messageID("b", "x@y") {
		t.Errorf("two notices have one id")
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		refuse   *smtp.SMTPError
		change   func(*docket.Message)
		want     error
	}{
		{"an addressee the relay will never take is refused for good", &smtp.SMTPError{Code: 550, Message: "no window@mpa.example here"}, nil, fault.Invalid},
		{"an addressee the relay cannot take now is tried again", &smtp.SMTPError{Code: 451, Message: "later"}, nil, fault.Unavailable},
		{"a message to nobody is none", nil, func(m *docket.Message) { m.To = "" }, fault.Invalid},
		{"two addressees are none", nil, func(m *docket.Message) { m.To = "a@x.example, b@x.example" }, fault.Invalid},
		{"an addressee cannot bring headers", nil, func(m *docket.Message) { m.To = "a@x.example\r\nBcc: b@x.example" }, fault.Invalid},
		{"a message without a key is none", nil, func(m *docket.Message) { m.Key = "" }, fault.Invalid},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			r := &relay{refuse: tt.refuse}
			m := message
			if tt.change != nil {
				tt.change(&m)
			}
			err := New(r.start(t, nil), "jixu@city.example").Send(t.Context(), m)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "window@") {
				t.Errorf("the error names the addressee: %v", err)
			}
			if len(r.got) != 0 {
				t.Errorf("got %d messages, want none", len(r.got))
			}
		})
	}
}

func TestASubjectCannotBringHeaders(t *testing.T) {
	r := &relay{}
	m := message
	m.Subject = "x\r\nBcc: b@x.example\r\n\r\nbody"
	if err := New(r.start(t, nil), "jixu@city.example").Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := mail.ReadMessage(bytes.NewReader(r.got[0]))
	if err != nil || got.Header.Get("Bcc") != "" {
		t.Errorf("got %v and %v, want no Bcc", got.Header, err)
	}
}

func TestNobodyWaitsForARelayForEver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := New((&relay{silent: true}).start(t, nil), "jixu@city.example").Send(ctx, message)
	if took := time.Since(began); !errors.Is(err, fault.Unavailable) || took > time.Second {
		t.Errorf("got %v after %v, want Unavailable at once", err, took)
	}
	if err := New("127.0.0.1:1", "jixu@city.example").Send(t.Context(), message); !errors.Is(err, fault.Unavailable) {
		t.Errorf("nobody there: got %v, want Unavailable", err)
	}
}

func TestARelayThatOffersEncryptionGetsIt(t *testing.T) {
	config, roots := certificate(t)
	r := &relay{}
	address := r.start(t, config)
	if err := New(address, "jixu@city.example").Send(t.Context(), message); !errors.Is(err, fault.Unavailable) || len(r.got) != 0 {
		t.Errorf("a relay nobody vouches for: got %v and %d messages, want none", err, len(r.got))
	}
	known := New(address, "jixu@city.example")
	known.roots = roots
	if err := known.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if !r.secured || len(r.got) != 1 {
		t.Errorf("got encryption %v and %d messages, want one, encrypted", r.secured, len(r.got))
	}
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}
