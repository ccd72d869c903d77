package web_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/journey"
	"jixu/internal/party"
)

// An answer to a dossier that has a newer submission comes back with everything
// that was typed, says so, and is taken when it is sent again with both in view.
func TestAnAnswerToAnOlderSubmissionComesBackWithWhatWasTyped(t *testing.T) {
	s := newScene(t)
	gate := s.gatePath(t, s.open, "opinion")
	zhou := s.cookie(t, "agency", "zhou-heng")
	asked := page(t, s.send("GET", gate+"/answer?choice=opine", zhou, nil))
	if got := asked.Find(`input[name="submission"]`).AttrOr("value", ""); got != "1" {
		t.Fatalf("the form: got submission %q, want 1", got)
	}
	// The regulator asks for more, and the hospital submits again.
	s.resubmitted(t)
	for _, step := range []string{"/check", "/answer"} {
		form := url.Values{"op": {rand.Text()}, "choice": {"opine"}, "submission": {"1"}}
		for name, value := range findings {
			form.Set(name, value)
		}
		w := s.send("POST", gate+step, zhou, form)
		p := page(t, w)
		if w.Code != http.StatusConflict || !strings.Contains(p.Find(".error-summary").Text(), "第 2 次申报") || !strings.HasPrefix(p.Find(".error-summary h2").Text(), "尚未提交") {
			t.Fatalf("%s: got %d %q, want 409 that names the second submission", step, w.Code, p.Find("main").Text())
		}
		if got := p.Find(`textarea[name="reason-capability"]`).Text(); strings.TrimSpace(got) != findings["reason-capability"] {
			t.Errorf("%s: got reason %q, want what was typed", step, got)
		}
		if got := p.Find(`input[name="submission"]`).AttrOr("value", ""); got != "2" {
			t.Errorf("%s: got submission %q in the form, want the one that is there now", step, got)
		}
	}
	form := url.Values{"op": {rand.Text()}, "choice": {"opine"}, "submission": {"2"}}
	for name, value := range findings {
		form.Set(name, value)
	}
	if w := s.send("POST", gate+"/answer", zhou, form); w.Code != http.StatusSeeOther {
		t.Errorf("sent again about the second: got %d, want it taken", w.Code)
	}
}

// resubmitted has the regulator ask for a supplement and the hospital answer it.
func (s *scene) resubmitted(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	c := s.loadCase(s.open)
	desk := s.sites[0].Desk
	ref := docket.GateRef{Of: c.ID, Gate: c.Reply.Gate, Submission: 1}
	_, err := desk.Ask(ctx, docket.Op{ID: rand.Text()}, ref, []casework.Defect{{What: "请补充"}}, acting("shen-an"), nil)
	must(t, err)
	c = s.loadCase(s.open)
	ref.Gate = c.Reply.Gate
	_, err = desk.Resubmit(ctx, docket.Op{ID: rand.Text()}, ref, c.Dossier, true, acting("lin-zhi"))
	must(t, err)
}

// acting is somebody of the cast, signed in.
func acting(id string) party.Actor {
	p := journey.Person(id)
	return party.ActorOf(p, journey.Organisation(p.Org))
}

// One case that cannot be read leaves the others on every list, and the list says
// that one is missing.
func TestAListWithACaseThatCannotBeReadShowsTheRest(t *testing.T) {
	s := newScene(t)
	for i, at := range []struct{ audience, person, path string }{{"hospital", "lin-zhi", "/hospital"}, {"agency", "zhou-heng", "/agency"}} {
		desk := s.sites[i].Desk
		whole := page(t, s.send("GET", at.path, s.cookie(t, at.audience, at.person), nil)).Find("tbody tr").Length()
		desk.Store = oneUnreadable{desk.Store}
		p := page(t, s.send("GET", at.path, s.cookie(t, at.audience, at.person), nil))
		if n := p.Find("tbody tr").Length(); n != whole || whole == 0 || !strings.Contains(p.Find(".notice.stop").Text(), "1 件案件暂时无法显示") {
			t.Errorf("%s: got %d rows of %d and %q, want all that can be read and a word of the one that cannot", at.path, n, whole, p.Find(".notice.stop").Text())
		}
	}
}

// oneUnreadable lists one more case, which cannot be read.
type oneUnreadable struct{ docket.Store }

func (o oneUnreadable) List(ctx context.Context, list, after string, limit int) ([]docket.Listed, string, error) {
	rows, next, err := o.Store.List(ctx, list, after, limit)
	broken := docket.Listed{Head: docket.Head{Kind: docket.CaseKind, ID: "broken"}, Unreadable: true}
	return append(rows, broken), next, err
}
