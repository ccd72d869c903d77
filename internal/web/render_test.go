package web

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"jixu/internal/calendar"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/eligibility"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/inquiry"
	"jixu/internal/policy"
	"jixu/internal/precheck"
	"jixu/internal/reuse"
	"jixu/internal/variety"
	"jixu/internal/web/form"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

// pages are the templates with the type that the first line of each names.
var pages = map[string]any{
	"act": actPage{}, "inquiries": inquiriesPage{}, "inquiry": inquiryPage{}, "varieties": varietiesPage{}, "variety": varietyPage{}, "submission": submissionPage{},
	"answer": answerPage{}, "case": casePage{}, "cases": caseListPage{}, "find": findPage{}, "check": checkPage{}, "closed": site.ClosedPage{},
	"code": codePage{}, "confirm": answerPage{}, "confirmation": confirmationPage{}, "dossier": dossierPage{}, "eligibility": eligibilityPage{},
	"evidence": evidencePage{}, "failed": site.FailedPage{}, "form": formPage{}, "gate": gatePage{}, "inbox": inboxPage{},
	"item": itemPage{}, "leaving": site.LeavingPage{}, "link": linkPage{}, "new": newCasePage{}, "precheck": precheckPage{}, "receipt": gatePage{}, "sign-in": site.SignInPage{},
	"upload": uploadPage{}, "welcome": welcomePage{}, "why": whyPage{}, "withdraw": withdrawPage{},
}

var missingWords = regexp.MustCompile(`\[[a-z]+[a-z.-]*\]`)

func TestEveryPageRenders(t *testing.T) {
	stored, err := fs.Glob(files, "templates/*.html")
	if err != nil || len(stored) != len(pages) {
		t.Fatalf("got %d templates (%v), want one for each of %d pages", len(stored), err, len(pages))
	}
	for name, zero := range pages {
		source, err := fs.ReadFile(files, "templates/"+name+".html")
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(source), "\n")
		if want := "{{/* " + reflect.TypeOf(zero).Name(); !strings.HasPrefix(first, want) {
			t.Errorf("%s: got first line %q, want %q", name, first, want)
		}
		for _, lang := range []words.Lang{words.ZH, words.EN} {
			for kind, value := range map[string]any{"empty": zero, "full": filled(zero)} {
				renders(t, name+" "+string(lang)+" "+kind, name, lang, value)
			}
		}
	}
}

func renders(t *testing.T, what, name string, lang words.Lang, value any) {
	t.Helper()
	page := reflect.New(reflect.TypeOf(value))
	page.Elem().Set(reflect.ValueOf(value))
	page.Elem().FieldByName("Lang").Set(reflect.ValueOf(lang))
	var b bytes.Buffer
	parsed, err := templates.Of(lang, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.ExecuteTemplate(&b, "layout", page.Interface()); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	weighsLittle(t, what, b.Bytes())
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	asksForLittle(t, what, doc)
	if n := doc.Find("h1").Length(); n != 1 {
		t.Errorf("%s: got %d headings h1, want 1", what, n)
	}
	if got := doc.Find("html").AttrOr("lang", ""); got != lang.Tag() {
		t.Errorf("%s: got lang %q, want %q", what, got, lang.Tag())
	}
	if m := missingWords.FindString(doc.Text()); m != "" {
		t.Errorf("%s: got %s, want words", what, m)
	}
	if n := doc.Find("[style], style, script:not([src]), [onclick]").Length(); n > 0 {
		t.Errorf("%s: got %d inline styles or scripts, want none: the content policy forbids them", what, n)
	}
	labelledFields(t, what, doc)
	formsPost(t, what, doc)
}

// labelledFields checks that everything typed or chosen has a label, that what
// describes it exists, and that no id stands twice.
func labelledFields(t *testing.T, what string, doc *goquery.Document) {
	t.Helper()
	doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, e *goquery.Selection) {
		id := e.AttrOr("id", "")
		if e.Closest("label").Length() == 0 && (id == "" || doc.Find(`label[for="`+id+`"]`).Length() == 0) {
			t.Errorf("%s: field %q has no label", what, e.AttrOr("name", id))
		}
	})
	doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, e *goquery.Selection) {
		for _, id := range strings.Fields(e.AttrOr("aria-describedby", "") + " " + e.AttrOr("aria-labelledby", "")) {
			if doc.Find(`[id="`+id+`"]`).Length() == 0 {
				t.Errorf("%s: nothing has the id %q that describes a field", what, id)
			}
		}
	})
}

// formsPost checks that every form posts with an operation id, but the one that
// only chooses which page comes next, and the bucket's.
func formsPost(t *testing.T, what string, doc *goquery.Document) {
	t.Helper()
	doc.Find("form").Each(func(_ int, f *goquery.Selection) {
		if f.AttrOr("method", "") == "get" || f.AttrOr("enctype", "") != "" {
			return
		}
		if f.AttrOr("method", "") != "post" || f.Find("input[type=hidden][name=op]").Length() != 1 {
			t.Errorf("%s: form %q does not post an operation id", what, f.AttrOr("action", ""))
		}
	})
}

