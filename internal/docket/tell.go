package docket

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/law"
	"jixu/internal/party"
)

// Relay tells the world what was committed. It adds nothing to it: every
// telling is derived from an entry, and telling twice is harmless.
type Relay struct {
	Desk         *Desk
	StateMachine StateMachine
	Notices      Notices
	Events       Notices // for organisations' own machines; nil: nobody is sent any
	Outbox       Outbox  // what was delivered; nil: a notice that comes again is queued again
	Cursors      Cursors // how far the sweep has come; nil: each begins with the first case
}

// Telling is one thing that somebody or something must hear of an entry.
type Telling struct {
	Start  *law.Start // start this run of a leg
	Resume string     // hand the token of this gate back
	Leg    gate.Leg   // the leg that gate is on
	Notice *Notice    // put this in the queue
	Event  *Notice    // and this in the queue of events, if its organisation wants them
}

// Tellings derives from e everything that must be told, in order: the machine
// first, then people. What it is derived from is the entry's envelope alone, of
// whatever kind its aggregate is; number is what people call that.
func Tellings(e history.Entry, number string) ([]Telling, error) {
	name := called(e)
	kind := kindOf(name)
	env, err := kind.envelope(e)
	if err != nil {
		return nil, err
	}
	if number == "" {
		number = env.Number
	}
	var out []Telling
	for _, s := range env.Starts {
		out = append(out, Telling{Start: &s})
	}
	for _, c := range env.Closes {
		if kind.carries(c.Leg) {
			out = append(out, Telling{Resume: c.Gate, Leg: c.Leg})
		}
	}
	for _, told := range env.Told() {
		n := Notice{
			Kind: told.As, Number: number, Seq: e.Seq, Verb: law.Verb(e.Verb), Org: told.Org,
			Gate: told.Gate, Issue: told.Issue, Ring: told.Ring, Missed: told.Missed, Due: told.Due,
		}
		if told.As == law.AsEntry && kind.As != "" {
			n.Kind = kind.As
		}
		n = n.about(name)
		n.Key = noticeKey(n)
		out = append(out, Telling{Notice: &n})
	}
	return out, nil
}

// noticeKey names a notice by the entry it comes from, what it is and to whom.
func noticeKey(n Notice) string {
	key := n.Case + "/" + strconv.Itoa(n.Seq) + "/" + string(n.Kind) + "/" + n.Org + "/" + n.Gate
	if n.Name != "" {
		key = n.Name + "/" + key
	}
	return key
}

