package table

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Load reads a case with its gates and files in one query. DynamoDB shows the
// items of a transaction one by one, so a head may be seen before its gates or
// files; then it is read again.
func (s *Store) Load(ctx context.Context, id string) (docket.Record, error) {
	k := headKey(id)
	if !k.valid() {
		return docket.Record{}, fault.New(fault.NotFound, "case")
	}
	for try := 1; ; try++ {
		items, err := s.between(ctx, k.pk, fileSort, headSort, 0, false)
		if err != nil {
			return docket.Record{}, err
		}
		if !torn(items) {
			r, err := record(items)
			// A file that never comes must not lock its case up.
			if err != nil || whole(r) || try == tries || sleep(ctx, try) != nil {
				return r, err
			}
			continue
		}
		if try == tries || sleep(ctx, try) != nil {
			return docket.Record{}, unclear("loading case "+id, errors.New("it is being written again and again"))
		}
	}
}

// torn reports whether items show a head and gates of different moments: a
// gate older than the head says it is, or written by a later head.
func torn(items []item) bool {
	var head item
	seen := map[string]int64{}
	for _, it := range items {
		if textOf(it, attrSK) == headSort {
			head = it
		} else if _, g, ok := parseGate(keyOf(it)); ok {
			seen[g] = numberOf(it, attrVersion)
		}
	}
	if head == nil {
		return len(seen) > 0
	}
	version := numberOf(head, attrVersion)
	for _, v := range seen {
		if v > version {
			return true
		}
	}
	gates, _ := head[attrGates].(*types.AttributeValueMemberM)
	if gates == nil {
		return false
	}
	for g := range gates.Value {
		if seen[g] < numberOf(gates.Value, g) {
			return true
		}
	}
	return false
}

// whole reports whether every file that the head names is there.
func whole(r docket.Record) bool {
	for _, ids := range r.Case.Files {
		for _, id := range ids {
			if _, ok := r.File(id); !ok {
				return false
			}
		}
	}
	return true
}

func record(items []item) (docket.Record, error) {
	var r docket.Record
	var err error
	found := false
	for _, it := range items {
		sk := textOf(it, attrSK)
		switch {
		case sk == headSort:
			found = true
			r.Case, err = decode[casework.Case](it)
		case has(it, attrStatus):
			var g gate.Gate
			g, err = decode[gate.Gate](it)
			r.Gates = append(r.Gates, g)
		default:
			var f docket.File
			f, err = decode[docket.File](it)
			r.Files = append(r.Files, f)
		}
		if err != nil {
			return docket.Record{}, err
		}
	}
	if !found {
		return docket.Record{}, fault.New(fault.NotFound, "case")
	}
	return r, nil
}

