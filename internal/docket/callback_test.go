package docket_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// linked is a town whose assessor's agency has a machine, and a case that waits
// for its opinion.
type linked struct {
	*play
	systems *docket.AgencySystems
	now     time.Time // the machine's
	admin   party.Actor
}

func link(t testing.TB) *linked {
	p := &play{town: newTown(t)}
	l := &linked{play: p, now: monday, admin: actor("zhou")}
	l.admin.Roles = []party.Role{party.Administrator}
	l.systems = p.Systems
	l.systems.Wall = func() time.Time { return l.now }
	p.draft()
	p.submit()
	return l
}

// zhou is the assessor as the machine names him.
func (l *linked) zhou() party.Actor {
	a, err := l.systems.Named(context.Background(), "mpa", "zhou")
	must(l.t, err)
	return a
}

// signed is a request that the machine signed with a live secret.
func (l *linked) signed(id, body string) docket.Op {
	_, hold, err := l.systems.Secrets(context.Background(), "mpa")
	must(l.t, err)
	return docket.Op{ID: id, Body: docket.Digest(body), Holds: []docket.Hold{hold}}
}

func (l *linked) secret(op docket.Op) docket.Secret {
	var s docket.Secret
	must(l.t, l.Insist(func() (err error) {
		s, err = l.systems.MakeSecret(context.Background(), op, 30, l.admin)
		return err
	}))
	return s
}

func (l *linked) verbs() string {
	entries, err := l.World.Store.Entries(context.Background(), l.id)
	must(l.t, err)
	var verbs []string
	for _, e := range entries {
		verbs = append(verbs, e.Verb+" "+e.By.Via)
	}
	return strings.Join(verbs, ", ")
}

func TestASecretIsShownOnceAndKeptSealed(t *testing.T) {
	l := link(t)
	ctx := context.Background()
	first := l.secret(op("secret-1"))
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first.Text, "whsec_"))
	if err != nil || len(plain) != 32 || !strings.HasPrefix(first.Text, "whsec_") {
		t.Fatalf("got %d bytes and %v, want a secret of 32", len(plain), err)
	}
	if again := l.secret(op("secret-1")); again.Text != "" || again.ID != first.ID {
		t.Errorf("the same operation again: got %q of %s, want nothing shown of %s", again.Text, again.ID, first.ID)
	}
	head, err := l.World.Store.Head(ctx, "trust/mpa")
	must(t, err)
	entries, err := l.World.Store.Entries(ctx, "trust/mpa")
	must(t, err)
	kept := string(head.Body)
	for _, e := range entries {
		kept += string(e.Body)
	}
	for _, text := range []string{first.Text, strings.TrimPrefix(first.Text, "whsec_"), string(plain)} {
		if strings.Contains(kept, text) {
			t.Error("got the secret where things are kept, want it sealed")
		}
	}
	second := l.secret(op("secret-2"))
	if _, err := l.systems.MakeSecret(ctx, op("secret-3"), 30, l.admin); !errors.Is(err, fault.Conflict) {
		t.Errorf("a third one: got %v, want a conflict", err)
	}
	if _, err := l.systems.RevokeSecret(ctx, op("revoke"), first.ID, l.admin); err != nil {
		t.Fatal(err)
	}
	secrets, _, err := l.systems.Secrets(ctx, "mpa")
	if err != nil || len(secrets) != 1 || docket.SecretPrefix+base64.StdEncoding.EncodeToString(secrets[0]) != second.Text {
		t.Errorf("after the change: got %d secrets and %v, want the second alone", len(secrets), err)
	}
	l.now = monday.AddDate(0, 0, 31)
	if secrets, _, err := l.systems.Secrets(ctx, "mpa"); len(secrets) != 0 || err != nil {
		t.Errorf("a month later: got %d secrets and %v, want none", len(secrets), err)
	}
	if secrets, _, err := l.systems.Secrets(ctx, "nobody"); len(secrets) != 0 || err != nil {
		t.Errorf("of nobody: got %d secrets and %v, want none", len(secrets), err)
	}
}

func TestTheSystemsClockMovesNoSecret(t *testing.T) {
	l := link(t)
	l.secret(op("secret-1"))
	l.World.Clock.Advance(10 * 365 * 24 * time.Hour)
	if secrets, _, err := l.systems.Secrets(context.Background(), "mpa"); len(secrets) != 1 || err != nil {
		t.Errorf("ten years on by the law's clock: got %d secrets and %v, want one", len(secrets), err)
	}
}

func TestAnAgencySystemActsForAPersonOfItsOwnOrganisation(t *testing.T) {
	l := link(t)
	for _, row := range []struct {
		sentence, org, person string
		want                  error
	}{
		{"a colleague is named", "mpa", "zhou", nil},
		{"somebody of another agency is not", "mpa", "shen", fault.Invalid},
		{"nobody is not", "mpa", "", fault.Invalid},
		{"a stranger is not", "mpa", "stranger", fault.Invalid},
		{"the system is not", "system", "system", fault.Invalid},
	} {
		a, err := l.systems.Named(context.Background(), row.org, row.person)
		if !errors.Is(err, row.want) || err == nil && a.Via != party.ByAgencySystem {
			t.Errorf("%s: got %v and %v, want %v", row.sentence, a, err, row.want)
		}
	}
}

