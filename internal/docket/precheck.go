package docket

import (
	"context"
	"fmt"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/dossier"
	"jixu/internal/policy"
	"jixu/internal/precheck"
)

// Precheck is what the pre-check found, and what it looked at.
type Precheck struct {
	Gaps     []precheck.Gap
	Expiries []precheck.Expiry
	Frozen   int // the submission it looked at; 0: the working dossier
}

// Precheck holds the dossier in v against its pack: the working one for a hospital
// that may change it now, otherwise the newest submission. It is the same engine
// that a submission is refused by.
func (d *Desk) Precheck(ctx context.Context, v View, working bool) (Precheck, error) {
	rules, err := d.Directory.Rules(ctx)
	if err != nil {
		return Precheck{}, fmt.Errorf("reading the rules: %w", err)
	}
	today := calendar.DayOf(v.Now)
	in := precheck.Input{Pack: v.Pack, Today: today, Horizon: horizon(rules), Later: v.Case.Papers.Items}
	var out Precheck
	switch {
	case working || v.Manifest == nil:
		in.Form, in.Files = v.Case.Form, attached(v.Record)
		if v.Manifest != nil {
			in.Before = before(*v.Manifest)
		}
	default:
		out.Frozen = len(v.Case.Submissions)
		in.Form = v.Manifest.Form
		for _, l := range v.Manifest.Files {
			in.Files = append(in.Files, precheck.File{Item: l.Item, ID: l.File, State: precheck.Checked, Type: string(l.Type), Size: l.Size})
		}
	}
	out.Gaps = precheck.Check(in)
	out.Expiries = precheck.Expiries(v.Pack, in.Form, today, in.Horizon)
	return out, nil
}

// horizon is how many days ahead an expiry is worth knowing, by local policy.
func horizon(r policy.Rules) int {
	if len(r.ExpiryDays) == 0 {
		return 0
	}
	return r.ExpiryDays[0]
}

// gaps holds the working dossier of r against pack as it would be submitted now,
// with the papers of later to follow.
func gaps(pack policy.Pack, r Record, later []string, s casework.Setting) []precheck.Gap {
	return precheck.Check(precheck.Input{
		Pack: pack, Form: r.Case.Form, Files: attached(r), Today: calendar.DayOf(s.Now), Horizon: horizon(s.Rules), Later: later,
	})
}

// attached lists the files of the working dossier.
func attached(r Record) []precheck.File {
	var out []precheck.File
	for item, ids := range r.Case.Files {
		for _, id := range ids {
			f, _ := r.File(id)
			out = append(out, precheck.File{Item: item, ID: id, State: precheck.FileState(f.State), Type: string(f.Type), Size: f.Size})
		}
	}
	return out
}

func before(m dossier.Manifest) *precheck.Before {
	b := precheck.Before{Form: m.Form}
	for _, l := range m.Files {
		b.Files = append(b.Files, l.File)
	}
	return &b
}
