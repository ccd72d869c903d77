package world

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/memory"
)

// Function is a function as a machine's task calls it.
type Function func(ctx context.Context, payload []byte) (answer any, err error)

// Upload is one version of an object that a browser sent.
type Upload struct{ Key, Version string }

// End is an execution that ended, on its way to who hears of it.
type End struct {
	Execution memory.Execution
	At        time.Time // it does not come before
}

// Carriage is what a stream may do with a record, or the event bus with an event.
type Carriage int

// What may happen to a record, and to an event.
const (
	Delivers Carriage = iota
	Loses
	Repeats
	Reorders // the newest comes first
	Delays   // by hours: until the night; an event by three
	Stands   // nothing is taken
)

func (tw *Town) fate(_ int, name string) memory.Fate {
	if !tw.armed {
		return memory.Pass
	}
	tw.Calls++
	tw.Names = append(tw.Names, name)
	tw.Within = append(tw.Within, tw.within)
	if tw.Faults == nil {
		return memory.Pass
	}
	return tw.Faults(tw.Calls, name)
}

// Under runs do with faults, and says whether it died of one.
func (tw *Town) Under(do func() error) (died bool, err error) {
	tw.armed = true
	crash := memory.Run(func() { err = do() })
	tw.armed = false
	return crash != nil, err
}

// Insist is a person who sends the same form again, under faults, until it is answered.
func (tw *Town) Insist(do func() error) error {
	tw.t.Helper()
	var err error
	for range 20 {
		var died bool
		if died, err = tw.Under(do); !died && !errors.Is(err, fault.Unavailable) {
			return err
		}
	}
	tw.t.Fatalf("after twenty tries: got %v, want an answer", err)
	return err
}

// call runs a function that runs by itself, once.
func (tw *Town) call(function string, do func() error) error {
	tw.t.Helper()
	run := func() error {
		tw.within = function
		died, err := tw.Under(do)
		tw.within = ""
		if died {
			return errDied
		}
		return err
	}
	if tw.Around != nil {
		once := run
		run = func() error { return tw.Around(function, once) }
	}
	err := run()
	if err != nil && tw.strict {
		tw.t.Fatalf("%s: %v", function, err)
	}
	return err
}

// Engine runs everything that happens by itself, until nothing moves: files are
// checked, entries told, messages delivered, machines walked, their ends heard.
func (tw *Town) Engine() {
	tw.t.Helper()
	ctx := context.Background()
	for range 200 {
		if !tw.checkFiles(ctx) && !tw.relay(ctx) && !tw.deliver(ctx) && !tw.sendEvent(ctx) && !tw.walk(ctx) && !tw.hear(ctx) {
			return
		}
	}
	tw.t.Fatalf("the engine never comes to rest")
}

// Upload is a browser that sends data to the ticket of a file; the event of it
// comes with the next [Town.Engine].
func (tw *Town) Upload(key string, data []byte) {
	tw.Uploads = append(tw.Uploads, Upload{key, tw.World.Files.Upload(key, data)})
}

// checkFiles takes one event of the bucket. Lambda tries one that failed twice more.
func (tw *Town) checkFiles(ctx context.Context) bool {
	if len(tw.Uploads) == 0 {
		return false
	}
	u := tw.Uploads[0]
	tw.Uploads = tw.Uploads[1:]
	err := tw.call("check-file", func() error { _, err := tw.Desk.Settle(ctx, u.Key, u.Version); return err })
	if event := u.Key + u.Version; err != nil && tw.retries[event] < 2 {
		tw.retries[event]++
		tw.Uploads = append(tw.Uploads, u)
	}
	return true
}

func (tw *Town) relay(ctx context.Context) bool {
	waiting := len(tw.World.Stream.Waiting())
	if waiting == 0 {
		return false
	}
	how, at := Delivers, 0
	if tw.Carry != nil {
		how = tw.Carry()
	}
	switch how {
	case Stands:
		return false
	case Reorders:
		at = waiting - 1
	}
	ref := tw.World.Stream.Take(at)
	switch how {
	case Loses:
		return true
	case Delays:
		tw.Held = append(tw.Held, ref)
		return true
	case Repeats:
		tw.tell(ctx, ref)
	}
	tw.tell(ctx, ref)
	return true
}

// tell is one delivery. One that fails is not tried again by the stream: the
// sweep does that.
func (tw *Town) tell(ctx context.Context, ref docket.EntryRef) {
	_ = tw.call("relay-entries", func() error { return tw.Relay.Tell(ctx, ref.Of, ref.Seq) })
}

// deliver hands one notice over. The queue brings a failed one again, five times
// in all; then it rests until an operator sends it on its way again.
func (tw *Town) deliver(ctx context.Context) bool {
	if len(tw.World.Notices.Waiting()) == 0 {
		return false
	}
	n := tw.World.Notices.Take(0)
	for range 5 {
		if tw.call("send-notice", func() error { return tw.NoticeSender.Deliver(ctx, n) }) == nil {
			return true
		}
	}
	tw.Rests = append(tw.Rests, n)
	return true
}

// sendEvent hands one event over. Its queue is more patient than that of notices.
func (tw *Town) sendEvent(ctx context.Context) bool {
	if tw.EventSender == nil || len(tw.World.Events.Waiting()) == 0 {
		return false
	}
	n := tw.World.Events.Take(0)
	for range 9 {
		if tw.call("send-webhook", func() error { return tw.EventSender.Deliver(ctx, n) }) == nil {
			break
		}
	}
	return true
}

