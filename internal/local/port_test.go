package local

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestAPortIsANumberThatPortsHave(t *testing.T) {
	for text, want := range map[string]int{
		"4566": 4566, "0": 0, "65535": 65535,
		"abc": -1, "": -1, "65536": -1, "99999": -1, "-1": -1, "4566 ": -1, "1e3": -1, "99999999999999999999": -1,
	} {
		got, err := PortOf(text)
		if want < 0 && (err == nil || !strings.Contains(err.Error(), "is no port")) || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: got %d, %v, want %d (below zero: refused)", text, got, err, want)
		}
	}
}

func TestATakenPortIsNamedWithWhatToDo(t *testing.T) {
	desk := openDesk(t)
	taken := portOf(t, desk.SMTP)
	for variable, ports := range map[string]Ports{"JIXU_PORT": {Stack: taken}, "JIXU_DESK_PORT": {Desk: taken}, "JIXU_SMTP_PORT": {SMTP: taken}} {
		_, err := ports.free()
		if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(taken)+" is taken") || !strings.Contains(err.Error(), variable+"=0") {
			t.Errorf("%s: got %v, want which port is taken, and the variable", variable, err)
		}
	}
}

func TestAPortWhereABrowserWouldMeetAnotherProgramIsTaken(t *testing.T) {
	other, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return // without ::1 no browser here meets a program there
	}
	defer other.Close()
	taken := portOf(t, other.Addr().String())
	if got, err := FreePort(taken); err == nil {
		t.Errorf("got %d, want it refused: somebody listens at ::1", got)
	}
}

func TestThreePortsAreThreePorts(t *testing.T) {
	free, err := FreePort(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Ports{Stack: free, Desk: free}).free(); err == nil || !strings.Contains(err.Error(), "three different ports") {
		t.Errorf("the same port twice: got %v, want that said", err)
	}
	if got, err := (Ports{}).free(); err != nil || got.Stack == 0 || got.Desk == 0 || got.SMTP == 0 {
		t.Errorf("any ports: got %+v, %v, want three", got, err)
	}
}

func TestTheEmulatorUnpacksNothingWhereOtherUsersDo(t *testing.T) {
	dir := t.TempDir()
	if env := emulatorEnv(dir, dir, 4566); !slices.Contains(env, "TMPDIR="+filepath.Join(dir, "tmp")) {
		t.Errorf("got %q, want a temporary folder of its own: its names follow from the port", env)
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
