package memory

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
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
