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
		return journey.Demo(ctx, journey.House{Site: env.Site, Desk: env.Desk}, out)
	}
	fmt.Fprintln(out, "nothing runs in this checkout; the demo starts a house of its own")
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- local.Run(ctx, local.Options{People: people(), Seed: seed, Out: out})
	}()
	err = demoOn(ctx, ended, out)
	stop()
	return errors.Join(err, <-ended)
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
			return journey.Demo(ctx, journey.House{Site: env.Site, Desk: env.Desk}, out)
		}
	}
}
