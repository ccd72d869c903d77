package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
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
	"jixu/internal/journey"
	"jixu/internal/policy"
	"jixu/internal/table"
)

// town is a whole Jixu in one process over a real table and a real bucket of
// the emulator. What a function does is done by the same parts that its main
// wires, one call after another, so that each can be metered.
type town struct {
	tally *tally
	meter *table.Meter // nil: time is taken instead, which a meter's own reads would spoil

	store   *table.Store // metered
	quiet   *table.Store // what only the bench looks at
	objects *s3.Client
	bucket  string
	clock   *clock
	machine *walker

	desk   *docket.Desk
	keeper *docket.Keeper
	teller *docket.Teller
	waiter *docket.Waiter
	bell   *docket.Bell
	post   *docket.Postman

	waiting []docket.Notice // in the queue
	mails   []docket.Message
	told    int // entries that the stream brought already
}

// clock is the law's, set by the life: in production it asks nobody.
type clock struct{ at time.Time }

func (c *clock) Now(context.Context) (time.Time, error) { return c.at, nil }

// deaf is a metric that nobody reads.
type deaf struct{}

func (deaf) Count(string, float64) {}

func (deaf) Gauge(string, float64) {}

func (deaf) Age(string, time.Duration) {}

// newTown makes a fresh table and bucket called name, with the sample people
// and rules in it, and wires everything over them.
func newTown(ctx context.Context, config aws.Config, d definition, name string, metered bool) (*town, error) {
	t := &town{tally: newTally(), bucket: name, clock: &clock{time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)}}
	db := dynamodb.NewFromConfig(config)
	if err := makeTable(ctx, db, name); err != nil {
		return nil, err
	}
	t.quiet = table.New(db, name)
	t.store = t.quiet
	if metered {
		t.meter = &table.Meter{}
		t.store = table.New(dynamodb.NewFromConfig(config, t.meter.Watch), name)
	}
	t.objects = s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if err := makeBucket(ctx, t.objects, name); err != nil {
		return nil, err
	}
	t.machine = &walker{definition: d, do: t.function, now: time.Now}
	t.desk = docket.New(t.store, t.clock, deaf{})
	t.desk.Files = &files{Bucket: bucket.New(config, name), tally: t.tally}
	mac := &mac{tally: t.tally}
	t.keeper = &docket.Keeper{
		Store: t.store, Directory: t.store, Doors: t.store, Notices: t, Mac: mac, Desk: t.desk, Machine: time.Now,
	}
	t.teller = &docket.Teller{Desk: t.desk, Machine: t.machine, Notices: t}
	t.waiter = &docket.Waiter{Store: t.store, Machine: t.machine}
	t.bell = &docket.Bell{Desk: t.desk}
	t.post = &docket.Postman{
		Store: t.store, Directory: t.store, Doors: t.store, Outbox: t.store, Mail: t, Mac: mac,
		Site: "https://jixu.example", Machine: time.Now,
	}
	return t, t.people(ctx)
}

