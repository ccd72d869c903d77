package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/sample"
	"jixu/internal/world"
)

// Parts of a tally that are no act of the case itself.
const (
	looking  = "looking at pages"
	sweeping = "one sweep of the open case"
	ringing  = "ring-deadlines, nothing due"
	retell   = "retell-entries, nothing untold"
	sweepOff = "sweep-stuck, nothing open"
)

// fileBytes is the size of every file of the dossier.
const fileBytes = 1 << 20

// life is one application for a device, from draft to reply, with one
// supplement round and one reminder.
type life struct {
	*town
	id       string
	openedAt time.Time // when it was submitted
}

// live lives it. Each act begins under its name in the tally.
func live(ctx context.Context, t *town) (*life, error) {
	l := &life{town: t}
	acts := []struct {
		name string
		do   func(context.Context) error
	}{
		{"draft: created, form saved", l.draft},
		{"dossier: attached and checked, one by one", l.dossier},
		{"submitted, copies sent", l.submit},
		{"reminder rings", l.reminder},
		{"supplement asked for", l.ask},
		{"2 files mended, resubmitted", l.resubmit},
		{"opinion given", l.opine},
		{"reply by link, code and evidence", l.reply},
	}
	for _, act := range acts {
		t.tally.begin(act.name)
		if err := act.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", act.name, err)
		}
	}
	return l, t.over(ctx, l.id)
}

// days is how long the case waited for people, submission to reply.
func (l *life) days() float64 { return l.Now().Sub(l.openedAt).Hours() / 24 }

// someone is a person who is signed in, or let in by a code.
type someone struct {
	site    string // the function that serves them
	session string
	actor   party.Actor
	pass    *docket.Pass // by a code
}

// signIn opens a session for person, as the issuer's callback does.
func (l *life) signIn(ctx context.Context, person string) (someone, error) {
	p := journey.Person(person)
	s := someone{site: "agency-site", session: "session of " + person, actor: world.Sample.Actor(person)}
	if s.actor.Kind == party.Hospital {
		s.site = "hospital-site"
	}
	now := time.Now()
	pending := docket.Pending{
		State: docket.Hash(person), Nonce: "nonce", Verifier: "a verifier of forty-three characters at least",
		Site: s.site, Return: "/", Expires: now.Add(10 * time.Minute),
	}
	err := l.tally.aside(looking, func() error {
		l.tally.add(requests, 2)
		err := l.call(s.site, func() error { return l.store.PutPending(ctx, pending) })
		if err != nil {
			return err
		}
		return l.call(s.site, func() error {
			if _, err := l.store.TakePending(ctx, pending.State, now); err != nil {
				return err
			}
			p, err := l.store.PersonBySubject(ctx, p.Subject)
			if err != nil {
				return err
			}
			if _, err := l.store.Organisation(ctx, p.Org); err != nil {
				return err
			}
			return l.store.PutSession(ctx, docket.Session{
				Hash: docket.Hash(s.session), Person: p.ID, Org: p.Org, Created: now, Idle: now.Add(2 * time.Hour), Expires: now.Add(12 * time.Hour),
			})
		})
	})
	return s, err
}

// recognise is what a site does before every page: whose session is it?
func (l *life) recognise(ctx context.Context, s someone) error {
	session, err := l.store.Session(ctx, docket.Hash(s.session), time.Now())
	if err != nil {
		return err
	}
	_, _, _, err = docket.Actor(ctx, l.store, session)
	return err
}

// send is a form sent by s: one request, one invocation. The page with the form
// and the page after it are looked at as well, on another account.
func (l *life) send(ctx context.Context, s someone, do func() error) error {
	if err := l.look(ctx, s); err != nil {
		return err
	}
	l.tally.add(requests, 1)
	err := l.call(s.site, func() error {
		if err := l.recognise(ctx, s); err != nil {
			return err
		}
		if s.pass == nil {
			now := time.Now()
			if err := l.store.Touch(ctx, docket.Hash(s.session), now.Add(2*time.Hour), now); err != nil {
				return err
			}
		}
		return do()
	})
	if err != nil {
		return err
	}
	if err := l.settle(); err != nil {
		return err
	}
	return l.look(ctx, s)
}

// look is one page of the case, opened by s.
func (l *life) look(ctx context.Context, s someone) error {
	if l.id == "" {
		return nil
	}
	return l.tally.aside(looking, func() error {
		l.tally.add(requests, 1)
		return l.call(s.site, func() error {
			if err := l.recognise(ctx, s); err != nil {
				return err
			}
			_, err := l.Desk.View(ctx, l.id, s.actor)
			return err
		})
	})
}

// confirm is the page between a form and its answer: a POST that rehearses.
func (l *life) confirm(ctx context.Context, s someone, ref docket.GateRef, v casework.Verb, ans docket.Answer) error {
	return l.tally.aside(looking, func() error {
		l.tally.add(requests, 1)
		return l.call(s.site, func() error {
			if err := l.recognise(ctx, s); err != nil {
				return err
			}
			view, g, err := l.Desk.At(ctx, ref, s.actor)
			if err != nil {
				return err
			}
			return l.Desk.Rehearse(ctx, view.Record, g, g.Submission, v, ans, s.actor)
		})
	})
}

