package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/web/form"
)

// isAnswer reports whether name is a field of an answer's form that is typed in, or says
// which submission was read.
func isAnswer(name string) bool {
	for _, group := range []string{"finding-", "reason-", "defect-"} {
		if strings.HasPrefix(name, group) {
			return true
		}
	}
	return slices.Contains([]string{
		"submission", "override", "advice", "defects", "outcome", "number", "date", "quantity", "validUntil", "conditions", "reason", "evidence",
	}, name)
}

// keep keeps what the reader has typed into an answer, for them alone. It fails with
// fault.Invalid for what may not be sent either.
func (x gatePages) keep(g gate.Gate, choice casework.Verb) error {
	values := map[string][]string{}
	for name, sent := range x.R.PostForm {
		if isAnswer(name) && slices.ContainsFunc(sent, func(s string) bool { return s != "" }) {
			values[name] = sent
		}
	}
	a, err := docket.Autosave{Of: g.Of, Gate: g.ID, Person: x.Actor.Person, Choice: string(choice), Values: values}.Kept(x.Site.Wall())
	if err != nil {
		return err
	}
	return x.typed.PutAutosave(x.Ctx(), a)
}

// kept returns what the reader typed into an answer before, nothing if they did not.
func (x gatePages) kept(g gate.Gate, choice casework.Verb) (docket.Autosave, error) {
	a, err := x.typed.Autosave(x.Ctx(), g.Of, g.ID, x.Actor.Person, string(choice), x.Site.Wall())
	if errors.Is(err, fault.NotFound) {
		return docket.Autosave{}, nil
	}
	return a, err
}

// forget drops what was typed once it was sent. The answer is given: that it stays for
// some days if the store does not answer now is no reason to say otherwise.
func (x gatePages) forget(g gate.Gate) {
	if err := x.typed.DropAutosaves(x.Ctx(), g.Of, g.ID, x.Actor.Person); err != nil {
		x.Site.Log.WarnContext(x.Ctx(), "what was typed is still kept after it was sent", "case", g.Of, "gate", g.ID, "err", err)
	}
}

// autosave keeps an answer that is being typed: for the page's script, which is told
// that it was, and for buttons that lead away from the form and come back to it.
func (x gatePages) autosave() error {
	v, g, err := x.at()
	if err != nil {
		return err
	}
	choice := casework.Verb(x.R.PostForm.Get("choice"))
	if g.Status != gate.Open || !x.offered(v, g, choice) {
		return x.noChoice(v, g)
	}
	preferred := x.Preferred()
	err = x.keep(g, choice)
	f := fault.Of(err)
	switch {
	case x.wantsJSON():
		return x.keptJSON(err)
	case f != nil && len(f.Problems) > 0:
		return x.showAnswer(http.StatusUnprocessableEntity, v, g, choice, f.Problems)
	case err != nil:
		return err
	case x.R.PostForm.Get("next") == "evidence" && !preferred:
		return x.See(x.path() + "/evidence")
	}
	return x.See(x.path() + "/answer?choice=" + string(choice))
}

// keptJSON tells the page's script whether what was typed is kept, in words.
func (x gatePages) keptJSON(err error) error {
	status, said := http.StatusOK, x.Lang.Say("autosave.kept")
	if f := fault.Of(err); f != nil && f.Kind == fault.Invalid {
		status, said = http.StatusUnprocessableEntity, x.Lang.Say("autosave.not")
		for _, p := range f.Problems {
			said += x.Lang.Say("fault."+p.Code, p.Args...)
			break // one is enough beside the form; all of them are said when it is sent
		}
	} else if err != nil {
		return err
	}
	return x.json(status, map[string]string{"said": said})
}

// restored is what a form says of what the reader typed before; "" if it is not from
// before.
func restored(rd reader, a docket.Autosave, g gate.Gate) string {
	if a.At.IsZero() {
		return ""
	}
	said := rd.lang.Say("autosave.restored", docket.When(rd.lang, a.At))
	if no := form.Values(a.Values).Get("submission"); no != "" && no != strconv.Itoa(g.Submission) {
		said += rd.lang.Say("autosave.older", no)
	}
	return said
}
