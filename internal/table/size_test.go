package table

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// The longest case that can be typed, whose reply was replaced twenty times, fits
// into an item with room to spare: a head that grows would one day stop every move
// of its case. What lists show of it is kept, whatever was typed.
func TestTheLongestCaseFitsIntoAnItem(t *testing.T) {
	for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
		for _, letter := range []string{"急", "<", `"`, "𠮷"} {
			c := longest(t, kind, letter)
			h, err := docket.CaseHead(c)
			if err != nil {
				t.Fatal(err)
			}
			it, err := headItem(docket.Change{Head: h, Home: docket.Place{List: docket.OwnPages.Of(c.Hospital)}})
			if err != nil {
				t.Fatal(err)
			}
			n := size(it)
			t.Logf("%s of %s: %d former replies, head of %d bytes, %d of them what lists show", kind, letter, len(c.Former), n, len(h.Row))
			if len(h.Row) == 0 || len(h.Row) > docket.MaxRow {
				t.Errorf("%s of %s: got a row of %d bytes, want at most %d", kind, letter, len(h.Row), docket.MaxRow)
			}
			if n > maxItem {
				t.Errorf("%s of %s: got a head of %d bytes, want at most %d", kind, letter, n, maxItem)
			}
		}
	}
}

// longest lives a case in which everything is typed to its bound, out of letter.
func longest(t *testing.T, kind policy.Kind, letter string) casework.Case {
	t.Helper()
	text := func(n int) string { return strings.Repeat(letter, n) }
	key := map[policy.Kind]string{policy.Device: policy.DeviceKey, policy.Drug: policy.DrugKey}[kind]
	pack, _ := policy.Carried(key)
	form, files := map[string]string{}, map[string][]string{}
	for _, f := range pack.Form {
		most := 100
		if f.Kind == policy.OneLine || f.Kind == policy.Multiline {
			most = f.Max
		}
		form[f.ID] = text(most)
	}
	for _, part := range pack.Parts {
		for _, item := range part.Items {
			for i := range item.MaxFiles {
				files[item.ID] = append(files[item.ID], strings.Repeat("f", 15)+strconv.Itoa(i%10))
			}
		}
	}
	now := time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)
	s := casework.Setting{Now: now, Rules: policy.LocalSample(), Calendar: calendar.Official(), Agencies: party.Agencies{
		MunicipalMPA: "mpa", HealthCommission: "hc", Customs: "customs", Regulator: "nmpa",
	}}
	lin := party.Actor{Person: "lin", Org: "h1", Kind: party.Hospital, Roles: []party.Role{party.Applicant}, Via: party.BySession}
	lead, other := party.MunicipalMPA, party.HealthCommission
	if kind == policy.Drug {
		lead, other = other, lead
	}
	org := map[party.Kind]string{party.MunicipalMPA: "mpa", party.HealthCommission: "hc"}
	zhou := party.Actor{Person: "zhou", Org: org[lead], Kind: lead, Roles: []party.Role{party.Assessor}, Via: party.BySession}
	luo := party.Actor{Person: "luo", Org: org[other], Kind: other, Roles: []party.Role{party.Assessor}, Via: party.BySession}
	shen := party.Actor{Person: "shen", Org: "nmpa", Kind: party.Regulator, Roles: []party.Role{party.Recorder}, Via: party.BySession}
	var c casework.Case
	gates := map[gate.Leg]gate.Gate{}
	take := func(ch casework.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c = ch.Case
		if ch.Facts != nil {
			c.Seq++
		}
		for _, g := range ch.Opened {
			gates[g.Leg] = g
		}
	}
	take(casework.New("c1", "N-1", kind, key, lin, s))
	take(c.Fill(form, lin, now))
	c.Files = files
	sub := casework.Submission{
		Manifest: text(0) + strings.Repeat("m", 120), Digest: strings.Repeat("d", 64), Product: text(200), Quantity: 10, Unit: text(20),
		Later: []string{"signed-form"}, Urgency: text(4000),
	}
	take(c.Submit(sub, lin, s))
	take(c.Identify("v1", text(4000), false, 1, zhou, s))
	take(c.Join(text(4000), luo, s))
	o := casework.Opinion{Submission: 1, Advice: text(4000), Override: text(4000)}
	for _, q := range casework.Questions {
		o.Findings = append(o.Findings, casework.Finding{Question: q, Met: true, Reason: text(4000)})
	}
	take(c.Opine(o, gates[gate.Opinion], "d", zhou, s))
	d := casework.Decision{
		Outcome:    casework.ApproveInPart,
		Submission: 1,
		Number:     text(100),
		Reason:     text(4000),
		Date:       calendar.DayOf(now),
		Terms:      casework.Terms{Quantity: 9, Unit: text(20)},
	}
	for range 30 {
		d.Terms.Conditions = append(d.Terms.Conditions, text(1000))
	}
	take(c.Record(d, casework.Evidence{File: "f0"}, gates[gate.Reply], nil, "d", shen, s))
	for i := range 20 {
		s.Now = now.AddDate(0, 0, i+1)
		d.Date = calendar.DayOf(s.Now)
		take(c.Amend(d, casework.Evidence{File: "f" + strconv.Itoa(i)}, text(4000), c.Replies(), nil, shen, s))
	}
	return c
}
