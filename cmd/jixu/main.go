// Command jixu is the command line of the house.
//
//	jixu build    make what sam deploy takes, for AWS
//	jixu setup    install the pinned tools of one machine, once
//	jixu local    run the whole house on one machine until Ctrl-C
//	jixu clean    forget what the house of this checkout knew
//	jixu clock    show the running house's time, or move it: jixu clock +10d
//	jixu token    print a token for the API, for a sample person's own program
//	jixu secret   make a signing secret for an organisation's system, and print it
//	jixu demo     live one case through the running house, over HTTP only
//	jixu bench    measure starts, and price a case
//	jixu rebuild  write lists and marks of a table anew from its history
//
// Every command says what it takes with -h.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// command is one word after jixu. Each has a file of its own.
type command struct {
	name string
	does string // one line
	run  func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"bench", "measure what a start and a case cost", runBench},
		{"build", "make what sam deploy takes, for AWS", runBuild},
		{"clean", "forget what the house of this checkout knew", runClean},
		{"clock", "show the system's time, or move it: +10d", runClock},
		{"demo", "live one case through the running house, over HTTP only", runDemo},
		{"local", "run the whole house on one machine until Ctrl-C", runLocal},
		{"rebuild", "write lists and marks anew: of the running house, or of -table in AWS", runRebuild},
		{"secret", "make a signing secret for an organisation's system: mpa", runSecret},
		{"setup", "install the pinned tools of one machine, once", runSetup},
		{"token", "print a token for the API, for a sample person's own program: lin-zhi", runToken},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "jixu:", err)
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(ctx, args[1:], out)
			}
		}
	}
	fmt.Fprintln(os.Stderr, "usage: jixu <command> [flags]")
	for _, c := range commands() {
		fmt.Fprintf(os.Stderr, "  %-8s %s\n", c.name, c.does)
	}
	return flag.ErrHelp
}
