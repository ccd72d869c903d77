package web

import (
	"net/http"
	"slices"
	"strconv"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/number"
	"jixu/internal/policy"
	"jixu/internal/variety"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type varietiesPage struct {
	site.Page
	Kinds []RegisterOf
}

// RegisterOf is the register of one kind.
type RegisterOf struct {
	Label string
	Rows  []VarietyRow

	Unreadable int // entries of this page that cannot be shown at present
	More       *More
}

// VarietyRow is one product of the register.
type VarietyRow struct {
	Name, Maker, Country, Category string
	Registered                     string // since when an equivalent is registered at home
	Href                           string
}

func (x *exchange) varieties() error {
	p := varietiesPage{}
	for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
		all, err := x.desk.Varieties(x.Ctx(), kind == policy.Drug, x.after(string(kind)), pageRows, x.Actor)
		if err != nil {
			return err
		}
		r := RegisterOf{Label: x.Lang.Say("kind." + string(kind)), Unreadable: x.unread(all.Unreadable)}
		r.More = x.more(string(kind), r.Label, all.Next, len(all.Rows))
		for _, v := range all.Rows {
			r.Rows = append(r.Rows, VarietyRow{
				Name: varietyName(x.Lang, v), Maker: v.Data.Maker, Country: v.Data.Country, Category: x.category(v.Data.Category),
				Registered: dayText(x.Lang, v.RegisteredSince), Href: x.Home() + "/varieties/" + v.ID,
			})
		}
		p.Kinds = append(p.Kinds, r)
	}
	p.Title = x.Lang.Say("varieties.title")
	return x.Show("varieties", &p.Page, &p)
}

func (x *exchange) category(c variety.Category) string {
	if c == "" {
		return ""
	}
	return x.Lang.Say("category." + string(c))
}

type varietyPage struct {
	site.Page
	Name       string
	Facts      []Answered
	Registered string
	Version    int
	Correct    []form.Input // nil: the reader does not keep the register
	Mark       []form.Input
	Post       string
}

func (x *exchange) variety() error { return x.showVariety(http.StatusOK, nil) }

func (x *exchange) showVariety(status int, problems []fault.Problem) error {
	v, err := x.desk.Variety(x.Ctx(), x.R.PathValue("variety"), x.Actor)
	if err != nil {
		return err
	}
	p := varietyPage{Name: varietyName(x.Lang, v), Version: v.Version, Post: x.Home() + "/varieties/" + v.ID}
	p.Errors = form.Wrong(x.Lang, problems, func(field string) string {
		if field == "" {
			return ""
		}
		return x.inputLabel(field)
	})
	fields := slices.DeleteFunc(slices.Clone(varietyFields), func(f form.Field) bool { return v.Drug && ofDevices(f.ID) })
	for _, f := range fields {
		value := varietyValue(v.Data, f.ID)
		for _, o := range x.registerChoices(f.ID) {
			if o.Value == value {
				value = o.Label
			}
		}
		if f.Kind == form.Yes {
			value = x.Lang.Say("yes." + strconv.FormatBool(value == "yes"))
		}
		p.Facts = append(p.Facts, Answered{ID: "of-" + f.ID, Label: x.inputLabel(f.ID), Value: value})
	}
	if !v.RegisteredSince.IsZero() {
		p.Registered = x.Lang.Say("variety.registered", dayText(x.Lang, v.RegisteredSince), v.RegisteredNote)
	}
	if variety.MayKeep(v.Drug, x.Actor) == nil {
		for _, f := range append(slices.Clone(fields), form.Long.Field("reason")) {
			p.Correct = append(p.Correct, x.registerInput(f, varietyValue(v.Data, f.ID), p.Page))
		}
		p.Mark = []form.Input{
			x.registerInput(form.Day.Optional("since"), v.RegisteredSince.String(), p.Page),
			x.registerInput(form.Long.Field("note"), v.RegisteredNote, p.Page),
		}
	}
	p.Title = x.Titled(p.Name, p.Errors)
	return x.Render(status, "variety", &p.Page, &p)
}

// registerInput is a field of the register with what it holds now or, after a
// refused form, with what was typed.
func (x *exchange) registerInput(f form.Field, now string, p site.Page) form.Input {
	if x.Values().Has(f.ID) {
		now = x.Values().Get(f.ID)
	}
	in := f.Input(x.Lang, x.inputLabel(f.ID), now, p.Errors)
	in.Offer(x.registerChoices(f.ID)...)
	return in
}

func (x *exchange) correctVariety() error {
	return x.changeVariety(func(op docket.Op, version int) error {
		_, err := x.desk.CorrectVariety(x.Ctx(), op, x.R.PathValue("variety"), version, x.readVariety(), x.Said("reason"), x.Actor)
		return err
	})
}

func (x *exchange) markVariety() error {
	return x.changeVariety(func(op docket.Op, version int) error {
		read := form.Read(x.Values())
		since := read.Day("since")
		if err := read.Err(); err != nil {
			return err
		}
		_, err := x.desk.MarkVariety(x.Ctx(), op, x.R.PathValue("variety"), version, since, x.Said("note"), x.Actor)
		return err
	})
}

func (x *exchange) changeVariety(change func(docket.Op, int) error) error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	version, err := x.version()
	if err != nil {
		return err
	}
	err = change(op, version)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showVariety(http.StatusUnprocessableEntity, f.Problems)
	} else if f != nil && f.Kind == fault.Conflict {
		return x.showVariety(http.StatusConflict, []fault.Problem{{Code: f.Code, Args: f.Args}})
	}
	if err != nil {
		return err
	}
	return x.See(x.Home() + "/varieties/" + x.R.PathValue("variety"))
}

// find leads from a number somebody typed to its case.
func (x *exchange) find() error {
	typed, err := number.Parse(x.R.URL.Query().Get("number"))
	if err != nil {
		return err
	}
	id, err := x.desk.ByNumber(x.Ctx(), typed, x.Actor)
	if err != nil {
		return err
	}
	return x.See(x.Home() + "/cases/" + id)
}
