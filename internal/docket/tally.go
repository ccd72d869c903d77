package docket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"jixu/internal/fault"
	"jixu/internal/law"
	"jixu/internal/party"
)

// What a commit can carry beside its changes: counters that move under a bound, sets
// that must be free, names that are claimed. None of them has a head or a version, so
// that a thousand who count at once need not read what the others wrote: each is
// decided by the store, where it stands, in one conditional update.

// Bounds of what a tally holds. They are those of one update in DynamoDB, whose
// expression has 4 KB and 300 operators, and of a number that every reader takes.
const (
	MaxParts  = 32                        // counts and sets that one tally names, each once or more often
	MaxAmount = 1_000_000_000_000_000_000 // of an amount and of a bound, either sign
	maxPart   = 200                       // bytes of the name of a count or a set
	maxWord   = 400                       // bytes of whatever else is called something
)

// Tally moves the counters of one thing, and what stands in its sets, in one update:
// all of it or nothing. Every demand of it is judged by what stood there before.
type Tally struct {
	Of     string   // what is counted, called as an aggregate would be: "line/a1-1". It needs no head
	Make   bool     // it is made if it is not there; else it must be there
	Counts []Count  // each of another name
	Puts   []Member // added to their sets; one that is there stays
	Takes  []Member // taken from their sets; one that is not there is no error. No set is in both
	Free   []string // sets of it that must be empty or absent
}

// Count moves one counter. One that nobody moved yet stands at 0.
type Count struct {
	Name string
	Add  int64 // may be negative; 0 only demands
	// Bounds of what remains after the move; nil: none. What remains must fit into an
	// int64 in any case, or nobody can read it any more.
	AtLeast *int64
	AtMost  *int64
}

// Member is one word of a named set. A set is small: it is read whole, and stands in
// its item with all counters.
type Member struct{ Set, Word string }

// Free demands that a set is empty or absent, also where nothing was ever counted, of
// something that the same commit does not count: there it is the tally's own demand.
type Free struct{ Of, Set string }

// Claim is a name that one holder has at most. Claiming puts it if nobody holds it:
// who holds it already is refused like anybody else, for the operation tells a repeat.
// Unclaiming takes it away if By holds it.
type Claim struct{ Name, By string }

// Tallied is what stands at a thing that is counted; the zero value if nothing ever was.
type Tallied struct {
	Counts map[string]int64
	Sets   map[string][]string // in the order of their words; empty ones are left out
}

// Bounds returns what the stored number must be for c, before it is moved: at least and
// at most; nil: no bound. A store cannot add in a condition.
func (c Count) Bounds() (least, most *int64) {
	if c.AtLeast != nil {
		least = new(*c.AtLeast - c.Add)
	}
	if c.AtMost != nil {
		most = new(*c.AtMost - c.Add)
	}
	return least, most
}

// holds reports whether c may move a counter that stands at n.
func (c Count) holds(n int64) bool {
	least, most := c.Bounds()
	return (least == nil || n >= *least) && (most == nil || n <= *most)
}

// ErrContended is the cause of a fault.Unavailable after which nothing was written, for
// certain: others were at the same items, or there were too many at once. Any other
// fault.Unavailable leaves open whether something was.
var ErrContended = errors.New("others are at the same items")

// Demand is what a commit asked of counters, sets, names and its session.
type Demand string

const (
	OfTally   Demand = "tally"   // Commit.Tallies[Index] is there; or one of its demands, and the store did not say which
	OfCount   Demand = "count"   // the bounds of its Counts[Part]
	OfSet     Demand = "set"     // its Free[Part]
	OfFree    Demand = "free"    // Commit.Frees[Index]
	OfClaim   Demand = "claim"   // Commit.Claims[Index]: somebody holds the name
	OfUnclaim Demand = "unclaim" // Commit.Unclaims[Index]: By does not hold it
	OfSession Demand = "session" // Commit.Session: it has ended, or is of another gate
)

// Reason is one demand that did not hold.
type Reason struct {
	Demand Demand
	Index  int    // in the list of the commit that Demand says
	Part   int    // in the list of the tally that Demand says, else 0
	Of     string // what is counted or must be free; the claim's name; the session's gate is of it
	Name   string // the count's or set's; the session's gate
	Has    int64  // what the counter stood at, for OfCount
}

// Unmet is the cause of a refusal that says why: nobody moved what was read, but what the
// commit itself demands does not hold. Nothing was written, and the same again is refused
// until others move. Reasons are in the order of tallies, frees, claims, unclaims and the
// session: at least one, and as many as the store looked at.
type Unmet struct{ Reasons []Reason }

// Error names every reason.
func (u *Unmet) Error() string {
	var b strings.Builder
	b.WriteString("unmet:")
	for i, r := range u.Reasons {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %s of %s", r.Demand, r.Of)
		if r.Name != "" {
			b.WriteString(" " + r.Name)
		}
		if r.Demand == OfCount {
			fmt.Fprintf(&b, " at %d", r.Has)
		}
	}
	return b.String()
}

// Refusal is the fault that says which demands did not hold: fault.Conflict, and
// fault.Forbidden where the session is among them, for who acts is nobody any more.
func Refusal(reasons []Reason, cause error) error {
	var why error = &Unmet{reasons}
	if cause != nil {
		why = fmt.Errorf("%w: %w", why, cause)
	}
	if slices.ContainsFunc(reasons, func(r Reason) bool { return r.Demand == OfSession }) {
		return fault.Because(fault.Forbidden, "session.link", why)
	}
	return fault.Because(fault.Conflict, "unmet", why)
}

