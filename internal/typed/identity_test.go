package typed

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatNamesAPerson(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     Kind
	}{
		{"nothing", "", 0},
		{"a resident number", "11010519491231002X", ResidentID},
		{"a resident number with a small x", "11010519491231002x", ResidentID},
		{"a resident number parted by points", "110105.19491231.002X", ResidentID},
		{"a resident number over two lines", "1101051949\n1231002X", ResidentID},
		{"a resident number between Chinese characters", "证件11010519491231002X号", ResidentID},
		{"a resident number in groups, whose end could be a mobile number", "110105 1949-1231 002 X", ResidentID | Mobile},
		{"a resident number parted by wide blanks, the same", "110105　19491231　002X", ResidentID | Mobile},
		{"a resident number in full-width digits", "１１０１０５１９４９１２３１００２Ｘ", ResidentID},
		{"a resident number with blanks that nobody sees", "110105\u200b19491231\u2060002X", ResidentID},
		{"a resident number of a hundred and forty years", "440524188001010014", ResidentID},
		{"a resident number of somebody born in this century", resident("31010120090229", "001", false), 0},
		{"a resident number of a child", resident("31010120080229", "001", true), ResidentID},
		{"a resident number of a child, with a slip in it", resident("31010120080229", "001", false), 0},
		{"a resident number with a slip in its check digit", "110105194912310021", ResidentID},
		{"a foreigner's permanent residence", resident("93184019861231", "001", true), ResidentID},
		{"a province that there is not", resident("18010119861231", "001", true), 0},
		{"a day that does not exist", "11010519490231002X", 0},
		{"a longer run of digits", "9440524188001010014", 0},
		{"an old resident number", "310101650312001", OldResidentID},
		{"an old resident number in groups", "310101 650312 001", OldResidentID},
		{"fifteen digits with a day of this century", "310115261122001", 0},
		{"fifteen digits with no day", "310101651312001", 0},
		{"a mobile number", "电话13812345678。", Mobile},
		{"a mobile number in groups", "138-1234-5678", Mobile},
		{"a mobile number parted by points", "138.1234.5678", Mobile},
		{"a mobile number in pairs", "138 12 34 56 78", Mobile},
		{"a mobile number with hyphens of a word processor", "138‑1234‑5678", Mobile},
		{"a mobile number with the country before it", "+86 13812345678", Mobile},
		{"a mobile number with the country in brackets", "(+86)138-1234-5678", Mobile},
		{"a mobile number with the country run together", "8613812345678", Mobile},
		{"a mobile number with the long prefix", "008613812345678", Mobile},
		{"a full-width mobile number", "１３８１２３４５６７８", Mobile},
		{"a mobile number after another number", "3 13812345678 2", Mobile},
		{"a mobile number with marks that nobody sees", "138\u200d1234\ufeff5678", Mobile},
		{"an air waybill", "空运单号 160-12345675", 0},
		{"an air waybill, in English", "AWB No.: 160-1234 5675", 0},
		{"an air waybill with a wrong check digit", "空运单号 160-12345678", Mobile},
		{"an air waybill and a telephone", "主运单 160-12345675，电话 13812345678", Mobile},
		{"a lot in a column", "批号\tE12345678", 0},
		{"a certificate in brackets", "证书编号（E12345678）", 0},
		{"a passport", "护照E12345678", Passport},
		{"a passport of the newer kind", "护照号码：EA1234567，", Passport},
		{"an older passport", "G12345678", Passport},
		{"a passport in small full-width letters", "ｅ１２３４５６７８", Passport},
		{"a service passport", "S12345678", Passport},
		{"a permit of people from Hong Kong", "回乡证 H01234567", Passport},
		{"a passport's number, called number", "Passport No. E12345678", Passport},
		{"a passport in groups", "护照号码E 1234 5678", Passport},
		{"a passport with a hyphen", "护照 G-12345678", Passport},
		{"a passport behind a lot", "批号 A1，护照 E12345678", Passport},
		{"a passport and a lot", "护照 E12345678，批号 E12345679", Passport},

		{"an office number", "021-63269368", 0},
		{"an office number run together", "02163269368", 0},
		{"an office number with an extension", "021-12345678-8001", 0},
		{"a hot line", "400-820-1234", 0},
		{"a trade item number", "06291041500213", 0},
		{"a label", "(01)06291041500213(17)271200(10)E12345678", 0},
		{"a label with a serial number", "(01)06291041500213(21)13812345", 0},
		{"a registered device", "国械注进20243140123", 0},
		{"a registered device of Shanghai", "沪械注准20262140001", 0},
		{"a letter of the municipal MPA", "沪药监械注〔2024〕12号", 0},
		{"a letter of the national regulator", "药监综械注函〔2026〕1234号", 0},
		{"an approval of a chemical drug", "国药准字H20240012", 0},
		{"an approval of a biological drug alone", "S20200012", 0},
		{"an approval of a drug of Shanghai", "国药准字H31022345", 0},
		{"an imported drug", "进口药品注册证号：H20171234、H20171235", 0},
		{"a commodity code", "HS 9018.90.99.19", 0},
		{"a commodity code run together", "HS编码9018909919", 0},
		{"an amount", "合计 1,381,234,567.80 元", 0},
		{"a customs declaration", "报关单号 222920261000012345", 0},
		{"a customs declaration of an airport", "223320261234567890", 0},
		{"a credit code", "12310000425006133D", 0},
		{"a credit code of digits", "913100001322012345", 0},
		{"a credit code of digits whose middle could be a day of birth", "913101191963080410", 0},
		{"a credit code of a company", "91310115MA1K4ABC2X", 0},
		{"a licence of a medical institution", "425006133310104171A1001", 0},
		{"a lot", "批号E12345678", 0},
		{"two lots", "批号：E12345678、E12345679", 0},
		{"a lot in English", "LOT E12345678", 0},
		{"a serial number in English", "serial no. G12345678", 0},
		{"a model", "型号规格：P12345678", 0},
		{"an order", "合同编号 D12345678", 0},
		{"letters that run on", "GE12345678", 0},
		{"digits that run on", "E123456789", 0},
		{"our own number", "JX26-XD7K2-M9QX4-HC", 0},
		{"twelve digits", "138123456789", 0},
		{"a date and a time", "2026-11-22 13:00", 0},
		{"a stamp of time", "20261122130000123", 0},
		{"a day of the last century and a count", "1998-10-01 300 例", 0},
		{"a paper's number, a date and a count", "附件13-20261126-1.pdf", 0},
		{"a region, a date and a count, as offices number papers", "310115202611220002", 0},
		{"a hospital's own code", "HX2026-000123", 0},
		{"a digest with the digits of a telephone in it", "摘要 " + strings.Repeat("ab", 20) + "b15443765366e" + strings.Repeat("c", 11) + "，见附件", 0},
		{"a mobile number between letters", "Lin13812345678x", Mobile},
	} {
		if got := Numbers(row.in); got != row.want {
			t.Errorf("%s, %q: got %b, want %b", row.name, row.in, got, row.want)
		}
	}
}

