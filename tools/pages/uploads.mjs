// What can happen to an upload between a browser and the bucket, and what the
// page makes of it: Chromium on the running stack.
import {pdf, signIn} from "./hands.mjs";

// throughTrouble sends files to an item while connections break, the bucket
// refuses, the reader changes their mind, and the page is closed and opened again.
export async function throughTrouble(browser, site, item) {
  const context = await browser.newContext({viewport: {width: 375, height: 812}});
  let page = await context.newPage();
  await signIn(page, site, "hospital", "lin-zhi");
  await page.goto(site + item);

  // meet says what becomes of the next deliveries to the bucket, one word each;
  // "hold" keeps one under way until the page is closed or cancels it.
  let fates = [], held = null;
  await context.route((url) => !url.href.startsWith(site), async (route) => {
    const fate = route.request().method() === "POST" ? fates.shift() : "";
    if (fate === "break") return route.abort("connectionreset");
    if (fate === "refuse") return route.fulfill({status: 403, headers: {"access-control-allow-origin": "*"}, body: "<Error/>"});
    if (fate === "hold") return void (held = route);
    return route.continue();
  });
  const file = (name, text) => ({name, mimeType: "application/pdf", buffer: Buffer.concat([pdf(), Buffer.from(`% ${text}\n`)])});
  const row = (name) => page.locator("[data-uploads] li", {hasText: name});
  const listed = (name) => page.locator("[data-file]", {hasText: name});
  const said = () => page.locator("[data-result]").innerText();
  const press = (name, word) => row(name).getByRole("button", {name: word}).click();
  const arrived = async (name, how) => {
    await listed(name).and(page.locator('[data-state="checked"]')).waitFor({timeout: 60000});
    await row(name).waitFor({state: "detached"});
    const times = await listed(name).count();
    if (times !== 1) throw new Error(`${how}: ${name} is listed ${times} times`);
    if (!(await said()).includes(name)) throw new Error(`${how}: nobody is told what became of ${name}`);
  };

  fates = ["break", "break"];
  await page.setInputFiles("#choose", file("断线.pdf", "1"));
  await arrived("断线.pdf", "after two lost connections");

  fates = ["refuse"];
  await page.setInputFiles("#choose", file("被拒.pdf", "2"));
  await row("被拒.pdf").getByRole("button", {name: "重试"}).waitFor();
  await press("被拒.pdf", "重试");
  await arrived("被拒.pdf", "after the bucket refused");

  fates = ["hold"];
  await page.setInputFiles("#choose", [file("取消.pdf", "3"), file("同时.pdf", "4")]);
  await arrived("同时.pdf", "beside one that is held up");
  await press("取消.pdf", "取消");
  await row("取消.pdf").waitFor({state: "detached"});
  await listed("取消.pdf").waitFor({state: "detached", timeout: 20000});
  if (!(await said()).includes("已取消")) throw new Error("cancelled: nobody is told");

  await page.evaluate(() => { document.querySelector("form[data-upload]").dataset.most = 10; });
  await page.setInputFiles("#choose", file("过大.pdf", "5"));
  await row("过大.pdf").getByText("超过大小限制").waitFor();
  await press("过大.pdf", "取消");
  if (await listed("过大.pdf").count()) throw new Error("too large: it was announced all the same");

  // The page is closed in the middle, and the upload goes on another day.
  await page.goto(site + item);
  fates = ["hold"];
  await page.setInputFiles("#choose", file("继续.pdf", "6"));
  await row("继续.pdf").getByText("正在上传").waitFor();
  await held.abort("connectionreset"); // left alone it would still arrive
  await page.close();
  page = await context.newPage();
  let chosen = null;
  page.on("filechooser", (chooser) => chooser.setFiles(chosen));
  await page.goto(site + item);
  const again = async (name, text) => {
    chosen = file(name, text);
    await listed("继续.pdf").locator("a[data-again]").click();
  };
  await again("别的.pdf", "7");
  await row("别的.pdf").getByText("内容不同").waitFor();
  await press("别的.pdf", "取消");
  await again("改名.pdf", "6");
  await listed("继续.pdf").and(page.locator('[data-state="checked"]')).waitFor({timeout: 60000});
  if (await listed("改名.pdf").count()) throw new Error("gone on with: it became another file");
  await context.close();
}
