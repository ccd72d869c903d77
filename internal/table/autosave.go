package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// PutAutosave keeps what a person typed. See [docket.Autosaves].
func (s *Store) PutAutosave(ctx context.Context, a docket.Autosave) error {
	if err := a.Fits(); err != nil {
		return err
	}
	it, err := document(autosaveKey(a.Of, a.Gate, a.Person, a.Choice), a)
	if err != nil {
		return err
	}
	forgotten(it, a.Expires)
	return s.put(ctx, it, "")
}

// Autosave returns what a person typed. See [docket.Autosaves].
func (s *Store) Autosave(ctx context.Context, of, gate, person, choice string, now time.Time) (docket.Autosave, error) {
	it, err := s.get(ctx, autosaveKey(of, gate, person, choice))
	if err != nil {
		return docket.Autosave{}, err
	}
	if it == nil {
		return docket.Autosave{}, fault.New(fault.NotFound, "record")
	}
	a, err := decode[docket.Autosave](it)
	if err != nil {
		return docket.Autosave{}, err
	}
	if !now.Before(a.Expires) {
		return docket.Autosave{}, fault.New(fault.NotFound, "record")
	}
	return a, nil
}

// DropAutosaves forgets what a person typed at a gate. See [docket.Autosaves].
func (s *Store) DropAutosaves(ctx context.Context, of, gate, person string) error {
	first := autosaveKey(of, gate, person, "-")
	if !first.valid() {
		return nil
	}
	items, err := s.query(ctx, dynamodb.QueryInput{
		KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :person)"),
		ExpressionAttributeValues: item{":pk": text(first.pk), ":person": text(person + sep)},
		ProjectionExpression:      aws.String("pk, sk"),
	}, 0)
	if err != nil {
		return err
	}
	for _, it := range items {
		if err := s.remove(ctx, keyOf(it), newChange(), present); err != nil {
			return err
		}
	}
	return nil
}
