package casework

import (
	"encoding/json"
	"fmt"

	"jixu/internal/history"
	"jixu/internal/law"
)

// Words in which an entry of a case is told beside those of the frame.
const (
	AsCopy    law.ToldAs = "copy"    // a submission was copied to you
	AsOutcome law.ToldAs = "outcome" // an opinion, a reply or a withdrawal is there
	AsRecount law.ToldAs = "recount" // a deadline is on another day, because the calendar has grown; with a link
	AsReceipt law.ToldAs = "receipt" // what you sent has arrived
)

// Envelope derives from an entry of a case what must be told of it: the machine's
// runs and gates, whose move it is, who gets copies and outcomes, what the clock
// says, and that a submission has arrived.
func Envelope(e history.Entry) (law.Envelope, error) {
	var f Facts
	if err := json.Unmarshal(e.Body, &f); err != nil {
		return law.Envelope{}, fmt.Errorf("reading entry %d of %s: %w", e.Seq, e.Aggregate, err)
	}
	out := law.Envelope{Number: f.Number, Opens: f.Opens, Closes: f.Closes, Starts: f.Starts}
	if o := f.Renewed; o != nil { // it was opened before: fresh links, no new gate
		for _, org := range append([]string{o.Party}, o.Recorders...) {
			out.Also = append(out.Also, law.Told{As: law.AsGate, Org: org, Gate: o.Gate, Issue: o.Issue, Due: law.Instant(o.Due)})
		}
	}
	for _, org := range f.Copies {
		out.Also = append(out.Also, law.Told{As: AsCopy, Org: org})
	}
	for _, org := range f.Shares {
		out.Also = append(out.Also, law.Told{As: AsOutcome, Org: org})
	}
	if r := f.Ring; r != nil {
		told := r.Told()
		if Verb(e.Verb) == Lapse { // then the gate is closed, and the outcome is told
			told = told[1:]
		}
		out.Also = append(out.Also, told...)
	}
	out.Also = append(out.Also, recounted(f.Recounts)...)
	if f.Submission != nil && e.By.Org != "" {
		out.Also = append(out.Also, law.Told{As: AsReceipt, Org: e.By.Org})
	}
	return out, nil
}

// recounted says whose move it is that their day is another one.
func recounted(list []RecountFx) []law.Told {
	var out []law.Told
	for _, r := range list {
		if r.Gate == "" || r.Due == r.Was {
			continue
		}
		for _, org := range append([]string{r.Party}, r.Recorders...) {
			out = append(out, law.Told{As: AsRecount, Org: org, Gate: r.Gate, Issue: r.Issue, Due: law.Instant(r.Due)})
		}
	}
	return out
}
