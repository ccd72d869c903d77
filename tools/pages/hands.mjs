// What people do on the sites, in as few words as the checks need. It knows the
// sites only by what they show, as internal/journey does in Go.
import dns from "node:dns";
import {chromium} from "playwright-core";

// *.localhost is this machine, as browsers have it and Node has not.
const lookup = dns.promises.lookup;
dns.promises.lookup = (name, options) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, options);

export const fields = {
  "product-zh": "可吸收心房间隔缺损封堵器", "product-original": "Bioresorbable Atrial Septal Occluder", "model": "BAO-12、BAO-14、BAO-16",
  "manufacturer": "Example Cardio Devices GmbH", "country": "德国", "class": "III", "subcatalogue": "13",
  "overseas-approval": "2024年3月取得欧盟 CE 证书，已在德国、法国上市。",
  "marketing-country": "德国", "udi-di": "04912345678904", "disease": "继发孔型房间隔缺损（Q21.1，国家临床版2.0）", "units-per-patient": "1",
  "indication": "继发孔型房间隔缺损，解剖条件不适合使用金属封堵器的儿童患者。",
  "urgency": "患儿体重低、缺损边缘短，金属封堵器磨蚀风险高，国内尚无同品种获准上市；不及时封堵将发生不可逆肺动脉高压。",
  "quantity": "10", "unit": "套", "patients": "8", "department": "心脏中心", "contact-role": "设备科申报经办人",
  "contact-phone": "021-00000001", "distributor": "上海示范医疗器械有限公司",
  "comparison": "国内已上市产品均为镍钛合金骨架，本产品为可吸收骨架，结构组成与主要原材料不同。",
};

export const drugFields = {
  "product-zh": "示例替尼胶囊", "product-original": "Examplinib Capsules (Examplar)", "dosage-form": "胶囊剂", "strength": "50 mg", "pack-size": "30粒/瓶",
  "manufacturer": "Example Rare Therapeutics Ltd", "country": "爱尔兰", "marketing-country": "美国", "overseas-approval": "2023年8月经美国食品药品监督管理局批准上市。",
  "overseas-approval-day": "2023-08-21", "controlled": "no", "situation": "not-registered", "category": "rare-disease", "lead-importer": "yes",
  "indication": "经基因检测确诊的示例酶缺乏症，对症治疗无效的患者。", "disease": "示例酶缺乏症（E88.8，国家临床版2.0）",
  "urgency": "病情持续进展，国内无同类药品；不及时用药将造成不可逆损害。", "comparison": "境内仅有对症治疗，不能阻止病情进展。",
  "patients": "6", "units-per-patient": "12", "quantity": "80", "unit": "瓶", "units-used": "first", "department": "血液科",
  "contact-role": "药学部副主任", "contact-phone": "021-00000001", "distributor": "上海示范医药有限公司", "port": "上海",
};

// variety is what the register says of the sample device.
export const variety = {
  nameZh: fields["product-zh"], nameEn: fields["product-original"], maker: fields.manufacturer, model: fields.model, country: fields.country,
  class: "III", subcatalogue: "13", udi: fields["udi-di"], category: "implant", reason: "登记中没有结构、材料和用途相同的品种。",
};

export const findings = {
  "finding-capability": "yes", "reason-capability": "团队具备同类器械使用经验，培训记录完整。",
  "finding-urgency": "yes", "reason-urgency": "国内尚无同品种产品，病情危及生命。",
  "finding-quantity": "yes", "reason-quantity": "与预计使用人数相符。",
};

export const reply = {
  outcome: "approve-in-part", number: "药监综械注函〔2026〕1号", date: "2026-01-05", quantity: "6",
  validUntil: "2027-11-09", conditions: "仅限本院心脏中心使用\n每例随访不少于一年", reason: "按实际患者人数核减。",
};

