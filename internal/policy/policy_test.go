package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jixu/internal/calendar"
	"jixu/internal/fault"
)

func TestDefaultInventsNothing(t *testing.T) {
	r := Default()
	for _, key := range []string{Opinion, Supplement, Reply} {
		if l, ok := r.Limit(key); ok {
			t.Errorf("no published text limits %s: got %+v, want none", key, l)
		}
	}
	for key, l := range r.Limits {
		if l.Status != Official {
			t.Errorf("limit %s counts by default: got status %s, want official", key, l.Status)
		}
	}
	for _, l := range r.Information {
		if l.Status != Draft || l.Effect != Inform {
			t.Errorf("%s is the national side's own: got %s, %s, want draft, inform", l.Key, l.Status, l.Effect)
		}
	}
}

func TestLocalSampleIsMarked(t *testing.T) {
	r := LocalSample()
	for key, n := range map[string]int{Opinion: 10, Supplement: 5, Reply: 20} {
		l, ok := r.Limit(key)
		if !ok || l.N != n || l.Clock != calendar.WorkingDays || !slices.Equal(l.RemindBefore, []int{2}) {
			t.Errorf("limit %s: got %+v, want %d working days, reminded 2 before", key, l, n)
		}
		if l.Status != Local || l.Effect != Warn || !strings.Contains(l.Clause.Source, "本地设置") {
			t.Errorf("limit %s is marked and blocks nobody: got %+v", key, l)
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(b); err != nil {
		t.Errorf("rules frozen with a case are read again: got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	good, err := os.ReadFile("data/local-sample.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, old, new string }{
		{"an unknown field", `"version"`, `"versions"`},
		{"an unknown recorder", `"either"`, `"anybody"`},
		{"an unknown limit", `"opinion": {`, `"opinions": {`},
		{"a limit that calls itself otherwise", `"key": "opinion"`, `"key": "reply"`},
		{"an unknown clock", `"working-days"`, `"moons"`},
		{"no days", `"n": 10`, `"n": 0`},
		{"too many days", `"n": 10`, `"n": 3651`},
		{"a draft that lapses", `"status": "draft",` + "\n   \"effect\": \"inform\"", `"status": "draft",` + "\n   \"effect\": \"lapse\""},
		{"an official rule that would block, which nothing applies", `"effect": "warn"`, `"effect": "block"`},
		{"an unknown status", `"status": "local"`, `"status": "certain"`},
		{"an unknown effect", `"effect": "warn"`, `"effect": "shout"`},
		{"a counted limit that only informs", `"effect": "warn"`, `"effect": "inform"`},
		{"no English", `"Giving the opinion"`, `" "`},
		{"no source", `"source": "本地设置（示例）"`, `"source": ""`},
		{"no version", `"local-sample-1"`, `""`},
		{"a version with spaces", `"local-sample-1"`, `"a b"`},
		{"a reminder on the day", `"remindBefore": [` + "\n    2", `"remindBefore": [` + "\n    0"},
		{"working days that roll over", `"n": 10`, `"n": 10, "rollOver": true`},
		{"a pack for no kind of product", `"recorder": "either"`, `"recorder": "either", "packs": {"food": "food-1-v1"}`},
		{"a pack whose key is no key", `"recorder": "either"`, `"recorder": "either", "packs": {"drug": "A/B"}`},
		{"an expiry told on the day", `"expiryDays": [60, 14]`, `"expiryDays": [60, 0]`},
		{"an expiry told later first", `"expiryDays": [60, 14]`, `"expiryDays": [14, 60]`},
		{"an expiry told years ahead", `"expiryDays": [60, 14]`, `"expiryDays": [731]`},
		{"text after the end", "]\n}\n", "]\n}\n{}"},
		{"text that is not UTF-8", `"either"`, "\"\xff\""},
	} {
		b := bytes.Replace(good, []byte(row.old), []byte(row.new), 1)
		if bytes.Equal(b, good) {
			t.Errorf("%s: the row changes nothing", row.name)
		}
		if _, err := Parse(b); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want %v", row.name, err, fault.Invalid)
		}
	}
}

func TestDevicePack(t *testing.T) {
	p := DevicePack()
	var got strings.Builder
	for _, part := range p.Parts {
		got.WriteString(part.No + part.Label.ZH + "；")
		if part.Status != Official {
			t.Errorf("part %s: got status %s, want official", part.ID, part.Status)
		}
		for _, it := range part.Items {
			if it.Status != Placeholder && it.Status != Local {
				t.Errorf("item %s was not read in Annex 2: got status %s, want placeholder or local", it.ID, it.Status)
			}
		}
		if !slices.ContainsFunc(part.Items, func(it Item) bool { return it.Required }) {
			t.Errorf("part %s is official: got nothing required in it", part.ID)
		}
	}
	want := "（一）申请表；（二）医疗器械相关资料；（三）医疗器械使用必要性评估资料；（四）医疗器械使用可行性评估资料；（五）证明性文件；（六）承诺书；"
	if got.String() != want {
		t.Errorf("the six parts in the words of the text: got %s, want %s", got.String(), want)
	}
	if f, _ := p.Field("subcatalogue"); len(f.Choices) != 22 || f.Choices[12].Label.ZH != "13 无源植入器械" {
		t.Errorf("the catalogue has 22 parts, 13 is 无源植入器械: got %+v", f.Choices)
	}
	if _, ok := p.Item("letter"); !ok {
		t.Error("an item is found by id: got none")
	}
	if p.Key() != DeviceKey {
		t.Errorf("the key of the pack: got %s, want %s", p.Key(), DeviceKey)
	}
	if _, ok := p.Item("nothing"); ok {
		t.Error("an unknown item is not found: got one")
	}
}

func TestDrugPack(t *testing.T) {
	p := DrugPack()
	for i, want := range []string{"机构合法登记文件复印件", "申请报告及承诺书", "拟进口药品清单", "其他相关材料"} {
		if got := p.Parts[i]; got.Label.ZH != want || got.Status == Official || got.Clause.Quote == nil {
			t.Errorf("part %d: got %s %s, want %s, known second hand and quoted", i+1, got.Label.ZH, got.Status, want)
		}
	}
	for id, want := range map[string][]string{
		FieldCategory: {"rare-disease", "no-treatment", "clear-advantage"}, FieldSituation: {"not-registered", "not-produced", "not-resumed"},
	} {
		f, ok := p.Field(id)
		var got []string
		for _, c := range f.Choices {
			got = append(got, c.Value)
		}
		if !ok || !f.Required || !slices.Equal(got, want) {
			t.Errorf("%s is asked: got %v, required %t, want %v", id, got, f.Required, want)
		}
	}
}

// What was ever used stays what it was: a pack of this build is found under its
// own key, every rule of it says where it comes from, and an old version is not edited.
func TestCarriedPacks(t *testing.T) {
	files, err := os.ReadDir("data/packs")
	if err != nil || len(files) != len(packs) {
		t.Fatalf("got %d files (%v) and %d packs carried, want each", len(files), err, len(packs))
	}
	for key := range packs {
		p, ok := Carried(key)
		if !ok || p.Key() != key {
			t.Errorf("%s: got %s, want itself", key, p.Key())
		}
		for _, f := range p.Form {
			if f.Clause == nil && key != "device-2024-97-v1" {
				t.Errorf("%s: field %s has no clause", key, f.ID)
			}
			if (f.Mirrors != "" || f.Expires) && f.Required {
				t.Errorf("%s: field %s makes the task heavier: got required", key, f.ID)
			}
		}
	}
	if _, ok := Carried("device-2024-97-v9"); ok {
		t.Error("a pack nobody wrote: got one, want none")
	}
	b, err := os.ReadFile("data/packs/device-2024-97-v1.json")
	if sum := sha256.Sum256(b); err != nil || hex.EncodeToString(sum[:4]) != "1112d63b" {
		t.Errorf("version 1 of the device pack was in use: got it changed (%x), want it as it was", sum[:4])
	}
}

func TestAdapt(t *testing.T) {
	base := DrugPack()
	write := func(change func(*Pack)) []byte {
		b, err := json.Marshal(base)
		if err != nil {
			t.Fatal(err)
		}
		var p Pack
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		p.Version = "1-hua"
		change(&p)
		if b, err = json.Marshal(p); err != nil {
			t.Fatal(err)
		}
		return b
	}
	got, err := Adapt(base, write(func(p *Pack) {
		p.Parts[0].Items[1].Required = true
		p.Parts[0].Items[1].Status = Official // it says so of itself
		p.Form[2].Help.ZH = "请填写。"
		p.Parts[1].Label.ZH = "申请报告"
	}))
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]Status{
		"a changed item":               {got.Parts[0].Items[1].Status, Local},
		"an item as it was":            {got.Parts[0].Items[0].Status, base.Parts[0].Items[0].Status},
		"the part of a changed item":   {got.Parts[0].Status, base.Parts[0].Status},
		"a part in other words":        {got.Parts[1].Status, Local},
		"a changed field":              {got.Form[2].Status, Local},
		"a field as it was":            {got.Form[0].Status, base.Form[0].Status},
		"the pack, by its weakest":     {got.Status, Placeholder},
		"the pack it was made from":    {base.Parts[0].Items[1].Status, Draft},
		"the field it was made from":   {base.Form[2].Status, Placeholder},
		"an item nobody had a hand in": {got.Parts[3].Items[0].Status, Placeholder},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %s, want %s", what, pair[0], pair[1])
		}
	}
	for name, b := range map[string][]byte{
		"no JSON":                []byte("{"),
		"the same version":       write(func(p *Pack) { p.Version = "1" }),
		"another pack":           write(func(p *Pack) { p.ID = "drug-2030-1" }),
		"another kind":           write(func(p *Pack) { p.Kind = "device" }),
		"a pack that is no good": write(func(p *Pack) { p.Form = p.Form[1:] }),
	} {
		if _, err := Adapt(base, b); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want %v", name, err, fault.Invalid)
		}
	}
}

