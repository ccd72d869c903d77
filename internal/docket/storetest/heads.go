package storetest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
)

func words(parts ...string) string { return strings.Join(parts, " ") }

func when(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.RFC3339Nano)
}

func gateRow(g gate.Gate) string {
	due, ring := "-", "-"
	if g.Deadline != nil {
		due = when(g.Deadline.Due) + "/" + g.Deadline.Trace.Last.String() + "/" + strconv.FormatBool(g.Deadline.Provisional)
	}
	if g.Ring != nil {
		ring = string(g.Ring.Kind) + "/" + when(g.Ring.At) + "/" + strconv.Itoa(g.Ring.No)
	}
	row := words(string(g.Leg), string(g.Kind), string(g.Status), g.Party, strings.Join(g.Recorders, ","), strconv.Itoa(g.Submission),
		strconv.Itoa(g.Round), strconv.Itoa(g.Issue), due, ring, g.Assignee)
	if g.Answer != nil {
		row += words(" answered", g.Answer.Choice, g.Answer.Person, g.Answer.Org, when(g.Answer.At), strconv.Itoa(g.Answer.Seq), g.Answer.Digest)
	}
	if g.Hold != nil {
		row += words(" held", g.Hold.Until.String(), g.Hold.Reason, g.Hold.Person)
	}
	return row
}

func legRow(tr casework.Leg) string {
	clock := "-"
	if tr.Clock != nil {
		clock = when(tr.Clock.Deadline.Due) + "/" + when(tr.Clock.At) + "/" + tr.Clock.Limit.Key
	}
	return words(string(tr.State), tr.Gate, strconv.Itoa(tr.Gates), strconv.Itoa(tr.Round), strconv.Itoa(tr.Run), when(tr.RunAt), clock)
}

func headOf(s Lived, id string) (Head, error) {
	r, err := docket.LoadCase(ctx, s, id)
	if err != nil {
		return Head{}, err
	}
	c := r.Case
	h := Head{
		Number: c.Number, Version: c.Version, Seq: c.Seq, Hash: c.Head, Status: string(c.Status), Stage: string(c.Stage()), Pack: c.Pack,
		Submissions: len(c.Submissions), Asked: c.Asked(), Gates: map[string]string{}, Files: map[string]string{},
		Opinion: legRow(c.Opinion), Reply: legRow(c.Reply),
	}
	for _, g := range r.Gates {
		h.Gates[g.ID] = gateRow(g)
	}
	for _, f := range r.Files {
		h.Files[f.ID] = words(
			f.Item,
			f.Gate,
			f.Org,
			string(f.State),
			f.Version,
			f.SHA256,
			strconv.FormatInt(f.Size, 10),
			string(f.Type),
			f.Reason,
			string(f.Scan),
			when(f.ScanAt),
		)
	}
	if o := c.Given; o != nil {
		for _, f := range o.Findings {
			h.Given += words(string(f.Question), strconv.FormatBool(f.Met), strconv.FormatBool(f.Relied), f.Reason, "")
		}
		h.Given += words(string(o.Placed.Situation), o.Override, strconv.FormatBool(o.Late), strconv.Itoa(o.Entry), o.Person)
	}
	for _, d := range append(slices.Clone(c.Former), decisions(c.Decision)...) {
		h.Decided += words(string(d.Outcome), d.Number, d.Date.String(), strconv.Itoa(d.Terms.Quantity), d.Terms.ValidUntil.String(),
			strings.Join(d.Terms.Conditions, ","), d.Evidence, strconv.FormatBool(d.Transcript), "")
	}
	h.Beside = beside(c)
	return h, nil
}

// beside is what happened beside the legs of c.
func beside(c casework.Case) string {
	row := words(c.Claim, c.EditedBy, when(c.EditedAt), docket.Digest(c.Form), docket.Digest(c.Files))
	if v := c.Variety; v != nil {
		row += words(" found", v.Variety, v.Reason, v.Person, v.Org, when(v.At))
	}
	for _, j := range c.Joins {
		row += words(" joined", j.Org, j.Person, j.Statement, when(j.At))
	}
	for _, f := range []*casework.Filing{c.Filing, c.Report} {
		if f != nil {
			row += words(" filed", f.Channel, f.Date.String(), f.Receipt, f.Person, when(f.At))
		}
	}
	for _, org := range slices.Sorted(maps.Keys(c.Received)) {
		row += words(" received", org, strconv.Itoa(c.Received[org].Submission), c.Received[org].Person, when(c.Received[org].At))
	}
	for _, sub := range c.Submissions {
		row += words(
			" submitted",
			sub.Manifest,
			sub.Digest,
			sub.Product,
			strconv.Itoa(sub.Quantity),
			sub.Unit,
			strings.Join(sub.Later, ","),
			sub.Urgency,
			sub.Claims.Variety,
			strconv.FormatBool(sub.Claims.Used),
			strconv.FormatBool(sub.Claims.OtherPatients),
			sub.Claims.Indication,
			sub.Claims.Expires.String(),
		)
	}
	return row + words(" papers", c.Papers.Gate, strconv.Itoa(c.Papers.Gates), strings.Join(c.Papers.Items, ","))
}

func decisions(d *casework.Decision) []casework.Decision {
	if d == nil {
		return nil
	}
	return []casework.Decision{*d}
}
