package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/party"
)

// runToken prints a token for /api/v1 and nothing else, so that it can stand in another
// command: `jixu token lin-zhi`. It is good for some minutes, as the issuer's are.
func runToken(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: jixu token <person>, one of "+strings.Join(programmers(), ", "))
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || !slices.Contains(programmers(), flags.Arg(0)) {
		return fmt.Errorf("whose program? jixu token takes one of %s", strings.Join(programmers(), ", "))
	}
	env, err := local.Attach(ctx, out)
	if err != nil {
		return err
	}
	token, err := env.Deployment().Program(flags.Arg(0)).Token(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, token)
	return nil
}

// programmers are the sample people, all of whom may have a program.
func programmers() (ids []string) {
	for _, p := range journey.People {
		ids = append(ids, p.ID)
	}
	return ids
}

// runSecret makes a signing secret for an organisation's systems, as its administrator
// would, and prints it and nothing else: `jixu secret mpa`.
func runSecret(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("secret", flag.ContinueOnError)
	days := flags.Int("days", 30, "how long it is good")
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: jixu secret [-days N] <organisation>, one of "+strings.Join(administered(), ", "))
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || !slices.Contains(administered(), flags.Arg(0)) {
		return fmt.Errorf("whose secret? jixu secret takes one of %s", strings.Join(administered(), ", "))
	}
	env, err := local.Attach(ctx, out)
	if err != nil {
		return err
	}
	secret, revoked, err := env.Deployment().NewSecret(ctx, flags.Arg(0), *days)
	if err != nil {
		return err
	}
	if revoked != "" {
		fmt.Fprintf(os.Stderr, "two were live, which is the most: %s, which would have ended first, is revoked\n", revoked)
	}
	fmt.Fprintln(out, secret)
	return nil
}

// administered are the sample organisations that have an administrator.
func administered() (ids []string) {
	for _, p := range journey.People {
		if slices.Contains(p.Roles, party.Administrator) {
			ids = append(ids, p.Org)
		}
	}
	return ids
}
