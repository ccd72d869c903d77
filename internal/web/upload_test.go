package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jixu/internal/docket"
	"jixu/internal/journey"
)

// An upload that was cut off goes on as the same file: the page's script asks
// for a new signed form, and hears when none is needed any more.
func TestAnUploadThatWasCutOffGoesOn(t *testing.T) {
	s := newScene(t)
	lin := s.cookie(t, "hospital", "lin-zhi")
	path := s.draft + "/files/" + s.file
	type ticket struct {
		File, URL, Error string
		Fields           map[string]string
		Version          int
	}
	sign := func(path, cookie string) (int, ticket) {
		r := httptest.NewRequest("GET", s.Site+path, nil)
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		var got ticket
		_ = json.Unmarshal(w.Body.Bytes(), &got)
		return w.Code, got
	}
	before := s.kept()
	code, got := sign(path, lin)
	if code != http.StatusOK || got.File != s.file || got.URL == "" || len(got.Fields) == 0 || got.Fields["success_action_redirect"] != "" {
		t.Errorf("signing again: got %d %+v, want a form of the same file and no way back", code, got)
	}
	if code, got = sign(path, lin); code != http.StatusOK {
		t.Errorf("and once more: got %d %+v", code, got)
	}
	if s.kept() != before {
		t.Error("signing changed something")
	}
	for name, cookie := range map[string]string{"another hospital": s.cookie(t, "hospital", "he-yue"), "nobody": ""} {
		if code, got := sign(path, cookie); code == http.StatusOK || got.URL != "" {
			t.Errorf("%s: got %d %+v, want nothing signed", name, code, got)
		}
	}
	version := s.Files.Upload("dossier/"+s.draft[strings.LastIndex(s.draft, "/")+1:]+"/"+s.file, somePDF)
	_, err := s.town.Desk.Settle(context.Background(), "dossier/"+s.draft[strings.LastIndex(s.draft, "/")+1:]+"/"+s.file, version)
	must(t, err)
	if code, got := sign(path, lin); code != http.StatusConflict || got.URL != "" || got.Error == "" {
		t.Errorf("one that has arrived: got %d %+v, want 409 and a sentence", code, got)
	}
}

func TestWhatAFileWaitsForIsSaid(t *testing.T) {
	for _, row := range []struct {
		name         string
		away         bool
		most         int64
		scanner      bool
		state, says  string
		soon, reload bool
	}{
		{"without a scanner the page says so", false, 0, false, "checked", "未配置病毒扫描", false, false},
		{"a file that was scanned is checked, and no more", false, 0, true, "checked", "检查通过", false, false},
		{"while the scanner is away nobody needs to do anything", true, 0, true, "unscanned", "等待安全扫描", false, true},
		{"one too large to be scanned has its cure", false, 10, true, "unscanned", "拆分", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHouse(t)
			ctx := context.Background()
			lin := h.enter(t, "hospital", "lin-zhi")
			draft, err := journey.CreateDraft(ctx, lin)
			must(t, err)
			id := draft[strings.LastIndex(draft, "/")+1:]
			desk := *h.town.Desk
			h.Scanner.Away, h.Scanner.Most = row.away, row.most
			if row.scanner {
				desk.Scanner = h.Scanner
			}
			page, err := lin.Get(ctx, draft+"/items/signed-form")
			must(t, err)
			form, err := page.Form(`form[action$="/items/signed-form"]`)
			must(t, err)
			page, err = lin.Submit(ctx, form.Set("name", "申请表.pdf"))
			must(t, err)
			fid := page.URL.Path[strings.LastIndex(page.URL.Path, "/")+1:]
			key := "dossier/" + id + "/" + fid
			if _, err := desk.Settle(ctx, key, h.Files.Upload(key, somePDF)); (err != nil) != row.away {
				t.Fatal(err)
			}
			page, err = lin.Get(ctx, draft+"/items/signed-form")
			must(t, err)
			file := page.Doc().Find(`[data-file="` + fid + `"]`)
			_, soon := file.Attr("data-soon")
			if file.AttrOr("data-state", "") != row.state || !strings.Contains(file.Text(), row.says) || soon != row.soon {
				t.Errorf("got %s %q, soon %t; want %s, %q, soon %t", file.AttrOr("data-state", ""), file.Text(), soon, row.state, row.says, row.soon)
			}
			if row.scanner && strings.Contains(file.Text(), "未配置") {
				t.Errorf("got %q, want no word of a missing scanner", file.Text())
			}
			if opens := file.Find(`form[action$="/open"]`).Length() == 1; opens != (row.state == string(docket.Checked)) {
				t.Errorf("offered to open: got %t", opens)
			}
			if reload := strings.Contains(page.Text("#files"), "刷新"); reload != row.reload {
				t.Errorf("offered to reload: got %t, want %t", reload, row.reload)
			}
			answer, err := lin.Post(ctx, draft+"/files/"+fid+"/open", url.Values{"op": {rand.Text()}})
			must(t, err)
			if (answer.Status < 400) != (row.state == string(docket.Checked)) {
				t.Errorf("opening: got %d", answer.Status)
			}
			if fmt.Sprint(h.Metrics.Counts()["FileUnscanned"]) == "0" && row.away {
				t.Error("nobody counted that the scanner was away")
			}
		})
	}
}

