package journey

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"jixu/internal/policy"
	"jixu/internal/sample"
)

// demo tells a life as it happens.
type demo struct {
	Deployment
	out    io.Writer
	began  time.Time
	path   string // /hospital/cases/…
	id     string
	number string
	mailed map[string]int // the newest mail to each organisation before the reply
	device string         // the device's id in the register
}

// Demo lives applications through a running house, over HTTP only. First a
// device: a dossier with a file of more than 30 MB, a supplement, the opinion and
// the reply through links, everybody told. Then a first drug, refused; a second
// hospital's repeat; the same hospital's repeat; a reply that comes first. It prints who did what, when and why
// that date, and fails on any surprise.
func Demo(ctx context.Context, h Deployment, out io.Writer) error {
	d := &demo{Deployment: h, out: out, began: time.Now()}
	for _, act := range []func(context.Context) error{
		d.prepare, d.strangers, d.submit, d.supplement, d.resubmit, d.opinion, d.registered, d.reply, d.everybodyKnows, d.theWholeStory,
		d.firstDrugRefused, d.secondHospital, d.sameHospitalDrug, d.overtaken,
	} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("the demo met a surprise: %w", err)
		}
	}
	d.say("完成", "finished: six cases", fmt.Sprintf("%.1f s", time.Since(d.began).Seconds()))
	return nil
}

func (d *demo) say(who, what string, more ...string) {
	fmt.Fprintf(d.out, "%6.1f s  %-22s %s\n", time.Since(d.began).Seconds(), who, what)
	for _, line := range more {
		fmt.Fprintf(d.out, "          %s\n", line)
	}
}

// bigFile is more than 30 MB, in one item of the dossier.
const bigFile = 31 << 20

func (d *demo) prepare(ctx context.Context) error {
	lin, err := d.SignIn(ctx, "hospital", "lin-zhi")
	if err != nil {
		return err
	}
	if d.path, err = CreateDraft(ctx, lin); err != nil {
		return err
	}
	d.id = d.path[strings.LastIndex(d.path, "/")+1:]
	if _, err := Fill(ctx, lin, d.path, DeviceForm()); err != nil {
		return err
	}
	total := 0
	err = SendDossier(ctx, lin, d.path, func(item policy.Item) (string, []byte) {
		size := int64(0)
		if item.ID == "instructions" {
			size = bigFile
		}
		data := sample.PDF(uint64(len(item.ID)), item.Label.ZH, 2, size)
		total += len(data)
		return item.Label.ZH + ".pdf", data
	})
	if err != nil {
		return err
	}
	page, err := lin.Get(ctx, d.path)
	if err != nil {
		return err
	}
	d.number = page.Text("[data-number]")
	if d.number == "" {
		return errors.New("the case page shows no number")
	}
	d.say(
		"林芷 上海示范第一医院",
		"prepared the dossier of case "+d.number,
		fmt.Sprintf("%d papers, %.1f MB, each checked", len(Papers(policy.DevicePack())), float64(total)/(1<<20)),
	)
	return nil
}

// strangers are told nothing: neither another hospital nor who is not signed in.
func (d *demo) strangers(ctx context.Context) error {
	he, err := d.SignIn(ctx, "hospital", "he-yue")
	if err != nil {
		return err
	}
	page, err := he.Get(ctx, d.path)
	if err != nil {
		return err
	}
	if page.Status != http.StatusNotFound {
		return fmt.Errorf("another hospital opens the case: got %d, want 404", page.Status)
	}
	if page, err = NewBrowser(d.Site).Get(ctx, "/l/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"); err != nil {
		return err
	}
	if page.Status != http.StatusNotFound {
		return fmt.Errorf("a link that was never made: got %d, want 404", page.Status)
	}
	d.say("何悦 上海示范第二医院", "may not know of the case: 404")
	return nil
}

func (d *demo) submit(ctx context.Context) error {
	lin, err := d.SignIn(ctx, "hospital", "lin-zhi")
	if err != nil {
		return err
	}
	page, err := Submit(ctx, lin, d.path)
	if err != nil {
		return err
	}
	d.say("林芷 上海示范第一医院", "submitted", page.Text("h1"))
	for _, org := range []string{"health", "mpa"} {
		if err := d.told(ctx, org, "抄报", "copied 抄报", 0); err != nil {
			return err
		}
	}
	return d.whoseMove(ctx, lin)
}

