package journey

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"jixu/internal/policy"
	"jixu/internal/sample"
)

// Act does one of the things beside answering gates on the case at path, and
// ends on the case's page.
func Act(ctx context.Context, b *Browser, path, name string, values map[string]string) (*Page, error) {
	page, err := b.Get(ctx, path+"/acts/"+name)
	if err != nil {
		return nil, err
	}
	form, err := page.Form(`form[action$="/acts/` + name + `"]`)
	if err != nil {
		return nil, fmt.Errorf("%s: %d %s: %w", name, page.Status, page.Text("h1"), err)
	}
	for field, value := range values {
		form.Set(field, value)
	}
	if page, err = b.Submit(ctx, form); err != nil {
		return nil, err
	}
	if page.Status != http.StatusOK || strings.Contains(page.URL.Path, "/acts/") {
		return page, fmt.Errorf("%s: %d at %s: %s", name, page.Status, page.URL.Path, clip(page.Text(".error-summary"), 200))
	}
	return page, nil
}

// application is one more case of the demo.
type application struct {
	hospital string // as its own people reach it
	agency   string
	number   string
}

// apply has person draft, document and submit an application of kind with
// values; variety, if given, is the one of the register it is said to be.
func (d *demo) apply(ctx context.Context, person, kind, variety string, values map[string]string) (application, error) {
	var a application
	b, err := d.SignIn(ctx, "hospital", person)
	if err != nil {
		return a, err
	}
	if a.hospital, err = CreateDraftOf(ctx, b, kind); err != nil {
		return a, err
	}
	a.agency = strings.Replace(a.hospital, "/hospital/", "/agency/", 1)
	if _, err := Fill(ctx, b, a.hospital, values); err != nil {
		return a, err
	}
	if variety != "" {
		if _, err := Act(ctx, b, a.hospital, "claim", map[string]string{"variety": variety}); err != nil {
			return a, err
		}
	}
	pack := policy.DevicePack()
	if kind == "drug" {
		pack = policy.DrugPack()
	}
	err = SendPapers(ctx, b, a.hospital, Papers(pack), func(item policy.Item) (string, []byte) {
		return item.Label.ZH + ".pdf", sample.PDF(uint64(len(item.ID)), item.Label.ZH, 1, 0)
	})
	if err != nil {
		return a, err
	}
	if _, err := Submit(ctx, b, a.hospital); err != nil {
		return a, err
	}
	page, err := b.Get(ctx, a.hospital)
	if err != nil {
		return a, err
	}
	a.number = page.Text("[data-number]")
	o := Organisation(Person(person).Org)
	d.say(Person(person).NameZH+" "+o.NameZH, "submitted "+kind+" case "+a.number, clip(page.Text("#situation-title"), 60))
	return a, nil
}

// gateOf finds the gate of a case that waits for the reader.
func gateOf(ctx context.Context, b *Browser, a application, leg string) (string, error) {
	found := ""
	err := Until(ctx, time.Minute, "the "+leg+" of "+a.number, func() (bool, error) {
		page, err := b.Get(ctx, a.agency)
		if err != nil {
			return false, err
		}
		found = page.Doc().Find(`a.button[href*="/gates/`+leg+`-"]`).First().AttrOr("href", "")
		return found != "", nil
	})
	return found, err
}

// opine has person answer the opinion of a with fields.
func (d *demo) opine(ctx context.Context, a application, person, what string, fields map[string]string) error {
	b, err := d.SignIn(ctx, "agency", person)
	if err != nil {
		return err
	}
	gate, err := gateOf(ctx, b, a, "opinion")
	if err != nil {
		return err
	}
	if _, err := Answer(ctx, b, gate, "opine", fields); err != nil {
		return err
	}
	d.say(Person(person).NameZH+" "+Organisation(Person(person).Org).NameZH, what)
	return nil
}

