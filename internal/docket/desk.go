package docket

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Desk carries out operations on cases. Every part is needed by the operations
// of some function; a function that lacks a part does not call what needs it.
type Desk struct {
	Store     Store
	Directory Directory
	Files     Files
	Scanner   Scanner // nil: none is configured, and our own check is all
	Clock     Clock
	Calendar  calendar.Calendar
	Packs     Packs                  // every version of this build; an operator's own are in the directory
	Current   map[policy.Kind]string // the one that new drafts get, unless the rules name another
	Random    io.Reader              // for ids and numbers
	Pause     func(context.Context, time.Duration) error
	// Patience is how long one operation goes on trying: after it the last attempt has
	// begun; 0: there is one. It is well below the 30 seconds for which a gateway waits.
	Patience time.Duration
	Metrics  Metrics

	// Late reports whether what runs under ctx is about to be stopped: a long walk
	// then ends in order, and the next call goes on. nil: only a context that is over says so.
	Late func(ctx context.Context) bool
}

func (d *Desk) late(ctx context.Context) bool {
	return ctx.Err() != nil || d.Late != nil && d.Late(ctx)
}

// New returns a desk over store with the official calendar and the packs of
// this build. A function whose operations touch files sets Files as well.
func New(store interface {
	Store
	Directory
}, clock Clock, metrics Metrics,
) *Desk {
	return &Desk{
		Store: store, Directory: store, Clock: clock, Metrics: metrics, Calendar: calendar.Official(),
		Packs: policy.Carried, Current: map[policy.Kind]string{policy.Device: policy.DeviceKey, policy.Drug: policy.DrugKey},
		Random: rand.Reader, Pause: Sleep, Patience: patience,
	}
}

// Packs finds a requirement pack by its key. A case keeps its key for ever, so
// a pack that was ever used is never taken away.
type Packs func(key string) (policy.Pack, bool)

// Only lists packs that are given.
func Only(packs ...policy.Pack) Packs {
	return func(key string) (policy.Pack, bool) {
		for _, p := range packs {
			if p.Key() == key {
				return p, true
			}
		}
		return policy.Pack{}, false
	}
}

// Op is the sender's name for one request: sent again, it is the same request.
type Op struct {
	ID    string // 16 to 64 characters, made with the form or by the API's client
	Body  string // for a machine: digest of its request's very bytes, and only those are the same request
	Holds []Hold // aggregates that must still be what was read when the operation commits
}

const (
	patience = 8 * time.Second  // of an operation behind a page, whose function has ten
	margin   = 2 * time.Second  // what the last attempt has left before its context ends
	stale    = 30 * time.Second // an attempt this old sends nothing more: what it read is too long ago
)

// Decision is what an operation wants to commit, given the aggregate as it is now.
type Decision func(Stored, law.Setting) (Commit, Receipt, error)

// onCase is a decision about a case.
func (d *Desk) onCase(ctx context.Context, decide func(Record, law.Setting) (Commit, Receipt, error)) Decision {
	return func(stored Stored, s law.Setting) (Commit, Receipt, error) {
		var r Record
		if stored.Version > 0 {
			var err error
			if r, err = d.record(ctx, stored); err != nil {
				return Commit{}, Receipt{}, err
			}
		}
		return decide(r, s)
	}
}

// record reads a case that is about to be moved.
func (d *Desk) record(ctx context.Context, stored Stored) (Record, error) {
	r, err := CaseRecord(stored)
	if err != nil {
		return Record{}, err
	}
	if g := r.Case.Given; g != nil && g.Hash == "" { // given by an earlier build
		given := *g
		if given.Hash, err = d.hashOf(ctx, r.Case.ID, g.Entry); err != nil {
			return Record{}, err
		}
		r.Case.Given = &given
	}
	return r, nil
}

// moveCase is [Desk.Move] for a case.
func (d *Desk) moveCase(ctx context.Context, id string, op Op, digest string, by party.Actor,
	decide func(Record, law.Setting) (Commit, Receipt, error),
) (Receipt, error) {
	return d.Move(ctx, id, op, digest, by, d.onCase(ctx, decide))
}

