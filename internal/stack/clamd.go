package stack

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jixu/internal/local"
)

// Harmful is the one thing that the virus scanner of [Clamd] knows.
var Harmful = []byte("jixu: this text is taken for a virus by the tests, and by nobody else")

// Clamd starts a real ClamAV daemon with the settings of infra/clamd.conf, those
// of more before them, on address or a free port, and stops it when the test
// ends. It returns its address and how to stop it earlier. `make check` installs
// it; without it the test fails.
func Clamd(t testing.TB, address string, more ...string) (string, func()) {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	if address == "" {
		port, err := local.FreePort(0)
		if err != nil {
			t.Fatal(err)
		}
		address = fmt.Sprintf("127.0.0.1:%d", port)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(filepath.Join(root, "infra", "clamd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lines := []string{"DatabaseDirectory " + dir, "TemporaryDirectory " + dir, "TCPAddr " + host, "TCPSocket " + port, "Foreground yes", "LogFile " + dir + "/log"}
	for name, data := range map[string]string{
		"test.ndb":   fmt.Sprintf("Jixu.Test.Sample:0:*:%x\n", Harmful),                       // wherever it stands in whatever file
		"clamd.conf": strings.Join(append(append(lines, more...), string(ours)), "\n") + "\n", // of a setting that stands twice the first counts
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := background(t, dir, "clamd", "--config-file", filepath.Join(dir, "clamd.conf"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = local.Until(ctx, 50*time.Millisecond, func() (bool, error) {
		select {
		case <-p.ended:
			return false, fmt.Errorf("it ended by itself: %s", p.said)
		default:
			return pong(address), nil
		}
	})
	if err != nil {
		t.Fatalf("starting clamd: %v", err)
	}
	return address, p.stop
}

// pong reports whether a daemon answers at address.
func pong(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.WriteString(c, "zPING\x00")
	b, _ := io.ReadAll(c)
	return string(b) == "PONG\x00"
}
