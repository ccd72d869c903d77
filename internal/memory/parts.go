package memory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Directory keeps who takes part.
type Directory struct {
	world         *World
	organisations map[string][]byte
	people        map[string][]byte
	agencies      []byte
	rules         []byte
	packs         map[string][]byte
}

var _ docket.Directory = (*Directory)(nil)

func found[T any](b []byte, what string) (T, error) {
	if b == nil {
		var none T
		return none, fault.New(fault.NotFound, what)
	}
	return unmarshal[T](b)
}

// Organisation returns an organisation. It fails with fault.NotFound.
func (d *Directory) Organisation(ctx context.Context, id string) (party.Organisation, error) {
	return call(ctx, d.world, "Directory.Organisation", func() (party.Organisation, error) {
		return found[party.Organisation](d.organisations[id], "organisation")
	})
}

// Person returns a person. It fails with fault.NotFound.
func (d *Directory) Person(ctx context.Context, id string) (party.Person, error) {
	return call(ctx, d.world, "Directory.Person", func() (party.Person, error) {
		return found[party.Person](d.people[id], "person")
	})
}

func (d *Directory) everybody() ([]party.Person, error) {
	var all []party.Person
	for _, id := range sortedKeys(d.people) {
		p, err := unmarshal[party.Person](d.people[id])
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// PersonBySubject finds a person. See [docket.Directory].
func (d *Directory) PersonBySubject(ctx context.Context, subject string) (party.Person, error) {
	return call(ctx, d.world, "Directory.PersonBySubject", func() (party.Person, error) {
		all, err := d.everybody()
		if err != nil {
			return party.Person{}, err
		}
		for _, p := range all {
			if p.Subject == subject && subject != "" {
				return p, nil
			}
		}
		return party.Person{}, fault.New(fault.NotFound, "person")
	})
}

// Roster lists people. See [docket.Directory].
func (d *Directory) Roster(ctx context.Context, org string) ([]party.Person, error) {
	return call(ctx, d.world, "Directory.Roster", func() ([]party.Person, error) {
		all, err := d.everybody()
		return slices.DeleteFunc(all, func(p party.Person) bool { return p.Org != org }), err
	})
}

// Agencies returns who holds the seats. It fails with fault.NotFound before they were put.
func (d *Directory) Agencies(ctx context.Context) (party.Agencies, error) {
	return call(ctx, d.world, "Directory.Agencies", func() (party.Agencies, error) {
		return found[party.Agencies](d.agencies, "agencies")
	})
}

// Rules returns the rules in force. It fails with fault.NotFound before they were put.
func (d *Directory) Rules(ctx context.Context) (policy.Rules, error) {
	return call(ctx, d.world, "Directory.Rules", func() (policy.Rules, error) {
		return found[policy.Rules](d.rules, "rules")
	})
}

// PutOrganisation keeps o.
func (d *Directory) PutOrganisation(ctx context.Context, o party.Organisation) error {
	return run(ctx, d.world, "Directory.PutOrganisation", func() error {
		return d.put(d.organisations, o.ID, o)
	})
}

// PutPerson keeps p. It fails with fault.Conflict if the subject is somebody else's.
func (d *Directory) PutPerson(ctx context.Context, p party.Person) error {
	return run(ctx, d.world, "Directory.PutPerson", func() error {
		all, err := d.everybody()
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.ID != p.ID && o.Subject == p.Subject && p.Subject != "" {
				return moved("subject of %s is taken", p.ID)
			}
		}
		if !sayable(p.Org) {
			return fault.New(fault.Invalid, "key")
		}
		return d.put(d.people, p.ID, p)
	})
}

func (d *Directory) put(kept map[string][]byte, id string, v any) error {
	if !sayable(id) {
		return fault.New(fault.Invalid, "key")
	}
	b, err := marshal(v)
	if err == nil {
		kept[id] = b
	}
	return err
}

// PutAgencies says who holds the seats.
func (d *Directory) PutAgencies(ctx context.Context, a party.Agencies) error {
	return run(ctx, d.world, "Directory.PutAgencies", func() (err error) {
		d.agencies, err = marshal(a)
		return err
	})
}

// PutRules puts rules in force.
func (d *Directory) PutRules(ctx context.Context, r policy.Rules) error {
	return run(ctx, d.world, "Directory.PutRules", func() (err error) {
		d.rules, err = marshal(r)
		return err
	})
}

// Pack returns an operator's own pack. It fails with fault.NotFound.
func (d *Directory) Pack(ctx context.Context, key string) (policy.Pack, error) {
	return call(ctx, d.world, "Directory.Pack", func() (policy.Pack, error) {
		return found[policy.Pack](d.packs[key], "pack")
	})
}

// PutPack keeps an operator's own pack, once. See [docket.Directory].
func (d *Directory) PutPack(ctx context.Context, p policy.Pack) error {
	return run(ctx, d.world, "Directory.PutPack", func() error {
		b, err := marshal(p)
		if err != nil {
			return err
		}
		if was, ok := d.packs[p.Key()]; ok && !bytes.Equal(was, b) {
			return moved("pack %s exists with other content", p.Key())
		}
		return d.put(d.packs, p.Key(), p)
	})
}

// Access keeps sessions, links, codes and sign-ins.
type Access struct {
	world    *World
	sessions map[string]docket.Session
	links    map[string]docket.Link
	codes    map[string]docket.Code
	pending  map[string]docket.Pending
	counted  map[string]int // requests for codes, by gate, person and hour

	autosaves map[autosaveKey]docket.Autosave
}

type autosaveKey struct{ of, gate, person, choice string }

var (
	_ docket.Access    = (*Access)(nil)
	_ docket.Autosaves = (*Access)(nil)
)

// PutAutosave keeps what a person typed. See [docket.Autosaves].
func (d *Access) PutAutosave(ctx context.Context, a docket.Autosave) error {
	return run(ctx, d.world, "Access.PutAutosave", func() error {
		if err := a.Fits(); err != nil {
			return err
		}
		b, err := marshal(a)
		if err != nil {
			return err
		}
		k := autosaveKey{a.Of, a.Gate, a.Person, a.Choice}
		if slices.Contains([]string{k.of, k.gate, k.person, k.choice}, "") {
			return fault.New(fault.Invalid, "key")
		}
		d.autosaves[k], err = unmarshal[docket.Autosave](b)
		return err
	})
}

// Autosave returns what a person typed. See [docket.Autosaves].
func (d *Access) Autosave(ctx context.Context, of, gate, person, choice string, now time.Time) (docket.Autosave, error) {
	return call(ctx, d.world, "Access.Autosave", func() (docket.Autosave, error) {
		a, ok := d.autosaves[autosaveKey{of, gate, person, choice}]
		if !ok || !now.Before(a.Expires) {
			return docket.Autosave{}, fault.New(fault.NotFound, "record")
		}
		b, err := marshal(a)
		if err != nil {
			return docket.Autosave{}, err
		}
		return unmarshal[docket.Autosave](b)
	})
}

// DropAutosaves forgets what a person typed at a gate. See [docket.Autosaves].
func (d *Access) DropAutosaves(ctx context.Context, of, gate, person string) error {
	return run(ctx, d.world, "Access.DropAutosaves", func() error {
		maps.DeleteFunc(d.autosaves, func(k autosaveKey, _ docket.Autosave) bool {
			return k.of == of && k.gate == gate && k.person == person
		})
		return nil
	})
}

func lasts(s docket.Session, now time.Time) bool { return now.Before(s.Idle) && now.Before(s.Expires) }

// lets reports whether p's session holds.
func (d *Access) lets(p docket.Pass) bool {
	s, ok := d.sessions[p.Hash]
	return ok && s.Of == p.Of && s.Gate == p.Gate && lasts(s, p.Now)
}

// PutSession opens a session. See [docket.Access].
func (d *Access) PutSession(ctx context.Context, s docket.Session) error {
	return run(ctx, d.world, "Access.PutSession", func() error {
		if s.Hash == "" {
			return fault.New(fault.Invalid, "key")
		}
		d.sessions[s.Hash] = s
		return nil
	})
}

// Session finds a session that lasts. See [docket.Access].
func (d *Access) Session(ctx context.Context, hash string, now time.Time) (docket.Session, error) {
	return call(ctx, d.world, "Access.Session", func() (docket.Session, error) {
		s, ok := d.sessions[hash]
		if !ok || !lasts(s, now) {
			return docket.Session{}, fault.New(fault.NotFound, "session")
		}
		return s, nil
	})
}

// Touch moves a session's idle end. It fails with fault.NotFound if the
// session has ended. See [docket.Access].
func (d *Access) Touch(ctx context.Context, hash string, idle, now time.Time) error {
	return run(ctx, d.world, "Access.Touch", func() error {
		s, ok := d.sessions[hash]
		if !ok || !lasts(s, now) {
			return fault.New(fault.NotFound, "session")
		}
		s.Idle = idle
		d.sessions[hash] = s
		return nil
	})
}

// EndSession ends a session. See [docket.Access].
func (d *Access) EndSession(ctx context.Context, hash string) error {
	return run(ctx, d.world, "Access.EndSession", func() error {
		delete(d.sessions, hash)
		return nil
	})
}

// PutLink makes a link known. See [docket.Access].
func (d *Access) PutLink(ctx context.Context, l docket.Link) error {
	return run(ctx, d.world, "Access.PutLink", func() error {
		if was, ok := d.links[l.Hash]; ok {
			same := l
			same.At, same.Expires = was.At, was.Expires
			if same != was {
				return d.world.broke("one secret opens two gates: %s and %s", was.Gate, l.Gate)
			}
		}
		d.links[l.Hash] = l
		return nil
	})
}

// Link finds a link. See [docket.Access].
func (d *Access) Link(ctx context.Context, hash string) (docket.Link, error) {
	return call(ctx, d.world, "Access.Link", func() (docket.Link, error) {
		l, ok := d.links[hash]
		if !ok {
			return docket.Link{}, fault.New(fault.NotFound, "link")
		}
		return l, nil
	})
}

// CountCode counts a request for a code. See [docket.Access].
func (d *Access) CountCode(ctx context.Context, c docket.Code, most int) error {
	return run(ctx, d.world, "Access.CountCode", func() error {
		hour := c.Of + "/" + c.Gate + "/" + c.Person + "/" + c.At.UTC().Format("2006010215")
		if d.counted[hour] >= most {
			return fault.New(fault.Conflict, "moved")
		}
		if d.counted == nil {
			d.counted = map[string]int{}
		}
		d.counted[hour]++
		return nil
	})
}

// CountAtGate counts what happens at a gate within a day. See [docket.Access].
func (d *Access) CountAtGate(ctx context.Context, l docket.Link, what string, at time.Time, most int) error {
	return run(ctx, d.world, "Access.CountAtGate", func() error {
		day := fmt.Sprint(l.Of, "/", l.Gate, "/", l.Issue, "/", what, "/", at.UTC().Format("20060102"))
		if d.counted[day] >= most {
			return fault.New(fault.Conflict, "moved")
		}
		if d.counted == nil {
			d.counted = map[string]int{}
		}
		d.counted[day]++
		return nil
	})
}

// PutCode keeps a request for a code, if its id is new. See [docket.Access].
func (d *Access) PutCode(ctx context.Context, c docket.Code) error {
	return run(ctx, d.world, "Access.PutCode", func() error {
		if _, ok := d.codes[c.ID]; !ok {
			d.codes[c.ID] = c
		}
		return nil
	})
}

// Code finds a request for a code. See [docket.Access].
func (d *Access) Code(ctx context.Context, id string) (docket.Code, error) {
	return call(ctx, d.world, "Access.Code", func() (docket.Code, error) {
		c, ok := d.codes[id]
		if !ok {
			return docket.Code{}, fault.New(fault.NotFound, "code")
		}
		return c, nil
	})
}

// TryCode counts a try. See [docket.Access].
func (d *Access) TryCode(ctx context.Context, id string, now time.Time) (docket.Code, error) {
	return call(ctx, d.world, "Access.TryCode", func() (docket.Code, error) {
		c, ok := d.codes[id]
		if !ok || c.Used || c.Tries >= 5 || !now.Before(c.Expires) {
			return docket.Code{}, fault.New(fault.NotFound, "code")
		}
		c.Tries++
		d.codes[id] = c
		return c, nil
	})
}

// UseCode spends a code and opens its session. See [docket.Access].
func (d *Access) UseCode(ctx context.Context, id string, s docket.Session, now time.Time) error {
	return run(ctx, d.world, "Access.UseCode", func() error {
		c, ok := d.codes[id]
		_, taken := d.sessions[s.Hash]
		if !ok || c.Used || !now.Before(c.Expires) || taken || s.Hash == "" {
			return moved("the code cannot be spent")
		}
		c.Used = true
		d.codes[id] = c
		d.sessions[s.Hash] = s
		return nil
	})
}

// PutPending keeps a sign-in. See [docket.Access].
func (d *Access) PutPending(ctx context.Context, p docket.Pending) error {
	return run(ctx, d.world, "Access.PutPending", func() error {
		d.pending[p.State] = p
		return nil
	})
}

// TakePending returns and forgets a sign-in. See [docket.Access].
func (d *Access) TakePending(ctx context.Context, state string, now time.Time) (docket.Pending, error) {
	return call(ctx, d.world, "Access.TakePending", func() (docket.Pending, error) {
		p, ok := d.pending[state]
		if !ok || !now.Before(p.Expires) {
			return docket.Pending{}, fault.New(fault.NotFound, "sign-in")
		}
		delete(d.pending, state)
		return p, nil
	})
}

// Files keeps objects and all their versions.
type Files struct {
	world   *World
	objects map[string][]object
	next    int
}

type object struct {
	version string
	data    []byte
}

var _ docket.Files = (*Files)(nil)

// Upload is what a browser does with a ticket: it stores data under key and
// returns the version. Doing it again makes another version.
func (f *Files) Upload(key string, data []byte) (version string) {
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	return f.add(key, data)
}

func (f *Files) add(key string, data []byte) string {
	f.next++
	version := "version-" + strconv.Itoa(f.next)
	f.objects[key] = append(f.objects[key], object{version, bytes.Clone(data)})
	return version
}

// Ticket returns a form for [Files.Upload]. See [docket.Files].
func (f *Files) Ticket(ctx context.Context, file docket.File, maxBytes int64, back string) (docket.Ticket, error) {
	return call(ctx, f.world, "Files.Ticket", func() (docket.Ticket, error) {
		return docket.Ticket{URL: "https://files.invalid/", Fields: map[string]string{
			"key": file.Key, "success_action_redirect": back, "max": strconv.FormatInt(maxBytes, 10),
		}}, nil
	})
}

// Newest returns the newest version under key. See [docket.Files].
func (f *Files) Newest(ctx context.Context, key string) (string, bool, error) {
	found := false
	version, err := call(ctx, f.world, "Files.Newest", func() (string, error) {
		all := f.objects[key]
		if len(all) == 0 {
			return "", nil
		}
		found = true
		return all[len(all)-1].version, nil
	})
	return version, found && err == nil, err
}

// PutManifest stores a manifest. Other bytes under the same key are
// fault.Conflict. See [docket.Files].
func (f *Files) PutManifest(ctx context.Context, key string, data []byte) error {
	return run(ctx, f.world, "Files.PutManifest", func() error {
		if had := f.objects[key]; len(had) > 0 {
			if !bytes.Equal(had[0].data, data) {
				return moved("manifest %s holds something else", key)
			}
			return nil
		}
		f.add(key, data)
		return nil
	})
}

// Manifest returns a manifest. See [docket.Files].
func (f *Files) Manifest(ctx context.Context, key string) ([]byte, error) {
	return call(ctx, f.world, "Files.Manifest", func() ([]byte, error) {
		if had := f.objects[key]; len(had) > 0 {
			return bytes.Clone(had[len(had)-1].data), nil
		}
		return nil, fault.New(fault.NotFound, "manifest")
	})
}

func (f *Files) version(key, version string) ([]byte, error) {
	for _, o := range f.objects[key] {
		if o.version == version {
			return bytes.Clone(o.data), nil
		}
	}
	return nil, fault.New(fault.NotFound, "file")
}

// Open returns one version. See [docket.Files].
func (f *Files) Open(ctx context.Context, key, version string) (io.ReadCloser, int64, error) {
	data, err := call(ctx, f.world, "Files.Open", func() ([]byte, error) { return f.version(key, version) })
	if err != nil {
		return nil, 0, err
	}
	return io.NopCloser(bytes.NewReader(data)), int64(len(data)), nil
}

// Address names one version. See [docket.Files].
func (f *Files) Address(ctx context.Context, file docket.File) (string, error) {
	return call(ctx, f.world, "Files.Address", func() (string, error) {
		if file.Key == "" || file.Version == "" {
			return "", fault.New(fault.NotFound, "file")
		}
		q := url.Values{"versionId": {file.Version}, "response-content-disposition": {file.Attachment()}}
		return "https://files.invalid/" + file.Key + "?" + q.Encode(), nil
	})
}

// Notices is a queue that keeps what it was given, as often as it was given.
type Notices struct {
	world *World
	queue []docket.Notice
	seen  map[string][]byte
}

var _ docket.Notices = (*Notices)(nil)

// Queue takes a notice. The same key with other contents breaks the contract.
func (n *Notices) Queue(ctx context.Context, notice docket.Notice) error {
	return run(ctx, n.world, "Notices.Queue", func() error {
		if notice.Key == "" {
			return n.world.broke("a notice without a key")
		}
		b, err := marshal(notice)
		if err != nil {
			return err
		}
		if was, ok := n.seen[notice.Key]; ok && !bytes.Equal(was, b) {
			return n.world.broke("two different notices are called %s", notice.Key)
		}
		if err := n.world.untold(b); err != nil {
			return err
		}
		n.seen[notice.Key] = b
		n.queue = append(n.queue, notice)
		return nil
	})
}

// Waiting returns what is in the queue, oldest first.
func (n *Notices) Waiting() []docket.Notice {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return slices.Clone(n.queue)
}

// Take removes and returns notice i of those waiting; a driver that wants it
// delivered twice delivers it twice.
func (n *Notices) Take(i int) docket.Notice {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	notice := n.queue[i]
	n.queue = slices.Delete(n.queue, i, i+1)
	return notice
}

// Keys returns every key that was ever queued, sorted.
func (n *Notices) Keys() []string {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return sortedKeys(n.seen)
}

// Outbox remembers deliveries.
type Outbox struct {
	world     *World
	delivered map[string]time.Time
}

var _ docket.Outbox = (*Outbox)(nil)

// Delivered looks a notice up. See [docket.Outbox].
func (o *Outbox) Delivered(ctx context.Context, key string) (bool, error) {
	return call(ctx, o.world, "Outbox.Delivered", func() (bool, error) {
		_, ok := o.delivered[key]
		return ok, nil
	})
}

// MarkDelivered notes a delivery. See [docket.Outbox].
func (o *Outbox) MarkDelivered(ctx context.Context, key string, at time.Time) error {
	return run(ctx, o.world, "Outbox.MarkDelivered", func() error {
		if key == "" {
			return fault.New(fault.Invalid, "key")
		}
		o.delivered[key] = at
		return nil
	})
}

// Mail keeps every message it was handed.
type Mail struct {
	world *World
	sent  []docket.Message
}

var _ docket.Mail = (*Mail)(nil)

// Send takes a message. See [docket.Mail].
func (m *Mail) Send(ctx context.Context, message docket.Message) error {
	return run(ctx, m.world, "Mail.Send", func() error {
		if err := m.world.untold([]byte(message.Subject + message.Text)); err != nil {
			return err
		}
		m.sent = append(m.sent, message)
		return nil
	})
}

// Sent returns every message so far, oldest first.
func (m *Mail) Sent() []docket.Message {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	return slices.Clone(m.sent)
}

// Mac makes digests with a key that everybody knows.
type Mac struct{ world *World }

var _ docket.Mac = (*Mac)(nil)

// Mac returns the digest of message. See [docket.Mac].
func (m *Mac) Mac(ctx context.Context, message []byte) ([]byte, error) {
	return call(ctx, m.world, "Mac.Mac", func() ([]byte, error) {
		h := hmac.New(sha256.New, []byte("memory"))
		h.Write(message)
		return h.Sum(nil), nil
	})
}

// Clock stands still until it is moved.
type Clock struct {
	world *World
	now   time.Time
}

var _ docket.Clock = (*Clock)(nil)

// Now returns what the clock was set to.
func (c *Clock) Now(ctx context.Context) (time.Time, error) {
	return call(ctx, c.world, "Clock.Now", func() (time.Time, error) { return c.now, nil })
}

// Advance moves the clock and returns where it stands.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Set moves the clock to t.
func (c *Clock) Set(t time.Time) {
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	c.now = t
}

// Metrics adds up what is counted. Counting is not an outside call: it cannot fail.
type Metrics struct {
	world  *World
	counts map[string]float64
	gauges map[string]float64
}

var _ docket.Metrics = (*Metrics)(nil)

// Count adds value to name. It may be called while another part works.
func (m *Metrics) Count(name string, value float64) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.counts[name] += value
}

