package precheck

import (
	"maps"
	"slices"
	"strings"

	"jixu/internal/identifier"
	"jixu/internal/policy"
)

// Rules names every rule that a gap can come from. A sentence for what it found
// stands under gap.<rule>, or is that of the fault of the same name.
var Rules = []string{
	ruleField, rulePaper, ruleLater, ruleOptional, ruleMirror, ruleCode, ruleLabel, ruleFuture, ruleOrder, ruleExpired, ruleExpires,
	ruleLess, ruleMore, ruleOthers, ruleUnused, ruleLead, ruleControlled, ruleSame,
}

// Cures names every sentence that says what to do about a gap.
var Cures = []string{
	"cure.field", "cure.field.missing", "cure.file.missing", "cure.file.rejected", "cure.file.unchecked", "cure.file.unscanned", "cure.mirror", "cure.code",
	"cure.day", "cure.expires", "cure.quantity.less", "cure.same",
}

const (
	ruleField      = "field"           // the form's own checks: missing, unreadable, out of range
	rulePaper      = "paper"           // a required paper without a file, or a file that did not pass
	ruleLater      = "paper.later"     // a required paper that may follow by a date
	ruleOptional   = "paper.optional"  // a paper that is usual and not there
	ruleMirror     = "mirror"          // a document says something else than the form
	ruleCode       = "code"            // a code that fails its check
	ruleLabel      = "label.expired"   // the label shows a day of expiry that has passed
	ruleFuture     = "day.future"      // a day that cannot lie after today
	ruleOrder      = "day.order"       // an approval that ends before it was given
	ruleExpired    = "expired"         // a licence or certificate has ended
	ruleExpires    = "expires"         // it ends soon
	ruleLess       = "quantity.less"   // fewer units than the patients need
	ruleMore       = "quantity.more"   // more units than the patients need
	ruleOthers     = "repeat.others"   // a repeat for a device without other patients
	ruleUnused     = "repeat.unused"   // a repeat for a device before the units were used
	ruleLead       = "drug.lead"       // a rare-disease drug imported by somebody outside the network
	ruleControlled = "drug.controlled" // a narcotic or psychotropic drug
	ruleSame       = "same"            // the next submission is the one before
)

// formRead lists what the pack's form says of its values. It blocks.
func formRead(c *check) {
	for _, pr := range c.Pack.CheckForm(c.Form) {
		f, ok := c.Pack.Field(pr.Field)
		if !ok {
			f = policy.Field{ID: pr.Field, Status: c.Pack.Status} // nobody's field: it came from outside
		}
		cure := "cure.field"
		if pr.Code == "field.missing" {
			cure = "cure.field.missing"
		}
		c.at(f, ruleField, Blocks, say(problem(pr.Code), pr.Args...), cure)
	}
}

// papersThere lists required papers without a file and files that did not pass:
// both block. A paper that is usual and not there is worth knowing.
func papersThere(c *check) {
	for _, part := range c.Pack.Parts {
		for _, it := range part.Items {
			files := c.files(it.ID)
			switch {
			case len(files) > 0:
			case it.Required && slices.Contains(c.Later, it.ID):
				c.under(it, ruleLater, Informs, "gap.paper.later", "cure.file.missing")
			case it.Required:
				c.under(it, rulePaper, Blocks, problem("file.missing"), "cure.file.missing")
			case it.ID != policy.ItemEarlierUse || c.again():
				c.under(it, ruleOptional, Informs, "gap.paper.optional", "cure.file.missing")
			}
			for _, f := range files {
				switch f.State {
				case Checked:
				case Rejected:
					c.under(it, rulePaper, Blocks, problem("file.rejected"), "cure.file.rejected")
				case Unscanned:
					c.under(it, rulePaper, Blocks, problem("file.unscanned"), "cure.file.unscanned")
				default:
					c.under(it, rulePaper, Blocks, problem("file.unchecked"), "cure.file.unchecked")
				}
			}
		}
	}
}

// again reports whether the hospital says that it applies again.
func (c *check) again() bool {
	v := c.value(policy.FieldUnitsUsed)
	return v == "used" || v == "unused"
}

// factsAgree compares what documents state with what the form says.
func factsAgree(c *check) {
	for _, f := range c.Pack.Form {
		if f.Mirrors == "" {
			continue
		}
		fact, form := c.value(f.ID), c.value(f.Mirrors)
		if fact == "" || form == "" || agree(f, fact, form, c.Today) {
			continue
		}
		c.at(f, ruleMirror, Warns, say("gap.mirror", fact, form), "cure.mirror")
	}
}