// told waits until organisation got a mail about the case whose subject says
// subject, newer than mail number after.
func (d *demo) told(ctx context.Context, organisation, subject, what string, after int) error {
	o := Organisation(organisation)
	err := Until(ctx, mailPatience, "a mail to "+o.NameEN, func() (bool, error) {
		mails, err := d.Mails(ctx, o.Mail)
		for _, m := range mails {
			if m.N > after && strings.Contains(m.Subject, d.number) && strings.Contains(m.Subject, subject) {
				return true, nil
			}
		}
		return false, err
	})
	if err == nil {
		d.say(o.NameZH, what)
	}
	return err
}

// whoseMove prints the next-move panels of the case: who, by when, why that date.
func (d *demo) whoseMove(ctx context.Context, b *Browser) error {
	page, err := b.Get(ctx, d.path)
	if err != nil {
		return err
	}
	panels := page.Doc().Find("[data-move]")
	for i := range panels.Length() {
		fmt.Fprintf(d.out, "          → %s\n", clip(strings.Join(strings.Fields(panels.Eq(i).Find("[data-who], [data-due], [data-basis]").Text()), " "), 160))
	}
	if panels.Length() == 0 {
		return errors.New("nobody's move is shown")
	}
	return nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func (d *demo) supplement(ctx context.Context) error {
	link, err := d.LinkFor(ctx, "mpa", d.number, "zhou-heng")
	if err != nil {
		return err
	}
	d.say("上海市药品监督管理局", "got a link by mail")
	zhou, page, err := d.ByLink(ctx, link, d.number, "zhou-heng")
	if err != nil {
		return err
	}
	d.say("周衡 上海市药品监督管理局", "let in by a one-time code to their own mailbox")
	page, err = Answer(ctx, zhou, page.URL.Path, "ask-opinion", map[string]string{
		"defect-instructions":   "请补充说明书的中文译本，并加盖公章。",
		"defect-quantity-basis": "请说明 10 套数量的测算依据。",
	})
	if err != nil {
		return err
	}
	d.say("周衡 上海市药品监督管理局", "asked for a supplement: one notice, two defects", page.Text("h1"))
	return nil
}

func (d *demo) resubmit(ctx context.Context) error {
	gu, err := d.SignIn(ctx, "hospital", "gu-ming") // a colleague goes on
	if err != nil {
		return err
	}
	if err := d.whoseMove(ctx, gu); err != nil {
		return err
	}
	for _, item := range []string{"instructions", "quantity-basis"} {
		id, err := SendFile(ctx, gu, d.path, item, "补正-"+item+".pdf", sample.PDF(77, "补正材料 "+item, 3, 0))
		if err != nil {
			return err
		}
		if state, err := WaitFile(ctx, gu, d.path+"/items/"+item, id); err != nil || state != "checked" {
			return fmt.Errorf("sending a supplement: %s (%w)", state, err)
		}
	}
	if _, err := Submit(ctx, gu, d.path); err != nil {
		return err
	}
	d.say("顾明 上海示范第一医院", "resubmitted: submission 2 answers the notice")
	return d.whoseMove(ctx, gu)
}

func (d *demo) opinion(ctx context.Context) error {
	zhou, err := d.SignIn(ctx, "agency", "zhou-heng")
	if err != nil {
		return err
	}
	gate := "/agency/cases/" + d.id + "/gates/opinion-3"
	if _, err := Answer(ctx, zhou, gate, "opine", opinionFields()); err != nil {
		return err
	}
	d.say("周衡 上海市药品监督管理局", "gave the opinion: three findings with reasons")
	return nil
}

func opinionFields() map[string]string {
	return map[string]string{
		"finding-capability": "yes", "reason-capability": "心脏中心具备同类器械使用经验，管理制度完善。",
		"finding-urgency": "yes", "reason-urgency": "国内无同品种产品，患儿病情符合临床急需情形。",
		"finding-quantity": "yes", "reason-quantity": "按 8 名患者测算，数量合理。",
	}
}

func (d *demo) reply(ctx context.Context) error {
	link, err := d.LinkFor(ctx, "nmpa", d.number, "shen-an")
	if err != nil {
		return err
	}
	shen, page, err := d.ByLink(ctx, link, d.number, "shen-an")
	if err != nil {
		return err
	}
	gate := page.URL.Path
	file, err := SendEvidence(ctx, shen, gate, "批复.pdf", sample.PDF(5, "批复", 1, 0))
	if err != nil {
		return err
	}
	if err := d.countMails(ctx); err != nil {
		return err
	}
	today := time.Now().UTC().Add(8 * time.Hour).Format("2006-01-02")
	values := map[string]string{
		"outcome": "approve-in-part", "number": "药监综械注函〔2026〕88号", "date": today, "quantity": "6", "evidence": file,
		"reason": "先行批准 6 套，视使用情况再行申请。", "conditions": "每季度报告使用情况\n不得转让其他医疗机构",
	}
	form, err := Confirm(ctx, shen, gate, "record", values)
	if err != nil {
		return err
	}
	first, err := shen.Submit(ctx, form)
	if err != nil {
		return err
	}
	if first.Status != http.StatusOK || !strings.HasSuffix(first.URL.Path, "/receipt") {
		return fmt.Errorf("recording the reply: %d at %s: %s", first.Status, first.URL.Path, first.Text(".summary"))
	}
	d.say("沈安 国家药品监督管理局", "recorded the reply through the link: approved in part, 6 of 10, two conditions, with evidence")
	again, err := shen.Submit(ctx, form)
	if err != nil {
		return err
	}
	if again.Status != http.StatusOK || again.Text("main") != first.Text("main") {
		return fmt.Errorf("the same answer again: %d, another receipt", again.Status)
	}
	other, err := shen.Submit(ctx, form.Set("quantity", "3").Set("op", "another-operation-0001"))
	if err != nil {
		return err
	}
	if other.Status != http.StatusConflict || !strings.Contains(other.Text("main"), "沈安") {
		return fmt.Errorf("a different answer: got %d, want a conflict that says who decided", other.Status)
	}
	d.say("沈安 国家药品监督管理局", "the same answer again: the same receipt; a different one: a conflict that says who, what, when")
	return nil
}

// entitled are told of an approval: the hospital, both agencies, and Customs.
var entitled = []string{"hospital-1", "mpa", "health", "customs"}

// countMails remembers which mails came before the reply.
func (d *demo) countMails(ctx context.Context) error {
	d.mailed = map[string]int{}
	for _, org := range entitled {
		n, err := d.last(ctx, Organisation(org).Mail)
		if err != nil {
			return err
		}
		d.mailed[org] = n
	}
	return nil
}

func (d *demo) everybodyKnows(ctx context.Context) error {
	for _, org := range entitled {
		if err := d.told(ctx, org, "批复", "told of the reply", d.mailed[org]); err != nil {
			return err
		}
	}
	xu, err := d.SignIn(ctx, "agency", "xu-tao")
	if err != nil {
		return err
	}
	page, err := xu.Get(ctx, "/agency/cases/"+d.id)
	if err != nil {
		return err
	}
	if page.Status != http.StatusOK {
		return fmt.Errorf("customs open the approved case: got %d, want 200", page.Status)
	}
	return nil
}

// theWholeStory prints the timeline as the hospital reads it, oldest first.
func (d *demo) theWholeStory(ctx context.Context) error {
	lin, err := d.SignIn(ctx, "hospital", "lin-zhi")
	if err != nil {
		return err
	}
	page, err := lin.Get(ctx, d.path)
	if err != nil {
		return err
	}
	lines := page.Doc().Find("[data-entry]")
	if lines.Length() != 10 {
		return fmt.Errorf(
			"the timeline: got %d entries, want 10: created, submitted, asked, resubmitted, opinion, registered, joined, copy confirmed, filed, reply",
			lines.Length(),
		)
	}
	fmt.Fprintln(d.out, "\n  时间线 timeline")
	for i := lines.Length() - 1; i >= 0; i-- {
		fmt.Fprintf(d.out, "    %s\n", clip(strings.Join(strings.Fields(lines.Eq(i).Text()), " "), 110))
	}
	return nil
}
