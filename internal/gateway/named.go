package gateway

import (
	"github.com/aws/aws-lambda-go/lambda/messages"

	"jixu/internal/fault"
)

// Named gives err the name that a machine's Catch sees: the fault's kind.
// Without it Step Functions matches the Go type of the outermost error, and a
// wrapped one is called wrapError.
func Named(err error) error {
	if err == nil {
		return nil
	}
	return messages.InvokeResponse_Error{Type: string(fault.KindOf(err)), Message: err.Error()}
}