// Gauge notes a number as it is now.
func (m *Metrics) Gauge(name string, value float64) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.gauges[name] = value
}

// Age notes how old something is, in seconds.
func (m *Metrics) Age(name string, age time.Duration) { m.Gauge(name, age.Seconds()) }

// Gauges returns what was noted last under each name.
func (m *Metrics) Gauges() map[string]float64 {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	return maps.Clone(m.gauges)
}

// Counts returns what was counted so far.
func (m *Metrics) Counts() map[string]float64 {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	return maps.Clone(m.counts)
}

// StateMachine is all state machines; a test drives their states: Start and Resume come from
// the program, waiting, ending and dying from the test. That an execution ended is an
// event, which the driver delivers, repeats, reorders and loses.
type StateMachine struct {
	world      *World
	executions map[string]*execution
	tokens     map[string]string // every token ever issued -> its execution
	issued     int
	ended      []string // executions whose end nobody was shown yet, oldest first

	// Swallows says what becomes of a token whose execution died: accepted and
	// lost, as the emulator does it, or refused. It begins true, the harder way.
	Swallows bool
}

type execution struct {
	stateMachine string
	input        []byte
	status       string
	waiting      string // the token it waits with, "" while it works
	resumed      int
}

var _ docket.StateMachine = (*StateMachine)(nil)

