package stack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/sample"
	"jixu/internal/stack"
	"jixu/internal/web"
)

// house is the shared stack and what a test does with it.
type house struct {
	*testing.T
	stack *stack.Stack
	journey.Deployment
	ctx   context.Context
	began time.Time
}

func open(t *testing.T) house {
	t.Helper()
	s := stack.Shared(t)
	return house{T: t, stack: s, Deployment: s.Environment().Deployment(), ctx: t.Context(), began: time.Now()}
}

func (h house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// plant makes a case of its own for the test.
func (h house) plant(until local.Stage) string {
	h.Helper()
	id, err := local.Plant(h.ctx, h.stack.Environment(), fmt.Sprintf("attack-%016d", time.Now().UnixNano()), until)
	h.must(err)
	return id
}

func (h house) signIn(audience, person string) *journey.Browser {
	h.Helper()
	b, err := h.SignIn(h.ctx, audience, person)
	h.must(err)
	return b
}

func (h house) record(id string) docket.Record {
	h.Helper()
	r, err := docket.LoadCase(h.ctx, h.stack.Environment().Store(), id)
	h.must(err)
	return r
}

func (h house) verbs(id string) []string {
	h.Helper()
	entries, err := h.stack.Environment().Store().Entries(h.ctx, id)
	h.must(err)
	var out []string
	for _, e := range entries {
		if e.Verb != string(casework.Restart) {
			out = append(out, e.Verb)
		}
	}
	return out
}

func gatePath(id, g string) string { return "/agency/cases/" + id + "/gates/" + g }

// heal lets the sweeps come by now instead of within a minute.
func (h house) heal() {
	for _, name := range []string{"retell-entries", "sweep-stuck"} {
		if err := h.stack.Invoke(h.ctx, name, []byte("{}")); err != nil {
			h.Logf("%s: %v", name, err)
		}
	}
}

// waitRun waits until the current run of leg has status, with the sweeps' help.
func (h house) waitRun(id string, leg gate.Leg, want string) {
	h.Helper()
	runs := executions(h.stack)
	name, got := "", ""
	err := stack.Eventually(h.ctx, 90*time.Second, func() (bool, error) {
		name = fmt.Sprintf("%s-%s-%d", id, leg, h.record(id).Case.Leg(leg).Run)
		var err error
		if got, err = runs.Describe(h.ctx, review(name)); err != nil || got == want {
			return got == want, err
		}
		h.heal()
		time.Sleep(time.Second)
		return false, nil
	})
	if err != nil {
		h.Fatalf("run %s: got %s (%v), want %s", name, got, err, want)
	}
}

// waitToken waits until the machine has put its token on the gate.
func (h house) waitToken(id, g string) {
	h.Helper()
	h.must(stack.Eventually(h.ctx, 90*time.Second, func() (bool, error) {
		token, ok, err := h.stack.Environment().Store().Token(h.ctx, docket.GateRef{Of: id, Gate: g})
		if !ok {
			h.heal()
			time.Sleep(time.Second)
		}
		return ok && token.Run == h.record(id).Case.Opinion.Run, err
	}))
}

var findings = map[string]string{
	"finding-capability": "yes", "reason-capability": "具备", "finding-urgency": "yes", "reason-urgency": "急需",
	"finding-quantity": "yes", "reason-quantity": "合理",
}

// opine gives the opinion over HTTP.
func (h house) opine(id, g string) {
	h.Helper()
	_, err := journey.Answer(h.ctx, h.signIn("agency", "zhou-heng"), gatePath(id, g), "opine", findings)
	h.must(err)
}

func TestTheWholeLifeOverHTTP(t *testing.T) {
	h := open(t)
	var told bytes.Buffer
	if err := journey.Demo(h.ctx, h.Deployment, &told); err != nil {
		t.Fatalf("%v\n%s", err, told.String())
	}
	t.Log("\n" + told.String())
}

func TestAnAnswerAfterTheHouseWasStoppedOverNightFinishes(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	h.must(h.stack.Restart(h.ctx))
	h.opine(id, "opinion-1")
	h.finish(id)
}

func TestAnAnswerToAStoppedExecutionFinishes(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	runs := executions(h.stack)
	h.must(runs.Stop(h.ctx, review(id+"-opinion-1")))
	zhou := h.signIn("agency", "zhou-heng")
	_, err := journey.Answer(h.ctx, zhou, gatePath(id, "opinion-1"), "ask-opinion", map[string]string{"defects": "请补充说明"})
	h.must(err)
	h.waitRun(id, gate.Opinion, "RUNNING")
	if run := h.record(id).Case.Opinion.Run; run < 2 {
		t.Errorf("the run after one was stopped: got %d, want a later one", run)
	}
	_, err = journey.Submit(h.ctx, h.signIn("hospital", "lin-zhi"), "/hospital/cases/"+id)
	h.must(err)
	h.opine(id, "opinion-3")
	h.finish(id)
}

func TestAnAnswerAfterTheNextBuildWasDeployedFinishes(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	h.must(h.stack.Redeploy(h.ctx))
	h.opine(id, "opinion-1")
	h.finish(id)
}

// finish waits until the opinion is over everywhere: case, machine, marks.
func (h house) finish(id string) {
	h.Helper()
	if got := h.record(id).Case.Opinion.State; got != casework.Given {
		h.Errorf("the opinion: got %s, want given", got)
	}
	store := h.stack.Environment().Store()
	h.must(stack.Eventually(h.ctx, 90*time.Second, func() (bool, error) {
		entries, err := store.Entries(h.ctx, id)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			if _, untold, err := store.Entry(h.ctx, id, e.Seq); err != nil || untold {
				h.heal()
				time.Sleep(time.Second)
				return false, err
			}
		}
		return true, nil
	}))
	// The run that carried the leg has come to an end, whichever it was.
	runs := executions(h.stack)
	name := fmt.Sprintf("%s-opinion-%d", id, h.record(id).Case.Opinion.Run)
	h.must(stack.Eventually(h.ctx, 30*time.Second, func() (bool, error) {
		status, err := runs.Describe(h.ctx, review(name))
		return status != "RUNNING", err
	}))
}

