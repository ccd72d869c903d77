// Every function is given every event of events/, in a world in which it can have
// happened: the binaries, roles and template of a deployment, on the emulator.

package stack_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/sample"
	"jixu/internal/stack"
)

// What the events name, and what stands for it in a rehearsal.
const (
	caseInEvents    = "7kq2m9x4vcdn3hprtw6y"
	numberInEvents  = "JX26-X2345-6789-AG"
	fileInEvents    = "m4n7p2q9r6t3v8w5"
	letterInEvents  = "b6c3d8f5g2h9j4k7"
	versionInEvents = "3HL4kqtJvjVBH40Nrjfkd"
	letterVersion   = "3HL4kqtJvjVBH40Nrjfke"
	sessionInEvents = "4Z6Q2M7T3K5P8R9S"
	linkInEvents    = "q7w3y4z6a2b5c7d3k5x2q7m4n3p6r2t5"
	codeInEvents    = "w3x6y9z2a5b8c3d6e9f2g5h8"
)

// scene is the world of one event.
type scene struct {
	*testing.T
	ctx   context.Context
	stack *stack.Stack
	house journey.Deployment
	id    string            // the case, if there is one
	swaps map[string]string // what the event names -> what there is
	key   string            // of the notice, if the event is one
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) record() docket.Record {
	s.Helper()
	r, err := docket.LoadCase(s.ctx, s.stack.Environment().Store(), s.id)
	s.must(err)
	return r
}

// plant makes a case that the event is about.
func (s *scene) plant(until local.Stage) {
	s.Helper()
	id, err := local.Plant(s.ctx, s.stack.Environment(), "rehearse-"+rand.Text(), until)
	s.must(err)
	s.about(id)
}

// about makes id the case that the event is about.
func (s *scene) about(id string) {
	s.id = id
	s.swaps[caseInEvents], s.swaps[numberInEvents] = id, s.record().Case.Number
	// A notice of this case may be on its way already; the event's own is another one.
	s.swaps[`\"Key\": \"`] = `\"Key\": \"` + rand.Text() + "/"
	s.swaps["version=3&"] = "version=" + strconv.Itoa(s.record().Case.Version) + "&"
}

func drafted(s *scene) { s.plant(local.Drafted) }

// fresh is a submitted case that no other event touches.
func fresh(s *scene) { s.plant(local.Submitted) }

// Events that do not move their case share one.
var sharedCases = map[string]string{}

func share(name string, make func(*scene)) func(*scene) {
	return func(s *scene) {
		if id, ok := sharedCases[name]; ok {
			s.about(id)
			return
		}
		make(s)
		sharedCases[name] = s.id
	}
}

var (
	submitted = share("submitted", fresh)
	answered  = share("answered", answer)
)

// signedIn opens a session for a person; the event's cookie is theirs.
func signedIn(person string, before ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, b := range before {
			b(s)
		}
		secret, now := rand.Text(), time.Now()
		s.must(s.stack.Environment().Store().PutSession(s.ctx, docket.Session{
			Issue: 1,
			Hash:  docket.Hash(secret), Person: person, Org: journey.Person(person).Org, Created: now, Idle: now.Add(time.Hour), Expires: now.Add(time.Hour),
		}))
		s.swaps[sessionInEvents] = secret
	}
}

// program makes the event's token one of this house that has not ended.
func program(before ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, b := range before {
			b(s)
		}
		s.swaps["https://issuer.example"] = s.stack.Desk.Issuer
		s.swaps["1789351500"] = strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	}
}

// linked waits for the link that the assessor was mailed.
func linked(s *scene) {
	submitted(s)
	link, err := s.house.LinkFor(s.ctx, "mpa", s.record().Case.Number, "zhou-heng")
	s.must(err)
	s.swaps[linkInEvents] = strings.TrimPrefix(link, "/l/")
}

// coded asks for a code as well.
func coded(s *scene) {
	linked(s)
	b := journey.NewBrowser(s.stack.Site)
	page, err := b.Get(s.ctx, "/l/"+s.swaps[linkInEvents])
	s.must(err)
	form, err := page.Form(`form[action$="/code"]`)
	s.must(err)
	page, err = b.Submit(s.ctx, form.Set("person", "zhou-heng"))
	s.must(err)
	s.swaps[codeInEvents] = page.URL.Path[strings.LastIndex(page.URL.Path, "/")+1:]
}

