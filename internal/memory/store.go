package memory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Store keeps cases. Beside what [docket.Store] says it polices its callers:
// the head's version rises by exactly one, entries follow each other and are
// never replaced, a case keeps its number, a gate that was answered stays as it
// is, and no token is ever written into a case, a gate or an entry.
type Store struct {
	world *World
	state state
	index *state // what lists show while they lag; nil: the state itself
}

var _ docket.Store = (*Store)(nil)

// state is never changed in place: every write makes a new shelf, so that an
// older state can be kept as it was.
type state struct {
	shelves    map[string]shelf      // by case
	rows       map[string]docket.Row // by list, place and name
	deferred   map[string]deferral   // by case and gate
	numbers    map[string]string
	operations map[string][]byte
}

// shelf is one case with what hangs on it.
type shelf struct {
	head    []byte
	version int
	seq     int
	hash    string
	number  string
	entries []line
	gates   map[string]post
	files   map[string][]byte
	copies  map[string]time.Time // by organisation: when it was sent last
	lists   map[string]time.Time // by list: the place in it
	reads   []docket.Reading
	sheet   bool // an aggregate beside the cases
}

type line struct {
	at     time.Time
	text   []byte
	untold bool
}

type post struct {
	gate  []byte
	token *docket.Token
}

func newState() state {
	return state{shelves: map[string]shelf{}, rows: map[string]docket.Row{}, deferred: map[string]deferral{}, numbers: map[string]string{}, operations: map[string][]byte{}}
}

// Lag makes lists show what they would show now until it is called again with
// false, whatever is written meanwhile.
func (s *Store) Lag(on bool) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.index = nil
	if on {
		s.index = &state{shelves: maps.Clone(s.state.shelves)}
	}
}

