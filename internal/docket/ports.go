package docket

import (
	"context"
	"io"
	"time"

	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Store keeps aggregates, and what is committed together with them. Every read is
// strongly consistent unless it says otherwise.
type Store interface {
	// Load returns the aggregate called name with all its gates and files. It fails
	// with fault.NotFound.
	Load(ctx context.Context, name string) (Stored, error)
	// Head returns an aggregate without what hangs on it. It fails with fault.NotFound.
	Head(ctx context.Context, name string) (Head, error)
	// Entries returns the history of an aggregate by its name, oldest first.
	Entries(ctx context.Context, name string) ([]history.Entry, error)
	// Entry returns one entry and whether it is still untold. It fails with
	// fault.NotFound.
	Entry(ctx context.Context, name string, seq int) (e history.Entry, untold bool, err error)
	// ByNumber returns the name of the aggregate that people call number. It fails
	// with fault.NotFound.
	ByNumber(ctx context.Context, number string) (string, error)

	// Rows returns a list's rows, first those that sort first: at most limit from
	// after on, "" for the first page. next begins the following page and is "" after
	// the last one. It fails with fault.Invalid for an after that no page gave.
	Rows(ctx context.Context, list, after string, limit int) (rows []Row, next string, err error)

	// Commit makes all of c durable, or nothing. When it returns nil, all of
	// it is. When it fails with fault.Conflict, nothing is: something moved,
	// exists already, or a check did not hold. If all that did not hold are demands
	// of tallies, frees and claims, [Unmet] is its cause and says which. When
	// [ErrContended] is the cause, nothing is either, and the same may go through a
	// moment later. fault.Invalid says that no store takes c, ever: it is too large,
	// an id fits no key, it is not [Commit.Sound], or it names one item twice. After any
	// other error it may or may not be durable; committing the same again is safe if a
	// version or an operation in it tells.
	Commit(ctx context.Context, c Commit) error
	// Counters returns what stands at a thing that is counted.
	Counters(ctx context.Context, of string) (Tallied, error)
	// Claimed returns who holds a name, and whether somebody does.
	Claimed(ctx context.Context, name string) (by string, ok bool, err error)
	// Operation returns what scope's operation id did, and whether it did.
	Operation(ctx context.Context, scope, id string) (Operation, bool, error)

	// Told takes the untold mark off an entry. Telling again is safe.
	Told(ctx context.Context, id string, seq int) error
	// Untold lists entries that kept their mark and were committed before t,
	// oldest first, at most limit. It may lag.
	Untold(ctx context.Context, before time.Time, limit int) ([]EntryRef, error)
	// Due lists gates whose ring, and timers whose instant, is at or before t, in the
	// order of their instants, at most limit. It reads no gate: one that cannot be read
	// is listed too. It may lag.
	Due(ctx context.Context, at time.Time, limit int) ([]GateRef, error)
	// Defer lists a gate or a timer, which stands in the due list at ref.At, at until
	// instead, and changes nothing else: what keeps failing is tried again later and
	// keeps nobody waiting. The gate's next change puts it where it belongs. A timer is
	// taken away by the zero time. It does nothing if it stands elsewhere by now.
	Defer(ctx context.Context, ref GateRef, until time.Time) error
	// Open lists the aggregates that somebody has to act on, in pages by name; after is
	// "" for the first, and the last name of a page for the next. It reads none of them,
	// and may lag.
	Open(ctx context.Context, after string, limit int) ([]OpenRow, error)
	// Waiting reads gates as they stand, and the tokens on them. One that is not there or
	// cannot be read is left out. It may lag.
	Waiting(ctx context.Context, refs []GateRef) ([]Waiting, error)
	// List lists what stands in a list, the newest first, and what waits for an
	// organisation ([InboxPages]) the longest waiting first: at most limit from after on,
	// "" for the first page. next begins the following page and is "" after the last
	// one. It may lag, and a page may have fewer rows than limit; an aggregate that cannot
	// be read is a row that says so. It reads no body. A head of an earlier build has no
	// [Head.Row], and its number may be in its body only: whoever lists loads it. It fails
	// with fault.Invalid for an after that no page gave.
	List(ctx context.Context, list, after string, limit int) (rows []Listed, next string, err error)

	// AttachToken puts a machine's token on a gate, unless an equal or newer
	// one (by Token.Before) is there. It returns the gate as it is afterwards,
	// and whether this token is the one on it.
	AttachToken(ctx context.Context, ref GateRef, t Token) (g gate.Gate, attached bool, err error)
	// Token returns the token on a gate, and whether there is one.
	Token(ctx context.Context, ref GateRef) (Token, bool, error)

	// PutFile makes a file known if its id is not; it changes nothing else.
	PutFile(ctx context.Context, f File) error
	// SettleFile records what was found out about a file: f.State is not
	// Unchecked. A Checked or Rejected file stays as it is for ever; an
	// Unscanned one changes only if f is of the version that it is pinned to.
	// It returns the file as it is afterwards, and fails with fault.NotFound.
	SettleFile(ctx context.Context, f File) (File, error)
	// AwaitFile notes when an Unchecked file is looked for by itself: f.ScanAt, and
	// f.Scans looks so far. A file that was settled meanwhile stays as it is.
	AwaitFile(ctx context.Context, f File) error
	// Unsettled lists Unchecked and Unscanned files whose ScanAt is set and at or
	// before t, in the order of their instants, at most limit. It may lag.
	Unsettled(ctx context.Context, at time.Time, limit int) ([]File, error)
	// FileByKey returns the file stored under key. It fails with fault.NotFound.
	FileByKey(ctx context.Context, key string) (File, error)
	// LogRead notes that somebody opened a file or record. It is not history.
	LogRead(ctx context.Context, r Reading) error
	// Readings lists the read log of a case, newest first, at most limit.
	Readings(ctx context.Context, id string, limit int) ([]Reading, error)
}

// Directory keeps who takes part.
type Directory interface {
	Organisation(ctx context.Context, id string) (party.Organisation, error)
	Person(ctx context.Context, id string) (party.Person, error)
	// PersonBySubject finds who the sign-in issuer means. It fails with fault.NotFound.
	PersonBySubject(ctx context.Context, subject string) (party.Person, error)
	// Roster lists the people of an organisation, by id.
	Roster(ctx context.Context, org string) ([]party.Person, error)
	Agencies(ctx context.Context) (party.Agencies, error)
	// Rules returns the rules in force.
	Rules(ctx context.Context) (policy.Rules, error)

	// Pack returns an operator's own requirement pack. It fails with fault.NotFound.
	Pack(ctx context.Context, key string) (policy.Pack, error)

	PutOrganisation(ctx context.Context, o party.Organisation) error
	PutPerson(ctx context.Context, p party.Person) error
	PutAgencies(ctx context.Context, a party.Agencies) error
	PutRules(ctx context.Context, r policy.Rules) error
	// PutPack keeps an operator's own requirement pack under its key, for ever.
	// Putting the same again is safe; another under the same key is fault.Conflict.
	PutPack(ctx context.Context, p policy.Pack) error
}

// Access keeps sessions, links, codes and sign-ins on their way. Everything in
// it is found by a hash; no secret is kept.
type Access interface {
	PutSession(ctx context.Context, s Session) error
	// Session returns the session by its hash. It fails with fault.NotFound,
	// also when the session has expired at now.
	Session(ctx context.Context, hash string, now time.Time) (Session, error)
	// Touch moves a session's idle end. It never revives an expired one.
	Touch(ctx context.Context, hash string, idle, now time.Time) error
	EndSession(ctx context.Context, hash string) error

	// PutLink makes a link known. Putting it again is safe.
	PutLink(ctx context.Context, l Link) error
	// Link returns the link by its hash. It fails with fault.NotFound.
	Link(ctx context.Context, hash string) (Link, error)

	// CountCode counts one more request for a code by c's person at c's gate
	// within the hour of c.At. It fails with fault.Conflict once there were most.
	CountCode(ctx context.Context, c Code, most int) error
	// CountAtGate counts one more of what, a short word, at l's gate under l's issue
	// within the day of at, in UTC. It fails with fault.Conflict once there were most.
	CountAtGate(ctx context.Context, l Link, what string, at time.Time, most int) error
	PutCode(ctx context.Context, c Code) error
	// Code returns a request for a one-time code. It fails with fault.NotFound.
	Code(ctx context.Context, id string) (Code, error)
	// TryCode counts one try against code id. It fails with fault.NotFound
	// once five tries are gone, the code was used, or it has expired at now.
	TryCode(ctx context.Context, id string, now time.Time) (Code, error)
	// UseCode spends the code and opens session s in one transaction. It fails
	// with fault.Conflict if the code was spent.
	UseCode(ctx context.Context, id string, s Session, now time.Time) error

	// PutPending keeps a sign-in that has left for the issuer.
	PutPending(ctx context.Context, p Pending) error
	// TakePending returns and forgets a sign-in, once. It fails with fault.NotFound.
	TakePending(ctx context.Context, state string, now time.Time) (Pending, error)
}

// Files keeps dossiers. Objects are never changed: a corrected file is a new one.
type Files interface {
	// Ticket signs an upload of exactly f. It asks nobody.
	Ticket(ctx context.Context, f File, maxBytes int64, back string) (Ticket, error)
	// PutManifest stores a frozen manifest under key. Putting the same bytes
	// again is safe.
	PutManifest(ctx context.Context, key string, data []byte) error
	// Manifest returns a frozen manifest. It fails with fault.NotFound.
	Manifest(ctx context.Context, key string) ([]byte, error)
	// Open returns the bytes of one version. It fails with fault.NotFound.
	Open(ctx context.Context, key, version string) (io.ReadCloser, int64, error)
	// Newest returns the version of the newest object under key, and whether there
	// is one.
	Newest(ctx context.Context, key string) (version string, ok bool, err error)
	// Address signs a download of f's pinned version that lives a minute and is
	// saved, never shown, as [File.Attachment] says.
	Address(ctx context.Context, f File) (string, error)
}

// Execution names one execution of a state machine, which is called as its
// definition below statemachines/ is.
type Execution struct{ StateMachine, Name string }

// StateMachine is the messenger that waits for people: all state machines of the house.
type StateMachine interface {
	// Start starts an execution. already reports that the name is or was taken.
	Start(ctx context.Context, e Execution, input []byte) (already bool, err error)
	// Describe returns RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED, or ""
	// for one it does not know.
	Describe(ctx context.Context, e Execution) (string, error)
	// Resume hands a token back. accepted is false if the machine no longer
	// waits for it; that is no error.
	Resume(ctx context.Context, token string) (accepted bool, err error)
	// Stop ends an execution; one that does not run stays as it is.
	Stop(ctx context.Context, e Execution) error
}

// Notices takes what people are to be told. The same key twice is one notice.
type Notices interface {
	Queue(ctx context.Context, n Notice) error
}

// Outbox remembers which notices were delivered.
type Outbox interface {
	// Delivered reports whether the notice with key was handed over.
	Delivered(ctx context.Context, key string) (bool, error)
	// MarkDelivered notes that it was. Marking again is safe.
	MarkDelivered(ctx context.Context, key string, at time.Time) error
}

// Mail hands one message to the relay that delivers it.
type Mail interface {
	Send(ctx context.Context, m Message) error
}

// Mac makes keyed digests. The key never leaves its keeper, and the same
// message always gives the same digest.
type Mac interface {
	Mac(ctx context.Context, message []byte) ([]byte, error)
}

// Hooks posts events to organisations' own machines.
type Hooks interface {
	// Post sends one event. After any error it may have arrived or not; the
	// receiver tells by its id that it has it already.
	Post(ctx context.Context, h Hook) error
}

// Sealer encrypts what must stay secret at rest, with a key that never leaves
// its keeper.
type Sealer interface {
	// Encrypt seals plain for what about says it belongs to.
	Encrypt(ctx context.Context, plain []byte, about map[string]string) ([]byte, error)
	// Decrypt opens what was sealed for the very same about. It fails with
	// fault.Invalid for anything else.
	Decrypt(ctx context.Context, sealed []byte, about map[string]string) ([]byte, error)
}

// Clock tells the system's time: the law's clock. In development it can run
// ahead of the machine's. Sessions, codes and signatures use the machine's.
type Clock interface {
	Now(ctx context.Context) (time.Time, error)
}

// Metrics counts what an operator must hear of.
type Metrics interface {
	// Count adds to a count. A zero is worth counting where silence is an alarm.
	Count(name string, value float64)
	// Gauge notes a number as it is now. Only who has looked knows it.
	Gauge(name string, value float64)
	// Age notes how old something is now.
	Age(name string, age time.Duration)
}

// Cursors keeps how far a long walk has come, so that the next run goes on there.
type Cursors interface {
	// Cursor returns the cursor of that name, the zero one if there is none.
	Cursor(ctx context.Context, name string) (Cursor, error)
	// PutCursor keeps it.
	PutCursor(ctx context.Context, name string, c Cursor) error
}

// Cursor is a place in a walk over all open cases.
type Cursor struct {
	After    string    `json:"after"`    // the last case that was looked at; "": a walk begins
	Began    time.Time `json:"began"`    // when this walk began
	Finished time.Time `json:"finished"` // when the last one came to its end; zero: none did
	Stuck    int       `json:"stuck"`    // what this walk has found so far
	Reading  bool      `json:"reading"`  // this walk reads whatever is open, however well it looks
	Read     time.Time `json:"read"`     // when the last walk began that did, or the first of all
}
