package local

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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
