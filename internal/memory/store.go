package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Store keeps aggregates. Beside what [docket.Store] says it polices its callers:
// the head's version rises by exactly one, entries follow each other and are
// never replaced, an aggregate keeps its number, a gate that was answered stays as
// it is, and no token is ever written into a head, a gate or an entry.
type Store struct {
	world *World
	state state
	index *state // what lists show while they lag; nil: the state itself

	// Aloft, if it is set, is what passes while a commit is on its way: it has begun, it
	// is not decided yet, and every other commit that names one of its items, be it to
	// write or to check, is turned away as contended, with nothing written. It runs
	// without the store's lock, at the caller's side. Set it while nothing runs.
	Aloft func(context.Context)
	aloft map[string]bool // items of commits on their way
}

var _ docket.Store = (*Store)(nil)

// state is never changed in place: every write makes a new aggregate, so that an
// older state can be kept as it was.
type state struct {
	aggregates map[string]aggregate  // by the aggregate's name
	rows       map[string]docket.Row // by list, place and name
	deferred   map[string]deferral   // by aggregate and gate
	numbers    map[string]string
	operations map[string][]byte
	tallies    map[string]docket.Tallied // by what is counted
	claims     map[string]string         // who holds each name
}

// aggregate is one aggregate with what hangs on it.
type aggregate struct {
	head    []byte // nil: only a file or a reading of it is known
	version int
	seq     int
	hash    string
	number  string
	entries []line
	gates   map[string]openGate
	files   map[string][]byte
	home    docket.Place
	lists   map[string]time.Time // by list: the place in it
	timers  map[string]time.Time // by key
	open    bool
	waits   []docket.Wait
	reads   []docket.Reading
}

type line struct {
	at     time.Time
	text   []byte
	untold bool
}

type openGate struct {
	gate  []byte
	token *docket.Token
}

func newState() state {
	return state{
		aggregates: map[string]aggregate{},
		rows:       map[string]docket.Row{},
		deferred:   map[string]deferral{},
		numbers:    map[string]string{},
		operations: map[string][]byte{},
		tallies:    map[string]docket.Tallied{},
		claims:     map[string]string{},
	}
}

// Lag makes lists show what they would show now until it is called again with
// false, whatever is written meanwhile.
func (s *Store) Lag(on bool) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.index = nil
	if on {
		s.index = &state{aggregates: maps.Clone(s.state.aggregates)}
	}
}

func (s *Store) listed() map[string]aggregate {
	if s.index != nil {
		return s.index.aggregates
	}
	return s.state.aggregates
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Load returns an aggregate. See [docket.Store].
func (s *Store) Load(ctx context.Context, name string) (docket.Stored, error) {
	return call(ctx, s.world, "Store.Load", func() (docket.Stored, error) { return s.state.aggregates[name].stored(name) })
}

// Head returns an aggregate's head. See [docket.Store].
func (s *Store) Head(ctx context.Context, name string) (docket.Head, error) {
	return call(ctx, s.world, "Store.Head", func() (docket.Head, error) {
		a := s.state.aggregates[name]
		if a.head == nil {
			return docket.Head{}, docket.Missing(name)
		}
		return unmarshal[docket.Head](a.head)
	})
}

func (a aggregate) stored(name string) (docket.Stored, error) {
	if a.head == nil {
		return docket.Stored{}, docket.Missing(name)
	}
	var out docket.Stored
	var err error
	if out.Head, err = unmarshal[docket.Head](a.head); err != nil {
		return docket.Stored{}, err
	}
	for _, id := range sortedKeys(a.gates) {
		g, err := unmarshal[gate.Gate](a.gates[id].gate)
		if err != nil {
			return docket.Stored{}, err
		}
		out.Gates = append(out.Gates, g)
	}
	for _, id := range sortedKeys(a.files) {
		f, err := unmarshal[docket.File](a.files[id])
		if err != nil {
			return docket.Stored{}, err
		}
		out.Files = append(out.Files, f)
	}
	return out, nil
}

// Entries returns a history. See [docket.Store].
func (s *Store) Entries(ctx context.Context, id string) ([]history.Entry, error) {
	return call(ctx, s.world, "Store.Entries", func() ([]history.Entry, error) {
		var entries []history.Entry
		for _, l := range s.state.aggregates[id].entries {
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
		l, err := s.state.aggregates[id].line(seq)
		if err != nil {
			return history.Entry{}, err
		}
		untold = l.untold
		return history.Decode(l.text)
	})
	return e, untold && err == nil, err
}

func (a aggregate) line(seq int) (line, error) {
	if seq < 1 || seq > len(a.entries) {
		return line{}, fault.New(fault.NotFound, "entry")
	}
	return a.entries[seq-1], nil
}

// ByNumber looks a number up. See [docket.Store].
func (s *Store) ByNumber(ctx context.Context, number string) (string, error) {
	return call(ctx, s.world, "Store.ByNumber", func() (string, error) {
		name, ok := s.state.numbers[number]
		if !ok {
			return "", fault.New(fault.NotFound, docket.CaseKind)
		}
		return name, nil
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
		return unmarshal[docket.Operation](b)
	})
	return op, found && err == nil, err
}

func operationKey(scope, id string) string { return scope + "#" + id }

// keep puts next in the place of a case's aggregate.
func (s *Store) keep(id string, next aggregate) { s.state.aggregates[id] = next }

// Told takes a mark off. See [docket.Store].
func (s *Store) Told(ctx context.Context, id string, seq int) error {
	return run(ctx, s.world, "Store.Told", func() error {
		a := s.state.aggregates[id]
		l, err := a.line(seq)
		if err != nil {
			return err
		}
		l.untold = false
		a.entries = slices.Clone(a.entries)
		a.entries[seq-1] = l
		s.keep(id, a)
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
					refs = append(refs, docket.EntryRef{Of: id, Seq: i + 1, At: l.at})
				}
			}
		}
		slices.SortStableFunc(refs, func(a, b docket.EntryRef) int { return a.At.Compare(b.At) })
		return first(refs, limit), nil
	})
}

