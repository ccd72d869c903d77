// Package history keeps what happened as entries that prove each other: each
// holds the hash of the one before. It does not store them and does not know
// what they mean. It performs no I/O and reads no clock.
package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"jixu/internal/fault"
)

// Actor is who made a move: a person, for an organisation, by a way.
type Actor struct {
	Person string `json:"person,omitempty"` // id; empty when the system itself moved
	Org    string `json:"org,omitempty"`    // id
	Via    string `json:"via,omitempty"`    // session, code, machine, clock …
}

// Entry is one line of an aggregate's history. [Seal] fills in Seq, Prev and Hash.
type Entry struct {
	Aggregate string          `json:"aggregate"` // "case/…", "approval/…"
	Seq       int             `json:"seq"`       // from 1, without gaps
	Verb      string          `json:"verb"`
	At        time.Time       `json:"at"` // UTC, whole milliseconds
	By        Actor           `json:"by"`
	Body      json.RawMessage `json:"body"` // canonical JSON; never a patient's name or number
	Prev      string          `json:"prev"` // hash of the entry before; empty for the first
	Hash      string          `json:"hash"` // SHA-256 in hex over the canonical form without this field
}

// sealed is what is hashed: an entry without its hash.
type sealed struct {
	Aggregate string          `json:"aggregate"`
	Seq       int             `json:"seq"`
	Verb      string          `json:"verb"`
	At        time.Time       `json:"at"`
	By        Actor           `json:"by"`
	Body      json.RawMessage `json:"body"`
	Prev      string          `json:"prev"`
}

// IsZero reports whether e is no entry, as before the first one.
func (e Entry) IsZero() bool { return e.Seq == 0 && e.Aggregate == "" && e.Hash == "" }

// Seal returns e as the entry that follows prev; the zero Entry stands before the
// first. It cuts At to milliseconds in UTC, makes Body canonical (an empty one
// becomes {}), and sets Seq, Prev and Hash. It fails with [fault.Invalid] if e has no
// aggregate, verb or instant, belongs to another aggregate than prev, or cannot be
// made canonical.
func Seal(prev, e Entry) (Entry, error) {
	switch {
	case e.Aggregate == "" || e.Verb == "" || e.At.IsZero():
		return Entry{}, fault.New(fault.Invalid, "history.incomplete")
	case !prev.IsZero() && prev.Aggregate != e.Aggregate:
		return Entry{}, fault.New(fault.Invalid, "history.aggregate")
	}
	e.Seq, e.Prev = prev.Seq+1, prev.Hash
	e.At = e.At.UTC().Truncate(time.Millisecond)
	if len(e.Body) == 0 {
		e.Body = json.RawMessage("{}")
	}
	body, err := Canonical(e.Body)
	if err != nil {
		return Entry{}, fault.Because(fault.Invalid, "history.body", err)
	}
	e.Body = body
	if e.Hash, err = e.hash(); err != nil {
		return Entry{}, fault.Because(fault.Invalid, "history.body", err)
	}
	return e, nil
}

func (e Entry) hash() (string, error) {
	b, err := Canonical(sealed{e.Aggregate, e.Seq, e.Verb, e.At, e.By, e.Body, e.Prev})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Broken is the first entry of a history that does not prove itself.
type Broken struct {
	Index int    // place in the slice, from 0
	Seq   int    // what the entry says of itself
	Why   string // a sentence without values
}

// Error says which entry is broken and why.
func (b *Broken) Error() string {
	return fmt.Sprintf("verifying entry %d (numbered %d): %s", b.Index+1, b.Seq, b.Why)
}

// Verify checks that entries are one aggregate's whole history from its first
// entry, in order, each as it was sealed. It returns a [*Broken] for the first
// that is not. It cannot know of entries missing at the end: [VerifyTo] can. An
// aggregate without entries verifies.
func Verify(entries []Entry) error {
	var prev Entry
	for i, e := range entries {
		broken := func(why string) error { return &Broken{i, e.Seq, why} }
		switch {
		case e.Seq != i+1:
			return broken("its number does not follow")
		case i > 0 && e.Aggregate != prev.Aggregate:
			return broken("it belongs to another aggregate")
		case e.Prev != prev.Hash:
			return broken("it does not name the hash of the entry before")
		case e.Aggregate == "" || e.Verb == "" || e.At.IsZero():
			return broken("aggregate, verb or instant is missing")
		case !e.At.Equal(e.At.Truncate(time.Millisecond)):
			return broken("its instant is finer than a millisecond")
		}
		body, err := Canonical(e.Body)
		if err != nil || !bytes.Equal(body, e.Body) {
			return broken("its body is not canonical")
		}
		hash, err := e.hash()
		if err != nil {
			return broken("it cannot be made canonical")
		}
		if hash != e.Hash {
			return broken("its content does not match its hash")
		}
		prev = e
	}
	return nil
}

// VerifyTo is [Verify] for a history whose last entry is known by number and
// hash, from a checkpoint or a receipt; so it also finds entries missing at the
// end or added there.
func VerifyTo(entries []Entry, seq int, hash string) error {
	if err := Verify(entries); err != nil {
		return err
	}
	last := Entry{}
	if n := len(entries); n > 0 {
		last = entries[n-1]
	}
	if last.Seq != seq || last.Hash != hash {
		return &Broken{len(entries), last.Seq, "the history does not end where it should"}
	}
	return nil
}

// Encode returns e as one line of canonical JSON, without a line feed.
func Encode(e Entry) ([]byte, error) { return Canonical(e) }

// Decode reads what [Encode] writes and nothing else: other spacing, order or
// escapes are refused, so that a line that was touched does not pass. It does not check
// the hash; [Verify] does.
func Decode(line []byte) (Entry, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	var e Entry
	type plain Entry // without UnmarshalJSON
	if err := dec.Decode((*plain)(&e)); err != nil {
		return Entry{}, fault.Because(fault.Invalid, "history.line", err)
	}
	back, err := Encode(e)
	if err != nil {
		return Entry{}, fault.Because(fault.Invalid, "history.line", err)
	}
	if !bytes.Equal(back, line) {
		return Entry{}, fault.New(fault.Invalid, "history.line")
	}
	return e, nil
}

// UnmarshalJSON reads an entry that went through another JSON writer, and makes its
// body canonical again: encoding/json escapes <, > and & in a body, and such an
// entry would not verify although nothing was changed.
func (e *Entry) UnmarshalJSON(b []byte) error {
	type plain Entry
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if len(p.Body) > 0 {
		body, err := Canonical(p.Body)
		if err != nil {
			return err
		}
		p.Body = body
	}
	*e = Entry(p)
	return nil
}
