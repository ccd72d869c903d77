package web

import (
	"net/http"
	"slices"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// What people do beside answering gates has one shape: a few fields, one button, and
// what will be true afterwards. Each is a row that says all of it.

// act is one thing that people do to a T (办理事项).
type act[T any] struct {
	name string // of its words: act.<name>.title, .intro, .go, and act.<name>.<field> for fields of its own
	asks []ask[T]
	do   func(sending[T]) (docket.Receipt, error)

	// Of an act that is listed, and has a page of its own.
	site   site.Audience
	may    func(T, party.Actor) error // asks the law
	listed func(T, party.Actor) bool  // whether the way to it is shown; nil: to whoever may
	first  func(reader, T) Link       // what must be done before; nil: nothing
}

// ask is one field of an act's form. Its words are act.in.<id> and, where there is more
// to say, act.in.<id>.help.
type ask[T any] struct {
	form.Field
	was   func(T) string                         // what it holds before anything was typed; nil: nothing
	offer func(reader, T) []form.Choice          // what there is to choose from
	find  func(base, T, string) (options, error) // the same where it must be looked up, with what is chosen
	asked func(T) bool                           // nil: always
}

// plainly asks for fields that hold nothing before.
func plainly[T any](fields ...form.Field) []ask[T] {
	var out []ask[T]
	for _, f := range fields {
		out = append(out, ask[T]{Field: f})
	}
	return out
}

// sending is a form of an act that was sent.
type sending[T any] struct {
	base
	op   docket.Op
	of   T
	read *form.Reading
}

// perform does what a says of what was sent, once.
func perform[T any](x base, op docket.Op, a act[T], of T) (docket.Receipt, error) {
	return a.do(sending[T]{x, op, of, form.Read(x.Values())})
}

// refusal is what the page of a refused form says, and with which status; 0 if err is
// for the page of errors.
func refusal(err error) (int, []fault.Problem) {
	f := fault.Of(err)
	switch {
	case f == nil:
		return 0, nil
	case len(f.Problems) > 0:
		return http.StatusUnprocessableEntity, f.Problems
	case f.Kind == fault.Conflict:
		return http.StatusConflict, problemsOf(err)
	}
	return 0, nil
}

// offers reports whether the reader is shown the way to a.
func (a act[T]) offers(of T, by party.Actor) bool {
	if a.listed == nil {
		return a.may(of, by) == nil
	}
	return a.listed(of, by)
}

// of are the fields that a asks of one thing.
func (a act[T]) of(one T) []ask[T] {
	return slices.DeleteFunc(slices.Clone(a.asks), func(q ask[T]) bool { return q.asked != nil && !q.asked(one) })
}

// label names a field of a, by a word of the act's own if it has one.
func (a act[T]) label(l words.Lang, id string) string {
	if key := "act." + a.name + "." + id; words.Has(key) {
		return l.Say(key)
	}
	return inputLabel(l, id)
}

// labels names the fields of a for the summary of what is wrong.
func (a act[T]) labels(l words.Lang) func(string) string {
	return func(field string) string {
		if slices.ContainsFunc(a.asks, func(q ask[T]) bool { return q.ID == field }) {
			return a.label(l, field)
		}
		return ""
	}
}

// filling says what stands in a field that held was before.
type filling func(id, was string) string

// untouched leaves every field as it was.
func untouched(_, was string) string { return was }

// typedInto is a form that was sent as a whole: a box that is not in it was not ticked.
func typedInto(sent form.Values) filling { return func(id, _ string) string { return sent.Get(id) } }

// typedOver is one of several forms of a page: what was not sent is as it was.
func typedOver(sent form.Values) filling {
	return func(id, was string) string {
		if sent.Has(id) {
			return sent.Get(id)
		}
		return was
	}
}

func (q ask[T]) value(of T, fill filling) string {
	was := ""
	if q.was != nil {
		was = q.was(of)
	}
	return fill(q.ID, was)
}

// find looks up what a's fields offer to choose from.
func (a act[T]) find(x base, of T, fill filling) (map[string]options, error) {
	out := map[string]options{}
	for _, q := range a.of(of) {
		if q.find == nil {
			continue
		}
		found, err := q.find(x, of, q.value(of, fill))
		if err != nil {
			return nil, err
		}
		out[q.ID] = found
	}
	return out, nil
}

// inputs are a's fields as a page shows them, and the search of the one that does not
// offer all there is, which leads back to here.
func (a act[T]) inputs(rd reader, of T, fill filling, found map[string]options, wrong form.Errors, here string) (out []form.Input, search *Search) {
	for _, q := range a.of(of) {
		in := q.Input(rd.lang, a.label(rd.lang, q.ID), q.value(of, fill), wrong)
		if q.offer != nil {
			in.Offer(q.offer(rd, of)...)
		}
		if o, ok := found[q.ID]; ok {
			if s := o.offer(&in, here); s != nil {
				search = s
			}
		}
		if len(in.Options) == 1 && q.Kind == form.Radio {
			in.Options[0].Chosen = true
		}
		out = append(out, in)
	}
	return out, search
}

// inputLabel names a field; a question is named by itself.
func inputLabel(l words.Lang, id string) string {
	if q, ok := strings.CutPrefix(id, "finding-"); ok {
		return l.Say("question." + q)
	}
	if q, ok := strings.CutPrefix(id, "reason-"); ok {
		return l.Say("question."+q) + " " + l.Say("answer.reason")
	}
	return l.Say("act.in." + id)
}
