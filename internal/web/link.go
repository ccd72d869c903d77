package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"jixu/internal/docket"
	"jixu/internal/dossier"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/typed"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// Member is one person of the party's roster who may answer.
type Member struct {
	ID    string
	Name  string
	Title string
}

type linkPage struct {
	site.Page
	Identity Identity
	Move     Move
	Summary  Summary
	Frozen   []Section
	Roster   []Member
	Post     string
	SignIn   string
}

// linkPages are what a link opens, and the code that lets somebody in.
type linkPages struct{ base }

// visit looks up the link in the path. Whatever is wrong with it, a stranger
// reads one and the same page.
func (x linkPages) visit() (docket.Visit, bool, error) {
	v, err := x.links.Visit(x.Ctx(), x.R.PathValue("link"))
	if errors.Is(err, fault.NotFound) {
		return docket.Visit{}, false, nil
	}
	return v, err == nil, err
}

// show shows what the link opens; it never decides. Who is identified goes to
// the gate itself, whatever became of it.
func (x linkPages) show() error {
	v, ok, err := x.visit()
	if err != nil {
		return err
	}
	if ok && x.Session != nil && v.MayAnswer(x.Actor) {
		return x.See("/agency/cases/" + v.Link.Of + "/gates/" + v.Link.Gate)
	}
	if !ok || !v.Live {
		return x.Closed()
	}
	return x.showLink(http.StatusOK, v, nil)
}

func (x linkPages) showLink(status int, v docket.Visit, problems []fault.Problem) error {
	view, err := x.desk.Visited(x.Ctx(), v)
	if err != nil {
		return err
	}
	earlier, err := x.earlier(view)
	if err != nil {
		return err
	}
	roster, err := x.roster(v.Link.Party, v.Gate)
	if err != nil {
		return err
	}
	who := inIdentity(view.Case)
	who.org(v.Link.Party)
	rd, err := x.reader(who)
	if err != nil {
		return err
	}
	p := makeLink(rd, view, v, earlier, roster, problems)
	p.Post = "/l/" + x.R.PathValue("link") + "/code"
	return x.Render(status, "link", &p.Page, &p)
}

func makeLink(rd reader, view docket.View, v docket.Visit, earlier *dossier.Manifest, roster []Member, problems []fault.Problem) linkPage {
	g := v.Gate
	p := linkPage{
		Identity: identity(rd, view.Case), Summary: summary(rd, view, g, v.Link.Party), Frozen: frozenSections(rd, view), Roster: roster,
		Move: Move{
			Who: rd.names.org(v.Link.Party), What: rd.lang.Say("move." + string(g.Kind)), Due: due(rd, g, view.Now), Since: g.OpenedAt, Round: g.Round,
		},
		SignIn: "/agency/sign-in?return=/agency/cases/" + v.Link.Of + "/gates/" + v.Link.Gate,
	}
	p.Identity.Href = ""
	if view.Manifest != nil {
		markChanges(rd, view, earlier, &p.Summary, p.Frozen, answers(rd, view.Pack, view.Manifest.Form, nil, ""))
	}
	p.Errors = form.Wrong(rd.lang, problems, func(string) string { return rd.lang.Say("link.who") })
	p.Title = rd.titled(rd.lang.Say("move."+string(g.Kind))+" "+view.Case.Number, p.Errors)
	return p
}

// roster lists who of org may answer g.
func (x linkPages) roster(org string, g gate.Gate) ([]Member, error) {
	people, err := x.Site.Directory.Roster(x.Ctx(), org)
	if err != nil {
		return nil, err
	}
	var out []Member
	for _, p := range people {
		a := party.Actor{Person: p.ID, Org: p.Org, Roles: p.Roles, Via: party.BySession}
		if g.MayAnswer(a) == nil {
			out = append(out, Member{ID: p.ID, Name: p.Name(string(x.Lang)), Title: p.Title})
		}
	}
	return out, nil
}

const browserCookie = "__Host-jixu-browser"

// requestCode has a one-time code sent to the chosen person's own channel.
func (x linkPages) requestCode() error {
	v, ok, err := x.visit()
	if err != nil {
		return err
	}
	if !ok || !v.Live {
		return x.Closed()
	}
	person := x.Values().Get("person")
	roster, err := x.roster(v.Link.Party, v.Gate)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(roster, func(m Member) bool { return m.ID == person }) {
		return x.showLink(http.StatusUnprocessableEntity, v, []fault.Problem{{Field: "person", Code: "field.choice"}})
	}
	browser := x.Cookie(browserCookie)
	if browser == "" {
		browser = x.Site.Secret()
		x.SetCookie(browserCookie, browser, 24*60*60)
	}
	c, err := x.links.RequestCode(x.Ctx(), x.R.PathValue("link"), person, browser)
	x.noteExhausted(v, err)
	if err != nil {
		return err
	}
	return x.See("/l/" + x.R.PathValue("link") + "/code/" + c.ID)
}

type codePage struct {
	site.Page
	Post  string
	Again string
}

func (x linkPages) codePage() error {
	if v, ok, err := x.visit(); err != nil {
		return err
	} else if !ok || !v.Live {
		return x.Closed()
	}
	return x.showCode(http.StatusOK, nil)
}

func (x linkPages) showCode(status int, problems []fault.Problem) error {
	link := "/l/" + x.R.PathValue("link")
	p := codePage{Post: link + "/code/" + x.R.PathValue("code"), Again: link}
	p.Errors = form.Wrong(x.Lang, problems, func(string) string { return x.Lang.Say("code.label") })
	p.Title = x.Titled(x.Lang.Say("code.title"), p.Errors)
	return x.Render(status, "code", &p.Page, &p)
}

// enterCode opens a session of 30 minutes for the link's gate alone.
func (x linkPages) enterCode() error {
	v, ok, err := x.visit()
	if err != nil {
		return err
	}
	if !ok || !v.Live {
		return x.Closed()
	}
	session, digits := x.Site.Secret(), strings.TrimSpace(typed.Narrow(x.Values().Get("digits")))
	if len(digits) != 6 || strings.Trim(digits, "0123456789") != "" {
		// Not a code at all: no try is lost by it.
		return x.showCode(http.StatusUnprocessableEntity, []fault.Problem{{Field: "digits", Code: "code.digits"}})
	}
	s, err := x.links.EnterCode(x.Ctx(), x.R.PathValue("link"), x.R.PathValue("code"), digits, x.Cookie(browserCookie), session)
	x.noteExhausted(v, err)
	if f := fault.Of(err); f != nil && f.Kind != fault.Unavailable {
		return x.showCode(http.StatusUnprocessableEntity, []fault.Problem{{Field: "digits", Code: f.Code, Args: f.Args}})
	}
	if err != nil {
		return err
	}
	x.SignedInAs(s.Person, s.Org)
	x.SetCookie(site.LinkCookie, session, 30*60)
	return x.See("/agency/cases/" + s.Of + "/gates/" + s.Gate)
}

// noteExhausted names the gate whose codes were asked for or tried too often, for
// whoever the alarm calls.
func (x linkPages) noteExhausted(v docket.Visit, err error) {
	if f := fault.Of(err); f != nil && f.Code == "code.gate" {
		x.Site.Log.WarnContext(x.Ctx(), "codes of a gate are exhausted", "case", v.Link.Of, "gate", v.Link.Gate)
	}
}
