package memory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/memory"
)

// ear hears of broken contracts.
type ear struct{ heard []string }

func (e *ear) Errorf(format string, args ...any) {
	e.heard = append(e.heard, fmt.Sprintf(format, args...))
}

var ctx = context.Background()

// born commits case c1 with one open gate and returns its head.
func born(t *testing.T, w *memory.World) casework.Case {
	t.Helper()
	c := casework.Case{ID: "c1", Number: "n1", Hospital: "h1", Status: casework.Submitted}
	ch := move(t, casework.Case{}, c)
	ch.Opened = []gate.Gate{waiting()}
	if err := commit(w, ch); err != nil {
		t.Fatal(err)
	}
	return load(t, w).Case
}

func waiting() gate.Gate {
	return gate.Gate{ID: "opinion-1", Of: "c1", Leg: gate.Opinion, Kind: gate.Assess, Party: "mpa", Issue: 1, OpenedAt: noon, Status: gate.Open}
}

func answered(choice string) gate.Gate {
	g := waiting()
	g.Status, g.Answer = gate.Answered, &gate.Answer{Choice: choice, At: noon}
	return g
}

func move(t *testing.T, was, now casework.Case) docket.Change {
	t.Helper()
	prev := history.Entry{}
	if was.Seq > 0 {
		prev = history.Entry{Aggregate: docket.Aggregate(was.ID), Seq: was.Seq, Hash: was.Head}
	}
	e, err := history.Seal(prev, history.Entry{Aggregate: docket.Aggregate(now.ID), Verb: "move", At: noon})
	if err != nil {
		t.Fatal(err)
	}
	now.Seq, now.Head = e.Seq, e.Hash
	ch := written(t, was, now)
	ch.Entry = &e
	return ch
}

// written is the change that writes now over was and brings no entry.
func written(t *testing.T, was, now casework.Case) docket.Change {
	t.Helper()
	now.Version = was.Version + 1
	h, err := docket.CaseHead(now)
	if err != nil {
		t.Fatal(err)
	}
	home := docket.Place{List: docket.OwnPages.Of(now.Hospital), At: now.EditedAt}
	return docket.Change{Head: h, Was: was.Version, Home: home, Open: now.Waiting()}
}

func commit(w *memory.World, ch docket.Change) error {
	return w.Store.Commit(ctx, docket.Commit{Changes: []docket.Change{ch}})
}

