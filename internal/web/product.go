package web

import (
	"slices"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/variety"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

// productFields are what the register says of a product.
var productFields = []form.Field{
	form.Text.Field("nameZh"),
	form.Text.Optional("nameEn"),
	form.Text.Field("maker"),
	form.Text.Field("model"),
	form.Text.Field("country"),
	form.Pick.Optional("class"),
	form.Text.Optional("subcatalogue"),
	form.Text.Optional("udi"),
	form.Text.Optional("noUdi"),
	form.Pick.Optional("category"),
	form.Yes.Optional("specialReview"),
	form.Yes.Optional("conditional"),
}

// ofDevices reports whether the register asks a field of devices only.
func ofDevices(id string) bool {
	return slices.Contains([]string{"class", "subcatalogue", "udi", "noUdi", "category", "specialReview", "conditional"}, id)
}

// productAsks ask what the register says of a product, with what of says of it already.
func productAsks[T any](of func(T) variety.Data, drug func(T) bool) []ask[T] {
	out := plainly[T](productFields...)
	for i, q := range out {
		out[i].was = func(one T) string { return productValue(of(one), q.ID) }
		out[i].offer = func(rd reader, _ T) []form.Choice { return productChoices(rd.lang, q.ID) }
		out[i].asked = func(one T) bool { return !drug(one) || !ofDevices(q.ID) }
	}
	return out
}

// submittedProduct is what the newest submission, or the draft, says it is about.
func submittedProduct(v docket.View) variety.Data {
	c := v.Case
	if v.Manifest != nil {
		c.Form = v.Manifest.Form
	}
	return docket.Product(c)
}

func productValue(d variety.Data, id string) string {
	yes := map[bool]string{true: "yes"}
	return map[string]string{
		"nameZh": d.NameZH, "nameEn": d.NameEN, "maker": d.Maker, "model": d.Model, "country": d.Country, "class": d.Class,
		"subcatalogue": d.Subcatalogue, "udi": d.UDI, "noUdi": d.NoUDI, "category": string(d.Category),
		"specialReview": yes[d.SpecialReview], "conditional": yes[d.Conditional],
	}[id]
}

func readProduct(sent form.Values) variety.Data {
	f := sent.Said
	return variety.Data{
		NameZH: f("nameZh"), NameEN: f("nameEn"), Maker: f("maker"), Model: f("model"), Country: f("country"), Class: f("class"),
		Subcatalogue: f("subcatalogue"), UDI: f("udi"), NoUDI: f("noUdi"), Category: variety.Category(f("category")),
		SpecialReview: sent.Ticked("specialReview"), Conditional: sent.Ticked("conditional"),
	}
}

// productChoices are what a field of the register offers.
func productChoices(l words.Lang, id string) []form.Choice {
	var out []form.Choice
	switch id {
	case "class":
		for _, c := range []string{"II", "III"} {
			out = append(out, form.Choice{Value: c, Label: l.Say("class." + c)})
		}
	case "category":
		for _, c := range variety.Categories[1:] {
			out = append(out, form.Choice{Value: string(c), Label: l.Say("category." + string(c))})
		}
	}
	return out
}

func varietyName(l words.Lang, v variety.Variety) string {
	name := v.Data.NameZH
	if l == words.EN && v.Data.NameEN != "" {
		name = v.Data.NameEN
	}
	return name + " " + strings.Join(strings.Fields(v.Data.Model), " ")
}
