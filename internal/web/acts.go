package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/variety"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// What people do beside answering gates has one shape: a page that says what
// will be true afterwards, a few fields, one button. Each is a row of a table.

// act is one such thing (办理事项).
type act struct {
	name   string // in the path, and of its words: act.<name>.title, .intro, .go
	site   site.Audience
	verb   casework.Verb // the row of the law that permits it
	fields []form.Field
	do     func(actPages, docket.Op, docket.View) (docket.Receipt, error)
}

var acts = []act{
	{"file", site.Hospital, casework.File, []form.Field{form.Text.Field("channel"), form.Day.Field("date"), form.Text.Optional("receipt")}, actPages.actFile},
	{"deliver", site.Hospital, casework.Deliver, []form.Field{form.Yes.Field("declared")}, actPages.actDeliver},
	{"claim", site.Hospital, casework.Edit, []form.Field{form.Pick.Optional("variety")}, actPages.actClaim},
	{"clone", site.Hospital, "", nil, actPages.actClone},
	{"receive", site.Agency, casework.Receive, nil, actPages.actReceive},
	{"identify", site.Agency, casework.Identify, []form.Field{form.Pick.Field("variety"), form.Long.Field("reason")}, actPages.actIdentify},
	{"register", site.Agency, casework.Identify, append(slices.Clone(varietyFields), form.Long.Field("reason")), actPages.actRegister},
	{"join", site.Agency, casework.JoinVerb, []form.Field{form.Long.Field("statement")}, actPages.actJoin},
	{"report", site.Agency, casework.Report, []form.Field{form.Text.Field("channel"), form.Day.Field("date"), form.Text.Optional("receipt")}, actPages.actReport},
	{"assign", site.Agency, casework.Assign, []form.Field{form.Radio.Field("gate"), form.Radio.Field("person")}, actPages.actAssign},
	{"hold", site.Agency, casework.HoldVerb, []form.Field{form.Radio.Field("gate"), form.Day.Field("until"), form.Long.Field("reason")}, actPages.actHold},
	{"release", site.Agency, casework.Release, []form.Field{form.Radio.Field("gate")}, actPages.actRelease},
	{"revoke-links", site.Agency, casework.RevokeLinks, []form.Field{form.Radio.Field("gate")}, actPages.actRevokeLinks},
	{"opine-late", site.Agency, casework.OpineLate, lateFields(), actPages.actOpineLate},
	{"amend", site.Agency, casework.Amend, letterFields, actPages.actAmend},
	{"correct", site.Agency, casework.Correct, letterFields, actPages.actCorrect},
}

// letterFields are what is recorded of a reply, and why it is recorded again.
var letterFields = []form.Field{
	form.Radio.Field("evidence"),
	form.Radio.Field("outcome"),
	form.Text.Field("number"),
	form.Day.Field("date"),
	form.Number.Optional("quantity"),
	form.Day.Optional("validUntil"),
	form.Long.Optional("conditions"),
	form.Long.Optional("reason"),
	form.Long.Field("why"),
}

// varietyFields are what the register says of a product.
var varietyFields = []form.Field{
	form.Text.Field("nameZh"),
	form.Text.Optional("nameEn"),
	form.Text.Field("maker"),
	form.Text.Field("model"),
	form.Text.Field("country"),
	form.Pick.Optional("class"),
	form.Text.Optional("subcatalogue"),
	form.Text.Optional("udi"),
	form.Text.Optional("noUdi"),
	form.Pick.Optional("category"),
	form.Yes.Optional("specialReview"),
	form.Yes.Optional("conditional"),
}

// ofDevices reports whether the register asks a field of devices only.
func ofDevices(id string) bool {
	return slices.Contains([]string{"class", "subcatalogue", "udi", "noUdi", "category", "specialReview", "conditional"}, id)
}

func lateFields() []form.Field {
	var out []form.Field
	for _, q := range casework.Questions {
		out = append(out, form.Radio.Field("finding-"+string(q)), form.Long.Field("reason-"+string(q)))
	}
	return append(out, form.Long.Optional("advice"))
}

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

