package casework

import (
	"errors"
	"testing"

	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
)

func TestRevokingLinksEndsThoseWhoCameByThem(t *testing.T) {
	l := begin(t, policy.Device).submit()
	mpa := people["MPA assessor"]
	byLink := mpa
	byLink.Via, byLink.Of, byLink.Gate, byLink.Issue = party.ByLink, "c1", l.open(gate.Opinion).ID, 1
	if err := l.open(gate.Opinion).MayAnswer(byLink); err != nil {
		t.Fatalf("before: got %v, want them let in", err)
	}
	ch, err := l.c.RevokeLinks(l.open(gate.Opinion), mpa, setting(monday))
	l.take(ch, err)
	if g := l.open(gate.Opinion); g.Issue != 2 || g.MayAnswer(byLink) == nil || g.MayAnswer(mpa) != nil {
		t.Errorf("afterwards: got issue %d, want 2, who came by an old link shut out and who is signed in not", g.Issue)
	}
	if o := ch.Facts.Renewed; o == nil || o.Issue != 2 || o.Party != "mpa" || o.Due == "" {
		t.Errorf("got %+v, want an entry from which fresh links are sent", o)
	}
}

func TestWhoRevokesLinks(t *testing.T) {
	for _, row := range []struct {
		name, who string
		leg       gate.Leg
		want      error
	}{
		{"who may answer the gate", "MPA assessor", gate.Opinion, nil},
		{"the party's administrator", "MPA administrator", gate.Opinion, nil},
		{"the regulator at its own gate", "regulator's recorder", gate.Reply, nil},
		{"another organisation that may record there, and has links of its own", "MPA recorder", gate.Reply, nil},
		{"its administrator", "MPA administrator", gate.Reply, nil},
		{"its assessor, who records nothing", "MPA assessor", gate.Reply, fault.Forbidden},
		{"a colleague with another role", "MPA recorder", gate.Opinion, fault.Forbidden},
		{"a reader", "MPA reader", gate.Opinion, fault.Forbidden},
		{"the hospital", "applicant", gate.Opinion, fault.Forbidden},
		{"another hospital", "other hospital", gate.Opinion, fault.NotFound},
	} {
		l := begin(t, policy.Device).submit()
		if _, err := l.c.RevokeLinks(l.open(row.leg), people[row.who], setting(monday)); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
	}
	l := begin(t, policy.Device).submit()
	was := l.open(gate.Opinion)
	l.take(l.c.Opine(opinionOf(true), was, "d", people["MPA assessor"], setting(monday)))
	was.Status = gate.Answered
	if _, err := l.c.RevokeLinks(was, people["MPA assessor"], setting(monday)); !errors.Is(err, fault.Conflict) {
		t.Errorf("an answered gate: got %v, want a conflict", err)
	}
}