func TestParsePackRefuses(t *testing.T) {
	good, err := os.ReadFile("data/packs/device-2024-97-v2.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, old, new string }{
		{"a fact of no item", `"item": "signed-form"`, `"item": "unsigned-form"`},
		{"a fact that repeats nothing", `"mirrors": "udi-di"`, `"mirrors": "udi-pi"`},
		{"a fact that repeats a field of another kind", `"mirrors": "udi-di"`, `"mirrors": "quantity"`},
		{"a fact that repeats a fact", `"mirrors": "certificate-expires"`, `"mirrors": "licence-expires"`},
		{"a fact that must be given", "\"required\": false,\n   \"kind\": \"text\",\n   \"status\": \"local\"", "\"required\": true,\n   \"kind\": \"text\",\n   \"status\": \"local\""},
		{"a text that expires", `"check": "uscc"`, `"expires": true`},
		{"a text that lies in the past", `"check": "uscc"`, `"past": true`},
		{"a code nobody knows", `"check": "uscc"`, `"check": "isbn"`},
		{"a field that another stands in for, but must be given too", `"unless": "udi-none"`, `"unless": "product-zh"`},
		{"a field without which nothing is required", `"unless": "udi-none"`, `"unless": "nothing"`},
		{"a heading in one language", "\"heading\": {\n    \"zh\": \"产品\"", "\"heading\": {\n    \"zh\": \"\""},
		{"a clause without a source", `"source": "本地设置"`, `"source": ""`},
		{"an unknown kind of product", `"kind": "device"`, `"kind": "food"`},
		{"an item id given twice", `"id": "instructions"`, `"id": "description"`},
		{"a field id given twice", `"id": "product-original"`, `"id": "product-zh"`},
		{"an id with a slash", `"id": "instructions"`, `"id": "a/b"`},
		{"an unknown type", `"png"`, `"exe"`},
		{"a type twice", `"png"`, `"pdf"`},
		{"no files", `"maxFiles": 2`, `"maxFiles": 0`},
		{"no bytes", `"maxBytes": 52428800`, `"maxBytes": 0`},
		{"a field without length", `"max": 500`, `"max": 0`},
		{"an unknown kind of field", `"kind": "multiline"`, `"kind": "song"`},
		{"a choice given twice", `"value": "II"`, `"value": "III"`},
		{"no product", `"id": "product-zh"`, `"id": "product"`},
		{"no quantity", `"id": "quantity"`, `"id": "amount"`},
		{"no help", `"请填写最小使用单位。"`, `""`},
	} {
		b := bytes.Replace(good, []byte(row.old), []byte(row.new), 1)
		if bytes.Equal(b, good) {
			t.Errorf("%s: the row changes nothing", row.name)
		}
		if _, err := ParsePack(b); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want %v", row.name, err, fault.Invalid)
		}
	}
}

