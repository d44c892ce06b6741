// Reports of fleets as pages: one that ended well, one that was stopped, one that waits for people.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open, picture, sound, start } from "./browser.mjs";

let browser;
let folder;

before(async () => {
  browser = await start();
  folder = mkdtempSync(join(tmpdir(), "fleets-"));
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a fleet of so many targets in a scenario, and says where its report is. */
function report(name, scenario, count, words) {
  const own = join(folder, name);
  const targets = join(folder, `${name}.yaml`);
  const regions = ["eu-west-1", "us-east-1", "ap-southeast-2"];
  const list = Array.from({ length: count }, (_, n) => {
    const account = n % 2 ? '"123456789012"' : '"210987654321"';
    return `  - {name: service-${n}, region: ${regions[n % 3]}, account: ${account}, labels: {team: ${n % 2 ? "orders" : "search"}}}`;
  });
  writeFileSync(targets, `targets: v1\nlist:\n${list.join("\n")}\n`);
  const state = ["--state-dir", join(folder, `${name}-state`)];
  const ran = spawnSync(
    process.env.RUNBOOK,
    ["fleet", "run", "acso/memory-leak", "--targets", targets, "--scenario", scenario, "-q", ...words, ...state],
    { encoding: "utf8" },
  );
  const told = spawnSync(process.env.RUNBOOK, ["fleet", "report", "last", "--out", own, ...state], { encoding: "utf8" });
  const file = join(own, "index.html");
  assert.ok(existsSync(file), `${ran.stdout}${ran.stderr}${told.stdout}${told.stderr}`);
  return file;
}

const FLEETS = [
  ["well", "leaking", 60, ["--yes", "--waves", "1,10%,100%"], "ended", "Tasks are killed for running out of memory"],
  ["stopped", "metrics_denied", 12, ["--waves", "2,100%", "--concurrency", "2", "--max-errors", "1"], "stopped", "AccessDenied"],
  ["waiting", "leaking", 4, [], "waiting", "runbook approve"],
];

for (const [name, scenario, count, words, status, says] of FLEETS) {
  test(`the report of a fleet (${name}) loads nothing, fits, and can be read by everybody`, async () => {
    const file = report(name, scenario, count, words);
    await sound(browser, file, `fleet-${name}`, { accessible: true });
    for (const [width, dark] of [[390, false], [390, true], [1280, false], [1280, true]]) {
      const shown = await open(browser, file, { width, dark });
      assert.ok(existsSync(await picture(shown, `fleet-${name}-${width}${dark ? "-dark" : ""}`)));
      await shown.context().close();
    }
    const shown = await open(browser, file);
    assert.equal(await shown.locator(".verdict strong").textContent(), status);
    assert.ok((await shown.locator("body").textContent()).includes(says), says);
    assert.equal(await shown.locator("script, iframe, link, object, form, [onclick], [src]").count(), 0);
    // Every link leads to a place on the page, or to a page beside it.
    for (const href of await shown.locator("a").evaluateAll((all) => all.map((one) => one.getAttribute("href")))) {
      if (href.startsWith("#")) {
        assert.equal(await shown.locator(`[id="${href.slice(1)}"]`).count(), 1, href);
      } else {
        assert.ok(existsSync(join(file, "..", href)), href);
      }
    }
    await shown.context().close();
  });
}

test("without a script each target's own report is one click away", async () => {
  const file = report("clicked", "leaking", 3, ["--yes"]);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const shown = await context.newPage();
  await shown.goto(`file://${file}`);
  await shown.locator("#targets ~ details").getByRole("link", { name: "service-1" }).click();
  assert.match(await shown.locator(".verdict strong").textContent(), /resolved/);
  await context.close();
});
