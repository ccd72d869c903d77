package docket

import (
	"context"
	"time"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
)

// RevokeLinks ends the links of a gate and has fresh ones sent. See
// [casework.Case.RevokeLinks].
func (d *Desk) RevokeLinks(ctx context.Context, op Op, ref GateRef, a party.Actor) (Receipt, error) {
	return d.act(ctx, op, ref.Of, Digest("revoke-links", ref.Of, ref.Gate), a,
		func(r Record, s casework.Setting) (casework.Change, error) {
			if err := r.Case.MayRead(a); err != nil {
				return casework.Change{}, err
			}
			g, ok := r.Gate(ref.Gate)
			if !ok {
				return casework.Change{}, fault.New(fault.NotFound, "gate")
			}
			return r.Case.RevokeLinks(g, a, s)
		})
}

const (
	linkLife = 30 * 24 * time.Hour // a link lasts so long, and so long beyond its gate's deadline

	// A gate without a time limit is never rung, so no notice brings another link.
	linkLifeUnlimited = 180 * 24 * time.Hour
)

// linkEnd is when a link that is sent at now ends. Every notice about a gate
// brings a link of its own, so who is reminded has a fresh one.
func linkEnd(g gate.Gate, now time.Time) time.Time {
	if g.Deadline == nil {
		return now.Add(linkLifeUnlimited)
	}
	end := now.Add(linkLife)
	if late := g.Deadline.Due.Add(linkLife); late.After(end) {
		end = late
	}
	return end
}

// opens reports whether l still opens g at now: the gate waits, nobody revoked
// the link, and it has not ended. One from a build that gave links no end was sent
// out as lasting; it has the longest life there is.
func (l Link) opens(g gate.Gate, now time.Time) bool {
	end := l.Expires
	if end.IsZero() {
		end = l.At.Add(linkLifeUnlimited)
	}
	return g.Status == gate.Open && g.Issue == l.Issue && now.Before(end)
}

// How often codes of one gate are asked for and tried within a day, by everybody
// who has one of its links together: many times what a party of twenty needs, and
// so little that guessing six digits for a year has a chance in thirty.
const (
	codesPerDay = 60
	triesPerDay = 100
)

// countAtGate counts one more of what at a gate today. It fails with
// fault.Conflict, and has somebody of ours look, once there were most; revoking the
// gate's links begins anew.
func (k *Links) countAtGate(ctx context.Context, l Link, what string, most int, now time.Time) error {
	err := k.Access.CountAtGate(ctx, l, what, now, most)
	if fault.KindOf(err) == fault.Conflict {
		k.Desk.Metrics.Count("CodesExhausted", 1)
		return fault.New(fault.Conflict, "code.gate")
	}
	return err
}