// example is the device form filled in with its own examples.
func example() map[string]string {
	v := map[string]string{}
	for _, f := range DevicePack().Form {
		v[f.ID] = f.Example.ZH
		for _, c := range f.Choices {
			if c.Label.ZH == f.Example.ZH {
				v[f.ID] = c.Value
			}
		}
	}
	return v
}

func codes(problems []fault.Problem) string {
	var s []string
	for _, p := range problems {
		s = append(s, strings.TrimSpace(p.Field+" "+p.Code))
	}
	return strings.Join(s, ", ")
}

func TestCheckForm(t *testing.T) {
	p := DevicePack()
	for _, row := range []struct {
		name, field, value string
		form, draft        string
	}{
		{"the examples are right", "unit", "套", "", ""},
		{"a required field left empty", "unit", "", "unit field.missing", ""},
		{"a required field of spaces", "unit", " 　 ", "unit field.missing", ""},
		{"an optional field left empty", "distributor", "", "", ""},
		{"as many characters as allowed", "unit", strings.Repeat("套", 20), "", ""},
		{"one character too many", "unit", strings.Repeat("套", 21), "unit field.long", "unit field.long"},
		{"line ends count as one character", "model", strings.Repeat("a\r\n", 250), "", ""},
		{"a line end in a line", "unit", "一\n套", "unit field.control", "unit field.control"},
		{"a line end and a tab where there may be lines", "model", "A\r\n\tB", "", ""},
		{"a control character", "model", "A\x00B", "model field.control", "model field.control"},
		{"text that turns direction", "unit", "套\u202egnp", "unit field.hidden", "unit field.hidden"},
		{"tags that nobody sees", "unit", "套\U000e0041", "unit field.hidden", "unit field.hidden"},
		{"a break of lines that is no line end", "unit", "套\u2028", "unit field.hidden", "unit field.hidden"},
		{"a blank without width, pasted from a page", "unit", "套\u200b", "unit field.hidden", "unit field.hidden"},
		{"bytes that are no text", "unit", "\xff\xfe", "unit field.control", "unit field.control"},
		{"HTML is only text", "unit", "<b>套</b>", "", ""},
		{"a whole number", "quantity", "9999", "", ""},
		{"a full-width number with space around", "quantity", "　２０ ", "", ""},
		{"words for a number", "quantity", "二十", "quantity field.integer", ""},
		{"a negative number", "quantity", "-1", "quantity field.integer", ""},
		{"a fraction", "quantity", "1.5", "quantity field.integer", ""},
		{"none", "quantity", "0", "quantity field.range", ""},
		{"too many", "quantity", "10000", "quantity field.range", ""},
		{"more than any machine counts", "quantity", strings.Repeat("9", 40), "quantity field.range", ""},
		{"a number as long as a novel", "quantity", strings.Repeat("9", 101), "quantity field.long", "quantity field.long"},
		{"a choice there is not", "class", "I", "class field.choice", ""},
		{"a field there is not", "patient-name", "x", "patient-name field.unknown", "patient-name field.unknown"},
		{"a field with a strange name is not repeated", "<script>", "x", "field.unknown", "field.unknown"},
		{"a resident id in the reason", "urgency", "患者11010519491231002X，急需", "urgency field.identity", "urgency field.identity"},
		{"a mobile number in the reason", "urgency", "联系 138 1234 5678", "urgency field.identity", "urgency field.identity"},
		{"a resident id for a number", "quantity", "患者11010519491231002X", "quantity field.identity", "quantity field.identity"},
		{"a mobile number for a choice", "class", "13812345678", "class field.identity", "class field.identity"},
		{"a mobile number for the contact", "contact-phone", "13812345678", "", ""},
		{"a passport in the reason", "urgency", "护照E12345678", "urgency field.passport", "urgency field.passport"},
		{"a lot in the reason", "urgency", "批号E12345678", "", ""},
		{"a model numbered as passports are", "model", "H12345678、H12345679", "", ""},
		{"a resident id for a model", "model", "11010519491231002X", "model field.identity", "model field.identity"},
		{"a device identifier numbered as passports are", "udi-di", "P12345678", "", ""},
		{"a resident id for the contact", "contact-phone", "11010519491231002X", "contact-phone field.identity", "contact-phone field.identity"},
	} {
		v := example()
		v[row.field] = row.value
		if got := codes(p.CheckForm(v)); got != row.form {
			t.Errorf("%s, submitted: got %q, want %q", row.name, got, row.form)
		}
		if got := codes(p.CheckDraft(v)); got != row.draft {
			t.Errorf("%s, saved as a draft: got %q, want %q", row.name, got, row.draft)
		}
	}
	if got := p.CheckForm(nil); len(got) != 21 || got[0].Field != "product-zh" {
		t.Errorf("an empty form misses 21 fields in the form's order: got %s", codes(got))
	}
	v := example()
	v["udi-di"] = " "
	if got := codes(p.CheckForm(v)); got != "" {
		t.Errorf("a reason stands in for the identifier: got %q, want nothing missing", got)
	}
	delete(v, "udi-none")
	if got := codes(p.CheckForm(v)); got != "udi-di field.missing" {
		t.Errorf("neither identifier nor reason: got %q, want udi-di field.missing", got)
	}
	if got := p.CheckDraft(nil); got != nil {
		t.Errorf("an empty draft is fine: got %s", codes(got))
	}
	q := Pack{Form: []Field{{ID: "d", Kind: DayKind, Required: true}}}
	for in, want := range map[string]string{"2026-11-22": "", "２０２６-11-22": "", "2026-02-30": "d field.day", "22.11.2026": "d field.day"} {
		if got := codes(q.CheckForm(map[string]string{"d": in})); got != want {
			t.Errorf("the day %q: got %q, want %q", in, got, want)
		}
	}
}

