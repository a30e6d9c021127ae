/** The letters of the server as a browser shows them, as wide as in a mail program and as on a phone. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { axe, launchChromium, newProfile, noChromium, screenshot } from "../harness/harness.js";
import { python, ROOT } from "../harness/started.js";

test("each letter reads well: it fits, and axe finds nothing", { skip: noChromium() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-letters-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync(python(), ["-m", "tests.letter_pages", folder], { cwd: ROOT });
  const names = readdirSync(folder).sort();
  assert.equal(names.length, 10);
  const page = await (await newProfile(await launchChromium())).newPage();
  for (const name of names) {
    await page.goto(pathToFileURL(join(folder, name)).href);
    for (const width of [600, 360]) {
      await page.setViewportSize({ width, height: 760 });
      await screenshot(page, `letter-${name.replace(".html", "")}-${width}`);
      assert.deepEqual(await page.evaluate(tooWide), [], `${name}, ${width}`);
      assert.deepEqual(await axe(page), [], `${name}, ${width}`);
    }
  }
});

/** What stands over its place, as a text. Runs in the page. */
function tooWide() {
  return [...document.querySelectorAll("html, h1, p")]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map(({ textContent }) => textContent);
}
