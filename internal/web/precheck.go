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
func (x *exchange) precheck() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	working := v.Case.Permits(casework.Edit, x.Actor) == nil
	found, err := x.desk.Precheck(x.Ctx(), v, working)
	if err != nil {
		return err
	}
	p := precheckPage{
		Identity: x.identity(v.Case, x.directory()), Frozen: found.Frozen, Expiries: x.expiryLines(found.Expiries),
		Back: "/hospital/cases/" + v.Case.ID,
	}
	cure := ""
	if working {
		p.Back += "/dossier"
		cure = "/hospital/cases/" + v.Case.ID
	}
	p.Groups = x.gapGroups(found.Gaps, v.Pack, cure)
	p.Title = x.Lang.Say("precheck.title")
	return x.Show("precheck", &p.Page, &p)
}

// frozenGaps is what the pre-check says of the newest submission, for those who
// assess it.
func (x *exchange) frozenGaps(v docket.View) ([]GapGroup, error) {
	found, err := x.desk.Precheck(x.Ctx(), v, false)
	if err != nil {
		return nil, err
	}
	return x.gapGroups(found.Gaps, v.Pack, ""), nil
}

// expiries are the licences and certificates of a case that ended or will soon.
func (x *exchange) expiries(v docket.View) ([]ExpiryLine, error) {
	found, err := x.desk.Precheck(x.Ctx(), v, v.Case.Permits(casework.Edit, x.Actor) == nil)
	if err != nil {
		return nil, err
	}
	return x.expiryLines(found.Expiries), nil
}

// gapGroups lists gaps by severity. base is the path of the case under which the
// reader can cure them, "" if they cannot.
func (x *exchange) gapGroups(gaps []precheck.Gap, pack policy.Pack, base string) []GapGroup {
	var out []GapGroup
	for _, s := range precheck.Severities {
		g := GapGroup{Severity: s}
		for _, gap := range gaps {
			if gap.Severity == s {
				g.Lines = append(g.Lines, x.gapLine(gap, pack, base))
			}
		}
		if len(g.Lines) > 0 {
			g.Title = x.Lang.Say("severity."+string(s), len(g.Lines))
			out = append(out, g)
		}
	}
	return out
}

func (x *exchange) gapLine(g precheck.Gap, pack policy.Pack, base string) GapLine {
	line := GapLine{
		Label: x.fieldLabel(pack)(g.Where), What: x.say(g.What), Status: x.Lang.Say("status." + string(g.Status)),
		Clause: strings.TrimSpace(g.Clause.Source + " " + g.Clause.Ref),
	}
	if line.Label == "" {
		line.Label = x.Lang.Say("gap.whole")
	}
	if g.Cure.Key != "" {
		line.Cure = x.say(g.Cure)
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

// say writes a sentence of the law with its days as people write them.
func (x *exchange) say(s precheck.Say) string {
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		if d, ok := a.(calendar.Day); ok {
			a = dayText(x.Lang, d)
		}
		args[i] = a
	}
	return x.Lang.Say(s.Key, args...)
}

func (x *exchange) expiryLines(list []precheck.Expiry) []ExpiryLine {
	var out []ExpiryLine
	for _, e := range list {
		line := ExpiryLine{Label: x.text(e.Label), Day: e.Day, Status: x.Lang.Say("status." + string(e.Status)), Tone: "soon"}
		switch {
		case e.Ended:
			line.Text, line.Tone = x.Lang.Say("expiry.ended", -e.Left), "late"
		case e.Left == 0:
			line.Text = x.Lang.Say("expiry.today")
		default:
			line.Text = x.Lang.Say("expiry.left", e.Left)
		}
		out = append(out, line)
	}
	return out
}
