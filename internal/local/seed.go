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
	"jixu/internal/calendar"
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

// Seed fills an empty house: people, a question, and cases of three hospitals
// in every state of both kinds. It may be interrupted and run again at every
// start: what is there stays.
func Seed(ctx context.Context, env Environment) error {
	if err := SeedPeople(ctx, env); err != nil {
		return err
	}
	s := seederOf(env)
	first := true
	for until := Drafted; until <= Overtaken; until++ {
		for _, kind := range []policy.Kind{policy.Device, policy.Drug} {
			one := Sample{Op: fmt.Sprintf("seed-%s-%02d-000000", kind, until), Kind: kind, Applicant: "lin-zhi", Until: until}
			if until >= Opined { // the first three belong to the hospital that README signs in as
				one.Applicant = []string{"he-yue", "wu-lan"}[int(until)%2]
			}
			if first {
				fmt.Fprintln(env.Out, "seeing that the sample cases are there …")
				first = false
			}
			if _, err := s.plant(ctx, one); err != nil {
				return fmt.Errorf("seeding %s: %w", one.Op, err)
			}
		}
	}
	question := "可吸收封堵器在境外上市不满两年，能否提出临时进口申请？"
	_, err := s.desk.Inquire(ctx, docket.Op{ID: "seed-inquiry-00001"}, false, "申请条件", question, "", actorOf("wu-lan"))
	return err
}

// Stage is how far a sample case is taken.
type Stage int

const (
	Drafted       Stage = iota // some fields filled in
	Submitted                  // the assessor's and the regulator's move
	Supplementing              // the hospital's move on the opinion
	Answering                  // the hospital's move on the reply
	Opined                     // the regulator's move
	ApprovedWhole
	ApprovedPart
	Refused
	Withdrawn
	Overtaken // approved before the opinion was given
)

// Sample is one sample case: whose, of what kind, and how far it is taken. Op
// names it: planting it again goes on where it stands.
type Sample struct {
	Op        string
	Kind      policy.Kind
	Applicant string // person
	Until     Stage
}

// Plant makes a sample device case of the first hospital and takes it as far as
// until, as if its people had. op names it.
func Plant(ctx context.Context, env Environment, op string, until Stage) (id string, err error) {
	return seederOf(env).plant(ctx, Sample{Op: op, Kind: policy.Device, Applicant: "lin-zhi", Until: until})
}

