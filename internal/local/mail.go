package local

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// What a mailbox keeps at most; older mails go first.
const (
	maxMails = 1000
	maxBytes = 16 << 20 // of their texts together
)

// Mail is one mail as it arrived.
type Mail struct {
	N       int       `json:"n"` // numbered from 1 in order of arrival
	From    string    `json:"from"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"` // the plain part, decoded
	Arrived time.Time `json:"arrived"`
}

// Mailbox keeps the mail of everybody on one machine: in memory, and over a restart
// in a file, one mail a line.
type Mailbox struct {
	mu   sync.Mutex
	last int
	size int // of the texts
	kept []Mail
	path string // "": nothing outlives the process
	file *os.File
	ours int // lines of the file
}

// openMailbox reads what was kept in path, which need not be there. A line that was cut
// off, by whatever ended the machine, is left out.
func openMailbox(path string) (*Mailbox, error) {
	m := &Mailbox{path: path}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading yesterday's mail: %w", err)
	}
	for line := range bytes.Lines(content) {
		var one Mail
		if json.Unmarshal(line, &one) == nil && one.N > m.last {
			m.keep(one)
		}
	}
	return m, m.rewrite()
}

// rewrite writes what is kept anew, beside, and renames.
func (m *Mailbox) rewrite() error {
	var all bytes.Buffer
	for _, one := range m.kept {
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		all.Write(append(line, '\n'))
	}
	err := m.close()
	if err == nil {
		err = replace(m.path, all.Bytes())
	}
	if err == nil {
		m.file, err = os.OpenFile(m.path, os.O_APPEND|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping the mail: %w", err)
	}
	m.ours = len(m.kept)
	return nil
}

// close ends the file; the mails stay readable.
func (m *Mailbox) close() error {
	if m.file == nil {
		return nil
	}
	file := m.file
	m.file = nil
	return file.Close()
}

// All returns what is kept, oldest first.
func (m *Mailbox) All() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Mail{}, m.kept...)
}

// To returns what is kept for address, oldest first.
func (m *Mailbox) To(address string) []Mail {
	var found []Mail
	for _, one := range m.All() {
		for _, to := range one.To {
			if strings.EqualFold(to, address) {
				found = append(found, one)
				break
			}
		}
	}
	return found
}

// add keeps one more mail. Where it cannot be written the sender hears so, and comes again.
func (m *Mailbox) add(one Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	one.N = m.last + 1
	if m.file != nil {
		line, err := json.Marshal(one)
		if err == nil {
			_, err = m.file.Write(append(line, '\n'))
		}
		if err != nil {
			return fmt.Errorf("keeping a mail: %w", err)
		}
		m.ours++
	}
	m.keep(one)
	if m.ours > 2*len(m.kept)+maxMails/10 { // most of the file has been dropped
		return m.rewrite()
	}
	return nil
}

// keep takes one in and lets go of the oldest that are too many.
func (m *Mailbox) keep(one Mail) {
	m.last, m.size = one.N, m.size+len(one.Text)
	m.kept = append(m.kept, one)
	drop := 0
	for left := len(m.kept); left > maxMails || left > 1 && m.size > maxBytes; left-- {
		m.size -= len(m.kept[drop].Text)
		drop++
	}
	m.kept = m.kept[drop:]
}

func (m *Mailbox) find(n int) (Mail, bool) {
	for _, one := range m.All() {
		if one.N == n {
			return one, true
		}
	}
	return Mail{}, false
}

func (m *Mailbox) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /mail", m.showList)
	mux.HandleFunc("GET /mail/{n}", m.showOne)
	mux.HandleFunc("GET /mail.json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, m.All())
	})
}

const mailsPage = `{{define "title"}}邮件 Mail{{end}}{{define "body"}}
{{if .}}<table><tr><th>时间 Time</th><th>收件人 To</th><th>主题 Subject</th></tr>
{{range .}}<tr><td>{{.Arrived.Format "2006-01-02 15:04:05"}}</td><td>{{range .To}}{{.}} {{end}}</td><td><a href="/mail/{{.N}}">{{.Subject}}</a></td></tr>
{{end}}</table>{{else}}<p>还没有邮件。No mail yet.</p>{{end}}{{end}}`

func (m *Mailbox) showList(w http.ResponseWriter, _ *http.Request) {
	all := m.All()
	newest := make([]Mail, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		newest = append(newest, all[i])
	}
	render(w, http.StatusOK, mailsPage, newest)
}

const mailPage = `{{define "title"}}{{.Mail.Subject}}{{end}}{{define "body"}}
<p class="note">{{.Mail.From}} → {{range .Mail.To}}{{.}} {{end}}· {{.Mail.Arrived.Format "2006-01-02 15:04:05"}}</p>
<pre>{{range .Lines}}{{if .URL}}<a href="{{.URL}}" rel="noreferrer">{{.Text}}</a>{{else}}{{.Text}}{{end}}
{{end}}</pre><p><a href="/mail">← 全部 All</a></p>{{end}}`

// line is one line of a mail; URL is set when all of it is an address to open.
type line struct{ Text, URL string }

func (m *Mailbox) showOne(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.PathValue("n"))
	one, found := m.find(n)
	if !found {
		http.NotFound(w, r)
		return
	}
	var lines []line
	for _, text := range strings.Split(one.Text, "\n") {
		trimmed := strings.TrimSpace(text)
		if strings.HasPrefix(trimmed, "http") && !strings.Contains(trimmed, " ") {
			lines = append(lines, line{text, trimmed})
		} else {
			lines = append(lines, line{text, ""})
		}
	}
	render(w, http.StatusOK, mailPage, map[string]any{"Mail": one, "Lines": lines})
}

// serveSMTP takes mail on listener into box until it is closed.
func serveSMTP(listener net.Listener, box *Mailbox) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &delivery{box: box}, nil
	}))
	server.Domain = "localhost"
	server.ReadTimeout, server.WriteTimeout = 30*time.Second, 30*time.Second
	server.MaxMessageBytes = 10 << 20
	go func() { _ = server.Serve(listener) }() // ends when closed
	return server
}

// delivery is one connection that brings mail.
type delivery struct {
	box  *Mailbox
	from string
	to   []string
}

func (d *delivery) Reset()        { d.from, d.to = "", nil }
func (d *delivery) Logout() error { return nil }

func (d *delivery) Mail(from string, _ *smtp.MailOptions) error {
	d.from = from
	return nil
}

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	one, err := readMail(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: "not a mail: " + err.Error()}
	}
	one.From, one.To, one.Arrived = d.from, d.to, time.Now()
	if err := d.box.add(one); err != nil {
		return &smtp.SMTPError{Code: 451, Message: err.Error()}
	}
	return nil
}

func readMail(raw []byte) (Mail, error) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return Mail{}, fmt.Errorf("reading the subject: %w", err)
	}
	text, err := plainText(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body)
	if err != nil {
		return Mail{}, fmt.Errorf("reading the text: %w", err)
	}
	return Mail{Subject: subject, Text: text}, nil
}

// plainText returns the first plain part of a body, decoded, or "" if it has none.
func plainText(contentType, encoding string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return firstPlainPart(multipart.NewReader(body, params["boundary"]))
	}
	if kind != "text/plain" {
		return "", nil
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	return strings.ReplaceAll(string(text), "\r\n", "\n"), err
}

func firstPlainPart(parts *multipart.Reader) (string, error) {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		text, err := plainText(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil || text != "" {
			return text, err
		}
	}
}
