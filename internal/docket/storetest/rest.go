package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// StoreWithAccess is a store with the access to it: a commit may demand a session.
type StoreWithAccess struct {
	Store  docket.Store
	Access docket.Access
}

// Passes tests the commits that demand a link's session.
func Passes(t *testing.T, open func(*testing.T) StoreWithAccess) {
	good := docket.Session{
		Hash: "s1", Person: "p2", Org: mpa, Of: "c1", Gate: "opinion-1",
		Created: noon, Idle: noon.Add(30 * time.Minute), Expires: noon.Add(time.Hour),
	}
	for _, tt := range []struct {
		sentence string
		session  func(*docket.Session)
		pass     docket.Pass
		ended    bool
		want     error
	}{
		{"a session for this gate lets the answer through", nil, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: noon}, false, nil},
		{"a session for another case does not", func(s *docket.Session) { s.Of = "c2" }, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: noon}, false, forbidden},
		{"a session for another gate does not", func(s *docket.Session) { s.Gate = "reply-1" }, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: noon}, false, forbidden},
		{"a signed-in session is no link's session", func(s *docket.Session) { s.Of, s.Gate = "", "" }, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: noon}, false, forbidden},
		{"a session that idled too long does not", nil, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: good.Idle}, false, forbidden},
		{"a session that expired does not", func(s *docket.Session) { s.Idle = noon.Add(2 * time.Hour) }, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: good.Expires}, false, forbidden},
		{"a session that was ended does not", nil, docket.Pass{Hash: "s1", Of: "c1", Gate: "opinion-1", Now: noon}, true, forbidden},
		{"a session nobody opened does not", nil, docket.Pass{Hash: "s2", Of: "c1", Gate: "opinion-1", Now: noon}, false, forbidden},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			h := open(t)
			session := good
			if tt.session != nil {
				tt.session(&session)
			}
			is(t, "PutSession", h.Access.PutSession(ctx, session), nil)
			if tt.ended {
				is(t, "EndSession", h.Access.EndSession(ctx, "s1"), nil)
			}
			g := opened("c1", "opinion-1", noon, noon)
			c := commit(t, h.Store, submitted(t, commit(t, h.Store, draft(t, "c1")), noon, g))
			b := answering(t, c, g, "given", noon)
			b.Session = &tt.pass
			err := try(h.Store, b)
			is(t, "Commit", err, tt.want)
			var unmet *docket.Unmet
			if errors.As(err, &unmet) != (tt.want != nil) {
				t.Errorf("got %v, want a demand of the commit itself, which is answered at once", err)
			}
			if got := load(t, h.Store, "c1").Gates[0].Answer != nil; got != (tt.want == nil) {
				t.Errorf("answered: got %v, want %v", got, tt.want == nil)
			}
		})
	}
}

