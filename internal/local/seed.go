package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"jixu/internal/bucket"
	"jixu/internal/casework"
	"jixu/internal/docket"
	"jixu/internal/fault"
	"jixu/internal/gate"
	"jixu/internal/journey"
	"jixu/internal/party"
	"jixu/internal/policy"
	"jixu/internal/sample"
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

// Seed fills an empty house: people, and three cases of the first hospital — a
// draft, one under assessment, one that waits for a supplement. It may be
// interrupted and run again at every start: what is there stays.
func Seed(ctx context.Context, env Environment) error {
	if err := SeedPeople(ctx, env); err != nil {
		return err
	}
	for _, c := range []struct {
		op    string
		until Stage
	}{{"seed-draft-000001", Drafted}, {"seed-assess-00001", Submitted}, {"seed-supplement-1", Supplementing}} {
		if _, err := Plant(ctx, env, c.op, c.until); err != nil {
			return fmt.Errorf("seeding %s: %w", c.op, err)
		}
	}
	return nil
}

// Stage is how far a sample case is taken.
type Stage int

const (
	Drafted       Stage = iota // some fields filled in
	Submitted                  // the assessor's and the regulator's move
	Supplementing              // the hospital's move on the opinion
)

// Plant makes a sample case of the first hospital and takes it as far as until,
// as if its people had. op names it: planting it again goes on where it stands.
func Plant(ctx context.Context, env Environment, op string, until Stage) (id string, err error) {
	store := env.Store()
	desk := docket.New(store, table.Clock{Store: store, Moves: true}, quiet{})
	desk.Files = bucket.New(env.Config, env.Outputs["BucketName"])
	s := seeder{env: env, desk: desk, objects: s3.NewFromConfig(env.Config, func(o *s3.Options) { o.UsePathStyle = true })}
	return s.plant(ctx, op, until)
}

type seeder struct {
	env     Environment
	desk    *docket.Desk
	objects *s3.Client
}

func actorOf(id string) party.Actor {
	p := journey.Person(id)
	return party.ActorOf(p, journey.Organisation(p.Org))
}

// plant takes one sample case as far as until, from wherever it stands.
func (s seeder) plant(ctx context.Context, op string, until Stage) (id string, err error) {
	applicant := actorOf("lin-zhi")
	created, err := s.desk.Create(ctx, docket.Op{ID: op}, casework.Device, applicant)
	if err != nil {
		return "", err
	}
	id = created.Case
	c, err := s.head(ctx, id)
	if err != nil || c.Status != casework.Draft || until == Drafted && len(c.Form) > 0 {
		return id, err
	}
	form := journey.DeviceForm()
	maps.Copy(form, journey.DeviceFacts())
	if until == Drafted {
		form = map[string]string{"product-zh": form["product-zh"], "manufacturer": form["manufacturer"], "quantity": "4"}
	}
	if _, err := s.desk.Save(ctx, fresh(), id, c.Version, form, applicant); err != nil || until == Drafted {
		return id, err
	}
	for _, item := range journey.Papers(policy.DevicePack()) {
		if err := s.paper(ctx, id, item, applicant); err != nil {
			return id, fmt.Errorf("attaching %s: %w", item.ID, err)
		}
	}
	if c, err = s.head(ctx, id); err != nil {
		return id, err
	}
	if _, err := s.desk.Submit(ctx, fresh(), id, c.Version, true, applicant); err != nil || until == Submitted {
		return id, err
	}
	return id, s.ask(ctx, id)
}

// ask sends the supplement notice of the sample case.
func (s seeder) ask(ctx context.Context, id string) error {
	c, err := s.head(ctx, id)
	if err != nil {
		return err
	}
	defects := []casework.Defect{
		{Item: "instructions", What: "请补充说明书的中文译本，并加盖公章。"},
		{Item: "quantity-basis", What: "请说明 10 套数量的测算依据。"},
	}
	ref := docket.GateRef{Case: id, Gate: c.Track(gate.Opinion).Gate}
	_, err = s.desk.Ask(ctx, fresh(), ref, defects, actorOf("zhou-heng"), nil)
	return err
}

func (s seeder) head(ctx context.Context, id string) (casework.Case, error) {
	r, err := s.desk.Store.Load(ctx, id)
	return r.Case, err
}

// paper attaches a small real file to item and has it checked, unless it has one.
func (s seeder) paper(ctx context.Context, id string, item policy.Item, a party.Actor) error {
	c, err := s.head(ctx, id)
	if err != nil || len(c.Files[item.ID]) > 0 {
		return err
	}
	r, _, err := s.desk.Attach(ctx, fresh(), id, c.Version, docket.Upload{Item: item.ID, Name: item.Label.ZH + ".pdf"}, "", a)
	if err != nil {
		return err
	}
	key := "dossier/" + id + "/" + r.File
	out, err := s.objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(s.env.Outputs["BucketName"]), Key: aws.String(key),
		Body: bytes.NewReader(sample.PDF(uint64(len(item.ID)), item.Label.ZH, 1, 0)),
	})
	if err != nil {
		return err
	}
	_, err = s.desk.Settle(ctx, key, aws.ToString(out.VersionId))
	return err
}

// fresh is an operation that nobody repeats.
func fresh() docket.Op { return docket.Op{ID: "seed-" + rand.Text()} }

// MoveClock moves the law's clock ahead by d and returns where it stands. It
// never goes back: history would.
func MoveClock(ctx context.Context, env Environment, d time.Duration) (time.Time, error) {
	store := env.Store()
	if d < 0 {
		return time.Time{}, fmt.Errorf("moving the clock: it only goes forward")
	}
	ahead, err := store.Offset(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("moving the clock: %w", err)
	}
	if d > 0 {
		if err := store.SetOffset(ctx, ahead+d); err != nil {
			return time.Time{}, fmt.Errorf("moving the clock: %w", err)
		}
	}
	return table.Clock{Store: store, Moves: true}.Now(ctx)
}
