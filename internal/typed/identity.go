package typed

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind is a kind of number that names a person; several are added up.
type Kind int

const (
	// ResidentID is a resident identity number of 18 characters (GB 11643): the code of
	// a province, or the 9 of a foreigner's permanent residence, a day of birth that can
	// be, and a right check digit. A resident's who was born from 1920 to 1999 is seen with
	// a wrong check digit too: it is a slip of a hand, while numbers of papers bear days of
	// this century. A foreigner's is not, because credit codes of companies begin alike. So
	// customs declaration numbers, which are 18 digits as well, are not taken for one: the
	// year of a declaration stands where no year of birth can come of it.
	ResidentID Kind = 1 << iota
	// OldResidentID is one of 15 digits, as they were given until 1999: a province and a
	// day of birth from 1930 to 1999. It has no check digit.
	OldResidentID
	// Mobile is a mobile number of the mainland: 11 digits that begin with 13 to 19, with
	// or without the country's +86, 86 or 0086. The number of an air waybill behind its word
	// is not one.
	Mobile
	// Passport is the number of a Chinese passport or of a permit of people from Hong
	// Kong and Macao: E, G, D, S, P or H with 8 digits, or E with a letter and 7 digits,
	// as a word of its own. Not one is what a word before it says is a lot, a serial
	// number, a model, an approval of a drug or an order, what stands in the element
	// string of a label, and D, S, P or H with a year, as approvals of drugs are numbered.
	Passport
)

// Numbers returns the kinds of numbers in s that name a person. Full-width digits and
// letters, blanks and hyphens between groups, and characters that nobody sees do not
// hide one; digits that run on before or behind it do.
//
// It cannot see: names; digits in words (一三八) or in circles; a number that is parted
// otherwise, turned around or lacks digits; a resident identity number that was mistyped
// in its day of birth; telephones of other countries and land lines, which are no secret;
// documents of other countries, and permits that are digits alone. It reads what was typed
// and no file.
func Numbers(s string) Kind {
	text := strings.ToUpper(strings.Map(seen, s))
	if digitsIn(text) < fewest {
		return 0 // as of most of what is typed
	}
	if len(text) >= 32 {
		text = digest.ReplaceAllString(text, "#")
	}
	rs, n := []rune(text), digitsIn(text)
	var found Kind
	add := func(is bool, k Kind) {
		if is {
			found |= k
		}
	}
	// What has too few digits for a kind is not looked through for it.
	add(n >= 17 && (holds(rs, 18, 1, between+"./·_,，、\n\r\t", isResidentID) || holds(rs, 18, 6, between, isMistypedID)), ResidentID)
	add(n >= 15 && holds(rs, 15, 6, between, isOldResidentID), OldResidentID)
	add(n >= 11 && holdsMobile(text), Mobile)
	add(n >= fewest && mayBeginPassport(text) && holdsPassport(text), Passport)
	return found
}

// fewest are the digits of a passport's number with two letters: no other has less.
const fewest = 7

// digest is one of SHA-256, SHA-1 or MD5, as people quote the one of a submission: some
// have the digits of a telephone in them.
var digest = regexp.MustCompile(`\b(?:[0-9A-F]{64}|[0-9A-F]{40}|[0-9A-F]{32})\b`)

// seen writes full-width signs as narrow ones, and nothing for what is not seen.
func seen(r rune) rune {
	if Invisible(r) || r == zwnj || r == zwj || unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return narrow(r)
}

// between are what people part the digits of one number by.
const between = " -–—‐‑−"

// holds reports whether is accepts n characters of rs that begin and end with a group
// of digits, the first of at least first: the number of a paper before a date begins
// no telephone number. Groups may be parted by one character of parts; the last
// character may be an X.
func holds(rs []rune, n, first int, parts string, is func(string) bool) bool {
	digit := func(i int) bool { return i >= 0 && i < len(rs) && rs[i] >= '0' && rs[i] <= '9' }
	for start := range rs {
		if !digit(start) || digit(start-1) {
			continue
		}
		got := make([]byte, 0, n)
		for i := start; i < len(rs) && len(got) < n; i++ {
			switch {
			case digit(i), rs[i] == 'X' && len(got) == n-1:
				got = append(got, byte(rs[i]))
				if len(got) == n && !digit(i+1) && is(string(got)) {
					return true
				}
			case len(got) >= first && strings.ContainsRune(parts, rs[i]) && (digit(i+1) || i+1 < len(rs) && rs[i+1] == 'X'):
			default:
				i = len(rs)
			}
		}
	}
	return false
}

func isMobile(d string) bool { return d[0] == '1' && d[1] >= '3' && digits(d) }

func isResidentID(d string) bool {
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		if d[i] < '0' || d[i] > '9' {
			return false
		}
		sum += int(d[i]-'0') * w
	}
	return "10X98765432"[sum%11] == d[17] && (province(d) || d[0] == '9') && d[6:10] >= "1800" && d[6:10] <= "2099" && day(d[6:14])
}

