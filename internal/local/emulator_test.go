package local

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func startEmulator(t *testing.T) *Emulator {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	tools, err := Prepare(t.Context(), root, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	port, err := FreePort(0)
	if err != nil {
		t.Fatal(err)
	}
	e, err := StartEmulator(t.Context(), tools, t.TempDir(), port)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// nothingIsLeft fails the test if any process of the emulator's group lives.
func nothingIsLeft(t *testing.T, e *Emulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := Until(ctx, 20*time.Millisecond, func() (bool, error) {
		return errors.Is(syscall.Kill(-e.process.Process.Pid, 0), syscall.ESRCH), nil
	})
	if err != nil {
		t.Error("a process of the emulator is left")
	}
}

func TestTheEmulatorStopsInOrder(t *testing.T) {
	e := startEmulator(t)
	if answer, err := http.Get(e.Endpoint() + "/_ministack/ready"); err != nil {
		t.Error(err)
	} else {
		answer.Body.Close()
	}
	if err := e.Stop(); err != nil {
		t.Error(err)
	}
	nothingIsLeft(t, e)
}

func TestTheEmulatorEndsWithWhoeverStartedIt(t *testing.T) {
	e := startEmulator(t)
	e.alive.Close() // as our death would
	select {
	case <-e.Ended():
	case <-time.After(10 * time.Second):
		t.Error("it lives on")
	}
	if err := e.Stop(); err != nil {
		t.Errorf("stopping what has ended: %v", err)
	}
	nothingIsLeft(t, e)
}

func TestATakenPortIsNotUsed(t *testing.T) {
	desk := openDesk(t)
	taken := portOf(t, desk.SMTP)
	free, err := FreePort(taken)
	if err != nil || free == taken {
		t.Errorf("got %d, %v, want another port than %d", free, err, taken)
	}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
