package web

import (
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

// searching says that a form offers only part of its list; nil: it offers all of it, or
// nobody searched.
func (x *exchange) searching(more bool, text, action string, wrong error) (*Search, error) {
	s := &Search{Text: text, Action: action, Typed: x.R.URL.Query().Get("number")}
	if !more && s.Typed == "" {
		return nil, nil
	}
	if !more {
		s.Text = ""
	}
	if wrong != nil {
		f := fault.Of(wrong)
		if f == nil || f.Kind == fault.Unavailable {
			return nil, wrong
		}
		s.Error = x.Lang.Say("fault."+f.Code, f.Args...)
	}
	return s, nil
}

// numbered is the case whose number was typed to search for it; ok is false if none was.
// It fails as [docket.Desk.ByNumber] and for what is no number.
func (x *exchange) numbered() (c casework.Case, ok bool, err error) {
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

// varietyChoices offers the register of the case's kind to whoever answers in: its
// newest entries, what looks alike first, and always what is chosen already. It chooses
// the variety of a case whose number was searched for.
func (x *exchange) varietyChoices(in *form.Input, v docket.View, action string) (*Search, error) {
	drug := v.Case.Kind == policy.Drug
	listed, err := x.desk.Varieties(x.Ctx(), drug, "", choicesMost, x.Actor)
	if err != nil {
		return nil, err
	}
	x.unread(listed.Unreadable)
	all := listed.Rows
	mine := submittedProduct(v)
	slices.SortStableFunc(all, func(a, b variety.Variety) int { return before(mine.Alike(a.Data), mine.Alike(b.Data)) })
	other, ok, wrong := x.numbered()
	if ok {
		id, found := other.Found()
		if n := len(other.Submissions); !found && n > 0 {
			id = other.Submissions[n-1].Said.Variety // what its draft says since is the hospital's own
		} else if !found {
			id = other.Claim
		}
		if id == "" || other.Kind != v.Case.Kind {
			wrong = fault.New(fault.NotFound, "choice.variety")
		} else {
			in.Value = id
		}
	}
	if in.Value != "" && !slices.ContainsFunc(all, func(one variety.Variety) bool { return one.ID == in.Value }) {
		// What was chosen before is not to be lost because the register has grown.
		if one, err := x.desk.Variety(x.Ctx(), in.Value, x.Actor); err == nil && one.Drug == drug {
			all = slices.Insert(all, 0, one)
		}
	}
	for _, one := range all {
		in.Options = append(in.Options, form.Choice{Value: one.ID, Label: varietyName(x.Lang, one), Consequence: one.Data.Maker, Chosen: one.ID == in.Value})
	}
	return x.searching(listed.Next != "", x.Lang.Say("choice.varieties", len(listed.Rows)), action, wrong)
}

// caseChoices offers the hospital's cases of a kind: those among its newest, what is
// chosen already, and the one whose number was searched for.
func (x *exchange) caseChoices(in *form.Input, drug bool, action string) (*Search, error) {
	rows, next, err := x.desk.Cases(x.Ctx(), "", choicesMost, x.Actor)
	if err != nil {
		return nil, err
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
	if r, err := docket.LoadCase(x.Ctx(), x.desk.Store, in.Value); in.Value != "" && err == nil && fits(r.Case) && r.Case.MayRead(x.Actor) == nil {
		add(r.Case)
	}
	other, ok, wrong := x.numbered()
	switch {
	case ok && fits(other):
		in.Value = other.ID
		add(other)
	case ok:
		wrong = fault.New(fault.NotFound, "choice.case")
	}
	for _, c := range all {
		in.Options = append(in.Options, form.Choice{Value: c.ID, Label: c.Number + " " + productOf(c), Chosen: c.ID == in.Value})
	}
	return x.searching(next != "", x.Lang.Say("choice.cases", len(rows)), action, wrong)
}
