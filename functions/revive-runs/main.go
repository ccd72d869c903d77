// Command revive-runs hears from Step Functions which runs have ended, and raises the
// next run of a leg that is still open. One that must be left alone for a while rests
// in the queue for just that long; one that names no leg is counted, and the sweep comes.
package main

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/docket"
	"jixu/internal/gateway"
	"jixu/internal/logging"
	"jixu/internal/queue"
	"jixu/internal/settings"
	"jixu/internal/statemachine"
	"jixu/internal/wiring"
)

func main() {
	logging.Start("revive-runs")
	s, desk, err := wiring.OpenDesk(settings.Ends)
	if err != nil {
		slog.Error("starting failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(logging.Each(gateway.Messages(hear(&docket.Relay{Desk: desk}, queue.New(s.AWS, s.Ends).Rest))))
}

// hear says of a message whether it is done with; one that is not rests before it comes again.
func hear(t *docket.Relay, rest func(ctx context.Context, handle string, pause time.Duration) error) func(context.Context, events.SQSMessage) bool {
	return func(ctx context.Context, m events.SQSMessage) bool {
		in, err := statemachine.ReadEnd([]byte(m.Body))
		if err != nil {
			slog.ErrorContext(ctx, "the end of a run says nothing", "err", err)
			t.Desk.Metrics.Count("EndUnread", 1)
			return true
		}
		pause, err := t.Ended(ctx, in)
		if err == nil && pause == 0 {
			return true
		}
		if err != nil {
			received, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // 0: the shortest rest
			slog.ErrorContext(ctx, "reviving a run failed", "of", in.Name(), "leg", string(in.Leg), "run", in.Run, "received", received, "err", err)
			pause = queue.Pause(received)
		}
		if err := rest(ctx, m.ReceiptHandle, pause); err != nil {
			slog.WarnContext(ctx, "the end of a run comes again sooner", "err", err)
		}
		return false
	}
}
