package web

import (
	"context"
	"errors"
	"slices"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// reader is what the builder of a page knows of who reads it: plain values, looked up
// before.
type reader struct {
	lang     words.Lang
	audience site.Audience
	known    bool // signed in, or let in by code
	actor    party.Actor
	calendar calendar.Calendar
	names    names
}

// home is where the paths of the reader's site begin.
func (rd reader) home() string { return "/" + string(rd.audience) }

// casePath is a case's own page.
func (rd reader) casePath(id string) string { return rd.home() + "/cases/" + id }

// gatePath is a gate's own page.
func (rd reader) gatePath(of, id string) string { return rd.casePath(of) + "/gates/" + id }

// titled puts 错误 before the title of a page with errors.
func (rd reader) titled(title string, errs form.Errors) string {
	return site.Titled(rd.lang, title, errs)
}

// text is a policy's text in the reader's language.
func (rd reader) text(t policy.Text) string { return textIn(rd.lang, t) }

// names are the names of those who stand on a page.
type names struct {
	lang   words.Lang
	orgs   map[string]string
	people map[string]string
	lost   map[string]bool // who is named by a builder, and nobody looked up
}

// org is the organisation's name; one that is no longer there keeps its id.
func (n names) org(id string) string { return n.of(n.orgs, id) }

// person is the person's name; the clock has none.
func (n names) person(id string) string {
	if id == party.System.Person {
		return n.lang.Say("who.system")
	}
	return n.of(n.people, id)
}

func (n names) of(known map[string]string, id string) string {
	name, ok := known[id]
	if !ok {
		if n.lost != nil && id != "" {
			n.lost[id] = true
		}
		return id
	}
	return name
}

// mentioned are organisations and people who stand on a page.
type mentioned struct{ orgs, people []string }

func (m *mentioned) org(ids ...string)    { m.orgs = append(m.orgs, ids...) }
func (m *mentioned) person(ids ...string) { m.people = append(m.people, ids...) }

// lookUp finds the names of m. Who is no longer in the directory keeps their id; a
// directory that does not answer is an error of the page.
func (n names) lookUp(ctx context.Context, dir docket.Directory, m mentioned) error {
	for _, id := range m.orgs {
		if _, ok := n.orgs[id]; ok || id == "" || id == party.System.Org {
			continue
		}
		o, err := dir.Organisation(ctx, id)
		if errors.Is(err, fault.NotFound) {
			o = party.Organisation{NameZH: id}
		} else if err != nil {
			return err
		}
		n.orgs[id] = o.Name(string(n.lang))
	}
	for _, id := range m.people {
		if _, ok := n.people[id]; ok || id == "" || id == party.System.Person {
			continue
		}
		p, err := dir.Person(ctx, id)
		if errors.Is(err, fault.NotFound) {
			p = party.Person{NameZH: id}
		} else if err != nil {
			return err
		}
		n.people[id] = p.Name(string(n.lang))
	}
	return nil
}

// inIdentity is whom the bar of a case names: its hospital.
func inIdentity(c casework.Case) mentioned { return mentioned{orgs: []string{c.Hospital}} }

// inMoves are those whom the bar and the panels of v name: the hospital, and whose move it is.
func inMoves(v docket.View) mentioned {
	m := inIdentity(v.Case)
	for _, g := range v.Waiting {
		m.org(g.Party)
	}
	return m
}

// inCase are all whom v names: who did something, who was told, who is asked.
func inCase(v docket.View) mentioned {
	m := inMoves(v)
	for _, g := range v.Gates {
		m.org(g.Party)
		m.person(g.Assignee)
		if g.Answer != nil {
			m.org(g.Answer.Org)
			m.person(g.Answer.Person)
		}
	}
	for _, e := range v.Events {
		m.org(e.By.Org)
		m.person(e.By.Person)
		m.org(e.Facts.Listing()...)
		for _, o := range e.Facts.Opens {
			m.org(o.Party)
			m.org(o.Recorders...)
		}
	}
	for _, r := range v.Case.Received {
		m.person(r.Person)
	}
	for _, j := range v.Case.Joins {
		m.org(j.Org)
		m.person(j.Person)
	}
	if o := v.Case.Given; o != nil {
		m.org(o.Org)
		m.person(o.Person)
	}
	slices.Sort(m.orgs)
	slices.Sort(m.people)
	return mentioned{slices.Compact(m.orgs), slices.Compact(m.people)}
}

func textIn(l words.Lang, t policy.Text) string {
	if l == words.EN && t.EN != "" {
		return t.EN
	}
	return t.ZH
}