// Unmet returns which demands of t, the commit's tally at index, do not hold where now
// stands; there says whether anything does. None: it may move.
func (t Tally) Unmet(index int, now Tallied, there bool) (reasons []Reason) {
	if !there && !t.Make {
		return []Reason{{Demand: OfTally, Index: index, Of: t.Of}}
	}
	for i, c := range t.Counts {
		if n := now.Counts[c.Name]; !c.holds(n) {
			reasons = append(reasons, Reason{Demand: OfCount, Index: index, Part: i, Of: t.Of, Name: c.Name, Has: n})
		}
	}
	for i, set := range t.Free {
		if len(now.Sets[set]) > 0 {
			reasons = append(reasons, Reason{Demand: OfSet, Index: index, Part: i, Of: t.Of, Name: set})
		}
	}
	return reasons
}

// Sound fails with fault.Invalid if c counts, frees or claims what no store takes, or
// names one thing twice: a transaction touches an item once. It fails so too for a row
// of a head that is too long.
func (c Commit) Sound() error {
	for _, ch := range c.Changes {
		if n := len(ch.Head.Row); n > MaxRow {
			return unsound("the row of %s has %d bytes", ch.Head.Name(), n)
		}
	}
	seen := map[[2]string]bool{}
	once := func(kind, name string) error {
		if !isName(name, maxWord) {
			return unsound("%s has no name that a store takes", kind)
		}
		if seen[[2]string{kind, name}] {
			return unsound("%s %s is in one commit twice", kind, name)
		}
		seen[[2]string{kind, name}] = true
		return nil
	}
	for _, t := range c.Tallies {
		if err := once("what is counted", t.Of); err != nil {
			return err
		}
		if err := t.sound(); err != nil {
			return err
		}
	}
	for _, f := range c.Frees {
		if err := once("what is counted", f.Of); err != nil {
			return err
		}
		if !isName(f.Set, maxPart) {
			return unsound("a set of %s has no name that a store takes", f.Of)
		}
	}
	for _, claim := range slices.Concat(c.Claims, c.Unclaims) {
		if err := once("a claim", claim.Name); err != nil {
			return err
		}
		if !isName(claim.By, maxWord) {
			return unsound("claim %s is nobody's", claim.Name)
		}
	}
	return nil
}

func (t Tally) sound() error {
	if len(t.Counts)+len(t.Puts)+len(t.Takes) == 0 {
		return unsound("the tally of %s moves nothing", t.Of)
	}
	counts, puts, takes, free := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	members := map[Member]bool{}
	for _, c := range t.Counts {
		switch {
		case !isName(c.Name, maxPart):
			return unsound("a count of %s has no name that a store takes", t.Of)
		case counts[c.Name]:
			return unsound("%s of %s is counted twice", c.Name, t.Of)
		case !isAmount(&c.Add) || !isAmount(c.AtLeast) || !isAmount(c.AtMost):
			return unsound("%s of %s moves by more than a number holds", c.Name, t.Of)
		}
		counts[c.Name] = true
	}
	for i, m := range slices.Concat(t.Puts, t.Takes) {
		switch {
		case !isName(m.Set, maxPart) || !isName(m.Word, maxWord):
			return unsound("a set of %s, or a word of it, has no name that a store takes", t.Of)
		case members[m]:
			return unsound("%s of %s is moved twice", m.Set, t.Of)
		}
		members[m] = true
		if i < len(t.Puts) {
			puts[m.Set] = true
		} else {
			takes[m.Set] = true
		}
		if puts[m.Set] && takes[m.Set] {
			return unsound("%s of %s is put into and taken from at once", m.Set, t.Of)
		}
	}
	for _, set := range t.Free {
		if !isName(set, maxPart) || free[set] {
			return unsound("a set of %s has no name that a store takes, or is named twice", t.Of)
		}
		free[set] = true
	}
	if len(counts)+len(puts)+len(takes)+len(free) > MaxParts {
		return unsound("the tally of %s names more than %d counts and sets", t.Of, MaxParts)
	}
	return nil
}

func isName(s string, most int) bool { return s != "" && len(s) <= most && utf8.ValidString(s) }

func isAmount(n *int64) bool { return n == nil || -MaxAmount <= *n && *n <= MaxAmount }

func unsound(format string, args ...any) error {
	return fault.Because(fault.Invalid, "commit", fmt.Errorf(format, args...))
}

// Count runs an operation of by that needs no head: decide gets the setting and answers
// with what is counted, listed and claimed, and the receipt. It goes through [Desk.Move] like
// every other operation, so it happens once however often it is sent; therefore op must
// have an id, without which it fails with fault.Invalid. A demand that does not hold is
// fault.Conflict at once, caused by [Unmet]; a busy store is fault.Unavailable, caused
// by [ErrContended] if nothing was written.
func (d *Desk) Count(ctx context.Context, op Op, digest string, by party.Actor,
	decide func(law.Setting) (Commit, Receipt, error),
) (Receipt, error) {
	return d.Move(ctx, "", op, digest, by, func(_ Stored, s law.Setting) (Commit, Receipt, error) { return decide(s) })
}
