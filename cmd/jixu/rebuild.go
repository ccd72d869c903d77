package main

import (
	"context"
	"flag"
	"fmt"
	"io"

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
	return rebuild(ctx, store, out)
}

// tableOf opens the table called name in AWS, or the running house's for "".
func tableOf(ctx context.Context, name string, out io.Writer) (*table.Store, error) {
	if name == "" {
		env, err := local.Attach(ctx, out)
		if err != nil {
			return nil, err
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
func rebuild(ctx context.Context, store docket.Rebuilder, out io.Writer) error {
	done, err := docket.Rebuild(ctx, store, func(so docket.Rebuilt) { fmt.Fprintf(out, "%d looked at\n", so.Seen) })
	fmt.Fprintf(out, "written anew: %d of %d\n", done.Written, done.Seen)
	for _, left := range done.Left {
		fmt.Fprintf(out, "left as it stands: %s\n", left)
	}
	if err != nil {
		return fmt.Errorf("rebuilding, which is safe to begin again: %w", err)
	}
	if len(done.Left) > 0 {
		return fmt.Errorf("%d stand as they did: of a kind that this build does not know, unreadable, or moved each time they were read", len(done.Left))
	}
	return nil
}
