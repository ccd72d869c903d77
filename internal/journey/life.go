package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"jixu/internal/policy"
)

// Deployment is a running Jixu as people reach it: the sites, and the mail.
type Deployment struct {
	Site string // scheme, host and port
	Desk string // where sign-in and mail are
	// System returns the program of an organisation with a fresh secret, as its
	// administrator would set it up.
	System func(ctx context.Context, org string) (System, error)
}

// SignIn returns the browser of a sample person who signed in at audience
// ("hospital" or "agency"). A connection that breaks while the callback is answered
// makes net/http, like any browser, ask again with a code that is used up: then they
// begin anew, once.
func (h Deployment) SignIn(ctx context.Context, audience, person string) (*Browser, error) {
	b, page, err := h.signIn(ctx, audience, person)
	if err == nil && page.Status == http.StatusForbidden && page.URL.Path == "/"+audience+"/callback" {
		b, page, err = h.signIn(ctx, audience, person)
	}
	if err != nil {
		return nil, err
	}
	if page.Status != http.StatusOK || page.URL.Path != "/"+audience {
		return nil, fmt.Errorf("signing in %s: ended at %s with %d: %s", person, page.URL.Path, page.Status, page.Text("h1"))
	}
	return b, nil
}

// signIn goes over the issuer and returns the page at which that ended.
func (h Deployment) signIn(ctx context.Context, audience, person string) (*Browser, *Page, error) {
	b := NewBrowser(h.Site)
	page, err := b.Get(ctx, "/"+audience)
	if err != nil {
		return nil, nil, err
	}
	form, err := page.Form(`form[action="/` + audience + `/sign-in"]`)
	if err != nil {
		return nil, nil, fmt.Errorf("signing in %s: %w", person, err)
	}
	if page, err = b.Submit(ctx, form); err != nil {
		return nil, nil, fmt.Errorf("signing in %s: %w", person, err)
	}
	if form, err = page.Form("form"); err != nil {
		return nil, nil, fmt.Errorf("signing in %s: %w", person, err)
	}
	if page, err = b.Submit(ctx, form.Set("person", person)); err != nil {
		return nil, nil, fmt.Errorf("signing in %s: %w", person, err)
	}
	return b, page, nil
}

// Mail is one mail in the sink.
type Mail struct {
	N       int
	To      []string
	Subject string
	Text    string
}

// Mails lists what arrived for address, oldest first.
func (h Deployment) Mails(ctx context.Context, address string) ([]Mail, error) {
	page, err := NewBrowser(h.Desk).Get(ctx, "/mail.json")
	if err != nil {
		return nil, err
	}
	var all, mine []Mail
	if err := json.Unmarshal(page.Body, &all); err != nil {
		return nil, fmt.Errorf("reading the mail: %w", err)
	}
	for _, m := range all {
		for _, to := range m.To {
			if strings.EqualFold(to, address) {
				mine = append(mine, m)
			}
		}
	}
	return mine, nil
}

// mailPatience is how long a mail may take: the stream, the queue, and once the
// retelling sweep.
const mailPatience = 100 * time.Second

// WaitMail returns the newest mail to address that names number, matches text,
// and came after mail number after.
func (h Deployment) WaitMail(ctx context.Context, address, number string, text *regexp.Regexp, after int) (Mail, []string, error) {
	var found Mail
	var match []string
	err := Until(ctx, mailPatience, "a mail to "+address+" about "+number, func() (bool, error) {
		mails, err := h.Mails(ctx, address)
		for _, m := range mails {
			if hit := text.FindStringSubmatch(m.Text); m.N > after && strings.Contains(m.Subject, number) && hit != nil {
				found, match = m, hit
			}
		}
		return match != nil, err
	})
	return found, match, err
}

var (
	linkIn = regexp.MustCompile(`(/l/[a-z2-7]+)`)
	codeIn = regexp.MustCompile(`：(\d{6})`)
)

// LinkFor waits for a link about number in organisation's mailbox whose page
// offers person in its roster: an organisation may have several steps at once.
func (h Deployment) LinkFor(ctx context.Context, organisation, number, person string) (string, error) {
	found := ""
	tried := map[string]bool{}
	err := Until(ctx, mailPatience, "a link to "+organisation+" for "+person, func() (bool, error) {
		mails, err := h.Mails(ctx, Organisation(organisation).Mail)
		for _, m := range slices.Backward(mails) {
			hit := linkIn.FindString(m.Text)
			if hit == "" || tried[hit] || !strings.Contains(m.Subject, number) {
				continue
			}
			page, err := NewBrowser(h.Site).Get(ctx, hit)
			if err != nil {
				return false, err
			}
			if tried[hit] = true; page.Doc().Find(`[name="person"][value="`+person+`"]`).Length() > 0 {
				found = hit
				return true, nil
			}
		}
		return false, err
	})
	return found, err
}