// resident is a resident number with the right check digit, or the next one.
func resident(head, sequence string, right bool) string {
	d, sum := head+sequence, 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(d[i]-'0') * w
	}
	if !right {
		sum++
	}
	return d + "10X98765432"[sum%11:sum%11+1]
}

// A customs declaration has 18 digits: the customs' code, the year, 1 for import or 0
// for export, and nine digits of its own. Since 2021 its year makes a year of birth
// after 2100, so none is ever taken for a resident number.
func TestNoCustomsDeclarationIsAResidentNumber(t *testing.T) {
	for _, customs := range []string{"2200", "2225", "2229", "2233", "2248", "5101", "0101", "4403"} {
		for year := 2021; year <= 2060; year++ {
			for i := range 2000 {
				no := fmt.Sprintf("%s%d%d%09d", customs, year, i%2, (i*500_009+7*year)%1_000_000_000)
				if got := Numbers(no); got != 0 {
					t.Fatalf("declaration %s: got %b, want nothing", no, got)
				}
			}
		}
	}
}

// Nothing is lost on the way: a number is seen whatever stands around it.
func TestANumberIsSeenInAnyText(t *testing.T) {
	for number, want := range map[string]Kind{"11010519491231002X": ResidentID, "310101650312001": OldResidentID, "13812345678": Mobile, "E12345678": Passport} {
		for _, around := range []string{"%s", "患者%s", "%s转院", "（%s）", "a %s b", "患者\n%s\n", "：%s，", "20 %s", "\t%s", "<%s>", "编号%s", "证件号码%s"} {
			if got := Numbers(fmt.Sprintf(around, number)); got&want == 0 {
				t.Errorf("%s in %q: got %b, want it seen", number, around, got)
			}
		}
	}
}

// What has too few digits for a number is not looked through; what has just enough is.
func TestTheShortestNumberOfEachKindIsSeen(t *testing.T) {
	for _, row := range []struct {
		s    string
		want Kind
	}{
		{"EA1234567", Passport},
		{"E 1234 5678", Passport},
		{"EA-1234-567", Passport},
		{"EA123456", 0},
		{"１３８１２３４５６７８", Mobile},
		{"1381234567", 0},
		{"11010519491231002X", ResidentID},
		{"130503670401001", OldResidentID},
		{"13050367040100", 0},
	} {
		if got := Numbers(row.s); got != row.want {
			t.Errorf("%q: got %v, want %v", row.s, got, row.want)
		}
	}
}
