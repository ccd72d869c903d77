package identifier

import (
	"strings"
)

// creditAlphabet gives each character of a credit code its value; I, O, S, V and Z
// are not used (GB 32100-2015).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

const (
	creditLength  = 18
	licenceLength = 22
	clinicLength  = 12
	orgLength     = 9 // of the organisation's own code, inside both
)

// CreditCode checks a unified social credit code 统一社会信用代码 (USCC): 18
// characters, of which the third to the eighth are a region's digits and the last is a
// check character. Codes: uscc.length (counted, wanted), uscc.character (which, its place from
// 1), uscc.region, uscc.check (given, computed).
func CreditCode(s string) Result {
	v := plain(s)
	rs := []rune(v)
	if len(rs) != creditLength {
		return doubt(v, problem("uscc.length", len(rs), creditLength))
	}
	for i, r := range rs {
		if !strings.ContainsRune(creditAlphabet, r) {
			return doubt(v, problem("uscc.character", string(r), i+1))
		}
	}
	if !digits(v[2:8]) {
		return doubt(v, problem("uscc.region"))
	}
	if want := creditCheck(v); v[creditLength-1] != want {
		return doubt(v, problem("uscc.check", v[creditLength-1:], string(want)))
	}
	return valid(v)
}

// creditCheck returns the check character of the first 17 characters of v. The
// outer remainder matters: without it a sum that divides by 31 would have none.
func creditCheck(v string) byte {
	sum, weight := 0, 1
	for i := range creditLength - 1 {
		sum += strings.IndexByte(creditAlphabet, v[i]) * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

// Licence checks the registration number of a medical institution's practice
// licence 医疗机构执业许可证登记号: 22 characters, or the 12 digits that clinics may carry, of
// which nothing further is known. Codes: licence.length (counted, wanted), licence.clinic,
// licence.character (which, its place from 1), licence.region.
func Licence(s string) Result {
	v := plain(s)
	rs := []rune(v)
	if len(rs) == clinicLength && digits(v) {
		return Result{State: Unknown, Value: v, Problem: problem("licence.clinic")}
	}
	if len(rs) != licenceLength {
		return doubt(v, problem("licence.length", len(rs), licenceLength))
	}
	for i, r := range rs {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return doubt(v, problem("licence.character", string(r), i+1))
		}
	}
	if !digits(v[orgLength : orgLength+6]) {
		return doubt(v, problem("licence.region"))
	}
	return valid(v)
}

// SameOrganisation checks that licence and credit code name one organisation: the
// first nine characters of the one are the ninth to the seventeenth of the other. Of codes
// too short to compare it says nothing. Code: licence.organisation (the two).
func SameOrganisation(licence, credit string) Result {
	l, c := plain(licence), plain(credit)
	if Licence(l).State != Valid || len([]rune(c)) != creditLength || len(c) != creditLength {
		return Result{State: Unknown, Value: l}
	}
	if in := c[8:17]; l[:orgLength] != in {
		return doubt(l, problem("licence.organisation", l[:orgLength], in))
	}
	return valid(l)
}
