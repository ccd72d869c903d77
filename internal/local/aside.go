package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Aside opens a second house beside the first, on ports of its own, with the
// sample people, no case, and a clock that begins at begin; it lets do live in it and
// takes it down again. What was built for the first house is deployed as it is.
func Aside(ctx context.Context, out io.Writer, people []Person, begin time.Time, do func(context.Context, Environment) error) (err error) {
	root, err := Root()
	if err != nil {
		return err
	}
	tools, err := Prepare(ctx, root, out)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "jixu-aside-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	desk, err := OpenDesk(DeskOptions{People: people})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.Close()) }()
	port, err := FreePort(0)
	if err != nil {
		return err
	}
	emulator, err := StartEmulator(ctx, tools, dir, port)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, emulator.Stop()) }()
	d := deployment{root: root, dir: dir, tools: tools, emulator: emulator, parameters: Parameters(emulator, desk), out: out}
	built := filepath.Join(root, ".local", "build")
	if _, missing := os.Stat(filepath.Join(built, "template.yaml")); missing != nil {
		err = d.build(ctx)
	} else {
		d.built = built
	}
	if err == nil {
		err = d.deploy(ctx)
	}
	if err != nil {
		return err
	}
	outputs, err := Outputs(ctx, emulator.Config())
	if err != nil {
		return err
	}
	env := Environment{Root: root, Site: emulator.Site(), Desk: desk.Issuer, Config: emulator.Config(), Outputs: outputs, Out: out}
	desk.KeepClock(env)
	if err := env.Store().SetOffset(ctx, time.Until(begin)); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	if err := SeedPeople(ctx, env); err != nil {
		return err
	}
	return do(ctx, env)
}
