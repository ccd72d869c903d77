package identifier

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jixu/internal/calendar"
)

var today = calendar.Day{Year: 2026, Month: 11, Day: 22}

// found is a result in a word: "valid", or the problem with its values.
func found(r Result) string {
	if r.State == Valid {
		return "valid"
	}
	said := []string{string(r.State), r.Problem.Code}
	for _, a := range r.Problem.Args {
		said = append(said, fmt.Sprint(a))
	}
	return strings.TrimSpace(strings.Join(said, " "))
}

func TestCreditCode(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"the worked example of the sources", "91350100M000100Y43", "valid"},
		{"small letters, spaces and full-width digits", " 9135 0100-m000100y４３ ", "valid"},
		{"a letter that is not used at the end", "91350100M000100Y4Z", "warn uscc.character Z 18"},
		{"another check character", "91350100M000100Y44", "warn uscc.check 4 3"},
		{"two characters changed places", "91350100M000010Y43", "warn uscc.check 3 J"},
		{"one character too few", "91350100M000100Y4", "warn uscc.length 17 18"},
		{"a region that is no number", "9135A100M000100Y43", "warn uscc.region"},
		{"a sum that divides by 31 has the check character 0", "913101000000000390", "valid"},
		{"a real code that is known to fail", "91350211M0000XUF46", "warn uscc.check 6 R"},
		{"nothing", "", "warn uscc.length 0 18"},
		{"eighteen Chinese characters", strings.Repeat("统", 18), "warn uscc.character 统 1"},
	} {
		if got := found(CreditCode(row.in)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestLicence(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"22 characters", "425006242310104 17A100 1", "valid"},
		{"a clinic's 12 digits", "310104123456", "unknown licence.clinic"},
		{"a region that is no number", "4250062423101X417A1001", "warn licence.region"},
		{"a character that is none", "425006242310104甲7A1001", "warn licence.character 甲 16"},
		{"one too many", "425006242310104" + "17A10011", "warn licence.length 23 22"},
	} {
		if got := found(Licence(row.in)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	for _, row := range []struct{ name, licence, credit, want string }{
		{"one organisation", "M000100Y4350100" + "17A1001", "91350100M000100Y43", "valid"},
		{"two organisations", "425006242310104" + "17A1001", "91350100M000100Y43", "warn licence.organisation 425006242 M000100Y4"},
		{"a clinic's number has nothing to compare", "310104123456", "91350100M000100Y43", "unknown"},
		{"half a credit code has nothing to compare", "425006242310104" + "17A1001", "9135", "unknown"},
		{"Chinese characters are no credit code", "425006242310104" + "17A1001", strings.Repeat("统", 18), "unknown"},
	} {
		if got := found(SameOrganisation(row.licence, row.credit)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestGTIN(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"GTIN-13", "6291041500213", "valid"},
		{"the same as GTIN-14", "06291041500213", "valid"},
		{"GTIN-8", "96385074", "valid"},
		{"GTIN-12", "036000291452", "valid"},
		{"groups and full-width digits", "0 6291041 ５０0213", "valid"},
		{"another check digit", "6291041500214", "warn gtin.check 4 3"},
		{"eleven digits", "62910415002", "warn gtin.length 11"},
		{"a letter", "629104150021X", "warn gtin.digits"},
		{"nothing", "", "warn gtin.digits"},
	} {
		if got := found(GTIN(row.in)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	for _, row := range []struct{ name, in, want string }{
		{"digits are a trade item number", "06291041500213", "valid"},
		{"a whole label", "(01)06291041500213(17)271231(10)A1", "valid"},
		{"a label as it was scanned", "010629104150021317271231" + "10A1", "valid"},
		{"a label whose number is wrong", "(01)06291041500214", "warn gtin.check 4 3"},
		{"a label without a number", "(10)A1", "warn gs1.gtin"},
		{"another issuer's code", "MA.156.M0.1234.ABC", "unknown udi.issuer"},
	} {
		if got := found(DeviceID(row.in, today)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestElements(t *testing.T) {
	for _, row := range []struct{ name, in, want, odd string }{
		{"as printed", "(01)06291041500213(11)260105(17)271231(10)A1-b(21)SN9", "06291041500213 2026-01-05 2027-12-31 A1-b SN9", ""},
		{"as scanned, the open ones ended by a separator", "01062910415002131126010517271231" + "10A1-b\x1d21SN9", "06291041500213 2026-01-05 2027-12-31 A1-b SN9", ""},
		{"as scanned, with the symbology before it", "]d20106291041500213" + "10A1", "06291041500213   A1 ", ""},
		{"full-width brackets", "（01）06291041500213（10）A1", "06291041500213   A1 ", ""},
		{"day 00 is the end of the month", "(17)280200", "  2028-02-29  ", ""},
		{"a year far ahead is the century before", "(11)990131", " 1999-01-31   ", ""},
		{"a bracket inside a lot", "(10)A(1)(17)271231", "  2027-12-31 A(1) ", ""},
		{"a month that is none", "(17)271331", "    ", "gs1.date"},
		{"a day that is none", "(17)270230", "    ", "gs1.date"},
		{"a wrong check digit is kept and named", "(01)06291041500214", "06291041500214    ", "gtin.check"},
		{"an identifier that is not ours", "(01)06291041500213(240)X", "06291041500213    ", "gs1.ai"},
		{"one given twice", "(10)A(10)B", "   A ", "gs1.repeated"},
		{"a lot too long", "(10)" + strings.Repeat("A", 21), "    ", "gs1.value"},
		{"an empty serial number", "(21)", "    ", "gs1.value"},
		{"it expires before it was made", "(11)270101(17)260101", " 2027-01-01 2026-01-01  ", "gs1.dates"},
		{"no element string", "hello", "    ", "gs1.form"},
		{"nothing", "", "    ", "gs1.form"},
		{"cut off", "0106291", "    ", "gs1.length"},
		{"a short number where 14 digits belong", "(01)96385074", "    ", "gs1.length"},
		{"brackets that close nothing", "(01", "    ", "gs1.form"},
	} {
		e, problems := Elements(row.in, today)
		got := e.GTIN + " " + e.Made.String() + " " + e.Expires.String() + " " + e.Lot + " " + e.Serial
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
		odd := ""
		for _, p := range problems {
			odd = strings.TrimSpace(odd + " " + p.Code)
		}
		if odd != row.odd {
			t.Errorf("%s: got the problems %q, want %q", row.name, odd, row.odd)
		}
	}
}

// One wrong character never passes: that is what the check characters are for.
func TestOneWrongCharacterIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := []byte("91" + rapid.StringMatching(`[0-9]{6}`).Draw(t, "region"))
		for range 9 {
			body = append(body, rapid.SampledFrom([]byte(creditAlphabet)).Draw(t, "character"))
		}
		code := string(body) + string(creditCheck(string(body)+"0"))
		if got := found(CreditCode(code)); got != "valid" {
			t.Fatalf("the code %s made by the rule: got %s", code, got)
		}
		i := rapid.IntRange(8, 17).Draw(t, "place")
		other := rapid.SampledFrom([]byte(creditAlphabet)).Draw(t, "other")
		changed := code[:i] + string(other) + code[i+1:]
		if got := CreditCode(changed); changed != code && got.State == Valid {
			t.Fatalf("%s for %s: got valid", changed, code)
		}

		payload := rapid.StringMatching(`[0-9]{13}`).Draw(t, "payload")
		item := payload + string(gtinCheck(payload))
		if got := found(GTIN(item)); got != "valid" {
			t.Fatalf("the number %s made by the rule: got %s", item, got)
		}
		i = rapid.IntRange(0, 13).Draw(t, "digit")
		digit := rapid.StringMatching(`[0-9]`).Draw(t, "another")
		changed = item[:i] + digit + item[i+1:]
		if got := GTIN(changed); changed != item && got.State == Valid {
			t.Fatalf("%s for %s: got valid", changed, item)
		}
	})
}

func FuzzIdentifiers(f *testing.F) {
	for _, s := range []string{"91350100M000100Y43", "06291041500213", "(01)06291041500213(17)271200(10)A1", "010629104150021310A\x1d17", "统一\xff\xfe", "(((10)))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, check := range map[string]func(string) Result{
			"credit code": CreditCode, "licence": Licence, "trade item": GTIN,
			"device": func(s string) Result { return DeviceID(s, today) },
		} {
			r := check(s)
			if r.State == Valid && r.Problem.Code != "" || r.State == Warn && r.Problem.Code == "" {
				t.Errorf("%s %q: got %+v, want a reason exactly when it is not valid", name, s, r)
			}
			if again := check(r.Value); r.State == Valid && again.Value != r.Value {
				t.Errorf("%s %q: checked again it is spelled %q, want %q", name, s, again.Value, r.Value)
			}
		}
		SameOrganisation(s, s)
		if e, problems := Elements(s, today); e == (Element{}) && len(problems) == 0 {
			t.Errorf("%q: got nothing and no reason", s)
		}
	})
}
