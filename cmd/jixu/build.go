package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"jixu/internal/local"
)

// runBuild makes what sam deploy takes, for AWS.
func runBuild(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	architecture := flags.String("architecture", local.ArchitectureInAWS, "what the functions are built for: arm64 or x86_64; give sam deploy the same")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *architecture != "arm64" && *architecture != "x86_64" {
		return fmt.Errorf("building for %q: the architecture is arm64 or x86_64", *architecture)
	}
	root, err := local.Root()
	if err != nil {
		return err
	}
	return local.Build(ctx, root, *architecture, out)
}
