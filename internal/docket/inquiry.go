package docket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
	"jixu/internal/law"
	"jixu/internal/party"
)

const inquiryKind = "inquiry"

// Inquire asks a question for a's hospital. See inquiry.New. case_, if given, is
// the application it belongs to from the beginning.
func (d *Desk) Inquire(ctx context.Context, op Op, drug bool, subject, question, id string, a party.Actor) (Receipt, error) {
	return d.Move(ctx, "", op, Digest("inquire", drug, subject, question, id), a, func(_ Stored, s law.Setting) (Commit, Receipt, error) {
		if err := d.ownCase(ctx, id, a); err != nil {
			return Commit{}, Receipt{}, err
		}
		qid, err := d.newID(10)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		number := "ZX" + strconv.Itoa(calendarYear(s.Now)%100) + "-" + strings.ToUpper(qid[:5]+"-"+qid[5:])
		ch, err := inquiry.New(qid, number, drug, subject, question, a, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch.Inquiry.Case, ch.Facts.Case = id, id
		return inquired(Head{}, ch, s)
	})
}

// AnswerInquiry gives a's agency's answer. See inquiry.Inquiry.Answer.
func (d *Desk) AnswerInquiry(ctx context.Context, op Op, id, text string, a party.Actor) (Receipt, error) {
	return d.changeInquiry(ctx, op, id, Digest("answer-inquiry", id, text), a,
		func(q inquiry.Inquiry, s law.Setting) (inquiry.Change, error) { return q.Answer(text, a, s) })
}

// AttachInquiry keeps an inquiry with a case of the same hospital.
func (d *Desk) AttachInquiry(ctx context.Context, op Op, id, to string, a party.Actor) (Receipt, error) {
	return d.changeInquiry(ctx, op, id, Digest("attach-inquiry", id, to), a,
		func(q inquiry.Inquiry, s law.Setting) (inquiry.Change, error) {
			if err := d.ownCase(ctx, to, a); err != nil || to == "" {
				return inquiry.Change{}, errors.Join(err, absent(to))
			}
			return q.Attach(to, a, s)
		})
}

func absent(id string) error {
	if id == "" {
		return fault.New(fault.NotFound, "case")
	}
	return nil
}

// ownCase fails with fault.NotFound unless id is "" or a case of a's hospital.
func (d *Desk) ownCase(ctx context.Context, id string, a party.Actor) error {
	if id == "" {
		return nil
	}
	r, err := LoadCase(ctx, d.Store, id)
	if err != nil {
		return err
	}
	if a.Org != r.Case.Hospital {
		return fault.New(fault.NotFound, "case")
	}
	return r.Case.MayRead(a)
}

// Inquiry returns one question for a who asked or was asked.
func (d *Desk) Inquiry(ctx context.Context, id string, a party.Actor) (inquiry.Inquiry, error) {
	head, err := d.Store.Head(ctx, NameOf(inquiryKind, id))
	if err != nil {
		return inquiry.Inquiry{}, err
	}
	q, err := Body[inquiry.Inquiry](head)
	if err != nil {
		return inquiry.Inquiry{}, err
	}
	return q, q.MayRead(a)
}

// Inquiries lists the questions that a's organisation asked or was asked from after
// on, "" for the first page, at most limit, the newest first. It fails as [Store.List].
func (d *Desk) Inquiries(ctx context.Context, after string, limit int, a party.Actor) (PageOf[inquiry.Inquiry], error) {
	if a.Confined() {
		return PageOf[inquiry.Inquiry]{}, fault.New(fault.Forbidden, "role")
	}
	return d.inquiriesOn(ctx, inquiriesOf(a.Org), after, limit, a)
}

// inquiriesMost bounds the questions that are shown with one case.
const inquiriesMost = 100

// InquiriesOf lists the questions kept with a case that a may read.
func (d *Desk) InquiriesOf(ctx context.Context, c casework.Case, a party.Actor) (PageOf[inquiry.Inquiry], error) {
	return d.inquiriesOn(ctx, inquiriesWith(c.ID), "", inquiriesMost, a)
}

func (d *Desk) inquiriesOn(ctx context.Context, list, after string, limit int, a party.Actor) (PageOf[inquiry.Inquiry], error) {
	page, err := standing[inquiry.Inquiry](ctx, d.Store, list, after, limit)
	if err != nil {
		return PageOf[inquiry.Inquiry]{}, fmt.Errorf("listing inquiries: %w", err)
	}
	page.Rows = slices.DeleteFunc(page.Rows, func(q inquiry.Inquiry) bool { return q.MayRead(a) != nil })
	return page, nil
}

// standing reads a part of a list, in its order: at most limit rows from after on. One
// that cannot be read is only named: the others are not its victims.
func standing[T any](ctx context.Context, store Store, list, after string, limit int) (PageOf[T], error) {
	out := PageOf[T]{Next: after}
	for {
		rows, next, err := store.List(ctx, list, out.Next, min(limit-len(out.Rows), listPage))
		if err != nil {
			return PageOf[T]{}, err
		}
		for _, row := range rows {
			one, ok, err := listed[T](ctx, store, row)
			if err != nil {
				return PageOf[T]{}, err
			}
			if !ok {
				out.Unreadable = append(out.Unreadable, row.Head.Name())
				continue
			}
			out.Rows = append(out.Rows, one)
		}
		if out.Next = next; next == "" || len(out.Rows) >= limit {
			return out, nil
		}
	}
}

// listPage is how many rows of a list one read brings.
const listPage = 100

func inquiriesOf(org string) string  { return "inquiries/" + org }
func inquiriesWith(id string) string { return "inquiries-with/" + id }

func (d *Desk) changeInquiry(ctx context.Context, op Op, id, digest string, a party.Actor,
	change func(inquiry.Inquiry, law.Setting) (inquiry.Change, error),
) (Receipt, error) {
	return d.Move(ctx, NameOf(inquiryKind, id), op, digest, a, func(was Stored, s law.Setting) (Commit, Receipt, error) {
		q, err := Body[inquiry.Inquiry](was.Head)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		if err := q.MayRead(a); err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := change(q, s)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return inquired(was.Head, ch, s)
	})
}

// dueTimer is the timer of a question: its deadline.
const dueTimer = "due"

// inquired writes ch, listed for who asked, for who was asked, and with its case.
func inquired(was Head, ch inquiry.Change, s law.Setting) (Commit, Receipt, error) {
	q := ch.Inquiry
	d := placed(q)
	d.Was, d.Verb, d.By, d.Facts = was, ch.Verb, ch.By, ch.Facts
	if was.Version == 0 && q.Deadline != nil {
		d.Timers = []Timer{{dueTimer, q.Deadline.Due}}
	}
	return Alone(d, s)
}

// placed is a deed of q as far as q itself says it.
func placed(q inquiry.Inquiry) Deed {
	d := Deed{
		Kind: inquiryKind, ID: q.ID, Number: q.Number,
		Home: Place{inquiriesOf(q.Hospital), q.At}, Body: func(Head) any { return q },
	}
	for _, org := range q.To {
		d.Lists = append(d.Lists, Place{inquiriesOf(org), q.At})
	}
	if q.Case != "" {
		d.Lists = append(d.Lists, Place{inquiriesWith(q.Case), q.At})
	}
	return d
}

// timerOfInquiry lets the clock speak of a question whose deadline has passed, once.
func timerOfInquiry(ctx context.Context, t *Relay, s Stored, ref GateRef) (time.Time, error) {
	if ref.Timer != dueTimer {
		return time.Time{}, strange("timer", ref)
	}
	_, err := t.Desk.Move(ctx, s.Name(), Op{}, "", party.System, func(was Stored, set law.Setting) (Commit, Receipt, error) {
		q, err := Body[inquiry.Inquiry](was.Head)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		ch, err := q.RingDeadline(set)
		if err != nil {
			return Commit{}, Receipt{}, err
		}
		return inquired(was.Head, ch, set)
	})
	if errors.Is(err, fault.Conflict) {
		return time.Time{}, nil // answered in time, or rung already
	}
	return time.Time{}, err
}