// uploaded puts bytes where a file of the case is announced, which nobody has looked
// at: the event of their arrival is the one that is rehearsed.
func uploaded(item, file, version string, data []byte) func(*scene) {
	return func(s *scene) {
		submitted(s)
		prefix, org := "dossier/", "hospital-1"
		if item == "evidence" {
			prefix, org = "evidence/", "nmpa"
		}
		f := docket.File{ID: strings.ToLower(rand.Text()[:16]), Of: s.id, Item: item, Org: org, Name: "a.pdf", State: docket.Unchecked, At: time.Now().UTC().Truncate(time.Millisecond)}
		f.Key = prefix + s.id + "/" + f.ID
		// First the object: its own event finds no file.
		s.swaps[file], s.swaps[version] = f.ID, s.put(f.Key, data)
		s.must(s.stack.Environment().Store().PutFile(s.ctx, f))
	}
}

func (s *scene) put(key string, data []byte) (version string) {
	out, err := s3.NewFromConfig(s.stack.Config, func(o *s3.Options) { o.UsePathStyle = true }).PutObject(s.ctx, &s3.PutObjectInput{
		Bucket: aws.String(s.stack.Outputs["BucketName"]), Key: &key, Body: bytes.NewReader(data),
	})
	s.must(err)
	return aws.ToString(out.VersionId)
}

// answer makes a case whose opinion was given.
func answer(s *scene) {
	fresh(s)
	b, err := s.house.SignIn(s.ctx, "agency", "zhou-heng")
	s.must(err)
	findings := map[string]string{}
	for _, q := range []string{"capability", "urgency", "quantity"} {
		findings["finding-"+q], findings["reason-"+q] = "yes", "理由"
	}
	_, err = journey.Answer(s.ctx, b, "/agency/cases/"+s.id+"/gates/opinion-1", "opine", findings)
	s.must(err)
}

// begunAgain makes a case whose opinion was begun again a moment ago.
func begunAgain(s *scene) {
	fresh(s)
	s.must(s.stack.Invoke(s.ctx, "revive-runs", s.payload("revive-runs/a-run-failed")))
}

// Checks of what an event left behind.

func fileIs(file string, state docket.FileState, reason string) func(*scene) {
	return func(s *scene) {
		if f, _ := s.record().File(s.swaps[file]); f.State != state || f.Reason != reason {
			s.Errorf("the file: got %s %q, want %s %q", f.State, f.Reason, state, reason)
		}
	}
}

func versionRaised(s *scene) {
	if got, want := fmt.Sprintf("version=%d&", s.record().Case.Version-1), s.swaps["version=3&"]; got != want {
		s.Errorf("the draft before: got %s, want %s", got, want)
	}
}

func opinionGiven(s *scene) {
	if got := s.record().Case.Opinion.State; got != casework.Given {
		s.Errorf("the opinion: got %s, want given", got)
	}
}

// runIs says which run carries a leg.
func runIs(leg gate.Leg, want int) func(*scene) {
	return func(s *scene) {
		if got := s.record().Case.Leg(leg).Run; got != want {
			s.Errorf("the run of %s: got %d, want %d", leg, got, want)
		}
	}
}

func tokenIs(run int) func(*scene) {
	return func(s *scene) {
		token, ok, err := s.stack.Environment().Store().Token(s.ctx, docket.GateRef{Of: s.id, Gate: "opinion-1"})
		s.must(err)
		if !ok || token.Run < run {
			s.Errorf("the gate's token: got one of run %d, want %d", token.Run, run)
		}
	}
}

// settled says that the notice need not be sent again: it was, or has no occasion.
func settled(s *scene) {
	if done, err := s.stack.Environment().Store().Delivered(s.ctx, s.key); err != nil || !done {
		s.Errorf("notice %s: got it settled %t (%v), want it so", s.key, done, err)
	}
}

// mailed says that it was, to address.
func mailed(address string) func(*scene) {
	return func(s *scene) {
		settled(s)
		err := stack.Eventually(s.ctx, 20*time.Second, func() (bool, error) {
			mails, err := s.house.Mails(s.ctx, address)
			return slices.ContainsFunc(mails, func(m journey.Mail) bool {
				return strings.Contains(m.Subject+m.Text, s.record().Case.Number)
			}), err
		})
		if err != nil {
			s.Errorf("no mail to %s: %v", address, err)
		}
	}
}

const (
	nothingFailed = `{"batchItemFailures":[]}`
	quiet         = `{}`
)