// Access tests what [docket.Access] promises.
func Access(t *testing.T, open func(*testing.T) docket.Access) {
	session := docket.Session{
		Hash: "s1", Person: "p1", Org: hospital, Of: "c1", Gate: "g1", Issue: 2,
		Created: noon, Idle: noon.Add(30 * time.Minute), Expires: noon.Add(time.Hour),
	}
	code := docket.Code{
		ID: "k1", Of: "c1", Gate: "g1", Party: mpa, Person: "p2", Issue: 1, Browser: "b", At: noon, Expires: noon.Add(10 * time.Minute),
	}
	pending := docket.Pending{State: "x1", Nonce: "n", Verifier: "v", Site: "agency", Return: "/agency", Expires: noon.Add(10 * time.Minute)}
	run(t, open, []row[docket.Access]{
		{"a session is found by its hash until it idles or expires", func(t *testing.T, d docket.Access) {
			is(t, "PutSession", d.PutSession(ctx, session), nil)
			got, err := d.Session(ctx, "s1", session.Idle.Add(-time.Nanosecond))
			is(t, "Session", err, nil)
			same(t, got, session)
			for _, now := range []time.Time{session.Idle, session.Expires} {
				_, err = d.Session(ctx, "s1", now)
				is(t, "Session", err, notFound)
			}
			for _, hash := range []string{"s2", ""} {
				_, err = d.Session(ctx, hash, noon)
				is(t, "Session", err, notFound)
			}
		}},
		{"touching a session moves its idle end, and only that", func(t *testing.T, d docket.Access) {
			is(t, "PutSession", d.PutSession(ctx, session), nil)
			is(t, "Touch", d.Touch(ctx, "s1", noon.Add(2*time.Hour), noon.Add(20*time.Minute)), nil)
			got, err := d.Session(ctx, "s1", session.Expires.Add(-time.Second))
			is(t, "Session", err, nil)
			want := session
			want.Idle = noon.Add(2 * time.Hour)
			same(t, got, want)
			_, err = d.Session(ctx, "s1", session.Expires)
			is(t, "Session after its end", err, notFound)
		}},
		{"touching never revives a session", func(t *testing.T, d docket.Access) {
			is(t, "PutSession", d.PutSession(ctx, session), nil)
			is(t, "Touch", d.Touch(ctx, "s1", noon.Add(2*time.Hour), session.Idle), notFound)
			_, err := d.Session(ctx, "s1", session.Idle)
			is(t, "Session", err, notFound)
			is(t, "Touch", d.Touch(ctx, "s2", noon.Add(time.Hour), noon), notFound)
			_, err = d.Session(ctx, "s2", noon)
			is(t, "Session", err, notFound)
		}},
		{"an ended session is not found, cannot be touched, and can be ended again", func(t *testing.T, d docket.Access) {
			is(t, "PutSession", d.PutSession(ctx, session), nil)
			is(t, "EndSession", d.EndSession(ctx, "s1"), nil)
			is(t, "EndSession", d.EndSession(ctx, "s1"), nil)
			is(t, "EndSession", d.EndSession(ctx, ""), nil)
			_, err := d.Session(ctx, "s1", noon)
			is(t, "Session", err, notFound)
			is(t, "Touch", d.Touch(ctx, "s1", noon.Add(time.Hour), noon), notFound)
		}},
		{"a link is found by its hash, and putting it again is safe", func(t *testing.T, d docket.Access) {
			l := docket.Link{Hash: "l1", Of: "c1", Gate: "g1", Party: mpa, Issue: 1, At: noon, Expires: noon.AddDate(0, 0, 30)}
			is(t, "PutLink", d.PutLink(ctx, l), nil)
			is(t, "PutLink", d.PutLink(ctx, l), nil)
			got, err := d.Link(ctx, "l1")
			is(t, "Link", err, nil)
			same(t, got, l)
			_, err = d.Link(ctx, "l2")
			is(t, "Link", err, notFound)
		}},
		{"codes are counted by person, gate and hour, and after the most there are no more", func(t *testing.T, d docket.Access) {
			for range 3 {
				is(t, "CountCode", d.CountCode(ctx, code, 3), nil)
			}
			is(t, "CountCode once too often", d.CountCode(ctx, code, 3), conflict)
			other := code
			other.Person = "somebody-else"
			is(t, "CountCode for another person", d.CountCode(ctx, other, 3), nil)
			later := code
			later.At = code.At.Add(time.Hour)
			is(t, "CountCode an hour later", d.CountCode(ctx, later, 3), nil)
		}},
		{"what happens at a gate is counted by day, kind and issue, for all people together", func(t *testing.T, d docket.Access) {
			l := docket.Link{Hash: "l1", Of: "c1", Gate: "g1", Party: mpa, Issue: 1}
			for range 3 {
				is(t, "CountAtGate", d.CountAtGate(ctx, l, "asked", noon, 3), nil)
			}
			is(t, "CountAtGate once too often", d.CountAtGate(ctx, l, "asked", noon.Add(time.Hour), 3), conflict)
			other := l
			other.Hash, other.Party = "l2", "nmpa"
			is(t, "CountAtGate by another link", d.CountAtGate(ctx, other, "asked", noon, 3), conflict)
			is(t, "CountAtGate of another kind", d.CountAtGate(ctx, l, "tried", noon, 3), nil)
			is(t, "CountAtGate the next day", d.CountAtGate(ctx, l, "asked", noon.AddDate(0, 0, 1), 3), nil)
			other.Issue = 2
			is(t, "CountAtGate under another issue", d.CountAtGate(ctx, other, "asked", noon, 3), nil)
			other = l
			other.Gate = "g2"
			is(t, "CountAtGate at another gate", d.CountAtGate(ctx, other, "asked", noon, 3), nil)
		}},
		{"a code can be tried five times", func(t *testing.T, d docket.Access) {
			is(t, "PutCode", d.PutCode(ctx, code), nil)
			for i := 1; i <= 5; i++ {
				got, err := d.TryCode(ctx, "k1", noon)
				is(t, "TryCode", err, nil)
				want := code
				want.Tries = i
				same(t, got, want)
			}
			_, err := d.TryCode(ctx, "k1", noon)
			is(t, "TryCode", err, notFound)
			is(t, "PutCode again", d.PutCode(ctx, code), nil)
			_, err = d.TryCode(ctx, "k1", noon)
			is(t, "TryCode after putting it again", err, notFound)
			got, err := d.Code(ctx, "k1")
			is(t, "Code", err, nil)
			if got.Tries != 5 {
				t.Errorf("got %d tries, want 5", got.Tries)
			}
		}},
		{"a hundred tries at once are five", func(t *testing.T, d docket.Access) {
			is(t, "PutCode", d.PutCode(ctx, code), nil)
			var tried atomic.Int32
			var wait sync.WaitGroup
			for range 100 {
				wait.Go(func() {
					if _, err := d.TryCode(ctx, "k1", noon); err == nil {
						tried.Add(1)
					}
				})
			}
			wait.Wait()
			if got := tried.Load(); got != 5 {
				t.Errorf("got %d, want 5", got)
			}
		}},
		{"an expired or unknown code cannot be tried", func(t *testing.T, d docket.Access) {
			is(t, "PutCode", d.PutCode(ctx, code), nil)
			_, err := d.TryCode(ctx, "k1", code.Expires)
			is(t, "TryCode", err, notFound)
			_, err = d.TryCode(ctx, "k2", noon)
			is(t, "TryCode", err, notFound)
			_, err = d.Code(ctx, "k2")
			is(t, "Code", err, notFound)
		}},
		{"a code is spent once and opens its session", func(t *testing.T, d docket.Access) {
			is(t, "PutCode", d.PutCode(ctx, code), nil)
			is(t, "UseCode", d.UseCode(ctx, "k1", session, noon), nil)
			got, err := d.Session(ctx, "s1", noon)
			is(t, "Session", err, nil)
			same(t, got, session)
			other := session
			other.Hash = "s2"
			is(t, "UseCode again", d.UseCode(ctx, "k1", other, noon), conflict)
			_, err = d.Session(ctx, "s2", noon)
			is(t, "Session", err, notFound)
			_, err = d.TryCode(ctx, "k1", noon)
			is(t, "TryCode", err, notFound)
			if c, err := d.Code(ctx, "k1"); !c.Used || err != nil {
				t.Errorf("got used %v and %v, want used", c.Used, err)
			}
		}},
		{"an expired or unknown code opens nothing", func(t *testing.T, d docket.Access) {
			is(t, "PutCode", d.PutCode(ctx, code), nil)
			is(t, "UseCode", d.UseCode(ctx, "k1", session, code.Expires), conflict)
			is(t, "UseCode", d.UseCode(ctx, "k2", session, noon), conflict)
			_, err := d.Session(ctx, "s1", noon)
			is(t, "Session", err, notFound)
		}},
		{"of many who spend a code at once one gets in", func(t *testing.T, d docket.Access) {
			is(t, "PutCode", d.PutCode(ctx, code), nil)
			var in atomic.Int32
			var wait sync.WaitGroup
			for i := range 16 {
				wait.Go(func() {
					s := session
					s.Hash = "s" + strconv.Itoa(i)
					if err := d.UseCode(ctx, "k1", s, noon); err == nil {
						in.Add(1)
					}
				})
			}
			wait.Wait()
			if got := in.Load(); got != 1 {
				t.Errorf("got %d, want 1", got)
			}
		}},
		{"a sign-in is taken once, and not after it expired", func(t *testing.T, d docket.Access) {
			is(t, "PutPending", d.PutPending(ctx, pending), nil)
			_, err := d.TakePending(ctx, "x1", pending.Expires)
			is(t, "TakePending too late", err, notFound)
			got, err := d.TakePending(ctx, "x1", noon)
			is(t, "TakePending", err, nil)
			same(t, got, pending)
			_, err = d.TakePending(ctx, "x1", noon)
			is(t, "TakePending again", err, notFound)
			_, err = d.TakePending(ctx, "", noon)
			is(t, "TakePending of nothing", err, notFound)
		}},
	})
}

