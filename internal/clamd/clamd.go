// Package clamd asks a ClamAV daemon about a file, over TCP, by its INSTREAM
// command. It keeps nothing, decides nothing about files, and never repeats the
// name of what was found: that belongs to the daemon's own log.
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Scanner is one daemon. Its connection is neither encrypted nor authenticated:
// it belongs into the same private network.
type Scanner struct {
	address  string
	patience time.Duration // for one file, from dialling to the answer
}

var _ docket.Scanner = (*Scanner)(nil)

const (
	dialPatience = 5 * time.Second
	patience     = 2 * time.Minute
	chunk        = 256 << 10
	answerMost   = 4 << 10
)

// New returns the daemon at address, host:port. It asks nobody.
func New(address string) *Scanner { return &Scanner{address: address, patience: patience} }

// Scan sends size bytes of r to the daemon and reads its answer. See [docket.Scanner].
func (s *Scanner) Scan(ctx context.Context, r io.Reader, size int64) (docket.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	dialer := net.Dialer{Timeout: dialPatience}
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return "", away("dialling", err)
	}
	defer conn.Close()
	// Whatever the connection waits for ends when ctx does.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	// A daemon that has seen enough answers and hangs up while it is still being
	// written to: the answer counts then, not the broken pipe.
	sent := send(conn, r, size)
	var bad *readError
	if errors.As(sent, &bad) {
		return "", fault.Because(fault.Unavailable, "file.read", bad.err)
	}
	answer, err := bufio.NewReader(io.LimitReader(conn, answerMost)).ReadString(0)
	if err != nil && answer == "" {
		return "", away("reading its answer", errors.Join(sent, ctx.Err(), err))
	}
	return verdict(strings.TrimSpace(strings.TrimRight(answer, "\x00")), sent)
}

// readError is an error of the file, not of the daemon.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }

// send writes the command, the file in chunks that each say their length, and
// the empty chunk that ends it.
func send(w io.Writer, r io.Reader, size int64) error {
	if _, err := io.WriteString(w, "zINSTREAM\x00"); err != nil {
		return err
	}
	buf := make([]byte, 4+chunk)
	for left := size; left > 0; {
		n := int(min(left, chunk))
		if _, err := io.ReadFull(r, buf[4:4+n]); err != nil {
			return &readError{err}
		}
		binary.BigEndian.PutUint32(buf, uint32(n))
		if _, err := w.Write(buf[:4+n]); err != nil {
			return err
		}
		left -= int64(n)
	}
	_, err := w.Write(make([]byte, 4))
	return err
}

// verdict reads the daemon's answer; sent is what became of the sending. A word
// about a file that was not sent whole is worth nothing, unless it is a bad one.
func verdict(answer string, sent error) (docket.Verdict, error) {
	switch {
	case strings.HasPrefix(answer, "INSTREAM size limit exceeded"):
		return docket.TooLarge, nil
	case strings.HasSuffix(answer, " FOUND") && strings.Contains(answer, "Heuristics.Limits.Exceeded"):
		return docket.TooLarge, nil // it stopped half way, and its settings say that it tells so
	case strings.HasSuffix(answer, " FOUND"):
		return docket.Infected, nil
	case answer == "stream: OK" && sent == nil:
		return docket.Clean, nil
	case strings.HasSuffix(answer, " ERROR"):
		return "", away("scanning", errors.New("it answers with an error"))
	}
	return "", away("reading its answer", errors.Join(sent, errors.New("it is not one that clamd gives")))
}

func away(doing string, err error) error {
	return fault.Because(fault.Unavailable, "busy", fmt.Errorf("%s the virus scanner: %w", doing, err))
}
