// Package mailbox hands messages to an SMTP relay. It writes plain text in
// UTF-8 and nothing else, and it remembers nothing: whether a message was sent
// before, its caller knows.
package mailbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
	"unicode"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// SMTP is an SMTP server that takes our mail.
type SMTP struct {
	address string // host:port
	from    string
	now     func() time.Time
	roots   *x509.CertPool // nil: the system's
}

var _ docket.Mail = (*SMTP)(nil)

// New returns the relay at address, host:port, for mail that comes from the
// address from. It asks nobody.
func New(address, from string) *SMTP {
	return &SMTP{address: address, from: from, now: time.Now}
}

// patience bounds one delivery, also when the caller's context does not.
const patience = 20 * time.Second

// Send hands m over. It fails with fault.Invalid if m cannot be a mail or the
// relay refuses it for good, and with fault.Unavailable otherwise; the relay
// may then have it or not. A repeat carries the same Message-ID.
func (r *SMTP) Send(ctx context.Context, m docket.Message) error {
	to, err := mail.ParseAddress(m.To)
	if err != nil {
		return fault.Because(fault.Invalid, "mail", errors.New("writing a mail: the addressee is no mail address"))
	}
	from, err := mail.ParseAddress(r.from)
	if err != nil {
		return fault.Because(fault.Invalid, "mail", errors.New("writing a mail: the sender is no mail address"))
	}
	if m.Key == "" {
		return fault.Because(fault.Invalid, "mail", errors.New("writing a mail: it has no key"))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = r.deliver(ctx, from.Address, to.Address, r.write(from, to, m))
	var refused *textproto.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Code >= 500:
		// The relay's words may repeat the addressee; the code says enough for a log.
		return fault.Because(fault.Invalid, "mail", fmt.Errorf("handing a mail over: refused with %d", refused.Code))
	case errors.As(err, &refused):
		return fault.Because(fault.Unavailable, "mail", fmt.Errorf("handing a mail over: put off with %d", refused.Code))
	default:
		return fault.Because(fault.Unavailable, "mail", fmt.Errorf("handing a mail over: %w", err))
	}
}

func (r *SMTP) deliver(ctx context.Context, from, to string, message []byte) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", r.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	// net/smtp knows no context: its end is the connection's.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	host, _, err := net.SplitHostPort(r.address)
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Hello(domainOf(from)); err != nil {
		return err
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		if err := c.StartTLS(&tls.Config{ServerName: host, RootCAs: r.roots, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it is handed over already
	return nil
}

// write returns m as it goes over the wire.
func (r *SMTP) write(from, to *mail.Address, m docket.Message) []byte {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", from.String())
	header("To", to.String())
	header("Subject", mime.BEncoding.Encode("utf-8", oneLine(m.Subject)))
	header("Date", r.now().UTC().Format(time.RFC1123Z))
	header("Message-ID", messageID(m.Key, from.Address))
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	text := strings.ReplaceAll(strings.ReplaceAll(m.Text, "\r\n", "\n"), "\n", "\r\n")
	for line := base64.StdEncoding.EncodeToString([]byte(text)); len(line) > 0; {
		n := min(76, len(line))
		b.WriteString(line[:n] + "\r\n")
		line = line[n:]
	}
	return b.Bytes()
}

// oneLine keeps a subject from becoming headers.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// messageID is the same for the same notice, and tells nobody what it is about.
func messageID(key, from string) string {
	sum := sha256.Sum256([]byte(key))
	return "<" + hex.EncodeToString(sum[:16]) + "@" + domainOf(from) + ">"
}

func domainOf(address string) string {
	return address[strings.LastIndex(address, "@")+1:]
}