// Directory tests what [docket.Directory] promises.
func Directory(t *testing.T, open func(*testing.T) docket.Directory) {
	anna := party.Person{
		ID:      "p1",
		Org:     "h1",
		NameZH:  "安娜",
		NameEN:  "Anna",
		Roles:   []party.Role{party.Applicant},
		Mail:    "anna@h1.example",
		Subject: "auth0#people|1",
	}
	run(t, open, []row[docket.Directory]{
		{"an organisation comes back as it was put, the newest way", func(t *testing.T, d docket.Directory) {
			o := party.Organisation{ID: "h1", Kind: party.Hospital, NameZH: "医院", Mail: "h1@example.org"}
			is(t, "PutOrganisation", d.PutOrganisation(ctx, o), nil)
			o.NameEN = "Hospital"
			is(t, "PutOrganisation", d.PutOrganisation(ctx, o), nil)
			got, err := d.Organisation(ctx, "h1")
			is(t, "Organisation", err, nil)
			same(t, got, o)
		}},
		{"who is not known is not found", func(t *testing.T, d docket.Directory) {
			for _, id := range []string{"x", "", "a#b"} {
				_, err := d.Organisation(ctx, id)
				is(t, "Organisation", err, notFound)
				_, err = d.Person(ctx, id)
				is(t, "Person", err, notFound)
				_, err = d.PersonBySubject(ctx, id)
				is(t, "PersonBySubject", err, notFound)
				if got, err := d.Roster(ctx, id); len(got) != 0 || err != nil {
					t.Errorf("Roster: got %d and %v, want nobody", len(got), err)
				}
			}
			_, err := d.Agencies(ctx)
			is(t, "Agencies", err, notFound)
			_, err = d.Rules(ctx)
			is(t, "Rules", err, notFound)
		}},
		{"an id that no key can hold is refused", func(t *testing.T, d docket.Directory) {
			is(t, "PutOrganisation", d.PutOrganisation(ctx, party.Organisation{ID: "a#b"}), invalid)
			is(t, "PutPerson", d.PutPerson(ctx, party.Person{ID: "a#b", Org: "h1"}), invalid)
			is(t, "PutPerson", d.PutPerson(ctx, party.Person{ID: "p1", Org: ""}), invalid)
		}},
		{"a person is found by id and by subject", func(t *testing.T, d docket.Directory) {
			is(t, "PutPerson", d.PutPerson(ctx, anna), nil)
			got, err := d.Person(ctx, "p1")
			is(t, "Person", err, nil)
			same(t, got, anna)
			got, err = d.PersonBySubject(ctx, anna.Subject)
			is(t, "PersonBySubject", err, nil)
			same(t, got, anna)
		}},
		{"a subject belongs to one person", func(t *testing.T, d docket.Directory) {
			is(t, "PutPerson", d.PutPerson(ctx, anna), nil)
			is(t, "PutPerson again", d.PutPerson(ctx, anna), nil)
			is(t, "PutPerson", d.PutPerson(ctx, party.Person{ID: "p2", Org: "h1", Subject: anna.Subject}), conflict)
			_, err := d.Person(ctx, "p2")
			is(t, "Person", err, notFound)
		}},
		{"a subject that a person gave up leads nowhere", func(t *testing.T, d docket.Directory) {
			is(t, "PutPerson", d.PutPerson(ctx, anna), nil)
			moved := anna
			moved.Subject = "new"
			is(t, "PutPerson", d.PutPerson(ctx, moved), nil)
			_, err := d.PersonBySubject(ctx, anna.Subject)
			is(t, "PersonBySubject", err, notFound)
			got, err := d.PersonBySubject(ctx, "new")
			is(t, "PersonBySubject", err, nil)
			same(t, got, moved)
		}},
		{"a roster lists an organisation's people by id, and nobody who left", func(t *testing.T, d docket.Directory) {
			for _, id := range []string{"p3", "p1", "p2", "p4"} {
				is(t, "PutPerson", d.PutPerson(ctx, party.Person{ID: id, Org: "h1"}), nil)
			}
			is(t, "PutPerson", d.PutPerson(ctx, party.Person{ID: "p2", Org: "h2"}), nil)
			eventually(t, "[p1 p3 p4]", func() (any, error) {
				people, err := d.Roster(ctx, "h1")
				var ids []string
				for _, p := range people {
					ids = append(ids, p.ID)
				}
				return ids, err
			})
		}},
		{"an operator's pack is kept as it was put, and never changed", func(t *testing.T, d docket.Directory) {
			_, err := d.Pack(ctx, "drug-2022-18-v1-hua")
			is(t, "Pack", err, notFound)
			p := policy.DrugPack()
			p.Version = "1-hua"
			is(t, "PutPack", d.PutPack(ctx, p), nil)
			is(t, "PutPack again", d.PutPack(ctx, p), nil)
			other := p
			other.Label.ZH = "另一份"
			is(t, "PutPack with other content", d.PutPack(ctx, other), conflict)
			got, err := d.Pack(ctx, p.Key())
			is(t, "Pack", err, nil)
			same(t, got, p)
			_, err = d.Pack(ctx, "a#b")
			is(t, "Pack", err, notFound)
		}},
		{"agencies and rules come back as they were put", func(t *testing.T, d docket.Directory) {
			a := party.Agencies{MunicipalMPA: mpa, HealthCommission: "hc", Customs: "cu", Regulator: regulator}
			is(t, "PutAgencies", d.PutAgencies(ctx, a), nil)
			got, err := d.Agencies(ctx)
			is(t, "Agencies", err, nil)
			same(t, got, a)
			r := policy.LocalSample()
			is(t, "PutRules", d.PutRules(ctx, r), nil)
			rules, err := d.Rules(ctx)
			is(t, "Rules", err, nil)
			same(t, rules, r)
			if l, ok := rules.Limit(policy.Opinion); ok && l.Clock == calendar.Clock("") {
				t.Errorf("a limit lost its clock")
			}
		}},
	})
}

