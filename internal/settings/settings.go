// Package settings reads, once and at start, what the template wrote into a
// function's environment. It decides nothing and is not consulted again later.
package settings

import (
	"fmt"
	"os"
	"strings"
)

// Name is an environment variable that the template sets.
type Name string

// What a function may need. template.yaml gives each only those it uses.
const (
	Table         Name = "JIXU_TABLE"     // name of the table
	Bucket        Name = "JIXU_BUCKET"    // name of the bucket that keeps the files
	Notices       Name = "JIXU_NOTICES"   // URL of the queue of notices
	Events        Name = "JIXU_EVENTS"    // URL of the queue of events for organisations' own machines
	Ends          Name = "JIXU_ENDS"      // URL of the queue of runs that ended
	StateMachines Name = "JIXU_MACHINES"  // what the ARNs of all state machines begin with
	LinkKey       Name = "JIXU_LINK_KEY"  // id or ARN of the key that makes links and codes
	SealKey       Name = "JIXU_SEAL_KEY"  // id or ARN of the key that seals signing secrets
	Site          Name = "JIXU_SITE"      // scheme and host of the sites, no slash at the end
	Issuer        Name = "JIXU_ISSUER"    // URL of the OIDC issuer
	Client        Name = "JIXU_CLIENT"    // our client id at the issuer
	SMTP          Name = "JIXU_SMTP"      // host:port of the mail relay
	MailFrom      Name = "JIXU_MAIL_FROM" // address our mail comes from
	Loopback      Name = "JIXU_LOOPBACK"  // "allowed" or "refused": whether events may go to this very machine
	Clock         Name = "JIXU_CLOCK"     // "system" or "table"
	Scanner       Name = "JIXU_SCANNER"   // host:port of the virus scanner, or "none"
)

// stage is needed by every function: it says whether the clock may be moved.
const stage Name = "JIXU_STAGE"

// Settings are the values of the names that were asked for; the others are empty.
type Settings struct {
	Stage         string // "development" or "production"
	Table         string
	Bucket        string
	Notices       string
	Events        string
	Ends          string
	StateMachines string
	LinkKey       string
	SealKey       string
	Loopback      string // "allowed" or "refused"
	Site          string
	Issuer        string
	Client        string
	SMTP          string
	MailFrom      string
	Clock         string // "system" or "table"; "table" adds the offset that the table keeps
	Scanner       string // host:port, or NoScanner
}

// ClockMoves reports whether the law's clock may be moved, by the offset in the table.
func (s Settings) ClockMoves() bool { return s.Clock == "table" }

// NoScanner is what Scanner says when there is none.
const NoScanner = "none"

// Read returns the stage and the named settings from the environment. Its error
// names every variable that is missing or wrong, all at once.
func Read(needed ...Name) (Settings, error) {
	return read(os.Getenv, needed)
}

func read(getenv func(string) string, needed []Name) (Settings, error) {
	var s Settings
	var wrong []string
	for _, name := range append([]Name{stage}, needed...) {
		value := getenv(string(name))
		if value == "" {
			wrong = append(wrong, string(name)+" is missing")
			continue
		}
		*s.field(name) = value
	}
	wrong = append(wrong, s.contradictions()...)
	if len(wrong) > 0 {
		return Settings{}, fmt.Errorf("reading settings: %s", strings.Join(wrong, "; "))
	}
	return s, nil
}

// contradictions lists values that cannot be or cannot be together.
func (s Settings) contradictions() []string {
	var wrong []string
	if s.Stage != "" && s.Stage != "development" && s.Stage != "production" {
		wrong = append(wrong, `JIXU_STAGE is neither "development" nor "production"`)
	}
	if s.Clock != "" && s.Clock != "system" && s.Clock != "table" {
		wrong = append(wrong, `JIXU_CLOCK is neither "system" nor "table"`)
	}
	if s.Loopback != "" && s.Loopback != "allowed" && s.Loopback != "refused" {
		wrong = append(wrong, `JIXU_LOOPBACK is neither "allowed" nor "refused"`)
	}
	if s.Stage == "production" && s.Loopback == "allowed" {
		wrong = append(wrong, "JIXU_LOOPBACK is allowed, and a production stage sends nothing to itself")
	}
	if s.Stage == "production" && s.Clock == "table" {
		wrong = append(wrong, "JIXU_CLOCK is table, and a production stage runs on the system's clock")
	}
	return wrong
}

// field is where the value of name is kept.
func (s *Settings) field(name Name) *string {
	fields := map[Name]*string{
		stage: &s.Stage, Table: &s.Table, Bucket: &s.Bucket, Notices: &s.Notices, Events: &s.Events, Ends: &s.Ends,
		StateMachines: &s.StateMachines, LinkKey: &s.LinkKey, SealKey: &s.SealKey, Loopback: &s.Loopback, Site: &s.Site, Issuer: &s.Issuer,
		Client: &s.Client, SMTP: &s.SMTP, MailFrom: &s.MailFrom, Clock: &s.Clock, Scanner: &s.Scanner,
	}
	return fields[name]
}
