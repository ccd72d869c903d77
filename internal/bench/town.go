package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/table"
	"jixu/internal/world"
)

// town is the tests' town over a real table and a real bucket of the emulator. What
// a function does is done by the same parts that its main wires, one call after
// another, so that each can be metered.
type town struct {
	*world.Town
	tally *tally
	meter *table.Meter // nil: time is taken instead, which a meter's own reads would spoil

	store world.Keep // metered
	quiet world.Keep // what only the bench looks at
	put   func(ctx context.Context, key string, data []byte) (version string, err error)
}

// newTown makes a fresh table and bucket called name, and founds a town over them.
func newTown(ctx context.Context, config aws.Config, name string, metered bool) (*town, error) {
	db, objects := dynamodb.NewFromConfig(config), s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if err := makeTable(ctx, db, name); err != nil {
		return nil, err
	}
	if err := makeBucket(ctx, objects, name); err != nil {
		return nil, err
	}
	t := &town{tally: newTally(), quiet: table.New(db, name)}
	t.store = t.quiet
	if metered {
		t.meter = &table.Meter{}
		t.store = table.New(dynamodb.NewFromConfig(config, t.meter.Watch), name)
	}
	t.put = func(ctx context.Context, key string, data []byte) (string, error) {
		out, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: bytes.NewReader(data)})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.VersionId), nil
	}
	return t, t.found(bucket.New(config, name))
}

// found wires the town over its store and a bucket. Events are sent to nobody.
func (t *town) found(objects docket.Files) (err error) {
	defer caught(&err)
	t.Town = world.New(ends{}, world.Options{
		Packs: policy.Carried, Wall: time.Now, Strict: true,
		Ports: func(w *memory.World, p *world.Ports) {
			p.Keep = world.Streamed{Keep: t.store, Stream: w.Stream}
			p.Files = files{objects, t.tally}
			p.Mac, p.Notices = mac{p.Mac, t.tally}, notices{p.Notices, t.tally}
			p.Events, p.Cursors, p.Scanner = nil, nil, nil
		},
	})
	t.Around = t.call
	t.Desk.Random, t.Desk.Pause = rand.Reader, docket.Sleep
	return nil
}

// ends is who hears of what fails in the town: it ends the life.
type ends struct{}

// failure is what it ends with.
type failure struct{ error }

func (ends) Helper() {}

func (ends) Errorf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

func (ends) Fatalf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// caught returns, as an error, what ended the life; any other panic goes on.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = p.error
	default:
		panic(p)
	}
}

// makeTable makes the table of the template: keys, two indexes of keys alone.
func makeTable(ctx context.Context, db *dynamodb.Client, name string) error {
	keys := func(pk, sk string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(pk), KeyType: types.KeyTypeHash}, {AttributeName: aws.String(sk), KeyType: types.KeyTypeRange},
		}
	}
	var attributes []types.AttributeDefinition
	for _, a := range []string{"pk", "sk", "workPk", "workSk", "listPk", "listSk"} {
		attributes = append(attributes, types.AttributeDefinition{AttributeName: aws.String(a), AttributeType: types.ScalarAttributeTypeS})
	}
	var indexes []types.GlobalSecondaryIndex
	for _, index := range []string{"work", "list"} {
		indexes = append(indexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(index), KeySchema: keys(index+"Pk", index+"Sk"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		})
	}
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, AttributeDefinitions: attributes, KeySchema: keys("pk", "sk"), GlobalSecondaryIndexes: indexes,
		BillingMode: types.BillingModePayPerRequest,
	})
	return err
}

func makeBucket(ctx context.Context, objects *s3.Client, name string) error {
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return err
	}
	_, err := objects.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	})
	return err
}

// call does what one invocation of function does, and counts it.
func (t *town) call(function string, do func() error) error {
	switch function {
	case "send-notice":
		t.tally.add(queueCalls, 2) // one poll that brings it, one that takes it off
	case "revive-runs":
		t.tally.add(queueCalls, 3) // and the one of the event bus
	}
	if t.meter != nil {
		t.meter.Take()
	}
	began := time.Now()
	err := do()
	took := time.Since(began)
	var units table.Units
	if t.meter != nil {
		units = t.meter.Take()
	}
	t.tally.call(function, took, units)
	if err != nil {
		return fmt.Errorf("%s: %w", function, err)
	}
	return nil
}

// settle lets everything happen that happens by itself after a change.
func (t *town) settle() (err error) {
	defer caught(&err)
	before := t.Walker.Transitions
	t.Engine()
	t.tally.add(transitions, t.Walker.Transitions-before)
	return nil
}

// upload sends data as the browser does, past us, and lets the bucket call check-file.
func (t *town) upload(ctx context.Context, key string, data []byte) error {
	t.tally.add(puts, 1)
	version, err := t.put(ctx, key, data)
	if err != nil {
		return err
	}
	return t.call("check-file", func() error {
		f, err := t.Desk.Settle(ctx, key, version)
		if err == nil && f.State != docket.Checked {
			err = fmt.Errorf("file %s is %s: %s", f.ID, f.State, f.Reason)
		}
		return err
	})
}

// over proves that the life came to its end: every run succeeded, nothing untold.
func (t *town) over(ctx context.Context, id string) error {
	for _, e := range t.World.StateMachine.Executions() {
		if e.Status != "SUCCEEDED" {
			return fmt.Errorf("run %s is %s at %q after the case is over", e.Name, e.Status, t.Walker.Run(e.Name).At)
		}
	}
	r, err := docket.LoadCase(ctx, t.quiet, id)
	if err != nil {
		return err
	}
	for _, leg := range gate.Legs {
		if r.Case.Leg(leg).State.Open() {
			return fmt.Errorf("the %s of %s is still open", leg, id)
		}
	}
	untold, err := t.quiet.Untold(ctx, time.Now().AddDate(10, 0, 0), 10)
	if err == nil && len(untold) > 0 {
		err = fmt.Errorf("%d entries stayed untold", len(untold))
	}
	return err
}

// files counts what S3 bills for. Signing asks nobody.
type files struct {
	docket.Files
	tally *tally
}

func (f files) PutManifest(ctx context.Context, key string, data []byte) error {
	f.tally.add(puts, 1)
	return f.Files.PutManifest(ctx, key, data)
}

func (f files) Manifest(ctx context.Context, key string) ([]byte, error) {
	f.tally.add(gets, 1)
	return f.Files.Manifest(ctx, key)
}

func (f files) Open(ctx context.Context, key, version string) (io.ReadCloser, int64, error) {
	f.tally.add(gets, 1)
	return f.Files.Open(ctx, key, version)
}

// mac counts what KMS would be asked.
type mac struct {
	keys  docket.Mac
	tally *tally
}

func (m mac) Mac(ctx context.Context, message []byte) ([]byte, error) {
	m.tally.add(macs, 1)
	return m.keys.Mac(ctx, message)
}

// notices counts what goes into the queue.
type notices struct {
	docket.Notices
	tally *tally
}

func (n notices) Queue(ctx context.Context, notice docket.Notice) error {
	n.tally.add(queueCalls, 1)
	return n.Notices.Queue(ctx, notice)
}

// op is a form's operation; nobody sends it twice.
func op() docket.Op { return docket.Op{ID: "bench-" + rand.Text()} }