func isMistypedID(d string) bool {
	return digits(d[:17]) && province(d) && d[6:10] >= "1920" && d[6:10] <= "1999" && day(d[6:14])
}

func isOldResidentID(d string) bool {
	return digits(d) && province(d) && d[6] >= '3' && day("19"+d[6:12])
}

// digitsIn is how many digits s has.
func digitsIn(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// province reports whether d begins with the code of a province (GB/T 2260).
func province(d string) bool {
	return strings.Contains(" 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 ", " "+d[:2]+" ")
}

// day reports whether d is a day as 19491231.
func day(d string) bool {
	_, err := time.Parse("20060102", d)
	return err == nil
}

// dates are days of the last century as they are written: with a count behind it, one
// would have the digits of a mobile number.
var dates = regexp.MustCompile(`\b19[0-9]{2}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])\b`)

// dotted is a mobile number in groups that points part.
var dotted = regexp.MustCompile(`\b1[3-9][0-9]\.[0-9]{4}\.[0-9]{4}\b`)

// waybill is the number of an air waybill behind the word for one: an airline's three
// digits, seven more and their check digit. Airlines from 130 to 199 begin as mobile
// numbers do.
var waybill = regexp.MustCompile(`(?:运单|提单|主单|分单|\bAWB|\bWAYBILL)[^0-9\n]{0,12}[0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}\b`)

// withoutWaybill takes the number out of s, a match of waybill, if its check digit is
// right: the seven digits before it modulo 7 (IATA Resolution 600a).
func withoutWaybill(s string) string {
	first := strings.IndexAny(s, "0123456789")
	number := strings.NewReplacer(" ", "", "-", "").Replace(s[first:])
	serial, err := strconv.Atoi(number[3:10])
	if err != nil || serial%7 != int(number[10]-'0') {
		return s
	}
	return s[:first] + "#"
}

func holdsMobile(text string) bool {
	if dotted.MatchString(text) {
		return true
	}
	rs := []rune(waybill.ReplaceAllStringFunc(dates.ReplaceAllString(text, "日"), withoutWaybill))
	return holds(rs, 11, 3, between, isMobile) || holds(rs, 13, 2, between, func(d string) bool { return d[:2] == "86" && isMobile(d[2:]) }) ||
		holds(rs, 15, 4, between, func(d string) bool { return d[:4] == "0086" && isMobile(d[4:]) })
}

// passport is what looks like one: all letters and digits that stand together.
var passport = regexp.MustCompile(`^(?:[EG][0-9]{8}|[DSPH][0-9]{8}|E[A-HJ-NP-Z][0-9]{7})$`)

// dated is a number of an approval of a drug, as H20240012: its year follows the letter.
var dated = regexp.MustCompile(`^[DSPH](?:19|20)`)

// ofAThing is a word, at the end of a text, that says of the number behind it that it is
// no person's.
var ofAThing = regexp.MustCompile(`(?:批号|批次|批次号|序列号|出厂编号|设备编号|资产编号|证书编号|证书号|图号|病理号|产品编号|型号|规格|货号|料号|目录号|订单号|订单编号|合同号|合同编号|运单号|提单号|发票号|发票号码|` +
	`注册证号|注册证编号|批准文号|准字|\b(?:LOT|BATCH|SERIAL|SN|S/N|REF|MODEL|CAT|P/N|PN|PO)(?:[ .]*(?:NO|NUMBER|#))?|\([0-9]{2,4}\))[ .:：#为是\t\n|(（\[【]*$`)

// listed is what stands between the numbers of one list.
var listed = regexp.MustCompile(`^[ ,，、;；/和及与\n]+$`)

// parted is a passport's number in groups.
var parted = regexp.MustCompile(`\b(E[A-HJ-NP-Z]?|G)[ -]?([0-9]{4})[ -]?([0-9]{3,4})\b`)

// word is what letters and digits stand together.
var word = regexp.MustCompile(`[A-Z0-9]+`)

// mayBeginPassport reports whether one of a passport's letters has a digit soon behind it:
// most of what is typed is told apart by that, and costs no expression.
func mayBeginPassport(text string) bool {
	for i := range len(text) {
		if strings.IndexByte("EGDSPH", text[i]) >= 0 && digitsIn(text[i+1:min(i+4, len(text))]) > 0 {
			return true
		}
	}
	return false
}

// holdsPassport reports whether text, in capitals, has a passport's number in it.
func holdsPassport(text string) bool {
	text = parted.ReplaceAllString(text, "$1$2$3")
	thing := -1 // where the last number ends that is a thing's
	for _, at := range word.FindAllStringIndex(text, -1) {
		number := text[at[0]:at[1]]
		if !passport.MatchString(number) {
			continue
		}
		before := text[:at[0]]
		if !dated.MatchString(number) && !ofAThing.MatchString(before[max(0, len(before)-60):]) && (thing < 0 || !listed.MatchString(text[thing:at[0]])) {
			return true
		}
		thing = at[1]
	}
	return false
}
