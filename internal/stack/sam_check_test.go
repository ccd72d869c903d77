//go:build check

package stack_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"jixu/internal/local"
	"jixu/internal/stack"
)

// Each function once, as sam builds it and in the container that sam runs it in:
// another host of the same binary than the emulator, which takes its settings
// from the template and its event over the same Runtime API.
func TestEachFunctionRunsInSAMsContainer(t *testing.T) {
	s := stack.Shared(t)
	d := engine(t)
	d.image(t)
	sam := samBuilt(t)
	first := map[string]bool{}
	rehearse(t, s, func(ctx context.Context, function string, payload []byte) (string, error) {
		return sam.invoke(t, s, d, function, payload)
	}, func(event string) bool {
		name := function(event)
		defer func() { first[name] = true }()
		return !first[name]
	})
	if len(first) < 10 {
		t.Errorf("got %d functions, want all of them", len(first))
	}
}

// docker is an engine and where it listens.
type docker struct{ host string }

const baseImage = "jixu-base:local"

// engine returns the engine that runs, or starts one for this test.
func engine(t *testing.T) docker {
	t.Helper()
	if exec.Command("docker", "info").Run() == nil {
		return docker{os.Getenv("DOCKER_HOST")}
	}
	dir, err := os.MkdirTemp("", "jixu-docker-") // short: the path of a socket has 108 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	d := docker{"unix://" + dir + "/sock"}
	var said bytes.Buffer
	daemon := exec.Command("dockerd", "--data-root", dir+"/data", "--exec-root", dir+"/exec", "-H", d.host, "-p", dir+"/pid")
	daemon.Stdout, daemon.Stderr = &said, &said
	if err := daemon.Start(); err != nil {
		t.Fatalf("no docker engine runs, and none can be started: %v", err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	err = stack.Eventually(t.Context(), time.Minute, func() (bool, error) {
		return d.command(t.Context(), "info").Run() == nil, nil
	})
	if err != nil {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
		t.Fatalf("starting dockerd: %v\n%s", err, said.String())
	}
	return d
}

func (d docker) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "docker", args...)
	c.Env = d.env()
	return c
}

func (d docker) env() []string {
	if d.host == "" {
		return os.Environ()
	}
	return append(os.Environ(), "DOCKER_HOST="+d.host)
}

// image makes the base image: a root with one program, where sam expects a
// runtime's. Nothing is pulled from anywhere.
func (d docker) image(t *testing.T) {
	t.Helper()
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("busybox is not here: run make check, which installs it")
	}
	program, err := os.ReadFile(box)
	if err != nil {
		t.Fatal(err)
	}
	var root bytes.Buffer
	w := tar.NewWriter(&root)
	add := func(h tar.Header, data []byte) {
		h.Size = int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(data)
	}
	for _, dir := range []string{"bin", "etc", "etc/ssl", "tmp", "usr", "usr/bin", "var", "var/task", "var/runtime"} {
		add(tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o777}, nil)
	}
	add(tar.Header{Name: "bin/busybox", Typeflag: tar.TypeReg, Mode: 0o755}, program)
	for _, name := range []string{"sh", "mv", "chmod", "ls", "cat", "mkdir", "env"} {
		add(tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}, nil)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := d.command(t.Context(), "import", "-", baseImage)
	c.Stdin = &root
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("making the base image: %v\n%s", err, said)
	}
	t.Cleanup(func() { _ = d.command(context.Background(), "rmi", "-f", baseImage).Run() })
}

// bridge is the address at which containers reach this machine. An engine that has
// just begun does not know it at once.
func (d docker) bridge(t *testing.T) string {
	t.Helper()
	address := ""
	err := stack.Eventually(t.Context(), time.Minute, func() (bool, error) {
		out, err := d.command(t.Context(), "network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}").Output()
		address = strings.TrimSpace(string(out))
		return err == nil && net.ParseIP(address) != nil, nil
	})
	if err != nil {
		t.Fatalf("got %q, want the address of the bridge: %v", address, err)
	}
	return address
}

// built is what sam build made.
type built struct {
	sam, dir string
	once     sync.Map // ports that are passed on
}

func samBuilt(t *testing.T) *built {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	tools, err := local.Prepare(t.Context(), root, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	b := &built{sam: tools.SAM(), dir: t.TempDir()}
	c := exec.CommandContext(t.Context(), b.sam, "build", "--build-dir", b.dir, "--parameter-overrides", "Architecture="+local.Architecture())
	c.Dir = root
	c.Env = append(local.BuildEnv(os.Environ()), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=us-east-1")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, said)
	}
	return b
}

var loopback = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// invoke lets sam run a function with the settings that it has in the stack.
func (b *built) invoke(t *testing.T, s *stack.Stack, d docker, function string, payload []byte) (string, error) {
	t.Helper()
	config, err := lambda.NewFromConfig(s.Config).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(s.Function(function))})
	if err != nil {
		return "", err
	}
	variables := map[string]string{}
	for name, value := range config.Environment.Variables {
		if name == "JIXU_ISSUER" {
			variables[name] = value // a name that tokens carry, and no event of these asks it anything
			continue
		}
		for _, port := range loopback.FindAllStringSubmatch(value, -1) {
			b.passOn(t, d.bridge(t), port[1])
		}
		variables[name] = loopback.ReplaceAllString(value, "host.docker.internal:$1")
	}
	id := logicalID(function)
	env, err := json.Marshal(map[string]any{id: variables})
	if err != nil {
		return "", err
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"env.json": env, "event.json": payload} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, b.sam, "local", "invoke", id, "-t", filepath.Join(b.dir, "template.yaml"),
		"-e", filepath.Join(dir, "event.json"), "-n", filepath.Join(dir, "env.json"),
		"--skip-pull-image", "--invoke-image", baseImage, "--add-host", "host.docker.internal:host-gateway", "--parameter-overrides",
		"Architecture="+local.Architecture()+" OidcIssuer=http://issuer.invalid SmtpAddress=mail.invalid:25 MailFrom=a@mail.invalid EndpointUrl=http://endpoint.invalid")
	var out, noise bytes.Buffer
	c.Stdout, c.Stderr = &out, &noise
	c.Env = append(d.env(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("sam local invoke %s: %w\n%s", id, err, noise.String())
	}
	var fault struct {
		Type string `json:"errorType"`
	}
	if json.Unmarshal(out.Bytes(), &fault) == nil && fault.Type != "" {
		return fault.Type, nil
	}
	if out.Len() == 0 {
		return "", fmt.Errorf("sam local invoke %s says nothing\n%s", id, noise.String())
	}
	return said(out.Bytes()), nil
}

// passOn lets containers reach a port of this machine's loopback.
func (b *built) passOn(t *testing.T, at, port string) {
	t.Helper()
	if _, done := b.once.LoadOrStore(port, true); done {
		return
	}
	l, err := net.Listen("tcp", net.JoinHostPort(at, port))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
				if err != nil {
					return
				}
				defer out.Close()
				go func() { _, _ = io.Copy(out, in) }()
				_, _ = io.Copy(in, out)
			}()
		}
	}()
}

// logicalID is the function's name in the template.
func logicalID(function string) string {
	id := ""
	for _, word := range strings.Split(function, "-") {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}
