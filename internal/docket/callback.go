package docket

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/law"
	"jixu/internal/party"
	"jixu/internal/trust"
)

// AgencySystems lets organisations' machines sign for them: it keeps the secrets
// that both sides sign with, sealed, and says who acts when a machine names a
// person. It verifies no signature; who receives a request does, with Secrets.
type AgencySystems struct {
	Desk     *Desk
	Sealer   Sealer
	Wall     func() time.Time // the machine's time: secrets and signatures never use the system's
	Loopback bool             // events may go to this very machine: development only
}

const (
	trustKind = "trust"
	trusts    = "trusts" // the list of all
)

// SecretBytes is how long a secret is.
const secretBytes = 32

// Secret is a new secret. Text is shown this once and is not to be had again.
type Secret struct {
	Receipt Receipt
	ID      string
	Text    string // "whsec_…"; "" if the operation had been done before
	Expires time.Time
}

// MakeSecret makes a secret for a's organisation that lives days, beside the one
// it may have. See trust.Trust.Make. The same operation again makes none and
// shows none: whoever lost the answer revokes that secret and makes another.
func (m *AgencySystems) MakeSecret(ctx context.Context, op Op, days int, a party.Actor) (Secret, error) {
	if err := trust.MayKeep(a); err != nil {
		return Secret{}, err
	}
	id, err := m.Desk.newID(10)
	if err != nil {
		return Secret{}, err
	}
	plain := make([]byte, secretBytes)
	if _, err := io.ReadFull(m.Desk.Random, plain); err != nil {
		return Secret{}, fault.Because(fault.Unavailable, "random", err)
	}
	sealed, err := m.Sealer.Encrypt(ctx, plain, belongs(a.Org, id))
	if err != nil {
		return Secret{}, fmt.Errorf("sealing a secret: %w", err)
	}
	receipt, err := m.change(ctx, op, Digest("make-secret", days), a, func(t trust.Trust, now time.Time) (trust.Change, error) {
		return t.Make(id, sealed, days, a, now)
	})
	if err != nil {
		return Secret{}, err
	}
	t, err := m.Trust(ctx, a)
	if err != nil {
		return Secret{}, err
	}
	out := Secret{Receipt: receipt, ID: receipt.Made}
	for _, s := range t.Secrets {
		if s.ID == receipt.Made {
			out.Expires = s.Expires
		}
	}
	if receipt.Made == id {
		out.Text = SecretPrefix + base64.StdEncoding.EncodeToString(plain)
	}
	return out, nil
}

// SecretPrefix begins a secret as people carry it from one machine to another.
const SecretPrefix = "whsec_"

// belongs says what a sealed secret is for; nothing else opens it.
func belongs(org, id string) map[string]string {
	return map[string]string{"organisation": org, "secret": id}
}

// RevokeSecret ends a secret of a's organisation at once.
func (m *AgencySystems) RevokeSecret(ctx context.Context, op Op, id string, a party.Actor) (Receipt, error) {
	return m.change(ctx, op, Digest("revoke-secret", id), a, func(t trust.Trust, now time.Time) (trust.Change, error) {
		return t.Revoke(id, a, now)
	})
}

// Direct says where the events of a's organisation go from now on; "" is nowhere.
func (m *AgencySystems) Direct(ctx context.Context, op Op, address string, a party.Actor) (Receipt, error) {
	return m.change(ctx, op, Digest("direct", address), a, func(t trust.Trust, now time.Time) (trust.Change, error) {
		return t.Direct(address, m.Loopback, a, now)
	})
}

func (m *AgencySystems) change(ctx context.Context, op Op, digest string, a party.Actor,
	change func(trust.Trust, time.Time) (trust.Change, error),
) (Receipt, error) {
	return m.Desk.Move(ctx, "", op, digest, a, func(_ Stored, s law.Setting) (Commit, Receipt, error) {
		was, t, err := trustOf(ctx, m.Desk.Store, a.Org)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := change(t, m.now())
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		commit, receipt, err := Alone(Deed{
			Was: was, Kind: trustKind, ID: a.Org, Verb: ch.Verb, By: a, Facts: ch.Facts,
			Home: Place{trusts, s.Now}, Body: func(Head) any { return ch.Trust },
		}, s)
		receipt.Made = ch.Facts.Secret
		return commit, receipt, err
	})
}

