package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"jixu/internal/local"
)

// Name is the stack's name; functions are called Name-hospital-site and so on.
const Name = "jixu"

// bucketOfBuilds keeps what is deployed.
const bucketOfBuilds = "builds"

// Options are what a test may want different.
type Options struct {
	Wait     time.Duration     // of the machine for a person; zero: the real sixty days
	People   []local.Person    // who can sign in
	Override map[string]string // parameters of the template
}

// Stack is a deployed Jixu with the services around it.
type Stack struct {
	Site    string            // scheme, host and port of the sites; reach it with HTTP
	Config  aws.Config        // the administrator's: nothing is denied to it
	Outputs map[string]string // of the template: TableName, BucketName, MachineArn and so on
	Desk    *local.Desk       // sign-in and mail

	options  Options
	root     string
	dir      string
	tools    local.Tools
	emulator *local.Emulator
	zips     map[string][]byte
	rendered build
}

// Start builds the functions, starts an emulator on a free port and deploys. Stop it.
func Start(ctx context.Context, options Options) (*Stack, error) {
	s := &Stack{options: options}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the stack: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) (err error) {
	if s.root, err = local.Root(); err != nil {
		return err
	}
	if s.tools, err = local.Prepare(ctx, s.root, os.Stderr); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "jixu-stack-"); err != nil {
		return err
	}
	if s.zips, err = compile(ctx, s.root, probePackage); err != nil {
		return err
	}
	if s.Desk, err = local.OpenDesk(local.DeskOptions{People: s.options.People}); err != nil {
		return err
	}
	port, err := local.FreePort(0)
	if err != nil {
		return err
	}
	if err := s.startEmulator(ctx, port); err != nil {
		return err
	}
	return s.deploy(ctx)
}

func (s *Stack) startEmulator(ctx context.Context, port int) (err error) {
	if s.emulator, err = local.StartEmulator(ctx, s.tools, s.dir, port); err != nil {
		return err
	}
	s.Config = s.emulator.Config()
	s.Site = s.emulator.Site()
	return nil
}

// Stop ends everything and removes what it wrote.
func (s *Stack) Stop() error {
	var failed []error
	if s.emulator != nil {
		failed = append(failed, s.emulator.Stop())
	}
	if s.Desk != nil {
		failed = append(failed, s.Desk.Close())
	}
	if s.dir != "" {
		failed = append(failed, os.RemoveAll(s.dir))
	}
	return errors.Join(failed...)
}

// Restart stops the emulator in order and starts it again with the state it
// wrote, as `make run` on the next day. Running executions die of it.
func (s *Stack) Restart(ctx context.Context) error {
	if err := s.emulator.Stop(); err != nil {
		return fmt.Errorf("restarting the stack: %w", err)
	}
	if err := s.startEmulator(ctx, s.emulator.Port); err != nil {
		return fmt.Errorf("restarting the stack: %w", err)
	}
	return nil
}

// Redeploy updates the running stack with a new build of the functions, which
// differs from the one before by a comment in its zip.
func (s *Stack) Redeploy(ctx context.Context) error {
	for name, packed := range s.zips {
		s.zips[name] = withComment(packed, time.Now().String())
	}
	return s.change(ctx, s.options)
}

// update deploys what was uploaded over what is deployed.
func (s *Stack) update(ctx context.Context) error {
	client := cloudformation.NewFromConfig(s.Config)
	_, err := client.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName:    aws.String(Name),
		TemplateURL:  aws.String(s.rendered.template),
		Parameters:   s.parameters(),
		Capabilities: capabilities,
	})
	if err != nil {
		return fmt.Errorf("redeploying: %w", err)
	}
	return s.waitDeployed(ctx)
}

// withComment appends the end of a zip again with a comment, so that the file
// differs and its content does not.
func withComment(packed []byte, comment string) []byte {
	const sizeOfEnd = 22 // the end record without its comment
	at := bytes.LastIndex(packed, []byte("PK\x05\x06"))
	changed := bytes.Clone(packed[:at+sizeOfEnd])
	changed[at+20], changed[at+21] = byte(len(comment)), byte(len(comment)>>8)
	return append(changed, comment...)
}

