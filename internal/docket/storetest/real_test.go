//go:build check

// The contracts over what they were written for: DynamoDB Local is AWS's own
// reading of DynamoDB, MiniStack is what the whole house runs on.
package storetest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/keyring"
	"jixu/internal/local"
	"jixu/internal/queue"
	"jixu/internal/stack"
	"jixu/internal/table"
)

var ctx = context.Background()

func ministack(t *testing.T) aws.Config {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	tools, err := local.Prepare(ctx, root, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := local.FreePort(0)
	if err != nil {
		t.Fatal(err)
	}
	emulator, err := local.StartEmulator(ctx, tools, t.TempDir(), port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := emulator.Stop(); err != nil {
			t.Error(err)
		}
	})
	return emulator.Config()
}

// client keeps to the connections that DynamoDB Local bears.
func client(config aws.Config, options ...func(*dynamodb.Options)) *dynamodb.Client {
	config.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.MaxConnsPerHost, tr.MaxIdleConnsPerHost = 48, 48
	})
	return dynamodb.NewFromConfig(config, options...)
}

// fresh is a store in an empty table.
func fresh(t *testing.T, db *dynamodb.Client) *table.Store {
	t.Helper()
	return table.New(db, storetest.FreshTable(t, db))
}

func TestDynamoDBLocal(t *testing.T) { tableKeeps(t, client(stack.DynamoDBLocal(t))) }

func TestMiniStackTable(t *testing.T) { tableKeeps(t, client(ministack(t))) }

