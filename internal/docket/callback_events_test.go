package docket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/memory"
)

// listening is a linked town whose agency's machine hears of what happens.
type listening struct{ *linked }

func listen(t testing.TB) *listening {
	l := &listening{linked: link(t)}
	l.events.Wall = l.systems.Wall
	l.secret(op("secret-1"))
	_, err := l.systems.Direct(context.Background(), op("direct"), "https://events.mpa.example/jixu", l.admin)
	must(t, err)
	l.Engine()
	return l
}

// post delivers everything in the queue of events, each as often as the queue would.
func (l *listening) post() {
	for len(l.World.Events.Waiting()) > 0 {
		n := l.World.Events.Take(0)
		for range 9 {
			if died, err := l.Under(func() error { return l.events.Deliver(context.Background(), n) }); err == nil && !died {
				break
			}
		}
	}
}

// heard lists what arrived, by entry and type.
func (l *listening) heard() []string {
	var out []string
	for _, hook := range l.World.Hooks.Sent() {
		var e docket.CloudEvent
		must(l.t, json.Unmarshal(hook.Body, &e))
		out = append(out, fmt.Sprint(e.Data.Entry, " ", e.Type, " ", e.Data.Gates))
	}
	return out
}

// again plays a supplement, so that there is something to tell.
func (l *listening) again() {
	l.supplement()
	l.post()
}

func TestAnAgencySystemHearsWhatItsPeopleHear(t *testing.T) {
	l := listen(t)
	l.again()
	want := []string{"4 jixu.case.resubmit [opinion-3]"}
	if got := l.heard(); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q: what its own people did it is not told", got, want)
	}
	hook := l.World.Hooks.Sent()[0]
	text := string(hook.Body)
	for _, secret := range []string{"lin", "zhou", "盖章", "封堵器", "申请表", "h1"} {
		if strings.Contains(text, secret) {
			t.Errorf("got %q in %s, want no name and no reason", secret, text)
		}
	}
	if hook.ID != "event-"+l.id+"-4-mpa" || hook.Address != "https://events.mpa.example/jixu" || !hook.At.Equal(monday) || len(hook.Secrets) != 1 {
		t.Errorf("got %+v, want it to its address, signed by the machine's clock", hook)
	}
}

func TestNobodyIsSentEventsWhoWantsNone(t *testing.T) {
	l := listen(t)
	_, err := l.systems.Direct(context.Background(), op("nowhere"), "", l.admin)
	must(t, err)
	l.again()
	if got := l.heard(); len(got) != 0 || len(l.World.Events.Keys()) != 0 {
		t.Errorf("got %q sent and %q queued, want nothing", got, l.World.Events.Keys())
	}
}

func TestAnEventThatWaitsIsDroppedWhenItsAddressIsGone(t *testing.T) {
	l := listen(t)
	l.supplement()
	if len(l.World.Events.Waiting()) == 0 {
		t.Fatal("got no event, want one waiting")
	}
	_, err := l.systems.Direct(context.Background(), op("nowhere"), "", l.admin)
	must(t, err)
	l.post()
	if got := l.heard(); len(got) != 0 {
		t.Errorf("got %q, want nothing sent", got)
	}
}

func TestAnEventWaitsForASecretAndIsSignedWithBothWhileTheyChange(t *testing.T) {
	l := listen(t)
	ctx := context.Background()
	l.supplement()
	n := l.World.Events.Take(0)
	l.now = monday.AddDate(0, 0, 31) // the secret has ended
	if err := l.events.Deliver(ctx, n); !errors.Is(err, fault.Conflict) || len(l.heard()) != 0 {
		t.Errorf("without a secret: got %v and %q, want it kept", err, l.heard())
	}
	l.secret(op("secret-2"))
	l.secret(op("secret-3"))
	must(t, l.events.Deliver(ctx, n))
	must(t, l.events.Deliver(ctx, n))
	if sent := l.World.Hooks.Sent(); len(sent) != 1 || len(sent[0].Secrets) != 2 {
		t.Errorf("got %d sent, want one signed with both", len(sent))
	}
}

// Whatever fails in telling and sending, each event arrives, and arriving twice
// it says the same under the same id.
func TestEveryCrashPointOfAnEventConverges(t *testing.T) {
	play := func(faults memory.Faults) *listening {
		l := listen(t)
		l.Calls, l.Faults = 0, faults
		must(t, l.Insist(func() error {
			_, err := l.Desk.Withdraw(context.Background(), op("withdraw"), l.id, "不再需要", actor("lin"))
			return err
		}))
		for range 4 {
			l.Engine()
			l.post()
			_, _ = l.Under(func() error {
				_, _, err := l.Relay.Retell(context.Background(), l.World.Clock.Advance(time.Hour))
				return err
			})
		}
		l.Faults = nil
		l.Night()
		l.post()
		return l
	}
	l := play(nil)
	calls, want := l.Calls, fmt.Sprint(l.heard())
	if calls < 20 || !strings.Contains(want, "withdraw") {
		t.Fatalf("got %d calls and %s, want a withdrawal told", calls, want)
	}
	for at := 1; at <= min(calls, 60); at++ {
		for i, fate := range memory.Fates[1:] {
			if leftOut(at, i) {
				continue
			}
			l := play(faultAt(at, fate))
			seen := map[string]string{}
			var once []string
			for i, hook := range l.World.Hooks.Sent() {
				if was, again := seen[hook.ID]; again && was != string(hook.Body) {
					t.Errorf("%s at call %d: event %s says two things", fate, at, hook.ID)
				} else if !again {
					once = append(once, l.heard()[i])
				}
				seen[hook.ID] = string(hook.Body)
			}
			if got := fmt.Sprint(once); got != want {
				t.Errorf("%s at call %d: got %s, want %s", fate, at, got, want)
			}
		}
	}
}

// Of a question, who was asked hears, and who asked hears of the answer.
func TestAnAgencySystemHearsOfAQuestion(t *testing.T) {
	l := listen(t)
	q, err := l.Desk.Inquire(context.Background(), op("inquire"), false, "材料", "需要公证吗？", "", actor("lin"))
	must(t, err)
	l.Engine()
	l.post()
	if got := l.heard(); len(got) != 1 || got[0] != "1 jixu.inquiry.ask-inquiry []" {
		t.Errorf("got %q, want the question's event", got)
	}
	if hook := l.World.Hooks.Sent()[0]; strings.Contains(string(hook.Body), "公证") || strings.Contains(hook.ID, "/") ||
		!strings.Contains(string(hook.Body), idOf(q)) {
		t.Errorf("got %s, want where to look and no word of it", hook.Body)
	}
}
