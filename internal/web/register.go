package web

import (
	"net/http"
	"slices"
	"strconv"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/variety"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
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

// registerPages are the register of products.
type registerPages struct{ base }

// list shows the register, a kind beside the other.
func (x registerPages) list() error {
	rd, err := x.reader(mentioned{})
	if err != nil {
		return err
	}
	p := varietiesPage{}
	for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
		all, err := x.desk.Varieties(x.Ctx(), kind == policy.Drug, x.after(string(kind)), pageRows, x.Actor)
		if err != nil {
			return err
		}
		r := makeRegister(rd, kind, all.Rows)
		r.Unreadable, r.More = x.unread(all.Unreadable), x.more(string(kind), r.Label, all.Next, len(all.Rows))
		p.Kinds = append(p.Kinds, r)
	}
	p.Title = rd.lang.Say("varieties.title")
	return x.Show("varieties", &p.Page, &p)
}

func makeRegister(rd reader, kind policy.Kind, rows []variety.Variety) RegisterOf {
	r := RegisterOf{Label: rd.lang.Say("kind." + string(kind))}
	for _, v := range rows {
		r.Rows = append(r.Rows, VarietyRow{
			Name: varietyName(rd.lang, v), Maker: v.Data.Maker, Country: v.Data.Country, Category: category(rd, v.Data.Category),
			Registered: dayText(rd.lang, v.RegisteredSince), Href: rd.home() + "/varieties/" + v.ID,
		})
	}
	return r
}

func category(rd reader, c variety.Category) string {
	if c == "" {
		return ""
	}
	return rd.lang.Say("category." + string(c))
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

// show is one product of the register.
func (x registerPages) show() error { return x.showVariety(http.StatusOK, nil) }

func (x registerPages) showVariety(status int, problems []fault.Problem) error {
	v, err := x.desk.Variety(x.Ctx(), x.R.PathValue("variety"), x.Actor)
	if err != nil {
		return err
	}
	rd, err := x.reader(mentioned{})
	if err != nil {
		return err
	}
	p := makeVariety(rd, v, x.Values(), problems)
	return x.Render(status, "variety", &p.Page, &p)
}

// makeVariety shows v and, to who keeps the register, its forms with what was sent of them.
func makeVariety(rd reader, v variety.Variety, sent form.Values, problems []fault.Problem) varietyPage {
	p := varietyPage{Name: varietyName(rd.lang, v), Version: v.Version, Post: rd.home() + "/varieties/" + v.ID}
	p.Errors = form.Wrong(rd.lang, problems, func(field string) string {
		if field == "" {
			return ""
		}
		return inputLabel(rd.lang, field)
	})
	fields := slices.DeleteFunc(slices.Clone(varietyFields), func(f form.Field) bool { return v.Drug && ofDevices(f.ID) })
	for _, f := range fields {
		value := varietyValue(v.Data, f.ID)
		for _, o := range registerChoices(rd.lang, f.ID) {
			if o.Value == value {
				value = o.Label
			}
		}
		if f.Kind == form.Yes {
			value = rd.lang.Say("yes." + strconv.FormatBool(value == "yes"))
		}
		p.Facts = append(p.Facts, Answered{ID: "of-" + f.ID, Label: inputLabel(rd.lang, f.ID), Value: value})
	}
	if !v.RegisteredSince.IsZero() {
		p.Registered = rd.lang.Say("variety.registered", dayText(rd.lang, v.RegisteredSince), v.RegisteredNote)
	}
	if variety.MayKeep(v.Drug, rd.actor) == nil {
		for _, f := range append(slices.Clone(fields), form.Long.Field("reason")) {
			p.Correct = append(p.Correct, registerInput(rd.lang, f, varietyValue(v.Data, f.ID), sent, p.Errors))
		}
		p.Mark = []form.Input{
			registerInput(rd.lang, form.Day.Optional("since"), v.RegisteredSince.String(), sent, p.Errors),
			registerInput(rd.lang, form.Long.Field("note"), v.RegisteredNote, sent, p.Errors),
		}
	}
	p.Title = rd.titled(p.Name, p.Errors)
	return p
}

// registerInput is a field of the register with what it holds now or, after a
// refused form, with what was typed.
func registerInput(l words.Lang, f form.Field, now string, sent form.Values, wrong form.Errors) form.Input {
	if sent.Has(f.ID) {
		now = sent.Get(f.ID)
	}
	in := f.Input(l, inputLabel(l, f.ID), now, wrong)
	in.Offer(registerChoices(l, f.ID)...)
	return in
}

// correct puts right what the register says, once.
func (x registerPages) correct() error {
	return x.change(func(op docket.Op, version int) error {
		_, err := x.desk.CorrectVariety(x.Ctx(), op, x.R.PathValue("variety"), version, readVariety(x.Values()), x.Said("reason"), x.Actor)
		return err
	})
}

// mark says since when an equivalent is registered at home, once.
func (x registerPages) mark() error {
	return x.change(func(op docket.Op, version int) error {
		read := form.Read(x.Values())
		since := read.Day("since")
		if err := read.Err(); err != nil {
			return err
		}
		_, err := x.desk.MarkVariety(x.Ctx(), op, x.R.PathValue("variety"), version, since, x.Said("note"), x.Actor)
		return err
	})
}

func (x registerPages) change(change func(docket.Op, int) error) error {
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
