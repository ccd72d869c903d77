package statemachine

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"jixu/internal/docket"
)

const prefix = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:jixu-"

var one = docket.Execution{StateMachine: "review-application", Name: "c-opinion-1"}

// stub answers every call with err, or with what it holds.
type stub struct {
	err    error
	status types.ExecutionStatus
	asked  string // ARN or token of the last call
}

func (s *stub) StartExecution(_ context.Context, in *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	s.asked = *in.StateMachineArn
	return &sfn.StartExecutionOutput{}, s.err
}

func (s *stub) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput, _ ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error) {
	s.asked = *in.ExecutionArn
	return &sfn.DescribeExecutionOutput{Status: s.status}, s.err
}

func (s *stub) SendTaskSuccess(_ context.Context, in *sfn.SendTaskSuccessInput, _ ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error) {
	s.asked = *in.TaskToken
	return &sfn.SendTaskSuccessOutput{}, s.err
}

func (s *stub) StopExecution(_ context.Context, in *sfn.StopExecutionInput, _ ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error) {
	s.asked = *in.ExecutionArn
	return &sfn.StopExecutionOutput{}, s.err
}

var errDown = errors.New("down")

func TestStart(t *testing.T) {
	rows := []struct {
		name        string
		err         error
		wantAlready bool
		wantErr     bool
	}{
		{"a new name starts", nil, false, false},
		{"a taken name is already started", &types.ExecutionAlreadyExists{}, true, false},
		{"a failing service is an error", errDown, false, true},
		{"a missing machine is an error", &types.StateMachineDoesNotExist{}, false, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := &Executions{client: &stub{err: row.err}, prefix: prefix}
			already, err := m.Start(context.Background(), one, []byte(`{}`))
			if already != row.wantAlready || (err != nil) != row.wantErr {
				t.Errorf("got %v, %v, want %v, error %v", already, err, row.wantAlready, row.wantErr)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	rows := []struct {
		name    string
		stub    stub
		want    string
		wantErr bool
	}{
		{"a running run runs", stub{status: types.ExecutionStatusRunning}, "RUNNING", false},
		{"a stopped run is aborted", stub{status: types.ExecutionStatusAborted}, "ABORTED", false},
		{"an unknown run has no status", stub{err: &types.ExecutionDoesNotExist{}}, "", false},
		{"a failing service is an error", stub{err: errDown}, "", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := &Executions{client: &row.stub, prefix: prefix}
			got, err := m.Describe(context.Background(), one)
			if got != row.want || (err != nil) != row.wantErr {
				t.Errorf("got %q, %v, want %q, error %v", got, err, row.want, row.wantErr)
			}
			if want := "arn:aws-cn:states:cn-north-1:123456789012:execution:jixu-review-application:c-opinion-1"; row.stub.asked != want {
				t.Errorf("asked for %s, want %s", row.stub.asked, want)
			}
		})
	}
}

func TestResume(t *testing.T) {
	rows := []struct {
		name         string
		err          error
		wantAccepted bool
		wantErr      bool
	}{
		{"a waiting token is accepted", nil, true, false},
		{"a used token is not", &types.TaskDoesNotExist{}, false, false},
		{"an invalid token is not", &types.InvalidToken{}, false, false},
		{"a token that timed out is not", &types.TaskTimedOut{}, false, false},
		{"a failing service is an error", errDown, false, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := &Executions{client: &stub{err: row.err}, prefix: prefix}
			accepted, err := m.Resume(context.Background(), "token")
			if accepted != row.wantAccepted || (err != nil) != row.wantErr {
				t.Errorf("got %v, %v, want %v, error %v", accepted, err, row.wantAccepted, row.wantErr)
			}
		})
	}
}

func TestStop(t *testing.T) {
	rows := []struct {
		name    string
		err     error
		wantErr bool
	}{
		{"a run is stopped", nil, false},
		{"an unknown run stays as it is", &types.ExecutionDoesNotExist{}, false},
		{"a failing service is an error", errDown, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := &Executions{client: &stub{err: row.err}, prefix: prefix}
			if err := m.Stop(context.Background(), one); (err != nil) != row.wantErr {
				t.Errorf("got %v, want error %v", err, row.wantErr)
			}
		})
	}
}

func TestReadEnd(t *testing.T) {
	rows := []struct {
		name, event string
		want        docket.Input
		wantErr     bool
	}{
		{
			"the run of any aggregate",
			`{"source":"aws.states","detail":{"name":"lamp-l1-watch-2","status":"FAILED","input":"{\"of\":\"lamp/l1\",\"leg\":\"watch\",\"run\":2,\"asked\":0}"}}`,
			docket.Input{Of: "lamp/l1", Leg: "watch", Run: 2},
			false,
		},
		{
			"a run of an earlier build", `{"detail":{"name":"c1-opinion-1","input":"{\"caseId\":\"c1\",\"leg\":\"opinion\",\"run\":1}"}}`,
			docket.Input{CaseID: "c1", Leg: "opinion", Run: 1},
			false,
		},
		{"an input that was too long", `{"detail":{"name":"c1-opinion-1","inputDetails":{"included":false}}}`, docket.Input{}, true},
		{"an input that is null", `{"detail":{"name":"c1-opinion-1","input":null}}`, docket.Input{}, true},
		{"a run for nobody", `{"detail":{"name":"by-hand","input":"{}"}}`, docket.Input{}, true},
		{"an input without a run", `{"detail":{"input":"{\"of\":\"c1\",\"leg\":\"opinion\"}"}}`, docket.Input{}, true},
		{"an input that is no object", `{"detail":{"input":"[1]"}}`, docket.Input{}, true},
		{"another event", `{"Records":[]}`, docket.Input{}, true},
		{"what is no JSON", `ended`, docket.Input{}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := ReadEnd([]byte(row.event))
			if got != row.want || (err != nil) != row.wantErr {
				t.Errorf("got %+v, %v, want %+v, error %v", got, err, row.want, row.wantErr)
			}
		})
	}
}
