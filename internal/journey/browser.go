// Package journey does what people do with a browser, in code: it opens pages,
// fills in the forms that stand on them, follows links from mail, and uploads
// real files. It knows the sites only by what they show; it is used by the demo
// and by the tests that attack a running stack, never by a function.
package journey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// Browser is one person's browser: cookies, and where it is.
type Browser struct {
	Base string // scheme, host and port of the sites
	http *http.Client

	mu      sync.Mutex
	cookies map[string]map[string]string // host -> name -> value
}

// NewBrowser returns a browser without cookies. It resolves *.localhost to this
// machine, as browsers do and Go does not.
func NewBrowser(base string) *Browser {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
				address = net.JoinHostPort("127.0.0.1", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
	return &Browser{
		Base: base, cookies: map[string]map[string]string{},
		http: &http.Client{
			Transport: transport, Timeout: 2 * time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Page is what a request ended at, after its redirects.
type Page struct {
	Status int
	URL    *url.URL
	Header http.Header
	Body   []byte
	doc    *goquery.Document
}

// Doc is the page's document.
func (p *Page) Doc() *goquery.Document {
	if p.doc == nil {
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(p.Body))
		if err != nil {
			doc = &goquery.Document{} // the reader is bytes: it never fails
		}
		p.doc = doc
	}
	return p.doc
}

// Text is what stands at the first place that selector finds, in one line.
func (p *Page) Text(selector string) string {
	return strings.Join(strings.Fields(p.Doc().Find(selector).First().Text()), " ")
}

// Get opens path (or a whole address) and follows redirects.
func (b *Browser) Get(ctx context.Context, path string) (*Page, error) {
	return b.Do(ctx, http.MethodGet, path, "", nil, nil)
}

// Post sends values as a form would, from a page of the same origin.
func (b *Browser) Post(ctx context.Context, path string, values url.Values) (*Page, error) {
	return b.Do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(values.Encode()), sameOrigin)
}

// sameOrigin is what browsers say of a form's own page.
var sameOrigin = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}}

// Do sends one request and follows redirects and refreshes, as GET, with the cookies of each host.
func (b *Browser) Do(ctx context.Context, method, path, contentType string, body []byte, header http.Header) (*Page, error) {
	at, err := b.resolve(path)
	if err != nil {
		return nil, err
	}
	for hop := 0; ; hop++ {
		if hop > 10 {
			return nil, fmt.Errorf("opening %s: too many redirects", path)
		}
		page, err := b.once(ctx, method, at, contentType, body, header)
		if err != nil {
			return nil, err
		}
		next := page.Header.Get("Location")
		if page.Status < 300 || page.Status > 399 {
			_, next, _ = strings.Cut(page.Header.Get("Refresh"), "url=") // a page that goes on by itself
		}
		if next == "" {
			return page, nil
		}
		to, err := url.Parse(next)
		if err != nil {
			return nil, fmt.Errorf("following a redirect from %s: %w", at, err)
		}
		at = at.ResolveReference(to)
		method, contentType, body, header = http.MethodGet, "", nil, nil
	}
}

func (b *Browser) resolve(path string) (*url.URL, error) {
	base, err := url.Parse(b.Base + "/")
	if err != nil {
		return nil, err
	}
	ref, err := url.Parse(path)
	if err != nil {
		return nil, err
	}
	return base.ResolveReference(ref), nil
}

// once sends one request and follows nothing.
func (b *Browser) once(ctx context.Context, method string, at *url.URL, contentType string, body []byte, header http.Header) (*Page, error) {
	r, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	b.addCookies(r)
	answer, err := b.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, at.Path, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, at.Path, err)
	}
	b.keepCookies(at.Host, answer.Cookies())
	return &Page{Status: answer.StatusCode, URL: at, Header: answer.Header, Body: data}, nil
}

func (b *Browser) addCookies(r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var pairs []string
	for name, value := range b.cookies[r.URL.Host] {
		pairs = append(pairs, name+"="+value)
	}
	if len(pairs) > 0 {
		r.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
}

func (b *Browser) keepCookies(host string, set []*http.Cookie) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cookies[host] == nil {
		b.cookies[host] = map[string]string{}
	}
	for _, c := range set {
		if c.MaxAge < 0 {
			delete(b.cookies[host], c.Name)
			continue
		}
		b.cookies[host][c.Name] = c.Value
	}
}