// recordReply has the regulator's recorder enter a reply.
func (d *demo) recordReply(ctx context.Context, a application, what string, values map[string]string) error {
	shen, err := d.SignIn(ctx, "agency", "shen-an")
	if err != nil {
		return err
	}
	gate, err := gateOf(ctx, shen, a, "reply")
	if err != nil {
		return err
	}
	file, err := SendEvidence(ctx, shen, gate, "批复.pdf", sample.PDF(5, "批复", 1, 0))
	if err != nil {
		return err
	}
	given := map[string]string{"number": "药监综函〔2026〕" + a.number[len(a.number)-2:] + "号", "date": today(), "evidence": file}
	maps.Copy(given, values)
	if _, err := Answer(ctx, shen, gate, "record", given); err != nil {
		return err
	}
	d.say("沈安 国家药品监督管理局", what)
	return nil
}

func today() string { return time.Now().UTC().Add(8 * time.Hour).Format("2006-01-02") }

// register has person enter the product of a into the register and returns the
// variety's id.
func (d *demo) register(ctx context.Context, a application, person string) (string, error) {
	b, err := d.SignIn(ctx, "agency", person)
	if err != nil {
		return "", err
	}
	if _, err := Act(ctx, b, a.agency, "register", map[string]string{"noUdi": "", "reason": "首次申请，登记中没有该品种。"}); err != nil {
		return "", err
	}
	page, err := b.Get(ctx, "/agency/varieties")
	if err != nil {
		return "", err
	}
	href := ""
	// The newest of its kind stands first; its page says from which product it came.
	kind := page.Doc().Find("main section.part")
	for i := range kind.Length() {
		link := kind.Eq(i).Find("a").First()
		if strings.Contains(link.Text(), registeredProduct(person)) {
			href = link.AttrOr("href", "")
		}
	}
	if href == "" {
		return "", errors.New("the register does not show the new variety")
	}
	d.say(Person(person).NameZH, "entered the product into the register of varieties")
	return href[strings.LastIndex(href, "/")+1:], nil
}

// registeredProduct is the sample product that person's agency registers.
func registeredProduct(person string) string {
	if Person(person).Org == "health" {
		return DrugForm()["product-zh"]
	}
	return DeviceForm()["product-zh"]
}

// relied are the fields of an opinion that relies where it may.
func relied(questions ...string) map[string]string {
	fields := opinionFields()
	for _, q := range questions {
		fields["finding-"+q], fields["reason-"+q] = "rely", ""
	}
	return fields
}

// registered has the Health Commission join the device's opinion and the municipal
// MPA enter the device into the register, before the reply.
func (d *demo) registered(ctx context.Context) error {
	first := application{hospital: d.path, agency: "/agency/cases/" + d.id, number: d.number}
	var err error
	if d.device, err = d.register(ctx, first, "zhou-heng"); err != nil {
		return err
	}
	qian, err := d.SignIn(ctx, "agency", "qian-rong")
	if err != nil {
		return err
	}
	if _, err := Act(ctx, qian, first.agency, "join", map[string]string{"statement": "同意评估意见，参加联合评估。"}); err != nil {
		return err
	}
	if _, err := Act(ctx, qian, first.agency, "receive", nil); err != nil {
		return err
	}
	d.say("钱蓉 上海市卫生健康委员会", "joined the opinion 联合评估, and confirmed its copy 抄报")
	lin, err := d.SignIn(ctx, "hospital", "lin-zhi")
	if err != nil {
		return err
	}
	_, err = Act(ctx, lin, d.path, "file", map[string]string{"channel": "国家药监局受理和举报中心窗口", "date": today(), "receipt": ""})
	d.say("林芷 上海示范第一医院", "recorded the filing with the NMPA; the receipt number has not come yet")
	return err
}

// firstDrugRefused: a first-time drug, assessed by the Health Commission, and refused.
func (d *demo) firstDrugRefused(ctx context.Context) error {
	values := DrugForm()
	values["product-zh"], values["product-original"] = "示例单抗注射液", "Examplimab"
	a, err := d.apply(ctx, "lin-zhi", "drug", "", values)
	if err != nil {
		return err
	}
	fields := opinionFields()
	fields["finding-urgency"], fields["reason-urgency"] = "no", "国内已有同类药品可及，不符合临床急需情形。"
	if err := d.opine(ctx, a, "qian-rong", "gave the written opinion on the drug: urgency not met", fields); err != nil {
		return err
	}
	qian, err := d.SignIn(ctx, "agency", "qian-rong")
	if err != nil {
		return err
	}
	if _, err := Act(ctx, qian, a.agency, "report", map[string]string{"channel": "公文", "date": today(), "receipt": "沪卫药政〔2026〕1号"}); err != nil {
		return err
	}
	d.say("钱蓉 上海市卫生健康委员会", "reported the opinion to the NHC")
	err = d.recordReply(ctx, a, "refused the drug", map[string]string{"outcome": "refuse", "reason": "境内已有同类药品获准上市。"})
	if err != nil {
		return err
	}
	xu, err := d.SignIn(ctx, "agency", "xu-tao")
	if err != nil {
		return err
	}
	page, err := xu.Get(ctx, a.agency)
	if err != nil {
		return err
	}
	if page.Status != http.StatusNotFound {
		return fmt.Errorf("customs open a refused case: got %d, want 404", page.Status)
	}
	d.say("徐涛 上海海关", "hears nothing of a refusal: 404")
	return nil
}

