package table

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jixu/internal/docket"
	"jixu/internal/gate"
)

// Every key of the table is built and taken apart in this file, and nowhere else.
//
//	pk                    sk                     work index                list index
//	CASE#<case>           HEAD                   open#<shard> while open   hospital#<org>
//	CASE#<case>           ENTRY#<seq>            untold#<shard> until told
//	CASE#<case>           GATE#<gate>            due#<shard> until rung    inbox#<org> while open
//	CASE#<case>           SEAT#<gate>#<org>                                inbox#<org> while open
//	CASE#<case>           COPY#<org>                                       copies#<org>
//	CASE#<case>           FILE#<file>            scan#<shard> while its scan waits
//	CASE#<case>           TIMER#<key>            due#<shard> until it has come
//	CASE#<case>           ROW#<list>                                       named#<list>
//	INQUIRY#<inquiry>     HEAD                                             named#<list>
//	INQUIRY#<inquiry>     ENTRY#<seq>, ROW#<list>: as of a case; VARIETY# alike
//	ROWS#<list>           <sort>#<name>          a line that decisions rely on
//	NUMBER#<number>       NUMBER
//	TALLY#<of>            TALLY                  what is counted, and the sets beside it
//	CLAIM#<name>          CLAIM
//	OP#<scope>#<id>       OP
//	CODES#<case>#<gate>   <person>#<hour>        how many codes were asked for
//	READ#<case>           <instant>#<person>#<file>
//	SESSION#<hash>        SESSION                LINK#, CODE#, PENDING#, NOTICE# alike
//	ORG#<org>             ORG
//	ORG#<org>             PERSON#<person>        the roster
//	PERSON#<person>       PERSON
//	SUBJECT#<subject>     SUBJECT
//	SETTINGS              AGENCIES, RULES, CLOCK
//
// Files, gates and the head stand side by side in a case's partition, so that
// one query reads them and none of the entries.

const (
	sep = "#"
	// end sorts right after sep: "x" + end lies behind every key that begins with "x#".
	end = "$"

	// shards spread the work index. Every list of work asks all of them, so a
	// change of this number needs every open, untold and due item written again.
	shards = 4

	headSort   = "HEAD"
	entrySort  = "ENTRY#"
	gateSort   = "GATE#"
	seatSort   = "SEAT#"
	fileSort   = "FILE#"
	copySort   = "COPY#"
	rowSort    = "ROW#"
	timerSort  = "TIMER#"
	personSort = "PERSON#"

	maxPart = 400 // bytes; DynamoDB allows a sort key 1024
	maxSeq  = 99_999_999
)

// key is a place in the table. The zero key is no place: one of its parts
// cannot be in a key, so nothing is found there and nothing can be put.
type key struct{ pk, sk string }

func (k key) valid() bool { return k.pk != "" }

// index is a place in one of the two indexes; the zero index keeps an item out.
type index struct{ pk, sk string }

// at returns the key, if every part can be told apart in it.
func at(pk, sk string, parts ...string) key {
	for _, p := range parts {
		if !isPart(p) {
			return key{}
		}
	}
	return key{pk, sk}
}

// single returns the key of a thing that stands alone under its name. The name
// ends the key, so it may be any text.
func single(kind, name string) key {
	if name == "" || len(name) > maxPart || !utf8.ValidString(name) {
		return key{}
	}
	return key{kind + sep + name, kind}
}

func isPart(p string) bool {
	return p != "" && len(p) <= maxPart && utf8.ValidString(p) && !strings.Contains(p, sep)
}

// kindShape is what a kind of aggregate may be called: in capitals it begins its
// partitions, and nothing else may begin so.
var kindShape = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// taken are the words that begin the partitions of what is no aggregate.
var taken = []string{
	"rows", "number", "op", "codes", "read", "session", "link", "code", "pending", "notice", "org", "person", "subject", "settings", "pack", "cursor",
	"tally", "claim", "autosave",
}

// partition is where the aggregate of that name stands. It is "" for what cannot be one.
func partition(name string) string {
	kind, id := docket.Parts(name)
	if !kindShape.MatchString(kind) || slices.Contains(taken, kind) || !isPart(id) || strings.Contains(id, "/") || docket.NameOf(kind, id) != name {
		return ""
	}
	return strings.ToUpper(kind) + sep + id
}

// aggregateOf takes a partition's key apart again.
func aggregateOf(pk string) (name string, ok bool) {
	kind, id, ok := strings.Cut(pk, sep)
	name = docket.NameOf(strings.ToLower(kind), id)
	return name, ok && partition(name) == pk
}

// inside returns the key at sk in the partition of an aggregate, if every part can be
// told apart in it.
func inside(name, sk string, parts ...string) key {
	pk := partition(name)
	if pk == "" {
		return key{}
	}
	return at(pk, sk, parts...)
}

func headKey(name string) key       { return inside(name, headSort) }
func gateKey(name, gate string) key { return inside(name, gateSort+gate, gate) }
func fileKey(name, file string) key { return inside(name, fileSort+file, file) }

