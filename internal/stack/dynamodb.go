package stack

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jixu/internal/local"
)

// untilParentEnds runs a program in the background and ends it when standard
// input does, which is when we close it or when we die, however that happens.
const untilParentEnds = `exec 3<&0; "$@" 3<&- </dev/null & child=$!; (cat <&3; kill $child) >/dev/null 2>&1 & wait $child`

// DynamoDBLocal starts AWS's own emulation of DynamoDB, empty and in memory, on
// a free port, stops it when the test ends, and returns how to reach it. `make
// check` fetches it; without it the test fails. Keep to 64 connections: more
// are reset.
func DynamoDBLocal(t testing.TB) aws.Config {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	lib := filepath.Join(root, ".local", "dynamodb")
	if _, err := os.Stat(filepath.Join(lib, "DynamoDBLocal-3.1.0.jar")); err != nil {
		t.Fatal("DynamoDB Local is not here: run make check, which fetches it")
	}
	port, err := local.FreePort(0)
	if err != nil {
		t.Fatal(err)
	}
	startJava(t, lib, port)
	return local.Config(port)
}

func startJava(t testing.TB, lib string, port int) {
	t.Helper()
	ended := background(t, t.TempDir(), "java",
		"-Djava.library.path="+lib, "-cp", filepath.Join(lib, "*"), "software.amazon.dynamodb.services.local.main.ServerRunner",
		"-inMemory", "-sharedDb", "-disableTelemetry", "-port", strconv.Itoa(port)).ended
	if err := waitListening(port, ended); err != nil {
		t.Fatalf("starting DynamoDB Local: %v", err)
	}
}

// program is one that runs beside a test, and ends with it.
type program struct {
	ended <-chan struct{}
	stop  func()
	said  *bytes.Buffer // read it once it has ended
}

// background starts a program in dir.
func background(t testing.TB, dir, name string, args ...string) program {
	t.Helper()
	var said bytes.Buffer
	command := exec.Command("sh", append([]string{"-c", untilParentEnds, "sh", name}, args...)...)
	command.Dir = dir
	command.Stdout, command.Stderr = &said, &said
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	stop := sync.OnceFunc(func() {
		alive.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
		}
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // nothing is left unless it hung
		<-ended
	})
	t.Cleanup(stop)
	return program{ended, stop, &said}
}

func waitListening(port int, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return local.Until(ctx, 50*time.Millisecond, func() (bool, error) {
		select {
		case <-ended:
			return false, fmt.Errorf("it ended by itself")
		default:
		}
		answer, err := http.Get("http://" + address)
		if err != nil {
			return false, nil // not listening yet
		}
		answer.Body.Close()
		return true, nil
	})
}
