package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// parcel is nothing that the law knows: an act takes anything.
type parcel struct {
	day    string
	places []string
	sealed bool
}

var sendParcel = act[parcel]{
	name: "parcel",
	asks: []ask[parcel]{
		{Field: form.Day.Field("date"), was: func(p parcel) string { return p.day }},
		{Field: form.Radio.Field("gate"), offer: func(_ reader, p parcel) []form.Choice {
			var out []form.Choice
			for _, place := range p.places {
				out = append(out, form.Choice{Value: place, Label: place})
			}
			return out
		}},
		{Field: form.Pick.Field("variety"), find: func(_ base, _ parcel, chosen string) (options, error) {
			if chosen == "gone" {
				return options{}, errors.New("away")
			}
			return options{choices: []form.Choice{{Value: "a"}, {Value: "b"}}, instead: "b", text: "two of many"}, nil
		}},
		{Field: form.Long.Field("reason"), asked: func(p parcel) bool { return p.sealed }},
	},
	do: func(s sending[parcel]) (docket.Receipt, error) {
		s.read.Day("date")
		return docket.Receipt{Case: s.op.ID}, s.read.Err()
	},
	may: func(p parcel, _ party.Actor) error {
		if p.sealed {
			return fault.New(fault.Forbidden, "role")
		}
		return nil
	},
}

func TestAnActIsARowOverAnything(t *testing.T) {
	p := parcel{day: "2026-11-02", places: []string{"here"}}
	found, err := sendParcel.find(base{}, p, untouched)
	if err != nil {
		t.Fatal(err)
	}
	wrong := form.Wrong(words.ZH, []fault.Problem{{Field: "date", Code: "field.day"}, {Field: "other", Code: "field.day"}}, sendParcel.labels(words.ZH))
	in, search := sendParcel.inputs(reader{lang: words.ZH}, p, untouched, found, wrong, "/parcels/1")
	if len(in) != 3 || in[0].Value != p.day || in[0].Error == "" {
		t.Fatalf("got %+v, want three fields, the day as it was with its error, and no reason asked of what is not sealed", in)
	}
	if !in[1].Options[0].Chosen {
		t.Error("the only place: got it not chosen, want it chosen")
	}
	if in[2].Value != "b" || !in[2].Options[1].Chosen || search == nil || search.Action != "/parcels/1" {
		t.Errorf("what was searched for: got %+v and %+v, want it chosen and a way to search again", in[2], search)
	}
	if wrong[0].Label == "" || wrong[1].Label != "" {
		t.Errorf("got labels %q and %q, want that of the act's own field only", wrong[0].Label, wrong[1].Label)
	}
	if in, _ := sendParcel.inputs(reader{lang: words.ZH}, parcel{sealed: true}, untouched, nil, nil, ""); len(in) != 4 {
		t.Errorf("of a sealed one: got %d fields, want the reason asked too", len(in))
	}
	if !sendParcel.offers(p, party.Actor{}) || sendParcel.offers(parcel{sealed: true}, party.Actor{}) {
		t.Error("got it offered against the law or not offered, want what the law says")
	}
}

func TestWhatAnActMustLookUpAndCannotIsAnError(t *testing.T) {
	if _, err := sendParcel.find(base{}, parcel{}, typedInto(form.Values{"variety": {"gone"}})); err == nil {
		t.Error("got no error, want that of the lookup")
	}
}

func TestAFormOfItsOwnForgetsABoxThatWasNotTicked(t *testing.T) {
	sent := form.Values{"date": {"x"}}
	if got := typedInto(sent)("conditional", "yes"); got != "" {
		t.Errorf("a form sent as a whole: got %q, want nothing", got)
	}
	if got := typedOver(sent)("conditional", "yes"); got != "yes" {
		t.Errorf("one of several forms: got %q, want what was", got)
	}
}

func TestARefusalIsShownWithItsForm(t *testing.T) {
	r := &http.Request{PostForm: map[string][]string{"date": {"soon"}}}
	_, err := perform(base{Request: &site.Request{R: r}}, docket.Op{ID: "op"}, sendParcel, parcel{})
	if status, problems := refusal(err); status != http.StatusUnprocessableEntity || len(problems) != 1 {
		t.Errorf("what cannot be read: got %d %v, want 422 and one", status, problems)
	}
	if status, problems := refusal(fault.New(fault.Conflict, "version")); status != http.StatusConflict || problems[0].Code != "version" {
		t.Errorf("somebody came first: got %d %v, want 409 and its code", status, problems)
	}
	for _, err := range []error{nil, errors.New("away"), fault.New(fault.Unavailable, "issuer"), fault.New(fault.Forbidden, "role")} {
		if status, _ := refusal(err); status != 0 {
			t.Errorf("%v: got %d, want it for the page of errors", err, status)
		}
	}
	if strings.Contains(inputLabel(words.EN, "reason-urgency"), "[") {
		t.Error("got no words for a question's reason")
	}
}
