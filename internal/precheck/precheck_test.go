package precheck

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jixu/internal/calendar"
	"jixu/internal/policy"
)

var today = calendar.Day{Year: 2026, Month: 11, Day: 22}

// sound is a dossier without a gap: every field by its own example, every paper
// with a checked file.
func sound(pack policy.Pack) Input {
	in := Input{Pack: pack, Form: map[string]string{}, Today: today, Horizon: 60}
	for _, f := range pack.Form {
		v := f.Example.ZH
		for _, c := range f.Choices {
			if c.Label.ZH == f.Example.ZH {
				v = c.Value
			}
		}
		if f.Mirrors != "" {
			v = in.Form[f.Mirrors]
		}
		in.Form[f.ID] = v
	}
	delete(in.Form, "udi-none")
	if n := in.Form[policy.FieldPatients]; n != "" {
		in.Form[policy.FieldPatients], in.Form[policy.FieldPerPatient], in.Form[policy.FieldQuantity] = "10", "2", "20"
		for _, f := range pack.Form {
			if f.Mirrors == policy.FieldPatients || f.Mirrors == policy.FieldQuantity {
				in.Form[f.ID] = in.Form[f.Mirrors]
			}
		}
	}
	for _, part := range pack.Parts {
		for _, it := range part.Items {
			in.Files = append(in.Files, File{Item: it.ID, ID: "f-" + it.ID, State: Checked, Type: "pdf", Size: 1000})
		}
	}
	return in
}

// said is gaps in words: rule, severity, where.
func said(gaps []Gap) string {
	var out []string
	for _, g := range gaps {
		out = append(out, strings.TrimSpace(g.Rule+" "+string(g.Severity)+" "+g.Where))
	}
	return strings.Join(out, ", ")
}

func TestASoundDossierHasNoGap(t *testing.T) {
	for _, pack := range []policy.Pack{policy.DevicePack(), policy.DrugPack()} {
		if got := said(Check(sound(pack))); got != "" {
			t.Errorf("%s by its own examples: got %s, want no gap", pack.Key(), got)
		}
	}
}

