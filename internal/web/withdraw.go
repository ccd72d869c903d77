package web

import (
	"net/http"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

type withdrawPage struct {
	site.Page
	Identity Identity
	Reason   string
	Post     string
}

// showWithdraw asks why.
func (x casePages) showWithdraw() error { return x.withdrawing(http.StatusOK, nil) }

func (x casePages) withdrawing(status int, problems []fault.Problem) error {
	v, err := x.view()
	if err != nil {
		return err
	}
	if err := v.Case.Permits(casework.Withdraw, x.Actor); err != nil {
		return err
	}
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	p := makeWithdraw(rd, v, x.Values().Get("reason"), problems)
	return x.Render(status, "withdraw", &p.Page, &p)
}

func makeWithdraw(rd reader, v docket.View, reason string, problems []fault.Problem) withdrawPage {
	p := withdrawPage{Identity: identity(rd, v.Case), Reason: reason, Post: rd.casePath(v.Case.ID) + "/withdraw"}
	p.Errors = form.Wrong(rd.lang, problems, func(string) string { return rd.lang.Say("withdraw.reason") })
	p.Title = rd.titled(rd.lang.Say("withdraw.title"), p.Errors)
	return p
}

// withdraw ends the case, once.
func (x casePages) withdraw() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	_, err = x.desk.Withdraw(x.Ctx(), op, x.R.PathValue("case"), x.Said("reason"), x.Actor)
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.withdrawing(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.See("/hospital/cases/" + x.R.PathValue("case"))
}
