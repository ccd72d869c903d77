package docket_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/policy"
	"jixu/internal/reuse"
)

// filed opens and submits a device application of person's hospital that claims
// variety v, and finds it to be about that one, if v is not "".
func filed(t *testing.T, tw *town, n, person, v string) *play {
	t.Helper()
	ctx, a := context.Background(), actor(person)
	p := &play{town: tw}
	r, err := p.Desk.Create(ctx, op(n+"create"), policy.Device, a)
	must(t, err)
	p.id = r.Case
	_, err = p.Desk.Save(ctx, op(n+"save"), p.id, p.record().Case.Dossier, form, a)
	must(t, err)
	if v != "" {
		_, err = p.Desk.Claim(ctx, op(n+"claim"), p.id, p.record().Case.Dossier, v, a)
		must(t, err)
	}
	f, _, err := p.Desk.Attach(ctx, op(n+"attach"), p.id, p.record().Case.Dossier, docket.Upload{Item: "signed-form", Name: "申请表.pdf"}, "", a)
	must(t, err)
	p.send(f.File)
	_, err = p.Desk.Submit(ctx, op(n+"submit"), p.id, p.record().Case.Dossier, true, a)
	must(t, err)
	if v != "" {
		_, err = p.Desk.Identify(ctx, op(n+"identify"), p.id, 1, v, "同一型号", actor("zhou"))
		must(t, err)
	}
	p.Engine()
	return p
}

// assessed gives the opinion on p, relying on the urgency of another if rely says so.
func (p *play) assessed(n string, rely bool) error {
	o := opinion()
	if rely {
		o.Findings[1].Relied, o.Findings[1].Reason = true, ""
	}
	_, err := p.Desk.Opine(context.Background(), op(n+"opine"), p.ref(gate.Opinion), o, actor("zhou"), nil)
	return err
}

// first is a whole life of the first application for a variety, approved.
func first(t *testing.T, tw *town) (p *play, variety string) {
	t.Helper()
	p = filed(t, tw, "first-", "lin", "")
	r, err := p.Desk.Register(context.Background(), op("register"), p.id, 1, docket.Product(p.record().Case), "首次申请", actor("zhou"))
	must(t, err)
	must(t, p.assessed("first-", false))
	p.letter("first-reply", yes)
	return p, idOf(r)
}

// situation is where a case stands now, and on which other one it relies.
func (p *play) situation() (docket.Placed, string) {
	placed, err := p.Desk.Place(context.Background(), p.record().Case)
	must(p.t, err)
	if placed.RelyOn == nil {
		return placed, ""
	}
	return placed, placed.RelyOn.Case
}

func TestTheFirstOpinionIsFoundAmongAnyNumber(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	a, v := first(t, tw)
	// Six hundred later ones, of other hospitals, as rows: more than one page holds.
	r := a.record()
	for i := range 600 {
		at := tw.World.Clock.Advance(time.Minute)
		body := fmt.Sprintf(
			`{"precedent":{"case":"z%03d","number":"n","hospital":"other-%d","submission":1,"entry":3,"hash":"x","day":"2026-09-15","since":%q,"joint":false},"own":[true,true,true],"met":[true,true,true]}`,
			i,
			i,
			at.Format(time.RFC3339),
		)
		next := r.Case.Clone()
		next.Version++
		h, err := docket.CaseHead(next)
		must(t, err)
		must(t, tw.World.Store.Commit(ctx, docket.Commit{
			Changes: []docket.Change{{Head: h, Was: r.Case.Version, Home: docket.Place{List: docket.OwnPages.Of(next.Hospital), At: next.EditedAt}}},
			Rows:    []docket.Row{{List: "precedents/" + v, Sort: "2026-09-15", Name: fmt.Sprintf("z%03d", i), Body: []byte(body)}},
		}))
		r = a.record()
	}
	b := filed(t, tw, "second-", "he", v)
	if placed, on := b.situation(); placed.Situation != reuse.OtherHospital || on != a.id {
		t.Errorf("got %s on %s, want the first of all, %s", placed.Situation, on, a.id)
	}
}

func TestHistoryProvesTheOpinionReliedOn(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	a, v := first(t, tw)
	b := filed(t, tw, "second-", "he", v)
	must(t, b.assessed("second-", true))
	given := b.record().Case.Given
	e, _, err := tw.World.Store.Entry(ctx, a.id, given.Placed.RelyOn.Entry)
	must(t, err)
	if e.Verb != string(casework.Opine) || e.Hash != given.Placed.RelyOn.Hash || e.Hash == "" || given.Hash != b.record().Case.Head {
		t.Errorf("relied on entry %d %s with hash %q, want the opinion's own hash %q", e.Seq, e.Verb, given.Placed.RelyOn.Hash, e.Hash)
	}
}