func (s *Store) listed() map[string]shelf {
	if s.index != nil {
		return s.index.shelves
	}
	return s.state.shelves
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Load returns a case. See [docket.Store].
func (s *Store) Load(ctx context.Context, id string) (docket.Record, error) {
	return call(ctx, s.world, "Store.Load", func() (docket.Record, error) { return s.state.shelves[id].record() })
}

func (sh shelf) record() (docket.Record, error) {
	if sh.head == nil || sh.sheet {
		return docket.Record{}, fault.New(fault.NotFound, "case")
	}
	var r docket.Record
	var err error
	if r.Case, err = thaw[casework.Case](sh.head); err != nil {
		return docket.Record{}, err
	}
	for _, id := range sortedKeys(sh.gates) {
		g, err := thaw[gate.Gate](sh.gates[id].gate)
		if err != nil {
			return docket.Record{}, err
		}
		r.Gates = append(r.Gates, g)
	}
	for _, id := range sortedKeys(sh.files) {
		f, err := thaw[docket.File](sh.files[id])
		if err != nil {
			return docket.Record{}, err
		}
		r.Files = append(r.Files, f)
	}
	return r, nil
}

// Entries returns a history. See [docket.Store].
func (s *Store) Entries(ctx context.Context, id string) ([]history.Entry, error) {
	return call(ctx, s.world, "Store.Entries", func() ([]history.Entry, error) {
		var entries []history.Entry
		for _, l := range s.state.shelves[id].entries {
			e, err := history.Decode(l.text)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
		return entries, nil
	})
}

// Entry returns one entry. See [docket.Store].
func (s *Store) Entry(ctx context.Context, id string, seq int) (history.Entry, bool, error) {
	untold := false
	e, err := call(ctx, s.world, "Store.Entry", func() (history.Entry, error) {
		l, err := s.state.shelves[id].line(seq)
		if err != nil {
			return history.Entry{}, err
		}
		untold = l.untold
		return history.Decode(l.text)
	})
	return e, untold && err == nil, err
}

func (sh shelf) line(seq int) (line, error) {
	if seq < 1 || seq > len(sh.entries) {
		return line{}, fault.New(fault.NotFound, "entry")
	}
	return sh.entries[seq-1], nil
}

// CaseByNumber looks a number up. See [docket.Store].
func (s *Store) CaseByNumber(ctx context.Context, number string) (string, error) {
	return call(ctx, s.world, "Store.CaseByNumber", func() (string, error) {
		id, ok := s.state.numbers[number]
		if !ok {
			return "", fault.New(fault.NotFound, "case")
		}
		return id, nil
	})
}

// Operation looks an operation up. See [docket.Store].
func (s *Store) Operation(ctx context.Context, scope, id string) (docket.Operation, bool, error) {
	found := false
	op, err := call(ctx, s.world, "Store.Operation", func() (docket.Operation, error) {
		b, ok := s.state.operations[operationKey(scope, id)]
		if !ok {
			return docket.Operation{}, nil
		}
		found = true
		return thaw[docket.Operation](b)
	})
	return op, found && err == nil, err
}

func operationKey(scope, id string) string { return scope + "#" + id }

// Commit writes all of c, or nothing. See [docket.Store].
func (s *Store) Commit(ctx context.Context, c docket.Commit) error {
	return run(ctx, s.world, "Store.Commit", func() error {
		next, err := s.commit(c)
		if err != nil {
			return err
		}
		for _, h := range c.Holds {
			if now := s.state.shelves[h.Kind+"/"+h.ID]; now.version != h.Version {
				return moved("%s %s is at %d, not %d", h.Kind, h.ID, now.version, h.Version)
			}
		}
		if err := s.stand(c); err != nil {
			return err
		}
		sheets, err := s.sheets(c.Sheets)
		if err != nil {
			return err
		}
		if c.Case.ID != "" {
			s.state.shelves[c.Case.ID] = next
		}
		for name, sh := range sheets {
			s.state.shelves[name] = sh
		}
		for _, r := range c.Struck {
			delete(s.state.rows, rowKey(r))
		}
		for _, r := range c.Rows {
			r.Body = slices.Clone(r.Body)
			s.state.rows[rowKey(r)] = r
		}
		if c.Was == 0 && c.Case.ID != "" {
			s.state.numbers[c.Case.Number] = c.Case.ID
		}
		if c.Did != nil {
			b, err := freeze(*c.Did)
			if err != nil {
				return err
			}
			s.state.operations[operationKey(c.Did.Scope, c.Did.ID)] = b
		}
		if c.Entry != nil {
			s.world.Stream.put(docket.EntryRef{Case: c.Case.ID, Seq: c.Entry.Seq, At: c.Entry.At})
		}
		for _, ch := range c.Sheets {
			s.world.Stream.put(docket.EntryRef{Case: ch.Sheet.Name(), Seq: ch.Entry.Seq, At: ch.Entry.At})
		}
		return nil
	})
}

func moved(format string, args ...any) error {
	return fault.Because(fault.Conflict, "moved", fmt.Errorf(format, args...))
}

// commit returns the shelf as c leaves it and changes nothing.
func (s *Store) commit(c docket.Commit) (shelf, error) {
	if c.Did != nil && s.state.operations[operationKey(c.Did.Scope, c.Did.ID)] != nil {
		return shelf{}, moved("operation %s is done", c.Did.ID)
	}
	if err := s.fitting(c); err != nil {
		return shelf{}, err
	}
	if p := c.Session; p != nil && !s.world.Doors.lets(*p) {
		return shelf{}, moved("the session does not hold for gate %s", p.Gate)
	}
	if c.Case.ID == "" {
		return shelf{}, s.bare(c)
	}
	now := s.state.shelves[c.Case.ID]
	if err := s.shape(c); err != nil {
		return shelf{}, err
	}
	if now.version != c.Was {
		return shelf{}, moved("case %s is at %d, not %d", c.Case.ID, now.version, c.Was)
	}
	if other, taken := s.state.numbers[c.Case.Number]; taken && other != c.Case.ID {
		return shelf{}, moved("number %s is taken", c.Case.Number)
	}
	next := shelf{
		version: c.Case.Version, seq: now.seq, hash: now.hash, number: c.Case.Number,
		entries: now.entries, gates: cloned(now.gates), files: cloned(now.files), copies: cloned(now.copies), lists: cloned(now.lists), reads: now.reads,
	}
	var err error
	if next.head, err = s.write(c.Case); err != nil {
		return shelf{}, err
	}
	if err := s.extend(&next, now, c); err != nil {
		return shelf{}, err
	}
	for _, g := range c.Opened {
		if _, there := now.gates[g.ID]; there {
			return shelf{}, moved("gate %s exists", g.ID)
		}
		b, err := s.write(g)
		if err != nil {
			return shelf{}, err
		}
		next.gates[g.ID] = post{gate: b}
	}
	for _, g := range c.Changed {
		if err := s.change(&next, now, g); err != nil {
			return shelf{}, err
		}
	}
	for _, f := range c.Files {
		if now.files[f.ID] != nil {
			return shelf{}, moved("file %s exists", f.ID)
		}
		if next.files[f.ID], err = freeze(f); err != nil {
			return shelf{}, err
		}
	}
	for _, org := range c.Copies {
		next.copies[org] = c.Case.EditedAt
		if c.Entry != nil {
			next.copies[org] = c.Entry.At
		}
	}
	for _, list := range c.Lists {
		next.lists[list] = c.Entry.At
	}
	return next, nil
}

func cloned[V any](m map[string]V) map[string]V {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]V{}
	}
	return out
}

