package api_test

import (
	"bufio"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/webhook"
)

// The examples are compiled and run as their readers would run them: they hear
// the event of a submission, and answer it.
func TestTheExamplesHearAndAnswer(t *testing.T) {
	program := filepath.Join(t.TempDir(), "agency")
	if said, err := exec.Command("go", "build", "-o", program, "../../examples/agency").CombinedOutput(); err != nil {
		t.Fatalf("building the example: %v\n%s", err, said)
	}
	commands := map[string][]string{"Go": {program}}
	if os.Getenv("JIXU_EMULATOR") == "1" { // what runs the emulator has Python
		commands["Python"] = []string{"python3", "../../examples/agency.py"}
	} else {
		t.Log("the Python example is left out: JIXU_EMULATOR is not 1")
	}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.now = time.Now() // the examples have a clock of their own
			site := httptest.NewServer(h.callbacks)
			defer site.Close()
			mpa := h.agency("mpa")
			address, said := h.start(command, site.URL, mpa)
			if _, err := h.Systems.Direct(t.Context(), h.op(), address, admin("mpa")); err != nil {
				t.Fatal(err)
			}
			id := h.submitted()
			sender := h.EventSender
			sender.Hooks, sender.Site = webhook.NewSender(true), site.URL
			h.EventSender = nil // events rest until they are taken here
			h.Engine()
			if n := len(h.Events.Waiting()); n != 1 {
				t.Fatalf("got %d events, want that of the submission", n)
			}
			n := h.Events.Take(0)
			h.must(sender.Deliver(t.Context(), n))
			if got, want := h.story(id), "create lin-zhi session, submit lin-zhi session, opine zhou-heng machine"; got != want {
				t.Errorf("history: got %s, want %s", got, want)
			}
			if line := <-said; !strings.HasPrefix(line, "receipt {") || !strings.Contains(line, `"verb":"opine"`) {
				t.Errorf("got %q, want the receipt", line)
			}
			// The same event once more is answered once; one that is not signed, or by another, not at all.
			hook := docket.Hook{Address: address, ID: n.Key, At: time.Now(), Body: []byte(`{"id":"` + n.Key + `","data":{"about":{"kind":"case","id":"` + id + `"},"gates":["opinion-1"],"submission":1}}`), Secrets: [][]byte{mpa.secret}}
			h.must(webhook.NewSender(true).Post(t.Context(), hook))
			hook.Secrets = [][]byte{[]byte("another secret")}
			if err := webhook.NewSender(true).Post(t.Context(), hook); err == nil {
				t.Error("an event signed by another: got it taken, want it refused")
			}
			hook.Secrets, hook.At = [][]byte{mpa.secret}, time.Now().Add(-6*time.Minute)
			if err := webhook.NewSender(true).Post(t.Context(), hook); err == nil {
				t.Error("an old event: got it taken, want it refused")
			}
			answer, err := http.Post(address, "application/json", strings.NewReader("{}"))
			h.must(err)
			answer.Body.Close()
			if answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("an event that nobody signed: got %d, want 401", answer.StatusCode)
			}
		})
	}
}

// start runs an example until the test ends, and returns where it listens and
// what it says.
func (h *house) start(command []string, site string, a *agency) (address string, said <-chan string) {
	h.Helper()
	run := exec.Command(command[0], command[1:]...)
	run.Env = append(os.Environ(), "JIXU_SITE="+site, "JIXU_ORGANISATION="+a.org, "PERSON=zhou-heng", "LISTEN=127.0.0.1:0",
		"JIXU_SECRET=whsec_"+base64.StdEncoding.EncodeToString(a.secret), "PYTHONDONTWRITEBYTECODE=1")
	out, err := run.StdoutPipe()
	h.must(err)
	run.Stderr = io.Discard
	h.must(run.Start())
	lines := make(chan string, 100)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
		close(lines)
	}()
	h.Cleanup(func() {
		_ = run.Process.Kill() // it serves until then
		<-read
		_ = run.Wait()
	})
	address, ok := <-lines
	if !ok {
		h.Fatal("the example ended at once")
	}
	return address, lines
}
