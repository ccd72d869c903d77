package casework

import (
	"slices"
	"time"

	"jixu/internal/policy"
)

// namedBy are the fields of a form by which lists call a case, and by which it is
// recognised as about the same thing as another.
var namedBy = []string{policy.FieldProduct, "product-original", "manufacturer", "udi-di"}

// Brief is c as lists show it: what it is called and about, whose it is, where it
// stands, who may know it, which gates are open, and how they can be answered. What people wrote beside
// the names of the product is left out, and so is whatever grows with a case.
func (c Case) Brief() Case {
	b := Case{
		ID: c.ID, Number: c.Number, Kind: c.Kind, Hospital: c.Hospital, Status: c.Status, EditedAt: c.EditedAt,
		Opinion: Leg{State: c.Opinion.State, Gate: c.Opinion.Gate}, Reply: Leg{State: c.Reply.State, Gate: c.Reply.Gate}, Papers: Papers{Gate: c.Papers.Gate},
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

// Row is how the brief of c is kept: it reads back as a case, and leaves out what is
// empty.
func (c Case) Row() any {
	b := c.Brief()
	r := row{
		ID: b.ID, Number: b.Number, Kind: b.Kind, Hospital: b.Hospital, Status: b.Status, EditedAt: b.EditedAt, Form: b.Form,
		Opinion: rowOfLeg{b.Opinion.State, b.Opinion.Gate}, Reply: rowOfLeg{b.Reply.State, b.Reply.Gate}, Papers: rowOfPapers{b.Papers.Gate},
	}
	for _, s := range b.Submissions {
		r.Submissions = append(r.Submissions, rowOfSubmission{s.No, s.Product})
	}
	if b.Decision != nil {
		r.Decision = &rowOfDecision{b.Decision.Outcome}
	}
	for _, d := range b.Former {
		r.Former = append(r.Former, rowOfDecision{d.Outcome})
	}
	return r
}

type (
	row struct {
		ID          string            `json:"ID,omitzero"`
		Number      string            `json:"Number,omitzero"`
		Kind        policy.Kind       `json:"Kind,omitzero"`
		Hospital    string            `json:"Hospital,omitzero"`
		Status      Status            `json:"Status,omitzero"`
		Form        map[string]string `json:"Form,omitzero"`
		Submissions []rowOfSubmission `json:"Submissions,omitzero"`
		Opinion     rowOfLeg          `json:"Opinion,omitzero"`
		Reply       rowOfLeg          `json:"Reply,omitzero"`
		Decision    *rowOfDecision    `json:"Decision,omitzero"`
		Former      []rowOfDecision   `json:"Former,omitzero"`
		Papers      rowOfPapers       `json:"Papers,omitzero"`
		EditedAt    time.Time         `json:"EditedAt,omitzero"`
	}
	rowOfLeg struct {
		State LegState `json:"State,omitzero"`
		Gate  string   `json:"Gate,omitzero"`
	}
	rowOfSubmission struct {
		No      int    `json:"No"`
		Product string `json:"Product"`
	}
	rowOfDecision struct {
		Outcome Outcome `json:"Outcome"`
	}
	rowOfPapers struct {
		Gate string `json:"Gate,omitzero"`
	}
)
