package docket

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
	"jixu/internal/law"
)

// Kind is what the engine knows of one kind of aggregate. Stores, relay, clocks, mail
// and events ask this row; none of them knows a kind by its name.
type Kind struct {
	Name string // in lower case; it begins the aggregate's name in history and in keys
	Page string // where an aggregate's page is below its reader's site: "/cases/" and then its id
	API  string // where programs read it: "/api/v1/cases/" and then its id

	// Envelope reads what an entry says to whoever tells of it; nil: its law puts the
	// envelope among its facts.
	Envelope func(history.Entry) (law.Envelope, error)
	// As is in which words the organisations of an envelope are told; "": in those of
	// the kind and verb.
	As law.ToldAs

	// StateMachine is the definition below statemachines/ whose executions wait at its
	// gates; "": none does, and every gate of it is an obligation.
	StateMachine string
	// Carries are the legs on which that machine waits.
	Carries []gate.Leg
	// Legs says how the legs that it carries stand.
	Legs func(Stored) ([]Leg, error)
	// Restart raises the run of a leg from run on, because its execution is gone. It
	// fails with fault.Conflict if the leg is over or a later run carries it.
	Restart func(ctx context.Context, d *Desk, s Stored, leg gate.Leg, run int, set law.Setting) (Commit, Receipt, error)

	// Ring is what the clock does at an open gate whose ring has come; nil: its gates
	// never ring. It fails with fault.Conflict if it has not come.
	Ring func(ctx context.Context, d *Desk, s Stored, g gate.Gate, set law.Setting) (Commit, Receipt, error)
	// Recount counts deadlines again that lie behind what the calendar knew; nil: there
	// are none. It fails if nothing changes.
	Recount func(ctx context.Context, d *Desk, s Stored, set law.Setting) (Commit, Receipt, error)
	// Timer does what must happen when a timer of the aggregate has come, and says when
	// it comes again; the zero time: never. It is safe to repeat. nil: there are none.
	Timer func(ctx context.Context, t *Relay, s Stored, ref GateRef) (next time.Time, err error)

	// Standing says where an aggregate belongs in lists and marks, for a rebuild; nil: it
	// is left as it stands.
	Standing func(Stored, []history.Entry) (Standing, error)

	// Row is what lists show of an aggregate, read from its body: a value that reads back
	// as the law's, with less in it. nil: all of it.
	Row func(Head) (any, error)

	// FileRule says what a file of the aggregate may be; nil: what evidence may be.
	FileRule func(ctx context.Context, d *Desk, s Stored, f File) (dossier.Rule, error)
}

// Leg is how one leg stands on which a machine waits.
type Leg struct {
	Leg   gate.Leg
	Open  bool // somebody has to act on it
	Run   int  // the run that carries it, from 1
	RunAt time.Time
	Gate  string // its open gate
}

// leg finds how one leg of s stands, the zero Leg if there is none of that name.
func (k Kind) leg(s Stored, name gate.Leg) (Leg, error) {
	if k.Legs == nil {
		return Leg{}, nil
	}
	legs, err := k.Legs(s)
	if err != nil {
		return Leg{}, err
	}
	for _, l := range legs {
		if l.Leg == name {
			return l, nil
		}
	}
	return Leg{}, nil
}

// execution names the one that carries run of a leg. Names stay taken for 90 days
// after an execution ends, so each run has its own.
func (k Kind) execution(name string, leg gate.Leg, run int) Execution {
	return Execution{k.StateMachine, strings.ReplaceAll(name, "/", "-") + "-" + string(leg) + "-" + strconv.Itoa(run)}
}

// CaseKind is the kind that is called by its id alone: a name without a kind is a case's.
const CaseKind = "case"

// kinds are the aggregates of this build. Their rows call what asks for them again.
var kinds []Kind

