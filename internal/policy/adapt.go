package policy

import (
	"fmt"
	"reflect"
	"slices"

	"jixu/internal/fault"
)

// Adapt reads the pack that an operator made from base: another version of the
// same pack. Whatever is not as in base is marked [Local], whatever it says of itself, so
// that nobody's own wish is shown as an official rule; what was taken over keeps its
// status. It fails with [fault.Invalid] as [ParsePack], for another id or kind, and for the
// version of a pack of this build.
func Adapt(base Pack, b []byte) (Pack, error) {
	p, err := ParsePack(b)
	if err != nil {
		return Pack{}, err
	}
	if p.ID != base.ID || p.Kind != base.Kind {
		return Pack{}, fault.Because(fault.Invalid, "policy.pack", fmt.Errorf("%s is no version of %s", p.Key(), base.Key()))
	}
	if _, ours := Carried(p.Key()); ours || p.Version == base.Version {
		return Pack{}, fault.Because(fault.Invalid, "policy.pack", fmt.Errorf("version %s is taken", p.Version))
	}
	p.Status = Official
	for i, part := range p.Parts {
		p.Parts[i].Status = statusOf(part.heading(), base.part(part.ID).heading())
		p.Status = weaker(p.Status, p.Parts[i].Status)
		for k, it := range part.Items {
			was, _ := base.Item(it.ID)
			part.Items[k].Status = statusOf(it, was)
			p.Status = weaker(p.Status, part.Items[k].Status)
		}
	}
	for i, f := range p.Form {
		was, _ := base.Field(f.ID)
		p.Form[i].Status = statusOf(f, was)
		p.Status = weaker(p.Status, p.Form[i].Status)
	}
	return p, nil
}

// part returns the part of that id, or none.
func (p Pack) part(id string) Part {
	if i := slices.IndexFunc(p.Parts, func(q Part) bool { return q.ID == id }); i >= 0 {
		return p.Parts[i]
	}
	return Part{}
}

// heading is a part without what stands under it.
func (p Part) heading() Part {
	p.Items = nil
	return p
}

// statusOf returns the status of a rule that was taken over, and [Local] for one that
// differs from what it was.
func statusOf[T Part | Item | Field](now, was T) Status {
	if reflect.DeepEqual(now, was) {
		return Status(reflect.ValueOf(now).FieldByName("Status").String())
	}
	return Local
}

// weaker returns the status on which less can be built.
func weaker(a, b Status) Status {
	order := []Status{Official, Local, Draft, Placeholder}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// maxExpiry is the longest time before an expiry at which anybody is told, in days.
const maxExpiry = 730

// checkPacks checks what the rules say of packs and of expiry.
func (r Rules) checkPacks() error {
	for kind, key := range r.Packs {
		if kind != "device" && kind != "drug" || !name.MatchString(key) {
			return fmt.Errorf("pack %q for %q: bad kind or key", key, kind)
		}
	}
	if len(r.ExpiryDays) > 10 {
		return fmt.Errorf("more than 10 notices of an expiry")
	}
	for i, n := range r.ExpiryDays {
		if n < 1 || n > maxExpiry || i > 0 && n >= r.ExpiryDays[i-1] {
			return fmt.Errorf("notices of an expiry are not 1 to %d days before, largest first", maxExpiry)
		}
	}
	return nil
}
