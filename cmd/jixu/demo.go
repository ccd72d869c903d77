package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"jixu/internal/journey"
	"jixu/internal/local"
)

// runDemo lives one case through the house that runs in this checkout, or
// through one that it starts and stops itself.
func runDemo(ctx context.Context, args []string, out io.Writer) error {
	if err := flag.NewFlagSet("demo", flag.ContinueOnError).Parse(args); err != nil {
		return err
	}
	env, err := local.Attach(ctx, out)
	if err == nil {
		if err := journey.Demo(ctx, env.Deployment(), out); err != nil {
			return err
		}
		return holiday(ctx, out)
	}
	fmt.Fprintln(out, "nothing runs in this checkout; the demo starts a house of its own")
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- local.Run(ctx, local.Options{People: people(), Seed: seed, Out: out})
	}()
	err = demoOn(ctx, ended, out)
	if err == nil {
		err = holiday(ctx, out)
	}
	stop()
	return errors.Join(err, <-ended)
}

// beforeTheHoliday is where the clock of the holiday's own house begins: on a
// Tuesday before the National Day holiday of the newest notice we know.
var beforeTheHoliday = time.Date(2026, time.September, 22, 2, 0, 0, 0, time.UTC)

// holiday lets a deadline pass over the National Day holiday, in a house of its
// own: history never goes back, and the first house may be past it.
func holiday(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "\na second house whose clock stands at 2026-09-22 is opened for the holiday")
	return local.Aside(ctx, out, people(), beforeTheHoliday, func(ctx context.Context, env local.Environment) error {
		return journey.DemoHoliday(ctx, env.Deployment(), out)
	})
}

// demoOn waits for the house that is starting, and lives the case in it.
func demoOn(ctx context.Context, ended chan error, out io.Writer) error {
	for {
		select {
		case err := <-ended:
			ended <- nil
			return fmt.Errorf("the house ended before it was ready: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
		if env, err := local.Attach(ctx, out); err == nil {
			return journey.Demo(ctx, env.Deployment(), out)
		}
	}
}
