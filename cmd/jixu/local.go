package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"jixu/internal/local"
)

func runLocal(ctx context.Context, args []string, out io.Writer) error {
	var ports local.Ports
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	for _, one := range []struct {
		port                      *int
		name, variable, otherwise string
		of                        string
	}{
		{&ports.Stack, "port", "JIXU_PORT", "4566", "the sites"},
		{&ports.Desk, "desk-port", "JIXU_DESK_PORT", "4580", "sign-in and mail pages"},
		{&ports.SMTP, "smtp-port", "JIXU_SMTP_PORT", "4525", "the mail sink"},
	} {
		if err := portFrom(one.port, one.variable, one.otherwise); err != nil {
			return err
		}
		flags.Func(one.name, fmt.Sprintf("`port` of %s; 0: any (%s; %s)", one.of, one.variable, one.otherwise), func(text string) (err error) {
			*one.port, err = local.PortOf(text)
			return err
		})
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	return local.Run(ctx, local.Options{Ports: ports, People: people(), Seed: seed, Out: out})
}

// portFrom reads the port in the variable called name, or otherwise.
func portFrom(port *int, name, otherwise string) (err error) {
	text := cmp.Or(os.Getenv(name), otherwise)
	if *port, err = local.PortOf(text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
