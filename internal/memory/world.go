// Package memory keeps in memory what docket's ports promise, for tests. Its
// parts police the contracts, fail and crash on demand, and can say "not
// stored" of something they stored. It is no cache and no store to run with.
package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// World is everything outside of the program: one of each part. All of them
// are safe for concurrent use.
type World struct {
	Store        *Store
	Directory    *Directory
	Access       *Access
	Files        *Files
	Scanner      *Scanner
	StateMachine *StateMachine
	Stream       *Stream
	Notices      *Notices
	Events       *Notices
	Hooks        *Hooks
	Outbox       *Outbox
	Cursors      *Cursors
	Mail         *Mail
	Mac          *Mac
	Sealer       *Sealer
	Clock        *Clock
	Metrics      *Metrics

	// Faults says what becomes of each outside call; nil lets all of them pass.
	// Set it while nothing runs. It is asked one call at a time.
	Faults Faults

	mu     sync.Mutex // guards calls and the state of every part
	calls  []string
	broken Reporter
}

// Reporter hears of broken contracts. A *testing.T is one, and a *rapid.T.
type Reporter interface {
	Errorf(format string, args ...any)
}

// Quiet is a Reporter for tests that break contracts on purpose: the call
// fails, and nobody else hears of it.
var Quiet Reporter = quiet{}

type quiet struct{}

func (quiet) Errorf(string, ...any) {}

// loud panics, so that nobody overlooks a broken contract.
type loud struct{}

func (loud) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// New returns an empty world whose law's clock stands at now. A contract
// broken by a caller is told to r, or panics if r is nil; the call that broke
// it fails with fault.Invalid and changes nothing.
func New(r Reporter, now time.Time) *World {
	if r == nil {
		r = loud{}
	}
	w := &World{broken: r}
	w.Store = &Store{world: w, state: newState()}
	w.Directory = &Directory{world: w, organisations: map[string][]byte{}, people: map[string][]byte{}, packs: map[string][]byte{}}
	w.Access = &Access{
		world:    w,
		sessions: map[string]docket.Session{},
		links:    map[string]docket.Link{},
		codes:    map[string]docket.Code{},
		pending:  map[string]docket.Pending{},

		autosaves: map[autosaveKey]docket.Autosave{},
	}
	w.Files = &Files{world: w, objects: map[string][]object{}}
	w.Scanner = &Scanner{world: w}
	w.StateMachine = &StateMachine{world: w, executions: map[string]*execution{}, tokens: map[string]string{}, Swallows: true}
	w.Stream = &Stream{world: w}
	w.Notices = &Notices{world: w, seen: map[string][]byte{}}
	w.Events = &Notices{world: w, seen: map[string][]byte{}}
	w.Hooks = &Hooks{world: w}
	w.Outbox = &Outbox{world: w, delivered: map[string]time.Time{}}
	w.Cursors = &Cursors{world: w, kept: map[string]docket.Cursor{}}
	w.Mail = &Mail{world: w}
	w.Mac = &Mac{world: w}
	w.Sealer = &Sealer{world: w}
	w.Clock = &Clock{world: w, now: now}
	w.Metrics = &Metrics{world: w, counts: map[string]float64{}, gauges: map[string]float64{}}
	return w
}

// Fate is what becomes of one outside call.
type Fate int

const (
	Pass        Fate = iota
	FailBefore       // nothing is done, and the caller is told so: Unavailable
	FailAfter        // it is done, but reported as Unavailable
	CrashBefore      // nothing is done, and the caller dies
	CrashAfter       // it is done, and the caller dies before it hears
)

// Fates lists all of them, the harmless one first.
var Fates = []Fate{Pass, FailBefore, FailAfter, CrashBefore, CrashAfter}

// String returns the fate's name.
func (f Fate) String() string {
	return [...]string{"pass", "fail before", "fail after", "crash before", "crash after"}[f]
}

// Faults says what becomes of an outside call; calls are counted from 1 over
// all parts, and named "Store.Commit".
type Faults func(call int, name string) Fate

// Script is the plainest Faults: the fate of each call by its number, and
// [Pass] for the others.
func Script(fates map[int]Fate) Faults {
	return func(call int, _ string) Fate { return fates[call] }
}

// Crash is the panic of a caller that died at an outside call.
type Crash struct {
	Call int
	Name string
	Fate Fate
}

// Run calls do and returns the crash it died of, nil if it came to its end.
// Any other panic goes on.
func Run(do func()) (crash *Crash) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Crash:
			crash = p
		default:
			panic(p)
		}
	}()
	do()
	return nil
}

// Calls returns the names of the outside calls so far, in order.
func (w *World) Calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.calls...)
}

var errInjected = errors.New("memory: failed on demand")

// call carries out one outside call, as its fate allows. do runs alone.
func call[T any](ctx context.Context, w *World, name string, do func() (T, error)) (T, error) {
	out, crash, err := attempt(ctx, w, name, do)
	if crash != nil {
		panic(crash)
	}
	return out, err
}

func attempt[T any](ctx context.Context, w *World, name string, do func() (T, error)) (out T, crash *Crash, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var none T
	w.calls = append(w.calls, name)
	fate := Pass
	if w.Faults != nil {
		fate = w.Faults(len(w.calls), name)
	}
	unavailable := fault.Because(fault.Unavailable, "busy", fmt.Errorf("%s: %w", name, errInjected))
	if err := ctx.Err(); err != nil {
		return none, nil, fault.Because(fault.Unavailable, "busy", fmt.Errorf("%s: %w", name, err))
	}
	switch fate {
	case FailBefore:
		return none, nil, unavailable
	case CrashBefore:
		return none, &Crash{len(w.calls), name, fate}, nil
	}
	out, err = do()
	switch fate {
	case FailAfter:
		return none, nil, unavailable
	case CrashAfter:
		return none, &Crash{len(w.calls), name, fate}, nil
	}
	return out, nil, err
}

// run is call for what returns nothing.
func run(ctx context.Context, w *World, name string, do func() error) error {
	_, err := call(ctx, w, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// broke tells of a broken contract and returns the fault for its caller.
func (w *World) broke(format string, args ...any) error {
	w.broken.Errorf("contract broken: "+format, args...)
	return fault.Because(fault.Invalid, "contract", fmt.Errorf(format, args...))
}

// marshal writes v as a real store would, so that nobody can change what was
// handed over.
func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fault.Because(fault.Invalid, "document", err)
	}
	return b, nil
}

// unmarshal reads what freeze wrote.
func unmarshal[T any](b []byte) (T, error) {
	var v T
	err := json.Unmarshal(b, &v)
	return v, err
}
