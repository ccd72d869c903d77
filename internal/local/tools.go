package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Tools are the Python programs of one machine, each in an environment of its
// own under .venv, with every version pinned in tools/.
type Tools struct {
	root string
}

// SAM is the path of the sam command.
func (t Tools) SAM() string { return t.program("sam", "sam") }

// Lint is the path of the cfn-lint command.
func (t Tools) Lint() string { return t.program("sam", "cfn-lint") }

// MiniStack is the path of the emulator.
func (t Tools) MiniStack() string { return t.program("ministack", "ministack") }

func (t Tools) program(environment, name string) string {
	return filepath.Join(t.root, ".venv", environment, "bin", name)
}

// Prepare installs the tools that are missing or whose pins have changed, and
// says so on out. With nothing to install it takes no time and no network.
// Several processes may call it at once: one installs, the others wait.
func Prepare(ctx context.Context, root string, out io.Writer) (Tools, error) {
	unlock, err := lock(filepath.Join(root, ".venv"))
	if err != nil {
		return Tools{}, err
	}
	defer unlock()
	for _, environment := range []string{"ministack", "sam"} {
		if err := prepare(ctx, root, environment, out); err != nil {
			return Tools{}, fmt.Errorf("preparing %s: %w", environment, err)
		}
	}
	return Tools{root: root}, nil
}

// lock holds folder for this process until unlock is called or the process ends.
func lock(folder string) (unlock func(), err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("locking %s: %w", filepath.Base(folder), err)
	}
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", filepath.Base(folder), err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("locking %s: %w", filepath.Base(folder), err)
	}
	return func() { file.Close() }, nil
}

func prepare(ctx context.Context, root, environment string, out io.Writer) error {
	pins := filepath.Join(root, "tools", environment+".txt")
	wanted, err := stampOf(pins, root)
	if err != nil {
		return err
	}
	folder := filepath.Join(root, ".venv", environment)
	stamp := filepath.Join(folder, "pins.sha256")
	if installed, err := os.ReadFile(stamp); err == nil && bytes.Equal(installed, wanted) {
		return nil
	}
	fmt.Fprintf(out, "installing %s (once, about a minute) …\n", environment)
	if err := install(ctx, folder, pins); err != nil {
		return err
	}
	return os.WriteFile(stamp, wanted, 0o644)
}

// stampOf changes with the pins and with the place: an environment cannot be moved.
func stampOf(pins, root string) ([]byte, error) {
	content, err := os.ReadFile(pins)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(content, root...))
	return []byte(hex.EncodeToString(sum[:]) + "\n"), nil
}

func install(ctx context.Context, folder, pins string) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("no python3 on the path (3.11 or newer is needed)")
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := quietly(exec.CommandContext(ctx, python, "-m", "venv", folder)); err != nil {
		return fmt.Errorf("making an environment (on Debian: apt-get install python3-venv): %w", err)
	}
	pip := exec.CommandContext(ctx, filepath.Join(folder, "bin", "python3"), "-m", "pip", "install",
		"--quiet", "--disable-pip-version-check", "--no-deps", "--requirement", pins)
	return quietly(pip)
}

// quietly runs command and gives what it said only if it failed.
func quietly(command *exec.Cmd) error {
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(command.Path), err, said.String())
	}
	return nil
}
