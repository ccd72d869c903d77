package docket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/words"
)

// NoticeSender delivers notices: it makes the link or the code, writes number, date
// and link, nothing else, and hands the message over. The same notice again is
// not sent again once it was handed over.
type NoticeSender struct {
	Store     Store
	Directory Directory
	Access    Access
	Outbox    Outbox
	Mail      Mail
	Mac       Mac
	Site      string           // address of the sites, without a slash at the end
	Wall      func() time.Time // the machine's time
}

// Deliver hands n over. Delivering again is safe. A notice whose occasion is
// over (the gate answered, the code expired) is dropped.
func (p *NoticeSender) Deliver(ctx context.Context, n Notice) error {
	sent, err := p.Outbox.Delivered(ctx, n.Key)
	if err != nil {
		return fmt.Errorf("looking up notice %s: %w", n.Key, err)
	}
	if sent {
		return nil
	}
	m, err := p.write(ctx, n)
	switch {
	case errors.Is(err, errNoOccasion):
		return p.Outbox.MarkDelivered(ctx, n.Key, p.Wall())
	case err != nil:
		return err
	}
	if err := p.Mail.Send(ctx, m); err != nil {
		return fault.Because(fault.Unavailable, "mail", err)
	}
	return p.Outbox.MarkDelivered(ctx, n.Key, p.Wall())
}

// errNoOccasion says that nobody needs the notice any more.
var errNoOccasion = errors.New("the notice has no occasion any more")

func (p *NoticeSender) write(ctx context.Context, n Notice) (Message, error) {
	if n.Kind == NoticeCode {
		return p.code(ctx, n)
	}
	o, err := p.Directory.Organisation(ctx, n.Org)
	if err != nil {
		return Message{}, fmt.Errorf("finding the addressee of %s: %w", n.Key, err)
	}
	key := wordsFor(n, o.Kind)
	if !words.Has(key+".subject") || !words.Has(key+".text") {
		// A later build put it into the queue. It comes again, to that build or to the queue of what nobody could send.
		return Message{}, fmt.Errorf("writing %s: %w", n.Key, fault.Because(fault.Unavailable, "busy", errors.New("this build has no words for "+key)))
	}
	address := p.Site + sitePath(o.Kind) + kindOf(n.Of()).page(n.Of())
	step := gate.Kind("")
	if n.Gate != "" {
		g, secret, err := p.link(ctx, n)
		if err != nil {
			return Message{}, err
		}
		step = g.Kind
		if o.Kind != party.Hospital {
			address = p.Site + "/l/" + secret
		}
	}
	return Message{
		Key: n.Key, To: o.Mail,
		Subject: words.ZH.Say(key+".subject", n.Number, stepName(words.ZH, step)),
		Text: letter(words.ZH, key, n, step, address) + "\n\n" + letter(words.EN, key, n, step, address) + "\n\n" +
			words.ZH.Say("mail.foot") + "\n" + words.EN.Say("mail.foot") + "\n",
	}, nil
}

// wordsFor chooses the words of a notice. A reply is shared with each audience
// in its own (notice 002, two (1) 5).
func wordsFor(n Notice, to party.Kind) string {
	key := "mail." + string(n.Kind)
	switch {
	case n.Kind == NoticeRing:
		return key + "." + string(n.Ring)
	case n.Kind == NoticeInquiry:
		return key + "." + string(n.Verb)
	case n.Kind == NoticeEntry: // a new kind's verbs carry the kind
		return "mail." + string(n.Verb)
	case n.Kind != NoticeOutcome || n.Verb != casework.Record && n.Verb != casework.Amend && n.Verb != casework.Correct:
		return key
	case to == party.Hospital, to == party.Customs:
		return key + "." + string(n.Verb) + "." + string(to)
	}
	return key + "." + string(n.Verb) + ".agency"
}

// stepName says what a gate asks for; "" without one.
func stepName(l words.Lang, k gate.Kind) string {
	if k == "" {
		return ""
	}
	return l.Say("move." + string(k))
}

// letter is the message in one language: number, step, date and link.
func letter(l words.Lang, key string, n Notice, step gate.Kind, address string) string {
	due := l.Say("due.none")
	if !n.Due.IsZero() {
		due = When(l, n.Due)
	}
	text := l.Say(key+".text", n.Number, due, stepName(l, step))
	if n.Missed > 0 {
		text += "\n" + l.Say("mail.ring.missed", n.Missed)
	}
	return text + "\n" + address
}

// When writes an instant for people, in Shanghai time.
func When(l words.Lang, t time.Time) string {
	t = t.In(calendar.Shanghai)
	if l == words.EN {
		return t.Format("Mon 2 Jan 2006, 15:04")
	}
	return t.Format("2006年1月2日") + "（" + l.Say("weekday."+t.Format("Mon")) + "）" + t.Format("15:04")
}

func sitePath(kind party.Kind) string {
	if kind == party.Hospital {
		return "/hospital"
	}
	return "/agency"
}

// link makes the gate's link for n's addressee and makes it known.
func (p *NoticeSender) link(ctx context.Context, n Notice) (gate.Gate, string, error) {
	s, err := p.Store.Load(ctx, n.Of())
	if err != nil {
		return gate.Gate{}, "", fmt.Errorf("loading %s: %w", n.Of(), err)
	}
	g, ok := s.Gate(n.Gate)
	if !ok || g.Status != gate.Open || n.Kind == NoticeGate && g.Issue != n.Issue {
		return gate.Gate{}, "", errNoOccasion
	}
	secret, err := linkSecret(ctx, p.Mac, g, n.Org, n.Key)
	if err != nil {
		return gate.Gate{}, "", err
	}
	now := p.Wall().UTC().Truncate(time.Millisecond)
	l := Link{Hash: Hash(secret), Of: g.Of, Gate: g.ID, Party: n.Org, Issue: g.Issue, At: now, Expires: linkEnd(g, now).UTC()}
	if err := p.Access.PutLink(ctx, l); err != nil {
		return gate.Gate{}, "", fmt.Errorf("keeping a link: %w", err)
	}
	return g, secret, nil
}

// code writes a one-time code to the person's own channel.
func (p *NoticeSender) code(ctx context.Context, n Notice) (Message, error) {
	c, err := p.Access.Code(ctx, n.Code)
	if errors.Is(err, fault.NotFound) {
		return Message{}, errNoOccasion
	}
	if err != nil {
		return Message{}, fmt.Errorf("reading a code's request: %w", err)
	}
	if c.Used || !p.Wall().Before(c.Expires) {
		return Message{}, errNoOccasion
	}
	who, err := p.Directory.Person(ctx, c.Person)
	if err != nil {
		return Message{}, fmt.Errorf("finding the addressee of a code: %w", err)
	}
	digits, err := codeDigits(ctx, p.Mac, c)
	if err != nil {
		return Message{}, err
	}
	return Message{
		Key: n.Key, To: who.Mail, Subject: words.ZH.Say("mail.code.subject", n.Number),
		Text: words.ZH.Say("mail.code.text", n.Number, digits) + "\n\n" + words.EN.Say("mail.code.text", n.Number, digits) + "\n",
	}, nil
}
