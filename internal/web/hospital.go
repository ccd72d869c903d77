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
)

// hospitalRoutes are the routes of the hospitals' site, in the order of a life.
// The two sites share the ones that belong to no audience; hospital-site serves them.
var hospitalRoutes = []Route{
	{"GET", "/{$}", anybody, (*exchange).welcome},
	{"GET", "/alive", anybody, (*exchange).alive},
	{"GET", "/static/{file}", anybody, (*exchange).static},
	{"POST", "/preferences", anybody, (*exchange).preferences},
	{"GET", "/hospital/sign-in", anybody, (*exchange).signInPage},
	{"POST", "/hospital/sign-in", anybody, (*exchange).signIn},
	{"GET", "/hospital/callback", anybody, (*exchange).callback},
	{"POST", "/hospital/sign-out", anybody, (*exchange).signOut},
	{"GET", "/hospital", signedIn, (*exchange).caseList},
	{"GET", "/hospital/eligibility", signedIn, (*exchange).eligibility},
	{"GET", "/hospital/new", signedIn, (*exchange).newCase},
	{"POST", "/hospital/new", signedIn, (*exchange).createCase},
	{"GET", "/hospital/cases/{case}", signedIn, (*exchange).hospitalCase},
	{"GET", "/hospital/cases/{case}/dossier", signedIn, (*exchange).dossier},
	{"GET", "/hospital/cases/{case}/form", signedIn, (*exchange).form},
	{"POST", "/hospital/cases/{case}/form", signedIn, (*exchange).saveForm},
	{"GET", "/hospital/cases/{case}/items/{item}", signedIn, (*exchange).item},
	{"POST", "/hospital/cases/{case}/items/{item}", signedIn, (*exchange).attach},
	{"POST", "/hospital/cases/{case}/items/{item}/facts", signedIn, (*exchange).saveFacts},
	{"GET", "/hospital/cases/{case}/files/{file}", signedIn, (*exchange).upload},
	{"POST", "/hospital/cases/{case}/files/{file}/open", signedIn, (*exchange).openFile},
	{"POST", "/hospital/cases/{case}/files/{file}/remove", signedIn, (*exchange).removeFile},
	{"GET", "/hospital/cases/{case}/gates/{gate}/why", signedIn, (*exchange).why},
	{"GET", "/hospital/cases/{case}/precheck", signedIn, (*exchange).precheck},
	{"GET", "/hospital/cases/{case}/check", signedIn, (*exchange).checkAnswers},
	{"POST", "/hospital/cases/{case}/submit", signedIn, (*exchange).submit},
	{"GET", "/hospital/cases/{case}/submissions/{no}", signedIn, (*exchange).confirmation},
	{"GET", "/hospital/cases/{case}/acts/{act}", signedIn, (*exchange).actPage},
	{"POST", "/hospital/cases/{case}/acts/{act}", signedIn, (*exchange).act},
	{"GET", "/hospital/varieties", signedIn, (*exchange).varieties},
	{"GET", "/hospital/varieties/{variety}", signedIn, (*exchange).variety},
	{"GET", "/hospital/inquiries", signedIn, (*exchange).inquiries},
	{"POST", "/hospital/inquiries", signedIn, (*exchange).inquire},
	{"GET", "/hospital/inquiries/{inquiry}", signedIn, (*exchange).inquiry},
	{"POST", "/hospital/inquiries/{inquiry}", signedIn, (*exchange).attachInquiry},
	{"GET", "/hospital/find", signedIn, (*exchange).find},
	{"GET", "/hospital/cases/{case}/withdraw", signedIn, (*exchange).withdrawPage},
	{"POST", "/hospital/cases/{case}/withdraw", signedIn, (*exchange).withdraw},
}

type welcomePage struct{ Page }

func (x *exchange) welcome() error {
	p := welcomePage{}
	p.Title = x.lang.Say("welcome.title")
	return x.show("welcome", &p.Page, &p)
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
	Page
	MayCreate  bool
	Rows       []CaseRow
	Unreadable int // cases of this page that cannot be shown at present
	More       *More
}

func (x *exchange) caseList() error {
	rows, next, err := x.site.Desk.Cases(x.ctx(), x.after("after"), pageRows, x.actor)
	if err != nil {
		return err
	}
	d := x.directory()
	unreadable := map[string]bool{}
	rows = readable(rows, unreadable)
	p := caseListPage{
		Unreadable: x.unread(slices.Sorted(maps.Keys(unreadable))), MayCreate: casework.MayCreate(x.actor) == nil,
		More: x.more("after", x.lang.Say("cases.title"), next, len(rows)),
	}
	for _, row := range rows {
		c := row.Case
		id := x.identity(c, d)
		p.Rows = append(p.Rows, CaseRow{
			Number: c.Number, Product: id.Product, Kind: id.Kind, Stage: id.Stage, Status: id.Status,
			Who: x.whose(c), At: c.EditedAt, Href: id.Href, Mine: c.Editable() && !c.Closed(),
		})
	}
	p.Title = x.lang.Say("cases.title")
	return x.show("cases", &p.Page, &p)
}

// whose says in a list whose move a case is.
func (x *exchange) whose(c casework.Case) string {
	if c.Closed() {
		return ""
	}
	return x.lang.Say("whose." + string(c.Stage()))
}

type newCasePage struct {
	Page
	Kinds []form.Choice
}

func (x *exchange) newCase() error {
	if err := casework.MayCreate(x.actor); err != nil {
		return err
	}
	return x.showNew(http.StatusOK, nil)
}

func (x *exchange) showNew(status int, problems []fault.Problem) error {
	p := newCasePage{}
	for _, k := range []policy.Kind{policy.Device, policy.Drug} {
		if _, ok := x.site.Desk.Current[k]; ok {
			p.Kinds = append(p.Kinds, form.Choice{
				Value: string(k), Label: x.lang.Say("kind." + string(k)), Consequence: x.lang.Say("kind.help." + string(k)),
				Chosen: x.r.PostForm.Get("kind") == string(k),
			})
		}
	}
	p.Errors = form.Wrong(x.lang, problems, func(string) string { return x.lang.Say("new.kind") })
	p.Title = x.titled(x.lang.Say("new.title"), p.Errors)
	return x.render(status, "new", &p.Page, &p)
}

func (x *exchange) createCase() error {
	op, err := x.op()
	if err != nil {
		return err
	}
	kind := x.r.PostForm.Get("kind")
	var r docket.Receipt
	if values := carried(kind, x.r.PostForm.Get("answers")); len(values) > 0 {
		r, err = x.site.Desk.CreateFilled(x.ctx(), op, policy.Kind(kind), values, x.actor)
	} else {
		r, err = x.site.Desk.Create(x.ctx(), op, policy.Kind(kind), x.actor)
	}
	if f := fault.Of(err); f != nil && len(f.Problems) > 0 {
		return x.showNew(http.StatusUnprocessableEntity, f.Problems)
	}
	if err != nil {
		return err
	}
	return x.see("/hospital/cases/" + r.Case + "/dossier")
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
	if v.Case.Permits(casework.Withdraw, x.actor) == nil {
		p.Withdraw = p.Identity.Href + "/withdraw"
	}
	return x.show("case", &p.Page, &p)
}

// titled puts 错误 before the title of a page with errors.
func (x *exchange) titled(title string, errs form.Errors) string {
	if len(errs) > 0 {
		return x.lang.Say("title.error") + title
	}
	return title
}

// gateRef names the gate in the path.
func (x *exchange) gateRef() docket.GateRef {
	return docket.GateRef{Of: x.r.PathValue("case"), Gate: x.r.PathValue("gate")}
}