// rows are the events: what must have happened before, what the function answers
// (a status, a result, or the name of its error), and what is true afterwards.
var rows = []struct {
	event  string
	before func(*scene)
	want   string
	after  func(*scene)
}{
	{"agency-site/a-code-is-asked-for", linked, "303", nil},
	{"agency-site/a-link-is-opened", linked, "200", nil},
	{"agency-site/a-stranger-opens-a-link", nil, "404", nil},
	{"agency-site/an-answer-is-given", signedIn("zhou-heng", fresh), "303", opinionGiven},
	{"agency-site/the-inbox-is-read", signedIn("zhou-heng"), "200", nil},

	{"apply-outcome/whose-move-on-the-opinion", submitted, `{"over":false,"gate":"opinion-1","kind":"assess","asked":0}`, nil},
	{"apply-outcome/a-run-of-an-earlier-build-asks", submitted, `{"over":false,"gate":"opinion-1","kind":"assess","asked":0}`, nil},
	{"apply-outcome/nobody-knows-the-case", nil, "NotFound", nil},
	{"apply-outcome/the-leg-is-over", answered, `{"over":true,"gate":"","kind":"","asked":0}`, nil},
	{"apply-outcome/whose-move-on-the-reply", submitted, `{"over":false,"gate":"reply-1","kind":"reply","asked":0}`, nil},

	{"case-api/a-case-is-read", program(submitted), "200", nil},
	{"case-api/a-draft-is-opened", program(), "201", nil},
	{"case-api/a-form-is-saved-over-a-colleagues", program(drafted), "412", nil},
	{"case-api/a-key-is-missing", program(), "400", nil},
	{"case-api/a-list-is-read", program(), "200", nil},
	{"case-api/a-token-without-an-end", program(), "401", nil},
	{"case-api/an-opinion-is-given", program(fresh), "200", opinionGiven},
	{"case-api/another-hospital-asks", program(submitted), "404", nil},

	{"check-file/uploaded", uploaded("licence", fileInEvents, versionInEvents, sample.PDF(1, "许可证", 1, 0)), quiet, fileIs(fileInEvents, docket.Checked, "")},
	{"check-file/belongs-to-no-file", nil, quiet, nil},
	{"check-file/evidence-uploaded", uploaded("evidence", letterInEvents, letterVersion, sample.PDF(1, "批复", 1, 0)), quiet, fileIs(letterInEvents, docket.Checked, "")},
	{"check-file/overwritten-after-checking", uploaded("licence", fileInEvents, versionInEvents, sample.PDF(1, "许可证", 1, 0)), quiet, nil},
	{"check-file/the-minutes-come", nil, quiet, nil},
	{"check-file/uploaded", uploaded("licence", fileInEvents, versionInEvents, []byte("<html>")), quiet, fileIs(fileInEvents, docket.Rejected, "file.type")},

	{"hospital-site/a-case-is-read", signedIn("lin-zhi", submitted), "200", nil},
	{"hospital-site/a-file-is-announced", signedIn("lin-zhi", drafted), "200", versionRaised},
	{"hospital-site/a-form-is-saved", signedIn("lin-zhi", drafted), "303", versionRaised},
	{"hospital-site/a-stale-form-is-saved", signedIn("lin-zhi", drafted), "409", nil},
	{"hospital-site/a-stranger-is-led-to-sign-in", nil, "303", nil},
	{"hospital-site/alive", nil, "200", nil},
	{"hospital-site/another-site-posts", drafted, "403", nil},
	{"hospital-site/nobody-knows-the-address", nil, "404", nil},

	{"open-gate/a-machine-brings-its-token", submitted, quiet, tokenIs(1)},
	{"open-gate/a-run-of-an-earlier-build-brings-its-token", submitted, quiet, tokenIs(1)},
	{"open-gate/a-later-run-brings-its-token", submitted, quiet, tokenIs(2)},
	{"open-gate/nobody-knows-the-gate", submitted, "NotFound", nil},
	{"open-gate/the-gate-is-answered-already", answered, quiet, nil},

	{"relay-entries/an-entry-was-committed", submitted, nothingFailed, nil},
	{"relay-entries/a-head-was-replaced", submitted, nothingFailed, nil},
	{"relay-entries/entries-come-twice-and-out-of-order", answered, nothingFailed, nil},
	{"relay-entries/nobody-knows-the-entry", nil, nothingFailed, nil},
	{"retell-entries/the-minute-comes", submitted, quiet, nil},
	{"revive-runs/a-message-that-says-nothing", nil, nothingFailed, nil},
	{"revive-runs/a-run-failed", fresh, nothingFailed, runIs(gate.Opinion, 2)},
	{"revive-runs/a-run-of-an-earlier-build-was-stopped", fresh, nothingFailed, runIs(gate.Reply, 2)},
	{"revive-runs/its-input-was-too-long", fresh, nothingFailed, runIs(gate.Opinion, 1)},
	{"revive-runs/its-leg-is-over", answered, nothingFailed, opinionGiven},
	{"revive-runs/its-leg-must-be-left-alone", begunAgain, `{"batchItemFailures":[{"itemIdentifier":"m-0"}]}`, runIs(gate.Opinion, 2)},
	{"ring-deadlines/the-minute-comes", submitted, quiet, nil},

	{"send-notice/a-code-was-asked-for", coded, nothingFailed, mailed("zhou.heng@mpa.example")},
	{"send-notice/a-copy-was-sent", submitted, nothingFailed, mailed("pharmacy@health.example")},
	{"send-notice/a-deadline-nears", submitted, nothingFailed, mailed("registration@mpa.example")},
	{"send-notice/a-gate-that-waits-no-more", submitted, nothingFailed, settled},
	{"send-notice/a-gate-waits-for-an-agency", submitted, nothingFailed, mailed("registration@mpa.example")},
	{"send-notice/a-licence-ends-soon", submitted, nothingFailed, mailed("import@hospital-1.example")},
	{"send-notice/a-message-that-is-no-notice", nil, `{"batchItemFailures":[{"itemIdentifier":"m-0"}]}`, nil},
	{"send-notice/an-opinion-was-given", answered, nothingFailed, mailed("import@hospital-1.example")},
	{"send-notice/what-was-sent-has-arrived", submitted, nothingFailed, mailed("import@hospital-1.example")},

	{"send-webhook/a-message-that-is-no-event", nil, `{"batchItemFailures":[{"itemIdentifier":"m-0"}]}`, nil},
	{"send-webhook/an-event-of-a-question", nil, nothingFailed, settled},
	{"send-webhook/an-event-waits", submitted, nothingFailed, settled},

	{"sweep-stuck/the-minute-comes", submitted, quiet, nil},
}