func TestAnAgencySystemsRequestsAndTheirReplays(t *testing.T) {
	l := link(t)
	ctx := context.Background()
	l.secret(op("secret-1"))
	ref := l.ref(gate.Opinion)
	other := opinion()
	other.Advice = "另行说明"
	tang, err := l.systems.Named(ctx, "mpa", "tang")
	must(t, err)
	var first docket.Receipt
	for _, row := range []struct {
		sentence string
		id, body string
		opinion  casework.Opinion
		by       party.Actor
		want     string // code of the fault; "": the first receipt
	}{
		{"a person without the role answers nothing", "msg_0", "0", opinion(), tang, "role"},
		{"the first answer counts", "msg_1", "1", opinion(), l.zhou(), ""},
		{"the same request again is the same receipt", "msg_1", "1", opinion(), l.zhou(), ""},
		{"the same id with another body conflicts, though it says the same", "msg_1", "1 ", opinion(), l.zhou(), "operation.other"},
		{"the same id with another answer conflicts", "msg_1", "2", other, l.zhou(), "operation.other"},
		{"the same answer under another id is the same receipt", "msg_2", "2", opinion(), l.zhou(), ""},
		{"another answer conflicts with who decided", "msg_3", "3", other, l.zhou(), "gate.answered"},
	} {
		got, err := l.Desk.Opine(ctx, l.signed(row.id, row.body), ref, row.opinion, row.by, nil)
		if row.want != "" {
			if f := fault.Of(err); f == nil || f.Code != row.want {
				t.Errorf("%s: got %v, want %s", row.sentence, err, row.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.sentence, err)
			continue
		}
		if first.Seq == 0 {
			first = got
		}
		got.At, first.At = first.At.UTC(), first.At.UTC()
		if got != first || got.Person != "zhou" {
			t.Errorf("%s: got %+v, want %+v", row.sentence, got, first)
		}
	}
	if got, want := l.verbs(), "create session, submit session, opine machine"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
}

// Whatever fails, and however often the machine sends its request again, it
// answers once and gets one receipt.
func TestEveryCrashPointOfAnAgencySystemsAnswerConverges(t *testing.T) {
	calls := 0
	answer := func(tw *linked) docket.Receipt {
		ref, by, signed := tw.ref(gate.Opinion), tw.zhou(), tw.signed("msg_1", "1")
		var r docket.Receipt
		must(tw.t, tw.Insist(func() (err error) {
			r, err = tw.Desk.Opine(context.Background(), signed, ref, opinion(), by, nil)
			return err
		}))
		return r
	}
	l := link(t)
	l.secret(op("secret-1"))
	l.Calls = 0
	answer(l)
	if calls = l.Calls; calls < 5 {
		t.Fatalf("got %d calls, want the answer's", calls)
	}
	for at := 1; at <= calls; at++ {
		for i, fate := range memory.Fates[1:] {
			if leftOut(at, i) {
				continue
			}
			t.Run(fmt.Sprintf("%s at call %d", fate, at), func(t *testing.T) {
				l := link(t)
				l.secret(op("secret-1"))
				l.Calls = 0
				l.Faults = faultAt(at, fate)
				r := answer(l)
				l.Faults = nil
				if again := answer(l); again.Seq != r.Seq || again.Person != r.Person || !again.At.Equal(r.At) {
					t.Errorf("again: got %+v, want %+v", again, r)
				}
				if got, want := l.verbs(), "create session, submit session, opine machine"; got != want {
					t.Errorf("history: got %s, want %s", got, want)
				}
			})
		}
	}
}

func TestASecretThatIsRevokedMeanwhileAnswersNothing(t *testing.T) {
	l := link(t)
	ctx := context.Background()
	s := l.secret(op("secret-1"))
	signed, ref := l.signed("msg_1", "1"), l.ref(gate.Opinion)
	if _, err := l.systems.RevokeSecret(ctx, op("revoke"), s.ID, l.admin); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Desk.Opine(ctx, signed, ref, opinion(), l.zhou(), nil); !errors.Is(err, fault.Conflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	if got, want := l.verbs(), "create session, submit session"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
}

func TestAThousandDifferentAnswersOfAnAgencySystemAreOneDecision(t *testing.T) {
	l := link(t)
	l.secret(op("secret-1"))
	ref, zhou := l.ref(gate.Opinion), l.zhou()
	_, hold, err := l.systems.Secrets(context.Background(), "mpa")
	must(t, err)
	var mu sync.Mutex
	took := map[int]int{}
	outcomes := map[string]int{}
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			o := opinion()
			o.Advice = fmt.Sprint("意见 ", i)
			signed := docket.Op{ID: fmt.Sprintf("msg_%04d", i), Body: docket.Digest(i), Holds: []docket.Hold{hold}}
			r, err := l.Desk.Opine(context.Background(), signed, ref, o, zhou, nil)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				took[r.Seq]++
				outcomes["taken"]++
			} else if f := fault.Of(err); f != nil {
				outcomes[f.Code]++
			}
		})
	}
	all.Wait()
	if len(took) != 1 || outcomes["taken"] != 1 || outcomes["gate.answered"] != 999 {
		t.Errorf("got %v, want one taken and 999 told that it was answered", outcomes)
	}
	if got, want := l.verbs(), "create session, submit session, opine machine"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
}

