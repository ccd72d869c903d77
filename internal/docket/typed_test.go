package docket_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/policy"
	"jixu/internal/variety"
	"jixu/internal/world"
)

// refused is what no text that somebody types may hold, and how it is refused.
var refused = []struct{ sentence, text, code string }{
	{"a resident identity number", "11010519491231002X", "field.identity"},
	{"a mobile number", "138 1234 5678", "field.identity"},
	{"a passport", "护照 E12345678", "field.passport"},
	{"text that turns its direction", "套\u202egnp", "hidden"},
	{"a mark of byte order", "\ufeff套", "hidden"},
	{"a NUL", "套\x00", "field.control"},
}

// numbered are fields for the numbers of things and letters, and of telephones: what
// such a number may look like is no reason to refuse it there.
var numbered = map[string][]string{
	"contact-phone": {"a mobile number"},
	"number":        {"a mobile number", "a passport"}, "receipt": {"a mobile number", "a passport"},
	"model": {"a passport"}, "approval-model": {"a passport"}, "udi": {"a passport"}, "udi-di": {"a passport"}, "label-udi": {"a passport"},
	"hospital-uscc": {"a passport"}, "licence-number": {"a passport"},
}

// An entrance is an operation that takes free text. It asks for the text of each of its
// fields under the name that a fault has for it, with one that is good there.
type entrance struct {
	name string // of the operation
	send func(o docket.Op, text func(field, good string) string) error
}

// silent are the operations that take no free text: ids, choices, days and counts, and
// the address of a server. Give leads to those that answer gates, Move and Count carry all of them out.
var silent = []string{
	"Assign",
	"AttachInquiry",
	"Claim",
	"Clone",
	"Count",
	"Create",
	"Deliver",
	"Detach",
	"Direct",
	"Give",
	"MakeSecret",
	"Move",
	"Receive",
	"Release",
	"Resubmit",
	"RevokeLinks",
	"RevokeSecret",
	"Submit",
}