// Tell tells everything that entry seq of the aggregate called name calls for, and
// then takes its untold mark off. One failed telling does not stop the others; the
// mark stays, and the error says so. An entry that was told is not told again.
func (t *Relay) Tell(ctx context.Context, name string, seq int) error {
	e, untold, err := t.Desk.Store.Entry(ctx, name, seq)
	if err != nil {
		return fmt.Errorf("reading entry %d of %s: %w", seq, name, err)
	}
	if !untold {
		return nil
	}
	if kind := kindOf(name); !kind.known() { // the next build knows whom to tell, and how
		return fault.Because(fault.Invalid, "operation", fmt.Errorf("telling entry %d of %s: this build does not know kind %q", seq, name, kind.Name))
	}
	head, err := t.Desk.Store.Head(ctx, name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	tellings, err := Tellings(e, head.Number)
	if err != nil {
		return err
	}
	var failed []error
	for _, telling := range append(tellings, t.events(tellings)...) {
		if err := t.one(ctx, name, telling); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return fault.Because(fault.Unavailable, "untold", errors.Join(failed...))
	}
	if err := t.Desk.Store.Told(ctx, name, seq); err != nil {
		return fmt.Errorf("marking entry %d of %s as told: %w", seq, name, err)
	}
	return nil
}

func (t *Relay) one(ctx context.Context, name string, telling Telling) error {
	switch {
	case telling.Start != nil:
		return t.start(ctx, name, *telling.Start)
	case telling.Resume != "":
		return t.resume(ctx, name, telling.Leg, telling.Resume)
	case telling.Event != nil:
		return t.event(ctx, *telling.Event)
	default:
		if err := t.Notices.Queue(ctx, *telling.Notice); err != nil {
			return fmt.Errorf("queueing notice %s: %w", telling.Notice.Key, err)
		}
		return nil
	}
}

// Input is what an execution knows: ids and counters only.
type Input struct {
	CaseID string   `json:"caseId,omitempty"` // what earlier builds said instead of Of; still said of cases, for their definition
	Of     string   `json:"of,omitempty"`     // the aggregate's name
	Leg    gate.Leg `json:"leg"`
	Run    int      `json:"run"`
	Asked  int      `json:"asked"`
}

// Name is the name of the aggregate that the execution is about.
func (in Input) Name() string { return cmp.Or(in.Of, in.CaseID) }

// start starts one run of a leg. "Already exists" counts as started only if
// the execution runs or the table says that run is over; otherwise the run is
// raised and the next entry starts it.
func (t *Relay) start(ctx context.Context, name string, s law.Start) error {
	_, leg, err := t.leg(ctx, name, s.Leg)
	if err != nil {
		return err
	}
	if !leg.Open || leg.Run != s.Run {
		return nil // over, or a later run carries it
	}
	kind := kindOf(name)
	e := kind.execution(name, s.Leg, s.Run)
	in := Input{Of: name, Leg: s.Leg, Run: s.Run}
	if kind.Name == CaseKind {
		in.CaseID = name
	}
	input, err := json.Marshal(in)
	if err != nil {
		return err
	}
	already, err := t.StateMachine.Start(ctx, e, input)
	if err != nil {
		return fmt.Errorf("starting %s: %w", e.Name, err)
	}
	if already {
		return t.revive(ctx, name, s.Leg)
	}
	return nil
}

// leg loads an aggregate and says how one of its legs stands.
func (t *Relay) leg(ctx context.Context, name string, leg gate.Leg) (Stored, Leg, error) {
	s, err := t.Desk.Store.Load(ctx, name)
	if err != nil {
		return Stored{}, Leg{}, fmt.Errorf("loading %s: %w", name, err)
	}
	l, err := kindOf(name).leg(s, leg)
	return s, l, err
}

// resume hands the token of an answered gate back and then looks whether the
// execution is alive: a stopped one swallows tokens. A gate without a token is
// fine: the machine resumes itself when it comes to attach one.
func (t *Relay) resume(ctx context.Context, name string, leg gate.Leg, gateID string) error {
	token, ok, err := t.Desk.Store.Token(ctx, GateRef{Of: name, Gate: gateID})
	if err != nil {
		return fmt.Errorf("reading the token of %s of %s: %w", gateID, name, err)
	}
	if ok {
		if _, err := t.StateMachine.Resume(ctx, token.Value); err != nil {
			return fmt.Errorf("resuming %s of %s: %w", gateID, name, err)
		}
	}
	return t.revive(ctx, name, leg)
}

// revive starts leg again under a new run if the leg is open and the execution
// that should carry it does not run. Restarts come with growing pauses.
func (t *Relay) revive(ctx context.Context, name string, leg gate.Leg) error {
	_, l, err := t.leg(ctx, name, leg)
	if err != nil {
		return err
	}
	if !l.Open {
		return nil
	}
	status, err := t.describe(ctx, name, l)
	if err != nil {
		return err
	}
	if status == running {
		return nil
	}
	_, err = t.restart(ctx, name, l, status)
	return err
}

const running = "RUNNING"

// describe asks how the execution that carries l is.
func (t *Relay) describe(ctx context.Context, name string, l Leg) (string, error) {
	status, err := t.StateMachine.Describe(ctx, kindOf(name).execution(name, l.Leg, l.Run))
	if err != nil {
		return "", fmt.Errorf("describing run %d of %s of %s: %w", l.Run, l.Leg, name, err)
	}
	return status, nil
}

// restart raises the run, unless it was raised so recently that another try must
// wait: then it does nothing and says how long. Whoever brought the end of that run
// comes back to it (see [Relay.Ended]), and in the end the sweep.
func (t *Relay) restart(ctx context.Context, name string, l Leg, status string) (wait time.Duration, err error) {
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return 0, err
	}
	since := now.Sub(l.RunAt)
	if pause := restartPause(l.Run, status); since < pause {
		return pause - since, nil
	}
	if l.Run > 1 && since < 24*time.Hour {
		t.Desk.Metrics.Count("RunsRepeated", 1)
	}
	_, err = t.Desk.Move(ctx, name, Op{}, "", party.System, func(s Stored, set law.Setting) (Commit, Receipt, error) {
		return kindOf(name).Restart(ctx, t.Desk, s, l.Leg, l.Run, set)
	})
	if errors.Is(err, fault.Conflict) {
		return 0, nil // somebody else raised it, or the leg is over
	}
	return 0, err
}

// restartPause is how long a run is left alone after it was raised. A dead
// first run is replaced at once; each further one waits twice as long, up to
// six hours. One that the machine has never heard of is being started by its
// own entry, and gets two minutes for that.
func restartPause(run int, status string) time.Duration {
	pause := time.Duration(0)
	if run > 1 {
		pause = min(30*time.Second<<min(run-2, 10), 6*time.Hour)
	}
	if status == "" {
		pause = max(pause, 2*time.Minute)
	}
	return pause
}
