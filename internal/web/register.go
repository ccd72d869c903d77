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
)

type varietiesPage struct {
	Page
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
		all, err := x.site.Desk.Varieties(x.ctx(), kind == policy.Drug, x.after(string(kind)), pageRows, x.actor)
		if err != nil {
			return err
		}
		r := RegisterOf{Label: x.lang.Say("kind." + string(kind)), Unreadable: x.unread(all.Unreadable)}
		r.More = x.more(string(kind), r.Label, all.Next, len(all.Rows))
		for _, v := range all.Rows {
			r.Rows = append(r.Rows, VarietyRow{
				Name: varietyName(x.lang, v), Maker: v.Data.Maker, Country: v.Data.Country, Category: x.category(v.Data.Category),
				Registered: dayText(x.lang, v.RegisteredSince), Href: x.home() + "/varieties/" + v.ID,
			})
		}
		p.Kinds = append(p.Kinds, r)
	}
	p.Title = x.lang.Say("varieties.title")
	return x.show("varieties", &p.Page, &p)
}

func (x *exchange) category(c variety.Category) string {
	if c == "" {
		return ""
	}
	return x.lang.Say("category." + string(c))
}

type varietyPage struct {
	Page
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
	v, err := x.site.Desk.Variety(x.ctx(), x.r.PathValue("variety"), x.actor)
	if err != nil {
		return err
	}
	p := varietyPage{Name: varietyName(x.lang, v), Version: v.Version, Post: x.home() + "/varieties/" + v.ID}
	p.Errors = form.Wrong(x.lang, problems, func(field string) string {
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
			value = x.lang.Say("yes." + strconv.FormatBool(value == "yes"))
		}
		p.Facts = append(p.Facts, Answered{ID: "of-" + f.ID, Label: x.inputLabel(f.ID), Value: value})
	}
	if !v.RegisteredSince.IsZero() {
		p.Registered = x.lang.Say("variety.registered", dayText(x.lang, v.RegisteredSince), v.RegisteredNote)
	}
	if variety.MayKeep(v.Drug, x.actor) == nil {
		for _, f := range append(slices.Clone(fields), form.Long.Field("reason")) {
			p.Correct = append(p.Correct, x.registerInput(f, varietyValue(v.Data, f.ID), p.Page))
		}
		p.Mark = []form.Input{
			x.registerInput(form.Day.Optional("since"), v.RegisteredSince.String(), p.Page),
			x.registerInput(form.Long.Field("note"), v.RegisteredNote, p.Page),
		}
	}
	p.Title = x.titled(p.Name, p.Errors)
	return x.render(status, "variety", &p.Page, &p)
}

// registerInput is a field of the register with what it holds now or, after a
// refused form, with what was typed.
func (x *exchange) registerInput(f form.Field, now string, p Page) form.Input {
	if x.values().Has(f.ID) {
		now = x.values().Get(f.ID)
	}
	in := f.Input(x.lang, x.inputLabel(f.ID), now, p.Errors)
	in.Offer(x.registerChoices(f.ID)...)
	return in
}

func (x *exchange) correctVariety() error {
	return x.changeVariety(func(op docket.Op, version int) error {
		_, err := x.site.Desk.CorrectVariety(x.ctx(), op, x.r.PathValue("variety"), version, x.readVariety(), x.said("reason"), x.actor)
		return err
	})
}

func (x *exchange) markVariety() error {
	return x.changeVariety(func(op docket.Op, version int) error {
		read := form.Read(x.values())
		since := read.Day("since")
		if err := read.Err(); err != nil {
			return err
		}
		_, err := x.site.Desk.MarkVariety(x.ctx(), op, x.r.PathValue("variety"), version, since, x.said("note"), x.actor)
		return err
	})
}

func (x *exchange) changeVariety(change func(docket.Op, int) error) error {
	op, err := x.op()
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
	return x.see(x.home() + "/varieties/" + x.r.PathValue("variety"))
}

// find leads from a number somebody typed to its case.
func (x *exchange) find() error {
	typed, err := number.Parse(x.r.URL.Query().Get("number"))
	if err != nil {
		return err
	}
	id, err := x.site.Desk.ByNumber(x.ctx(), typed, x.actor)
	if err != nil {
		return err
	}
	return x.see(x.home() + "/cases/" + id)
}
