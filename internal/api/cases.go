package api

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/policy"
	"jixu/internal/precheck"
	"jixu/internal/reuse"
	"jixu/internal/typed"
	"jixu/internal/variety"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// id is the case in the path.
func (x *call) id() string { return x.r.PathValue("case") }

// meOut is who a token acts for.
type meOut struct {
	Person       named    `json:"person"`
	Organisation named    `json:"organisation"`
	Kind         string   `json:"kind"`
	Roles        []string `json:"roles"`
}

func (x *call) me() (any, error) {
	out := meOut{
		Person:       named{x.who.ID, x.who.Name(string(x.lang))},
		Organisation: named{x.org.ID, x.org.Name(string(x.lang))}, Kind: string(x.org.Kind), Roles: []string{},
	}
	for _, r := range x.who.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	return out, nil
}

// cases lists a hospital's own cases; with number, the one of it that anybody may read.
func (x *call) cases() (any, error) {
	if q := x.r.URL.Query(); q.Has("number") {
		id, err := x.house.Desk.ByNumber(x.r.Context(), q.Get("number"), x.actor)
		if err != nil {
			return nil, err
		}
		v, err := x.house.Desk.View(x.r.Context(), id, x.actor)
		if err != nil {
			return nil, err
		}
		return listOf([]caseRow{x.row(docket.ListedCase{Case: v.Case})}, ""), nil
	}
	return x.rows(docket.OwnPages)
}

func (x *call) inbox() (any, error) { return x.rows(docket.InboxPages) }

func (x *call) copies() (any, error) { return x.rows(docket.CopiesPages) }

func (x *call) rows(from docket.PageList) (any, error) {
	after, limit, err := x.page()
	if err != nil {
		return nil, err
	}
	listed, next, err := x.house.Desk.Page(x.r.Context(), from, after, limit, x.actor)
	if err != nil {
		return nil, err
	}
	var rows []caseRow
	unreadable := 0
	for _, l := range listed {
		if l.Unreadable {
			unreadable++
			continue
		}
		rows = append(rows, x.row(l))
	}
	return listOf(rows, next).without(unreadable), nil
}

func (x *call) view() (docket.View, error) { return x.house.Desk.View(x.r.Context(), x.id(), x.actor) }

func (x *call) readCase() (any, error) {
	v, err := x.view()
	if err != nil {
		return nil, err
	}
	x.w.Header().Set("ETag", etag(v.Case.Dossier))
	return x.caseOut(v), nil
}

// pageBytes is where a page of entries ends early: one decision with many
// conditions weighs a hundred kilobytes, and a function's answer must stay under
// six megabytes with every quotation mark in it written twice.
const pageBytes = 2 << 20

// history lists entries, oldest first; its cursor is the last one's number.
func (x *call) history() (any, error) {
	after, limit, err := x.page()
	if err != nil {
		return nil, err
	}
	last := 0
	if after != "" {
		if last, err = strconv.Atoi(after); err != nil || last < 0 {
			return nil, fault.New(fault.Invalid, "cursor")
		}
	}
	v, err := x.view()
	if err != nil {
		return nil, err
	}
	events, next := pageOf(v.Events, last, limit)
	var entries []entryOut
	for _, e := range events {
		entries = append(entries, x.entryOut(e))
	}
	return listOf(entries, next), nil
}

// pageOf returns up to limit of events, which are newest first, from the one
// behind last on and oldest first, and the cursor of the page that follows.
func pageOf(events []docket.Event, last, limit int) (page []docket.Event, next string) {
	size := 0
	for _, e := range slices.Backward(events) {
		if e.Seq <= last {
			continue
		}
		size += len(e.Body)
		if n := len(page); n == limit || n > 0 && size > pageBytes {
			return page, strconv.Itoa(page[n-1].Seq)
		}
		page = append(page, e)
	}
	return page, ""
}

// gapOut is one thing that the pre-check found.
type gapOut struct {
	Rule     string        `json:"rule"`
	Severity string        `json:"severity"`
	Where    string        `json:"where,omitempty"`
	Item     string        `json:"item,omitempty"`
	What     string        `json:"what"`
	Cure     string        `json:"cure,omitempty"`
	Clause   policy.Clause `json:"clause"`
	Status   string        `json:"status"`
}

type precheckOut struct {
	Submission int      `json:"submission"` // the submission that was looked at; 0: the working dossier
	Gaps       []gapOut `json:"gaps"`
}

