//go:build check

package bucket_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"jixu/internal/bucket"
	"jixu/internal/docket"
	"jixu/internal/docket/storetest"
	"jixu/internal/fault"
	"jixu/internal/stack"
)

// buckets makes empty buckets with versions on one versitygw.
func buckets(t *testing.T) (aws.Config, func(*testing.T) (string, *s3.Client)) {
	t.Helper()
	config := stack.VersityGW(t)
	admin := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	made := 0
	return config, func(t *testing.T) (string, *s3.Client) {
		t.Helper()
		made++
		name := fmt.Sprintf("files-%d", made)
		if _, err := admin.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
		return name, admin
	}
}

// post sends a form as a browser does, the file last, and returns the status and
// what else the answer says.
func post(t *testing.T, ticket docket.Ticket, data []byte) (int, http.Header, string) {
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
	_, _ = part.Write(data)
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(ticket.URL, form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, string(said)
}

func get(t *testing.T, address string) (*http.Response, []byte) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer, b
}

func TestVersityKeepsTheContract(t *testing.T) {
	config, fresh := buckets(t)
	storetest.Files(t, func(t *testing.T) storetest.Bucket {
		name, admin := fresh(t)
		return storetest.Bucket{
			Files: bucket.New(config, name),
			Upload: func(t *testing.T, ticket docket.Ticket, data []byte) (string, error) {
				if code, _, said := post(t, ticket, data); code >= 400 {
					return "", fmt.Errorf("%d: %s", code, said)
				}
				out, err := admin.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: aws.String(ticket.Fields["key"])})
				if err != nil {
					return "", err
				}
				return aws.ToString(out.VersionId), nil
			},
			Fetch: func(t *testing.T, address string) (string, []byte) {
				answer, b := get(t, address)
				if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment") {
					t.Fatalf("got %d as %q: %s", answer.StatusCode, answer.Header.Get("Content-Disposition"), b)
				}
				return answer.Header.Get("Content-Disposition"), b
			},
		}
	})
}

func TestVersityTakesExactlyWhatATicketSays(t *testing.T) {
	config, fresh := buckets(t)
	name, admin := fresh(t)
	files := bucket.New(config, name)
	good := []byte("0123456789")
	sum := sha256.Sum256(good)
	file := docket.File{ID: "f1", Of: "c1", Key: "dossier/c1/f1", SHA256: hex.EncodeToString(sum[:])}
	sign := func(f docket.File) docket.Ticket {
		ticket, err := files.Ticket(t.Context(), f, 10, "")
		if err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	undigested := file
	undigested.SHA256 = ""
	with := func(ticket docket.Ticket, name, value string) docket.Ticket {
		ticket.Fields = maps.Clone(ticket.Fields)
		if ticket.Fields[name] = value; value == "" {
			delete(ticket.Fields, name)
		}
		return ticket
	}
	expired := func() docket.Ticket {
		defer bucket.SetUploadLife(-time.Minute)()
		return sign(file)
	}
	for _, row := range []struct {
		name   string
		ticket docket.Ticket
		data   string
		taken  bool
	}{
		{"as announced", sign(file), string(good), true},
		{"once more with the same ticket", sign(file), string(good), true},
		{"another file than was announced", sign(file), "9876543210", false},
		{"a digest that was taken out", with(sign(file), "x-amz-checksum-sha256", ""), string(good), false},
		{"one byte too many", sign(undigested), "0123456789a", false},
		{"no bytes at all", sign(undigested), "", false},
		{"one byte", sign(undigested), "0", true},
		{"another key", with(sign(file), "key", "dossier/c1/f2"), string(good), false},
		{"a key of another kind", with(sign(file), "key", "manifest/c1/1.json"), string(good), false},
		{"shown in the page", with(sign(file), "Content-Disposition", "inline"), string(good), false},
		{"as a page", with(sign(file), "Content-Type", "text/html"), string(good), false},
		{"with a way back that nobody signed", with(sign(file), "success_action_redirect", "https://elsewhere.example/"), string(good), false},
		{"open to the world", with(sign(file), "acl", "public-read"), string(good), false},
		{"a signature of somebody else", with(sign(file), "X-Amz-Signature", strings.Repeat("0", 64)), string(good), false},
		{"no signature", with(sign(file), "X-Amz-Signature", ""), string(good), false},
		{"a quarter of an hour too late", expired(), string(good), false},
	} {
		before := versions(t, admin, name)
		code, _, said := post(t, row.ticket, []byte(row.data))
		if taken := code < 400; taken != row.taken {
			t.Errorf("%s: got %d %.200s, want it taken: %t", row.name, code, said, row.taken)
		}
		if kept := versions(t, admin, name) - before; (kept == 1) != row.taken {
			t.Errorf("%s: got %d more versions, want one exactly when it is taken", row.name, kept)
		}
	}
}

// versions counts all versions of all objects.
func versions(t *testing.T, admin *s3.Client, name string) int {
	t.Helper()
	out, err := admin.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &name})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Versions)
}

