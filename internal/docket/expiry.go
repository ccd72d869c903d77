package docket

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/law"
	"jixu/internal/policy"
	"jixu/internal/precheck"
)

// longestWatch is how far ahead the sweep looks for expiry, in days; no setting
// reaches further.
const longestWatch = 730

// everWatched reaches every day that can be typed, in days.
const everWatched = 400_000

// tellExpiries tells the hospital of licences and certificates of c that have
// ended or will soon: once for each document, day and threshold of the local policy. Queueing
// again is safe; what was delivered is not queued again.
func (t *Relay) tellExpiries(ctx context.Context, c casework.Case) error {
	if t.Notices == nil {
		return nil
	}
	now, err := t.Desk.Clock.Now(ctx)
	if err != nil {
		return err
	}
	pack, err := t.Desk.pack(ctx, c)
	if err != nil {
		return err
	}
	ends := precheck.Expiries(pack, c.Form, calendar.DayOf(now), longestWatch)
	if len(ends) == 0 {
		return nil
	}
	rules, err := t.Desk.Directory.Rules(ctx)
	if err != nil {
		return fmt.Errorf("reading the rules: %w", err)
	}
	for _, e := range ends {
		if n, due := expiryNotice(c, e, rules); due {
			if err := t.queueOnce(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextExpiry is the next instant at which there is something new to tell of the
// licences and certificates of c, the zero time if there is none.
func (t *Relay) nextExpiry(ctx context.Context, c casework.Case, s law.Setting) (time.Time, error) {
	pack, err := t.Desk.pack(ctx, c)
	if err != nil {
		return time.Time{}, err
	}
	var next time.Time
	for _, e := range precheck.Expiries(pack, c.Form, calendar.DayOf(s.Now), everWatched) {
		if day, ok := e.Next(s.Rules.ExpiryDays); ok {
			next = earlier(next, day.Start())
		}
	}
	return next, nil
}

// expiryNotice is what the hospital is to be told of e now, if anything.
func expiryNotice(c casework.Case, e precheck.Expiry, rules policy.Rules) (Notice, bool) {
	threshold, due := e.Crossed(rules.ExpiryDays)
	return Notice{
		Key:  c.ID + "/expiry/" + e.Field + "/" + e.Day.String() + "/" + strconv.Itoa(threshold),
		Kind: NoticeExpiry, Case: c.ID, Number: c.Number, Org: c.Hospital, Due: e.Day.End(),
	}, due
}

// queueOnce queues n unless it was delivered before.
func (t *Relay) queueOnce(ctx context.Context, n Notice) error {
	if t.Outbox != nil {
		sent, err := t.Outbox.Delivered(ctx, n.Key)
		if err != nil || sent {
			return err
		}
	}
	if err := t.Notices.Queue(ctx, n); err != nil {
		return fmt.Errorf("queueing notice %s: %w", n.Key, err)
	}
	return nil
}
