package casework

import (
	"time"

	"jixu/internal/calendar"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/typed"
)

// Filing is what somebody did outside this system, as they recorded it: the
// hospital's application to the national regulator, or the Health
// Commission's report to the NHC.
type Filing struct {
	Channel string       `json:"Channel"` // 1 to 200 characters: 受理大厅、邮寄、网上申报 …
	Date    calendar.Day `json:"Date"`    // not after today
	Receipt string       `json:"Receipt"` // 0 to 200 characters; empty: not received yet 尚未收到
	Person  string       `json:"Person"`
	At      time.Time    `json:"At"`
}

// Received is an agency's word that a copy has arrived.
type Received struct {
	Submission int       `json:"Submission"`
	Person     string    `json:"Person"`
	At         time.Time `json:"At"`
}

const (
	maxChannel = 200
	maxReceipt = 200
)

// File records the hospital's filing with the national regulator (notice 002,
// two (1) 2). A later one replaces it: the receipt often comes afterwards. The
// same again changes nothing. It fails as [Case.Permits], and with
// [fault.Invalid] if channel or date are missing or the date is to come.
func (c Case) File(f Filing, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(File, a); err != nil {
		return Change{}, err
	}
	f, err := readFiling(f, s)
	if err != nil {
		return Change{}, err
	}
	f.Person, f.At = a.Person, s.Now
	c.Filing = &f
	return Change{
		Case: c, Verb: File, By: a,
		Facts: &Facts{
			Filing: filingFx(f),
			Shares: without([]string{s.Agencies.MunicipalMPA, s.Agencies.HealthCommission}),
		},
	}, nil
}

// ReportOn records that the written opinion on a drug was reported to the NHC
// (notice 002, two (1) 3). It fails as [Case.Permits] and [Case.File].
func (c Case) ReportOn(f Filing, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Report, a); err != nil {
		return Change{}, err
	}
	f, err := readFiling(f, s)
	if err != nil {
		return Change{}, err
	}
	f.Person, f.At = a.Person, s.Now
	c.Report = &f
	return Change{
		Case: c, Verb: Report, By: a,
		Facts: &Facts{
			Leg: gate.Opinion, Filing: filingFx(f),
			Shares: without([]string{c.Hospital, s.Agencies.MunicipalMPA}),
		},
	}, nil
}

func filingFx(f Filing) *FilingFx {
	return &FilingFx{Channel: f.Channel, Date: f.Date.String(), Receipt: f.Receipt}
}

// readFiling returns f in the spelling that is kept. It fails with [fault.Invalid]
// for what [Case.File] refuses.
func readFiling(f Filing, s Setting) (Filing, error) {
	var in typed.Reader
	f.Channel = in.Line("channel", f.Channel, 1, maxChannel)
	switch {
	case f.Date.IsZero():
		in.Problems = append(in.Problems, fault.Problem{Field: "date", Code: "field.missing"})
	case calendar.DayOf(s.Now).Before(f.Date):
		in.Problems = append(in.Problems, fault.Problem{Field: "date", Code: "field.future"})
	}
	f.Receipt = in.Read(letterNumber(0, maxReceipt), "receipt", f.Receipt)
	return f, in.Err()
}

// Receive records that a's agency has the copy of submission no, the newest
// (抄报回执). It fails as [Case.Permits], and with [fault.Conflict] if no is not
// the newest: another copy is on its way.
func (c Case) Receive(no int, a party.Actor, s Setting) (Change, error) {
	if err := c.Permits(Receive, a); err != nil {
		return Change{}, err
	}
	if err := c.about(no); err != nil {
		return Change{}, err
	}
	c = c.Clone()
	if c.Received == nil {
		c.Received = map[string]Received{}
	}
	c.Received[a.Org] = Received{Submission: no, Person: a.Person, At: s.Now}
	return Change{
		Case: c, Verb: Receive, By: a,
		Facts: &Facts{Received: no, Shares: without([]string{c.Hospital})},
	}, nil
}
