package bench

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"jixu/internal/settings"
)

// The bench compares our configuration with the SDK's own; that is fair only
// if both find the same.
func TestOurConfigurationIsWhatTheDefaultFinds(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "cn-north-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_PROFILE": "", "AWS_DEFAULT_REGION": "",
	} {
		t.Setenv(name, value)
	}
	ours, err := settings.AWS()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if ours.Region != theirs.Region || aws.ToString(ours.BaseEndpoint) != aws.ToString(theirs.BaseEndpoint) {
		t.Errorf("got %s at %s, want %s at %s", ours.Region, aws.ToString(ours.BaseEndpoint), theirs.Region, aws.ToString(theirs.BaseEndpoint))
	}
	got, err := ours.Credentials.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want, err := theirs.Credentials.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != want.AccessKeyID || got.SecretAccessKey != want.SecretAccessKey || got.SessionToken != want.SessionToken {
		t.Error("credentials: got others than the default's, want the same")
	}
	if got, want := ours.Retryer().MaxAttempts(), 3; got != want { // the default's retryer is made by each client, with three
		t.Errorf("attempts: got %d, want %d", got, want)
	}
}
