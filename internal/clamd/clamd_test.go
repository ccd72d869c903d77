package clamd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// daemon answers one connection after reading the file, or at most most bytes
// of it; it returns its address and what it read.
func daemon(t *testing.T, most int, answer string) (string, func() []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan []byte, 1)
	go func() {
		defer close(heard)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		var got bytes.Buffer
		command := make([]byte, len("zINSTREAM\x00"))
		if _, err := io.ReadFull(c, command); err != nil || string(command) != "zINSTREAM\x00" {
			return
		}
		for {
			var n [4]byte
			if _, err := io.ReadFull(c, n[:]); err != nil {
				return
			}
			size := binary.BigEndian.Uint32(n[:])
			if size == 0 || most > 0 && got.Len() >= most {
				break
			}
			if _, err := io.CopyN(&got, c, int64(size)); err != nil {
				return
			}
		}
		heard <- got.Bytes()
		_, _ = io.WriteString(c, answer)
	}()
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func() []byte { return <-heard }
}

func TestAnAnswerIsRead(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer string
		want   docket.Verdict
		err    error
	}{
		{"nothing found", "stream: OK\x00", docket.Clean, nil},
		{"something found", "stream: Win.Test.EICAR_HDB-1 FOUND\x00", docket.Infected, nil},
		{"more than it takes", "INSTREAM size limit exceeded. ERROR\x00", docket.TooLarge, nil},
		{"deeper than it looks", "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\x00", docket.TooLarge, nil},
		{"an error of its own", "stream: Can't allocate memory ERROR\x00", "", fault.Unavailable},
		{"a time-out of its own", "COMMAND READ TIMED OUT\x00", "", fault.Unavailable},
		{"half an answer", "stream: O", "", fault.Unavailable},
		{"no answer", "", "", fault.Unavailable},
		{"another program", "220 mail ESMTP\r\n", "", fault.Unavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			address, heard := daemon(t, 0, row.answer)
			data := bytes.Repeat([]byte("急"), 300_000)
			got, err := New(address).Scan(t.Context(), bytes.NewReader(data), int64(len(data)))
			if got != row.want || !errors.Is(err, row.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, row.want, row.err)
			}
			if !bytes.Equal(heard(), data) {
				t.Errorf("the daemon did not hear the file whole")
			}
			if err != nil && strings.Contains(err.Error(), "EICAR") {
				t.Errorf("it names what was found: %v", err)
			}
		})
	}
}

func TestADaemonThatHangsUpEarlyIsHeard(t *testing.T) {
	for answer, want := range map[string]docket.Verdict{
		"INSTREAM size limit exceeded. ERROR\x00": docket.TooLarge,
		"stream: OK\x00": "", // it has not seen all of it
	} {
		address, _ := daemon(t, 1<<20, answer)
		got, err := New(address).Scan(t.Context(), io.LimitReader(zeros{}, 64<<20), 64<<20)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", answer, got, err, want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestNobodyThereIsUnavailable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	if got, err := New(address).Scan(t.Context(), strings.NewReader("x"), 1); got != "" || !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %q, %v, want Unavailable", got, err)
	}
}

func TestADaemonThatNeverAnswersIsLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := New(l.Addr().String())
	s.patience = 50 * time.Millisecond
	if got, err := s.Scan(t.Context(), strings.NewReader("x"), 1); got != "" || !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %q, %v, want Unavailable", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(l.Addr().String()).Scan(ctx, strings.NewReader("x"), 1); !errors.Is(err, fault.Unavailable) {
		t.Errorf("nobody waits any more: got %v, want Unavailable", err)
	}
}

func TestAFileThatCannotBeReadIsNotTheDaemonsFault(t *testing.T) {
	lost := errors.New("connection reset")
	for name, r := range map[string]io.Reader{"it fails": iotest.ErrReader(lost), "it is short": strings.NewReader("ab")} {
		address, _ := daemon(t, 0, "stream: OK\x00")
		got, err := New(address).Scan(t.Context(), r, 3)
		if f := fault.Of(err); got != "" || f == nil || f.Code != "file.read" {
			t.Errorf("%s: got %q, %v, want file.read", name, got, err)
		}
	}
}
