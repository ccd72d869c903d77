package stack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// Call calls a function with payload and returns its result, or the name of the
// error that it ended with, as a machine would see it.
func (s *Stack) Call(ctx context.Context, name string, payload []byte) (result []byte, fault string, err error) {
	out, err := lambda.NewFromConfig(s.Config).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(s.Function(name)), Payload: payload})
	if err != nil {
		return nil, "", fmt.Errorf("calling %s: %w", name, err)
	}
	if out.FunctionError == nil {
		return out.Payload, "", nil
	}
	var said struct {
		ErrorType string `json:"errorType"`
	}
	if err := json.Unmarshal(out.Payload, &said); err != nil || said.ErrorType == "" {
		return nil, "", fmt.Errorf("calling %s: %s", name, out.Payload)
	}
	return nil, said.ErrorType, nil
}