// shape polices what c must be whatever is stored.
func (s *Store) shape(c docket.Commit) error {
	if len(c.Lists) > 0 && c.Entry == nil {
		return fault.New(fault.Invalid, "commit.entry")
	}
	for _, part := range append([]string{c.Case.ID, c.Case.Hospital}, c.Copies...) {
		if !sayable(part) {
			return fault.New(fault.Invalid, "key")
		}
	}
	if c.Case.Number == "" {
		return fault.New(fault.Invalid, "key")
	}
	if c.Case.Version != c.Was+1 {
		return s.world.broke("case %s goes from version %d to %d", c.Case.ID, c.Was, c.Case.Version)
	}
	touched := map[string]bool{}
	for _, g := range slices.Concat(c.Opened, c.Changed) {
		if !sayable(g.ID) || !sayable(g.Party) {
			return fault.New(fault.Invalid, "key")
		}
		if g.Case != c.Case.ID {
			return s.world.broke("gate %s of case %s is committed with case %s", g.ID, g.Case, c.Case.ID)
		}
		if touched[g.ID] {
			return s.world.broke("gate %s of case %s is written twice in one commit", g.ID, g.Case)
		}
		touched[g.ID] = true
		if (g.Status == gate.Open) != (g.Answer == nil) {
			return s.world.broke("gate %s of case %s is %s and its answer says otherwise", g.ID, g.Case, g.Status)
		}
	}
	for _, g := range c.Opened {
		if g.Status != gate.Open {
			return s.world.broke("gate %s of case %s is born %s", g.ID, g.Case, g.Status)
		}
	}
	for _, f := range c.Files {
		if err := s.world.fits(f); err != nil {
			return err
		}
		if f.Case != c.Case.ID {
			return s.world.broke("file %s of case %s is committed with case %s", f.ID, f.Case, c.Case.ID)
		}
	}
	return nil
}

// sayable reports whether a store can build a key of it.
func sayable(part string) bool { return part != "" && !strings.Contains(part, "#") }

// fits fails unless f's object is the one that is made of its case and id.
func (w *World) fits(f docket.File) error {
	if f.Key != "dossier/"+f.Case+"/"+f.ID && f.Key != "evidence/"+f.Case+"/"+f.ID || !sayable(f.Case) || !sayable(f.ID) {
		return fault.New(fault.Invalid, "file.key")
	}
	return nil
}

