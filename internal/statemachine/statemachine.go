// Package statemachine starts, describes, resumes and stops the runs of state
// machines in Step Functions. It is the messenger's hand only: what a run is
// for, and whether one should live, others decide.
package statemachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"jixu/internal/docket"
)

// Executions are those of every state machine whose ARN begins alike.
type Executions struct {
	client client
	prefix string
}

var _ docket.StateMachine = (*Executions)(nil)

// client is what Executions uses of Step Functions.
type client interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
	StopExecution(context.Context, *sfn.StopExecutionInput, ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error)
}

var _ client = (*sfn.Client)(nil)

// New returns the executions of the state machines whose ARNs are prefix and then their names.
func New(config aws.Config, prefix string) *Executions {
	return &Executions{client: sfn.NewFromConfig(config), prefix: prefix}
}

// Start starts run e with input, a JSON object of ids. It
// returns already when the name is taken, running or not: names stay taken for
// 90 days. On any other error the run may or may not have started; calling
// again is safe.
func (m *Executions) Start(ctx context.Context, e docket.Execution, input []byte) (already bool, err error) {
	_, err = m.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(m.prefix + e.StateMachine),
		Name:            aws.String(e.Name),
		Input:           aws.String(string(input)),
	})
	var taken *types.ExecutionAlreadyExists
	if errors.As(err, &taken) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("starting run %s: %w", e.Name, err)
	}
	return false, nil
}

// Describe returns RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED, and "" for
// a run that Step Functions does not know or no longer remembers.
func (m *Executions) Describe(ctx context.Context, e docket.Execution) (status string, err error) {
	out, err := m.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(m.run(e))})
	var unknown *types.ExecutionDoesNotExist
	if errors.As(err, &unknown) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("describing run %s: %w", e.Name, err)
	}
	return string(out.Status), nil
}

// Resume tells the run that waits with token to go on. It returns accepted
// false when nobody waits with it: used, timed out, or of a run that ended. A
// stopped run may swallow a token and still accept it, so describe the run
// afterwards. On an error the run may or may not go on; calling again is safe.
func (m *Executions) Resume(ctx context.Context, token string) (accepted bool, err error) {
	_, err = m.client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
		TaskToken: aws.String(token),
		Output:    aws.String("{}"),
	})
	if nobodyWaits(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("resuming a run: %w", err) // never the token: it is a key
	}
	return true, nil
}

func nobodyWaits(err error) bool {
	var gone *types.TaskDoesNotExist
	var invalid *types.InvalidToken
	var late *types.TaskTimedOut
	return errors.As(err, &gone) || errors.As(err, &invalid) || errors.As(err, &late)
}

// Stop ends run e; one that is unknown or over stays as it is.
func (m *Executions) Stop(ctx context.Context, e docket.Execution) error {
	_, err := m.client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(m.run(e))})
	var unknown *types.ExecutionDoesNotExist
	if errors.As(err, &unknown) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stopping run %s: %w", e.Name, err)
	}
	return nil
}

// run is the ARN of e.
func (m *Executions) run(e docket.Execution) string {
	return strings.Replace(m.prefix, ":stateMachine:", ":execution:", 1) + e.StateMachine + ":" + e.Name
}

// ReadEnd reads from an event of Step Functions, "Step Functions Execution Status
// Change", what the run that ended was started with. It fails if the event does not
// bring that, and then will not when it comes again: Step Functions leaves out an input
// that is too long for an event, and somebody may start a run by hand for nobody.
func ReadEnd(event []byte) (docket.Input, error) {
	var e struct {
		Detail struct {
			Name  string `json:"name"`
			Input string `json:"input"` // JSON, as text
		} `json:"detail"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return docket.Input{}, fmt.Errorf("reading the event of a run that ended: %w", err)
	}
	var in docket.Input
	if e.Detail.Input == "" {
		return docket.Input{}, fmt.Errorf("the event of run %q brings no input", e.Detail.Name)
	}
	if err := json.Unmarshal([]byte(e.Detail.Input), &in); err != nil {
		return docket.Input{}, fmt.Errorf("the input of run %q: %w", e.Detail.Name, err)
	}
	if in.Name() == "" || in.Leg == "" || in.Run < 1 {
		return docket.Input{}, fmt.Errorf("the input of run %q names no leg and run", e.Detail.Name)
	}
	return in, nil
}
