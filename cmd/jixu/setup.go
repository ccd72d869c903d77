package main

import (
	"context"
	"flag"
	"io"

	"jixu/internal/local"
)

func runSetup(ctx context.Context, args []string, out io.Writer) error {
	if err := flag.NewFlagSet("setup", flag.ContinueOnError).Parse(args); err != nil {
		return err
	}
	root, err := local.Root()
	if err != nil {
		return err
	}
	_, err = local.Prepare(ctx, root, out)
	return err
}
