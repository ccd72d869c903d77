package docket

import (
	"context"
	"errors"
	"fmt"

	"jixu/internal/casework"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
)

// Pack returns the requirement pack of c: one of this build, or an operator's own.
func (d *Desk) Pack(ctx context.Context, c casework.Case) (policy.Pack, error) { return d.pack(ctx, c) }

func (d *Desk) pack(ctx context.Context, c casework.Case) (policy.Pack, error) {
	if p, ok := d.Packs(c.Pack); ok {
		return p, nil
	}
	p, err := d.Directory.Pack(ctx, c.Pack)
	if errors.Is(err, fault.NotFound) {
		// Not the reader's mistake: a case names a pack that nobody keeps any more.
		return policy.Pack{}, fault.Because(fault.Unavailable, "pack", errors.New("unknown pack "+c.Pack))
	}
	if err != nil {
		return policy.Pack{}, fmt.Errorf("reading pack %s: %w", c.Pack, err)
	}
	return p, nil
}

// CurrentPack returns the pack that a new draft of kind gets now. It fails with
// fault.Invalid for a kind no pack exists for.
func (d *Desk) CurrentPack(ctx context.Context, kind policy.Kind) (policy.Pack, error) {
	rules, err := d.Directory.Rules(ctx)
	if err != nil {
		return policy.Pack{}, fmt.Errorf("reading the rules: %w", err)
	}
	key, err := d.currentPack(ctx, kind, rules)
	if err != nil {
		return policy.Pack{}, err
	}
	return d.pack(ctx, casework.Case{Pack: key})
}

// currentPack names the pack that new drafts of kind get: the operator's own if
// the rules name one that is there, else this build's.
func (d *Desk) currentPack(ctx context.Context, kind policy.Kind, rules policy.Rules) (string, error) {
	key, ok := d.Current[kind]
	if !ok {
		return "", fault.Fields([]fault.Problem{{Field: "kind", Code: "field.choice"}})
	}
	if own := rules.Packs[string(kind)]; own != "" && own != key {
		p, err := d.pack(ctx, casework.Case{Pack: own})
		if err != nil {
			return "", err
		}
		if p.Kind != kind {
			return "", fault.Because(fault.Unavailable, "pack", fmt.Errorf("pack %s is for a %s", own, p.Kind))
		}
		key = own
	}
	return key, nil
}

// PutPack keeps an operator's own version of base, a pack of this build: what
// differs from it is marked as the operator's own. It fails with fault.NotFound for an unknown
// base, as policy.Adapt, and with fault.Conflict if the version exists with other content: a pack that
// may have been used is never changed.
func (d *Desk) PutPack(ctx context.Context, base string, data []byte) (policy.Pack, error) {
	from, ok := d.Packs(base)
	if !ok {
		return policy.Pack{}, fault.New(fault.NotFound, "pack")
	}
	p, err := policy.Adapt(from, data)
	if err != nil {
		return policy.Pack{}, err
	}
	return p, d.Directory.PutPack(ctx, p)
}

// CreateFilled is Create of a draft that begins with values. It fails as Create, and
// with fault.Invalid for values that no draft could hold.
func (d *Desk) CreateFilled(ctx context.Context, op Op, kind policy.Kind, values map[string]string, a party.Actor) (Receipt, error) {
	pack, err := d.CurrentPack(ctx, kind)
	if err != nil {
		return Receipt{}, err
	}
	values = pack.Clean(values)
	if err := fault.Fields(pack.CheckDraft(values)); err != nil {
		return Receipt{}, err
	}
	return d.create(ctx, op, kind, Digest("create-filled", kind, values), a, func(c casework.Case) casework.Case {
		if c.Pack != pack.Key() {
			return c // the operator changed the pack this very moment: the draft begins empty
		}
		c = c.Clone()
		for field, value := range values {
			c.Form[field] = value
		}
		return c
	})
}
