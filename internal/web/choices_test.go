package web_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jixu/internal/docket"
)

// found is the case that was found to be about the scene's variety.
func (s *scene) found(t *testing.T) (id, number string) {
	t.Helper()
	rows, _, err := s.Store.List(context.Background(), "of-variety/"+s.variety, "", 10)
	must(t, err)
	r, err := docket.LoadCase(context.Background(), s.Store, rows[0].Head.ID)
	must(t, err)
	return r.Case.ID, r.Case.Number
}

// A form offers at most two hundred rows of a list, says so, and finds the others by the
// number of a case.
func TestAFormThatOffersNotAllFindsTheRestByNumber(t *testing.T) {
	s := newScene(t)
	_, number := s.found(t)
	identify := strings.Replace(s.open, "/hospital/", "/agency/", 1) + "/acts/identify"
	zhou, lin := s.cookie(t, "agency", "zhou-heng"), s.cookie(t, "hospital", "lin-zhi")
	attach := "/hospital/inquiries/" + s.question
	for _, at := range []struct{ path, cookie string }{{identify, zhou}, {attach, lin}} {
		if n := page(t, s.send("GET", at.path, at.cookie, nil)).Find("#number").Length(); n != 0 {
			t.Errorf("%s: got a search while everything is offered", at.path)
		}
	}
	s.crowd(t, 230)
	for _, row := range []struct {
		what, path, cookie, field, number, value string
	}{
		{"a variety for a case", identify, zhou, "variety", number, s.variety},
		{"a variety for a draft", s.full + "/acts/claim", lin, "variety", number, s.variety},
		{"a case for a question", attach, lin, "case", s.loadCase(s.full).Number, s.loadCase(s.full).ID},
	} {
		p := page(t, s.send("GET", row.path, row.cookie, nil))
		options := p.Find("select[name=" + row.field + `] option:not([value=""])`)
		if n := options.Length(); n != 200 || !strings.Contains(p.Find("[aria-labelledby=search-title]").Text(), "200 ") {
			t.Errorf("%s: got %d offered and %q, want two hundred and a word that there are more", row.what, n, p.Find("[aria-labelledby=search-title]").Text())
		}
		if n := p.Find(`option[value="` + row.value + `"]`).Length(); n != 0 {
			t.Fatalf("%s: got the old one among the newest: the row tests nothing", row.what)
		}
		p = page(t, s.send("GET", row.path+"?number="+url.QueryEscape(" "+strings.ToLower(row.number)), row.cookie, nil))
		if got := p.Find("option[selected]").AttrOr("value", ""); got != row.value {
			t.Errorf("%s: after its number got %q chosen, want %q", row.what, got, row.value)
		}
		for _, wrong := range []struct{ number, says string }{{"JX26", "长度不正确"}, {s.foreign(t), "没有找到该案件"}} {
			w := s.send("GET", row.path+"?number="+wrong.number, row.cookie, nil)
			p := page(t, w)
			if row.cookie == zhou && wrong.number != "JX26" {
				continue // an assessor may read it
			}
			if w.Code != http.StatusOK || !strings.Contains(p.Find("#number-error").Text(), wrong.says) || p.Find("option[selected]").AttrOr("value", "") == row.value {
				t.Errorf("%s: after %q got %d %q, want the page with %q", row.what, wrong.number, w.Code, p.Find("#number-error").Text(), wrong.says)
			}
		}
	}
	form := url.Values{"op": {rand.Text()}, "submission": {"1"}, "variety": {s.variety}, "reason": {"同一产品"}}
	if w := s.send("POST", identify, zhou, form); w.Code != http.StatusSeeOther {
		t.Errorf("identifying what was searched for: got %d, want it done", w.Code)
	}
	form = url.Values{"op": {rand.Text()}, "case": {s.loadCase(s.full).ID}}
	if w := s.send("POST", attach, lin, form); w.Code != http.StatusSeeOther {
		t.Errorf("attaching to what was searched for: got %d, want it done", w.Code)
	}
}

// foreign is the number of another hospital's draft.
func (s *scene) foreign(t *testing.T) string {
	t.Helper()
	r, err := s.sites[0].Desk.Create(context.Background(), docket.Op{ID: rand.Text()}, "device", acting("he-yue"))
	must(t, err)
	return r.Number
}

// What a draft claims stays chosen when the register has grown past it: saving the
// page again changes nothing.
func TestAClaimStaysChosenHoweverLongTheRegisterIs(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	form := url.Values{"op": {rand.Text()}, "version": {fmt.Sprint(s.loadCase(s.full).Dossier)}, "variety": {s.variety}}
	if w := s.send("POST", s.full+"/acts/claim", lin, form); w.Code != http.StatusSeeOther {
		t.Fatalf("claiming: got %d", w.Code)
	}
	s.crowd(t, 230)
	if got := page(t, s.send("GET", s.full+"/acts/claim", lin, nil)).Find("option[selected]").AttrOr("value", ""); got != s.variety {
		t.Errorf("got %q chosen, want %q as before", got, s.variety)
	}
}

// A search says nothing of a variety that only a hospital's working draft names.
func TestASearchDoesNotTellWhatADraftClaims(t *testing.T) {
	s := newScene(t)
	r := s.load(t, s.open)
	c := r.Case.Clone()
	c.Claim = s.variety
	c.Version++
	h, err := docket.CaseHead(c)
	must(t, err)
	must(t, s.Store.Commit(context.Background(), docket.Commit{Changes: []docket.Change{{
		Head: h, Was: r.Case.Version, Home: docket.Place{List: docket.OwnPages.Of(c.Hospital), At: c.EditedAt},
	}}}))
	id, _ := s.found(t)
	p := page(t, s.send("GET", "/agency/cases/"+id+"/acts/identify?number="+c.Number, s.cookie(t, "agency", "zhou-heng"), nil))
	if got := p.Find("#number-error").Text(); !strings.Contains(got, "没有填报或者认定") {
		t.Errorf("got %q, want no variety of a draft", got)
	}
}

func TestACasePageSaysThatADraftWasNotComparedWithAll(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	if text := page(t, s.send("GET", s.full, lin, nil)).Find("main").Text(); strings.Contains(text, "更早的案件未比对") {
		t.Errorf("got %q while all were looked at", text)
	}
	s.crowd(t, 230)
	p := page(t, s.send("GET", s.full, lin, nil))
	if n := p.Find("[aria-labelledby=similar-title] li").Length(); n != 200 || !strings.Contains(p.Find("main").Text(), "最近修改的 200 件案件作了比对") {
		t.Errorf("got %d similar cases, want two hundred and a word that earlier ones were not looked at", n)
	}
}
