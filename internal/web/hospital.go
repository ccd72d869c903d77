package web

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
)

// hospitalRoutes are the routes of the hospitals' site, in the order of a life.
// The two sites share the ones that belong to no audience; hospital-site serves them.
func (s *Site) hospitalRoutes() []site.Route {
	return []site.Route{
		site.Get("/{$}", site.Anybody, on(s, (*exchange).welcome)),
		site.Get("/alive", site.Anybody, on(s, (*exchange).alive)),
		site.Get("/static/{file}", site.Anybody, on(s, (*exchange).static)),
		site.Post("/preferences", site.Anybody, site.KeepPreferences),
		site.Get("/hospital/sign-in", site.Anybody, site.ShowSignIn),
		site.Post("/hospital/sign-in", site.Anybody, site.BeginSignIn),
		site.Get("/hospital/callback", site.Anybody, site.EndSignIn),
		site.Post("/hospital/sign-out", site.Anybody, site.SignOut),
		site.Get("/hospital", site.SignedIn, on(s, (*exchange).caseList)),
		site.Get("/hospital/eligibility", site.SignedIn, on(s, (*exchange).eligibility)),
		site.Get("/hospital/new", site.SignedIn, on(s, (*exchange).newCase)),
		site.Post("/hospital/new", site.SignedIn, on(s, (*exchange).createCase)),
		site.Get("/hospital/cases/{case}", site.SignedIn, on(s, (*exchange).hospitalCase)),
		site.Get("/hospital/cases/{case}/dossier", site.SignedIn, on(s, (*exchange).dossier)),
		site.Get("/hospital/cases/{case}/form", site.SignedIn, on(s, (*exchange).form)),
		site.Post("/hospital/cases/{case}/form", site.SignedIn, on(s, (*exchange).saveForm)),
		site.Get("/hospital/cases/{case}/items/{item}", site.SignedIn, on(s, (*exchange).item)),
		site.Post("/hospital/cases/{case}/items/{item}", site.SignedIn, on(s, (*exchange).attach)),
		site.Post("/hospital/cases/{case}/items/{item}/facts", site.SignedIn, on(s, (*exchange).saveFacts)),
		site.Get("/hospital/cases/{case}/files/{file}", site.SignedIn, on(s, (*exchange).upload)),
		site.Post("/hospital/cases/{case}/files/{file}/open", site.SignedIn, on(s, (*exchange).openFile)),
		site.Post("/hospital/cases/{case}/files/{file}/remove", site.SignedIn, on(s, (*exchange).removeFile)),
		site.Get("/hospital/cases/{case}/gates/{gate}/why", site.SignedIn, on(s, (*exchange).why)),
		site.Get("/hospital/cases/{case}/precheck", site.SignedIn, on(s, (*exchange).precheck)),
		site.Get("/hospital/cases/{case}/check", site.SignedIn, on(s, (*exchange).checkAnswers)),
		site.Post("/hospital/cases/{case}/submit", site.SignedIn, on(s, (*exchange).submit)),
		site.Get("/hospital/cases/{case}/submissions/{no}", site.SignedIn, on(s, (*exchange).confirmation)),
		site.Get("/hospital/cases/{case}/acts/{act}", site.SignedIn, on(s, (*exchange).actPage)),
		site.Post("/hospital/cases/{case}/acts/{act}", site.SignedIn, on(s, (*exchange).act)),
		site.Get("/hospital/varieties", site.SignedIn, on(s, (*exchange).varieties)),
		site.Get("/hospital/varieties/{variety}", site.SignedIn, on(s, (*exchange).variety)),
		site.Get("/hospital/inquiries", site.SignedIn, on(s, (*exchange).inquiries)),
		site.Post("/hospital/inquiries", site.SignedIn, on(s, (*exchange).inquire)),
		site.Get("/hospital/inquiries/{inquiry}", site.SignedIn, on(s, (*exchange).inquiry)),
		site.Post("/hospital/inquiries/{inquiry}", site.SignedIn, on(s, (*exchange).attachInquiry)),
		site.Get("/hospital/find", site.SignedIn, on(s, (*exchange).find)),
		site.Get("/hospital/cases/{case}/withdraw", site.SignedIn, on(s, (*exchange).withdrawPage)),
		site.Post("/hospital/cases/{case}/withdraw", site.SignedIn, on(s, (*exchange).withdraw)),
	}
}

