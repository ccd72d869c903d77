package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "1.1.1.1": true, "223.5.5.5": true, "2400:3200::1": true, "2606:4700::1111": true,

		"127.0.0.1": false, "127.255.255.254": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false,
		"100.64.0.1": false, "100.127.255.255": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "192.0.0.8": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.7": false,
		"203.0.113.9": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12:3456::1": false,
		"ff02::1": false, "2001:db8::1": false, "3fff::1": false, "100::1": false, "2001::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::a00:1": false, "2002:7f00:1::": false, "2002:a9fe:a9fe::1": false, "::ffff:0:127.0.0.1": false,
		"::ffff:93.184.216.34": true,
	} {
		ip := netip.MustParseAddr(address)
		if got := (guard{}).allows(ip); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
		if got, want := (guard{loopback: true}).allows(ip), want || ip.IsLoopback(); got != want {
			t.Errorf("%s in development: got %v, want %v", address, got, want)
		}
	}
}

// receiver is a server on this machine that counts who knocks.
func receiver(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var knocks atomic.Int32
	s := httptest.NewUnstartedServer(answer)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			knocks.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, &knocks
}

func hook(address string) docket.Hook {
	return docket.Hook{Address: address, ID: "c1-2-mpa", At: noon, Body: body, Secrets: [][]byte{ours}}
}

// Every way of writing this machine's address ends at the same guard.
func TestThisComputerIsNotReachedByAnyName(t *testing.T) {
	s, knocks := receiver(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0",
		"[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "127.0.0.1.",
	} {
		if err := NewSender(false).Post(t.Context(), hook("http://"+host+":"+port+"/")); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s: got %v, want it refused", host, err)
		}
	}
	if n := knocks.Load(); n != 0 {
		t.Errorf("got %d connections, want none", n)
	}
}

// nameServer answers every question for an address with the next of ips.
func nameServer(t *testing.T, ips ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 512)
		asked := 0
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			end := 12
			for buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			end += 5
			out := append([]byte{buf[0], buf[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, buf[12:end]...)
			if n >= end && buf[end-3] == 1 { // a question for IPv4
				ip := netip.MustParseAddr(ips[min(asked, len(ips)-1)]).As4()
				asked++
				out[7] = 1
				out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ip[0], ip[1], ip[2], ip[3])
			}
			_, _ = conn.WriteTo(out, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

// The name leads to a public server while somebody looks, and to this machine
// when it is dialled.
func TestANameThatChangesItsMindIsJudgedWhenItIsDialled(t *testing.T) {
	s, knocks := receiver(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	names := nameServer(t, "93.184.216.34", "127.0.0.1")
	seen, err := names.LookupNetIP(t.Context(), "ip4", "events.mpa.example")
	if err != nil || len(seen) != 1 || !(guard{}).allows(seen[0].Unmap()) {
		t.Fatalf("looking first: got %v and %v, want a public address", seen, err)
	}
	sender := newSender(&net.Dialer{Timeout: time.Second, Control: guard{}.control, Resolver: names}, &tls.Config{MinVersion: tls.VersionTLS12})
	if err := sender.Post(t.Context(), hook("http://events.mpa.example:"+port+"/")); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want it refused", err)
	}
	if n := knocks.Load(); n != 0 {
		t.Errorf("got %d connections, want none", n)
	}
}

func TestAnEventArrivesSignedOverTLS(t *testing.T) {
	var got *http.Request
	var read []byte
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r
		read, _ = io.ReadAll(r.Body)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it does not like who trusts it not
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	sender := newSender(&net.Dialer{Control: guard{loopback: true}.control}, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots})
	if err := sender.Post(t.Context(), hook(s.URL+"/events")); err != nil {
		t.Fatal(err)
	}
	got.Header.Set(HeaderSender, "mpa")
	m, err := Read(got.Header, read, noon)
	if err != nil || !m.Holds([][]byte{ours}) || m.ID != "c1-2-mpa" || string(read) != string(body) {
		t.Errorf("got %+v and %v, want the event, signed", m, err)
	}
	if got.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" || got.TLS == nil {
		t.Errorf("got %v, want a CloudEvent over TLS", got.Header)
	}
	if err := NewSender(true).Post(t.Context(), hook(s.URL)); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a certificate nobody vouches for: got %v, want it refused", err)
	}
}

func TestWhatAReceiverMayAnswer(t *testing.T) {
	elsewhere, knocks := receiver(t, func(http.ResponseWriter, *http.Request) {})
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, row := range []struct {
		sentence string
		answer   http.HandlerFunc
		want     error
	}{
		{"200 is delivered", status(200), nil},
		{"204 is delivered", status(204), nil},
		{"a mistake of theirs is tried again", status(500), fault.Unavailable},
		{"a refusal is tried again", status(404), fault.Unavailable},
		{"a redirect is followed nowhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, fault.Unavailable},
		{"more words than anybody reads are left unread", func(w http.ResponseWriter, _ *http.Request) {
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat("x", 10_000)); err != nil {
					return
				}
			}
		}, nil},
		{"headers without end are refused", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
			}
		}, fault.Unavailable},
		{"who hangs up is tried again", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Unavailable},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			s, _ := receiver(t, row.answer)
			if err := NewSender(true).Post(t.Context(), hook(s.URL)); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
	if n := knocks.Load(); n != 0 {
		t.Errorf("got %d connections to where the redirect leads, want none", n)
	}
}

func TestAReceiverThatNeverAnswersIsGivenUp(t *testing.T) {
	s, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices when the sender has gone
		<-r.Context().Done()
	})
	sender := NewSender(true)
	sender.client.Timeout = 50 * time.Millisecond
	if err := sender.Post(t.Context(), hook(s.URL)); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want it given up", err)
	}
}

func TestAnErrorNamesNoPath(t *testing.T) {
	s, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	for _, address := range []string{s.URL + "/secret-path?k=secret-key", "http://127.0.0.1:1/secret-path", "http://[fe80::1]/secret-path", "::secret-path"} {
		err := NewSender(true).Post(t.Context(), hook(address))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v, want an error without the path", err)
		}
		var u *url.Error
		if errors.As(err, &u) {
			t.Errorf("got %v, want no error that names the address", u)
		}
	}
}
