package docket

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

const (
	codeLife    = 10 * time.Minute
	linkSession = 30 * time.Minute
)

// Links lets people in by link and one-time code. What it makes from the key
// it can make again, so nothing secret is kept.
type Links struct {
	Store     Store
	Directory Directory
	Access    Access
	Notices   Notices
	Mac       Mac
	Desk      *Desk            // for ids
	Wall      func() time.Time // the machine's time: codes and sessions never use the system's
}

// Hash is how a secret is kept: never itself.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// linkSecret derives the secret of a link from what it opens and the key of the
// notice that brings it. The same fields give the same link, so a notice that is
// sent again carries the one before, and every other notice one of its own.
func linkSecret(ctx context.Context, m Mac, g gate.Gate, org, notice string) (string, error) {
	mac, err := m.Mac(ctx, macInput("link", g.Of, g.ID, org, notice, strconv.Itoa(g.Submission), strconv.Itoa(g.Round), strconv.Itoa(g.Issue)))
	if err != nil {
		return "", fmt.Errorf("making a link: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac[:20])), nil
}

// codeDigits derives the six digits of a code request.
func codeDigits(ctx context.Context, m Mac, c Code) (string, error) {
	mac, err := m.Mac(ctx, macInput("code", c.ID, c.Of, c.Gate, c.Party, c.Person, c.Browser, strconv.Itoa(c.Issue)))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac[:8])%1_000_000), nil
}