func init() {
	kinds = []Kind{
		{
			Name: CaseKind, Page: "/cases/", API: "/api/v1/cases/", Envelope: casework.Envelope,
			StateMachine: "review-application", Carries: gate.Legs, Legs: legsOfCase, Restart: restartCase,
			Ring: ringCase, Recount: recountCase, Timer: timerOfCase, FileRule: fileRuleOfCase, Standing: standingOfCase,
			Row: rowOfCase,
		},
		{Name: inquiryKind, Page: "/inquiries/", API: "/api/v1/inquiries/", As: NoticeInquiry, Timer: timerOfInquiry, Standing: standingOfInquiry},
		{Name: varietyKind, Page: "/varieties/", API: "/api/v1/varieties/", Standing: standingOfVariety},
		{Name: trustKind, API: "/api/v1/organisation/machine", Standing: standingOfTrust, Row: rowOfTrust},
	}
}

// Kinds lists every kind of aggregate.
func Kinds() []Kind { return kinds }

// kindOf finds the row of the aggregate called name. One of a kind that this build
// does not know is told in the words of its kind and has no page.
func kindOf(name string) Kind {
	kind, _ := Parts(name)
	for _, k := range kinds {
		if k.Name == kind {
			return k
		}
	}
	return Kind{Name: kind}
}

// known reports whether k is of this build.
func (k Kind) known() bool {
	return slices.ContainsFunc(kinds, func(other Kind) bool { return other.Name == k.Name })
}

// envelope reads what e says to whoever tells of it.
func (k Kind) envelope(e history.Entry) (law.Envelope, error) {
	if k.Envelope == nil {
		return law.Read(e)
	}
	return k.Envelope(e)
}

// carries reports whether a machine waits at gates of leg. Where none does, the gate
// is an obligation: only the clock speaks of it.
func (k Kind) carries(leg gate.Leg) bool {
	return k.StateMachine != "" && slices.Contains(k.Carries, leg)
}

// page is where the page of the aggregate called name is, below a site; "" is the site's own.
func (k Kind) page(name string) string { return k.at(k.Page, name) }

// api is where programs read the aggregate called name.
func (k Kind) api(name string) string { return k.at(k.API, name) }

func (k Kind) at(path, name string) string {
	if !strings.HasSuffix(path, "/") {
		return path // there is one for each reader, without an id
	}
	_, id := Parts(name)
	return path + id
}

// EntryWords is the key of the words in which people read what e says happened:
// entry.<kind>.<verb>.
func EntryWords(e history.Entry) string {
	kind, _, _ := strings.Cut(e.Aggregate, "/")
	return "entry." + kind + "." + strings.TrimPrefix(e.Verb, kind+".")
}

// event is the type of the event that programs are sent of a verb. Verbs of kinds
// that came later carry their kind.
func (k Kind) event(verb string) string {
	if strings.HasPrefix(verb, k.Name+".") {
		return "jixu." + verb
	}
	return "jixu." + k.Name + "." + verb
}

// Parts takes the name of an aggregate apart: "inquiry/q1" is q1 of kind inquiry,
// "c1" the case c1.
func Parts(name string) (kind, id string) {
	kind, id, ok := strings.Cut(name, "/")
	if !ok {
		return CaseKind, name
	}
	return kind, id
}

// NameOf puts the name of an aggregate together. See [Parts].
func NameOf(kind, id string) string {
	if kind == CaseKind {
		return id
	}
	return kind + "/" + id
}

// About says to programs what something is about.
type About struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// AboutOf is what the aggregate called name is to programs.
func AboutOf(name string) About {
	kind, id := Parts(name)
	return About{kind, id}
}

// Missing says that there is no aggregate called name.
func Missing(name string) error {
	if kind, _ := Parts(name); kind == CaseKind {
		return fault.New(fault.NotFound, "case")
	}
	return fault.New(fault.NotFound, "record")
}

// Aggregate names in history the aggregate called name: there a case bears its kind too.
func Aggregate(name string) string {
	kind, id := Parts(name)
	return kind + "/" + id
}

// called is the name of the aggregate that an entry is of.
func called(e history.Entry) string { return strings.TrimPrefix(e.Aggregate, CaseKind+"/") }
