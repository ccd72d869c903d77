package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Sender posts events over HTTPS to public servers. It follows no redirect, asks
// no proxy, keeps no cookie and reads next to nothing of what they answer.
type Sender struct{ client *http.Client }

var _ docket.Hooks = (*Sender)(nil)

const (
	dialling  = 5 * time.Second
	answering = 10 * time.Second
	maxAnswer = 16 << 10 // bytes that are read, to be polite, and forgotten
)

// NewSender returns a sender. loopback lets it reach this very machine: for
// development, where the receiver of a test has no public address.
func NewSender(loopback bool) *Sender {
	return newSender(&net.Dialer{Timeout: dialling, Control: guard{loopback}.control}, &tls.Config{MinVersion: tls.VersionTLS12})
}

func newSender(dialer *net.Dialer, secure *tls.Config) *Sender {
	return &Sender{client: &http.Client{
		Timeout:       answering,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: secure, TLSHandshakeTimeout: dialling,
			ResponseHeaderTimeout: answering, MaxResponseHeaderBytes: maxAnswer, DisableCompression: true,
			// What a name leads to is judged for each event.
			DisableKeepAlives: true, ForceAttemptHTTP2: false,
		},
	}}
}

// Post sends one event. Everything but a 2xx is fault.Unavailable: it is sent
// again later. The error names no address; a path may be a secret.
func (s *Sender) Post(ctx context.Context, h docket.Hook) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.Address, bytes.NewReader(h.Body))
	if err != nil {
		return fault.New(fault.Unavailable, "event")
	}
	for name, values := range Sign(h.ID, h.At, h.Body, h.Secrets) {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	r.Header.Set("User-Agent", "Jixu")
	answer, err := s.client.Do(r)
	if err != nil {
		return fault.Because(fault.Unavailable, "event", reason(err))
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // whatever it says, the status counts
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fault.Because(fault.Unavailable, "event", fmt.Errorf("the receiver answered %d", answer.StatusCode))
	}
	return nil
}

// reason is err without the address that [url.Error] names.
func reason(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok && u.Unwrap() != nil {
		return u.Unwrap()
	}
	return err
}