// codesRead checks codes. None of them blocks: real ones are known that fail.
func codesRead(c *check) {
	credit := ""
	for _, f := range c.Pack.Form {
		if f.Check == policy.CreditCode {
			credit = c.value(f.ID)
		}
	}
	for _, f := range c.Pack.Form {
		v := c.value(f.ID)
		if f.Check == "" || v == "" {
			continue
		}
		var results []identifier.Result
		switch f.Check {
		case policy.CreditCode:
			results = []identifier.Result{identifier.CreditCode(v)}
		case policy.LicenceNumber:
			results = []identifier.Result{identifier.Licence(v), identifier.SameOrganisation(v, credit)}
		case policy.DeviceID:
			results = []identifier.Result{identifier.DeviceID(v, c.Today)}
			if e, _ := identifier.Elements(v, c.Today); !e.Expires.IsZero() && e.Expires.Before(c.Today) {
				c.at(f, ruleLabel, Warns, say("gap.label.expired", e.Expires), "cure.mirror")
			}
		}
		for _, r := range results {
			if r.Problem.Code == "" {
				continue
			}
			s := Warns
			if r.State == identifier.Unknown {
				s = Informs
			}
			c.at(f, ruleCode, s, say(problem(r.Problem.Code), r.Problem.Args...), "cure.code")
		}
	}
}

// daysInOrder warns of days that cannot be.
func daysInOrder(c *check) {
	for _, f := range c.Pack.Form {
		if d := c.day(f.ID); f.Past && d.After(c.Today) {
			c.at(f, ruleFuture, Warns, say("gap.day.future", d), "cure.day")
		}
	}
	given, ends := c.day(policy.FieldApprovalDay), c.day(policy.FieldApprovalEnds)
	if f, ok := c.Pack.Field(policy.FieldApprovalEnds); ok && !given.IsZero() && !ends.IsZero() && ends.Before(given) {
		c.at(f, ruleOrder, Warns, say("gap.day.order", ends, given), "cure.day")
	}
}

// licencesLast warns of what has ended and tells of what ends soon.
func licencesLast(c *check) {
	for _, e := range Expiries(c.Pack, c.Form, c.Today, c.Horizon) {
		f, _ := c.Pack.Field(e.Field)
		if e.Ended {
			c.at(f, ruleExpired, Warns, say("gap.expired", e.Day), "cure.expires")
		} else {
			c.at(f, ruleExpires, Informs, say("gap.expires", e.Day, e.Left), "cure.expires")
		}
	}
}

// quantityAdds multiplies patients by units. It is an aid and never decides.
func quantityAdds(c *check) {
	f, ok := c.Pack.Field(policy.FieldQuantity)
	patients, each, asked := c.number(policy.FieldPatients), c.number(policy.FieldPerPatient), c.number(policy.FieldQuantity)
	if !ok || patients == 0 || each == 0 || asked == 0 {
		return
	}
	switch need := patients * each; {
	case asked < need:
		c.at(f, ruleLess, Warns, say("gap.quantity.less", patients, each, need, asked, need-asked), "cure.quantity.less")
	case asked > need:
		c.at(f, ruleMore, Informs, say("gap.quantity.more", patients, each, need, asked, asked-need), "")
	}
}

// repeatExplained asks what the notice makes a condition of a device's lighter
// repeat: that the units were used, and that other patients need it.
func repeatExplained(c *check) {
	others, ok := c.Pack.Field(policy.FieldOthers)
	used, asked := c.Pack.Field(policy.FieldUnitsUsed)
	if !ok || !asked || !c.again() {
		return
	}
	if c.value(policy.FieldUnitsUsed) == "unused" {
		c.at(used, ruleUnused, Informs, say("gap.repeat.unused"), "")
	}
	if c.value(others.ID) == "" && !slices.Contains(c.bad, others.ID) {
		c.at(others, ruleOthers, Warns, say("gap.repeat.others"), "cure.field.missing")
	}
}

// drugsApart tells what the drug plan says of two sorts of drugs.
func drugsApart(c *check) {
	if f, ok := c.Pack.Field(policy.FieldLead); ok && c.value(policy.FieldCategory) == policy.RareDisease && c.value(f.ID) == "no" {
		c.at(f, ruleLead, Informs, say("gap.drug.lead"), "")
	}
	if f, ok := c.Pack.Field(policy.FieldControlled); ok && c.value(f.ID) == "yes" {
		c.at(f, ruleControlled, Informs, say("gap.drug.controlled"), "")
	}
}

// somethingChanged warns of an answer to a notice that answers nothing.
func somethingChanged(c *check) {
	if c.Before == nil {
		return
	}
	var now []string
	for _, f := range c.Files {
		now = append(now, f.ID)
	}
	was := slices.Clone(c.Before.Files)
	slices.Sort(now)
	slices.Sort(was)
	if slices.Equal(now, was) && maps.Equal(filled(c.Form), filled(c.Pack.Clean(c.Before.Form))) {
		c.gaps = append(c.gaps, Gap{
			Rule: ruleSame, Severity: Warns, Status: policy.Local, What: say("gap.same"), Cure: say("cure.same"),
		})
	}
}

// filled returns what was typed, without the empty fields.
func filled(form map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range form {
		if strings.TrimSpace(v) != "" {
			out[k] = v
		}
	}
	return out
}

// problem returns the key of the sentence that a fault with code says.
func problem(code string) string { return "fault." + code }
