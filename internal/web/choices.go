package web

import (
	"errors"
	"slices"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/number"
	"jixu/internal/policy"
	"jixu/internal/variety"
	"jixu/internal/web/form"
)

// choicesMost is how many rows of a list a form offers to choose from.
const choicesMost = 200

// Search leads to what a form does not offer, because its list is longer: by the number
// of a case.
type Search struct {
	Text   string // what is offered, and how to find the rest
	Action string // of the page itself: it comes back with one choice more
	Typed  string
	Error  string // why the number led to nothing
}

// options are what was found to choose from.
type options struct {
	choices []form.Choice
	instead string // what was searched for: it is chosen now
	text    string // what is offered, "" if that is all there is
	typed   string // the number that was searched for
	wrong   string // why it led to nothing
}

// offer puts o into in. nil: all is offered, and nobody searched.
func (o options) offer(in *form.Input, action string) *Search {
	if o.instead != "" {
		in.Value = o.instead
	}
	in.Offer(o.choices...)
	if o.text == "" && o.typed == "" {
		return nil
	}
	return &Search{Text: o.text, Action: action, Typed: o.typed, Error: o.wrong}
}

// searched notes what came of a search: wrong is why it led to nothing. It fails with
// wrong if nobody can say.
func (x base) searched(o *options, wrong error) error {
	o.typed = x.R.URL.Query().Get("number")
	if wrong == nil {
		return nil
	}
	f := fault.Of(wrong)
	if f == nil || f.Kind == fault.Unavailable {
		return wrong
	}
	o.wrong = x.Lang.Say("fault."+f.Code, f.Args...)
	return nil
}

// numbered is the case whose number was typed to search for it; ok is false if none was.
// It fails as [docket.Desk.ByNumber] and for what is no number.
func (x base) numbered() (c casework.Case, ok bool, err error) {
	text := x.R.URL.Query().Get("number")
	if text == "" {
		return casework.Case{}, false, nil
	}
	parsed, err := number.Parse(text)
	if err != nil {
		return casework.Case{}, false, err
	}
	id, err := x.desk.ByNumber(x.Ctx(), parsed, x.Actor)
	if err != nil {
		return casework.Case{}, false, err
	}
	r, err := docket.LoadCase(x.Ctx(), x.desk.Store, id)
	return r.Case, err == nil, err
}

// varietiesFor finds the entries of the register that a case may be about: of its
// newest those that look alike first, and always what is chosen already. The variety of
// a case whose number was searched for is chosen instead.
func (x base) varietiesFor(v docket.View, chosen string) (options, error) {
	var o options
	drug := v.Case.Kind == policy.Drug
	listed, err := x.desk.Varieties(x.Ctx(), drug, "", choicesMost, x.Actor)
	if err != nil {
		return o, err
	}
	x.unread(listed.Unreadable)
	all := listed.Rows
	mine := submittedProduct(v)
	slices.SortStableFunc(all, func(a, b variety.Variety) int { return before(mine.Alike(a.Data), mine.Alike(b.Data)) })
	other, ok, wrong := x.numbered()
	if ok {
		if id := varietySaid(other); id != "" && other.Kind == v.Case.Kind {
			chosen, o.instead = id, id
		} else {
			wrong = fault.New(fault.NotFound, "choice.variety")
		}
	}
	if chosen != "" && !slices.ContainsFunc(all, func(one variety.Variety) bool { return one.ID == chosen }) {
		// What was chosen before is not to be lost because the register has grown.
		one, err := x.desk.Variety(x.Ctx(), chosen, x.Actor)
		switch {
		case err == nil && one.Drug == drug:
			all = slices.Insert(all, 0, one)
		case err != nil && fault.KindOf(err) == fault.Unavailable:
			return o, err
		}
	}
	for _, one := range all {
		o.choices = append(o.choices, form.Choice{Value: one.ID, Label: varietyName(x.Lang, one), Consequence: one.Data.Maker})
	}
	if listed.Next != "" {
		o.text = x.Lang.Say("choice.varieties", len(listed.Rows))
	}
	return o, x.searched(&o, wrong)
}

// varietySaid is the variety that c is about, as far as others may know: what was found,
// what was submitted, or the claim of a case that never was.
func varietySaid(c casework.Case) string {
	id, found := c.Found()
	if n := len(c.Submissions); !found && n > 0 {
		return c.Submissions[n-1].Claims.Variety // what its draft says since is the hospital's own
	} else if !found {
		return c.Claim
	}
	return id
}

// casesFor finds the hospital's cases of a kind: those among its newest, what is chosen
// already, and the one whose number was searched for.
func (x base) casesFor(drug bool, chosen string) (options, error) {
	var o options
	rows, next, err := x.desk.Cases(x.Ctx(), "", choicesMost, x.Actor)
	if err != nil {
		return o, err
	}
	fits := func(c casework.Case) bool { return c.Hospital == x.Actor.Org && (c.Kind == policy.Drug) == drug }
	var all []casework.Case
	for _, row := range rows {
		if !row.Unreadable && fits(row.Case) {
			all = append(all, row.Case)
		}
	}
	add := func(c casework.Case) {
		if !slices.ContainsFunc(all, func(one casework.Case) bool { return one.ID == c.ID }) {
			all = slices.Insert(all, 0, c)
		}
	}
	if chosen != "" {
		r, err := docket.LoadCase(x.Ctx(), x.desk.Store, chosen)
		switch {
		case err == nil && fits(r.Case) && r.Case.MayRead(x.Actor) == nil:
			add(r.Case)
		case err != nil && !errors.Is(err, fault.NotFound):
			return o, err
		}
	}
	other, ok, wrong := x.numbered()
	switch {
	case ok && fits(other):
		o.instead = other.ID
		add(other)
	case ok:
		wrong = fault.New(fault.NotFound, "choice.case")
	}
	for _, c := range all {
		o.choices = append(o.choices, form.Choice{Value: c.ID, Label: c.Number + " " + productOf(c)})
	}
	if next != "" {
		o.text = x.Lang.Say("choice.cases", len(rows))
	}
	return o, x.searched(&o, wrong)
}