type welcomePage struct{ site.Page }

func (x *exchange) welcome() error {
	p := welcomePage{}
	p.Title = x.Lang.Say("welcome.title")
	return x.Show("welcome", &p.Page, &p)
}

// CaseRow is one case in a list.
type CaseRow struct {
	Number  string
	Product string
	Kind    string
	Stage   casework.Stage
	Status  string
	Who     string // whose move it is; agencies' inbox: the hospital
	Due     *Due
	At      time.Time
	Href    string
	Mine    bool
	Waits   string // how many working days it has waited
	Worker  string // to whom it was assigned
	Held    string // until which day it is held
}

type caseListPage struct {
	site.Page
	MayCreate  bool
	Rows       []CaseRow
	Unreadable int // cases of this page that cannot be shown at present
	More       *More
}

func (x *exchange) caseList() error {
	rows, next, err := x.desk.Cases(x.Ctx(), x.after("after"), pageRows, x.Actor)
	if err != nil {
		return err
	}
	d := x.directory()
	unreadable := map[string]bool{}
	rows = readable(rows, unreadable)
	p := caseListPage{
		Unreadable: x.unread(slices.Sorted(maps.Keys(unreadable))), MayCreate: casework.MayCreate(x.Actor) == nil,
		More: x.more("after", x.Lang.Say("cases.title"), next, len(rows)),
	}
	for _, row := range rows {
		c := row.Case
		id := x.identity(c, d)
		p.Rows = append(p.Rows, CaseRow{
			Number: c.Number, Product: id.Product, Kind: id.Kind, Stage: id.Stage, Status: id.Status,
			Who: x.whose(c), At: c.EditedAt, Href: id.Href, Mine: c.Editable() && !c.Closed(),
		})
	}
	p.Title = x.Lang.Say("cases.title")
	return x.Show("cases", &p.Page, &p)
}

// whose says in a list whose move a case is.
func (x *exchange) whose(c casework.Case) string {
	if c.Closed() {
		return ""
	}
	return x.Lang.Say("whose." + string(c.Stage()))
}

type newCasePage struct {
	site.Page
	Kinds []form.Choice
}

func (x *exchange) newCase() error {
	if err := casework.MayCreate(x.Actor); err != nil {
		return err
	}
	return x.showNew(http.StatusOK, nil)
}

func (x *exchange) showNew(status int, problems []fault.Problem) error {
	p := newCasePage{}
	for _, k := range []policy.Kind{policy.Device, policy.Drug} {
		if _, ok := x.desk.Current[k]; ok {
			p.Kinds = append(p.Kinds, form.Choice{
				Value: string(k), Label: x.Lang.Say("kind." + string(k)), Consequence: x.Lang.Say("kind.help." + string(k)),
				Chosen: x.R.PostForm.Get("kind") == string(k),
			})
		}
	}
	p.Errors = form.Wrong(x.Lang, problems, func(string) string { return x.Lang.Say("new.kind") })
	p.Title = x.Titled(x.Lang.Say("new.title"), p.Errors)
	return x.Render(status, "new", &p.Page, &p)
}

func (x *exchange) createCase() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	kind := x.R.PostForm.Get("kind")
	var r docket.Receipt
	if values := carried(kind, x.R.PostForm.Get("answers")); len(values) > 0 {
		r, err = x.desk.CreateFilled(x.Ctx(), op, policy.Kind(kind), values, x.Actor)
	} else {
		r, err = x.desk.Create(x.Ctx(), op, policy.Kind(kind), x.Actor)
	}
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showNew(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.See("/hospital/cases/" + r.Case + "/dossier")
}

func (x *exchange) hospitalCase() error {
	v, err := x.view()
	if err != nil {
		return err
	}
	p := x.casePage(v)
	if p.Expiries, err = x.expiries(v); err != nil {
		return err
	}
	if p.Beside, err = x.beside(v); err != nil {
		return err
	}
	if v.Case.Permits(casework.Withdraw, x.Actor) == nil {
		p.Withdraw = p.Identity.Href + "/withdraw"
	}
	return x.Show("case", &p.Page, &p)
}

// gateRef names the gate in the path.
func (x *exchange) gateRef() docket.GateRef {
	return docket.GateRef{Of: x.R.PathValue("case"), Gate: x.R.PathValue("gate")}
}
