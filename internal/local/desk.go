package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Person is somebody who can sign in on one machine, and gets mail there.
type Person struct {
	ID     string // subject of the token
	NameZH string
	NameEN string
	OrgZH  string
	OrgEN  string
	Email  string
	Try    string // what a person at this machine may try in this role
}

// ClientID is what the sites are called at the development issuer.
const ClientID = "jixu"

// DeskOptions are the ports of a desk, 0 for any, who sits there, and the file that
// keeps the mail, "" for none.
type DeskOptions struct {
	HTTPPort int
	SMTPPort int
	People   []Person
	MailFile string
}

// Desk takes the place of the people's own services: it signs them in and
// receives their mail, shows both to a person at this machine, and lets programs in.
type Desk struct {
	Issuer string // URL of the OIDC issuer, and of the page that links to everything
	SMTP   string // host:port where mail is taken
	Mail   *Mailbox

	clock    func(context.Context, time.Duration) (time.Time, error) // nil until the house is there
	programs passage
	pages    *http.Server
	smtp     interface{ Close() error }
}

// OpenDesk starts the issuer, the mail sink and their pages. Close it.
func OpenDesk(options DeskOptions) (*Desk, error) {
	pages, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", options.HTTPPort))
	if err != nil {
		return nil, fmt.Errorf("opening the desk: %w", err)
	}
	mail, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", options.SMTPPort))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the desk: %w", err), pages.Close())
	}
	desk := &Desk{Issuer: "http://" + pages.Addr().String(), SMTP: mail.Addr().String(), Mail: &Mailbox{}}
	issuer, err := newIssuer(desk.Issuer, options.People)
	if err == nil && options.MailFile != "" {
		desk.Mail, err = openMailbox(options.MailFile)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the desk: %w", err), pages.Close(), mail.Close())
	}
	mux := http.NewServeMux()
	issuer.register(mux)
	desk.Mail.register(mux)
	desk.programs.register(mux)
	mux.HandleFunc("GET /{$}", showDesk)
	mux.HandleFunc("GET /clock", desk.showClock)
	mux.HandleFunc("POST /clock", desk.moveClock)
	desk.pages = &http.Server{Handler: http.NewCrossOriginProtection().Handler(mux), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = desk.pages.Serve(pages) }() // ends when closed
	desk.smtp = serveSMTP(mail, desk.Mail)
	return desk, nil
}

// Close stops taking sign-ins and mail.
func (d *Desk) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var failed []error
	if err := d.pages.Shutdown(ctx); err != nil {
		failed = append(failed, d.pages.Close())
	}
	failed = append(failed, d.smtp.Close())
	d.Mail.mu.Lock()
	defer d.Mail.mu.Unlock()
	return errors.Join(append(failed, d.Mail.close())...)
}

func showDesk(w http.ResponseWriter, _ *http.Request) {
	render(w, http.StatusOK, `{{define "title"}}本机服务 Desk{{end}}{{define "body"}}
<ul><li><a href="/mail">邮件 Mail</a></li><li><a href="/clock">系统时间 Clock</a></li><li><a href="/.well-known/openid-configuration">登录配置 Sign-in configuration</a></li></ul>{{end}}`, nil)
}