// pdf is the smallest PDF with one page that a check passes.
export function pdf() {
  const objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"];
  let text = "%PDF-1.4\n";
  const at = objects.map((object, i) => {
    const here = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return here;
  });
  const xref = text.length;
  text += `xref\n0 4\n0000000000 65535 f \n${at.map((n) => String(n).padStart(10, "0") + " 00000 n \n").join("")}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// signIn goes from the audience's site over the development issuer and back.
export async function signIn(page, site, audience, person) {
  await page.goto(`${site}/${audience}`);
  await page.click(`form[action="/${audience}/sign-in"] button`);
  await Promise.all([page.waitForURL(`${site}/${audience}`), page.click(`button[name=person][value="${person}"]`)]);
}

// Hands act without looking: they send the forms that stand on a page.
export class Hands {
  constructor(context, site) {
    this.request = context.request;
    this.site = site;
  }

  async get(path) {
    const answer = await this.request.get(this.site + path);
    return {answer, html: await answer.text(), path: new URL(answer.url()).pathname};
  }

  // hidden reads what a page's forms carry along.
  hidden(html, name) {
    const found = html.match(new RegExp(`name="${name}" value="([^"]*)"`));
    return found ? found[1] : "";
  }

  async post(path, form) {
    const answer = await this.request.post(this.site + path, {form});
    const html = await answer.text();
    if (answer.status() > 299) throw new Error(`POST ${path}: ${answer.status()} ${(html.match(/error-summary[\s\S]*?<\/section>/) || [html.slice(0, 300)])[0]}`);
    return {answer, html, path: new URL(answer.url()).pathname};
  }

  async createDraft(kind = "device") {
    const {html} = await this.get("/hospital/new");
    const made = await this.post("/hospital/new", {op: this.hidden(html, "op"), kind});
    return made.path.replace(/\/dossier$/, "");
  }

  async fill(draft, values) {
    const {html} = await this.get(`${draft}/form`);
    return this.post(`${draft}/form`, {op: this.hidden(html, "op"), version: this.hidden(html, "version"), ...values});
  }

  // state types what the document of item states.
  async state(draft, item, values) {
    const {html} = await this.get(`${draft}/items/${item}`);
    return this.post(`${draft}/items/${item}/facts`, {op: this.hidden(html, "op"), version: this.hidden(html, "version"), ...values});
  }

  async items(draft) {
    const {html} = await this.get(`${draft}/dossier`);
    return [...html.matchAll(/href="[^"]*\/items\/([a-z-]+)"/g)].map((m) => m[1]);
  }

  // announce makes a file known and returns its id and the signed form.
  async announce(path, name) {
    const {html} = await this.get(path);
    const form = {op: this.hidden(html, "op"), version: this.hidden(html, "version"), name};
    const answer = await this.request.post(this.site + path, {form, headers: {Accept: "application/json"}});
    return answer.json();
  }

  async send(path, name, data = pdf()) {
    const ticket = await this.announce(path, name);
    if (!ticket.url) throw new Error(`${path}: ${ticket.error}`);
    const multipart = {...ticket.fields, file: {name: "file", mimeType: "application/octet-stream", buffer: data}};
    const answer = await this.request.post(ticket.url, {multipart});
    if (answer.status() > 299) throw new Error(`upload: ${answer.status()} ${await answer.text()}`);
    return ticket.file;
  }

  // checked waits until no file on path awaits its check.
  async checked(path) {
    for (let tries = 0; tries < 120; tries++) {
      const {html} = await this.get(path);
      if (!html.includes('data-state="unchecked"')) return html;
      await new Promise((done) => setTimeout(done, 250));
    }
    throw new Error(`${path}: the check does not come`);
  }

  async complete() {
    const draft = await this.createDraft();
    await this.fill(draft, fields);
    const items = await this.items(draft);
    for (const item of items) await this.send(`${draft}/items/${item}`, `${item}.pdf`);
    for (const item of items) await this.checked(`${draft}/items/${item}`);
    return draft;
  }

  async submit(draft) {
    const {html} = await this.get(`${draft}/check`);
    const form = {op: this.hidden(html, "op"), version: this.hidden(html, "version"), declared: "yes"};
    const gate = this.hidden(html, "gate");
    if (gate) form.gate = gate;
    return (await this.post(`${draft}/submit`, form)).path;
  }

  // hurry submits a filled-in draft by the emergency lane: every paper follows.
  async hurry(draft) {
    const {html} = await this.get(`${draft}/check`);
    const form = {op: this.hidden(html, "op"), version: this.hidden(html, "version"), declared: "yes", "lane-urgency": "两名患儿病情危重，预计一周内须手术，公证文件正在办理。"};
    for (const [, later] of html.matchAll(/name="(later-[a-z-]+)"/g)) form[later] = "yes";
    await this.post(`${draft}/submit`, form);
    return draft;
  }

  async urgent(kind = "device") {
    const draft = await this.createDraft(kind);
    await this.fill(draft, kind === "drug" ? drugFields : fields);
    return this.hurry(draft);
  }

  // act does one of the things beside gates, from its page.
  async act(path, name, values = {}) {
    const {html} = await this.get(`${path}/acts/${name}`);
    const carried = Object.fromEntries(["op", "version", "submission", "reply"].map((field) => [field, this.hidden(html, field)]));
    return this.post(`${path}/acts/${name}`, {...carried, ...values});
  }

  async ask(kind, subject, question) {
    const {html} = await this.get("/hospital/inquiries");
    return this.post("/hospital/inquiries", {op: this.hidden(html, "op"), kind, subject, question});
  }

  async answer(gate, choice, values) {
    const {html} = await this.get(`${gate}/answer?choice=${choice}`);
    await this.post(`${gate}/answer`, {op: this.hidden(html, "op"), submission: this.hidden(html, "submission"), choice, ...values});
  }

  async evidence(gate) {
    const id = await this.send(`${gate}/evidence`, "批复.pdf");
    await this.checked(`${gate}/evidence`);
    return id;
  }
}

// mails lists what the desk's mail sink took.
export async function mails(request, desk) {
  const answer = await request.get(`${desk}/mail.json`);
  return ((await answer.json()) || []).map((m) => ({to: (m.to || m.To)[0], subject: m.subject || m.Subject, text: m.text || m.Text}));
}

// mail waits for one that holds match.
export async function mail(request, desk, to, number, match) {
  for (let tries = 0; tries < 400; tries++) {
    const found = (await mails(request, desk)).reverse().find((m) => m.to === to && m.subject.includes(number) && match.test(m.text));
    if (found) return found.text.match(match)[1];
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`no mail to ${to} about ${number}`);
}