// Outbox tests what [docket.Outbox] promises.
func Outbox(t *testing.T, open func(*testing.T) docket.Outbox) {
	run(t, open, []row[docket.Outbox]{
		{"a notice is delivered once it was marked, and marking again is safe", func(t *testing.T, o docket.Outbox) {
			key := "c1/2/gate/mpa/opinion-1"
			for _, want := range []bool{false, true, true} {
				got, err := o.Delivered(ctx, key)
				if got != want || err != nil {
					t.Errorf("got %v and %v, want %v", got, err, want)
				}
				is(t, "MarkDelivered", o.MarkDelivered(ctx, key, noon), nil)
			}
			if got, err := o.Delivered(ctx, key+"x"); got || err != nil {
				t.Errorf("another notice: got %v and %v, want not delivered", got, err)
			}
		}},
	})
}

// Bucket is a bucket with the two things that browsers do to it.
type Bucket struct {
	Files docket.Files
	// Upload sends data with a ticket and returns the version it became.
	Upload func(t *testing.T, ticket docket.Ticket, data []byte) (version string, err error)
	// Fetch opens an address and returns how the answer is to be saved, and its
	// bytes. It is nil where no browser can.
	Fetch func(t *testing.T, address string) (disposition string, data []byte)
	// Nameless says that a version is given back without the name that its address
	// asks for: the emulator overrides headers for the newest version only.
	Nameless bool
}

