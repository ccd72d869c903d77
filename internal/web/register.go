package web

import (
	"net/http"
	"strconv"

	"jixu/internal/docket"
	"jixu/internal/fault"
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
	for _, f := range productAsks(dataOf, isDrug) {
		if !f.asked(v) {
			continue
		}
		value := f.was(v)
		for _, o := range f.offer(rd, v) {
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
		p.Correct, _ = correctVariety.inputs(rd, v, typedOver(sent), nil, p.Errors, "")
		p.Mark, _ = markVariety.inputs(rd, v, typedOver(sent), nil, p.Errors, "")
	}
	p.Title = rd.titled(p.Name, p.Errors)
	return p
}

// varietyDo is a form about an entry of the register that was sent.
type varietyDo = sending[variety.Variety]

func dataOf(v variety.Variety) variety.Data { return v.Data }
func isDrug(v variety.Variety) bool         { return v.Drug }

// What who keeps the register does to an entry, on its page.
var (
	correctVariety = act[variety.Variety]{
		name: "variety.correct", asks: append(productAsks(dataOf, isDrug), ask[variety.Variety]{Field: form.Long.Field("reason")}),
		do: func(s varietyDo) (docket.Receipt, error) {
			version, err := s.version()
			if err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.CorrectVariety(s.Ctx(), s.op, s.of.ID, version, readProduct(s.read.Values), s.read.Said("reason"), s.Actor)
		},
	}
	markVariety = act[variety.Variety]{
		name: "variety.mark",
		asks: []ask[variety.Variety]{
			{Field: form.Day.Optional("since"), was: func(v variety.Variety) string { return v.RegisteredSince.String() }},
			{Field: form.Long.Field("note"), was: func(v variety.Variety) string { return v.RegisteredNote }},
		},
		do: func(s varietyDo) (docket.Receipt, error) {
			version, err := s.version()
			if err != nil {
				return docket.Receipt{}, err
			}
			since := s.read.Day("since")
			if err := s.read.Err(); err != nil {
				return docket.Receipt{}, err
			}
			return s.desk.MarkVariety(s.Ctx(), s.op, s.of.ID, version, since, s.read.Said("note"), s.Actor)
		},
	}
)

// correct puts right what the register says, once.
func (x registerPages) correct() error { return x.change(correctVariety) }

// mark says since when an equivalent is registered at home, once.
func (x registerPages) mark() error { return x.change(markVariety) }

func (x registerPages) change(a act[variety.Variety]) error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	v, err := x.desk.Variety(x.Ctx(), x.R.PathValue("variety"), x.Actor)
	if err != nil {
		return err
	}
	_, err = perform(x.base, op, a, v)
	if status, problems := refusal(err); status != 0 {
		return x.showVariety(status, problems)
	}
	if err != nil {
		return err
	}
	return x.See(x.Home() + "/varieties/" + v.ID)
}
