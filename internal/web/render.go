package web

import (
	"embed"
	"html/template"
	"time"

	"jixu/internal/calendar"
	"jixu/internal/docket"
	"jixu/internal/policy"
	"jixu/internal/web/site"
	"jixu/internal/words"
)

//go:embed templates static
var files embed.FS

// templates are the pages' templates.
var templates = &site.Templates{Files: files, Functions: functions}

// functions are what templates may call: words and the writing of values. None
// of them decides anything.
func functions(lang words.Lang) template.FuncMap {
	return template.FuncMap{
		"static": staticAddress,

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

// plainPages need nothing but the request.
type plainPages struct{ base }

type welcomePage struct{ site.Page }

// welcome leads to both entrances.
func (x plainPages) welcome() error {
	p := welcomePage{}
	p.Title = x.Lang.Say("welcome.title")
	return x.Show("welcome", &p.Page, &p)
}

// alive says that the function runs; nothing else.
func (x plainPages) alive() error {
	x.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := x.W.Write([]byte("alive\n"))
	return err
}
