package docket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/reuse"
	"jixu/internal/variety"
)

// The precedents of a variety are rows: one for each application that was
// assessed, found to be about it and approved, the oldest opinion first. A row comes
// and goes in the transaction that makes its case a precedent or ends that, so
// there is no second copy that could go stale, and the first is found among any
// number.

// precedent is a row of a variety's precedents, read.
type precedent struct {
	reuse.Precedent
	row Row // as it stands; zero for a case that an earlier build approved
}

// kept is a precedent as its row holds it: history names less of it.
type kept struct {
	Precedent  reuse.Precedent `json:"precedent"`
	Own        [3]bool         `json:"own"`
	Met        [3]bool         `json:"met"`
	Indication string          `json:"indication,omitempty"`
}

func precedentList(variety string) string { return "precedents/" + variety }

// precedentRow returns the row that c is, and whether it is a precedent.
func precedentRow(c casework.Case) (Row, bool) {
	v, p, ok := c.Precedent()
	if !ok {
		return Row{}, false
	}
	// Only strings, numbers and times come here: they always encode.
	body, _ := json.Marshal(kept{Precedent: p, Own: p.Own, Met: p.Met, Indication: p.Indication})
	return Row{List: precedentList(v), Sort: p.Day.String(), Name: c.ID, Body: body}, true
}

// precedentRows says which rows come and go when a case changes from was to now.
func precedentRows(was, now casework.Case) (put, struck []Row) {
	before, had := precedentRow(was)
	after, has := precedentRow(now)
	same := had && has && before.List == after.List && before.Sort == after.Sort
	if had && !same {
		struck = []Row{before}
	}
	if has && !(same && bytes.Equal(before.Body, after.Body)) {
		put = []Row{after}
	}
	return put, struck
}

// precedentPage is how many rows one read brings.
const precedentPage = 500

// precedents reads the precedents of v, less the case itself.
func (d *Desk) precedents(ctx context.Context, v variety.Variety, less string) ([]precedent, error) {
	var out []precedent
	for after := ""; ; {
		rows, next, err := d.Store.Rows(ctx, precedentList(v.ID), after, precedentPage)
		if err != nil {
			return nil, fmt.Errorf("reading the precedents of variety %s: %w", v.ID, err)
		}
		for _, row := range rows {
			if row.Name == less {
				continue
			}
			var k kept
			if err := json.Unmarshal(row.Body, &k); err != nil {
				return nil, fmt.Errorf("reading precedent %s of variety %s: %w", row.Name, v.ID, err)
			}
			p := k.Precedent
			p.Approved, p.Own, p.Met, p.Indication = true, k.Own, k.Met, k.Indication
			out = append(out, precedent{p, row})
		}
		if next == "" {
			break
		}
		after = next
	}
	if v.Rows {
		return out, nil
	}
	return d.unkept(ctx, v.ID, less, out)
}

// unkeptMost bounds the cases of a variety that were approved before its
// precedents were kept: a decision on a part of them would be a wrong one.
const unkeptMost = 1000

// unkept adds to found the cases that are precedents and have no row, because
// they were approved by a build that kept none. Only entries of the register of
// that time have any.
func (d *Desk) unkept(ctx context.Context, id, less string, found []precedent) ([]precedent, error) {
	there := map[string]bool{less: true}
	for _, p := range found {
		there[p.Case] = true
	}
	cases, err := standing[casework.Case](ctx, d.Store, varietyList(id), "", unkeptMost)
	if err != nil {
		return nil, fmt.Errorf("listing the cases of variety %s: %w", id, err)
	}
	if len(cases.Unreadable) > 0 {
		return nil, fmt.Errorf("loading case %s: %w", cases.Unreadable[0], ErrUnreadable)
	}
	if cases.Next != "" {
		return nil, fmt.Errorf("variety %s has more than %d cases of earlier builds", id, unkeptMost)
	}
	for _, listed := range cases.Rows {
		if there[listed.ID] {
			continue
		}
		r, err := LoadCase(ctx, d.Store, listed.ID) // strongly: a list may lag
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("loading case %s: %w", listed.ID, err)
		}
		if of, p, ok := r.Case.Precedent(); ok && of == id {
			if p.Hash == "" {
				if p.Hash, err = d.hashOf(ctx, listed.ID, p.Entry); err != nil {
					return nil, err
				}
			}
			found = append(found, precedent{Precedent: p})
		}
	}
	return found, nil
}

// hashOf returns the hash of an entry.
func (d *Desk) hashOf(ctx context.Context, id string, seq int) (string, error) {
	e, _, err := d.Store.Entry(ctx, id, seq)
	if err != nil {
		return "", fmt.Errorf("reading entry %d of %s: %w", seq, id, err)
	}
	return e.Hash, nil
}