// caller gives a function an event and returns what it answers, as rows have it.
type caller func(ctx context.Context, function string, payload []byte) (string, error)

// said reads an answer: of a site its status, of another function its result.
func said(result []byte) string {
	var page struct {
		StatusCode int `json:"statusCode"`
	}
	if json.Unmarshal(result, &page) == nil && page.StatusCode != 0 {
		return strconv.Itoa(page.StatusCode)
	}
	var flat bytes.Buffer
	if json.Compact(&flat, bytes.TrimSpace(result)) != nil {
		return string(result)
	}
	return flat.String()
}

// rehearse goes through all events with call, each in a scene of its own.
func rehearse(t *testing.T, s *stack.Stack, call caller, only func(event string) bool) {
	done := map[string]bool{}
	for _, row := range rows {
		done[row.event] = true
		if only != nil && !only(row.event) {
			continue
		}
		t.Run(row.event, func(t *testing.T) {
			sc := &scene{T: t, ctx: t.Context(), stack: s, house: journey.Deployment{Site: s.Site, Desk: s.Desk.Issuer}, swaps: map[string]string{}}
			if row.before != nil {
				row.before(sc)
			}
			got, err := call(t.Context(), function(row.event), sc.payload(row.event))
			sc.must(err)
			if got != row.want {
				t.Errorf("got %.400s, want %s", got, row.want)
			}
			if row.after != nil {
				row.after(sc)
			}
		})
	}
	// Events that nobody described yet: at least the function survives them.
	for _, event := range events(t) {
		if done[event] || only != nil && !only(event) {
			continue
		}
		t.Run(event, func(t *testing.T) {
			sc := &scene{T: t, ctx: t.Context(), stack: s, swaps: map[string]string{}}
			got, err := call(t.Context(), function(event), sc.payload(event))
			sc.must(err)
			if status, err := strconv.Atoi(got); err == nil && status >= http.StatusInternalServerError || err != nil && !strings.HasPrefix(got, "{") {
				t.Errorf("got %.400s, want an answer", got)
			}
		})
	}
}

func function(event string) string { return event[:strings.IndexByte(event, '/')] }

// payload is an event with what it names replaced by what there is.
func (s *scene) payload(event string) []byte {
	s.Helper()
	root, err := local.Root()
	s.must(err)
	data, err := os.ReadFile(filepath.Join(root, "events", event+".json"))
	s.must(err)
	text := string(data)
	for old, new := range s.swaps {
		text = strings.ReplaceAll(text, old, new)
	}
	// Each rehearsal is an operation of its own: the same person sends the same form twice only on purpose.
	text = operation.ReplaceAllString(text, "${1}"+strings.ToLower(rand.Text()[:20]))
	if m := keyOfNotice.FindStringSubmatch(text); m != nil {
		s.key = m[1]
	}
	return []byte(text)
}

var operation = regexp.MustCompile(`(op=|"idempotency-key": ")[0-9a-f]{20}`)

var keyOfNotice = regexp.MustCompile(`\\"Key\\": \\"([^"\\]+)`)

// events lists the folder.
func events(t *testing.T) []string {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "events", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("events: %v, %d found", err, len(files))
	}
	var out []string
	for _, f := range files {
		out = append(out, filepath.Base(filepath.Dir(f))+"/"+strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	return out
}

func TestEveryEventIsAnswered(t *testing.T) {
	s := stack.Shared(t)
	rehearse(t, s, func(ctx context.Context, name string, payload []byte) (string, error) {
		result, fault, err := s.Call(ctx, name, payload)
		if fault != "" {
			return fault, err
		}
		return said(result), err
	}, nil)
}