// Files tests what [docket.Files] promises.
func Files(t *testing.T, open func(*testing.T) Bucket) {
	digest := func(data string) string {
		sum := sha256.Sum256([]byte(data))
		return hex.EncodeToString(sum[:])
	}
	read := func(t *testing.T, s Bucket, key, version string) string {
		t.Helper()
		body, size, err := s.Files.Open(ctx, key, version)
		if err != nil {
			t.Fatalf("opening: %v", err)
		}
		defer body.Close()
		b, err := io.ReadAll(body)
		if err != nil || int64(len(b)) != size {
			t.Fatalf("got %d bytes of %d and %v", len(b), size, err)
		}
		return string(b)
	}
	run(t, open, []row[Bucket]{
		{"what was uploaded with a ticket is opened by its version, also after a later one", func(t *testing.T, s Bucket) {
			f := file("c1", "f1")
			f.SHA256 = digest("first")
			ticket, err := s.Files.Ticket(ctx, f, 100, "https://site.example/back?急=1")
			is(t, "Ticket", err, nil)
			v1, err := s.Upload(t, ticket, []byte("first"))
			is(t, "Upload", err, nil)
			f.SHA256 = ""
			ticket, err = s.Files.Ticket(ctx, f, 100, "")
			is(t, "Ticket", err, nil)
			v2, err := s.Upload(t, ticket, []byte("second"))
			is(t, "Upload", err, nil)
			if v1 == v2 || v1 == "" {
				t.Fatalf("got versions %q and %q", v1, v2)
			}
			if got := read(t, s, f.Key, v1); got != "first" {
				t.Errorf("got %q, want first", got)
			}
			if got := read(t, s, f.Key, v2); got != "second" {
				t.Errorf("got %q, want second", got)
			}
		}},
		{"what is not there is not found", func(t *testing.T, s Bucket) {
			is(t, "PutManifest", s.Files.PutManifest(ctx, "manifest/c1/1-x.json", []byte("{}")), nil)
			for _, at := range [][2]string{{"dossier/c1/f9", "v"}, {"manifest/c1/1-x.json", "no-such-version"}, {"manifest/c1/1-x.json", ""}} {
				_, _, err := s.Files.Open(ctx, at[0], at[1])
				is(t, "Open", err, notFound)
			}
			_, err := s.Files.Manifest(ctx, "manifest/c1/2-x.json")
			is(t, "Manifest", err, notFound)
		}},
		{"a manifest stays as it was put, and putting the same again is safe", func(t *testing.T, s Bucket) {
			data := []byte(`{"form":{"product":"人工心脏"}}`)
			for _, key := range []string{"manifest/c1/1-" + digest(string(data)) + ".json", "manifest/c1/1.json"} {
				is(t, "PutManifest", s.Files.PutManifest(ctx, key, data), nil)
				is(t, "PutManifest again", s.Files.PutManifest(ctx, key, data), nil)
				is(t, "PutManifest of something else", s.Files.PutManifest(ctx, key, []byte("{}")), conflict)
				got, err := s.Files.Manifest(ctx, key)
				is(t, "Manifest", err, nil)
				if !bytes.Equal(got, data) {
					t.Errorf("got %s, want %s", got, data)
				}
			}
		}},
		{"an address opens one version", func(t *testing.T, s Bucket) {
			f := file("c1", "f1")
			ticket, err := s.Files.Ticket(ctx, f, 100, "")
			is(t, "Ticket", err, nil)
			v, err := s.Upload(t, ticket, []byte("first"))
			is(t, "Upload", err, nil)
			_, err = s.Upload(t, ticket, []byte("second"))
			is(t, "Upload", err, nil)
			f.Version, f.Name, f.Type = v, `申请表 "1".pdf`, dossier.DOCX
			address, err := s.Files.Address(ctx, f)
			is(t, "Address", err, nil)
			if s.Fetch != nil {
				saved, data := s.Fetch(t, address)
				if string(data) != "first" {
					t.Errorf("got %q, want first", data)
				}
				if _, as, err := mime.ParseMediaType(saved); !s.Nameless && (err != nil || as["filename"] != "申请表 _1_.docx") {
					t.Errorf("it is saved as %q (%v), want by its name and what it is", saved, err)
				}
			}
			f.Version = ""
			_, err = s.Files.Address(ctx, f)
			is(t, "Address of no version", err, notFound)
		}},
	})
}
