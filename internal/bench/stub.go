package bench

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// stub is a bare Runtime API: it notes when a function asks for work and never
// gives it any.
type stub struct {
	address string
	asked   chan time.Time
	server  *http.Server
}

func newStub() (*stub, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &stub{address: listener.Addr().String(), asked: make(chan time.Time, 1)}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: patience}
	go func() { _ = s.server.Serve(listener) }() // it ends when the server is closed
	return s, nil
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/runtime/invocation/next") {
		http.Error(w, "not expected of a function that only starts", http.StatusBadRequest)
		return
	}
	s.asked <- time.Now()
	<-r.Context().Done() // until the function is ended
}

func (s *stub) close() { _ = s.server.Close() }