// Move runs one operation on the aggregate called name, "" for one that is to be
// created or that has no head, to its end. This is the whole theory of retries:
//
//   - Whatever moved meanwhile, and whatever the store was too busy for, is loaded and
//     decided anew, after a pause that grows and differs. What was decided is never sent again
//     from here; the store repeats it for a second at most.
//   - Before that the operation is looked up: after an unclear answer it may have happened.
//     One that did returns its receipt; the same id with another digest is a conflict.
//   - What the law refuses, or a demand of the commit itself ([Unmet]), is answered at
//     once, unless this very request is why: it is looked up too.
//   - What no store takes is answered at once.
//   - It ends by the clock: when Patience is over, or ctx nearly. Then it says that others
//     moved first again and again, or that the store is busy; [ErrContended] is the cause
//     only if no attempt was left unclear.
func (d *Desk) Move(ctx context.Context, name string, op Op, digest string, by party.Actor, decide Decision) (Receipt, error) {
	scope := scopeOf(by)
	if op.Body != "" {
		digest = op.Body
		if r, done, err := d.done(ctx, scope, op, digest); err != nil || done {
			return r, err
		}
	}
	waiting, cancel := d.patiently(ctx)
	defer cancel()
	left := d.Patience // pauses count against it even where they take no time
	var unclear error
	for try := 0; ; try++ {
		if try > 0 {
			pause := pauseBefore(try)
			if left -= pause; left < 0 || d.Pause(waiting, pause) != nil || waiting.Err() != nil {
				break
			}
			if r, done, err := d.done(ctx, scope, op, digest); err != nil || done {
				return r, err
			}
		}
		attempt, end := context.WithTimeout(ctx, stale)
		commit, receipt, refused := d.decide(attempt, name, decide)
		var failed error
		switch {
		case refused != nil || commit.empty():
		case op.ID == "" && len(commit.Changes) == 0:
			refused = fault.New(fault.Invalid, "operation") // no version of a head would tell a repeat
		default:
			if op.ID != "" {
				commit.Did = &Operation{Scope: scope, ID: op.ID, Digest: digest, Receipt: receipt, At: receipt.At}
			}
			commit.Holds = append(commit.Holds, op.Holds...)
			failed = d.Store.Commit(attempt, commit)
		}
		end()
		var unmet *Unmet
		switch err := cmp.Or(refused, failed); {
		case err == nil:
			return receipt, nil // done; or decided without a change: the same answer again
		case refused != nil && !errors.Is(err, fault.Unavailable), errors.As(failed, &unmet):
			if r, done, lookErr := d.done(ctx, scope, op, digest); lookErr != nil || done {
				return r, lookErr
			}
			return Receipt{}, err
		case errors.Is(failed, fault.Invalid):
			return Receipt{}, err // nothing was written, and nothing ever will be
		case unclear == nil || errors.Is(unclear, fault.Conflict) || errors.Is(unclear, ErrContended) || !errors.Is(err, ErrContended):
			unclear = err
		}
	}
	if r, done, err := d.done(ctx, scope, op, digest); err == nil && done {
		return r, nil // the last attempt, or one before it whose answer was lost
	}
	if errors.Is(unclear, fault.Conflict) {
		return Receipt{}, fault.Because(fault.Conflict, "moved", unclear)
	}
	return Receipt{}, fault.Because(fault.Unavailable, "busy", unclear)
}

// patiently is ctx for as long as an operation may begin another attempt.
func (d *Desk) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	waiting, cancel := context.WithTimeout(ctx, d.Patience)
	ends, bounded := ctx.Deadline()
	if !bounded {
		return waiting, cancel
	}
	early, cancelEarly := context.WithDeadline(waiting, ends.Add(-margin))
	return early, func() { cancelEarly(); cancel() }
}

// scopeOf says among whose operations by's id counts: a person's own, and for a
// machine all of its organisation, whomever it names.
func scopeOf(by party.Actor) string {
	if by.Via == party.ByAgencySystem {
		return by.Org + ".@" // no person is called so: ids of people have no @
	}
	return by.Org + "." + by.Person
}

// decide loads the aggregate called name, if it has one, and asks the law.
func (d *Desk) decide(ctx context.Context, name string, decide Decision) (Commit, Receipt, error) {
	var stored Stored
	if name != "" {
		var err error
		if stored, err = d.Store.Load(ctx, name); err != nil {
			return Commit{}, Receipt{}, err
		}
	}
	s, err := d.setting(ctx)
	if err != nil {
		return Commit{}, Receipt{}, err
	}
	return decide(stored, s)
}

// setting reads what the law may know beside the aggregate.
func (d *Desk) setting(ctx context.Context) (law.Setting, error) {
	now, err := d.Clock.Now(ctx)
	if err != nil {
		return law.Setting{}, fmt.Errorf("reading the clock: %w", err)
	}
	rules, err := d.Directory.Rules(ctx)
	if err != nil {
		return law.Setting{}, fmt.Errorf("reading the rules: %w", err)
	}
	agencies, err := d.Directory.Agencies(ctx)
	if err != nil {
		return law.Setting{}, fmt.Errorf("reading the agencies: %w", err)
	}
	return law.Setting{Now: now.UTC().Truncate(time.Millisecond), Rules: rules, Calendar: d.Calendar, Agencies: agencies}, nil
}