func timerKey(name, key string) key { return inside(name, timerSort+key, key) }

func rowKey(name, list string) key {
	if list == "" || len(list) > maxPart || !utf8.ValidString(list) {
		return key{}
	}
	return inside(name, rowSort+list)
}

// placeKey is where it stands beside an aggregate that a list names it. The list of
// what was sent to an organisation is older than the others, and has a key of its own.
func placeKey(name, list string) key {
	if org, ok := strings.CutPrefix(list, docket.CopiesPages.Of("")); ok {
		return inside(name, copySort+org, org)
	}
	return rowKey(name, list)
}

// listPartition is what a list is called in the index: three by the names they had
// before there were others.
func listPartition(list string) string {
	for _, former := range []struct {
		list docket.PageList
		name string
	}{{docket.OwnPages, "hospital#"}, {docket.InboxPages, "inbox#"}, {docket.CopiesPages, "copies#"}} {
		if org, ok := strings.CutPrefix(list, former.list.Of("")); ok {
			if !isPart(org) {
				return ""
			}
			return former.name + org
		}
	}
	if !isPart(list) {
		return ""
	}
	return "named#" + list
}

// placeIndex is an aggregate's place in a list.
func placeIndex(p docket.Place, name string) index {
	pk := listPartition(p.List)
	if pk == "" {
		return index{}
	}
	return index{pk, instant(p.At) + sep + name}
}

func rowsPartition(list string) string { return "ROWS#" + list }

// lineKey is where a row stands.
func lineKey(r docket.Row) key {
	return at(rowsPartition(r.List), r.Sort+sep+r.Name, r.List, r.Sort, r.Name)
}

// parseRow takes the sort key of a row apart.
func parseRow(sk string) (sort, name string, ok bool) {
	sort, name, ok = strings.Cut(sk, sep)
	return sort, name, ok && isPart(sort) && isPart(name)
}

func entryKey(name string, seq int) key {
	if seq < 1 || seq > maxSeq {
		return key{}
	}
	return inside(name, fmt.Sprintf("%s%08d", entrySort, seq))
}

// seatKey is where an open gate is listed for an organisation that may enter
// the answer for its party.
func seatKey(name, gate, org string) key {
	return inside(name, seatSort+gate+sep+org, gate, org)
}

func numberKey(number string) key { return single("NUMBER", number) }
func tallyKey(of string) key      { return single("TALLY", of) }
func claimKey(name string) key    { return single("CLAIM", name) }

func operationKey(scope, id string) key {
	if !isPart(scope) || id == "" || len(id) > maxPart || !utf8.ValidString(id) {
		return key{}
	}
	return key{"OP#" + scope + sep + id, "OP"}
}

func readingKey(r docket.Reading) key {
	file := r.File
	if file == "" {
		file = "-"
	}
	return at("READ#"+r.Of, instant(r.At)+sep+r.Person+sep+file, r.Of, r.Person, file)
}

func sessionKey(hash string) key { return single("SESSION", hash) }
func linkKey(hash string) key    { return single("LINK", hash) }
func codeKey(id string) key      { return single("CODE", id) }

// hourKey is where requests for codes are counted.
func hourKey(c docket.Code) key {
	if !isPart(c.Of) || !isPart(c.Gate) || !isPart(c.Person) {
		return key{}
	}
	return key{"CODES" + sep + c.Of + sep + c.Gate, c.Person + sep + c.At.UTC().Format("2006010215")}
}

// dayKey is where what happens at a gate within a day is counted.
func dayKey(l docket.Link, what string, at time.Time) key {
	if !isPart(l.Of) || !isPart(l.Gate) || !isPart(what) {
		return key{}
	}
	return key{"CODES" + sep + l.Of + sep + l.Gate, "all" + sep + what + sep + strconv.Itoa(l.Issue) + sep + at.UTC().Format("20060102")}
}

// autosaveKey is where what a person typed into an answer of a gate is kept.
func autosaveKey(of, gate, person, choice string) key {
	return at("AUTOSAVE#"+of+sep+gate, person+sep+choice, of, gate, person, choice)
}

func pendingKey(state string) key { return single("PENDING", state) }
func noticeKey(name string) key   { return single("NOTICE", name) }

func orgKey(id string) key             { return at("ORG#"+id, "ORG", id) }
func rosterKey(org, person string) key { return at("ORG#"+org, personSort+person, org, person) }
func personKey(id string) key          { return at("PERSON#"+id, "PERSON", id) }
func subjectKey(subject string) key    { return single("SUBJECT", subject) }
func settingKey(name string) key       { return key{"SETTINGS", name} }
func packKey(name string) key          { return single("PACK", name) }

// EntryOf takes the key of an entry apart, as a stream record shows it. It
// reports false for every other item.
func EntryOf(pk, sk string) (docket.EntryRef, bool) {
	name, ok := aggregateOf(pk)
	digits, isEntry := strings.CutPrefix(sk, entrySort)
	seq, err := strconv.Atoi(digits)
	if !ok || !isEntry || err != nil || (key{pk, sk}) != entryKey(name, seq) {
		return docket.EntryRef{}, false
	}
	return docket.EntryRef{Of: name, Seq: seq}, true
}

