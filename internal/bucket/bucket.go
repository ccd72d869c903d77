// Package bucket keeps dossiers in S3: it signs uploads and downloads that go
// past us, and keeps frozen manifests. It changes no object and does not say
// who may see one.
package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Bucket is one S3 bucket with versions.
type Bucket struct {
	client *s3.Client
	signer *s3.PresignClient
	name   string
	origin string
}

var _ docket.Files = (*Bucket)(nil)

const (
	openLife    = time.Minute
	maxManifest = 8 << 20
)

var uploadLife = 15 * time.Minute // tests shorten it

// New returns the bucket called name. It asks nobody. With an endpoint of its
// own in config, buckets are part of the path and not of the host's name.
func New(config aws.Config, name string) *Bucket {
	client := s3.NewFromConfig(config, func(o *s3.Options) {
		o.UsePathStyle = config.BaseEndpoint != nil
	})
	return &Bucket{client: client, signer: s3.NewPresignClient(client), name: name, origin: origin(config, name)}
}

// Origin returns scheme and host to which browsers send uploads, for the
// pages' Content-Security-Policy.
func (b *Bucket) Origin() string { return b.origin }

// origin is where Ticket's form goes, by the SDK's own rules for hosts.
func origin(config aws.Config, name string) string {
	at, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), s3.EndpointParameters{
		Bucket: &name, Region: &config.Region, Endpoint: config.BaseEndpoint, ForcePathStyle: aws.Bool(config.BaseEndpoint != nil),
	})
	if err != nil {
		return "" // a name or region that S3 does not have: signing will say so, too
	}
	return at.URI.Scheme + "://" + at.URI.Host
}

// Ticket signs a form that uploads exactly f, once or again, within a quarter
// of an hour: its key, 1 to maxBytes bytes, as an attachment of no particular
// type, and its digest if the browser claimed one. Afterwards the browser goes
// back, if that is not "". See [docket.Files].
func (b *Bucket) Ticket(ctx context.Context, f docket.File, maxBytes int64, back string) (docket.Ticket, error) {
	fields := map[string]string{
		"Content-Type":        "application/octet-stream",
		"Content-Disposition": "attachment",
	}
	if f.SHA256 != "" {
		digest, err := hex.DecodeString(f.SHA256)
		if err != nil || len(digest) != sha256.Size {
			return docket.Ticket{}, fault.New(fault.Invalid, "field.digest")
		}
		fields["x-amz-checksum-sha256"] = base64.StdEncoding.EncodeToString(digest)
	}
	if back != "" {
		fields["success_action_redirect"] = back
	}
	conditions := []any{[]any{"content-length-range", 1, maxBytes}}
	for name, value := range fields {
		conditions = append(conditions, []any{"eq", "$" + name, value})
	}
	out, err := b.signer.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &f.Key}, func(o *s3.PresignPostOptions) {
		o.Expires = uploadLife
		o.Conditions = conditions
	})
	if err != nil {
		return docket.Ticket{}, fault.Because(fault.Unavailable, "busy", fmt.Errorf("signing an upload of %s: %w", f.ID, err))
	}
	for name, value := range out.Values {
		fields[name] = value
	}
	return docket.Ticket{URL: out.URL, Fields: fields}, nil
}

// PutManifest stores data under key if nothing is there. If something is, it
// must be the same: a key that holds the digest of data says so by itself, and
// for any other the bytes are compared; other ones are fault.Conflict. See
// [docket.Files].
func (b *Bucket) PutManifest(ctx context.Context, key string, data []byte) error {
	sum := sha256.Sum256(data)
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), IfNoneMatch: aws.String("*"),
		ContentType: aws.String("application/json"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
	})
	switch codeOf(err) {
	case "":
		return nil
	case "PreconditionFailed":
		if strings.Contains(key, hex.EncodeToString(sum[:])) {
			return nil
		}
		had, err := b.Manifest(ctx, key)
		if err == nil && !bytes.Equal(had, data) {
			return fault.New(fault.Conflict, "moved")
		}
		return err
	}
	return fault.Because(fault.Unavailable, "busy", fmt.Errorf("storing %s: %w", key, err))
}

// Manifest returns a frozen manifest. See [docket.Files].
func (b *Bucket) Manifest(ctx context.Context, key string) ([]byte, error) {
	body, _, err := b.get(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key}, "manifest")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxManifest+1))
	if err != nil {
		return nil, fault.Because(fault.Unavailable, "busy", fmt.Errorf("reading %s: %w", key, err))
	}
	if len(data) > maxManifest {
		return nil, fault.Because(fault.Invalid, "manifest", fmt.Errorf("reading %s: it has more than %d bytes", key, maxManifest))
	}
	return data, nil
}

// Open returns one version's bytes; the caller closes it. See [docket.Files].
func (b *Bucket) Open(ctx context.Context, key, version string) (io.ReadCloser, int64, error) {
	if key == "" || version == "" {
		return nil, 0, fault.New(fault.NotFound, "file") // without a version S3 would open the newest
	}
	return b.get(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, VersionId: &version}, "file")
}

func (b *Bucket) get(ctx context.Context, in *s3.GetObjectInput, what string) (io.ReadCloser, int64, error) {
	out, err := b.client.GetObject(ctx, in)
	switch codeOf(err) {
	case "":
		return out.Body, aws.ToInt64(out.ContentLength), nil
	case "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed": // the last: the version is a delete marker
		return nil, 0, fault.Because(fault.NotFound, what, err)
	case "InvalidArgument": // no version is spelt like this
		return nil, 0, fault.Because(fault.NotFound, what, err)
	}
	return nil, 0, fault.Because(fault.Unavailable, "busy", fmt.Errorf("opening %s: %w", aws.ToString(in.Key), err))
}

// Address signs a download of f's version that lives a minute and is never shown
// in the page. Its name stands in the address, and nowhere else. See [docket.Files].
func (b *Bucket) Address(ctx context.Context, f docket.File) (string, error) {
	if f.Key == "" || f.Version == "" {
		return "", fault.New(fault.NotFound, "file")
	}
	out, err := b.signer.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.name, Key: &f.Key, VersionId: &f.Version, ResponseContentDisposition: aws.String(f.Attachment()),
		ResponseContentType: aws.String("application/octet-stream"), ResponseCacheControl: aws.String("no-store"),
	}, s3.WithPresignExpires(openLife))
	if err != nil {
		return "", fault.Because(fault.Unavailable, "busy", fmt.Errorf("signing a download of %s: %w", f.ID, err))
	}
	return out.URL, nil
}

// Newest asks for the newest version under key. Who may not list the bucket is
// told "forbidden" of an object that is not there; so this must be allowed to the
// one function that asks. See [docket.Files].
func (b *Bucket) Newest(ctx context.Context, key string) (string, bool, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	switch codeOf(err) {
	case "":
		version := aws.ToString(out.VersionId)
		return version, version != "", nil
	case "NoSuchKey", "NotFound", "MethodNotAllowed": // the last: it was deleted
		return "", false, nil
	}
	return "", false, fault.Because(fault.Unavailable, "busy", fmt.Errorf("looking for %s: %w", key, err))
}

// codeOf returns S3's name of an error, "" for none.
func codeOf(err error) string {
	var answer smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &answer):
		return answer.ErrorCode()
	default:
		return "unclear"
	}
}
