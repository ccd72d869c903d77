// Package trust holds the law of what an organisation's machines and ours agree
// on: the secrets that both sign with, and the address to which events go. It
// sees a secret only sealed. It performs no I/O and reads no clock.
package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
)

// Trust is what one organisation agreed on (接口互信).
type Trust struct {
	Org     string   `json:"Org"`
	Secrets []Secret `json:"Secrets"` // in the order they were made; the oldest of those over go when the list is full
	Address string   `json:"Address"` // where events go, "" if nowhere
}

// Secret is one signing secret (签名密钥). Its times are the machine's: a moved
// clock of the system neither lengthens nor ends it.
type Secret struct {
	ID      string    `json:"ID"`
	Sealed  []byte    `json:"Sealed"` // encrypted; nil once it is over
	Made    time.Time `json:"Made"`
	Expires time.Time `json:"Expires"`
	Revoked time.Time `json:"Revoked"` // zero: it was not
	Person  string    `json:"Person"`  // who made it
}

// Live reports whether s may be signed with at now.
func (s Secret) Live(now time.Time) bool { return s.Revoked.IsZero() && now.Before(s.Expires) }

// Live returns the secrets that may be signed with at now, the newest first.
func (t Trust) Live(now time.Time) []Secret {
	var live []Secret
	for _, s := range slices.Backward(t.Secrets) {
		if s.Live(now) {
			live = append(live, s)
		}
	}
	return live
}

const (
	maxLive = 2  // the old one and the new one, while machines change over
	maxKept = 10 // together with those that are over

	// MaxDays is how long a secret lives at most.
	MaxDays = 366
)

// Verb names a move. It stands in history for ever; do not rename one.
type Verb = law.Verb

const (
	Make   Verb = "make-secret"
	Revoke Verb = "revoke-secret"
	Direct Verb = "direct-events"
)

// Facts are the body of an entry: never a secret, and of an address its digest
// only, for a path may be one. The JSON names never change.
type Facts struct {
	Secret  string `json:"secret,omitempty"` // id
	Expires string `json:"expires,omitempty"`
	Address string `json:"address,omitempty"` // SHA-256, hex
}

// Change is what one move does.
type Change struct {
	Trust Trust
	Verb  Verb
	By    party.Actor
	Facts Facts
}

// MayKeep fails with [fault.Forbidden] unless a signed in and administers its
// organisation.
func MayKeep(a party.Actor) error {
	if !a.Holds(party.Administrator) || a.Via != party.BySession {
		return fault.New(fault.Forbidden, "role")
	}
	return nil
}

// moves is the whole law of who may do what when with what is agreed on.
var moves = law.Moves[Trust]{
	{Verb: Make, Who: keeps},
	{Verb: Revoke, Who: keeps},
	{Verb: Direct, Who: keeps},
}

func keeps(t Trust, a party.Actor) bool { return MayKeep(a) == nil && (t.Org == "" || t.Org == a.Org) }

// Verbs lists every move that can be made on what is agreed on.
func Verbs() []Verb { return moves.Verbs() }

// Permits fails as [MayKeep], and with [fault.Forbidden] for another
// organisation's. It changes nothing.
func (t Trust) Permits(v Verb, a party.Actor) error { return moves.Permits(t, v, a) }

// Make adds a secret, sealed already, that lives days from now. It fails as
// [Trust.Permits], with [fault.Invalid] for another life than 1 to 366 days, and with
// [fault.Conflict] while two are live.
func (t Trust) Make(id string, sealed []byte, days int, a party.Actor, now time.Time) (Change, error) {
	if err := t.Permits(Make, a); err != nil {
		return Change{}, err
	}
	if days < 1 || days > MaxDays {
		return Change{}, fault.Fields([]fault.Problem{{Field: "days", Code: "field.range", Args: []any{1, MaxDays}}})
	}
	if len(t.Live(now)) >= maxLive {
		return Change{}, fault.New(fault.Conflict, "secret.many", maxLive)
	}
	s := Secret{ID: id, Sealed: sealed, Made: now, Expires: now.AddDate(0, 0, days), Person: a.Person}
	t.Org = a.Org
	t.Secrets = shortened(append(forgetting(t.Secrets, now), s), now)
	return Change{Trust: t, Verb: Make, By: a, Facts: Facts{Secret: id, Expires: s.Expires.UTC().Format(time.RFC3339)}}, nil
}