// macInput joins fields so that no two lists of fields give the same bytes.
func macInput(fields ...string) []byte {
	var b []byte
	for _, f := range fields {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// Visit is what a link opens.
type Visit struct {
	Link Link
	Of   Stored // what the gate is of
	Gate gate.Gate
	Live bool // the gate is open, the link of its newest issue, and not at its end
}

// Visit looks up what a link opens. It fails with fault.NotFound for a link
// that was never made; whether it still serves is in Live. It changes nothing.
func (k *Links) Visit(ctx context.Context, secret string) (Visit, error) {
	l, err := k.Access.Link(ctx, Hash(secret))
	if err != nil {
		return Visit{}, err
	}
	s, err := k.Store.Load(ctx, l.Of)
	if err != nil {
		return Visit{}, err
	}
	g, ok := s.Gate(l.Gate)
	if !ok {
		return Visit{}, fault.New(fault.NotFound, "link")
	}
	return Visit{Link: l, Of: s, Gate: g, Live: l.opens(g, k.Wall())}, nil
}

// RequestCode sends a one-time code to person's own registered channel, if
// person is on the roster of the link's party and may answer its gate. browser
// is the secret of the asking browser's cookie. It answers the same for a
// person who may not, so that a roster cannot be tried out; no code is sent then.
// It fails with fault.Conflict after twenty requests within the hour, or sixty
// of all people at the gate within the day.
func (k *Links) RequestCode(ctx context.Context, secret, person, browser string) (Code, error) {
	v, err := k.Visit(ctx, secret)
	if err != nil {
		return Code{}, err
	}
	if !v.Live {
		return Code{}, fault.New(fault.NotFound, "link")
	}
	id, err := k.Desk.newID(24)
	if err != nil {
		return Code{}, err
	}
	now := k.Wall().UTC().Truncate(time.Millisecond)
	c := Code{
		ID: id, Of: v.Link.Of, Gate: v.Link.Gate, Party: v.Link.Party, Person: person, Issue: v.Link.Issue,
		Browser: Hash(browser), At: now, Expires: now.Add(codeLife),
	}
	p, err := k.Directory.Person(ctx, person)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Code{}, err
	}
	if err != nil || p.Org != v.Link.Party || v.Gate.MayAnswer(k.actor(p, v)) != nil {
		return c, nil
	}
	if err := k.Access.CountCode(ctx, c, codesPerHour); errors.Is(err, fault.Conflict) {
		return Code{}, fault.New(fault.Conflict, "code.many")
	} else if err != nil {
		return Code{}, fmt.Errorf("counting a code's request: %w", err)
	}
	if err := k.countAtGate(ctx, v.Link, "asked", codesPerDay, now); err != nil {
		return Code{}, err
	}
	if err := k.Access.PutCode(ctx, c); err != nil {
		return Code{}, fmt.Errorf("keeping a code's request: %w", err)
	}
	n := Notice{Key: "code/" + c.ID, Kind: NoticeCode, Number: v.Of.Number, Org: c.Party, Gate: c.Gate, Code: c.ID}
	if err := k.Notices.Queue(ctx, n.about(c.Of)); err != nil {
		return Code{}, fmt.Errorf("queueing a code: %w", err)
	}
	return c, nil
}

// actor is p, of the link's party, for the link's gate only.
func (k *Links) actor(p party.Person, v Visit) party.Actor {
	a := party.Actor{Person: p.ID, Org: p.Org, Roles: p.Roles, Via: party.ByLink, Of: v.Link.Of, Gate: v.Link.Gate, Issue: v.Link.Issue}
	return a
}

// EnterCode tries digits against request id from browser. A right code opens a
// session of 30 minutes for the link's gate alone and is spent. It fails with
// fault.Forbidden for a wrong one, and with fault.NotFound once five tries or
// ten minutes are gone, the code was spent, or another browser asked for it;
// and with fault.Conflict after a hundred tries at the gate within the day.
func (k *Links) EnterCode(ctx context.Context, secret, id, digits, browser, session string) (Session, error) {
	v, err := k.Visit(ctx, secret)
	if err != nil {
		return Session{}, err
	}
	if !v.Live {
		return Session{}, fault.New(fault.NotFound, "code")
	}
	now := k.Wall().UTC().Truncate(time.Millisecond)
	// Counted before anything is compared, so that a thousand tries at once are not more.
	if err := k.countAtGate(ctx, v.Link, "tried", triesPerDay, now); err != nil {
		return Session{}, err
	}
	c, err := k.Access.TryCode(ctx, id, now)
	if err != nil {
		return Session{}, err
	}
	bound := c.Of == v.Link.Of && c.Gate == v.Link.Gate && c.Party == v.Link.Party && c.Issue == v.Link.Issue
	if !bound || c.Browser != Hash(browser) {
		return Session{}, fault.New(fault.NotFound, "code")
	}
	want, err := codeDigits(ctx, k.Mac, c)
	if err != nil {
		return Session{}, err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(digits)) != 1 {
		return Session{}, fault.New(fault.Forbidden, "code.wrong", maxCodeTries-c.Tries)
	}
	s := Session{
		Hash: Hash(session), Person: c.Person, Org: c.Party, Of: c.Of, Gate: c.Gate, Issue: c.Issue,
		Created: now, Idle: now.Add(linkSession), Expires: now.Add(linkSession),
	}
	return s, k.Access.UseCode(ctx, c.ID, s, now)
}

// codesPerHour is how many codes one person is sent for one gate: enough for a
// slow mailbox, too few to guess one or to bury somebody in mail.
const codesPerHour = 20

// maxCodeTries is how often one code may be tried.
const maxCodeTries = 5

// Actor returns who a session acts for. It fails with fault.NotFound if the
// person or the organisation is no longer there.
func Actor(ctx context.Context, dir Directory, s Session) (party.Actor, party.Person, party.Organisation, error) {
	p, err := dir.Person(ctx, s.Person)
	if err != nil {
		return party.Actor{}, party.Person{}, party.Organisation{}, err
	}
	o, err := dir.Organisation(ctx, p.Org)
	if err != nil {
		return party.Actor{}, party.Person{}, party.Organisation{}, err
	}
	if p.Org != s.Org {
		return party.Actor{}, party.Person{}, party.Organisation{}, fault.New(fault.NotFound, "person")
	}
	a := party.ActorOf(p, o)
	if s.Gate != "" {
		a.Via, a.Of, a.Gate, a.Issue = party.ByLink, s.Of, s.Gate, s.Issue
	}
	return a, p, o, nil
}
