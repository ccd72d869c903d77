package stack_test

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/stack"
)

// The examples stand beside a house as their README says: the secret and the token are
// those that jixu prints, and nothing resolves the site's name for them.
func TestTheExamplesReachAHouseAsTheyStand(t *testing.T) {
	h := open(t)
	h.must(h.stack.Desk.LetProgramsIn(h.Site))
	program := filepath.Join(t.TempDir(), "agency")
	if said, err := exec.Command("go", "build", "-o", program, "../../examples/agency").CombinedOutput(); err != nil {
		t.Fatalf("building the example: %v\n%s", err, said)
	}
	for name, command := range map[string][]string{"Go": {program}, "Python": {"python3", "../../examples/agency.py"}} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			secret, _, err := h.NewSecret(h.ctx, "mpa", 1)
			h.must(err)
			address := h.listens(command, secret)
			h.hearAt(address)
			id := h.plant(local.Submitted)
			h.must(stack.Eventually(h.ctx, time.Minute, func() (bool, error) {
				return strings.Contains(strings.Join(h.verbs(id), " "), "opine"), nil
			}))
		})
	}
}

// A third secret takes the place of the one that ends first.
func TestASecretIsThereForTheAsking(t *testing.T) {
	h := open(t)
	h.system("nmpa") // it revokes what other tests left
	for _, row := range []struct {
		days    int
		revokes bool
	}{{9, false}, {5, true}, {7, true}} {
		secret, revoked, err := h.NewSecret(h.ctx, "nmpa", row.days)
		h.must(err)
		if !strings.HasPrefix(secret, "whsec_") || (revoked != "") != row.revokes {
			t.Errorf("for %d days: got one of %d characters and %q revoked, want a secret, and one revoked: %v", row.days, len(secret), revoked, row.revokes)
		}
	}
	if _, _, err := h.NewSecret(h.ctx, "customs", 1); err == nil {
		t.Error("an organisation without an administrator: got a secret, want none")
	}
}

// listens starts an example until the test ends, and returns where it hears events.
func (h house) listens(command []string, secret string) string {
	h.Helper()
	run := exec.Command(command[0], command[1:]...)
	run.Env = append(os.Environ(), "JIXU_SITE="+h.Desk, "JIXU_ORGANISATION=mpa", "JIXU_SECRET="+secret, "PERSON=zhou-heng", "LISTEN=127.0.0.1:0",
		"PYTHONDONTWRITEBYTECODE=1")
	out, err := run.StdoutPipe()
	h.must(err)
	h.must(run.Start())
	lines := bufio.NewScanner(out)
	found := lines.Scan()
	address := lines.Text()
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines.Scan() { // it must not wait for a reader
		}
	}()
	h.Cleanup(func() {
		_ = run.Process.Kill() // it serves until then
		<-read
		_ = run.Wait()
	})
	if !found {
		h.Fatal("the example ended at once")
	}
	return address
}

// hearAt has the events of the municipal MPA sent to address until the test ends, as
// its administrator would with curl and a token.
func (h house) hearAt(address string) {
	h.Helper()
	send := func(to string) {
		h.Helper()
		token, err := h.Program("tang-wei").Token(h.ctx)
		h.must(err)
		r, err := http.NewRequest(http.MethodPost, h.Desk+"/api/v1/organisation/address", strings.NewReader(`{"address": "`+to+`"}`))
		h.must(err)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", journey.MessageID())
		answer, err := http.DefaultClient.Do(r)
		h.must(err)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			h.Fatalf("directing events to %q: got %s, want 200", to, answer.Status)
		}
	}
	send(address)
	h.Cleanup(func() {
		h.ctx = context.Background() // the test's own has ended
		send("")
	})
}