// extend adds c's entry to the shelf, if it follows the last one.
func (s *Store) extend(next *shelf, now shelf, c docket.Commit) error {
	if now.version > 0 && now.number != c.Case.Number {
		return s.world.broke("case %s changes its number", c.Case.ID)
	}
	if c.Entry == nil {
		if c.Case.Seq != now.seq || c.Case.Head != now.hash {
			return s.world.broke("the head of %s names entry %d without one being committed", c.Case.ID, c.Case.Seq)
		}
		return nil
	}
	e := *c.Entry
	prev := history.Entry{Seq: now.seq, Hash: now.hash}
	if now.seq > 0 {
		prev.Aggregate = e.Aggregate
	}
	sealed, err := history.Seal(prev, e)
	switch {
	case err != nil:
		return s.world.broke("entry %d of %s cannot be sealed: %v", e.Seq, c.Case.ID, err)
	case e.Aggregate != docket.Aggregate(c.Case.ID):
		return s.world.broke("an entry of %s is committed with case %s", e.Aggregate, c.Case.ID)
	case e.Seq != now.seq+1 || e.Prev != now.hash || e.Hash != sealed.Hash:
		return s.world.broke("entry %d of %s does not follow entry %d", e.Seq, c.Case.ID, now.seq)
	case c.Case.Seq != e.Seq || c.Case.Head != e.Hash:
		return s.world.broke("the head of %s does not name entry %d", c.Case.ID, e.Seq)
	}
	text, err := history.Encode(e)
	if err != nil {
		return s.world.broke("entry %d of %s cannot be written: %v", e.Seq, c.Case.ID, err)
	}
	if err := s.world.untold(text); err != nil {
		return err
	}
	next.seq, next.hash = e.Seq, e.Hash
	next.entries = append(next.entries, line{at: e.At, text: text, untold: true})
	return nil
}

// change replaces the document of a gate. The head was what the caller read,
// so a gate that is no longer open was answered twice by the law itself.
func (s *Store) change(next *shelf, now shelf, g gate.Gate) error {
	p, there := now.gates[g.ID]
	if !there {
		return s.world.broke("gate %s of case %s is changed before it is born", g.ID, g.Case)
	}
	was, err := thaw[gate.Gate](p.gate)
	if err != nil {
		return err
	}
	if was.Status != gate.Open {
		_ = s.world.broke("gate %s of case %s is answered twice: %s, then %s", g.ID, g.Case, was.Status, g.Status)
		return moved("gate %s was answered", g.ID)
	}
	if raised := g.Status == gate.Open && was.Issue+1 == g.Issue; was.Issue != g.Issue && !raised {
		return moved("gate %s is of issue %d, not %d", g.ID, was.Issue, g.Issue)
	}
	if was.Leg != g.Leg || was.Kind != g.Kind || was.Party != g.Party || was.Submission > g.Submission || !was.OpenedAt.Equal(g.OpenedAt) {
		return s.world.broke("gate %s of case %s becomes another gate", g.ID, g.Case)
	}
	b, err := s.write(g)
	if err != nil {
		return err
	}
	next.gates[g.ID] = post{gate: b, token: p.token}
	return nil
}

// write freezes v, which must not hold a token.
func (s *Store) write(v any) ([]byte, error) {
	b, err := freeze(v)
	if err != nil {
		return nil, err
	}
	return b, s.world.untold(b)
}

// untold fails if b tells a token.
func (w *World) untold(b []byte) error {
	for token := range w.Machine.tokens {
		if bytes.Contains(b, []byte(token)) {
			return w.broke("a machine's token is written where tokens must not be")
		}
	}
	return nil
}

// shelve puts next in the place of a case's shelf.
func (s *Store) shelve(id string, next shelf) { s.state.shelves[id] = next }

// Told takes a mark off. See [docket.Store].
func (s *Store) Told(ctx context.Context, id string, seq int) error {
	return run(ctx, s.world, "Store.Told", func() error {
		sh := s.state.shelves[id]
		l, err := sh.line(seq)
		if err != nil {
			return err
		}
		l.untold = false
		sh.entries = slices.Clone(sh.entries)
		sh.entries[seq-1] = l
		s.shelve(id, sh)
		return nil
	})
}