func (m *AgencySystems) now() time.Time { return m.Wall().UTC().Truncate(time.Millisecond) }

// trustOf reads what org agreed on; nothing, as long as it agreed on nothing.
func trustOf(ctx context.Context, store Store, org string) (Head, trust.Trust, error) {
	head, err := store.Head(ctx, NameOf(trustKind, org))
	if errors.Is(err, fault.NotFound) {
		return Head{}, trust.Trust{Org: org}, nil
	}
	if err != nil {
		return Head{}, trust.Trust{}, fmt.Errorf("reading what %s agreed on: %w", org, err)
	}
	t, err := Body[trust.Trust](head)
	return head, t, err
}

// Trust returns what a's organisation agreed on, for its administrator.
func (m *AgencySystems) Trust(ctx context.Context, a party.Actor) (trust.Trust, error) {
	if err := trust.MayKeep(a); err != nil {
		return trust.Trust{}, err
	}
	_, t, err := trustOf(ctx, m.Desk.Store, a.Org)
	return t, err
}

// Secrets returns the secrets with which org's machines may sign now, opened, the
// newest first, and what must still hold when an operation that they signed
// commits: so one that is revoked meanwhile is worth nothing. Who is no
// organisation has no secrets.
func (m *AgencySystems) Secrets(ctx context.Context, org string) ([][]byte, Hold, error) {
	head, t, err := trustOf(ctx, m.Desk.Store, org)
	if err != nil {
		return nil, Hold{}, err
	}
	secrets, err := opened(ctx, m.Sealer, t, m.now())
	return secrets, Hold{Of: NameOf(trustKind, org), Version: head.Version}, err
}

// opened decrypts what is live of t at now.
func opened(ctx context.Context, s Sealer, t trust.Trust, now time.Time) ([][]byte, error) {
	var secrets [][]byte
	for _, secret := range t.Live(now) {
		plain, err := s.Decrypt(ctx, secret.Sealed, belongs(t.Org, secret.ID))
		if err != nil {
			return nil, fmt.Errorf("opening secret %s of %s: %w", secret.ID, t.Org, err)
		}
		secrets = append(secrets, plain)
	}
	return secrets, nil
}

// Named returns person acting for org through its machine, which named them. It
// fails with fault.Invalid for anybody who is not on org's roster.
func (m *AgencySystems) Named(ctx context.Context, org, person string) (party.Actor, error) {
	p, err := m.Desk.Directory.Person(ctx, person)
	if errors.Is(err, fault.NotFound) || err == nil && p.Org != org {
		return party.Actor{}, fault.Fields([]fault.Problem{{Field: "person", Code: "person"}})
	}
	if err != nil {
		return party.Actor{}, fmt.Errorf("finding who answers for a machine: %w", err)
	}
	o, err := m.Desk.Directory.Organisation(ctx, org)
	if err != nil {
		return party.Actor{}, fmt.Errorf("finding the organisation of a machine: %w", err)
	}
	a := party.ActorOf(p, o)
	a.Via = party.ByAgencySystem
	return a, nil
}

// Settled fails with fault.Conflict while a file that a machine sent for ref is
// not checked yet, and with fault.Invalid if the check refused it.
func (m *AgencySystems) Settled(ctx context.Context, ref GateRef, file string, a party.Actor) error {
	r, _, err := m.Desk.gateFor(ctx, ref, a)
	if err != nil {
		return err
	}
	f, ok := r.File(file)
	switch {
	case !ok || f.Gate != ref.Gate || f.Org != a.Org:
		return nil // the law says that there is no evidence
	case f.State == Unchecked:
		return fault.New(fault.Conflict, "file.unchecked")
	case f.State == Rejected:
		return fault.Fields([]fault.Problem{{Field: "evidence", Code: f.Reason}})
	}
	return nil
}

// Gate returns a gate that a may answer or have answered, with its case. It
// fails as gate.Gate.MayAnswer, and reads no manifest.
func (d *Desk) Gate(ctx context.Context, ref GateRef, a party.Actor) (Record, gate.Gate, error) {
	return d.gateFor(ctx, ref, a)
}