func (l *life) record(ctx context.Context) (docket.Record, error) {
	return docket.LoadCase(ctx, l.quiet, l.id)
}

func (l *life) version(ctx context.Context) (int, error) {
	r, err := l.record(ctx)
	return r.Case.Dossier, err
}

func (l *life) gate(ctx context.Context, leg gate.Leg) (docket.GateRef, error) {
	r, err := l.record(ctx)
	return docket.GateRef{Of: l.id, Gate: r.Case.Leg(leg).Gate, Submission: len(r.Case.Submissions)}, err
}

func (l *life) draft(ctx context.Context) error {
	lin, err := l.signIn(ctx, "lin-zhi")
	if err != nil {
		return err
	}
	err = l.send(ctx, lin, func() error {
		r, err := l.Desk.Create(ctx, op(), policy.Device, lin.actor)
		l.id = r.Case
		return err
	})
	if err != nil {
		return err
	}
	return l.send(ctx, lin, func() error {
		_, err := l.Desk.Save(ctx, op(), l.id, 1, journey.DeviceForm(), lin.actor)
		return err
	})
}

func (l *life) dossier(ctx context.Context) error {
	for _, item := range journey.Papers(policy.DevicePack()) {
		if err := l.attach(ctx, item.ID); err != nil {
			return fmt.Errorf("attaching %s: %w", item.ID, err)
		}
	}
	return nil
}

// lin is the hospital's applicant, signed in before.
func (l *life) lin() someone {
	return someone{site: "hospital-site", session: "session of lin-zhi", actor: world.Sample.Actor("lin-zhi")}
}

func (l *life) attach(ctx context.Context, item string) error {
	version, err := l.version(ctx)
	if err != nil {
		return err
	}
	var r docket.Receipt
	err = l.send(ctx, l.lin(), func() (err error) {
		r, _, err = l.Desk.Attach(ctx, op(), l.id, version, docket.Upload{Item: item, Name: item + ".pdf"}, "", l.lin().actor)
		return err
	})
	if err != nil {
		return err
	}
	return l.upload(ctx, "dossier/"+l.id+"/"+r.File, sample.PDF(1, item, 3, fileBytes))
}

func (l *life) submit(ctx context.Context) error {
	version, err := l.version(ctx)
	if err != nil {
		return err
	}
	l.openedAt = l.Now()
	err = l.send(ctx, l.lin(), func() error {
		_, err := l.Desk.Submit(ctx, op(), l.id, version, true, l.lin().actor)
		return err
	})
	if err != nil {
		return err
	}
	// Meanwhile the sweep comes by, again and again; once is measured.
	return l.tally.aside(sweeping, func() error {
		return l.call("sweep-stuck", func() error {
			stuck, err := l.Relay.Sweep(ctx)
			if err == nil && len(stuck) > 0 {
				err = fmt.Errorf("the sweep found %v", stuck)
			}
			return err
		})
	})
}

// reminder lets time pass until the assessor is reminded, two working days
// before the opinion is due.
func (l *life) reminder(ctx context.Context) error {
	r, err := l.record(ctx)
	if err != nil {
		return err
	}
	g, ok := r.Open(gate.Opinion)
	if !ok || g.Ring == nil {
		return errors.New("the opinion's gate has no ring")
	}
	l.World.Clock.Set(g.Ring.At)
	err = l.call("ring-deadlines", func() error {
		n, err := l.Deadlines.Ring(ctx)
		if err == nil && n != 2 {
			err = fmt.Errorf("%d rings, want the reminder and the case's timer", n)
		}
		return err
	})
	if err != nil {
		return err
	}
	return l.settle()
}

func (l *life) ask(ctx context.Context) error {
	l.World.Clock.Advance(2 * time.Hour)
	zhou, err := l.signIn(ctx, "zhou-heng")
	if err != nil {
		return err
	}
	ref, err := l.gate(ctx, gate.Opinion)
	if err != nil {
		return err
	}
	defects := []casework.Defect{
		{Item: "instructions", What: "请补充说明书的中文译本，并加盖公章。"},
		{Item: "quantity-basis", What: "请说明 10 套数量的测算依据。"},
	}
	if err := l.confirm(ctx, zhou, ref, casework.AskOpinion, docket.Answer{Defects: defects}); err != nil {
		return err
	}
	return l.send(ctx, zhou, func() error {
		_, err := l.Desk.Ask(ctx, op(), ref, defects, zhou.actor, nil)
		return err
	})
}

func (l *life) resubmit(ctx context.Context) error {
	l.World.Clock.Advance(24 * time.Hour)
	for _, item := range []string{"instructions", "quantity-basis"} {
		if err := l.attach(ctx, item); err != nil {
			return err
		}
	}
	version, err := l.version(ctx)
	if err != nil {
		return err
	}
	ref, err := l.gate(ctx, gate.Opinion)
	if err != nil {
		return err
	}
	return l.send(ctx, l.lin(), func() error {
		_, err := l.Desk.Resubmit(ctx, op(), ref, version, true, l.lin().actor)
		return err
	})
}

