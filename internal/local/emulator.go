package local

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// What the emulator takes us for. They open nothing anywhere else.
const (
	Region = "us-east-1"
	// Partition is the emulator's own; the other one is checked by lint.
	Partition = "aws"
	Account   = "123456789012"
	keyID     = "test"
	secret    = "test"
)

// Host is the name under which people open the sites; browsers resolve it to
// this machine, Go and Python do not.
const Host = "jixu.localhost"

//go:embed python/sitecustomize.py
var sitecustomize []byte

// Emulator is a running MiniStack.
type Emulator struct {
	Port    int
	process *exec.Cmd
	alive   io.Closer // the emulator ends when this is closed
	log     *os.File
	ended   chan struct{} // closed when the process has ended
}

// StartEmulator starts MiniStack on port with roles enforced, keeps its state
// and log in dir, and returns when it answers. Whatever ends our own process
// ends the emulator as well.
func StartEmulator(ctx context.Context, tools Tools, dir string, port int) (*Emulator, error) {
	e := &Emulator{Port: port, ended: make(chan struct{})}
	if err := e.start(tools, dir); err != nil {
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	if err := e.waitReady(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the emulator (see %s): %w", e.log.Name(), err), e.Stop())
	}
	return e, nil
}

func (e *Emulator) start(tools Tools, dir string) error {
	python := filepath.Join(dir, "python")
	if err := os.MkdirAll(python, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(python, "sitecustomize.py"), sitecustomize, 0o644); err != nil {
		return err
	}
	if err := mendYesterday(dir, e.Port); err != nil {
		return err
	}
	if err := os.RemoveAll(temporary(dir)); err != nil {
		return err
	}
	if err := os.MkdirAll(temporary(dir), 0o700); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "emulator.log"))
	if err != nil {
		return err
	}
	e.log = log
	e.process = exec.Command(tools.MiniStack())
	e.process.Dir = dir
	e.process.Env = emulatorEnv(dir, python, e.Port)
	e.process.Stdout, e.process.Stderr = log, log
	// Ctrl-C reaches a whole process group: the emulator has its own, so that we can end things in order.
	e.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if e.alive, err = e.process.StdinPipe(); err != nil {
		return err
	}
	if err := e.process.Start(); err != nil {
		return err
	}
	go func() {
		_ = e.process.Wait()             // how it ended is in its log
		_ = os.RemoveAll(temporary(dir)) // it leaves what it unpacked
		close(e.ended)
	}()
	return nil
}

// temporary is where the emulator unpacks functions, under a name that follows from its
// port: in a folder that all users share, somebody else's would be in the way.
func temporary(dir string) string { return filepath.Join(dir, "tmp") }

// emulatorEnv is all the emulator knows of our environment: the functions
// inherit every bit of it. AWS_ENDPOINT_URL keeps them off the real AWS.
func emulatorEnv(dir, python string, port int) []string {
	state := filepath.Join(dir, "state")
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"TMPDIR=" + temporary(dir),
		"LANG=C.UTF-8",
		"BIND_HOST=127.0.0.1",
		"GATEWAY_PORT=" + strconv.Itoa(port),
		"MINISTACK_HOST=localhost",
		"MINISTACK_ACCOUNT_ID=" + Account,
		"IOT_MTLS_ENABLED=0",
		"AWS_ENDPOINT_URL=" + endpoint(port),
		"AWS_ACCESS_KEY_ID=" + keyID,
		"AWS_SECRET_ACCESS_KEY=" + secret,
		"AUTH=true",
		"PERSIST_STATE=1",
		"STATE_DIR=" + state,
		"S3_PERSIST=1",
		"S3_DATA_DIR=" + filepath.Join(state, "s3"),
		"PYTHONPATH=" + python,
		"JIXU_END_WITH_PARENT=1",
	}
}

func (e *Emulator) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return Until(ctx, 50*time.Millisecond, func() (bool, error) {
		select {
		case <-e.ended:
			return false, errors.New("it ended by itself")
		default:
		}
		answer, err := http.Get(e.Endpoint() + "/_ministack/ready")
		if err != nil {
			return false, nil // not listening yet
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK, nil
	})
}

// Stop ends the emulator in order, so that it writes its state, and returns
// when neither it nor any function is left.
func (e *Emulator) Stop() error {
	defer e.log.Close()
	defer e.alive.Close()
	_ = e.process.Process.Signal(syscall.SIGTERM) // an error means that it has ended
	select {
	case <-e.ended:
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-e.process.Process.Pid, syscall.SIGKILL)
		<-e.ended
		return errors.New("stopping the emulator: it did not end by itself within 20 seconds")
	}
	// Functions are its children and in its group; none may outlive it.
	_ = syscall.Kill(-e.process.Process.Pid, syscall.SIGKILL)
	return nil
}

// Ended is closed when the emulator's process has ended.
func (e *Emulator) Ended() <-chan struct{} { return e.ended }

// Endpoint is where the emulator takes the place of AWS.
func (e *Emulator) Endpoint() string { return endpoint(e.Port) }

// Site is what links and redirects begin with.
func (e *Emulator) Site() string { return fmt.Sprintf("http://%s:%d", Host, e.Port) }

func endpoint(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

// Config returns the administrator's configuration of AWS clients.
func (e *Emulator) Config() aws.Config { return Config(e.Port) }

// Config returns the administrator's configuration for an emulator on port.
func Config(port int) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(endpoint(port)),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, nil
		}),
		Retryer: func() aws.Retryer { return retry.NewStandard() },
	}
}

// Client returns an HTTP client that reaches [Host] although Go does not
// resolve it. It keeps no cookies and follows no redirects: whoever drives a
// site over HTTP wants to see both.
func Client() *http.Client {
	var dialer net.Dialer
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if name, port, err := net.SplitHostPort(address); err == nil && name == Host {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return dialer.DialContext(ctx, network, address)
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Until calls holds at once and then every pause until it holds, fails, or ctx ends.
func Until(ctx context.Context, pause time.Duration, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Architecture is what functions must be built for to run on this machine, in
// the template's words.
func Architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}
