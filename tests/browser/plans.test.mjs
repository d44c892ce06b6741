// Plans as pages: those of all shipped playbooks, as `tests/plans` has them as text.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open, picture, sound, start } from "./browser.mjs";

const PLANS = "tests/plans";
let browser;
let folder;

before(async () => {
  browser = await start();
  folder = mkdtempSync(join(tmpdir(), "plans-"));
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Renders a plan, and says where the page is. */
function page(name, args) {
  const file = join(folder, `${name.replaceAll("/", "-")}.html`);
  const text = execFileSync(process.env.RUNBOOK, ["plan", ...args, "--format", "html"], { maxBuffer: 1 << 26 });
  writeFileSync(file, text);
  return file;
}

/** What `runbook plan` is given for a plan that is kept as text: the playbook, and its inputs where they stand beside it. */
function asked(kept) {
  const stem = kept.replace(/\.txt$/, "");
  const inputs = join(PLANS, `${stem}.inputs.yaml`);
  const playbook = [stem, stem.replace(/\.[^./]+$/, "")].map((one) => `${one}.yaml`).find((one) => existsSync(one));
  return [playbook, ...(existsSync(inputs) ? ["--inputs", inputs] : [])];
}

const kept = readdirSync(PLANS, { recursive: true }).filter((file) => file.endsWith(".txt") && file.includes("/"));

test("the plan of every shipped playbook is a page that loads nothing and fits a telephone", async () => {
  assert.ok(kept.length > 60, `${kept.length} plans`);
  for (const one of kept.sort()) {
    await sound(browser, page(one, asked(one)), one);
  }
});

for (const name of ["acso/memory-leak", "agent-runtime/high-latency"]) {
  test(`the plan of ${name} has its graph and its headings, and can be read by everybody`, async () => {
    const file = page(name, asked(`playbooks/${name}.txt`));
    await sound(browser, file, name, { accessible: true });
    for (const [width, dark] of [[400, false], [1280, false], [1280, true]]) {
      const shown = await open(browser, file, { width, dark });
      const path = await picture(shown, `plan-${name}-${width}${dark ? "-dark" : ""}`);
      assert.ok(existsSync(path));
      await shown.context().close();
    }
    const shown = await open(browser, file);
    assert.equal(await shown.locator("h1").innerText(), name);
    const headings = await shown.locator("h2").allInnerTexts();
    for (const due of ["Steps", "symptom", "diagnose", "resolve", "verify"]) {
      assert.ok(headings.includes(due), `${due} in ${headings}`);
    }
    const graph = shown.getByRole("img", { name: "The steps, in the order in which they run" });
    assert.ok((await graph.boundingBox()).height > 100);
    // Every step of a graph is a box in the drawing, and leads nowhere else.
    assert.ok((await graph.locator(".node").count()) >= 10);
    assert.equal(await shown.locator("script, iframe, img, link, object, form, [onclick], [href], [src]").count(), 0);
    await shown.context().close();
  });
}

test("text of an author is text on the page, and nothing in it is markup", async () => {
  const root = mkdtempSync(join(folder, "hostile-"));
  const file = join(root, "hostile.yaml");
  const text = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;
  writeFileSync(
    file,
    `playbook: v1
title: ${JSON.stringify(text)}
inputs:
  name: {type: string, default: ${JSON.stringify(text)}}
resolve:
  tell:
    title: ${JSON.stringify(text)}
    action: sns:Publish
    with: {TopicArn: "arn:aws:sns:eu-west-1:123456789012:a", Message: "\${{ inputs.name }} ${text.replaceAll('"', "'").replaceAll("'", "")}"}
`,
  );
  const made = page("hostile", [file]);
  await sound(browser, made, "hostile", { accessible: true });
  const shown = await open(browser, made);
  assert.equal(await shown.title(), "Plan of hostile");
  assert.equal(await shown.locator("script, img").count(), 0);
  assert.ok((await shown.locator(".said").first().innerText()).includes("<script>"));
  await shown.context().close();
});
