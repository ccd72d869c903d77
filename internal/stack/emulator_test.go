package stack_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/local"
	"jixu/internal/stack"
)

// holder is set in a process of this binary that only starts an emulator in the
// folder it names, says where it answers, and waits to be killed.
const holder = "JIXU_TEST_HOLDS_AN_EMULATOR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holder); dir != "" {
		hold(dir)
	}
	stack.Main(m)
}

func hold(dir string) {
	e, err := startEmulator(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(e.Port)
	select {}
}

func startEmulator(ctx context.Context, dir string) (*local.Emulator, error) {
	root, err := local.Root()
	if err != nil {
		return nil, err
	}
	tools, err := local.Prepare(ctx, root, io.Discard)
	if err != nil {
		return nil, err
	}
	port, err := local.FreePort(0)
	if err != nil {
		return nil, err
	}
	return local.StartEmulator(ctx, tools, dir, port)
}

// workingIn lists the processes that work in dir, as the emulator and its functions do.
func workingIn(t *testing.T, dir string) (found []string) {
	t.Helper()
	places, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range places {
		if at, err := os.Readlink(place); err == nil && strings.HasPrefix(at, dir) {
			found = append(found, place)
		}
	}
	return found
}

// nothingIsLeft fails the test if any process still works in dir, or if anything
// answers on port.
func nothingIsLeft(t *testing.T, dir string, port int) {
	t.Helper()
	err := stack.Eventually(context.Background(), 10*time.Second, func() (bool, error) { return len(workingIn(t, dir)) == 0, nil })
	if err != nil {
		t.Errorf("got %v still there, want nothing left", workingIn(t, dir))
	}
	if answer, err := http.Get(*local.Config(port).BaseEndpoint + "/_ministack/ready"); err == nil {
		answer.Body.Close()
		t.Errorf("got an answer at port %d, want none", port)
	}
}

func TestTheEmulatorStopsInOrder(t *testing.T) {
	dir := t.TempDir()
	e, err := startEmulator(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(workingIn(t, dir)) == 0 {
		t.Error("the emulator runs, and no process works in its folder: this test would see nothing")
	}
	if err := e.Stop(); err != nil {
		t.Error(err)
	}
	nothingIsLeft(t, dir, e.Port)
	if err := e.Stop(); err != nil {
		t.Errorf("stopping what has ended: %v", err)
	}
}

func TestTheEmulatorEndsWithWhoeverStartedIt(t *testing.T) {
	dir := t.TempDir()
	command := exec.Command(os.Args[0])
	command.Env, command.Stderr = append(os.Environ(), holder+"="+dir), os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Error(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(said))
	if err != nil {
		t.Error(err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = command.Wait() // it was killed: how it ended says nothing
	nothingIsLeft(t, dir, port)
}
