package stack

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"jixu/internal/local"
)

// Wanted is the environment variable that asks for the tests that need an emulator,
// and with it Python, a network the first time, and minutes: 1, as `make test` sets it.
const Wanted = "JIXU_EMULATOR"

// Main is the TestMain of a package whose tests all need an emulator. Without
// [Wanted], and with -short, it runs none of them, and go test says so.
func Main(m *testing.M) {
	if reason := leftOut(); reason != "" {
		fmt.Println("these tests need the emulator, and " + reason)
		fmt.Println("testing: warning: no tests to run") // what go test looks for: its line ends in [no tests to run]
		os.Exit(0)
	}
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// leftOut is why no emulator is started; "": it is.
func leftOut() string {
	for _, argument := range os.Args[1:] {
		if argument == "-test.short" || argument == "-test.short=true" { // flags are parsed later
			return "-short leaves it out"
		}
	}
	if os.Getenv(Wanted) != "1" {
		return Wanted + " is not 1: make test sets it"
	}
	return ""
}

var shared struct {
	sync.Mutex
	stack *Stack
	err   error
}

// Shared is the one deployment of a test binary that ends in [Main], with the real
// waits and the sample people. The first test that asks starts it. Tests run one after
// the other and each plants cases of its own; none may count what all of them left.
func Shared(t testing.TB) *Stack {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.stack == nil && shared.err == nil {
		shared.stack, shared.err = startShared(context.Background()) // it outlives the test that asked
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.stack
}

func startShared(ctx context.Context) (*Stack, error) {
	s, err := Start(ctx, Options{People: local.Cast()})
	if err != nil {
		return nil, err
	}
	return s, local.SeedPeople(ctx, s.Environment())
}

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.stack == nil {
		return nil
	}
	return shared.stack.Stop()
}

// Change deploys with other options until the test ends. Who can sign in stays.
func (s *Stack) Change(t testing.TB, options Options) {
	t.Helper()
	before := s.options
	options.People = before.People
	if err := s.change(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.change(context.Background(), before); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
}

func (s *Stack) change(ctx context.Context, options Options) error {
	s.options = options
	if err := s.upload(ctx); err != nil {
		return fmt.Errorf("redeploying: %w", err)
	}
	return s.update(ctx)
}
