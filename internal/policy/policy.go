// Package policy holds the rules as versioned data: how long things may take and
// what a dossier consists of, each with its clause and its status. It does not apply
// them to a case and invents none. It performs no I/O and reads no clock.
package policy

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"jixu/internal/calendar"
	"jixu/internal/fault"
)

//go:embed data
var data embed.FS

// Status says how far a rule can be relied on.
type Status string

const (
	Official    Status = "official"    // read in a published text
	Draft       Status = "draft"       // known from a consultation draft or second hand only
	Local       Status = "local"       // 本地设置: set by whoever runs this system
	Placeholder Status = "placeholder" // stands where an official text was not read
)

func (s Status) known() bool {
	switch s {
	case Official, Draft, Local, Placeholder:
		return true
	}
	return false
}

// Text is a sentence in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Clause is where a rule comes from.
type Clause struct {
	Source string `json:"source"`          // title and number of the text
	Ref    string `json:"ref"`             // place in it, or why there is none
	Quote  *Text  `json:"quote,omitempty"` // its words; the English is a translation
}

// Effect says what passing a limit does.
type Effect string

const (
	Inform Effect = "inform" // shown, never counted
	Warn   Effect = "warn"   // reminders and escalation
	Lapse  Effect = "lapse"  // the case lapses
)

// Keys of the limits a case counts.
const (
	Opinion    = "opinion"    // from submission to the local opinion
	Supplement = "supplement" // from the notice to the hospital's answer
	Reply      = "reply"      // from the filing to the recorded national reply
	Clearance  = "clearance"  // from a drug batch's request to its clearance form
	Papers     = "papers"     // from a submission in the emergency lane to the papers it named; without it there is no such lane
	Receiving  = "receiving"  // from a copy to the agency's word that it has arrived
	Inquiring  = "inquiring"  // from a question to its answer
)

// limitKeys lists the limits that rules may set.
var limitKeys = []string{Opinion, Supplement, Reply, Clearance, Papers, Receiving, Inquiring}

// Limit is how long something may take, by which text.
type Limit struct {
	Key           string         `json:"key"`
	Label         Text           `json:"label"`
	Clock         calendar.Clock `json:"clock"`
	N             int            `json:"n"` // 1 to 3650
	RollOver      bool           `json:"rollOver,omitempty"`
	Clause        Clause         `json:"clause"`
	Status        Status         `json:"status"`
	Effect        Effect         `json:"effect"`
	RemindBefore  []int          `json:"remindBefore,omitempty"`  // working days before it is due, largest first
	EscalateEvery int            `json:"escalateEvery,omitempty"` // working days between escalations when overdue; 0: never
}

// Count returns l as the calendar counts it.
func (l Limit) Count() calendar.Limit {
	return calendar.Limit{Clock: l.Clock, N: l.N, RollOver: l.RollOver}
}

// Recorder says who may enter the national reply.
type Recorder string

const (
	ByRegulator    Recorder = "regulator"     // the regulator, through its link
	ByMunicipalMPA Recorder = "municipal-mpa" // an officer who transcribes the letter
	ByEither       Recorder = "either"
)

// Rules is one version of the settings a case relies on.
type Rules struct {
	Version     string           `json:"version"` // other content, other version
	Recorder    Recorder         `json:"recorder"`
	Limits      map[string]Limit `json:"limits"`                // by key; a missing one means 未规定期限
	Information []Limit          `json:"information,omitempty"` // the national side's own limits, shown only

	// Packs names the packs that new drafts get, by kind of product, where an operator
	// put his own in place of this build's.
	Packs map[string]string `json:"packs,omitempty"`
	// ExpiryDays says how many days before a licence or certificate ends its
	// hospital is told, largest first, by local policy. None: told when it has ended.
	ExpiryDays []int `json:"expiryDays,omitempty"`
	// ReuseMonths is how old an opinion may be and still be relied on, by local
	// policy; 0: no bound, as in the notice, which sets none. At most 600.
	ReuseMonths int `json:"reuseMonths,omitempty"`
}

// Limit returns the limit of key. Without one there is no time limit, and a page
// says 未规定期限.
func (r Rules) Limit(key string) (Limit, bool) {
	l, ok := r.Limits[key]
	return l, ok
}

// Default returns what the published texts say and nothing else. Its slices and
// maps are shared: nobody changes them.
func Default() Rules { return national() }

// LocalSample returns [Default] with invented local limits, marked 本地设置. It is for
// demonstrations on one machine.
func LocalSample() Rules { return localSample() }

var (
	national    = sync.OnceValue(func() Rules { return carried("data/national.json", Parse) })
	localSample = sync.OnceValue(func() Rules { return carried("data/local-sample.json", Parse) })
)