// done looks up whether op already happened. It fails with fault.Conflict if
// the same id was used for something else.
func (d *Desk) done(ctx context.Context, scope string, op Op, digest string) (Receipt, bool, error) {
	if op.ID == "" {
		return Receipt{}, false, nil
	}
	did, ok, err := d.Store.Operation(ctx, scope, op.ID)
	if err != nil || !ok {
		return Receipt{}, false, err
	}
	if did.Digest != digest {
		return Receipt{}, false, fault.New(fault.Conflict, "operation.other")
	}
	return did.Receipt, true, nil
}

// finish seals what the law of cases changed, and writes its receipt.
func finish(was casework.Case, ch casework.Change, s law.Setting) (Commit, Receipt, error) {
	c := ch.Case
	d := Deed{
		Was:  Head{Kind: CaseKind, ID: was.ID, Version: was.Version, Seq: was.Seq, Hash: was.Head},
		Kind: CaseKind, ID: c.ID, Number: c.Number, Verb: ch.Verb, By: ch.By, Opened: ch.Opened, Changed: ch.Changed,
		Home: Place{OwnPages.Of(c.Hospital), c.EditedAt}, Open: c.Waiting(), Waits: waitsOf(c), Row: c.Row(),
		Body: func(h Head) any {
			c.Version, c.Seq, c.Head = h.Version, h.Seq, h.Hash
			if c.Given != nil && c.Given.Entry == h.Seq && h.Seq > was.Seq {
				given := *c.Given
				given.Hash = h.Hash // known only now: the opinion can be relied on by it
				c.Given = &given
			}
			return c
		},
	}
	if len(c.Submissions) > len(was.Submissions) {
		d.Timers = []Timer{{watchTimer, s.Now}} // it finds out by itself when there is something to remind of
	}
	if ch.Facts != nil {
		d.Facts = ch.Facts
		for _, org := range ch.Facts.Listing() {
			d.Lists = append(d.Lists, Place{CopiesPages.Of(org), s.Now})
		}
	}
	change, err := d.Seal(s.Now)
	if err != nil {
		return Commit{}, Receipt{}, err
	}
	commit := Commit{Changes: []Change{change}}
	commit.Rows, commit.Struck = precedentRows(was, c)
	receipt := d.receipt(change, s.Now)
	receipt.Seq = c.Seq
	if ch.Facts != nil && len(ch.Facts.Closes) > 0 {
		receipt.Gate = ch.Facts.Closes[0].Gate
	}
	return commit, receipt, nil
}

// also lists a case of a commit in other lists.
func (c Commit) also(at time.Time, lists ...string) Commit {
	for _, list := range lists {
		c.Changes[0].Lists = append(c.Changes[0].Lists, Place{list, at})
	}
	return c
}

// digestOf is over the whole of an answer at ref: what was decided, about which
// submission, and every field of what, which its author filled in. Fields that the
// law sets are cleared before; see plain.
func digestOf(verb casework.Verb, ref GateRef, what ...any) string {
	return Digest(append([]any{verb, ref.Of, ref.Gate, ref.Submission}, what...)...)
}

// Digest is over the content of a request: the same content, the same digest.
func Digest(parts ...any) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, p := range parts {
		// Only strings, numbers, and plain structs of them come here: they always encode.
		_ = enc.Encode(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// pauseBefore is longer with each try, with jitter, so that losers do not meet again.
func pauseBefore(try int) time.Duration {
	most := time.Second
	if try < 7 {
		most = 10 * time.Millisecond << try
	}
	return most/2 + mathrand.N(most/2)
}

// Sleep is the pause of a running function.
func Sleep(ctx context.Context, t time.Duration) error {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// alphabet has no look-alikes; ids of cases, files and requests use it.
const alphabet = "23456789abcdefghjkmnpqrstuvwxyz"

// idOf returns 16 characters that follow from parts: who names the same thing
// again gets the same id.
func idOf(parts ...any) string {
	sum := sha256.Sum256([]byte(Digest(parts...)))
	out := make([]byte, 16)
	for i := range out {
		out[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(out)
}

// newID returns n random characters.
func (d *Desk) newID(n int) (string, error) {
	const unbiased = 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for len(out) < n {
		if _, err := io.ReadFull(d.Random, buf); err != nil {
			return "", fault.Because(fault.Unavailable, "random", err)
		}
		for _, b := range buf {
			if int(b) < unbiased && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}
