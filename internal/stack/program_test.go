package stack_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"jixu/internal/api"
	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/policy"
	"jixu/internal/sample"
)

// A hospital's program takes an application from nothing to submission, and an
// agency's to its opinion, by token alone.
func TestProgramsLiveACaseOverHTTP(t *testing.T) {
	h := open(t)
	lin, zhou := h.Program("lin-zhi"), h.Program("zhou-heng")
	must := func(p *journey.Program, method, path string, body any, header ...string) (map[string]any, *journey.Page) {
		t.Helper()
		out, page, err := p.Must(h.ctx, method, path, body, header...)
		h.must(err)
		return out, page
	}
	made, _ := must(lin, http.MethodPost, "/api/v1/cases", map[string]any{"kind": "device", "values": journey.DeviceForm()})
	id := fmt.Sprint(made["about"].(map[string]any)["id"])
	at := "/api/v1/cases/" + id
	version := func() string {
		_, page := must(lin, http.MethodGet, at, nil)
		return page.Header.Get("ETag")
	}
	must(lin, http.MethodPost, at+"/form", map[string]any{"values": journey.DeviceFacts()}, "If-Match", version())
	for _, item := range journey.Papers(policy.DevicePack()) {
		_, page := must(lin, http.MethodPost, at+"/files", map[string]any{"item": item.ID, "name": item.Label.ZH + ".pdf"}, "If-Match", version())
		_, err := journey.SendTicket(h.ctx, page.Body, "x.pdf", sample.PDF(uint64(len(item.ID)), item.Label.ZH, 1, 0))
		h.must(err)
	}
	h.must(journey.Until(h.ctx, time.Minute, "the pre-check to find nothing", func() (bool, error) {
		out, _, err := lin.Must(h.ctx, http.MethodGet, at+"/precheck", nil)
		return err == nil && !strings.Contains(fmt.Sprint(out["gaps"]), "severity:blocks"), err
	}))
	must(lin, http.MethodPost, at+"/submit", map[string]any{"declared": true}, "If-Match", version())
	must(zhou, http.MethodPost, at+"/gates/opinion-1/answer", map[string]any{"submission": 1, "opinion": opinionOf(true, "符合要求")})
	if got, want := fmt.Sprint(h.verbs(id)), "[create submit opine]"; got != want {
		t.Errorf("history: got %s, want %s", got, want)
	}
	he := h.Program("he-yue")
	for _, d := range api.Routes() {
		if strings.Contains(d.Pattern, "{case}") && d.Method == http.MethodGet {
			page, err := he.Do(h.ctx, d.Method, fill(d.Pattern, id), nil)
			h.must(err)
			if page.Status != http.StatusNotFound {
				t.Errorf("another hospital's program, %s: got %d %s, want 404", d.Pattern, page.Status, page.Body)
			}
		}
	}
	h.loggedNothing("case-api", "符合要求", "周衡", "林芷", "封堵器", "Bearer")
}

// An administrator's program makes a secret, and the machine signs with it.
func TestAnAdministratorsProgramLetsAnAgencySystemIn(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	h.system("mpa") // of two at most
	tang := h.Program("tang-wei")
	made, _, err := tang.Must(h.ctx, http.MethodPost, "/api/v1/organisation/secrets", map[string]any{"days": 1})
	h.must(err)
	m := journey.System{Site: h.Site, Org: "mpa", Secret: fmt.Sprint(made["secret"])}
	if _, err := m.Opine(h.ctx, id, "opinion-1", "zhou-heng", "符合要求"); err != nil {
		t.Error(err)
	}
	_, _, err = tang.Must(h.ctx, http.MethodPost, "/api/v1/organisation/secrets/"+fmt.Sprint(made["id"])+"/revoke", map[string]any{})
	h.must(err)
	page, err := m.Post(h.ctx, "/callbacks/v1/answers", journey.MessageID(), map[string]any{})
	h.must(err)
	if page.Status != http.StatusUnauthorized {
		t.Errorf("after it was revoked: got %d %s, want 401", page.Status, page.Body)
	}
}

func TestNoProgramComesInWithoutAGoodToken(t *testing.T) {
	h := open(t)
	id := h.plant(local.Submitted)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	h.must(err)
	forged, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: h.Desk, Subject: "lin-zhi", Audience: jwt.Audience{local.ClientID}, Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).Serialize()
	h.must(err)
	good, err := h.Program("lin-zhi").Token(h.ctx)
	h.must(err)
	parts := strings.Split(good, ".")
	before := fmt.Sprint(h.verbs(id))
	for sentence, authorization := range map[string]string{
		"no token": "", "nonsense": "Bearer x", "somebody else's signature": "Bearer " + forged,
		"no signature": "Bearer " + parts[0] + "." + parts[1] + ".", "no algorithm": "Bearer eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"another's body under a good signature": "Bearer " + parts[0] + "." + strings.Split(forged, ".")[1] + "." + parts[2],
		"a name and a password":                 "Basic bGluLXpoaTp4",
	} {
		for _, d := range api.Routes() {
			header := http.Header{"Idempotency-Key": {"0123456789abcdef"}, "If-Match": {`"1"`}}
			if authorization != "" {
				header.Set("Authorization", authorization)
			}
			body := []byte("{}")
			if d.Method == http.MethodGet {
				body = nil
			}
			page, err := journey.NewBrowser(h.Site).Do(h.ctx, d.Method, fill(d.Pattern, id), "application/json", body, header)
			h.must(err)
			if page.Status != http.StatusUnauthorized && page.Status != http.StatusForbidden {
				t.Errorf("%s %s with %s: got %d %s, want it refused", d.Method, d.Pattern, sentence, page.Status, page.Body)
			}
			if sentence != "no token" {
				break // every route stands behind the one authorizer; blueprint holds that
			}
		}
	}
	if after := fmt.Sprint(h.verbs(id)); after != before {
		t.Errorf("history: got %s, want %s", after, before)
	}
}

func TestFiftyDifferentAnswersOfProgramsAreOneDecision(t *testing.T) {
	h := open(t)
	id, zhou := h.plant(local.Submitted), h.Program("zhou-heng")
	_, err := zhou.Token(h.ctx)
	h.must(err)
	var mu sync.Mutex
	got := map[string]int{}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			op := fmt.Sprintf("program-answers-%04d", i)
			body := map[string]any{"submission": 1, "opinion": opinionOf(i%2 == 0, fmt.Sprint("理由 ", i))}
			page, err := zhou.Do(h.ctx, http.MethodPost, "/api/v1/cases/"+id+"/gates/opinion-1/answer", body, "Idempotency-Key", op)
			for try := 0; try < 5 && err == nil && (page.Status >= 500 || strings.Contains(string(page.Body), `"moved"`)); try++ {
				page, err = zhou.Do(h.ctx, http.MethodPost, "/api/v1/cases/"+id+"/gates/opinion-1/answer", body, "Idempotency-Key", op)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("answer %d: %v", i, err)
				return
			}
			got[fmt.Sprint(page.Status, strings.Contains(string(page.Body), "周衡"))]++
		})
	}
	all.Wait()
	if got["200 false"] != 1 || got["409 true"] != 49 {
		t.Errorf("got %v, want one taken and 49 who hear who decided", got)
	}
}