// Fifty browsers answer one gate at once, half one way and half the other.
func TestFiftyAnswersOverHTTPAreOneDecision(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	b := h.signIn("agency", "zhou-heng")
	yes, err := journey.Confirm(h.ctx, b, gatePath(id, "opinion-1"), "opine", findings)
	h.must(err)
	no, err := journey.Confirm(h.ctx, b, gatePath(id, "opinion-1"), "ask-opinion", map[string]string{"defects": "请补充说明"})
	h.must(err)
	var mu sync.Mutex
	var wg sync.WaitGroup
	receipts, lost := map[string]int{}, 0
	for i := range 50 {
		values := maps.Clone(yes.Values())
		action := yes.Action
		if i%2 == 1 {
			values, action = maps.Clone(no.Values()), no.Action
		}
		values.Set("op", fmt.Sprintf("fifty-answers-%04d", i))
		wg.Go(func() {
			page, err := b.Post(h.ctx, action, values)
			// A gateway that gave up waiting says nothing: people send the same form again.
			for try := 0; try < 5 && err == nil && page.Status >= 500; try++ {
				page, err = b.Post(h.ctx, action, values)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Errorf("answer %d: %v", i, err)
			case page.Status == http.StatusOK && strings.HasSuffix(page.URL.Path, "/receipt"):
				receipts[page.Text("main")]++
			case page.Status == http.StatusConflict && strings.Contains(page.Text("main"), "周衡"):
				lost++
			default:
				t.Errorf("answer %d: got %d at %s: %.200s", i, page.Status, page.URL.Path, page.Text("main"))
			}
		})
	}
	wg.Wait()
	if len(receipts) != 1 || lost != 25 {
		t.Errorf("got %d different receipts and %d losers who see who decided, want 1 and 25", len(receipts), lost)
	}
	if got := len(h.verbs(id)); got != 3 {
		t.Errorf("entries: got %v, want created, submitted and one answer", h.verbs(id))
	}
}

