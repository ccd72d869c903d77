package docket

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jixu/internal/fault"
)

// events derives from what people are told what their machines are told: one
// event for each organisation, whatever it hears.
func (t *Relay) events(tellings []Telling) []Telling {
	if t.Events == nil {
		return nil
	}
	var out []Telling
	var heard []string
	for _, telling := range tellings {
		n := telling.Notice
		if n == nil || slices.Contains(heard, n.Org) {
			continue
		}
		heard = append(heard, n.Org)
		e := Notice{Kind: NoticeEvent, Number: n.Number, Seq: n.Seq, Verb: n.Verb, Org: n.Org}.about(n.Of())
		e.Key = eventID(e)
		out = append(out, Telling{Event: &e})
	}
	return out
}

// eventID names an event for its receiver: the same again has the same. It has
// no sign that a signed request's id may not have.
func eventID(n Notice) string {
	return "event-" + strings.ReplaceAll(n.Of(), "/", "-") + "-" + strconv.Itoa(n.Seq) + "-" + n.Org
}

// event queues n if its organisation said where its events go.
func (t *Relay) event(ctx context.Context, n Notice) error {
	_, agreed, err := trustOf(ctx, t.Desk.Store, n.Org)
	if err != nil || agreed.Address == "" {
		return err
	}
	if err := t.Events.Queue(ctx, n); err != nil {
		return fmt.Errorf("queueing event %s: %w", n.Key, err)
	}
	return nil
}

// EventSender delivers events to organisations' own systems: thin, signed, to where
// an administrator wants them. The same event again is not sent again once it
// arrived.
type EventSender struct {
	Store  Store
	Outbox Outbox
	Sealer Sealer
	Hooks  Hooks
	Site   string           // address of the sites, without a slash at the end
	Wall   func() time.Time // the machine's time
}

// CloudEvent is what a machine is sent: it names nobody and gives no
// reason. What happened, it reads with a token. The JSON names never change.
type CloudEvent struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	Subject     string    `json:"subject"`
	Data        EventData `json:"data"`
}

// EventData says where to look.
type EventData struct {
	// What earlier builds said instead of About. They are read, and written no more.
	Case  string `json:"case,omitempty"`
	Sheet string `json:"sheet,omitempty"`

	About  *About   `json:"about,omitempty"` // nil in events of earlier builds
	Number string   `json:"number"`
	Entry  int      `json:"entry"`
	Gates  []string `json:"gates,omitempty"` // that this entry opened for the receiver

	Submission int `json:"submission,omitempty"` // the one that those gates are about: an answer names it
}

// Deliver sends n. Delivering again is safe. An event whose organisation wants
// none any more is dropped; one that nobody can sign waits for a secret.
func (h *EventSender) Deliver(ctx context.Context, n Notice) error {
	sent, err := h.Outbox.Delivered(ctx, n.Key)
	if err != nil || sent {
		return err
	}
	_, agreed, err := trustOf(ctx, h.Store, n.Org)
	if err != nil {
		return err
	}
	now := h.Wall().UTC().Truncate(time.Millisecond)
	if agreed.Address == "" {
		return h.Outbox.MarkDelivered(ctx, n.Key, now)
	}
	body, err := h.write(ctx, n)
	if err != nil {
		return err
	}
	secrets, err := opened(ctx, h.Sealer, agreed, now)
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		return fault.New(fault.Conflict, "secret.none")
	}
	if err := h.Hooks.Post(ctx, Hook{Address: agreed.Address, ID: n.Key, At: now, Body: body, Secrets: secrets}); err != nil {
		return err
	}
	return h.Outbox.MarkDelivered(ctx, n.Key, now)
}

// write makes the event of the entry that n names: the same whenever it is made.
func (h *EventSender) write(ctx context.Context, n Notice) ([]byte, error) {
	name := n.Of()
	kind, about := kindOf(name), AboutOf(name)
	e, _, err := h.Store.Entry(ctx, name, n.Seq)
	if err != nil {
		return nil, fmt.Errorf("reading entry %d of %s: %w", n.Seq, name, err)
	}
	out := CloudEvent{
		SpecVersion: "1.0", ID: n.Key, Source: h.Site + kind.api(name), Type: kind.event(e.Verb), Time: e.At.UTC(), Subject: n.Number,
		Data: EventData{About: &about, Number: n.Number, Entry: n.Seq},
	}
	env, err := kind.envelope(e)
	if err != nil {
		return nil, err
	}
	for _, o := range env.Opens {
		if o.Party == n.Org || slices.Contains(o.Recorders, n.Org) {
			out.Data.Gates = append(out.Data.Gates, o.Gate)
			out.Data.Submission = o.Submission
		}
	}
	return json.Marshal(out)
}
