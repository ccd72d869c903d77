package table

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// Load reads an aggregate with its gates and files in one query. DynamoDB shows the
// items of a transaction one by one, so a head may be seen before its gates or
// files; then it is read again.
func (s *Store) Load(ctx context.Context, name string) (docket.Stored, error) {
	k := headKey(name)
	if !k.valid() {
		return docket.Stored{}, docket.Missing(name)
	}
	for try := 1; ; try++ {
		items, err := s.between(ctx, k.pk, fileSort, headSort, 0, false)
		if err != nil {
			return docket.Stored{}, err
		}
		if !torn(items) {
			r, err := stored(name, items)
			// A file that never comes must not lock its aggregate up.
			if err != nil || whole(items) || try == tries || sleep(ctx, try) != nil {
				return r, err
			}
			continue
		}
		if try == tries || sleep(ctx, try) != nil {
			return docket.Stored{}, unclear("loading "+name, errors.New("it is being written again and again"))
		}
	}
}

// Head reads an aggregate's head. See [docket.Store].
func (s *Store) Head(ctx context.Context, name string) (docket.Head, error) {
	it, err := s.get(ctx, headKey(name))
	if err != nil {
		return docket.Head{}, err
	}
	if it == nil {
		return docket.Head{}, docket.Missing(name)
	}
	return headOf(it)
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

// whole reports whether every file that a version of the head brought is there.
func whole(items []item) bool {
	there := map[string]bool{}
	var brought []value
	for _, it := range items {
		if textOf(it, attrSK) == headSort {
			if l, ok := it[attrBrought].(*types.AttributeValueMemberL); ok {
				brought = l.Value
			}
		} else if id, ok := strings.CutPrefix(textOf(it, attrSK), fileSort); ok {
			there[id] = true
		}
	}
	return !slices.ContainsFunc(brought, func(v value) bool {
		id, ok := v.(*types.AttributeValueMemberS)
		return ok && !there[id.Value]
	})
}

func stored(name string, items []item) (docket.Stored, error) {
	var out docket.Stored
	var err error
	for _, it := range items {
		sk := textOf(it, attrSK)
		switch {
		case sk == headSort:
			out.Head, err = headOf(it)
		case has(it, attrStatus):
			var g gate.Gate
			g, err = decode[gate.Gate](it)
			out.Gates = append(out.Gates, g)
		default:
			var f docket.File
			f, err = decode[docket.File](it)
			out.Files = append(out.Files, f)
		}
		if err != nil {
			return docket.Stored{}, err
		}
	}
	if out.Version == 0 {
		return docket.Stored{}, docket.Missing(name)
	}
	return out, nil
}

// former is what earlier builds kept of a head in its document: a case's was the case,
// every other one's held the law's value in Body.
type former struct {
	Number string
	Seq    int
	Head   string
	Hash   string
	Body   json.RawMessage
}

// headOf reads a head. It fails with [docket.ErrUnreadable], and names it even then.
func headOf(it item) (docket.Head, error) {
	name, ok := aggregateOf(textOf(it, attrPK))
	kind, id := docket.Parts(name)
	h := docket.Head{
		Kind: kind, ID: id, Number: textOf(it, attrNumber), Version: int(numberOf(it, attrVersion)), Seq: int(numberOf(it, attrSeq)),
		Hash: textOf(it, attrHash), Body: json.RawMessage(textOf(it, attrData)), Row: rowOf(it),
	}
	if !ok || !json.Valid(h.Body) {
		return h, fmt.Errorf("the head of %s: %w", name, docket.ErrUnreadable)
	}
	if has(it, attrSeq) {
		return h, nil
	}
	was, err := decode[former](it)
	if err != nil {
		return h, err
	}
	h.Number, h.Seq, h.Hash = was.Number, was.Seq, cmp.Or(was.Head, was.Hash)
	if was.Body != nil {
		h.Body = was.Body
	}
	return h, nil
}

// rowOf is the row of a head, if the version that stands there wrote it.
func rowOf(it item) json.RawMessage {
	if !has(it, attrRow) || numberOf(it, attrRowOf) != numberOf(it, attrVersion) {
		return nil
	}
	return json.RawMessage(textOf(it, attrRow))
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
			return nil, fmt.Errorf("%s: %w: %w", textOf(it, attrSK), docket.ErrUnreadable, err)
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

// ByNumber looks a number of people up. See [docket.Store].
func (s *Store) ByNumber(ctx context.Context, number string) (string, error) {
	it, err := s.get(ctx, numberKey(number))
	if err == nil && it == nil {
		err = fault.New(fault.NotFound, docket.CaseKind)
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

// AttachToken puts a token on a gate in one conditional write. It fails with
// fault.NotFound if there is no such gate. See [docket.Store].
func (s *Store) AttachToken(ctx context.Context, ref docket.GateRef, t docket.Token) (gate.Gate, bool, error) {
	order := text(tokenOrder(t))
	u := newChange().set(text(t.Value), attrToken).set(order, attrTokenOrder)
	older := u.name(attrTokenOrder)
	it, err := s.update(ctx, gateKey(ref.Of, ref.Gate), u,
		present+" AND (attribute_not_exists("+older+") OR "+older+" < "+u.value(order)+")")
	if errors.Is(err, fault.Conflict) {
		if it == nil {
			if it, err = s.get(ctx, gateKey(ref.Of, ref.Gate)); err != nil {
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
	it, err := s.get(ctx, gateKey(ref.Of, ref.Gate))
	if err != nil || !has(it, attrToken) {
		return docket.Token{}, false, err
	}
	t, ok := tokenOf(it)
	if !ok {
		return docket.Token{}, false, errors.New("reading a token: its order is not one")
	}
	return t, true, nil
}

// tokenOf is the token on a gate's item; ok is false if there is none that can be read.
func tokenOf(it item) (t docket.Token, ok bool) {
	t, ok = parseTokenOrder(textOf(it, attrTokenOrder))
	t.Value = textOf(it, attrToken)
	return t, ok
}

// fileItem returns a file's item. The object's key must be the one that is
// made of the file's case and id: FileByKey reads it backwards.
func fileItem(f docket.File) (item, error) {
	if id, file, ok := parseObject(f.Key); !ok || id != f.Of || file != f.ID {
		return key{}.item(), fault.New(fault.Invalid, "file.key")
	}
	it, err := document(fileKey(f.Of, f.ID), f)
	if err != nil {
		return it, err
	}
	it[attrState] = text(string(f.State))
	if f.State == docket.Unchecked && !f.ScanAt.IsZero() {
		scanIndex(f.Of, f.ID, f.ScanAt).work(it)
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
	k := fileKey(f.Of, f.ID)
	u := newChange().set(it[attrData], attrData).set(it[attrState], attrState).set(text(f.Version), attrPinned)
	if f.State == docket.Unscanned && !f.ScanAt.IsZero() {
		at := scanIndex(f.Of, f.ID, f.ScanAt)
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
	now, err := find[docket.File](ctx, s, fileKey(f.Of, f.ID), "file")
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
	_, err = s.update(ctx, fileKey(f.Of, f.ID), u, u.equal(attrState, text(string(docket.Unchecked))))
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