func first[T any](list []T, limit int) []T { return list[:min(max(limit, 0), len(list))] }

// Due lists ringing gates and timers. See [docket.Store].
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]docket.GateRef, error) {
	return call(ctx, s.world, "Store.Due", func() ([]docket.GateRef, error) {
		var refs []docket.GateRef
		for _, name := range sortedKeys(s.listed()) {
			for _, id := range sortedKeys(s.listed()[name].gates) {
				g, err := unmarshal[gate.Gate](s.listed()[name].gates[id].gate)
				if err != nil {
					return nil, err
				}
				if g.Status != gate.Open || g.Ring == nil {
					continue
				}
				if place := s.dueAt(name, g); !place.After(at) {
					refs = append(refs, docket.GateRef{Of: name, Gate: g.ID, At: place})
				}
			}
		}
		for _, name := range sortedKeys(s.listed()) {
			for _, key := range sortedKeys(s.listed()[name].timers) {
				if place := s.listed()[name].timers[key]; !place.After(at) {
					refs = append(refs, docket.GateRef{Of: name, Timer: key, At: place})
				}
			}
		}
		slices.SortStableFunc(refs, func(a, b docket.GateRef) int { return a.At.Compare(b.At) })
		return first(refs, limit), nil
	})
}

// Open lists aggregates that somebody has to act on. See [docket.Store].
func (s *Store) Open(ctx context.Context, after string, limit int) ([]docket.OpenRow, error) {
	return call(ctx, s.world, "Store.Open", func() ([]docket.OpenRow, error) {
		var rows []docket.OpenRow
		for _, name := range sortedKeys(s.listed()) {
			if a := s.listed()[name]; name > after && a.open {
				rows = append(rows, docket.OpenRow{Of: name, Waits: slices.Clone(a.waits)})
			}
		}
		return first(rows, limit), nil
	})
}

// Waiting reads gates and their tokens, as they were a moment ago. See [docket.Store].
func (s *Store) Waiting(ctx context.Context, refs []docket.GateRef) ([]docket.Waiting, error) {
	return call(ctx, s.world, "Store.Waiting", func() (out []docket.Waiting, err error) {
		for _, ref := range refs {
			p, ok := s.listed()[ref.Of].gates[ref.Gate]
			if !ok {
				continue
			}
			g, err := unmarshal[gate.Gate](p.gate)
			if err != nil {
				continue
			}
			w := docket.Waiting{Gate: g}
			if p.token != nil {
				w.Token = *p.token
			}
			out = append(out, w)
		}
		return out, nil
	})
}

// AttachToken puts a token on a gate. It fails with fault.NotFound if there is
// no such gate. See [docket.Store].
func (s *Store) AttachToken(ctx context.Context, ref docket.GateRef, t docket.Token) (gate.Gate, bool, error) {
	attached := false
	g, err := call(ctx, s.world, "Store.AttachToken", func() (gate.Gate, error) {
		a := s.state.aggregates[ref.Of]
		p, ok := a.gates[ref.Gate]
		if !ok {
			return gate.Gate{}, fault.New(fault.NotFound, "gate")
		}
		if p.token == nil || p.token.Before(t) {
			p.token = &t
			a.gates = cloned(a.gates)
			a.gates[ref.Gate] = p
			s.keep(ref.Of, a)
		}
		attached = p.token.Value == t.Value
		return unmarshal[gate.Gate](p.gate)
	})
	return g, attached && err == nil, err
}

