package docket

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/gate"
	"jixu/internal/law"
)

// Record is a case as stored, with what hangs on it.
type Record struct {
	Case  casework.Case
	Gates []gate.Gate // by id
	Files []File      // by id
}

// Gate returns the gate with id, and whether there is one.
func (r Record) Gate(id string) (gate.Gate, bool) {
	for _, g := range r.Gates {
		if g.ID == id {
			return g, true
		}
	}
	return gate.Gate{}, false
}

// Open returns the open gate of leg, and whether there is one.
func (r Record) Open(leg gate.Leg) (gate.Gate, bool) { return r.Gate(r.Case.Leg(leg).Gate) }

// File returns the file with id, and whether there is one.
func (r Record) File(id string) (File, bool) {
	for _, f := range r.Files {
		if f.ID == id {
			return f, true
		}
	}
	return File{}, false
}

// Commit is one change: everything in it becomes true at once.
type Commit struct {
	Changes []Change   // each of another aggregate
	Rows    []Row      // put, over what was there
	Struck  []Row      // taken away, if they are there
	Stands  []Row      // must be there exactly as they were read
	Holds   []Hold     // aggregates that must still be what was read
	Session *Pass      // must hold
	Did     *Operation // put if absent

	Tallies  []Tally // counters and sets that move, each of another thing
	Frees    []Free  // each of another thing, which none of the tallies counts
	Claims   []Claim // names that nobody may hold yet, each once
	Unclaims []Claim // names that are given back
}

// empty reports whether c changes nothing.
func (c Commit) empty() bool {
	return len(c.Changes)+len(c.Rows)+len(c.Struck)+len(c.Tallies)+len(c.Claims)+len(c.Unclaims) == 0
}

// Row is one line of a list that decisions rely on: it is read strongly, and in
// the order of Sort and then Name.
type Row struct {
	List string
	Sort string // its place; no "#"
	Name string // unique in its list and place; no "#"
	Body json.RawMessage
}

// Hold demands that an aggregate is still at a version.
type Hold struct {
	Of      string
	Version int
}

// Pass is a link's session that must still be good in the answer's own transaction.
type Pass struct {
	Hash string
	Of   string
	Gate string
	Now  time.Time // the machine's time
}

// Operation is what one form or request did. Scope is the person who sent it,
// so nobody can name another's.
type Operation struct {
	Scope   string    `json:"Scope"`
	ID      string    `json:"ID"`
	Digest  string    `json:"Digest"` // over the request's content
	Receipt Receipt   `json:"Receipt"`
	At      time.Time `json:"At"`
}

// Receipt is what the sender gets, and gets again.
type Receipt struct {
	Case   string        `json:"Case"`
	Name   string        `json:"Sheet"` // the name of what is no case, for an operation on it
	Number string        `json:"Number"`
	Verb   casework.Verb `json:"Verb"`
	Gate   string        `json:"Gate"` // the gate that was answered, if one was
	Seq    int           `json:"Seq"`  // the entry, 0 for a draft's edit
	File   string        `json:"File"` // the file that was attached, if one was
	Made   string        `json:"Made"` // the secret that was made or revoked, if one was
	At     time.Time     `json:"At"`
	Person string        `json:"Person"`
	Org    string        `json:"Org"`
}

// Of is the name of the aggregate that r is about.
func (r Receipt) Of() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Case
}

// EntryRef names an entry.
type EntryRef struct {
	Of  string // the name of its aggregate
	Seq int
	At  time.Time // when it was committed
}

// GateRef names a gate.
type GateRef struct {
	Of   string
	Gate string
	At   time.Time // when it rings, in the due list

	// Timer is the key of a timer of the aggregate, in a row of the due list that is of
	// no gate.
	Timer string

	// Submission is the one that whoever answers has read, from 1: an answer about
	// another one is a conflict. It counts in answers of agencies only.
	Submission int
}

// OpenRow is one aggregate that somebody has to act on.
type OpenRow struct {
	Of    string
	Waits []Wait // see [Change]
}

// Waiting is a gate with the token on it; the zero Token if none is.
type Waiting struct {
	Gate  gate.Gate
	Token Token
}

// Listed is one row of a list.
type Listed struct {
	Head Head       // its kind, id, number, version and row: never the body
	Gate *gate.Gate // the gate that the list's organisation must answer; nil where the list is not of gates
	At   time.Time  // its place in the list
	// Unreadable says that what is stored of the aggregate or the gate could not be
	// read; then only its kind and id are known. The other rows are not its victims.
	Unreadable bool
}

