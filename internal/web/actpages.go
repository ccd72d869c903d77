package web

import (
	"net/http"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// actPages are the pages of acts.
type actPages struct{ base }

type actPage struct {
	site.Page
	Identity Identity
	Heading  string
	Intro    string
	Go       string
	Post     string
	Back     string
	Version  int
	Fields   []form.Input
	More     Link // to what must be done before, as uploading a letter
	Search   *Search

	Submission int // the newest, which the reader has before them
	Reply      int // the record of the reply that they have before them
}

// Link is a way to another page.
type Link struct{ Label, Href string }

// here finds the act in the path that this site has.
func (x actPages) here() (caseAct, error) {
	for _, a := range caseActs {
		if a.name == x.R.PathValue("act") && a.site == x.Site.Audience {
			return a, nil
		}
	}
	return caseAct{}, fault.New(fault.NotFound, "page")
}

// show says what will be true, and asks.
func (x actPages) show() error {
	a, err := x.here()
	if err != nil {
		return err
	}
	v, err := x.view()
	if err != nil {
		return err
	}
	if err := a.may(v, x.Actor); err != nil {
		return err
	}
	return x.showAct(http.StatusOK, a, v, untouched, nil)
}

func (x actPages) showAct(status int, a caseAct, v docket.View, fill filling, problems []fault.Problem) error {
	found, err := a.find(x.base, v, fill)
	if err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeAct(rd, a, v, fill, found, problems)
	if status == http.StatusUnprocessableEntity {
		p.Submission, p.Reply = x.seen(), x.Values().Carried("reply") // what came since, only a conflict tells of
	}
	return x.Render(status, "act", &p.Page, &p)
}

func makeAct(rd reader, a caseAct, v docket.View, fill filling, found map[string]options, problems []fault.Problem) actPage {
	key, back := "act."+a.name, rd.casePath(v.Case.ID)
	p := actPage{
		Identity: identity(rd, v.Case), Heading: rd.lang.Say(key + ".title"), Intro: rd.lang.Say(key + ".intro"), Go: rd.lang.Say(key + ".go"),
		Post: back + "/acts/" + a.name, Back: back,
		Version: v.Case.Dossier, Submission: len(v.Case.Submissions), Reply: v.Case.Replies(),
	}
	p.Errors = form.Wrong(rd.lang, problems, a.labels(rd.lang))
	p.Fields, p.Search = a.inputs(rd, v, fill, found, p.Errors, p.Post)
	if a.first != nil {
		p.More = a.first(rd, v)
	}
	p.Title = rd.titled(p.Heading, p.Errors)
	return p
}

// do does what the page said, once.
func (x actPages) do() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	a, err := x.here()
	if err != nil {
		return err
	}
	v, err := x.view()
	if err != nil {
		return err
	}
	r, err := perform(x.base, op, a, v)
	if status, problems := refusal(err); status != 0 {
		return x.showAct(status, a, v, typedInto(x.Values()), problems)
	}
	if err != nil {
		return err
	}
	if r.Case != "" && r.Case != v.Case.ID {
		return x.See(x.Home() + "/cases/" + r.Case + "/dossier")
	}
	return x.See(x.Home() + "/cases/" + v.Case.ID)
}

// actLinks lists what the reader can do beside answering.
func actLinks(rd reader, v docket.View) []Link {
	if rd.actor.Via == party.ByLink {
		return nil
	}
	var out []Link
	base := rd.casePath(v.Case.ID)
	for _, a := range caseActs {
		if a.site == rd.audience && a.offers(v, rd.actor) {
			out = append(out, Link{rd.lang.Say("act." + a.name + ".title"), base + "/acts/" + a.name})
		}
	}
	if g, ok := v.Open(gate.Reply); ok && g.Kind == gate.Supplement && rd.audience == site.Agency && g.MayAnswer(rd.actor) == nil {
		out = append(out, Link{rd.lang.Say("act.early"), base + "/gates/" + g.ID})
	}
	return out
}