// actHere finds the act in the path that this site has.
func (x actPages) actHere() (act, error) {
	for _, a := range acts {
		if a.name == x.R.PathValue("act") && a.site == x.Site.Audience {
			return a, nil
		}
	}
	return act{}, fault.New(fault.NotFound, "page")
}

// show says what will be true, and asks.
func (x actPages) show() error {
	a, err := x.actHere()
	if err != nil {
		return err
	}
	v, err := x.view()
	if err != nil {
		return err
	}
	if err := x.permitsAct(a, v); err != nil {
		return err
	}
	return x.showAct(http.StatusOK, a, v, nil)
}

// permitsAct asks the law whether the reader may do a now.
func (x actPages) permitsAct(a act, v docket.View) error {
	if a.name == "clone" {
		return casework.MayCreate(x.Actor)
	}
	return v.Case.Permits(a.verb, x.Actor)
}

func (x actPages) showAct(status int, a act, v docket.View, problems []fault.Problem) error {
	rd, err := x.reader(inIdentity(v.Case))
	if err != nil {
		return err
	}
	key := "act." + a.name
	p := actPage{
		Identity: identity(rd, v.Case), Heading: x.Lang.Say(key + ".title"), Intro: x.Lang.Say(key + ".intro"), Go: x.Lang.Say(key + ".go"),
		Post: x.Home() + "/cases/" + v.Case.ID + "/acts/" + a.name, Back: x.Home() + "/cases/" + v.Case.ID,
		Version: v.Case.Dossier, Submission: len(v.Case.Submissions), Reply: v.Case.Replies(),
	}
	if status == http.StatusUnprocessableEntity {
		p.Submission, p.Reply = x.seen(), x.Values().Carried("reply") // what came since, only a conflict tells of
	}
	p.Errors = form.Wrong(x.Lang, problems, func(field string) string {
		if slices.ContainsFunc(a.fields, func(f form.Field) bool { return f.ID == field }) {
			return actLabel(rd, a, field)
		}
		return ""
	})
	for _, f := range a.fields {
		if a.name == "register" && v.Case.Kind == policy.Drug && ofDevices(f.ID) {
			continue
		}
		in, err := x.actInput(rd, a, f, v, p.Page)
		if err != nil {
			return err
		}
		if f.ID == "variety" {
			all, err := x.varietiesFor(v, in.Value)
			if err != nil {
				return err
			}
			p.Search = all.offer(&in, p.Post)
		}
		p.Fields = append(p.Fields, in)
	}
	if a.verb == casework.Amend || a.verb == casework.Correct {
		if g, ok := replied(v); ok {
			p.More = Link{x.Lang.Say("evidence.add"), x.Home() + "/cases/" + v.Case.ID + "/gates/" + g.ID + "/evidence"}
		}
	}
	p.Title = x.Titled(p.Heading, p.Errors)
	return x.Render(status, "act", &p.Page, &p)
}

// inputLabel names a field; a question is named by itself.
func inputLabel(l words.Lang, id string) string {
	if q, ok := strings.CutPrefix(id, "finding-"); ok {
		return l.Say("question." + q)
	}
	if q, ok := strings.CutPrefix(id, "reason-"); ok {
		return l.Say("question."+q) + " " + l.Say("answer.reason")
	}
	return l.Say("act.in." + id)
}

// actLabel names a field of a, by a word of the act's own if it has one.
func actLabel(rd reader, a act, id string) string {
	if key := "act." + a.name + "." + id; words.Has(key) {
		return rd.lang.Say(key)
	}
	return inputLabel(rd.lang, id)
}

func (x actPages) actInput(rd reader, a act, f form.Field, v docket.View, p site.Page) (form.Input, error) {
	value := x.Values().Get(f.ID)
	if x.R.Method == http.MethodGet {
		value = x.before0(a, f, v)
	}
	in := f.Input(x.Lang, actLabel(rd, a, f.ID), value, p.Errors)
	offered, err := x.options(rd, a, f, v)
	if err != nil {
		return form.Input{}, err
	}
	in.Offer(offered...)
	if len(in.Options) == 1 && f.Kind == form.Radio {
		in.Options[0].Chosen = true
	}
	return in, nil
}