func load(t *testing.T, w *memory.World) docket.Record {
	t.Helper()
	r, err := docket.LoadCase(ctx, w.Store, "c1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBrokenContractsAreHeardOf(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		change   func(*docket.Change)
		want     string
	}{
		{"nothing is heard of a good commit", func(*docket.Change) {}, ""},
		{"a version that is skipped", func(b *docket.Change) { b.Head.Version++ }, "from version 1 to 3"},
		{"a case that changes its number", func(b *docket.Change) { b.Head.Number = "n2" }, "changes its number"},
		{"an entry that does not name the one before", func(b *docket.Change) { b.Entry.Prev = "" }, "does not follow"},
		{"an entry that was touched after it was sealed", func(b *docket.Change) { b.Entry.Verb = "other" }, "does not follow"},
		{"an entry of another case", func(b *docket.Change) { b.Entry.Aggregate = "case/c2" }, "an entry of case/c2 is committed"},
		{"a head that does not name its entry", func(b *docket.Change) { b.Head.Hash = "x" }, "does not name entry"},
		{"a head that names an entry nobody commits", func(b *docket.Change) { b.Entry = nil }, "without one being committed"},
		{"a gate of another case", func(b *docket.Change) { b.Changed[0].Of = "c2" }, "of c2 is committed"},
		{"a gate written twice", func(b *docket.Change) { b.Changed = append(b.Changed, b.Changed[0]) }, "written twice"},
		{"a gate answered without an answer", func(b *docket.Change) { b.Changed[0].Answer = nil }, "answer says otherwise"},
		{"a gate born answered", func(b *docket.Change) {
			g := answered("x")
			g.ID = "opinion-2"
			b.Opened = []gate.Gate{g}
		}, "is born answered"},
		{"a gate changed before it is born", func(b *docket.Change) { b.Changed[0].ID = "opinion-9" }, "before it is born"},
		{"a gate that becomes another party's", func(b *docket.Change) { b.Changed[0].Party = "hc" }, "becomes another gate"},
		{"a file of another case", func(b *docket.Change) {
			b.Files = []docket.File{{ID: "f1", Of: "c2", Key: "dossier/c2/f1"}}
		}, "file f1 of c2"},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			var e ear
			w := memory.New(&e, noon)
			c := born(t, w)
			b := move(t, c, c)
			b.Changed = []gate.Gate{answered("given")}
			tt.change(&b)
			err := commit(w, b)
			if tt.want == "" {
				if err != nil || len(e.heard) > 0 {
					t.Errorf("got %v and %v, want nothing", err, e.heard)
				}
				return
			}
			if len(e.heard) != 1 || !strings.Contains(e.heard[0], tt.want) {
				t.Errorf("got %q, want %q", e.heard, tt.want)
			}
			if err == nil {
				t.Errorf("it was committed")
			}
			if r := load(t, w); r.Case.Version != 1 || r.Gates[0].Status != gate.Open {
				t.Errorf("it left version %d and gate %s", r.Case.Version, r.Gates[0].Status)
			}
		})
	}
}

func TestAGateAnsweredTwiceIsHeardOf(t *testing.T) {
	var e ear
	w := memory.New(&e, noon)
	c := born(t, w)
	for i, want := range []error{nil, fault.Conflict} {
		b := move(t, c, c)
		b.Changed = []gate.Gate{answered(fmt.Sprint(i))}
		if err := commit(w, b); !errors.Is(err, want) {
			t.Fatalf("answer %d: got %v, want %v", i, err, want)
		} else if err == nil {
			c = load(t, w).Case
		}
	}
	if len(e.heard) != 1 || !strings.Contains(e.heard[0], "answered twice") {
		t.Errorf("got %q, want one word of it", e.heard)
	}
}

func TestNobodyListeningIsAPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Errorf("got no panic")
		}
	}()
	w := memory.New(nil, noon)
	c := born(t, w)
	b := move(t, c, c)
	b.Head.Version = 9
	_ = commit(w, b)
}

func TestTokensStayWhereTheyBelong(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		tell     func(w *memory.World, c casework.Case, token string) error
	}{
		{"not in a case", func(w *memory.World, c casework.Case, token string) error {
			now := c
			now.Form = map[string]string{"x": token}
			return commit(w, written(t, c, now))
		}},
		{"not in a gate", func(w *memory.World, c casework.Case, token string) error {
			ch := written(t, c, c)
			ch.Changed = []gate.Gate{answered(token)}
			return commit(w, ch)
		}},
		{"not in a notice", func(w *memory.World, _ casework.Case, token string) error {
			return w.Notices.Queue(ctx, docket.Notice{Key: "k", Code: token})
		}},
		{"not in a mail", func(w *memory.World, _ casework.Case, token string) error {
			return w.Mail.Send(ctx, docket.Message{Key: "k", Text: "see " + token})
		}},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			var e ear
			w := memory.New(&e, noon)
			c := born(t, w)
			if _, err := w.StateMachine.Start(ctx, docket.Execution{StateMachine: "m", Name: "c1-opinion-1"}, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			token := w.StateMachine.Wait("c1-opinion-1")
			if _, _, err := w.Store.AttachToken(ctx, docket.GateRef{Of: "c1", Gate: "opinion-1"}, docket.Token{Value: token, Run: 1}); err != nil {
				t.Fatal(err)
			}
			if err := tt.tell(w, c, token); err == nil || len(e.heard) != 1 {
				t.Errorf("got %v and %q, want it heard of", err, e.heard)
			}
		})
	}
}

