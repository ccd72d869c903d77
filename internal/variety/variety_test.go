package variety_test

import (
	"errors"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/law/lawtest"
	"jixu/internal/party"
	"jixu/internal/typed"
	"jixu/internal/variety"
)

var (
	now  = time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)
	mpa  = party.Actor{Person: "p1", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Assessor}, Via: party.BySession}
	hc   = party.Actor{Person: "p2", Org: "hc", Kind: party.HealthCommission, Roles: []party.Role{party.Assessor}, Via: party.BySession}
	link = party.Actor{Person: "p1", Org: "mpa", Kind: party.MunicipalMPA, Roles: []party.Role{party.Assessor}, Via: party.ByLink}
	lin  = party.Actor{Person: "p3", Org: "h1", Kind: party.Hospital, Roles: []party.Role{party.Applicant}, Via: party.BySession}
)

func data() variety.Data {
	return variety.Data{NameZH: "封堵器", Maker: "Example GmbH", Model: "BAO-12", Country: "德国", Class: "III", Subcatalogue: "13", Category: "implant"}
}

func TestTheRegisterIsKeptByWhoLeads(t *testing.T) {
	for _, row := range []struct {
		sentence string
		drug     bool
		who      party.Actor
		want     error
	}{
		{"the municipal MPA enters a device", false, mpa, nil},
		{"and no drug", true, mpa, fault.Forbidden},
		{"the Health Commission enters a drug", true, hc, nil},
		{"and no device", false, hc, fault.Forbidden},
		{"a hospital enters nothing", false, lin, fault.Forbidden},
		{"a link is for one gate, not for the register", false, link, fault.Forbidden},
	} {
		if _, err := variety.New("v1", row.drug, data(), "c1", row.who, now); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.sentence, err, row.want)
		}
	}
}

func TestWhatTheRegisterHolds(t *testing.T) {
	for _, row := range []struct {
		sentence string
		drug     bool
		edit     func(*variety.Data)
		field    string
	}{
		{"a name, a maker, a model and a country are enough with a class", false, func(*variety.Data) {}, ""},
		{"a product has a name", false, func(d *variety.Data) { d.NameZH = "" }, "nameZh"},
		{"a product has a maker", false, func(d *variety.Data) { d.Maker = " " }, "maker"},
		{"a device has a class", false, func(d *variety.Data) { d.Class = "I" }, "class"},
		{"a drug has none", true, func(d *variety.Data) { d.Class, d.Subcatalogue = "", "" }, ""},
		{"there are 22 subcatalogues", false, func(d *variety.Data) { d.Subcatalogue = "23" }, "subcatalogue"},
		{"of two digits each", false, func(d *variety.Data) { d.Subcatalogue = "1" }, "subcatalogue"},
		{"and a closed list of categories", false, func(d *variety.Data) { d.Category = "toys" }, "category"},
	} {
		d := data()
		row.edit(&d)
		got := ""
		var in typed.Reader
		if d.Read(&in, row.drug); len(in.Problems) > 0 {
			got = in.Problems[0].Field
		}
		if got != row.field {
			t.Errorf("%s: got problem at %q, want %q", row.sentence, got, row.field)
		}
	}
}