func TestVersityLeadsBackAndKeepsTheDisposition(t *testing.T) {
	config, fresh := buckets(t)
	name, admin := fresh(t)
	files := bucket.New(config, name)
	ticket, err := files.Ticket(t.Context(), docket.File{ID: "f1", Of: "c1", Key: "dossier/c1/f1"}, 10, "https://site.example/back?急=1")
	if err != nil {
		t.Fatal(err)
	}
	code, header, said := post(t, ticket, []byte("x"))
	if back := header.Get("Location"); code != http.StatusSeeOther || !strings.HasPrefix(back, "https://site.example/back?") {
		t.Errorf("after an upload: got %d to %q %s, want 303 back", code, back, said)
	}
	out, err := admin.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: aws.String("dossier/c1/f1")})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.ContentDisposition) + " " + aws.ToString(out.ContentType); got != "attachment application/octet-stream" {
		t.Errorf("kept as %q, want an attachment of no particular type", got)
	}
}

// A version that was pinned stays what it was, whatever comes after; even a
// delete leaves it.
func TestVersityPinsVersions(t *testing.T) {
	config, fresh := buckets(t)
	name, admin := fresh(t)
	files := bucket.New(config, name)
	key := "dossier/c1/f1"
	ticket, err := files.Ticket(t.Context(), docket.File{ID: "f1", Of: "c1", Key: key}, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	post(t, ticket, []byte("checked"))
	head, err := admin.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	version := aws.ToString(head.VersionId)
	address, err := files.Address(t.Context(), docket.File{ID: "f1", Key: key, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	read := func(when string) {
		t.Helper()
		body, size, err := files.Open(t.Context(), key, version)
		if err != nil {
			t.Errorf("%s: got %v", when, err)
			return
		}
		defer body.Close()
		if b, _ := io.ReadAll(body); string(b) != "checked" || size != 7 {
			t.Errorf("%s: got %q of %d bytes, want what was checked", when, b, size)
		}
		if _, b := get(t, address); string(b) != "checked" {
			t.Errorf("%s: the address opens %q, want what was checked", when, b)
		}
	}
	read("at once")
	post(t, ticket, []byte("later"))
	read("after a later version")
	if _, err := admin.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &name, Key: &key}); err != nil {
		t.Fatal(err)
	}
	read("after a delete")
	if _, _, err := files.Open(t.Context(), key, ""); !errors.Is(err, fault.NotFound) {
		t.Errorf("no version: got %v, want NotFound", err)
	}
	if answer, b := get(t, strings.Replace(address, "versionId="+version, "versionId=null", 1)); answer.StatusCode < 400 {
		t.Errorf("an address changed to another version: got %q, want it refused", b)
	}
}

// Nothing that was frozen is overwritten, however many try at once.
func TestVersityNeverOverwritesAManifest(t *testing.T) {
	config, fresh := buckets(t)
	name, admin := fresh(t)
	files := bucket.New(config, name)
	const key = "manifest/c1/1.json"
	var mu sync.Mutex
	won := map[string]int{}
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			data := fmt.Sprintf(`{"no":%d}`, i)
			err := files.PutManifest(context.Background(), key, []byte(data))
			if err != nil && !errors.Is(err, fault.Conflict) {
				t.Errorf("got %v, want nothing or a conflict", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won[data]++
			}
		})
	}
	wait.Wait()
	got, err := files.Manifest(t.Context(), key)
	if err != nil || len(won) != 1 || won[string(got)] != 1 {
		t.Errorf("got %v, kept %s (%v), want exactly one winner", won, got, err)
	}
	if n := versions(t, admin, name); n != 1 {
		t.Errorf("got %d versions, want one", n)
	}
}
