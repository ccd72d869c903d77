package stack_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/keyring"
	"jixu/internal/local"
	"jixu/internal/party"
	"jixu/internal/sample"
	"jixu/internal/table"
)

// machine makes a secret for an agency and returns its machine.
func (h house) system(org string) journey.System {
	h.Helper()
	store := h.stack.Environment().Store()
	desk := docket.New(store, table.Clock{Store: store, Moves: true}, nobody{})
	systems := &docket.AgencySystems{Desk: desk, Sealer: keyring.NewSealer(h.stack.Config, h.stack.Outputs["SealKeyArn"]), Wall: time.Now}
	admin := party.Actor{Person: "tang-wei", Org: org, Kind: journey.Organisation(org).Kind, Roles: []party.Role{party.Administrator}, Via: party.BySession}
	agreed, err := systems.Trust(h.ctx, admin)
	h.must(err)
	for _, s := range agreed.Live(time.Now()) { // two at most: the tests share an agency
		_, err := systems.RevokeSecret(h.ctx, docket.Op{ID: "revoke-" + journey.MessageID()}, s.ID, admin)
		h.must(err)
	}
	s, err := systems.MakeSecret(h.ctx, docket.Op{ID: "secret-" + journey.MessageID()}, 1, admin)
	h.must(err)
	return journey.System{Site: h.Site, Org: org, Secret: s.Text}
}

type nobody struct{}

func (nobody) Count(string, float64) {}

func (nobody) Gauge(string, float64) {}

func (nobody) Age(string, time.Duration) {}

func opinionOf(met bool, reason string) map[string]any {
	var findings []any
	for _, q := range []string{"capability", "urgency", "quantity"} {
		findings = append(findings, map[string]any{"question": q, "met": met, "reason": reason})
	}
	return map[string]any{"findings": findings}
}

func TestAnAgencySystemAnswersAndTheStateMachineThatWaitsGoesOn(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.waitToken(id, "opinion-1")
	mpa, nmpa := h.system("mpa"), h.system("nmpa")
	body := map[string]any{"case": id, "gate": "opinion-1", "person": "zhou-heng", "submission": 1, "opinion": opinionOf(true, "符合要求")}
	message := journey.MessageID()
	first, err := mpa.Post(h.ctx, "/callbacks/v1/answers", message, body)
	h.must(err)
	if first.Status != http.StatusOK {
		t.Fatalf("got %d %s, want a receipt", first.Status, first.Body)
	}
	again, err := mpa.Post(h.ctx, "/callbacks/v1/answers", message, body)
	h.must(err)
	if again.Status != http.StatusOK || string(again.Body) != string(first.Body) {
		t.Errorf("again: got %d %s, want %s", again.Status, again.Body, first.Body)
	}
	body["opinion"] = opinionOf(false, "不符合要求")
	if other, err := mpa.Post(h.ctx, "/callbacks/v1/answers", journey.MessageID(), body); err != nil || other.Status != http.StatusConflict || !strings.Contains(string(other.Body), "周衡") {
		t.Errorf("another answer: got %d %s and %v, want who decided", other.Status, other.Body, err)
	}
	h.finish(id)
	_, err = nmpa.Record(h.ctx, id, h.record(id).Case.Leg(gate.Reply).Gate, "shen-an", map[string]any{
		"outcome": "refuse", "number": "国药监械临急〔2026〕9号", "date": time.Now().AddDate(0, 0, -1).Format(time.DateOnly), "reason": "不符合临床急需条件",
	}, sample.PDF(3, "不予批准通知", 1, 0))
	h.must(err)
	if got, want := fmt.Sprint(h.verbs(id)), "[create submit opine record]"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
	h.loggedNothing("take-answer", "符合要求", "周衡", "批复.pdf", mpa.Secret[6:], nmpa.Secret[6:])
}

// loggedNothing fails if a function's log holds one of words.
func (h house) loggedNothing(function string, words ...string) {
	h.Helper()
	text := h.log(function)
	if !strings.Contains(text, `"msg":"answered"`) {
		h.Errorf("the log of %s: got %.200q, want something to look at", function, text)
	}
	for _, word := range words {
		if strings.Contains(text, word) {
			h.Errorf("the log of %s: got %q in it", function, word)
		}
	}
}