// What was decided shows what it was decided by, whatever has become of it since.
func TestADecidedCaseShowsTheRouteItWasDecidedBy(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	a, v := first(t, tw)
	b := filed(t, tw, "second-", "he", v)
	must(t, b.assessed("second-", true))
	b.letter("second-reply", yes)
	if placed, on := a.situation(); placed.Situation != reuse.First || on != "" || !placed.Decided {
		t.Errorf("the first case after the second: got %s on %q, want the first, relying on nothing", placed.Situation, on)
	}
	a.amended("am", no)
	if placed, on := b.situation(); placed.Situation != reuse.OtherHospital || on != a.id {
		t.Errorf("the second case after the first was refused: got %s on %q, want what its opinion relied on", placed.Situation, on)
	}
	c := filed(t, tw, "third-", "he", v)
	if placed, on := c.situation(); placed.Situation != reuse.SameHospital && on == a.id {
		t.Errorf("a case that is still open: got %s on %q, want nothing of a refused one", placed.Situation, on)
	}
	head, err := tw.World.Store.Head(ctx, "variety/"+v)
	must(t, err)
	_, err = tw.Desk.MarkVariety(ctx, op("mark"), v, head.Version, yes.Date, "国械注进1号", actor("zhou"))
	must(t, err)
	if placed, _ := b.situation(); len(placed.Stale) != 0 {
		t.Errorf("an equivalent registered since: got %v on a decided case, want none", placed.Stale)
	}
	if placed, _ := c.situation(); len(placed.Stale) == 0 && placed.RelyOn != nil {
		t.Errorf("an equivalent registered since: got nothing stale on an open case")
	}
}

// An opinion does not commit when the one it relies on has ceased to be an
// approved one between the proposal and the commit.
func TestAnOpinionReliesOnWhatStillStands(t *testing.T) {
	tw := newTown(t)
	a, v := first(t, tw)
	b := filed(t, tw, "second-", "he", v)
	once := false
	tw.Desk.Store = meanwhile{tw.World.Store, func() {
		if !once {
			once = true
			a.amended("am", no)
		}
	}}
	err := b.assessed("second-", true)
	if f := fault.Of(err); f == nil || f.Kind != fault.Invalid {
		t.Errorf("got %v, want the reliance refused: the first application was refused meanwhile", err)
	}
	if b.record().Case.Given != nil {
		t.Error("got the opinion recorded, want none")
	}
}

// meanwhile does something right before an opinion commits.
type meanwhile struct {
	docket.Store
	do func()
}

func (m meanwhile) Commit(ctx context.Context, c docket.Commit) error {
	for _, ch := range c.Changes {
		if ch.Entry != nil && ch.Entry.Verb == string(casework.Opine) {
			m.do()
		}
	}
	return m.Store.Commit(ctx, c)
}

// A variety of an earlier build has no rows; its approved cases are found all the same.
func TestAnOldVarietyStillFindsItsPrecedents(t *testing.T) {
	tw := newTown(t)
	a, v := first(t, tw)
	tw.Desk.Store = rowless{tw.World.Store}
	b := filed(t, tw, "second-", "he", v)
	placed, on := b.situation()
	if placed.Situation != reuse.OtherHospital || on != a.id || placed.RelyOn.Hash == "" {
		t.Errorf("got %s on %q, want the first case with its hash", placed.Situation, on)
	}
}

// rowless is a store of before there were rows.
type rowless struct{ docket.Store }

func (rowless) Rows(context.Context, string, string, int) ([]docket.Row, string, error) {
	return nil, "", nil
}

func (r rowless) Load(ctx context.Context, name string) (docket.Stored, error) {
	s, err := r.Store.Load(ctx, name)
	s.Head = former(s.Head)
	return s, err
}

func (r rowless) Head(ctx context.Context, name string) (docket.Head, error) {
	h, err := r.Store.Head(ctx, name)
	return former(h), err
}

func former(h docket.Head) docket.Head {
	h.Body = bytes.Replace(h.Body, []byte(`"Rows":true`), []byte(`"Rows":false`), 1)
	return h
}

func (r rowless) Commit(ctx context.Context, c docket.Commit) error {
	c.Rows, c.Struck, c.Stands = nil, nil, nil
	return r.Store.Commit(ctx, c)
}

