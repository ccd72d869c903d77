package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// buildFlags are the GOFLAGS of every build of a function: here, by sam, in tests
// and in the bench. They stand once, because the build cache tells builds apart by
// them: one that differs compiles the AWS SDK again. The Makefile repeats them for
// bin/jixu, which shares most of its packages with the functions; blueprint compares.
const buildFlags = "-trimpath -tags=lambda.norpc '-ldflags=-s -w'"

// BuildEnv returns env as every build of a function wants it. Without CGO_ENABLED=0
// a binary may need a libc that Lambda does not have.
func BuildEnv(env []string) []string {
	var kept []string
	for _, variable := range env {
		if !strings.HasPrefix(variable, "GOFLAGS=") && !strings.HasPrefix(variable, "CGO_ENABLED=") {
			kept = append(kept, variable)
		}
	}
	return append(kept, "CGO_ENABLED=0", "GOFLAGS="+buildFlags)
}

// CompileInto builds every function for this machine's architecture into the folder
// out, each under the name of its own folder, with one run of the compiler. Of args
// those before the packages go to go build; packages may stand among them.
func CompileInto(ctx context.Context, root, out string, args ...string) error {
	return goCommand(ctx, root, Architecture(), append(append([]string{"build", "-o", out + "/"}, args...), "./functions/...")...)
}

// compileAhead compiles what all functions are made of, once, and links nothing. sam
// builds each function by itself and all at the same time: with an empty cache each
// would compile the same packages again, which takes seven times as much work.
func compileAhead(ctx context.Context, root, architecture string) error {
	return goCommand(ctx, root, architecture, "list", "-export", "-deps", "-f", "", "./functions/...")
}

func goCommand(ctx context.Context, root, architecture string, args ...string) error {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = root
	command.Env = append(BuildEnv(os.Environ()), "GOOS=linux", "GOARCH="+goArchitecture(architecture))
	endInOrder(command)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the functions: %w\n%s", err, said)
	}
	return nil
}

// endInOrder gives a command a process group of its own, so that Ctrl-C reaches it
// through us, when its context ends, and takes the compilers along.
func endInOrder(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
}

// goArchitecture is Go's word for one of the template's.
func goArchitecture(architecture string) string {
	if architecture == "x86_64" {
		return "amd64"
	}
	return architecture
}

// ArchitectureInAWS is the template's default: what `make build` builds for.
const ArchitectureInAWS = "arm64"

// Build makes what sam deploy takes, for AWS, in .aws-sam. What sam says goes to out.
func Build(ctx context.Context, root, architecture string, out io.Writer) error {
	tools, err := Prepare(ctx, root, out)
	if err != nil {
		return err
	}
	if err := compileAhead(ctx, root, architecture); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, tools.SAM(), "build", "--parameter-overrides", "Architecture="+architecture)
	command.Dir, command.Env = root, append(BuildEnv(os.Environ()), "SAM_CLI_TELEMETRY=0")
	command.Stdout, command.Stderr = out, out
	endInOrder(command)
	if err := command.Run(); err != nil {
		return fmt.Errorf("sam build: %w", err)
	}
	return nil
}