// Start starts an execution. Names stay taken for ever. See [docket.StateMachine].
func (m *StateMachine) Start(ctx context.Context, of docket.Execution, input []byte) (bool, error) {
	return call(ctx, m.world, "StateMachine.Start", func() (bool, error) {
		if e, taken := m.executions[of.Name]; taken {
			if e.stateMachine != of.StateMachine || !bytes.Equal(e.input, input) {
				return true, m.world.broke("execution %s is started with another input, or on another machine", of.Name)
			}
			return true, nil
		}
		m.executions[of.Name] = &execution{stateMachine: of.StateMachine, input: bytes.Clone(input), status: "RUNNING"}
		return false, nil
	})
}

// Describe returns an execution's status. See [docket.StateMachine].
func (m *StateMachine) Describe(ctx context.Context, of docket.Execution) (string, error) {
	return call(ctx, m.world, "StateMachine.Describe", func() (string, error) {
		if e, ok := m.executions[of.Name]; ok && e.stateMachine == of.StateMachine {
			return e.status, nil
		}
		return "", nil
	})
}

// Resume takes a token back. See [docket.StateMachine].
func (m *StateMachine) Resume(ctx context.Context, token string) (bool, error) {
	return call(ctx, m.world, "StateMachine.Resume", func() (bool, error) {
		name, issued := m.tokens[token]
		if !issued {
			return false, nil
		}
		e := m.executions[name]
		if e.waiting != token {
			return false, nil // used, or timed out
		}
		if e.status != "RUNNING" {
			return m.Swallows, nil
		}
		e.waiting = ""
		e.resumed++
		return true, nil
	})
}