func (t *town) people(ctx context.Context) error {
	for _, o := range journey.Organisations {
		if err := t.quiet.PutOrganisation(ctx, o); err != nil {
			return err
		}
	}
	for _, p := range journey.People {
		if err := t.quiet.PutPerson(ctx, p); err != nil {
			return err
		}
	}
	if err := t.quiet.PutAgencies(ctx, journey.Agencies); err != nil {
		return err
	}
	return t.quiet.PutRules(ctx, policy.LocalSample())
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

// function is what the machine's tasks call.
func (t *town) function(ctx context.Context, name string, payload map[string]any) (any, error) {
	encoded, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	switch name {
	case "${ApplyOutcomeFunctionArn}":
		var in docket.Input
		if err := json.Unmarshal(encoded, &in); err != nil {
			return nil, err
		}
		var next docket.Next
		err := t.call("apply-outcome", func() (err error) {
			next, err = t.waiter.Next(ctx, in.CaseID, in.Leg, in.Run)
			return err
		})
		if err != nil {
			return nil, err
		}
		return asJSON(next)
	case "${OpenGateFunctionArn}":
		var in struct {
			CaseID    string
			Gate      string
			Run       int
			TaskToken string
			Entered   time.Time
			Retry     int
		}
		if err := json.Unmarshal(encoded, &in); err != nil {
			return nil, err
		}
		token := docket.Token{Value: in.TaskToken, Run: in.Run, Entered: in.Entered, Retry: in.Retry}
		return nil, t.call("open-gate", func() error {
			return t.waiter.Attach(ctx, docket.GateRef{Case: in.CaseID, Gate: in.Gate}, token)
		})
	}
	return nil, fmt.Errorf("the machine calls %s, which the bench does not know", name)
}

// asJSON is v as a machine sees it.
func asJSON(v any) (out map[string]any, err error) {
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(encoded, &out)
}

// settle lets everything happen that happens by itself after a change of case
// id: the stream brings new entries, machines go on, notices are sent.
func (t *town) settle(ctx context.Context, id string) error {
	for {
		r, err := t.quiet.Load(ctx, id)
		if err != nil {
			return err
		}
		if r.Case.Seq == t.told && len(t.waiting) == 0 {
			return nil
		}
		for ; t.told < r.Case.Seq; t.told++ {
			seq := t.told + 1
			if err := t.call("relay-entries", func() error { return t.teller.Tell(ctx, id, seq) }); err != nil {
				return err
			}
		}
		before := t.machine.transitions
		if err := t.machine.Settle(ctx); err != nil {
			return err
		}
		t.tally.add(transitions, t.machine.transitions-before)
		for len(t.waiting) > 0 {
			n := t.waiting[0]
			t.waiting = t.waiting[1:]
			t.tally.add(queueCalls, 2) // one poll that brings it, one that takes it off
			if err := t.call("send-notice", func() error { return t.post.Deliver(ctx, n) }); err != nil {
				return err
			}
		}
	}
}

// upload sends data as the browser does, past us, and lets the bucket call check-file.
func (t *town) upload(ctx context.Context, key string, data []byte) error {
	t.tally.add(puts, 1)
	out, err := t.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &t.bucket, Key: &key, Body: bytes.NewReader(data)})
	if err != nil {
		return err
	}
	return t.call("check-file", func() error {
		f, err := t.desk.Settle(ctx, key, aws.ToString(out.VersionId))
		if err == nil && f.State != docket.Checked {
			err = fmt.Errorf("file %s is %s: %s", f.ID, f.State, f.Reason)
		}
		return err
	})
}

// Queue takes a notice; settle delivers it.
func (t *town) Queue(_ context.Context, n docket.Notice) error {
	t.tally.add(queueCalls, 1)
	t.waiting = append(t.waiting, n)
	return nil
}

// Send keeps a mail for whoever reads it in the life.
func (t *town) Send(_ context.Context, m docket.Message) error {
	t.mails = append(t.mails, m)
	return nil
}

// over proves that the life came to its end: every run succeeded, nothing untold.
func (t *town) over(ctx context.Context, id string) error {
	for _, r := range t.machine.runs {
		if r.status != "SUCCEEDED" {
			return fmt.Errorf("run %s is %s at %q after the case is over", r.name, r.status, r.at)
		}
	}
	r, err := t.quiet.Load(ctx, id)
	if err != nil {
		return err
	}
	for _, leg := range gate.Legs {
		if r.Case.Track(leg).State.Open() {
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
	*bucket.Bucket
	tally *tally
}

func (f *files) PutManifest(ctx context.Context, key string, data []byte) error {
	f.tally.add(puts, 1)
	return f.Bucket.PutManifest(ctx, key, data)
}

func (f *files) Manifest(ctx context.Context, key string) ([]byte, error) {
	f.tally.add(gets, 1)
	return f.Bucket.Manifest(ctx, key)
}

func (f *files) Open(ctx context.Context, key, version string) (io.ReadCloser, int64, error) {
	f.tally.add(gets, 1)
	return f.Bucket.Open(ctx, key, version)
}

// mac stands in for KMS and counts what it would be asked.
type mac struct{ tally *tally }

func (m *mac) Mac(_ context.Context, message []byte) ([]byte, error) {
	m.tally.add(macs, 1)
	h := hmac.New(sha256.New, []byte("the bench's own key"))
	h.Write(message)
	return h.Sum(nil), nil
}

// op is a form's operation; nobody sends it twice.
func op() docket.Op { return docket.Op{ID: "bench-" + rand.Text()} }
