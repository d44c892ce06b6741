// Opens a page that is one file in headless Chromium, and says what a reader of it would meet.
//
// The packages come from the folder that BROWSER_MODULES names, the browser from CHROMIUM; pictures go to PICTURES.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = createRequire(join(resolve(process.env.BROWSER_MODULES), "package.json"));
const { chromium } = modules("playwright-core");
const { source: axe } = modules("axe-core");

// Without these Chromium asks its maker's hosts for news at every start.
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];

/** The widths at which every page is looked at: a telephone, a laptop. */
export const WIDTHS = [400, 1280];

export async function start() {
  const args = process.getuid?.() === 0 ? [...QUIET, "--no-sandbox"] : QUIET;
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

/**
 * Opens a file. The page has `asked`: what it wanted to load besides itself, all of which was refused; and `wrong`: what it
 * and the browser complained about.
 */
export async function open(browser, file, { width = 1280, dark = false } = {}) {
  // axe is put into the page, which a page that allows no scripts would refuse.
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
    bypassCSP: true,
  });
  const page = await context.newPage();
  const own = pathToFileURL(resolve(file)).href;
  const asked = [];
  const wrong = [];
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.split("#")[0] === own) return route.continue();
    asked.push(url);
    return route.abort();
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(message.text());
  });
  await page.goto(own);
  return Object.assign(page, { asked, wrong });
}

/** What of a page is broader than the window, so that the whole page scrolls sideways. */
export async function tooBroad(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.body.querySelectorAll("*")]
      .filter((one) => one.getBoundingClientRect().right > clientWidth + 0.5)
      .map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""}: ${one.textContent.slice(0, 60)}`)
      .slice(0, 5);
  });
}

/** What keeps people who do not see or point well from reading the page, by the rules of axe. */
export async function barriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map((one) => `${one.id}: ${one.help} (${one.nodes.length}×, first ${one.nodes[0].html.slice(0, 160)})`);
}

/** Takes a picture of the whole page, and says where it is. */
export async function picture(page, name) {
  const folder = resolve(process.env.PICTURES ?? "target/pictures");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name.replaceAll(/[^a-z0-9.-]+/gi, "-")}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}

/**
 * Asserts what holds for every page: it loads nothing, nothing complains, it fits the window, it has one h1 and no gap in the
 * levels of its headings, and (where asked) nothing keeps anybody from reading it.
 */
export async function sound(browser, file, name, { accessible = false } = {}) {
  const page = await open(browser, file);
  // A fold that is closed hides what is too broad.
  const unfold = () => document.querySelectorAll("details").forEach((one) => (one.open = true));
  await page.evaluate(unfold);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await tooBroad(page), [], `${name} at ${width} px scrolls sideways`);
  }
  assert.deepEqual(page.asked, [], `${name} loads something`);
  assert.deepEqual(page.wrong, [], `${name} has something wrong`);
  const headings = () =>
    [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => Number(one.tagName[1]));
  const levels = await page.evaluate(headings);
  assert.equal(levels.filter((level) => level === 1).length, 1, `${name} has one h1`);
  levels.reduce((above, level) => {
    assert.ok(level <= above + 1, `${name} leaves out a level of headings: ${levels}`);
    return level;
  }, 0);
  for (const width of accessible ? WIDTHS : []) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await barriers(page), [], `${name} at ${width} px, ${colorScheme}, has barriers`);
    }
  }
  await page.context().close();
}