// log is what a function logged since the test began.
func (h house) log(function string) string {
	h.Helper()
	body := fmt.Appendf(nil, `{"limit":10000,"startTime":%d,"logGroupName":"/aws/lambda/%s"}`, h.began.UnixMilli(), h.stack.Function(function))
	r, err := http.NewRequestWithContext(h.ctx, http.MethodPost, *h.stack.Config.BaseEndpoint, bytes.NewReader(body))
	h.must(err)
	r.Header.Set("X-Amz-Target", "Logs_20140328.FilterLogEvents")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	who, err := h.stack.Config.Credentials.Retrieve(h.ctx)
	h.must(err)
	h.must(v4.NewSigner().SignHTTP(h.ctx, who, r, fmt.Sprintf("%x", sha256.Sum256(body)), "logs", h.stack.Config.Region, time.Now()))
	answer, err := h.stack.HTTP().Do(r)
	h.must(err)
	defer answer.Body.Close()
	var page struct{ Events []struct{ Message string } }
	h.must(json.NewDecoder(answer.Body).Decode(&page))
	var text strings.Builder
	for _, e := range page.Events {
		text.WriteString(e.Message + "\n")
	}
	return text.String()
}

func TestFiftyDifferentAnswersOfAgencySystemsAreOneDecision(t *testing.T) {
	h := open(t)
	id, mpa := h.plant(local.Submitted), h.system("mpa")
	var mu sync.Mutex
	taken, deciders := 0, map[string]int{}
	var all sync.WaitGroup
	for i := range 50 {
		body := map[string]any{"case": id, "gate": "opinion-1", "person": "zhou-heng", "submission": 1, "opinion": opinionOf(i%2 == 0, fmt.Sprint("理由 ", i))}
		all.Go(func() {
			message := journey.MessageID()
			page, err := mpa.Post(h.ctx, "/callbacks/v1/answers", message, body)
			// A gateway that gave up waiting says nothing: machines send the same again.
			for try := 0; try < 5 && err == nil && (page.Status >= 500 || strings.Contains(string(page.Body), `"moved"`)); try++ {
				page, err = mpa.Post(h.ctx, "/callbacks/v1/answers", message, body)
			}
			mu.Lock()
			defer mu.Unlock()
			var told struct{ Decided struct{ At string } }
			switch {
			case err != nil:
				t.Errorf("answer %d: %v", i, err)
			case page.Status == http.StatusOK:
				taken++
			case page.Status == http.StatusConflict && json.Unmarshal(page.Body, &told) == nil:
				deciders[told.Decided.At]++
			default:
				t.Errorf("answer %d: got %d %s", i, page.Status, page.Body)
			}
		})
	}
	all.Wait()
	if taken != 1 || len(deciders) != 1 {
		t.Errorf("got %d taken and deciders %v, want one decision that 49 hear of", taken, deciders)
	}
	if got := len(h.verbs(id)); got != 3 {
		t.Errorf("entries: got %v, want created, submitted and one answer", h.verbs(id))
	}
}

func TestWhatIsNotSignedProperlyChangesNothing(t *testing.T) {
	h := open(t)
	id, mpa := h.plant(local.Submitted), h.system("mpa")
	body := map[string]any{"case": id, "gate": "opinion-1", "person": "zhou-heng", "submission": 1, "opinion": opinionOf(true, "符合要求")}
	before := fmt.Sprint(h.verbs(id))
	other, stranger := mpa, mpa
	other.Secret = h.system("health").Secret
	stranger.Org = "nobody"
	for sentence, m := range map[string]journey.System{"another organisation's secret": other, "an organisation there is not": stranger} {
		page, err := m.Post(h.ctx, "/callbacks/v1/answers", journey.MessageID(), body)
		h.must(err)
		if page.Status != http.StatusUnauthorized || !strings.Contains(string(page.Body), "webhook.signature") {
			t.Errorf("%s: got %d %s, want 401", sentence, page.Status, page.Body)
		}
	}
	large := map[string]any{"case": strings.Repeat("x", 1<<20)}
	if page, err := mpa.Post(h.ctx, "/callbacks/v1/answers", journey.MessageID(), large); err != nil || page.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("more than 1 MB: got %d and %v, want 413", page.Status, err)
	}
	page, err := journey.NewBrowser(h.Site).Post(h.ctx, "/callbacks/v1/answers", nil)
	h.must(err)
	if page.Status != http.StatusUnsupportedMediaType {
		t.Errorf("a form: got %d %s, want 415", page.Status, page.Body)
	}
	if page, err := journey.NewBrowser(h.Site).Get(h.ctx, "/callbacks/v1/answers"); err != nil || page.Status != http.StatusNotFound && page.Status != http.StatusMethodNotAllowed {
		t.Errorf("looking: got %d and %v, want nothing there", page.Status, err)
	}
	if after := fmt.Sprint(h.verbs(id)); after != before {
		t.Errorf("entries: got %s, want %s", after, before)
	}
}