// Untold lists marked entries. See [docket.Store].
func (s *Store) Untold(ctx context.Context, before time.Time, limit int) ([]docket.EntryRef, error) {
	return call(ctx, s.world, "Store.Untold", func() ([]docket.EntryRef, error) {
		var refs []docket.EntryRef
		for _, id := range sortedKeys(s.listed()) {
			for i, l := range s.listed()[id].entries {
				if l.untold && l.at.Before(before) {
					refs = append(refs, docket.EntryRef{Case: id, Seq: i + 1, At: l.at})
				}
			}
		}
		slices.SortStableFunc(refs, func(a, b docket.EntryRef) int { return a.At.Compare(b.At) })
		return first(refs, limit), nil
	})
}

func first[T any](list []T, limit int) []T { return list[:min(max(limit, 0), len(list))] }

// Due lists ringing gates. See [docket.Store].
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]docket.GateRef, error) {
	return call(ctx, s.world, "Store.Due", func() ([]docket.GateRef, error) {
		var refs []docket.GateRef
		for _, id := range sortedKeys(s.listed()) {
			r, err := s.listed()[id].record()
			if errors.Is(err, fault.NotFound) {
				continue // only a file or a reading of it is known
			}
			if err != nil {
				return nil, err
			}
			for _, g := range r.Gates {
				if g.Status != gate.Open || g.Ring == nil {
					continue
				}
				if place := s.dueAt(id, g); !place.After(at) {
					refs = append(refs, docket.GateRef{Case: id, Gate: g.ID, At: place})
				}
			}
		}
		slices.SortStableFunc(refs, func(a, b docket.GateRef) int { return a.At.Compare(b.At) })
		return first(refs, limit), nil
	})
}

// OpenCases lists cases that somebody has to act on. See [docket.Store].
func (s *Store) OpenCases(ctx context.Context, after string, limit int) ([]string, error) {
	return call(ctx, s.world, "Store.OpenCases", func() ([]string, error) {
		var ids []string
		for _, id := range sortedKeys(s.listed()) {
			r, err := s.listed()[id].record()
			if errors.Is(err, fault.NotFound) {
				continue // only a file or a reading of it is known
			}
			if err != nil {
				return nil, err
			}
			if id > after && r.Case.Waiting() {
				ids = append(ids, id)
			}
		}
		return first(ids, limit), nil
	})
}

// HospitalCases lists a hospital's cases. See [docket.Store].
func (s *Store) HospitalCases(ctx context.Context, org string, limit int) ([]docket.Listed, error) {
	return call(ctx, s.world, "Store.HospitalCases", func() ([]docket.Listed, error) {
		var cases []docket.Listed
		for _, id := range sortedKeys(s.listed()) {
			r, err := s.listed()[id].record()
			if errors.Is(err, fault.NotFound) {
				continue // only a file or a reading of it is known
			}
			if err != nil {
				return nil, err
			}
			if r.Case.Hospital == org {
				cases = append(cases, docket.Listed{Case: r.Case})
			}
		}
		slices.SortStableFunc(cases, func(a, b docket.Listed) int { return b.Case.EditedAt.Compare(a.Case.EditedAt) })
		return first(cases, limit), nil
	})
}