// before0 is what a field holds before anything was typed.
func (x actPages) before0(a act, f form.Field, v docket.View) string {
	switch a.name {
	case "file":
		if was := v.Case.Filing; was != nil {
			return map[string]string{"channel": was.Channel, "date": was.Date.String(), "receipt": was.Receipt}[f.ID]
		}
	case "report":
		if was := v.Case.Report; was != nil {
			return map[string]string{"channel": was.Channel, "date": was.Date.String(), "receipt": was.Receipt}[f.ID]
		}
	case "claim", "identify":
		if f.ID == "variety" {
			if v.Case.Variety != nil {
				return v.Case.Variety.Variety
			}
			return v.Case.Claim
		}
	case "register":
		return varietyValue(submittedProduct(v), f.ID)
	case "correct":
		if v.Case.Decision != nil {
			return decisionValue(*v.Case.Decision, f.ID)
		}
	}
	return ""
}

// decisionValue is what was recorded of a reply, as its form would have it typed.
func decisionValue(d casework.Decision, id string) string {
	quantity := ""
	if d.Terms.Quantity > 0 {
		quantity = strconv.Itoa(d.Terms.Quantity)
	}
	return map[string]string{
		"evidence": d.Evidence, "outcome": string(d.Outcome), "number": d.Number, "date": d.Date.String(), "quantity": quantity,
		"validUntil": d.Terms.ValidUntil.String(), "conditions": strings.Join(d.Terms.Conditions, "\n"), "reason": d.Reason,
	}[id]
}

// submittedProduct is what the newest submission, or the draft, says it is about.
func submittedProduct(v docket.View) variety.Data {
	c := v.Case
	if v.Manifest != nil {
		c.Form = v.Manifest.Form
	}
	return docket.Product(c)
}

func varietyValue(d variety.Data, id string) string {
	yes := map[bool]string{true: "yes"}
	return map[string]string{
		"nameZh": d.NameZH, "nameEn": d.NameEN, "maker": d.Maker, "model": d.Model, "country": d.Country, "class": d.Class,
		"subcatalogue": d.Subcatalogue, "udi": d.UDI, "noUdi": d.NoUDI, "category": string(d.Category),
		"specialReview": yes[d.SpecialReview], "conditional": yes[d.Conditional],
	}[id]
}

func readVariety(sent form.Values) variety.Data {
	f := sent.Said
	return variety.Data{
		NameZH: f("nameZh"), NameEN: f("nameEn"), Maker: f("maker"), Model: f("model"), Country: f("country"), Class: f("class"),
		Subcatalogue: f("subcatalogue"), UDI: f("udi"), NoUDI: f("noUdi"), Category: variety.Category(f("category")),
		SpecialReview: sent.Ticked("specialReview"), Conditional: sent.Ticked("conditional"),
	}
}

// options are what a choice offers.
func (x actPages) options(rd reader, a act, f form.Field, v docket.View) ([]form.Choice, error) {
	switch {
	case f.ID == "gate":
		return gatesFor(rd, a.verb, v), nil
	case f.ID == "person":
		return x.colleagues()
	case f.ID == "outcome":
		var out []form.Choice
		for _, o := range []casework.Outcome{casework.Approve, casework.ApproveInPart, casework.Refuse} {
			out = append(out, form.Choice{Value: string(o), Label: x.Lang.Say("outcome." + string(o)), Consequence: x.Lang.Say("consequence." + string(o))})
		}
		return out, nil
	case f.ID == "evidence":
		return letters(rd, v, a.verb == casework.Correct), nil
	case strings.HasPrefix(f.ID, "finding-"):
		return []form.Choice{{Value: "yes", Label: x.Lang.Say("met.true")}, {Value: "no", Label: x.Lang.Say("met.false")}}, nil
	}
	return registerChoices(x.Lang, f.ID), nil
}

// registerChoices are the choices of the register's own fields.
func registerChoices(l words.Lang, id string) []form.Choice {
	var out []form.Choice
	switch id {
	case "class":
		for _, c := range []string{"II", "III"} {
			out = append(out, form.Choice{Value: c, Label: l.Say("class." + c)})
		}
	case "category":
		for _, c := range variety.Categories[1:] {
			out = append(out, form.Choice{Value: string(c), Label: l.Say("category." + string(c))})
		}
	}
	return out
}