func TestFates(t *testing.T) {
	for _, tt := range []struct {
		fate  memory.Fate
		done  bool
		err   error
		crash bool
	}{
		{memory.Pass, true, nil, false},
		{memory.FailBefore, false, fault.Unavailable, false},
		{memory.FailAfter, true, fault.Unavailable, false},
		{memory.CrashBefore, false, nil, true},
		{memory.CrashAfter, true, nil, true},
	} {
		t.Run(tt.fate.String(), func(t *testing.T) {
			w := memory.New(t, noon)
			if _, err := w.Clock.Now(ctx); err != nil { // call 1
				t.Fatal(err)
			}
			w.Faults = memory.Script(map[int]memory.Fate{2: tt.fate})
			var err error
			crash := memory.Run(func() { err = w.Outbox.MarkDelivered(ctx, "k", noon) })
			if (crash != nil) != tt.crash || !errors.Is(err, tt.err) {
				t.Errorf("got %v and %v, want crash %v and %v", crash, err, tt.crash, tt.err)
			}
			if crash != nil && (crash.Call != 2 || crash.Name != "Outbox.MarkDelivered") {
				t.Errorf("got a crash at %d %s", crash.Call, crash.Name)
			}
			if got, err := w.Outbox.Delivered(ctx, "k"); got != tt.done || err != nil {
				t.Errorf("done: got %v and %v, want %v", got, err, tt.done)
			}
			if got := fmt.Sprint(w.Calls()); got != "[Clock.Now Outbox.MarkDelivered Outbox.Delivered]" {
				t.Errorf("got calls %s", got)
			}
		})
	}
}

func TestOtherPanicsGoOn(t *testing.T) {
	defer func() {
		if recover() != "mine" {
			t.Errorf("it was swallowed")
		}
	}()
	memory.Run(func() { panic("mine") })
}

func TestReadsThatFailTellNothing(t *testing.T) {
	w := memory.New(t, noon)
	born(t, w)
	w.Faults = func(int, string) memory.Fate { return memory.FailAfter }
	r, err := docket.LoadCase(ctx, w.Store, "c1")
	if r.Case.ID != "" || !errors.Is(err, fault.Unavailable) {
		t.Errorf("Load: got %q and %v", r.Case.ID, err)
	}
	if _, untold, err := w.Store.Entry(ctx, "c1", 1); untold || !errors.Is(err, fault.Unavailable) {
		t.Errorf("Entry: got %v and %v", untold, err)
	}
	if _, attached, err := w.Store.AttachToken(
		ctx,
		docket.GateRef{Of: "c1", Gate: "opinion-1"},
		docket.Token{Value: "x"},
	); attached ||
		!errors.Is(err, fault.Unavailable) {
		t.Errorf("AttachToken: got %v and %v", attached, err)
	}
}