// Form is a form as it stands on a page, ready to be filled in.
type Form struct {
	Action string
	Method string
	Multi  bool // multipart
	Fields [][2]string
	File   string // name of the file field, if there is one
}

// Form reads the first form on p that selector finds.
func (p *Page) Form(selector string) (*Form, error) {
	s := p.Doc().Find(selector).First()
	if s.Length() == 0 || !s.Is("form") {
		return nil, fmt.Errorf(
			"%s %s (%q): no form %q; errors: %s",
			http.StatusText(p.Status),
			p.URL.Path,
			p.Text("h1"),
			selector,
			p.Text("[role=alert], .summary"),
		)
	}
	f := &Form{
		Action: s.AttrOr("action", p.URL.String()),
		Method: strings.ToUpper(s.AttrOr("method", "get")),
		Multi:  s.AttrOr("enctype", "") == "multipart/form-data",
	}
	s.Find("input, select, textarea, button").Each(func(_ int, e *goquery.Selection) { f.read(e) })
	at, err := p.URL.Parse(f.Action)
	if err != nil {
		return nil, err
	}
	f.Action = at.String()
	return f, nil
}

// read takes one control with what it holds now, as a browser would send it.
func (f *Form) read(e *goquery.Selection) {
	name := e.AttrOr("name", "")
	if name == "" || e.Is("[disabled]") {
		return
	}
	switch kind := e.AttrOr("type", ""); {
	case kind == "file":
		f.File = name
	case kind == "radio" || kind == "checkbox":
		if _, on := e.Attr("checked"); on {
			f.Fields = append(f.Fields, [2]string{name, e.AttrOr("value", "on")})
		}
	case e.Is("button") || kind == "submit":
		// Only the pressed button is sent; see Press.
	case e.Is("select"):
		chosen := e.Find("option[selected]").First()
		f.Fields = append(f.Fields, [2]string{name, chosen.AttrOr("value", "")})
	case e.Is("textarea"):
		f.Fields = append(f.Fields, [2]string{name, e.Text()})
	default:
		f.Fields = append(f.Fields, [2]string{name, e.AttrOr("value", "")})
	}
}

// Set types value into name, or chooses it.
func (f *Form) Set(name, value string) *Form {
	for i := range f.Fields {
		if f.Fields[i][0] == name {
			f.Fields[i][1] = value
			return f
		}
	}
	f.Fields = append(f.Fields, [2]string{name, value})
	return f
}

// Get returns what stands in name.
func (f *Form) Get(name string) string {
	for _, pair := range f.Fields {
		if pair[0] == name {
			return pair[1]
		}
	}
	return ""
}

// Values are the fields as a form body.
func (f *Form) Values() url.Values {
	v := url.Values{}
	for _, pair := range f.Fields {
		v.Add(pair[0], pair[1])
	}
	return v
}

// Submit sends f.
func (b *Browser) Submit(ctx context.Context, f *Form) (*Page, error) {
	if f.Method != http.MethodPost {
		at, err := url.Parse(f.Action)
		if err != nil {
			return nil, err
		}
		at.RawQuery = f.Values().Encode()
		return b.Get(ctx, at.String())
	}
	if f.Multi {
		return nil, errors.New("submitting: a form with a file goes through Upload")
	}
	return b.Post(ctx, f.Action, f.Values())
}

// Upload sends a multipart form with file in its file field, as a browser does:
// all other fields first.
func (b *Browser) Upload(ctx context.Context, f *Form, name string, file []byte) (*Page, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, pair := range f.Fields {
		if err := w.WriteField(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	part, err := w.CreateFormFile(f.File, name)
	if err != nil {
		return nil, err
	}
	if _, err := part.Write(file); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Do(ctx, http.MethodPost, f.Action, w.FormDataContentType(), body.Bytes(), nil)
}

// Until asks again until holds says so, or patience is over.
func Until(ctx context.Context, patience time.Duration, what string, holds func() (bool, error)) error {
	end := time.Now().Add(patience)
	for {
		ok, err := holds()
		if ok {
			return nil
		}
		if time.Now().After(end) {
			return errors.Join(fmt.Errorf("waiting for %s: not within %s", what, patience), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