// Inbox lists what waits for an agency and what was sent to it. What waits
// comes before what was sent when limit has no room for all. See [docket.Store].
func (s *Store) Inbox(ctx context.Context, org string, limit int) ([]docket.Listed, error) {
	type row struct {
		at time.Time
		docket.Listed
	}
	return call(ctx, s.world, "Store.Inbox", func() ([]docket.Listed, error) {
		var waits, sent []row
		for _, id := range sortedKeys(s.listed()) {
			r, err := s.listed()[id].record()
			if errors.Is(err, fault.NotFound) {
				continue // only a file or a reading of it is known
			}
			if err != nil {
				return nil, err
			}
			for _, g := range r.Gates {
				if g.Status == gate.Open && (g.Party == org || slices.Contains(g.Recorders, org)) {
					waits = append(waits, row{g.OpenedAt, docket.Listed{Case: r.Case, Gate: &g}})
				}
			}
			if at, ok := s.listed()[id].copies[org]; ok {
				sent = append(sent, row{at, docket.Listed{Case: r.Case}})
			}
		}
		newest := func(a, b row) int {
			return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.Case.ID, a.Case.ID))
		}
		slices.SortStableFunc(waits, newest)
		slices.SortStableFunc(sent, newest)
		waits = first(waits, limit)
		rows := append(waits, first(sent, limit-len(waits))...)
		slices.SortStableFunc(rows, newest)
		var list []docket.Listed
		for _, r := range rows {
			list = append(list, r.Listed)
		}
		return list, nil
	})
}

// AttachToken puts a token on a gate. It fails with fault.NotFound if there is
// no such gate. See [docket.Store].
func (s *Store) AttachToken(ctx context.Context, ref docket.GateRef, t docket.Token) (gate.Gate, bool, error) {
	attached := false
	g, err := call(ctx, s.world, "Store.AttachToken", func() (gate.Gate, error) {
		sh := s.state.shelves[ref.Case]
		p, ok := sh.gates[ref.Gate]
		if !ok {
			return gate.Gate{}, fault.New(fault.NotFound, "gate")
		}
		if p.token == nil || p.token.Before(t) {
			p.token = &t
			sh.gates = cloned(sh.gates)
			sh.gates[ref.Gate] = p
			s.shelve(ref.Case, sh)
		}
		attached = p.token.Value == t.Value
		return thaw[gate.Gate](p.gate)
	})
	return g, attached && err == nil, err
}

// Token returns the token on a gate. See [docket.Store].
func (s *Store) Token(ctx context.Context, ref docket.GateRef) (docket.Token, bool, error) {
	found := false
	t, err := call(ctx, s.world, "Store.Token", func() (docket.Token, error) {
		p := s.state.shelves[ref.Case].gates[ref.Gate]
		if p.token == nil {
			return docket.Token{}, nil
		}
		found = true
		return *p.token, nil
	})
	return t, found && err == nil, err
}

// PutFile makes a file known. See [docket.Store].
func (s *Store) PutFile(ctx context.Context, f docket.File) error {
	return run(ctx, s.world, "Store.PutFile", func() error {
		if err := s.world.fits(f); err != nil {
			return err
		}
		sh := s.state.shelves[f.Case]
		if sh.files[f.ID] != nil {
			return nil
		}
		b, err := freeze(f)
		if err != nil {
			return err
		}
		sh.files = cloned(sh.files)
		sh.files[f.ID] = b
		s.shelve(f.Case, sh)
		return nil
	})
}

// SettleFile records what was found out about a file. See [docket.Store].
func (s *Store) SettleFile(ctx context.Context, f docket.File) (docket.File, error) {
	return call(ctx, s.world, "Store.SettleFile", func() (docket.File, error) {
		if err := s.world.fits(f); err != nil {
			return docket.File{}, err
		}
		if f.State == docket.Unchecked {
			return docket.File{}, fault.New(fault.Invalid, "file.unchecked")
		}
		sh := s.state.shelves[f.Case]
		if sh.files[f.ID] == nil {
			return docket.File{}, fault.New(fault.NotFound, "file")
		}
		was, err := thaw[docket.File](sh.files[f.ID])
		if err != nil || was.State != docket.Unchecked && (was.State != docket.Unscanned || was.Version != f.Version) {
			return was, err
		}
		if was.Key != f.Key || was.Item != f.Item || was.Gate != f.Gate || was.Org != f.Org || was.Name != f.Name {
			return docket.File{}, s.world.broke("file %s of case %s becomes another file", f.ID, f.Case)
		}
		if (f.State == docket.Unscanned || f.State == docket.Rejected) && f.Reason == "" || f.State != docket.Unscanned && !f.ScanAt.IsZero() ||
			f.State == docket.Checked && f.Scan == docket.NotYet {
			return docket.File{}, s.world.broke("file %s of case %s is %s without a reason, or waits for a scan that is over", f.ID, f.Case, f.State)
		}
		b, err := freeze(f)
		if err != nil {
			return docket.File{}, err
		}
		sh.files = cloned(sh.files)
		sh.files[f.ID] = b
		s.shelve(f.Case, sh)
		return thaw[docket.File](b)
	})
}

