package web

import (
	"jixu/internal/docket"
	"jixu/internal/dossier"
)

// markChanges says what differs from the submission before: in the summary as
// lines, and beside each file and answer. Without one before, nothing is marked.
func markChanges(rd reader, v docket.View, earlier *dossier.Manifest, s *Summary, frozen []Section, answers []Answered) {
	if earlier == nil {
		return
	}
	for i, a := range answers {
		if v.Manifest.Form[a.ID] != earlier.Form[a.ID] {
			answers[i].New = true
			s.Changed = append(s.Changed, rd.lang.Say("changed.field", a.Label))
		}
	}
	for _, section := range frozen {
		for _, paper := range section.Papers {
			markFiles(rd, s, paper, *earlier)
		}
	}
}

// markFiles marks the files of paper that were not listed before.
func markFiles(rd reader, s *Summary, paper Paper, earlier dossier.Manifest) {
	had := map[string]bool{}
	for _, l := range earlier.Files {
		if l.Item == paper.ID {
			had[l.File] = true
		}
	}
	added := 0
	for i, f := range paper.Files {
		if had[f.ID] {
			delete(had, f.ID)
			continue
		}
		paper.Files[i].New = true
		added++
	}
	if added > 0 || len(had) > 0 {
		s.Changed = append(s.Changed, rd.lang.Say("changed.files", paper.Label, added, len(had)))
	}
}
