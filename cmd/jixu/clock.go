package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"jixu/internal/docket"
	"jixu/internal/local"
	"jixu/internal/words"
)

var stepForm = regexp.MustCompile(`^\+(\d{1,5})(d|h|m)$`)

// runClock shows the system's time, or moves it: `jixu clock +10d`. Deadlines up
// to then ring at once, in order.
func runClock(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("clock", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprintln(out, "usage: jixu clock [+10d | +3h | +5m]") }
	if err := flags.Parse(args); err != nil {
		return err
	}
	step, err := stepOf(flags.Args())
	if err != nil {
		return err
	}
	env, err := local.Attach(ctx, out)
	if err != nil {
		return err
	}
	now, err := local.MoveClock(ctx, env, step)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, docket.When(words.ZH, now))
	if step == 0 {
		return nil
	}
	_, err = lambda.NewFromConfig(env.Config).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("jixu-ring-deadlines"), Payload: []byte("{}")})
	if err != nil {
		return fmt.Errorf("ringing the deadlines: %w", err)
	}
	return nil
}

// stepOf reads +10d, +3h or +5m; nothing is no step.
func stepOf(args []string) (time.Duration, error) {
	if len(args) == 0 {
		return 0, nil
	}
	m := stepForm.FindStringSubmatch(args[0])
	if m == nil || len(args) > 1 {
		return 0, errors.New("a step is +10d, +3h or +5m")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, err
	}
	return time.Duration(n) * map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}[m[2]], nil
}
