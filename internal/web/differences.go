package web

import (
	"net/http"
	"strconv"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/web/site"
)

// Difference is one thing that a submission says otherwise than the one before.
type Difference struct {
	Label  string
	Before string
	After  string
}

type submissionPage struct {
	site.Page
	Identity    Identity
	Submission  SubmissionRow
	Differences []Difference
	First       bool
	Answers     []Answered
}

// submission shows one numbered submission and what it changed.
func (x *exchange) submission() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	no, err := strconv.Atoi(x.R.PathValue("no"))
	if err != nil || no < 1 || no > len(v.Case.Submissions) {
		return fault.New(fault.NotFound, "case")
	}
	s := v.Case.Submissions[no-1]
	p := submissionPage{
		Identity: x.identity(v.Case, x.directory()), First: no == 1,
		Submission: SubmissionRow{No: s.No, At: s.At, Files: s.Files, Digest: s.Digest},
	}
	if p.Differences, err = x.differences(v, no); err != nil {
		return err
	}
	m, err := x.desk.ManifestOf(x.Ctx(), s)
	if err != nil {
		return err
	}
	p.Answers = x.answers(v.Pack, m.Form, nil, "")
	p.Title = x.Lang.Say("submission", no) + " " + v.Case.Number
	return x.Render(http.StatusOK, "submission", &p.Page, &p)
}

// differences lists what submission no of v says otherwise than the one before.
func (x *exchange) differences(v docket.View, no int) ([]Difference, error) {
	if no < 2 || no > len(v.Case.Submissions) {
		return nil, nil
	}
	var pair [2]dossier.Manifest
	for i, s := range []casework.Submission{v.Case.Submissions[no-2], v.Case.Submissions[no-1]} {
		m, err := x.desk.ManifestOf(x.Ctx(), s)
		if err != nil {
			return nil, err
		}
		pair[i] = m
	}
	var out []Difference
	before, after := x.answers(v.Pack, pair[0].Form, nil, ""), x.answers(v.Pack, pair[1].Form, nil, "")
	for i, a := range after {
		if pair[0].Form[a.ID] != pair[1].Form[a.ID] {
			out = append(out, Difference{a.Label, before[i].Value, a.Value})
		}
	}
	for _, part := range v.Pack.Parts {
		for _, item := range part.Items {
			was, is := filesOf(v, pair[0], item.ID), filesOf(v, pair[1], item.ID)
			if was != is {
				out = append(out, Difference{x.text(item.Label), was, is})
			}
		}
	}
	return out, nil
}

// filesOf names the files of an item in a manifest, with the beginning of each
// digest: a file of the same name may be another file.
func filesOf(v docket.View, m dossier.Manifest, item string) string {
	out := ""
	for _, l := range m.Files {
		if l.Item != item {
			continue
		}
		f, _ := v.File(l.File)
		if out != "" {
			out += "\n"
		}
		out += f.Name + " (" + l.SHA256[:min(8, len(l.SHA256))] + ")"
	}
	return out
}

// besideDetails are the lines under an entry of what happens beside the legs.
func (x *exchange) besideDetails(v docket.View, f casework.Facts) []string {
	var out []string
	if f.Submission != nil && f.Submission.Urgency != "" {
		out = append(out, x.Lang.Say("beside.urgency", f.Submission.Urgency))
	}
	if f.Variety != nil {
		out = append(out, f.Variety.Reason)
	}
	if f.Join != nil {
		out = append(out, f.Join.Statement)
	}
	if f.Filing != nil {
		receipt := x.Lang.Say("filing.receipt.none")
		if f.Filing.Receipt != "" {
			receipt = x.Lang.Say("filing.receipt", f.Filing.Receipt)
		}
		out = append(out, x.Lang.Say("filing.line", f.Filing.Channel, x.dayOf(f.Filing.Date)), receipt)
	}
	if f.Received > 0 {
		out = append(out, x.Lang.Say("submission", f.Received))
	}
	if f.Replaced != nil {
		out = append(out, x.Lang.Say("beside.former.line", f.Replaced.Number, x.dayOf(f.Replaced.Date), x.Lang.Say("outcome."+string(f.Replaced.Outcome))))
	}
	return out
}
