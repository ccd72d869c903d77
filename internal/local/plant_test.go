package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/world"
)

// stopping is a table that takes so many commits and no more.
type stopping struct {
	world.Keep
	left *int
}

func (s stopping) Commit(ctx context.Context, c docket.Commit) error {
	if *s.left == 0 {
		return errors.New("the house was stopped")
	}
	*s.left--
	return s.Keep.Commit(ctx, c)
}

// field is a town with a seeder in it.
type field struct {
	*testing.T
	town *world.Town
	seeder
	left int // commits before the house is stopped; below zero: it never is
}

func newField(t *testing.T) *field {
	t.Helper()
	f := &field{T: t, left: -1}
	f.town = world.New(t, world.Options{
		Cast:  world.Cast{Organisations: journey.Organisations, People: journey.People, Agencies: journey.Agencies},
		Packs: policy.Carried,
	})
	desk := *f.town.Desk
	desk.Store = stopping{f.town.Ports.Keep, &f.left}
	f.seeder = seeder{
		desk: &desk, marks: f.town.Ports.Cursors, people: func(context.Context) error { return nil },
		put: func(_ context.Context, key string, data []byte) (string, error) {
			return f.town.World.Files.Upload(key, data), nil
		},
	}
	return f
}

func (f *field) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *field) load(id string) casework.Case {
	f.Helper()
	r, err := docket.LoadCase(f.Context(), f.town.Ports.Keep, id)
	f.must(err)
	return r.Case
}

// verbs are what people did to a case, in order.
func (f *field) verbs(id string) (verbs []string) {
	f.Helper()
	entries, err := f.town.Ports.Keep.Entries(f.Context(), id)
	f.must(err)
	for _, e := range entries {
		if e.By.Via != string(party.BySystem) {
			verbs = append(verbs, e.Verb)
		}
	}
	return verbs
}

// all returns the sample cases by the names of their samples, as they stand.
func (f *field) all() map[string]casework.Case {
	f.Helper()
	found := map[string]casework.Case{}
	for _, one := range samples() {
		a := actorOf(one.Applicant)
		did, there, err := f.town.Ports.Keep.Operation(f.Context(), a.Org+"."+a.Person, one.Op)
		f.must(err)
		if there {
			found[one.Op] = f.load(did.Receipt.Case)
		}
	}
	return found
}

// fresh is an operation that nobody repeats.
func fresh() docket.Op { return docket.Op{ID: "people-" + rand.Text()} }

func TestATableIsSeededOnce(t *testing.T) {
	f := newField(t)
	f.must(f.once(t.Context()))
	before := f.all()
	if len(before) != len(samples()) {
		t.Fatalf("got %d sample cases, want %d", len(before), len(samples()))
	}
	asked := f.people
	f.people = func(context.Context) error {
		t.Error("the second time: got people put in again, want the table left alone")
		return nil
	}
	f.must(f.once(t.Context()))
	f.people = asked
	f.must(f.marks.PutCursor(t.Context(), seeded, docket.Cursor{After: "what another build brought"}))
	f.must(f.once(t.Context()))
	for op, c := range f.all() {
		if c.Version != before[op].Version {
			t.Errorf("%s after another build's samples were looked for: got version %d (%v), want %d", op, c.Version, f.verbs(c.ID), before[op].Version)
		}
	}
}

func TestSampleCasesStandWhereTheReadmeSaysTheyDo(t *testing.T) {
	f := newField(t)
	f.must(f.once(t.Context()))
	all := f.all()
	for stage, want := range map[Stage]casework.Status{
		Drafted: casework.Draft, Submitted: casework.Submitted, Supplementing: casework.Submitted, Answering: casework.Submitted, Opined: casework.Submitted,
		ApprovedWhole: casework.Approved, ApprovedPart: casework.Approved, Refused: casework.Refused, Withdrawn: casework.Withdrawn, Overtaken: casework.Approved,
	} {
		for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
			if got := all[fmt.Sprintf("seed-%s-%02d-000000", kind, stage)]; got.Status != want {
				t.Errorf("%s, stage %d: got %s, want %s", kind, stage, got.Status, want)
			}
		}
	}
}

// The house is stopped after each of the commits that a sample takes. When it opens
// again the sample is finished, unless somebody has come first: then it is theirs.
func TestAnInterruptedSampleGoesOnOnlyIfNobodyCameFirst(t *testing.T) {
	one := Sample{Op: "seed-device-05-000000", Kind: policy.Device, Applicant: "lin-zhi", Until: ApprovedWhole}
	whole := newField(t)
	id, err := whole.plant(t.Context(), one)
	whole.must(err)
	finished := whole.verbs(id)
	if got := strings.Join(finished, " "); got != "create submit identify join opine record" {
		t.Fatalf("uninterrupted: got %s, want it approved", got)
	}
	visits := map[string]func(*field, string) error{
		"nobody": nil,
		"their colleague edits the draft": func(f *field, id string) error {
			_, err := f.town.Desk.Save(f.Context(), fresh(), id, f.load(id).Dossier, map[string]string{"quantity": "3"}, actorOf("gu-ming"))
			return err
		},
		"the assessor gives the opinion": func(f *field, id string) error {
			c := f.load(id)
			ref := docket.GateRef{Of: id, Gate: c.Leg(gate.Opinion).Gate, Submission: len(c.Submissions)}
			_, err := f.town.Desk.Ask(f.Context(), fresh(), ref, defects(one.Kind), actorOf("zhou-heng"), nil)
			return err
		},
		"the hospital withdraws": func(f *field, id string) error {
			_, err := f.town.Desk.Withdraw(f.Context(), fresh(), id, "患者已转院，不再需要。", actorOf("gu-ming"))
			return err
		},
	}
	for who, visit := range visits {
		visited := false
		for commits := 1; ; commits++ {
			f := newField(t)
			f.left = commits
			id, stopped := f.plant(t.Context(), one)
			f.left = -1
			if stopped == nil {
				break // it was through before
			}
			if id == "" || visit != nil && visit(f, id) != nil {
				continue // not to be done at this point
			}
			visited = true
			before := f.load(id)
			again, err := f.plant(t.Context(), one)
			if err != nil || again != id {
				t.Fatalf("%s, after %d commits: got %s and %v, want %s", who, commits, again, err, id)
			}
			after := f.load(id)
			if visit != nil && after.Version != before.Version {
				t.Errorf("%s, after %d commits: got %v on top, want the case left alone", who, commits, f.verbs(id))
			}
			if got := f.verbs(id); visit == nil && !slices.Equal(got, finished) {
				t.Errorf("%s, after %d commits: got %v, want it finished", who, commits, got)
			}
		}
		if !visited {
			t.Errorf("%s: came at no point, want them at some", who)
		}
	}
}