func TestCheck(t *testing.T) {
	device, drug := policy.DevicePack(), policy.DrugPack()
	set := func(pairs ...string) func(*Input) {
		return func(in *Input) {
			for i := 0; i < len(pairs); i += 2 {
				in.Form[pairs[i]] = pairs[i+1]
			}
		}
	}
	without := func(item string) func(*Input) {
		return func(in *Input) {
			in.Files = slices.DeleteFunc(in.Files, func(f File) bool { return f.Item == item })
		}
	}
	state := func(item string, s FileState) func(*Input) {
		return func(in *Input) {
			for i, f := range in.Files {
				if f.Item == item {
					in.Files[i].State = s
				}
			}
		}
	}
	for _, row := range []struct {
		name   string
		pack   policy.Pack
		change func(*Input)
		want   string
	}{
		{"a required field is empty", device, set("unit", ""), "field blocks unit"},
		{"a number that is none", device, set("patients", "若干"), "field blocks patients"},
		{"a fact whose day is none", device, set("licence-expires", "长期"), "field blocks licence-expires"},
		{"a field that the form has not", device, set("patient-name", "x"), "field blocks patient-name"},
		{"neither identifier nor reason", device, set("udi-di", ""), "field blocks udi-di"},
		{"a required paper is not there", device, without("letter"), "paper blocks item-letter"},
		{"a required paper that may follow", device, func(in *Input) {
			without("letter")(in)
			in.Later = []string{"letter"}
		}, "paper.later informs item-letter"},
		{"a file did not pass", device, state("letter", Rejected), "paper blocks item-letter"},
		{"a file that was not looked at yet", device, state("letter", Unchecked), "paper blocks item-letter"},
		{"a file that the scanner has not seen", device, state("letter", Unscanned), "paper blocks item-letter"},
		{"a file nobody knows anything of", device, state("letter", ""), "paper blocks item-letter"},
		{"an optional file that did not pass", device, state("risk-plan", Rejected), "paper blocks item-risk-plan"},
		{"an optional paper is not there", device, without("risk-plan"), "paper.optional informs item-risk-plan"},
		{"the paper of a further application, at the first", device, without("earlier-use"), ""},
		{"the paper of a further application, at the second", device, func(in *Input) {
			without("earlier-use")(in)
			set("units-used", "used", "other-patients", "另有3例")(in)
		}, "paper.optional informs item-earlier-use"},

		{"a document names another product", device, set("approval-product", "Other System"), "mirror warns approval-product"},
		{"the same name in other width, case and punctuation", device, set("approval-product", "ＲｅｔｒｉＳｅａｌ  laa-closure system."), ""},
		{"a maker's company written otherwise", device, set("manufacturer", "Example Cardio Co., Ltd.", "approval-manufacturer", "EXAMPLE CARDIO CO LTD", "label-manufacturer", "Example Cardio Co.,Ltd"), ""},
		{"a model the proof does not list", device, set("approval-model", "RS-24"), "mirror warns approval-model"},
		{"the proof lists more models, in another order", device, set("approval-model", "RS 30；RS-28、RS-24"), ""},
		{"another quantity on the sealed form", device, set("form-quantity", "25"), "mirror warns form-quantity"},
		{"the same quantity in full-width digits", device, set("form-quantity", "２０"), ""},
		{"another day of expiry on the proof", device, set("approval-expires", "2028-03-14"), "mirror warns approval-expires"},
		{"a whole label against the identifier", device, set("label-udi", "(01)06291041500213(10)B7"), ""},
		{"a shorter spelling of the same identifier", device, set("udi-di", "6291041500213"), ""},
		{"another identifier on the label", device, set("label-udi", "(01)04912345678904(10)B7"), "mirror warns label-udi"},
		{"a fact that cannot be read is not compared", device, set("form-quantity", "二十"), "field blocks form-quantity"},
		{"nothing to compare with", device, set("distributor", ""), ""},

		{"a credit code that fails", device, set("hospital-uscc", "91350100M000100Y44"), "code warns hospital-uscc"},
		{"licence and credit code of two organisations", device, set("licence-number", "42500624231010417A1001"), "code warns licence-number"},
		{"a clinic's number", device, set("licence-number", "310104123456"), "code informs licence-number"},
		{"an identifier of another issuer", device, set("udi-di", "MA.156.M0.1", "label-udi", ""), "code informs udi-di"},
		{"a label that shows a day that has passed", device, set("label-udi", "(01)06291041500213(17)251231"), "label.expired warns label-udi"},

		{"an approval after today", device, set("overseas-approval-day", "2026-11-23"), "day.future warns overseas-approval-day"},
		{"an approval today", device, set("overseas-approval-day", "2026-11-22"), ""},
		{"an approval that ends before it was given", device, set("overseas-approval-day", "2026-10-01", "certificate-expires", "2026-09-30", "approval-expires", ""), "day.order warns certificate-expires, expired warns certificate-expires"},
		{"a licence that ended yesterday", device, set("licence-expires", "2026-11-21"), "expired warns licence-expires"},
		{"a licence that ends today is good today", device, set("licence-expires", "2026-11-22"), "expires informs licence-expires"},
		{"a licence that ends at the horizon", device, set("licence-expires", "2027-01-21"), "expires informs licence-expires"},
		{"a licence that ends after it", device, set("licence-expires", "2027-01-22"), ""},
		{"a certificate that form and document say ends soon is one", device, set("certificate-expires", "2026-12-01", "approval-expires", "2026-12-01"), "expires informs certificate-expires"},

		{"fewer units than the patients need", device, set("patients", "11", "basis-patients", "11"), "quantity.less warns quantity"},
		{"more units than the patients need", device, set("patients", "9", "basis-patients", "9"), "quantity.more informs quantity"},
		{"a quantity that cannot be read is not multiplied", device, set("patients", "", "basis-patients", ""), "field blocks patients"},

		{"a device again, for whom it does not say", device, set("units-used", "used", "other-patients", ""), "repeat.others warns other-patients"},
		{"a device again, before the units were used", device, set("units-used", "unused"), "repeat.unused informs units-used"},
		{"a drug again, before the units were used", drug, set("units-used", "unused"), ""},
		{"a rare-disease drug led by nobody of the network", drug, set("lead-importer", "no"), "drug.lead informs lead-importer"},
		{"another drug led by nobody of the network", drug, set("lead-importer", "no", "category", "no-treatment"), ""},
		{"a psychotropic drug", drug, set("controlled", "yes"), "drug.controlled informs controlled"},

		{"the same dossier again", device, func(in *Input) {
			in.Before = &Before{Form: maps.Clone(in.Form)}
			for _, f := range in.Files {
				in.Before.Files = append([]string{f.ID}, in.Before.Files...)
			}
		}, "same warns"},
		{"the same dossier again with one more word", device, func(in *Input) {
			in.Before = &Before{Form: maps.Clone(in.Form)}
			in.Form["urgency"] += "（已补充）"
			for _, f := range in.Files {
				in.Before.Files = append(in.Before.Files, f.ID)
			}
		}, ""},
		{"the same words with another file", device, func(in *Input) {
			in.Before = &Before{Form: maps.Clone(in.Form), Files: []string{"f-letter"}}
		}, ""},
		{"what blocks comes first", device, set("licence-expires", "2026-11-21", "form-quantity", "3", "unit", ""), "field blocks unit, mirror warns form-quantity, expired warns licence-expires"},
	} {
		in := sound(row.pack)
		row.change(&in)
		if got := said(Check(in)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestEveryGapSaysWhereFromAndWhatToDo(t *testing.T) {
	for _, pack := range []policy.Pack{policy.DevicePack(), policy.DrugPack()} {
		for _, g := range Check(Input{Pack: pack, Today: today}) {
			if g.Clause.Source == "" || g.Status == "" || g.What.Key == "" || g.Cure.Key == "" || !slices.Contains(Rules, g.Rule) {
				t.Errorf("%s: got %+v, want rule, clause, status, sentence and cure", pack.Key(), g)
			}
		}
	}
	first, _ := policy.Carried("device-2024-97-v1")
	if got := Blocking(
		Check(Input{Pack: first, Today: today}),
	); len(got) != 17+14 || got[0].Field != "product-zh" || got[0].Code != "field.missing" || got[30].Field != "item-letter" ||
		got[30].Code != "file.missing" {
		t.Errorf("an empty dossier by the first pack: got %d refusals %v, want 17 fields and 14 papers", len(got), got)
	}
}

// Nothing invented blocks: only what the pack requires and what cannot be read.
// What blocks is exactly what the pack's form and its required papers say.
func TestOnlyThePackBlocks(t *testing.T) {
	pack := policy.DevicePack()
	rapid.Check(t, func(t *rapid.T) {
		in := broken(t, pack)
		want := map[string]bool{}
		for _, pr := range pack.CheckForm(in.Form) {
			want[pr.Field] = true
		}
		for _, part := range pack.Parts {
			for _, it := range part.Items {
				files := slices.DeleteFunc(slices.Clone(in.Files), func(f File) bool { return f.Item != it.ID })
				unfit := slices.ContainsFunc(files, func(f File) bool { return f.State != Checked })
				if it.Required && len(files) == 0 || unfit {
					want["item-"+it.ID] = true
				}
			}
		}
		got := map[string]bool{}
		for _, pr := range Blocking(Check(in)) {
			got[pr.Field] = true
		}
		if !maps.Equal(got, want) {
			t.Fatalf("blocked by %v, want %v", got, want)
		}
	})
}

// Who does what every gap says has no gap left but those that only inform.
func TestFollowingTheCuresLeavesNoGap(t *testing.T) {
	for _, pack := range []policy.Pack{policy.DevicePack(), policy.DrugPack()} {
		good := sound(pack)
		rapid.Check(t, func(t *rapid.T) {
			in := broken(t, pack)
			for range 20 {
				gaps := slices.DeleteFunc(Check(in), func(g Gap) bool { return g.Cure.Key == "" })
				if len(gaps) == 0 {
					return
				}
				for _, g := range gaps {
					if !slices.Contains(Cures, g.Cure.Key) || !slices.Contains(Rules, g.Rule) {
						t.Fatalf("%s cures %s: want both listed", g.Cure.Key, g.Rule)
					}
					cure(&in, good, g)
				}
			}
			t.Fatalf("after twenty times: %s", said(Check(in)))
		})
	}
}

// cure does what g says, as the hospital would.
func cure(in *Input, good Input, g Gap) {
	f, _ := in.Pack.Field(g.Where)
	switch g.Cure.Key {
	case "cure.file.missing", "cure.file.rejected", "cure.file.unchecked", "cure.file.unscanned":
		in.Files = slices.DeleteFunc(in.Files, func(f File) bool { return "item-"+f.Item == g.Where })
		in.Files = append(in.Files, File{Item: g.Item, ID: "new-" + g.Item, State: Checked})
	case "cure.mirror":
		in.Form[f.Mirrors], in.Form[f.ID] = good.Form[f.Mirrors], good.Form[f.ID]
	case "cure.code":
		for _, o := range in.Pack.Form {
			if o.Check != "" {
				in.Form[o.ID] = good.Form[o.ID]
			}
		}
	case "cure.expires", "cure.day":
		in.Form[g.Where] = good.Form[g.Where]
	case "cure.quantity.less":
		in.Form[policy.FieldPatients], in.Form[policy.FieldPerPatient] = good.Form[policy.FieldPatients], good.Form[policy.FieldPerPatient]
		in.Form[policy.FieldQuantity] = good.Form[policy.FieldQuantity]
	case "cure.same":
		in.Form["urgency"] += "（补充）"
	default:
		if _, ok := in.Pack.Field(g.Where); ok {
			in.Form[g.Where] = good.Form[g.Where]
		} else {
			delete(in.Form, g.Where)
		}
	}
}

// broken is a sound dossier with anything wrong with it.
func broken(t *rapid.T, pack policy.Pack) Input {
	in := sound(pack)
	ids := []string{"patient-name"}
	for _, f := range pack.Form {
		ids = append(ids, f.ID)
	}
	values := []string{
		"",
		" ",
		"0",
		"3",
		"999999999",
		"2020-01-01",
		"2026-12-01",
		"2099-01-01",
		"used",
		"unused",
		"yes",
		"no",
		"rare-disease",
		"II",
		"(01)06291041500213(17)200101",
		"91350100M000100Y44",
		"甲、乙",
		"\x00",
	}
	for range rapid.IntRange(0, 6).Draw(t, "fields") {
		in.Form[rapid.SampledFrom(ids).Draw(t, "field")] = rapid.OneOf(rapid.SampledFrom(values), rapid.String()).Draw(t, "value")
	}
	for range rapid.IntRange(0, 4).Draw(t, "files") {
		i := rapid.IntRange(0, len(in.Files)-1).Draw(t, "file")
		in.Files[i].State = rapid.SampledFrom([]FileState{Checked, Rejected, Unchecked, Unscanned, ""}).Draw(t, "state")
		if rapid.Bool().Draw(t, "gone") {
			in.Files = slices.Delete(in.Files, i, i+1)
		}
	}
	if rapid.Bool().Draw(t, "again") {
		in.Before = &Before{Form: maps.Clone(in.Form)}
		for _, f := range in.Files {
			in.Before.Files = append(in.Before.Files, f.ID)
		}
	}
	return in
}

func TestCrossed(t *testing.T) {
	for _, row := range []struct {
		name string
		left int
		at   int
		told bool
	}{
		{"long before", 61, 0, false},
		{"at the first threshold", 60, 60, true},
		{"between two", 20, 60, true},
		{"at the second", 14, 14, true},
		{"on the last day", 0, 14, true},
		{"when it has ended", -1, 0, true},
	} {
		e := Expiry{Left: row.left, Ended: row.left < 0}
		if at, told := e.Crossed([]int{60, 14}); at != row.at || told != row.told {
			t.Errorf("%s: got %d %t, want %d %t", row.name, at, told, row.at, row.told)
		}
	}
	if _, told := (Expiry{Left: 3}).Crossed(nil); told {
		t.Error("without a setting nobody is told before the end: got told")
	}
}
