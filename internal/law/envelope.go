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

// ToldAs says which words a telling uses.
type ToldAs string

const (
	AsGate  ToldAs = "gate"  // it is your move; with a link
	AsEntry ToldAs = "entry" // something happened to a thing that is your business
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
// those named, then what its law adds.
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
	return append(out, e.Also...)
}

// Instant reads an instant as facts hold it, the zero time for "".
func Instant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s) // written by a law; "" means none
	return t
}

// Read reads the envelope that stands among the facts of e.
func Read(e history.Entry) (Envelope, error) {
	var out Envelope
	if err := json.Unmarshal(e.Body, &out); err != nil {
		return Envelope{}, fmt.Errorf("reading entry %d of %s: %w", e.Seq, e.Aggregate, err)
	}
	return out, nil
}
