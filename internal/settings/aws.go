package settings

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// AWS returns the configuration of AWS clients from what Lambda puts into the
// environment: region, session credentials and, on one machine only, the
// endpoint in place of AWS. It is made by hand: the SDK's LoadDefaultConfig
// looks for files and metadata services, which a function neither has nor
// should wait for. It performs no I/O.
func AWS() (aws.Config, error) {
	return awsConfig(os.Getenv)
}

func awsConfig(getenv func(string) string) (aws.Config, error) {
	var missing []string
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return aws.Config{}, fmt.Errorf("configuring AWS: %s missing", strings.Join(missing, ", "))
	}
	config := aws.Config{
		Region: getenv("AWS_REGION"),
		Credentials: Credentials(
			getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_SESSION_TOKEN")),
		Retryer: func() aws.Retryer { return retry.NewStandard() },
	}
	if endpoint := getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		config.BaseEndpoint = aws.String(endpoint)
	}
	return config, nil
}

// Credentials returns a provider of one fixed set: Lambda never changes those
// of a running environment. The session may be empty.
func Credentials(id, secret, session string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: id, SecretAccessKey: secret, SessionToken: session, Source: "environment",
		}, nil
	})
}
