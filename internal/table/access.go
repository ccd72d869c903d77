package table

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

const (
	mostTries = 5
	// retained is how long what has expired stays: long enough to look into it, and
	// DynamoDB takes up to two days more. No condition relies on it.
	retained = 24 * time.Hour
)

// lasting returns the condition that the instants names all lie after now.
func (c *change) lasting(now time.Time, names ...string) string {
	v := c.value(text(instant(now)))
	var out []string
	for _, n := range names {
		out = append(out, c.name(n)+" > "+v)
	}
	return strings.Join(out, " AND ")
}

// forgotten lets DynamoDB remove it some time after t.
func forgotten(it item, t time.Time) { it[attrTTL] = number(t.Add(retained).Unix()) }

func sessionItem(s docket.Session) (item, error) {
	it, err := document(sessionKey(s.Hash), s)
	if err != nil {
		return it, err
	}
	it[attrCase], it[attrGate] = text(s.Of), text(s.Gate)
	it[attrIdle], it[attrExpires] = text(instant(s.Idle)), text(instant(s.Expires))
	forgotten(it, s.Expires)
	return it, nil
}

// PutSession opens a session. See [docket.Access].
func (s *Store) PutSession(ctx context.Context, session docket.Session) error {
	it, err := sessionItem(session)
	if err != nil {
		return err
	}
	return s.put(ctx, it, "")
}

// Session finds a session that lasts. See [docket.Access].
func (s *Store) Session(ctx context.Context, hash string, now time.Time) (docket.Session, error) {
	it, err := s.get(ctx, sessionKey(hash))
	if err != nil {
		return docket.Session{}, err
	}
	if it == nil || textOf(it, attrIdle) <= instant(now) || textOf(it, attrExpires) <= instant(now) {
		return docket.Session{}, fault.New(fault.NotFound, "session")
	}
	session, err := decode[docket.Session](it)
	if err != nil {
		return docket.Session{}, err
	}
	session.Idle, _ = parseInstant(textOf(it, attrIdle))
	return session, nil
}

// Touch moves a session's idle end. It fails with fault.NotFound if the
// session has ended. See [docket.Access].
func (s *Store) Touch(ctx context.Context, hash string, idle, now time.Time) error {
	u := newChange().set(text(instant(idle)), attrIdle)
	_, err := s.update(ctx, sessionKey(hash), u, present+" AND "+u.lasting(now, attrIdle, attrExpires))
	return gone(err, "session")
}

// gone turns a condition that did not hold into fault.NotFound.
func gone(err error, what string) error {
	if errors.Is(err, fault.Conflict) {
		return fault.Because(fault.NotFound, what, err)
	}
	return err
}

// EndSession ends a session; one that is not there stays so.
func (s *Store) EndSession(ctx context.Context, hash string) error {
	k := sessionKey(hash)
	if !k.valid() {
		return nil
	}
	err := s.patiently(ctx, func() error {
		_, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.name, Key: k.item()})
		return err
	})
	return verdict("ending a session", err)
}

// PutLink makes a link known. See [docket.Access].
func (s *Store) PutLink(ctx context.Context, l docket.Link) error {
	it, err := document(linkKey(l.Hash), l)
	if err != nil {
		return err
	}
	return s.put(ctx, it, "")
}

// Link finds a link. See [docket.Access].
func (s *Store) Link(ctx context.Context, hash string) (docket.Link, error) {
	return find[docket.Link](ctx, s, linkKey(hash), "link")
}

// CountCode counts a request before a code is made, in one conditional write.
// See [docket.Access].
func (s *Store) CountCode(ctx context.Context, c docket.Code, most int) error {
	return s.count(ctx, hourKey(c), c.At.Add(retained), most)
}

// CountAtGate counts what happens at a gate within a day, in one conditional
// write. See [docket.Access].
func (s *Store) CountAtGate(ctx context.Context, l docket.Link, what string, at time.Time, most int) error {
	return s.count(ctx, dayKey(l, what, at), at.Add(2*retained), most)
}

// count counts one more under k, which is forgotten some time after until. It
// fails with fault.Conflict once there were most.
func (s *Store) count(ctx context.Context, k key, until time.Time, most int) error {
	u := newChange().add(number(1), attrTries)
	u.set(number(until.Unix()), attrTTL)
	_, err := s.update(ctx, k, u, "attribute_not_exists("+u.name(attrTries)+") OR "+u.name(attrTries)+" < "+u.value(number(int64(most))))
	return verdict("counting at a gate", err)
}

