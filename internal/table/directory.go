package table

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Organisation reads an organisation. It fails with fault.NotFound.
func (s *Store) Organisation(ctx context.Context, id string) (party.Organisation, error) {
	return find[party.Organisation](ctx, s, orgKey(id), "organisation")
}

// Person reads a person. It fails with fault.NotFound.
func (s *Store) Person(ctx context.Context, id string) (party.Person, error) {
	return find[party.Person](ctx, s, personKey(id), "person")
}

// PersonBySubject finds who the issuer means. A subject that the person no
// longer has leads nowhere. See [docket.Directory].
func (s *Store) PersonBySubject(ctx context.Context, subject string) (party.Person, error) {
	it, err := s.get(ctx, subjectKey(subject))
	if err != nil {
		return party.Person{}, err
	}
	if it == nil {
		return party.Person{}, fault.New(fault.NotFound, "person")
	}
	p, err := s.Person(ctx, textOf(it, attrPerson))
	if err == nil && p.Subject != subject {
		return party.Person{}, fault.New(fault.NotFound, "person")
	}
	return p, err
}

// Roster lists the people of an organisation. Someone who went to another one
// is no longer among them. See [docket.Directory].
func (s *Store) Roster(ctx context.Context, org string) ([]party.Person, error) {
	k := orgKey(org)
	if !k.valid() {
		return nil, nil
	}
	rows, err := s.between(ctx, k.pk, personSort, personSort+"\U0010ffff", 0, false)
	if err != nil {
		return nil, err
	}
	var keys []key
	for _, it := range rows {
		keys = append(keys, personKey(textOf(it, attrPerson)))
	}
	found, err := s.many(ctx, keys)
	if err != nil {
		return nil, err
	}
	var roster []party.Person
	for _, it := range found {
		p, err := decode[party.Person](it)
		if err != nil {
			return nil, err
		}
		if p.Org == org {
			roster = append(roster, p)
		}
	}
	slices.SortFunc(roster, func(a, b party.Person) int { return cmp.Compare(a.ID, b.ID) })
	return roster, nil
}

// Agencies reads who holds the seats. It fails with fault.NotFound before they were put.
func (s *Store) Agencies(ctx context.Context) (party.Agencies, error) {
	return find[party.Agencies](ctx, s, settingKey("AGENCIES"), "agencies")
}

// Rules reads the rules in force. It fails with fault.NotFound before they were put.
func (s *Store) Rules(ctx context.Context) (policy.Rules, error) {
	return find[policy.Rules](ctx, s, settingKey("RULES"), "rules")
}

// PutOrganisation keeps o in place of what was known of it.
func (s *Store) PutOrganisation(ctx context.Context, o party.Organisation) error {
	return s.keep(ctx, orgKey(o.ID), o)
}

// PutPerson keeps p in place of what was known of them. It fails with
// fault.Conflict if the issuer's subject is somebody else's.
func (s *Store) PutPerson(ctx context.Context, p party.Person) error {
	who, err := document(personKey(p.ID), p)
	if err != nil {
		return err
	}
	row := rosterKey(p.Org, p.ID).item()
	row[attrPerson] = text(p.ID)
	if !keyOf(who).valid() || !keyOf(row).valid() {
		return fault.New(fault.Invalid, "key")
	}
	writes := []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.name, Item: who}},
		{Put: &types.Put{TableName: &s.name, Item: row}},
	}
	if p.Subject != "" {
		subject := subjectKey(p.Subject).item()
		if !keyOf(subject).valid() {
			return fault.New(fault.Invalid, "key")
		}
		subject[attrPerson] = text(p.ID)
		c := newChange()
		condition := absent + " OR " + c.equal(attrPerson, text(p.ID))
		writes = append(writes, types.TransactWriteItem{Put: &types.Put{
			TableName: &s.name, Item: subject, ConditionExpression: aws.String(condition),
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		}})
	}
	return s.transact(ctx, "keeping person "+p.ID, writes)
}

// PutAgencies says who holds the seats.
func (s *Store) PutAgencies(ctx context.Context, a party.Agencies) error {
	return s.keep(ctx, settingKey("AGENCIES"), a)
}

// PutRules puts rules in force.
func (s *Store) PutRules(ctx context.Context, r policy.Rules) error {
	return s.keep(ctx, settingKey("RULES"), r)
}

// Pack reads an operator's own requirement pack. It fails with fault.NotFound.
func (s *Store) Pack(ctx context.Context, key string) (policy.Pack, error) {
	return find[policy.Pack](ctx, s, packKey(key), "pack")
}

// PutPack keeps an operator's own requirement pack, once. See [docket.Directory].
func (s *Store) PutPack(ctx context.Context, p policy.Pack) error {
	it, err := document(packKey(p.Key()), p)
	if err != nil {
		return err
	}
	err = s.put(ctx, it, absent)
	if !errors.Is(err, fault.Conflict) {
		return err
	}
	if was, lookErr := s.Pack(ctx, p.Key()); lookErr != nil || reflect.DeepEqual(was, p) {
		return lookErr
	}
	return err
}

// keep writes the document at k in place of the one there.
func (s *Store) keep(ctx context.Context, k key, v any) error {
	it, err := document(k, v)
	if err != nil {
		return err
	}
	return s.put(ctx, it, "")
}
