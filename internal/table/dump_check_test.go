//go:build check

package table_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/memory"
	"jixu/internal/stack"
	"jixu/internal/table"
	"jixu/internal/world"
)

// dump is the name of the one that -add writes, if it is not there yet.
const dump = goldens + "dump-2026-12"

// A house lives on a real table as it does in memory. Written out and loaded into
// another table, it gives the same answers; with -add it is kept.
func TestATableIsLoadedFromWhatItHeld(t *testing.T) {
	config := stack.DynamoDBLocal(t)
	config.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) { tr.MaxConnsPerHost, tr.MaxIdleConnsPerHost = 48, 48 })
	db := dynamodb.NewFromConfig(config)
	name := storetest.FreshTable(t, db)
	store := table.New(db, name)
	h := newHouse(t, func(w *memory.World) world.Keep { return world.Streamed{Keep: store, Stream: w.Stream} })
	h.live()
	h.ok(store.SetOffset(ctx, 240*time.Hour))
	items := sampled(held(t, db, name))
	said, err := json.MarshalIndent(storetest.Recall(t, store, h.questions(items)), "", " ")
	h.ok(err)

	var lines [][]byte
	var again []storetest.Item
	for _, it := range items {
		line, err := storetest.WriteItem(it)
		h.ok(err)
		lines = append(lines, line)
	}
	path := filepath.Join(t.TempDir(), "dump.jsonl")
	h.ok(os.WriteFile(path, bytes.Join(lines, []byte("\n")), 0o644))
	again = storetest.ReadDump(t, path)
	other := storetest.FreshTable(t, db)
	storetest.LoadDump(t, db, other, again)
	storetest.Remembers(t, table.New(db, other), said)
	if _, err := os.Stat(dump + "-answers.json"); err != nil && adding() && !t.Failed() {
		h.ok(os.WriteFile(dump+"-answers.json", append(said, '\n'), 0o644))
		for n := 1; len(lines) > 0; n++ {
			size, most := 0, 0
			for most < len(lines) && size+len(lines[most]) < 280_000 {
				size += len(lines[most]) + 1
				most++
			}
			h.ok(os.WriteFile(fmt.Sprintf("%s-%d.jsonl", dump, n), append(bytes.Join(lines[:most], []byte("\n")), '\n'), 0o644))
			lines = lines[most:]
		}
	}
}

// held are all items of a table, by their keys.
func held(t *testing.T, db *dynamodb.Client, name string) []storetest.Item {
	t.Helper()
	var items []storetest.Item
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
	}
	slices.SortFunc(items, func(a, b storetest.Item) int {
		return strings.Compare(said(a, "pk")+"\x00"+said(a, "sk"), said(b, "pk")+"\x00"+said(b, "sk"))
	})
	return items
}

// sampled leaves out most of what is many and alike: operations, delivered
// notices, and links to gates that wait no more. Nothing else hangs on them.
func sampled(items []storetest.Item) []storetest.Item {
	open := map[string]bool{}
	for _, it := range items {
		if said(it, "status") == "open" {
			open[said(it, "pk")+" "+said(it, "sk")] = true
		}
	}
	seen := map[string]int{}
	return slices.DeleteFunc(items, func(it storetest.Item) bool {
		kind, _, _ := strings.Cut(said(it, "pk"), "#")
		seen[kind]++
		switch kind {
		case "NOTICE":
			return seen[kind]%12 > 0 && !strings.Contains(said(it, "pk"), "/expiry/") // the sweep asks about these
		case "OP":
			var op docket.Operation
			_ = json.Unmarshal([]byte(said(it, "data")), &op) // its own test reads it
			seen[string(op.Receipt.Verb)]++
			return seen[string(op.Receipt.Verb)] > 4 && op.Scope != "mpa.@"
		case "LINK":
			var l docket.Link
			_ = json.Unmarshal([]byte(said(it, "data")), &l)
			return !open["CASE#"+l.Of+" GATE#"+l.Gate] && seen[kind]%8 > 0
		}
		return false
	})
}

func said(it storetest.Item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// questions asks about everything that items are.
func (h *house) questions(items []storetest.Item) storetest.Memories {
	q := storetest.Memories{
		Now: h.Now(), Cases: map[string]storetest.Head{}, Numbers: map[string]string{}, Histories: map[string]storetest.Mark{},
		Sheets: map[string]storetest.Mark{}, Hospitals: map[string][]string{}, Inboxes: map[string][]string{}, Pages: map[string][]string{},
		Listings: map[string][]string{}, Precedents: map[string][]string{}, Placed: map[string]string{}, Tokens: map[string]string{},
		Readings: map[string]int{}, Links: map[string]string{}, Sessions: map[string]string{}, Codes: map[string]string{}, Pending: map[string]string{},
		Operations: map[string]string{}, Delivered: map[string]bool{}, Organisations: map[string]string{}, Rosters: map[string][]string{},
		Subjects: map[string]string{}, Packs: map[string]string{},
	}
	for _, it := range items {
		kind, rest, _ := strings.Cut(said(it, "pk"), "#")
		sort, last, _ := strings.Cut(said(it, "sk"), "#")
		if list, ok := strings.CutPrefix(said(it, "listPk"), "named#"); ok {
			q.Listings[list] = nil
		}
		switch {
		case kind == "CASE" && sort == "HEAD":
			q.Cases[rest], q.Histories[rest] = storetest.Head{}, storetest.Mark{}
			var c casework.Case
			h.ok(json.Unmarshal([]byte(said(it, "data")), &c))
			if c.Given == nil {
				q.Placed[rest] = ""
			}
		case kind == "CASE" && sort == "GATE":
			q.Tokens[rest+" "+last] = ""
		case sort == "HEAD":
			name := strings.ToLower(kind) + "/" + rest
			q.Sheets[name], q.Histories[name] = storetest.Mark{}, storetest.Mark{}
			if kind == "VARIETY" {
				q.Precedents[rest] = nil
			}
		case kind == "OP":
			scope, id, _ := strings.Cut(rest, "#")
			q.Operations[scope+" "+id] = ""
		case kind == "ORG" && sort == "ORG":
			q.Organisations[rest], q.Rosters[rest], q.Hospitals[rest], q.Inboxes[rest] = "", nil, nil, nil
			for _, list := range []docket.PageList{docket.OwnPages, docket.InboxPages, docket.CopiesPages} {
				q.Pages[string(list)+" "+rest] = nil
			}
		}
		for where, of := range map[string]map[string]string{"NUMBER": q.Numbers, "CODE": q.Codes, "PENDING": q.Pending, "SUBJECT": q.Subjects, "PACK": q.Packs} {
			if kind == where {
				of[rest] = ""
			}
		}
		if kind == "NOTICE" {
			q.Delivered[rest] = false
		}
		if kind == "READ" {
			q.Readings[rest] = 0
		}
	}
	for _, m := range h.World.Mail.Sent() {
		hit := world.LinkIn.FindStringSubmatch(m.Text)
		if hit != nil && slices.ContainsFunc(items, func(it storetest.Item) bool { return said(it, "pk") == "LINK#"+docket.Hash(hit[1]) }) {
			q.Links[hit[1]] = ""
		}
	}
	for secret, what := range h.secrets {
		if what == "session" {
			q.Sessions[secret] = ""
		}
	}
	q.Sessions["signed in"] = ""
	q.Delivered["never queued"] = false
	return q
}
