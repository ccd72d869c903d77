package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/local"
	"jixu/internal/settings"
	"jixu/internal/table"
)

// runRebuild writes the lists and marks of a table anew from its heads and history:
// of the house that runs in this checkout, or of the table that is named, in the
// region and with the credentials of the environment.
func runRebuild(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("rebuild", flag.ContinueOnError)
	name := flags.String(
		"table",
		"",
		"a table in AWS: TableName among the stack's outputs. Region and credentials are those of the environment (AWS_REGION, AWS_ACCESS_KEY_ID …)",
	)
	flags.Usage = func() {
		fmt.Fprint(os.Stderr, `jixu rebuild writes lists, their rows, marks and timers of a table anew from what is stored.
The house may go on working meanwhile; it is safe to break off and to repeat. Use the jixu of the
build that is deployed: an older one takes away lists that it does not know. Without -table it takes
the house that runs in this checkout. It ends with 1 if something was left as it stood.
`)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag: a table is named by -table", flags.Arg(0))
	}
	store, err := tableOf(ctx, *name, out)
	if err != nil {
		return err
	}
	now, err := table.Clock{Store: store, Moves: true}.Now(ctx)
	if err != nil {
		return err
	}
	return rebuild(ctx, store, now, out)
}

// tableOf opens the table called name in AWS, or the running house's for "".
func tableOf(ctx context.Context, name string, out io.Writer) (*table.Store, error) {
	if name == "" {
		env, err := local.Attach(ctx, out)
		if err != nil {
			return nil, fmt.Errorf("%w, or name a table in AWS with -table", err)
		}
		return env.Store(), nil
	}
	config, err := settings.AWS()
	if err != nil {
		return nil, err
	}
	return table.New(dynamodb.NewFromConfig(config), name), nil
}

// rebuild rebuilds store and says how far it has come, what it came to, and what it
// left as it stood.
func rebuild(ctx context.Context, store docket.Rebuilder, from time.Time, out io.Writer) error {
	done, err := docket.Rebuild(ctx, store, docket.RebuildOptions{
		From: from, Progress: func(so docket.Rebuilt) { fmt.Fprintf(out, "%d looked at\n", so.Seen) },
	})
	fmt.Fprintf(out, "written anew: %d of %d\n", done.Written, done.Seen)
	for _, left := range done.Left {
		fmt.Fprintf(out, "left as it stands: %s: %v\n", left.Of, left.Why)
	}
	if err != nil {
		return fmt.Errorf("rebuilding, which is safe to begin again: %w", err)
	}
	if len(done.Left) > 0 {
		return fmt.Errorf("%d stand as they did", len(done.Left))
	}
	return nil
}
