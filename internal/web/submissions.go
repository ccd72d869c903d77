package web

import (
	"slices"
	"strconv"

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
func (x casePages) submission() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	no, err := strconv.Atoi(x.R.PathValue("no"))
	if err != nil || no < 1 || no > len(v.Case.Submissions) {
		return fault.New(fault.NotFound, "case")
	}
	pair, err := x.manifests(v, no)
	if err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeSubmission(rd, v, no, pair)
	return x.Show("submission", &p.Page, &p)
}

// manifests are those of submission no of v and of the one before it, which the first
// one does not have.
func (x base) manifests(v docket.View, no int) (pair [2]dossier.Manifest, err error) {
	for i := range pair {
		if at := no - 2 + i; at >= 0 {
			if pair[i], err = x.desk.ManifestOf(x.Ctx(), v.Record, v.Case.Submissions[at]); err != nil {
				return pair, err
			}
		}
	}
	return pair, nil
}

func makeSubmission(rd reader, v docket.View, no int, pair [2]dossier.Manifest) submissionPage {
	s := v.Case.Submissions[no-1]
	p := submissionPage{
		Identity: identity(rd, v.Case), First: no == 1, Differences: differences(rd, v, no, pair),
		Submission: SubmissionRow{No: s.No, At: s.At, Files: s.Files, Digest: s.Digest},
		Answers:    answers(rd, v.Pack, pair[1].Form, nil, ""),
	}
	p.Title = rd.lang.Say("submission", no) + " " + v.Case.Number
	return p
}

// differences lists what submission no of v says otherwise than the one before.
func differences(rd reader, v docket.View, no int, pair [2]dossier.Manifest) []Difference {
	if no < 2 {
		return nil
	}
	var out []Difference
	before, after := answers(rd, v.Pack, pair[0].Form, nil, ""), answers(rd, v.Pack, pair[1].Form, nil, "")
	for i, a := range after {
		if pair[0].Form[a.ID] != pair[1].Form[a.ID] {
			out = append(out, Difference{a.Label, before[i].Value, a.Value})
		}
	}
	for _, part := range v.Pack.Parts {
		for _, item := range part.Items {
			was, is := filesOf(v, pair[0], item.ID), filesOf(v, pair[1], item.ID)
			if was != is {
				out = append(out, Difference{rd.text(item.Label), was, is})
			}
		}
	}
	return out
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

type confirmationPage struct {
	site.Page
	Identity   Identity
	Submission SubmissionRow
	Copies     []string
	Moves      []Move

	Differences []Difference // from the submission before
	First       bool
}

// confirmation survives a bookmark: it is made of what is stored.
func (x casePages) confirmation() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	no, _ := strconv.Atoi(x.R.PathValue("no"))
	at := slices.IndexFunc(v.Events, func(e docket.Event) bool { return e.Facts.Submission != nil && e.Facts.Submission.No == no })
	if at < 0 {
		return fault.New(fault.NotFound, "case")
	}
	var pair [2]dossier.Manifest
	if no > 1 { // what changed since the one before
		if pair, err = x.manifests(v, no); err != nil {
			return err
		}
	}
	who := inMoves(v)
	who.org(v.Events[at].Facts.Copies...)
	rd, err := x.reader(who)
	if err != nil {
		return err
	}
	p := makeConfirmation(rd, v, v.Events[at], pair)
	return x.Show("confirmation", &p.Page, &p)
}

func makeConfirmation(rd reader, v docket.View, e docket.Event, pair [2]dossier.Manifest) confirmationPage {
	s := e.Facts.Submission
	p := confirmationPage{
		Identity: identity(rd, v.Case), Moves: moves(rd, v), First: s.No == 1, Differences: differences(rd, v, s.No, pair),
		Submission: SubmissionRow{No: s.No, At: e.At, Files: s.Files, Digest: s.Digest},
	}
	for _, org := range e.Facts.Copies {
		p.Copies = append(p.Copies, rd.names.org(org))
	}
	p.Title = rd.lang.Say("confirmation.title", v.Case.Number, s.No)
	return p
}
