package table_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jixu/internal/docket"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// witness is a keep that writes down every document that goes through it, as it
// is written, under the moment at which it was first of its shape.
type witness struct {
	world.Keep
	t       testing.TB
	moment  string
	shapes  map[string]bool
	seen    []document          // the first of each shape, in the order in which they were seen
	entries map[string][]string // lines of history, by aggregate
	order   []string
	born    map[string]string // the moment of an aggregate's first entry
}

// document is what was written of one kind at one moment.
type document struct {
	kind, moment string
	data         []byte
}

func newWitness(t testing.TB, k world.Keep) *witness {
	return &witness{Keep: k, t: t, moment: "founding", shapes: map[string]bool{}, entries: map[string][]string{}, born: map[string]string{}}
}

func (w *witness) see(kind string, v any) {
	w.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	w.seeBytes(kind, data)
}

func (w *witness) seeBytes(kind string, data []byte) {
	w.t.Helper()
	shape := kind + "\n" + shapeOf(w.t, data)
	if !w.shapes[shape] {
		w.shapes[shape] = true
		w.seen = append(w.seen, document{kind, w.moment, data})
	}
}

// words are the fields whose value says which shape it is.
var words = []string{
	"Status", "Kind", "Leg", "State", "Verb", "Outcome", "Choice", "Scan", "Ring", "leg", "kind", "over",
	"Clock", "clock", "route", "effect", "recorder", "Roles[]",
}

// shapeOf lists the paths of a document, with null, empty and full told apart
// for what may be left out, and the values of words.
func shapeOf(t testing.TB, data []byte) string {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case nil:
			paths[path+" null"] = true
		case []any:
			paths[path+"[]"] = true
			for _, e := range v {
				visit(path+"[]", e)
			}
		case map[string]any:
			last := path[strings.LastIndex(path, ".")+1:]
			for k, e := range v {
				if last == "Form" || last == "Files" || last == "Received" || last == "Answers" || last == "limits" || last == "form" || last == "packs" {
					k = "*"
				}
				visit(path+"."+k, e)
			}
		case string:
			if v == "" || v == "0001-01-01T00:00:00Z" {
				path += " empty"
			}
			if slices.Contains(words, path[strings.LastIndex(path, ".")+1:]) {
				path += " " + v
			}
			paths[path] = true
		case bool:
			if v {
				path += " yes"
			}
			paths[path] = true
		default:
			if v == 0. {
				path += " none"
			}
			paths[path] = true
		}
	}
	visit("", v)
	return strings.Join(slices.Sorted(maps.Keys(paths)), "\n")
}

func (w *witness) entry(name, line string) {
	if w.entries[name] == nil {
		w.order = append(w.order, name)
		w.born[name] = w.moment
	}
	w.entries[name] = append(w.entries[name], line)
}

func (w *witness) Commit(ctx context.Context, c docket.Commit) error {
	if err := w.Keep.Commit(ctx, c); err != nil {
		return err
	}
	for _, ch := range c.Changes {
		w.see(ch.Head.Kind, ch.Head.Body)
		if ch.Entry != nil {
			line, err := encodeEntry(*ch.Entry)
			if err != nil {
				return err
			}
			w.entry(ch.Head.Name(), line)
		}
		for _, g := range slices.Concat(ch.Opened, ch.Changed) {
			w.see("gate", g)
		}
		for _, f := range ch.Files {
			w.see("file", f)
		}
	}
	if c.Did != nil {
		w.see("operation", *c.Did)
	}
	return nil
}

func (w *witness) PutFile(ctx context.Context, f docket.File) error {
	w.see("file", f)
	return w.Keep.PutFile(ctx, f)
}

func (w *witness) SettleFile(ctx context.Context, f docket.File) (docket.File, error) {
	now, err := w.Keep.SettleFile(ctx, f)
	if err == nil {
		w.see("file", now)
	}
	return now, err
}

func (w *witness) LogRead(ctx context.Context, r docket.Reading) error {
	w.see("reading", r)
	return w.Keep.LogRead(ctx, r)
}

func (w *witness) PutOrganisation(ctx context.Context, o party.Organisation) error {
	w.see("organisation", o)
	return w.Keep.PutOrganisation(ctx, o)
}

func (w *witness) PutPerson(ctx context.Context, p party.Person) error {
	w.see("person", p)
	return w.Keep.PutPerson(ctx, p)
}

func (w *witness) PutAgencies(ctx context.Context, a party.Agencies) error {
	w.see("agencies", a)
	return w.Keep.PutAgencies(ctx, a)
}

func (w *witness) PutRules(ctx context.Context, r policy.Rules) error {
	w.see("rules", r)
	return w.Keep.PutRules(ctx, r)
}

func (w *witness) PutPack(ctx context.Context, p policy.Pack) error {
	w.see("pack", p)
	return w.Keep.PutPack(ctx, p)
}

func (w *witness) PutSession(ctx context.Context, s docket.Session) error {
	w.see("session", s)
	return w.Keep.PutSession(ctx, s)
}

func (w *witness) PutLink(ctx context.Context, l docket.Link) error {
	w.see("link", l)
	return w.Keep.PutLink(ctx, l)
}

func (w *witness) PutCode(ctx context.Context, c docket.Code) error {
	w.see("code", c)
	return w.Keep.PutCode(ctx, c)
}

func (w *witness) UseCode(ctx context.Context, id string, s docket.Session, now time.Time) error {
	w.see("session", s)
	return w.Keep.UseCode(ctx, id, s, now)
}

func (w *witness) PutAutosave(ctx context.Context, a docket.Autosave) error {
	w.see("autosave", a)
	return w.Keep.PutAutosave(ctx, a)
}

func (w *witness) PutPending(ctx context.Context, p docket.Pending) error {
	w.see("pending", p)
	return w.Keep.PutPending(ctx, p)
}

func (w *witness) MarkDelivered(ctx context.Context, key string, at time.Time) error {
	w.see("delivered", at.UTC())
	return w.Keep.MarkDelivered(ctx, key, at)
}

// notes is a queue whose messages are seen by the witness.
type notes struct {
	*witness
	docket.Notices
}

func (n notes) Queue(ctx context.Context, notice docket.Notice) error {
	n.see("notice", notice)
	return n.Notices.Queue(ctx, notice)
}

// manifests keeps files, and the witness sees what was frozen.
type manifests struct {
	docket.Files
	*witness
}

func (s manifests) PutManifest(ctx context.Context, key string, data []byte) error {
	s.seeBytes("manifest", data)
	return s.Files.PutManifest(ctx, key, data)
}

// starts is a machine whose inputs are seen by the witness.
type starts struct {
	docket.StateMachine
	*witness
}

func (s starts) Start(ctx context.Context, e docket.Execution, input []byte) (bool, error) {
	s.seeBytes("input", input)
	return s.StateMachine.Start(ctx, e, input)
}

// hooks sees what other organisations' machines are sent.
type hooks struct {
	docket.Hooks
	*witness
}

func (h hooks) Post(ctx context.Context, hook docket.Hook) error {
	h.seeBytes("event", hook.Body)
	return h.Hooks.Post(ctx, hook)
}

// task sees what the tasks of a machine are sent and answer.
func (w *witness) task(function string, in []byte, out any) {
	w.t.Helper()
	if function == "apply-outcome" {
		w.see("next", out)
		return
	}
	var sent waiting
	if err := json.Unmarshal(in, &sent); err != nil {
		w.t.Fatal(err)
	}
	w.see("waiting", sent)
}