// Token returns the token on a gate. See [docket.Store].
func (s *Store) Token(ctx context.Context, ref docket.GateRef) (docket.Token, bool, error) {
	found := false
	t, err := call(ctx, s.world, "Store.Token", func() (docket.Token, error) {
		p := s.state.aggregates[ref.Of].gates[ref.Gate]
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
		a := s.state.aggregates[f.Of]
		if a.files[f.ID] != nil {
			return nil
		}
		b, err := marshal(f)
		if err != nil {
			return err
		}
		a.files = cloned(a.files)
		a.files[f.ID] = b
		s.keep(f.Of, a)
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
		a := s.state.aggregates[f.Of]
		if a.files[f.ID] == nil {
			return docket.File{}, fault.New(fault.NotFound, "file")
		}
		was, err := unmarshal[docket.File](a.files[f.ID])
		if err != nil || was.State != docket.Unchecked && (was.State != docket.Unscanned || was.Version != f.Version) {
			return was, err
		}
		if was.Key != f.Key || was.Item != f.Item || was.Gate != f.Gate || was.Org != f.Org || was.Name != f.Name {
			return docket.File{}, s.world.broke("file %s of case %s becomes another file", f.ID, f.Of)
		}
		if (f.State == docket.Unscanned || f.State == docket.Rejected) && f.Reason == "" || f.State != docket.Unscanned && !f.ScanAt.IsZero() ||
			f.State == docket.Checked && f.Scan == docket.NotYet {
			return docket.File{}, s.world.broke("file %s of case %s is %s without a reason, or waits for a scan that is over", f.ID, f.Of, f.State)
		}
		b, err := marshal(f)
		if err != nil {
			return docket.File{}, err
		}
		a.files = cloned(a.files)
		a.files[f.ID] = b
		s.keep(f.Of, a)
		return unmarshal[docket.File](b)
	})
}

// AwaitFile notes when a file is looked for. See [docket.Store].
func (s *Store) AwaitFile(ctx context.Context, f docket.File) error {
	return run(ctx, s.world, "Store.AwaitFile", func() error {
		if err := s.world.fits(f); err != nil {
			return err
		}
		a := s.state.aggregates[f.Of]
		if a.files[f.ID] == nil {
			return fault.New(fault.NotFound, "file")
		}
		was, err := unmarshal[docket.File](a.files[f.ID])
		if err != nil || was.State != docket.Unchecked {
			return err
		}
		was.Scans, was.ScanAt = f.Scans, f.ScanAt
		b, err := marshal(was)
		if err != nil {
			return err
		}
		a.files = cloned(a.files)
		a.files[f.ID] = b
		s.keep(f.Of, a)
		return nil
	})
}

// Unsettled lists files that wait for another scan, or to be looked for. See
// [docket.Store].
func (s *Store) Unsettled(ctx context.Context, at time.Time, limit int) ([]docket.File, error) {
	return call(ctx, s.world, "Store.Unsettled", func() ([]docket.File, error) {
		var files []docket.File
		for _, id := range sortedKeys(s.state.aggregates) {
			a := s.state.aggregates[id]
			for _, file := range sortedKeys(a.files) {
				f, err := unmarshal[docket.File](a.files[file])
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
		for _, a := range s.state.aggregates {
			for _, b := range a.files {
				f, err := unmarshal[docket.File](b)
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
		if !sayable(r.Of) || !sayable(r.Person) {
			return fault.New(fault.Invalid, "key")
		}
		a := s.state.aggregates[r.Of]
		same := func(o docket.Reading) bool {
			return o.At.Equal(r.At) && o.Person == r.Person && o.File == r.File
		}
		if !slices.ContainsFunc(a.reads, same) {
			r.At = r.At.UTC()
			a.reads = append(a.reads, r)
			s.keep(r.Of, a)
		}
		return nil
	})
}

// Readings lists the read log. See [docket.Store].
func (s *Store) Readings(ctx context.Context, id string, limit int) ([]docket.Reading, error) {
	return call(ctx, s.world, "Store.Readings", func() ([]docket.Reading, error) {
		log := slices.Clone(s.state.aggregates[id].reads)
		slices.SortStableFunc(log, func(a, b docket.Reading) int { return b.At.Compare(a.At) })
		return first(log, limit), nil
	})
}