// entrances are all of them, in the order of a story that each good text moves on.
func entrances(t *testing.T, tw *town) []entrance {
	ctx := context.Background()
	lin, zhou, luo, shen := actor("lin"), actor("zhou"), actor("luo"), actor("shen")
	today := calendar.DayOf(monday)
	p, drug, late, asked := &play{town: tw}, &play{town: tw}, submitAs(t, tw, "late-"), submitAs(t, tw, "asked-")
	r, err := tw.Desk.Create(ctx, op("typed-create"), policy.Device, lin)
	must(t, err)
	p.id = r.Case
	drug.id = assessed(t, tw)
	late.letter("late-letter", yes)
	var question, register string
	letter := func(p *play, name string) string {
		ref := docket.GateRef{Of: p.id, Gate: "reply-1"}
		f, _, err := tw.Desk.Evidence(ctx, ref, docket.Upload{Name: name}, "", shen)
		must(t, err)
		p.send(f.ID)
		return f.ID
	}
	values := func(text func(field, good string) string) map[string]string {
		pack, err := tw.Desk.CurrentPack(ctx, policy.Device)
		must(t, err)
		out := map[string]string{}
		for _, f := range pack.Form {
			out[f.ID] = text(f.ID, form[f.ID])
		}
		return out
	}
	findings := func(text func(field, good string) string) casework.Opinion {
		o := opinion()
		for i, q := range casework.Questions {
			o.Findings[i].Reason = text("reason-"+string(q), "符合要求")
		}
		o.Advice, o.Override = text("advice", "请随访"), text("override", "")
		return o
	}
	reply := func(text func(field, good string) string, file string, units int) casework.Decision {
		return casework.Decision{
			Outcome: casework.ApproveInPart, Number: text("number", "函〔2026〕1号"), Date: today, Reason: text("reason", "核减"), Evidence: file,
			Terms: casework.Terms{Quantity: units, Unit: "套", Conditions: []string{"仅限本院使用", text("conditions", "每季度报告")}},
		}
	}
	product := func(text func(field, good string) string) variety.Data {
		return variety.Data{
			NameZH: text("nameZh", "封堵器"), NameEN: text("nameEn", "Occluder"), Maker: text("maker", "Example GmbH"), Model: text("model", "BAO-12"),
			Country: text("country", "德国"), Class: "III", UDI: text("udi", ""), NoUDI: text("noUdi", "未实施唯一标识"),
		}
	}
	first := docket.GateRef{Of: p.id, Gate: "reply-1", Submission: 1}
	list := []entrance{
		{"CreateFilled", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.CreateFilled(ctx, o, policy.Device, values(text), lin)
			return err
		}},
		{"Save", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Save(ctx, o, p.id, p.record().Case.Dossier, values(text), lin)
			return err
		}},
		{"Attach", func(o docket.Op, text func(field, good string) string) error {
			u := docket.Upload{Item: "signed-form", Name: text("file", "申请表.pdf")}
			r, _, err := tw.Desk.Attach(ctx, o, p.id, p.record().Case.Dossier, u, "", lin)
			if err == nil {
				p.send(r.File)
			}
			return err
		}},
		{"SubmitUrgent", func(o docket.Op, text func(field, good string) string) error {
			lane := docket.Lane{Later: []string{"signed-form"}, Urgency: text("lane-urgency", "患者须于48小时内手术")}
			_, err := tw.Desk.SubmitUrgent(ctx, o, p.id, p.record().Case.Dossier, true, lane, lin)
			return err
		}},
		{"RecordFiling", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.RecordFiling(ctx, o, p.id, casework.Filing{Channel: text("channel", "受理窗口"), Date: today, Receipt: text("receipt", "受理1号")}, lin)
			return err
		}},
		{"Register", func(o docket.Op, text func(field, good string) string) error {
			r, err := tw.Desk.Register(ctx, o, p.id, 1, product(text), text("reason", "首次申请"), zhou)
			register = strings.TrimPrefix(r.Name, "variety/")
			return err
		}},
		{"Identify", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Identify(ctx, o, p.id, 1, register, text("reason", "同一型号"), zhou)
			return err
		}},
		{"Join", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Join(ctx, o, p.id, text("statement", "同意"), luo)
			return err
		}},
		{"Hold", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Hold(ctx, o, p.ref(gate.Opinion), text("reason", "等待专家会"), today.AddDays(3), zhou)
			return err
		}},
		{"Opine", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Opine(ctx, o, docket.GateRef{Of: p.id, Gate: "opinion-1", Submission: 1}, findings(text), zhou, nil)
			return err
		}},
		{"EvidenceOnce", func(o docket.Op, text func(field, good string) string) error {
			_, _, err := tw.Desk.EvidenceOnce(ctx, o, first, docket.Upload{Name: text("file", "批复.pdf")}, "", shen)
			return err
		}},
		{"Record", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Record(ctx, o, first, reply(text, letter(p, "批复.pdf"), 6), shen, nil)
			return err
		}},
		{"Correct", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Correct(ctx, o, first, 1, reply(text, "", 5), text("why", "录入有误"), shen)
			return err
		}},
		{"Amend", func(o docket.Op, text func(field, good string) string) error {
			d := reply(text, letter(p, "更正.pdf"), 4)
			d.Number = text("number", "函〔2026〕2号")
			_, err := tw.Desk.Amend(ctx, o, first, 2, d, text("why", "来函更正"), shen)
			return err
		}},
		{"OpineLate", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.OpineLate(ctx, o, late.id, 1, findings(text), zhou)
			return err
		}},
		{"RecordReport", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.RecordReport(ctx, o, drug.id, casework.Filing{Channel: text("channel", "机要"), Date: today, Receipt: text("receipt", "")}, luo)
			return err
		}},
		{"Ask", func(o docket.Op, text func(field, good string) string) error {
			defects := []casework.Defect{{What: text("defects", "请补充")}, {Item: "signed-form", What: text("defect-signed-form", "请加盖公章")}}
			_, err := tw.Desk.Ask(ctx, o, docket.GateRef{Of: asked.id, Gate: "opinion-1", Submission: 1}, defects, zhou, nil)
			return err
		}},
		{"Withdraw", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.Withdraw(ctx, o, asked.id, text("reason", "患者已转院"), lin)
			return err
		}},
		{"Inquire", func(o docket.Op, text func(field, good string) string) error {
			r, err := tw.Desk.Inquire(ctx, o, false, text("subject", "能否申请"), text("question", "需要哪些资料？"), "", lin)
			question = strings.TrimPrefix(r.Name, "inquiry/")
			return err
		}},
		{"AnswerInquiry", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.AnswerInquiry(ctx, o, question, text("answer", "可以"), zhou)
			return err
		}},
		{"CorrectVariety", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.CorrectVariety(ctx, o, register, 1, product(text), text("reason", "更正"), zhou)
			return err
		}},
		{"MarkVariety", func(o docket.Op, text func(field, good string) string) error {
			_, err := tw.Desk.MarkVariety(ctx, o, register, 2, today, text("note", "国械注进20243140123"), zhou)
			return err
		}},
	}
	return list
}

