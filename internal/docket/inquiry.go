package docket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/inquiry"
	"jixu/internal/party"
)

const inquiryKind = "inquiry"

// Inquire asks a question for a's hospital. See inquiry.New. case_, if given, is
// the application it belongs to from the beginning.
func (d *Desk) Inquire(ctx context.Context, op Op, drug bool, subject, question, id string, a party.Actor) (Receipt, error) {
	return d.move(ctx, "", op, Digest("inquire", drug, subject, question, id), a, func(_ Record, s casework.Setting) (Commit, Receipt, error) {
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
		return d.inquired(Sheet{}, ch, s)
	})
}

// AnswerInquiry gives a's agency's answer. See inquiry.Inquiry.Answer.
func (d *Desk) AnswerInquiry(ctx context.Context, op Op, id, text string, a party.Actor) (Receipt, error) {
	return d.changeInquiry(ctx, op, id, Digest("answer-inquiry", id, text), a,
		func(q inquiry.Inquiry, s inquiry.Setting) (inquiry.Change, error) { return q.Answer(text, a, s) })
}

// AttachInquiry keeps an inquiry with a case of the same hospital.
func (d *Desk) AttachInquiry(ctx context.Context, op Op, id, to string, a party.Actor) (Receipt, error) {
	return d.changeInquiry(ctx, op, id, Digest("attach-inquiry", id, to), a,
		func(q inquiry.Inquiry, s inquiry.Setting) (inquiry.Change, error) {
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
	r, err := d.Store.Load(ctx, id)
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
	_, q, err := d.inquiry(ctx, id)
	if err != nil {
		return inquiry.Inquiry{}, err
	}
	return q, q.MayRead(a)
}

// Inquiries lists the questions that a's organisation asked or was asked, the
// newest first, and names those that cannot be read at present.
func (d *Desk) Inquiries(ctx context.Context, a party.Actor) (all []inquiry.Inquiry, unreadable []string, err error) {
	if a.Confined() {
		return nil, nil, fault.New(fault.Forbidden, "role")
	}
	return d.inquiriesOn(ctx, inquiriesOf(a.Org), a)
}

// InquiriesOf lists the questions kept with a case that a may read, and names
// those that cannot be read at present.
func (d *Desk) InquiriesOf(ctx context.Context, c casework.Case, a party.Actor) (all []inquiry.Inquiry, unreadable []string, err error) {
	return d.inquiriesOn(ctx, inquiriesWith(c.ID), a)
}

func (d *Desk) inquiriesOn(ctx context.Context, list string, a party.Actor) ([]inquiry.Inquiry, []string, error) {
	names, err := d.Store.Listing(ctx, list, 100)
	if err != nil {
		return nil, nil, fmt.Errorf("listing inquiries: %w", err)
	}
	all, unreadable, err := eachSheet(names, func(id string) (inquiry.Inquiry, error) {
		_, q, err := d.inquiry(ctx, id)
		return q, err
	})
	return slices.DeleteFunc(all, func(q inquiry.Inquiry) bool { return q.MayRead(a) != nil }), unreadable, err
}

// eachSheet reads the sheets of a list of names in its order. One that cannot be
// read is only named: the others are not its victims. One that is gone is left out.
func eachSheet[T any](names []string, read func(id string) (T, error)) (all []T, unreadable []string, err error) {
	for _, name := range names {
		one, err := read(SheetID(name))
		switch {
		case errors.Is(err, ErrUnreadable):
			unreadable = append(unreadable, name)
		case errors.Is(err, fault.NotFound):
		case err != nil:
			return nil, nil, err
		default:
			all = append(all, one)
		}
	}
	return all, unreadable, nil
}

func inquiriesOf(org string) string  { return "inquiries/" + org }
func inquiriesWith(id string) string { return "inquiries-with/" + id }

func (d *Desk) inquiry(ctx context.Context, id string) (Sheet, inquiry.Inquiry, error) {
	sheet, err := d.Store.Sheet(ctx, inquiryKind, id)
	if err != nil {
		return Sheet{}, inquiry.Inquiry{}, err
	}
	var q inquiry.Inquiry
	if err := json.Unmarshal(sheet.Body, &q); err != nil {
		return Sheet{}, inquiry.Inquiry{}, fmt.Errorf("inquiry %s: %w: %w", id, ErrUnreadable, err)
	}
	return sheet, q, nil
}

func (d *Desk) changeInquiry(ctx context.Context, op Op, id, digest string, a party.Actor,
	change func(inquiry.Inquiry, inquiry.Setting) (inquiry.Change, error),
) (Receipt, error) {
	return d.move(ctx, "", op, digest, a, func(_ Record, s casework.Setting) (Commit, Receipt, error) {
		sheet, q, err := d.inquiry(ctx, id)
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
		return d.inquired(sheet, ch, s)
	})
}

// inquired writes ch, listed for who asked, for who was asked, and with its case.
func (d *Desk) inquired(was Sheet, ch inquiry.Change, s casework.Setting) (Commit, Receipt, error) {
	q := ch.Inquiry
	next, err := sealSheet(was, Sheet{Kind: inquiryKind, ID: q.ID, List: inquiriesOf(q.Hospital), At: q.At}, q, string(ch.Verb), ch.Facts, ch.By, s.Now)
	if err != nil {
		return Commit{}, Receipt{}, err
	}
	for _, org := range q.To {
		next.Lists = append(next.Lists, inquiriesOf(org))
	}
	if q.Case != "" {
		next.Lists = append(next.Lists, inquiriesWith(q.Case))
	}
	receipt := sheetReceipt(next, string(ch.Verb), ch.By, s)
	receipt.Number = q.Number
	return sheetCommit(next), receipt, nil
}