// PageList is a list of cases that people and programs read in pages.
type PageList string

const (
	OwnPages    PageList = "own"    // a hospital's cases, newest edit first
	InboxPages  PageList = "inbox"  // gates that wait for an agency, oldest first: no duty is out of sight for what came later
	CopiesPages PageList = "copies" // cases that were sent to an agency, newest first
)

// Of names the list of one organisation.
func (l PageList) Of(org string) string { return string(l) + "/" + org }

// OldestFirst reports whether a list begins with what has stood in it longest.
func OldestFirst(list string) bool { return strings.HasPrefix(list, InboxPages.Of("")) }

// PageOf is a part of a list, in its order.
type PageOf[T any] struct {
	Rows       []T
	Next       string   // where the next part begins; "": this is the last
	Unreadable []string // names of those in this part that cannot be read at present
}

// ListedCase is one row of a list of cases, read.
type ListedCase struct {
	Case       casework.Case // as [casework.Case.Brief]: no more than lists show
	Gate       *gate.Gate
	Open       []gate.Gate // of a hospital's own case: what it waits for, as a lagging read shows it; legs first
	At         time.Time
	Unreadable bool // only the case's id is known
}

// Token is a machine's claim to be told when a gate is answered. It never
// leaves the table and the machine.
type Token struct {
	Value   string
	Run     int
	Entered time.Time // when the machine entered the waiting state
	Retry   int
}

// Before reports whether t is older than u: by run, then entry, then retry.
func (t Token) Before(u Token) bool {
	if t.Run != u.Run {
		return t.Run < u.Run
	}
	if !t.Entered.Equal(u.Entered) {
		return t.Entered.Before(u.Entered)
	}
	return t.Retry < u.Retry
}

// FileState says whether a file may be opened.
type FileState string

const (
	Unchecked FileState = "unchecked" // nobody may open it
	Unscanned FileState = "unscanned" // pinned and in order, but the scanner has not said so: nobody may open it
	Checked   FileState = "checked"   // pinned: this version and no other
	Rejected  FileState = "rejected"  // the uploader reads why and sends another
)

// Scan says what the virus scanner had to do with a file.
type Scan string

const (
	NotYet    Scan = ""        // nothing so far
	Scanned   Scan = "scanned" // it looked at all of it
	NoScanner Scan = "none"    // there was none: our own check is all
)

// File is one uploaded file. What it is, its bytes decide; what it is called,
// the dossier's item does.
type File struct {
	ID      string       `json:"ID"`
	Of      string       `json:"Case"`
	Item    string       `json:"Item"` // item of the pack, or "evidence"
	Gate    string       `json:"Gate"` // for evidence: the gate it belongs to
	Org     string       `json:"Org"`  // the uploader's organisation
	Key     string       `json:"Key"`  // in the bucket, fixed when the upload was signed
	Name    string       `json:"Name"` // as the uploader called it; shown to people, never logged
	State   FileState    `json:"State"`
	Version string       `json:"Version"` // pinned object version
	SHA256  string       `json:"SHA256"`  // hex; claimed by the browser while Unchecked, verified afterwards; may be ""
	Size    int64        `json:"Size"`
	Type    dossier.Type `json:"Type"`
	Reason  string       `json:"Reason"` // why it was rejected, or stays unscanned: a key in the catalogue of words
	Scan    Scan         `json:"Scan"`
	Scans   int          `json:"Scans"`  // how often a scan was begun or, while Unchecked, the object was looked for
	ScanAt  time.Time    `json:"ScanAt"` // when it is scanned again or, while Unchecked, looked for by itself; zero: never
	At      time.Time    `json:"At"`
}

// Ticket is a signed upload form.
type Ticket struct {
	URL    string
	Fields map[string]string
}

// Reading is one line of the read log.
type Reading struct {
	Of     string    `json:"Case"`
	File   string    `json:"File"` // "" for the record as a whole
	Person string    `json:"Person"`
	Org    string    `json:"Org"`
	At     time.Time `json:"At"`
}

// Session is a signed-in browser. Only the hash of its id is kept.
type Session struct {
	Hash    string    `json:"Hash"`
	Person  string    `json:"Person"`
	Org     string    `json:"Org"`
	Of      string    `json:"Case"` // for a link's session: the only case and gate it is good for
	Gate    string    `json:"Gate"`
	Issue   int       `json:"Issue,omitzero"` // for a link's session: of that link; revoking it ends the session
	Created time.Time `json:"Created"`
	Idle    time.Time `json:"Idle"`    // ends here unless touched; machine time
	Expires time.Time `json:"Expires"` // ends here in any case; machine time
}

