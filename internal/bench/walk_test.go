package bench

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

const root = "../.."

// scripted is a walker over the real definition whose table answers what is
// whose move, in order; it repeats the last answer.
func scripted(t *testing.T, kinds ...string) (w *walker, asked *int) {
	t.Helper()
	d, err := readDefinition(root, "review-application")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(int)
	w = &walker{definition: d, now: time.Now}
	w.do = func(_ context.Context, function string, payload map[string]any) (any, error) {
		if strings.Contains(function, "OpenGate") {
			*asked++
			return nil, nil
		}
		kind := kinds[0]
		if len(kinds) > 1 {
			kinds = kinds[1:]
		}
		return map[string]any{"over": kind == "over", "gate": payload["leg"].(string) + "-1", "kind": kind, "asked": 0.0}, nil
	}
	return w, asked
}

func (w *walker) begin(t *testing.T, leg string) *run {
	t.Helper()
	if _, err := w.Start(context.Background(), "c-"+leg+"-1", []byte(`{"caseId":"c","leg":"`+leg+`","run":1,"asked":0}`)); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	return w.runs[len(w.runs)-1]
}

func (w *walker) settle(t *testing.T) {
	t.Helper()
	if err := w.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (w *walker) answer(t *testing.T, r *run) {
	t.Helper()
	if accepted, err := w.Resume(context.Background(), r.token); err != nil || !accepted {
		t.Fatalf("resuming %s: got %v, %v, want accepted", r.name, accepted, err)
	}
	w.settle(t)
}

// expire lets the wait of a run time out, as its Catch says.
func (w *walker) expire(t *testing.T, r *run) {
	t.Helper()
	if r.token == "" {
		t.Fatalf("%s waits for nobody", r.name)
	}
	r.token, r.at = "", "Count the asking"
	w.settle(t)
}

// This is what the bill rests on: a gate is found, its party chosen, waited for.
func TestALifeWithOneSupplementRoundEntersTwentyStates(t *testing.T) {
	opinion, _ := scripted(t, "assess", "supplement", "assess", "over")
	r := opinion.begin(t, "opinion")
	for range 3 {
		opinion.answer(t, r)
	}
	if r.status != "SUCCEEDED" || opinion.transitions != 13 {
		t.Errorf("opinion: got %s after %d states, want SUCCEEDED after 13", r.status, opinion.transitions)
	}
	reply, _ := scripted(t, "reply", "over")
	r = reply.begin(t, "reply")
	reply.answer(t, r)
	if r.status != "SUCCEEDED" || reply.transitions != 7 {
		t.Errorf("reply: got %s after %d states, want SUCCEEDED after 7", r.status, reply.transitions)
	}
}

func TestAGateIsAskedFourTimesMoreAndThenTheRunEnds(t *testing.T) {
	for _, leg := range []struct{ leg, kind string }{
		{"opinion", "assess"}, {"opinion", "supplement"}, {"reply", "reply"}, {"reply", "supplement"},
	} {
		w, asked := scripted(t, leg.kind)
		r := w.begin(t, leg.leg)
		for range 4 {
			w.expire(t, r)
		}
		if r.status != "RUNNING" || *asked != 5 {
			t.Errorf("%s of the %s, after four time-outs: got %s, asked %d times, want RUNNING and 5", leg.kind, leg.leg, r.status, *asked)
		}
		w.expire(t, r)
		if r.status != "SUCCEEDED" || *asked != 5 || r.at != "The sweep starts the next run" {
			t.Errorf("%s of the %s, after five: got %s at %q, asked %d times, want it ended for the sweep", leg.kind, leg.leg, r.status, r.at, *asked)
		}
	}
}

func TestTheNextGateIsCountedAnew(t *testing.T) {
	w, _ := scripted(t, "assess", "supplement")
	r := w.begin(t, "opinion")
	for range 4 {
		w.expire(t, r)
	}
	w.answer(t, r)
	w.expire(t, r)
	if r.status != "RUNNING" || r.at != "Ask the hospital to supplement for the opinion" {
		t.Errorf("got %s at %q, want the hospital asked again", r.status, r.at)
	}
}

func TestALegThatIsOverEndsAtOnce(t *testing.T) {
	for _, leg := range []string{"opinion", "reply"} {
		w, asked := scripted(t, "over")
		if r := w.begin(t, leg); r.status != "SUCCEEDED" || *asked != 0 {
			t.Errorf("%s: got %s, asked %d times, want SUCCEEDED and nobody asked", leg, r.status, *asked)
		}
	}
}

func TestWhatNobodyMeantFails(t *testing.T) {
	rows := []struct{ name, leg, kind, at string }{
		{"a track that is none", "customs", "assess", "No such track"},
		{"a kind that no track knows", "opinion", "clear", "No such gate"},
		{"the regulator's gate on the opinion", "opinion", "reply", "No such gate"},
		{"the assessor's gate on the reply", "reply", "assess", "No such gate"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w, _ := scripted(t, row.kind)
			if r := w.begin(t, row.leg); r.status != "FAILED" || r.at != row.at {
				t.Errorf("got %s at %q, want FAILED at %q", r.status, r.at, row.at)
			}
		})
	}
}

func TestATokenServesOnce(t *testing.T) {
	w, _ := scripted(t, "assess", "supplement")
	r := w.begin(t, "opinion")
	token := r.token
	w.answer(t, r)
	if accepted, err := w.Resume(context.Background(), token); accepted || err != nil {
		t.Errorf("the same token again: got %v, %v, want not accepted", accepted, err)
	}
	if already, err := w.Start(context.Background(), r.name, []byte(`{}`)); !already || err != nil {
		t.Errorf("the same name again: got %v, %v, want already", already, err)
	}
}

// A walk that guessed would count wrongly, so it stops.
func TestTheWalkStopsAtWhatItDoesNotKnow(t *testing.T) {
	yes := "x"
	rows := []struct {
		name  string
		state state
	}{
		{"a type of state", state{Type: "Parallel"}},
		{"a comparison", state{Type: "Choice", Choices: []choice{{Variable: "$.leg"}}}},
		{"a path that leads nowhere", state{Type: "Choice", Choices: []choice{{Variable: "$.none", StringEquals: &yes}}}},
		{"a ResultPath of two names", state{Type: "Pass", ResultPath: "$.a.b"}},
		{"an intrinsic function", state{Type: "Pass", ResultPath: "$.a", Parameters: map[string]any{"x.$": "States.UUID()"}}},
		{"a task without a payload", state{Type: "Task", Resource: "lambda:invoke"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := &walker{definition: definition{StartAt: "A", States: map[string]state{"A": row.state}}, now: time.Now}
			w.do = func(context.Context, string, map[string]any) (any, error) { return nil, errors.New("not reached") }
			if _, err := w.Start(context.Background(), "r", []byte(`{"leg":"opinion"}`)); err != nil {
				t.Fatal(err)
			}
			if err := w.Settle(context.Background()); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}
