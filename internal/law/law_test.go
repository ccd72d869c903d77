package law_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"jixu/internal/fault"
	"jixu/internal/history"
	"jixu/internal/law"
	"jixu/internal/law/lawtest"
	"jixu/internal/party"
)

// lamp is a thing with a small law: its owner turns it on, anybody turns it off.
type lamp struct{ on bool }

const (
	turnOn  law.Verb = "lamp.on"
	turnOff law.Verb = "lamp.off"
	dust    law.Verb = "lamp.dust"
)

var lamps = law.Moves[lamp]{
	{Verb: turnOn, Who: func(_ lamp, a party.Actor) bool { return a.Org == "owner" }, When: law.Is(func(l lamp) bool { return !l.on }, "lamp.on")},
	{Verb: turnOff, Who: func(lamp, party.Actor) bool { return true }, When: law.Is(func(l lamp) bool { return l.on }, "lamp.off"), Answers: true},
	{Verb: dust, Who: law.System[lamp]},
}

var people = map[string]party.Actor{
	"the owner": {Org: "owner", Via: party.BySession}, "a guest": {Org: "guest", Via: party.BySession},
	"the owner's link": {Org: "owner", Via: party.ByLink}, "the clock": party.System,
}

func TestARowSaysWhoAndWhen(t *testing.T) {
	all := []string{"the owner", "a guest", "the owner's link", "the clock"}
	lawtest.Cells(t, lamps.Verbs(), people, map[string]lamp{"dark": {}, "lit": {on: true}}, []lawtest.Row{
		{Verb: turnOn, Who: []string{"the owner"}, Things: []string{"dark"}},
		{Verb: turnOff, Who: all, Things: []string{"lit"}},
		{Verb: dust, Who: []string{"the clock"}, Things: []string{"dark", "lit"}},
	}, lamps.Permits)
}

func TestRefusalsSayWhy(t *testing.T) {
	for _, row := range []struct {
		sentence string
		verb     law.Verb
		who      string
		want     error
	}{
		{"a verb that the law does not have is no move", "lamp.eat", "the owner", fault.Invalid},
		{"another's move is forbidden", turnOn, "a guest", fault.Forbidden},
		{"a link makes no move that answers nothing", turnOn, "the owner's link", fault.Forbidden},
		{"what cannot be done now is a conflict", turnOff, "the owner", fault.Conflict},
	} {
		if err := lamps.Permits(lamp{}, row.verb, people[row.who]); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.sentence, err, row.want)
		}
	}
	if got := lamps.Of(lamp{}, people["the owner"]); !reflect.DeepEqual(got, []law.Verb{turnOn}) {
		t.Errorf("what the owner could do in the dark: got %v, want to turn it on", got)
	}
}

func TestAnEnvelopeSaysWhoIsTold(t *testing.T) {
	due := time.Date(2026, 3, 2, 15, 59, 59, 0, time.UTC)
	body, err := json.Marshal(law.Envelope{
		Number: "N-1", Opens: []law.Opening{{Gate: "g1", Party: "mpa", Recorders: []string{"nmpa"}, Issue: 1, Due: due.Format(time.RFC3339)}},
		Tells: []string{"h1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := law.Read(history.Entry{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	e.Also = []law.Told{{As: "copy", Org: "customs"}}
	want := []law.Told{
		{As: law.AsGate, Org: "mpa", Gate: "g1", Issue: 1, Due: due},
		{As: law.AsGate, Org: "nmpa", Gate: "g1", Issue: 1, Due: due},
		{As: law.AsEntry, Org: "h1"},
		{As: "copy", Org: "customs"},
	}
	if got := e.Told(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := law.Read(history.Entry{Body: json.RawMessage(`{"opens":1}`)}); err == nil {
		t.Errorf("facts that are none were read")
	}
}