// Stop ends an execution. See [docket.StateMachine].
func (m *StateMachine) Stop(ctx context.Context, of docket.Execution) error {
	return run(ctx, m.world, "StateMachine.Stop", func() error {
		if e := m.executions[of.Name]; e != nil && e.stateMachine == of.StateMachine {
			m.end(of.Name, "ABORTED")
		}
		return nil
	})
}

func (m *StateMachine) end(name, status string) {
	if e, ok := m.executions[name]; ok && e.status == "RUNNING" {
		e.status = status
		m.ended = append(m.ended, name)
	}
}

// Ended returns the executions whose end nobody was shown yet, oldest first.
func (m *StateMachine) Ended() []Execution {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	var out []Execution
	for _, name := range m.ended {
		out = append(out, m.executions[name].seen(name))
	}
	return out
}

// TakeEnd removes and returns end i: deliver it, or lose it.
func (m *StateMachine) TakeEnd(i int) Execution {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	name := m.ended[i]
	m.ended = slices.Delete(m.ended, i, i+1)
	return m.executions[name].seen(name)
}

// Execution is one execution as a driver sees it.
type Execution struct {
	StateMachine string
	Name         string
	Input        []byte
	Status       string
	Waiting      string // the token it waits with, "" while it works
	Resumed      int    // how often a token was taken back
}