// assessed is a drug's case whose opinion is given.
func assessed(t *testing.T, tw *town) string {
	ctx, lin, p := context.Background(), actor("lin"), &play{town: tw}
	r, err := tw.Desk.CreateFilled(ctx, op("drug-create"), policy.Drug, world.Form(policy.Drug), lin)
	must(t, err)
	p.id = r.Case
	pack, err := tw.Desk.Pack(ctx, p.record().Case)
	must(t, err)
	lane := docket.Lane{Urgency: "病情危重"}
	for _, part := range pack.Parts {
		for _, item := range part.Items {
			if item.Required {
				lane.Later = append(lane.Later, item.ID)
			}
		}
	}
	_, err = tw.Desk.SubmitUrgent(ctx, op("drug-submit"), p.id, p.record().Case.Dossier, true, lane, lin)
	must(t, err)
	_, err = tw.Desk.Opine(ctx, op("drug-opine"), p.ref(gate.Opinion), opinion(), actor("luo"), nil)
	must(t, err)
	return p.id
}

// Whatever gets into history, into a letter or beside a file is read by one reader: each
// field of each operation refuses what names a person and what is no text and is
// named; the same with good words is done.
func TestNoOperationTakesWhatNamesAPersonOrIsNoText(t *testing.T) {
	tw := newTown(t)
	walked := 0
	for _, e := range entrances(t, tw) {
		var fields []string
		err := e.send(op(e.name+"-all"), func(field, _ string) string {
			if !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
			return "套\x00"
		})
		if len(problemsOf(err)) == 0 || len(fields) == 0 {
			t.Fatalf("%s: got %v for a NUL in all of %v, want problems", e.name, err, fields)
		}
		for _, field := range fields {
			for i, bad := range refused {
				if slices.Contains(numbered[field], bad.sentence) {
					continue
				}
				err := e.send(op(fmt.Sprintf("%s-%s-%d", e.name, field, i)), func(at, good string) string {
					if at == field {
						return bad.text
					}
					return good
				})
				walked++
				got := problemsOf(err)
				if len(got) != 1 || got[0].Field != field || !strings.HasSuffix(got[0].Code, bad.code) {
					t.Errorf("%s, %s with %s: got %v, want %s %s", e.name, field, bad.sentence, err, field, bad.code)
				}
			}
		}
		if err := e.send(op(e.name+"-good"), func(_, good string) string { return good }); err != nil {
			t.Fatalf("%s with good words: got %v, want it done", e.name, err)
		}
	}
	t.Logf("%d refusals", walked)
}

func problemsOf(err error) []fault.Problem {
	if f := fault.Of(err); f != nil {
		return f.Problems
	}
	return nil
}

