package docket

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/law"
	"jixu/internal/party"
)

// Head is what the engine knows of every aggregate, whatever its kind.
type Head struct {
	Kind    string
	ID      string
	Number  string // what people call it; "" for a kind that has none
	Version int    // raised by one with every change, from 1
	Seq     int    // entries so far
	Hash    string // of the newest entry
	Body    json.RawMessage
	// Row is what lists show of this version, at most [MaxRow] long. None: it is longer,
	// or an earlier build wrote the head; lists then make it of the head itself.
	Row json.RawMessage `json:",omitempty"`
}

// Name is what the aggregate is called. See [NameOf].
func (h Head) Name() string { return NameOf(h.Kind, h.ID) }

// last is what the head knows of its newest entry.
func (h Head) last() history.Entry {
	if h.Seq == 0 {
		return history.Entry{}
	}
	return history.Entry{Aggregate: Aggregate(h.Name()), Seq: h.Seq, Hash: h.Hash}
}

// Stored is an aggregate as it is stored, with what hangs on it.
type Stored struct {
	Head
	Gates []gate.Gate // by id
	Files []File      // by id
}

// Gate returns the gate with id, and whether there is one.
func (s Stored) Gate(id string) (gate.Gate, bool) {
	for _, g := range s.Gates {
		if g.ID == id {
			return g, true
		}
	}
	return gate.Gate{}, false
}

// Place is where an aggregate stands in a list: the newest first.
type Place struct {
	List string
	At   time.Time
}

// Timer is an instant at which something must happen to an aggregate that no gate
// speaks of: at one key there is one instant.
type Timer struct {
	Key string
	At  time.Time
}

// Wait is an open gate of an aggregate and, where a machine waits at it, which run does.
type Wait struct {
	Gate string
	Leg  gate.Leg // "": no machine waits
	Run  int
}

// Change is the next version of one aggregate, with what becomes true beside it.
type Change struct {
	Head    Head           // afterwards, its Version already raised by one
	Was     int            // the version it must have now; 0: it must not exist
	Entry   *history.Entry // put if absent, with an untold mark; nil: the head moves without one
	Opened  []gate.Gate    // put if absent
	Changed []gate.Gate    // must still be open, and of the same issue, or of the one before if it stays open
	Files   []File         // put if absent
	Timers  []Timer        // set, over what was set there
	Home    Place          // the list that it stands in wherever it goes; each version says it anew
	Lists   []Place        // other lists that name it from now on; listing again is safe
	Open    bool           // somebody has to act on it: the sweep looks at it
	Waits   []Wait         // at which gates; none: the sweep reads the aggregate to find out
}

// Deed is what a law made of an aggregate, before it is sealed.
type Deed struct {
	Was     Head // the zero head for one that is new
	Kind    string
	ID      string
	Number  string // what people call it; letters name it by [law.Envelope.Number], which says the same
	Verb    law.Verb
	By      party.Actor
	Facts   any // the body of the entry; nil: the head moves without one
	Opened  []gate.Gate
	Changed []gate.Gate
	Timers  []Timer
	Home    Place
	Lists   []Place
	Open    bool
	Waits   []Wait
	// Body is the law's value as it is kept, given the head that it stands under; that
	// one's own Body is not there yet.
	Body func(Head) any
	// Row is what lists show of it, where whoever makes the deed has it at hand; nil: it is
	// made of the body, as the kind says.
	Row any
}

// Seal makes the change of d: the version raised, the next entry chained to the one
// before, the body written, and the row that lists show of it.
func (d Deed) Seal(now time.Time) (Change, error) {
	h := Head{Kind: d.Kind, ID: d.ID, Number: d.Number, Version: d.Was.Version + 1, Seq: d.Was.Seq, Hash: d.Was.Hash}
	ch := Change{Was: d.Was.Version, Opened: d.Opened, Changed: d.Changed, Timers: d.Timers, Home: d.Home, Lists: d.Lists, Open: d.Open, Waits: d.Waits}
	if d.Facts != nil {
		facts, err := history.Canonical(d.Facts)
		if err != nil {
			return Change{}, fmt.Errorf("writing the entry of %s: %w", h.Name(), err)
		}
		entry, err := history.Seal(d.Was.last(), history.Entry{
			Aggregate: Aggregate(h.Name()), Verb: string(d.Verb), At: now, Body: facts,
			By: history.Actor{Person: d.By.Person, Org: d.By.Org, Via: string(d.By.Via)},
		})
		if err != nil {
			return Change{}, fmt.Errorf("sealing the entry of %s: %w", h.Name(), err)
		}
		h.Seq, h.Hash, ch.Entry = entry.Seq, entry.Hash, &entry
	}
	body, err := write(d.Body(h))
	if err != nil {
		return Change{}, fmt.Errorf("writing %s: %w", h.Name(), err)
	}
	h.Body = body
	if d.Row != nil {
		h.Row, err = shortRow(d.Row)
	} else {
		h.Row, err = rowOf(h)
	}
	if err != nil {
		return Change{}, fmt.Errorf("writing the row of %s: %w", h.Name(), err)
	}
	ch.Head = h
	return ch, nil
}

// write makes the document of a law's value. What is HTML to a browser is text to
// us: six bytes for a "<" would fill an item with a form.
func write(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Body reads a law's value from its head.
func Body[T any](h Head) (T, error) {
	var v T
	if err := json.Unmarshal(h.Body, &v); err != nil {
		return v, fmt.Errorf("%s: %w: %w", h.Name(), ErrUnreadable, err)
	}
	return v, nil
}

// receipt says what the sender of a deed gets: it happened at now, as ch.
func (d Deed) receipt(ch Change, now time.Time) Receipt {
	r := Receipt{Number: d.Number, Verb: d.Verb, Seq: ch.Head.Seq, At: now, Person: d.By.Person, Org: d.By.Org}
	if d.Kind == CaseKind {
		r.Case = d.ID
	} else {
		r.Name = ch.Head.Name()
	}
	return r
}

// Alone is a commit of one deed, with its receipt.
func Alone(d Deed, s law.Setting) (Commit, Receipt, error) {
	ch, err := d.Seal(s.Now)
	if err != nil {
		return Commit{}, Receipt{}, err
	}
	return Commit{Changes: []Change{ch}}, d.receipt(ch, s.Now), nil
}

// CaseHead is the head under which c stands.
func CaseHead(c casework.Case) (Head, error) {
	h := Head{Kind: CaseKind, ID: c.ID, Number: c.Number, Version: c.Version, Seq: c.Seq, Hash: c.Head}
	var err error
	if h.Body, err = write(c); err != nil {
		return h, err
	}
	h.Row, err = shortRow(c.Row())
	return h, err
}

// LoadCase reads the case with id. It fails with fault.NotFound, also for the name of
// an aggregate that is no case.
func LoadCase(ctx context.Context, store interface {
	Load(ctx context.Context, name string) (Stored, error)
}, id string,
) (Record, error) {
	if kind, _ := Parts(id); kind != CaseKind {
		return Record{}, fault.New(fault.NotFound, "case")
	}
	s, err := store.Load(ctx, id)
	if err != nil {
		return Record{}, err
	}
	return CaseRecord(s)
}

// CaseRecord reads a case from how it is stored. It fails with fault.NotFound for what is
// no case.
func CaseRecord(s Stored) (Record, error) {
	if s.Kind != CaseKind && s.Version > 0 {
		return Record{}, fault.New(fault.NotFound, "case")
	}
	c, err := Body[casework.Case](s.Head)
	return Record{Case: c, Gates: s.Gates, Files: s.Files}, err
}
