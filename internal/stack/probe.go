package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const probePackage = "./internal/stack/probe"

// Call is one request to a service, sent from inside a function's role.
type Call struct {
	Service string            // as signatures name it: dynamodb, s3, states, sqs, kms
	Method  string            // empty: POST
	Path    string            // empty: /
	Headers map[string]string //
	Body    string            //
}

// JSON is a call in the protocol of DynamoDB, KMS, SQS and Step Functions:
// target is the operation with its prefix, body is marshalled.
func JSON(service, target string, body any) Call {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // a test that writes a body that is no JSON
	}
	contentType := "application/x-amz-json-1.0"
	if service == "kms" {
		contentType = "application/x-amz-json-1.1"
	}
	return Call{
		Service: service, Body: string(encoded),
		Headers: map[string]string{"X-Amz-Target": target, "Content-Type": contentType},
	}
}

// Answer is what the service said.
type Answer struct {
	Status int
	Body   string
}

// Denied reports whether the service refused because of the role.
func (a Answer) Denied() bool { return a.Status == 403 || a.errorName() == "AccessDeniedException" }

func (a Answer) errorName() string {
	var body struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal([]byte(a.Body), &body) // S3 speaks XML and says 403
	return body.Type
}

// Probe sends call from a function that has the role of the function whose
// folder is name, with exactly the rights the template gives it.
func (s *Stack) Probe(ctx context.Context, name string, call Call) (Answer, error) {
	client := lambda.NewFromConfig(s.Config)
	probe, err := s.probeIn(ctx, client, name)
	if err != nil {
		return Answer{}, fmt.Errorf("probing the role of %s: %w", name, err)
	}
	if call.Method == "" {
		call.Method = "POST"
	}
	if call.Path == "" {
		call.Path = "/"
	}
	payload, err := json.Marshal(call)
	if err != nil {
		return Answer{}, err
	}
	out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(probe), Payload: payload})
	if err != nil {
		return Answer{}, fmt.Errorf("probing the role of %s: %w", name, err)
	}
	if out.FunctionError != nil {
		return Answer{}, fmt.Errorf("probing the role of %s: the probe failed: %s", name, out.Payload)
	}
	var answer Answer
	return answer, json.Unmarshal(out.Payload, &answer)
}

// probeIn makes sure that a probe in the role of the function exists, and returns its name.
func (s *Stack) probeIn(ctx context.Context, client *lambda.Client, name string) (string, error) {
	probe := "probe-" + name
	product, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{
		FunctionName: aws.String(s.Function(name)),
	})
	if err != nil {
		return "", err
	}
	_, err = client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName:  aws.String(probe),
		Role:          product.Role,
		Runtime:       types.RuntimeProvidedal2023,
		Handler:       aws.String("bootstrap"),
		Architectures: product.Architectures,
		Timeout:       aws.Int32(15),
		Code:          &types.FunctionCode{ZipFile: s.zips["probe"]},
	})
	var exists *types.ResourceConflictException
	if err != nil && !errors.As(err, &exists) {
		return "", err
	}
	return probe, nil
}
