package web_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// typedHalf is an opinion that somebody has begun.
func typedHalf(more url.Values) url.Values {
	out := url.Values{
		"op": {rand.Text()}, "choice": {"opine"}, "submission": {"1"},
		"finding-capability": {"yes"}, "reason-capability": {"设备与人员具备"}, "advice": {"建议使用后随访"},
	}
	for name, values := range more {
		out[name] = values
	}
	return out
}

// shows fails unless the form of an opinion holds what typedHalf typed.
func shows(t *testing.T, form *goquery.Document, when string) {
	t.Helper()
	for field, want := range map[string]string{"reason-capability": "设备与人员具备", "advice": "建议使用后随访"} {
		if got := strings.TrimSpace(form.Find(`textarea[name="` + field + `"]`).Text()); got != want {
			t.Errorf("%s: got %q in %s, want %q", when, got, field, want)
		}
	}
	if _, chosen := form.Find(`input[name="finding-capability"][value="yes"]`).Attr("checked"); !chosen {
		t.Errorf("%s: the finding is not chosen any more", when)
	}
}

// Whatever leads away from an answer that is being typed, it is there when its author
// comes back; and it is nobody else's, and gone with the answer.
func TestWhatIsTypedIntoAnAnswerIsNeverLost(t *testing.T) {
	for _, way := range []struct {
		name string
		path string
		more url.Values
		json bool
		to   string // where it leads; "": it stays, or a page of its own is shown
	}{
		{"the page's script keeps it", "/keep", nil, true, ""},
		{"on to the confirm page, and back by the browser", "/check", url.Values{
			"finding-urgency": {"yes"}, "reason-urgency": {"急需"}, "finding-quantity": {"yes"}, "reason-quantity": {"合理"},
		}, false, ""},
		{"the check finds something missing", "/check", nil, false, ""},
		{"the other language", "/check", url.Values{"lang": {"en"}}, false, "/answer?choice=opine"},
		{"larger type", "/check", url.Values{"large": {"1"}}, false, "/answer?choice=opine"},
		{"off to send a file", "/keep", url.Values{"next": {"evidence"}}, false, "/evidence"},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newScene(t)
			gate, zhou := s.gatePath(t, s.open, "opinion"), s.cookie(t, "agency", "zhou-heng")
			w := s.keepTyped(gate+way.path, zhou, typedHalf(way.more), way.json)
			if w.Code >= 500 || way.to != "" && w.Header().Get("Location") != gate+way.to {
				t.Fatalf("got %d to %q, want %q", w.Code, w.Header().Get("Location"), way.to)
			}
			again := page(t, s.send("GET", gate+"/answer?choice=opine", zhou, nil))
			shows(t, again, "afterwards")
			if !strings.Contains(again.Find("main").Text(), "暂存") {
				t.Error("the page does not say that this is what was typed before")
			}
			if got := page(t, s.send("GET", gate+"/answer?choice=ask-opinion", zhou, nil)).Find("main").Text(); strings.Contains(got, "设备与人员具备") {
				t.Error("another answer shows it")
			}
			whole := typedHalf(url.Values{"finding-urgency": {"yes"}, "reason-urgency": {"急需"}, "finding-quantity": {"yes"}, "reason-quantity": {"合理"}})
			if w := s.send("POST", gate+"/answer", zhou, whole); w.Code != http.StatusSeeOther {
				t.Fatalf("giving it: got %d", w.Code)
			}
			id := strings.Split(gate, "/")[3]
			if _, err := s.World.Access.Autosave(t.Context(), id, "opinion-1", "zhou-heng", "opine", time.Now()); err == nil {
				t.Error("it is still kept after it was given")
			}
		})
	}
}

func TestWhatMayNotBeSentIsNotKept(t *testing.T) {
	s := newScene(t)
	gate, zhou := s.gatePath(t, s.open, "opinion"), s.cookie(t, "agency", "zhou-heng")
	named := typedHalf(url.Values{"advice": {"患者 11010519491231002X"}})
	w := s.keepTyped(gate+"/keep", zhou, named, true)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "未能暂存") {
		t.Errorf("the script: got %d %s, want a word that it is not kept", w.Code, w.Body)
	}
	w = s.keepTyped(gate+"/keep", zhou, typedHalf(url.Values{"advice": {"患者 11010519491231002X"}, "lang": {"en"}}), false)
	if p := page(t, w); w.Code != http.StatusUnprocessableEntity || !strings.Contains(p.Find(`textarea[name="advice"]`).Text(), "患者") || p.Find("html").AttrOr("lang", "") != "en" {
		t.Errorf("a button: got %d, want the form again in English with what was typed and what is wrong", w.Code)
	}
	if got := page(t, s.send("GET", gate+"/answer?choice=opine", zhou, nil)).Find("main").Text(); strings.Contains(got, "患者 1101") {
		t.Error("it was kept")
	}
	other := s.cookie(t, "agency", "tang-wei")
	s.keepTyped(gate+"/keep", zhou, typedHalf(nil), true)
	if w := s.send("GET", gate+"/answer?choice=opine", other, nil); strings.Contains(w.Body.String(), "设备与人员具备") {
		t.Error("a colleague reads what was not sent")
	}
}

// The buttons for language and type size send the dossier's form along, and Enter in a
// field still saves.
func TestTheFormOfADossierSurvivesAChangeOfLanguage(t *testing.T) {
	h := newHouse(t)
	path := h.draft(t, h.enter(t, "hospital", "lin-zhi"))
	lin := h.cookie(t, "hospital", "lin-zhi")
	form := page(t, h.send("GET", path+"/form", lin, nil))
	for _, name := range []string{"lang", "large"} {
		if got := form.Find(`header button[name="`+name+`"]`).AttrOr("form", ""); got != form.Find("main form").AttrOr("id", "-") {
			t.Errorf("the button %s sends %q, want the page's form", name, got)
		}
	}
	if first := form.Find(`button[form="application"]`).First(); first.AttrOr("name", "") != "" {
		t.Errorf("Enter presses %q, want the button that saves", first.AttrOr("name", ""))
	}
	version := form.Find(`main input[name="version"]`).AttrOr("value", "")
	to := h.post(t, "hospital", "lin-zhi", path+"/form", http.StatusSeeOther, url.Values{"version": {version}, "product-zh": {"新名称"}, "lang": {"en"}})
	if to != path+"/form" {
		t.Errorf("got led to %s, want back to the form", to)
	}
	if got := page(t, h.send("GET", path+"/form", lin, nil)).Find(`[name="product-zh"]`).AttrOr("value", ""); got != "新名称" {
		t.Errorf("got %q, want what was typed", got)
	}
}

// keepTyped sends form, as a page or as its script does.
func (s *scene) keepTyped(path, cookie string, form url.Values, script bool) *httptest.ResponseRecorder {
	if !script {
		return s.send("POST", path, cookie, form)
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}, "Cookie": {cookie}}
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	return w
}
