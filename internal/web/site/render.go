package site

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"sync"

	"jixu/internal/docket"
	"jixu/internal/web/form"
	"jixu/internal/words"
)

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
	Carry  string      // id of the form that the buttons for language and type size send along; "": there is none
	Moved  string      // the system's time, if it is not the machine's
}

// Error returns the sentence about field, or "".
func (p Page) Error(field string) string { return p.Errors.Of(field) }

// Templates are the templates of pages, each with the layout around it. One is parsed
// when it is first shown: a start that parsed all of them for both languages would
// cost more than everything else a start does.
type Templates struct {
	Files     fs.FS // templates/layout/*.html, and templates/<page>.html for each page
	Functions func(words.Lang) template.FuncMap

	parsed sync.Map
}

// templateKey names one template among those that were parsed.
type templateKey struct {
	lang words.Lang
	page string
}

// Of returns the template of page in lang. It fails if there is no such page.
func (ts *Templates) Of(lang words.Lang, page string) (*template.Template, error) {
	key := templateKey{lang, page}
	if t, ok := ts.parsed.Load(key); ok {
		return t.(*template.Template), nil
	}
	t, err := template.New("layout").Funcs(ts.Functions(lang)).ParseFS(ts.Files, "templates/layout/*.html", "templates/"+page+".html")
	if err != nil {
		return nil, fmt.Errorf("reading the template of %s: %w", page, err)
	}
	kept, _ := ts.parsed.LoadOrStore(key, t)
	return kept.(*template.Template), nil
}

// Render fills page in, executes its template into a buffer and only then writes.
// data must hold page.
func (x *Request) Render(status int, name string, page *Page, data any) error {
	var err error
	if page.Moved, err = x.moved(); err != nil {
		return err
	}
	return x.write(status, name, page, data)
}

// moved is the system's time if it is not the machine's, and otherwise "".
func (x *Request) moved() (string, error) {
	if !x.Site.Moved {
		return "", nil
	}
	now, err := x.Site.Clock.Now(x.Ctx())
	if err != nil {
		return "", err
	}
	return docket.When(x.Lang, now), nil
}

// write renders what needs no more to be looked up.
func (x *Request) write(status int, name string, page *Page, data any) error {
	t, err := x.Site.Templates.Of(x.Lang, name)
	if err != nil {
		return err
	}
	x.fill(page)
	x.refusedFor(page.Errors)
	page.Late = status == http.StatusConflict
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	x.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.W.WriteHeader(status)
	_, err = x.W.Write(b.Bytes())
	return err
}

// Show renders a page that is there.
func (x *Request) Show(name string, page *Page, data any) error {
	return x.Render(http.StatusOK, name, page, data)
}

func (x *Request) fill(p *Page) {
	p.Lang, p.Large = x.Lang, x.Large
	p.Home = "/" + string(x.Site.Audience)
	p.Path = x.R.URL.RequestURI()
	if x.R.Method != http.MethodGet {
		p.Path = x.Home()
		if x.twin {
			p.Path = x.R.URL.Path
		}
	}
	if x.Session != nil {
		p.Org, p.Person = x.Org.Name(string(x.Lang)), x.Person.Name(string(x.Lang))
	}
	if p.Op == "" {
		p.Op = x.Site.Secret()
	}
}

// reference names this request, for a reader who calls for help.
func (x *Request) reference() string { return x.Site.Reference(x.Ctx()) }

// Titled puts 错误 before the title of a page with errors.
func Titled(l words.Lang, title string, errs form.Errors) string {
	if len(errs) > 0 {
		return l.Say("title.error") + title
	}
	return title
}

// Titled is [Titled] in the reader's language.
func (x *Request) Titled(title string, errs form.Errors) string { return Titled(x.Lang, title, errs) }