func seederOf(env Environment) seeder {
	store := env.Store()
	desk := docket.New(store, table.Clock{Store: store, Moves: true}, quiet{})
	desk.Files = bucket.New(env.Config, env.Outputs["BucketName"])
	return seeder{env: env, desk: desk, objects: s3.NewFromConfig(env.Config, func(o *s3.Options) { o.UsePathStyle = true })}
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

// assessor is who leads the opinion on a sample case.
func (one Sample) assessor() party.Actor {
	if one.Kind == policy.Drug {
		return actorOf("qian-rong")
	}
	return actorOf("zhou-heng")
}

// plant takes one sample case as far as it is wanted, from wherever it stands.
func (s seeder) plant(ctx context.Context, one Sample) (id string, err error) {
	applicant := actorOf(one.Applicant)
	created, err := s.desk.Create(ctx, docket.Op{ID: one.Op}, one.Kind, applicant)
	if err != nil {
		return "", err
	}
	id = created.Case
	c, err := s.head(ctx, id)
	if err != nil || one.Until == Drafted && len(c.Form) > 0 {
		return id, err
	}
	if c.Status == casework.Draft {
		if err := s.submit(ctx, id, one, c, applicant); err != nil || one.Until <= Submitted {
			return id, err
		}
	}
	return id, s.goOn(ctx, id, one, applicant)
}

// submit fills in, documents and submits a draft, or leaves it half filled in.
func (s seeder) submit(ctx context.Context, id string, one Sample, c casework.Case, applicant party.Actor) error {
	form, facts, pack := journey.DeviceForm(), journey.DeviceFacts(), policy.DevicePack()
	if one.Kind == policy.Drug {
		form, facts, pack = journey.DrugForm(), journey.DrugFacts(), policy.DrugPack()
	}
	maps.Copy(form, facts)
	if one.Until == Drafted {
		form = map[string]string{"product-zh": form["product-zh"], "manufacturer": form["manufacturer"], "quantity": "4"}
	}
	if _, err := s.desk.Save(ctx, fresh(), id, c.Dossier, form, applicant); err != nil || one.Until == Drafted {
		return err
	}
	for _, item := range journey.Papers(pack) {
		if err := s.paper(ctx, id, item, applicant); err != nil {
			return fmt.Errorf("attaching %s: %w", item.ID, err)
		}
	}
	c, err := s.head(ctx, id)
	if err != nil {
		return err
	}
	_, err = s.desk.Submit(ctx, fresh(), id, c.Dossier, true, applicant)
	return err
}

// goOn takes a submitted case further, one step after the other.
func (s seeder) goOn(ctx context.Context, id string, one Sample, applicant party.Actor) error {
	c, err := s.head(ctx, id)
	if err != nil || c.Status != casework.Submitted {
		return err
	}
	at := func(leg gate.Leg) docket.GateRef {
		return docket.GateRef{Of: id, Gate: c.Leg(leg).Gate, Submission: len(c.Submissions)}
	}
	switch one.Until {
	case Submitted:
		return nil // it waits for whoever tries the house
	case Supplementing:
		if c.Opinion.Round == 0 {
			_, err = s.desk.Ask(ctx, fresh(), at(gate.Opinion), defects(one.Kind), one.assessor(), nil)
		}
		return err
	case Answering:
		if c.Reply.Round == 0 {
			_, err = s.desk.Ask(ctx, fresh(), at(gate.Reply), defects(one.Kind), actorOf("shen-an"), nil)
		}
		return err
	case Withdrawn:
		_, err = s.desk.Withdraw(ctx, fresh(), id, "患者已转院，不再需要。", applicant)
		return err
	}
	if one.Until != Overtaken && c.Opinion.State == casework.AtAgency {
		if err := s.opine(ctx, id, one, at(gate.Opinion)); err != nil {
			return err
		}
	}
	if one.Until == Opined {
		return nil
	}
	return s.reply(ctx, at(gate.Reply), one, c.Asked())
}

func defects(kind policy.Kind) []casework.Defect {
	if kind == policy.Drug {
		return []casework.Defect{{What: "请说明申请数量的测算依据，并补充说明书中文译本。"}}
	}
	return []casework.Defect{
		{Item: "instructions", What: "请补充说明书的中文译本，并加盖公章。"},
		{Item: "quantity-basis", What: "请说明 10 套数量的测算依据。"},
	}
}

// What the sample agencies say.
const (
	registeredAtHome = "境内已有同品种产品获准上市。"
	fewerFirst       = "先行批准部分数量。"
)

// opine gives the opinion; of approved cases the product enters the register and
// the other agency joins, so that later applications have something to rely on.
func (s seeder) opine(ctx context.Context, id string, one Sample, ref docket.GateRef) error {
	c, err := s.head(ctx, id)
	if err != nil {
		return err
	}
	if one.Until == ApprovedWhole && c.Variety == nil {
		if _, err := s.desk.Register(ctx, fresh(), id, len(c.Submissions), docket.Product(c), "首次申请，登记中没有该品种。", one.assessor()); err != nil {
			return err
		}
		other := actorOf("qian-rong")
		if one.Kind == policy.Device && len(c.Joins) == 0 {
			if _, err := s.desk.Join(ctx, fresh(), id, "同意评估意见，参加联合评估。", other); err != nil {
				return err
			}
		}
	}
	var o casework.Opinion
	for _, q := range casework.Questions {
		o.Findings = append(o.Findings, casework.Finding{Question: q, Met: true, Reason: "经评估，符合要求。"})
	}
	if one.Until == Refused {
		o.Findings[1].Met, o.Findings[1].Reason = false, registeredAtHome
	}
	_, err = s.desk.Opine(ctx, fresh(), ref, o, one.assessor(), nil)
	return err
}

// reply records the national reply with a letter.
func (s seeder) reply(ctx context.Context, ref docket.GateRef, one Sample, asked int) error {
	shen := actorOf("shen-an")
	f, _, err := s.desk.Evidence(ctx, ref, docket.Upload{Name: "批复.pdf"}, "", shen)
	if err != nil {
		return err
	}
	if err := s.object(ctx, f.Key, sample.PDF(7, "批复", 1, 0)); err != nil {
		return err
	}
	now, err := s.desk.Clock.Now(ctx)
	if err != nil {
		return err
	}
	d := casework.Decision{
		Outcome: casework.Approve, Number: "药监综函〔2026〕" + one.Op[len(one.Op)-9:len(one.Op)-7] + "号", Date: calendar.DayOf(now), Evidence: f.ID,
		Terms: casework.Terms{Quantity: asked},
	}
	switch one.Until {
	case Refused:
		d.Outcome, d.Reason, d.Terms = casework.Refuse, registeredAtHome, casework.Terms{}
	case ApprovedPart:
		d.Outcome, d.Reason = casework.ApproveInPart, fewerFirst
		d.Terms.Quantity, d.Terms.Conditions = max(asked/2, 1), []string{"每季度报告使用情况"}
	}
	_, err = s.desk.Record(ctx, fresh(), ref, d, shen, nil)
	return err
}

func (s seeder) head(ctx context.Context, id string) (casework.Case, error) {
	r, err := docket.LoadCase(ctx, s.desk.Store, id)
	return r.Case, err
}

// paper attaches a small real file to item and has it checked, unless it has one.
func (s seeder) paper(ctx context.Context, id string, item policy.Item, a party.Actor) error {
	c, err := s.head(ctx, id)
	if err != nil || len(c.Files[item.ID]) > 0 {
		return err
	}
	r, _, err := s.desk.Attach(ctx, fresh(), id, c.Dossier, docket.Upload{Item: item.ID, Name: item.Label.ZH + ".pdf"}, "", a)
	if err != nil {
		return err
	}
	return s.object(ctx, "dossier/"+id+"/"+r.File, sample.PDF(uint64(len(item.ID)), item.Label.ZH, 1, 0))
}

// object puts a file into the bucket and has it checked.
func (s seeder) object(ctx context.Context, key string, data []byte) error {
	out, err := s.objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(s.env.Outputs["BucketName"]), Key: aws.String(key), Body: bytes.NewReader(data),
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
