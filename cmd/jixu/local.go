package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"jixu/internal/local"
)

func runLocal(ctx context.Context, args []string, out io.Writer) error {
	var ports local.Ports
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	flags.IntVar(&ports.Stack, "port", portFrom("JIXU_PORT", 4566), "port of the sites; 0: any (JIXU_PORT)")
	flags.IntVar(&ports.Desk, "desk-port", portFrom("JIXU_DESK_PORT", 4580), "port of sign-in and mail pages; 0: any (JIXU_DESK_PORT)")
	flags.IntVar(&ports.SMTP, "smtp-port", portFrom("JIXU_SMTP_PORT", 4525), "port of the mail sink; 0: any (JIXU_SMTP_PORT)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := local.Run(ctx, local.Options{Ports: ports, People: people(), Seed: seed, Out: out}); err != nil {
		return fmt.Errorf("running on one machine: %w", err)
	}
	return nil
}

// portFrom returns the port in the variable called name, or otherwise.
func portFrom(name string, otherwise int) int {
	if port, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return port
	}
	return otherwise
}