// Link opens one gate's page for one party. Only the hash of its secret is kept.
type Link struct {
	Hash  string    `json:"Hash"`
	Of    string    `json:"Case"`
	Gate  string    `json:"Gate"`
	Party string    `json:"Party"`
	Issue int       `json:"Issue"`
	At    time.Time `json:"At"` // machine time
	// Machine time; zero for links of builds that gave them no end.
	Expires time.Time `json:"Expires,omitzero"`
}

// Code is a request for a one-time code. The code itself is derived again from
// these fields when it is sent and when it is tried.
type Code struct {
	ID      string    `json:"ID"`
	Of      string    `json:"Case"`
	Gate    string    `json:"Gate"`
	Party   string    `json:"Party"`
	Person  string    `json:"Person"`
	Issue   int       `json:"Issue"`
	Browser string    `json:"Browser"` // hash of the asking browser's cookie
	At      time.Time `json:"At"`
	Expires time.Time `json:"Expires"` // machine time, ten minutes after At
	Tries   int       `json:"Tries"`   // at most five
	Used    bool      `json:"Used"`
}

// Pending is a sign-in that has left for the issuer.
type Pending struct {
	State    string    `json:"State"` // hash of the state
	Nonce    string    `json:"Nonce"`
	Verifier string    `json:"Verifier"` // PKCE
	Site     string    `json:"Site"`     // which site asked
	Return   string    `json:"Return"`   // path to come back to
	Expires  time.Time `json:"Expires"`
}

// NoticeKind says which words a notice uses.
type NoticeKind = law.ToldAs

const (
	NoticeGate    = law.AsGate
	NoticeEntry   = law.AsEntry
	NoticeCopy    = casework.AsCopy
	NoticeOutcome = casework.AsOutcome
	NoticeRing    = law.AsRing
	NoticeReceipt = casework.AsReceipt
	NoticeRecount = casework.AsRecount

	NoticeExpiry  NoticeKind = "expiry"  // a licence or certificate of the case ends soon or has ended
	NoticeCode    NoticeKind = "code"    // a one-time code, to one person's own channel
	NoticeInquiry NoticeKind = "inquiry" // a question was asked, or answered
	NoticeCopied  NoticeKind = "copied"  // a copy was sent to you some days ago, and nobody said it arrived
	NoticeEvent   NoticeKind = "event"   // for an organisation's own machine: which case moved, and how
)

// Notice is a telling to people. It carries ids only; words, addresses, links
// and codes are made where it is sent.
type Notice struct {
	Key    string        `json:"Key"` // the same key is the same notice
	Kind   NoticeKind    `json:"Kind"`
	Case   string        `json:"Case"`
	Name   string        `json:"Sheet"` // the name of what is no case, if it is about it
	Number string        `json:"Number"`
	Seq    int           `json:"Seq"` // the entry it comes from
	Verb   casework.Verb `json:"Verb"`
	Org    string        `json:"Org"`
	Gate   string        `json:"Gate"`
	Issue  int           `json:"Issue"`
	Ring   gate.RingKind `json:"Ring"`
	Missed int           `json:"Missed,omitzero"` // rings before this one that nobody heard, after a jump of the clock
	Code   string        `json:"Code"`            // id of the code's request
	Due    time.Time     `json:"Due"`
}

// about returns n about the aggregate called name.
func (n Notice) about(name string) Notice {
	if kind, _ := Parts(name); kind == CaseKind {
		n.Case = name
	} else {
		n.Name = name
	}
	return n
}

// Of is the name of the aggregate that n is about.
func (n Notice) Of() string {
	if n.Name != "" {
		return n.Name
	}
	return n.Case
}

// Message is a mail ready to go.
type Message struct {
	Key     string
	To      string
	Subject string
	Text    string
}

// Hook is one event on its way to an organisation's own machine.
type Hook struct {
	Address string
	ID      string    // the same event again has the same
	At      time.Time // of this sending; machine time
	Body    []byte
	Secrets [][]byte // it is signed with each
}

// ErrUnreadable says that what is stored does not decode: a record of a newer
// build, or a damaged one. Trying again does not help, and a list shows the rest.
var ErrUnreadable = errors.New("cannot be read")
