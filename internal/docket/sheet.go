package docket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/history"
	"jixu/internal/party"
)

// sealSheet writes body as the next version of was, in next's place, and chains
// the entry that explains it.
func sealSheet(was, next Sheet, body any, verb string, facts any, by party.Actor, now time.Time) (SheetChange, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return SheetChange{}, fmt.Errorf("writing %s: %w", next.Name(), err)
	}
	said, err := history.Canonical(facts)
	if err != nil {
		return SheetChange{}, fmt.Errorf("writing the entry of %s: %w", next.Name(), err)
	}
	var before history.Entry
	if was.Seq > 0 {
		before = history.Entry{Aggregate: was.Name(), Seq: was.Seq, Hash: was.Hash}
	}
	entry, err := history.Seal(before, history.Entry{
		Aggregate: next.Name(), Verb: verb, At: now, Body: said,
		By: history.Actor{Person: by.Person, Org: by.Org, Via: string(by.Via)},
	})
	if err != nil {
		return SheetChange{}, fmt.Errorf("sealing the entry of %s: %w", next.Name(), err)
	}
	next.Version, next.Seq, next.Hash, next.Body = was.Version+1, entry.Seq, entry.Hash, data
	return SheetChange{Sheet: next, Was: was.Version, Entry: &entry}, nil
}

// sheetCommit is a commit of one sheet and no case.
func sheetCommit(ch SheetChange) Commit {
	if ch.Entry == nil {
		return Commit{}
	}
	return Commit{Sheets: []SheetChange{ch}}
}

func sheetReceipt(ch SheetChange, verb string, a party.Actor, s casework.Setting) Receipt {
	return Receipt{
		Sheet: ch.Sheet.Name(), Verb: casework.Verb(verb), Seq: ch.Sheet.Seq, At: s.Now, Person: a.Person, Org: a.Org,
	}
}

// sheetFacts are what every sheet's entry says to the teller.
type sheetFacts struct {
	Number string   `json:"number"`
	Due    string   `json:"due"`
	Tells  []string `json:"tells"`
}

// SheetTellings derives from a sheet's entry who must hear of it.
func SheetTellings(e history.Entry) ([]Telling, error) {
	var f sheetFacts
	if err := json.Unmarshal(e.Body, &f); err != nil {
		return nil, fmt.Errorf("reading entry %d of %s: %w", e.Seq, e.Aggregate, err)
	}
	var out []Telling
	for _, org := range f.Tells {
		n := Notice{
			Kind: NoticeInquiry, Sheet: e.Aggregate, Number: f.Number, Seq: e.Seq, Verb: casework.Verb(e.Verb), Org: org,
			Due: parseInstant(f.Due),
		}
		n.Key = n.Sheet + "/" + noticeKey(n)
		out = append(out, Telling{Notice: &n})
	}
	return out, nil
}

// tellSheet tells what an entry of a sheet calls for, and takes its mark off.
func (t *Teller) tellSheet(ctx context.Context, name string, e history.Entry) error {
	tellings, err := SheetTellings(e)
	if err != nil {
		return err
	}
	for _, telling := range tellings {
		if err := t.Notices.Queue(ctx, *telling.Notice); err != nil {
			return fault.Because(fault.Unavailable, "untold", fmt.Errorf("queueing a notice of %s: %w", name, err))
		}
	}
	for _, telling := range t.events(tellings) {
		if err := t.event(ctx, *telling.Event); err != nil {
			return fault.Because(fault.Unavailable, "untold", err)
		}
	}
	if err := t.Desk.Store.Told(ctx, name, e.Seq); err != nil {
		return fmt.Errorf("marking entry %d of %s as told: %w", e.Seq, name, err)
	}
	return nil
}

// SheetID is the id in a sheet's name.
func SheetID(name string) string {
	_, id, _ := strings.Cut(name, "/")
	return id
}