// between lets something happen between what an operation read and its commit.
type between struct {
	docket.Store
	first func()
}

func (s *between) Commit(ctx context.Context, c docket.Commit) error {
	if do := s.first; do != nil {
		s.first = nil
		do()
	}
	return s.Store.Commit(ctx, c)
}

// A late opinion relies on what stands when it commits, as every other does.
func TestALateOpinionReliesOnWhatStands(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	_, v := first(t, tw)
	tw.World.Clock.Advance(24 * time.Hour)
	b := filed(t, tw, "b-", "he", v)
	b.letter("b-reply", yes)
	store := tw.Desk.Store
	tw.Desk.Store = &between{store, func() {
		one, err := tw.Desk.Variety(ctx, v, actor("zhou"))
		must(t, err)
		_, err = tw.Desk.MarkVariety(ctx, op("mark"), v, one.Version, calendar.DayOf(monday), "国械注准1号", actor("zhou"))
		must(t, err)
	}}
	o := opinion()
	o.Findings[1].Relied, o.Findings[1].Reason = true, ""
	_, err := tw.Desk.OpineLate(ctx, op("late"), b.id, 1, o, actor("zhou"))
	if given := b.record().Case.Given; err == nil || given != nil {
		t.Errorf("got %v: it relies on an opinion after an equivalent was registered at home", err)
	}
}

// A slip that is put right in a reply moves neither what its case is a precedent
// for nor what a late opinion on it may rely on.
func TestACorrectionMovesNoPrecedent(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	a, v := first(t, tw) // approved on Monday
	tw.World.Clock.Advance(24 * time.Hour)
	b := filed(t, tw, "b-", "he", v) // on Tuesday, and its reply comes first
	b.letter("b-reply", yes)
	tw.World.Clock.Advance(24 * time.Hour)
	for _, p := range []*play{a, b} {
		d := yes
		d.Reason = "同意"
		_, err := p.Desk.Correct(ctx, op("correct-"+p.id), docket.GateRef{Of: p.id, Gate: "reply-1"}, p.record().Case.Replies(), d, "漏录理由", actor("shen"))
		must(t, err)
		if _, on := b.situation(); on != a.id {
			t.Errorf("a late opinion on b relies on %q, want %s, the only one approved before its reply", on, a.id)
		}
	}
}

// The same where nothing came before the reply.
func TestACorrectionOpensNoPrecedentToALateOpinion(t *testing.T) {
	ctx := context.Background()
	tw := newTown(t)
	a := filed(t, tw, "first-", "lin", "")
	r, err := a.Desk.Register(ctx, op("register"), a.id, 1, docket.Product(a.record().Case), "首次申请", actor("zhou"))
	must(t, err)
	b := filed(t, tw, "b-", "he", idOf(r))
	b.letter("b-reply", yes)
	tw.World.Clock.Advance(24 * time.Hour)
	must(t, a.assessed("first-", false))
	a.letter("first-reply", yes)
	tw.World.Clock.Advance(24 * time.Hour)
	d := yes
	d.Reason = "同意"
	_, err = b.Desk.Correct(ctx, op("correct"), docket.GateRef{Of: b.id, Gate: "reply-1"}, b.record().Case.Replies(), d, "漏录理由", actor("shen"))
	must(t, err)
	if _, on := b.situation(); on != "" {
		t.Errorf("relies on %s, which was approved after the reply", on)
	}
}

// before is a store as a build has it that knows no rows.
type before struct{ docket.Store }

func (s before) Commit(ctx context.Context, c docket.Commit) error {
	c.Rows, c.Struck, c.Stands = nil, nil, nil
	return s.Store.Commit(ctx, c)
}

// What an earlier build refuses beside this one, or after a way back, is seen.
func TestARowThatAnEarlierBuildLeftBehindIsNotReliedOn(t *testing.T) {
	tw := newTown(t)
	a := filed(t, tw, "first-", "lin", "")
	r, err := a.Desk.Register(context.Background(), op("register"), a.id, 1, docket.Product(a.record().Case), "首次申请", actor("zhou"))
	must(t, err)
	must(t, a.assessed("first-", false))
	a.letter("r", yes)
	b := filed(t, tw, "b-", "he", idOf(r))
	if _, on := b.situation(); on != a.id {
		t.Fatalf("while the first is approved: relies on %q, want it", on)
	}
	now := tw.Desk.Store
	tw.Desk.Store = before{now}
	a.amended("am", no)
	tw.Desk.Store = now
	if _, on := b.situation(); on != "" {
		t.Errorf("after it was refused: relies on %q, want nothing", on)
	}
}