func TestAStateMachine(t *testing.T) {
	w := memory.New(t, noon)
	m := w.StateMachine
	a, b := docket.Execution{StateMachine: "m", Name: "a"}, docket.Execution{StateMachine: "m", Name: "b"}
	status := func(name, want string) {
		t.Helper()
		if got, err := m.Describe(ctx, docket.Execution{StateMachine: "m", Name: name}); got != want || err != nil {
			t.Errorf("%s: got %q and %v, want %q", name, got, err, want)
		}
	}
	resume := func(token string, want bool) {
		t.Helper()
		if got, err := m.Resume(ctx, token); got != want || err != nil {
			t.Errorf("resuming: got %v and %v, want %v", got, err, want)
		}
	}
	status("a", "")
	for i, want := range []bool{false, true} {
		if already, err := m.Start(ctx, a, []byte("{}")); already != want || err != nil {
			t.Errorf("start %d: got %v and %v, want %v", i, already, err, want)
		}
	}
	status("a", "RUNNING")

	first := m.Wait("a")
	second := m.Wait("a")
	resume(first, false) // it waits with another one now
	resume(second, true)
	resume(second, false) // used
	resume("nobody's", false)

	third := m.Wait("a")
	m.Expire("a")
	resume(third, false)

	fourth := m.Wait("a")
	m.Restart()
	status("a", "FAILED")
	resume(fourth, true) // accepted, and lost
	m.Swallows = false
	resume(fourth, false)
	if already, _ := m.Start(ctx, a, []byte("{}")); !already {
		t.Errorf("the name was free again")
	}
	if m.Wait("a") != "" {
		t.Errorf("a dead execution waits")
	}
	if _, err := m.Start(ctx, b, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Stop(ctx, b); err != nil {
			t.Errorf("stopping: %v", err)
		}
	}
	status("b", "ABORTED")
	if got := m.Executions(); len(got) != 2 || got[0].Resumed != 1 {
		t.Errorf("got %v", got)
	}
}

func TestAStreamShowsWhatWasCommitted(t *testing.T) {
	w := memory.New(t, noon)
	c := born(t, w)
	w.Faults = func(int, string) memory.Fate { return memory.FailAfter }
	_ = commit(w, move(t, c, c)) // done, although it says otherwise
	w.Faults = nil
	s := w.Stream
	s.Repeat(0)
	s.Swap(0, 1)
	var got []int
	for len(s.Waiting()) > 0 {
		got = append(got, s.Take(0).Seq)
	}
	if fmt.Sprint(got) != "[2 1 1]" {
		t.Errorf("got %v, want [2 1 1]", got)
	}
	s.Lose()
}

func TestListsCanLag(t *testing.T) {
	w := memory.New(t, noon)
	c := born(t, w)
	w.Store.Lag(true)
	now := c
	now.Status = casework.Withdrawn
	b := move(t, c, now)
	b.Changed = []gate.Gate{answered("withdrawn")}
	if err := commit(w, b); err != nil {
		t.Fatal(err)
	}
	open := func() int {
		ids, err := w.Store.Open(ctx, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	if r := load(t, w); r.Case.Status != casework.Withdrawn {
		t.Errorf("a strong read lags: %s", r.Case.Status)
	}
	if got := open(); got != 1 {
		t.Errorf("lagging: got %d open cases, want 1", got)
	}
	w.Store.Lag(false)
	if got := open(); got != 0 {
		t.Errorf("not lagging: got %d open cases, want none", got)
	}
}

func TestAClockStandsUntilItIsMoved(t *testing.T) {
	w := memory.New(t, noon)
	w.Clock.Advance(time.Hour)
	if got, err := w.Clock.Now(ctx); !got.Equal(noon.Add(time.Hour)) || err != nil {
		t.Errorf("got %v and %v", got, err)
	}
	w.Clock.Set(noon)
	if got, err := w.Clock.Now(ctx); !got.Equal(noon) || err != nil {
		t.Errorf("got %v and %v", got, err)
	}
}

func TestANoticeIsCalledByOneNameOnly(t *testing.T) {
	var e ear
	w := memory.New(&e, noon)
	n := docket.Notice{Key: "k", Kind: docket.NoticeGate, Org: "mpa"}
	for range 2 {
		if err := w.Notices.Queue(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	n.Org = "hc"
	if err := w.Notices.Queue(ctx, n); err == nil || len(e.heard) != 1 {
		t.Errorf("got %v and %q, want it heard of", err, e.heard)
	}
	if got := len(w.Notices.Waiting()); got != 2 {
		t.Errorf("got %d waiting, want 2", got)
	}
	w.Notices.Take(1)
	if got := fmt.Sprint(w.Notices.Keys(), len(w.Notices.Waiting())); got != "[k] 1" {
		t.Errorf("got %s", got)
	}
}