// secondHospital: another hospital asks for the device of the register; urgency
// is not assessed again.
func (d *demo) secondHospital(ctx context.Context) error {
	a, err := d.apply(ctx, "he-yue", "device", d.device, DeviceForm())
	if err != nil {
		return err
	}
	zhou, err := d.SignIn(ctx, "agency", "zhou-heng")
	if err != nil {
		return err
	}
	if _, err := Act(ctx, zhou, a.agency, "identify", map[string]string{"variety": d.device, "reason": "名称、型号、生产企业一致。"}); err != nil {
		return err
	}
	gate, err := gateOf(ctx, zhou, a, "opinion")
	if err != nil {
		return err
	}
	page, err := zhou.Get(ctx, gate+"/answer?choice=opine")
	if err != nil {
		return err
	}
	if got := page.Text("#help-urgency strong"); !strings.Contains(got, "不再评估") {
		return fmt.Errorf("urgency of a repeat: the page proposes %q, want that it is not assessed again", got)
	}
	if page.Doc().Find(`input[name="finding-capability"][value="rely"]`).Length() > 0 {
		return errors.New("another hospital's capability may be relied on, want never")
	}
	if err := d.opine(
		ctx,
		a,
		"zhou-heng",
		"assessed capability and quantity; urgency relies on case "+d.number+" (notice two (2) 2)",
		relied("urgency"),
	); err != nil {
		return err
	}
	return d.recordReply(ctx, a, "approved the second hospital's device", map[string]string{"outcome": "approve"})
}

// sameHospitalDrug: a drug is approved, and the same hospital asks again: only the
// quantity is assessed. The second opinion comes from the Health Commission's own system.
func (d *demo) sameHospitalDrug(ctx context.Context) error {
	first, err := d.apply(ctx, "lin-zhi", "drug", "", DrugForm())
	if err != nil {
		return err
	}
	drug, err := d.register(ctx, first, "qian-rong")
	if err != nil {
		return err
	}
	if err := d.opine(ctx, first, "qian-rong", "gave the first opinion on the drug", opinionFields()); err != nil {
		return err
	}
	if err := d.approveBySystem(ctx, first); err != nil {
		return err
	}
	values := DrugForm()
	values["quantity"], values["units-used"] = "40", "used"
	again, err := d.apply(ctx, "lin-zhi", "drug", drug, values)
	if err != nil {
		return err
	}
	qian, err := d.SignIn(ctx, "agency", "qian-rong")
	if err != nil {
		return err
	}
	if _, err := Act(ctx, qian, again.agency, "identify", map[string]string{"variety": drug, "reason": "品种未发生变化。"}); err != nil {
		return err
	}
	return d.opine(
		ctx,
		again,
		"qian-rong",
		"assessed only the quantity; capability and urgency rely on case "+first.number+" (notice two (2) 1)",
		relied("capability", "urgency"),
	)
}

// approveBySystem has the regulator's own system enter the reply by signed
// request: letter and answer, for a person who is named.
func (d *demo) approveBySystem(ctx context.Context, a application) error {
	if d.System == nil {
		return errors.New("this house sets up no machine")
	}
	m, err := d.System(ctx, "nmpa")
	if err != nil {
		return err
	}
	id := a.hospital[strings.LastIndex(a.hospital, "/")+1:]
	receipt, err := m.Record(ctx, id, "reply-1", "shen-an", map[string]any{
		"outcome": "approve", "number": "药监综药函〔2026〕7号", "date": today(),
	}, sample.PDF(9, "批复", 1, 0))
	if err != nil {
		return err
	}
	d.say("国家药品监督管理局（系统对接）", "approved the drug by signed request, for "+Person(receipt.Person).NameZH+": Standard Webhooks headers, no link, no password")
	return nil
}