// Revoke ends a secret at once. It fails as [Trust.Permits], with [fault.NotFound] for
// a secret there is not, and with [fault.Conflict] if it is over already.
func (t Trust) Revoke(id string, a party.Actor, now time.Time) (Change, error) {
	if err := t.Permits(Revoke, a); err != nil {
		return Change{}, err
	}
	i := slices.IndexFunc(t.Secrets, func(s Secret) bool { return s.ID == id })
	if i < 0 {
		return Change{}, fault.New(fault.NotFound, "secret")
	}
	if !t.Secrets[i].Live(now) {
		return Change{}, fault.New(fault.Conflict, "secret.over")
	}
	t.Secrets = slices.Clone(t.Secrets)
	t.Secrets[i].Revoked = now
	t.Secrets = forgetting(t.Secrets, now)
	return Change{Trust: t, Verb: Revoke, By: a, Facts: Facts{Secret: id}}, nil
}

// Direct sends events to address from now on, or nowhere if it is "". loopback
// allows an address of this very machine, for development. It fails as
// [Trust.Permits], with [fault.Invalid] for an address that is not that of a public
// HTTPS server, and with [fault.Conflict] if no secret is live: events are signed.
func (t Trust) Direct(address string, loopback bool, a party.Actor, now time.Time) (Change, error) {
	if err := t.Permits(Direct, a); err != nil {
		return Change{}, err
	}
	facts := Facts{}
	if address != "" {
		if !proper(address) && !(loopback && here(address)) {
			return Change{}, fault.Fields([]fault.Problem{{Field: "address", Code: "field.address"}})
		}
		if len(t.Live(now)) == 0 {
			return Change{}, fault.New(fault.Conflict, "secret.none")
		}
		sum := sha256.Sum256([]byte(address))
		facts.Address = hex.EncodeToString(sum[:])
	}
	t.Org, t.Address = a.Org, address
	return Change{Trust: t, Verb: Direct, By: a, Facts: facts}, nil
}

// forgetting returns secrets with what was sealed of those that are over gone.
func forgetting(secrets []Secret, now time.Time) []Secret {
	out := slices.Clone(secrets)
	for i := range out {
		if !out[i].Live(now) {
			out[i].Sealed = nil
		}
	}
	return out
}

// shortened returns secrets without the oldest of those that are over, as many
// as are too many. A live one stays, however old: only its end or somebody who
// revokes it, with an entry, ends it. No list grows by that, for few are live.
func shortened(secrets []Secret, now time.Time) []Secret {
	over := len(secrets) - maxKept
	return slices.DeleteFunc(secrets, func(s Secret) bool {
		if over <= 0 || s.Live(now) {
			return false
		}
		over--
		return true
	})
}

const maxAddress = 1000 // bytes

// proper reports whether address is that of an HTTPS server with a public name.
// What the name leads to is looked at again whenever it is dialled.
func proper(address string) bool {
	u, ok := parsed(address)
	if !ok || u.Scheme != "https" {
		return false
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	last := host[strings.LastIndex(host, ".")+1:]
	_, err := netip.ParseAddr(host)
	// The last label of a name has a letter; 2130706433, 0x7f.1 and 127.1 are addresses in disguise.
	return err != nil && last != host && strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x") &&
		last != "localhost" && last != "local" && last != "internal"
}

// here reports whether address is one of this very machine, by number.
func here(address string) bool {
	u, ok := parsed(address)
	if !ok {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}

func parsed(address string) (*url.URL, bool) {
	if len(address) > maxAddress || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return nil, false
	}
	return u, true
}