// PutCode keeps a request for a code, if its id is new: putting it again
// brings no tries back. See [docket.Access].
func (s *Store) PutCode(ctx context.Context, c docket.Code) error {
	it, err := document(codeKey(c.ID), c)
	if err != nil {
		return err
	}
	it[attrTries], it[attrUsed] = number(int64(c.Tries)), truth(c.Used)
	it[attrExpires] = text(instant(c.Expires))
	forgotten(it, c.Expires)
	if err := s.put(ctx, it, absent); err != nil && !errors.Is(err, fault.Conflict) {
		return err
	}
	return nil
}

func codeOf(it item) (docket.Code, error) {
	c, err := decode[docket.Code](it)
	c.Tries, c.Used = int(numberOf(it, attrTries)), truthOf(it, attrUsed)
	return c, err
}

// Code finds a request for a code. See [docket.Access].
func (s *Store) Code(ctx context.Context, id string) (docket.Code, error) {
	it, err := s.get(ctx, codeKey(id))
	if err != nil {
		return docket.Code{}, err
	}
	if it == nil {
		return docket.Code{}, fault.New(fault.NotFound, "code")
	}
	return codeOf(it)
}

// TryCode counts a try before anything is compared, in one conditional write:
// a thousand tries at once are five. See [docket.Access].
func (s *Store) TryCode(ctx context.Context, id string, now time.Time) (docket.Code, error) {
	u := newChange().add(number(1), attrTries)
	it, err := s.update(ctx, codeKey(id), u, present+" AND "+u.equal(attrUsed, truth(false))+
		" AND "+u.name(attrTries)+" < "+u.value(number(mostTries))+" AND "+u.lasting(now, attrExpires))
	if err != nil {
		return docket.Code{}, gone(err, "code")
	}
	return codeOf(it)
}

// UseCode spends a code and opens its session, or neither. An unknown or
// expired code cannot be spent either. See [docket.Access].
func (s *Store) UseCode(ctx context.Context, id string, session docket.Session, now time.Time) error {
	k := codeKey(id)
	opened, err := sessionItem(session)
	if err != nil {
		return err
	}
	if !k.valid() || !keyOf(opened).valid() {
		return fault.New(fault.Conflict, "moved")
	}
	u := newChange().set(truth(true), attrUsed)
	condition := present + " AND " + u.equal(attrUsed, truth(false)) + " AND " + u.lasting(now, attrExpires)
	return s.transact(ctx, "spending a code", []types.TransactWriteItem{
		{Update: &types.Update{
			TableName: &s.name, Key: k.item(), UpdateExpression: u.expression(), ConditionExpression: &condition,
			ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values,
		}},
		{Put: &types.Put{TableName: &s.name, Item: opened, ConditionExpression: aws.String(absent)}},
	})
}

// PutPending keeps a sign-in that has left. See [docket.Access].
func (s *Store) PutPending(ctx context.Context, p docket.Pending) error {
	it, err := document(pendingKey(p.State), p)
	if err != nil {
		return err
	}
	it[attrExpires] = text(instant(p.Expires))
	forgotten(it, p.Expires)
	return s.put(ctx, it, "")
}

// TakePending returns and forgets a sign-in in one write, so that of two
// callbacks one gets it. See [docket.Access].
func (s *Store) TakePending(ctx context.Context, state string, now time.Time) (docket.Pending, error) {
	k := pendingKey(state)
	if !k.valid() {
		return docket.Pending{}, fault.New(fault.NotFound, "sign-in")
	}
	c := newChange()
	condition := present + " AND " + c.lasting(now, attrExpires)
	var out *dynamodb.DeleteItemOutput
	err := s.patiently(ctx, func() (err error) {
		out, err = s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.name, Key: k.item(), ConditionExpression: &condition,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values, ReturnValues: types.ReturnValueAllOld,
		})
		return err
	})
	if err := verdict("taking a sign-in", err); err != nil {
		return docket.Pending{}, gone(err, "sign-in")
	}
	return decode[docket.Pending](out.Attributes)
}

// Delivered looks a notice up. See [docket.Outbox].
func (s *Store) Delivered(ctx context.Context, name string) (bool, error) {
	it, err := s.get(ctx, noticeKey(name))
	return it != nil, err
}

// MarkDelivered notes that a notice was handed over. See [docket.Outbox].
func (s *Store) MarkDelivered(ctx context.Context, name string, delivered time.Time) error {
	it, err := document(noticeKey(name), delivered.UTC())
	if err != nil {
		return err
	}
	return s.put(ctx, it, "")
}