// overtaken: the reply is there before the opinion.
func (d *demo) overtaken(ctx context.Context) error {
	a, err := d.apply(ctx, "gu-ming", "device", "", DeviceForm())
	if err != nil {
		return err
	}
	zhou, err := d.SignIn(ctx, "agency", "zhou-heng")
	if err != nil {
		return err
	}
	gate, err := gateOf(ctx, zhou, a, "opinion")
	if err != nil {
		return err
	}
	if err := d.recordReply(ctx, a, "replied before the opinion was given", map[string]string{"outcome": "approve"}); err != nil {
		return err
	}
	page, err := zhou.Get(ctx, gate)
	if err != nil {
		return err
	}
	if !strings.Contains(page.Text("main"), "登记批复：批准") {
		return fmt.Errorf("the overtaken opinion: the page says %q", clip(page.Text("main"), 120))
	}
	if _, err := Act(ctx, zhou, a.agency, "opine-late", opinionFields()); err != nil {
		return err
	}
	d.say("周衡 上海市药品监督管理局", "finds the opinion overtaken, and gives it for the record")
	return nil
}

// MoveClock moves the house's clock ahead, on the page that does it.
func (h Deployment) MoveClock(ctx context.Context, by time.Duration) error {
	b := NewBrowser(h.Desk)
	page, err := b.Get(ctx, "/clock")
	if err != nil {
		return err
	}
	form, err := page.Form(`form[action="/clock"]`)
	if err != nil {
		return err
	}
	if page, err = b.Submit(ctx, form.Set("by", by.String())); err != nil {
		return err
	}
	if page.Status != http.StatusOK {
		return fmt.Errorf("moving the clock: %d %s", page.Status, page.Text("body"))
	}
	return nil
}

// DemoHoliday lets a deadline pass over the National Day holiday of 2026, in a
// house whose clock begins before it: reminder, due, escalation.
func DemoHoliday(ctx context.Context, h Deployment, out io.Writer) error {
	d := &demo{Deployment: h, out: out, began: time.Now()}
	if err := d.holiday(ctx); err != nil {
		return fmt.Errorf("the demo of a holiday met a surprise: %w", err)
	}
	return nil
}

func (d *demo) holiday(ctx context.Context) error {
	a, err := d.apply(ctx, "lin-zhi", "device", "", DeviceForm())
	if err != nil {
		return err
	}
	d.path, d.number = a.hospital, a.number
	lin, err := d.SignIn(ctx, "hospital", "lin-zhi")
	if err != nil {
		return err
	}
	page, err := lin.Get(ctx, a.hospital)
	if err != nil {
		return err
	}
	steps := page.Doc().Find("[data-move]").First().Find(".why tbody tr")
	fmt.Fprintln(d.out, "          为什么是这一天 why this date")
	for i := range steps.Length() {
		fmt.Fprintf(d.out, "            %s\n", strings.Join(strings.Fields(steps.Eq(i).Text()), " "))
	}
	if !strings.Contains(steps.Text(), "国庆节") {
		return errors.New("the count does not name the National Day holiday")
	}
	mpa, health := Organisation("mpa"), Organisation("health")
	for _, act := range []struct {
		by      time.Duration
		what    string
		org     string
		subject string
	}{
		{18 * 24 * time.Hour, "the clock is moved over the holiday", mpa.ID, "期限将至"},
		{4 * 24 * time.Hour, "the deadline passes", mpa.ID, "期限届满"},
		{3 * 24 * time.Hour, "and nobody answers", mpa.ID, "已逾期"},
		{0, "the agency that coordinates hears of it", health.ID, "逾期通报"},
	} {
		if act.by > 0 {
			if err := d.MoveClock(ctx, act.by); err != nil {
				return err
			}
		}
		d.say("系统时间", act.what)
		if err := d.told(ctx, act.org, act.subject, "told: "+act.subject, 0); err != nil {
			return err
		}
	}
	return d.whoseMove(ctx, lin)
}