// hear brings the end of one execution to who revives runs: the oldest that has waited
// long enough, or the next of the event bus.
func (tw *Town) hear(ctx context.Context) bool {
	now := tw.Now()
	for i, late := range tw.Late {
		if !late.At.After(now) {
			tw.Late = slices.Delete(tw.Late, i, i+1)
			tw.ended(ctx, late.Execution)
			return true
		}
	}
	waiting := len(tw.World.StateMachine.Ended())
	if waiting == 0 {
		return false
	}
	how, at := Delivers, 0
	if tw.Hear != nil {
		how = tw.Hear()
	}
	switch how {
	case Stands:
		return false
	case Reorders:
		at = waiting - 1
	}
	e := tw.World.StateMachine.TakeEnd(at)
	switch how {
	case Loses:
		return true
	case Delays:
		tw.Late = append(tw.Late, End{e, now.Add(3 * time.Hour)})
		return true
	case Repeats:
		tw.ended(ctx, e)
	}
	tw.ended(ctx, e)
	return true
}

// ended hands one end over. The queue brings one that failed again, nine times in all,
// and then gives it up; one that must wait rests in it for as long.
func (tw *Town) ended(ctx context.Context, e memory.Execution) {
	var in docket.Input
	tw.must(json.Unmarshal(e.Input, &in))
	for range 9 {
		var rest time.Duration
		err := tw.call("revive-runs", func() (err error) {
			rest, err = tw.Relay.Ended(ctx, in)
			return err
		})
		if err != nil {
			continue
		}
		if rest > 0 {
			tw.Late = append(tw.Late, End{e, tw.Now().Add(rest)})
		}
		return
	}
}

func (tw *Town) walk(ctx context.Context) bool {
	tw.t.Helper()
	moved, err := tw.Walker.Walk(ctx)
	tw.must(err)
	return moved
}

var (
	placeholder = regexp.MustCompile(`^\$\{(\w+)FunctionArn\}$`)
	inner       = regexp.MustCompile(`([a-z])([A-Z])`)
)

// folder is where the function stands that a definition calls ${ApplyOutcomeFunctionArn}.
func folder(called string) string {
	name := placeholder.ReplaceAllString(called, "$1")
	return strings.ToLower(inner.ReplaceAllString(name, "$1-$2"))
}

// task is what the tasks of a town's machine call.
func (tw *Town) task(ctx context.Context, called string, payload map[string]any) (any, error) {
	function := folder(called)
	do, ok := tw.Functions[function]
	if !ok {
		tw.t.Fatalf("the machine calls %s, which the town does not know", called)
	}
	encoded, err := json.Marshal(payload)
	tw.must(err)
	var answer any
	err = tw.call(function, func() (err error) {
		answer, err = do(ctx, encoded)
		return err
	})
	if err != nil {
		return nil, err
	}
	if tw.Watch != nil {
		tw.Watch(function, encoded, answer)
	}
	return asJSON(answer)
}

// Night lets half a day pass, hour by hour, without faults, with what runs by the
// clock: what was late arrives, what rested is sent again, what stayed untold is
// told, and in the middle of it the sweep comes by, once a day. Nothing may be stuck.
func (tw *Town) Night() {
	tw.t.Helper()
	ctx := context.Background()
	for hour := range 12 {
		tw.Engine()
		now := tw.World.Clock.Advance(time.Hour)
		held, rests := tw.Held, tw.Rests
		tw.Held, tw.Rests = nil, nil
		for _, ref := range held {
			tw.tell(ctx, ref)
		}
		for _, n := range rests {
			tw.must(tw.NoticeSender.Deliver(ctx, n))
		}
		_, _, err := tw.Relay.Retell(ctx, now)
		tw.must(err)
		if hour != 6 {
			continue
		}
		stuck, err := tw.Relay.Sweep(ctx)
		tw.must(err)
		if len(stuck) > 0 {
			tw.t.Fatalf("the sweep found %v, want nothing stuck", stuck)
		}
	}
	tw.Engine()
}

// ExpireAll lets every wait run into its time-out, whatever the clock says: a run
// whose token was lost asks again then, and hears that its gate is answered.
func (tw *Town) ExpireAll() {
	tw.t.Helper()
	for _, e := range tw.World.StateMachine.Executions() {
		if e.Status == "RUNNING" {
			tw.World.StateMachine.Expire(e.Name)
		}
	}
	tw.Engine()
}

// What a mail may hold: the secret of a link, the digits of a code.
var (
	LinkIn = regexp.MustCompile(`/l/([a-z2-7]+)`)
	CodeIn = regexp.MustCompile(`：(\d{6})`)
)

// Mailed is what pattern finds in the newest mail that meets says yes to, "" if
// there is none in which it finds anything.
func (tw *Town) Mailed(pattern *regexp.Regexp, meets func(docket.Message) bool) string {
	for _, m := range slices.Backward(tw.World.Mail.Sent()) {
		if hit := pattern.FindStringSubmatch(m.Text); hit != nil && meets(m) {
			return hit[1]
		}
	}
	return ""
}

// To says yes to mail for an address.
func To(address string) func(docket.Message) bool {
	return func(m docket.Message) bool { return m.To == address }
}
