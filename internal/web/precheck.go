package web

import (
	"strings"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/policy"
	"jixu/internal/precheck"
	"jixu/internal/web/site"
)

// GapGroup is what the pre-check found of one severity.
type GapGroup struct {
	Severity precheck.Severity // for the colour; never without Title
	Title    string
	Lines    []GapLine
}

// GapLine is one gap as people read it: where, what, on what basis, what to do.
type GapLine struct {
	Label  string
	What   string
	Cure   string // "" if there is nothing to do
	Clause string // "" if it is the system's own
	Status string
	Href   string // where the reader can cure it; "" if it is not theirs
}

// ExpiryLine is one licence or certificate that ended or will.
type ExpiryLine struct {
	Label  string
	Day    calendar.Day
	Text   string
	Status string
	Tone   string // "late" or "soon"
}

type precheckPage struct {
	site.Page
	Identity Identity
	Frozen   int // the submission that was looked at; 0: the working dossier
	Groups   []GapGroup
	Expiries []ExpiryLine
	Back     string
}

// precheck shows what stands in the way of a dossier, at any time.
func (x casePages) precheck() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	working := v.Case.Permits(casework.Edit, x.Actor) == nil
	found, err := x.desk.Precheck(x.Ctx(), v, working)
	if err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makePrecheck(rd, v, found, working)
	return x.Show("precheck", &p.Page, &p)
}

// makePrecheck says what was found of a dossier that the reader works on, or of what
// was submitted.
func makePrecheck(rd reader, v docket.View, found docket.Precheck, working bool) precheckPage {
	p := precheckPage{
		Identity: identity(rd, v.Case), Frozen: found.Frozen, Expiries: expiryLines(rd, found.Expiries), Back: rd.casePath(v.Case.ID),
	}
	cure := ""
	if working {
		cure = p.Back
		p.Back += "/dossier"
	}
	p.Groups = gapGroups(rd, found.Gaps, v.Pack, cure)
	p.Title = rd.lang.Say("precheck.title")
	return p
}

// gapGroups lists gaps by severity. base is the path of the case under which the
// reader can cure them, "" if they cannot.
func gapGroups(rd reader, gaps []precheck.Gap, pack policy.Pack, base string) []GapGroup {
	var out []GapGroup
	for _, s := range precheck.Severities {
		g := GapGroup{Severity: s}
		for _, gap := range gaps {
			if gap.Severity == s {
				g.Lines = append(g.Lines, gapLine(rd, gap, pack, base))
			}
		}
		if len(g.Lines) > 0 {
			g.Title = rd.lang.Say("severity."+string(s), len(g.Lines))
			out = append(out, g)
		}
	}
	return out
}

func gapLine(rd reader, g precheck.Gap, pack policy.Pack, base string) GapLine {
	line := GapLine{
		Label: fieldLabel(rd, pack)(g.Where), What: saying(rd, g.What), Status: rd.lang.Say("status." + string(g.Status)),
		Clause: strings.TrimSpace(g.Clause.Source + " " + g.Clause.Ref),
	}
	if line.Label == "" {
		line.Label = rd.lang.Say("gap.whole")
	}
	if g.Cure.Key != "" {
		line.Cure = saying(rd, g.Cure)
	}
	switch {
	case base == "" || g.Where == "":
	case g.Item != "":
		line.Href = base + "/items/" + g.Item
		if g.Where != "item-"+g.Item {
			line.Href += "#" + g.Where
		}
	default:
		line.Href = base + "/form#" + g.Where
	}
	return line
}

// saying writes a sentence of the law with its days as people write them.
func saying(rd reader, s precheck.Say) string {
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		if d, ok := a.(calendar.Day); ok {
			a = dayText(rd.lang, d)
		}
		args[i] = a
	}
	return rd.lang.Say(s.Key, args...)
}

func expiryLines(rd reader, list []precheck.Expiry) []ExpiryLine {
	var out []ExpiryLine
	for _, e := range list {
		line := ExpiryLine{Label: rd.text(e.Label), Day: e.Day, Status: rd.lang.Say("status." + string(e.Status)), Tone: "soon"}
		switch {
		case e.Ended:
			line.Text, line.Tone = rd.lang.Say("expiry.ended", -e.Left), "late"
		case e.Left == 0:
			line.Text = rd.lang.Say("expiry.today")
		default:
			line.Text = rd.lang.Say("expiry.left", e.Left)
		}
		out = append(out, line)
	}
	return out
}
