package docket

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"jixu/internal/casework"
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

// SheetID is the id in a sheet's name.
func SheetID(name string) string {
	_, id, _ := strings.Cut(name, "/")
	return id
}
