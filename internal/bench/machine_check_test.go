//go:build check

package bench

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"jixu/internal/bucket"
	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/memory"
	"jixu/internal/policy"
	"jixu/internal/sample"
	"jixu/internal/stack"
	"jixu/internal/table"
	"jixu/internal/world"
)

// The whole bench, once: what it drives and replaces is all there.
func TestTheBenchRuns(t *testing.T) {
	var out strings.Builder
	if err := Run(context.Background(), Options{Starts: 1, Bill: true, Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"hospital-site", "sweep-stuck", "= engine", "= with what it asks of others", "EventBridge Scheduler"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got nothing of %q in\n%s", want, out.String())
		}
	}
}

// Over AWS's own reading of the table a move costs what its transaction does.
func TestCounterMovesAreMeasuredOverDynamoDBLocal(t *testing.T) {
	db := dynamodb.NewFromConfig(stack.DynamoDBLocal(t))
	defer func(n int) { countRounds = n }(countRounds)
	countRounds = 3
	made := 0
	fresh := func() (world.Keep, error) {
		made++
		name := "counters-" + strconv.Itoa(made)
		return table.New(db, name), makeTable(context.Background(), db, name)
	}
	var out strings.Builder
	if err := counters(context.Background(), "DynamoDB Local", fresh, &out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
}

// An operation over AWS's own reading of the table takes what its reads and its
// transaction take.
func TestOperationsAreMeasuredBesideTheHandOverDynamoDBLocal(t *testing.T) {
	db := dynamodb.NewFromConfig(stack.DynamoDBLocal(t))
	defer func(n int) { handRounds = n }(handRounds)
	handRounds = 11
	if err := makeTable(context.Background(), db, "byhand"); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := byHand(context.Background(), "DynamoDB Local", table.New(db, "byhand"), &out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
}

// The table of rows is read as AWS's own reading of a table is: the same walks over the
// same items cost the same.
func TestRingAndSweepCostOverDynamoDBLocalWhatTheyCostOverRows(t *testing.T) {
	few(t, nil, []int{0, 1, 30})
	ctx, db := context.Background(), stack.DynamoDBLocal(t)
	ours := waiting(t, 250)
	if err := makeTable(ctx, dynamodb.NewFromConfig(db), "rows"); err != nil {
		t.Fatal(err)
	}
	theirs, err := emptyTown(func(options ...func(*dynamodb.Options)) *table.Store {
		return table.New(dynamodb.NewFromConfig(db, options...), "rows")
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]bool{}
	for _, places := range ours.rows.work {
		for _, p := range places {
			cases[p.pk] = true
		}
	}
	for pk := range cases {
		ours.rows.own(pk)
		for _, it := range ours.rows.items[pk] {
			if _, err := dynamodb.NewFromConfig(db).PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("rows"), Item: it}); err != nil {
				t.Fatal(err)
			}
		}
	}
	theirs.began, theirs.ring = ours.began, ours.ring
	walks := []func(*waitingTown) (walked, error){func(w *waitingTown) (walked, error) { return w.swept(ctx, 10*time.Second) }}
	for round := range dueAtOnce {
		walks = append(walks, func(w *waitingTown) (walked, error) {
			w.Desk.Late = nil
			return w.rung(ctx, round)
		})
	}
	for i, walk := range walks {
		want, err := walk(theirs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := walk(ours)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("walk %d: got %+v over rows, want %+v", i, got, want)
		}
		t.Logf("walk %d: %+v", i, got)
	}
}

// outside lives a case against the deployed template from outside: operations
// in this process, everything that happens by itself in real functions.
type outside struct {
	t     *testing.T
	s     *stack.Stack
	store *table.Store
	desk  *docket.Desk
	id    string
}

var actor = world.Sample.Actor

func (o *outside) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *outside) until(what string, holds func() bool) {
	o.t.Helper()
	if err := stack.Eventually(context.Background(), time.Minute, func() (bool, error) { return holds(), nil }); err != nil {
		o.t.Fatalf("waiting for %s: %v", what, err)
	}
}

func (o *outside) record() docket.Record {
	o.t.Helper()
	r, err := docket.LoadCase(context.Background(), o.store, o.id)
	o.must(err)
	return r
}

// file uploads data to the ticket of f and waits for check-file.
func (o *outside) file(id string) {
	o.t.Helper()
	f, _ := o.record().File(id)
	client := s3.NewFromConfig(o.s.Config, func(s *s3.Options) { s.UsePathStyle = true })
	_, err := client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(o.s.Outputs["BucketName"]), Key: &f.Key, Body: bytes.NewReader(sample.PDF(1, "申请表", 1, 0)),
	})
	o.must(err)
	o.until("check-file", func() bool { f, _ := o.record().File(id); return f.State == docket.Checked })
}

