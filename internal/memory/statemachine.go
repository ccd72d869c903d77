package memory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"jixu/internal/docket"
)

// StateMachine is all state machines; a test drives their states: Start and Resume come from
// the program, waiting, ending and dying from the test. That an execution ended is an
// event, which the driver delivers, repeats, reorders and loses.
type StateMachine struct {
	world      *World
	executions map[string]*execution
	tokens     map[string]string // every token ever issued -> its execution
	issued     int
	ended      []string // executions whose end nobody was shown yet, oldest first

	// Swallows says what becomes of a token whose execution died: accepted and
	// lost, as the emulator does it, or refused. It begins true, the harder way.
	Swallows bool
}

type execution struct {
	stateMachine string
	input        []byte
	status       string
	waiting      string // the token it waits with, "" while it works
	resumed      int
}

var _ docket.StateMachine = (*StateMachine)(nil)

// Start starts an execution. Names stay taken for ever. See [docket.StateMachine].
func (m *StateMachine) Start(ctx context.Context, of docket.Execution, input []byte) (bool, error) {
	return call(ctx, m.world, "StateMachine.Start", func() (bool, error) {
		if e, taken := m.executions[of.Name]; taken {
			if e.stateMachine != of.StateMachine || !bytes.Equal(e.input, input) {
				return true, m.world.broke("execution %s is started with another input, or on another machine", of.Name)
			}
			return true, nil
		}
		m.executions[of.Name] = &execution{stateMachine: of.StateMachine, input: bytes.Clone(input), status: "RUNNING"}
		return false, nil
	})
}

// Describe returns an execution's status. See [docket.StateMachine].
func (m *StateMachine) Describe(ctx context.Context, of docket.Execution) (string, error) {
	return call(ctx, m.world, "StateMachine.Describe", func() (string, error) {
		if e, ok := m.executions[of.Name]; ok && e.stateMachine == of.StateMachine {
			return e.status, nil
		}
		return "", nil
	})
}

// Resume takes a token back. See [docket.StateMachine].
func (m *StateMachine) Resume(ctx context.Context, token string) (bool, error) {
	return call(ctx, m.world, "StateMachine.Resume", func() (bool, error) {
		name, issued := m.tokens[token]
		if !issued {
			return false, nil
		}
		e := m.executions[name]
		if e.waiting != token {
			return false, nil // used, or timed out
		}
		if e.status != "RUNNING" {
			return m.Swallows, nil
		}
		e.waiting = ""
		e.resumed++
		return true, nil
	})
}

// Stop ends an execution. See [docket.StateMachine].
func (m *StateMachine) Stop(ctx context.Context, of docket.Execution) error {
	return run(ctx, m.world, "StateMachine.Stop", func() error {
		if e := m.executions[of.Name]; e != nil && e.stateMachine == of.StateMachine {
			m.end(of.Name, "ABORTED")
		}
		return nil
	})
}

func (m *StateMachine) end(name, status string) {
	if e, ok := m.executions[name]; ok && e.status == "RUNNING" {
		e.status = status
		m.ended = append(m.ended, name)
	}
}

// Ended returns the executions whose end nobody was shown yet, oldest first.
func (m *StateMachine) Ended() []Execution {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	var out []Execution
	for _, name := range m.ended {
		out = append(out, m.executions[name].seen(name))
	}
	return out
}

// TakeEnd removes and returns end i: deliver it, or lose it.
func (m *StateMachine) TakeEnd(i int) Execution {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	name := m.ended[i]
	m.ended = slices.Delete(m.ended, i, i+1)
	return m.executions[name].seen(name)
}

// Execution is one execution as a driver sees it.
type Execution struct {
	StateMachine string
	Name         string
	Input        []byte
	Status       string
	Waiting      string // the token it waits with, "" while it works
	Resumed      int    // how often a token was taken back
}

func (e *execution) seen(name string) Execution {
	return Execution{e.stateMachine, name, bytes.Clone(e.input), e.status, e.waiting, e.resumed}
}

// Executions returns all of them, by name.
func (m *StateMachine) Executions() []Execution {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	var out []Execution
	for name, e := range m.executions {
		out = append(out, e.seen(name))
	}
	slices.SortFunc(out, func(a, b Execution) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Execution returns the one called name; ok is false if there is none.
func (m *StateMachine) Execution(name string) (_ Execution, ok bool) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	e, ok := m.executions[name]
	if !ok {
		return Execution{}, false
	}
	return e.seen(name), true
}

// Wait lets a running execution enter a waiting state and returns the token it
// hands out, "" if it does not run. A token it waited with before is void.
func (m *StateMachine) Wait(name string) (token string) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	e, ok := m.executions[name]
	if !ok || e.status != "RUNNING" {
		return ""
	}
	m.issued++
	sum := sha256.Sum256([]byte(fmt.Sprint("token ", m.issued)))
	token = "token-" + hex.EncodeToString(sum[:12])
	m.tokens[token] = name
	e.waiting = token
	return token
}

// Expire lets the wait of an execution run into its time-out: the token is
// void, the execution goes on.
func (m *StateMachine) Expire(name string) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	if e, ok := m.executions[name]; ok {
		e.waiting = ""
	}
}

// End lets an execution end with status, SUCCEEDED or how else it died.
func (m *StateMachine) End(name, status string) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.end(name, status)
}

// Restart is a restart of the service: every running execution dies, and the
// tokens they waited with are swallowed or refused; see Swallows.
func (m *StateMachine) Restart() {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.executions)) {
		m.end(name, "FAILED")
	}
}