// parseGate takes the key of a gate, or of a seat at one, apart.
func parseGate(k key) (name, gate string, ok bool) {
	name, ok = aggregateOf(k.pk)
	if rest, isSeat := strings.CutPrefix(k.sk, seatSort); isSeat {
		gate, org, _ := strings.Cut(rest, sep)
		return name, gate, ok && k == seatKey(name, gate, org)
	}
	gate, isGate := strings.CutPrefix(k.sk, gateSort)
	return name, gate, ok && isGate && k == gateKey(name, gate)
}

// parseTimer takes the key of a timer apart.
func parseTimer(k key) (name, timer string, ok bool) {
	name, ok = aggregateOf(k.pk)
	timer, isTimer := strings.CutPrefix(k.sk, timerSort)
	return name, timer, ok && isTimer && k == timerKey(name, timer)
}

// parseObject takes the key of an uploaded object apart: dossier/<name>/<file> or
// evidence/<name>/<file>, where the name of what is no case has two parts.
func parseObject(object string) (name, file string, ok bool) {
	folder, rest, _ := strings.Cut(object, "/")
	i := strings.LastIndex(rest, "/")
	if i < 0 || folder != "dossier" && folder != "evidence" {
		return "", "", false
	}
	name, file = rest[:i], rest[i+1:]
	return name, file, fileKey(name, file).valid()
}

// instantFormat sorts as text in the order of time.
const instantFormat = "2006-01-02T15:04:05.000000000Z"

func instant(t time.Time) string { return t.UTC().Format(instantFormat) }

// parseInstant reads the instant that begins an index's sort key.
func parseInstant(sk string) (time.Time, bool) {
	first, _, _ := strings.Cut(sk, sep)
	t, err := time.Parse(instantFormat, first)
	return t, err == nil
}

func shardOf(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % shards)
}

func shardKey(list string, shard int) string { return list + sep + strconv.Itoa(shard) }

const (
	openList   = "open"
	untoldList = "untold"
	dueList    = "due"
	scanList   = "scan"
)

// openIndex is where an aggregate stands among those that are open. What it waits for
// is part of its place, so that whoever walks over all of them reads none: behind its
// name, for each open gate, gate, leg and run.
func openIndex(id string, waits []docket.Wait) index {
	at := id
	for _, w := range waits {
		at += sep + strings.Join([]string{w.Gate, string(w.Leg), strconv.Itoa(w.Run)}, waitSep)
	}
	if len(at) > maxSort {
		at = id // whoever walks reads it
	}
	return index{shardKey(openList, shardOf(id)), at}
}

const (
	waitSep = ":"
	maxSort = 1024 // bytes of a sort key in DynamoDB
)

// parseOpen reads what openIndex writes. A place that is not quite so says the name only.
func parseOpen(sk string) (row docket.OpenRow) {
	parts := strings.Split(sk, sep)
	row.Of = parts[0]
	for _, part := range parts[1:] {
		w := strings.Split(part, waitSep)
		if len(w) != 3 {
			return docket.OpenRow{Of: row.Of}
		}
		run, err := strconv.Atoi(w[2])
		if err != nil {
			return docket.OpenRow{Of: row.Of}
		}
		row.Waits = append(row.Waits, docket.Wait{Gate: w[0], Leg: gate.Leg(w[1]), Run: run})
	}
	return row
}

func untoldIndex(id string, seq int, committed time.Time) index {
	return index{shardKey(untoldList, shardOf(id)), fmt.Sprintf("%s#%s#%08d", instant(committed), id, seq)}
}

// dueIndex is where a gate, or a timer by its key, stands in the due list.
func dueIndex(id, gate string, rings time.Time) index {
	return index{shardKey(dueList, shardOf(id)), instant(rings) + sep + id + sep + gate}
}

func scanIndex(id, file string, again time.Time) index {
	return index{shardKey(scanList, shardOf(id)), instant(again) + sep + id + sep + file}
}

func inboxIndex(org string, opened time.Time, id, gate string) index {
	return index{listPartition(docket.InboxPages.Of(org)), instant(opened) + sep + id + sep + gate}
}

// tokenOrder sorts as text in the order of docket.Token.Before.
func tokenOrder(t docket.Token) string {
	return fmt.Sprintf("%010d#%s#%06d", max(t.Run, 0), instant(t.Entered), max(t.Retry, 0))
}

// parseTokenOrder reads what tokenOrder writes.
func parseTokenOrder(order string) (t docket.Token, ok bool) {
	parts := strings.Split(order, sep)
	if len(parts) != 3 {
		return docket.Token{}, false
	}
	var err [3]error
	t.Run, err[0] = strconv.Atoi(parts[0])
	t.Entered, err[1] = time.Parse(instantFormat, parts[1])
	t.Retry, err[2] = strconv.Atoi(parts[2])
	return t, err == [3]error{} && tokenOrder(t) == order
}
