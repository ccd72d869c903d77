package docket

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"jixu/internal/casework"
	"jixu/internal/law"
	"jixu/internal/policy"
)

// remindCopies reminds an agency once that a copy was sent to it and nobody
// said that it arrived, when local policy sets a time for that and it has come.
func (t *Relay) remindCopies(ctx context.Context, r Record) error {
	n := len(r.Case.Submissions)
	if n == 0 {
		return nil
	}
	s, err := t.Desk.setting(ctx)
	if err != nil {
		return err
	}
	limit, ok := s.Rules.Limit(policy.Receiving)
	if !ok {
		return nil
	}
	due := s.Calendar.Due(r.Case.Submissions[n-1].At, limit.Count()).Due
	if s.Now.Before(due) {
		return nil
	}
	for _, org := range []string{s.Agencies.HealthCommission, s.Agencies.MunicipalMPA} {
		if org == "" || r.Case.Received[org].Submission >= n {
			continue
		}
		notice := Notice{
			Key:  r.Case.ID + "/copied/" + strconv.Itoa(n) + "/" + org,
			Kind: NoticeCopied, Case: r.Case.ID, Number: r.Case.Number, Org: org, Due: due,
		}
		if err := t.queueOnce(ctx, notice); err != nil {
			return fmt.Errorf("reminding of a copy of %s: %w", r.Case.ID, err)
		}
	}
	return nil
}

// nextCopy is when an agency will be reminded of the newest copy, the zero time if it
// was, or local policy sets no time.
func nextCopy(c casework.Case, s law.Setting) time.Time {
	limit, ok := s.Rules.Limit(policy.Receiving)
	if n := len(c.Submissions); ok && n > 0 {
		if due := s.Calendar.Due(c.Submissions[n-1].At, limit.Count()).Due; due.After(s.Now) {
			return due
		}
	}
	return time.Time{}
}
