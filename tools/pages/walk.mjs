// Visits every page of both sites in both languages, wide and narrow, and looks
// for what a tired reader would stumble over: axe (WCAG 2.2 AA), sideways
// scrolling, a missing heading, errors in the console, requests to anybody else.
//
//   node tools/pages/walk.mjs --site http://jixu.localhost:4566 --desk http://127.0.0.1:4580 [--shots FOLDER] [--only NAME,NAME] [--scheme dark]
//
// Before that one case is prepared without script and answered by the keyboard
// alone. It signs in the sample people, opens cases of its own, and exits
// non-zero if it found anything.
import {mkdir, readFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {parseArgs} from "node:util";
import {Hands, drugFields, fields, findings, launch, mail, reply, signIn} from "./hands.mjs";
import {byKeyboard, byScript, claims, finds, question, registers, withoutScript} from "./journeys.mjs";
import {throughTrouble} from "./uploads.mjs";

const {values: args} = parseArgs({options: {site: {type: "string"}, desk: {type: "string"}, shots: {type: "string"}, only: {type: "string"}, scheme: {type: "string"}, quick: {type: "boolean"}}});
if (!args.site || !args.desk) {
  console.error("usage: walk.mjs --site URL --desk URL [--shots FOLDER] [--only NAME,NAME] [--scheme dark] [--quick]");
  process.exit(2);
}
const {site, desk} = args;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
if (args.shots) await mkdir(args.shots, {recursive: true});

const browser = await launch();
const found = [];
const people = {};

// as returns a context in which person is signed in; one for all visits.
async function as(audience, person) {
  if (!people[person]) {
    const context = await browser.newContext({bypassCSP: true, colorScheme: args.scheme || "light"});
    const page = await context.newPage();
    if (person !== "nobody") await signIn(page, site, audience, person);
    await page.close();
    people[person] = context;
  }
  return people[person];
}

async function journey(name, live) {
  try {
    return await live();
  } catch (err) {
    found.push(`${name}: ${String(err).split("\n").slice(0, 3).join(" ")}`);
  }
}

// Cases in the states that pages show.
const lin = new Hands(await as("hospital", "lin-zhi"), site);
const zhou = new Hands(await as("agency", "zhou-heng"), site);
const shen = new Hands(await as("agency", "shen-an"), site);
const qian = new Hands(await as("agency", "qian-rong"), site);
const he = new Hands(await as("hospital", "he-yue"), site);
const toAgency = (path) => path.replace("/hospital/", "/agency/");

// The first case of a product, by lin: without script unless the looks alone are asked for.
const plain = (!args.only && await journey("without script", () => withoutScript(browser, site))) || {path: await lin.urgent()};
const product = await journey("registered without script", () => registers(browser, site, toAgency(plain.path)));
await qian.act(toAgency(plain.path), "join", {statement: "参与论证，对使用管理能力无不同意见。"});
await journey("by keyboard", () => byKeyboard(browser, site, `${toAgency(plain.path)}/gates/opinion-1`));
const asks = await journey("a question without script", () => question(browser, site, plain.path));
const plainReply = `${toAgency(plain.path)}/gates/reply-1`;
await shen.answer(plainReply, "record", {...reply, evidence: await shen.evidence(plainReply)});

// Another hospital asks for the same product: urgency is not assessed again.
async function another() {
  const path = await he.createDraft();
  await he.fill(path, fields);
  return path;
}
const second = await another();
await journey("claimed without script", () => claims(browser, site, second, product));
await he.hurry(second);
await journey("found without script", () => finds(browser, site, toAgency(second)));
if (!args.only) await journey("relied on by keyboard", () => byKeyboard(browser, site, `${toAgency(second)}/gates/opinion-1`, {...findings, "finding-urgency": "rely"}));
const claimed = await another();
await he.act(claimed, "claim", {variety: product.split("/").pop()});
const relying = await he.hurry(await another());
await zhou.act(toAgency(relying), "identify", {variety: product.split("/").pop(), reason: "生产企业、型号规格与登记品种一致。"});
const relyingGate = `${toAgency(relying)}/gates/opinion-1`;

// A drug by the emergency lane, filed, assessed by the Health Commission; a device whose reply came first.
const drug = await lin.urgent("drug");
await lin.act(drug, "file", {channel: "国家药监局网上办事大厅", date: "2026-01-06", receipt: "JYLS2600001"});
await zhou.act(toAgency(drug), "receive");
await qian.act(toAgency(drug), "assign", {gate: "opinion-1", person: "qian-rong"});
const assessed = await lin.urgent("drug");
await qian.answer(`${toAgency(assessed)}/gates/opinion-1`, "opine", findings);
const early = await lin.urgent();
const earlyReply = `${toAgency(early)}/gates/reply-1`;
await shen.answer(earlyReply, "record", {...reply, evidence: await shen.evidence(earlyReply)});
await shen.evidence(earlyReply);
const openQuestion = (await lin.ask("drug", "罕见病用药的申请数量如何测算", "患者用量随体重变化，是否按一年用量测算？")).path;

const draft = await lin.createDraft();
await lin.fill(draft, {"product-zh": "可回收式左心耳封堵系统", "quantity": "二十"});
await lin.state(draft, "signed-form", {"form-product": "左心耳封堵器（另一名称）", "form-quantity": "25"});
await lin.state(draft, "licence", {"hospital-uscc": "91350100M000100Y44", "licence-expires": "2020-01-01"});
await lin.send(`${draft}/items/signed-form`, "申请表扫描件.pdf");
await lin.send(`${draft}/items/description`, "产品说明（未转换）.txt", Buffer.from("this is no PDF"));
const waiting = (await lin.announce(`${draft}/items/instructions`, "说明书和标签，原文以及中文译本，含全部型号规格，第一次扫描，页码不全的请以第二次扫描为准.pdf")).file;
await lin.checked(`${draft}/items/signed-form`);
await lin.checked(`${draft}/items/description`);

if (!args.only) await journey("uploads by script", () => byScript(browser, site, `${draft}/items/capability`));
if (!args.only) await journey("uploads through trouble", () => throughTrouble(browser, site, `${draft}/items/overseas-safety`));

const ready = await lin.complete();
const open = await lin.complete();
const confirmation = await lin.submit(open);
const asked = await lin.complete();
await lin.submit(asked);
await zhou.answer(`${toAgency(asked)}/gates/opinion-1`, "ask-opinion", {
  "defects": "请在申请信息中写明型号规格与境外批准文件的对应关系。",
  "defect-comparison": "请补充与境内已上市产品在性能要求、安全性评价方面的逐项对比。", "defect-risk-plan": "知情同意书样本缺少替代治疗方案的说明。",
});
const again = await lin.complete();
const former = await lin.submit(again);
await zhou.answer(`${toAgency(again)}/gates/opinion-1`, "ask-opinion", {"defect-comparison": "请补充逐项对比。"});
await lin.fill(again, {comparison: "已补充逐项对比，见附件。"});
await lin.send(`${again}/items/comparison`, "逐项对比表（补充）.pdf");
await lin.checked(`${again}/items/comparison`);
const resubmitted = await lin.submit(again);
const until = new Date(Date.now() + 5 * 86400000).toISOString().slice(0, 10);
await zhou.act(toAgency(again), "hold", {gate: "opinion-3", until, reason: "等待外聘专家意见。"});
const done = await lin.complete();
await lin.submit(done);
await zhou.answer(`${toAgency(done)}/gates/opinion-1`, "opine", findings);
const doneReply = `${toAgency(done)}/gates/reply-1`;
await shen.answer(doneReply, "record", {...reply, evidence: await shen.evidence(doneReply)});
const openReply = `${toAgency(open)}/gates/reply-1`;
const evidence = await shen.evidence(openReply);
const number = (await lin.get(open)).html.match(/class="number"><a[^>]*>([^<]+)</)[1];
const link = await mail((await as("", "nobody")).request, desk, "registration@mpa.example", number, /(\/l\/[a-z2-7]+)/);

const press = (selector) => async (page) => {
  await Promise.all([page.waitForLoadState("load"), page.click(selector)]);
  await page.waitForLoadState("load");
};
const type = (values) => async (page) => {
  for (const [name, value] of Object.entries(values)) {
    const one = page.locator(`[name="${name}"]`).first();
    const kind = await one.evaluate((e) => e.type || e.localName);
    if (kind === "radio") await page.check(`[name="${name}"][value="${value}"]`);
    else {
      await page.evaluate((n) => document.querySelector(`[name="${n}"]`).closest("details")?.setAttribute("open", ""), name);
      await one.fill(value);
    }
  }
};
const unfold = (page) => page.evaluate(() => document.querySelectorAll("main details").forEach((d) => d.setAttribute("open", "")));
const confirmReply = [type({...reply, outcome: "approve-in-part", evidence}), press('form[action$="/check"] .button')];

const gate = `${toAgency(open)}/gates/opinion-1`;
// name, who, where, and what to do there.
const visits = [
  ["welcome", "nobody", "/"],
  ["sign-in-hospital", "nobody", "/hospital/sign-in?return=/hospital"],
  ["sign-in-agency", "nobody", "/agency/sign-in"],
  ["cases", "lin-zhi", "/hospital"],
  ["cases-empty", "he-yue", "/hospital"],
  ["new", "lin-zhi", "/hospital/new"],
  ["new-error", "lin-zhi", "/hospital/new", press('form[action="/hospital/new"] .button')],
  ["case-draft", "lin-zhi", draft],
  ["dossier", "lin-zhi", `${draft}/dossier`],
  ["dossier-ready", "lin-zhi", `${ready}/dossier`],
  ["dossier-supplement", "lin-zhi", `${asked}/dossier`],
  ["form", "lin-zhi", `${draft}/form`],
  ["form-error", "lin-zhi", `${draft}/form`, type({"product-zh": "名".repeat(250), "unit": "长".repeat(30)}), press('form[action$="/form"] .button')],
  ["precheck", "lin-zhi", `${draft}/precheck`],
  ["precheck-ready", "lin-zhi", `${ready}/precheck`],
  ["facts", "lin-zhi", `${draft}/items/licence`],
  ["facts-error", "lin-zhi", `${draft}/items/licence`, type({"licence-number": "号".repeat(60)}), press('button[form="stated"]')],
  ["item-empty", "lin-zhi", `${draft}/items/clinical-need`],
  ["item-checked", "lin-zhi", `${draft}/items/signed-form`],
  ["item-rejected", "lin-zhi", `${draft}/items/description`],
  ["item-waiting", "lin-zhi", `${draft}/items/instructions`],
  ["upload", "lin-zhi", `${draft}/files/${waiting}`],
  ["check", "lin-zhi", `${ready}/check`],
  ["check-error", "lin-zhi", `${draft}/check`, press('form[action$="/submit"] .button')],
  ["check-supplement", "lin-zhi", `${asked}/check`],
  ["confirmation", "lin-zhi", confirmation],
  ["case-review", "lin-zhi", open],
  ["case-why", "lin-zhi", again, unfold],
  ["case-supplement", "lin-zhi", asked],
  ["why", "lin-zhi", `${open}/gates/opinion-1/why`],
  ["why-paused", "zhou-heng", `${toAgency(again)}/gates/opinion-3/why`],
  ["why-answered", "zhou-heng", `${toAgency(done)}/gates/opinion-1/why`],
  ["eligibility", "lin-zhi", "/hospital/eligibility"],
  ["eligibility-device", "lin-zhi", "/hospital/eligibility?kind=device"],
  ["eligibility-not", "lin-zhi", "/hospital/eligibility?kind=device&check=1&class=III&abroad=yes&similar=yes&compare-use=different&large=yes&hospital=unsure"],
  ["eligibility-met", "lin-zhi", "/hospital/eligibility?kind=drug&check=1&abroad=yes&situation=not-registered&category=no-treatment&purpose=yes"],
  ["case-done", "lin-zhi", done],
  ["withdraw", "lin-zhi", `${open}/withdraw`],
  ["withdraw-error", "lin-zhi", `${open}/withdraw`, press('form[action$="/withdraw"] .button')],
  ["failed-404", "lin-zhi", "/hospital/cases/nothing-here"],
  ["inbox", "zhou-heng", "/agency"],
  ["inbox-customs", "xu-tao", "/agency"],
  ["inbox-recorder", "shen-an", "/agency"],
  ["agency-case", "qian-rong", toAgency(asked)],
  ["gate", "zhou-heng", gate],
  ["gate-changed", "zhou-heng", `${toAgency(again)}/gates/opinion-3`, unfold],
  ["gate-unfolded", "zhou-heng", gate, unfold],
  ["gate-error", "zhou-heng", gate, press("#answer .button")],
  ["gate-answered", "zhou-heng", `${toAgency(done)}/gates/opinion-1`],
  ["receipt", "zhou-heng", `${toAgency(done)}/gates/opinion-1/receipt`],
  ["opinion", "zhou-heng", `${gate}/answer?choice=opine`],
  ["opinion-error", "zhou-heng", `${gate}/answer?choice=opine`, type({"finding-urgency": "yes"}), press('form[action$="/check"] .button')],
  ["opinion-confirm", "zhou-heng", `${gate}/answer?choice=opine`, type(findings), press('form[action$="/check"] .button')],
  ["notice", "zhou-heng", `${gate}/answer?choice=ask-opinion`],
  ["notice-error", "zhou-heng", `${gate}/answer?choice=ask-opinion`, press('form[action$="/check"] .button')],
  ["notice-confirm", "zhou-heng", `${gate}/answer?choice=ask-opinion`, type({"defect-comparison": "请补充逐项对比。", "defect-letter": "承诺书未盖章。"}), press('form[action$="/check"] .button')],
  ["reply-gate", "shen-an", openReply],
  ["evidence", "shen-an", `${openReply}/evidence`],
  ["reply", "shen-an", `${openReply}/answer?choice=record`],
  ["reply-error", "shen-an", `${openReply}/answer?choice=record`, type({outcome: "refuse", quantity: "很多", date: "明天"}), press('form[action$="/check"] .button')],
  ["reply-confirm", "shen-an", `${openReply}/answer?choice=record`, ...confirmReply],
  ["link", "nobody", link],
  ["link-error", "nobody", link, press('form[action$="/code"] button')],
  ["code", "nobody", link, (page) => page.locator("[name=person]").first().check(), press('form[action$="/code"] button')],
  ["code-error", "nobody", link, (page) => page.locator("[name=person]").first().check(), press('form[action$="/code"] button'), type({digits: "12"}), press('form[action*="/code/"] .button')],
  ["case-filed", "lin-zhi", drug],
  ["case-relying", "zhou-heng", toAgency(relying), unfold],
  ["case-joint", "qian-rong", toAgency(plain.path)],
  ["case-early", "zhou-heng", toAgency(early)],
  ["check-lane", "lin-zhi", `${draft}/check`, unfold],
  ["act-file", "lin-zhi", `${drug}/acts/file`],
  ["act-file-error", "lin-zhi", `${open}/acts/file`, press('form[action$="/acts/file"] .button')],
  ["act-deliver", "lin-zhi", `${drug}/acts/deliver`],
  ["act-clone", "lin-zhi", `${open}/acts/clone`],
  ["act-claim", "he-yue", `${claimed}/acts/claim`],
  ["act-receive", "qian-rong", `${toAgency(drug)}/acts/receive`],
  ["act-identify", "zhou-heng", `${toAgency(open)}/acts/identify`],
  ["act-register", "zhou-heng", `${toAgency(open)}/acts/register`],
  ["act-register-error", "zhou-heng", `${toAgency(open)}/acts/register`, type({nameZh: "", subcatalogue: "99"}), press('form[action$="/acts/register"] .button')],
  ["act-join", "qian-rong", `${toAgency(open)}/acts/join`],
  ["act-report", "qian-rong", `${toAgency(assessed)}/acts/report`],
  ["act-assign", "zhou-heng", `${toAgency(open)}/acts/assign`],
  ["act-hold", "zhou-heng", `${toAgency(open)}/acts/hold`],
  ["act-hold-error", "zhou-heng", `${toAgency(open)}/acts/hold`, type({until: "下周"}), press('form[action$="/acts/hold"] .button')],
  ["act-release", "zhou-heng", `${toAgency(again)}/acts/release`],
  ["act-opine-late", "zhou-heng", `${toAgency(early)}/acts/opine-late`],
  ["act-amend", "shen-an", `${toAgency(early)}/acts/amend`],
  ["act-amend-error", "shen-an", `${toAgency(early)}/acts/amend`, press('form[action$="/acts/amend"] .button')],
  ["gate-relying", "zhou-heng", relyingGate],
  ["opinion-relying", "zhou-heng", `${relyingGate}/answer?choice=opine`],
  ["opinion-override-error", "zhou-heng", `${relyingGate}/answer?choice=opine`, type({...findings, "finding-urgency": "yes"}), press('form[action$="/check"] .button')],
  ["opinion-relying-confirm", "zhou-heng", `${relyingGate}/answer?choice=opine`, type({...findings, "finding-urgency": "rely"}), press('form[action$="/check"] .button')],
  ["submission", "lin-zhi", former.replace(/\d+$/, "1").replace("/confirmation", "")],
  ["differences", "zhou-heng", toAgency(resubmitted)],
  ["confirmation-differences", "lin-zhi", resubmitted],
  ["inquiries", "lin-zhi", "/hospital/inquiries"],
  ["inquiries-error", "lin-zhi", "/hospital/inquiries", press('form[action$="/inquiries"] .button')],
  ["inquiries-empty", "xu-tao", "/agency/inquiries"],
  ["inquiry-open", "qian-rong", openQuestion.replace("/hospital/", "/agency/")],
  ["inquiry-kept", "lin-zhi", asks],
  ["inquiry-attach", "lin-zhi", openQuestion],
  ["varieties", "lin-zhi", "/hospital/varieties"],
  ["variety", "lin-zhi", product.replace("/agency/", "/hospital/")],
  ["variety-kept", "zhou-heng", product, unfold],
  ["variety-error", "zhou-heng", product, unfold, press('form[action$="/mark"] .button')],
  ["inbox-mine", "qian-rong", "/agency?show=mine"],
  ["inbox-held", "zhou-heng", "/agency?show=held"],
  ["find-error", "zhou-heng", "/agency/find?number=2026"],
  ["closed", "nobody", "/l/abcdefghijklmnopqrstuvwxyz234567"],
].filter(([name]) => !args.only || args.only.split(",").some((only) => name.startsWith(only)));

// Widths 188 and large are 200 % and 大字版 on the smallest phone.
const looks = args.quick ? [["zh", 375], ["zh", 1280]] : [["zh", 375], ["zh", 1280], ["en", 375], ["en", 1280], ["zh", 375, "large"], ["zh", 188]];

// What stands beside the gates has one shape: each page of it is seen once in each
// language, narrow in Chinese and wide in English.
const beside = /^(act-|inquir|variet|find-|inbox-(mine|held)|differences|submission|confirmation-differences|case-(early|filed|joint|relying)|opinion-(relying|override))/;

async function look(lang, width, large) {
  for (const [name, person, path, ...acts] of visits) {
    if (beside.test(name) && !args.quick && (large || !(lang === "zh" && width === 375 || lang === "en" && width === 1280))) continue;
    const context = await as(person.endsWith("zhi") || person === "he-yue" ? "hospital" : "agency", person);
    await context.request.post(`${site}/preferences`, {form: {lang, large: large ? "1" : "0", return: "/alive"}});
    const page = await context.newPage();
    await page.setViewportSize({width, height: width < 700 ? 812 : 900});
    const at = `${lang} ${width}${large ? " large" : ""} ${name}`;
    const say = (what) => found.push(`${at}: ${what}`);
    page.on("console", (m) => {
      // Chromium reports a page's own 4xx as an error; those pages are meant.
      if (m.type() === "error" && !/Failed to load resource: the server responded with a status of 4(04|22|09)/.test(m.text())) say(`console: ${m.text()}`);
    });
    page.on("pageerror", (e) => say(`script: ${e.message}`));
    page.on("request", (r) => {
      if (!r.url().startsWith(site) && !r.url().startsWith("data:")) say(`request to ${r.url()}`);
    });
    try {
      await page.goto(site + path);
      for (const act of acts) await act(page);
      await inspect(page, lang, width, large, say);
      if (args.shots) await page.screenshot({path: `${args.shots}/${lang}-${width}${large ? "-large" : ""}-${name}.png`, fullPage: true});
    } catch (err) {
      say(String(err).split("\n").slice(0, 3).join(" "));
    }
    await page.close();
  }
}

async function inspect(page, lang, width, large, say) {
  const seen = await page.evaluate(() => ({
    h1: document.querySelectorAll("h1").length, title: document.title, lang: document.documentElement.lang,
    wide: document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth,
    missing: (document.body.innerText.match(/\[[a-z]+[.a-z-]*\]/) || [""])[0],
    errors: document.querySelectorAll(".error-summary").length,
  }));
  if (seen.h1 !== 1) say(`${seen.h1} headings h1`);
  if (!seen.title) say("no title");
  if (!seen.lang.startsWith(lang)) say(`lang is ${seen.lang}`);
  if (seen.wide > 0) say(`scrolls sideways by ${seen.wide} px`);
  if (seen.missing) say(`no words for ${seen.missing}`);
  if (seen.errors && !/^(错误：|Error: )/.test(seen.title)) say(`title of a page with errors: ${seen.title}`);
  if (width === 188 || large) return; // the same markup: only its width is asked
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}));
  for (const v of result.violations) say(`axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map((n) => n.target + " " + n.failureSummary.split("\n")[1]).join("; ")}`);
}

for (const one of looks) await look(...one);
await browser.close();
for (const line of found) console.log(line);
console.log(`${visits.length} pages, ${looks.length} looks, ${found.length} findings`);
process.exit(found.length ? 1 : 0);
