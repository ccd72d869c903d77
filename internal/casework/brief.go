package casework

import (
	"slices"

	"jixu/internal/policy"
)

// namedBy are the fields of a form by which lists call a case, and by which it is
// recognised as about the same thing as another.
var namedBy = []string{policy.FieldProduct, "product-original", "manufacturer", "udi-di"}

// Brief is c as lists show it: what it is called and about, whose it is, where it
// stands, who may know it, and how its gates can be answered. What people wrote beside
// the names of the product is left out, and so is whatever grows with a case.
func (c Case) Brief() Case {
	b := Case{
		ID: c.ID, Number: c.Number, Kind: c.Kind, Hospital: c.Hospital, Status: c.Status, EditedAt: c.EditedAt,
		Opinion: Track{State: c.Opinion.State}, Reply: Track{State: c.Reply.State}, Papers: Papers{Gate: c.Papers.Gate},
	}
	for _, id := range namedBy {
		if v, ok := c.Form[id]; ok {
			if b.Form == nil {
				b.Form = map[string]string{}
			}
			b.Form[id] = v
		}
	}
	if n := len(c.Submissions); n > 0 { // the newest: that there is one, and what it calls the product
		b.Submissions = []Submission{{No: n, Product: c.Submissions[n-1].Product}}
	}
	if c.Decision != nil {
		b.Decision = &Decision{Outcome: c.Decision.Outcome}
	}
	// One former approval, if there was any: Customs knows the case for it.
	if i := slices.IndexFunc(c.Former, func(d Decision) bool { return d.Outcome != Refuse }); i >= 0 {
		b.Former = []Decision{{Outcome: c.Former[i].Outcome}}
	}
	return b
}
