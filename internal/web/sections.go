package web

import (
	"strconv"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/policy"
)

// Paper is one item of the pack with its files.
type Paper struct {
	ID        string
	Label     string
	Help      string
	Rule      string // what may be sent, said before choosing a file
	Required  bool
	Status    string // of the rule: official, placeholder …
	State     string // done, none, progress, problem
	StateText string
	Files     []PaperFile
	Href      string
	Error     string
	Room      bool // another file may be attached
	Done      bool // nothing more is needed here
	Waiting   bool // a file is still to arrive or to be checked
}

// PaperFile is one file beside its item.
type PaperFile struct {
	ID      string
	Name    string
	State   docket.FileState // for the colour; never without Word
	Word    string
	Text    string // what that means for the reader
	Size    string
	Open    bool   // it may be opened
	Again   bool   // the upload did not arrive yet and may be sent again
	Waits   bool   // it is still to arrive, to be checked or to be scanned
	Soon    bool   // … within seconds, as far as anybody knows
	Claimed string // its digest, as script computed it; only while it has not arrived
	New     bool   // it was not in the submission before
	Chosen  bool   // as the evidence of a reply
}

// Section is one part of the pack.
type Section struct {
	No     string
	Label  string
	Clause string
	Papers []Paper
}

// sections lists the working dossier by part, for the hospital.
func sections(rd reader, v docket.View, problems []fault.Problem) []Section {
	var out []Section
	for _, part := range v.Pack.Parts {
		s := Section{No: part.No, Label: rd.text(part.Label), Clause: part.Clause.Source + " " + part.Clause.Ref}
		for _, item := range part.Items {
			s.Papers = append(s.Papers, paper(rd, v, item, v.Case.Files[item.ID], problems))
		}
		out = append(out, s)
	}
	return out
}

func paper(rd reader, v docket.View, item policy.Item, ids []string, problems []fault.Problem) Paper {
	p := Paper{
		ID: item.ID, Label: rd.text(item.Label), Help: rd.text(item.Help), Required: item.Required,
		Status: rd.lang.Say("status." + string(item.Status)),
		Rule:   rd.lang.Say("file.rule", typesText(item.Types), sizeText(item.MaxBytes), item.MaxFiles),
		Href:   rd.home() + "/cases/" + v.Case.ID + "/items/" + item.ID, Room: len(ids) < item.MaxFiles,
	}
	p.State = "none"
	for _, id := range ids {
		f, ok := v.File(id)
		if !ok {
			continue
		}
		file := paperFile(rd, f)
		p.Files = append(p.Files, file)
		p.State = worse(p.State, f)
		p.Waiting = p.Waiting || file.Waits
	}
	if factsWrong(v, item) {
		p.State = "problem"
	}
	p.StateText = rd.lang.Say("task." + p.State)
	p.Done = p.State == "done" || p.State == "none" && !p.Required
	for _, problem := range problems {
		if problem.Field == "item-"+item.ID {
			p.Error = rd.lang.Say("fault."+problem.Code, problem.Args...)
		}
	}
	return p
}

// worse joins the state of a paper with that of one more file.
func worse(state string, f docket.File) string {
	switch {
	case f.State == docket.Rejected || f.State == docket.Unscanned && !comesAgain(f) || state == "problem":
		return "problem"
	case f.State == docket.Unchecked || f.State == docket.Unscanned || state == "progress":
		return "progress"
	}
	return "done"
}

// comesAgain reports whether f waits for a scan that will be tried.
func comesAgain(f docket.File) bool { return f.State == docket.Unscanned && !f.ScanAt.IsZero() }

func paperFile(rd reader, f docket.File) PaperFile {
	p := PaperFile{
		ID: f.ID, Name: f.Name, State: f.State, Word: rd.lang.Say("filestate." + string(f.State)),
		Open: f.State == docket.Checked, Again: f.State == docket.Unchecked, Waits: f.State == docket.Unchecked || comesAgain(f),
		Soon: f.State == docket.Unchecked || comesAgain(f) && f.Reason != "file.scan.away",
	}
	switch f.State {
	case docket.Rejected:
		p.Text = rd.lang.Say("fault." + f.Reason)
	case docket.Unchecked:
		p.Text, p.Claimed = rd.lang.Say("filestate.wait"), f.SHA256
	case docket.Unscanned:
		p.Text = rd.lang.Say("fault." + f.Reason)
		if !comesAgain(f) {
			p.Word = rd.lang.Say("filestate.unscannable")
		}
	case docket.Checked:
		if f.Scan != docket.Scanned {
			p.Word, p.Text = rd.lang.Say("filestate.noscanner"), rd.lang.Say("filestate.noscanner.why")
		}
	}
	if f.Size > 0 {
		p.Size = sizeText(f.Size)
	}
	return p
}

// sizeText writes a size as people do.
func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64), ".0") + " MB"
	case bytes >= 1<<10:
		return strconv.FormatFloat(float64(bytes)/(1<<10), 'f', 0, 64) + " KB"
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

func typesText(types []dossier.Type) string {
	names := map[dossier.Type]string{"pdf": "PDF", "jpeg": "JPEG", "png": "PNG", "docx": "DOCX", "xlsx": "XLSX"}
	out := ""
	for i, t := range types {
		if i > 0 {
			out += " / "
		}
		out += names[t]
	}
	return out
}

// acceptText is types as a browser's file dialogue takes them.
func acceptText(types []dossier.Type) string {
	var list []string
	for _, t := range types {
		list = append(list, t.MIME())
	}
	return strings.Join(list, ",")
}

// frozenSections lists what a submission consists of, for the agencies.
func frozenSections(rd reader, v docket.View) []Section {
	var out []Section
	if v.Manifest == nil {
		return nil
	}
	for _, part := range v.Pack.Parts {
		s := Section{No: part.No, Label: rd.text(part.Label), Clause: part.Clause.Source + " " + part.Clause.Ref}
		for _, item := range part.Items {
			p := Paper{ID: item.ID, Label: rd.text(item.Label)}
			for _, listed := range v.Manifest.Files {
				if f, ok := v.File(listed.File); ok && listed.Item == item.ID {
					p.Files = append(p.Files, paperFile(rd, f))
				}
			}
			s.Papers = append(s.Papers, p)
		}
		out = append(out, s)
	}
	return out
}
