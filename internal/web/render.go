package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"sync"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/docket"
	"jixu/internal/policy"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

//go:embed templates static
var files embed.FS

// Page is what every page shows around its own content.
type Page struct {
	Lang   words.Lang
	Large  bool
	Title  string
	Org    string // the reader's organisation, "" for a stranger
	Person string
	Home   string // where the top bar leads
	Path   string // of this page, to come back to after a change of language
	Errors form.Errors
	Late   bool        // nothing is wrong with what was sent: somebody else came first
	Typed  [][2]string // what a refused form held that this page does not, so that nothing typed is lost
	Op     string      // a fresh operation id for the forms of this page
	Script string      // the one script of this page, "" for most
	Moved  string      // the system's time, if it is not the machine's
}

// Error returns the sentence about field, or "".
func (p Page) Error(field string) string { return p.Errors.Of(field) }

// templates holds the templates that were parsed, by language and page. Each is
// parsed when it is first shown: a start that parsed all of them for both
// languages would cost more than everything else a start does.
var templates sync.Map

// templateKey names one template among those that were parsed.
type templateKey struct {
	lang words.Lang
	page string
}

// templateOf returns the template of page in lang. It fails if there is no such page.
func templateOf(lang words.Lang, page string) (*template.Template, error) {
	key := templateKey{lang, page}
	if t, ok := templates.Load(key); ok {
		return t.(*template.Template), nil
	}
	t, err := template.New("layout").Funcs(functions(lang)).ParseFS(files, "templates/layout/*.html", "templates/"+page+".html")
	if err != nil {
		return nil, fmt.Errorf("reading the template of %s: %w", page, err)
	}
	kept, _ := templates.LoadOrStore(key, t)
	return kept.(*template.Template), nil
}

// functions are what templates may call: words and the writing of values. None
// of them decides anything.
func functions(lang words.Lang) template.FuncMap {
	return template.FuncMap{
		"say":  lang.Say,
		"when": func(t time.Time) string { return docket.When(lang, t) },
		"day":  func(d calendar.Day) string { return dayText(lang, d) },
		"iso":  func(t time.Time) string { return t.In(calendar.Shanghai).Format(time.RFC3339) },
		"text": func(t policy.Text) string { return textIn(lang, t) },
	}
}

// dayText writes a day for people.
func dayText(lang words.Lang, d calendar.Day) string {
	if d.IsZero() {
		return ""
	}
	if lang == words.EN {
		return d.Start().In(calendar.Shanghai).Format("Mon 2 Jan 2006")
	}
	t := d.Start().In(calendar.Shanghai)
	return t.Format("2006年1月2日") + "（" + lang.Say("weekday."+t.Format("Mon")) + "）"
}

// render fills page in, executes its template into a buffer and only then
// writes. data must hold page.
func (x *exchange) render(status int, name string, page *Page, data any) error {
	t, err := templateOf(x.lang, name)
	if err != nil {
		return err
	}
	x.fill(page)
	page.Late = status == http.StatusConflict
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(status)
	_, err = x.w.Write(b.Bytes())
	return err
}

// show renders a page that is there.
func (x *exchange) show(name string, page *Page, data any) error {
	return x.render(http.StatusOK, name, page, data)
}

func (x *exchange) fill(p *Page) {
	p.Lang, p.Large = x.lang, x.large
	p.Home = "/" + string(x.site.Audience)
	p.Path = x.r.URL.RequestURI()
	if x.r.Method != http.MethodGet {
		p.Path = x.home()
		if x.twin {
			p.Path = x.r.URL.Path
		}
	}
	if x.session != nil {
		p.Org, p.Person = x.org.Name(string(x.lang)), x.person.Name(string(x.lang))
	}
	if p.Op == "" {
		p.Op = x.site.Secret()
	}
	if x.site.Moved {
		if now, err := x.site.Desk.Clock.Now(x.ctx()); err == nil {
			p.Moved = docket.When(x.lang, now)
		}
	}
}

// reference names this request, for a reader who calls for help.
func (x *exchange) reference() string { return x.site.Reference(x.ctx()) }

// static serves what is embedded, by name.
func (x *exchange) static() error {
	data, err := files.ReadFile("static/" + path.Base(x.r.PathValue("file")))
	if err != nil {
		return x.notFound()
	}
	x.w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeContent(x.w, x.r, x.r.PathValue("file"), time.Time{}, bytes.NewReader(data))
	return nil
}

// alive says that the function runs; nothing else.
func (x *exchange) alive() error {
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := x.w.Write([]byte("alive\n"))
	return err
}