// What differs in blanks and line ends only is kept in one spelling, in the entry as
// in its history.
func TestTheRegisterKeepsOneSpelling(t *testing.T) {
	d := data()
	d.NameZH, d.Model = " "+d.NameZH+"　", "A\r\nB\r\n"
	ch, err := variety.New("v1", false, d, "c1", mpa, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := ch.Variety.Data; got != *ch.Facts.Data || got.NameZH != data().NameZH || got.Model != "A\nB" {
		t.Errorf("got %+v and %+v in history, want one spelling", got, *ch.Facts.Data)
	}
	ch, err = ch.Variety.Correct(d, "\n更正\r\n第二行 ", mpa)
	if err != nil || ch.Facts.Reason != "更正\n第二行" {
		t.Errorf("a reason: got %q %v, want it without what is around it", ch.Facts.Reason, err)
	}
}

// Catalogues number their products as passports are numbered.
func TestAModelMayLookLikeAPassport(t *testing.T) {
	d := data()
	d.Model, d.UDI = "H12345678", "P12345678"
	if _, err := variety.New("v1", false, d, "c1", mpa, now); err != nil {
		t.Errorf("got %v, want it taken", err)
	}
}

func TestAMarkIsNeverOfADayToComeAndCanBeTakenBack(t *testing.T) {
	ch, err := variety.New("v1", false, data(), "c1", mpa, now)
	if err != nil {
		t.Fatal(err)
	}
	today := calendar.DayOf(now)
	if _, err := ch.Variety.Mark(today.AddDays(1), "国械注进1号", mpa, now); !errors.Is(err, fault.Invalid) {
		t.Errorf("from tomorrow: got %v, want invalid", err)
	}
	if _, err := ch.Variety.Mark(today, "", mpa, now); !errors.Is(err, fault.Invalid) {
		t.Errorf("without saying which: got %v, want invalid", err)
	}
	marked, err := ch.Variety.Mark(today, "国械注进1号", mpa, now)
	if err != nil || marked.Variety.Standing().RegisteredSince != today || marked.Variety.Version != 2 {
		t.Fatalf("marked: got %v, %+v; want since today, version 2", err, marked.Variety)
	}
	back, err := marked.Variety.Mark(calendar.Day{}, "登记有误", mpa, now)
	if err != nil || !back.Variety.Standing().RegisteredSince.IsZero() {
		t.Errorf("taken back: got %v, %+v", err, back.Variety.Standing())
	}
}

func TestWhatLooksAlikeIsAHint(t *testing.T) {
	for _, row := range []struct {
		sentence string
		edit     func(*variety.Data)
		want     bool
	}{
		{"width, case and punctuation do not matter", func(d *variety.Data) { d.Maker = "ＥＸＡＭＰＬＥ gmbh." }, true},
		{"another maker's is another product", func(d *variety.Data) { d.Maker = "Other AG" }, false},
		{"the same device identifier is the same product under any name", func(d *variety.Data) { d.NameZH, d.Maker, d.UDI = "别名", "Other", "04912345678904" }, true},
	} {
		a, b := data(), data()
		a.UDI = "04912345678904"
		row.edit(&b)
		if got := a.Alike(b); got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}

// The register keeps no number that names a patient: its history is for ever.
func TestTheRegisterHoldsNoPatientsNumber(t *testing.T) {
	text := "患者 11010519491231002X"
	ch, err := variety.New("v1", false, data(), "c1", mpa, now)
	if err != nil {
		t.Fatal(err)
	}
	named := data()
	named.Model = text
	for what, do := range map[string]func() error{
		"its data":     func() error { _, err := variety.New("v2", false, named, "c1", mpa, now); return err },
		"a correction": func() error { _, err := ch.Variety.Correct(data(), text, mpa); return err },
		"a mark":       func() error { _, err := ch.Variety.Mark(calendar.DayOf(now), text, mpa, now); return err },
	} {
		if f := fault.Of(do()); f == nil || len(f.Problems) != 1 || f.Problems[0].Code != "field.identity" {
			t.Errorf("%s: got %v, want the number refused", what, f)
		}
	}
}

func TestEveryCellOfTheTableOfMoves(t *testing.T) {
	people := map[string]party.Actor{"MPA assessor": mpa, "commission assessor": hc, "a link": link, "a hospital": lin, "the clock": party.System}
	things := map[string]variety.Variety{"a device": {ID: "v1"}, "a drug": {ID: "v2", Drug: true}}
	var rows []lawtest.Row
	for _, verb := range variety.Verbs() {
		rows = append(rows,
			lawtest.Row{Verb: verb, Who: []string{"MPA assessor"}, Things: []string{"a device"}},
			lawtest.Row{Verb: verb, Who: []string{"commission assessor"}, Things: []string{"a drug"}})
	}
	lawtest.Cells(t, variety.Verbs(), people, things, rows, variety.Variety.Permits)
}
