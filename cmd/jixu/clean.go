package main

import (
	"context"
	"flag"
	"io"

	"jixu/internal/local"
)

// runClean forgets what the house of this checkout knew, unless it runs.
func runClean(_ context.Context, args []string, _ io.Writer) error {
	if err := flag.NewFlagSet("clean", flag.ContinueOnError).Parse(args); err != nil {
		return err
	}
	root, err := local.Root()
	if err != nil {
		return err
	}
	return local.Clean(root)
}
