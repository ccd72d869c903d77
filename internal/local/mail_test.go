package local

import (
	"encoding/json"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"testing"
)

const (
	plain = "From: jixu@jixu.localhost\r\nTo: lin@hospital.example\r\n" +
		"Subject: =?utf-8?b?5oCl6ZyA?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		"6K+35Yqe55CG77yaCmh0dHA6Ly9qaXh1LmxvY2FsaG9zdDo0NTY2L2wvYWJj\r\n"
	parts = "Subject: two parts\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/html\r\n\r\n<p>no\r\n--b\r\nContent-Type: text/plain\r\n" +
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E6=80=A5\r\n--b--\r\n"
)

func send(t *testing.T, desk *Desk, message string) {
	t.Helper()
	err := smtp.SendMail(desk.SMTP, nil, "jixu@jixu.localhost", []string{nurse.Email}, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
}

func TestMailIsKeptAndDecoded(t *testing.T) {
	desk := openDesk(t)
	send(t, desk, plain)
	send(t, desk, parts)
	got := desk.Mail.To(strings.ToUpper(nurse.Email))
	if len(got) != 2 {
		t.Fatalf("got %d mails, want 2", len(got))
	}
	if got[0].Subject != "急需" || got[0].Text != "请办理：\nhttp://jixu.localhost:4566/l/abc" || got[0].N != 1 {
		t.Errorf("the first: got %+v", got[0])
	}
	if got[1].Text != "急" {
		t.Errorf("the second: got text %q, want the plain part", got[1].Text)
	}
	if others := desk.Mail.To("nobody@hospital.example"); len(others) != 0 {
		t.Errorf("got %d mails for nobody", len(others))
	}
}

func TestMailIsShown(t *testing.T) {
	desk := openDesk(t)
	send(t, desk, plain)
	rows := []struct{ path, want string }{
		{"/mail", `<a href="/mail/1">急需</a>`},
		{"/mail/1", `<a href="http://jixu.localhost:4566/l/abc" rel="noreferrer">`},
		{"/mail/9", "404"},
	}
	for _, row := range rows {
		answer, err := http.Get(desk.Issuer + row.path)
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.Contains(string(page), row.want) {
			t.Errorf("%s lacks %s: %s", row.path, row.want, page)
		}
	}
	answer, err := http.Get(desk.Issuer + "/mail.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var all []Mail
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil || len(all) != 1 || all[0].To[0] != nurse.Email {
		t.Errorf("mail.json: got %+v, %v", all, err)
	}
}

func TestAFullMailboxDropsTheOldest(t *testing.T) {
	var box Mailbox
	for range maxMails + 1 {
		box.add(Mail{})
	}
	if all := box.All(); len(all) != maxMails || all[0].N != 2 {
		t.Errorf("got %d mails from number %d, want %d from 2", len(all), all[0].N, maxMails)
	}
}