// ByLink opens a link, chooses person from the roster, enters the code from
// their own mail, and returns the browser and the gate's page.
func (h Deployment) ByLink(ctx context.Context, link, number, person string) (*Browser, *Page, error) {
	b := NewBrowser(h.Site)
	page, err := b.Get(ctx, link)
	if err != nil {
		return nil, nil, err
	}
	form, err := page.Form(`form[action="` + link + `/code"]`)
	if err != nil {
		return nil, nil, fmt.Errorf("opening a link: %w", err)
	}
	before, err := h.last(ctx, Person(person).Mail)
	if err != nil {
		return nil, nil, err
	}
	if page, err = b.Submit(ctx, form.Set("person", person)); err != nil {
		return nil, nil, err
	}
	_, hit, err := h.WaitMail(ctx, Person(person).Mail, number, codeIn, before)
	if err != nil {
		return nil, nil, err
	}
	if form, err = page.Form(`form[action^="` + link + `/code/"]`); err != nil {
		return nil, nil, fmt.Errorf("entering a code: %w", err)
	}
	if page, err = b.Submit(ctx, form.Set("digits", hit[1])); err != nil {
		return nil, nil, err
	}
	if page.Status != http.StatusOK || !strings.Contains(page.URL.Path, "/gates/") {
		return nil, nil, fmt.Errorf("entering a code: ended at %s with %d", page.URL.Path, page.Status)
	}
	return b, page, nil
}

// last is the number of the newest mail to address, 0 if there is none.
func (h Deployment) last(ctx context.Context, address string) (int, error) {
	mails, err := h.Mails(ctx, address)
	if err != nil || len(mails) == 0 {
		return 0, err
	}
	return mails[len(mails)-1].N, nil
}

// CreateDraft opens a draft for a device and returns its path, /hospital/cases/….
func CreateDraft(ctx context.Context, b *Browser) (string, error) {
	return CreateDraftOf(ctx, b, "device")
}

// CreateDraftOf opens a draft for kind, "device" or "drug".
func CreateDraftOf(ctx context.Context, b *Browser, kind string) (string, error) {
	page, err := b.Get(ctx, "/hospital/new")
	if err != nil {
		return "", err
	}
	form, err := page.Form(`form[action="/hospital/new"]`)
	if err != nil {
		return "", err
	}
	if page, err = b.Submit(ctx, form.Set("kind", kind)); err != nil {
		return "", err
	}
	if page.Status != http.StatusOK {
		return "", fmt.Errorf("creating a draft: %d %s", page.Status, page.Text("h1"))
	}
	return strings.TrimSuffix(page.URL.Path, "/dossier"), nil
}

// Fill saves values in the form of a draft.
func Fill(ctx context.Context, b *Browser, path string, values map[string]string) (*Page, error) {
	page, err := b.Get(ctx, path+"/form")
	if err != nil {
		return nil, err
	}
	form, err := page.Form(`form[action$="/form"]`)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		form.Set(name, value)
	}
	page, err = b.Submit(ctx, form)
	if err != nil {
		return nil, err
	}
	if page.Status != http.StatusOK {
		return page, fmt.Errorf("saving the form: %d %s", page.Status, page.Text(".summary"))
	}
	return page, nil
}

// SendFile uploads data for item of a draft, the way that needs no script, and
// returns the file's id. It does not wait for the check.
func SendFile(ctx context.Context, b *Browser, path, item, name string, data []byte) (string, error) {
	page, err := b.Get(ctx, path+"/items/"+item)
	if err != nil {
		return "", err
	}
	return sendFrom(ctx, b, page, `form[action$="/items/`+item+`"]`, name, data)
}

// sendFrom prepares an upload by the form on page and sends data.
func sendFrom(ctx context.Context, b *Browser, page *Page, selector, name string, data []byte) (string, error) {
	form, err := page.Form(selector)
	if err != nil {
		return "", err
	}
	if page, err = b.Submit(ctx, form.Set("name", name)); err != nil {
		return "", err
	}
	id := page.URL.Path[strings.LastIndex(page.URL.Path, "/")+1:]
	if form, err = page.Form(`form[enctype="multipart/form-data"]`); err != nil {
		return "", err
	}
	if page, err = b.Upload(ctx, form, name, data); err != nil {
		return "", err
	}
	if page.Status > 299 {
		return "", fmt.Errorf("uploading %s: the bucket answered %d: %.300s", name, page.Status, page.Body)
	}
	return id, nil
}