func tableKeeps(t *testing.T, db *dynamodb.Client) {
	t.Run("store", func(t *testing.T) {
		storetest.Store(t, func(t *testing.T) docket.Store { return fresh(t, db) })
	})
	t.Run("rebuilder", func(t *testing.T) {
		storetest.Rebuilder(t, func(t *testing.T) docket.Rebuilder { return fresh(t, db) })
	})
	t.Run("passes", func(t *testing.T) {
		storetest.Passes(t, func(t *testing.T) storetest.StoreWithAccess {
			s := fresh(t, db)
			return storetest.StoreWithAccess{Store: s, Access: s}
		})
	})
	t.Run("access", func(t *testing.T) {
		storetest.Access(t, func(t *testing.T) docket.Access { return fresh(t, db) })
		storetest.Autosaves(t, func(t *testing.T) docket.Autosaves { return fresh(t, db) })
	})
	t.Run("directory", func(t *testing.T) {
		storetest.Directory(t, func(t *testing.T) docket.Directory { return fresh(t, db) })
	})
	t.Run("outbox", func(t *testing.T) {
		storetest.Outbox(t, func(t *testing.T) docket.Outbox { return fresh(t, db) })
	})
	t.Run("cursors", func(t *testing.T) {
		storetest.Cursors(t, func(t *testing.T) docket.Cursors { return fresh(t, db) })
	})
	t.Run("a thousand answers to one gate are one", func(t *testing.T) {
		began := time.Now()
		storetest.Race(t, fresh(t, db), 1000)
		t.Logf("1000 answers in %v", time.Since(began).Round(time.Millisecond))
	})
	t.Run("commits in any order leave a chain that proves itself", func(t *testing.T) {
		storetest.Interleavings(t, func(t *testing.T) docket.Store { return fresh(t, db) })
	})
	t.Run("what an earlier build wrote is read", func(t *testing.T) {
		dumps, err := filepath.Glob("../../table/testdata/stored/dump-*-answers.json")
		if err != nil || len(dumps) == 0 {
			t.Fatalf("finding dumps: %v, %d found", err, len(dumps))
		}
		for _, answers := range dumps {
			said, err := os.ReadFile(answers)
			if err != nil {
				t.Fatal(err)
			}
			parts, err := filepath.Glob(strings.TrimSuffix(answers, "-answers.json") + "-*.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			name := storetest.FreshTable(t, db)
			storetest.LoadDump(t, db, name, storetest.ReadDump(t, parts...))
			storetest.Remembers(t, table.New(db, name), said)
			t.Run("and after its lists were lost and written anew", func(t *testing.T) {
				lost := storetest.FreshTable(t, db)
				storetest.LoadDump(t, db, lost, storetest.WithoutLists(storetest.ReadDump(t, parts...)))
				storetest.Rebuilds(t, table.New(db, lost))
				storetest.RemembersRebuilt(t, table.New(db, lost), said)
			})
		}
	})
	t.Run("a clock that moves runs ahead by the offset in the table", func(t *testing.T) {
		s := fresh(t, db)
		for _, ahead := range []time.Duration{0, 240 * time.Hour, -time.Hour} {
			if err := s.SetOffset(ctx, ahead); err != nil {
				t.Fatal(err)
			}
			now, err := table.Clock{Store: s, Moves: true}.Now(ctx)
			if off := now.Sub(time.Now().Add(ahead)).Abs(); err != nil || off > time.Minute {
				t.Errorf("%v ahead: got %v off and %v", ahead, off, err)
			}
		}
		now, err := table.Clock{}.Now(ctx)
		if off := time.Until(now).Abs(); err != nil || off > time.Minute {
			t.Errorf("a clock that stays: got %v off and %v", off, err)
		}
	})
}

// The bill of a case's first steps, in request units. It is a test so that a
// change which makes every case dearer is seen.
func TestWhatACommitCosts(t *testing.T) {
	var meter table.Meter
	s := fresh(t, client(stack.DynamoDBLocal(t), meter.Watch))
	meter.Take()
	// Two for each item of a transaction, one for each entry of an index.
	bill := map[string]table.Units{
		"a draft is born":       {Write: 10, Calls: 1},
		"a file is attached":    {Write: 8, Calls: 1},
		"the file is checked":   {Write: 1, Calls: 1},
		"it is submitted":       {Write: 27, Calls: 1},
		"it is loaded":          {Read: 1, Calls: 1},
		"a token is attached":   {Write: 2, Calls: 1},
		"an entry is told":      {Write: 2, Calls: 1},
		"a gate is answered":    {Write: 15, Calls: 1},
		"an inbox is read":      {Read: 2.5, Calls: 5}, // what waits and its gates, and what was sent
		"what is due is listed": {Read: 2, Calls: 4},
	}
	storetest.Life(t, s, func(step string) {
		u := meter.Take()
		if most, ok := bill[step]; !ok || u.Write > most.Write || u.Read > most.Read || u.Calls > most.Calls {
			t.Errorf("%s: got %v, want %v at most", step, u, most)
		}
		t.Logf("%-40s %5.1f write units, %4.1f read units, %d calls", step, u.Write, u.Read, u.Calls)
	})
}

func TestMiniStackFiles(t *testing.T) {
	config := ministack(t)
	admin := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	made := 0
	storetest.Files(t, func(t *testing.T) storetest.Bucket {
		made++
		name := fmt.Sprintf("files-%d", made)
		if _, err := admin.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
		return storetest.Bucket{Files: bucket.New(config, name), Upload: upload(admin, name), Fetch: fetch, Nameless: true}
	})
	t.Run("a ticket lets nothing else through", func(t *testing.T) {
		name := "files-1"
		files := bucket.New(config, name)
		f := docket.File{ID: "f1", Of: "c1", Key: "dossier/c1/f1"}
		ticket, err := files.Ticket(ctx, f, 10, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			sentence string
			change   func(map[string]string)
			data     string
		}{
			{"too many bytes", nil, "12345678901"},
			{"no bytes", nil, ""},
			{"another key", func(f map[string]string) { f["key"] = "dossier/c1/f2" }, "x"},
			{"another type", func(f map[string]string) { f["Content-Type"] = "text/html" }, "x"},
			{"shown in the page", func(f map[string]string) { f["Content-Disposition"] = "inline" }, "x"},
		} {
			fields := map[string]string{}
			for k, v := range ticket.Fields {
				fields[k] = v
			}
			if tt.change != nil {
				tt.change(fields)
			}
			if post(t, docket.Ticket{URL: ticket.URL, Fields: fields}, []byte(tt.data)) == nil {
				t.Errorf("%s: it went through", tt.sentence)
			}
		}
	})
}

// upload sends a form and asks which version it became: a redirect need not say so.
func upload(admin *s3.Client, name string) func(*testing.T, docket.Ticket, []byte) (string, error) {
	return func(t *testing.T, ticket docket.Ticket, data []byte) (string, error) {
		t.Helper()
		if err := post(t, ticket, data); err != nil {
			return "", err
		}
		out, err := admin.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &name, Key: aws.String(ticket.Fields["key"])})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.VersionId), nil
	}
}