// precheck is a dry run of submitting: what would be refused, and what a person
// would look at again.
func (x *call) precheck() (any, error) {
	v, err := x.view()
	if err != nil {
		return nil, err
	}
	working := x.actor.Org == v.Case.Hospital && v.Case.Editable()
	found, err := x.house.Desk.Precheck(x.r.Context(), v, working)
	if err != nil {
		return nil, err
	}
	out := precheckOut{Submission: found.Frozen, Gaps: []gapOut{}}
	for _, g := range found.Gaps {
		out.Gaps = append(out.Gaps, gapOut{
			Rule: g.Rule, Severity: string(g.Severity), Where: g.Where, Item: g.Item, What: x.saying(g.What), Cure: x.saying(g.Cure),
			Clause: g.Clause, Status: string(g.Status),
		})
	}
	return out, nil
}

func (x *call) saying(s precheck.Say) string {
	if s.Key == "" {
		return ""
	}
	return x.lang.Say(s.Key, s.Args...)
}

// situationOut is where the matrix of the notice places a case.
type situationOut struct {
	reuse.Proposal
	Variety string `json:"variety,omitempty"`
	Found   bool   `json:"found"` // a person found the variety; else the hospital says so
}

func (x *call) situation() (any, error) {
	v, err := x.view()
	if err != nil {
		return nil, err
	}
	placed, err := x.house.Desk.Place(x.r.Context(), v.Case)
	if err != nil {
		return nil, err
	}
	out := situationOut{Proposal: discreet(placed.Proposal), Found: placed.Found}
	if placed.Variety != nil {
		out.Variety = placed.Variety.ID
	}
	return out, nil
}

func (x *call) submission() (any, error) {
	no, err := strconv.Atoi(x.r.PathValue("no"))
	v, viewErr := x.view()
	if viewErr != nil {
		return nil, viewErr
	}
	if err != nil || no < 1 || no > len(v.Case.Submissions) {
		return nil, fault.New(fault.NotFound, "page")
	}
	s := v.Case.Submissions[no-1]
	m, err := x.house.Desk.ManifestOf(x.r.Context(), v.Record, s)
	if err != nil {
		return nil, err
	}
	return frozenOf(s, m), nil
}

// done is what most operations answer with.
func (x *call) done(r docket.Receipt, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return x.receipt(r), nil
}

// born answers with something new, and where it is.
func (x *call) born(r docket.Receipt, err error, path string) (any, error) {
	if err == nil {
		x.w.Header().Set("Location", path)
	}
	return x.done(r, err)
}

// nothing is the body of an operation that takes no words.
type nothing struct{}

type newCase struct {
	Kind   string            `json:"kind"`
	Values map[string]string `json:"values"`
}

func (x *call) create(in newCase) (any, error) {
	var r docket.Receipt
	var err error
	if len(in.Values) > 0 {
		r, err = x.house.Desk.CreateFilled(x.r.Context(), x.op, policy.Kind(in.Kind), in.Values, x.actor)
	} else {
		r, err = x.house.Desk.Create(x.r.Context(), x.op, policy.Kind(in.Kind), x.actor)
	}
	return x.born(r, err, "/api/v1/cases/"+r.Case)
}

func (x *call) clone(nothing) (any, error) {
	r, err := x.house.Desk.Clone(x.r.Context(), x.op, x.id(), x.actor)
	return x.born(r, err, "/api/v1/cases/"+r.Case)
}

type formIn struct {
	Values map[string]string `json:"values" api:"required"`
}

func (x *call) save(in formIn) (any, error) {
	values := map[string]string{}
	for field, text := range in.Values {
		values[field] = typed.Tidy(text)
	}
	return x.done(x.house.Desk.Save(x.r.Context(), x.op, x.id(), x.version, values, x.actor))
}

type claimIn struct {
	Variety string `json:"variety" api:"required"` // "" for a new one
}

func (x *call) claim(in claimIn) (any, error) {
	return x.done(x.house.Desk.Claim(x.r.Context(), x.op, x.id(), x.version, in.Variety, x.actor))
}

