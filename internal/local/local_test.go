package local

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAHouseIsReadyWhenItsSiteAnswers(t *testing.T) {
	status := http.StatusOK
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/alive" && r.Method == http.MethodGet {
			w.WriteHeader(status)
		}
	}))
	defer site.Close()
	if err := answers(t.Context(), site.URL, time.Minute); err != nil {
		t.Errorf("a site that answers: got %v", err)
	}
	status = http.StatusBadGateway
	if err := answers(t.Context(), site.URL, time.Millisecond); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("one that does not: got %v, want that said", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := answers(stopped, site.URL, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("Ctrl-C meanwhile: got %v, want it passed on", err)
	}
}

func TestAHouseWhoseEmulatorEndsSaysWhatIsLost(t *testing.T) {
	fallen := make(chan struct{})
	close(fallen)
	if err := stay(t.Context(), fallen); err == nil || !strings.Contains(err.Error(), "is lost") {
		t.Errorf("got %v, want what is lost", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := stay(stopped, make(chan struct{})); err != nil {
		t.Errorf("Ctrl-C: got %v, want an end in order", err)
	}
}

func TestAHouseThatRunsKeepsItsState(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, ".local")
	unlock, err := onlyOne(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := announced(dir); !errors.Is(err, errStarting) {
		t.Errorf("before it is ready: got %v, want %v", err, errStarting)
	}
	write(t, filepath.Join(dir, "running.json"), `{"Stack":4566,"Desk":"http://127.0.0.1:4580"}`)
	if _, err := onlyOne(dir); !errors.Is(err, errRuns) {
		t.Errorf("a second house: got %v, want %v", err, errRuns)
	}
	if err := Clean(root); !errors.Is(err, errRuns) {
		t.Errorf("make clean: got %v, want %v", err, errRuns)
	}
	if found, err := announced(dir); err != nil || found.Stack != 4566 {
		t.Errorf("while it runs: got %+v, %v, want it found", found, err)
	}
	unlock() // it was killed
	if _, err := announced(dir); !errors.Is(err, errNoHouse) {
		t.Errorf("what it left behind: got %v, want %v", err, errNoHouse)
	}
	if err := Clean(root); err != nil {
		t.Errorf("make clean afterwards: got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("make clean afterwards: got %v, want .local gone", err)
	}
}
