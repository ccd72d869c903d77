// Command probe is a function that signs one request with the role it was given
// and reports what the service said. Tests run it in a product function's role
// to see what that role is denied. It is never deployed by the template.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"jixu/internal/logging"
	"jixu/internal/settings"
)

// request is what to send; its path begins with a slash and may have a query.
type request struct {
	Service string            // as signatures name it: dynamodb, s3, states, sqs, kms
	Method  string            //
	Path    string            //
	Headers map[string]string //
	Body    string            //
}

// answer is what came back.
type answer struct {
	Status int
	Body   string
}

func main() {
	logging.Start("probe")
	lambda.Start(logging.Each(send))
}

func send(ctx context.Context, in request) (answer, error) {
	config, err := settings.AWS()
	if err != nil {
		return answer{}, err
	}
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, in.Method, os.Getenv("AWS_ENDPOINT_URL")+in.Path, bytes.NewReader([]byte(in.Body)))
	if err != nil {
		return answer{}, err
	}
	for name, value := range in.Headers {
		r.Header.Set(name, value)
	}
	sum := sha256.Sum256([]byte(in.Body))
	digest := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", digest)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, digest, in.Service, config.Region, time.Now()); err != nil {
		return answer{}, err
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return answer{out.StatusCode, string(body)}, err
}