func (e *execution) seen(name string) Execution {
	return Execution{e.stateMachine, name, bytes.Clone(e.input), e.status, e.waiting, e.resumed}
}

// Executions returns all of them, by name.
func (m *StateMachine) Executions() []Execution {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	var out []Execution
	for name, e := range m.executions {
		out = append(out, e.seen(name))
	}
	slices.SortFunc(out, func(a, b Execution) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Execution returns the one called name; ok is false if there is none.
func (m *StateMachine) Execution(name string) (_ Execution, ok bool) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	e, ok := m.executions[name]
	if !ok {
		return Execution{}, false
	}
	return e.seen(name), true
}

// Wait lets a running execution enter a waiting state and returns the token it
// hands out, "" if it does not run. A token it waited with before is void.
func (m *StateMachine) Wait(name string) (token string) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	e, ok := m.executions[name]
	if !ok || e.status != "RUNNING" {
		return ""
	}
	m.issued++
	sum := sha256.Sum256([]byte(fmt.Sprint("token ", m.issued)))
	token = "token-" + hex.EncodeToString(sum[:12])
	m.tokens[token] = name
	e.waiting = token
	return token
}

// Expire lets the wait of an execution run into its time-out: the token is
// void, the execution goes on.
func (m *StateMachine) Expire(name string) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	if e, ok := m.executions[name]; ok {
		e.waiting = ""
	}
}