// filled returns v with something in every field, two of every list.
func filled(v any) any {
	p := reflect.New(reflect.TypeOf(v)).Elem()
	n := 0
	fill(p, &n)
	return p.Interface()
}

func fill(v reflect.Value, n *int) {
	switch x := v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 14, 30, 0, 0, calendar.Shanghai)))
		return
	case calendar.Day:
		v.Set(reflect.ValueOf(calendar.Day{Year: 2026, Month: time.November, Day: 22}))
		return
	case policy.FieldKind:
		kinds := []policy.FieldKind{policy.OneLine, policy.Multiline, policy.Integer, policy.OneOf}
		v.SetString(string(kinds[*n%len(kinds)]))
		*n++
		return
	case words.Lang:
		v.SetString(string(x))
		return
	}
	switch v.Kind() {
	case reflect.String:
		*n++
		v.SetString("x" + strconv.Itoa(*n))
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 4, 4))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	}
}

func fieldsAsked[T any](a act[T]) []form.Field {
	var out []form.Field
	for _, q := range a.asks {
		out = append(out, q.Field)
	}
	return out
}

// spoken lists the keys that are put together from the law's words, by listing
// all of those words. A new one in the law fails here until it has its words.
func spoken() []string {
	var keys []string
	add := func(format string, values ...string) {
		for _, v := range values {
			keys = append(keys, strings.ReplaceAll(format, "*", v))
		}
	}
	verbs := []string{string(casework.Create)}
	for _, v := range casework.Verbs() {
		if v != casework.Edit { // leaves no entry
			verbs = append(verbs, string(v))
		}
	}
	add("entry.case.*", verbs...)
	answers := []string{string(casework.Opine), string(casework.AskOpinion), string(casework.Record), string(casework.AskReply)}
	for _, format := range []string{"choice.*", "consequence.*", "act.*", "answer.*"} {
		add(format, answers...)
	}
	add("answer.*", gate.Withdrawn, gate.Overtaken, gate.Lapsed, gate.Moot, string(casework.Resubmit), string(casework.Deliver))
	add("after.*", string(casework.Opine), string(casework.AskOpinion), string(casework.AskReply))
	outcomes := []string{string(casework.Approve), string(casework.ApproveInPart), string(casework.Refuse)}
	for _, format := range []string{"outcome.*", "consequence.*", "after.*"} {
		add(format, outcomes...)
	}
	kinds := []string{string(policy.Device), string(policy.Drug)}
	for _, format := range []string{"kind.*", "kind.help.*", "submit.after.*"} {
		add(format, kinds...)
	}
	for _, g := range []string{string(gate.Assess), string(gate.Supplement), string(gate.Decide), string(gate.Deliver)} {
		add("move.*", g)
		add("action.*", g)
		add("asks.*", g)
		add("basis."+g+".*", kinds...)
	}
	for _, a := range caseActs {
		for _, what := range []string{"title", "intro", "go"} {
			keys = append(keys, "act."+a.name+"."+what)
		}
		for _, f := range a.asks {
			if key := "act." + a.name + "." + f.ID; words.Has(key) {
				keys = append(keys, key)
			}
		}
	}
	asked := slices.Clone(productFields)
	for _, a := range caseActs {
		asked = append(asked, fieldsAsked(a)...)
	}
	for _, a := range []act[variety.Variety]{correctVariety, markVariety} {
		asked = append(asked, fieldsAsked(a)...)
	}
	for _, a := range []act[inquiry.Inquiry]{answerQuestion, attachQuestion} {
		asked = append(asked, fieldsAsked(a)...)
	}
	asked = append(asked, fieldsAsked(askQuestion)...)
	for _, f := range asked {
		if strings.HasPrefix(f.ID, "finding-") || strings.HasPrefix(f.ID, "reason-") {
			continue
		}
		add("act.in.*", f.ID)
		if words.Has("act.in." + f.ID + ".help") {
			add("act.in.*.help", f.ID)
		}
	}
	add("class.*", "II", "III")
	for _, c := range variety.Categories[1:] {
		add("category.*", string(c))
	}
	for _, situation := range []reuse.Situation{reuse.First, reuse.SameHospital, reuse.OtherHospital} {
		add("situation.*", string(situation))
		add("situation."+string(situation)+".*", kinds...)
	}
	add("how.*", string(reuse.Assess), string(reuse.Focus), string(reuse.Rely), string(reuse.IfNeeded), string(reuse.NotAgain))
	add("clause.*", reuse.ClauseDrug, reuse.ClauseDevice, reuse.ClauseAgain, reuse.ClauseRepeat)
	add("lack.*", string(reuse.NotFound), string(reuse.NoOpinion), string(reuse.NotJoint), string(reuse.NotUsed), string(reuse.SamePatient), string(reuse.Unmet))
	add("stale.*", string(reuse.Stopped), string(reuse.Registered), string(reuse.Indication), string(reuse.Expired), string(reuse.Aged))
	add("beside.*", "filing", "copies", "report", "joins", "papers", "work", "former")
	add("inquiry.*", string(inquiry.Open), string(inquiry.Answered))
	add("inquiry.to.*", kinds...)
	add("inbox.show.*", "all", "mine", "held")
	add("yes.*", "true", "false")
	open := []string{string(casework.StageDraft), string(casework.StageReview), string(casework.StageSupplement), string(casework.StageAwaiting)}
	closed := []string{string(casework.StageApproved), string(casework.StagePart), string(casework.StageRefused), string(casework.StageWithdrawn), string(casework.StageLapsed)}
	add("stage.*", append(slices.Clone(open), closed...)...)
	add("whose.*", open...)
	add("over.*", closed...)
	add("resubmit.after.*", string(gate.Opinion), string(gate.Reply))
	add("ring.*", string(gate.Reminder), string(gate.Due), string(gate.Overdue), string(gate.Wake))
	for _, q := range casework.Questions {
		add("question.*", string(q))
		add("question.help.*", string(q))
	}
	add("met.*", "true", "false")
	add("limit.*", string(calendar.WorkingDays), string(calendar.CalendarDays), string(calendar.Hours))
	add("step.*", string(calendar.Started), string(calendar.Counted), string(calendar.Skipped), string(calendar.Paused), string(calendar.Moved), string(calendar.Ended))
	add("status.*", string(policy.Official), string(policy.Draft), string(policy.Local), string(policy.Placeholder))
	add("filestate.*", string(docket.Unchecked), string(docket.Unscanned), string(docket.Checked), string(docket.Rejected))
	add("task.*", "none", "progress", "problem", "done")
	sites := []string{string(site.Hospital), string(site.Agency)}
	for _, format := range []string{"meanwhile.*", "signin.title.*", "signin.intro.*", "signin.other.*"} {
		add(format, sites...)
	}
	add("title.*", string(fault.NotFound), string(fault.Invalid), string(fault.Conflict), string(fault.Forbidden), string(fault.Unavailable))
	add("weekday.*", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
	add("recount.stopped.*", string(gate.Opinion), string(gate.Reply))
	keys = append(keys, "recount.moved", "recount.firm")
	for _, o := range eligibility.Outcomes {
		add("eligibility.*", string(o))
		add("eligibility.advice.*", string(o))
	}
	add("eligibility.state.*", string(eligibility.Met), string(eligibility.Failed), string(eligibility.Unclear), string(eligibility.Open))
	for _, s := range precheck.Severities {
		add("severity.*", string(s))
	}
	for _, rule := range precheck.Rules {
		if key := "gap." + rule; rule != "field" && rule != "paper" && rule != "code" { // they say what a fault says
			keys = append(keys, key)
		}
	}
	keys = append(keys, precheck.Cures...)
	reply := answerPage{Texts: replyTexts(reader{}, docket.View{}, nil)}
	for _, text := range reply.Texts {
		add("answer.*", text.ID)
		add("answer.*.help", text.ID)
	}
	add("answer.*", "advice", "outcome", "evidence", "reason")
	return keys
}

// written lists the keys that stand as they are in the templates and in Go.
func written(t *testing.T) []string {
	t.Helper()
	var keys []string
	say := regexp.MustCompile(`say "([^"]+)"`)
	err := fs.WalkDir(files, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		source, err := fs.ReadFile(files, path)
		for _, m := range say.FindAllStringSubmatch(string(source), -1) {
			keys = append(keys, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, folder := range []string{".", "form", "site"} {
		found, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, found...)
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			lit, isLit := call.Args[0].(*ast.BasicLit)
			if ok && isLit && f.Sel.Name == "Say" {
				key, _ := strconv.Unquote(lit.Value)
				keys = append(keys, key)
			}
			return true
		})
	}
	return keys
}

func TestEveryKeyHasWordsAndEveryWordAUse(t *testing.T) {
	used := map[string]bool{}
	for _, key := range append(spoken(), written(t)...) {
		used[key] = true
		if !words.Has(key) {
			t.Errorf("no words for %q", key)
		}
	}
	for _, key := range words.Keys() {
		if strings.HasPrefix(key, "fault.") || strings.HasPrefix(key, "mail.") || strings.HasPrefix(key, "api.") {
			continue // held against the faults, the notices and the API where those are
		}
		if !used[key] {
			t.Errorf("nothing says %q", key)
		}
	}
}

func TestWeightOfTheFirstPage(t *testing.T) {
	css, err := fs.ReadFile(files, "static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	js, err := fs.ReadFile(files, "static/upload.js")
	if err != nil {
		t.Fatal(err)
	}
	var html bytes.Buffer
	page := filled(welcomePage{}).(welcomePage)
	parsed, err := templates.Of(words.ZH, "welcome")
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.ExecuteTemplate(&html, "layout", &page); err != nil {
		t.Fatal(err)
	}
	if len(css) > 20_000 {
		t.Errorf("the style sheet weighs %d bytes, want at most 20,000", len(css))
	}
	if all := len(css) + len(js) + html.Len(); all > 60_000 {
		t.Errorf("the first page weighs %d bytes, want at most 60,000", all)
	}
}