// AwaitFile notes when a file is looked for. See [docket.Store].
func (s *Store) AwaitFile(ctx context.Context, f docket.File) error {
	return run(ctx, s.world, "Store.AwaitFile", func() error {
		if err := s.world.fits(f); err != nil {
			return err
		}
		sh := s.state.shelves[f.Case]
		if sh.files[f.ID] == nil {
			return fault.New(fault.NotFound, "file")
		}
		was, err := thaw[docket.File](sh.files[f.ID])
		if err != nil || was.State != docket.Unchecked {
			return err
		}
		was.Scans, was.ScanAt = f.Scans, f.ScanAt
		b, err := freeze(was)
		if err != nil {
			return err
		}
		sh.files = cloned(sh.files)
		sh.files[f.ID] = b
		s.shelve(f.Case, sh)
		return nil
	})
}

// Unsettled lists files that wait for another scan, or to be looked for. See
// [docket.Store].
func (s *Store) Unsettled(ctx context.Context, at time.Time, limit int) ([]docket.File, error) {
	return call(ctx, s.world, "Store.Unsettled", func() ([]docket.File, error) {
		var files []docket.File
		for _, id := range sortedKeys(s.state.shelves) {
			sh := s.state.shelves[id]
			for _, file := range sortedKeys(sh.files) {
				f, err := thaw[docket.File](sh.files[file])
				if err != nil {
					return nil, err
				}
				waits := f.State == docket.Unscanned || f.State == docket.Unchecked
				if waits && !f.ScanAt.IsZero() && !f.ScanAt.After(at) {
					files = append(files, f)
				}
			}
		}
		slices.SortStableFunc(files, func(a, b docket.File) int { return a.ScanAt.Compare(b.ScanAt) })
		return first(files, limit), nil
	})
}

// FileByKey finds a file by its object. See [docket.Store].
func (s *Store) FileByKey(ctx context.Context, object string) (docket.File, error) {
	return call(ctx, s.world, "Store.FileByKey", func() (docket.File, error) {
		for _, sh := range s.state.shelves {
			for _, b := range sh.files {
				f, err := thaw[docket.File](b)
				if err != nil || f.Key == object {
					return f, err
				}
			}
		}
		return docket.File{}, fault.New(fault.NotFound, "file")
	})
}

// LogRead writes a line of the read log. See [docket.Store].
func (s *Store) LogRead(ctx context.Context, r docket.Reading) error {
	return run(ctx, s.world, "Store.LogRead", func() error {
		if !sayable(r.Case) || !sayable(r.Person) {
			return fault.New(fault.Invalid, "key")
		}
		sh := s.state.shelves[r.Case]
		same := func(o docket.Reading) bool {
			return o.At.Equal(r.At) && o.Person == r.Person && o.File == r.File
		}
		if !slices.ContainsFunc(sh.reads, same) {
			r.At = r.At.UTC()
			sh.reads = append(sh.reads, r)
			s.shelve(r.Case, sh)
		}
		return nil
	})
}

// Readings lists the read log. See [docket.Store].
func (s *Store) Readings(ctx context.Context, id string, limit int) ([]docket.Reading, error) {
	return call(ctx, s.world, "Store.Readings", func() ([]docket.Reading, error) {
		log := slices.Clone(s.state.shelves[id].reads)
		slices.SortStableFunc(log, func(a, b docket.Reading) int { return b.At.Compare(a.At) })
		return first(log, limit), nil
	})
}