type fileIn struct {
	Item   string `json:"item"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

func (x *call) attach(in fileIn) (any, error) {
	u := docket.Upload{Item: in.Item, Name: typed.Tidy(in.Name), SHA256: in.SHA256}
	r, t, err := x.house.Desk.Attach(x.r.Context(), x.op, x.id(), x.version, u, "", x.actor)
	if err != nil {
		return nil, err
	}
	return upload{File: r.File, Ticket: ticketOf(t)}, nil
}

func (x *call) ticket(nothing) (any, error) {
	file := x.r.PathValue("file")
	t, err := x.house.Desk.Ticket(x.r.Context(), x.id(), file, "", x.actor)
	if err != nil {
		return nil, err
	}
	return upload{File: file, Ticket: ticketOf(t)}, nil
}

type detachIn struct {
	Item string `json:"item"`
}

func (x *call) detach(in detachIn) (any, error) {
	return x.done(x.house.Desk.Detach(x.r.Context(), x.op, x.id(), x.version, in.Item, x.r.PathValue("file"), x.actor))
}

// opened is where a checked file can be fetched, for a minute.
type opened struct {
	URL string `json:"url"`
}

func (x *call) open(nothing) (any, error) {
	address, err := x.house.Desk.Open(x.r.Context(), x.id(), x.r.PathValue("file"), x.actor)
	if err != nil {
		return nil, err
	}
	return opened{URL: address}, nil
}

type submitIn struct {
	Declared bool     `json:"declared"`
	Later    []string `json:"later"`
	Urgency  string   `json:"urgency"`
}

func (x *call) submit(in submitIn) (any, error) {
	if len(in.Later) > 0 {
		lane := docket.Lane{Later: in.Later, Urgency: typed.Tidy(in.Urgency)}
		receipt, err := x.house.Desk.SubmitUrgent(x.r.Context(), x.op, x.id(), x.version, in.Declared, lane, x.actor)
		return x.done(receipt, calledHere(err, "lane-urgency", "urgency"))
	}
	return x.done(x.house.Desk.Submit(x.r.Context(), x.op, x.id(), x.version, in.Declared, x.actor))
}

type reasonIn struct {
	Reason string `json:"reason"`
}

func (x *call) withdraw(in reasonIn) (any, error) {
	return x.done(x.house.Desk.Withdraw(x.r.Context(), x.op, x.id(), typed.Tidy(in.Reason), x.actor))
}

type filingIn struct {
	Channel string `json:"channel"`
	Date    string `json:"date"`
	Receipt string `json:"receipt"`
}

func (in filingIn) filing() (casework.Filing, error) {
	day, ok := readDay(in.Date)
	if !ok {
		return casework.Filing{}, fault.Fields([]fault.Problem{{Field: "date", Code: "field.day"}})
	}
	return casework.Filing{Channel: typed.Tidy(in.Channel), Date: day, Receipt: typed.Tidy(in.Receipt)}, nil
}

func (x *call) filing(in filingIn) (any, error) {
	f, err := in.filing()
	if err != nil {
		return nil, err
	}
	return x.done(x.house.Desk.RecordFiling(x.r.Context(), x.op, x.id(), f, x.actor))
}

func (x *call) report(in filingIn) (any, error) {
	f, err := in.filing()
	if err != nil {
		return nil, err
	}
	return x.done(x.house.Desk.RecordReport(x.r.Context(), x.op, x.id(), f, x.actor))
}

// seenIn names the submission that the sender read.
type seenIn struct {
	Submission int `json:"submission" api:"required"`
}

func (x *call) receive(in seenIn) (any, error) {
	return x.done(x.house.Desk.Receive(x.r.Context(), x.op, x.id(), in.Submission, x.actor))
}

type joinIn struct {
	Statement string `json:"statement"`
}

func (x *call) join(in joinIn) (any, error) {
	return x.done(x.house.Desk.Join(x.r.Context(), x.op, x.id(), typed.Tidy(in.Statement), x.actor))
}

type identifyIn struct {
	seenIn
	Variety string `json:"variety"`
	Reason  string `json:"reason"`
}

func (x *call) identify(in identifyIn) (any, error) {
	return x.done(x.house.Desk.Identify(x.r.Context(), x.op, x.id(), in.Submission, in.Variety, typed.Tidy(in.Reason), x.actor))
}

type registerIn struct {
	seenIn
	dataIn
}

type dataIn struct {
	Data   variety.Data `json:"data"`
	Reason string       `json:"reason"`
}

func (x *call) register(in registerIn) (any, error) {
	return x.done(x.house.Desk.Register(x.r.Context(), x.op, x.id(), in.Submission, in.Data, typed.Tidy(in.Reason), x.actor))
}

// lateIn is an opinion for the record, and the submission it is about.
type lateIn struct {
	seenIn
	opinionIn
}

func (x *call) opineLate(in lateIn) (any, error) {
	o, problems := in.opinion()
	if err := fault.Fields(problems); err != nil {
		return nil, err
	}
	return x.done(x.house.Desk.OpineLate(x.r.Context(), x.op, x.id(), in.Submission, o, x.actor))
}

// pack shows the requirement pack that a new draft of a kind gets.
func (x *call) pack() (any, error) {
	kind := policy.Kind(x.r.PathValue("kind"))
	if kind != policy.Device && kind != policy.Drug {
		return nil, fault.New(fault.NotFound, "page")
	}
	return x.house.Desk.CurrentPack(x.r.Context(), kind)
}

// calledHere is err with the field of that name called as programs call it.
func calledHere(err error, field, name string) error {
	f := fault.Of(err)
	if f == nil || !slices.ContainsFunc(f.Problems, func(p fault.Problem) bool { return p.Field == field }) {
		return err
	}
	problems := slices.Clone(f.Problems)
	for i, p := range problems {
		if p.Field == field {
			problems[i].Field = name
		}
	}
	return fault.Fields(problems)
}