// carried reads a file of this build. A broken one is a broken build, and a test
// rules it out.
func carried[T any](name string, parse func([]byte) (T, error)) T {
	b, err := data.ReadFile(name)
	if err != nil {
		panic("reading carried policy: " + err.Error())
	}
	v, err := parse(b)
	if err != nil {
		panic("reading carried policy " + name + ": " + err.Error())
	}
	return v
}

// Parse reads rules an operator wrote. It fails with [fault.Invalid] for unknown
// fields and keys, numbers out of range, missing labels or clauses, and for a limit
// that would lapse a case without an official or local rule behind it, or block one:
// nothing here applies that, and a rule that does nothing is not taken in silence.
func Parse(b []byte) (Rules, error) {
	var r Rules
	if err := decode(b, &r); err != nil {
		return Rules{}, fault.Because(fault.Invalid, "policy.rules", err)
	}
	if err := r.check(); err != nil {
		return Rules{}, fault.Because(fault.Invalid, "policy.rules", err)
	}
	return r, nil
}

func decode(b []byte, v any) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("reading policy: not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("reading policy: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("reading policy: more than one value")
	}
	return nil
}

var name = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)

func (r Rules) check() error {
	if !name.MatchString(r.Version) {
		return fmt.Errorf("version %q is not 1 to 64 small letters, digits, dots and hyphens", r.Version)
	}
	switch r.Recorder {
	case ByRegulator, ByMunicipalMPA, ByEither:
	default:
		return fmt.Errorf("recorder %q is unknown", r.Recorder)
	}
	if err := r.checkPacks(); err != nil {
		return err
	}
	if r.ReuseMonths < 0 || r.ReuseMonths > 600 {
		return fmt.Errorf("opinions are reused for %d months, not 0 to 600", r.ReuseMonths)
	}
	for key, l := range r.Limits {
		if !slices.Contains(limitKeys, key) {
			return fmt.Errorf("limit %q is unknown", key)
		}
		if l.Key != key {
			return fmt.Errorf("limit %q calls itself %q", key, l.Key)
		}
		if l.Effect == Inform {
			return fmt.Errorf("limit %q only informs and belongs under information", key)
		}
		if err := l.check(); err != nil {
			return fmt.Errorf("limit %q: %w", key, err)
		}
	}
	seen := map[string]bool{}
	for _, l := range r.Information {
		if !name.MatchString(l.Key) || seen[l.Key] {
			return fmt.Errorf("information %q: bad or repeated key", l.Key)
		}
		seen[l.Key] = true
		if l.Effect != Inform {
			return fmt.Errorf("information %q has an effect", l.Key)
		}
		if err := l.check(); err != nil {
			return fmt.Errorf("information %q: %w", l.Key, err)
		}
	}
	return nil
}

func (l Limit) check() error {
	if _, err := calendar.ParseClock(string(l.Clock)); err != nil {
		return err
	}
	if l.N < 1 || l.N > 3650 {
		return fmt.Errorf("n is %d, not 1 to 3650", l.N)
	}
	if l.RollOver && l.Clock != calendar.CalendarDays {
		return fmt.Errorf("only calendar days roll over")
	}
	switch l.Effect {
	case Inform, Warn:
	case "block":
		return fmt.Errorf("effect block is applied to nothing: an overdue move is warned of, or ends the case by lapse")
	case Lapse:
		if l.Status != Official && l.Status != Local {
			return fmt.Errorf("a rule of status %q may not %s anybody", l.Status, l.Effect)
		}
	default:
		return fmt.Errorf("effect %q is unknown", l.Effect)
	}
	if len(l.RemindBefore) > 10 || l.EscalateEvery < 0 || l.EscalateEvery > 250 {
		return fmt.Errorf("more than 10 reminders, or escalation not every 0 to 250 working days")
	}
	for i, n := range l.RemindBefore {
		if n < 1 || n > 250 || i > 0 && n >= l.RemindBefore[i-1] {
			return fmt.Errorf("reminders are not 1 to 250 working days before, largest first")
		}
	}
	return checkBacked(l.Label, l.Clause, l.Status)
}

// checkBacked checks what every rule must say of itself.
func checkBacked(label Text, c Clause, s Status) error {
	if err := label.check(); err != nil {
		return err
	}
	if !s.known() {
		return fmt.Errorf("status %q is unknown", s)
	}
	if strings.TrimSpace(c.Source) == "" || strings.TrimSpace(c.Ref) == "" {
		return fmt.Errorf("clause has no source or no place")
	}
	return nil
}

func (t Text) check() error {
	if strings.TrimSpace(t.ZH) == "" || strings.TrimSpace(t.EN) == "" {
		return fmt.Errorf("text is missing in Chinese or English")
	}
	return nil
}
