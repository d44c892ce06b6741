// Reports of runs as pages: one of every verdict, on a telephone and a laptop, in light and dark.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open, picture, sound, start } from "./browser.mjs";

let browser;
let folder;

before(async () => {
  browser = await start();
  folder = mkdtempSync(join(tmpdir(), "reports-"));
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Text as a YAML file may hold it. */
function yaml(text) {
  return JSON.stringify(text).replaceAll("\u202e", "\\u202e");
}

/** Runs a playbook in a scenario, and says where its report is. */
function report(playbook, scenario, words = ["--yes=write,destroy,permission,execute,notify"]) {
  const file = join(folder, `${playbook}-${scenario}.html`.replaceAll("/", "-"));
  const args = ["run", playbook, "--scenario", scenario, "--quiet", "--report", file, ...words];
  const ran = spawnSync(process.env.RUNBOOK, args, { encoding: "utf8" });
  assert.ok(existsSync(file), `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return file;
}

const RUNS = [
  ["acso/memory-leak.yaml", "leaking", "resolved", "Tasks are killed for running out of memory"],
  ["acso/memory-leak.yaml", "more_memory", "resolved", "ecs:RegisterTaskDefinition"],
  ["acso/memory-leak.yaml", "metrics_denied", "failed", "AccessDenied"],
  ["acso/memory-leak.yaml", "keeps_leaking", "unresolved", "Escalation"],
  ["acso/memory-leak.yaml", "does_not_settle", "undone", "taken back"],
  ["acso/memory-leak.yaml", "absent", "absent", "Nothing."],
  ["agent-runtime/health-check.yaml", "one_service_down", "unhealthy", "Steps"],
  ["examples/escalate.yaml", "did_not_help", "unresolved", "#orders-incidents"],
];

for (const [playbook, scenario, verdict, says] of RUNS) {
  test(`the report of ${playbook} ${scenario} loads nothing, fits, and can be read by everybody`, async () => {
    const file = report(playbook, scenario);
    const name = `report-${playbook}-${scenario}`;
    await sound(browser, file, name, { accessible: true });
    for (const [width, dark] of [[390, false], [390, true], [1280, false], [1280, true]]) {
      const shown = await open(browser, file, { width, dark });
      assert.ok(existsSync(await picture(shown, `${name}-${width}${dark ? "-dark" : ""}`)));
      await shown.context().close();
    }
    const shown = await open(browser, file);
    assert.match(await shown.locator(".verdict strong").textContent(), new RegExp(verdict));
    assert.ok((await shown.locator("body").textContent()).includes(says), says);
    assert.equal(await shown.locator("script, iframe, link, object, form, [onclick], [src]").count(), 0);
    // Every link leads to a place on the page.
    for (const href of await shown.locator("a").evaluateAll((all) => all.map((one) => one.getAttribute("href")))) {
      assert.equal(await shown.locator(`[id="${href.slice(1)}"]`).count(), 1, href);
    }
    await shown.context().close();
  });
}

test("verdict and cause begin on the first screen of a telephone, on a laptop also what was changed", async () => {
  const file = report("acso/memory-leak.yaml", "leaking");
  const shown = await open(browser, file, { width: 390 });
  for (const due of [".verdict", "#causes"]) {
    const box = await shown.locator(due).boundingBox();
    assert.ok(box.y + box.height <= 844, due);
  }
  await shown.context().close();
  const wide = await open(browser, file);
  const box = await wide.locator("#changed").boundingBox();
  assert.ok(box.y + box.height <= 900, "#changed");
  await wide.context().close();
});

test("without a script a step unfolds to its assertions, its call, arguments and result", async () => {
  const file = report("acso/memory-leak.yaml", "leaking");
  const context = await browser.newContext({ javaScriptEnabled: false });
  const shown = await context.newPage();
  await shown.goto(`file://${file}`);
  const step = shown.locator("details.step", { hasText: "symptom.memory_rising" }).first();
  assert.equal(await step.getByText("points | length >= 4").isVisible(), false);
  await step.locator("summary").first().click();
  assert.ok(await step.getByText("points | length >= 4").isVisible());
  const call = step.locator("details.payload", { hasText: "call cloudwatch:Series" });
  await call.locator("summary").click();
  assert.ok(await call.getByText("MemoryUtilization").isVisible());
  const timeline = shown.locator("section", { has: shown.locator("#timeline") });
  await timeline.locator("summary").click();
  assert.ok(await timeline.getByText("cause found: out_of_memory").isVisible());
  await context.close();
});

test("on paper the steps are unfolded and payloads stay folded", async () => {
  const shown = await open(browser, report("acso/memory-leak.yaml", "leaking"));
  await shown.emulateMedia({ media: "print" });
  const step = shown.locator("details.step", { hasText: "symptom.memory_rising" }).first();
  assert.ok(await step.getByText("points | length >= 4").isVisible());
  assert.equal(await step.getByText('"stat": "Maximum"').isVisible(), false);
  const pdf = await shown.pdf({ format: "A4" });
  assert.ok(pdf.length > 10_000);
  await shown.context().close();
});

test("the series are drawn with their threshold, and say in words what they show", async () => {
  const shown = await open(browser, report("acso/memory-leak.yaml", "leaking"));
  const chart = shown.locator("figure.chart").first();
  assert.equal(await chart.locator("svg .series").count(), 1);
  assert.equal(await chart.locator("svg .limit").textContent(), "threshold 80");
  assert.match(await chart.locator("svg").getAttribute("aria-label"), /288 points from 40 to 93/);
  await shown.context().close();
});

test("what an API says is text on the page, and nothing in it is markup", async () => {
  const root = mkdtempSync(join(folder, "hostile-"));
  const hostile = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'"></pre></details><svg onload=alert(1)>\u001b[31m\u202e`;
  writeFileSync(
    join(root, "hostile.yaml"),
    `playbook: v1
title: ${yaml(hostile)}
diagnose:
  read:
    title: ${yaml(hostile)}
    action: logs:FilterLogEvents
    with: {logGroupName: a}
    capture:
      lines: $.events[*].message
    causes:
      bad:
        title: ${yaml(hostile)}
        that: lines | length > 0
        message: "\${{ lines[0] }}"
`,
  );
  writeFileSync(
    join(root, "hostile.scenarios.yaml"),
    `scenarios:
  said:
    actions:
      logs:FilterLogEvents:
        - return: {events: [{message: ${yaml(hostile)}}]}
    expect: {verdict: diagnosed}
`,
  );
  const file = report(join(root, "hostile.yaml"), "said", []);
  await sound(browser, file, "hostile report", { accessible: true });
  const shown = await open(browser, file);
  assert.ok((await shown.title()).startsWith("<script>"));
  assert.equal(await shown.locator("script, img, svg[onload]").count(), 0);
  assert.ok((await shown.locator(".card").first().innerText()).includes("<script>"));
  assert.ok(!readFileSync(file, "utf8").includes("\u001b"));
  await shown.context().close();
});