// Entries reads a case's history. See [docket.Store].
func (s *Store) Entries(ctx context.Context, id string) ([]history.Entry, error) {
	first, last := entryKey(id, 1), entryKey(id, maxSeq)
	if !first.valid() {
		return nil, nil
	}
	items, err := s.between(ctx, first.pk, first.sk, last.sk, 0, false)
	if err != nil {
		return nil, err
	}
	var entries []history.Entry
	for _, it := range items {
		e, err := history.Decode([]byte(textOf(it, attrData)))
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Entry reads one entry. See [docket.Store].
func (s *Store) Entry(ctx context.Context, id string, seq int) (history.Entry, bool, error) {
	it, err := s.get(ctx, entryKey(id, seq))
	if err == nil && it == nil {
		err = fault.New(fault.NotFound, "entry")
	}
	if err != nil {
		return history.Entry{}, false, err
	}
	e, err := history.Decode([]byte(textOf(it, attrData)))
	return e, has(it, attrWorkPK), err
}

// CaseByNumber looks a human case number up. See [docket.Store].
func (s *Store) CaseByNumber(ctx context.Context, number string) (string, error) {
	it, err := s.get(ctx, numberKey(number))
	if err == nil && it == nil {
		err = fault.New(fault.NotFound, "case")
	}
	return textOf(it, attrCase), err
}

// Operation looks an operation up. See [docket.Store].
func (s *Store) Operation(ctx context.Context, scope, id string) (docket.Operation, bool, error) {
	it, err := s.get(ctx, operationKey(scope, id))
	if err != nil || it == nil {
		return docket.Operation{}, false, err
	}
	op, err := decode[docket.Operation](it)
	return op, err == nil, err
}

// Told takes the mark off. It fails with fault.NotFound for an entry that is
// not there. See [docket.Store].
func (s *Store) Told(ctx context.Context, id string, seq int) error {
	_, err := s.update(ctx, entryKey(id, seq), newChange().remove(attrWorkPK, attrWorkSK), present)
	if errors.Is(err, fault.Conflict) {
		return fault.Because(fault.NotFound, "entry", err)
	}
	return err
}

// Untold lists entries that kept their mark. See [docket.Store].
func (s *Store) Untold(ctx context.Context, before time.Time, limit int) ([]docket.EntryRef, error) {
	items, err := s.waiting(ctx, untoldList, "<", instant(before), limit)
	if err != nil {
		return nil, err
	}
	var refs []docket.EntryRef
	for _, it := range items {
		ref, ok := EntryOf(textOf(it, attrPK), textOf(it, attrSK))
		committed, isInstant := parseInstant(textOf(it, attrWorkSK))
		if ok && isInstant {
			ref.At = committed
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// Due lists gates that ring. See [docket.Store].
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]docket.GateRef, error) {
	items, err := s.waiting(ctx, dueList, "<", instant(at)+end, limit)
	if err != nil {
		return nil, err
	}
	var refs []docket.GateRef
	for _, it := range items {
		id, g, ok := parseGate(keyOf(it))
		rings, isInstant := parseInstant(textOf(it, attrWorkSK))
		if ok && isInstant {
			refs = append(refs, docket.GateRef{Case: id, Gate: g, At: rings})
		}
	}
	return refs, nil
}

// Defer moves a gate in the due list. See [docket.Store].
func (s *Store) Defer(ctx context.Context, ref docket.GateRef, until time.Time) error {
	u := newChange()
	condition := u.equal(attrWorkSK, text(dueIndex(ref.Case, ref.Gate, ref.At).sk))
	u.set(text(dueIndex(ref.Case, ref.Gate, until).sk), attrWorkSK)
	_, err := s.update(ctx, gateKey(ref.Case, ref.Gate), u, condition)
	if errors.Is(err, fault.Conflict) {
		return nil // rung, answered or moved meanwhile
	}
	return err
}

// OpenCases lists cases that somebody has to act on, by id. See [docket.Store].
func (s *Store) OpenCases(ctx context.Context, after string, limit int) ([]string, error) {
	if after == "" {
		after = " " // DynamoDB compares with no empty text; every id sorts behind a space
	}
	items, err := s.waiting(ctx, openList, ">", after, limit)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, it := range items {
		ids = append(ids, textOf(it, attrWorkSK))
	}
	return ids, nil
}

// HospitalCases lists a hospital's cases. See [docket.Store].
func (s *Store) HospitalCases(ctx context.Context, org string, limit int) ([]docket.Listed, error) {
	if !isPart(org) || limit <= 0 {
		return nil, nil
	}
	rows, err := s.listed(ctx, hospitalList(org), limit)
	if err != nil {
		return nil, err
	}
	var keys []key
	for _, it := range rows {
		keys = append(keys, keyOf(it))
	}
	found, err := s.many(ctx, keys)
	if err != nil {
		return nil, err
	}
	var cases []docket.Listed
	for _, k := range keys {
		if row, ok := listedRow(found[k], nil, false); ok {
			cases = append(cases, row)
		}
	}
	slices.SortStableFunc(cases, func(a, b docket.Listed) int { return b.Case.EditedAt.Compare(a.Case.EditedAt) })
	return cases, nil
}

// Inbox lists what waits for an agency and what was sent to it, newest first.
// What waits comes before what was sent when limit has no room for all: an old
// duty is not hidden by newer copies. See [docket.Store].
func (s *Store) Inbox(ctx context.Context, org string, limit int) ([]docket.Listed, error) {
	if !isPart(org) || limit <= 0 {
		return nil, nil
	}
	rows, err := s.listed(ctx, inboxList(org), limit)
	if err != nil {
		return nil, err
	}
	if left := limit - len(rows); left > 0 {
		copies, err := s.listed(ctx, copiesList(org), left)
		if err != nil {
			return nil, err
		}
		rows = append(rows, copies...)
	}
	slices.SortStableFunc(rows, func(a, b item) int {
		return cmp.Compare(textOf(b, attrListSK), textOf(a, attrListSK))
	})
	var keys []key
	for _, it := range rows {
		head, g := rowKeys(it)
		keys = append(keys, head, g)
	}
	found, err := s.many(ctx, keys)
	if err != nil {
		return nil, err
	}
	var list []docket.Listed
	for _, it := range rows {
		head, g := rowKeys(it)
		if l, ok := listedRow(found[head], found[g], g.valid()); ok {
			list = append(list, l)
		}
	}
	return list, nil
}

// rowKeys returns the head that a row of an inbox is about, and its gate; no
// gate for a copy.
func rowKeys(row item) (head, g key) {
	if id, name, ok := parseGate(keyOf(row)); ok {
		return headKey(id), gateKey(id, name)
	}
	id, _ := parseCase(textOf(row, attrPK))
	return headKey(id), key{}
}

// listedRow makes one row of a list; none if the index lags and the gate no
// longer waits. A document that cannot be read makes a row that says so: the
// others are not its victims.
func listedRow(head, g item, isGate bool) (l docket.Listed, ok bool) {
	if head == nil || isGate && textOf(g, attrStatus) != string(gate.Open) {
		return docket.Listed{}, false
	}
	id, _ := parseCase(textOf(head, attrPK))
	unreadable := docket.Listed{Case: casework.Case{ID: id}, Unreadable: true}
	c, err := decode[casework.Case](head)
	if err != nil {
		return unreadable, true
	}
	l.Case = c
	if isGate {
		waits, err := decode[gate.Gate](g)
		if err != nil {
			return unreadable, true
		}
		l.Gate = &waits
	}
	return l, true
}

// AttachToken puts a token on a gate in one conditional write. It fails with
// fault.NotFound if there is no such gate. See [docket.Store].
func (s *Store) AttachToken(ctx context.Context, ref docket.GateRef, t docket.Token) (gate.Gate, bool, error) {
	order := text(tokenOrder(t))
	u := newChange().set(text(t.Value), attrToken).set(order, attrTokenOrder)
	older := u.name(attrTokenOrder)
	it, err := s.update(ctx, gateKey(ref.Case, ref.Gate), u,
		present+" AND (attribute_not_exists("+older+") OR "+older+" < "+u.value(order)+")")
	if errors.Is(err, fault.Conflict) {
		if it == nil {
			if it, err = s.get(ctx, gateKey(ref.Case, ref.Gate)); err != nil {
				return gate.Gate{}, false, err
			}
		}
		if it == nil {
			return gate.Gate{}, false, fault.New(fault.NotFound, "gate")
		}
		err = nil
	}
	if err != nil {
		return gate.Gate{}, false, err
	}
	g, err := decode[gate.Gate](it)
	return g, textOf(it, attrToken) == t.Value, err
}

// Token reads the token on a gate. See [docket.Store].
func (s *Store) Token(ctx context.Context, ref docket.GateRef) (docket.Token, bool, error) {
	it, err := s.get(ctx, gateKey(ref.Case, ref.Gate))
	if err != nil || !has(it, attrToken) {
		return docket.Token{}, false, err
	}
	t, ok := parseTokenOrder(textOf(it, attrTokenOrder))
	if !ok {
		return docket.Token{}, false, errors.New("reading a token: its order is not one")
	}
	t.Value = textOf(it, attrToken)
	return t, true, nil
}

// fileItem returns a file's item. The object's key must be the one that is
// made of the file's case and id: FileByKey reads it backwards.
func fileItem(f docket.File) (item, error) {
	if id, file, ok := parseObject(f.Key); !ok || id != f.Case || file != f.ID {
		return key{}.item(), fault.New(fault.Invalid, "file.key")
	}
	it, err := document(fileKey(f.Case, f.ID), f)
	if err != nil {
		return it, err
	}
	it[attrState] = text(string(f.State))
	if f.State == docket.Unchecked && !f.ScanAt.IsZero() {
		scanIndex(f.Case, f.ID, f.ScanAt).work(it)
	}
	return it, nil
}

// PutFile makes a file known. It fails with fault.Invalid if the object's key
// is not that of the file. See [docket.Store].
func (s *Store) PutFile(ctx context.Context, f docket.File) error {
	it, err := fileItem(f)
	if err != nil {
		return err
	}
	if err := s.put(ctx, it, absent); err != nil && !errors.Is(err, fault.Conflict) {
		return err
	}
	return nil
}

// SettleFile records what was found out about a file. See [docket.Store].
func (s *Store) SettleFile(ctx context.Context, f docket.File) (docket.File, error) {
	it, err := fileItem(f)
	if err != nil {
		return docket.File{}, err
	}
	if f.State == docket.Unchecked {
		return docket.File{}, fault.New(fault.Invalid, "file.unchecked")
	}
	k := fileKey(f.Case, f.ID)
	u := newChange().set(it[attrData], attrData).set(it[attrState], attrState).set(text(f.Version), attrPinned)
	if f.State == docket.Unscanned && !f.ScanAt.IsZero() {
		at := scanIndex(f.Case, f.ID, f.ScanAt)
		u.set(text(at.pk), attrWorkPK).set(text(at.sk), attrWorkSK)
	} else {
		u.remove(attrWorkPK, attrWorkSK)
	}
	now, err := s.update(ctx, k, u, u.equal(attrState, text(string(docket.Unchecked)))+
		" OR "+u.equal(attrState, text(string(docket.Unscanned)))+" AND "+u.equal(attrPinned, text(f.Version)))
	if errors.Is(err, fault.Conflict) && now == nil {
		return find[docket.File](ctx, s, k, "file")
	}
	if err != nil && !errors.Is(err, fault.Conflict) {
		return docket.File{}, err
	}
	return decode[docket.File](now)
}

// AwaitFile notes when a file is looked for. See [docket.Store].
func (s *Store) AwaitFile(ctx context.Context, f docket.File) error {
	now, err := find[docket.File](ctx, s, fileKey(f.Case, f.ID), "file")
	if err != nil || now.State != docket.Unchecked {
		return err
	}
	now.Scans, now.ScanAt = f.Scans, f.ScanAt
	it, err := fileItem(now)
	if err != nil {
		return err
	}
	u := newChange().set(it[attrData], attrData)
	if has(it, attrWorkPK) {
		u.set(it[attrWorkPK], attrWorkPK).set(it[attrWorkSK], attrWorkSK)
	} else {
		u.remove(attrWorkPK, attrWorkSK)
	}
	_, err = s.update(ctx, fileKey(f.Case, f.ID), u, u.equal(attrState, text(string(docket.Unchecked))))
	if errors.Is(err, fault.Conflict) {
		return nil // settled meanwhile
	}
	return err
}

// Unsettled lists files that wait for another scan, or to be looked for. One that
// cannot be read keeps no other waiting. See [docket.Store].
func (s *Store) Unsettled(ctx context.Context, at time.Time, limit int) ([]docket.File, error) {
	items, err := s.waiting(ctx, scanList, "<", instant(at)+end, limit)
	if err != nil {
		return nil, err
	}
	var files []docket.File
	for _, it := range items {
		f, err := find[docket.File](ctx, s, keyOf(it), "file")
		if errors.Is(err, fault.Unavailable) {
			return nil, err
		}
		waits := f.State == docket.Unscanned || f.State == docket.Unchecked
		if err == nil && waits && !f.ScanAt.IsZero() && !f.ScanAt.After(at) { // the index may lag
			files = append(files, f)
		}
	}
	return files, nil
}

// FileByKey finds a file by its object. See [docket.Store].
func (s *Store) FileByKey(ctx context.Context, object string) (docket.File, error) {
	id, file, ok := parseObject(object)
	if !ok {
		return docket.File{}, fault.New(fault.NotFound, "file")
	}
	f, err := find[docket.File](ctx, s, fileKey(id, file), "file")
	if err == nil && f.Key != object {
		return docket.File{}, fault.New(fault.NotFound, "file")
	}
	return f, err
}

// LogRead writes one line of the read log. See [docket.Store].
func (s *Store) LogRead(ctx context.Context, r docket.Reading) error {
	it, err := document(readingKey(r), r)
	if err != nil {
		return err
	}
	return s.put(ctx, it, "")
}

// Readings lists the read log. See [docket.Store].
func (s *Store) Readings(ctx context.Context, id string, limit int) ([]docket.Reading, error) {
	if !isPart(id) || limit <= 0 {
		return nil, nil
	}
	items, err := s.between(ctx, "READ#"+id, "0", "~", limit, true)
	if err != nil {
		return nil, err
	}
	var log []docket.Reading
	for _, it := range items {
		r, err := decode[docket.Reading](it)
		if err != nil {
			return nil, err
		}
		log = append(log, r)
	}
	return log, nil
}

func sortBy(items []item, name string) {
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(textOf(a, name), textOf(b, name)) })
}
