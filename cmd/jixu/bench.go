package main

import (
	"context"
	"flag"
	"io"

	"jixu/internal/bench"
)

// runBench measures what a start and a case cost, and prints it.
func runBench(ctx context.Context, args []string, out io.Writer) error {
	o := bench.Options{Out: out}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.Starts, "starts", 100, "starts of each function, in each of two builds; 0: none")
	flags.BoolVar(&o.Operations, "operations", true, "measure what a change costs in memory, before any service is asked")
	flags.BoolVar(&o.Clocks, "clocks", true, "count what ring and sweep read over many cases that wait")
	flags.BoolVar(&o.Bill, "bill", true, "live a case and add up its bill")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return bench.Run(ctx, o)
}