// What a file is called is read by everybody whom the case goes to: it names
// nobody, and hides nothing.
func TestAFileIsNotCalledByWhoIsTreated(t *testing.T) {
	s := newScene(t)
	item, letter := s.draft+"/items/signed-form", s.gatePath(t, s.open, "reply")+"/evidence"
	before := s.kept()
	for name, row := range map[string]struct{ file, says string }{
		"a resident identity number":    {"张三11010519491231002X.pdf", "请勿填写患者姓名、证件号码、手机号码等身份信息，请改用院内编码。"},
		"a mobile number":               {"13812345678.pdf", "请勿填写患者姓名、证件号码、手机号码等身份信息，请改用院内编码。"},
		"a passport":                    {"护照E12345678.pdf", "请勿填写护照等证件号码，请改用院内编码；如系批号、型号、批准文号等，请在号码前写明，例如“批号 E12345678”。"},
		"a folder":                      {"../申请表.pdf", "文件名称中不能含有“/”或者“\\”，请重新命名后再试。"},
		"a character that nobody sees":  {"申请\u200b表.pdf", "文件名称中含有看不见的字符，请重新命名后再试。"},
		"text that turns its direction": {"申请\u202efdp.exe", "文件名称中含有看不见的字符，请重新命名后再试。"},
		"a control character":           {"申请\x01表.pdf", "含有无法识别的字符，请重新输入。"},
		"a long name":                   {strings.Repeat("表", 301), "请选择文件，文件名不超过 300 个字符。"},
	} {
		for path, person := range map[string]string{item: "lin-zhi", letter: "shen-an"} {
			form := url.Values{"op": {rand.Text()}, "version": {fmt.Sprint(s.load(t, s.draft).Case.Version)}, "name": {row.file}}
			w := s.send("POST", path, s.cookie(t, strings.Split(path, "/")[1], person), form)
			if got := page(t, w).Find("#file-error").Text(); w.Code != http.StatusUnprocessableEntity || got != row.says {
				t.Errorf("%s at %s: got %d %q, want 422 %q", name, path, w.Code, got, row.says)
			}
		}
	}
	if s.kept() != before {
		t.Error("something was kept")
	}
}

// What is opened is saved under a name that its reader can find again and open.
func TestAnOpenedFileIsSavedUnderItsName(t *testing.T) {
	s := newScene(t)
	r := s.load(t, s.open)
	f, ok := r.File(r.Case.Files["signed-form"][0])
	if !ok {
		t.Fatal("the signed form is not there")
	}
	path := strings.Replace(s.open, "/hospital/", "/agency/", 1) + "/files/" + f.ID + "/open"
	w := s.send("POST", path, s.cookie(t, "agency", "zhou-heng"), url.Values{"op": {rand.Text()}})
	to, err := url.Parse(w.Header().Get("Location"))
	must(t, err)
	if w.Code != http.StatusSeeOther || to.Query().Get("versionId") != f.Version {
		t.Fatalf("got %d to %s, want the pinned version", w.Code, to)
	}
	if _, as, err := mime.ParseMediaType(to.Query().Get("response-content-disposition")); err != nil || as["filename"] != f.Name || !strings.HasSuffix(f.Name, ".pdf") {
		t.Errorf("got it saved as %v (%v), want as %q", as, err, f.Name)
	}
}