func (o *outside) attach() {
	o.t.Helper()
	upload := docket.Upload{Item: "signed-form", Name: "申请表.pdf"}
	r, _, err := o.desk.Attach(context.Background(), op(), o.id, o.record().Case.Dossier, upload, "", actor("lin-zhi"))
	o.must(err)
	o.file(r.File)
}

// waited returns the open gate of leg once a machine waits at it.
func (o *outside) waited(leg gate.Leg) docket.GateRef {
	o.t.Helper()
	ref := docket.GateRef{Of: o.id, Gate: o.record().Case.Leg(leg).Gate, Submission: len(o.record().Case.Submissions)}
	o.until("a token at "+ref.Gate, func() bool {
		_, ok, err := o.store.Token(context.Background(), ref)
		return err == nil && ok
	})
	return ref
}

// entered counts the states that a run entered, by name, and says how it stands.
func (o *outside) entered(name string) (states map[string]int, sum int, status string) {
	o.t.Helper()
	client := sfn.NewFromConfig(o.s.Config)
	arn := aws.String(strings.Replace(o.s.Outputs["MachineArn"], ":stateMachine:", ":execution:", 1) + ":" + name)
	described, err := client.DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: arn})
	o.must(err)
	states = map[string]int{}
	in := &sfn.GetExecutionHistoryInput{ExecutionArn: arn, MaxResults: 1000}
	for {
		page, err := client.GetExecutionHistory(context.Background(), in)
		o.must(err)
		for _, e := range page.Events {
			if d := e.StateEnteredEventDetails; d != nil {
				states[aws.ToString(d.Name)]++
				sum++
			}
		}
		if page.NextToken == nil {
			return states, sum, string(described.Status)
		}
		in.NextToken = page.NextToken
	}
}

// What the walk counts, a real execution of the deployed machine enters too;
// a wait that runs out is asked again and costs four states more.
func TestADeployedStateMachineEntersAsManyStatesAsTheWalk(t *testing.T) {
	ctx := context.Background()
	s, err := stack.Start(ctx, stack.Options{Wait: 8 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	store := table.New(dynamodb.NewFromConfig(s.Config), s.Outputs["TableName"])
	o := &outside{t: t, s: s, store: store}
	o.must(world.Sample.Settle(ctx, store))
	device := policy.DevicePack()
	short := device
	short.Parts = short.Parts[:1]
	o.desk = docket.New(store, table.Clock{Store: store, Moves: true}, memory.New(t, world.Monday).Metrics)
	o.desk.Files = bucket.New(s.Config, s.Outputs["BucketName"])
	o.desk.Packs = docket.Only(short)

	r, err := o.desk.Create(ctx, op(), policy.Device, actor("lin-zhi"))
	o.must(err)
	o.id = r.Case
	_, err = o.desk.Save(ctx, op(), o.id, 1, journey.DeviceForm(), actor("lin-zhi"))
	o.must(err)
	o.attach()
	_, err = o.desk.Submit(ctx, op(), o.id, o.record().Case.Dossier, true, actor("lin-zhi"))
	o.must(err)

	opinion, reply := o.id+"-opinion-1", o.id+"-reply-1"
	o.waited(gate.Opinion)
	o.until("a wait that runs out", func() bool { states, _, _ := o.entered(opinion); return states["Ask again?"] > 0 })

	_, err = o.desk.Ask(ctx, op(), o.waited(gate.Opinion), []casework.Defect{{Item: "signed-form", What: "请加盖公章"}}, actor("zhou-heng"), nil)
	o.must(err)
	ref := o.waited(gate.Opinion)
	o.attach()
	_, err = o.desk.Resubmit(ctx, op(), ref, o.record().Case.Dossier, true, actor("lin-zhi"))
	o.must(err)
	_, err = o.desk.Opine(ctx, op(), o.waited(gate.Opinion), world.Opinion(), actor("zhou-heng"), nil)
	o.must(err)

	ref = o.waited(gate.Reply)
	f, _, err := o.desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", actor("tang-wei"))
	o.must(err)
	o.file(f.ID)
	_, err = o.desk.Record(ctx, op(), ref, casework.Decision{
		Outcome: casework.ApproveInPart, Number: "函〔2026〕1号", Date: calendar.DayOf(time.Now()), Reason: "部分批准", Evidence: f.ID,
		Terms: casework.Terms{Quantity: 6, Unit: "套"},
	}, actor("tang-wei"), nil)
	o.must(err)

	for name, want := range map[string]int{opinion: 13, reply: 7} {
		o.until(name+" to end", func() bool { _, _, status := o.entered(name); return status != "RUNNING" })
		states, sum, status := o.entered(name)
		if again := states["Ask again?"]; status != "SUCCEEDED" || sum != want+4*again {
			t.Errorf("%s: got %s after %d states with %d time-outs, want SUCCEEDED after %d: %v", name, status, sum, again, want+4*again, states)
		}
	}
	if t.Failed() {
		_, _ = io.WriteString(t.Output(), s.EmulatorLog())
	}
}
