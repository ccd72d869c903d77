package law

import (
	"encoding/json"
	"fmt"
	"time"

	"jixu/internal/gate"
	"jixu/internal/history"
)

// Envelope is what an entry of any kind says to whoever tells of it. A law puts it
// among its facts, under these JSON names, or derives it from them; nothing else
// in an entry is told. The names never change.
type Envelope struct {
	Number string    `json:"number,omitempty"` // what people call the thing
	Opens  []Opening `json:"opens,omitempty"`
	Closes []Closing `json:"closes,omitempty"`
	Starts []Start   `json:"starts,omitempty"`
	Due    string    `json:"due,omitempty"`   // RFC 3339; the day that those who are told must know
	Tells  []string  `json:"tells,omitempty"` // organisations that hear of the entry, beside those whose move a gate is
	Ring   *Rung     `json:"ring,omitempty"`

	// Also are further tellings that the entry calls for in words of their own; a
	// law derives them from its facts.
	Also []Told `json:"-"`
}

// Opening is a gate that an entry opened.
type Opening struct {
	Gate       string    `json:"gate"`
	Kind       gate.Kind `json:"kind"`
	Party      string    `json:"party"`
	Recorders  []string  `json:"recorders,omitempty"`
	Submission int       `json:"submission"`
	Round      int       `json:"round"`
	Issue      int       `json:"issue"`
	Due        string    `json:"due,omitempty"` // RFC 3339; empty: no limit prescribed
	Counted    any       `json:"counted,omitempty"`
}

// Closing is a gate that an entry ended.
type Closing struct {
	Gate   string   `json:"gate"`
	Leg    gate.Leg `json:"leg"`
	Choice string   `json:"choice"`
}

// Start is a run of a leg that the machine must carry from now on.
type Start struct {
	Leg gate.Leg `json:"leg"`
	Run int      `json:"run"`
}

// Rung is what the clock said of an open gate.
type Rung struct {
	Gate  string        `json:"gate"`
	Party string        `json:"party"`
	Kind  gate.RingKind `json:"kind"`
	No    int           `json:"no,omitempty"`
	Due   string        `json:"due"`  // RFC 3339; when it had to ring
	Rang  string        `json:"rang"` // when it did

	Missed int `json:"missed,omitempty"` // rings that came before this one and were not spoken of, after a jump of the clock

	Escalated string `json:"escalated,omitempty"` // the organisation that hears of an overdue gate beside its party
}

// Told lists who hears of the ring.
func (r Rung) Told() []Told {
	out := []Told{{As: AsRing, Org: r.Party, Gate: r.Gate, Issue: 1, Ring: r.Kind, Missed: r.Missed, Due: Instant(r.Due)}}
	if r.Escalated != "" {
		out = append(out, Told{As: AsRing, Org: r.Escalated, Ring: Escalated, Due: Instant(r.Due)})
	}
	return out
}

// Escalated is the ring of whoever coordinates, about a gate that its party let pass.
const Escalated gate.RingKind = "escalated"

// ToldAs says which words a telling uses.
type ToldAs string

const (
	AsGate  ToldAs = "gate"  // it is your move; with a link
	AsEntry ToldAs = "entry" // something happened to a thing that is your business
	AsRing  ToldAs = "ring"  // a deadline nears or passed; with a link
)

// Told is one organisation that hears of an entry.
type Told struct {
	As     ToldAs
	Org    string
	Gate   string
	Issue  int
	Ring   gate.RingKind
	Missed int // rings before this one that nobody heard
	Due    time.Time
}

// Told lists who hears of the entry, in order: those whose move a gate is, then
// those named, then who hears of a ring, then what its law adds.
func (e Envelope) Told() []Told {
	var out []Told
	for _, o := range e.Opens {
		for _, org := range append([]string{o.Party}, o.Recorders...) {
			out = append(out, Told{As: AsGate, Org: org, Gate: o.Gate, Issue: o.Issue, Due: Instant(o.Due)})
		}
	}
	for _, org := range e.Tells {
		out = append(out, Told{As: AsEntry, Org: org, Due: Instant(e.Due)})
	}
	if e.Ring != nil {
		out = append(out, e.Ring.Told()...)
	}
	return append(out, e.Also...)
}

// Instant reads an instant as facts hold it, the zero time for "".
func Instant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s) // written by a law; "" means none
	return t
}

// Text writes an instant as facts hold it: UTC, to the millisecond.
func Text(t time.Time) string {
	return t.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z")
}

// Read reads the envelope that stands among the facts of e.
func Read(e history.Entry) (Envelope, error) {
	var out Envelope
	if err := json.Unmarshal(e.Body, &out); err != nil {
		return Envelope{}, fmt.Errorf("reading entry %d of %s: %w", e.Seq, e.Aggregate, err)
	}
	return out, nil
}