// post sends a form as a browser does: the file last.
func post(t *testing.T, ticket docket.Ticket, data []byte) error {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range ticket.Fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "方案.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	answer, err := local.Client().Post(ticket.URL, form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		said, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s: %s", answer.Status, said)
	}
	if back := ticket.Fields["success_action_redirect"]; back != "" && answer.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("got %s, want a redirect", answer.Status)
	}
	return nil
}

func fetch(t *testing.T, address string) (string, []byte) {
	t.Helper()
	answer, err := local.Client().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("got %s, %s and %v", answer.Status, b, err)
	}
	disposition := answer.Header.Get("Content-Disposition")
	if !strings.HasPrefix(disposition, "attachment") {
		t.Errorf("got disposition %q, want an attachment", disposition)
	}
	return disposition, b
}

func TestMiniStackNotices(t *testing.T) {
	config := ministack(t)
	admin := sqs.NewFromConfig(config)
	made, err := admin.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("notices")})
	if err != nil {
		t.Fatal(err)
	}
	want := docket.Notice{
		Key: "c1/2/gate/mpa/opinion-1", Kind: docket.NoticeGate, Case: "c1", Number: "N-1", Seq: 2, Verb: "submit", Org: "mpa",
		Gate: "opinion-1", Issue: 1, Due: time.Date(2026, 3, 2, 15, 59, 59, 0, time.UTC),
	}
	if err := queue.New(config, *made.QueueUrl).Queue(ctx, want); err != nil {
		t.Fatal(err)
	}
	// An answer that is lost on its way is asked for again, and by then the message may be
	// hidden for as long as we said: a second, not the queue's thirty.
	out := &sqs.ReceiveMessageOutput{}
	for tries := 0; tries < 6 && err == nil && len(out.Messages) == 0; tries++ {
		out, err = admin.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl, WaitTimeSeconds: 5, VisibilityTimeout: 1})
	}
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("got %d messages and %v, want 1", len(out.Messages), err)
	}
	if got, err := queue.Parse([]byte(*out.Messages[0].Body)); got != want || err != nil {
		t.Errorf("got %v and %v, want %v", got, err, want)
	}
}

func TestMiniStackKey(t *testing.T) {
	config := ministack(t)
	made, err := kms.NewFromConfig(config).CreateKey(ctx, &kms.CreateKeyInput{
		KeySpec: kmstypes.KeySpecHmac256, KeyUsage: kmstypes.KeyUsageTypeGenerateVerifyMac,
	})
	if err != nil {
		t.Fatal(err)
	}
	key := keyring.New(config, *made.KeyMetadata.Arn)
	seen := map[string]bool{}
	for _, message := range []string{"link", "link", "code"} {
		mac, err := key.Mac(ctx, []byte(message))
		if err != nil || len(mac) != 32 {
			t.Fatalf("got %d bytes and %v, want 32", len(mac), err)
		}
		seen[string(mac)] = true
	}
	if len(seen) != 2 {
		t.Errorf("got %d digests of two messages, want 2", len(seen))
	}
}

func TestMiniStackSealer(t *testing.T) {
	config := ministack(t)
	made, err := kms.NewFromConfig(config).CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Sealer(t, func(*testing.T) docket.Sealer { return keyring.NewSealer(config, *made.KeyMetadata.Arn) })
}
