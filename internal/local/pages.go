package local

import (
	"bytes"
	"html/template"
	"net/http"
)

// frame is around every page of the desk.
const frame = `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{template "title" .}} · 急需 Jixu (development)</title>
<style>
body{font:1rem/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #bbb;padding:.4rem;text-align:left}
button{font:inherit;text-align:left;width:100%;padding:.6rem;margin:.2rem 0;cursor:pointer}pre{white-space:pre-wrap}
.note{color:#555}
</style></head>
<body><h1>{{template "title" .}}</h1>{{template "body" .}}</body></html>`

// render writes a page of the desk; page defines its title and body.
func render(w http.ResponseWriter, status int, page string, data any) {
	var out bytes.Buffer
	t, err := template.New("frame").Parse(frame)
	if err == nil {
		t, err = t.Parse(page)
	}
	if err == nil {
		err = t.Execute(&out, data)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // whoever went away does not miss it
}
