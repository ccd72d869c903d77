// Package queue carries notices from those who tell to the one who delivers.
// What it carries are ids; words, addresses, links and codes are made where
// the notice is sent.
package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"jixu/internal/docket"
	"jixu/internal/fault"
)

// Queue is one SQS queue. It may deliver a notice twice and knows no order;
// whoever delivers asks the outbox first.
type Queue struct {
	client *sqs.Client
	url    string
}

var _ docket.Notices = (*Queue)(nil)

// New returns the queue at url. It asks nobody.
func New(config aws.Config, url string) *Queue {
	return &Queue{client: sqs.NewFromConfig(config), url: url}
}

// Queue puts n into the queue. After an error it may be there or not; queueing
// it again is safe.
func (q *Queue) Queue(ctx context.Context, n docket.Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("writing notice %s: %w", n.Key, err)
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String(string(body))})
	if err != nil {
		return fault.Because(fault.Unavailable, "busy", fmt.Errorf("queueing notice %s: %w", n.Key, err))
	}
	return nil
}

// pauses are how long an event rests after each failure: a receiver that was
// restarted hears soon, one that is broken is not pestered. They add up to a day;
// the template gives up after one try more than there are pauses.
var pauses = []time.Duration{
	30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 7 * time.Hour, 11 * time.Hour,
}

// Pause is how long a message rests after it was received so often in vain.
func Pause(received int) time.Duration { return pauses[min(max(received, 1), len(pauses))-1] }

// Later lets a message that was received so often rest before it comes again.
// Failing to is harmless: it comes again sooner.
func (q *Queue) Later(ctx context.Context, handle string, received int) error {
	return q.Rest(ctx, handle, Pause(received))
}

// Rest lets a message rest for so long before it comes again, in whole seconds and at
// most just below the twelve hours that the queue allows. Failing to is harmless: it comes again sooner.
func (q *Queue) Rest(ctx context.Context, handle string, pause time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: &handle, VisibilityTimeout: seconds(pause),
	})
	if err != nil {
		return fault.Because(fault.Unavailable, "busy", fmt.Errorf("letting a message rest: %w", err))
	}
	return nil
}

// longest is how long a message may rest. The queue counts its twelve hours from when
// the message was received, and the function has had it for a while.
const longest = 12*time.Hour - 2*time.Minute

// seconds rounds up: a message that comes a moment too early would be put back once more.
func seconds(pause time.Duration) int32 {
	return int32((min(max(pause, 0), longest) + time.Second - 1) / time.Second)
}

// Parse reads a message of the queue. It fails with fault.Invalid for anything
// but one notice with a key and a kind. A field that it does not know it leaves
// alone: while a deployment goes on, the one who tells may be newer than the one
// who delivers, and nobody's mail may wait for that.
func Parse(body []byte) (docket.Notice, error) {
	var n docket.Notice
	if err := json.Unmarshal(body, &n); err != nil {
		return docket.Notice{}, fault.Because(fault.Invalid, "notice", err)
	}
	if n.Key == "" || n.Kind == "" {
		return docket.Notice{}, fault.New(fault.Invalid, "notice")
	}
	return n, nil
}