func (s *Stack) deploy(ctx context.Context) error {
	client := s3.NewFromConfig(s.Config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucketOfBuilds)}); err != nil {
		return fmt.Errorf("making a bucket for builds: %w", err)
	}
	if err := s.upload(ctx); err != nil {
		return err
	}
	_, err := cloudformation.NewFromConfig(s.Config).CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName:    aws.String(Name),
		TemplateURL:  aws.String(s.rendered.template),
		Parameters:   s.parameters(),
		Capabilities: capabilities,
	})
	if err != nil {
		return fmt.Errorf("creating the stack: %w", err)
	}
	return s.waitDeployed(ctx)
}

var capabilities = []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand}

// upload renders the template and puts what it names into the bucket.
func (s *Stack) upload(ctx context.Context) (err error) {
	s.rendered, err = render(s.root, s.zips, bucketOfBuilds, s.emulator.Endpoint(), s.options.Wait)
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(s.Config, func(o *s3.Options) { o.UsePathStyle = true })
	for key, content := range s.rendered.objects {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(bucketOfBuilds), Key: aws.String(key), Body: bytes.NewReader(content),
		})
		if err != nil {
			return fmt.Errorf("uploading the build: %w", err)
		}
	}
	return nil
}

func (s *Stack) parameters() []types.Parameter {
	values := local.Parameters(s.emulator, s.Desk)
	for name, value := range s.options.Override {
		values[name] = value
	}
	var parameters []types.Parameter
	for name, value := range values {
		parameters = append(parameters, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(value)})
	}
	return parameters
}

// waitDeployed returns when the stack is complete, and otherwise says what failed.
func (s *Stack) waitDeployed(ctx context.Context) error {
	client := cloudformation.NewFromConfig(s.Config)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return local.Until(ctx, 50*time.Millisecond, func() (bool, error) {
		out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(Name)})
		if err != nil {
			return false, fmt.Errorf("describing the stack: %w", err)
		}
		status := string(out.Stacks[0].StackStatus)
		switch {
		case strings.HasSuffix(status, "_IN_PROGRESS"):
			return false, nil
		case status != "CREATE_COMPLETE" && status != "UPDATE_COMPLETE":
			return false, fmt.Errorf("the stack is %s: %s", status, s.whyFailed(ctx, client))
		}
		s.Outputs = map[string]string{}
		for _, output := range out.Stacks[0].Outputs {
			s.Outputs[*output.OutputKey] = *output.OutputValue
		}
		return true, nil
	})
}

func (s *Stack) whyFailed(ctx context.Context, client *cloudformation.Client) string {
	out, err := client.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: aws.String(Name)})
	if err != nil {
		return err.Error()
	}
	var reasons []string
	for _, event := range out.StackEvents {
		if strings.HasSuffix(string(event.ResourceStatus), "_FAILED") {
			reasons = append(reasons, aws.ToString(event.LogicalResourceId)+": "+aws.ToString(event.ResourceStatusReason))
		}
	}
	return strings.Join(reasons, "; ")
}

// HTTP returns a client that reaches the sites. It keeps no cookies and follows
// no redirects.
func (s *Stack) HTTP() *http.Client { return local.Client() }

// Function is the full name of the function whose folder is name.
func (s *Stack) Function(name string) string { return Name + "-" + name }

// EmulatorLog returns what the emulator wrote, for a test that failed.
func (s *Stack) EmulatorLog() string {
	file, err := os.Open(filepath.Join(s.dir, "emulator.log"))
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	content, _ := io.ReadAll(file)
	return string(content)
}

// Eventually waits until holds is true, at most for patience, asking every 50 ms.
func Eventually(ctx context.Context, patience time.Duration, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return local.Until(ctx, 50*time.Millisecond, holds)
}

// Environment is the stack as the command line sees a running house.
func (s *Stack) Environment() local.Environment {
	return local.Environment{Root: s.root, Site: s.Site, Desk: s.Desk.Issuer, Config: s.Config, Outputs: s.Outputs, Out: io.Discard}
}

// Invoke calls a function with payload and returns its error, if it has one.
func (s *Stack) Invoke(ctx context.Context, name string, payload []byte) error {
	out, err := lambda.NewFromConfig(s.Config).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(s.Function(name)), Payload: payload})
	if err != nil {
		return fmt.Errorf("invoking %s: %w", name, err)
	}
	if out.FunctionError != nil {
		return fmt.Errorf("invoking %s: %s", name, out.Payload)
	}
	return nil
}
