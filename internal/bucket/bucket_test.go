package bucket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
)

func config(region, endpoint string) aws.Config {
	c := aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret", SessionToken: "session"}, nil
		}),
	}
	if endpoint != "" {
		c.BaseEndpoint = &endpoint
	}
	return c
}

var file = docket.File{ID: "f1", Of: "c1", Key: "dossier/c1/f1", SHA256: strings.Repeat("ab", 32)}

func TestOriginIsWhereTicketsGo(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		config   aws.Config
		want     string
	}{
		{"in AWS the bucket is part of the host", config("eu-west-1", ""), "https://files.s3.eu-west-1.amazonaws.com"},
		{"in the oldest region too", config("us-east-1", ""), "https://files.s3.us-east-1.amazonaws.com"},
		{"in China the host ends as hosts do there", config("cn-north-1", ""), "https://files.s3.cn-north-1.amazonaws.com.cn"},
		{"with an endpoint of its own the bucket is part of the path", config("us-east-1", "http://127.0.0.1:4566"), "http://127.0.0.1:4566"},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			b := New(tt.config, "files")
			if got := b.Origin(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			ticket, err := b.Ticket(t.Context(), file, 10, "")
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(ticket.URL)
			if err != nil || u.Scheme+"://"+u.Host != tt.want {
				t.Errorf("tickets go to %s (%v), want %s", ticket.URL, err, tt.want)
			}
		})
	}
}

func TestATicketSignsEveryField(t *testing.T) {
	ticket, err := New(config("us-east-1", ""), "files").Ticket(t.Context(), file, 1000, "https://site.example/back?急=1")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"key": "dossier/c1/f1", "Content-Type": "application/octet-stream", "Content-Disposition": "attachment",
		"x-amz-checksum-sha256": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=", "success_action_redirect": "https://site.example/back?急=1",
		"X-Amz-Security-Token": "session",
	} {
		if got := ticket.Fields[name]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(ticket.Fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Expiration time.Time
		Conditions []any
	}
	if err := json.Unmarshal(raw, &policy); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(policy.Expiration); left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("got %v left, want a quarter of an hour", left)
	}
	said := map[string]string{}
	for _, c := range policy.Conditions {
		switch c := c.(type) {
		case map[string]any:
			for name, value := range c {
				said[name] = fmt.Sprint(value)
			}
		case []any:
			said[strings.TrimPrefix(fmt.Sprint(c[0]), "eq")+strings.TrimPrefix(fmt.Sprint(c[1]), "$")] = fmt.Sprint(c[2])
		}
	}
	if got := said["content-length-range1"]; got != "1000" {
		t.Errorf("got at most %s bytes, want 1 to 1000", got)
	}
	for name, value := range ticket.Fields {
		if name != "policy" && name != "X-Amz-Signature" && said[name] != value {
			t.Errorf("%s: the policy says %q, the form %q", name, said[name], value)
		}
	}
}

func TestATicketClaimsNothingThatNobodyClaimed(t *testing.T) {
	f := file
	f.SHA256 = ""
	ticket, err := New(config("us-east-1", ""), "files").Ticket(t.Context(), f, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x-amz-checksum-sha256", "success_action_redirect"} {
		if v, ok := ticket.Fields[name]; ok {
			t.Errorf("got %s %q, want none", name, v)
		}
	}
	f.SHA256 = "zz"
	if _, err := New(config("us-east-1", ""), "files").Ticket(t.Context(), f, 10, ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("a digest that is none: got %v, want Invalid", err)
	}
}

func TestAnAddressOpensOneVersionForAMinute(t *testing.T) {
	b := New(config("us-east-1", ""), "files")
	address, err := b.Address(t.Context(), docket.File{ID: "f1", Item: "signed-form", Key: "dossier/c1/f1", Version: "v1", Name: "申请.doc", Type: dossier.PDF})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"versionId": "v1", "X-Amz-Expires": "60", "response-content-type": "application/octet-stream",
		"response-content-disposition": `attachment; filename="signed-form.pdf"; filename*=UTF-8''%E7%94%B3%E8%AF%B7.pdf`,
	} {
		if got := u.Query().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if _, err := b.Address(t.Context(), docket.File{ID: "f1", Key: "dossier/c1/f1"}); !errors.Is(err, fault.NotFound) {
		t.Errorf("without a version: got %v, want NotFound", err)
	}
}