// fill puts real ids into a route's pattern.
func fill(pattern, id string) string {
	return strings.NewReplacer("{$}", "", "{case}", id, "{gate}", "opinion-1", "{item}", "instructions", "{file}", "nofile",
		"{no}", "1", "{link}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "{code}", "nocode").Replace(pattern)
}

// dump is everything in the table, for comparison, but for what is of other cases
// and how far a walk has come: what other tests left behind goes on being swept.
func (h house) dump(id string) string {
	h.Helper()
	client := dynamodb.NewFromConfig(h.stack.Config)
	var all, others, rows []string
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: aws.String(h.stack.Outputs["TableName"]), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(h.ctx)
		h.must(err)
		for _, item := range page.Items {
			all = append(all, row(item))
			if pk, ok := item["pk"].(*types.AttributeValueMemberS); ok {
				if other, is := strings.CutPrefix(pk.Value, "CASE#"); is && other != id {
					others = append(others, other)
				}
			}
		}
	}
	slices.Sort(others)
	others = slices.Compact(others)
	for _, r := range all {
		if strings.Contains(r, "CURSOR-") {
			continue // a sweep says where it will go on, whoever reads
		}
		if !slices.ContainsFunc(others, func(other string) bool { return strings.Contains(r, other) }) {
			rows = append(rows, r)
		}
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

func row(item map[string]types.AttributeValue) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(item)) {
		value, _ := json.Marshal(item[name])
		parts = append(parts, name+"="+string(value))
	}
	return strings.Join(parts, " ")
}

// changed are the rows that stand in one of two dumps only.
func changed(before, after string) string {
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, r := range was {
		if !slices.Contains(is, r) {
			out = append(out, "- "+r)
		}
	}
	for _, r := range is {
		if !slices.Contains(was, r) {
			out = append(out, "+ "+r)
		}
	}
	return strings.Join(out, "\n")
}

// quiet waits until nothing of what happens by itself moves any more and nothing of
// the case is due: what is due is rung here and now, since the house's own comes with
// the next minute, which may be in the middle of what is being watched.
func (h house) quiet(id string) string {
	h.Helper()
	before := h.dump(id)
	h.must(stack.Eventually(h.ctx, 2*time.Minute, func() (bool, error) {
		if err := h.stack.Invoke(h.ctx, "ring-deadlines", []byte("{}")); err != nil {
			h.Logf("ring-deadlines, which other tests may have given what it cannot ring: %v", err)
		}
		time.Sleep(2 * time.Second)
		now := h.dump(id)
		still := now == before && !due(now, time.Now())
		before = now
		return still, nil
	}))
	return before
}

// due says whether a dump holds a row that would ring at an instant.
func due(dump string, now time.Time) bool {
	for r := range strings.Lines(dump) {
		if _, after, is := strings.Cut(r, `workPk={"Value":"due#`); is {
			_, at, _ := strings.Cut(after, `workSk={"Value":"`)
			at, _, _ = strings.Cut(at, "#")
			if when, err := time.Parse(time.RFC3339Nano, at); err == nil && !when.After(now) {
				return true
			}
		}
	}
	return false
}

func TestReadingChangesNothing(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	browsers := []*journey.Browser{h.signIn("hospital", "lin-zhi"), h.signIn("agency", "zhou-heng"), journey.NewBrowser(h.Site)}
	before := h.quiet(id)
	asked := 0
	for _, route := range append(web.HospitalRoutes(), web.AgencyRoutes()...) {
		if strings.HasSuffix(route.Pattern, "/callback") {
			continue // the only GET that writes, and only for somebody on the way back from the issuer
		}
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			for _, b := range browsers {
				if _, err := b.Do(h.ctx, method, fill(route.Pattern, id), "", nil, nil); err != nil {
					t.Errorf("%s %s: %v", method, route.Pattern, err)
				}
				asked++
			}
		}
	}
	if after := h.dump(id); after != before {
		t.Errorf("after %d reads of every route the table changed: %s", asked, changed(before, after))
	}
	t.Logf("%d reads changed nothing", asked)
}

func TestEveryPostFromAnotherOriginIsRefused(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	browsers := map[string]*journey.Browser{"/agency": h.signIn("agency", "zhou-heng"), "/": h.signIn("hospital", "lin-zhi")}
	before := h.quiet(id)
	for _, route := range append(web.HospitalRoutes(), web.AgencyRoutes()...) {
		if route.Method != http.MethodPost {
			continue
		}
		b := browsers["/"]
		if strings.HasPrefix(route.Pattern, "/agency") || strings.HasPrefix(route.Pattern, "/l/") {
			b = browsers["/agency"]
		}
		body := []byte(url.Values{"op": {"another-origin-0001"}, "version": {"1"}, "choice": {"opine"}}.Encode())
		for name, header := range map[string]http.Header{
			"cross-site":                 {"Sec-Fetch-Site": {"cross-site"}},
			"an origin that is not ours": {"Origin": {"https://elsewhere.example"}},
		} {
			page, err := b.Do(h.ctx, http.MethodPost, fill(route.Pattern, id), "application/x-www-form-urlencoded", body, header)
			h.must(err)
			if page.Status != http.StatusForbidden {
				t.Errorf("POST %s from %s: got %d, want 403", route.Pattern, name, page.Status)
			}
		}
	}
	if h.dump(id) != before {
		t.Error("after posts from elsewhere the table changed")
	}
}

