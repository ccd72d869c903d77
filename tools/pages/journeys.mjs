// Lives that a script must not be needed for: a dossier sent and submitted, a
// question asked and answered, a product registered and found again with
// JavaScript switched off; opinions given with the keyboard alone.
import {fields, findings, pdf, signIn, variety} from "./hands.mjs";

// withoutScript prepares, uploads, checks and submits. It returns the case's path.
export async function withoutScript(browser, site) {
  const context = await browser.newContext({javaScriptEnabled: false, viewport: {width: 375, height: 812}});
  const page = await context.newPage();
  await signIn(page, site, "hospital", "lin-zhi");
  await page.click('a[href="/hospital/new"]');
  await page.check('[name=kind][value="device"]');
  await page.click('form[action="/hospital/new"] .button');
  const draft = new URL(page.url()).pathname.replace(/\/dossier$/, "");

  await page.click(`a[href="${draft}/form"]`);
  for (const [name, value] of Object.entries(fields)) {
    const one = page.locator(`[name="${name}"]`).first();
    const kind = await one.evaluate((e) => e.type || e.localName);
    if (kind === "radio") await page.check(`[name="${name}"][value="${value}"]`);
    else if (kind === "select-one") await one.selectOption(value);
    else await one.fill(value);
  }
  await page.click(`form[action="${draft}/form"] .button`);

  const items = await page.$$eval('.tasks a[href*="/items/"]', (list) => list.map((a) => a.getAttribute("href")));
  for (const item of items) {
    await page.goto(site + item);
    await page.fill("#file", "扫描件.pdf");
    await page.click(`form[action="${item}"] .button`);
    await page.setInputFiles("#file", {name: "扫描件.pdf", mimeType: "application/pdf", buffer: pdf()});
    await page.click('form[enctype="multipart/form-data"] .button');
    for (let tries = 0; await page.locator('[data-state="unchecked"]').count(); tries++) {
      if (tries > 240) throw new Error(`${item}: the check does not come`);
      await page.waitForTimeout(250);
      await page.goto(site + item);
    }
  }
  await page.goto(`${site}${draft}/dossier`);
  await page.click(`a.button[href="${draft}/check"]`);
  await page.check("#declared");
  await page.click('form[action$="/submit"] .button');
  if (!page.url().includes("/submissions/1")) throw new Error(`submitting without script ended at ${page.url()}`);
  const number = await page.locator(".receipt .big").innerText();
  await context.close();
  return {path: draft, number};
}

// withoutScriptAs opens a page without script for one person, does act there and
// closes it.
async function withoutScriptAs(browser, site, audience, person, act) {
  const context = await browser.newContext({javaScriptEnabled: false, viewport: {width: 375, height: 812}});
  const page = await context.newPage();
  await signIn(page, site, audience, person);
  const out = await act(page);
  await context.close();
  return out;
}

// question is asked by a hospital, answered by the agency it goes to, and kept
// with the hospital's case. It returns the question's path on the hospital's site.
export async function question(browser, site, path) {
  const asked = await withoutScriptAs(browser, site, "hospital", "lin-zhi", async (page) => {
    await page.click('a[href="/hospital/inquiries"]');
    await page.check('[name=kind][value="device"]');
    await page.fill("[name=subject]", "同类产品已获准上市但规格不适用的，能否申请");
    await page.fill("[name=question]", "境内已有同类封堵器，但最小规格大于患儿缺损。\n能否按临床急需提出申请？需要哪些证明材料？");
    await page.click('form[action="/hospital/inquiries"] .button');
    return new URL(page.url()).pathname;
  });
  await withoutScriptAs(browser, site, "agency", "zhou-heng", async (page) => {
    await page.click('a[href="/agency/inquiries"]');
    await page.click(`a[href="${asked.replace("/hospital/", "/agency/")}"]`);
    await page.fill("[name=answer]", "可以。请说明规格差异与患者解剖条件的关系，并附专家论证意见。");
    await page.click("main form .button");
  });
  return withoutScriptAs(browser, site, "hospital", "lin-zhi", async (page) => {
    await page.goto(site + asked);
    await page.selectOption("[name=case]", path.split("/").pop());
    await page.click("main form .button");
    await page.goto(site + path);
    if (!(await page.locator(`main a[href="${asked}"]`).count())) throw new Error(`${path} does not show the question ${asked}`);
    return asked;
  });
}

