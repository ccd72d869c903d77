package local

import (
	"encoding/json"
	"io"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
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

func TestMailIsThereAfterARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mail.jsonl")
	open := func() *Desk {
		t.Helper()
		desk, err := OpenDesk(DeskOptions{People: []Person{nurse}, MailFile: file})
		if err != nil {
			t.Fatal(err)
		}
		return desk
	}
	desk := open()
	send(t, desk, plain)
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	cut, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cut.WriteString(`{"n":2,"subject":"cut o`); err != nil { // the machine was switched off
		t.Fatal(err)
	}
	cut.Close()
	desk = open()
	defer desk.Close()
	if got := desk.Mail.All(); len(got) != 1 || got[0].Subject != "急需" || got[0].To[0] != nurse.Email || got[0].Arrived.IsZero() {
		t.Fatalf("after a restart: got %+v, want the mail of before", got)
	}
	send(t, desk, plain)
	if got := desk.Mail.All(); len(got) != 2 || got[1].N != 2 {
		t.Errorf("the next mail: got %+v, want it numbered on", got)
	}
}

func TestAMailboxIsBoundedInMemoryAndInItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mail.jsonl")
	box, err := openMailbox(file)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for range 4 * maxMails {
		if err := box.add(Mail{}); err != nil {
			t.Fatal(err)
		}
		most = max(most, box.ours)
	}
	if all := box.All(); len(all) != maxMails || all[0].N != 3*maxMails+1 {
		t.Errorf("got %d mails from number %d, want %d from %d", len(all), all[0].N, maxMails, 3*maxMails+1)
	}
	content, err := os.ReadFile(file)
	if lines := strings.Count(string(content), "\n"); err != nil || lines != box.ours || most > 3*maxMails {
		t.Errorf("the file: got %d lines and %d at most (%v), want %d and no more than %d", lines, most, err, box.ours, 3*maxMails)
	}
	for range 3 {
		if err := box.add(Mail{Text: strings.Repeat("x", maxBytes/2)}); err != nil {
			t.Fatal(err)
		}
	}
	if all := box.All(); len(all) != 2 {
		t.Errorf("of three that are half of what is kept each: got %d, want two", len(all))
	}
	if err := box.close(); err != nil {
		t.Error(err)
	}
}