func TestAnotherHospitalFindsNothing(t *testing.T) {
	h := open(t)
	id := h.plant(local.Supplementing)
	file := ""
	for _, f := range h.record(id).Files {
		file = f.ID
	}
	he := h.signIn("hospital", "he-yue")
	before := len(h.verbs(id))
	for _, route := range web.HospitalRoutes() {
		if !strings.Contains(route.Pattern, "{case}") {
			continue
		}
		path := strings.ReplaceAll(fill(route.Pattern, id), "nofile", file)
		values := url.Values{"op": {"not-my-own-operation"}, "version": {"1"}, "gate": {"opinion-2"}, "declared": {"yes"}, "reason": {"x"}, "item": {"instructions"}, "name": {"x"}}
		var page *journey.Page
		var err error
		if route.Method == http.MethodGet {
			page, err = he.Get(h.ctx, path)
		} else {
			page, err = he.Post(h.ctx, path, values)
		}
		h.must(err)
		if page.Status != http.StatusNotFound {
			t.Errorf("%s %s by another hospital: got %d, want 404", route.Method, route.Pattern, page.Status)
		}
	}
	page, err := he.Get(h.ctx, "/agency/cases/"+id)
	h.must(err)
	if page.URL.Path != "/agency/sign-in" {
		t.Errorf("a hospital at the agencies' entrance: got %s, want the sign-in page", page.URL.Path)
	}
	if got := len(h.verbs(id)); got != before {
		t.Errorf("entries: got %d, want %d as before", got, before)
	}
}

func TestWhatIsWrongWithAFileIsSaidAndTheRestIsKept(t *testing.T) {
	h := open(t)
	lin := h.signIn("hospital", "lin-zhi")
	path, err := journey.CreateDraft(h.ctx, lin)
	h.must(err)
	id := path[strings.LastIndex(path, "/")+1:]
	for _, bad := range sample.BadFiles(7) {
		fid, err := journey.SendFile(h.ctx, lin, path, "instructions", bad.Name+".pdf", bad.Data)
		if len(bad.Data) == 0 {
			if err == nil {
				t.Errorf("%s: got accepted by the bucket, want refused", bad.Name)
			}
			h.must(removeFile(h.ctx, lin, path, "instructions"))
			continue
		}
		h.must(err)
		state, err := journey.WaitFile(h.ctx, lin, path+"/items/instructions", fid)
		h.must(err)
		f, _ := h.record(id).File(fid)
		if state != "rejected" || f.Reason != bad.Code {
			t.Errorf("%s: got %s because of %q, want rejected because of %q", bad.Name, state, f.Reason, bad.Code)
		}
		page, err := lin.Post(h.ctx, path+"/files/"+fid+"/open", url.Values{"op": {"open-a-bad-file-01"}})
		h.must(err)
		if page.Status != http.StatusConflict {
			t.Errorf("opening %s: got %d, want 409", bad.Name, page.Status)
		}
		h.must(removeFile(h.ctx, lin, path, "instructions"))
	}
	// One byte too many never gets in: the signed form says how large it may be.
	_, err = journey.SendFile(h.ctx, lin, path, "instructions", "过大.pdf", append([]byte("%PDF-1.7\n"), make([]byte, 50<<20)...))
	if err == nil {
		t.Error("a file over 50 MB: got accepted by the bucket, want refused")
	}
	h.must(removeFile(h.ctx, lin, path, "instructions"))
	good, err := journey.SendFile(h.ctx, lin, path, "instructions", "说明书.pdf", sample.PDF(1, "说明书", 1, 0))
	h.must(err)
	if state, err := journey.WaitFile(h.ctx, lin, path+"/items/instructions", good); err != nil || state != "checked" {
		t.Errorf("a good file after bad ones: got %s (%v), want checked", state, err)
	}
}