// registers enters the product of a case into the register. It returns the
// register's page of it.
export function registers(browser, site, path) {
  return withoutScriptAs(browser, site, "agency", "zhou-heng", async (page) => {
    await page.goto(site + path);
    await page.click(`a[href="${path}/acts/register"]`);
    for (const [name, value] of Object.entries(variety)) {
      const one = page.locator(`[name="${name}"]`);
      if ((await one.evaluate((e) => e.type)) === "select-one") await one.selectOption(value);
      else await one.fill(value);
    }
    await page.click('form[action$="/acts/register"] .button');
    await page.goto(`${site}/agency/varieties`);
    return page.locator('main a[href^="/agency/varieties/"]').last().getAttribute("href");
  });
}

// claims says that a draft is about that product, and the assessor finds it so
// once it is submitted by the hospital's own hands.
export function claims(browser, site, path, variety) {
  return withoutScriptAs(browser, site, "hospital", "he-yue", async (page) => {
    await page.goto(`${site}${path}/acts/claim`);
    await page.selectOption("[name=variety]", variety.split("/").pop());
    await page.click('form[action$="/acts/claim"] .button');
  });
}

export function finds(browser, site, path) {
  return withoutScriptAs(browser, site, "agency", "zhou-heng", async (page) => {
    await page.goto(`${site}${path}/acts/identify`);
    await page.fill("[name=reason]", "生产企业、型号规格与登记品种一致。");
    await page.click('form[action$="/acts/identify"] .button');
    if (!(await page.locator("#situation-title").innerText()).includes("不同医疗机构")) throw new Error(`${path} is not placed as another hospital's`);
  });
}

// byKeyboard gives an opinion with Tab, Shift, arrows, Space and Enter. What
// relies on an earlier opinion is named in findings as "rely".
export async function byKeyboard(browser, site, gate, answers = findings) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}});
  const page = await context.newPage();
  await signIn(page, site, "agency", "zhou-heng");
  await page.goto(site + gate);

  await page.keyboard.press("Tab");
  await expectFocus(page, ".skip", "the first Tab");
  await page.keyboard.press("Enter");
  await reach(page, '[name=choice][value="opine"]');
  await page.keyboard.press("Space");
  await reach(page, 'form[action$="/answer"] .button');
  await go(page);
  for (const [name, value] of Object.entries(answers)) {
    if (name.startsWith("finding-")) {
      await reach(page, `[name="${name}"]`);
      await page.keyboard.press("Space");
      for (let down = 0; down < 2 && !(await page.isChecked(`[name="${name}"][value="${value}"]`)); down++) await page.keyboard.press("ArrowDown");
    } else {
      await reach(page, `[name="${name}"]`);
      await page.keyboard.insertText(value);
    }
  }
  await reach(page, 'form[action$="/check"] .button');
  await go(page);
  await reach(page, 'form[action$="/answer"] .button');
  await go(page);
  if (!page.url().endsWith("/receipt")) throw new Error(`the keyboard ended at ${page.url()}: ${await page.locator("main").innerText()}`);
  await context.close();
}

async function go(page) {
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

// reach tabs on until selector has the focus, and sees that the focus shows.
async function reach(page, selector) {
  for (let tabs = 0; tabs < 200; tabs++) {
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) {
      const ring = await page.evaluate(() => parseFloat(getComputedStyle(document.activeElement).outlineWidth));
      if (ring < 3) throw new Error(`${selector}: the focus ring is ${ring} px`);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

async function expectFocus(page, selector, when) {
  if (!(await page.evaluate((s) => document.activeElement?.matches(s), selector))) throw new Error(`${when} does not lead to ${selector}`);
}

// byScript sends files the way the page's script does: two good ones at once
// and one that is no PDF, and waits for what the check says of each.
export async function byScript(browser, site, item) {
  const context = await browser.newContext({viewport: {width: 375, height: 812}});
  const page = await context.newPage();
  await signIn(page, site, "hospital", "lin-zhi");
  await page.goto(site + item);
  const file = (name, buffer) => ({name, mimeType: "application/pdf", buffer});
  await page.setInputFiles("#choose", [file("第一份.pdf", pdf()), file("第二份.pdf", pdf()), file("并非.pdf", Buffer.from("no PDF at all"))]);
  await page.waitForFunction(() => document.querySelectorAll("[data-file]").length === 3 && !document.querySelector("[data-soon]") && !document.querySelector("[data-uploads] li"), null, {timeout: 60000});
  const states = await page.$$eval("[data-file]", (list) => list.map((e) => e.dataset.state).sort().join(" "));
  if (states !== "checked checked rejected") throw new Error(`uploads by script: ${states}`);
  const said = await page.locator("[data-result]").innerText();
  if (!said) throw new Error("uploads by script: nothing was said of the result");
  await context.close();
}
