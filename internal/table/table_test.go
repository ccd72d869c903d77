package table

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/history"
)

// answer is what the scripted DynamoDB says to one request.
type answer struct {
	status int
	body   string
}

// scripted returns a store whose DynamoDB gives answers one after the other,
// the last one again and again, and the requests it got.
func scripted(t *testing.T, answers ...answer) (*Store, func() []map[string]any) {
	t.Helper()
	var mu sync.Mutex
	var got []map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var request map[string]any
		if err := json.Unmarshal(b, &request); err != nil {
			t.Errorf("reading a request: %v", err)
		}
		mu.Lock()
		got = append(got, request)
		a := answers[min(len(got), len(answers))-1]
		mu.Unlock()
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(server.Close)
	db := dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	})
	return New(db, "cases"), func() []map[string]any {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

func canceled(reasons ...string) answer {
	var list []string
	for _, r := range reasons {
		list = append(list, fmt.Sprintf(`{"Code":%q}`, r))
	}
	return answer{400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[` + strings.Join(list, ",") + `]}`}
}

var (
	done   = answer{200, `{}`}
	broken = answer{500, `{"__type":"InternalServerError"}`}
)

func born() docket.Commit {
	return docket.Commit{Changes: []docket.Change{{
		Head: docket.Head{Kind: "case", ID: "c1", Number: "n1", Version: 1, Body: []byte(`{"ID":"c1"}`)},
		Home: docket.Place{List: docket.OwnPages.Of("h1")},
	}}}
}

func TestWhatACommitMakesOfAnswers(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		answers  []answer
		want     error
		calls    int // 0: as many as its patience lasts for
	}{
		{"done is done", []answer{done}, nil, 1},
		{"a condition that does not hold is a conflict, at once", []answer{canceled("None", "ConditionalCheckFailed"), done}, fault.Conflict, 1},
		{"it is a conflict also when others were at the items too", []answer{canceled("TransactionConflict", "ConditionalCheckFailed"), done}, fault.Conflict, 1},
		{"others at the items are waited for", []answer{canceled("TransactionConflict", "None"), canceled("None", "ThrottlingError"), done}, nil, 3},
		{"others at the items for ever make it busy, with nothing written", []answer{canceled("TransactionConflict", "None")}, docket.ErrContended, 0},
		{"so do too many requests", []answer{canceled("None", "ProvisionedThroughputExceeded")}, docket.ErrContended, 0},
		{"after an answer that was lost nobody is sure of that", []answer{broken, canceled("TransactionConflict", "None")}, fault.Unavailable, 0},
		{"a cancellation for another reason is not repeated", []answer{canceled("ValidationError", "TransactionConflict"), done}, fault.Unavailable, 1},
		{"a failure of theirs is repeated by the SDK and then unclear", []answer{broken}, fault.Unavailable, 3},
		{"a failure of theirs that heals is none", []answer{broken, done}, nil, 2},
		{"an answer nobody understands is unclear", []answer{{400, `{"__type":"ValidationException"}`}, done}, fault.Unavailable, 1},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			s, got := scripted(t, tt.answers...)
			s.pause = func(context.Context, time.Duration) error { return nil }
			err := s.Commit(t.Context(), born())
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if certain := tt.want == docket.ErrContended; errors.Is(err, docket.ErrContended) != certain {
				t.Errorf("got %v, want it said to be certain: %v", err, certain)
			}
			if n := len(got()); n != tt.calls && (tt.calls > 0 || n < 5 || n > 100) {
				t.Errorf("got %d requests, want %d", n, tt.calls)
			}
		})
	}
}

// Cut off by the end of its context, a write may have gone through or not.
func TestAWriteIsNotRepeatedWhereItCouldBeCutOff(t *testing.T) {
	s, got := scripted(t, canceled("TransactionConflict", "None"))
	ctx, cancel := context.WithTimeout(t.Context(), margin)
	defer cancel()
	if err := s.Commit(ctx, born()); !errors.Is(err, docket.ErrContended) {
		t.Errorf("got %v, want it certain that nothing was written", err)
	}
	if n := len(got()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

func TestRepeatsOfOneCallAreOneRequestToDynamoDB(t *testing.T) {
	s, got := scripted(t, broken, done, done)
	for range 2 {
		if err := s.Commit(t.Context(), born()); err != nil {
			t.Fatal(err)
		}
	}
	var tokens []any
	for _, r := range got() {
		tokens = append(tokens, r["ClientRequestToken"])
	}
	if len(tokens) != 3 || tokens[0] == nil || tokens[0] != tokens[1] || tokens[1] == tokens[2] {
		t.Errorf("got tokens %v, want the first two the same and the third another", tokens)
	}
}

func TestACommitSaysWhichTableAndOneConditionForEachItem(t *testing.T) {
	s, got := scripted(t, done)
	if err := s.Commit(t.Context(), born()); err != nil {
		t.Fatal(err)
	}
	for _, w := range got()[0]["TransactItems"].([]any) {
		put := w.(map[string]any)["Put"].(map[string]any)
		if put["TableName"] != "cases" || put["ConditionExpression"] != absent {
			t.Errorf("got %v under %v, want cases under %s", put["TableName"], put["ConditionExpression"], absent)
		}
	}
}

// DynamoDB refuses a request that brings a name or a value it does not use, and
// one that uses what it does not bring.
func TestACommitUsesWhatItBringsAndBringsWhatItUses(t *testing.T) {
	at := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	c := born()
	one := &c.Changes[0]
	one.Was, one.Head.Version, one.Open = 1, 2, true
	for i, status := range []gate.Status{gate.Open, gate.Answered, gate.Open} {
		g := gate.Gate{
			ID: "opinion-" + strconv.Itoa(i+1), Of: "c1", Leg: gate.Opinion, Kind: gate.Assess, Party: "mpa", Recorders: []string{"hc"},
			Submission: 1, Issue: i + 1, OpenedAt: at, Status: status,
		}
		if i == 2 {
			g.Ring = &gate.Ring{At: at.Add(time.Hour)}
		}
		one.Changed = append(one.Changed, g)
	}
	c.Rows = []docket.Row{{List: "precedents/v1", Sort: "2026-11-02", Name: "c1", Body: []byte("{}")}}
	c.Struck = []docket.Row{{List: "precedents/v2", Sort: "2026-11-02", Name: "c1"}}
	c.Stands = []docket.Row{{List: "precedents/v1", Sort: "2026-11-01", Name: "c0", Body: []byte("{}")}}
	c.Changes = append(c.Changes, docket.Change{
		Head: docket.Head{Kind: "variety", ID: "v1", Version: 2, Seq: 2, Body: []byte("{}")}, Was: 1,
		Entry: &history.Entry{Aggregate: "variety/v1", Seq: 2, At: at}, Home: docket.Place{List: "l", At: at},
	})
	c.Holds = []docket.Hold{{Of: "variety/v2", Version: 4}}
	c.Session = &docket.Pass{Hash: strings.Repeat("a", 64), Of: "c1", Gate: "opinion-1", Now: at}
	s, got := scripted(t, done)
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`[:#][A-Za-z0-9_]+`)
	for _, w := range got()[0]["TransactItems"].([]any) {
		for what, of := range w.(map[string]any) {
			write := of.(map[string]any)
			used, brought := map[string]bool{}, map[string]bool{}
			for _, expression := range []string{"UpdateExpression", "ConditionExpression"} {
				text, _ := write[expression].(string)
				for _, name := range word.FindAllString(text, -1) {
					used[name] = true
				}
			}
			for _, of := range []string{"ExpressionAttributeNames", "ExpressionAttributeValues"} {
				named, _ := write[of].(map[string]any)
				for name := range named {
					brought[name] = true
				}
			}
			if !maps.Equal(used, brought) {
				t.Errorf("%s of %v: uses %v, brings %v", what, write["Key"], slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(brought)))
			}
		}
	}
}

func TestListsReadEveryPage(t *testing.T) {
	page := func(id, next string) answer {
		last := ""
		if next != "" {
			last = `,"LastEvaluatedKey":{"pk":{"S":"x"},"sk":{"S":"` + next + `"}}`
		}
		return answer{200, `{"Items":[{"pk":{"S":"CASE#` + id + `"},"sk":{"S":"HEAD"},"workSk":{"S":"` + id + `"}}]` + last + `}`}
	}
	s, got := scripted(t, page("c1", "1"), page("c2", "2"), page("c3", ""), answer{200, `{"Items":[]}`})
	rows, err := s.Open(t.Context(), "", 10)
	if fmt.Sprint(rows) != "[{c1 []} {c2 []} {c3 []}]" || err != nil {
		t.Errorf("got %v and %v, want three cases", rows, err)
	}
	if n := len(got()); n != 2+shards {
		t.Errorf("got %d requests, want %d", n, 2+shards)
	}
}

func TestWhatABatchLeftUnreadIsReadAgain(t *testing.T) {
	row := `{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"},"data":{"S":"{}"}}`
	unread := `"UnprocessedKeys":{"cases":{"Keys":[{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"}}]}}`
	s, _ := scripted(t, answer{200, `{"Responses":{},` + unread + `}`}, answer{200, `{"Responses":{"cases":[` + row + `]}}`})
	found, err := s.many(t.Context(), []key{headKey("c1"), headKey("c1"), {}})
	if len(found) != 1 || err != nil {
		t.Errorf("got %d items and %v, want 1", len(found), err)
	}

	s, got := scripted(t, answer{200, `{"Responses":{},` + unread + `}`})
	if _, err := s.many(t.Context(), []key{headKey("c1")}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("read for ever: got %v, want Unavailable", err)
	}
	if n := len(got()); n != tries {
		t.Errorf("got %d requests, want %d", n, tries)
	}
}

func versioned(k key, v int64) item {
	it := k.item()
	it[attrVersion] = number(v)
	return it
}

func head(v int64, gates map[string]int64) item {
	it := versioned(headKey("c1"), v)
	marks := item{}
	for g, v := range gates {
		marks[g] = number(v)
	}
	it[attrGates] = &types.AttributeValueMemberM{Value: marks}
	return it
}

func TestTornPictures(t *testing.T) {
	g := func(v int64) item { return versioned(gateKey("c1", "opinion-1"), v) }
	for _, tt := range []struct {
		sentence string
		items    []item
		want     bool
	}{
		{"a head without gates is whole", []item{head(3, nil)}, false},
		{"a head and the gate it wrote last are whole", []item{g(2), head(3, map[string]int64{"opinion-1": 2})}, false},
		{"a gate that is not there yet tears", []item{head(3, map[string]int64{"opinion-1": 3})}, true},
		{"a gate as it was before tears", []item{g(2), head(3, map[string]int64{"opinion-1": 3})}, true},
		{"a head as it was before tears", []item{g(4), head(3, map[string]int64{"opinion-1": 2})}, true},
		{"a gate whose head is not there yet tears", []item{g(2)}, true},
		{"files alone are whole", []item{fileKey("c1", "f1").item()}, false},
		{"nothing is whole", nil, false},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			if got := torn(tt.items); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestATornPictureIsReadAgain(t *testing.T) {
	torn := `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"},"v":{"N":"2"},"data":{"S":"{}"},"gates":{"M":{"opinion-1":{"N":"2"}}}}]}`
	whole := `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"GATE#opinion-1"},"v":{"N":"2"},"status":{"S":"open"},"data":{"S":"{\"ID\":\"opinion-1\"}"}},` +
		`{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"},"v":{"N":"2"},"data":{"S":"{\"ID\":\"c1\"}"},"gates":{"M":{"opinion-1":{"N":"2"}}}}]}`
	s, _ := scripted(t, answer{200, torn}, answer{200, torn}, answer{200, whole})
	r, err := s.Load(t.Context(), "c1")
	if r.ID != "c1" || len(r.Gates) != 1 || err != nil {
		t.Errorf("got %q with %d gates and %v, want c1 with one", r.ID, len(r.Gates), err)
	}
	s, _ = scripted(t, answer{200, torn})
	if _, err := s.Load(t.Context(), "c1"); !errors.Is(err, fault.Unavailable) {
		t.Errorf("torn for ever: got %v, want Unavailable", err)
	}
}

func TestWhatIsTooLargeIsRefusedInWords(t *testing.T) {
	s, got := scripted(t, done)
	c := born()
	c.Changes[0].Head.Body = []byte(`"` + strings.Repeat("x", maxItem) + `"`)
	if err := s.Commit(t.Context(), c); !errors.Is(err, fault.Invalid) {
		t.Errorf("one item: got %v, want Invalid", err)
	}
	if n := len(got()); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}

func TestSizesFollowDynamoDB(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		it       item
		want     int
	}{
		{"text counts its bytes and its name's", item{"ab": text("急")}, 5},
		{"a number counts half its digits and one", item{"n": number(1234)}, 1 + 3},
		{"truth counts one", item{"t": truth(true)}, 2},
		{"a map counts three, and one more for each member", item{"m": &types.AttributeValueMemberM{Value: item{"a": text("b")}}}, 1 + 3 + 1 + 2},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			if got := size(tt.it); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// An inbox is read forwards and goes on behind its cursor; every other list backwards
// and before it.
func TestAListIsReadInItsOwnDirection(t *testing.T) {
	const cursor = "2026-11-02T04:00:00.000000000Z#c1"
	for _, tt := range []struct {
		list    string
		forward bool
		beyond  string
	}{
		{docket.InboxPages.Of("mpa"), true, "listSk > :after"},
		{docket.OwnPages.Of("h1"), false, "listSk < :after"},
		{docket.CopiesPages.Of("mpa"), false, "listSk < :after"},
		{"inquiries/mpa", false, "listSk < :after"},
	} {
		s, got := scripted(t, answer{200, `{"Items":[]}`})
		if _, _, err := s.List(t.Context(), tt.list, cursor, 10); err != nil {
			t.Fatal(err)
		}
		query := got()[0]
		condition, _ := query["KeyConditionExpression"].(string)
		if query["ScanIndexForward"] != tt.forward || !strings.HasSuffix(condition, tt.beyond) {
			t.Errorf("%s: got forward %v and %q, want %v and %q", tt.list, query["ScanIndexForward"], condition, tt.forward, tt.beyond)
		}
	}
}

func TestAnInboxThatLagsShowsNothingThatWasDone(t *testing.T) {
	row := answer{200, `{"Items":[{"pk":{"S":"CASE#c1"},"sk":{"S":"GATE#opinion-1"},"listSk":{"S":"x"}}]}`}
	both := func(status string) answer {
		return answer{200, `{"Responses":{"cases":[{"pk":{"S":"CASE#c1"},"sk":{"S":"HEAD"},"data":{"S":"{\"ID\":\"c1\"}"}},` +
			`{"pk":{"S":"CASE#c1"},"sk":{"S":"GATE#opinion-1"},"status":{"S":"` + status + `"},"data":{"S":"{\"ID\":\"opinion-1\"}"}}]}}`}
	}
	for status, want := range map[string]int{"open": 1, "answered": 0, "closed": 0} {
		s, _ := scripted(t, row, both(status))
		rows, _, err := s.List(t.Context(), docket.InboxPages.Of("mpa"), "", 10)
		if len(rows) != want || err != nil {
			t.Errorf("%s: got %d rows and %v, want %d", status, len(rows), err, want)
		}
	}
}