// End lets an execution end with status, SUCCEEDED or how else it died.
func (m *StateMachine) End(name, status string) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.end(name, status)
}

// Restart is a restart of the service: every running execution dies, and the
// tokens they waited with are swallowed or refused; see Swallows.
func (m *StateMachine) Restart() {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.executions)) {
		m.end(name, "FAILED")
	}
}

// Stream holds the committed entries that nobody was shown yet, oldest first.
// A driver delivers, repeats, reorders and loses them.
type Stream struct {
	world   *World
	waiting []docket.EntryRef
}

func (s *Stream) put(ref docket.EntryRef) { s.waiting = append(s.waiting, ref) }

// Put puts a record in, for a store that fills no stream of its own.
func (s *Stream) Put(ref docket.EntryRef) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.put(ref)
}

// Waiting returns what is in the stream.
func (s *Stream) Waiting() []docket.EntryRef {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	return slices.Clone(s.waiting)
}

// Take removes and returns record i: deliver it, or lose it.
func (s *Stream) Take(i int) docket.EntryRef {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	ref := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return ref
}

// Repeat puts record i in once more, at the end.
func (s *Stream) Repeat(i int) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.put(s.waiting[i])
}

// Swap exchanges records i and j.
func (s *Stream) Swap(i, j int) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.waiting[i], s.waiting[j] = s.waiting[j], s.waiting[i]
}

// Lose drops everything that waits, as a restart of the emulator does.
func (s *Stream) Lose() {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.waiting = nil
}

// TokensIn reports whether text holds a token that was ever handed out.
func (m *StateMachine) TokensIn(text string) bool {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	for token := range m.tokens {
		if strings.Contains(text, token) {
			return true
		}
	}
	return false
}
