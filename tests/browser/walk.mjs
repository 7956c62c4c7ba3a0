// Walks through the sign page in Chromium as people do, checks every page with axe-core in light and dark, and keeps screenshots.
// Usage: node walk.mjs PLAN.json, where the plan names the folder of the packages, the servers, the links and the mails.
// Prints one line of JSON with what was done; the first thing that is wrong ends it with exit code 1.

import { createRequire } from "node:module";
import { strict as assert } from "node:assert";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(join(plan.packages, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(plan.screens, { recursive: true });

const browser = await chromium.launch({ executablePath: plan.chromium, args: ["--no-sandbox"] });
const done = { pages: 0, axe: 0, screens: [], scanned: 0 };
const link = (token) => `${plan.server}/${token}`;
const names = { phone: { width: 360, height: 740 }, desktop: { width: 1180, height: 900 } };

/** A page of its own that refuses whatever is not from the server, and every complaint of the browser. */
async function fresh({ size = "desktop", script = true, dark = false } = {}) {
  const context = await browser.newContext({
    viewport: names[size],
    javaScriptEnabled: script,
    colorScheme: dark ? "dark" : "light",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.on("request", (request) => assert.ok([plan.server, plan.later].some((own) => request.url().startsWith(`${own}/`)), `loads ${request.url()}`));
  page.on("console", (message) => assert.ok(message.type() !== "error" || /status of 4\d\d/.test(message.text()), message.text()));
  page.on("pageerror", (error) => assert.fail(error));
  return page;
}

/** Checks the page with axe-core in both colour schemes, at this width and at 320 px, and keeps a picture of each. */
async function check(page, name) {
  done.pages += 1;
  const size = page.viewportSize();
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const faults = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
    assert.deepEqual(faults, [], `${name}, ${scheme}`);
    done.axe += 1;
    const path = join(plan.screens, `${name}-${size.width}-${scheme}.png`);
    await page.screenshot({ path, fullPage: true });
    done.screens.push(path);
  }
  // 320 CSS pixels are a page of 640 at 200 %, and of 1280 at 400 % (WCAG 2.2, 1.4.10).
  await page.setViewportSize({ width: 320, height: 640 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name} runs over the side at 200 %`);
  await page.setViewportSize(size);
}

async function status(page, address, expected) {
  const reply = await page.goto(address);
  assert.equal(reply.status(), expected, address);
}

async function sign(page, name) {
  await page.getByLabel(/full name|vollen Namen/).fill(name);
  await page.locator("button.first").click();
}

async function isDone(page, words = /You have acknowledged|bestätigt/) {
  await page.waitForURL(/\/done\//);
  assert.match(await page.locator("h1").first().textContent(), words);
}

// Open, read, sign, receipt: on a phone.
{
  const page = await fresh({ size: "phone" });
  await status(page, link(plan.links.iyer), 200);
  await check(page, "open");
  const text = await page.locator("article").textContent();
  assert.ok(text.length > 3000, "the whole text is on the page");
  // Sent without a name, past the browser's own check.
  await page.locator("#sign form").evaluate((form) => form.setAttribute("novalidate", ""));
  await page.locator("button.first").click();
  await page.getByRole("alert").waitFor();
  await check(page, "no-name");
  await page.getByRole("alert").getByRole("link").click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "name", "the summary leads to the field");
  await sign(page, "Anand Iyer");
  await isDone(page);
  await check(page, "signed");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a.first").click()]);
  await download.saveAs(plan.receipt);
}

// Several items, one list; two tabs; keyboard only.
{
  const [first, second] = [await fresh(), await fresh()];
  await status(first, link(plan.links.voss[0]), 200);
  await check(first, "list");
  await status(second, link(plan.links.voss[0]), 200);
  await sign(first, "Helene Voss");
  await isDone(first);
  await check(first, "signed-list");
  // The back button does not offer to sign again.
  await first.goBack();
  assert.match(await first.locator("h1").first().textContent(), /acknowledged already/);
  await check(first, "used");
  await sign(second, "Helene Voss");
  await second.waitForLoadState();
  assert.match(await second.locator("h1").first().textContent(), /acknowledged already/, "the second tab");

  const page = await fresh();
  await status(page, link(plan.links.voss[1]), 200);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#sign", "the skip link comes first");
  const box = await page.locator(".skip a").nth(1).boundingBox();
  assert.ok(box.x >= 0, "it is seen when it has the focus");
  await page.screenshot({ path: join(plan.screens, "keyboard.png") });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "name");
  await page.keyboard.type("Helene Voss");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid", "the focus is seen");
  await page.keyboard.press("Enter");
  await isDone(page);
}

// Double click.
{
  const page = await fresh();
  await status(page, link(plan.links.lindqvist[0]), 200);
  await page.getByLabel(/full name/).fill("Maja Lindqvist");
  await page.locator("button.first").dblclick();
  await isDone(page);
}

// Without script, in German, on a phone.
{
  const page = await fresh({ size: "phone", script: false });
  await status(page, link(plan.links.krause), 200);
  await page.screenshot({ path: join(plan.screens, "german.png"), fullPage: true });
  await sign(page, "Jörg Krause");
  await isDone(page, /bestätigt/);
  await page.screenshot({ path: join(plan.screens, "german-signed.png"), fullPage: true });
}

// Decline, in the dark.
{
  const page = await fresh({ dark: true });
  await status(page, link(plan.links.fallon), 200);
  await page.getByText("Decline, with a reason").click();
  await check(page, "decline");
  await page.getByLabel("Why you decline").fill("This is not mine to sign.");
  await page.getByRole("button", { name: "Decline" }).click();
  await isDone(page, /declined/);
  await check(page, "declined");
}

// Hand over: a stranger first, then a colleague.
{
  const page = await fresh({ size: "phone" });
  await status(page, link(plan.links.iyerUse), 200);
  await page.getByText("Hand over to a colleague").click();
  await page.getByLabel("E-mail address of your colleague").fill("nobody@brightledger.example");
  await page.getByRole("button", { name: "Hand over" }).click();
  await page.getByRole("alert").waitFor();
  await check(page, "stranger");
  await page.getByLabel("E-mail address of your colleague").fill("helene.voss@brightledger.example");
  await page.getByRole("button", { name: "Hand over" }).click();
  await isDone(page, /handed over/);
  await check(page, "handed-over");
}

// A code by mail: a wrong one, then the right one.
{
  const page = await fresh({ size: "phone" });
  await status(page, link(plan.links.nolanUse), 200);
  await check(page, "asks-code");
  await sign(page, "Ciara Nolan");
  await page.getByRole("alert").waitFor();
  await check(page, "code");
  const code = await mailedCode();
  await page.locator("#code").fill(code === "000000" ? "000001" : "000000");
  await page.locator("button.first").click();
  await page.getByRole("alert").waitFor();
  await check(page, "wrong-code");
  assert.equal(await page.locator("#name").inputValue(), "Ciara Nolan", "the name is kept");
  await page.locator("#code").fill(code);
  await page.locator("button.first").click();
  await isDone(page);
}

// What leads nowhere.
{
  const page = await fresh();
  await status(page, link("A".repeat(43)), 404);
  await check(page, "unknown");
  await status(page, `${plan.later}/${plan.links.nolanCode}`, 410);
  await check(page, "expired");
}

// A scanner that runs scripts, follows the link again and again, and presses the first button or all of them.
{
  const page = await fresh();
  for (let round = 0; round < plan.rounds; round += 1) {
    await page.goto(link(plan.links.nolanCode));
    await page.evaluate((all) => {
      const buttons = [...document.querySelectorAll("button, summary, input[type=submit]")];
      for (const button of all ? buttons : buttons.slice(0, 1)) button.click();
    }, round % 2 === 1);
    await page.request.head(link(plan.links.nolanCode));
    done.scanned += 2;
  }
}

await browser.close();
console.log(JSON.stringify(done));

/** The six digits in the newest mail that carries some. */
async function mailedCode() {
  for (let round = 0; round < 200; round += 1) {
    for (const name of readdirSync(plan.mails)) {
      const mail = readFileSync(join(plan.mails, name), "utf8").replaceAll("=\r\n", "");
      const found = /page where you sign: (\d{6})/.exec(mail);
      if (found) return found[1];
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return assert.fail("no code was mailed");
}