func (l *life) opine(ctx context.Context) error {
	l.World.Clock.Advance(24 * time.Hour)
	zhou := someone{site: "agency-site", session: "session of zhou-heng", actor: world.Sample.Actor("zhou-heng")}
	ref, err := l.gate(ctx, gate.Opinion)
	if err != nil {
		return err
	}
	o := world.Opinion()
	for i := range o.Findings {
		o.Findings[i].Reason = "经评估，申请材料齐全，使用管理制度、人员与设备满足要求，理由充分，数量与拟用患者人数相符。"
	}
	if err := l.confirm(ctx, zhou, ref, casework.Opine, docket.Answer{Opinion: o}); err != nil {
		return err
	}
	return l.send(ctx, zhou, func() error {
		_, err := l.Desk.Opine(ctx, op(), ref, o, zhou.actor, nil)
		return err
	})
}

// letIn opens the reply's gate for a person without an account: link, code.
func (l *life) letIn(ctx context.Context) (someone, error) {
	shen := journey.Person("shen-an")
	link := l.Mailed(world.LinkIn, world.To(journey.Organisation(shen.Org).Mail))
	if link == "" {
		return someone{}, errors.New("no link was mailed")
	}
	s := someone{site: "agency-site", session: "session of shen-an by code"}
	visit := func() error {
		return l.tally.aside(looking, func() error {
			l.tally.add(requests, 1)
			return l.call(s.site, func() error {
				v, err := l.Links.Visit(ctx, link)
				if err != nil {
					return err
				}
				_, err = l.Desk.Visited(ctx, v)
				return err
			})
		})
	}
	if err := visit(); err != nil {
		return someone{}, err
	}
	var code docket.Code
	l.tally.add(requests, 2)
	err := l.call(s.site, func() (err error) {
		code, err = l.Links.RequestCode(ctx, link, shen.ID, "the browser's cookie")
		return err
	})
	if err != nil {
		return someone{}, err
	}
	if err := l.settle(); err != nil {
		return someone{}, err
	}
	digits := l.Mailed(world.CodeIn, world.To(shen.Mail))
	if digits == "" {
		return someone{}, errors.New("no code was mailed")
	}
	if err := visit(); err != nil {
		return someone{}, err
	}
	var opened docket.Session
	err = l.call(s.site, func() (err error) {
		opened, err = l.Links.EnterCode(ctx, link, code.ID, digits, "the browser's cookie", s.session)
		return err
	})
	if err != nil {
		return someone{}, err
	}
	if s.actor, _, _, err = docket.Actor(ctx, l.quiet, opened); err != nil {
		return someone{}, err
	}
	s.pass = &docket.Pass{Hash: opened.Hash, Of: opened.Of, Gate: opened.Gate, Now: time.Now()}
	return s, nil
}

func (l *life) reply(ctx context.Context) error {
	l.World.Clock.Advance(3 * 24 * time.Hour)
	shen, err := l.letIn(ctx)
	if err != nil {
		return err
	}
	ref, err := l.gate(ctx, gate.Reply)
	if err != nil {
		return err
	}
	var f docket.File
	err = l.send(ctx, shen, func() (err error) {
		f, _, err = l.Desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", shen.actor)
		return err
	})
	if err != nil {
		return err
	}
	if err := l.upload(ctx, f.Key, sample.PDF(2, "批复", 2, fileBytes)); err != nil {
		return err
	}
	d := casework.Decision{
		Outcome: casework.ApproveInPart, Number: "国药监械函〔2026〕1号", Date: calendar.DayOf(l.Now()),
		Reason: "同意临时进口使用，数量按首批患者核定为 6 套，其余视使用情况另行申请。", Evidence: f.ID,
		Terms: casework.Terms{Quantity: 6, Unit: "套"},
	}
	if err := l.confirm(ctx, shen, ref, casework.Record, docket.Answer{Decision: d}); err != nil {
		return err
	}
	return l.send(ctx, shen, func() error {
		_, err := l.Desk.Record(ctx, op(), ref, d, shen.actor, shen.pass)
		return err
	})
}

// idle measures one call of each schedule while nothing is open.
func (l *life) idle(ctx context.Context) error {
	for _, s := range []struct {
		act, function string
		do            func() error
	}{
		{ringing, "ring-deadlines", func() error { _, err := l.Deadlines.Ring(ctx); return err }},
		{retell, "retell-entries", func() error { _, _, err := l.Relay.Retell(ctx, l.Now()); return err }},
		{sweepOff, "sweep-stuck", func() error { _, err := l.Relay.Sweep(ctx); return err }},
	} {
		if err := l.tally.aside(s.act, func() error { return l.call(s.function, s.do) }); err != nil {
			return err
		}
	}
	return nil
}