// removeFile takes the last file of an item out, as the page offers it.
func removeFile(ctx context.Context, b *journey.Browser, path, item string) error {
	page, err := b.Get(ctx, path+"/items/"+item)
	if err != nil {
		return err
	}
	form, err := page.Form(`form[action$="/remove"]`)
	if err != nil {
		return err
	}
	_, err = b.Submit(ctx, form)
	return err
}

// The signed form of a file is used again after the check: what was checked is
// what is opened.
func TestAFileOverwrittenAfterCheckingChangesNothing(t *testing.T) {
	h := open(t)
	lin := h.signIn("hospital", "lin-zhi")
	path, err := journey.CreateDraft(h.ctx, lin)
	h.must(err)
	id := path[strings.LastIndex(path, "/")+1:]
	page, err := lin.Get(h.ctx, path+"/items/licence")
	h.must(err)
	form, err := page.Form(`form[action$="/items/licence"]`)
	h.must(err)
	page, err = lin.Submit(h.ctx, form.Set("name", "许可证.pdf"))
	h.must(err)
	fid := page.URL.Path[strings.LastIndex(page.URL.Path, "/")+1:]
	ticket, err := page.Form(`form[enctype="multipart/form-data"]`)
	h.must(err)
	first, second := sample.PDF(1, "第一版", 1, 0), sample.PDF(2, "第二版", 1, 0)
	_, err = lin.Upload(h.ctx, ticket, "a.pdf", first)
	h.must(err)
	state, err := journey.WaitFile(h.ctx, lin, path+"/items/licence", fid)
	h.must(err)
	before, _ := h.record(id).File(fid)
	_, err = lin.Upload(h.ctx, ticket, "a.pdf", second)
	h.must(err)
	time.Sleep(3 * time.Second) // the second event has come by
	after, _ := h.record(id).File(fid)
	if state != "checked" || after != before {
		t.Errorf("after overwriting: got %+v, want %+v as before", after, before)
	}
	opened, err := lin.Post(h.ctx, path+"/files/"+fid+"/open", url.Values{"op": {"open-a-good-file-1"}})
	h.must(err)
	if !bytes.Equal(opened.Body, first) {
		t.Errorf("opening: got %d bytes that were never checked, want the first version", len(opened.Body))
	}
	readings, err := h.stack.Environment().Store().Readings(h.ctx, id, 10)
	h.must(err)
	if len(readings) != 1 || readings[0].File != fid || readings[0].Person != "lin-zhi" {
		t.Errorf("the read log: got %v, want one line of who opened what", readings)
	}
}

func TestABodyOverAMegabyteIsRefusedAndNothingIsLost(t *testing.T) {
	h := open(t)
	lin := h.signIn("hospital", "lin-zhi")
	path, err := journey.CreateDraft(h.ctx, lin)
	h.must(err)
	_, err = journey.Fill(h.ctx, lin, path, map[string]string{"model": "BAO-12"})
	h.must(err)
	page, err := lin.Post(h.ctx, path+"/form", url.Values{"op": {"a-very-big-form-001"}, "version": {"2"}, "urgency": {strings.Repeat("长", 400_000)}})
	h.must(err)
	if page.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over 1 MB: got %d, want 413", page.Status)
	}
	if got := h.record(path[strings.LastIndex(path, "/")+1:]).Case.Form["model"]; got != "BAO-12" {
		t.Errorf("the draft afterwards: got model %q, want it kept", got)
	}
}

// After a jump of the clock each gate speaks once, in the order in which they would
// have begun, and says how many rings nobody heard.
func TestMovingTheClockRingsDeadlinesInOrder(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.ahead(40 * 24 * time.Hour)
	h.must(h.stack.Invoke(h.ctx, "ring-deadlines", []byte("{}")))
	var gates []string
	for _, r := range h.rung(id) {
		gates = append(gates, r.Gate)
		if r.Missed == 0 {
			t.Errorf("ring %s of %s: got nothing missed before it in forty days, want its count", r.Kind, r.Gate)
		}
	}
	if !slices.Equal(gates, []string{"opinion-1", "reply-1"}) {
		t.Errorf("rings after forty days: got %v, want one of the opinion, whose reminder came first, and one of the reply", gates)
	}
	if _, err := local.MoveClock(h.ctx, h.stack.Environment(), -time.Hour); err == nil {
		t.Error("moving the clock back: got nothing, want it refused")
	}
}