// WaitFile waits until the check of the file with id on page path is over, or
// waits for somebody, and returns the file's state.
func WaitFile(ctx context.Context, b *Browser, path, id string) (state string, err error) {
	err = Until(ctx, time.Minute, "the check of a file", func() (bool, error) {
		page, err := b.Get(ctx, path)
		if err != nil {
			return false, err
		}
		file := page.Doc().Find(`[data-file="` + id + `"]`)
		_, soon := file.Attr("data-soon")
		state = file.AttrOr("data-state", "")
		return state != "" && !soon, nil
	})
	return state, err
}

// SendDossier sends data(item) for every paper of a first application for a device
// and waits until each is checked.
func SendDossier(ctx context.Context, b *Browser, path string, data func(item policy.Item) (name string, content []byte)) error {
	return SendPapers(ctx, b, path, Papers(policy.DevicePack()), data)
}

// SendPapers sends data(item) for each of items and waits until each is checked.
func SendPapers(ctx context.Context, b *Browser, path string, items []policy.Item, data func(item policy.Item) (name string, content []byte)) error {
	sent := map[string]string{}
	for _, item := range items {
		name, content := data(item)
		id, err := SendFile(ctx, b, path, item.ID, name, content)
		if err != nil {
			return fmt.Errorf("sending %s: %w", item.ID, err)
		}
		sent[item.ID] = id
	}
	for item, id := range sent {
		state, err := WaitFile(ctx, b, path+"/items/"+item, id)
		if err != nil {
			return err
		}
		if state != "checked" {
			return fmt.Errorf("sending %s: the check says %s", item, state)
		}
	}
	return nil
}

// Submit checks the answers, declares and submits (or resubmits) the dossier.
func Submit(ctx context.Context, b *Browser, path string) (*Page, error) {
	page, err := b.Get(ctx, path+"/check")
	if err != nil {
		return nil, err
	}
	form, err := page.Form(`form[action$="/submit"]`)
	if err != nil {
		return nil, err
	}
	page, err = b.Submit(ctx, form.Set("declared", "yes"))
	if err != nil {
		return nil, err
	}
	if page.Status != http.StatusOK || !strings.Contains(page.URL.Path, "/submissions/") {
		return page, fmt.Errorf("submitting: %d at %s: %s", page.Status, page.URL.Path, clip(page.Text("main"), 300))
	}
	return page, nil
}

// Answer fills in the form of choice at the gate of page, reads the confirm
// page, and gives the answer. It returns the receipt.
func Answer(ctx context.Context, b *Browser, gate, choice string, values map[string]string) (*Page, error) {
	form, err := Confirm(ctx, b, gate, choice, values)
	if err != nil {
		return nil, err
	}
	page, err := b.Submit(ctx, form)
	if err != nil {
		return nil, err
	}
	if page.Status != http.StatusOK || !strings.HasSuffix(page.URL.Path, "/receipt") {
		return page, fmt.Errorf("answering: %d at %s: %s", page.Status, page.URL.Path, page.Text(".summary"))
	}
	return page, nil
}

// Confirm goes as far as the confirm page and returns its form, not sent.
func Confirm(ctx context.Context, b *Browser, gate, choice string, values map[string]string) (*Form, error) {
	page, err := b.Get(ctx, gate+"/answer?choice="+choice)
	if err != nil {
		return nil, err
	}
	form, err := page.Form(`form[action$="/check"]`)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		form.Set(name, value)
	}
	if page, err = b.Submit(ctx, form); err != nil {
		return nil, err
	}
	if page.Status != http.StatusOK {
		return nil, fmt.Errorf("checking an answer: %d: %s", page.Status, page.Text(".summary"))
	}
	return page.Form(`form[action$="/answer"]`)
}

// SendEvidence uploads the regulator's letter at a gate and waits for its check.
func SendEvidence(ctx context.Context, b *Browser, gate, name string, data []byte) (string, error) {
	page, err := b.Get(ctx, gate+"/evidence")
	if err != nil {
		return "", err
	}
	id, err := sendFrom(ctx, b, page, `form[action$="/evidence"]`, name, data)
	if err != nil {
		return "", err
	}
	state, err := WaitFile(ctx, b, gate+"/evidence", id)
	if err == nil && state != "checked" {
		err = errors.New("the check of the evidence says " + state)
	}
	return id, err
}