func varietyName(l words.Lang, v variety.Variety) string {
	name := v.Data.NameZH
	if l == words.EN && v.Data.NameEN != "" {
		name = v.Data.NameEN
	}
	return name + " " + strings.Join(strings.Fields(v.Data.Model), " ")
}

// gatesFor are the open gates at which the reader may make the move.
func gatesFor(rd reader, verb casework.Verb, v docket.View) []form.Choice {
	var out []form.Choice
	for _, g := range v.Waiting {
		if v.Case.PermitsAt(verb, g, rd.actor) == nil {
			out = append(out, form.Choice{Value: g.ID, Label: rd.lang.Say("move." + string(g.Kind))})
		}
	}
	return out
}

// colleagues are the people of the reader's organisation who assess or record.
func (x actPages) colleagues() ([]form.Choice, error) {
	roster, err := x.Site.Directory.Roster(x.Ctx(), x.Actor.Org)
	if err != nil {
		return nil, err
	}
	var out []form.Choice
	for _, p := range roster {
		if slices.Contains(p.Roles, party.Assessor) || slices.Contains(p.Roles, party.Recorder) {
			out = append(out, form.Choice{Value: p.ID, Label: p.Name(string(x.Lang)), Consequence: p.Title})
		}
	}
	return out, nil
}

// replied is the gate that took the recorded reply.
func replied(v docket.View) (gate.Gate, bool) {
	for _, g := range slices.Backward(v.Gates) {
		if g.Leg == gate.Reply && g.Answer != nil && g.Answer.Choice == string(casework.Record) {
			return g, true
		}
	}
	return gate.Gate{}, false
}

// letters are the reader's own papers at the gate of the reply that prove no
// letter yet; with the present one, if the record of that is to be put right.
func letters(rd reader, v docket.View, present bool) []form.Choice {
	g, ok := replied(v)
	if !ok {
		return nil
	}
	var out []form.Choice
	for _, f := range own(rd, v, g) {
		used := v.Case.Decision != nil && v.Case.Decision.Evidence == f.ID && !present ||
			slices.ContainsFunc(v.Case.Former, func(d casework.Decision) bool { return d.Evidence == f.ID })
		if !used {
			out = append(out, form.Choice{Value: f.ID, Label: f.Name, Consequence: f.Text})
		}
	}
	return out
}

// do does what the page said, once.
func (x actPages) do() error {
	op, err := x.Op()
	if err != nil {
		return err
	}
	a, err := x.actHere()
	if err != nil {
		return err
	}
	v, err := x.view()
	if err != nil {
		return err
	}
	r, err := a.do(x, op, v)
	if f := fault.Of(err); f != nil && (len(f.Problems) > 0 || f.Kind == fault.Conflict) {
		problems := f.Problems
		status := http.StatusUnprocessableEntity
		if len(problems) == 0 {
			problems, status = []fault.Problem{{Code: f.Code, Args: f.Args}}, http.StatusConflict
		}
		return x.showAct(status, a, v, problems)
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
	for _, a := range acts {
		if a.site != rd.audience || !offersAct(rd, a, v) {
			continue
		}
		out = append(out, Link{rd.lang.Say("act." + a.name + ".title"), base + "/acts/" + a.name})
	}
	if g, ok := v.Open(gate.Reply); ok && g.Kind == gate.Supplement && rd.audience == site.Agency && g.MayAnswer(rd.actor) == nil {
		out = append(out, Link{rd.lang.Say("act.early"), base + "/gates/" + g.ID})
	}
	return out
}

// offersAct reports whether the reader could do a now. The law's own list knows the
// gates as well; two acts that the law allows are left out where they lead nowhere.
func offersAct(rd reader, a act, v docket.View) bool {
	switch a.name {
	case "clone": // of a draft, nothing is worth copying yet
		return v.Case.Status != casework.Draft && casework.MayCreate(rd.actor) == nil
	case "claim": // afterwards it is claimed on the page of the supplement
		return v.Case.Status == casework.Draft && slices.Contains(v.Moves, a.verb)
	}
	return slices.Contains(v.Moves, a.verb)
}
