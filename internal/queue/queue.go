// Package queue carries notices from those who tell to the one who delivers.
// What it carries are ids; words, addresses, links and codes are made where
// the notice is sent.
package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

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

// Parse reads a message of the queue. It fails with fault.Invalid for anything
// but one notice with a key and a kind.
func Parse(body []byte) (docket.Notice, error) {
	var n docket.Notice
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&n); err != nil {
		return docket.Notice{}, fault.Because(fault.Invalid, "notice", err)
	}
	if _, err := dec.Token(); err != io.EOF || n.Key == "" || n.Kind == "" {
		return docket.Notice{}, fault.New(fault.Invalid, "notice")
	}
	return n, nil
}