func TestFormLaws(t *testing.T) {
	p := DevicePack()
	rapid.Check(t, func(t *rapid.T) {
		v := example()
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			f := rapid.SampledFrom(p.Form).Draw(t, "field")
			v[f.ID] = rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("0123456789 -X\r\n套"))), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 30), func(b []byte) string { return string(b) })).
				Draw(t, "v")
		}
		clean := p.Clean(v)
		if !maps.Equal(p.Clean(clean), clean) {
			t.Fatalf("cleaning twice changes something")
		}
		form, draft := p.CheckForm(v), p.CheckDraft(v)
		if codes(p.CheckForm(clean)) != codes(form) {
			t.Fatalf("cleaning changes the problems: %s, %s", codes(form), codes(p.CheckForm(clean)))
		}
		for _, d := range draft {
			if !slices.ContainsFunc(form, func(f fault.Problem) bool { return f.Field == d.Field }) {
				t.Fatalf("%s cannot be saved but could be submitted", d.Field)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, n := range []string{"data/local-sample.json", "data/national.json", "data/packs/device-2024-97-v1.json", "data/packs/device-2024-97-v2.json", "data/packs/drug-2022-18-v1.json"} {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := Parse(b); err == nil {
			again, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(again); err != nil {
				t.Errorf("rules written again are read again: got %v", err)
			}
		}
		if p, err := ParsePack(b); err == nil {
			p.CheckForm(map[string]string{string(b): string(b)})
		}
	})
}

func FuzzCheckForm(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "+86 138-1234-5678", "１２　", "\xff\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := DevicePack()
		v := map[string]string{s: s}
		for _, field := range p.Form {
			v[field.ID] = s
		}
		p.CheckForm(v)
		p.CheckDraft(v)
	})
}