func TestAnAgencySystemSendsEvidenceOnce(t *testing.T) {
	l := link(t)
	ctx := context.Background()
	shen, err := l.systems.Named(ctx, "nmpa", "shen")
	must(t, err)
	ref := l.ref(gate.Reply)
	paper := docket.Upload{Name: "批复.pdf"}
	send := func(id string, u docket.Upload) (docket.File, error) {
		var f docket.File
		err := l.Insist(func() (err error) {
			f, _, err = l.Desk.EvidenceOnce(ctx, docket.Op{ID: id}, ref, u, "", shen)
			return err
		})
		return f, err
	}
	first, err := send("msg_file_1", paper)
	must(t, err)
	if again, err := send("msg_file_1", paper); err != nil || again.ID != first.ID {
		t.Errorf("again: got %s and %v, want %s", again.ID, err, first.ID)
	}
	if next, err := send("msg_file_2", paper); err != nil || next.ID == first.ID {
		t.Errorf("another id: got %s and %v, want another file", next.ID, err)
	}
	if _, err := send("msg_file_1", docket.Upload{Name: "其他.pdf"}); fault.Of(err) == nil || fault.Of(err).Code != "operation.other" {
		t.Errorf("the same id for another paper: got %v, want operation.other", err)
	}
	if err := l.systems.Settled(ctx, ref, first.ID, shen); fault.Of(err) == nil || fault.Of(err).Code != "file.unchecked" {
		t.Errorf("before its check: got %v, want file.unchecked", err)
	}
	l.send(first.ID)
	if err := l.systems.Settled(ctx, ref, first.ID, shen); err != nil {
		t.Errorf("after its check: %v", err)
	}
	if _, err := send("msg_file_1", paper); fault.Of(err) == nil || fault.Of(err).Code != "file.settled" {
		t.Errorf("after its check: got %v, want file.settled", err)
	}
	zhou := l.zhou()
	if _, _, err := l.Desk.EvidenceOnce(ctx, docket.Op{ID: "msg_file_3"}, l.ref(gate.Opinion), paper, "", zhou); !errors.Is(err, fault.Conflict) {
		t.Errorf("evidence for an opinion: got %v, want a conflict", err)
	}
}

// What a machine may do is what its person may do at a gate, and nothing else.
func TestAnAgencySystemDoesNothingButAnswer(t *testing.T) {
	l := link(t)
	ctx := context.Background()
	zhou := l.zhou()
	lin, err := l.systems.Named(ctx, "h1", "lin")
	must(t, err)
	for sentence, do := range map[string]func() error{
		"it opens no draft":    func() error { _, err := l.Desk.Create(ctx, op("c"), policy.Device, lin); return err },
		"it withdraws nothing": func() error { _, err := l.Desk.Withdraw(ctx, op("w"), l.id, "不再需要", lin); return err },
		"it asks no question":  func() error { _, err := l.Desk.Inquire(ctx, op("q"), false, "问", "问", "", lin); return err },
		"it lists no cases":    func() error { _, _, err := l.Desk.Cases(ctx, "", 50, lin); return err },
		"it reads no inbox":    func() error { _, _, err := l.Desk.Inbox(ctx, "", 50, zhou); return err },
		"it finds no variety":  func() error { _, err := l.Desk.Identify(ctx, op("i"), l.id, 1, "", "同", zhou); return err },
		"it takes no copy":     func() error { _, err := l.Desk.Receive(ctx, op("r"), l.id, 1, zhou); return err },
		"it assigns nobody":    func() error { _, err := l.Desk.Assign(ctx, op("a"), l.ref(gate.Opinion), "zhou", zhou); return err },
		"it makes no secret":   func() error { _, err := l.systems.MakeSecret(ctx, op("s"), 1, zhou); return err },
		"it answers no other's gate": func() error {
			_, err := l.Desk.Opine(ctx, op("o"), l.ref(gate.Reply), opinion(), zhou, nil)
			return err
		},
		"it knows no other's secrets": func() error { _, err := l.systems.Trust(ctx, zhou); return err },
	} {
		if err := do(); err == nil || errors.Is(err, fault.Unavailable) {
			t.Errorf("%s: got %v, want it refused", sentence, err)
		}
	}
}
