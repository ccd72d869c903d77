package local

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/journey"
	"jixu/internal/policy"
	"jixu/internal/table"
)

// Cast lists the sample people as the development issuer shows them.
func Cast() []Person {
	out := make([]Person, len(journey.People))
	for i, p := range journey.People {
		o := journey.Organisation(p.Org)
		out[i] = Person{ID: p.Subject, NameZH: p.NameZH, NameEN: p.NameEN, OrgZH: o.NameZH, OrgEN: o.NameEN, Email: p.Mail, Try: journey.Tries[p.ID]}
	}
	return out
}

// quiet counts nothing: a seeder is not operated.
type quiet struct{}

func (quiet) Count(string, float64) {}

func (quiet) Gauge(string, float64) {}

func (quiet) Age(string, time.Duration) {}

// Store returns the table of a running house, as its administrator.
func (e Environment) Store() *table.Store {
	return table.New(dynamodb.NewFromConfig(e.Config), e.Outputs["TableName"])
}

// SeedPeople puts the sample organisations, people and agencies in, and the
// sample limits, marked 本地设置, unless rules are in force already.
func SeedPeople(ctx context.Context, env Environment) error {
	store := env.Store()
	for _, o := range journey.Organisations {
		if err := store.PutOrganisation(ctx, o); err != nil {
			return fmt.Errorf("seeding %s: %w", o.ID, err)
		}
	}
	for _, p := range journey.People {
		if err := store.PutPerson(ctx, p); err != nil {
			return fmt.Errorf("seeding %s: %w", p.ID, err)
		}
	}
	if err := store.PutAgencies(ctx, journey.Agencies); err != nil {
		return fmt.Errorf("seeding the agencies: %w", err)
	}
	if _, err := store.Rules(ctx); fault.KindOf(err) == fault.NotFound {
		return store.PutRules(ctx, policy.LocalSample())
	} else if err != nil {
		return fmt.Errorf("reading the rules: %w", err)
	}
	return nil
}

// Seed fills a table, once: people, a question, and cases of three hospitals in
// every state of both kinds. A mark in the table says that it was done, so that
// whoever stops the house finds their cases the next day as they left them. It may be
// interrupted and run again, and so does a build that brings other people or cases.
func Seed(ctx context.Context, env Environment) error {
	return seederOf(env).once(ctx)
}

// seeded is the mark's name.
const seeded = "SEED"

func (s seeder) once(ctx context.Context) error {
	wanted := docket.Digest(journey.Organisations, journey.People, journey.Agencies, samples())
	if mark, err := s.marks.Cursor(ctx, seeded); err != nil || mark.After == wanted {
		return err
	}
	if err := s.people(ctx); err != nil {
		return err
	}
	for _, one := range samples() {
		if _, err := s.plant(ctx, one); err != nil {
			return fmt.Errorf("seeding %s: %w", one.Op, err)
		}
	}
	question := "可吸收封堵器在境外上市不满两年，能否提出临时进口申请？"
	if _, err := s.desk.Inquire(ctx, docket.Op{ID: "seed-inquiry-00001"}, false, "申请条件", question, "", actorOf("wu-lan")); err != nil {
		return fmt.Errorf("seeding a question: %w", err)
	}
	return s.marks.PutCursor(ctx, seeded, docket.Cursor{After: wanted, Finished: time.Now()})
}

// samples are the sample cases: one of each kind in every state.
func samples() (all []Sample) {
	for until := Drafted; until <= Overtaken; until++ {
		for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
			one := Sample{Op: fmt.Sprintf("seed-%s-%02d-000000", kind, until), Kind: kind, Applicant: "lin-zhi", Until: until}
			if until >= Opined { // the first three belong to the hospital that README signs in as
				one.Applicant = []string{"he-yue", "wu-lan"}[int(until)%2]
			}
			all = append(all, one)
		}
	}
	return all
}
