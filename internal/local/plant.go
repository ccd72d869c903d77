package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	name := env.Outputs["BucketName"]
	desk.Files = bucket.New(env.Config, name)
	objects := s3.NewFromConfig(env.Config, func(o *s3.Options) { o.UsePathStyle = true })
	return seeder{
		desk: desk, marks: store,
		people: func(ctx context.Context) error { return SeedPeople(ctx, env) },
		put: func(ctx context.Context, key string, data []byte) (string, error) {
			out, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(name), Key: aws.String(key), Body: bytes.NewReader(data)})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.VersionId), nil
		},
	}
}

// seeder does what the sample people have done before anybody came. Each of its steps is
// an operation that is always called the same: what it did itself can be told for ever
// from what people did, and where they did anything it does nothing more.
type seeder struct {
	desk   *docket.Desk
	marks  docket.Cursors
	people func(context.Context) error
	put    func(ctx context.Context, key string, data []byte) (version string, err error) // into the bucket
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

// step names what the seeder does to a case once.
func (one Sample) step(name string) docket.Op { return docket.Op{ID: one.Op + "-" + name} }

// attaching names the step that attaches an item's paper.
func attaching(item policy.Item) string { return "file-" + item.ID }

func (one Sample) pack() policy.Pack {
	if one.Kind == policy.Drug {
		return policy.DrugPack()
	}
	return policy.DevicePack()
}

// planting is a sample case on its way, and what of it the seeder did.
type planting struct {
	Sample
	id      string
	edits   map[string]bool // of its dossier, by the step
	entries map[int]bool    // by their numbers
}

// did takes note of what a step of the seeder answered, and passes its error on.
func (p planting) did(step string, r docket.Receipt, err error) error {
	switch {
	case err != nil:
	case step == "save" || strings.HasPrefix(step, attaching(policy.Item{})):
		p.edits[step] = true
	default:
		p.entries[r.Seq] = true
	}
	return err
}

// errTouched says that people have done something to a sample case: it is theirs now.
var errTouched = errors.New("people have moved this case")

// plant takes one sample case as far as it is wanted, from wherever the seeder left it.
func (s seeder) plant(ctx context.Context, one Sample) (id string, err error) {
	created, err := s.desk.Create(ctx, docket.Op{ID: one.Op}, one.Kind, actorOf(one.Applicant))
	if err != nil {
		return "", err
	}
	p := planting{Sample: one, id: created.Case, edits: map[string]bool{}, entries: map[int]bool{created.Seq: true}}
	if err = s.remember(ctx, p); err == nil {
		err = s.goOn(ctx, p)
	}
	if fault.KindOf(err) == fault.Conflict { // whoever was quicker has it
		if _, now := s.untouched(ctx, p); errors.Is(now, errTouched) {
			err = now
		}
	}
	if errors.Is(err, errTouched) {
		err = nil
	}
	return p.id, err
}

// remember looks up what the seeder did to the case when it was here before.
func (s seeder) remember(ctx context.Context, p planting) error {
	c, err := docket.LoadCase(ctx, s.desk.Store, p.id)
	if err != nil || c.Case.Version == 1 {
		return err // it was made just now
	}
	applicant, shen := actorOf(p.Applicant), actorOf("shen-an")
	steps := map[string][]party.Actor{
		"save": {applicant}, "submit": {applicant}, "withdraw": {applicant}, "ask": {p.assessor(), shen},
		"register": {p.assessor()}, "join": {actorOf("qian-rong")}, "opine": {p.assessor()}, "record": {shen},
	}
	for _, item := range journey.Papers(p.pack()) {
		steps[attaching(item)] = []party.Actor{applicant}
	}
	for name, people := range steps {
		for _, a := range people {
			did, there, err := s.desk.Store.Operation(ctx, a.Org+"."+a.Person, p.step(name).ID)
			if err != nil {
				return err
			}
			if there {
				_ = p.did(name, did.Receipt, nil)
			}
		}
	}
	return nil
}

// untouched reads the case, and fails with errTouched if anybody but the seeder and the
// clock has moved it: edited its dossier, or written an entry.
func (s seeder) untouched(ctx context.Context, p planting) (casework.Case, error) {
	r, err := docket.LoadCase(ctx, s.desk.Store, p.id)
	if err != nil {
		return casework.Case{}, err
	}
	c := r.Case
	if c.Status == casework.Draft && c.Dossier != 1+len(p.edits) {
		return c, errTouched
	}
	if c.Seq == len(p.entries) {
		return c, nil
	}
	entries, err := s.desk.Store.Entries(ctx, p.id)
	if err != nil {
		return c, err
	}
	for _, e := range entries {
		if !p.entries[e.Seq] && e.By.Via != string(party.BySystem) {
			return c, errTouched
		}
	}
	return c, nil
}

// submit fills in, documents and submits a draft, or leaves it half filled in.
func (s seeder) submit(ctx context.Context, p planting) error {
	form, facts := journey.DeviceForm(), journey.DeviceFacts()
	if p.Kind == policy.Drug {
		form, facts = journey.DrugForm(), journey.DrugFacts()
	}
	maps.Copy(form, facts)
	if p.Until == Drafted {
		form = map[string]string{"product-zh": form["product-zh"], "manufacturer": form["manufacturer"], "quantity": "4"}
	}
	applicant := actorOf(p.Applicant)
	if !p.edits["save"] {
		c, err := s.untouched(ctx, p)
		if err != nil {
			return err
		}
		r, err := s.desk.Save(ctx, p.step("save"), p.id, c.Dossier, form, applicant)
		if p.did("save", r, err) != nil {
			return err
		}
	}
	if p.Until == Drafted {
		return nil
	}
	for _, item := range journey.Papers(p.pack()) {
		if err := s.paper(ctx, p, item, applicant); err != nil {
			return fmt.Errorf("attaching %s: %w", item.ID, err)
		}
	}
	c, err := s.untouched(ctx, p)
	if err != nil {
		return err
	}
	r, err := s.desk.Submit(ctx, p.step("submit"), p.id, c.Dossier, true, applicant)
	return p.did("submit", r, err)
}

// goOn takes a case further, one step after the other, while nobody else does.
func (s seeder) goOn(ctx context.Context, p planting) error {
	c, err := s.untouched(ctx, p)
	if err != nil {
		return err
	}
	if c.Status == casework.Draft {
		if err := s.submit(ctx, p); err != nil || p.Until == Drafted {
			return err
		}
		if c, err = s.untouched(ctx, p); err != nil {
			return err
		}
	}
	if c.Status != casework.Submitted || p.Until == Submitted {
		return nil // it is where it is wanted: it waits for whoever tries the house
	}
	at := func(leg gate.Leg) docket.GateRef {
		return docket.GateRef{Of: p.id, Gate: c.Leg(leg).Gate, Submission: len(c.Submissions)}
	}
	switch p.Until {
	case Supplementing, Answering:
		leg, by := gate.Opinion, p.assessor()
		if p.Until == Answering {
			leg, by = gate.Reply, actorOf("shen-an")
		}
		if c.Leg(leg).Round > 0 {
			return nil
		}
		r, err := s.desk.Ask(ctx, p.step("ask"), at(leg), defects(p.Kind), by, nil)
		return p.did("ask", r, err)
	case Withdrawn:
		r, err := s.desk.Withdraw(ctx, p.step("withdraw"), p.id, "患者已转院，不再需要。", actorOf(p.Applicant))
		return p.did("withdraw", r, err)
	}
	if p.Until != Overtaken && c.Opinion.State == casework.AtAgency {
		if err := s.opine(ctx, p, at(gate.Opinion)); err != nil {
			return err
		}
	}
	if p.Until == Opined {
		return nil
	}
	return s.reply(ctx, p, at(gate.Reply), c.Asked())
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
func (s seeder) opine(ctx context.Context, p planting, ref docket.GateRef) error {
	c, err := s.untouched(ctx, p)
	if err != nil {
		return err
	}
	if p.Until == ApprovedWhole && c.Variety == nil {
		r, err := s.desk.Register(ctx, p.step("register"), p.id, len(c.Submissions), docket.Product(c), "首次申请，登记中没有该品种。", p.assessor())
		if p.did("register", r, err) != nil {
			return err
		}
	}
	if p.Until == ApprovedWhole && p.Kind == policy.Device && len(c.Joins) == 0 {
		r, err := s.desk.Join(ctx, p.step("join"), p.id, "同意评估意见，参加联合评估。", actorOf("qian-rong"))
		if p.did("join", r, err) != nil {
			return err
		}
	}
	var o casework.Opinion
	for _, q := range casework.Questions {
		o.Findings = append(o.Findings, casework.Finding{Question: q, Met: true, Reason: "经评估，符合要求。"})
	}
	if p.Until == Refused {
		o.Findings[1].Met, o.Findings[1].Reason = false, registeredAtHome
	}
	if _, err := s.untouched(ctx, p); err != nil {
		return err
	}
	r, err := s.desk.Opine(ctx, p.step("opine"), ref, o, p.assessor(), nil)
	return p.did("opine", r, err)
}

// reply records the national reply with a letter.
func (s seeder) reply(ctx context.Context, p planting, ref docket.GateRef, asked int) error {
	if _, err := s.untouched(ctx, p); err != nil {
		return err
	}
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
		Outcome: casework.Approve, Number: "药监综函〔2026〕" + p.Op[len(p.Op)-9:len(p.Op)-7] + "号", Date: calendar.DayOf(now), Evidence: f.ID,
		Terms: casework.Terms{Quantity: asked},
	}
	switch p.Until {
	case Refused:
		d.Outcome, d.Reason, d.Terms = casework.Refuse, registeredAtHome, casework.Terms{}
	case ApprovedPart:
		d.Outcome, d.Reason = casework.ApproveInPart, fewerFirst
		d.Terms.Quantity, d.Terms.Conditions = max(asked/2, 1), []string{"每季度报告使用情况"}
	}
	if _, err := s.untouched(ctx, p); err != nil {
		return err
	}
	r, err := s.desk.Record(ctx, p.step("record"), ref, d, shen, nil)
	return p.did("record", r, err)
}

// paper attaches a small real file to item, unless it has one, and has it checked, unless it is.
func (s seeder) paper(ctx context.Context, p planting, item policy.Item, a party.Actor) error {
	c, err := s.untouched(ctx, p)
	if err != nil {
		return err
	}
	files := c.Files[item.ID]
	if len(files) == 0 {
		r, _, err := s.desk.Attach(ctx, p.step(attaching(item)), p.id, c.Dossier, docket.Upload{Item: item.ID, Name: item.Label.ZH + ".pdf"}, "", a)
		if p.did(attaching(item), r, err) != nil {
			return err
		}
		files = []string{r.File}
	}
	f, err := s.desk.Store.FileByKey(ctx, "dossier/"+p.id+"/"+files[0])
	if err != nil || f.State != docket.Unchecked {
		return err
	}
	return s.object(ctx, f.Key, sample.PDF(uint64(len(item.ID)), item.Label.ZH, 1, 0))
}

// object puts a file into the bucket and has it checked.
func (s seeder) object(ctx context.Context, key string, data []byte) error {
	version, err := s.put(ctx, key, data)
	if err != nil {
		return err
	}
	_, err = s.desk.Settle(ctx, key, version)
	return err
}
