//go:build check

package blueprint

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"jixu/internal/local"
)

// clone is a clean clone of what is committed, as a newcomer gets it.
type clone struct {
	t    *testing.T
	dir  string
	home *exec.Cmd   // make run
	logs chan string // what make run says

	site, programs string // where people and programs are sent
}

// The README is typed in, line by line, in a clean clone. Everything is done
// for real but two things, which would never end or take as long as all the
// rest of `make check`, of which this test is a part:
//
//   - make quick and make test build and vet everything and compile each test, and
//     run none of them: GOFLAGS=-run=^$. `.ci/run` runs them, in a clean clone too.
//   - make check and make bench are only read by make (-n): the first would come
//     here again, the second has a test of its own in internal/bench.
func TestTheReadmeWorksInACleanClone(t *testing.T) {
	c := newClone(t)
	try := map[string]func(){
		"make run":                c.run,
		"bin/jixu clock +10d":     func() { c.do("bin/jixu", "clock", "+10d") },
		"make demo":               func() { c.do("make", "demo") },
		"bin/jixu token tang-wei": func() { c.token(c.do("bin/jixu", "token", "tang-wei")) },
		"bin/jixu secret mpa": func() {
			if got := c.do("bin/jixu", "secret", "mpa"); !strings.HasPrefix(got, "whsec_") || strings.Count(got, "\n") != 1 {
				t.Errorf("a secret: got %d characters in %d lines, want it and nothing else", len(got), strings.Count(got, "\n"))
			}
		},
		"make quick": func() { c.stop(); c.do("make", "quick", "GOFLAGS=-run=^$") },
		"make test":  func() { c.do("make", "test", "GOFLAGS=-run=^$", "ALONE=^$$") },
		"make check": func() { c.do("make", "-n", "check") },
		"make bench": func() { c.do("make", "-n", "bench") },
	}
	for _, line := range shell(read(t, filepath.Join(root, "README.md"))) {
		do, known := try[line]
		if !known {
			t.Errorf("README.md shows %q, and this test does not know how to try it", line)
			continue
		}
		began := time.Now()
		do()
		t.Logf("%s: %.0f s", line, time.Since(began).Seconds())
	}
	c.stop()
}

func newClone(t *testing.T) *clone {
	t.Helper()
	c := &clone{t: t, dir: filepath.Join(t.TempDir(), "jixu"), logs: make(chan string, 1000)}
	from, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("git", "clone", "--quiet", from, c.dir).CombinedOutput(); err != nil {
		t.Fatalf("cloning: %v\n%s", err, said)
	}
	t.Cleanup(c.stop)
	return c
}

// environment is ours, with any free ports in place of the usual ones: another
// house may be running on this machine.
func (c *clone) environment() []string {
	return append(os.Environ(), "JIXU_PORT=0", "JIXU_DESK_PORT=0", "JIXU_SMTP_PORT=0")
}

// typed is a command as it is typed in the clone.
func (c *clone) typed(name string, args ...string) *exec.Cmd {
	typed := exec.Command(name, args...)
	if strings.Contains(name, "/") {
		typed.Path = filepath.Join(c.dir, name)
		typed.Err = nil
	}
	typed.Dir, typed.Env = c.dir, c.environment()
	return typed
}

// do types one command, waits for it, and returns what it printed.
func (c *clone) do(name string, args ...string) string {
	c.t.Helper()
	var failed strings.Builder
	typed := c.typed(name, args...)
	typed.Stderr = &failed
	said, err := typed.Output()
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, said, failed.String())
	}
	return string(said)
}

var (
	siteIn     = regexp.MustCompile(`(http://\S+)/hospital\b`)
	programsIn = regexp.MustCompile(`(http://\S+/api/v1)\b`)
)

// run types make run, waits for the address it prints and asks whether the site is alive.
func (c *clone) run() {
	c.t.Helper()
	c.home = exec.Command("make", "run")
	c.home.Dir, c.home.Env = c.dir, c.environment()
	c.home.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := c.home.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.home.Stderr = c.home.Stdout
	if err := c.home.Start(); err != nil {
		c.t.Fatal(err)
	}
	go c.listen(out)
	var said strings.Builder
	patience := time.After(6 * time.Minute) // the first time, it installs its tools
	for c.site == "" || c.programs == "" {
		select {
		case line, more := <-c.logs:
			if !more {
				c.t.Fatalf("make run ended by itself:\n%s", said.String())
			}
			said.WriteString(line + "\n")
			if at := siteIn.FindStringSubmatch(line); at != nil {
				c.site = at[1]
			}
			if at := programsIn.FindStringSubmatch(line); at != nil {
				c.programs = at[1]
			}
		case <-patience:
			c.t.Fatalf("make run: got no address, want it up:\n%s", said.String())
		}
	}
	if said, err := c.typed("make", "clean").CombinedOutput(); err == nil || !strings.Contains(string(said), "a house runs in this checkout") {
		c.t.Errorf("make clean meanwhile: got %v, want it refused\n%s", err, said)
	}
	answer, err := local.Client().Get(c.site + "/alive")
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		c.t.Errorf("/alive: got %s, want 200", answer.Status)
	}
}

// token asks the API with what was printed, at the address for programs that make run showed.
func (c *clone) token(printed string) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodGet, c.programs+"/organisation/machine", http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(printed))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		c.t.Errorf("the API with a printed token: got %s, want 200", answer.Status)
	}
}

func (c *clone) listen(out io.Reader) {
	defer close(c.logs)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		c.logs <- lines.Text()
	}
}

// stop sends make run what a supervisor sends, waits until it has ended, and
// looks whether anything was left behind. A second time it does nothing.
func (c *clone) stop() {
	if c.home == nil {
		return
	}
	home := c.home
	c.home = nil
	if err := home.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Errorf("ending make run: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		for range c.logs { // everything must be read before Wait
		}
		_ = home.Wait() // make says that it was terminated: so it was
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		_ = syscall.Kill(-home.Process.Pid, syscall.SIGKILL)
		c.t.Error("make run: got no end a minute after SIGTERM, want one")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := local.Until(ctx, 100*time.Millisecond, func() (bool, error) { return len(c.left()) == 0, nil })
	if err != nil {
		c.t.Errorf("after make run: got %v still there, want nothing left", c.left())
	}
	if _, err := local.Client().Get(c.site + "/alive"); err == nil && c.site != "" {
		c.t.Error("after make run: got an answer from the site, want none")
	}
}

// left lists the processes that work inside the clone.
func (c *clone) left() (found []string) {
	places, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, place := range places {
		if at, err := os.Readlink(place); err == nil && strings.HasPrefix(at, c.dir) {
			name, err := os.ReadFile(filepath.Join(filepath.Dir(place), "comm"))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				continue // it ended as we looked
			}
			found = append(found, filepath.Base(filepath.Dir(place))+" "+strings.TrimSpace(string(name)))
		}
	}
	return found
}