// Who adds an operation says here whether it takes free text.
func TestEveryOperationIsAnEntranceOrTakesNoText(t *testing.T) {
	known := slices.Clone(silent)
	for _, e := range entrances(t, newTown(t)) {
		known = append(known, e.name)
	}
	for _, of := range []reflect.Type{reflect.TypeFor[*docket.Desk](), reflect.TypeFor[*docket.AgencySystems]()} {
		for i := range of.NumMethod() {
			m := of.Method(i)
			for j := range m.Type.NumIn() {
				if m.Type.In(j) == reflect.TypeFor[docket.Op]() && !slices.Contains(known, m.Name) {
					t.Errorf("%s: got an operation that this test does not know, want it among the entrances or the silent", m.Name)
				}
			}
		}
	}
}

// Who adds a text to what an operation takes says here what is typed there.
func TestEveryTextOfAnInputIsReadOrIsNoText(t *testing.T) {
	read := map[string]string{
		"casework.Defect.Item":       "an item of the pack",
		"casework.Defect.What":       "defects",
		"casework.Finding.Question":  "a choice",
		"casework.Finding.Reason":    "reason-",
		"casework.Opinion.Advice":    "advice",
		"casework.Opinion.Override":  "override",
		"casework.Opinion.Hash":      "the law's",
		"casework.Opinion.Person":    "the law's",
		"casework.Opinion.Org":       "the law's",
		"casework.Decision.Outcome":  "a choice",
		"casework.Decision.Number":   "number",
		"casework.Decision.Reason":   "reason",
		"casework.Decision.Evidence": "a file's id",
		"casework.Decision.Person":   "the law's",
		"casework.Decision.Org":      "the law's",
		"casework.Terms.Unit":        "the submission's",
		"casework.Terms.Conditions":  "conditions",
		"casework.Filing.Channel":    "channel",
		"casework.Filing.Receipt":    "receipt",
		"casework.Filing.Person":     "the law's",
		"docket.Lane.Later":          "items of the pack",
		"docket.Lane.Urgency":        "lane-urgency",
		"docket.Upload.Item":         "an item of the pack",
		"docket.Upload.Name":         "file",
		"docket.Upload.SHA256":       "a digest",
		"variety.Data.NameZH":        "nameZh",
		"variety.Data.NameEN":        "nameEn",
		"variety.Data.Maker":         "maker",
		"variety.Data.Model":         "model",
		"variety.Data.Country":       "country",
		"variety.Data.Class":         "a choice",
		"variety.Data.Subcatalogue":  "two digits",
		"variety.Data.UDI":           "udi",
		"variety.Data.NoUDI":         "noUdi",
		"variety.Data.Category":      "a choice",
	}
	for _, in := range []any{casework.Defect{}, casework.Finding{}, casework.Opinion{}, casework.Decision{}, casework.Terms{}, casework.Filing{}, docket.Lane{}, docket.Upload{}, variety.Data{}} {
		typ := reflect.TypeOf(in)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Type.Kind() != reflect.String && f.Type != reflect.TypeFor[[]string]() {
				continue
			}
			if name := typ.String() + "." + f.Name; read[name] == "" {
				t.Errorf("%s: got a text that nobody says how to read, want it read and listed", name)
			}
		}
	}
}

// A draft is no hiding place: what another pack asks is read like everything else.
func TestEveryPackReadsItsForm(t *testing.T) {
	ctx, tw := context.Background(), newTown(t)
	for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
		pack, err := tw.Desk.CurrentPack(ctx, kind)
		must(t, err)
		for _, check := range []func(map[string]string) []fault.Problem{pack.CheckDraft, pack.CheckForm} {
			for _, f := range pack.Form {
				for _, bad := range refused {
					got := slices.DeleteFunc(check(map[string]string{f.ID: bad.text}), func(p fault.Problem) bool { return p.Field != f.ID })
					taken := slices.Contains(numbered[f.ID], bad.sentence)
					if !taken && (len(got) != 1 || !strings.HasSuffix(got[0].Code, bad.code)) ||
						taken && len(got) > 0 && (f.Kind == policy.OneLine || f.Kind == policy.Multiline) {
						t.Errorf("%s of a %s with %s: got %v, want %s", f.ID, kind, bad.sentence, got, bad.code)
					}
				}
			}
		}
	}
}
